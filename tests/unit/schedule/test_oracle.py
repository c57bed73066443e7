"""Random periods and instants against Time::Period itself, where it is installed."""

from __future__ import annotations

from random import Random

import pytest

from reconciler.schedule import Period
from reconciler.schedule.stream import matched
from reconciler.schedule.zones import zone
from tests.unit.schedule.corpus import ZONES, oracle, strings
from tests.unit.schedule.making import random_period

YEAR = 31_556_952
FIRST, LAST = 1_704_056_400, 1_704_056_400 + 10 * YEAR
Question = tuple[int, str]


def edges_and_instants(random: Random, count: int, place: str) -> list[Question]:
    """Draw periods, and for each a flip, the seconds around it, and an instant at random."""
    questions: list[Question] = []
    while len(questions) < count:
        text = random_period(random)
        at = random.randrange(FIRST, LAST)
        questions.append((at, text))
        for flip, _ in Period.parse(text).next_flips(at, place, 1):
            questions += [(flip - 1, text), (flip, text), (flip + 1, text)]
    return questions


def assert_agreement(questions: list[Question], place: str) -> None:
    answers = oracle(questions, place)
    assert len(answers) == len(questions)
    wrong = [
        (question, answer)
        for question, answer in zip(questions, answers, strict=True)
        if Period.parse(question[1]).matches(question[0], place) != (answer == "1")
    ]
    assert wrong == []


@pytest.mark.parametrize("place", ZONES)
def test_a_sample_of_random_periods_agrees_at_their_edges_and_elsewhere(place: str) -> None:
    assert_agreement(edges_and_instants(Random(1), 3_000, place), place)


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("place", [*ZONES, "Europe/Berlin"])
def test_twenty_thousand_random_questions_agree(place: str) -> None:
    assert_agreement(edges_and_instants(Random(2), 20_000, place), place)


def random_instants(random: Random, count: int) -> list[Question]:
    texts = [string.text for string in strings() if string.label == "valid" and "\n" not in string.text]
    start = 1_167_598_800  # 28 years from 2007: every year type, and the clocks of Moscow still change
    return [(random.randrange(start, start + 28 * YEAR), random.choice(texts)) for _ in range(count)]


def assert_stream_agrees(questions: list[Question], place: str) -> None:
    lines = "".join(f"{epoch}\t{text}\n" for epoch, text in questions).encode()
    answers = b"".join(matched([lines], zone(place))).decode().split()
    assert answers == oracle(questions, place)


@pytest.mark.parametrize("place", ZONES)
def test_the_stream_agrees_at_a_sample_of_instants_of_28_years(place: str) -> None:
    assert_stream_agrees(random_instants(Random(3), 4_000), place)


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("place", ZONES)
def test_the_stream_agrees_at_100_000_instants_of_28_years(place: str) -> None:
    assert_stream_agrees(random_instants(Random(4), 100_000), place)


def test_the_normal_form_means_to_the_oracle_what_the_text_meant() -> None:
    random = Random(5)
    texts = [
        text for text in (random_period(random, years=False) for _ in range(60)) if len(Period.parse(text).parts) < 20
    ]
    questions = [(random.randrange(FIRST, LAST), text) for text in texts for _ in range(20)]
    normal = [(epoch, Period.parse(text).canonical) for epoch, text in questions]
    assert oracle(normal, "Europe/Moscow") == oracle(questions, "Europe/Moscow")
