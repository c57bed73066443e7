"""Events put together to calls, in whatever order and however often they came.

Events are of one call by their `uid`, and where they have none by the vendor's id of the call. Knows neither the store
nor how a call is drawn.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from reconciler.events.causes import cause_name
from reconciler.events.model import Direction, Kept

_LIVES = (
    ("begin", "originate", "start", "hungup", "end", "definition", "record-ready"),
    ("trying", "showing", "connected", "hiding", "finished", "recorded"),
)
_ORDER = {kind: rank for life in _LIVES for rank, kind in enumerate(life)}
_UNKNOWN = 3
_ANSWERS = ("start", "connected")
_ENDINGS = ("hungup", "end", "definition", "finished")


@dataclass(frozen=True, slots=True)
class Call:
    """The events of one call, in the order in which they happened as far as that is known; there is one at least."""

    events: tuple[Kept, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """What the call is called: its uid, then the vendor's ids."""
        found = [each.event.uid for each in self.events] + [each.event.call_id for each in self.events]
        return tuple(dict.fromkeys(filter(None, found)))

    @property
    def vendor(self) -> str:
        return self.events[0].event.vendor

    @property
    def direction(self) -> Direction:
        return next((each.event.direction for each in self.events if each.event.direction), "")

    @property
    def caller(self) -> str:
        return self._first("caller")

    @property
    def called(self) -> str:
        return self._first("called")

    @property
    def started_at(self) -> float:
        """When it began, in seconds since the epoch: by the vendor's clock where it tells, else when word came."""
        return min(map(moment, self.events))

    @property
    def answered_after(self) -> float | None:
        """Seconds from its first step to the answer, where the vendor's clock tells of both."""
        answers = [each.event.at for each in self.events if each.event.kind in _ANSWERS and each.event.at is not None]
        known = all(each.event.at is not None for each in self.events)
        return min(answers) - self.started_at if answers and known else None

    @property
    def is_answered(self) -> bool:
        return any(each.event.kind in _ANSWERS for each in self.events) or bool(self.duration_ms)

    @property
    def has_ended(self) -> bool:
        return any(each.event.kind in _ENDINGS for each in self.events)

    @property
    def setup_ms(self) -> int | None:
        return self._figure("setup_ms")

    @property
    def wait_ms(self) -> int | None:
        return self._figure("wait_ms")

    @property
    def duration_ms(self) -> int | None:
        return self._figure("duration_ms")

    @property
    def full_ms(self) -> int | None:
        return self._figure("full_ms")

    @property
    def cause(self) -> str:
        """Why it ended: the code of Q.850, or the vendor's text."""
        return self._first("cause")

    @property
    def cause_name(self) -> str:
        return cause_name(self.cause)

    @property
    def reason(self) -> str:
        return self._first("reason")

    @property
    def record_url(self) -> str:
        return self._first("record_url")

    def _first(self, name: str) -> str:
        return next((value for each in self.events if (value := str(getattr(each.event, name)))), "")

    def _figure(self, name: str) -> int | None:
        found: list[int] = [value for each in self.events if (value := getattr(each.event, name)) is not None]
        return found[-1] if found else None


def moment(kept: Kept) -> float:
    """When an event happened by the vendor's clock; where that is not told, when it came."""
    return kept.first if kept.event.at is None else kept.event.at


def calls_of(events: Iterable[Kept]) -> list[Call]:
    """Put events together to calls, in the order in which these began; events of no call are left out."""
    groups: dict[tuple[str, str, str], list[Kept]] = {}
    of_calls = [each for each in events if each.event.is_of_a_call]
    uids = _uids(of_calls)
    for each in of_calls:
        groups.setdefault(_name(each, uids), []).append(each)
    calls = [Call(tuple(_ordered(group))) for group in groups.values()]
    return sorted(calls, key=lambda call: call.started_at)


def _uids(events: Iterable[Kept]) -> dict[tuple[str, str], set[str]]:
    """The uids that are known of each of a vendor's ids."""
    found: dict[tuple[str, str], set[str]] = {}
    for each in events:
        if each.event.uid and each.event.call_id:
            found.setdefault((each.event.vendor, each.event.call_id), set()).add(each.event.uid)
    return found


def _name(kept: Kept, uids: dict[tuple[str, str], set[str]]) -> tuple[str, str, str]:
    """What tells an event's call from others: its uid, its own or the one that its id is known with, else its id."""
    event = kept.event
    known = uids.get((event.vendor, event.call_id), set())
    uid = event.uid or (next(iter(known)) if len(known) == 1 else "")
    return (event.vendor, "uid", uid) if uid else (event.vendor, "id", event.call_id)


def _ordered(events: Sequence[Kept]) -> Iterator[Kept]:
    """By the vendor's clock where all events have it, else by the life of a call and the order in which they came."""
    if all(each.event.at is not None for each in events):
        yield from sorted(events, key=lambda each: (moment(each), _rank(each), each.number))
    else:
        yield from sorted(events, key=lambda each: (_rank(each), each.first, each.number))


def _rank(kept: Kept) -> int:
    return _ORDER.get(kept.event.kind, _UNKNOWN)


@dataclass(frozen=True, slots=True)
class ReceivedCall:
    """A call that came in: when, in seconds since the epoch, at which number, from whom, and how long it was talked."""

    at: float
    number: str
    caller: str
    seconds: float | None


def received_calls(events: Iterable[Kept]) -> Iterator[ReceivedCall]:
    """The calls that came in at a number, for whoever counts traffic."""
    for call in calls_of(events):
        if call.direction == "inbound" and call.called:
            length = call.duration_ms
            seconds = None if length is None else length / 1000
            yield ReceivedCall(call.started_at, call.called, call.caller, seconds)
