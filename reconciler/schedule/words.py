"""Periods in words: a short phrase for plans, a clause to the last second for people, in plain English.

Must not know the grammar, nor how a set is held. Russian is in `russian`, which most runs never load.
"""

from __future__ import annotations

from typing import Final, Literal

from reconciler.schedule import saying
from reconciler.schedule.boxes import TimeBox
from reconciler.schedule.instants import Instants
from reconciler.schedule.masks import FIRST_YEAR, MONTHS, SECONDS, WEEKDAYS, bits
from reconciler.schedule.saying import Phrase, Phrasing, Span, clock, phrases_of, spans

_DAYS: Final = tuple(WEEKDAYS[(day + 1) % 7].title() for day in range(7))
_MONTHS: Final = ("", *(month.title() for month in MONTHS))
_WORKING: Final = (0, 1, 2, 3, 4)
_WEEKEND: Final = (5, 6)


def said(saying: Phrase) -> str:
    """Say days and times as a clause."""
    weekday = _weekdays(saying.weekdays)
    dates = [word for word in (_years(saying.years), _dates(saying), _yeardays(saying.yeardays)) if word]
    times = _times(saying)
    if not weekday and not dates:
        weekday = "every day"
    return ", ".join([*dates, f"{weekday} {times}".strip()])


def _years(runs: tuple[Span, ...]) -> str:
    return f"in {_listed(runs)}" if runs else ""


def _yeardays(runs: tuple[Span, ...]) -> str:
    return f"on {_noun('day', runs)} {_listed(runs)} of the year" if runs else ""


def _dates(saying: Phrase) -> str:
    months = _join(
        [_MONTHS[first] if first == last else f"{_MONTHS[first]} to {_MONTHS[last]}" for first, last in saying.months]
    )
    if not saying.monthdays:
        return f"in {months}" if months else ""
    days = _listed(saying.monthdays)
    if months and saying.months == (saying.months[0],) and saying.months[0][0] == saying.months[0][1]:
        return f"on {days} {months}"
    return f"on {_noun('day', saying.monthdays)} {days} of {months or 'every month'}"


def _weekdays(days: tuple[int, ...]) -> str:
    if days == _WORKING:
        return "on weekdays"
    if days == _WEEKEND:
        return "on weekends"
    words = [f"{_DAYS[first]}s" if first == last else f"{_DAYS[first]} to {_DAYS[last]}" for first, last in spans(days)]
    return f"on {_join(words)}" if words else ""


def _times(saying: Phrase) -> str:
    if saying.patterns:
        return "in " + _join([_pattern(box) for box in saying.patterns])
    if saying.intervals is None:
        return "all day"
    return _join([f"from {clock(start)} to {_last(end)}" for start, end in saying.intervals])


def _last(end: int) -> str:
    """Write the last second that is still inside."""
    minutes, second = divmod((end - 1) % SECONDS, 60)
    return f"{minutes // 60}:{minutes % 60:02}:{second:02}"


def _pattern(box: TimeBox) -> str:
    scales = (("second", box.seconds), ("minute", box.minutes), ("hour", box.hours))
    words = [
        f"{_noun(noun, runs)} {_listed(runs)}"
        for noun, mask in scales
        if mask is not None
        for runs in [spans(bits(mask))]
    ]
    return " of ".join(words) + (" of every hour" if box.hours is None and box.minutes is not None else "")


def _noun(noun: str, runs: tuple[Span, ...]) -> str:
    return noun if len(runs) == 1 and runs[0][0] == runs[0][1] else f"{noun}s"


def _listed(runs: tuple[Span, ...]) -> str:
    return _join([str(first) if first == last else f"{first}-{last}" for first, last in runs])


def _join(words: list[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)


ENGLISH: Final = Phrasing("always", "never", "except", said)


Language = Literal["en", "ru"]


def explained(instants: Instants, language: Language) -> str:
    """Say a set in full; clauses are separated by semicolons."""
    phrasing = _phrasing(language)
    if instants.is_full:
        return phrasing.always
    usual, missing = _with_exceptions(instants)
    text = phrasing.always if usual.is_full else "; ".join(map(phrasing.said, phrases_of(usual))) or phrasing.never
    return (
        text if missing.is_empty else f"{text}; {phrasing.except_} {'; '.join(map(phrasing.said, phrases_of(missing)))}"
    )


def phrased(instants: Instants) -> str:
    """Say a set in short, with half-open times of day."""
    if instants.is_full:
        return ENGLISH.always
    usual, missing = _with_exceptions(instants)
    text = ENGLISH.always if usual.is_full else "; ".join(map(saying.short_phrase, phrases_of(usual))) or ENGLISH.never
    return (
        text
        if missing.is_empty
        else f"{text}; {ENGLISH.except_} {'; '.join(map(saying.short_phrase, phrases_of(missing)))}"
    )


def _phrasing(language: Language) -> Phrasing:
    """The words of a language; most runs never speak the second one."""
    if language == "ru":
        from reconciler.schedule import russian

        return russian.RUSSIAN
    return ENGLISH


def _with_exceptions(instants: Instants) -> tuple[Instants, Instants]:
    """Split off what some years lack of what holds in the end: the first less the second is the set."""
    instants = instants.lasting()
    eternal = Instants(((FIRST_YEAR, instants.spans[-1][1]),), fine=instants.fine).coarse()
    missing = eternal - instants
    return instants | missing, missing
