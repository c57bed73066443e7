"""In doubt is not failed: what reads as before says something of the reader; ownership and intent outlive it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from reconciler.cli.exits import Exit, of_plan, of_report
from reconciler.http.budget import OPEN, Gate
from reconciler.http.errors import ProviderError, Rejected, TimedOut
from reconciler.model import Action, Cause, Outcome, Value
from reconciler.plan.model import Consent
from reconciler.providers.base import Write
from tests.unit.config.loading import only as only_finding
from tests.unit.config.loading import sound, underlined
from tests.world import (
    NONE,
    LaggingVendor,
    World,
    actions,
    codes,
    desired,
    key,
    only,
    phone,
    result,
    rings,
    sip,
    url,
    world,
)


def lagging(
    lag: float, live: Value = NONE, *, settle: float | None = None, want: Value | None = None
) -> tuple[World, LaggingVendor]:
    """One number, at a vendor whose reads lag."""
    given = world([desired(1, want or rings())], {1: live})
    vendor = LaggingVendor({phone(1): live}, clock=given.clock)
    vendor.lag = lag
    given.live = {"sales": vendor}
    if settle is not None:
        given.settle = settle
    return given, vendor


@pytest.mark.parametrize("lag", [1.0, 6.0, 20.0, 29.0])
def test_a_value_that_shows_within_the_time_that_reads_may_lag_is_applied(lag: float) -> None:
    given, vendor = lagging(lag)
    done = result(given.apply())
    assert (done.outcome, done.attempts, done.error) == (Outcome.APPLIED, 1, None)
    assert (list(given.state.entries), given.state.windows, len(vendor.writes)) == ([key(1)], (), 1)


def test_pauses_between_looks_grow_and_end_with_the_time_that_reads_may_lag() -> None:
    given, _ = lagging(1_000.0)
    given.apply()
    waits = [wait for wait in given.clock.waits if wait]
    assert waits[:2] == [1.5, 3.5]
    assert sorted(waits[:-1]) == waits[:-1]
    assert sum(waits) == 30.0


@pytest.mark.parametrize(("settle", "waited"), [(0.0, 5.0), (3.0, 5.0), (60.0, 60.0), (600.0, 600.0)])
def test_the_account_says_how_long_reads_may_lag(settle: float, waited: float) -> None:
    given, _ = lagging(1_000.0, settle=settle)
    assert result(given.apply()).outcome is Outcome.UNKNOWN
    assert sum(given.clock.waits) == waited


def in_doubt(live: Value = NONE, want: Value | None = None) -> tuple[World, LaggingVendor]:
    """A run whose write was accepted and does not show in all the time that reads may lag."""
    given, vendor = lagging(40.0, live, want=want)
    report = given.apply()
    assert (result(report).outcome, of_report(report)) == (Outcome.UNKNOWN, Exit.PARTIAL)
    return given, vendor


def test_an_accepted_write_that_does_not_show_is_unknown_and_its_intent_stays() -> None:
    given, _ = in_doubt()
    (window,) = given.state.windows
    assert [(intent.key, intent.run_id == window.run_id) for intent in window.intents] == [(key(1), True)]
    assert given.state.entries == {}


def test_the_next_apply_finds_it_and_settles_it_without_an_allowance() -> None:
    given, vendor = in_doubt()
    given.clock.time += 60
    assert given.plan().changes == ()
    report = given.apply(consent=Consent())
    assert (report.converged, len(vendor.writes)) == (True, 1)
    assert (list(given.state.entries), given.state.windows) == ([key(1)], ())


def test_an_edit_while_it_is_in_doubt_is_of_our_own_and_no_strangers() -> None:
    given, _ = in_doubt()
    given.files = [desired(1, sip())]
    assert (only(given.plan()).action, only(given.plan()).needs) == (Action.CREATE, ())
    given.clock.time += 60
    change = only(given.plan())
    assert (change.action, change.needs, change.cause) == (Action.UPDATE, (), Cause.FILES)
    assert given.apply(consent=Consent()).summary["unknown"] == 1


def test_a_revert_while_it_is_in_doubt_is_not_as_the_files_say() -> None:
    given, vendor = in_doubt(url(), want=sip())
    given.files = [desired(1, url())]
    plan = given.plan()
    assert (actions(plan), codes(plan)) == ({phone(1): "assert"}, ["write-unsettled"])
    assert of_plan(plan, detailed=True, enforce_policy=False) is Exit.CHANGES
    report = given.apply()
    assert report.converged
    given.clock.time += 100
    assert vendor.values[phone(1)] == url()
    assert given.plan().changes == ()
    assert (given.state.windows, list(given.state.entries)) == ((), [key(1)])


def test_a_revert_of_a_create_in_doubt_waits_until_it_must_have_shown() -> None:
    given, _ = in_doubt()
    given.files = [desired(1, NONE)]
    plan = given.plan()
    assert (plan.unknown, plan.complete, codes(plan)) == (1, False, ["write-unsettled"])
    given.clock.time += 60
    assert actions(given.plan()) == {phone(1): "delete"}


def test_a_number_that_leaves_the_files_while_it_is_in_doubt_is_not_lost() -> None:
    given, vendor = in_doubt()
    given.files = []
    plan = given.plan()
    assert (plan.unknown, plan.complete, codes(plan)) == (1, False, ["write-unsettled"])
    given.apply()
    given.clock.time += 60
    assert actions(given.plan()) == {phone(1): "delete"}
    vendor.lag = 0
    assert given.apply().converged
    assert (vendor.values[phone(1)], given.state.windows, given.state.entries) == (NONE, (), {})


def test_a_failed_write_is_not_forgotten_while_reads_may_lag_behind_it() -> None:
    given, vendor = lagging(6.0)
    vendor.by_hand(phone(1), sip())
    given.clock.time += 1
    assert result(given.apply()).outcome is Outcome.FAILED
    given.files = []
    plan = given.plan()
    assert (plan.unknown, plan.complete, codes(plan)) == (1, False, ["write-unsettled"])
    given.apply()
    assert list(given.state.entries) == [key(1)]
    given.clock.time += 60
    assert actions(given.plan()) == {phone(1): "delete"}


def test_a_write_that_never_took_effect_is_dropped_aloud_once_reads_cannot_lag_any_more() -> None:
    given, vendor = lagging(0.0)
    vendor.vanish = True
    given.apply()
    given.files = []
    given.clock.time += 60
    plan = given.plan()
    assert (plan.changes, plan.complete, codes(plan)) == ((), True, ["write-unsettled"])
    assert "never took effect" in plan.diagnostics[0].message
    assert given.apply().converged
    assert (given.state.windows, given.state.entries) == ((), {})


def test_a_second_write_in_doubt_keeps_the_first_one_in_mind() -> None:
    given, vendor = in_doubt()
    given.files = [desired(1, sip())]
    vendor.vanish = True
    report = given.apply()
    assert result(report).outcome is Outcome.UNKNOWN
    given.clock.time += 60
    change = only(given.plan())
    assert (change.action, change.needs) == (Action.UPDATE, ())
    assert change.before["type"] == "number"


def test_a_write_that_is_refused_keeps_an_earlier_one_in_mind() -> None:
    given, vendor = in_doubt()
    given.files = [desired(1, sip())]
    vendor.vanish, vendor.fails = True, lambda: Rejected("no")
    assert result(given.apply()).outcome is Outcome.FAILED
    given.clock.time += 60
    assert (only(given.plan()).action, only(given.plan()).needs) == (Action.UPDATE, ())


def test_what_reads_as_an_earlier_write_of_ours_left_it_is_the_readers_lag_too() -> None:
    given, vendor = in_doubt()
    given.files = [desired(1, sip())]
    given.clock.time += 5
    done = result(given.apply())
    assert done.outcome is not Outcome.FAILED
    vendor.lag = 0
    given.apply()
    assert (vendor.values[phone(1)], given.state.windows) == (sip(), ())


def test_a_value_that_is_neither_the_old_nor_the_new_one_failed() -> None:
    given, vendor = lagging(0.0)
    write = vendor.write

    def otherwise(writes: Sequence[Write], gate: Gate = OPEN) -> int:
        done = write(writes, gate)
        vendor.by_hand(phone(1), url())
        return done

    vars(vendor)["write"] = otherwise
    done = result(given.apply())
    assert (done.outcome, sum(given.clock.waits)) == (Outcome.FAILED, 5.0)
    assert key(1) in given.state.entries


# -- a write of which no answer came ---------------------------------------------------------------------------------


def doubtful() -> TimedOut:
    return TimedOut("Exolve did not answer in time", may_have_taken_effect=True)


def test_a_timeout_followed_by_an_old_read_is_sent_again_only_when_reads_cannot_lag_any_more() -> None:
    given, vendor = lagging(0.0)
    sent: list[float] = []

    def fail_once() -> ProviderError | None:
        sent.append(given.clock.time)
        vendor.vanish = False
        return doubtful() if len(sent) == 1 else None

    vendor.vanish, vendor.fails = True, fail_once
    done = result(given.apply())
    assert (done.outcome, done.attempts) == (Outcome.APPLIED, 2)
    assert sent[1] - sent[0] == 30.0


@pytest.mark.parametrize("lag", [6.0, 20.0])
def test_a_timeout_whose_write_shows_late_is_applied_and_never_repeated(lag: float) -> None:
    given, vendor = lagging(lag)
    vendor.fails = doubtful
    done = result(given.apply())
    assert (done.outcome, len(vendor.writes)) == (Outcome.APPLIED, 1)


def test_an_interrupted_wait_leaves_the_doubt_and_says_nothing_of_the_effect() -> None:
    given, vendor = lagging(40.0)
    vendor.fails = doubtful
    vendor.before = lambda verb, _number: given.clock.interrupted.set() if vendor.writes and verb == "read" else None
    report = given.apply()
    assert result(report).outcome is Outcome.UNKNOWN
    assert [intent.key for window in given.state.windows for intent in window.intents] == [key(1)]


@pytest.mark.parametrize(("line", "seconds"), [("", 30), ("settle: 0", 0), ("settle: 90s", 90), ("settle: 10m", 600)])
def test_an_account_says_in_the_files_how_long_reads_may_lag(line: str, seconds: float, tmp_path: Path) -> None:
    text = f"version: 1\naccounts:\n  sales: {{provider: exolve, api_key: {{env: KEY}}, {line}}}\n"
    configuration = sound(tmp_path, text).configuration
    assert configuration is not None
    assert configuration.accounts["sales"].settle_seconds == seconds


@pytest.mark.parametrize("line", ["settle: 601", "settle: 11m", "settle: soon", "settle: -1", "settle: 1h"])
def test_a_time_that_reads_cannot_lag_is_refused_at_its_place(line: str, tmp_path: Path) -> None:
    text = f"version: 1\naccounts:\n  sales: {{provider: exolve, api_key: {{env: KEY}}, {line}}}\n"
    found = only_finding(tmp_path, text)
    assert (found.code, underlined(found)) == ("invalid-value", line.partition(": ")[2])
    assert "not between 0 and 600 seconds" in found.message
