"""MTT Business offline: how its accounts are written, and what it can do; no network code."""

from __future__ import annotations

from typing import Literal, NamedTuple

from pydantic import Field

from reconciler.config.models.entries import Secret, ServiceAddress, Settle
from reconciler.config.models.trusted import AccountEntry
from reconciler.model import Kind
from reconciler.secrets import SecretRef
from reconciler.settings import Capabilities

OAUTH_URL = "https://oauth.mtt.ru"
CAPABILITIES = Capabilities(
    Kind.PARKING, readable=False, listable=True, batch_size=100, unreadable=frozenset({"parking"})
)


class MttOptions(NamedTuple):
    """What an account has that no other provider knows."""

    client_id: SecretRef | None = None
    client_secret: SecretRef | None = None
    refresh_token: SecretRef | None = None
    redirect_uri: str | None = None
    oauth_url: str = OAUTH_URL


class MttAccount(AccountEntry, title="Account at MTT Business"):
    """An integration at MTT Business: parking."""

    provider: Literal["mtt"] = Field(description="Whose API it is.")
    client_id: Secret = Field(description="The integration's client id.", examples=[{"env": "MTT_CLIENT_ID"}])
    client_secret: Secret = Field(description="The integration's secret.", examples=[{"env": "MTT_CLIENT_SECRET"}])
    refresh_token: Secret | None = Field(None, description="A first refresh token; afterwards the token store has it.")
    redirect_uri: ServiceAddress | None = Field(
        None, description="As registered.", examples=["https://crm.example.com"]
    )
    base_url: ServiceAddress = Field("https://openapi.mtt.ru", description="Where the API is.")
    oauth_url: ServiceAddress = Field(OAUTH_URL, description="Where logins are.")
    settle: Settle = Field(30, description="How long a write that is in doubt may still take effect.")

    @property
    def unheard(self) -> str:
        return "" if self.redirect_uri else "redirect_uri"

    @property
    def options(self) -> MttOptions:
        return MttOptions(self.client_id, self.client_secret, self.refresh_token, self.redirect_uri, self.oauth_url)
