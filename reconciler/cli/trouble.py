"""How commands end when they cannot do what was asked: one shape for every failure, in text and in JSON.

Knows the errors of the stages and which exit code each has; draws nothing itself.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager

import click

from reconciler import __version__
from reconciler.cli.exits import Exit
from reconciler.cli.process import Process
from reconciler.diagnostics import Diagnostic, Severity


class Stop(Exception):
    """A command that comes to nothing: why, and the exit code."""

    def __init__(self, diagnostics: Sequence[Diagnostic], code: Exit = Exit.ERROR) -> None:
        super().__init__(diagnostics[0].message if diagnostics else "")
        self.diagnostics = tuple(diagnostics)
        self.code = code


def stop(rule: str, message: str, *, hint: str | None = None, exit_code: Exit = Exit.ERROR) -> Stop:
    """A failure of one sentence; `rule` is its code."""
    return Stop([Diagnostic(rule, Severity.ERROR, message, hint=hint)], exit_code)


def run(work: Callable[[], object], process: Process) -> int:
    """Do the work and return its exit code, whatever happens."""
    with _terminable():
        try:
            result = work()
        except (click.Abort, KeyboardInterrupt):
            return _ended(process, stop("interrupted", "interrupted", exit_code=Exit.INTERRUPTED))
        except click.exceptions.NoArgsIsHelpError as error:
            return _helped(process, error)
        except click.UsageError as error:
            return _ended(process, _usage(error, process))
        except click.ClickException as error:
            return _ended(process, stop("command-failed", error.format_message()))
        except Exception as error:  # noqa: BLE001 - the last resort: a bug keeps its traceback
            return _ended(process, _known(error) or _bug(error, process))
    return result if isinstance(result, int) else Exit.DONE


def show_diagnostics(process: Process, found: Iterable[Diagnostic]) -> None:
    """Tell findings on standard error; -q leaves errors only, -v adds notices, which `validate` always tells.

    On GitHub they are told as annotations, which stand in the same log.
    """
    if process.format == "github":
        return
    from reconciler.views.human.findings import diagnostics

    process.screen.note(diagnostics(told(process, found), process.screen.columns()))


def told(process: Process, found: Iterable[Diagnostic]) -> list[Diagnostic]:
    """The findings that are told: -q leaves errors only, -v adds notices."""
    return [item for item in found if item.is_error or _is_told(item.severity, process)]


def _is_told(severity: Severity, process: Process) -> bool:
    return process.is_verbose if severity is Severity.NOTICE else not process.is_quiet


def _ended(process: Process, trouble: Stop) -> int:
    if process.is_json:
        from reconciler.views.machine import failure

        process.screen.document(failure(trouble.diagnostics))
    elif process.is_review:
        _reviewed(process, trouble.diagnostics)
    else:
        show_diagnostics(process, trouble.diagnostics)
        _paged(process, told(process, trouble.diagnostics))
    return trouble.code


def _reviewed(process: Process, found: Sequence[Diagnostic]) -> None:
    from reconciler.cli import reviewing
    from reconciler.views.ci.findings import failure

    show_diagnostics(process, found)
    reviewing.show(process, failure(process.command, told(process, found)))


def _paged(process: Process, found: Sequence[Diagnostic]) -> None:
    """What goes to a reader's file or comment says so, too, where there is nothing else to say."""
    match process.format:
        case "html":
            from reconciler.views.web import failure as web

            process.screen.table(web.page(process.command, found))
        case "markdown":
            from reconciler.views import markdown

            process.screen.table(markdown.failure(process.command, found))


def _helped(process: Process, error: click.exceptions.NoArgsIsHelpError) -> int:
    """A group without a command: its help says which there are."""
    from reconciler.views.base import line

    process.screen.note(line(each) for each in error.format_message().splitlines())
    return Exit.USAGE


def _usage(error: click.UsageError, process: Process) -> Stop:
    path = error.ctx.command_path if error.ctx else "reconciler"
    process.command = path.partition(" ")[2]
    misplaced = isinstance(error, click.NoSuchOption) and error.option_name in ("-C", "--version")
    hint = "it stands before the command: reconciler -C DIR COMMAND" if misplaced else f"{path} --help"
    return stop("usage", error.format_message(), hint=hint, exit_code=Exit.USAGE)


def _bug(error: Exception, process: Process) -> Stop:
    import traceback

    from reconciler.views.base import line

    text = "".join(traceback.format_exception(error))
    process.screen.note(line(each) for each in text.splitlines())
    hint = f"please report it with the lines above and what was typed, for version {__version__}"
    return stop("program-fault", f"this is a fault of the program: {type(error).__name__}", hint=hint)


def _known(error: Exception) -> Stop | None:
    """The failure that an error of a stage means; None for a fault of the program."""
    if isinstance(error, Stop):
        return error
    from reconciler.formats.plan import PlanFileError
    from reconciler.providers.base import ProviderError
    from reconciler.record.base import LockedError, RecordError
    from reconciler.secrets import SecretError
    from reconciler.workflow.stored import StalePlanError

    match error:
        case StalePlanError():
            known = Stop(error.diagnostics, Exit.STALE)
        case LockedError():
            known = stop("record-locked", str(error), hint=error.hint, exit_code=Exit.REFUSED)
        case RecordError():
            known = stop("record-unusable", str(error), hint=error.hint)
        case PlanFileError():
            known = stop("plan-file", f"the plan file cannot be used: {error}")
        case ProviderError():
            known = Stop([Diagnostic(error.code, Severity.ERROR, str(error), hint=error.hint)])
        case SecretError():
            known = stop("secret-missing", str(error))
        case OSError():
            known = _refused(error)
        case _:
            return None
    return known


def _refused(error: OSError) -> Stop:
    """What the system refuses and no stage has told: a full disk, a name that is too long."""
    what = f" {error.filename}" if isinstance(error.filename, str) else ""
    return stop("command-failed", f"the system refuses{what}: {(error.strerror or 'no reason is given').lower()}")


@contextmanager
def _terminable() -> Iterator[None]:
    """Let SIGTERM end a command as Ctrl-C does."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
