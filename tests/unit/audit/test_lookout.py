"""What an audit says before it is wrong: what ends and when, what nobody confirmed, what the account does not have."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from reconciler.audit import Audit
from reconciler.audit.lookout import endings
from reconciler.audit.sampling import DAY
from reconciler.http.errors import NotOwned
from reconciler.model import NumberForwarding, Parking, Redirect, Target
from reconciler.names import NO_NAMES
from reconciler.schedule import Period
from reconciler.workflow.audit import WHOLE, Asked, make_audit
from tests.world import NONE, START, World, desired, phone, rings, url, world

TODAY = (datetime.fromtimestamp(START, UTC) + timedelta(hours=3)).date()  # in Moscow


def audit(given_world: World, asked: Asked = WHOLE) -> Audit:
    return make_audit(given_world.session, (), lambda _progress: None, asked)


def scheduled(*periods: str, active: bool = True) -> NumberForwarding:
    return NumberForwarding(Redirect.SEQUENTIAL, (Target("74992223344", 20, periods, active=active),))


def codes(seen: Audit) -> list[str]:
    return [item.code for item in seen.risks]


# -- the last day of a period -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("period", "last"),
    [
        ("yr {2026}", date(2026, 12, 31)),
        ("yr {2026} mo {feb}", date(2026, 2, 28)),
        ("yr {2026-2028} mo {feb} md {29}", date(2028, 2, 29)),
        ("yr {2025-2027} mo {feb} md {29}", None),
        ("yr {2026} wd {mon}", date(2026, 12, 28)),
        ("yr {2026} mo {mar}, yr {2027} md {5} mo {jan} hr {9}", date(2027, 1, 5)),
        ("wd {mon}", None),
        ("yr {2026}, wd {mon}", None),
        ("", None),
        ("none", None),
    ],
)
def test_the_last_day_of_a_period_is_known(period: str, last: date | None) -> None:
    assert Period.parse(period).last_day == last


parts = st.builds(
    lambda years, month, days: f"yr {{{years[0]}-{years[1]}}} mo {{{month}}} wd {{{days}}}",
    st.tuples(st.integers(2026, 2028), st.integers(2028, 2031)),
    st.sampled_from(["jan", "feb", "jun", "dec", "jan-mar"]),
    st.sampled_from(["mon", "fri-sun", "mon-sun"]),
)


@given(st.lists(parts, min_size=1, max_size=3))
@settings(max_examples=60)
def test_the_last_day_is_the_one_before_it_is_off_for_ever(texts: list[str]) -> None:
    """Held against the walk from change to change, which knows nothing of last days."""
    period = Period.parse(", ".join(texts))
    start = int(datetime(2025, 1, 1, tzinfo=UTC).timestamp())
    flips = period.next_flips(start, "UTC", 3000)
    assume(len(flips) < 3000 and flips)
    off, state = flips[-1]
    assert not state
    assert period.last_day == datetime.fromtimestamp(off - 1, UTC).date()


# -- schedules and calendars ------------------------------------------------------------------------------------------


def ending(day: date) -> NumberForwarding:
    return scheduled(f"yr {{{day.year}}} mo {{{day:%b}}} md {{1-{day.day}}}".lower())


@pytest.mark.parametrize(("days", "within", "told"), [(0, 60, True), (1, 60, True), (60, 60, True), (61, 60, False)])
def test_a_schedule_is_told_whose_last_day_is_near(days: int, within: int, told: bool) -> None:
    day = TODAY + timedelta(days=days)
    files = [desired(1, ending(day)), desired(2, ending(day)), desired(3, rings())]
    given_world = world(files, {1: NONE, 2: NONE, 3: NONE})
    seen = audit(given_world, Asked(ending_days=within))
    found = [(each.kind.value, each.day, each.days, each.numbers) for each in seen.endings]
    assert found == ([("schedule", day, days, (phone(1), phone(2)))] if told else [])
    risks = [item for item in seen.risks if item.code == "schedule-ending"]
    assert len(risks) == (1 if told else 0)
    if told:
        assert f"has its last day on {day}" in risks[0].message
        assert phone(1) in risks[0].message
        assert risks[0].location is not None
        assert risks[0].hint


def test_what_is_over_or_rings_nobody_is_not_told() -> None:
    given_world = world(
        [desired(1, ending(TODAY - timedelta(days=1))), desired(2, scheduled("yr {2026}", active=False))],
        {1: NONE, 2: NONE},
    )
    assert audit(given_world, Asked(ending_days=400)).endings == ()


def test_a_calendar_of_public_holidays_ends_too() -> None:
    plain = world([desired(1, rings())], {1: NONE}).configuration
    follows = replace(plain, calendar_until=TODAY + timedelta(days=90), holidays_version="0.100")
    (found,) = endings(follows, NO_NAMES, TODAY, 90)
    assert (found.kind.value, found.days) == ("calendar", 90)
    assert endings(follows, NO_NAMES, TODAY, 89) == ()
    assert endings(replace(follows, holidays_version=None), NO_NAMES, TODAY, 90) == ()


# -- ownership, confirmation, age -------------------------------------------------------------------------------------


def test_a_declared_number_that_the_account_does_not_have_is_listed() -> None:
    given_world = world([desired(1, rings()), desired(2, url())], {1: NONE})
    seen = audit(given_world)
    assert seen.not_owned == (f"sales/{phone(2)}",)
    assert seen.has_errors
    assert [item.code for item in seen.diagnostics if item.is_error] == [NotOwned.code]


def test_parking_is_told_as_never_confirmed_also_where_it_was_never_written() -> None:
    given_world = world([desired(7, Parking(parked=True)), desired(8, Parking(parked=True))], {}, parking=[7, 8])
    seen = audit(given_world)
    assert [(each.address, each.written_at) for each in seen.unconfirmed] == [
        (f"office/{phone(7)}", ""),
        (f"office/{phone(8)}", ""),
    ]
    assert given_world.apply().complete
    seen = audit(given_world)
    assert all(each.written_at for each in seen.unconfirmed)
    (risk,) = [item for item in seen.risks if item.code == "parking-unconfirmed"]
    assert f"no read has ever confirmed the parking of {phone(7)}, {phone(8)}" in risk.message
    assert "the oldest written on 20" in risk.message


def test_forwardings_that_were_read_back_are_confirmed() -> None:
    given_world = world([desired(1, rings())], {1: NONE})
    assert given_world.apply().converged
    assert audit(given_world).unconfirmed == ()


@pytest.mark.parametrize(("days", "most", "told"), [(29, 30, False), (31, 30, True), (8, 7, True), (400, 500, False)])
def test_a_record_that_nobody_wrote_to_for_long_is_told(days: int, most: int, told: bool) -> None:
    given_world = world([desired(1, rings())], {1: NONE})
    assert "record-old" not in codes(audit(given_world))
    assert given_world.apply().converged
    given_world.clock.time += days * DAY
    seen = audit(given_world, Asked(record_days=most))
    assert ("record-old" in codes(seen)) is told
    assert seen.recorded_at[:10] == str(datetime.fromtimestamp(START, UTC).date())


def test_policy_decides_how_bad_it_is() -> None:
    given_world = world([desired(1, rings())], {1: NONE})
    assert given_world.apply().converged
    given_world.clock.time += 100 * DAY
    given_world.policy = replace(given_world.policy, rules={"record-old": None})
    assert "record-old" not in codes(audit(given_world))


# -- logins -----------------------------------------------------------------------------------------------------------


def test_that_a_login_cannot_be_looked_at_is_said_and_is_no_error() -> None:
    given_world = world([desired(7, Parking(parked=True))], {}, parking=[7])
    assert given_world.apply().complete
    seen = audit(given_world)
    (risk,) = [item for item in seen.risks if item.code == "login-ending"]
    assert "it is not known when the login of account office ends: " in risk.message
    assert not seen.has_errors
