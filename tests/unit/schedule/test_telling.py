"""What is said of a set of instants, read back: the words, expanded day by day, are the set."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from random import Random

import pytest

from reconciler.schedule.asked import CompileTarget, instants_asked_for
from reconciler.schedule.human import Schedule, public_days, read_schedule
from reconciler.schedule.instants import Instants
from reconciler.schedule.masks import ALL_MINUTES, slot_of
from reconciler.schedule.telling import Calendar, told
from reconciler.schedule.words import phrased
from reconciler.schedule.zones import zone

SINCE = date(2026, 11, 29)
UNTIL = date(2027, 12, 31)
HOLIDAYS = public_days("RU", range(2025, 2028))
RU = Calendar("RU", HOLIDAYS, 2025, 2027)
NAMED = {"holidays": {"public": "RU"}}
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
EVER_OFF = {(day.month, day.day) for day in HOLIDAYS.off}


def named(name: str) -> Schedule:
    return read_schedule(NAMED[name], named)


def instants(written: object) -> Instants:
    target = CompileTarget(zone("Europe/Moscow"), UNTIL)
    return instants_asked_for(read_schedule(written, named), target)


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ({"weekly": {"mon-fri": "09:00-18:00"}}, "Mon-Fri 9:00-18:00"),
        (
            {"weekly": {"mon-fri": ["09:00-13:00", "14:00-18:00"]}, "except": ["holidays"], "workday_as": "mon"},
            "working days 9:00-13:00, 14:00-18:00 (public holidays RU)",
        ),
        (
            {"weekly": {"mon-fri": "09:00-18:00"}, "except": ["holidays"]},
            "Mon-Fri 9:00-18:00; not on public holidays RU",
        ),
        ("holidays", "on public holidays RU"),
        (
            {"any": ["holidays", {"weekly": {"sat-sun": "10:00-16:00"}}]},
            "Sat, Sun 10:00-16:00; on public holidays RU",
        ),
        (
            {"weekly": {"mon-thu": "09:00-18:00", "fri": "09:00-16:45"}, "except": ["holidays"], "workday_as": "mon"},
            "Mon-Thu 9:00-18:00; Fri 9:00-16:45; not on public holidays RU; on moved working days 9:00-18:00",
        ),
        (
            {"weekly": {"mon-fri": "09:00-18:00"}, "except": ["holidays", {"dates": ["2027-08-02..2027-08-28"]}]},
            "Mon-Fri 9:00-18:00; not on public holidays RU but for 20 days; -v lists them",
        ),
        (
            {"weekly": {"mon-fri": "09:00-18:00"}, "except": ["holidays", {"dates": ["12-25"]}]},
            "Mon-Fri 9:00-18:00; not on public holidays RU; not on Dec 25",
        ),
    ],
)
def test_a_schedule_is_told_as_people_say_it(written: object, words: str) -> None:
    assert told(instants(written), SINCE, (RU,)) == words


def test_days_without_a_name_are_counted() -> None:
    odd = {"dates": [f"2026-12-{day:02}" for day in range(1, 31, 2)]}  # 1 to 29 December, of which 4 on a weekend
    usual = {"weekly": {"mon-fri": "09:00-18:00"}, "except": [odd]}
    assert told(instants(usual), SINCE) == "Mon-Fri 9:00-18:00 but for 11 days; -v lists them"


def test_nothing_is_told_of_the_past() -> None:
    past = instants({"weekly": {"mon-fri": "09:00-18:00"}, "except": [{"dates": ["2025-05-09", "2026-11-27"]}]})
    assert told(past, SINCE) == "Mon-Fri 9:00-18:00"
    assert told(past, date(2026, 11, 27)) == "Mon-Fri 9:00-18:00; except 2026 Nov 27 9:00-18:00"


@pytest.mark.parametrize("seed", range(120))
def test_the_words_expanded_are_the_set(seed: int) -> None:
    random = Random(seed)
    first, second = instants(written(random)), instants(written(random))
    for at, one in enumerate((first, first - second, second - first, ~first, first | second)):
        words = told(one, SINCE, (RU,))
        if words == phrased(one.ahead(SINCE)):  # said as ever, which has tests of its own
            continue
        text, counted = count_of(words)
        wrong = [day for day in days() if expanded(text, day) != times(one, day)]
        assert len(wrong) == counted, (at, words, wrong[:5])


def written(random: Random) -> dict[str, object]:
    """A schedule as teams write them: hours by weekday, lunch, holidays, moved working days, closed days."""
    hours = [random.sample(("08:00-12:00", "13:00-17:30", "19:00-22:15"), random.randint(1, 3)) for _ in range(2)]
    keys = random.choice(({"mon-fri": hours[0]}, {"mon-thu": hours[0], "fri": hours[1]}, {"mon-sun": hours[0]}))
    result: dict[str, object] = {"weekly": keys}
    closed: list[object] = ["holidays"] if random.random() < 0.8 else []
    if random.random() < 0.3:
        start = date(2026, 12, 1) + timedelta(random.randrange(380))
        closed.append({"dates": [f"{start}..{start + timedelta(random.randrange(9))}"]})
    if random.random() < 0.3:
        closed.append({"dates": [f"{random.randint(1, 12):02}-{random.randint(1, 28):02}"]})
    if closed:
        result["except"] = closed
    if "holidays" in closed and random.random() < 0.5:
        result["workday_as"] = "mon"
    return result


# -- a reader of the words, which knows nothing of how they are made --------------------------------------------------


def days() -> Iterator[date]:
    return (SINCE + timedelta(offset) for offset in range(4 * 366))


def times(one: Instants, day: date) -> int:
    return one.times_on(day.year, slot_of(day.year, day.timetuple().tm_yday - 1))


def count_of(words: str) -> tuple[str, int]:
    match = re.fullmatch(r"(.*) but for (\d+) days?; -v lists (?:it|them)", words)
    return (match[1], int(match[2])) if match else (words, 0)


def is_off(day: date) -> bool:
    return day in HOLIDAYS.off if 2025 <= day.year <= 2027 else (day.month, day.day) in EVER_OFF


def is_working(day: date) -> bool:
    return day in HOLIDAYS.workdays or (day.weekday() < 5 and not is_off(day))


def expanded(text: str, day: date) -> int:
    """The minutes of a day by the words, each clause on top of those before it."""
    if text.startswith(("working days", "days off")):
        text = text.replace(" (public holidays RU)", "", 1)
    mask, usual = 0, True
    for clause in text.split("; "):
        if match := re.fullmatch(r"(not )?on (.*?)((?: \d+:\d\d-\d+:\d\d(?:, \d+:\d\d-\d+:\d\d)*)?)", clause):
            usual = False
            if is_meant(match[2], day):
                mask = 0 if match[1] else minutes(match[3])
            continue
        assert usual, f"{clause!r} stands behind exceptions"
        match = re.fullmatch(r"(.*?)((?:^| )\d+:\d\d-\d+:\d\d(?:, \d+:\d\d-\d+:\d\d)*)?", clause)
        assert match, clause
        if is_usual(match[1].strip(), day):
            mask |= minutes(match[2] or "")
    return mask


def is_usual(words: str, day: date) -> bool:
    if words in ("working days", "days off"):
        return is_working(day) == (words == "working days")
    return words in ("always", "daily", "") or DAYS[day.weekday()] in spread(words, DAYS)


def is_meant(words: str, day: date) -> bool:
    if words == "moved working days":
        return day in HOLIDAYS.workdays
    if match := re.fullmatch(r"public holidays RU(?: \((.*)\))?", words):
        return is_off(day) and (match[1] is None or DAYS[day.weekday()] in spread(match[1], DAYS))
    if match := re.fullmatch(r"(\d{4}-\d\d-\d\d)(?:\.\.((?:\d{4}-)?\d\d-\d\d))?", words):
        first = date.fromisoformat(match[1])
        last = match[2] or match[1]
        return first <= day <= date.fromisoformat(last if len(last) == 10 else f"{first.year}-{last}")
    month = ""
    for part in words.split(", "):
        *named_month, dates = part.split(" ")
        month = named_month[0] if named_month else month
        start, _, end = dates.partition("-")
        if MONTHS[day.month - 1] == month and int(start) <= day.day <= int(end or start):
            return True
    return False


def spread(words: str, names: tuple[str, ...]) -> set[str]:
    found: set[str] = set()
    for part in words.split(", "):
        first, _, last = part.partition("-")
        found |= set(names[names.index(first) : names.index(last or first) + 1])
    return found


def minutes(text: str) -> int:
    if not text.strip():
        return ALL_MINUTES
    mask = 0
    for part in text.strip().split(", "):
        start, end = map(minute, part.split("-"))
        mask |= (1 << end) - (1 << start) if start < end else ALL_MINUTES ^ ((1 << start) - (1 << end))
    return mask


def minute(clock: str) -> int:
    return 60 * int(clock[:-3]) + int(clock[-2:])
