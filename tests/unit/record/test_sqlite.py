from __future__ import annotations

import os
import shutil
import sqlite3
import stat
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from reconciler.record import sqlite
from reconciler.record.base import RecordError, Update
from reconciler.record.sqlite import APPLICATION_ID, SqliteRecord
from tests.record.contract import commit
from tests.record.values import entry, holder, key, run, window


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / ".reconciler" / "record.db"


@contextmanager
def opened(path: Path, name: str | None = "lines") -> Iterator[SqliteRecord]:
    with closing(SqliteRecord(path, name=name)) as record:
        yield record


def made(path: Path, *numbers: int) -> None:
    with opened(path) as record:
        commit(record, Update(put=[entry(n) for n in numbers or (1,)]))


def test_loading_makes_no_file(path: Path) -> None:
    with opened(path) as record:
        record.load()
        record.holders()
        record.runs()
        record.unlock([], force=True)
    assert not path.parent.exists()


def test_the_file_and_its_folder_are_private_and_kept_out_of_git(path: Path) -> None:
    with opened(path) as record, record.lock([holder()]) as lock:
        record.commit(lock, Update(put=[entry()]), expected=record.load())
        names = {each.name: stat.S_IMODE(each.stat().st_mode) for each in path.parent.iterdir()}
    assert {names["record.db"], names["record.db-wal"], names["record.db-shm"]} == {0o600}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert (path.parent / ".gitignore").read_text("utf-8") == "*\n"
    assert [each.name for each in path.parent.iterdir() if each.name.startswith(".record")] == []


def test_a_commit_is_durable_when_it_returns(path: Path) -> None:
    made(path)
    with opened(path) as record:
        record.load()
        connection = record._connection
        assert connection is not None
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert connection.execute("PRAGMA synchronous").fetchone() == (2,)


def test_a_record_without_a_name_takes_the_one_it_is_given(path: Path) -> None:
    with opened(path, None) as record:
        assert commit(record, Update(put=[entry(1)])).name == ""
    with opened(path, "lines") as record:
        commit(record, Update(put=[entry(2)]))
    with opened(path, None) as record:
        assert record.load().name == "lines"
    with opened(path, "other") as record, pytest.raises(RecordError, match="'lines'"):
        record.load()


@pytest.mark.parametrize("replaced", [False, True], ids=["removed", "replaced"])
def test_a_file_that_vanishes_under_a_run_is_noticed_and_not_made_again(
    path: Path, tmp_path: Path, replaced: bool
) -> None:
    made(tmp_path / "other.db")
    with opened(path) as record:
        held = record.lock([holder()])
        lock = held.__enter__()
        state = record.commit(lock, Update(put=[entry(1)]), expected=record.load())
        path.unlink()
        if replaced:
            (tmp_path / "other.db").rename(path)
        for refused in (
            lambda: record.commit(lock, Update(put=[entry(2)]), expected=state),
            record.load,
            lambda: held.__exit__(None, None, None),
        ):
            with pytest.raises(RecordError, match="removed or replaced"):
                refused()
    assert path.exists() is replaced


def test_a_path_with_special_characters_is_a_path(tmp_path: Path) -> None:
    odd = tmp_path / "папка ?#%41" / "record.db"
    made(odd)
    assert odd.exists()
    with opened(odd) as record:
        assert set(record.load().entries) == {key(1)}


# -- what cannot be read is an error, never an empty record ---------------------------------------------------------


@pytest.mark.parametrize("content", [b"", b"not a database at all, but long enough to be one" * 40, b"\0" * 8192])
def test_a_file_that_is_no_record_is_refused_and_left_as_it_is(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    with opened(path) as record:
        with pytest.raises(RecordError, match=r"record\.db") as caught:
            record.load()
        assert "backup" in (caught.value.hint or "")
        with pytest.raises(RecordError), record.lock([holder()]):
            pass
    assert path.read_bytes() == content


def test_a_database_of_another_program_is_refused(path: Path) -> None:
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE entries (a)")
        other.commit()
    with opened(path) as record, pytest.raises(RecordError, match="is not a record"):
        record.load()


def test_a_damaged_page_is_noticed(path: Path) -> None:
    made(path, *range(200))
    content = bytearray(path.read_bytes())
    for offset in range(8192, len(content), 4096):
        content[offset : offset + 64] = b"\xa5" * 64
    path.write_bytes(content)
    with opened(path) as record, pytest.raises(RecordError, match="is damaged"):
        record.load()


def test_a_file_that_was_cut_short_is_noticed(path: Path) -> None:
    made(path, *range(200))
    os.truncate(path, path.stat().st_size // 2)
    with opened(path) as record, pytest.raises(RecordError, match="is damaged"):
        record.load()


@pytest.mark.parametrize(
    "damage",
    [
        *("UPDATE entries SET value = '{'", "UPDATE entries SET value = '[]'", "UPDATE entries SET value = '{}'"),
        """UPDATE entries SET value = '{"type":"number","targets":[1]}'""",
        """UPDATE entries SET value = '{"type":"parking","parking":true}'""",
        *("UPDATE entries SET digests = '7'", "UPDATE entries SET kind = 'call'", "UPDATE entries SET number = 'abc'"),
        *("UPDATE records SET serial = 'x'", "DELETE FROM records"),
    ],
)
def test_a_row_that_says_nothing_is_damage_and_no_crash(path: Path, damage: str) -> None:
    made(path)
    with closing(sqlite3.connect(path)) as other:
        other.execute(damage)
        other.commit()
    with opened(path) as record, pytest.raises(RecordError, match="is damaged"):
        record.load()


def test_a_run_that_says_nothing_is_damage_and_no_crash(path: Path) -> None:
    with opened(path) as record:
        commit(record, Update(run=run("r1"), results=[{"address": "x"}]))
    with closing(sqlite3.connect(path)) as other:
        other.execute("UPDATE results SET body = '{'")
        other.commit()
    with opened(path) as record, pytest.raises(RecordError, match="is damaged"):
        record.run("r1")


def test_a_new_record_is_whole_before_it_has_its_name(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What waits in a log beside the file when it gets its name stays there, unread."""
    kept: list[sqlite3.Connection] = []
    connect = sqlite._connect

    def beside(file: Path) -> sqlite3.Connection:
        connection = connect(file)
        other = connect(file)
        other.execute("SELECT count(*) FROM sqlite_master").fetchall()
        kept.append(other)  # while it is open, closing the first one moves nothing to the file
        return connection

    with monkeypatch.context() as patch:
        patch.setattr(sqlite, "_connect", beside)
        sqlite._make(made_empty(path), "lines")
    shutil.copy(path, path.with_name("alone.db"))
    for other in kept:
        other.close()
    with opened(path.with_name("alone.db")) as record:
        assert record.load().serial == 0


def made_empty(path: Path) -> Path:
    path.parent.mkdir(parents=True)
    path.touch()
    return path


def test_a_folder_in_the_place_of_the_file_is_refused(path: Path) -> None:
    path.mkdir(parents=True)
    with opened(path) as record, pytest.raises(RecordError, match="cannot be opened"):
        record.load()


def test_a_newer_format_is_refused_and_left_as_it_is(path: Path) -> None:
    made(path)
    with closing(sqlite3.connect(path)) as newer:
        newer.execute("PRAGMA user_version = 3")
    with opened(path) as record:
        with pytest.raises(RecordError, match=r"format 3.*up to 2") as caught:
            record.load()
        assert "upgrade reconciler" in (caught.value.hint or "")
        with pytest.raises(RecordError, match="format 3"), record.lock([holder()]):
            pass
    with closing(sqlite3.connect(path)) as newer:
        assert newer.execute("PRAGMA user_version").fetchone() == (3,)


def test_a_read_only_folder_is_named_with_a_remedy() -> None:
    place = Path(tempfile.mkdtemp(dir="/tmp"))
    try:
        made(place / "record.db")
        for each in (place / "record.db", place):
            each.chmod(0o555 if each is place else 0o444)
        with as_nobody(), opened(place / "record.db") as record:
            with pytest.raises(RecordError, match=r"record\.db") as caught, record.lock([holder()]):
                pass
            assert "writable" in (caught.value.hint or "")
            with pytest.raises(RecordError, match=r"fresh\.db cannot be created"):
                SqliteRecord(place / "fresh.db").lock([holder()]).__enter__()
    finally:
        place.chmod(0o755)
        shutil.rmtree(place)


@contextmanager
def as_nobody() -> Iterator[None]:
    """Without root's right to write everywhere."""
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(user)


def test_a_full_disk_stores_nothing_and_says_so(path: Path) -> None:
    made(path)
    with opened(path) as record, record.lock([holder()]) as lock:
        before = record.load()
        connection = record._connection
        assert connection is not None
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages}")
        big = Update(put=[entry(n, "x" * 4000) for n in range(200)])
        with pytest.raises(RecordError, match="disk is full") as caught:
            record.commit(lock, big, expected=before)
        assert "room" in (caught.value.hint or "")
        connection.execute("PRAGMA max_page_count = 100000")
        assert record.load() == before
        assert record.commit(lock, big, expected=before).serial == 2


def test_a_file_that_is_busy_for_too_long_is_told(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reconciler.record.sqlite.BUSY_SECONDS", 0.05)
    made(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as other, opened(path) as record:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(RecordError, match="is in use"), record.lock([holder()]):
            pass


def test_trouble_on_release_is_a_note_on_the_error_that_ended_the_work(path: Path) -> None:
    with opened(path) as record, pytest.raises(ZeroDivisionError) as caught, record.lock([holder()]):
        fail_over_a_damaged(record)
    assert any("the lock could not be released" in note for note in caught.value.__notes__)


def test_trouble_on_release_is_an_error_by_itself(path: Path) -> None:
    with opened(path) as record, pytest.raises(RecordError, match=r"record\.db"), record.lock([holder()]):
        damage(record)


def damage(record: SqliteRecord) -> None:
    record.close()
    record.path.write_bytes(b"damaged" * 2000)


def fail_over_a_damaged(record: SqliteRecord) -> None:
    damage(record)
    raise ZeroDivisionError


# -- older formats --------------------------------------------------------------------------------------------------

FORMAT_0 = Path(__file__).with_name("format_0.sql").read_text("utf-8")


@pytest.fixture
def old(path: Path) -> Path:
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as database:
        database.executescript(FORMAT_0)
    return path


def test_an_older_record_loads_without_being_changed(old: Path) -> None:
    before = old.read_bytes()
    with opened(old) as record:
        state = record.load()
    assert (state.name, state.serial, state.scenario) == ("lines", 7, "")
    assert state.lineage == "11111111-2222-4333-8444-555555555555"
    assert state.entries == {
        key(1): entry(1, '{"type":"none"}'),
        key(2): entry(2, '{"type":"url","url":"https://a.example"}', account="office"),
    }
    assert state.windows == (window("w1", 3),)
    assert old.read_bytes() == before


def test_an_older_record_is_brought_up_by_the_first_lock_and_loses_nothing(old: Path) -> None:
    with opened(old) as record:
        before = record.load()
        after = commit(record, Update(put=[entry(5)], settle=["w1"]))
        assert after.serial == before.serial + 1
        assert set(after.entries) == {key(1), key(2), key(5)}
        found = record.run("r1")
        assert found is not None
        assert (found.user, found.results) == ("anna", ({"address": "sales/74991112201", "outcome": "applied"},))
    with closing(sqlite3.connect(old)) as database:
        assert database.execute("PRAGMA user_version").fetchone() == (2,)
        assert database.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)


def test_the_tables_of_a_migrated_record_are_those_of_a_new_one(old: Path, tmp_path: Path) -> None:
    def columns(path: Path) -> dict[str, set[str]]:
        with closing(sqlite3.connect(path)) as database:
            names = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            return {name: {row[1] for row in database.execute(f"PRAGMA table_info({name})")} for name in names}

    fresh = tmp_path / "fresh.db"
    for path in (old, fresh):
        with opened(path) as record:
            commit(record, Update(run=run("r2"), put=[entry(9)]))
    assert columns(old) == columns(fresh)


# -- size -----------------------------------------------------------------------------------------------------------


def test_a_commit_writes_what_it_changes_and_not_the_whole_record(path: Path) -> None:
    made(path, *range(3000))
    with opened(path) as record, record.lock([holder()]) as lock:
        state = record.commit(lock, Update(open=window("w0", *range(32))), expected=record.load())
        connection = record._connection
        assert connection is not None
        before = connection.total_changes
        update = Update(put=[entry(n, "new") for n in range(32)], settle=["w0"], open=window("w1", *range(32, 64)))
        record.commit(lock, update, expected=state)
        # 32 entries, 32 + 1 rows of the settled window, 32 + 1 of the opened one, the head
        assert connection.total_changes - before == 32 + 33 + 33 + 1
