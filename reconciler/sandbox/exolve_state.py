"""What Exolve's methods work with: the estate, the switches, the spelling and the journal in one value.

Must not know the methods themselves, nor HTTP.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from reconciler.sandbox.journal import Journal
from reconciler.sandbox.settings import ExolveSettings
from reconciler.sandbox.spelling import Spelling
from reconciler.sandbox.state import Estate


@dataclass(slots=True, kw_only=True)
class ExolveState:
    """The pretended vendor between two calls; `settings` may be replaced at any time."""

    name: ClassVar[str] = "exolve"
    journal: Journal
    spelling: Spelling
    settings: ExolveSettings = field(default_factory=ExolveSettings)
    estate: Estate = field(default_factory=Estate)
