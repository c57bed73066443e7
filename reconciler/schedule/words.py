"""Periods in words: a short phrase for plans, a clause to the last second for people, in plain English.

Must not know the grammar, nor how a set is held. Russian is in `russian`, which most runs never load.
"""

from __future__ import annotations

from gettext import NullTranslations
from typing import Final, Literal

from reconciler.schedule.instants import Instants
from reconciler.schedule.masks import FIRST_YEAR, MONTHS, WEEKDAYS, Span, spans
from reconciler.schedule.saying import (
    UNTRANSLATED,
    Phrase,
    Phrasing,
    clause,
    clock,
    is_single,
    joined,
    last_second,
    noun,
    numbers,
    pattern,
    phrases_of,
    short_phrase,
)

_DAYS: Final = tuple(WEEKDAYS[(day + 1) % 7].title() for day in range(7))
_MONTHS: Final = ("", *(month.title() for month in MONTHS))
_WORKING: Final = (0, 1, 2, 3, 4)
_WEEKEND: Final = (5, 6)


def said(saying: Phrase) -> str:
    """Say days and times as a clause."""
    dates = (_years(saying.years), _dates(saying), _yeardays(saying.yeardays))
    return clause(dates, _weekdays(saying.weekdays), _times(saying), daily="every day")


def _years(runs: tuple[Span, ...]) -> str:
    return f"in {_listed(runs)}" if runs else ""


def _yeardays(runs: tuple[Span, ...]) -> str:
    return f"on {noun('day', runs)} {_listed(runs)} of the year" if runs else ""


def _dates(saying: Phrase) -> str:
    months = _join(
        [_MONTHS[first] if first == last else f"{_MONTHS[first]} to {_MONTHS[last]}" for first, last in saying.months]
    )
    if not saying.monthdays:
        return f"in {months}" if months else ""
    days = _listed(saying.monthdays)
    if is_single(saying.months):
        return f"on {days} {months}"
    return f"on {noun('day', saying.monthdays)} {days} of {months or 'every month'}"


def _weekdays(days: tuple[int, ...]) -> str:
    if days == _WORKING:
        return "on weekdays"
    if days == _WEEKEND:
        return "on weekends"
    words = [f"{_DAYS[first]}s" if first == last else f"{_DAYS[first]} to {_DAYS[last]}" for first, last in spans(days)]
    return f"on {_join(words)}" if words else ""


def _times(saying: Phrase) -> str:
    if saying.patterns:
        return "in " + _join([pattern(box, _listed) for box in saying.patterns])
    if saying.intervals is None:
        return "all day"
    return _join([f"from {clock(start)} to {last_second(end)}" for start, end in saying.intervals])


def _listed(runs: tuple[Span, ...]) -> str:
    return _join(numbers(runs))


def _join(words: list[str]) -> str:
    return joined(words, "and")


ENGLISH: Final = Phrasing("always", "never", "except", said)


Language = Literal["en", "ru"]


def explained(instants: Instants, language: Language) -> str:
    """Say a set in full; clauses are separated by semicolons."""
    return _told(instants, _phrasing(language))


def phrased(instants: Instants, words: NullTranslations = UNTRANSLATED) -> str:
    """Say a set in short, with half-open times of day, in English or by a catalogue."""
    gettext = words.gettext
    return _told(
        instants,
        Phrasing(gettext("always"), gettext("never"), gettext("except"), lambda each: short_phrase(each, words)),
    )


def _told(instants: Instants, phrasing: Phrasing) -> str:
    if instants.is_full:
        return phrasing.always
    usual, missing = _with_exceptions(instants)
    text = phrasing.always if usual.is_full else _clauses(usual, phrasing) or phrasing.never
    return text if missing.is_empty else f"{text}; {phrasing.except_} {_clauses(missing, phrasing)}"


def _clauses(instants: Instants, phrasing: Phrasing) -> str:
    return "; ".join(map(phrasing.said, phrases_of(instants)))


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
