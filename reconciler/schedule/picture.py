"""The week of a period as a picture: a line a day, half an hour a cell.

Must not know text of periods, colours or terminals.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from reconciler.schedule.instants import Instants
from reconciler.schedule.masks import WEEKDAYS, dates_of, slot_of, year_of, year_type

_HOURS: Final = "".join(f"{hour:<6}" for hour in range(0, 24, 3)) + "24"
CELLS: Final = 48


@dataclass(frozen=True, slots=True)
class WeekDay:
    """One day: its date and, for each half hour, how much of it is inside (0 to 1)."""

    year: int
    month: int
    day: int
    weekday: int
    cells: tuple[float, ...]


def week_of(instants: Instants, day: int) -> tuple[WeekDay, ...]:
    """Give the seven days, from Monday, of the week that holds a day (counted from 1970)."""
    monday = day - (day + 3) % 7  # 1 January 1970 was a Thursday
    return tuple(_week_day(instants, monday + offset) for offset in range(7))


def _week_day(instants: Instants, day: int) -> WeekDay:
    year, yearday0 = year_of(day)
    date = dates_of(year_type(year))[yearday0]
    times = instants.times_on(year, slot_of(year, yearday0))
    width = 1800 if instants.fine else 30
    window = (1 << width) - 1
    cells = tuple((times >> cell * width & window).bit_count() / width for cell in range(CELLS))
    return WeekDay(year, date.month, date.day, date.weekday, cells)


def draw_week(week: tuple[WeekDay, ...]) -> str:
    """Draw a week: `█` inside, `▒` in part, `·` outside."""
    lines = [f"{'':10}{_HOURS}"]
    for day in week:
        cells = "".join("█" if cell == 1 else "▒" if cell else "·" for cell in day.cells)
        lines.append(f"{WEEKDAYS[day.weekday][:3].title()} {day.day:02}.{day.month:02} {cells}")
    return "\n".join(lines)
