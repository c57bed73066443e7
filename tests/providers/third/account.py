"""Acme offline: how its accounts are written, and what it can do and take."""

from __future__ import annotations

from typing import Literal, NamedTuple

from pydantic import Field

from reconciler.config.models.entries import Secret, ServiceAddress
from reconciler.config.models.trusted import AccountEntry
from reconciler.model import Kind, NoForwarding, NumberForwarding, Redirect, Target, Value
from reconciler.secrets import SecretRef
from reconciler.settings import Capabilities


class AcmeOptions(NamedTuple):
    token: SecretRef | None = None


class AcmeAccount(AccountEntry):
    """An account at Acme."""

    provider: Literal["acme"] = Field(description="Whose API it is.")
    base_url: ServiceAddress = Field("https://acme.example.com", description="Where the API is.")
    token: Secret = Field(description="The account's token.")

    @property
    def options(self) -> AcmeOptions:
        return AcmeOptions(self.token)


def supports(value: Value) -> str | None:
    match value:
        case NoForwarding():
            return None
        case NumberForwarding(targets=targets) if len(targets) != 1:
            return "it rings one target only"
        case NumberForwarding(masking=True):
            return "it knows no masking"
        case NumberForwarding(targets=(Target(to=to, timeout=timeout),)):
            return None if value == rings(to, timeout) else "it knows only a target and its timeout"
    return "it forwards to phones only"


def rings(to: str, timeout: int) -> NumberForwarding:
    """All that a number can do at Acme."""
    return NumberForwarding(Redirect.SINGLE, (Target(to, timeout),))


CAPABILITIES = Capabilities(Kind.FORWARDING, readable=True, listable=True, supports=supports)
