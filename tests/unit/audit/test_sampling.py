"""A sampled audit looks at a share a turn, at everything after all turns, and never takes what it left out for well."""

from __future__ import annotations

import math
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.audit import Audit
from reconciler.audit.sampling import DAY, Sampling, choose
from reconciler.formats.audit import audit_json
from reconciler.model import Entry, Key, Kind
from reconciler.record.base import Holder, Intent, Update, Window
from reconciler.workflow.audit import Asked, make_audit
from tests.world import NONE, START, World, desired, key, phone, rings, url, world

COUNT = 43


def keys(count: int) -> dict[Key, str]:
    return {Key("exolve", str(74991110000 + at), Kind.FORWARDING): "sales" for at in range(count)}


@given(st.integers(1, 300), st.floats(0.5, 100), st.integers(0, 10**6))
@settings(max_examples=150)
def test_all_turns_together_are_every_number_once_and_none_is_larger_than_the_share(
    count: int, share: float, first: int
) -> None:
    numbers = keys(count)
    turns = min(math.ceil(100 / share), count)
    samples = [choose(numbers, {}, Sampling(share), (first + at) * DAY) for at in range(turns)]
    looked_at = [number for sample in samples for number in sample.looked_at]
    assert len(looked_at) == count
    assert len(set(looked_at)) == count
    for sample in samples:
        assert (sample.turns, sample.share) == (turns, share)
        assert 1 <= len(sample.looked_at) <= math.ceil(count / turns)
        assert {*sample.looked_at, *sample.waiting} == set(looked_at)
        assert sample.recent == ()


def test_a_turn_lasts_as_long_as_is_said() -> None:
    numbers, hour = keys(20), 3600.0
    one, same, next_one = (choose(numbers, {}, Sampling(10, 6 * hour), at * hour).turn for at in (600, 605.9, 606))
    assert (same - one, (next_one - one) % 10) == (0, 1)


@pytest.mark.parametrize(("hours", "left_out"), [(0, True), (23.9, True), (24.1, False), (-24 * 365, False)])
def test_what_was_written_and_read_back_just_now_is_left_out(hours: float, left_out: bool) -> None:
    numbers, now = keys(4), START
    written_at = datetime.fromtimestamp(now - hours * 3600, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    entries = {one: Entry(one, "sales", "{}", written_at=written_at) for one in list(numbers)[:2]}
    sample = choose(numbers, entries, Sampling(100, DAY), now)
    assert len(sample.recent) == (2 if left_out else 0)
    assert len(sample.looked_at) == (2 if left_out else 4)
    unconfirmed = {one: Entry(one, "sales", "{}", confirmed=False, written_at=written_at) for one in numbers}
    assert choose(numbers, unconfirmed, Sampling(100, DAY), now).recent == ()
    assert choose(numbers, entries, Sampling(100), now).recent == ()


# -- with a vendor and a record ---------------------------------------------------------------------------------------


def large(count: int = COUNT) -> World:
    given_world = world(
        [desired(index, rings()) for index in range(1, count + 1)], dict.fromkeys(range(1, count + 1), NONE)
    )
    assert given_world.apply().converged
    given_world.clock.time += 10 * DAY
    return given_world


def sampled(given_world: World, share: float = 10, older_than: float | None = None) -> Audit:
    asked = Asked(Sampling(share, older_than))
    return make_audit(given_world.session, (), lambda _progress: None, asked)


def test_a_run_a_day_looks_at_everything_in_as_many_days_as_there_are_turns() -> None:
    account = large()
    for index in range(1, COUNT + 1):
        account.live["sales"].values[phone(index)] = rings(timeout=33)
    asked: list[str] = []
    account.live["sales"].before = lambda verb, number: asked.append(f"{verb} {number}".strip())
    drifted: list[str] = []
    for _day in range(10):
        asked.clear()
        seen = sampled(account)
        assert seen.sample is not None
        assert sorted(asked) == sorted(f"read {address.partition('/')[2]}" for address in seen.sample.looked_at)
        assert len(asked) <= 5
        assert sorted(change.address for change in seen.drift) == sorted(seen.sample.looked_at)
        assert len(seen.sample.looked_at) + len(seen.sample.waiting) == COUNT
        drifted += [change.address for change in seen.drift]
        account.clock.time += DAY
    assert sorted(drifted) == sorted(f"sales/{phone(index)}" for index in range(1, COUNT + 1))


def test_what_was_not_looked_at_is_never_called_well() -> None:
    account = large()
    for index in range(1, COUNT + 1):
        account.live["sales"].values[phone(index)] = rings(timeout=33)
    account.live["sales"].values |= {number.partition("/")[2]: rings() for number in looked_at_now(account)}
    seen = sampled(account)
    assert seen.drift == ()
    assert seen.sample is not None
    assert seen.summary["not_looked_at"] == seen.tally.not_looked_at == COUNT - len(seen.sample.looked_at)
    told = audit_json(seen)
    assert told.complete is False
    assert told.sample is not None
    assert len(told.sample.waiting) == told.summary.not_looked_at


def looked_at_now(account: World) -> tuple[str, ...]:
    sample = sampled(account).sample
    assert sample is not None
    return sample.looked_at


def test_a_number_that_only_the_record_knows_has_its_turn_too() -> None:
    account = large(5)
    account.files = account.files[:-1]
    account.live["sales"].values[phone(5)] = url()
    found = []
    for _day in range(5):
        found += [change.address for change in sampled(account, 20).drift]
        account.clock.time += DAY
    assert found == [f"sales/{phone(5)}"]


def test_a_write_in_doubt_is_looked_at_in_every_turn() -> None:
    account = large(20)
    record = account.record()
    intent = Intent(key(1), "sales", "update", "", '{"type":"none"}')
    with record.lock([Holder("sales", "h", "u", 1, "r9", "2026-11-21T10:00:00Z")]) as lock:
        window = Window("w1", "r9", "2026-11-21T10:00:00Z", (intent,))
        record.commit(lock, Update(open=window), expected=record.load())
    asked: list[str] = []
    account.live["sales"].before = lambda _verb, number: asked.append(number)
    for _day in range(3):
        asked.clear()
        sampled(account, 5)
        assert phone(1) in asked
        account.clock.time += DAY
