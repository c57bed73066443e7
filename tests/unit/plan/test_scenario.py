from __future__ import annotations

from tests.world import NONE, World, codes, desired, phone, rings, url, world

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
    assert "replaces it by 'flood'" in found.message


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


def test_a_plan_with_nothing_to_do_does_not_speak_of_leaving() -> None:
    one = in_storm()
    one.scenario, one.digest = None, "sha256:2"
    assert codes(one.plan()) == []


def test_effects_of_a_scenario_are_those_of_the_change_that_it_makes() -> None:
    one = world([desired(1, rings())], {1: NONE})
    one.apply()
    one.files, one.scenario, one.digest = [desired(1, url())], "storm", "sha256:2"
    (change,) = one.plan().changes
    assert change.key.number == phone(1)
    assert [(item.when, item.after) for item in change.effects] == [("always", "URL https://example.com/route")]
