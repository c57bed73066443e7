"""The filter of lines: order, odd lines, chunks cut anywhere, and tables that say what single answers say."""

from __future__ import annotations

from random import Random

import pytest

from reconciler.schedule import Period
from reconciler.schedule.stream import Matcher, matched, verdict
from reconciler.schedule.zones import zone
from tests.unit.schedule.making import random_period

MOSCOW = "Europe/Moscow"


def answers(lines: bytes, place: str = MOSCOW) -> list[str]:
    return b"".join(matched([lines], zone(place))).decode().split("\n")[:-1]


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        (b"0\thr {3}", "1"),
        (b"0\thr {2}", "0"),
        (b"0\thr {24}", "-1"),
        (b"0\t", "1"),
        (b"0", "1"),
        (b"", "-1"),
        (b"\t", "-1"),
        (b"\thr {3}", "-1"),
        (b"x\thr {3}", "-1"),
        (b"-1\thr {3}", "-1"),
        (b"-0\thr {3}", "-1"),
        (b"+1\thr {3}", "-1"),
        (b"1_0\thr {3}", "-1"),
        (b"1.5\thr {3}", "-1"),
        (b" 0 \thr {3}", "1"),
        (b"0\thr\t{3}", "1"),
        (b"0\thr {3}\t", "1"),
        (b"0\thr {3}\r", "1"),
        (b"0\tnone", "0"),
        ("\u0660\thr {3}".encode(), "-1"),
        ("0\thr {\u0663}".encode(), "-1"),
        (b"0\thr {3}\xff", "-1"),
        (b"00000000000000000000\thr {3}", "1"),
        (b"99999999999999999999999999\thr {3}", "-1"),
    ],
)
def test_a_line_alone_and_among_others(line: bytes, answer: str) -> None:
    assert answers(line + b"\n") == [answer]
    usual = b"0\thr {3}\n"
    assert answers(usual + line + b"\n" + usual) == ["1", answer, "1"]
    assert answers(line) == ([answer] if line else [])


def test_a_missing_tab_and_a_second_one_do_not_shift_answers() -> None:
    assert answers(b"0\n3600\thr\t{4}\n0\thr {3}\n") == ["1", "1", "1"]
    assert answers(b"0\thr {3}\t0\n0\n") == ["-1", "1"]


@pytest.mark.parametrize("size", [1, 2, 7, 64, 1000])
def test_a_stream_may_be_cut_anywhere(size: int) -> None:
    lines = b"0\thr {3}\n3600\thr {3}\n0\twd {thu}\nbad\n7200\thr {5}"
    pieces = [lines[at : at + size] for at in range(0, len(lines), size)]
    assert b"".join(matched(pieces, zone(MOSCOW))) == b"1\n0\n1\n-1\n1\n"


def test_whole_lines_are_answered_before_the_stream_ends() -> None:
    stream = matched(iter([b"0\thr {3}\n0\t", b"hr {2}\n"]), zone(MOSCOW))
    assert next(stream) == b"1\n"
    assert next(stream) == b"0\n"


@pytest.mark.parametrize(
    "place", [MOSCOW, "UTC", "Europe/Berlin", "America/St_Johns", "Asia/Kathmandu", "Africa/Monrovia"]
)
def test_tables_of_days_say_what_single_answers_say(place: str) -> None:
    random = Random(place)
    periods = [random_period(random) for _ in range(6)]
    # Enough lines of each period that its days are looked up, around changes of the clock and elsewhere.
    instants = [
        random.choice((1_774_700_000, 1_792_900_000, 1_300_000_000)) + random.randrange(-90_000, 90_000)
        for _ in range(600)
    ]
    instants += [random.randrange(0, 2_500_000_000) for _ in range(600)]
    lines = [(instant, random.choice(periods)) for instant in instants]
    given = "".join(f"{instant}\t{text}\n" for instant, text in lines).encode()
    expected = ["1" if Period.parse(text).matches(instant, place) else "0" for instant, text in lines]
    assert answers(given, place) == expected


def test_what_is_remembered_is_bounded() -> None:
    matcher = Matcher(zone("UTC"))
    lines = b"".join(
        b"%d\tmd {%d} hr {%d} min {%d}\n" % (at, at % 31 + 1, at % 24, at // 744 % 60) for at in range(12_000)
    )
    assert len(matcher.answers(lines).split()) == 12_000
    assert len(vars(matcher)["_days"]) == 0


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b"wd {mon-fri} hr {9-17}", "ok"),
        (b"", "ok"),
        (b"wd {1-5}, none", "error: period-word"),
        (b"hr {24} min {60} hr {25}", "error: period-hour period-minute"),
        (b"hr {9}\xff", "error: period-non-ascii"),
        (b"hr {9}\r", "ok"),
    ],
)
def test_a_line_is_judged_with_the_codes_of_its_faults(line: bytes, expected: str) -> None:
    assert verdict(line) == expected


def test_more_periods_than_get_tables_are_answered_all_the_same() -> None:
    texts = [f"md {{{at % 31 + 1}}} hr {{{at % 24}}}" for at in range(200)]
    lines = [(instant * 7_919_000 % 2_000_000_000, text) for text in texts for instant in range(40)]
    given = "".join(f"{instant}\t{text}\n" for instant, text in lines).encode()
    expected = ["1" if Period.parse(text).matches(instant, MOSCOW) else "0" for instant, text in lines]
    assert answers(given) == expected
    assert answers(given + given) == expected * 2


def test_years_beyond_the_tables_are_answered_all_the_same() -> None:
    instants = [4_102_444_800 + day * 86_400 for day in range(-60, 60)] + [32_503_680_000, 10**14]
    given = "".join(f"{instant}\twd {{mon}} hr {{3}}\n" for instant in instants).encode()
    period = Period.parse("wd {mon} hr {3}")
    assert answers(given) == ["1" if period.matches(instant, MOSCOW) else "0" for instant in instants]
