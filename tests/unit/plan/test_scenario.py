from __future__ import annotations

from dataclasses import replace

from reconciler.http.errors import Rejected
from reconciler.plan.build import Options
from reconciler.plan.model import reminder, scenario_reminder
from reconciler.workflow.plan import make_undo
from tests.world import EVERYTHING, NONE, World, codes, desired, phone, rings, url, world

RULE = "scenario-in-force"


def in_storm() -> World:
    """Two numbers, of which an apply with the scenario `storm` has sent one to a URL."""
    one = world([desired(1, url()), desired(2, rings())], {1: NONE, 2: NONE}, scenario="storm")
    one.apply()
    return one


def back(one: World) -> World:
    one.scenario, one.digest = None, "sha256:2"
    one.files = [desired(1, rings()), desired(2, rings())]
    return one


def refuse(one: World, *numbers: str) -> None:
    """Let the vendor refuse to write these numbers, and no others."""

    def before(verb: str, number: str) -> None:
        if verb == "write" and number in numbers:
            raise Rejected("no")

    one.live["sales"].before = before


def hints(one: World) -> list[str | None]:
    return [item.hint for item in one.plan().diagnostics if item.code == RULE]


def test_the_record_keeps_the_scenario_that_an_apply_put_into_force() -> None:
    assert in_storm().state.scenario == "storm"


def test_a_plan_of_the_same_scenario_says_how_to_go_back() -> None:
    assert hints(in_storm()) == ["to go back: reconciler apply without --scenario"]


def test_a_plan_without_the_scenario_says_that_it_goes_back() -> None:
    one = back(in_storm())
    (found,) = [item for item in one.plan().diagnostics if item.code == RULE]
    assert found.message == "scenario 'storm' is in force; this plan goes back to the files without it"
    assert found.hint == "to stay in it: --scenario storm; to leave it: apply this plan"


def test_a_plan_of_another_scenario_says_that_it_replaces_the_one_in_force() -> None:
    one = back(in_storm())
    one.scenario = "flood"
    (found,) = [item for item in one.plan().diagnostics if item.code == RULE]
    assert "replaces it with 'flood'" in found.message


def test_an_apply_without_the_scenario_leaves_it() -> None:
    one = back(in_storm())
    one.apply()
    assert one.state.scenario == ""
    assert RULE not in codes(one.plan())


def test_an_apply_to_some_numbers_only_does_not_leave_the_scenario() -> None:
    one = back(in_storm())
    one.files = [desired(1, rings()), desired(2, rings("74992223377"))]
    one.apply(limit=1)
    assert one.state.scenario == "storm"
    assert RULE in codes(one.plan())
    one.apply()
    assert one.state.scenario == ""


def test_a_plan_with_nothing_to_do_still_reminds_and_an_apply_ends_it() -> None:
    one = in_storm()
    one.scenario, one.digest = None, "sha256:2"
    (found,) = [item for item in one.plan().diagnostics if item.code == RULE]
    assert "as the files say without it" in found.message
    assert found.hint == "to go back: reconciler apply without --scenario"
    assert one.apply().converged
    assert (one.state.scenario, codes(one.plan())) == ("", [])


def test_a_scenario_that_needs_no_change_is_in_force_once_it_was_applied() -> None:
    one = in_storm()
    one.scenario, one.digest = "flood", "sha256:2"
    assert "is as 'flood' says" in one.plan().diagnostics[0].message
    one.apply()
    assert one.state.scenario == "flood"


def test_a_scenario_of_which_nothing_could_be_written_is_not_in_force() -> None:
    one = back(in_storm())
    one.apply()
    one.files, one.scenario, one.digest = [desired(1, url()), desired(2, rings())], "storm", "sha256:3"
    refuse(one, phone(1))
    assert not one.apply().wrote
    assert one.state.scenario == ""


def test_a_scenario_stays_in_force_until_every_number_has_left_it() -> None:
    one = in_storm()
    one.files = [desired(1, url()), desired(2, url())]
    one.apply()
    back(one)
    refuse(one, phone(1))
    assert one.apply().wrote
    assert one.state.scenario == "storm"
    assert RULE in codes(one.plan())
    refuse(one)
    one.apply()
    assert one.state.scenario == ""


def test_an_undo_says_that_it_leaves_the_scenario_in_force() -> None:
    one = in_storm()
    run = one.session.record.run(one.session.record.runs()[0].id)
    assert run is not None
    plan, _state = make_undo(one.session, run, Options(kept=True, consent=EVERYTHING))
    (found,) = [item for item in plan.diagnostics if item.code == RULE]
    assert "an undo does not change that" in found.message
    one.apply_plan(plan, one.state)
    assert one.state.scenario == "storm"


def test_a_scenario_that_the_files_do_not_have_any_more_is_told_so() -> None:
    one = back(in_storm())
    known = replace(one.configuration, scenarios=frozenset({"gale"}))
    (found,) = reminder(one.plan(), "storm", known)
    assert "put 'storm' back into the files" in (found.hint or "")
    (audited,) = scenario_reminder(known, "storm")
    assert "put 'storm' back into the files" in (audited.hint or "")


def test_effects_of_a_scenario_are_those_of_the_change_that_it_makes() -> None:
    one = world([desired(1, rings())], {1: NONE})
    one.apply()
    one.files, one.scenario, one.digest = [desired(1, url())], "storm", "sha256:2"
    (change,) = one.plan().changes
    assert change.key.number == phone(1)
    assert [(item.when, item.after) for item in change.effects] == [("always", "URL https://example.com/route")]
