"""What a loaded configuration is to the rest of the program: frozen settings, no models, no YAML.

Built by `config`; knows no vendor beyond its name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple, TypeVar

from reconciler.diagnostics import Diagnostic, Location, Severity
from reconciler.model import Desired, Kind, Value, WeekdayBase
from reconciler.names import Names, no_names
from reconciler.secrets import SecretRef

_Options = TypeVar("_Options")


class Union(StrEnum):
    """How a schedule of several parts is sent: one `call_control` entry a part, or one string with commas."""

    ENTRIES = "entries"
    COMMA = "comma"


class Rate(NamedTuple):
    """An account's request budget; `per_second` 0 = unlimited."""

    per_second: float = 10.0
    concurrency: int = 8


class PeriodSettings(NamedTuple):
    """What is assumed of the vendor's period language (design: nothing of it is documented).

    `max_entries`: how many entries one number may take; None = no limit is known.
    """

    union: Union = Union.ENTRIES
    weekday_base: WeekdayBase = WeekdayBase.REFUSE
    max_entries: int | None = None


OTHER_PROVIDER = "change it, or use an account at another provider"


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a provider can do and take, as data that is known offline: the core never asks which provider it has.

    `readable`: the value of a number can be read; else the record decides. `listable`: `list_numbers` answers.
    `batch_size`: how many equal values one write takes. `unreadable` are fields that no read returns. `supports` says
    why the provider cannot take a value of its kind, as the end of a sentence, or None where it can.
    """

    kind: Kind
    readable: bool
    listable: bool
    batch_size: int = 1
    unreadable: frozenset[str] = frozenset()
    supports: Callable[[Value], str | None] = lambda _value: None


@dataclass(frozen=True, slots=True)
class Account:
    """One account at one vendor. URLs without a trailing slash, paths kept.

    `settle_seconds`: how long the vendor may read as before an accepted write. `owner`: whose the numbers are at the
    vendor, where the account says so. `unheard`: the missing setting without which nobody hears of parked calls,
    `unlisted` that without which its numbers are not listed.
    `options` are its provider's own settings, a named tuple; secrets in it are references, whose `places` are kept.
    """

    name: str
    provider: str
    base_url: str
    location: Location
    capabilities: Capabilities
    rate: Rate = Rate()
    settle_seconds: float = 30.0
    period: PeriodSettings = PeriodSettings()
    owner: str | None = None
    unheard: str = ""
    unlisted: str = ""
    options: tuple[object, ...] = ()
    places: Mapping[object, Location] = field(default_factory=dict, compare=False)

    def refusal(self, value: Value) -> str | None:
        """Why its provider cannot take a value of its kind, as a sentence; None where it can."""
        reason = self.capabilities.supports(value)
        return reason and f"{self.provider} cannot take this {self.capabilities.kind.value}: {reason}"

    def options_as(self, shape: type[_Options]) -> _Options:
        """Its provider's own settings in their shape; empty ones where they are another provider's."""
        return self.options if isinstance(self.options, shape) else shape()


@dataclass(frozen=True, slots=True)
class Limit:
    """A share of the managed numbers in percent, never less than `floor`, or a plain count."""

    percent: float | None = None
    count: int | None = None
    floor: int = 0

    def of(self, managed: int) -> int:
        """How many of so many managed numbers the limit allows."""
        return self.count if self.count is not None else max(self.floor, self.share_of(managed))

    def share_of(self, managed: int) -> int:
        """The share alone, rounded down."""
        return int(managed * (self.percent or 0.0) / 100)

    def __str__(self) -> str:
        return str(self.count) if self.count is not None else f"{self.percent:g}%"


class Destinations(NamedTuple):
    """Where calls may go, entries as written; `allow` None = anywhere."""

    allow: tuple[str, ...] | None = None
    deny: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Policy:
    """What a run may do. `change_window` are period strings in `change_window_timezone` (None = any time).

    `max_lost_calls` are of those that a plan was replayed over (None = any number).
    `location` is where `policy` is written, `places` where each of its keys is.
    """

    max_changes: Limit = Limit(percent=30.0, floor=5)
    max_deletes: Limit = Limit(percent=5.0, floor=1)
    max_lost_calls: int | None = None
    max_failures: int = 3
    change_window: tuple[str, ...] | None = None
    change_window_timezone: str = "Europe/Moscow"
    destinations: Destinations = Destinations()
    require_https: bool = True
    require_signed_plan: bool = False
    rules: Mapping[str, Severity | None] = field(default_factory=dict)
    location: Location | None = None
    places: Mapping[str, Location] = field(default_factory=dict, compare=False)

    def place(self, key: str) -> Location | None:
        """Where a key of the policy is written, else the policy itself."""
        return self.places.get(key, self.location)


class Expectation(NamedTuple):
    """Who is to ring, in order, for a call to `number`, with `scenario` laid over, None = without any.

    `at` are seconds since the epoch; where there are none it is to hold during these periods, () = always.
    """

    number: str
    rings: tuple[str, ...]
    location: Location
    at: tuple[int, ...] = ()
    during: tuple[str, ...] = ()
    scenario: str | None = None


class RecordSettings(NamedTuple):
    """Where the record lives: `backend` is file, git, http, postgres or s3; `options` its block, secrets as SecretRef.

    `from_tree`: a record and a key that stand beside the files count, as they do without --trusted. `places` are where
    the options are written.
    """

    backend: str = "file"
    options: Mapping[str, str | SecretRef] = MappingProxyType({})
    from_tree: bool = True
    places: Mapping[str, Location] = MappingProxyType({})


class CallService(NamedTuple):
    """Where live calls are seen, placed and controlled; `provider` is telphin or uis.

    `options` are the keys of its entry that say something, secrets as SecretRef.
    """

    name: str
    provider: str
    base_url: str
    location: Location
    options: Mapping[str, str | SecretRef] = MappingProxyType({})


def no_periods(_name: str, _settings: PeriodSettings) -> tuple[tuple[str, ...], list[Diagnostic]]:
    """A configuration that declares no schedules."""
    return (), []


@dataclass(frozen=True, slots=True)
class Configuration:
    """A whole, checked configuration.

    `numbers` maps every declared number to its place, `forget` those to be dropped from the record.
    `whole` is False where only some paths were loaded: then absence means nothing. `digested` works out `digest`,
    `file_digests` those of the files by name; `name` is None where none was given. `scenario` is the one that is laid
    over, `scenarios` are the names of all that are prepared, None where that is not known. `wanted` are the numbers of
    the paths that were asked for, None = all, `others` what is desired of the rest. `schedules` are the places of all
    that are declared, and `compiled` gives the periods of one as an account takes it, with what is wrong with it there.
    `named` works out what things are called, `contacts` maps where a contact leads to the place that says so.
    `sandbox` is the address of the one that stands for all vendors, "" = none. `expectations` say who is to ring.
    `calls` are the services of live calls, by name; no plan looks at them.
    """

    root: Path
    name: str | None
    accounts: Mapping[str, Account]
    policy: Policy
    record: RecordSettings
    timezone: str
    calendar_until: date | None
    desired: tuple[Desired, ...]
    numbers: Mapping[str, Location]
    forget: Mapping[str, Location]
    digested: Callable[[], str]
    file_digests: Callable[[], Mapping[str, str]] = dict
    whole: bool = True
    scenario: str | None = None
    scenarios: frozenset[str] | None = None
    wanted: frozenset[str] | None = None
    others: tuple[Desired, ...] = ()
    contacts: Mapping[str, Location] = field(default_factory=dict)
    holidays_version: str | None = None
    named: Callable[[], Names] = no_names
    schedules: Mapping[str, Location] = field(default_factory=dict)
    compiled: Callable[[str, PeriodSettings], tuple[tuple[str, ...], list[Diagnostic]]] = no_periods
    sandbox: str = ""
    expectations: tuple[Expectation, ...] = ()
    calls: Mapping[str, CallService] = field(default_factory=dict)

    @property
    def secret_references(self) -> tuple[SecretRef, ...]:
        """Where all secrets of accounts, services of calls and record come from."""
        given = [each for account in self.accounts.values() for each in account.options]
        given += [each for service in self.calls.values() for each in service.options.values()]
        return tuple(each for each in (*given, *self.record.options.values()) if isinstance(each, SecretRef))

    @property
    def digest(self) -> str:
        """`sha256:HEX` over the text of all files and the scenario's name, worked out when asked for."""
        return self.digested()
