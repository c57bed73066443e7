"""A field is declared once: every key of the files reaches the value and the wire, and every guard of a field holds."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import pytest
from pydantic.fields import FieldInfo

from reconciler.audit import drift_of
from reconciler.canonical import Json, form
from reconciler.config.models import entries
from reconciler.effects.calendar import alike
from reconciler.model import (
    FORWARDINGS,
    VALUES,
    Action,
    Change,
    Entry,
    Forwarding,
    LiveSource,
    NumberForwarding,
    Target,
    declared,
)
from reconciler.plan.undo import RestoreError, Restorer
from reconciler.providers.exolve.mapping import encode
from reconciler.views.human.values import details, summary
from tests.unit.config.loading import number, sound
from tests.world import NONE, desired, key, rings, world

# Two values of each key whose model gives no two examples: the second is what it is without the key, where it may go.
SAMPLES: dict[str, tuple[Any, Any]] = {
    "redirect": ("sequential", "parallel"),
    "to": ("74992223344", "74992223355"),
    "schedule": ({"period": "hr {9-17}"}, {"period": "hr {9-18}"}),
    "schedule_description": ("work", "day"),
    "timeout": (16, 17),
    "url": ("https://example.com/route", "https://example.com/other"),
    "sip_uri": ("user@sip.example.com", "other@sip.example.com"),
    "static_ip": ("203.0.113.7", "203.0.113.8"),
    "port": (5060, 5061),
    "active": (False, True),
}


def keys(shape: type) -> dict[str, Any]:
    return {name: hint for name, hint in get_type_hints(shape, include_extras=True).items() if name != "type"}


def sample(name: str, hint: Any) -> tuple[Any, Any]:
    """Two values of a key: as the model's example has it, or on and off."""
    if name in SAMPLES:
        return SAMPLES[name]
    assert get_origin(hint) is Annotated
    kind, *extras = get_args(hint)
    (info,) = (extra for extra in extras if isinstance(extra, FieldInfo))
    return (True, False) if kind is bool else ((info.examples or [])[0], None)


def whole(shape: type, at: int = 0, of: str = "") -> dict[str, Any]:
    """An entry with every key, of which the key `of` has its second value."""
    made = {
        name: sample(name, hint)[at if name == of else 0] for name, hint in keys(shape).items() if name != "targets"
    }
    return {name: value for name, value in made.items() if value is not None}


def entry(type_name: str, target: dict[str, Any], at: int = 0, of: str = "") -> dict[str, Any]:
    targets = {"targets": [target]} if type_name == "number" else {}
    return {"type": type_name, **whole(entries.FORWARDINGS[type_name], at, of), **targets}


def loaded(folder: Path, written: dict[str, Any]) -> Forwarding:
    configuration = sound(folder, number(f"forwarding: {json.dumps(written)}")).configuration
    assert configuration is not None
    value = configuration.desired[0].value
    assert isinstance(value, FORWARDINGS)
    return value


CASES = [(name, each) for name, shape in entries.FORWARDINGS.items() for each in keys(shape) if each != "targets"]
TARGET = whole(entries.TargetEntry)


@pytest.mark.parametrize(("type_name", "name"), CASES)
def test_every_key_of_a_forwarding_reaches_the_value_and_the_wire(type_name: str, name: str, tmp_path: Path) -> None:
    one = loaded(tmp_path / "one", entry(type_name, TARGET))
    other = loaded(tmp_path / "other", entry(type_name, TARGET, 1, name))
    assert form(one).text != form(other).text
    assert encode("74991112233", one) != encode("74991112233", other)


@pytest.mark.parametrize("name", keys(entries.TargetEntry))
def test_every_key_of_a_target_reaches_the_value_and_the_wire(name: str, tmp_path: Path) -> None:
    one = loaded(tmp_path / "one", entry("number", TARGET))
    other = loaded(tmp_path / "other", entry("number", whole(entries.TargetEntry, 1, name)))
    assert form(one).text != form(other).text
    assert encode("74991112233", one) != encode("74991112233", other)


@pytest.mark.parametrize("shape", [*entries.FORWARDINGS.values(), entries.TargetEntry])
def test_the_keys_of_the_files_are_the_fields_of_the_values(shape: type) -> None:
    names = {entry: VALUES[name] for name, entry in entries.FORWARDINGS.items()} | {entries.TargetEntry: Target}
    assert set(keys(shape)) == {each.key for each in declared(names[shape])}


def test_a_profile_may_have_any_key_of_any_type() -> None:
    union = {name for shape in entries.FORWARDINGS.values() for name in get_type_hints(shape)}
    assert set(get_type_hints(entries.ForwardingPart)) == union


@pytest.mark.parametrize("each", [each for each in declared(NumberForwarding) if not each.is_required])
def test_every_setting_is_told_with_the_whole_value(each: Any) -> None:
    value: Json = form(rings()).json | {each.key: True if each.type is bool else "12345"}
    told = [summary(value), *details(value)]
    assert sum(each.key in line for line in told) == 1


# -- what is not known does not differ ---------------------------------------------------------------------------------


def test_a_field_that_an_audit_could_not_read_has_not_drifted() -> None:
    recorded, live = replace(rings(timeout=20), client_id="crm-1"), rings(timeout=35)
    change = Change(
        key=key(1),
        account="sales",
        action=Action.UPDATE,
        before=form(live, unreadable=["client_id"]).json,
        after=form(recorded).json,
        live_source=LiveSource.READ,
    )
    told = drift_of(change, Entry(key(1), "sales", form(recorded).text), None)
    assert [item.path for item in told.fields] == ["targets[0].timeout"]


def test_a_recorded_value_that_would_come_back_as_another_is_lost() -> None:
    given = world([desired(1, rings())], {1: NONE})
    restorer = Restorer(given.session.configuration, given.session.plan_context(), "sales")
    data = form(rings()).json
    assert form(restorer.value(data, {})).json == data
    data["targets"][0]["schedule"] = "hr {9am-4pm}"
    with pytest.raises(RestoreError, match="not recorded as it was") as caught:
        restorer.value(data, {})
    assert caught.value.path == "targets"


def test_numbers_share_a_picture_if_they_differ_only_in_what_routes_no_call() -> None:
    settings: Json = {
        each.name: True if each.type is bool else "1" for each in declared(NumberForwarding) if not each.routes
    }
    values = (rings(), *(replace(rings(), **{each: settings[each]}) for each in settings), rings(timeout=35))
    chosen = [desired(at, value) for at, value in enumerate(values, start=1)]
    assert alike(chosen) == [chosen[:-1], chosen[-1:]]
