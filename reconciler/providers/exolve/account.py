"""Exolve offline: how its accounts are written, and what it can do and take; no network code."""

from __future__ import annotations

from typing import Literal, NamedTuple

from pydantic import Field

from reconciler.config.models.entries import Application, MostEntries, Secret, ServiceAddress
from reconciler.config.models.trusted import AccountEntry, PeriodEntry
from reconciler.model import Kind
from reconciler.secrets import SecretRef
from reconciler.settings import Capabilities, PeriodSettings

CAPABILITIES = Capabilities(Kind.FORWARDING, readable=True, listable=True, unreadable=frozenset({"client_id"}))
"""An account that names no application cannot list its numbers."""


class ExolveOptions(NamedTuple):
    """What an account has that no other provider knows."""

    api_key: SecretRef | None = None
    application: str | None = None


class ExolveAccount(AccountEntry, title="Account at MTS Exolve"):
    """An application at MTS Exolve: call forwarding."""

    provider: Literal["exolve"] = Field(description="Whose API it is.")
    api_key: Secret = Field(description="The application's API key.", examples=[{"env": "EXOLVE_API_KEY"}])
    application: Application | None = Field(
        None, description="The application's UUID: bulk list, unmanaged numbers, trunk read-back."
    )
    base_url: ServiceAddress = Field("https://api.exolve.ru", description="Where the API is; a path is kept.")
    period: PeriodEntry = Field(default_factory=PeriodEntry, description="Assumptions on periods.")

    max_entries: MostEntries | None = Field(
        None, description="The most entries (`call_control`) that one number may take; no limit is documented."
    )

    @property
    def periods(self) -> PeriodSettings:
        return PeriodSettings(self.period.union, self.period.weekday_base, self.max_entries)

    @property
    def owner(self) -> str | None:
        return self.application

    @property
    def unlisted(self) -> str:
        return "" if self.application else "application"

    @property
    def options(self) -> ExolveOptions:
        return ExolveOptions(self.api_key, self.application)
