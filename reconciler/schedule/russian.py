"""A period in plain Russian, to the last second.

Must not know how a set is held.
"""

from __future__ import annotations

from typing import Final

from reconciler.schedule.boxes import TimeBox
from reconciler.schedule.masks import Span, bits, spans
from reconciler.schedule.saying import Phrase, Phrasing, clause, clock, is_single, joined, last_second, numbers

_ON_DAYS: Final = ("понедельникам", "вторникам", "средам", "четвергам", "пятницам", "субботам", "воскресеньям")
_FROM_DAY: Final = ("понедельника", "вторника", "среды", "четверга", "пятницы", "субботы", "воскресенья")
_TO_DAY: Final = ("понедельник", "вторник", "среду", "четверг", "пятницу", "субботу", "воскресенье")
_OF_MONTH: Final = (
    "", "января", "февраля", "марта", "апреля", "мая", "июня",
    "июля", "августа", "сентября", "октября", "ноября", "декабря",
)  # fmt: skip
_IN_MONTH: Final = (
    "", "январе", "феврале", "марте", "апреле", "мае", "июне",
    "июле", "августе", "сентябре", "октябре", "ноябре", "декабре",
)  # fmt: skip
_TO_MONTH: Final = (
    "", "январь", "февраль", "март", "апрель", "май", "июнь",
    "июль", "август", "сентябрь", "октябрь", "ноябрь", "декабрь",
)  # fmt: skip
_WORKING: Final = (0, 1, 2, 3, 4)
_WEEKEND: Final = (5, 6)


def said(saying: Phrase) -> str:
    """Say days and times as a clause."""
    dates = (_years(saying.years), _dates(saying), _yeardays(saying.yeardays))
    return clause(dates, _weekdays(saying.weekdays), _times(saying), daily="каждый день")


def _years(runs: tuple[Span, ...]) -> str:
    if not runs:
        return ""
    return f"в {_listed(runs)} {'году' if is_single(runs) else 'годах'}"


def _yeardays(runs: tuple[Span, ...]) -> str:
    if not runs:
        return ""
    return f"в {_listed(runs)}-й день года" if is_single(runs) else f"в дни года {_listed(runs)}"


def _dates(saying: Phrase) -> str:
    if not saying.monthdays:
        return _join([_months(first, last) for first, last in saying.months])
    days = _listed(saying.monthdays)
    if not saying.months:
        return f"{days} числа каждого месяца"
    months = [_OF_MONTH[month] for first, last in saying.months for month in range(first, last + 1)]
    return f"{days} {_join(months)}"


def _months(first: int, last: int) -> str:
    if first == last:
        return f"в {_IN_MONTH[first]}"
    return f"с {_OF_MONTH[first]} по {_TO_MONTH[last]}"


def _weekdays(days: tuple[int, ...]) -> str:
    if days == _WORKING:
        return "по будням"
    if days == _WEEKEND:
        return "по выходным"
    words: list[str] = []
    for first, last in spans(days):
        words += (
            [_ranged(first, last)] if last - first > 1 else [f"по {_ON_DAYS[day]}" for day in range(first, last + 1)]
        )
    return _join(words)


def _ranged(first: int, last: int) -> str:
    preposition = "со" if first == 1 else "с"  # со вторника
    return f"{preposition} {_FROM_DAY[first]} по {_TO_DAY[last]}"


def _times(saying: Phrase) -> str:
    if saying.patterns:
        return _join([_pattern(box) for box in saying.patterns])
    if saying.intervals is None:
        return "круглосуточно"
    return _join([f"с {clock(start)} до {last_second(end)}" for start, end in saying.intervals])


def _pattern(box: TimeBox) -> str:
    scales = (("секунды", box.seconds), ("минуты", box.minutes), ("часы", box.hours))
    words = [f"в {noun} {_listed(spans(bits(mask)))}" for noun, mask in scales if mask is not None]
    return ", ".join(words) + (" каждого часа" if box.hours is None and box.minutes is not None else "")


def _listed(runs: tuple[Span, ...]) -> str:
    return _join(numbers(runs))


def _join(words: list[str]) -> str:
    return joined(words, "и")


RUSSIAN: Final = Phrasing("всегда", "никогда", "кроме", said)
