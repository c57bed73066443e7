"""MTS Exolve: forwarding. The row of the table; network code is imported when an account is opened."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.providers.exolve.account import CAPABILITIES, ExolveAccount
from reconciler.providers.vendor import Opening, Vendor
from reconciler.secrets import Secrets
from reconciler.settings import Account

if TYPE_CHECKING:
    from reconciler.providers.base import Provider


def _open(account: Account, secrets: Secrets, opening: Opening) -> Provider:
    from reconciler.providers.exolve.provider import open_exolve

    return open_exolve(account, secrets, opening)


EXOLVE = Vendor("Exolve", CAPABILITIES, ExolveAccount, _open, product="MTS Exolve")
