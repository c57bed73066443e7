"""Output that cannot be written: a full disk or a reader who has gone is told or passed over, and never a traceback."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, TextIO

import pytest

from reconciler.cli import errors
from reconciler.cli.process import Process
from reconciler.cli.root import main
from reconciler.sandbox import Fault, FaultKind
from reconciler.views.formats import JSON
from tests.architecture.imports import REPOSITORY
from tests.cli.conftest import Workplace

pytestmark = pytest.mark.usefixtures("no_last_resort")

LOST = "error[command-failed]: standard output cannot be written: no space left on device\n"
TOLD = LOST.replace("error", "warning")


@pytest.fixture
def full() -> Iterator[TextIO]:
    """A file on a full disk, which is only written to."""
    with Path("/dev/full").open("w", encoding="utf-8") as stream:
        yield stream


def ended(
    workplace: Workplace, out: TextIO, *arguments: str, err: TextIO | None = None, **environ: str
) -> tuple[int, str]:
    """The exit code and standard error of a command whose output goes there."""
    process = Process(environ={**workplace.environ, **environ})
    process.screen.out, process.screen.err = out, err or io.StringIO()
    with pytest.raises(SystemExit) as end:
        main.main(["-C", str(workplace.folder), *arguments], obj=process)
    told = process.screen.err
    return int(str(end.value.code or 0)), told.getvalue() if isinstance(told, io.StringIO) else ""


TELLING = [
    ("validate",),
    ("validate", "--format", "sarif"),
    ("list",),
    ("list", "--format", "csv"),
    ("route", "74991000000"),
    ("calendar", "--format", "html"),
    ("plan",),
    ("plan", "--detailed-exitcode"),
    ("plan", "--format", "html"),
    ("plan", "--format", "github"),
    ("audit",),
    ("doctor",),
    ("show", "74991000000"),
    ("record", "list"),
    ("period", "check", "wd {mon}"),
    ("schema",),
    ("completion", "bash"),
]


IN_JSON = [(*command, "--format", "json") for command in TELLING if "--format" not in command]


@pytest.mark.parametrize("command", TELLING + IN_JSON, ids=" ".join)
def test_a_command_that_only_tells_ends_with_1_and_one_line(
    command: tuple[str, ...], workplace: Workplace, full: TextIO
) -> None:
    code, told = ended(workplace, full, *command)
    assert code == 1
    assert [row for row in told.splitlines(keepends=True) if row.startswith("error")] == [LOST]


def test_a_failure_that_cannot_be_told_keeps_its_own_code(workplace: Workplace, full: TextIO) -> None:
    assert ended(workplace, full, "frobnicate", "--format", "json") == (64, LOST)


def refuse_one(workplace: Workplace) -> None:
    workplace.sandbox.faults.add(Fault(kind=FaultKind.FORBIDDEN, number="74991000001", mutating=True, times=None))


RUNS: dict[str, tuple[int, Callable[[Workplace], None]]] = {
    "applied": (0, lambda _workplace: None),
    "in part": (3, refuse_one),
}


@pytest.mark.parametrize("form", [(), ("--format", "json")], ids=["text", "json"])
@pytest.mark.parametrize("run", RUNS)
def test_an_apply_ends_as_it_deserves_and_its_report_is_in_the_record(
    run: str, form: tuple[str, ...], workplace: Workplace, full: TextIO
) -> None:
    code, prepare = RUNS[run]
    prepare(workplace)
    found, told = ended(workplace, full, "apply", "--auto-approve", *form)
    assert found == code
    assert TOLD in told
    assert "hint: the record has it: reconciler record list" in told
    (recorded,) = workplace.run("record", "list", "--format", "json").json["runs"]
    shown = workplace.run("show", recorded["run_id"], "--format", "json").json
    assert [row["outcome"] for row in shown["run"]["results"]] == ["applied", "applied" if code == 0 else "failed"]


def test_nobody_is_asked_about_a_plan_that_could_not_be_shown(
    workplace: Workplace, full: TextIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Process, "has_person", True)
    monkeypatch.setattr(sys, "stdin", io.StringIO("yes\n"))
    code, told = ended(workplace, full, "apply")
    assert code == 1
    assert "the plan cannot be shown, so it cannot be approved; nothing was written" in told
    assert workplace.sandbox.writes == []


def test_files_to_begin_with_are_no_failure(workplace: Workplace, full: TextIO) -> None:
    assert ended(workplace, full, "init", "new", "--vendor", "mtt", "--import", "--host", "none") == (0, TOLD)
    assert (workplace.folder / "new" / "reconciler.yaml").exists()


def test_files_that_were_spelled_anew_are_no_failure(workplace: Workplace, full: TextIO) -> None:
    workplace.edit('"74991000000"', "+7 499 100-00-00")
    assert ended(workplace, full, "fmt") == (0, TOLD)
    assert ended(workplace, io.StringIO(), "fmt", "--check")[0] == 0


@pytest.mark.parametrize("command", [("validate",), ("plan",), ("apply", "--auto-approve"), ("frobnicate",)])
def test_standard_error_may_be_full_as_well(command: tuple[str, ...], workplace: Workplace, full: TextIO) -> None:
    with Path("/dev/full").open("w", encoding="utf-8") as other:
        code, _ = ended(workplace, full, *command, err=other)
    assert code == {"apply": 0, "frobnicate": 64}.get(command[0], 1)


def test_after_a_failed_write_nothing_more_is_written_there(tmp_path: Path) -> None:
    class Once(io.StringIO):
        def flush(self) -> None:
            raise OSError(28, "No space left on device")

    stream = Once()
    process = Process(environ={})
    process.screen.out = stream
    process.screen.table("one\n")
    process.screen.table("two\n")
    assert (stream.getvalue(), process.screen.lost is not None) == ("one\n", True)


def test_a_document_that_is_out_already_is_the_only_one() -> None:
    def work() -> int:
        process.screen.document('{"a": 1}\n')
        raise KeyboardInterrupt

    process = Process(environ={}, format=JSON)
    process.screen.out = out = io.StringIO()
    assert errors.run(work, process) == 130
    assert json.loads(out.getvalue()) == {"a": 1}


# -- as a process, down to its last moment ----------------------------------------------------------------------------


def process_of(workplace: Workplace, stdout: int | IO[str], *arguments: str) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, **workplace.environ, "PYTHONPATH": str(REPOSITORY)}
    command = [sys.executable, "-m", "reconciler", "-C", str(workplace.folder), *arguments]
    return subprocess.run(
        command, stdout=stdout, stderr=subprocess.PIPE, text=True, check=False, timeout=60, env=environ
    )


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (("validate",), 1, LOST),
        (("plan", "--format", "json"), 1, LOST),
        (("--help",), 1, "error[command-failed]: the operating system refused: no space left on device\n"),
        (("--version",), 1, "error[command-failed]: the operating system refused: no space left on device\n"),
        (("apply", "--auto-approve", "--format", "json"), 0, TOLD),
    ],
    ids=lambda words: words[0] if isinstance(words, tuple) else None,
)
def test_a_process_on_a_full_disk_ends_in_order(
    arguments: tuple[str, ...], code: int, told: str, workplace: Workplace, full: TextIO
) -> None:
    done = process_of(workplace, full, *arguments)
    assert (done.returncode, done.stderr.startswith(told)) == (code, True)
    assert "Traceback" not in done.stderr
    assert "ignored" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (("plan",), 1, "error[command-failed]: standard output cannot be written: bad file descriptor\n"),
        (("plan", "--format", "json"), 1, "error[command-failed]: standard output cannot be written: bad file "),
        (("apply", "--auto-approve"), 0, "warning[command-failed]: standard output cannot be written: bad file "),
    ],
    ids=["plan", "plan as json", "apply"],
)
def test_a_process_without_standard_output_loses_nothing_in_silence(
    arguments: tuple[str, ...], code: int, told: str, workplace: Workplace
) -> None:
    environ = {**os.environ, **workplace.environ, "PYTHONPATH": str(REPOSITORY)}
    command = [sys.executable, "-m", "reconciler", "-C", str(workplace.folder), *arguments]
    closed = ["sh", "-c", 'exec "$@" >&-', "sh", *command]
    done = subprocess.run(closed, stderr=subprocess.PIPE, text=True, check=False, timeout=60, env=environ)
    assert done.returncode == code, done.stderr
    assert told in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "code"),
    [(("validate",), 0), (("plan", "--detailed-exitcode"), 2), (("apply", "--auto-approve", "--format", "json"), 0)],
    ids=lambda words: words[0] if isinstance(words, tuple) else None,
)
def test_a_reader_who_has_gone_changes_nothing(arguments: tuple[str, ...], code: int, workplace: Workplace) -> None:
    read, write = os.pipe()
    os.close(read)
    try:
        done = process_of(workplace, write, *arguments)
    finally:
        os.close(write)
    assert (done.returncode, done.stderr) == (code, done.stderr)
    assert "Traceback" not in done.stderr
    assert "cannot be written" not in done.stderr
