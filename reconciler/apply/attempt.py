"""What became of one change, as the writer leaves it; `report` says it to users.

Knows no vendor and no record.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from reconciler.change import Outcome
from reconciler.http.errors import ProviderError


@dataclass(frozen=True, slots=True)
class Attempt:
    """What became of one change. `cause` groups like failures.

    `written` is True once the vendor took the value, also where it reads back otherwise. `lost` are live values that
    cannot be written and that the write may have reset. `code` and `hint` tell a trouble as a finding.
    """

    outcome: Outcome
    error: str | None = None
    attempts: int = 0
    unverified: tuple[str, ...] = ()
    cause: str = ""
    written: bool = False
    lost: Mapping[str, Any] = field(default_factory=dict, hash=False)
    code: str | None = None
    hint: str | None = None

    @classmethod
    def failed(
        cls, error: ProviderError, sent: int, *, outcome: Outcome = Outcome.FAILED, message: str | None = None
    ) -> Attempt:
        """An attempt that the outside world brought to nothing; `message` in place of the error's own sentence."""
        text = str(error) if message is None else message
        return cls(outcome, text, sent, cause=error.cause_key, code=error.code, hint=error.hint)
