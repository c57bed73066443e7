"""Recorded values say their version: a field that a later program adds, or spells otherwise, is never a difference."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler import canonical
from reconciler.canonical import Json, upgrade_value
from reconciler.model import CANONICAL_VERSION, Value
from reconciler.plan.build import Options, Refresh
from reconciler.record.base import RecordError
from reconciler.record.document import parse, render
from reconciler.workflow.audit import make_audit
from reconciler.workflow.plan import make_undo
from tests.world import EVERYTHING, NONE, World, actions, codes, desired, key, only, phone, rings, world


@pytest.fixture
def given() -> World:
    """A number that this version has written twice."""
    made = world([desired(1, rings()), desired(2, rings())], {1: NONE, 2: NONE})
    assert made.apply().converged
    made.files = [desired(1, rings(timeout=30)), desired(2, rings())]
    assert made.apply().converged
    return made


@pytest.fixture
def newer(given: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """The same, seen by a version whose forwardings have one more optional field."""
    fields = canonical._fields

    def more(value: Value) -> Json:
        return {**fields(value), "recording": False} if value.type == "number" else fields(value)

    optional = {**canonical._OPTIONAL, "number": {**canonical._OPTIONAL["number"], "recording": False}}
    monkeypatch.setattr(canonical, "_fields", more)
    monkeypatch.setattr(canonical, "_OPTIONAL", optional)
    return given


@pytest.mark.parametrize("refresh", list(Refresh))
def test_a_new_optional_field_is_no_difference(newer: World, refresh: Refresh) -> None:
    assert newer.plan(refresh=refresh).changes == ()


def test_a_new_optional_field_leaves_deletes_what_they_are(newer: World) -> None:
    newer.files = newer.files[:1]
    assert (actions(newer.plan()), codes(newer.plan())) == ({phone(2): "delete"}, [])


def test_a_new_optional_field_leaves_undo_what_it_is(newer: World) -> None:
    record = newer.session.record
    run = record.run(record.runs()[0].id)
    assert run is not None
    plan, _ = make_undo(newer.session, run, Options(kept=True, consent=EVERYTHING))
    assert ([field.path for field in only(plan).fields], codes(plan)) == (["targets[0].timeout"], [])


def test_a_new_optional_field_leaves_an_audit_what_it_is(newer: World) -> None:

    seen = make_audit(newer.session, (), lambda _progress: None)
    assert (seen.drift, seen.pending) == ((), ())


def test_a_new_optional_field_is_recorded_along_with_the_next_apply(newer: World) -> None:
    assert newer.apply().converged
    assert '"recording":false' in newer.state.entries[key(1)].value


@pytest.fixture
def renamed(given: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """The same, seen by a version that calls `masking` something else."""

    def upgrade(data: Json) -> Json:
        if data["type"] != "number":
            return data
        return {("hides_caller" if name == "masking" else name): value for name, value in data.items()}

    fields = canonical._fields
    optional = {**canonical._OPTIONAL, "number": upgrade({"type": "number", **canonical._OPTIONAL["number"]})}
    monkeypatch.setattr(canonical, "CANONICAL_VERSION", CANONICAL_VERSION + 1)
    monkeypatch.setattr(canonical, "UPGRADES", {CANONICAL_VERSION: upgrade})
    monkeypatch.setattr(canonical, "_fields", lambda value: upgrade(fields(value)))
    monkeypatch.setattr(canonical, "_OPTIONAL", optional)
    return given


@pytest.mark.parametrize("refresh", list(Refresh))
def test_a_value_of_an_older_version_is_lifted_by_the_table_of_upgrades(renamed: World, refresh: Refresh) -> None:
    assert renamed.plan(refresh=refresh).changes == ()
    renamed.files = renamed.files[:1]
    assert actions(renamed.plan(refresh=refresh)) == {phone(2): "delete"}


def test_each_kept_value_says_its_version(given: World) -> None:
    assert {entry.canonical_version for entry in given.state.entries.values()} == {CANONICAL_VERSION}
    record = given.session.record
    run = record.run(record.runs()[0].id)
    assert run is not None
    assert [row["canonical_version"] for row in run.results] == [CANONICAL_VERSION]


def test_a_value_of_a_newer_version_is_refused_with_a_remedy(given: World) -> None:
    text = (given.store.text or "").replace('"canonical_version": 1', '"canonical_version": 2')
    given.store.replace(text)
    with pytest.raises(RecordError, match="values of version 2, this program knows versions up to 1") as caught:
        given.plan()
    assert "upgrade reconciler" in (caught.value.hint or "")


def test_a_value_without_a_version_is_of_the_first(given: World) -> None:
    text = (given.store.text or "").replace(', "canonical_version": 1', "")
    document = parse(text, source="it")
    assert {entry.canonical_version for entry in document.state.entries.values()} == {1}
    assert parse(render(document), source="it") == document


@pytest.mark.parametrize("data", [{"type": "url", "url": "https://a.example"}, {"type": "sip", "sip_uri": "a@b"}])
def test_an_optional_field_that_is_absent_has_its_default(data: dict[str, Any]) -> None:
    assert upgrade_value(data) == {"reserve": "", **data} if data["type"] == "url" else data
