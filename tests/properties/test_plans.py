"""Laws of the core over random values: what is equal is no change, one change is told as one, apply makes it so."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.canonical import Form, Json, form
from reconciler.diff import field_changes
from reconciler.model import FieldChange, Forwarding, NumberForwarding, Parking, Value
from reconciler.plan.build import Options
from reconciler.plan.model import Consent
from reconciler.workflow.plan import make_plan
from tests.properties.strategies import CASES, Case, changes_of, forwardings, parkings, present, values
from tests.world import EVERYTHING, NONE, Vendor, World, desired, only, phone, world

QUICK = settings(max_examples=12)
ALLOWED = Consent(EVERYTHING.allow, EVERYTHING.overrides)


def ids(case: object) -> str:
    kind, name = case if isinstance(case, tuple) else (type(case), "")
    return f"{kind.type}-{name}"


@given(values)
def test_a_value_does_not_differ_from_itself(value: Value) -> None:
    assert field_changes(form(value), form(value)) == ()


@given(values, values)
def test_two_values_differ_exactly_when_their_forms_do(one: Value, other: Value) -> None:
    left, right = form(one), form(other)
    differ = (left.text, left.secrets) != (right.text, right.secrets)
    assert bool(field_changes(left, right)) is differ
    assert len(field_changes(left, right)) == len(field_changes(right, left))


few_targets = st.lists(
    st.fixed_dictionaries(
        {"to": st.sampled_from("abc"), "timeout": st.sampled_from([10, 20]), "name": st.sampled_from(["", "x"])}
    ),
    max_size=5,
)
values_of_few = st.fixed_dictionaries({"type": st.just("number"), "targets": few_targets, "masking": st.booleans()})


@given(values_of_few, values_of_few)
@settings(max_examples=300)
def test_what_is_told_turns_the_old_value_into_the_new_one(before: Json, after: Json) -> None:
    """Equal targets, and one that goes where another comes, are told too."""
    assert _changed(before, field_changes(Form(before), Form(after))) == after


def _changed(before: Json, told: Iterable[FieldChange]) -> Json:
    """The value after what is told of it: targets go from their old places, come to their new ones, then change."""
    value, targets = before | {}, [dict(target) for target in before["targets"]]
    placed = [(*_place(each.path), each) for each in told]
    for at, _, each in sorted(placed, key=lambda item: -item[0]):
        if each.path.endswith("]") and each.after is None:
            assert targets.pop(at) == each.before
    for at, _, each in placed:
        if each.path.endswith("]") and each.before is None:
            targets.insert(at, each.after)
    for at, name, each in placed:
        if name:
            (value if at < 0 else targets[at])[name] = each.after
    return value | {"targets": targets}


def _place(path: str) -> tuple[int, str]:
    """The place of the target that a path names, -1 where it names none, and the field, "" for all of the target."""
    found = re.fullmatch(r"targets\[(\d+)\]\.?(.*)", path)
    return (int(found[1]), found[2]) if found else (-1, path)


@given(values)
def test_the_form_of_a_form_is_itself(value: Value) -> None:
    """Reading the canonical text again, and taking the canonical periods for periods, changes nothing."""
    shown = form(value)
    assert json.loads(shown.text) == shown.json
    if isinstance(value, NumberForwarding):
        canonical = [(each["schedule"],) if each["schedule"] else () for each in shown.json["targets"]]
        if len(canonical) == len(value.targets):
            again = tuple(
                replace(target, periods=chosen) for target, chosen in zip(value.targets, canonical, strict=True)
            )
            assert form(replace(value, targets=again)).text == shown.text


@pytest.mark.parametrize("case", CASES, ids=ids)
@QUICK
@given(data=st.data())
def test_one_changed_live_field_is_exactly_that_field_in_the_plan(case: Case, data: st.DataObject) -> None:
    value, other, path = data.draw(changes_of(case))
    fresh = world([desired(1, value)], {1: NONE})
    assert fresh.apply().converged
    fresh.live["sales"].values[phone(1)] = other
    assert [field.path for field in only(fresh.plan()).fields] == [path]


@pytest.mark.parametrize("case", CASES, ids=ids)
@QUICK
@given(data=st.data())
def test_one_changed_desired_field_is_exactly_that_field_in_the_plan(case: Case, data: st.DataObject) -> None:
    value, other, path = data.draw(changes_of(case))
    fresh = world([desired(1, value)], {1: NONE})
    assert fresh.apply().converged
    fresh.files = [desired(1, other)]
    change = only(fresh.plan())
    assert [field.path for field in change.fields] == [path]
    assert change.fields[0].before != change.fields[0].after or change.fields[0].sensitive


numbers = st.dictionaries(st.integers(0, 5), forwardings, min_size=1, max_size=6)


@QUICK
@given(numbers, st.data())
def test_applying_a_plan_makes_live_what_is_desired(wanted: dict[int, Forwarding], data: st.DataObject) -> None:
    live = {index: data.draw(forwardings) for index in wanted}
    fresh = world([desired(index, value) for index, value in wanted.items()], live)
    report = fresh.apply(consent=ALLOWED)
    assert report.converged, report
    assert {index: form(fresh.live["sales"].values[phone(index)]).text for index in wanted} == {
        index: form(value).text for index, value in wanted.items()
    }
    assert fresh.plan().changes == ()
    assert set(fresh.state.entries) == {each.key for each in fresh.files}


@QUICK
@given(st.dictionaries(st.integers(0, 5), parkings, min_size=1))
def test_applying_parking_makes_live_what_is_desired(wanted: dict[int, Parking]) -> None:
    fresh = world([desired(index, value) for index, value in wanted.items()], parking=wanted)
    assert fresh.apply().converged
    assert {phone(index): value for index, value in wanted.items()} == fresh.live["office"].values
    assert fresh.plan().changes == ()


@QUICK
@given(numbers, numbers)
def test_from_any_configuration_to_any_other(before: dict[int, Forwarding], after: dict[int, Forwarding]) -> None:
    fresh = world([desired(index, value) for index, value in before.items()], dict.fromkeys(range(6), NONE))
    assert fresh.apply(consent=ALLOWED).converged
    fresh.files = [desired(index, value) for index, value in after.items()]
    assert fresh.apply(consent=ALLOWED).converged
    live = fresh.live["sales"].values
    expected = {index: after.get(index, NONE) for index in range(6)}
    assert {index: form(live[phone(index)]).text for index in range(6)} == {
        index: form(value).text for index, value in expected.items()
    }
    assert fresh.plan().changes == ()
    assert set(fresh.state.entries) == {each.key for each in fresh.files}


@QUICK
@given(numbers, st.data())
def test_the_plan_does_not_depend_on_the_order_of_anything(wanted: dict[int, Forwarding], data: st.DataObject) -> None:
    live = {index: data.draw(forwardings) for index in wanted}
    files = [desired(index, value) for index, value in wanted.items()]
    expected = world(files, live).plan()
    shuffled = world(data.draw(st.permutations(files)), dict(data.draw(st.permutations(list(live.items())))))
    again = shuffled.plan()
    assert again.changes == expected.changes
    assert again.breaches == expected.breaches
    assert again.summary == expected.summary


@QUICK
@given(present, st.sampled_from(["", "adopted"]))
def test_planning_twice_gives_the_same_plan_and_writes_nothing(value: Forwarding, adopted: str) -> None:
    fresh = world([desired(1, value)], {1: value if adopted else NONE})
    vendor = fresh.live["sales"]
    assert isinstance(vendor, Vendor)
    assert _plan(fresh) == _plan(fresh)
    assert vendor.writes == []


def _plan(fresh: World) -> object:
    return make_plan(fresh.session, Options(kept=True))[0]
