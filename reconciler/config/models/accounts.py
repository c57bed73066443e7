"""The shape of an account, of which each provider has its own, and what the loader must know of a provider.

Knows no provider.
"""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import Field

from reconciler.config.models.fields import PerSecond, ServiceAddress, Settle, Shape, Workers
from reconciler.model import WeekdayBase
from reconciler.settings import Capabilities, PeriodSettings, Union


class RateEntry(Shape):
    """An account's request budget."""

    per_second: PerSecond = Field(10.0, description="Requests a second; 0 is unlimited.")
    concurrency: Workers = Field(8, description="Requests at once.")


class PeriodEntry(Shape):
    """What is assumed of the vendor's period language."""

    union: Union = Field(Union.ENTRIES, description="How a schedule of several parts is sent.")
    weekday_base: WeekdayBase = Field(WeekdayBase.REFUSE, description="What weekday 1 means.")


class AccountEntry(Shape):
    """What every account says; a provider's shape gives `provider` its name and adds what is its own."""

    provider: str = Field(description="Whose API it is.")
    base_url: ServiceAddress = Field(description="Where the API is; a path is kept.")
    rate: RateEntry = Field(default_factory=RateEntry, description="The request budget.")
    settle: Settle = Field(30, description="How long an accepted write may read as before; then it is unknown.")

    @property
    def periods(self) -> PeriodSettings:
        """What is assumed of the provider's period language."""
        return PeriodSettings()

    @property
    def owner(self) -> str | None:
        """Whose the numbers are at the vendor; two accounts may be of one owner."""
        return None

    @property
    def unheard(self) -> str:
        """The setting that is missing for anybody to hear of parked calls."""
        return ""

    @property
    def options(self) -> tuple[object, ...]:
        """What is the provider's own, as a named tuple."""
        return ()


@dataclass(frozen=True)
class ProviderType:
    """What is known of a provider offline: its name in sentences, what it can do, and how its accounts are written."""

    label: str
    capabilities: Capabilities
    account: type[AccountEntry]
