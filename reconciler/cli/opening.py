"""From the command line to a configuration and a session: loads, tells what is wrong, and closes again.

Knows which options choose a configuration; judges nothing itself.
"""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from reconciler.cli.process import Process
from reconciler.cli.trouble import Stop, stop
from reconciler.config.complaints import did_you_mean
from reconciler.interrupts import abort, heeding
from reconciler.secrets import Secrets

if TYPE_CHECKING:
    from reconciler.config.load import Loaded
    from reconciler.diagnostics import Diagnostic
    from reconciler.plan.build import Selection
    from reconciler.settings import Configuration
    from reconciler.views.progress import Watch
    from reconciler.wiring import Session


def load(process: Process, *, scenario: str | None = None, paths: Sequence[Path] = ()) -> Loaded:
    """Load the configuration with the findings about it, and those of policy."""
    gc.disable()  # imports and loading make many objects and no garbage; what they made stays until the end
    try:
        from reconciler.clock import SystemClock
        from reconciler.config.load import load as load_configuration
        from reconciler.providers.table import PROVIDERS

        loaded = load_configuration(
            process.folder,
            PROVIDERS,
            trusted=process.trusted,
            scenario=scenario,
            paths=tuple(paths),
            today=SystemClock().today(),
            policy=process.policy,
        )
        if loaded.configuration is not None:
            _keep_out(process, loaded.configuration)
        return loaded
    finally:
        gc.freeze()
        gc.enable()


def _keep_out(process: Process, configuration: Configuration) -> None:
    """Keep what the environment holds of configured secrets out of all output, also where nobody is asked."""
    secrets = Secrets(process.environ)
    secrets.learn(configuration.secret_references)
    process.screen.redact = secrets.redact


def usable(
    process: Process, *, scenario: str | None = None, paths: Sequence[Path] = ()
) -> tuple[Configuration, tuple[Diagnostic, ...]]:
    """Load a configuration that has no errors, and its warnings; raises Stop."""
    loaded = load(process, scenario=scenario, paths=paths)
    found = tuple(loaded.diagnostics)
    if loaded.configuration is None or any(item.is_error for item in found):
        raise Stop(found)
    return loaded.configuration, found


def selected(
    configuration: Configuration, targets: tuple[str, ...], tags: tuple[str, ...], accounts: tuple[str, ...]
) -> Selection:
    """Which numbers `--target`, `--tag` and `--account` mean; raises Stop for an account that does not exist."""
    from reconciler.plan.build import Selection

    check_accounts(configuration, accounts)
    return Selection(targets, tags, accounts)


def check_accounts(configuration: Configuration, accounts: Iterable[str]) -> None:
    """Raise Stop for an account that does not exist."""
    for name in accounts:
        if name not in configuration.accounts:
            hint = did_you_mean(name, configuration.accounts)
            raise stop("unknown-account", f"there is no account {name!r}", hint=hint)


def plannable(
    process: Process, *, scenario: str | None = None, paths: Sequence[Path] = ()
) -> tuple[Configuration, tuple[Diagnostic, ...]]:
    """Load a configuration that a plan may be made with, and its warnings; raises Stop where calls go in a circle."""
    from reconciler.workflow.validate import unplannable

    configuration, found = usable(process, scenario=scenario, paths=paths)
    circles = unplannable(configuration)
    if circles:
        raise Stop((*found, *circles))
    return configuration, found


@contextmanager
def opened(process: Process, configuration: Configuration, *, ephemeral_record: bool = False) -> Iterator[Session]:
    """Open a session; from then on its secrets are kept out of all output."""
    from reconciler.wiring import open_session

    session = open_session(
        configuration, process.environ, local_secrets=process.local_secrets, ephemeral_record=ephemeral_record
    )
    process.screen.redact = session.secrets.redact
    try:
        with heeding(lambda: _end(session)):
            yield session
    finally:
        session.close()


def _end(session: Session) -> NoReturn:
    """End at once what other threads of a session wait for, and then the command."""
    session.clock.interrupted.set()
    abort()


@contextmanager
def watching(process: Process, session: Session) -> Iterator[Watch]:
    """Show how far a session's reads and writes are."""
    from reconciler.views.progress import Watch

    watch = Watch(process.screen, session.clock.monotonic, silent=process.is_quiet)
    session.on_wait = watch.waiting
    session.on_record = watch.remark
    try:
        yield watch
    finally:
        watch.close()
