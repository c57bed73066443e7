"""The store keeps each event once, durably, for as long as was asked, and writes to no file of another program."""

from __future__ import annotations

import json
import sqlite3
import stat
from pathlib import Path

import pytest

from reconciler.events.reading import read_body
from reconciler.events.store import DEFAULT, EventStore, Received, StoreError
from tests.unit.events.building import EXOLVE, Body, raw


def received(body: Body, at: float = 100.0) -> Received:
    return Received(read_body(raw(body)), at)


def test_events_are_there_again_in_the_order_in_which_they_came(tmp_path: Path) -> None:
    path = tmp_path / DEFAULT
    store = EventStore(path, writes=True)
    store.add(received(body, at=number) for number, body in enumerate(EXOLVE))
    reader = EventStore(path)
    assert [each.event for each in reader.everything()] == [read_body(raw(body)) for body in EXOLVE]
    assert [each.event.kind for each in reader.latest(2)] == ["definition", "end"]
    assert [each.number for each in reader.after(3)] == [4, 5]
    assert [each.first for each in reader.latest(9)] == [0, 1, 2, 3, 4]


def test_one_that_comes_again_is_counted(tmp_path: Path) -> None:
    store = EventStore(tmp_path / "a.db", writes=True)
    for at in (5.0, 9.0, 7.0):
        store.add([received(dict(reversed(EXOLVE[0].items())), at), received({**EXOLVE[1], "note": at})])
    first, *others = store.latest(9)
    assert (first.times, first.first, first.last) == (3, 5.0, 9.0)
    assert [each.times for each in others] == [1, 1, 1]


def test_a_call_is_found_by_each_of_its_names(tmp_path: Path) -> None:
    store = EventStore(tmp_path / "a.db", writes=True)
    bodies = [
        EXOLVE[0],
        {**EXOLVE[1], "uid": None},
        {**EXOLVE[4], "call_sid": None},
        {**EXOLVE[0], "uid": 5, "call_sid": "x"},
    ]
    store.add(map(received, bodies))
    for name in ("12345678910", "call-test-12345"):
        assert [each.number for each in store.of_call(name)] == [1, 2, 3]
    assert store.of_call("") == []
    assert store.of_call("1234567891") == []


def test_what_is_old_is_removed_and_leaves_no_trace(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    store = EventStore(path, writes=True)
    store.add([received({**EXOLVE[0], "note": "canary-of-old"}, 10.0), received(EXOLVE[1], 20.0)])
    assert store.prune(20.0) == 1
    assert [each.event.kind for each in store.latest(9)] == ["start"]
    store.close()
    assert b"canary-of-old" not in path.read_bytes()


def test_the_path_is_made_once_and_is_long(tmp_path: Path) -> None:
    first, other = (EventStore(tmp_path / name, writes=True) for name in ("a.db", "b.db"))
    path = first.secret_path()
    assert EventStore(tmp_path / "a.db", writes=True).secret_path() == path != other.secret_path()
    assert len(path) >= 32


def test_the_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / DEFAULT
    EventStore(path, writes=True)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert (path.parent / ".gitignore").read_text("utf-8") == "*\n"


def test_a_file_of_another_program_is_left_as_it_is(tmp_path: Path) -> None:
    text, database, link = (tmp_path / name for name in ("notes.txt", "other.db", "link.db"))
    text.write_text("dear diary " * 1000, "utf-8")
    with sqlite3.connect(database) as other:
        other.execute("CREATE TABLE events (a)")
    other.close()
    link.symlink_to(database)
    before = (text.read_bytes(), database.read_bytes())
    for path in (text, database, link):
        with pytest.raises(StoreError):
            EventStore(path, writes=True)
    assert (text.read_bytes(), database.read_bytes()) == before


def test_who_reads_makes_no_file(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no store of events"):
        EventStore(tmp_path / "a.db")
    assert list(tmp_path.iterdir()) == []


def test_a_newer_format_and_a_damaged_body_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    EventStore(path, writes=True).add([received(EXOLVE[0])])
    with sqlite3.connect(path) as other:
        other.execute("UPDATE events SET body = ?", (json.dumps({"type": "o"}),))
    with pytest.raises(StoreError, match="damaged"):
        EventStore(path).latest(1)
    with sqlite3.connect(path) as other:
        other.execute("PRAGMA user_version = 2")
    other.close()
    with pytest.raises(StoreError, match="newer"):
        EventStore(path)
