"""All providers there are, one row each; what is offline of them costs no network code."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from reconciler.providers.exolve import EXOLVE
from reconciler.providers.mtt import MTT
from reconciler.providers.vendor import Vendor

PROVIDERS: Final[Mapping[str, Vendor]] = {
    "exolve": EXOLVE,
    "mtt": MTT,
}
