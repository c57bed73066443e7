"""A proposal's files lead to no others: nothing outside or hidden is read, quoted or written; no state is taken."""

from __future__ import annotations

import os
import random
import sqlite3
from pathlib import Path

import pytest

from reconciler.record.base import RecordError, Update
from reconciler.record.sqlite import SqliteRecord
from tests.attacks.test_git import committed
from tests.checkout import git
from tests.cli import conftest
from tests.cli.conftest import Cli, Ended, Workplace
from tests.conftest import Tally
from tests.loading import load
from tests.record.contract import commit
from tests.record.values import entry
from tests.unit.config.loading import ACCOUNTS, write

cli, sandbox, workplace = conftest.cli, conftest.sandbox, conftest.workplace
pytestmark = pytest.mark.timeout(30)

NUMBER = 'version: 1\nnumbers:\n  "74991112233": {forwarding: none}\n'
CANARY = "sk-live-canary-0123456789"


def shown(ended: Ended) -> str:
    return ended.stdout + ended.stderr


def linked(place: Path, target: str | Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.unlink(missing_ok=True)
    place.symlink_to(target)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A configuration in a repository, beside a secret that is none of it."""
    (tmp_path / "secret").write_text(f"EXOLVE_API_KEY={CANARY}\n")
    folder = write(tmp_path / "c", ACCOUNTS, {"numbers/a.yaml": NUMBER, ".env": f"EXOLVE_API_KEY={CANARY}\n"})
    git(folder, "init", "--quiet", "--initial-branch=main")
    git(folder, "add", "reconciler.yaml", "numbers")
    git(folder, "commit", "--quiet", "-m", "first")
    return folder


# -- what is read and quoted ----------------------------------------------------------------------------------------

OUTSIDE = ["/proc/self/environ", "../secret", "/proc/kmsg", ".env", ".git/HEAD", "numbers/a.yaml", "/dev/zero"]
ASKED = [("validate",), ("validate", "--trusted", "main"), ("plan", "--refresh", "none"), ("fmt", "--check"), ("list",)]


@pytest.mark.parametrize("target", OUTSIDE)
@pytest.mark.parametrize("command", ASKED, ids=" ".join)
def test_a_reconciler_yaml_that_is_a_link_is_refused_unread(
    command: tuple[str, ...], target: str, cli: Cli, folder: Path
) -> None:
    linked(folder / "reconciler.yaml", target)
    ended = cli(*command, "--format", "json", folder=folder, CANARY=CANARY)
    assert (ended.exit_code, "file-outside" in ended.codes) == (1, True)
    assert CANARY not in shown(ended)


@pytest.mark.parametrize(
    "target", ["../../secret", "/proc/self/environ", "../.env", "../.git/HEAD", "../_draft.yaml", "../.hidden/b.yaml"]
)
def test_an_included_link_that_leaves_what_is_visible_is_refused_unread(target: str, cli: Cli, folder: Path) -> None:
    write(
        folder, ACCOUNTS, {"_draft.yaml": f"version: 1\nx: {CANARY}\n", ".hidden/b.yaml": f"version: 1\nx: {CANARY}\n"}
    )
    linked(folder / "numbers" / "l.yaml", target)
    ended = cli("validate", "--format", "json", folder=folder, CANARY=CANARY)
    assert (ended.exit_code, ended.codes) == (1, ["file-outside"])
    assert CANARY not in shown(ended)


def test_an_included_link_to_a_visible_file_is_followed(cli: Cli, folder: Path) -> None:
    write(folder, ACCOUNTS, {"versions/v2.txt": NUMBER.replace("2233", "2244")})
    linked(folder / "numbers" / "current.yaml", "../versions/v2.txt")
    assert "2 numbers" in cli("validate", folder=folder).stdout


UNRELATED = {
    "environment": f"EXOLVE_API_KEY={CANARY}\n",
    "NUL": f"A=b\0EXOLVE_API_KEY={CANARY}\0",
    "bytes": f"A={CANARY}\xff",
    "map": f"api: {CANARY}\nregion: *{CANARY}\n",
    "twice": f"{CANARY}: 1\n{CANARY}: 2\n",
    "broken": f"token: [{CANARY}\n- {CANARY}: {{\n",
    "tag": f"!{CANARY} x\n",
    "list": f"- {CANARY}\n",
    "text": f"{CANARY}\n",
    "key": f"-----BEGIN PRIVATE KEY-----\n{CANARY}: x\n-----END PRIVATE KEY-----\n",
    "json": f'{{"password": "{CANARY}", "{CANARY}": 1, "{CANARY}": 2}}\n',
    "deep": f"services:\n  version: {CANARY}\n  {CANARY}: 1\n  {CANARY}: 2\n",
    "direction": f"{CANARY}\u202e\n",
}


@pytest.mark.parametrize("kind", UNRELATED)
@pytest.mark.parametrize("name", ["reconciler.yaml", "numbers/l.yaml"])
def test_what_is_no_configuration_is_never_quoted(name: str, kind: str, cli: Cli, folder: Path) -> None:
    (folder / name).write_bytes(UNRELATED[kind].encode("latin-1" if kind == "bytes" else "utf-8"))
    for form in ("text", "json", "github", "sarif"):
        ended = cli("validate", "--format", form, folder=folder)
        assert ended.exit_code == 1
        assert CANARY not in shown(ended)
        assert CANARY[8:] not in shown(ended)


PIECES = (
    *(CANARY, f"{CANARY}: ", f"- {CANARY}", f"&{CANARY} ", f"*{CANARY}", f"!{CANARY} ", f"%{CANARY}\n", f"\\x{CANARY}"),
    *(
        "\n",
        "\n",
        "\n  ",
        " ",
        "\t",
        ": ",
        "- ",
        "? ",
        "[",
        "]",
        "{",
        "}",
        ",",
        "|\n",
        ">\n",
        "'",
        '"',
        "#",
        "---\n",
        "...\n",
    ),
    *("<<: ", "~", "1", "a", "a: ", "=", "\0", "\r", "\u202e", "\ud7ff", "é", "`", "@", "%", "\\"),
)


def search(folder: Path, seed: int, cases: int) -> None:
    """Load files of random pieces, none of which says a version, and look for their content in what is found."""
    chance = random.Random(seed)
    for case in range(cases):
        text = "".join(chance.choice(PIECES) for _ in range(chance.randint(1, 25)))
        head = ACCOUNTS if case % 2 else text
        write(folder, head, {"numbers/l.yaml": text})
        loaded = load(folder)
        assert loaded.configuration is None
        assert CANARY not in repr(loaded.diagnostics), text


def test_of_a_random_file_that_is_no_configuration_nothing_is_quoted(tmp_path: Path, tally: Tally) -> None:
    search(tmp_path, seed=1, cases=400)
    tally("files that are no configuration, quoted nowhere", 400)


@pytest.mark.soak
@pytest.mark.timeout(0)
def test_of_many_random_files_that_are_no_configuration_nothing_is_quoted(tmp_path: Path, tally: Tally) -> None:
    search(tmp_path, seed=2, cases=50_000)
    tally("files that are no configuration, quoted nowhere", 50_000)


def test_a_working_copy_that_is_no_configuration_is_not_quoted_beside_the_trusted_one(cli: Cli, folder: Path) -> None:
    (folder / "reconciler.yaml").write_text(f"EXOLVE_API_KEY={CANARY}\n")
    ended = cli("validate", "--trusted", "main", folder=folder)
    assert "trusted-ignored" in ended.stdout
    assert CANARY not in shown(ended)


@pytest.mark.parametrize(
    "text", ["version: 1\n", '"version": 1\n', "{version: 1, numbers: []}\n", "# x\nversion : 1\n"]
)
def test_a_configuration_with_a_fault_is_quoted_as_ever(text: str, cli: Cli, folder: Path) -> None:
    (folder / "numbers" / "l.yaml").write_text(text.rstrip("\n") + ("" if text[0] == "{" else "\nnumbers: []\n"))
    assert "numbers: []" in cli("validate", folder=folder).stdout


@pytest.mark.parametrize("name", ["reconciler.yaml", "numbers/l.yaml"])
def test_a_pipe_a_folder_and_a_file_without_end_are_refused(name: str, cli: Cli, folder: Path) -> None:
    place = folder / name
    for kind in ("pipe", "folder", "endless"):
        place.unlink(missing_ok=True)
        if kind == "pipe":
            os.mkfifo(place)
        elif kind == "folder" and name == "reconciler.yaml":
            place.mkdir()
        else:
            place.touch()
            os.truncate(place, 1 << 40)
        ended = cli("validate", "--format", "json", folder=folder)
        assert (ended.exit_code, ended.codes) == (1, ["file-unreadable"]), kind
        if place.is_dir():
            place.rmdir()


# -- what is written ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["pr.json", "pr.json.sig"])
@pytest.mark.parametrize("target", ["../secret", "../new", ".git/config", ".env"])
def test_a_plan_is_not_saved_through_a_link_that_leads_out_and_no_signature_is_removed_there(
    target: str, name: str, cli: Cli, folder: Path
) -> None:
    linked(folder / name, target)
    place = folder / target
    before = place.read_bytes() if place.exists() else None
    ended = cli("plan", "--refresh", "none", "--out", "pr.json", "--format", "json", folder=folder)
    assert (ended.exit_code, ended.codes) == (1, ["plan-file"])
    assert (place.read_bytes() if place.exists() else None) == before


def test_a_plan_is_not_saved_into_a_folder_that_is_a_link_out(cli: Cli, folder: Path) -> None:
    linked(folder / "out", "..")
    ended = cli("plan", "--refresh", "none", "--out", "out/pr.json", "--format", "json", folder=folder)
    assert (ended.exit_code, ended.codes, (folder / ".." / "pr.json").exists()) == (1, ["plan-file"], False)


# -- the state folder -----------------------------------------------------------------------------------------------


def state_is_refused(ended: Ended, words: str) -> bool:
    told = " ".join(item["message"] for item in ended.json["diagnostics"])
    return ended.exit_code == 1 and ended.codes == ["record-unusable"] and words in told


def planned(cli: Cli, folder: Path, *more: str) -> Ended:
    out = ("--out", "../pr.json", "--refresh", "none")
    return cli("plan", *out, *more, "--format", "json", folder=folder)


@pytest.mark.parametrize("command", [("plan", "--refresh", "none"), ("record", "list"), ("doctor",)], ids=" ".join)
def test_a_state_folder_that_is_a_link_is_refused(command: tuple[str, ...], cli: Cli, folder: Path) -> None:
    (folder.parent / "outside").mkdir()
    linked(folder / ".reconciler", "../outside")
    cli(*command, folder=folder)
    assert state_is_refused(planned(cli, folder), ".reconciler is a link")
    assert list((folder.parent / "outside").iterdir()) == []


@pytest.mark.parametrize("name", ["record.db", "record.db-wal", "record.db-journal", "record.key", ".gitignore"])
def test_a_link_in_the_state_folder_is_refused(name: str, cli: Cli, folder: Path) -> None:
    linked(folder / ".reconciler" / name, "../../made")
    assert state_is_refused(planned(cli, folder), f".reconciler/{name} is a link")
    assert not (folder.parent / "made").exists()


@pytest.mark.parametrize("name", ["record.db", "record.key"])
def test_a_pipe_in_the_state_folder_is_refused(name: str, cli: Cli, folder: Path) -> None:
    (folder / ".reconciler").mkdir()
    os.mkfifo(folder / ".reconciler" / name)
    assert state_is_refused(planned(cli, folder), f".reconciler/{name} is not a regular file")


@pytest.mark.parametrize("name", ["record.key", "record.db", "record.db-journal", "x"])
def test_a_state_folder_that_is_committed_is_refused(name: str, cli: Cli, folder: Path) -> None:
    write(folder, ACCOUNTS, {f".reconciler/{name}": "0" * 64})
    git(folder, "add", "--force", ".reconciler")
    assert state_is_refused(planned(cli, folder), f".reconciler/{name} is tracked by git")


@pytest.mark.parametrize("name", ["x.db", "x.db-journal", "record.key"])
def test_a_committed_record_at_a_place_of_its_own_is_refused(name: str, cli: Cli, folder: Path) -> None:
    write(folder, ACCOUNTS + "record: {file: {path: 'state[1]/x.db'}}\n", {f"state[1]/{name}": "0" * 64})
    assert "tracked" not in shown(planned(cli, folder))
    git(folder, "--literal-pathspecs", "add", "--force", f"state[1]/{name}")
    assert state_is_refused(planned(cli, folder), f"{name} is tracked by git")


def test_a_place_of_its_own_behind_a_link_is_refused(cli: Cli, folder: Path) -> None:
    write(folder, ACCOUNTS + "record: {file: {path: state/x.db}}\n")
    linked(folder / "state", "..")
    assert state_is_refused(planned(cli, folder), "state is a link")
    assert not (folder.parent / "record.key").exists()


def test_a_state_folder_of_our_own_is_used(cli: Cli, folder: Path) -> None:
    assert planned(cli, folder).exit_code == 0
    assert (folder / ".reconciler" / "record.key").exists()
    assert planned(cli, folder).exit_code == 0
    assert git(folder, "status", "--porcelain", "--", ".reconciler") == ""


def test_where_git_cannot_be_asked_whether_the_record_is_committed_a_line_says_so(
    cli: Cli, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert planned(cli, folder).exit_code == 0
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    ended = planned(cli, folder)
    assert ended.exit_code == 0
    assert "it could not be checked whether " in ended.stderr
    assert "is tracked by git: " in ended.stderr


@pytest.mark.parametrize("name", ["record.key", "record.db"])
def test_with_trusted_no_record_and_no_key_is_taken_from_beside_the_files(name: str, cli: Cli, folder: Path) -> None:
    write(folder, ACCOUNTS, {f".reconciler/{name}": "0" * 64})
    assert state_is_refused(planned(cli, folder, "--trusted", "main"), "--trusted reads none from the tree")


def test_with_trusted_no_state_is_made_beside_the_files_and_nothing_is_written(workplace: Workplace) -> None:
    git(workplace.folder, "init", "--quiet", "--initial-branch=main")
    committed(workplace.folder)
    assert workplace.run("plan", "--trusted", "main", "--out", "pr.json").exit_code == 0
    assert workplace.run("doctor", "--trusted", "main").exit_code == 1
    ended = workplace.run("apply", "--trusted", "main", "--auto-approve", "--format", "json")
    assert "--trusted keeps none there" in shown(ended)
    assert ended.exit_code == 1
    assert workplace.sandbox.writes == []
    assert not (workplace.folder / ".reconciler").exists()
    assert workplace.run("apply", "--trusted", "main", "--auto-approve", "--ephemeral-record").exit_code == 0


def test_with_trusted_a_record_that_the_trusted_file_keeps_elsewhere_is_used(cli: Cli, folder: Path) -> None:
    write(folder, ACCOUNTS + f"record: {{file: {{path: {folder.parent / 'kept' / 'x.db'}}}}}\n")
    committed(folder)
    assert planned(cli, folder, "--trusted", "main").exit_code == 0
    assert (folder.parent / "kept" / "record.key").exists()


def test_with_trusted_no_record_is_moved_out_of_the_tree(cli: Cli, folder: Path) -> None:
    write(folder, ACCOUNTS + f"record: {{file: {{path: {folder.parent / 'kept' / 'x.db'}}}}}\n")
    committed(folder)
    commit(SqliteRecord(folder / ".reconciler" / "record.db"), Update(put=[entry(1)]))
    ended = cli("record", "migrate", "--from", "file", "--trusted", "main", "--format", "json", folder=folder)
    assert state_is_refused(ended, "--trusted reads none from the tree")


# -- tables are tables ----------------------------------------------------------------------------------------------

ENDLESS = "WITH RECURSIVE r(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM r) SELECT 1 record, n number FROM r"
SCHEMES = {
    "view": f"DROP TABLE entries; CREATE VIEW entries AS {ENDLESS}",
    "trigger": "CREATE TRIGGER runs AFTER INSERT ON locks BEGIN DELETE FROM entries; END",
    "virtual table": "DROP TABLE results; CREATE VIRTUAL TABLE results USING fts5(record, run_id, position, body)",
    "generated column": "ALTER TABLE entries ADD COLUMN x TEXT GENERATED ALWAYS AS (hex(zeroblob(900000000)))",
    "check": "DROP TABLE locks; CREATE TABLE locks (record CHECK (length(hex(zeroblob(400000000))) > 0))",
    "default": "ALTER TABLE locks ADD COLUMN x; DROP TABLE locks; CREATE TABLE locks (x DEFAULT (zeroblob(900000000)))",
    "index of an expression": "CREATE INDEX i ON entries (hex(value))",
}


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_database_with_more_than_plain_tables_is_refused(scheme: str, tmp_path: Path) -> None:
    path = tmp_path / "record.db"
    commit(SqliteRecord(path, name="lines"), Update(put=[entry(1)]))
    connection = sqlite3.connect(path)
    connection.executescript(SCHEMES[scheme])
    connection.close()
    with pytest.raises(RecordError, match="holds more than plain tables"):
        SqliteRecord(path, name="lines").load()


def test_a_plain_table_that_is_none_of_ours_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "record.db"
    before = commit(SqliteRecord(path, name="lines"), Update(put=[entry(1)]))
    connection = sqlite3.connect(path)
    connection.executescript("CREATE TABLE more AS SELECT * FROM locks; ANALYZE")
    connection.close()
    assert SqliteRecord(path, name="lines").load() == before
