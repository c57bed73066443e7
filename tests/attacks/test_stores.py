"""Records and locks from a server, ref, database or file that means harm: refused by their path, never a crash."""

from __future__ import annotations

import json
import random
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reconciler.cli.errors import _known
from reconciler.http.answer import Answer
from reconciler.http.errors import ProviderError
from reconciler.plan.build import Options
from reconciler.record.base import Holder, Intent, RecordError, Update, Window
from reconciler.record.document import parse, render
from reconciler.record.http_state import open_state_client
from reconciler.record.http_wire import _info, lock_info, locks_of
from reconciler.record.locks import is_dead, locked_error, take
from reconciler.record.sqlite import SqliteRecord
from reconciler.record.tokens import HttpTexts, Seal
from reconciler.secrets import Secrets
from reconciler.workflow.plan import make_undo
from tests.attacks.structures import ODD, mutant
from tests.cli import conftest
from tests.cli.conftest import Workplace
from tests.conftest import Tally
from tests.record.faulty import FaultyStore
from tests.record.state_server import State, serving
from tests.world import NONE, World, desired, key, phone, rings, url, world

cli, sandbox, workplace = conftest.cli, conftest.sandbox, conftest.workplace
no_last_resort = conftest.no_last_resort

KEY_TEXT = f"exolve/{phone(1)}/forwarding"
WHO = Holder("sales", "host", "anna", 1, "run-1", "2026-11-21T10:00:00Z")
"""A process of another host holds the account."""


def used() -> World:
    """A record with entries, secrets, two runs, an open window and a lock."""
    files = [desired(1, rings(phone(2), phone(3))), desired(2, url("https://example.com/x?key=${var:KEY}"))]
    given = world(files, {1: NONE, 2: url(), 3: rings()}, variables={"KEY": "s3cret"})
    assert given.apply().converged
    given.files[0] = desired(1, rings(phone(4)))
    assert given.apply().converged
    with closing(given.record()) as record:
        state = record.load()
        entry = state.entries[key(1)]
        intent = Intent(key(1), "sales", "update", entry.value, entry.value, {}, run_id="run-1", since=WHO.since)
        with record.lock([WHO]) as lock:
            record.commit(lock, Update(open=Window("w", "run-1", WHO.since, (intent,))), expected=state)
            held = given.store.text
    given.store.replace(held)
    return given


@pytest.fixture(scope="module")
def written() -> dict[str, Any]:
    """That record, as its document, with the values in it parsed: they are mutated, too."""
    found: dict[str, Any] = json.loads(used().store.text or "")
    return found


# -- refused by their path ---------------------------------------------------------------------------------------------


def edited(document: dict[str, Any], edit: Callable[[dict[str, Any]], object]) -> str:
    copied = json.loads(json.dumps(document))
    edit(copied)
    return json.dumps(copied)


def _target(document: dict[str, Any]) -> None:
    entry = document["entries"][KEY_TEXT]
    value = json.loads(entry["value"])
    value["targets"][0]["timeout"] = "soon"
    entry["value"] = json.dumps(value)


BROKEN: dict[str, Callable[[dict[str, Any]], object]] = {
    f'entries["{KEY_TEXT}"].value.targets[0].timeout has the wrong type': _target,
    f'entries["{KEY_TEXT}"].value.targets is missing': lambda it: it["entries"][KEY_TEXT].update(
        value='{"type":"number","redirect":"sequential"}'
    ),
    f'entries["{KEY_TEXT}"].value.url has the wrong type': lambda it: it["entries"][KEY_TEXT].update(
        value='{"type":"url","url":5,"reserve":""}'
    ),
    f'entries["{KEY_TEXT}"].value is not a forwarding': lambda it: it["entries"][KEY_TEXT].update(
        value='{"type":"parking"}'
    ),
    f'entries["{KEY_TEXT}"].account is not text': lambda it: it["entries"][KEY_TEXT].update(account=5),
    f'entries["{KEY_TEXT}"].digests.url is not text': lambda it: it["entries"][KEY_TEXT].update(digests={"url": 5}),
    'entries["exolve/7/fishing"] does not have the expected form': lambda it: it["entries"].update(
        {"exolve/7/fishing": it["entries"][KEY_TEXT]}
    ),
    "serial is out of range": lambda it: it.update(serial=10**40),
    "runs[0].id is not text": lambda it: it["runs"][0].update(id=5),
    "runs[0].overrides is not a list": lambda it: it["runs"][0].update(overrides={}),
    "windows[0].intents[0].account is not text": lambda it: it["windows"][0]["intents"][0].update(account=5),
    "windows[0].intents[0].before is not a forwarding": lambda it: it["windows"][0]["intents"][0].update(before="[]"),
    "windows[0].intents has fewer items than 1": lambda it: it["windows"][0].update(intents=[]),
    "locks[0].pid is not a whole number": lambda it: it["locks"][0].update(pid="1"),
    "locks[0].process is not text": lambda it: it["locks"][0].update(process=5),
    "locks[0].account is longer than 10000 characters": lambda it: it["locks"][0].update(account="x" * 10_001),
}


@pytest.mark.parametrize("words", BROKEN)
def test_a_record_that_is_none_is_refused_by_the_path_of_what_is_wrong(words: str, written: dict[str, Any]) -> None:
    with pytest.raises(RecordError) as caught:
        parse(edited(written, BROKEN[words]), source="the record")
    assert str(caught.value) == f"the record is damaged: {words}"


def test_values_that_are_sound_only_together_are_refused(written: dict[str, Any]) -> None:
    first, second = list(written["entries"])[:2]
    text = edited(
        written,
        lambda it: (
            it["entries"][first].update(value='{"type":"none","x":[{}'),
            it["entries"][second].update(value='{}]},{"type":"none"}'),
        ),
    )
    with pytest.raises(RecordError, match="is not a forwarding"):
        parse(text, source="the record")


def test_results_of_a_run_that_are_none_are_refused_when_it_is_asked_for(written: dict[str, Any]) -> None:
    store, at = FaultyStore(), len(written["runs"]) - 1
    for edit, words in (
        ({"kind": "fishing"}, "kind does not have the expected form"),
        ({"account": 5}, "account is not text"),
        ({"after": {"type": "number"}}, "after.redirect is missing"),
        ({"lost": 5}, "lost is not a map"),
    ):
        changed = json.loads(json.dumps(written))
        changed["runs"][at]["results"][0].update(edit)
        store.replace(json.dumps(changed))
        given = used()
        given.store = store
        with pytest.raises(RecordError) as caught:
            given.record().run(written["runs"][at]["id"])
        assert str(caught.value).endswith(f"results[0].{words}")


# -- a campaign --------------------------------------------------------------------------------------------------------


def _steps(given: World, *, writing: bool) -> Iterator[Callable[[], object]]:
    """All that is done with a record, one after the other."""
    record = given.record()
    yield record.load
    yield record.holders
    yield record.abandoned
    yield lambda: [run and make_undo(given.session, run, Options(kept=True)) for run in map(record.run, _ids(given))]
    yield given.plan
    if not writing:
        return
    yield lambda: given.apply_saved(given.saved())
    yield lambda: record.unlock([], force=True)
    yield given.apply
    yield lambda: parse(render(parse(given.store.text or "", source="x")), source="x")


def _ids(given: World) -> list[str]:
    return [run.id for run in given.record().runs()]


_WRITES_EVERY = 10


def judge(written: dict[str, Any], seeds: range) -> dict[str, int]:
    """How many mutants were refused, and how many could be worked with; nothing else may come of one."""
    ends = {"refused": 0, "taken": 0}
    given = used()
    for seed in seeds:
        chance = random.Random(seed)
        given.store.replace(json.dumps(_mutated(written, chance)))
        refused = False
        for step in _steps(given, writing=seed % _WRITES_EVERY == 0):
            try:
                step()
            except Exception as error:
                if _known(error) is None:
                    raise AssertionError(f"mutant {seed}") from error
                refused = True
                if isinstance(error, RecordError) and "damaged" in str(error):
                    break
        ends["refused" if refused else "taken"] += 1
    return ends


def _mutated(written: dict[str, Any], chance: random.Random) -> Any:
    """A mutant of the document, or of the values in it."""
    if chance.random() < 0.7:
        return mutant(written, chance)
    copied = json.loads(json.dumps(written))
    entry = chance.choice(list(copied["entries"].values()))
    entry["value"] = json.dumps(mutant(json.loads(entry["value"]), chance))
    return copied


def test_two_thousand_mutants_of_a_record_never_reach_the_last_resort(written: dict[str, Any], tally: Tally) -> None:
    tally("mutated records through everything that is done with one", 2_000)
    ends = judge(written, range(2_000))
    assert min(ends.values()) > 100
    assert sum(ends.values()) == 2_000


@pytest.mark.soak
@pytest.mark.parametrize("part", range(10))
def test_twenty_thousand_mutants_of_a_record(part: int, written: dict[str, Any], tally: Tally) -> None:
    tally("mutated records through everything that is done with one", 2_000)
    ends = judge(written, range(100_000 + 2_000 * part, 102_000 + 2_000 * part))
    assert min(ends.values()) > 100


# -- rows --------------------------------------------------------------------------------------------------------------

CELLS = (*(each for each in ODD if each is None or isinstance(each, (str, float))), b"\xff", 5, -1, 2**31, 2**63 - 1)
TABLES = ("records", "entries", "windows", "intents", "runs", "results", "locks")


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """A record in rows with something in every table."""
    path, given = tmp_path / "record.db", used()
    source = given.record().load()
    with closing(SqliteRecord(path, name=given.name)) as record, record.lock([WHO]) as lock:
        runs = [run for run in map(given.record().run, _ids(given)) if run is not None]
        record.adopt(lock, source, runs[::-1])
        _hold_on(path)
    _put_back(path)
    return path


def _hold_on(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE held AS SELECT * FROM locks")


def _put_back(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("INSERT INTO locks SELECT * FROM held")


def _rows_steps(record: SqliteRecord) -> Iterator[Callable[[], object]]:
    yield record.load
    yield record.holders
    yield record.abandoned
    yield lambda: [record.run(run.id) for run in record.runs()]
    yield lambda: record.unlock(["nobody"], force=False)


def test_rows_with_a_strange_cell_are_refused_by_the_path_of_what_is_wrong(database: Path, tally: Tally) -> None:
    refused = cells = 0
    with closing(sqlite3.connect(database, isolation_level=None)) as hand:
        hand.execute("PRAGMA synchronous = OFF")
        for table in TABLES:
            for column, text in [(row[1], row[2]) for row in hand.execute(f"PRAGMA table_info({table})")]:
                setting = f"UPDATE OR IGNORE {table} SET {column} = ?"
                before = hand.execute(f"SELECT rowid, {column} FROM {table}").fetchall()
                for value in (v for v in CELLS if column not in ("record", "position")):
                    with suppress(sqlite3.Error):
                        hand.execute(setting, (value,))
                    refused += _is_refused(database, f"{table}.{column} = {value!r} ({text})")
                    cells += 1
                    hand.executemany(f"{setting} WHERE rowid = ?", [row[::-1] for row in before])
    tally("strange cells in the rows of a record", cells)
    assert refused > 100


def _is_refused(path: Path, what: str) -> bool:
    with closing(SqliteRecord(path)) as record:
        for step in _rows_steps(record):
            try:
                step()
            except RecordError:
                return True
            except Exception as error:
                raise AssertionError(what) from error
    return False


def test_a_cell_of_a_row_is_named_like_a_place_in_a_document(database: Path) -> None:
    with closing(sqlite3.connect(database)) as hand, hand:
        hand.execute("UPDATE entries SET digests = '[5]' WHERE number = ?", (phone(1),))
    with closing(SqliteRecord(database)) as record, pytest.raises(RecordError) as caught:
        record.load()
    assert str(caught.value).endswith(f'is damaged: entries["{KEY_TEXT}"].digests is not a map')


# -- locks and tokens --------------------------------------------------------------------------------------------------


def test_lock_infos_of_any_structure_are_borne(tally: Tally) -> None:
    claims = take([WHO])
    info: dict[str, Any] = dict(lock_info(claims, operation="x", path="y", is_gitlab=False))
    info["Info"] = json.loads(info["Info"])
    token = "~".join((claims[0].token, "run", "1" * 30, "p|q", "since", "user", "host", "sales"))
    for seed in range(1_000):
        chance = random.Random(seed)
        told = mutant({**info, **({"ID": token} if seed % 3 == 0 else {})}, chance)
        if isinstance(told, dict) and chance.random() < 0.8:
            told["Info"] = json.dumps(told.get("Info"))
        found = _info(Answer(423, json.dumps(told).encode()))
        for claim in locks_of(found):
            assert isinstance(is_dead(claim), bool)
            assert len(str(locked_error(claim.holder))) < 50_000
        json.dumps(found)
    tally("mutated lock infos of a state server", 1_000)


def test_tokens_beside_a_record_that_are_none_are_refused_by_their_path(tally: Tally) -> None:
    sound: dict[str, Any] = {"format_version": 1, "version": 1, "serial": 3, "lineage": "l", "tokens": {"k": "v1.AAAA"}}
    state = State(root="/state-tokens")
    with serving(state) as address:
        wire = open_state_client(
            {"address": f"{address}/state-tokens", "lock_address": f"{address}/state-tokens"}, Secrets({})
        )
        texts = HttpTexts(wire, Seal("k" * 32), name="x")
        for seed in range(200):
            state.document = json.dumps(mutant(sound, random.Random(seed)))
            with suppress(ProviderError):
                texts.load("k")
        for tokens, words in (({"k": 5}, "tokens.k is not text"), ([], "tokens is not a map")):
            state.document = json.dumps({**sound, "tokens": tokens})
            with pytest.raises(ProviderError, match=words):
                texts.load("k")
        texts.close()
    tally("mutated documents of tokens", 200)


# -- through the commands ----------------------------------------------------------------------------------------------

COMMANDS = (
    *(("plan",), ("doctor",), ("record", "list"), ("record", "show", "74991000000"), ("record", "runs"), ("undo",)),
    *(("record", "unlock", "--force"), ("apply", "--auto-approve", "--allow-adopt", "--allow-delete")),
)


@pytest.mark.usefixtures("no_last_resort")
def test_a_server_that_means_harm_never_reaches_the_last_resort(workplace: Workplace, tally: Tally) -> None:
    state = State()
    with serving(state, State(root="/state-tokens")) as address:
        http = f"record: {{backend: http, http: {{address: {address}/state, lock_address: {address}/state}}}}"
        workplace.edit("name: test\n", f"name: test\n{http}\n", "reconciler.yaml")
        assert workplace.run("apply", "--auto-approve").exit_code == 0
        sound = json.loads(state.document or "")
        for seed in range(16):
            chance = random.Random(seed)
            state.document, state.lock = json.dumps(_mutated(sound, chance)), None
            ended = workplace.run(*COMMANDS[seed % len(COMMANDS)])
            if "damaged" in ended.stderr:
                assert ended.exit_code == 1
                assert "error[record-unusable]" in ended.stderr or COMMANDS[seed % len(COMMANDS)] == ("doctor",)
    tally("commands on a mutated record of a state server", 16)


def test_a_record_that_the_program_wrote_itself_is_never_too_large_for_it() -> None:
    secret = "a-secret-of-the-job"
    shown = rings(*map(phone, range(2, 202)))
    value = replace(shown, targets=tuple(replace(target, name=secret) for target in shown.targets))
    given = world([desired(1, value)], {1: NONE}, variables={"HOOK": secret})
    assert given.apply().converged
    assert len(given.state.entries[key(1)].digests) == 200
    assert given.plan().changes == ()
