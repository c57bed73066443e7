"""The group of all commands, loaded one by one when asked for, and how the program ends.

Knows of each command its name, its module and one sentence.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Never

import click

from reconciler import __version__
from reconciler.cli.errors import run
from reconciler.cli.options import refuse_empty
from reconciler.cli.process import (
    Process,
    asked_format,
    complete_with,
    everywhere,
    of_configuration,
    of_policy,
    of_the_network,
)
from reconciler.cli.suggestions import Group, HintedUsageError, explained

_HERE = "reconciler.cli"
_SELDOM = 100_000  # new objects before the collector looks at them: commands make many and leave little garbage

# Name: the module and its attribute, and the sentence that `--help` lists.
COMMANDS: Mapping[str, tuple[str, str]] = {
    "init": (f"{_HERE}.init:init", "Write a configuration to begin with, and its pipeline."),
    "validate": (f"{_HERE}.validate:validate", "Check the configuration's files offline."),
    "list": (f"{_HERE}.listing:listing", "List numbers, where their calls go, and when."),
    "route": (f"{_HERE}.calendar:route", "Show who rings for a number at a given time, and why others do not."),
    "calendar": (f"{_HERE}.calendar:calendar", "Draw the week: who rings when, and the gaps."),
    "plan": (f"{_HERE}.plan:plan", "Read the live numbers and say what would change."),
    "apply": (f"{_HERE}.apply:apply", "Make the changes, and verify them by reading back."),
    "audit": (f"{_HERE}.audit:audit", "Find drift, unmanaged numbers, gaps and risks."),
    "import": (f"{_HERE}.importing:import_", "Write what is live into the files, with comments and order kept."),
    "show": (f"{_HERE}.show:show", "Show a plan file, a number, or a past run."),
    "undo": (f"{_HERE}.undo:undo", "Plan a return to what was there before a run."),
    "calls": (f"{_HERE}.live_calls:calls", "See live calls, place and control them."),
    "login": (f"{_HERE}.login:login", "Log in to an account whose provider wants a person to."),
    "doctor": (f"{_HERE}.doctor:doctor", "Find what would stop an apply."),
    "record": (f"{_HERE}.record:record", "Show and repair the record."),
    "fmt": (f"{_HERE}.fmt:fmt", "Put files in canonical form, or move the calendar forward."),
    "period": (f"{_HERE}.period:period", "Check and explain period strings."),
    "events": (f"{_HERE}.events:events", "Receive call events, follow them, and draw a call."),
    "sandbox": (f"{_HERE}.sandbox:sandbox", "Serve the vendors' APIs on this machine, for trying things out."),
    "demo": (f"{_HERE}.demo:demo", "See it work: validate, plan, apply, plan again."),
    "explain": (f"{_HERE}.explain:explain", "Say what a rule's code means, with an example."),
    "schema": (f"{_HERE}.schema:schema", "Print the JSON Schema of a file format."),
    "lsp": (f"{_HERE}.lsp:lsp", "Serve editors over the Language Server Protocol."),
    "completion": (f"{_HERE}.completion:completion", "Print the completion script of a shell."),
}
_WITH_POLICY = ("validate", "plan", "apply", "audit", "undo")
_WITH_CONFIGURATION = (
    "validate",
    "list",
    "route",
    "calendar",
    "plan",
    "apply",
    "audit",
    "import",
    "show",
    "undo",
    "calls",
    "login",
    "doctor",
    "record",
)
_ON_THE_NETWORK = ("plan", "apply", "audit", "import", "show", "undo", "calls", "login", "doctor", "record")
_EPILOG = (
    "Exit codes: 0 done, 1 error, 2 changes, 3 applied in part, 4 stale plan, 5 refused, 64 wrong usage, "
    "130 interrupted."
)


class Root(Group):
    """A group that imports a command when it is asked for, and ends with the program's own exit codes."""

    def list_commands(self, _context: click.Context) -> list[str]:
        """Names in the order of the work."""
        return list(COMMANDS)

    def get_command(self, _context: click.Context, name: str) -> click.Command | None:
        """Import a command, complete with the options that all have."""
        if name not in COMMANDS:
            return None
        return _load_command(name)

    def format_commands(self, _context: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, sentence) for name, (_place, sentence) in COMMANDS.items()])

    def format_epilog(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        """End with where the pages are, if they are here."""
        super().format_epilog(context, formatter)
        folder = documentation()
        if folder is not None:
            formatter.write(f"\n  All of it at length: {folder / 'README.md'}, {folder / 'docs'}\n")

    def main(self, args: Sequence[str] | None = None, *_position: object, **extra: object) -> Never:
        """Run, and end with one of `Exit`; the program has one name, however it is started."""
        arguments = list(sys.argv[1:] if args is None else args)
        given = extra.pop("obj", None)
        process = given if isinstance(given, Process) else Process()
        process.format = asked_format(arguments)
        plain = {**extra, "prog_name": "reconciler", "standalone_mode": False, "obj": process}
        if args is None:
            gc.set_threshold(_SELDOM)
        code = run(lambda: self._parse(arguments, plain), process)
        if args is None:
            _leave(code)
        sys.exit(code)

    def _parse(self, arguments: list[str], extra: Mapping[str, object]) -> object:
        parse: Callable[..., object] = super().main
        try:
            return parse(arguments, **extra)
        except (click.exceptions.NoArgsIsHelpError, HintedUsageError):
            raise
        except click.UsageError as error:
            raise explained(error, self, arguments) from error


def documentation() -> Path | None:
    """The folder with README.md and docs: that of the source, or where the installed package keeps them."""
    package = Path(__file__).parents[1]
    folders = (package.parent, *(each / "share" / "doc" / "reconciler" for each in package.parents[3:4]))
    return next((each for each in folders if (each / "docs" / "commands.md").is_file()), None)


def _leave(code: int) -> Never:
    """End at once: no request that was abandoned is waited for, nothing is collected, and no signal comes too late."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError):  # closed streams are None
            stream.flush()
    os._exit(code)


def _load_command(name: str) -> click.Command:
    place, sentence = COMMANDS[name]
    module, _, attribute = place.partition(":")
    command: click.Command = getattr(import_module(module), attribute)
    command.short_help = sentence
    options = of_the_network() if name in _ON_THE_NETWORK else []
    options += of_configuration() if name in _WITH_CONFIGURATION else []
    _complete(command, [*options, *everywhere()])
    if name in _WITH_POLICY:
        complete_with(command, [of_policy()])
    _refuse_empty(command)
    return command


def _refuse_empty(command: click.Command) -> None:
    refuse_empty(command)
    for each in command.commands.values() if isinstance(command, click.Group) else ():
        _refuse_empty(each)


def _complete(command: click.Command, options: Sequence[click.Option]) -> None:
    if isinstance(command, click.Group):
        for each in command.commands.values():
            _complete(each, options)
    else:
        complete_with(command, options)


_HELP = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


@click.group(cls=Root, epilog=_EPILOG, context_settings=_HELP)
@click.option(
    "-C",
    "folder",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Work in this folder, which holds reconciler.yaml; default: the current one, or the nearest above that does.",
)
@click.version_option(__version__, message="%(prog)s %(version)s")
@click.pass_obj
def main(process: Process, folder: Path | None) -> None:
    """Phone numbers as code: YAML in git, planned, applied and proven.

    Example: reconciler -C numbers plan
    """
    process.work_in(folder)


refuse_empty(main)
