"""`reconciler record migrate`: bring the record from where it was to where reconciler.yaml says that it is now.

Must not touch a vendor, nor remove the old record.
"""

from __future__ import annotations

import click

from reconciler.cli.exits import Exit
from reconciler.cli.opening import opened, usable, watching
from reconciler.cli.process import Process
from reconciler.http.errors import ProviderError
from reconciler.providers.table import PROVIDERS
from reconciler.record import open_record, open_tokens
from reconciler.record.base import Holder, Record, RecordError, RecordState
from reconciler.record.migration import migrate as move
from reconciler.secrets import SecretError, SecretRef
from reconciler.settings import RecordSettings
from reconciler.views.base import line, plural
from reconciler.wiring import Session

_OPTIONS = {
    "file": {"path"},
    "git": {"remote", "ref"},
    "http": {"address", "lock_address", "unlock_address", "lock_method", "unlock_method", "username", "password"},
    "postgres": {"dsn"},
}
_SECRET = {"dsn", "password"}


@click.command()
@click.option("--from", "backend", type=click.Choice(list(_OPTIONS)), required=True, help="Where the record was.")
@click.option(
    "--set", "options", multiple=True, metavar="KEY=VALUE", help="An option of that backend; a secret as env:NAME."
)
@click.pass_obj
def migrate(process: Process, backend: str, options: tuple[str, ...]) -> Exit:
    """Copy the record from another backend into the one of reconciler.yaml, which must be empty. The old one stays.

    Examples: reconciler record migrate --from file; reconciler record migrate --from postgres --set dsn=env:OLD_DSN
    """
    settings = _settings(backend, options)
    configuration, _found = usable(process)
    settings = settings._replace(from_tree=configuration.record.from_tree)
    with opened(process, configuration) as session, watching(process, session):
        name, root = configuration.name, configuration.root
        source = open_record(settings, name=name, root=root, secrets=session.secrets)
        try:
            arrived = _moved(session, source)
        finally:
            source.close()
        _carry_tokens(process, session, settings)
        _tell(process, arrived, source.description, session.record.description)
    return Exit.DONE


def _settings(backend: str, options: tuple[str, ...]) -> RecordSettings:

    chosen: dict[str, str | SecretRef] = {}
    for option in options:
        key, _, value = option.partition("=")
        if key not in _OPTIONS[backend]:
            known = ", ".join(sorted(_OPTIONS[backend]))
            raise click.UsageError(f"{key!r} is no option of a record in {backend}; there are: {known}")
        if key in _SECRET and not value.startswith("env:"):
            raise click.UsageError(f"{key} is a secret: write --set {key}=env:NAME, with the name of a variable")
        chosen[key] = SecretRef(env=value.removeprefix("env:")) if key in _SECRET else value
    return RecordSettings(backend, chosen)


def _moved(session: Session, source: Record) -> RecordState:
    """Move under the locks of all accounts, those that only the record knows included."""
    state = source.load()
    recorded = {entry.account for entry in state.entries.values()}
    accounts = recorded.union(session.configuration.accounts, *(window.accounts for window in state.windows))
    return move(source, session.record, holders=_holders(session, sorted(accounts)))


def _carry_tokens(process: Process, session: Session, settings: RecordSettings) -> None:
    """Take logins along where tokens are kept elsewhere now; one that cannot come along is named."""
    for name, account in session.configuration.accounts.items():
        login = PROVIDERS[account.provider].login
        if login is None:
            continue
        source = None
        try:
            source = open_tokens(settings, name=session.configuration.name, secrets=session.secrets)
            login.carry(account, session.secrets, source=source, target=session.tokens())
        except (ProviderError, RecordError, SecretError) as error:
            hint = f"reconciler login {name}"
            process.screen.note([line(f"the login of account {name} stays behind: {error}; log in again: {hint}")])
        finally:
            if source is not None:
                source.close()


def _holders(session: Session, accounts: list[str]) -> list[Holder]:

    run = session.new_run(origin="migrate", commit=None)
    return [Holder(account, run.host, run.user, run.pid, run.id, run.started_at) for account in accounts]


def _tell(process: Process, arrived: RecordState, source: str, target: str) -> None:
    entries = len(arrived.entries)
    content = {
        "entries": entries,
        "serial": arrived.serial,
        "lineage": arrived.lineage,
        "from": source,
        "to": target,
    }
    lines = (
        f"moved {plural(entries, 'entry', 'entries')}, serial {arrived.serial}",
        f"from {source}",
        f"to   {target}",
        "The old record is still there: remove it when all is well.",
    )
    process.answer(lambda: {"migrated": content}, lambda _columns: map(line, lines))
