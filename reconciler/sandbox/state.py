"""What the pretended Exolve customer owns, and the switches for what nobody outside the vendors knows.

Each switch's default is the reading that the documents favour; replace the whole value to change one while the
sandbox runs. Must not know HTTP or how answers are spelled.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any


class ErrorShape(Enum):
    """Where the text of an Exolve error stands: all three were seen."""

    FLAT = "flat"
    """`{"error": "text"}`, as the numbering pages print it."""
    NESTED = "nested"
    """`{"error": {"message": "text"}}`, as the live host answered for other methods."""
    MESSAGE = "message"
    """`{"message": "text", "code": 400}`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExolveSettings:
    """Switches of the pretended Exolve."""

    error_shape: ErrorShape = ErrorShape.FLAT
    type_zero_clears: bool = False
    """Set with type 0 and no data removes the forwarding; default: refused, as the page requires data."""
    require_redirect_type: bool = True
    """The page marks it as required; a public client leaves it out, with an unknown result."""
    require_call_control: bool = True
    """The page marks it as required; whether an empty list counts is not said."""
    check_period: Callable[[str], bool] | None = None
    """Says whether a period is accepted; default: every text is stored, as what a malformed one does is unknown."""
    check_display_number: bool = False
    """Refuse a `display_number` under `masking` that is not a number of this application."""
    check_media: bool = False
    """Refuse `file_to_a` and `file_to_b` that are not in the application's library."""
    answer_and_dtmf_writable: bool = False
    """Accept them on Set; default: unknown fields, as the write page does not have them."""
    set_keeps_answer_and_dtmf: bool = False
    """A Set leaves them as the console made them; default: it resets them with everything else."""
    static_in_attributes: bool = False
    """GetAttributes shows a trunk's body under Set's names; default: only the type, as the page has no table for it."""
    delete_of_nothing_is_error: bool = False
    """DeleteCallForwarding without a forwarding answers 400; default: 200."""
    sip_number_refuses: frozenset[int] = frozenset({1, 2, 3, 4})
    """Types refused with `number has sip`: two accounts disagree; the other one is `{3}`."""
    sip_number_status: int = 400
    reads_across_applications: bool = False
    """A key may read numbers of the customer's other applications; default: `number is missing in the application`."""
    list_spans_applications: bool = True
    """The customer's list without `application_uuid` shows all applications of the customer."""
    list_default_limit: int = 100
    list_max_limit: int | None = None
    """Larger limits are cut down to this without a word."""
    normalise: Callable[[dict[str, Any]], dict[str, Any]] | None = None
    """What the platform makes of a forwarding on storing it; default: it is kept as sent."""


class UnknownNumber(Enum):
    """How MTT refuses a number that is not the customer's; no document says."""

    STATUS_400 = "400"
    SUCCESS_0 = "success-0"


@dataclass(frozen=True, slots=True, kw_only=True)
class MttSettings:
    """Switches of the pretended MTT Business."""

    rotates_refresh_token: bool = True
    """A refresh answers with a new refresh token; default as the answer's table lists one."""
    old_refresh_token_dies: bool = True
    """With rotation, the token that was used works no more: the harder case for a client."""
    unknown_number: UnknownNumber = UnknownNumber.STATUS_400
    result_envelope: bool = False
    """setParkingNumbers answers in `result` as all other methods do; default: bare, as its sample."""
    max_numbers_per_call: int | None = None
    access_seconds: int = 2 * 60 * 60
    refresh_seconds: int = 3 * 24 * 60 * 60


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
        shown = self.shown
        if self.late is not None:
            self.late = replace(self.late, reads=max(0, self.late.reads - 1))
        return shown


@dataclass(slots=True)
class SipId:
    """A SIP ID of an application; `number` is the number that it presents."""

    username: str
    resource_id: int
    application: Application
    number: str | None = None


@dataclass(slots=True)
class Inventory:
    """Everything that is owned, by name, applications by key; numbers keep the order in which they were bought."""

    applications: dict[str, Application] = field(default_factory=dict)
    numbers: dict[str, OwnedNumber] = field(default_factory=dict)
    sip_ids: dict[str, SipId] = field(default_factory=dict)
    media: dict[str, Application] = field(default_factory=dict)

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
