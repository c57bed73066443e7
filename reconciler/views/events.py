"""Call events as lines, and one call as a ladder over time, for people.

Knows neither the store nor the listener.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from reconciler.diagnostics import Diagnostic
from reconciler.events.calls import Call, moment
from reconciler.events.causes import cause_name
from reconciler.events.model import Event, Kept
from reconciler.views.base import EMPTY, Line, Page, Span, Tone, hanging, line, pad, width
from reconciler.views.events_content import call_content
from reconciler.views.results import Kind, answered

Arrow = Literal["forth", "back", "end", "note"]
"""From the caller to the called one, back, the end of the call, or nothing that passes between them."""
_ARROWS: dict[str, Arrow] = {
    **dict.fromkeys(("begin", "originate", "trying", "showing"), "forth"),
    **dict.fromkeys(("start", "connected"), "back"),
    **dict.fromkeys(("hungup", "finished"), "end"),
}
_LEAST_RUNGS = 30
_AFTER = 12
_LONGEST_SIDE = 32


@dataclass(frozen=True, slots=True)
class Rung:
    """A step of a ladder: how long after the first one, what happened, and what is known of it."""

    after: str
    kind: str
    arrow: Arrow
    details: tuple[str, ...]
    came_late: bool


@dataclass(frozen=True, slots=True)
class ShownCall:
    """One call as a result."""

    call: Call
    findings: tuple[Diagnostic, ...] = ()
    kind: Kind = "call"

    def document(self) -> str:
        return answered("events show", call_content(self.call))

    def page(self, columns: int) -> Page:
        return ladder(self.call, columns)


def event_line(kept: Kept) -> Line:
    """An event in one line."""
    event = kept.event
    sides = f"{event.caller or '?'} to {event.called or '?'}" if event.caller or event.called else ""
    parts = [event.direction, sides, *details(event), _times(kept)]
    name = event.uid or event.call_id
    return line(
        Span(clock_text(moment(kept)), Tone.FAINT),
        " ",
        Span(pad(event.kind, 11), Tone.STRONG),
        f" {name}" if name else "",
        *(f"  {part}" for part in parts if part),
    )


def details(event: Event) -> Iterator[str]:
    """What an event says besides who and when."""
    for name, value in (("set up", event.setup_ms), ("waited", event.wait_ms), ("talked", event.duration_ms)):
        if value is not None:
            yield f"{name} {seconds(value)}"
    if event.full_ms is not None:
        yield f"{seconds(event.full_ms)} with announcements"
    if event.cause:
        yield f"cause {event.cause}: {cause_name(event.cause) or 'no code of Q.850'}"
    if event.reason:
        yield event.reason
    if event.record_url:
        yield f"recording {event.record_url}"
    if not event.documented:
        yield "not documented by the vendor"


def _times(kept: Kept) -> str:
    return f"came {kept.times} times" if kept.times > 1 else ""


def rungs(call: Call) -> list[Rung]:
    """The steps of a call; word of one came late where word of a later one came first."""
    start = moment(call.events[0])
    return [
        Rung(
            f"+{moment(kept) - start:.3f} s",
            kept.event.kind,
            _ARROWS.get(kept.event.kind, "note"),
            (*details(kept.event), *filter(None, (_times(kept),))),
            came_late=any(later.number < kept.number for later in call.events[at:]),
        )
        for at, kept in enumerate(call.events)
    ]


def heading(call: Call) -> str:
    """What became of a call, in a sentence."""
    return f"{call.direction or 'call of unknown direction'}, {', '.join(_outcome(call))}"


def _outcome(call: Call) -> Iterator[str]:
    if call.is_answered:
        yield "answered" if call.answered_after is None else f"answered after {call.answered_after:.3f} s"
    else:
        yield "not answered" if call.has_ended else "not answered yet"
    if call.duration_ms:
        yield f"talked {seconds(call.duration_ms)}"
    if call.cause:
        yield f"ended by {call.cause} ({call.cause_name or 'no code of Q.850'})"
    elif call.has_ended:
        yield call.reason or "ended"
    else:
        yield "no word of its end"


def clock_note(call: Call) -> str:
    """Which clock the steps are by."""
    if all(each.event.at is not None for each in call.events):
        return "times are the vendor's, in UTC"
    return "the vendor does not say when steps happened: times are those at which word of them came, in UTC"


SENDERS = "Senders cannot be authenticated: whoever knows the listener's address can have sent this."


def sides(call: Call) -> tuple[str, str]:
    """Who called whom, in few characters."""
    return (call.caller or "caller unknown")[:_LONGEST_SIDE], (call.called or "called one unknown")[:_LONGEST_SIDE]


def ladder(call: Call, columns: int) -> Page:
    """One call as a ladder: the caller at the left, the called one at the right, time downwards."""
    caller, called = sides(call)
    steps = rungs(call)
    inner = max(_LEAST_RUNGS, width(caller) + width(called) + 4, *(width(each.kind) + 8 for each in steps))
    page: Page = [
        line(Span(f"call {call.names[0]}", Tone.STRONG), *(f" ({each})" for each in call.names[1:])),
        *hanging(EMPTY, heading(call), columns),
        *hanging(EMPTY, f"began {clock_text(moment(call.events[0]))}; {clock_note(call)}", columns, tone=Tone.FAINT),
        EMPTY,
        line(" " * (_AFTER + 2), caller, " " * max(inner + 2 - width(caller) - width(called), 1), called),
    ]
    for each in steps:
        page += _rung(each, inner, columns)
    return [*page, EMPTY, *hanging(EMPTY, SENDERS, columns, tone=Tone.FAINT)]


def _rung(rung: Rung, inner: int, columns: int) -> Iterator[Line]:
    start = line(f"{rung.after:>{_AFTER}}  |", Span(_drawn(rung, inner), _tone(rung)), "|")
    notes = [*rung.details, "came late"] if rung.came_late else rung.details
    if notes:
        yield from hanging((*start, Span("  ")), ", ".join(notes), columns, tone=Tone.FAINT)
    else:
        yield start


def _drawn(rung: Rung, inner: int) -> str:
    label = f" {rung.kind} "
    match rung.arrow:
        case "forth":
            return f"{label:-^{inner - 1}}>"
        case "back":
            return f"<{label:-^{inner - 1}}"
        case "end":
            return f"x{label:-^{inner - 2}}x"
        case "note":
            return f"{label:^{inner}}"


def _tone(rung: Rung) -> Tone:
    return {"back": Tone.ADDED, "end": Tone.REMOVED, "note": Tone.FAINT}.get(rung.arrow, Tone.NOTED)


def seconds(milliseconds: int) -> str:
    """Milliseconds as `4.279 s`."""
    return f"{milliseconds / 1000:.3f} s"


def clock_text(instant: float) -> str:
    """An instant as `2024-01-05 11:09:29.934`, in UTC."""
    return datetime.fromtimestamp(instant, UTC).isoformat(" ", "milliseconds").removesuffix("+00:00")
