from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.model import Entry, Key, Kind
from reconciler.record.base import Intent, RecordError, RecordState, Run, Window
from reconciler.record.document import KEPT_RUNS, StoredDocument, parse, render
from reconciler.record.locks import StoredLock
from tests.record.values import T0, entry, holder, key, run, window

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
PLAIN = st.text("abc-.0123456789", min_size=1, max_size=8)
KEYS = st.builds(Key, PLAIN, st.text("0123456789", min_size=1, max_size=15), st.sampled_from(Kind))
DIGESTS = st.dictionaries(TEXT, TEXT, max_size=2)
PARKINGS = st.builds(lambda on: {"type": "parking", "parking": on}, st.none() | st.booleans())
FORWARDINGS = st.builds(lambda text: {"type": "url", "url": text}, st.none() | TEXT)


def values(key: Key) -> st.SearchStrategy[str]:
    return (PARKINGS if key.kind is Kind.PARKING else FORWARDINGS).map(json.dumps)


ENTRIES = KEYS.flatmap(
    lambda key: st.builds(Entry, st.just(key), TEXT, values(key), DIGESTS, st.booleans(), st.booleans(), TEXT, TEXT)
)
INTENTS = KEYS.flatmap(
    lambda key: st.builds(
        Intent, st.just(key), TEXT, TEXT, st.just("") | values(key), st.just("") | values(key), DIGESTS
    )
)
WINDOWS = st.builds(Window, TEXT, TEXT, TEXT, st.lists(INTENTS, min_size=1, max_size=3).map(tuple))
RUNS = st.builds(
    Run,
    *(TEXT, TEXT, TEXT, TEXT, st.integers(0, 99999), TEXT, TEXT, TEXT),
    st.lists(TEXT, max_size=2).map(tuple),
    st.lists(st.dictionaries(TEXT, st.none() | st.integers() | TEXT, max_size=3), max_size=2).map(tuple),
)
STATES = st.builds(
    RecordState,
    *(TEXT, TEXT, st.integers(0, 10**9)),
    st.lists(ENTRIES, max_size=4).map(lambda found: {each.key: each for each in found}),
    st.lists(WINDOWS, max_size=2).map(tuple),
    TEXT,
)
DOCUMENTS = st.builds(StoredDocument, STATES, st.lists(RUNS, max_size=3).map(tuple))

SMALL = StoredDocument(RecordState("lines", "L", 3, {key(1): entry(1)}, (window("w", 2),), "storm"), (run(),))


@settings(max_examples=60, deadline=None)
@given(DOCUMENTS)
def test_what_is_rendered_parses_to_the_same(document: StoredDocument) -> None:
    assert parse(render(document), source="it") == document


def test_locks_are_kept_with_their_process() -> None:
    document = StoredDocument(RecordState("lines"), locks=(StoredLock(holder(), "token", "m|b|n|1"),))
    assert parse(render(document), source="it") == document


def test_the_head_is_what_state_stores_look_for() -> None:
    data = json.loads(render(SMALL))
    assert {name: data[name] for name in ("format_version", "version", "serial", "lineage", "name")} == {
        "format_version": 2,
        "version": 2,
        "serial": 3,
        "lineage": "L",
        "name": "lines",
    }


def test_the_order_in_which_entries_came_does_not_show() -> None:
    entries = {key(n): entry(n) for n in (3, 1, 2)}
    one = render(StoredDocument(RecordState("lines", entries=entries)))
    two = render(StoredDocument(RecordState("lines", entries=dict(sorted(entries.items())))))
    assert one == two
    assert [line for line in one.splitlines() if "7499111220" in line] == sorted(
        line for line in one.splitlines() if "7499111220" in line
    )


def test_one_changed_entry_is_one_changed_line() -> None:
    entries = {key(n): entry(n) for n in range(5)}
    before = render(StoredDocument(RecordState("lines", entries=entries))).splitlines()
    after = render(StoredDocument(RecordState("lines", entries={**entries, key(2): entry(2, "new")}))).splitlines()
    assert len(before) == len(after)
    assert sum(a != b for a, b in zip(before, after, strict=True)) == 1


def changed(**fields: object) -> str:
    data = json.loads(render(SMALL))
    data.update(fields)
    return json.dumps({name: value for name, value in data.items() if value is not ...})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not a JSON document"),
        ("{", "not a JSON document"),
        ("[" * 100_000, "not a JSON document"),
        ("null", "no format_version"),
        ("[]", "no format_version"),
        ("{}", "no format_version"),
        ("<html>sign in</html>", "not a JSON document"),
        (changed(format_version="1"), "no format_version"),
        (changed(format_version=True), "no format_version"),
        (changed(format_version=3), "format 3.*up to 2"),
        (changed(format_version=-1), "damaged"),
        (changed(serial="3"), "serial is not a whole number"),
        (changed(serial=True), "serial is not a whole number"),
        (changed(lineage=None), "lineage is not text"),
        (changed(lineage=...), "lineage is missing"),
        (changed(entries=[]), "damaged"),
        (changed(entries={"exolve/7/forwarding": []}), "damaged"),
        (changed(entries={"exolve/7/fishing": {}}), "damaged"),
        (changed(entries={"exolve/7": {}}), "damaged"),
        (
            changed(entries={"exolve/7/forwarding": {"account": 1}}),
            r'entries\["exolve/7/forwarding"\].account is not text',
        ),
        (changed(windows=None), "damaged"),
        (changed(windows=[{"id": "w"}]), "damaged"),
        (changed(runs=[1]), "damaged"),
        (changed(locks=[{"account": "a"}]), "damaged"),
    ],
)
def test_what_is_no_record_is_an_error_that_names_the_source(text: str, message: str) -> None:
    with pytest.raises(RecordError, match=message) as caught:
        parse(text, source="the record at example")
    assert "the record at example" in str(caught.value)
    assert caught.value.hint


def test_a_newer_format_asks_for_an_upgrade() -> None:
    with pytest.raises(RecordError) as caught:
        parse(changed(format_version=9), source="it")
    assert "upgrade reconciler" in (caught.value.hint or "")


def test_format_0_is_read() -> None:
    old = {
        "format_version": 0,
        "serial": 7,
        "lineage": "L",
        "name": "lines",
        "entries": [
            {
                "provider": "exolve",
                "number": key(1).number,
                "kind": "forwarding",
                "account": "sales",
                "value": '{"type":"none"}',
                "confirmed": True,
                "written_at": T0,
                "run_id": "r1",
            }
        ],
        "windows": [],
        "runs": [],
        "locks": [],
    }
    assert parse(json.dumps(old), source="it") == StoredDocument(RecordState("lines", "L", 7, {key(1): entry(1)}))


def test_only_the_latest_runs_stay_and_those_with_an_open_window() -> None:
    document = replace(SMALL, runs=(run("r1"), run("old")))
    for number in range(KEPT_RUNS):
        document = document.with_run(run(f"n{number}"), (), default="")
    assert [each.id for each in document.runs] == ["r1", *(f"n{number}" for number in range(KEPT_RUNS))]


def test_results_of_a_run_that_is_not_known_are_not_kept() -> None:
    assert SMALL.with_run(None, [{"n": 1}], default="unknown") == SMALL
