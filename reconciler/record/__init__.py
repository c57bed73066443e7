"""Where the record lives: one file a backend, one interface in `base`. Loads a backend only when it is asked for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.record.base import Record, RecordError, RecordSecretError, Waits
from reconciler.record.folder import KEY, local_key, local_place
from reconciler.secrets import SecretError

if TYPE_CHECKING:
    from reconciler.record.tokens import HttpTexts, PostgresTexts
    from reconciler.secrets import Secrets
    from reconciler.settings import RecordSettings


def open_record(
    settings: RecordSettings,
    *,
    name: str | None,
    root: Path,
    secrets: Secrets,
    ephemeral: bool = False,
    waits: Waits | None = None,
) -> Record:
    """Return the record that a configuration names; nothing is read or made before it is used. Raises RecordError.

    `root` is the configuration's folder; `ephemeral` keeps the record in this process only; `waits` hears of waits and
    ends them.
    """
    if ephemeral:
        from reconciler.record.memory import MemoryRecord

        return MemoryRecord(name=name)
    if settings.backend == "file":
        path = _local_place(settings, root, waits)
        if path is None:
            from reconciler.record.memory import NoRecord

            return NoRecord(name=name)
        from reconciler.record.sqlite import SqliteRecord

        return SqliteRecord(path, name=name)
    if name is None:
        raise RecordError(f"a record in {settings.backend} needs a name", hint="write `name: …` in reconciler.yaml")
    return _shared(settings, name, root, secrets, waits)


def _shared(settings: RecordSettings, name: str, root: Path, secrets: Secrets, waits: Waits | None) -> Record:
    """Return the record of a backend that several machines reach."""
    if settings.backend == "postgres":
        from reconciler.record.postgres import PostgresRecord

        return PostgresRecord(_option(settings, "dsn", secrets), name=name, waits=waits)
    if settings.backend == "git":
        from reconciler.record.git_ref import REF, REMOTE, GitRecord

        remote, ref = settings.options.get("remote", REMOTE), settings.options.get("ref", REF)
        return GitRecord(root, name=name, remote=str(remote), ref=str(ref), waits=waits)
    if settings.backend == "http":
        from reconciler.record.http_state import open_http

        options = {option: _option(settings, option, secrets) for option in settings.options}
        return open_http(options, name=name, secrets=secrets, waits=waits)
    if settings.backend == "s3":
        from reconciler.record.s3 import S3Record, S3Store

        options = {option: _option(settings, option, secrets) for option in {*settings.options, "bucket"}}
        return S3Record(S3Store(options, name=name, secrets=secrets), name=name)
    raise RecordError(f"record backend {settings.backend!r} is not one of file, git, http, postgres, s3")


def open_tokens(
    settings: RecordSettings, *, name: str | None, secrets: Secrets, waits: Waits | None = None
) -> PostgresTexts | HttpTexts | None:
    """Return where a shared record keeps tokens, encrypted by RECONCILER_RECORD_KEY; None: each machine has its own.

    A missing key is told when a token is needed, and never worked around: tokens that one job keeps to itself lock out
    all others. Raises RecordError where the options are incomplete.
    """
    if settings.backend not in {"http", "postgres"} or name is None:
        return None
    from reconciler.record.tokens import HttpTexts, PostgresTexts, Seal

    seal = Seal(secrets.environ.get("RECONCILER_RECORD_KEY"))
    if settings.backend == "http":
        from reconciler.record.http_state import open_state_client

        options = {option: _option(settings, option, secrets) for option in settings.options}
        return HttpTexts(open_state_client(options, secrets, tokens=True, waits=waits), seal, name=name, waits=waits)
    from reconciler.record.postgres_session import PostgresSession

    session = PostgresSession(_option(settings, "dsn", secrets), waits=waits)
    return PostgresTexts(session, seal, name=name, waits=waits)


def _option(settings: RecordSettings, option: str, secrets: Secrets) -> str:
    """Return an option of the backend's block as text; raises RecordError where it is missing or cannot be had."""
    given = settings.options.get(option)
    backend = settings.backend
    if given is None:
        raise RecordError(f"the record has no {option}", hint=f"write it under `record: {{{backend}: …}}`")
    if isinstance(given, str):
        return given
    try:
        return secrets.get(given)
    except SecretError as error:
        raise RecordSecretError(str(error), hint=error.hint, place=settings.places.get(option)) from None


def _local_place(settings: RecordSettings, root: Path, waits: Waits | None = None) -> Path | None:
    chosen = settings.options.get("path")
    path = chosen if isinstance(chosen, str) else None
    return local_place(path, root, from_tree=settings.from_tree, tell=(waits or Waits()).tell)


def digest_key(settings: RecordSettings, *, root: Path, secrets: Secrets, make: bool = True) -> str | None:
    """Return the text for keyed digests: RECONCILER_RECORD_KEY, else the local file's own key, else None.

    With `make` the own key is made at first use, but never in a tree that --trusted is given for; raises RecordError
    where it cannot be read or made.
    """
    given = secrets.environ.get("RECONCILER_RECORD_KEY")
    if given or settings.backend != "file":
        return given or None
    path = _local_place(settings, root)
    return local_key(path.parent) if path is not None and (make or (path.parent / KEY).exists()) else None
