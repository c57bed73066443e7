"""Laws that hold for all periods: the algebra of sets, and flips that agree with membership."""

from __future__ import annotations

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.schedule import Instants, Period
from tests.unit.schedule.making import random_period

EXAMPLES = settings(max_examples=60)
INSTANTS = st.integers(min_value=0, max_value=4_000_000_000)
PLACES = st.sampled_from(["Europe/Moscow", "UTC", "Europe/Berlin", "Australia/Lord_Howe"])


@st.composite
def periods(draw: st.DrawFn) -> Period:
    return Period.parse(random_period(Random(draw(st.integers(min_value=0, max_value=10**9)))))


def assert_equal(one: Instants, two: Instants) -> None:
    assert one == two
    assert ((one - two) | (two - one)).is_empty


@EXAMPLES
@given(periods(), periods())
def test_de_morgan(one: Period, two: Period) -> None:
    first, second = one.instants, two.instants
    assert_equal(~(first | second), ~first & ~second)
    assert_equal(~(first & second), ~first | ~second)


@EXAMPLES
@given(periods())
def test_the_complement_of_the_complement_is_the_period(period: Period) -> None:
    assert_equal(~~period.instants, period.instants)
    assert (period.instants & ~period.instants).is_empty
    assert (period.instants | ~period.instants).is_full


@EXAMPLES
@given(periods(), periods(), periods())
def test_union_and_intersection_distribute(one: Period, two: Period, three: Period) -> None:
    a, b, c = one.instants, two.instants, three.instants
    assert_equal(a & (b | c), (a & b) | (a & c))
    assert_equal(a - b, a & ~b)


@EXAMPLES
@given(periods(), periods(), INSTANTS, PLACES)
def test_sets_combine_as_answers_do(one: Period, two: Period, epoch: int, place: str) -> None:
    first, second = one.matches(epoch, place), two.matches(epoch, place)
    assert Period(None, one.instants | two.instants).matches(epoch, place) == (first or second)
    assert (one & two).matches(epoch, place) == (first and second)
    assert (one - two).matches(epoch, place) == (first and not second)
    assert (~one).matches(epoch, place) == (not first)


@EXAMPLES
@given(periods(), INSTANTS, PLACES)
def test_flips_agree_with_membership_a_second_before_and_at_each(period: Period, epoch: int, place: str) -> None:
    before = epoch
    state = period.matches(epoch, place)
    for flip, inside in period.next_flips(epoch, place, 6):
        assert flip > before
        assert inside is not state
        assert period.matches(flip - 1, place) is state
        assert period.matches(flip, place) is inside
        before, state = flip, inside


@EXAMPLES
@given(periods(), INSTANTS, PLACES, st.randoms(use_true_random=False))
def test_nothing_changes_before_the_next_flip(period: Period, epoch: int, place: str, random: Random) -> None:
    state = period.matches(epoch, place)
    flips = period.next_flips(epoch, place, 1)
    end = flips[0][0] if flips else epoch + 10**9
    assert all(period.matches(random.randrange(epoch, end), place) is state for _ in range(20))


@EXAMPLES
@given(periods(), periods())
def test_containment_is_the_union_that_adds_nothing(one: Period, two: Period) -> None:
    assert (two.instants - one.instants).is_empty == (one.instants | two.instants == one.instants)
    assert (one.instants | two.instants) == (two.instants | one.instants)
    assert one.overlaps(two) == (not (one.instants & two.instants).is_empty)


@EXAMPLES
@given(periods())
def test_what_is_rendered_parses_to_the_same_period(period: Period) -> None:
    again = Period.parse(period.canonical)
    assert again.equals(period)
    assert again.canonical == period.canonical
