"""No command but apply writes anything anywhere: each runs against a sandbox that fails on any mutating call."""

from __future__ import annotations

import hashlib
from pathlib import Path

import click
import pytest

from reconciler.cli import main
from tests.cli.conftest import Workplace

WRITE = {"apply"}
# These serve, or bring a sandbox of their own.
APART = {"sandbox", "demo", "lsp"}
# What each command is run with, where it needs or can do more than nothing.
WORDS: dict[str, list[list[str]]] = {
    "validate": [[], ["--strict"], ["--format", "json"]],
    "explain": [[], ["route-gap"]],
    "list": [[], ["--to", "7499"]],
    "plan": [
        [],
        ["--refresh", "none"],
        ["--refresh", "changed"],
        ["--reassert", "--allow-adopt"],
        ["--detailed-exitcode", "--enforce-policy"],
        ["--format", "json"],
    ],
    "audit": [[], ["--format", "json"]],
    "import": [["--account", "sales", "--diff"], ["74991000002", "--diff", "--format", "json"]],
    "show": [["74991000000"]],
    "route": [["74991000000"]],
    "calendar": [["74991000000"]],
    "doctor": [[], ["--format", "json"]],
    "record": [["list"], ["show", "74991000000"]],
    "period": [["explain", "wd {mon-fri}"]],
    "schema": [["config"]],
    "completion": [["bash"]],
    "login": [["office"]],
    "calls": [["list", "--via", "office"]],
}
CASES = [(name, words) for name, each in sorted(WORDS.items()) for words in each]


def snapshot(folder: Path) -> dict[str, str]:
    """Every file under a folder with a digest of its content; locks and write-ahead logs of reading do not count."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix not in {".db-shm", ".db-wal"}
    }


def commands() -> set[str]:
    assert isinstance(main, click.Group)
    return set(main.list_commands(click.Context(main)))


def test_every_command_is_either_tried_here_or_known_to_write_or_to_stand_apart() -> None:
    untried = commands() - set(WORDS) - WRITE - APART
    assert untried <= {"init", "fmt", "undo", "verify", "calls", "events", "serve"}, untried


@pytest.mark.parametrize(("name", "words"), [case for case in CASES if case[0] in commands()], ids=str)
@pytest.mark.parametrize("applied", [False, True])
def test_a_command_that_looks_writes_nothing(
    workplace: Workplace, name: str, words: list[str], *, applied: bool
) -> None:
    if applied:
        workplace.applied()
        workplace.edit("timeout: 16", "timeout: 30", "numbers.yaml")
    workplace.sandbox.fail_on_writes()
    before = snapshot(workplace.folder)
    ended = workplace.run(name, *words, stdin="")
    assert ended.exit_code != 64 or name == "login", ended
    assert [call for call in workplace.sandbox.log if call.mutating] == []
    assert workplace.sandbox.writes == []
    assert snapshot(workplace.folder) == before


def test_a_plan_that_is_saved_writes_the_plan_file_and_the_key_for_its_digests_and_no_more(
    workplace: Workplace,
) -> None:
    workplace.sandbox.fail_on_writes()
    before = snapshot(workplace.folder)
    assert workplace.run("plan", "--out", "plan.json").exit_code == 0
    made = set(snapshot(workplace.folder)) - set(before)
    assert "plan.json" in made
    assert not any(name.endswith(".db") for name in made)
    assert [call for call in workplace.sandbox.log if call.mutating] == []


def test_an_import_writes_files_and_asks_the_vendors_for_nothing_but_reads(workplace: Workplace) -> None:
    workplace.sandbox.fail_on_writes()
    before = snapshot(workplace.folder)
    assert workplace.run("import", "74991000002").exit_code == 0
    after = snapshot(workplace.folder)
    assert {name for name in after if after[name] != before.get(name)} == {"numbers.yaml"}
    assert [call for call in workplace.sandbox.log if call.mutating] == []


def test_apply_does_write_so_the_trap_works(workplace: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reconciler.apply.write.READ_BACK_WAITS", (0.0,))
    workplace.edit("    application:", "    settle: 0\n    application:", "reconciler.yaml")
    workplace.sandbox.fail_on_writes()
    assert workplace.run("apply", "--auto-approve").exit_code == 1
    assert [call for call in workplace.sandbox.log if call.mutating] != []
