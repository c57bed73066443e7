"""Warnings about hours, minutes and seconds.

Must not know dates but for their presence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from reconciler.diagnostics import Finding
from reconciler.schedule.lint.view import View
from reconciler.schedule.render import runs_of
from reconciler.schedule.scales import FACTS, WEEKDAYS, Scale
from reconciler.schedule.syntax import Range

_OPENING: Final = range(5, 13)  # hours at which a working day begins
_CLOSING: Final = range(18, 23)  # hours at which it ends: written as the last hour they are an hour too many
_QUARTER: Final = 15
_TOUCHING: Final = (Scale.MO, Scale.YD, Scale.MD, Scale.WD, Scale.HR, Scale.MIN)


def inclusive_ends(view: View) -> Iterator[Finding]:
    """Find ranges whose last value was probably meant to be the first one outside."""
    for one in view.part.ranges(Scale.HR):
        if _closing_hour(view, one):
            yield _inclusive_hour(view, one)
    for one in view.part.ranges(Scale.MIN):
        if one.last.number - one.first.number > 0 and one.first.number % _QUARTER == one.last.number % _QUARTER == 0:
            message = f"'{view.tree.slice(one)}' includes the whole minute {one.last.number}"
            yield view.warn(
                "period-inclusive-end", message, one, f"write {one.first.number}-{one.last.number - 1} to end before it"
            )
    for scale in _TOUCHING:
        yield from _touching(view, scale)


def _closing_hour(view: View, one: Range) -> bool:
    if one.first.number >= one.last.number:
        return False
    if "m" in view.tree.slice(one.last).lower():  # 5pm is a time on a clock before it is an hour
        return True
    return one.first.number in _OPENING and one.last.number in _CLOSING


def _inclusive_hour(view: View, one: Range) -> Finding:
    last = one.last.number
    text = view.tree.slice(one)
    message = f"'{text}' includes {last:02}:00-{last:02}:59"
    twelve = "m" in view.tree.slice(one.last).lower()
    earlier = _on_clock(last - 1) if twelve else str(last - 1)
    hint = f"to end at {last:02}:00 write {view.tree.slice(one.first)}-{earlier}"
    return view.warn("period-inclusive-end", message, one, hint)


def _on_clock(hour: int) -> str:
    return f"{hour % 12 or 12}{'am' if hour < 12 else 'pm'}"


def _touching(view: View, scale: Scale) -> Iterator[Finding]:
    """Two ranges of one scale that share an end."""
    ranges = [one for one in view.part.ranges(scale) if not one.is_single and not one.wraps]
    for one in ranges:
        for other in ranges:
            if (
                one.last.number == other.first.number
                and one is not other
                and one.first.number < one.last.number < other.last.number
            ):
                yield _shared_end(view, scale, one, other)


def _shared_end(view: View, scale: Scale, one: Range, other: Range) -> Finding:
    shared, first, second = (view.tree.slice(node) for node in (other.first, one, other))
    message = f"{FACTS[scale].noun} {shared} stands in '{first}' and in '{second}'; both ends are included"
    joined = runs_of(scale, range(one.first.number, other.last.number + 1))
    return view.warn("period-inclusive-end", message, other, f"write {joined}, or end the first range earlier")


def overnight(view: View) -> Iterator[Finding]:
    """Find hours past midnight beside days: the morning half is the morning of the same day."""
    if view.every_day or view.is_never:
        return
    for one in view.part.ranges(Scale.HR):
        if one.wraps and one.first.number != one.last.number + 1:
            text = view.tree.slice(one)
            message = (
                f"the hours 0-{one.last.number} of '{text}' are the morning of the same day, not the end of its night"
            )
            yield view.warn("period-overnight", message, one, _two_parts(view, one))


def _two_parts(view: View, one: Range) -> str:
    evening = f"{one.first.number}-23" if one.first.number < 23 else "23"
    morning = f"0-{one.last.number}" if one.last.number else "0"
    scales = {item.scale for item in view.part.items}
    days = view.values(Scale.WD)
    if scales != {Scale.WD, Scale.HR} or days is None or len(view.part.ranges(Scale.HR)) > 1:
        return f"write two parts: the days with hr {{{evening}}}, and the days after them with hr {{{morning}}}"
    after = runs_of(Scale.WD, [(day + 1) % len(WEEKDAYS) for day in days])
    first, second = f"wd {{{runs_of(Scale.WD, days)}}} hr {{{evening}}}", f"wd {{{after}}} hr {{{morning}}}"
    return f"for nights write {first} and, as another part, {second}"


def minutes_without_hours(view: View) -> Iterator[Finding]:
    """Find minutes that hold in every hour."""
    item = next(view.part.of(Scale.MIN), None)
    if item is not None and not view.part.has(Scale.HR) and view.values(Scale.MIN) != frozenset(range(60)):
        message = f"'{view.tree.slice(item)}' holds in each of the 24 hours"
        yield view.warn("period-minute-without-hour", message, item, "name the hours too: hr {9} min {30-59}")


def seconds(view: View) -> Iterator[Finding]:
    """Find seconds, which no call needs."""
    for item in view.part.of(Scale.SEC):
        message = f"'{view.tree.slice(item)}' cuts minutes into pieces: a call a second later is routed elsewhere"
        yield view.warn("period-seconds", message, item, "leave sec out")


CLOCK_CHECKS: Final[tuple[Callable[[View], Iterator[Finding]], ...]] = (
    inclusive_ends,
    overnight,
    minutes_without_hours,
    seconds,
)
