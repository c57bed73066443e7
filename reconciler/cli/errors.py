"""How commands end when they cannot do what was asked: one shape for every failure, in every format.

Knows the errors of the stages and which exit code each has; draws nothing itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import click

from reconciler import __version__
from reconciler.cli.exits import Exit
from reconciler.cli.process import Process
from reconciler.cli.suggestions import HintedUsageError
from reconciler.diagnostics import Diagnostic, Severity
from reconciler.interrupts import abort, has_expired, heeding, installed, is_ending
from reconciler.views.formats import TEXT


class CommandError(Exception):
    """A command that comes to nothing: why, and the exit code."""

    def __init__(self, diagnostics: Sequence[Diagnostic], code: Exit = Exit.ERROR) -> None:
        super().__init__(diagnostics[0].message if diagnostics else "")
        self.diagnostics = tuple(diagnostics)
        self.code = code


def command_error(rule: str, message: str, *, hint: str | None = None, exit_code: Exit = Exit.ERROR) -> CommandError:
    """A failure of one sentence; `rule` is its code."""
    from reconciler.rules import RULES

    return CommandError([RULES[rule].at(None, message, hint)], exit_code)


def run(work: Callable[[], object], process: Process) -> int:
    """Do the work and return its exit code, whatever happens, and wherever a signal comes in between."""
    with installed():
        try:
            with heeding(abort):
                return _with_output(process, _settled(work, process))
        except KeyboardInterrupt:
            return _interrupted(process)


def _settled(work: Callable[[], object], process: Process) -> int:
    try:
        result = work()
    except (click.Abort, KeyboardInterrupt):
        return _interrupted(process)
    except SystemExit as end:  # click's, where the reader of a help text has gone
        result = end.code
    except Exception as error:  # noqa: BLE001 - the last resort: a bug keeps its traceback
        return _interrupted(process) if is_ending() else _failed(error, process)
    return result if isinstance(result, int) else Exit.DONE


def _failed(error: Exception, process: Process) -> int:
    match error:
        case click.exceptions.NoArgsIsHelpError():
            return _helped(process, error)
        case HintedUsageError():
            process.command = error.path.partition(" ")[2]
            return _ended(process, command_error("usage", error.message, hint=error.hint, exit_code=Exit.USAGE))
        case click.ClickException():
            return _ended(process, command_error("command-failed", error.format_message()))
        case _:
            return _ended(process, _known(error) or _bug(error, process))


def _interrupted(process: Process) -> int:
    """Say that a command was ended."""
    if has_expired():
        ended_by = command_error(
            "deadline-passed", f"the command took longer than its deadline of {process.deadline:.0f} s"
        )
    else:
        ended_by = command_error("interrupted", "interrupted", exit_code=Exit.INTERRUPTED)
    return _ended(process, ended_by)


_ACTING = (
    "apply",
    "fmt",
    "init",
    "import",
    "login",
    "record forget",
    "record unlock",
    "record migrate",
    "calls place",
    "calls transfer",
    "calls hangup",
    "calls action",
)


def _with_output(process: Process, code: int) -> int:
    """The exit code; where standard output could not be written an error, unless the command does more than tell."""
    lost = process.screen.lost
    if lost is None:
        return code
    acting = process.command in _ACTING
    hint = "the record has it: reconciler record list, reconciler show RUN" if process.command == "apply" else None
    message = f"standard output cannot be written: {(lost.strerror or 'unknown reason').lower()}"
    from reconciler.rules import RULES
    from reconciler.views.human.findings import diagnostics

    told = RULES["command-failed"].at(None, message, hint).with_severity(Severity.WARNING if acting else Severity.ERROR)
    process.screen.note(diagnostics([told], process.screen.columns()))
    return code if acting or code in (Exit.INTERRUPTED, Exit.USAGE) else Exit.ERROR


def show_diagnostics(process: Process, found: Iterable[Diagnostic]) -> None:
    """Tell findings beside the result; -q leaves errors only, -v adds notices, which `validate` always tells."""
    process.format.findings(process, found)


def _ended(process: Process, ended_by: CommandError) -> int:
    """Say why a command came to nothing, in its format; where a document is out already, beside it."""
    told_in = TEXT if process.screen.has_document else process.format
    told_in.failure(process, ended_by.diagnostics)
    return ended_by.code


def _helped(process: Process, error: click.exceptions.NoArgsIsHelpError) -> int:
    """A group without a command: its help says which there are."""
    from reconciler.views.base import line

    process.screen.note(line(each) for each in error.format_message().splitlines())
    return Exit.USAGE


def _bug(error: Exception, process: Process) -> CommandError:
    import traceback

    from reconciler.views.base import line

    text = "".join(traceback.format_exception(error))
    process.screen.note(line(each) for each in text.splitlines())
    hint = f"please report it, with the lines above and the command you typed, for version {__version__}"
    return command_error("program-fault", f"this is a bug in the program: {type(error).__name__}", hint=hint)


def _known(error: Exception) -> CommandError | None:
    """The failure that an error of a stage means; None for a fault of the program."""
    if isinstance(error, CommandError):
        return error
    from reconciler.http.errors import ProviderError
    from reconciler.plugins import PluginError
    from reconciler.record.base import LockedError, RecordError, RecordSecretError
    from reconciler.rules import RULES
    from reconciler.secrets import SecretError
    from reconciler.workflow.stored import StalePlanError

    match error:
        case StalePlanError():
            known = CommandError(error.diagnostics, Exit.STALE)
        case LockedError():
            known = command_error("record-locked", str(error), hint=error.hint, exit_code=Exit.REFUSED)
        case RecordSecretError():
            known = CommandError([RULES["secret-missing"].at(error.place, str(error), error.hint)])
        case RecordError():
            known = command_error("record-unusable", str(error), hint=error.hint)
        case ProviderError():
            known = command_error(error.code, str(error), hint=error.hint)
        case PluginError():
            known = command_error("plugin-unusable", str(error), hint=error.hint)
        case SecretError():
            known = command_error(error.code, str(error), hint=error.hint)
        case OSError():
            known = _refused(error)
        case _:
            return None
    return known


def _refused(error: OSError) -> CommandError:
    """What the system refuses and no stage has told: a full disk, a name that is too long."""
    what = f" {error.filename}" if isinstance(error.filename, str) else ""
    return command_error(
        "command-failed", f"the operating system refused{what}: {(error.strerror or 'unknown reason').lower()}"
    )
