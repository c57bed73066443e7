"""A saved plan is believed in nothing: each field that apply would go by is decided again, and a difference refused."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from reconciler.apply.report import ApplyReport, Halt
from reconciler.cli.exits import Exit, of_report
from reconciler.effects.wording import PLAIN
from reconciler.formats.change import required_allowances
from reconciler.formats.plan import PlanFileError, load_plan, plan_as_shown, render_plan
from reconciler.http.errors import Rejected
from reconciler.model import Action, Parking, Value
from reconciler.plan.build import Options
from reconciler.plan.model import Consent
from reconciler.settings import Limit, Policy
from reconciler.views.base import text_of
from reconciler.views.ci.plan import plan_review
from reconciler.views.human.plan import plan as text
from reconciler.views.markdown import comment
from reconciler.views.web.pages import plan_page
from reconciler.workflow.plan import make_plan
from reconciler.workflow.stored import StalePlanError, check_expected
from tests.conftest import Tally
from tests.team import team
from tests.unit.views import values
from tests.world import EVERYTHING, NONE, World, desired, key, phone, rings, sip, url, world

EVENTS = "https://example.com/calls?key=${var:EVENT_KEY}"
Edit = Callable[[dict[str, Any]], object]


def several() -> World:
    """Applied numbers, then a change of every action."""
    files = [desired(at, rings(timeout=20)) for at in range(1, 5)]
    given = world(files, {**dict.fromkeys(range(1, 5), NONE), 5: url(), 6: NONE}, parking=[8])
    given.variables = {"EVENT_KEY": "s3cret-one"}
    assert given.apply().converged
    given.files = [
        desired(1, rings(timeout=30)),
        desired(2, NONE),
        desired(4, rings(phone(6), event_url=EVENTS)),
        desired(5, sip()),
        desired(6, sip("other@sip.example.com"), protected=True),
        desired(8, Parking(parked=True)),
    ]
    return given


def edited(data: bytes, edit: Edit) -> bytes:
    plan = json.loads(data)
    edit(plan)
    return json.dumps(plan).encode()


def held(given: World) -> dict[str, Value]:
    """What the vendors hold."""
    return {number: value for vendor in given.live.values() for number, value in vendor.values.items()}


def refused(given: World, data: bytes) -> str:
    """Apply what must be refused before anything is written, and return why."""
    before, entries = held(given), given.state.entries
    try:
        report = given.apply_saved(data)
    except (PlanFileError, StalePlanError) as error:
        why = str(error)
    else:
        assert (report.wrote, report.converged) == (False, False)
        why = " ".join(item.message for item in report.diagnostics)
    assert (held(given), given.state.entries) == (before, entries)
    return why


def change(action: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda plan: next(each for each in plan["changes"] if each["action"] == action)


UPDATE, DELETE, ADOPT, CREATE = change("update"), change("delete"), change("adopt"), change("create")

TAMPERED: dict[str, Edit] = {
    "an update that is called a create": lambda plan: UPDATE(plan).update(action="create"),
    "an adoption that is called an update": lambda plan: ADOPT(plan).update(action="update", needs=[]),
    "an adoption without its need": lambda plan: ADOPT(plan).update(needs=[]),
    "a delete without its need": lambda plan: DELETE(plan).update(needs=[]),
    "a protected number that is not": lambda plan: CREATE(plan).update(protected=False, needs=[]),
    "another value": lambda plan: UPDATE(plan)["after"]["targets"][0].update(to="74990000000"),
    "another value before": lambda plan: UPDATE(plan)["before"]["targets"][0].update(timeout=99),
    "no value before": lambda plan: UPDATE(plan).update(before=None),
    "an update that is a delete": lambda plan: UPDATE(plan).update(
        action="delete", after={"type": "none"}, declared_at=None, needs=[]
    ),
    "another order": lambda plan: plan["changes"].reverse(),
    "nothing to wait for": lambda plan: [each.update(depends_on=[]) for each in plan["changes"]],
    "a change twice": lambda plan: plan["changes"].append(copy.deepcopy(UPDATE(plan))),
    "a number that is not declared": lambda plan: plan["changes"].append(
        {**copy.deepcopy(UPDATE(plan)), "number": phone(9), "address": f"sales/{phone(9)}"}
    ),
    "a secret that is another one": lambda plan: [
        each["after_digests"].update(event_url=each["after_digests"]["event_url"][:-4] + "0000")
        for each in plan["changes"]
        if each.get("after_digests")
    ],
    "a secret without its digest": lambda plan: [each.update(after_digests={}) for each in plan["changes"]],
    "another account": lambda plan: UPDATE(plan).update(account="office", address=f"office/{phone(1)}"),
}


@pytest.mark.parametrize("what", TAMPERED)
def test_a_plan_that_was_edited_is_refused(what: str) -> None:
    given = several()
    assert refused(given, edited(given.saved(), TAMPERED[what]))


def test_the_unedited_plan_is_applied() -> None:
    given = several()
    report = given.apply_saved(given.saved())
    assert (report.converged, given.plan().changes) == (True, ())


def test_a_limit_cannot_be_passed_under_another_name() -> None:
    given = world([desired(at, rings()) for at in range(20)], dict.fromkeys(range(20), NONE))
    assert given.apply().converged
    given.files = [desired(at, rings(timeout=33)) for at in range(20)]
    given.policy = Policy(max_changes=Limit(count=2))
    data = given.saved(consent=Consent())
    disguised = edited(data, lambda plan: [each.update(action="create") for each in plan["changes"]])
    assert refused(given, disguised)
    assert refused(given, data)


def test_what_the_record_says_of_protection_now_holds() -> None:
    given = several()
    data = given.saved(consent=Consent(frozenset({"delete", "adopt"}), EVERYTHING.overrides))
    files, given.files = given.files, [desired(1, rings(timeout=20), protected=True)]
    given.whole = False
    assert given.apply().converged
    given.files, given.whole = files, True
    assert "it is protected now" in refused(given, data)
    assert given.state.entries[key(1)].protected


# -- a plan that was applied -----------------------------------------------------------------------------------------


def test_a_plan_that_was_applied_is_done_and_says_by_which_run() -> None:
    given = several()
    data = given.saved()
    first = given.apply_saved(data)
    writes = len(given.live["sales"].writes)
    again = given.apply_saved(data)
    assert (again.results, again.converged, of_report(again)) == ((), True, Exit.DONE)
    assert again.done == (first.run_id,)
    assert [item.code for item in again.diagnostics] == ["plan-applied"]
    assert first.run_id[:12] in again.diagnostics[0].message
    assert len(given.live["sales"].writes) == writes


def test_a_plan_that_was_applied_in_part_goes_on_where_it_ended() -> None:
    given = several()
    data = given.saved()
    given.live["sales"].before = _fail
    part = given.apply_saved(data)
    assert of_report(part) is Exit.PARTIAL
    given.live["sales"].before = lambda _verb, _number: None
    rest = given.apply_saved(data)
    assert rest.converged
    assert 0 < len(rest.results) < len(part.results)
    assert given.plan().changes == ()


def _fail(verb: str, number: str) -> None:

    if verb == "write" and number == phone(1):
        raise Rejected("no")


def test_a_plan_whose_number_has_moved_since_it_was_applied_is_stale_again() -> None:
    given = several()
    data = given.saved()
    given.apply_saved(data)
    given.live["sales"].values[phone(1)] = url()
    report = given.apply_saved(data)
    assert (report.halt, of_report(report)) == (Halt.STALE, Exit.STALE)


def test_what_somebody_else_made_as_the_plan_wants_is_done_too() -> None:
    given = world([desired(1, sip())], {1: NONE})
    data = given.saved()
    given.live["sales"].values[phone(1)] = sip()
    report = given.apply_saved(data)
    assert (report.converged, report.done, given.live["sales"].writes) == (True, ("",), [])


def test_a_review_that_has_expired_permits_nothing() -> None:
    given = several()
    reviewed = load_plan(given.saved(expires_in=60.0))
    fresh = make_plan(given.session, Options(kept=True, consent=EVERYTHING))[0]
    check_expected(fresh, reviewed, given.clock.now())
    with pytest.raises(StalePlanError, match="expired"):
        check_expected(fresh, reviewed, given.clock.now() + 61)


# -- what is shown of a plan -----------------------------------------------------------------------------------------


def test_what_is_shown_follows_from_the_values_and_not_from_what_is_stored_beside_them() -> None:
    given = several()
    data = given.saved()

    def lie(plan: dict[str, Any]) -> None:
        for each in plan["changes"]:
            each.update(fields=[], effects=[{"when": "never", "before": "nothing", "after": "nothing"}])
            each["needs"] = []

    assert plan_as_shown(load_plan(edited(data, lie))).changes == plan_as_shown(load_plan(data)).changes


def test_a_plan_whose_action_does_not_fit_its_values_is_not_shown() -> None:
    given = several()
    edit = TAMPERED["an update that is called a create"]
    with pytest.raises(PlanFileError, match="does not match its `before` and `after`"):
        plan_as_shown(load_plan(edited(given.saved(), edit)))


# -- every field, mutated --------------------------------------------------------------------------------------------

ODD: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1e308, 2**70, "", "none", "\u0000", "7" * 40, [], {}, [[]], {"type": "none"}, "create"),
    *(
        {"type": "number"},
        {"type": "number", "targets": [1]},
        {"targets": None},
        ["allow-delete"],
        "2001-01-01",
        "x:y:z",
    ),
)


def places(data: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The paths of all values in a document."""
    items = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for name, value in items:
        yield (*path, name)
        yield from places(value, (*path, name))


def mutant(plan: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    """A plan with one to three of its values changed, moved, doubled or gone."""
    made = copy.deepcopy(plan)
    for _ in range(chance.randint(1, 3)):
        *path, last = chance.choice(list(places(made)))
        parent = made
        for step in path:
            parent = parent[step]
        match chance.randrange(4):
            case 0:
                parent[last] = copy.deepcopy(chance.choice(ODD))
            case 1:
                del parent[last]
            case 2:
                other: Any = made
                for step in chance.choice(list(places(made))):
                    other = other[step]
                parent[last] = copy.deepcopy(other)
            case _:
                if isinstance(parent, list):
                    parent.insert(chance.randrange(len(parent) + 1), copy.deepcopy(parent[last]))
                else:
                    parent[str(last) + "_"] = parent[last]
    return made


def judge(seeds: range) -> dict[str, int]:
    """Apply and show mutants: each is refused, or did nothing but what the files say; none ends in a traceback."""
    ends = {"refused": 0, "harmless": 0}
    data = several().saved()
    plan = json.loads(data)
    for seed in seeds:
        given = several()
        tampered = json.dumps(mutant(plan, random.Random(seed))).encode()
        before, wanted = held(given), {each.key.number: each.value for each in given.files}
        ends[_ended(given, tampered)] += 1
        for number, value in held(given).items():
            resolved = rings(phone(6), event_url=EVENTS.replace("${var:EVENT_KEY}", "s3cret-one"))
            right = {phone(4): resolved, phone(3): NONE}.get(number, wanted.get(number))
            assert value in (before[number], right), (seed, number)
        _show(tampered)
    return ends


def _ended(given: World, data: bytes) -> str:
    try:
        report: ApplyReport = given.apply_saved(data)
    except (PlanFileError, StalePlanError):
        return "refused"
    return "harmless" if report.wrote or report.converged else "refused"


def _show(data: bytes) -> None:
    try:
        shown = plan_as_shown(load_plan(data))
    except PlanFileError:
        return
    text_of(text(shown, 80, PLAIN))
    comment(shown)
    plan_page(shown)
    plan_review(shown, (), failed=False, enforced=False)


def test_a_sample_of_mutated_plans_is_refused_or_harmless() -> None:
    ends = judge(range(120))
    assert ends["refused"] > 60
    assert sum(ends.values()) == 120


@pytest.mark.soak
@pytest.mark.parametrize("part", range(4))
def test_mutated_plans_are_refused_or_harmless(part: int, tally: Tally) -> None:
    tally("plan files with mutated fields through `apply` and `show`", 500)
    ends = judge(range(1_000 + 500 * part, 1_500 + 500 * part))
    assert sum(ends.values()) == 500


OFF, HERE, THERE = values.NOTHING, values.numbers(), values.url("https://example.com")


@pytest.mark.parametrize(
    ("action", "before", "after", "needs"),
    [
        (Action.CREATE, OFF, HERE, ()),
        (Action.UPDATE, HERE, THERE, ()),
        (Action.FORGET, OFF, None, ()),
        (Action.DELETE, HERE, OFF, ("allow-delete",)),
        (Action.ADOPT, HERE, THERE, ("allow-adopt",)),
    ],
)
@pytest.mark.parametrize("protected", [False, True])
def test_a_change_needs_what_its_action_does_and_nothing_more(
    action: Action, before: Any, after: Any, needs: tuple[str, ...], protected: bool
) -> None:
    made = values.change("sales/74991112233", action, before, after, protected=protected)
    assert required_allowances(made) == (*needs, *(["allow-protected"] if protected else []))


@pytest.mark.parametrize(
    ("path", "put"),
    [
        (("calendars", 0, "off"), []),
        (("calendars", 0, "first"), 2028),
        (("calendars", 0, "last"), 1_999_999_999),
        (("since",), "0001-01-01"),
    ],
)
def test_names_of_a_plan_file_that_cannot_be_told_are_damage(
    path: tuple[str | int, ...], put: object, tmp_path: Path
) -> None:
    given = team(tmp_path)
    given.apply()
    given.hour_later()
    stored = json.loads(render_plan(given.plan(), tool_version="0"))
    load_plan(json.dumps(stored).encode())
    inner = stored["names"]
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = put
    with pytest.raises(PlanFileError, match="damaged at `names"):
        load_plan(json.dumps(stored).encode())
