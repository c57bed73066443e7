"""From the command line to a configuration and a session: loads, tells what is wrong, and closes again.

Knows which options choose a configuration; judges nothing itself.
"""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from reconciler.cli.errors import CommandError, command_error
from reconciler.cli.process import Process
from reconciler.config.validation import did_you_mean
from reconciler.interrupts import abort, heeding
from reconciler.secrets import Secrets

if TYPE_CHECKING:
    from reconciler.config.load import LoadResult
    from reconciler.diagnostics import Diagnostic
    from reconciler.effects.traffic import PastCalls
    from reconciler.effects.wording import Wording
    from reconciler.model import Desired
    from reconciler.settings import Configuration
    from reconciler.views.progress import ProgressBar
    from reconciler.wiring import Session


def load(
    process: Process, *, scenario: str | None = None, paths: Sequence[Path] = (), environment: str | None = None
) -> LoadResult:
    """Load the configuration with the findings about it, and those of policy.

    `environment` is one to look at beside the command's own, which stays what the command is about.
    """
    gc.disable()  # imports and loading make many objects and no garbage; what they made stays until the end
    try:
        from reconciler.clock import SystemClock
        from reconciler.config.files import Origin
        from reconciler.config.load import load as load_configuration
        from reconciler.providers.table import PROVIDERS

        loaded = load_configuration(
            process.find_configuration(),
            PROVIDERS,
            origin=Origin(process.trusted, environment or process.environment),
            scenario=scenario,
            paths=tuple(paths),
            today=SystemClock().today(),
            policy=process.policy,
        )
        if loaded.configuration is not None:
            _keep_out(process, loaded.configuration, beside=environment is not None)
        if loaded.configuration is not None and environment is None:
            process.subject = process.subject._replace(configuration=loaded.configuration.name or "")
        return loaded
    finally:
        gc.freeze()
        gc.enable()


def _keep_out(process: Process, configuration: Configuration, *, beside: bool) -> None:
    """Keep what variables hold of configured secrets out of all output, also where nobody is asked.

    `beside` what is kept out already.
    """
    secrets, before = Secrets(process.environ), process.screen.redact
    secrets.learn(configuration.secret_references)
    process.screen.redact = (lambda text: secrets.redact(before(text))) if beside else secrets.redact


def load_valid(
    process: Process, *, scenario: str | None = None, paths: Sequence[Path] = ()
) -> tuple[Configuration, tuple[Diagnostic, ...]]:
    """Load a configuration that has no errors, and its warnings; raises CommandError."""
    return _valid(load(process, scenario=scenario, paths=paths))


def load_whole(process: Process) -> tuple[tuple[Configuration, ...], tuple[Diagnostic, ...]]:
    """Load a configuration and then what it is in each of its scenarios, and its warnings; raises CommandError."""
    loaded = load(process)
    configuration, found = _valid(loaded)
    return (configuration, *loaded.scenarios), found


def _valid(loaded: LoadResult) -> tuple[Configuration, tuple[Diagnostic, ...]]:
    found = tuple(loaded.diagnostics)
    if loaded.configuration is None or any(item.is_error for item in found):
        raise CommandError(found)
    return loaded.configuration, found


def select_numbers(
    configuration: Configuration, targets: tuple[str, ...], tags: tuple[str, ...], accounts: tuple[str, ...]
) -> list[Desired]:
    """The numbers that `--target`, `--tag` and `--account` mean; raises CommandError where they mean none."""
    from reconciler.plan import notes
    from reconciler.plan.build import Selection

    check_accounts(configuration, accounts)
    selection = Selection(targets, tags, accounts)
    chosen = [item for item in configuration.desired if selection.takes(item)]
    if selection.by_words and not chosen:
        raise CommandError([notes.nothing_selected(configuration, targets, tags, selection.words)])
    return chosen


def spoken(process: Process) -> Wording:
    """How things are said to people: in the language that was asked for, with -v in full."""
    from reconciler.effects.wording import Wording
    from reconciler.language import words_of

    return Wording(full=process.is_verbose, words=words_of(process.language))


def wording(process: Process, configuration: Configuration) -> Wording:
    """How the numbers of a configuration are spoken of: by its names, from today on."""
    from reconciler.clock import SystemClock

    return replace(spoken(process), names=replace(configuration.named(), since=SystemClock().today()))


def check_accounts(configuration: Configuration, accounts: Iterable[str]) -> None:
    """Raise CommandError for an account that does not exist."""
    for name in accounts:
        if name not in configuration.accounts:
            hint = did_you_mean(name, configuration.accounts)
            raise command_error("unknown-account", f"there is no account {name!r}", hint=hint)


def load_traffic(process: Process, path: Path | None, configuration: Configuration) -> PastCalls | None:
    """The calls of --traffic to declared numbers; raises CommandError."""
    if path is None:
        return None
    from reconciler.workflow.traffic import TrafficError, read_traffic

    try:
        return read_traffic(process.source(path), str(path), configuration.numbers)
    except TrafficError as error:
        raise CommandError(error.diagnostics) from None


def load_plannable(
    process: Process, *, scenario: str | None = None, paths: Sequence[Path] = ()
) -> tuple[Configuration, tuple[Diagnostic, ...]]:
    """Load a configuration for a plan, and its warnings; raises CommandError where calls go in a loop."""
    from reconciler.workflow.validate import unplannable

    configuration, found = load_valid(process, scenario=scenario, paths=paths)
    circles = unplannable(configuration)
    if circles:
        raise CommandError((*found, *circles))
    return configuration, found


@contextmanager
def start_session(
    process: Process, configuration: Configuration, *, ephemeral_record: bool = False
) -> Iterator[Session]:
    """Open a session; from then on its secrets are kept out of all output."""
    from reconciler.wiring import open_session

    session = open_session(
        configuration, process.environ, local_secrets=process.local_secrets, ephemeral_record=ephemeral_record
    )
    process.screen.redact = session.secrets.redact
    _listen(process, session)
    try:
        with heeding(lambda: _end(session)):
            yield session
    finally:
        session.close()


# docs/decisions/172
def _listen(process: Process, session: Session) -> None:
    """Have requests told that are to be told; raises CommandError where the log cannot be written."""
    if process.log is None and not process.tells_calls:
        return
    from reconciler.cli.calls import CallLog
    from reconciler.views.base import line

    log = CallLog(lambda text: process.screen.note([line(text)]), command=process.command, aloud=process.tells_calls)
    if process.log is not None:
        try:
            log.open(process.target(process.log), process.log)
        except OSError as error:
            message = f"the log {process.log} cannot be written: {(error.strerror or 'unknown reason').lower()}"
            raise command_error("command-failed", message, hint="name a file, in a folder that is there") from None
    process.calls, session.on_call = log, log.hear


def _end(session: Session) -> NoReturn:
    """End at once what other threads of a session wait for, and then the command."""
    session.clock.interrupted.set()
    abort()


@contextmanager
def show_progress(process: Process, session: Session) -> Iterator[ProgressBar]:
    """Show how far a session's reads and writes are."""
    from reconciler.views.progress import ProgressBar

    progress_bar = ProgressBar(process.screen, session.clock.monotonic, silent=process.is_quiet)
    session.on_wait = progress_bar.waiting
    session.on_record = progress_bar.remark
    if process.calls is not None:
        process.calls.say = progress_bar.remark
    try:
        yield progress_bar
    finally:
        progress_bar.close()
