"""A week as boxes in an SVG: a bar a day, a colour and a letter a target, stripes where nobody rings.

Pure geometry; knows no markup and no files.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from reconciler.effects.calendar import CalendarDay, Cell, CellRun, Lane, Week
from reconciler.effects.wording import Wording
from reconciler.views.calendar import WEEKDAYS, clock, is_daily, letters_of

COLORS = 8
_LEFT, _TOP, _CELL, _BAND, _SPACE = 76, 20, 13, 22, 6
_MARK = 4


@dataclass(frozen=True, slots=True)
class PictureBox:
    """A rectangle with a letter and a tooltip. `look` is its CSS class; `is_part` adds dots to it."""

    x: int
    y: int
    width: int
    height: int
    look: str
    letter: str
    title: str
    is_part: bool = False


@dataclass(frozen=True, slots=True)
class PictureRow:
    """A day: its label and where that stands."""

    label: str
    y: int
    height: int
    date: str = ""


# docs/decisions/147
@dataclass(frozen=True, slots=True)
class Picture:
    """A whole week; `sentence` says the same in words, for those who do not see it."""

    title: str
    sentence: str
    width: int
    height: int
    rows: tuple[PictureRow, ...]
    boxes: tuple[PictureBox, ...]
    marks: tuple[PictureBox, ...]
    hours: tuple[tuple[int, int], ...]
    top: int = _TOP
    left: int = _LEFT
    cell: int = _CELL

    @property
    def right(self) -> int:
        return self.left + 48 * _CELL


@dataclass(frozen=True, slots=True)
class LegendEntry:
    """One line of a legend."""

    letter: str
    look: str
    text: str


def legend(lanes: Sequence[Lane]) -> tuple[LegendEntry, ...]:
    """Who the letters are."""
    letters = letters_of(lanes)
    return tuple(LegendEntry(letters[lane.key][0], _lane_style(letters[lane.key][1]), lane.text) for lane in lanes)


def picture(week: Week, lanes: Sequence[Lane], title: str, say: Wording, *, other: Week | None = None) -> Picture:
    """Draw a week; times that differ from the `other` week get a mark below."""
    letters, texts = letters_of(lanes), {lane.key: lane.text for lane in lanes if lane.saying is not None}
    daily = is_daily(week) and (other is None or is_daily(other))
    rows, boxes, marks, y = [], [], [], _TOP
    for index, day in enumerate(week[:1] if daily else week):
        twin = None if other is None else other[index]
        height = _height(day, twin)
        label = say.words.pgettext("narrow", "daily") if daily else say.word(WEEKDAYS[day.weekday])
        rows.append(PictureRow(label, y, height, "" if daily else f"{day.day:02}.{day.month:02}"))
        for run in day.runs():
            boxes += _boxes(run, letters, texts, say, y, height)
        marks += _marks(day, twin, y + height, say.word("differs"))
        y += height + _SPACE + (_MARK if other is not None else 0)
    hours = tuple((hour, _LEFT + hour * 2 * _CELL) for hour in range(0, 25, 3))
    sentence = sentence_of(week, lanes, say)
    return Picture(title, sentence, _LEFT + 48 * _CELL + 12, y, tuple(rows), tuple(boxes), tuple(marks), hours)


def sentence_of(week: Week, lanes: Sequence[Lane], say: Wording) -> str:
    """A week in words."""
    names = {lane.key: lane.text for lane in lanes}
    days = (
        [(day, say.word("Every day")) for day in week[:1]]
        if is_daily(week)
        else [(day, say.word(WEEKDAYS[day.weekday])) for day in week]
    )
    return " ".join(f"{label}: {', '.join(_said(run, names, say) for run in day.runs())}." for day, label in days)


def _said(run: CellRun, names: Mapping[str, str], say: Wording) -> str:
    who = say.word(", then ").join(names[key] for key in run.cell.who) or say.word("nobody")
    times = say.word("{first} to {last}", first=clock(run.start), last=clock(run.end))
    part = say.word(" for a part") if run.cell.is_part else ""
    return f"{times} {who}{part}"


def _height(day: CalendarDay, twin: CalendarDay | None) -> int:
    """As high as the most targets that ring together need, on either side of a comparison."""
    cells = (*day.cells, *(twin.cells if twin else ()))
    most = max(1, *(len(cell.who) for cell in cells))
    return _BAND if most == 1 else _BAND + (most - 1) * (_BAND - 6)


def _boxes(
    run: CellRun, letters: Mapping[str, tuple[str, int]], texts: Mapping[str, str], say: Wording, y: int, height: int
) -> list[PictureBox]:
    x, width = _LEFT + run.start * _CELL, (run.end - run.start) * _CELL
    times = f"{clock(run.start)}-{clock(run.end)}"
    if not run.cell.who:
        nobody = say.word("no target")
        return [PictureBox(x, y, width, height, "gap", nobody if width > 70 else "", f"{times} {nobody}")]
    share = height // len(run.cell.who)
    boxes = []
    for rank, key in enumerate(run.cell.who):
        letter, lane = letters[key]
        tall = height - rank * share if rank == len(run.cell.who) - 1 else share
        title, top = f"{times} {texts.get(key, key)}", y + rank * share
        boxes.append(PictureBox(x, top, width, tall, _lane_style(lane), letter, title, run.cell.is_part))
    return boxes


def _marks(day: CalendarDay, twin: CalendarDay | None, y: int, title: str) -> list[PictureBox]:
    if twin is None:
        return []
    apart = [Cell((), is_part=one != two) for one, two in zip(day.cells, twin.cells, strict=True)]
    runs = CalendarDay(day.year, day.month, day.day, day.weekday, tuple(apart)).runs()
    return [
        PictureBox(_LEFT + run.start * _CELL, y + 1, (run.end - run.start) * _CELL, _MARK, "mark", "", title)
        for run in runs
        if run.cell.is_part
    ]


def _lane_style(lane: int) -> str:
    return f"lane-{lane % COLORS}"


_STRIP, _LEAST = 26, 4
Counts = tuple[tuple[int, int, int], ...]
"""The half hours of a week from Monday: (calls, changed, lost)."""


def strip(cells: Counts, title: str, sentence: str, say: Wording) -> Picture:
    """Draw the calls of a week: a bar a half hour, as high as its calls; its look is that of the worst of them."""
    most = max(calls for calls, _, _ in cells)
    rows, boxes, y = [], [], _TOP
    for at, weekday in enumerate(WEEKDAYS):
        rows.append(PictureRow(say.word(weekday), y, _STRIP))
        for half_hour, counts in enumerate(cells[at * 48 : at * 48 + 48]):
            if counts[0]:
                boxes.append(_bar(half_hour, counts, most, y, say))
        y += _STRIP + _SPACE
    hours = tuple((hour, _LEFT + hour * 2 * _CELL) for hour in range(0, 25, 3))
    return Picture(title, sentence, _LEFT + 48 * _CELL + 12, y, tuple(rows), tuple(boxes), (), hours)


def _bar(half_hour: int, counts: tuple[int, int, int], most: int, y: int, say: Wording) -> PictureBox:
    calls, changed, lost = counts
    height = max(_LEAST, round(_STRIP * calls / most))
    look = "call-lost" if lost else "call-changed" if changed else "call"
    said = [say.number(calls, "{count:,} call", "{count:,} calls")]
    said += [say.number(changed, "{count:,} would ring otherwise", "{count:,} would ring otherwise")] if changed else []
    said += [say.number(lost, "{count:,} reaches nobody", "{count:,} reach nobody")] if lost else []
    title = f"{clock(half_hour)}-{clock(half_hour + 1)} {', '.join(said)}"
    return PictureBox(_LEFT + half_hour * _CELL + 1, y + _STRIP - height, _CELL - 2, height, look, "", title)
