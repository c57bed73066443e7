"""What the pretended Exolve customer owns: applications, their numbers, and each number's forwarding.

Must not know HTTP or how answers are spelled.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

Forwarding = dict[str, Any]
"""A forwarding in the shape that SetCallForwarding takes, without `number_code`; zero values are absent."""

MOSCOW_BASE = 74_991_000_000
SIP_ID_BASE = 883_140_000_000_000


@dataclass(frozen=True, slots=True)
class Application:
    """An Exolve application: numbers, SIP IDs and media files belong to one, and its key opens them."""

    uuid: str
    name: str
    api_key: str
    customer: str = "customer-1"


@dataclass(frozen=True, slots=True)
class Late:
    """An old value that is shown for so many more reads, and until a time on the monotonic clock."""

    old: Forwarding | None
    reads: int
    until: float = 0.0

    @property
    def is_on(self) -> bool:
        return self.reads > 0 or time.monotonic() < self.until


@dataclass(slots=True)
class OwnedNumber:
    """A bought number. `late` holds the old value, for how many more reads it is shown, and until when at least."""

    number: str
    application: Application
    resource_id: int
    forwarding: Forwarding | None = None
    has_sip: bool = False
    description: str = ""
    call_record: bool = True
    status_name: str = "Active"
    late: Late | None = None

    @property
    def shown(self) -> Forwarding | None:
        """What a list shows now, which counts as no read."""
        late = self.late
        return late.old if late is not None and late.is_on else self.forwarding

    def read(self) -> Forwarding | None:
        """What a read shows now: the stored value, or for a while the one before it."""
        late = self.late
        if late is None or not late.is_on:
            return self.forwarding
        self.late = replace(late, reads=max(0, late.reads - 1))
        return late.old


@dataclass(slots=True)
class SipId:
    """A SIP ID of an application; `number` is the number that it presents."""

    username: str
    resource_id: int
    application: Application
    number: str | None = None


@dataclass(slots=True)
class Estate:
    """Everything that is owned, by name; numbers keep the order in which they were bought."""

    applications: dict[str, Application] = field(default_factory=dict)
    numbers: dict[str, OwnedNumber] = field(default_factory=dict)
    sip_ids: dict[str, SipId] = field(default_factory=dict)
    media: dict[str, Application] = field(default_factory=dict)

    def by_key(self, api_key: str) -> Application | None:
        """The application that a key belongs to."""
        return self.applications.get(api_key)

    def add_application(self, application: Application) -> None:
        """Register an application under its key."""
        self.applications[application.api_key] = application

    def add_number(self, number: str, application: Application, forwarding: Forwarding | None) -> None:
        """Buy a number; its forwarding may be set already."""
        self.numbers[number] = OwnedNumber(number, application, 90_000 + len(self.numbers), forwarding)

    def of_customer(self, customer: str) -> Iterator[OwnedNumber]:
        """All numbers of a customer, over all applications."""
        return (owned for owned in self.numbers.values() if owned.application.customer == customer)


def moscow_numbers(count: int) -> list[str]:
    """That many numbers in a row, valid as Moscow numbers: 74991000000 and on."""
    return [str(MOSCOW_BASE + index) for index in range(count)]


def sip_usernames(count: int) -> list[str]:
    """That many SIP IDs in a row: 883140 and nine digits."""
    return [str(SIP_ID_BASE + 1 + index) for index in range(count)]
