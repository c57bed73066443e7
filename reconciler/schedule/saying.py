"""What there is to say of a period, and the short phrase of plans: `Mon-Fri 9:00-18:00`, with half-open times.

For each set of days its intervals of time, before any language. Must not know how a set is held.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from gettext import NullTranslations
from typing import Final, NamedTuple

from reconciler.schedule.boxes import DayBox, TimeBox, pieces_of
from reconciler.schedule.instants import Instants
from reconciler.schedule.masks import (
    ALL_MINUTES,
    ALL_SECONDS,
    MONTHS,
    SECONDS,
    WEEKDAYS,
    Scale,
    Span,
    bits,
    spans,
    time_masks,
    to_seconds,
    union,
)

UNTRANSLATED: Final = NullTranslations()
_MANY: Final = 6  # more intervals than that are told as a pattern of hours and minutes


class Phrase(NamedTuple):
    """Some days and when they hold: `intervals` in seconds of the day, half-open, None for all day.

    `patterns` stand in for intervals that are too many to list.
    """

    years: tuple[Span, ...]
    months: tuple[Span, ...]
    monthdays: tuple[Span, ...]
    yeardays: tuple[Span, ...]
    weekdays: tuple[int, ...]
    intervals: tuple[Span, ...] | None
    patterns: tuple[TimeBox, ...] = ()

    @property
    def is_daily(self) -> bool:
        """Whether the days are not restricted at all."""
        return not (self.years or self.months or self.monthdays or self.yeardays or self.weekdays)


class Phrasing(NamedTuple):
    """A language: three words, and how it says a saying."""

    always: str
    never: str
    except_: str
    said: Callable[[Phrase], str]


def phrases_of(instants: Instants) -> list[Phrase]:
    """Collect what there is to say, in the order of the normal form."""
    times: dict[tuple[DayBox, tuple[int, ...] | None], list[TimeBox]] = {}
    for piece in pieces_of(instants):
        times.setdefault((piece.days, piece.years), []).append(piece.times)
    return [_saying(days, years, boxes) for (days, years), boxes in times.items()]


def _saying(days: DayBox, years: tuple[int, ...] | None, boxes: list[TimeBox]) -> Phrase:
    mask = union(map(_seconds, boxes))
    daily = days == DayBox() and years is None
    intervals = None if mask == ALL_SECONDS else _intervals(mask, joined=daily)
    many = intervals is not None and len(intervals) > _MANY
    return Phrase(
        spans(years or ()),
        _of(days.months),
        _of(days.monthdays),
        _of(days.yeardays),
        () if days.weekdays is None else tuple(sorted((weekday - 1) % 7 for weekday in bits(days.weekdays))),
        intervals,
        tuple(boxes) if many else (),
    )


def _of(mask: int | None) -> tuple[Span, ...]:
    return () if mask is None else spans(bits(mask))


def _seconds(box: TimeBox) -> int:
    minutes = ALL_MINUTES
    for scale, mask in ((Scale.HR, box.hours), (Scale.MIN, box.minutes)):
        if mask is not None:
            minutes &= union(time_masks(scale)[value] for value in bits(mask))
    seconds = ALL_SECONDS if box.seconds is None else union(time_masks(Scale.SEC)[value] for value in bits(box.seconds))
    return to_seconds(minutes) & seconds


def _intervals(mask: int, *, joined: bool) -> tuple[Span, ...]:
    """List the runs of a mask of seconds; `joined`: a run over midnight is one."""
    found = []
    at = 0
    while mask >> at:
        start = at + _trailing(mask >> at)
        at = start + _trailing(~(mask >> start))
        found.append((start, at))
    if joined and len(found) > 1 and found[0][0] == 0 and found[-1][1] == SECONDS:
        (_, morning), *rest, (evening, _) = found
        return (*rest, (evening, morning))
    return tuple(found)


def _trailing(mask: int) -> int:
    return (mask & -mask).bit_length() - 1


SHORT_DAYS: Final = tuple(WEEKDAYS[(day + 1) % 7][:3].title() for day in range(7))
SHORT_MONTHS: Final = ("", *(month[:3].title() for month in MONTHS))
_LONG: Final = 3  # this many in a row are written as a range


def clock(seconds: int) -> str:
    """Write a time of day, with seconds only where there are some."""
    minutes, second = divmod(seconds, 60)
    text = f"{minutes // 60}:{minutes % 60:02}"
    return f"{text}:{second:02}" if second else text


def last_second(end: int) -> str:
    """Write the last second that is still inside."""
    minutes, second = divmod((end - 1) % SECONDS, 60)
    return f"{minutes // 60}:{minutes % 60:02}:{second:02}"


def numbers(runs: tuple[Span, ...]) -> list[str]:
    """Write runs of numbers."""
    return [str(first) if first == last else f"{first}-{last}" for first, last in runs]


def is_single(runs: tuple[Span, ...]) -> bool:
    """Tell whether runs are no more than one number."""
    return len(runs) == 1 and runs[0][0] == runs[0][1]


def noun(word: str, runs: tuple[Span, ...]) -> str:
    """Write an English noun for one number, or for several."""
    return word if is_single(runs) else f"{word}s"


def pattern(box: TimeBox, listed: Callable[[tuple[Span, ...]], str], words: NullTranslations = UNTRANSLATED) -> str:
    """Say the times of a pattern; `listed` writes runs of numbers."""

    def values(mask: int | None, template: Callable[[int], str]) -> str:
        runs = () if mask is None else spans(bits(mask))
        return template(_number(runs)).format(values=listed(runs)) if runs else ""

    parts = [
        values(box.seconds, lambda many: words.ngettext("second {values}", "seconds {values}", many)),
        values(box.minutes, lambda many: words.ngettext("minute {values}", "minutes {values}", many)),
        values(box.hours, lambda many: words.ngettext("hour {values}", "hours {values}", many)),
    ]
    if box.hours is None and box.minutes is not None:
        parts.append(words.gettext("every hour"))
    return words.gettext(" of ").join(filter(None, parts))


def joined(words: Sequence[str], conjunction: str) -> str:
    """Write a list whose last word follows `and`, in whatever language."""
    return f" {conjunction} ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)


def clause(dates: Sequence[str], weekday: str, times: str, *, daily: str) -> str:
    """Put a clause together; `daily` is said where no days are."""
    said = [words for words in dates if words]
    return ", ".join([*said, f"{weekday or ('' if said else daily)} {times}".strip()])


def short_phrase(saying: Phrase, words: NullTranslations = UNTRANSLATED) -> str:
    """Say days and times."""
    days = _days(saying, words)
    patterns = [pattern(box, _runs, words) for box in saying.patterns]
    times = words.gettext(" and ").join(patterns) or _times(saying.intervals)
    return " ".join(word for word in (days or (words.gettext("daily") if times else ""), times) if word)


def _times(intervals: tuple[Span, ...] | None) -> str:
    return ", ".join(f"{clock(start)}-{clock(end)}" for start, end in intervals or ())


def times_text(mask: int) -> str | None:
    """Say the times of one day, a mask of seconds; empty for all day, None where they are too many to list."""
    intervals = None if mask == ALL_SECONDS else _intervals(mask, joined=False)
    return None if intervals and len(intervals) > _MANY else _times(intervals)


def _days(saying: Phrase, words: NullTranslations) -> str:
    runs, many = saying.yeardays, _number(saying.yeardays)
    yeardays = words.ngettext("day {days} of the year", "days {days} of the year", many).format(days=_runs(runs))
    parts = [_runs(saying.years), _dates(saying, words), yeardays if runs else "", weekdays(saying.weekdays, words)]
    return " ".join(part for part in parts if part)


def _dates(saying: Phrase, words: NullTranslations) -> str:
    in_months = ", ".join(_named(SHORT_MONTHS, run, words) for run in saying.months)
    if not saying.monthdays:
        return in_months
    days, many = _runs(saying.monthdays), _number(saying.monthdays)
    if not saying.months:
        return words.ngettext("day {days} of the month", "days {days} of the month", many).format(days=days)
    months = [SHORT_MONTHS[month] for first, last in saying.months for month in range(first, last + 1)]
    if len(months) < _LONG:
        template = words.gettext("{month} {days}")
        return ", ".join(template.format(month=words.gettext(month), days=days) for month in months)
    return words.ngettext("day {days} of {months}", "days {days} of {months}", many).format(days=days, months=in_months)


def weekdays(days: tuple[int, ...], words: NullTranslations = UNTRANSLATED) -> str:
    """Write weekdays (Monday 0) as runs."""
    return ", ".join(_named(SHORT_DAYS, run, words) for run in spans(days))


def _named(names: tuple[str, ...], run: Span, words: NullTranslations) -> str:
    """A run of days or months by their names: three or more in a row are a range."""
    first, last = (words.gettext(names[end]) for end in run)
    if run[0] == run[1]:
        return first
    return f"{first}-{last}" if run[1] - run[0] >= _LONG - 1 else f"{first}, {last}"


def _runs(runs: tuple[Span, ...]) -> str:
    return ", ".join(numbers(runs))


def _number(runs: tuple[Span, ...]) -> int:
    """One, or several, for the form of a noun."""
    return 1 if is_single(runs) else 2
