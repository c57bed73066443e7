"""One change at one vendor: look, send, read back; what is not known is said, never guessed."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from reconciler.apply.write import READ_BACK_WAITS
from reconciler.http.budget import OPEN, Gate
from reconciler.http.errors import (
    Forbidden,
    NotOwned,
    ProviderError,
    RateLimited,
    Rejected,
    TimedOut,
    Unavailable,
    UnexpectedResponse,
)
from reconciler.model import NumberForwarding, Observation, Outcome, Parking
from reconciler.plan.build import Refresh
from reconciler.plan.model import Consent
from reconciler.providers.base import Write
from tests.world import NONE, PARKING, Vendor, World, desired, key, outcomes, phone, result, rings, url, world

ON = Parking(parked=True)


class Scripted(Vendor):
    """A vendor whose next writes and reads go as scripted: each step is an error to raise, or None.

    `takes_effect` says whether a write that raises was done all the same.
    """

    steps: list[ProviderError | None]
    reads: list[ProviderError | None]
    takes_effect: bool = False

    def write(self, writes: Sequence[Write], gate: Gate = OPEN) -> int:
        gate.enter()
        step = self.steps.pop(0) if self.steps else None
        if step is None or self.takes_effect:
            super().write(writes, gate)
        if step is not None:
            raise step
        return 1

    def read(self, number: str) -> Observation:
        step = self.reads.pop(0) if self.reads else None
        if step is not None:
            raise step
        return super().read(number)


def scripted(
    *steps: ProviderError | None, reads: tuple[ProviderError | None, ...] = (), takes_effect: bool = False
) -> World:
    """A create of one number at a scripted vendor; the first read is the look before the write."""
    given = world([desired(1, rings())], {1: NONE})
    provider = Scripted({phone(1): NONE}, clock=given.clock)
    provider.steps, provider.reads, provider.takes_effect = list(steps), list(reads), takes_effect
    given.live = {"sales": provider}
    return given


def doubt() -> TimedOut:
    return TimedOut("Exolve did not answer in time", may_have_taken_effect=True)


def test_a_write_that_reads_back_equal_is_applied_without_waiting() -> None:
    given = scripted()
    done = result(given.apply())
    assert (done.outcome, done.attempts, done.error) == (Outcome.APPLIED, 1, None)
    assert [wait for wait in given.clock.waits if wait] == []


def test_a_rejected_write_failed_and_nothing_is_recorded() -> None:
    given = scripted(Rejected("Exolve refused"))
    done = result(given.apply())
    assert (done.outcome, done.error) == (Outcome.FAILED, "Exolve refused")
    assert (given.state.entries, given.state.windows) == ({}, ())


def test_a_write_that_was_refused_for_now_to_the_end_failed() -> None:
    done = result(scripted(RateLimited("too often", attempts=5)).apply())
    assert (done.outcome, done.attempts) == (Outcome.FAILED, 5)


@pytest.mark.parametrize("error", [doubt, lambda: Unavailable("cut off", may_have_taken_effect=True)])
def test_a_write_in_doubt_that_took_effect_is_applied_and_never_repeated(error: Callable[[], ProviderError]) -> None:
    given = scripted(error(), takes_effect=True)
    done = result(given.apply())
    assert (done.outcome, done.attempts) == (Outcome.APPLIED, 1)
    assert key(1) in given.state.entries


def test_a_write_in_doubt_that_had_no_effect_is_sent_again_after_reading() -> None:
    given = scripted(doubt())
    done = result(given.apply())
    assert (done.outcome, done.attempts) == (Outcome.APPLIED, 2)


def test_a_write_in_doubt_twice_without_effect_failed() -> None:
    done = result(scripted(doubt(), doubt()).apply())
    assert (done.outcome, done.attempts) == (Outcome.FAILED, 2)
    assert done.error == "it did not take effect: Exolve did not answer in time"


def test_a_write_in_doubt_that_cannot_be_read_back_is_unknown_and_its_intent_stays() -> None:
    broken = [Unavailable("down")] * 3
    given = scripted(doubt(), reads=(None, *broken), takes_effect=True)
    report = given.apply()
    assert result(report).outcome is Outcome.UNKNOWN
    assert (report.converged, report.wrote) == (False, True)
    assert given.state.entries == {}
    assert [intent.key for window in given.state.windows for intent in window.intents] == [key(1)]
    assert given.apply(consent=Consent()).converged
    assert (given.state.windows, list(given.state.entries)) == ((), [key(1)])


def test_a_write_that_was_accepted_and_cannot_be_read_back_is_unknown() -> None:
    given = scripted(reads=(None, *[Unavailable("down")] * 3))
    done = result(given.apply())
    assert (done.outcome, done.error) == (Outcome.UNKNOWN, "it could not be read back: down")


def test_one_read_that_fails_is_tried_again_within_five_seconds() -> None:
    given = scripted(reads=(None, Unavailable("down"), Unavailable("down")))
    assert result(given.apply()).outcome is Outcome.APPLIED
    assert given.clock.waits == list(READ_BACK_WAITS)
    assert sum(READ_BACK_WAITS) == 5.0


class Stubborn(Vendor):
    """A vendor that says yes and stores something else."""

    def write(self, writes: Sequence[Write], gate: Gate = OPEN) -> int:
        super().write(writes, gate)
        self.values[phone(1)] = rings(timeout=99)
        return 1


def test_a_write_that_reads_back_otherwise_failed_and_names_the_fields() -> None:
    given = world([desired(1, rings(masking=True))], {1: NONE})
    given.live = {"sales": Stubborn({phone(1): NONE}, clock=given.clock)}
    done = result(given.apply())
    assert done.outcome is Outcome.FAILED
    assert done.error == "reads back differently from what was written: targets[0].timeout, masking"
    assert not given.state.entries[key(1)].confirmed


class Deaf(Vendor):
    """A vendor that says yes and does nothing."""

    def write(self, writes: Sequence[Write], gate: Gate = OPEN) -> int:
        del writes
        gate.enter()
        return 1


def test_a_write_that_was_accepted_and_never_shows_is_in_doubt_and_not_failed() -> None:
    given = world([desired(1, rings())], {1: NONE})
    given.live = {"sales": Deaf({phone(1): NONE}, clock=given.clock)}
    done = result(given.apply())
    assert (done.outcome, given.state.entries) == (Outcome.UNKNOWN, {})
    assert done.error == "it was accepted, but still shows the old value after 30 s"
    assert [intent.key for window in given.state.windows for intent in window.intents] == [key(1)]


class Late(Vendor):
    """A vendor whose reads show a write only after a while."""

    shown_at: float = 0.0

    def read(self, number: str) -> Observation:
        if self.writes and not self.shown_at:
            self.shown_at = self._clock.now() + 4
        if self._clock.now() < self.shown_at:
            kept, self.values[number] = self.values[number], NONE
            seen = super().read(number)
            self.values[number] = kept
            return seen
        return super().read(number)


def test_a_value_that_shows_late_is_waited_for() -> None:
    given = world([desired(1, rings())], {1: NONE})
    given.live = {"sales": Late({phone(1): NONE}, clock=given.clock)}
    assert result(given.apply()).outcome is Outcome.APPLIED
    assert sum(given.clock.waits) == 5.0


def test_a_number_that_cannot_be_read_before_the_write_is_not_written() -> None:
    given = scripted(reads=(Unavailable("down"),))
    done = result(given.apply())
    assert (done.outcome, done.attempts) == (Outcome.FAILED, 0)
    assert done.error == "not written: it cannot be read: down"


def test_a_number_that_moved_since_the_plan_is_not_written_and_told_as_stale() -> None:
    given = world([desired(1, rings())], {1: NONE})
    plan, state = given.plan_and_state()
    given.live["sales"].values[phone(1)] = url()
    report = given.apply_plan(plan, state)
    done = result(report)
    assert (done.outcome, done.attempts) == (Outcome.SKIPPED, 0)
    assert (done.error or "").endswith(
        "it has changed since the plan: it was none, and is url https://example.com/route"
    )
    assert [item.code for item in report.diagnostics] == ["plan-stale"]
    assert given.live["sales"].values[phone(1)] == url()


def test_a_secret_that_moved_is_told_without_showing_it() -> None:
    given = world([desired(1, url("https://e.com/?k=new-s3cret"))], {1: url("https://e.com/?k=old-s3cret")})
    plan, state = given.plan_and_state(consent=Consent(frozenset({"adopt"})))
    given.live["sales"].values[phone(1)] = url("https://e.com/?k=other-s3cret")
    report = given.apply_plan(plan, state)
    assert result(report).outcome is Outcome.SKIPPED
    assert "one of its sensitive values has changed" in (result(report).error or "")
    assert "s3cret" not in repr(report)


def test_a_secret_that_moved_since_the_record_is_not_overwritten_unseen() -> None:

    given = world([desired(1, url("https://e.com/?k=first"))], {1: NONE})
    assert given.apply().converged
    given.files = [desired(1, url("https://e.com/?k=first", "74990001122"))]
    given.live["sales"].values[phone(1)] = url("https://e.com/?k=other")
    plan, state = given.plan_and_state(refresh=Refresh.NONE)
    assert result(given.apply_plan(plan, state)).outcome is Outcome.SKIPPED


def test_a_live_forwarding_that_an_unread_plan_did_not_know_is_not_overwritten() -> None:

    given = world([desired(1, rings())], {1: url()})
    report = given.apply(refresh=Refresh.NONE)
    assert result(report).outcome is Outcome.SKIPPED
    assert "not in the record" in (result(report).error or "")
    assert given.live["sales"].values[phone(1)] == url()


def test_a_field_that_cannot_be_read_back_is_named_as_unverified() -> None:
    value = NumberForwarding(rings().redirect, rings().targets, client_id="crm-1")
    given = world([desired(1, value)], {1: NONE})
    vendor = given.live["sales"]
    assert isinstance(vendor, Vendor)
    vendor.unreadable = frozenset({"client_id"})
    done = result(given.apply())
    assert (done.outcome, done.unverified_fields) == (Outcome.UNVERIFIED, ("client_id",))
    assert not given.state.entries[key(1)].confirmed


def test_an_unreadable_field_that_is_empty_before_and_after_needs_no_proof() -> None:
    given = world([desired(1, rings())], {1: NONE})
    vendor = given.live["sales"]
    assert isinstance(vendor, Vendor)
    vendor.unreadable = frozenset({"client_id"})
    assert result(given.apply()).outcome is Outcome.APPLIED


def test_values_that_cannot_be_written_and_came_after_the_plan_are_not_reset() -> None:
    given = world([desired(1, rings(timeout=30))], {1: rings()})
    plan, state = given.plan_and_state(consent=Consent(frozenset({"adopt"})))
    vendor = given.live["sales"]
    assert isinstance(vendor, Vendor)
    vendor.unwritable = {"answer": True}
    done = result(given.apply_plan(plan, state))
    assert (done.outcome, done.attempts) == (Outcome.SKIPPED, 0)
    assert done.error == "not written: answer may be lost; --override unwritable-fields allows it"
    assert vendor.writes == []


def test_a_variable_that_is_gone_when_it_is_to_be_written_fails_that_change_and_sends_nothing() -> None:
    template = "https://example.com/calls?key=${var:EVENT_KEY}"
    given = world([desired(1, rings(event_url=template))], {1: NONE}, variables={"EVENT_KEY": "s3cret"})
    plan, state = given.plan_and_state()
    given.variables = {}
    done = result(given.apply_plan(plan, state))
    assert (done.outcome, done.attempts) == (Outcome.FAILED, 0)
    assert "RECONCILER_VAR_EVENT_KEY" in (done.error or "")


def test_an_answer_that_is_none_of_the_documented_ones_is_settled_by_reading() -> None:
    given = scripted(UnexpectedResponse("HTML", may_have_taken_effect=True), takes_effect=True)
    assert result(given.apply()).outcome is Outcome.APPLIED


# -- batches --------------------------------------------------------------------------------------------------------


class Picky(Vendor):
    """A vendor of batches; `judge` sees each before and after it is stored and may raise, `sizes` are those so far."""

    judge: Callable[[list[Write], str], None]
    sizes: list[int]

    def write(self, writes: Sequence[Write], gate: Gate = OPEN) -> int:
        gate.enter()
        self.sizes.append(len(writes))
        self.judge(list(writes), "before")
        done = super().write(writes, gate)
        self.judge(list(writes), "after")
        return done


def parked(count: int, judge: Callable[[list[Write], str], None] = lambda _writes, _when: None) -> tuple[World, Picky]:
    """So many parkings at a picky vendor."""
    given = world([desired(index, ON) for index in range(count)], parking=range(count))
    vendor = Picky(given.live["office"].values, account="office", capabilities=PARKING, clock=given.clock)
    vendor.judge, vendor.sizes = judge, []
    given.live["office"] = vendor
    return given, vendor


def test_parking_goes_in_batches_of_a_hundred_after_a_first_one_alone() -> None:
    given, vendor = parked(250)
    report = given.apply()
    assert report.summary["unverified"] == 250
    assert vendor.sizes == [1, 100, 100, 49]
    assert {done.unverified_fields for done in report.results} == {("parking",)}


@pytest.mark.parametrize("error", [Rejected, NotOwned, Forbidden])
def test_a_rejected_batch_is_halved_until_the_culprit_is_named(error: type[ProviderError]) -> None:
    def refuse(writes: list[Write], when: str) -> None:
        if when == "before" and phone(42) in {each.number for each in writes}:
            raise error(f"MTT refused {phone(42)}")

    given, vendor = parked(101, refuse)
    report = given.apply()
    assert {number for number, outcome in outcomes(report).items() if outcome == "failed"} == {phone(42)}
    assert report.summary["unverified"] == 100
    (failed,) = [done for done in report.results if done.outcome is Outcome.FAILED]
    assert failed.error == f"MTT refused {phone(42)}"
    assert vendor.sizes[:3] == [1, 100, 50]
    assert len(vendor.sizes) <= 2 + 2 * 7


def test_an_interrupted_run_sends_no_more_parts_of_a_batch_that_was_refused() -> None:
    def refuse(writes: list[Write], when: str) -> None:
        if when == "before" and len(writes) > 1:
            given.clock.interrupted.set()
            raise Rejected("MTT refused one of them")

    given, vendor = parked(101, refuse)
    report = given.apply()
    assert vendor.sizes == [1, 100]
    assert report.summary == {"applied": 0, "unverified": 1, "failed": 0, "unknown": 0, "skipped": 100}
    assert given.state.windows == ()


def test_parking_on_and_off_never_share_a_batch() -> None:
    files = [desired(index, Parking(parked=index % 2 == 0)) for index in range(6)]
    given = world(files, parking=range(6))
    assert given.apply().summary["unverified"] == 6
    assert dict(given.live["office"].values) == {phone(index): Parking(parked=index % 2 == 0) for index in range(6)}


def test_a_batch_in_doubt_is_unknown_and_asserted_by_the_next_apply() -> None:
    def lose(_writes: list[Write], when: str) -> None:
        if when == "after" and len(vendor.sizes) == 2:
            raise TimedOut("MTT did not answer in time", may_have_taken_effect=True)

    given, vendor = parked(3, lose)
    report = given.apply()
    assert report.summary == {"applied": 0, "unverified": 1, "failed": 0, "unknown": 2, "skipped": 0}
    assert given.plan().summary["assert"] == 2
    assert given.apply().converged
    assert given.state.windows == ()


def test_one_batch_that_fails_whole_is_one_failure_and_not_a_hundred() -> None:
    def fail(_writes: list[Write], when: str) -> None:
        if when == "before" and len(vendor.sizes) == 2:
            raise Unavailable("MTT cannot be reached")

    given, vendor = parked(150, fail)
    report = given.apply()
    assert (report.summary["failed"], report.summary["unverified"]) == (100, 50)
