"""Pages that are walked: their files are written and their commands run in order, in one shell and empty folder.

A ```yaml block with a title is a file. A ```console block has commands behind `$ ` (`> ` goes on with one) and what
they show: `…` on a line of its own is any number of lines, within a line any text; a command that shows nothing is not
compared. A command ends with 0, unless `$ echo $?` comes next and shows what else.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

_FENCE = re.compile(r"^( *)```(\w+)?(?: title=\"([^\"]+)\")?\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
_MARK = "--end of a command--"
_ANY = "…"
ASKS = "echo $?"
_UNSTABLE = re.compile(r"\b[0-9a-f]{12}\b|(?<=127\.0\.0\.1:)\d+")  # ids of runs, and ports


@dataclass(frozen=True)
class File:
    """A file of a page, as it is to be written."""

    name: str
    text: str


@dataclass(frozen=True)
class Command:
    """A command of a page, what it shows there, and where in the page that stands; `is_shell` goes on reading."""

    text: str
    shown: str
    line: int

    @property
    def is_shell(self) -> bool:
        return self.text.endswith("--exec bash")


Step = File | Command


def steps(page: str) -> Iterator[Step]:
    """What a page has its reader do, in order."""
    for found in _FENCE.finditer(page):
        indent, language, title, body = found.groups()
        text = re.sub(rf"^{indent}", "", body, flags=re.MULTILINE)
        line = page.count("\n", 0, found.start(4)) + 1
        if title is not None:
            yield File(title, text)
        elif language in ("console", "sh"):
            yield from _commands(text, line)


def _commands(text: str, first: int) -> Iterator[Command]:
    written: list[str] = []
    shown: list[str] = []
    start = first
    for number, line in enumerate([*text.splitlines(), "$ "], first):
        if line.startswith("$ "):
            if written:
                yield Command("\n".join(written), "\n".join(shown).strip("\n"), start)
            written, shown, start = [line[2:]], [], number
        elif line.startswith("> ") and not shown:
            written.append(line[2:])
        else:
            shown.append(line)


def agrees(shown: str, actual: str) -> bool:
    """Whether a page shows what came."""
    lines = [re.escape(line.rstrip()).replace(_ANY, ".*") + "\n" for line in shown.splitlines()]
    pattern = "".join("(?:.*\n)*?" if line == ".*\n" else line for line in lines)
    return re.fullmatch(pattern, "".join(f"{line.rstrip()}\n" for line in actual.splitlines())) is not None


class Shell:
    """One bash in an empty folder that is also its home, without what this machine sets."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "work").mkdir()
        (folder / ".gitconfig").write_text(
            "[user]\nname = A\nemail = a@example.com\n[init]\ndefaultBranch = main\n[commit]\ngpgSign = false\n",
            "utf-8",
        )
        environ = {
            "HOME": str(folder),
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "LANG": "C.UTF-8",
            "NO_COLOR": "1",
            "COLUMNS": "100",
            "GIT_CONFIG_NOSYSTEM": "1",
        }
        self._process = subprocess.Popen(
            ["bash", "--norc", "--noprofile"],
            cwd=folder / "work", env=environ, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip

    def run(self, command: Command) -> tuple[int, str]:
        """The exit code of a command, and what it shows."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        asked = command.text if command.is_shell else f"{{ {command.text}\n}} </dev/null"
        self._process.stdin.write(f"{asked}\n_code=$?; printf '\\n{_MARK} %s\\n' $_code; (exit $_code)\n")
        self._process.stdin.flush()
        lines: list[str] = []
        for line in self._process.stdout:
            if line.startswith(_MARK):
                return int(line.removeprefix(_MARK)), "".join(lines).strip("\n")
            lines.append(line)
        raise AssertionError(f"the shell ended: {''.join(lines)}")

    def write(self, file: File) -> None:
        """Write a file of the page, from the folder in which the shell works by now."""
        place = self.run(Command("pwd", "", 0))[1]
        path = Path(place) / file.name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(file.text, "utf-8")

    def close(self) -> None:
        """End the shell, and those in it."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(timeout=30)
        assert self._process.stdout is not None
        self._process.stdout.close()


def walk(page: str, folder: Path) -> tuple[list[str], str]:
    """Do all that a page says. Return what went otherwise, and the page with what was shown in truth."""
    shell, wrong, renewed = Shell(folder), [], page
    todo = list(steps(page))
    try:
        for step, then in pairwise([*todo, None]):
            if isinstance(step, File):
                shell.write(step)
            if not isinstance(step, Command):
                continue
            code, actual = shell.run(step)
            if code and not (isinstance(then, Command) and then.text == ASKS):
                wrong.append(f"line {step.line}: {step.text} ended with {code}:\n{actual}")
            if step.shown and not agrees(step.shown, actual):
                wrong.append(f"line {step.line}: {step.text} shows\n{step.shown}\n-- and not --\n{actual}")
                true = _UNSTABLE.sub(_ANY, actual)
                renewed = renewed.replace(f"$ {step.text}\n{step.shown}\n", f"$ {step.text}\n{true}\n", 1)
    finally:
        shell.close()
    return wrong, renewed
