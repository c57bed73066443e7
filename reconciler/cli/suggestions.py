"""What was probably meant by a command or an option that does not exist: a slip, or a word of another program.

Knows the words of other programs and where ours are; runs nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches

import click

_PLAN = "reconciler plan shows what would change, and writes nothing"
_OFF = "to switch a number off write `forwarding: none` or `parking: false`, and plan with --allow-delete"
_CONSENT = (
    "what is dangerous is allowed by its own name: --allow-delete, --allow-adopt, --allow-protected, --override RULE"
)
_DECLARE = "write it in the configuration's files, then reconciler plan"
_IMPORT = "reconciler import writes what is live into the files"
_VARIABLES = "write ${var:NAME} in an event_url or url; its value is RECONCILER_VAR_NAME in the environment"
_LOCKS = "an apply always takes its locks; reconciler record unlock breaks those that a dead one left"
_RECORD = "where the record is kept stands under `record` in reconciler.yaml"
_FOLDER = "name the folder that holds reconciler.yaml, before the command: reconciler -C DIR COMMAND"
_RESULT = "how a result is written is --format; a plan is saved with plan --out FILE"
_CHOOSE = "the numbers of a run are chosen with --target, --tag and --account"

# Words that people know from Terraform, octoDNS, decK, kubectl, Ansible and git: what to do here instead.
COMMANDS: Mapping[str, str] = {
    "destroy": _OFF,
    "delete": _OFF,
    "remove": _OFF,
    "adopt": _IMPORT,
    "dump": _IMPORT,
    "export": _IMPORT,
    "pull": _IMPORT,
    "state": "reconciler record list",
    "state list": "reconciler record list",
    "state show": "reconciler record show NUMBER",
    "state rm": "reconciler record forget NUMBER",
    "refresh": "reconciler audit compares the live numbers with the record",
    "drift": "reconciler audit",
    "status": "reconciler audit",
    "diff": "reconciler plan",
    "preview": "reconciler plan",
    "check": "reconciler validate",
    "lint": "reconciler validate",
    "test": "reconciler validate, which also proves what `expectations` say",
    "sync": "reconciler apply",
    "push": "reconciler apply",
    "up": "reconciler apply",
    "deploy": "reconciler apply",
    "create": _DECLARE,
    "add": _DECLARE,
    "update": _DECLARE,
    "edit": _DECLARE,
    "run": "reconciler apply, or reconciler show RUN for a past run",
    "format": "reconciler fmt",
    "rollback": "reconciler undo",
    "revert": "reconciler undo",
    "get": "reconciler list",
    "ls": "reconciler list",
    "describe": "reconciler show NUMBER",
    "ping": "reconciler doctor",
    "force-unlock": "reconciler record unlock",
    "unlock": "reconciler record unlock",
    "forget": "reconciler record forget NUMBER",
    "migrate": "reconciler record migrate",
    "new": "reconciler init",
    "listen": "reconciler events listen",
    "webhook": "reconciler events listen",
    "setup": "reconciler init",
    "generate": "reconciler init",
    "workspace": "a prepared switch is a scenario: reconciler plan --scenario NAME",
    "taint": "reconciler plan --reassert writes again what cannot be read back",
    "version": "reconciler --version",
    "help": "reconciler --help",
}
# An option, or what to do instead.
OPTIONS: Mapping[str, str] = {
    "dry-run": _PLAN,
    "check": _PLAN,
    "diff": _PLAN,
    "noop": _PLAN,
    "doit": "reconciler apply makes the changes",
    "yes": "--auto-approve",
    "y": "--auto-approve",
    "assume-yes": "--auto-approve",
    "input": "--auto-approve",
    "force": _CONSENT,
    "f": _CONSENT,
    "json": "--format json",
    "html": "--format html",
    "markdown": "--format markdown",
    "csv": "--format csv",
    "output": _RESULT,
    "o": _RESULT,
    "var": _VARIABLES,
    "var-file": _VARIABLES,
    "destroy": _OFF,
    "refresh-only": "reconciler audit",
    "replace": "--reassert",
    "exclude": _CHOOSE,
    "parallelism": "it is `accounts.NAME.rate` in reconciler.yaml",
    "lock": _LOCKS,
    "state": _RECORD,
    "backend-config": _RECORD,
    "migrate-state": "reconciler record migrate",
    "chdir": _FOLDER,
    "config": _FOLDER,
    "config-file": _FOLDER,
    "c": _FOLDER,
    "no-color": "--color never",
    "debug": "write -vv: it shows each request",
    "silent": "-q",
    "n": _CHOOSE,
    "t": "--target",
}
_BEFORE = {"-C": "reconciler -C DIR COMMAND", "--version": "reconciler --version"}
_LONG = re.compile(r"-([A-Za-z][A-Za-z-]+)(?:=.*)?", re.DOTALL)


class HintedUsageError(click.UsageError):
    """Wrong usage with what to type instead, of the command at `path`."""

    def __init__(self, message: str, path: str, hint: str) -> None:
        super().__init__(message)
        self.path = path
        self.hint = hint


class UnfitValueError(click.BadParameter):
    """A value that an option or argument does not take, with what to type instead."""

    def __init__(
        self, message: str, hint: str, parameter: click.Parameter | None, context: click.Context | None
    ) -> None:
        super().__init__(message, context, parameter)
        self.hint = hint

    def format_message(self) -> str:
        """The message alone: it names the value."""
        return self.message


class Group(click.Group):
    """A group that says which command was probably meant."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that is called; raises HintedUsageError."""
        known = self.list_commands(ctx)
        if not ctx.resilient_parsing and args[0] not in known and not args[0].startswith("-"):
            said = f"there is no command '{args[0]}'" + (f" of {ctx.info_name}" if ctx.parent else "")
            raise HintedUsageError(said, ctx.command_path, _command_meant(ctx.command_path, known, args))
        return super().resolve_command(ctx, args)


def _command_meant(path: str, known: Sequence[str], words: Sequence[str]) -> str:
    first = words[0].lower()
    if first == "help" and len(words) > 1 and words[1] in known:
        return f"{path} {words[1]} --help"
    for typed in (" ".join(words[:2]).lower(), first):
        if path == "reconciler" and typed in COMMANDS:
            return COMMANDS[typed]
    close = get_close_matches(first, known, n=1)
    return f"did you mean {path} {close[0]}?" if close else f"{path} --help"


def explained(error: click.UsageError, root: click.Group, arguments: Sequence[str]) -> HintedUsageError:
    """The same with what to type instead; click says of some errors not even which command they are about."""
    command, path = _called(root, arguments) if error.ctx is None else (error.ctx.command, error.ctx.command_path)
    if not isinstance(error, click.NoSuchOption):
        hint = error.hint if isinstance(error, UnfitValueError) else f"{path} --help"
        return HintedUsageError(error.format_message(), path, hint)
    typed = _typed(error.option_name, arguments)
    return HintedUsageError(f"there is no option {typed}", path, _option_meant(typed, command, path, root))


def _called(root: click.Group, arguments: Sequence[str]) -> tuple[click.Command, str]:
    """The command that a command line calls, and its path."""
    command: click.Command = root
    path = "reconciler"
    for word in arguments:
        if isinstance(command, click.Group):
            below = command.get_command(click.Context(command), word)
            command, path = (command, path) if below is None else (below, f"{path} {word}")
    return command, path


def _typed(name: str, arguments: Sequence[str]) -> str:
    """An option as it was typed: click takes -out for the first letter of several."""
    if len(name) == 2:
        spelled = (_LONG.fullmatch(each) for each in arguments)
        return next((f"-{match[1]}" for match in spelled if match and name[1] in match[1]), name)
    return name


def _option_meant(typed: str, command: click.Command, path: str, root: click.Group) -> str:
    word = typed.lstrip("-")
    if typed in _BEFORE:
        return f"it goes before the command: {_BEFORE[typed]}"
    own = [*_options(command), "--help"]
    if f"--{word}" in own:
        return f"did you mean --{word}?"
    if isinstance(command, click.Group):
        known = {name for _name, each in _commands(command) for name in _options(each)}
        for option in (typed, f"--{word}"):
            if option in known:
                return f"it goes after the command: {path} COMMAND {option}"
    if word.lower() in OPTIONS:
        return _written(OPTIONS[word.lower()], own, root)
    close = get_close_matches(f"--{word.lower()}", own, n=1, cutoff=0.7)
    if close:
        return f"did you mean {close[0]}?"
    having = _having(f"--{word}", root)
    return f"it is an option of {having}" if having else f"{path} --help"


def _written(meant: str, own: Sequence[str], root: click.Group) -> str:
    """What to write instead of a known word, or where that belongs."""
    option = meant.split(maxsplit=1)[0]
    if not option.startswith("-"):
        return meant
    return f"write {meant}" if option in own else f"it is {meant} of {_having(option, root)}"


def _having(option: str, root: click.Group) -> str:
    """Which commands have an option."""
    *others, last = ["", *(name for name, command in _commands(root) if option in _options(command))]
    named = ", ".join(filter(None, others))
    return f"{named} and {last}" if named else last


def _options(command: click.Command) -> list[str]:
    return [name for each in command.params if isinstance(each, click.Option) for name in each.opts]


def _commands(group: click.Group) -> Iterable[tuple[str, click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if command is not None:
            yield name, command
