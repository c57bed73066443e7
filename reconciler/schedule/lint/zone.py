"""Warnings about a period in a zone whose clocks change: an hour that comes twice, and one that never comes.

Must not know accounts; the zone and the year are passed in.
"""

from __future__ import annotations

from functools import lru_cache

from reconciler.diagnostics import Finding
from reconciler.rules import RULES
from reconciler.schedule.grammar import read
from reconciler.schedule.instants import Instants
from reconciler.schedule.masks import first_day, slot_of, year_of
from reconciler.schedule.meaning import instants_of
from reconciler.schedule.scales import WeekdayBase
from reconciler.schedule.zones import DAY_SECONDS, zone


@lru_cache(maxsize=4096)
def zone_findings(text: str, *, timezone: str, year: int, weekday_base: WeekdayBase = "sunday") -> tuple[Finding, ...]:
    """Tell where a period is cut short or runs twice when clocks change in `year` or the next."""
    tree, errors = read(text, weekday_base)
    place = zone(timezone)
    if errors or not tree.parts or place.is_fixed:
        return ()
    instants = instants_of(tree)
    at, end = first_day(year) * DAY_SECONDS, first_day(year + 2) * DAY_SECONDS
    while (change := place.next_change(at)) is not None and change < end:
        before, after = place.offset(change - 1), place.offset(change)
        if _touched(instants, change + min(before, after), change + max(before, after)):
            what = "skipped" if after > before else "repeated"
            message = f"in {timezone} an hour that this period touches is {what} in {year_of(change // DAY_SECONDS)[0]}"
            hint = "keep the edges of the period clear of the night when clocks change"
            start, stop = tree.parts[0].start, tree.parts[-1].end
            return (RULES["period-daylight-saving"].within(start, stop, message, hint),)
        at = change
    return ()


def _touched(instants: Instants, start: int, end: int) -> bool:
    """Tell whether the state changes within local seconds `start` to `end`, or at either."""
    unit = 1 if instants.fine else 60
    states = set()
    for local in range(start - unit, end + unit, unit):
        day, second = divmod(local, DAY_SECONDS)
        year, yearday0 = year_of(day)
        states.add(instants.times_on(year, slot_of(year, yearday0)) >> second // unit & 1)
    return len(states) > 1
