"""The domain in frozen values: what a number does as it is desired, live and recorded, and one change to it.

Knows no YAML, no vendor's wire and no output format. The canonical form of these values is in `canonical`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields
from enum import Enum, StrEnum, auto
from typing import Any, ClassVar, Final, NamedTuple, TypeVar, dataclass_transform, get_origin, get_type_hints

from reconciler.diagnostics import Diagnostic, Location

CANONICAL_VERSION = 1


class Kind(StrEnum):
    """The two things that are managed of a number."""

    FORWARDING = "forwarding"
    PARKING = "parking"


class Redirect(StrEnum):
    """How the targets of a number ring: RedirectType 1, 2, 3 of the vendor."""

    SINGLE = "single"
    SEQUENTIAL = "sequential"
    PARALLEL = "parallel"


class WeekdayBase(StrEnum):
    """What a numeric weekday means; `refuse` makes one an error."""

    REFUSE = "refuse"
    SUNDAY = "sunday"
    MONDAY = "monday"


class Text(Enum):
    """What a text holds: it says how the text is shown, and whether a secret may be in it."""

    CODE = auto()
    ADDRESS = auto()
    WORDS = auto()
    URL = auto()


_Shape = TypeVar("_Shape")


# docs/decisions/130
@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def value_object(shape: type[_Shape]) -> type[_Shape]:
    """A dataclass that the type checker keeps frozen: freezing it at run time would make it slow to make."""
    return dataclass(slots=True, unsafe_hash=True)(shape)


def about(text: Text = Text.CODE, *, routes: bool = True, key: str | None = None) -> Mapping[str, Any]:
    """What is said of a field beside its name, its type and its default.

    `routes`: it decides whom a call reaches. `key` is its name in canonical form and files, where that is another one;
    empty where it has no place of its own there.
    """
    return {"text": text, "routes": routes, "key": key}


@value_object
class Target:
    """One phone or SIP ID that rings. `timeout` in seconds.

    `periods` are the vendor's period strings as written or read, one a `call_control` entry; their union is when the
    target is active; empty = always. `weekday_base` is what the account takes a numeric weekday to mean: `sunday`,
    `monday`, or `refuse` (then a period with one has no known meaning and stays text).
    """

    to: str
    timeout: int
    periods: tuple[str, ...] = field(default=(), metadata=about(key="schedule"))
    schedule_description: str = field(default="", metadata=about(Text.WORDS))
    name: str = field(default="", metadata=about(Text.WORDS))
    active: bool = True
    weekday_base: WeekdayBase = field(default=WeekdayBase.REFUSE, metadata=about(key=""))


@value_object
class NoForwarding:
    """The number forwards nowhere."""

    type: ClassVar[str] = "none"


@value_object
class SipForwarding:
    """To an external SIP account, `user@domain[:port]`."""

    type: ClassVar[str] = "sip"
    sip_uri: str = field(metadata=about(Text.ADDRESS))


MOST_ENTRIES: Final = 1_000
"""Entries of a forwarding to numbers, one a target and period, that are compared.

The vendor documents no limit, and nobody has seen so many."""


@value_object
class NumberForwarding:
    """To phone numbers or SIP IDs, in order. `event_url` may be a template with `${var:NAME}`."""

    type: ClassVar[str] = "number"
    redirect: Redirect
    targets: tuple[Target, ...]
    event_url: str = field(default="", metadata=about(Text.URL, routes=False))
    event_extended: bool = field(default=False, metadata=about(routes=False))
    client_id: str = field(default="", metadata=about(Text.WORDS, routes=False))
    file_to_a: str = field(default="", metadata=about(Text.WORDS, routes=False))
    file_to_b: str = field(default="", metadata=about(Text.WORDS, routes=False))
    masking: bool = field(default=False, metadata=about(routes=False))
    display_number: str = field(default="", metadata=about(routes=False))


@value_object
class UrlForwarding:
    """To whatever the URL answers; `reserve` rings when it cannot be reached. `url` may be a template."""

    type: ClassVar[str] = "url"
    url: str = field(metadata=about(Text.URL))
    reserve: str = ""


@value_object
class TrunkForwarding:
    """To a static SIP trunk. `timeout` in seconds; `did` is digits without a leading zero, or empty."""

    type: ClassVar[str] = "sip_trunk"
    static_ip: str
    port: int
    timeout: int
    did: str = ""


@value_object
class Parking:
    """Whether calls to the number are parked for the application (MTT Business)."""

    type: ClassVar[str] = "parking"
    parked: bool = field(metadata=about(key="parking"))


Forwarding = NoForwarding | SipForwarding | NumberForwarding | UrlForwarding | TrunkForwarding
Value = Forwarding | Parking

FORWARDINGS: Final[tuple[type[Forwarding], ...]] = (
    NoForwarding,
    SipForwarding,
    NumberForwarding,
    UrlForwarding,
    TrunkForwarding,
)
VALUES: Final[Mapping[str, type[Value]]] = {shape.type: shape for shape in (*FORWARDINGS, Parking)}


class Field(NamedTuple):
    """One field of a value as it is declared: `type` is its type in Python, `default` MISSING where it has none."""

    name: str
    key: str
    type: Any
    default: Any
    text: Text
    routes: bool

    @property
    def is_required(self) -> bool:
        return self.default is MISSING


def _declared(shape: type[Value | Target]) -> Iterator[Field]:
    hints = get_type_hints(shape)
    for each in fields(shape):
        said = each.metadata or about()
        key = each.name if said["key"] is None else said["key"]
        kind = get_origin(hints[each.name]) or hints[each.name]
        if key:
            yield Field(each.name, key, kind, each.default, said["text"], said["routes"])


_DECLARED = {shape: tuple(_declared(shape)) for shape in (*VALUES.values(), Target)}


def declared(shape: type[Value | Target]) -> tuple[Field, ...]:
    """The fields that a value has in its canonical form, in order."""
    return _DECLARED[shape]


class Off(NamedTuple):
    """What a block that does nothing is: its value, how a file says it, and what becomes of calls."""

    value: Value
    written: str
    effect: str


OFF: Final[Mapping[Kind, Off]] = {
    Kind.FORWARDING: Off(NoForwarding(), "forwarding: none", "would be deleted: its callers would reach nobody"),
    Kind.PARKING: Off(
        Parking(parked=False),
        "parking: false",
        "would no longer be parked: its calls would follow their usual route",
    ),
}


class Key(NamedTuple):
    """What the record is keyed by: an account may be renamed, a file moved."""

    provider: str
    number: str
    kind: Kind


class Desired(NamedTuple):
    """One managed block of one number as the configuration wants it.

    `place` is where it is declared, or tells that of each field path (`targets[0].timeout`, "" = the whole entry).
    """

    key: Key
    account: str
    value: Value
    place: Location | Callable[[str], Location]
    description: str = ""
    tags: tuple[str, ...] = ()
    protected: bool = False

    @property
    def address(self) -> str:
        """`ACCOUNT/NUMBER`, as plans and messages name it."""
        return f"{self.account}/{self.key.number}"

    @property
    def declared_at(self) -> Location:
        """The line that declares the number, worked out when asked for."""
        return self.place_of("")

    def place_of(self, path: str) -> Location:
        """The place of a field, worked out when asked for."""
        return self.place if isinstance(self.place, Location) else self.place(path)


@dataclass(frozen=True, slots=True)
class Observation:
    """What one read of one number told.

    `value` is None where the number could not be read; `problem` says why, without secrets.
    `unreadable` are field paths that this read cannot tell (`client_id`, a trunk's body without the list).
    `unwritable` are values that a write may reset and that cannot be written (`answer`, `targets[0].dtmf`).
    `read_at` in seconds since the epoch. `listed`: the account's list told it, which may lag behind the number itself.
    """

    value: Value | None
    read_at: float
    unreadable: frozenset[str] = frozenset()
    unwritable: Mapping[str, Any] = field(default_factory=dict, hash=False)
    problem: Diagnostic | None = None
    listed: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """What the record holds of one key: the value that we last wrote or found equal.

    `value` is canonical JSON text of `canonical_version` with sensitive parts masked, `digests` maps a sensitive
    field's path to its digest. `confirmed` is False where the value could not be read back. `written_at` is an RFC 3339
    time in UTC.
    """

    key: Key
    account: str
    value: str
    digests: Mapping[str, str] = field(default_factory=dict, hash=False)
    confirmed: bool = True
    protected: bool = False
    written_at: str = ""
    run_id: str = ""
    canonical_version: int = CANONICAL_VERSION


class Action(StrEnum):
    """What a change does; `ASSERT` writes what cannot be read and is not known."""

    CREATE = "create"
    UPDATE = "update"
    ADOPT = "adopt"
    DELETE = "delete"
    FORGET = "forget"
    ASSERT = "assert"


class LiveSource(StrEnum):
    """How a plan came to know the value before a change."""

    READ = "read"
    RECORDED = "recorded"
    UNKNOWN = "unknown"


class Cause(StrEnum):
    """Why a change is there: what has moved since we last wrote the number, the files or the live value."""

    FILES = "files"
    LIVE = "live"
    BOTH = "both"
    UNKNOWN = "unknown"


class Outcome(StrEnum):
    """What became of a change in a run."""

    APPLIED = "applied"
    UNVERIFIED = "unverified"
    FAILED = "failed"
    UNKNOWN = "unknown"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field that differs. `before` and `after` are canonical JSON values, masked where `sensitive`."""

    path: str
    before: Any
    after: Any
    sensitive: bool = False


@dataclass(frozen=True, slots=True)
class Effect:
    """What callers notice of a change: `when` is in words, times half-open.

    `noticed` is the same before any words, for whoever says it in others.
    """

    when: str
    before: str
    after: str
    noticed: object = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Traffic:
    """Calls of the past to a number, and how many of them a change would treat otherwise.

    `changed` would ring otherwise than before; the `lost` rang somebody and would reach nobody; of the `unknown` it
    cannot be told. They came within `days` before the plan. `firsts` are those who would ring first and did not, with
    how many calls; `cells` the half hours of a week from Monday, as (calls, changed, lost). No file holds what
    comparisons leave out.
    """

    calls: int
    changed: int = 0
    lost: int = 0
    unknown: int = field(default=0, compare=False)
    days: int = field(default=0, compare=False)
    firsts: tuple[tuple[str, int], ...] = field(default=(), compare=False)
    cells: tuple[tuple[int, int, int], ...] = field(default=(), compare=False, repr=False)

    @classmethod
    def together(cls, several: Iterable[Traffic | None]) -> Traffic:
        """The sums of several."""
        each = [one for one in several if one is not None]
        firsts = Counter[str]()
        for one in each:
            firsts.update(dict(one.firsts))
        return cls(
            sum(one.calls for one in each),
            sum(one.changed for one in each),
            sum(one.lost for one in each),
            sum(one.unknown for one in each),
            max((one.days for one in each), default=0),
            tuple(firsts.most_common()),
            _summed([one.cells for one in each if one.cells]),
        )


def _summed(weeks: Sequence[tuple[tuple[int, int, int], ...]]) -> tuple[tuple[int, int, int], ...]:
    """The sums of the half hours of several weeks."""
    halves = [list(zip(*several, strict=True)) for several in zip(*weeks, strict=True)]
    return tuple((sum(calls), sum(changed), sum(lost)) for calls, changed, lost in halves)


@dataclass(frozen=True, slots=True)
class Change:
    """One thing to do to one number. `before` and `after` are canonical, masked JSON (None: nothing or not known).

    `before_digests` and `after_digests` are the keyed digests of their sensitive values; `live_digest` is that of the
    live value the change was made from; `depends_on` are addresses whose change goes before this one.
    `protected` is the stricter of file and record, `keeps_protection` what the file alone says and the record will say.
    `cause` is why it is there; `write` is the value that apply writes, which no plan file holds. `traffic` is what it
    does to calls of the past, None where none were replayed.
    """

    key: Key
    account: str
    action: Action
    before: Any
    after: Any
    fields: tuple[FieldChange, ...] = ()
    effects: tuple[Effect, ...] = ()
    protected: bool = False
    depends_on: tuple[str, ...] = ()
    live_digest: str = ""
    live_source: LiveSource = LiveSource.READ
    read_at: str = ""
    declared_at: str = ""
    description: str = ""
    needs: tuple[str, ...] = ()
    cause: Cause = Cause.UNKNOWN
    before_digests: Mapping[str, str] = field(default_factory=dict)
    after_digests: Mapping[str, str] = field(default_factory=dict)
    keeps_protection: bool = field(default=False, compare=False)
    write: Value | None = field(default=None, compare=False)
    traffic: Traffic | None = field(default=None, compare=False)

    @property
    def address(self) -> str:
        return f"{self.account}/{self.key.number}"

    @property
    def reverts_a_hand(self) -> bool:
        """Whether it overwrites what somebody else made of the number since we last wrote it."""
        return self.cause in (Cause.LIVE, Cause.BOTH) and self.action is not Action.FORGET
