"""Acme, an invented provider: one phone rings for each number. The row of the table."""

from __future__ import annotations

from reconciler.providers.base import Provider
from reconciler.providers.vendor import Opening, Vendor
from reconciler.secrets import Secrets
from reconciler.settings import Account
from tests.providers.third.account import CAPABILITIES, AcmeAccount


def _open(account: Account, secrets: Secrets, opening: Opening) -> Provider:
    from tests.providers.third.provider import open_acme

    return open_acme(account, secrets, opening)


ACME = Vendor("Acme", CAPABILITIES, AcmeAccount, _open)
