"""MTS Exolve: forwarding. The row of the table; network code is imported when an account is opened."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler.providers.exolve.account import CAPABILITIES, ExolveAccount, ExolveOptions
from reconciler.providers.vendor import Opening, Vendor, sandbox_secret
from reconciler.secrets import Secrets
from reconciler.settings import Account

if TYPE_CHECKING:
    from reconciler.providers.base import Provider


def _open(account: Account, secrets: Secrets, opening: Opening) -> Provider:
    from reconciler.providers.exolve.provider import open_exolve

    return open_exolve(account, secrets, opening)


def _in_sandbox(account: Account, address: str) -> Account:
    options = account.options_as(ExolveOptions)
    key = sandbox_secret(options.api_key, account.name, "api_key")
    return replace(account, base_url=f"{address}/exolve", options=options._replace(api_key=key))


EXOLVE = Vendor("Exolve", CAPABILITIES, ExolveAccount, _open, product="MTS Exolve", in_sandbox=_in_sandbox)
