"""`reconciler demo`: the example against the sandbox, with the real commands, in a folder that is gone afterwards.

Knows what is worth seeing, nothing of how it is done.
"""

from __future__ import annotations

import io
import json
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import click

from reconciler.cli.exits import Exit
from reconciler.cli.opening import load_whole
from reconciler.cli.process import Process
from reconciler.cli.root import documentation, main
from reconciler.sandbox import Sandbox
from reconciler.views.base import EMPTY, Line, Span, Tone, line
from reconciler.workflow.trial import needs_of, try_out

_EDITED = "numbers/sales.yaml"
_EDITS = (
    ("hr {9-17}      # Monday to Friday, 09:00-18:00", "hr {9-16}      # Monday to Friday, 09:00-17:00"),
    ("timeout: 16}", "timeout: 25}"),
)
_SAID_ONCE = "policy: {rules: {sandbox-in-use: 'off'}}  # the demo says it at its end\n"
_PASSED_ON = ("HOME", "LANG", "LC_ALL", "PATH", "TERM", "NO_COLOR", "TMPDIR")

# A sentence, and the command that it is about; no command: the files are edited.
_STORY: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Check the files, offline.", ("validate",)),
    ("Read the live numbers and say what would change. Nothing is written to them.", ("plan", "--out", "plan.json")),
    ("Make exactly those changes; every write is read back.", ("apply", "plan.json")),
    ("Plan again: there is nothing to do.", ("plan",)),
    ("Now somebody edits the files: the desk closes an hour earlier, and rings longer.", ()),
    ("The plan says what callers will notice.", ("plan", "--out", "plan.json")),
    ("Make exactly those changes.", ("apply", "plan.json")),
)


@click.command()
@click.pass_obj
def demo(process: Process) -> Exit:
    """Show it at work on the quickstart example, against a sandbox of the vendors on this machine.

    Runs validate, plan, apply, plan, an edit, plan and apply, in a temporary folder; nothing leaves this machine and
    nothing stays behind.

    Example: reconciler demo
    """
    with (
        tempfile.TemporaryDirectory(prefix="reconciler-demo-") as name,
        Sandbox(numbers=0, mtt_numbers=0) as vendors,
    ):
        folder = Path(name)
        # docs/decisions/050
        _copy(resources.files("reconciler") / "quickstart", folder)
        with (folder / "reconciler.yaml").open("a") as file:
            file.write(_SAID_ONCE)
        show = _Show(process, folder, _environ(process, vendors, folder))
        for sentence, command in _STORY:
            show.step(sentence, command)
        show.end()
    return Exit.DONE if show.went_well else Exit.ERROR


@dataclass(slots=True)
class _Show:
    """Plays the story on the screen, or gathers it as JSON."""

    process: Process
    folder: Path
    environ: Mapping[str, str]
    went_well: bool = True
    steps: list[dict[str, Any]] = field(default_factory=list)

    def step(self, sentence: str, command: Sequence[str]) -> None:
        if command:
            self._heading(sentence, f"$ reconciler {' '.join(command)}")
            code, answer = self._run(command)
            self.went_well = self.went_well and code == Exit.DONE
            self.steps.append({"command": list(command), "exit_code": code, "answer": answer})
        else:
            changes = list(_edit(self.folder / _EDITED))
            self._heading(sentence, f"$ edit {_EDITED}")
            self._tell([_toned(change) for change in changes])
            self.steps.append({"edited": _EDITED, "changes": changes})

    def end(self) -> None:
        folder = documentation()
        pages = "reconciler --help" if folder is None else f"reconciler --help, {folder / 'README.md'}"
        last = line(f"That was the sandbox; nothing of it is left. With an account of your own: {pages}.")
        self.process.answer(lambda: {"went_well": self.went_well, "steps": self.steps}, lambda _columns: [EMPTY, last])

    def _heading(self, sentence: str, shown: str) -> None:
        self._tell([EMPTY, line(Span(f"# {sentence}", Tone.NOTED)), line(Span(shown, Tone.STRONG))])

    def _tell(self, page: list[Line]) -> None:
        if not self.process.format.for_programs:
            self.process.screen.result(page)

    def _run(self, command: Sequence[str]) -> tuple[int, Any]:
        """Run a real command in this process; with JSON, return its document."""
        inner = Process(environ=self.environ)
        inner.screen.color = self.process.screen.color
        inner.screen.out, inner.screen.err = self.process.screen.out, self.process.screen.out
        arguments = ["-C", str(self.folder), *command]
        if self.process.format.for_programs:
            inner.screen.out, inner.screen.err = io.StringIO(), io.StringIO()
            arguments += ["--format", "json"]
        code = _exit_code(lambda: main.main(arguments, obj=inner))
        if code == Exit.INTERRUPTED:
            raise KeyboardInterrupt
        return code, json.loads(inner.screen.out.getvalue()) if isinstance(inner.screen.out, io.StringIO) else None


def _exit_code(run: Callable[[], object]) -> int:
    try:
        run()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else Exit.ERROR
    return Exit.DONE


def _copy(source: Traversable, folder: Path) -> None:
    """Copy the example out of the package, which may be a zip."""
    for entry in source.iterdir():
        if entry.is_dir():
            (folder / entry.name).mkdir()
            _copy(entry, folder / entry.name)
        else:
            (folder / entry.name).write_bytes(entry.read_bytes())


def _environ(process: Process, vendors: Sandbox, folder: Path) -> dict[str, str]:
    """What the commands may know of this machine, and the way to the sandbox, which owns what the example declares."""
    passed_on = {name: process.environ[name] for name in _PASSED_ON if name in process.environ}
    inner = Process(environ=passed_on)
    inner.work_in(folder)
    configurations, _found = load_whole(inner)
    return {**passed_on, **try_out(vendors, needs_of(vendors, configurations), configurations)}


def _edit(path: Path) -> Iterator[str]:
    """Edit a file, and tell the lines that change."""
    before = path.read_text("utf-8")
    after = before
    for old, new in _EDITS:
        after = after.replace(old, new)
    path.write_text(after, "utf-8")
    for old_line, new_line in zip(before.splitlines(), after.splitlines(), strict=True):
        if old_line != new_line:
            yield f"- {old_line.strip()}"
            yield f"+ {new_line.strip()}"


def _toned(change: str) -> Line:
    return line(Span(change, Tone.REMOVED if change.startswith("-") else Tone.ADDED))
