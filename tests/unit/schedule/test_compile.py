"""Human schedules: what is asked for, judged minute by minute by a plain reading of the tree, is what is compiled."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import combinations, product
from random import Random
from typing import Any

import holidays
import pytest

from reconciler.schedule import Period
from reconciler.schedule.compile import Compiled, CompileError, compile_schedule
from reconciler.schedule.human import HumanError, Schedule, read_schedule
from tests.architecture.imports import REPOSITORY
from tests.unit.schedule.corpus import oracle

UNTIL = date(2027, 12, 31)
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
OFFICE = {"weekly": {"mon-fri": ["09:30-13:00", "13:45-18:15"]}, "except": [{"dates": ["01-01..01-08", "05-09"]}]}
WORKING = {"weekly": {"mon-fri": "09:00-18:00"}, "except": {"public": "RU"}, "workday_as": "mon"}


def nowhere(name: str) -> Schedule:
    raise AssertionError(name)


def compiled(data: Any, *, union: Any = "entries", zone: str = "Europe/Moscow", since: int | None = None) -> Compiled:
    schedule = read_schedule(data, nowhere)
    return compile_schedule(schedule, timezone=zone, until=UNTIL, union_style=union, since=since)


def together(periods: tuple[str, ...]) -> Period:
    return Period.union([Period.parse(text) for text in periods])


# --- a second, plain reading of the same data


def minutes(text: str) -> tuple[int, int]:
    start, end = (int(part[:2]) * 60 + int(part[3:]) for part in text.split("-"))
    return start, end if end > start else end + 1440


def in_dates(text: str, day: date) -> bool:
    first, last = text.split("..", maxsplit=1)[0], text.rsplit("..", maxsplit=1)[-1]
    if len(first) == 10:
        return first <= day.isoformat() <= last
    today = day.isoformat()[5:]
    return first <= today <= last if first <= last else today >= first or today <= last


def weekday_in(key: str, day: date) -> bool:
    first, last = DAYS.index(key[:3]), DAYS.index(key[-3:])
    return (day.weekday() - first) % 7 <= (last - first) % 7


def starts_on(data: dict[str, Any], day: date) -> list[tuple[int, int]]:
    """List the hours that start on a day."""
    excepted = data.get("except", [])
    if any(in_dates(text, day) for one in excepted for text in one["dates"]):
        return []
    hours = [minutes(one) for key, value in data.get("weekly", {}).items() if weekday_in(key, day) for one in value]
    return hours + [(0, 1440) for text in data.get("dates", []) if in_dates(text, day)]


def holds(data: dict[str, Any], moment: datetime) -> bool:
    """Tell whether a naive local time is inside, straight from the words."""
    if "not" in data:
        return not holds(data["not"], moment)
    if "any" in data:
        return any(holds(one, moment) for one in data["any"])
    if "all" in data:
        return all(holds(one, moment) for one in data["all"])
    at = moment.hour * 60 + moment.minute
    today, before = moment.date(), moment.date() - timedelta(1)
    return any(start <= at < end for start, end in starts_on(data, today)) or any(
        at + 1440 < end for _, end in starts_on(data, before)
    )


def clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def random_hours(random: Random) -> str:
    step = random.choice((15, 30, 60))
    start = random.randrange(0, 1440, step)
    end = random.choice([minute for minute in range(step, 1441, step) if minute != start])
    return f"{clock(start)}-{clock(end)}"


def random_date(random: Random) -> str:
    recurring = random.choice(("01-01..01-08", "05-09", "12-30..01-03", "02-29", "02-20..03-10", "11-04"))
    return random.choice((recurring, recurring, "2026-12-31", "2026-12-30..2027-01-02", "2027-02-20", "2026-11-23"))


def random_schedule(random: Random, depth: int = 1) -> dict[str, Any]:
    kind = random.random()
    if depth and kind < 0.15:
        return {"not": random_schedule(random, 0)}
    if depth and kind < 0.4:
        return {random.choice(("any", "all")): [random_schedule(random, 0) for _ in range(2)]}
    data: dict[str, Any] = {"weekly": {}}
    for _ in range(random.choice((1, 1, 2, 3))):
        key = random.choice(("mon-fri", "sat", "sun", "sat-sun", "fri-mon", "mon-sun", "wed", "tue-thu"))
        data["weekly"][key] = [random_hours(random) for _ in range(random.choice((1, 1, 2)))]
    if random.random() < 0.4:
        data["except"] = [{"dates": [random_date(random) for _ in range(random.choice((1, 2)))]}]
    if random.random() < 0.15:
        data["dates"] = [random_date(random)]
    return data


def edges(period: Period, random: Random) -> list[int]:
    """Draw instants: around flips near the turn of a year and of a February, and anywhere in three years."""
    starts = (1_798_500_000, 1_835_000_000, 1_772_000_000, random.randrange(1_767_214_800, 1_861_909_200))
    found = [random.randrange(1_767_214_800, 1_861_909_200) for _ in range(8)]
    for start in starts:
        for flip, _ in period.next_flips(start, "Europe/Moscow", 4):
            found += [flip - 1, flip, flip + 1]
    return [instant for instant in found if instant < 4_000_000_000]


def compiled_if_ever(data: Any, union: str = "entries") -> Compiled | None:
    """Compile, or give None where the words never hold."""
    try:
        return compiled(data, union=union)
    except CompileError as error:
        if error.message != "this schedule is never active":
            raise
        return None


def assert_as_asked(seed: int) -> None:
    random = Random(seed)
    data = random_schedule(random)
    result = compiled_if_ever(data)
    if result is None:
        return
    joined = compiled(data, union="comma")
    assert len(joined.periods) == 1
    period = together(result.periods)
    instants = edges(period, random)
    for instant in instants:
        moment = datetime.fromtimestamp(instant + 3 * 3600, UTC).replace(tzinfo=None)
        assert period.matches(instant, "Europe/Moscow") == holds(data, moment), (seed, data, moment)
        assert Period.parse(joined.periods[0]).matches(instant, "Europe/Moscow") == holds(data, moment)
    assert joined.periods[0].count(",") + 1 <= max(len(result.periods), 1)


@pytest.mark.parametrize("start", range(0, 120, 20))
def test_random_schedules_are_compiled_to_what_their_words_say(start: int) -> None:
    for seed in range(start, start + 20):
        assert_as_asked(seed)


@pytest.mark.soak
@pytest.mark.parametrize("start", range(1000, 3000, 200))
def test_two_thousand_random_schedules_are_compiled_to_what_their_words_say(start: int) -> None:
    for seed in range(start, start + 200):
        assert_as_asked(seed)


def assert_the_oracle_agrees(seeds: range) -> None:
    questions: list[tuple[int, str]] = []
    expected: list[str] = []
    for seed in seeds:
        random = Random(seed)
        data = random_schedule(random)
        joined = compiled_if_ever(data, "comma")
        if joined is None:
            continue
        text = joined.periods[0]
        for instant in edges(Period.parse(text), random):
            moment = datetime.fromtimestamp(instant + 3 * 3600, UTC).replace(tzinfo=None)
            questions.append((instant, text))
            expected.append("1" if holds(data, moment) else "0")
    assert oracle(questions, "Europe/Moscow") == expected


def test_the_oracle_agrees_with_the_words_at_every_edge_of_a_sample() -> None:
    assert_the_oracle_agrees(range(60))


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_the_oracle_agrees_with_the_words_of_two_thousand_schedules() -> None:
    assert_the_oracle_agrees(range(1000, 3000))


# --- the worked example


def test_the_worked_example_takes_twelve_periods_or_eight_with_commas() -> None:
    assert len(compiled(OFFICE).periods) == 12
    assert compiled(OFFICE, union="comma").periods[0].count(",") == 7


def every_minute_of_2027() -> list[int]:
    start = int(datetime(2026, 12, 31, 21, tzinfo=UTC).timestamp())
    return list(range(start, start + 365 * 86_400, 60))


def expected_in_2027(step: int) -> list[tuple[int, bool]]:
    shift = timedelta(hours=3)
    answers = []
    for instant in every_minute_of_2027()[::step]:
        moment = (datetime.fromtimestamp(instant, UTC) + shift).replace(tzinfo=None)
        answers.append((instant, holds(OFFICE, moment)))
    return answers


def test_the_worked_example_holds_when_it_says_through_2027() -> None:
    period = together(compiled(OFFICE).periods)
    assert all(period.matches(instant, "Europe/Moscow") == inside for instant, inside in expected_in_2027(15))


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_the_oracle_agrees_with_the_worked_example_at_every_minute_of_2027() -> None:
    answers = expected_in_2027(1)
    text = compiled(OFFICE, union="comma").periods[0]
    assert oracle([(instant, text) for instant, _ in answers], "Europe/Moscow") == [
        str(int(inside)) for _, inside in answers
    ]


# --- pieces


@pytest.mark.parametrize(
    ("data", "periods"),
    [
        ({"weekly": {"mon-fri": "09:00-18:00"}}, ("wd {mon-fri} hr {9-17}",)),
        (
            {"weekly": {"mon-fri": "09:30-18:30"}},
            ("wd {mon-fri} hr {9-17} min {30-59}", "wd {mon-fri} hr {10-18} min {0-29}"),
        ),
        ({"weekly": {"sun": "22:00-06:00"}}, ("wd {mon} hr {0-5}", "wd {sun} hr {22-23}")),
        ({"weekly": {"mon-sun": "22:00-06:00"}}, ("hr {0-5 22-23}",)),
        ({"weekly": {"sat sun": "00:00-24:00"}}, ("wd {sat sun}",)),
        ({"weekly": {"mon-sun": "00:00-24:00"}}, ("",)),
        (
            {"weekly": {"mon": "09:00-10:00", "mon-tue": "09:30-11:00"}},
            ("wd {mon} hr {9-10}", "wd {tue} hr {9} min {30-59}", "wd {tue} hr {10}"),
        ),
        ({"dates": ["01-01..01-08", "05-09"]}, ("mo {jan} md {1-8}", "mo {may} md {9}")),
        ({"dates": ["12-30..01-02"]}, ("mo {jan} md {1-2}", "mo {dec} md {30-31}")),
        ({"dates": ["2026-12-31"]}, ("yr {2026} mo {dec} md {31}",)),
        ({"not": {"weekly": {"mon-fri": "09:00-18:00"}}}, ("wd {mon-fri} hr {0-8 18-23}", "wd {sat sun}")),
        ({"any": [{"weekly": {"mon": "09:00-10:00"}}, {"period": "wd {sat}"}]}, ("wd {mon} hr {9}", "wd {sat}")),
        ({"all": [{"weekly": {"mon": "09:00-12:00"}}, {"period": "hr {11-14}"}]}, ("wd {mon} hr {11}",)),
        ({"weekly": {"mon-fri": "09:00-18:00"}, "timezone": "Asia/Novosibirsk"}, ("wd {mon-fri} hr {5-13}",)),
        ({"weekly": {"mon": "01:00-03:00"}, "timezone": "Asia/Novosibirsk"}, ("wd {sun} hr {21-22}",)),
        ({"weekly": {"fri": "22:00-24:00"}, "timezone": "Europe/Kaliningrad"}, ("wd {fri} hr {23}", "wd {sat} hr {0}")),
        (
            {"dates": ["01-01"], "timezone": "Asia/Novosibirsk"},
            ("mo {jan} md {1} hr {0-19}", "mo {dec} md {31} hr {20-23}"),
        ),
    ],
)  # fmt: skip
def test_what_a_schedule_compiles_to(data: Any, periods: tuple[str, ...]) -> None:
    result = compiled(data).periods
    assert sorted(result) == sorted(periods)
    assert not any(Period.parse(one).overlaps(Period.parse(two)) for one, two in combinations(result, 2))


@pytest.mark.parametrize(
    ("account", "own", "period"),
    [
        ("Pacific/Kiritimati", "Etc/GMT+12", "wd {tue} hr {11-19}"),
        ("Etc/GMT+12", "Pacific/Kiritimati", "wd {sun} hr {7-15}"),
        ("Pacific/Kiritimati", "Etc/GMT+10", "wd {tue} hr {9-17}"),
    ],
)
def test_zones_may_lie_a_day_and_more_apart(account: str, own: str, period: str) -> None:
    data = {"weekly": {"mon": "09:00-18:00"}, "timezone": own}
    assert compiled(data, zone=account).periods == (period,)


def test_an_exception_takes_its_whole_start_day_and_nothing_of_the_night_before() -> None:
    data = {"weekly": {"mon-sun": "22:00-06:00"}, "except": [{"dates": ["05-09"]}]}
    period = together(compiled(data).periods)
    inside = {"05-08T23:00": True, "05-09T05:00": True, "05-09T23:00": False, "05-10T05:00": False, "05-10T23:00": True}
    for text, expected in inside.items():
        instant = int(datetime.fromisoformat(f"2027-{text}+03:00").timestamp())
        assert period.matches(instant, "Europe/Moscow") is expected


def test_a_single_date_is_left_out_of_its_year_only() -> None:
    data = {"weekly": {"mon-fri": "09:00-18:00"}, "except": [{"dates": ["2026-12-31"]}]}
    period = together(compiled(data).periods)
    for year, expected in ((2024, True), (2025, True), (2026, False), (2027, True), (2030, True)):
        instant = int(datetime.fromisoformat(f"{year}-12-31T10:00+03:00").timestamp())
        assert period.matches(instant, "Europe/Moscow") is expected


def test_public_holidays_and_moved_days_of_russia_are_those_of_the_library_day_by_day() -> None:
    period = together(compiled(WORKING).periods)
    known = holidays.country_holidays("RU", years=range(2025, 2028))
    day = date(2025, 1, 1)
    while day <= UNTIL:
        works = day in known.weekend_workdays or (day.weekday() < 5 and day not in known)
        noon = int(datetime(day.year, day.month, day.day, 9, tzinfo=UTC).timestamp())
        assert period.matches(noon, "Europe/Moscow") == works, day
        day += timedelta(1)
    assert date(2025, 11, 1) in known.weekend_workdays


def test_a_year_whose_moved_days_are_not_announced_is_named() -> None:
    schedule = read_schedule(WORKING, nowhere)
    far = compile_schedule(schedule, timezone="Europe/Moscow", until=date(2029, 12, 31))
    assert far.unannounced == (("RU", 2028), ("RU", 2029))
    assert compiled(WORKING).unannounced == ()


def test_public_holidays_take_few_periods() -> None:
    assert len(compiled(WORKING).periods) <= 18


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"weekly": {"mon": "09:00-18:00"}, "timezone": "Europe/Berlin"}, "the clocks of Europe/Berlin change"),
        ({"weekly": {"mon": "09:00-18:00"}, "timezone": "Mars/Olympus"}, "there is no time zone 'Mars/Olympus'"),
        (
            {"all": [{"weekly": {"mon": "09:00-10:00"}}, {"weekly": {"tue": "09:00-10:00"}}]},
            "this schedule is never active",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_compiled_says_why(data: Any, message: str) -> None:
    with pytest.raises(CompileError) as raised:
        compiled(data)
    assert raised.value.message.startswith(message)
    assert raised.value.hint


@pytest.mark.parametrize(
    ("data", "path"),
    [
        ({"weekly": {"mon-fri": "9-18"}}, ("weekly", "mon-fri")),
        ({"weekly": {"mon-fri": "09:00-09:00"}}, ("weekly", "mon-fri")),
        ({"weekly": {"mon-fri": "09:00-25:00"}}, ("weekly", "mon-fri")),
        ({"weekly": {"weekdays": "09:00-18:00"}}, ("weekly", "weekdays")),
        ({"weekly": "09:00-18:00"}, ("weekly",)),
        ({"dates": ["02-30"]}, ("dates", 0)),
        ({"dates": ["2027-02-29"]}, ("dates", 0)),
        ({"dates": ["01-01", "2026-01-02..01-03"]}, ("dates", 1)),
        ({"dates": ["2027-01-02..2026-01-03"]}, ("dates", 0)),
        ({"period": "hr {24}"}, ("period",)),
        ({"weekly": {"mon": "09:00-10:00"}, "workday_as": "mon-fri"}, ("workday_as",)),
        ({"any": [{"weekly": {"mon": "09:00-10:00"}}, {"hours": "9"}]}, ("any", 1, "hours")),
        ({"except": [{"dates": ["05-09"]}]}, ()),
        ({"public": "XX"}, ("public",)),
        ({"public": "ru"}, ("public",)),
        ({"weekly": {"mon": ["09:00-10:00", "x"]}}, ("weekly", "mon", 1)),
        ({"weekly": {"mon": "24:00-01:00"}}, ("weekly", "mon")),
        ({"dates": ["3001-01-01"]}, ("dates", 0)),
        ({"dates": ["1969-01-01"]}, ("dates", 0)),
        ({"all": []}, ("all",)),
        ({"any": []}, ("any",)),
        ({"dates": []}, ("dates",)),
        ({"weekly": {}}, ("weekly",)),
        ({"period": "wd {mon}", "workday_as": "mon"}, ("workday_as",)),
        ({"weekly": {"mon": "09:00-10:00"}, "verbatim": "true"}, ("verbatim",)),
        ({"not": "office", "timezone": "Asia/Omsk"}, ("timezone",)),
        (["mon"], ()),
    ],
)
def test_a_schedule_that_cannot_be_read_names_the_value(data: Any, path: tuple[object, ...]) -> None:
    with pytest.raises(HumanError) as raised:
        read_schedule(data, nowhere)
    assert raised.value.path == path
    assert raised.value.hint


@pytest.mark.parametrize(
    ("data", "periods"),
    [
        (
            {"any": [{"weekly": {"fri": "22:00-06:00"}}, {"weekly": {"mon": "09:00-10:00"}}]},
            (
                "mo {jan-apr jun-dec} wd {fri} hr {22-23}, mo {may} md {1-8 10-31} wd {fri} hr {22-23}, "
                "mo {jan-apr jun-dec} wd {sat} hr {0-5}, mo {may} md {1-9 11-31} wd {sat} hr {0-5}, "
                "mo {jan-apr jun-dec} wd {mon} hr {9}, mo {may} md {1-8 10-31} wd {mon} hr {9}"
            ),
        ),
        (
            {"all": [{"weekly": {"mon-fri": "09:00-18:00"}}, {"weekly": {"fri-sun": "10:00-11:00"}}]},
            "mo {jan-apr jun-dec} wd {fri} hr {10}, mo {may} md {1-8 10-31} wd {fri} hr {10}",
        ),
        (
            {"not": {"weekly": {"mon-sun": "09:00-18:00"}}},
            "mo {jan-apr jun-dec} hr {0-8 18-23}, mo {may} md {1-8 10-31} hr {0-8 18-23}",
        ),
        (
            {"period": "hr {9-17}"},
            "mo {jan-apr jun-dec} hr {9-17}, mo {may} md {1-8 10-31} hr {9-17}",
        ),
    ],
)
def test_days_are_excepted_from_a_schedule_of_any_form(data: Any, periods: str) -> None:
    """9 May goes out: whole start days, so that the night that starts on 8 May stays and that of 9 May goes."""
    made = compiled({**data, "except": {"dates": ["05-09"]}}, union="comma").periods[0]
    assert Period.parse(made).equals(Period.parse(periods))


def test_a_calendar_beyond_what_is_known_is_no_schedule_without_holidays() -> None:
    schedule = read_schedule({"public": "RU"}, nowhere)
    with pytest.raises(CompileError) as raised:
        compile_schedule(schedule, timezone="Europe/Moscow", until=date(2999, 12, 31))
    assert raised.value.message.startswith("no public holidays are known for 29")


def test_a_numeric_weekday_counts_from_the_day_that_is_said() -> None:
    schedule = read_schedule({"not": {"period": "wd {1}"}}, nowhere, weekday_base="monday")
    assert compile_schedule(schedule, timezone="Europe/Moscow", until=UNTIL).periods == ("wd {tue-sat sun}",)


def test_names_are_looked_up_and_their_faults_placed_where_they_are_named() -> None:
    def known(name: str) -> Schedule:
        if name == "office":
            return Schedule(period=Period.parse("wd {mon-fri} hr {9-17}"))
        raise HumanError((), f"there is no schedule {name!r}", "declare it")

    nights = read_schedule({"not": "office"}, known)
    result = compile_schedule(nights, timezone="Europe/Moscow", until=UNTIL)
    assert result.periods == ("wd {mon-fri} hr {0-8 18-23}", "wd {sat sun}")
    with pytest.raises(HumanError) as raised:
        read_schedule({"any": ["office", "nobody"]}, known)
    assert raised.value.path == ("any", 1)


def test_the_same_words_always_give_the_same_periods() -> None:
    for seed in range(20):
        data = random_schedule(Random(seed))
        assert compiled_if_ever(data) == compiled_if_ever(dict(reversed(data.items())))


def test_the_example_of_the_engines_page() -> None:
    data = {"weekly": {"mon-fri": "09:00-18:00"}, "except": [{"dates": ["01-01..01-08", "05-09"]}]}
    page = (REPOSITORY / "docs" / "schedule-engine.md").read_text("utf-8")
    entries, comma = compiled(data), compiled(data, union="comma")
    assert len(entries.periods) == 3
    assert all(f"`{period}`" in page for period in (*entries.periods, *comma.periods))
    steps = {
        "wd {mon-fri} hr {9-17}": {540: 3655, 0: 1462},
        "mo {jan} md {1-8}, mo {may} md {9}": {1440: 126, 0: 4991},
        ", ".join(entries.periods): {540: 3565, 0: 1552},
    }
    for text, sizes in steps.items():
        [(_, classes)] = Period.parse(text).instants.spans
        assert {times.bit_count(): days.bit_count() for times, days in classes.items()} == sizes
        assert all(f"{days:,} days" in page for days in sizes.values())


# --- the fewest parts, on cases small enough to try all of them


@cache
def fewest(cells: frozenset[tuple[int, ...]]) -> int:
    """How many disjoint products make up a set of cells: tried one by one, from the first cell on."""
    if not cells:
        return 0
    first = min(cells)
    axes = [sorted({cell[axis] for cell in cells}) for axis in range(len(first))]
    with_first = [
        [chosen for size in range(1, len(values) + 1) for chosen in combinations(values, size) if first[axis] in chosen]
        for axis, values in enumerate(axes)
    ]
    boxes = (frozenset(product(*chosen)) for chosen in product(*with_first))
    return 1 + min(fewest(cells - box) for box in boxes if box <= cells)


@pytest.mark.parametrize("seed", range(4))
def test_hours_of_three_days_take_the_fewest_parts(seed: int) -> None:
    grid = tuple(product(range(3), range(3)))
    for taken in range(1 + seed, 512, 4):
        cells = frozenset(cell for at, cell in enumerate(grid) if taken >> at & 1)
        weekly: dict[str, list[str]] = {}
        for day, hour in sorted(cells):
            weekly.setdefault(DAYS[day], []).append(f"{9 + 2 * hour:02}:00-{10 + 2 * hour:02}:00")
        assert len(compiled({"weekly": weekly}).periods) == fewest(cells), weekly


def test_single_dates_take_no_more_than_the_fewest_products_of_year_and_day() -> None:
    """They may take fewer: two dates that are both Wednesdays can be one part with `wd`."""
    grid = tuple(product((2025, 2026, 2027), (10, 15, 20)))
    for taken in range(1, 512):
        cells = frozenset(cell for at, cell in enumerate(grid) if taken >> at & 1)
        dates = [f"{year}-05-{day:02}" for year, day in sorted(cells)]
        assert len(compiled({"dates": dates}).periods) <= fewest(cells), dates


# --- years that are over


def test_what_single_past_years_had_of_their_own_is_left_out() -> None:
    whole, ahead = compiled(WORKING), compiled(WORKING, since=2026)
    assert any("yr {2025}" in period for period in whole.periods)
    assert not any("yr {2025}" in period for period in ahead.periods)
    assert len(ahead.periods) < len(whole.periods)
    year = Period.parse("yr {2026-3000}").instants
    assert together(ahead.periods).instants & year == together(whole.periods).instants & year


def test_a_new_year_by_itself_changes_nothing_that_is_still_ahead() -> None:
    before, after = compiled(WORKING, since=2026), compiled(WORKING, since=2027)
    assert before.periods != after.periods
    assert together(before.periods).instants.from_day(2027, 1) == together(after.periods).instants.from_day(2027, 1)


def test_schedules_that_share_all_time_still_do_without_their_past() -> None:
    schedules: dict[str, Schedule] = {}
    schedules["work"] = read_schedule(WORKING, schedules.__getitem__)
    rest = read_schedule({"not": "work"}, schedules.__getitem__)
    sets = [
        together(compile_schedule(each, timezone="Europe/Moscow", until=UNTIL, since=2027).periods).instants
        for each in (schedules["work"], rest)
    ]
    assert (sets[0] & sets[1]).is_empty
    assert (sets[0] | sets[1]).lasting().is_full


def test_a_schedule_of_the_past_alone_is_compiled_whole() -> None:
    assert compiled({"dates": ["2025-05-10"]}, since=2027).periods == ("yr {2025} mo {may} md {10}",)
