"""`reconciler record`: look at what is recorded as ours, forget a number, break a lock, move the record.

Must not touch a vendor, nor remove the record that was moved from.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import click

from reconciler.cli.errors import command_error
from reconciler.cli.exits import Exit
from reconciler.cli.numbers import Number
from reconciler.cli.opening import load_valid, show_progress, start_session
from reconciler.cli.options import Name, locking
from reconciler.cli.process import Process
from reconciler.cli.show import known_of, show_number
from reconciler.cli.suggestions import Group
from reconciler.config.validation import did_you_mean
from reconciler.http.errors import ProviderError
from reconciler.model import Key
from reconciler.providers.table import PROVIDERS
from reconciler.record import open_record, open_tokens
from reconciler.record.base import Holder, Record, RecordError, RecordState, Update
from reconciler.record.locks import accounts_to_lock
from reconciler.record.migration import migrate as move
from reconciler.record.waiting import Queue
from reconciler.secrets import SecretError, SecretRef
from reconciler.settings import RecordSettings
from reconciler.views import recorded
from reconciler.views.base import line, plural
from reconciler.wiring import Session

_OPTIONS = {
    "file": {"path"},
    "git": {"remote", "ref"},
    "http": {"address", "lock_address", "unlock_address", "lock_method", "unlock_method", "username", "password"},
    "postgres": {"dsn"},
    "s3": {"bucket", "key", "region", "endpoint", "access_key_id", "secret_access_key"},
}
_SECRET = {"dsn", "password", "access_key_id", "secret_access_key"}


@click.command()
@click.option("--from", "backend", type=click.Choice(list(_OPTIONS)), required=True, help="Where the record was.")
@click.option(
    "--set", "options", multiple=True, metavar="KEY=VALUE", help="An option of that backend; a secret as env:NAME."
)
@locking
@click.pass_obj
def migrate(process: Process, backend: str, options: tuple[str, ...], lock_timeout: float) -> Exit:
    """Copy the record from another backend into the one of reconciler.yaml, which must be empty. The old one stays.

    Examples: reconciler record migrate --from file; reconciler record migrate --from postgres --set dsn=env:OLD_DSN
    """
    settings = _settings(backend, options)
    configuration, _found = load_valid(process)
    settings = settings._replace(from_tree=configuration.record.from_tree)
    with start_session(process, configuration) as session, show_progress(process, session):
        name, root = configuration.name, configuration.root
        source = open_record(settings, name=name, root=root, secrets=session.secrets, waits=session.waits)
        try:
            arrived = Queue([source, session.record], session.waits, lock_timeout).run(lambda: _moved(session, source))
        finally:
            source.close()
        _carry_tokens(process, session, settings)
        _tell_moved(process, arrived, source.description, session.record.description)
    return Exit.DONE


def _settings(backend: str, options: tuple[str, ...]) -> RecordSettings:
    chosen: dict[str, str | SecretRef] = {}
    for option in options:
        key, _, value = option.partition("=")
        if key not in _OPTIONS[backend]:
            known = ", ".join(sorted(_OPTIONS[backend]))
            raise click.UsageError(f"{key!r} is not an option of a record in {backend}; the options are: {known}")
        if key in _SECRET and not value.startswith("env:"):
            raise click.UsageError(f"{key} is a secret: write --set {key}=env:NAME, with the name of a variable")
        chosen[key] = SecretRef(env=value.removeprefix("env:")) if key in _SECRET else value
    return RecordSettings(backend, chosen)


def _moved(session: Session, source: Record) -> RecordState:
    """Move under the locks of all accounts, those that only the record knows included."""
    state = source.load()
    recorded = {entry.account for entry in state.entries.values()}
    accounts = recorded.union(session.configuration.accounts, *(window.accounts for window in state.windows))
    return move(source, session.record, holders=_moving_holders(session, sorted(accounts)))


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
            process.screen.note(
                [line(f"the login of account {name} could not be copied: {error}; log in again: {hint}")]
            )
        finally:
            if source is not None:
                source.close()


def _moving_holders(session: Session, accounts: list[str]) -> list[Holder]:
    run = session.new_run(origin="migrate", commit=None)
    return [Holder(account, run.host, run.user, run.pid, run.id, run.started_at) for account in accounts]


def _tell_moved(process: Process, arrived: RecordState, source: str, target: str) -> None:
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
        "The old record is still there: remove it once all is well.",
    )
    process.answer(lambda: {"migrated": content}, lambda _columns: map(line, lines))


@click.group(cls=Group)
def record() -> None:
    """Show and repair the record. No vendor is asked or changed."""


@record.command("list")
@click.pass_obj
def list_all(process: Process) -> Exit:
    """List the record: entries, locks, unsettled writes, latest runs.

    Example: reconciler record list
    """
    configuration, _found = load_valid(process)
    with start_session(process, configuration) as session, show_progress(process, session):
        kept = session.record
        parts = (kept.load(), kept.holders(), kept.runs(), kept.description)
    process.answer(
        lambda: recorded.record_json(*parts), lambda columns: recorded.record(*parts, columns, configuration.timezone)
    )
    return Exit.DONE


@record.command()
@click.argument("number", type=Number("recorded"), metavar="NUMBER")
@click.pass_obj
def show(process: Process, number: str) -> Exit:
    """Show what is recorded of a number, beside what its file says.

    Example: reconciler record show 74991112233
    """
    configuration, _found = load_valid(process)
    with start_session(process, configuration) as session, show_progress(process, session):
        known = known_of(session, number)
    show_number(process, configuration, known)
    return Exit.DONE


@record.command()
@click.argument("numbers", nargs=-1, required=True, type=Number("recorded"), metavar="NUMBER...")
@locking
@click.pass_obj
def forget(process: Process, numbers: tuple[str, ...], lock_timeout: float) -> Exit:
    """Drop numbers from the record. The vendor keeps what it has; nothing is switched off.

    Example: reconciler record forget 74991112288
    """
    configuration, _found = load_valid(process)
    with start_session(process, configuration) as session, show_progress(process, session):
        dropped = Queue([session.record], session.waits, lock_timeout).run(lambda: _forget(session, numbers))
    _tell(process, "forgotten", [f"{key.number} ({key.kind.value})" for key in dropped])
    return Exit.DONE


@record.command()
@click.argument("accounts", nargs=-1, type=Name("accounts"), metavar="[ACCOUNT]...")
@click.option(
    "--force", is_flag=True, help="Break a lock even if its process may be alive; that process will stop writing."
)
@click.pass_obj
def unlock(process: Process, accounts: tuple[str, ...], force: bool) -> Exit:
    """Break locks, of all accounts where none is named. Without --force only those whose process is dead on this host.

    Example: reconciler record unlock sales
    """
    configuration, _found = load_valid(process)
    with start_session(process, configuration) as session, show_progress(process, session):
        _check_accounts(session, accounts)
        broken = [(holder.account or holder.what, holder) for holder in session.record.unlock(accounts, force=force)]
        if not accounts:
            broken += _unlock_tokens(process, session, force=force)
    _tell(process, "unlocked", [f"{what}, which was held by {holder}" for what, holder in broken])
    return Exit.DONE


record.add_command(migrate)


def _check_accounts(session: Session, accounts: Sequence[str]) -> None:
    """Raise CommandError for a name that is neither an account's nor a lock's; a renamed account may have left one."""
    unknown = [name for name in accounts if name not in session.configuration.accounts]
    held = {holder.account for holder in session.record.holders()} if unknown else set()
    for name in unknown:
        if name not in held:
            hint = did_you_mean(name, {*session.configuration.accounts, *held} - {""})
            raise command_error("unknown-account", f"there is no account or lock named {name!r}", hint=hint)


def _unlock_tokens(process: Process, session: Session, *, force: bool) -> list[tuple[str, Holder]]:
    """Break the lock of tokens that are shared beside the record, where there are any; trouble with them is told."""
    used = {account.provider for account in session.configuration.accounts.values()}
    whose = " and ".join(each.label for name, each in PROVIDERS.items() if each.login and name in used)
    if not whose:
        return []
    what = f"the lock of {whose}'s tokens"
    try:
        tokens = session.tokens()
        return [] if tokens is None else [(what, holder) for holder in tokens.unlock(force=force)]
    except ProviderError as error:
        process.screen.note([line(f"{what} was not checked: {error}")])
        return []


def _forget(session: Session, numbers: Sequence[str]) -> list[Key]:
    """Drop every entry of these numbers under the locks of their accounts; raises CommandError where one has none."""
    state = session.record.load()
    keys = [key for key in state.entries if key.number in numbers]
    missing = sorted(set(numbers) - {key.number for key in keys})
    if missing:
        raise command_error(
            "nothing-to-show", f"number {missing[0]} is not in the record", hint="reconciler record list"
        )
    run = session.new_run(origin="forget", commit=None)
    with session.record.lock(_holders(session, sorted(accounts_to_lock(state, keys)), run.id)) as lock:
        update = Update(drop=keys, run=replace(run, finished_at=run.started_at))
        session.record.commit(lock, update, expected=state)
    return keys


def _holders(session: Session, accounts: Sequence[str], run_id: str) -> list[Holder]:
    run = session.new_run(origin="forget", commit=None)
    return [Holder(account, run.host, run.user, run.pid, run_id, run.started_at) for account in accounts]


def _tell(process: Process, verb: str, items: list[str]) -> None:
    page = [line(f"{verb}: {item}") for item in items] or [line(f"nothing {verb}")]
    process.answer(lambda: {verb: items}, lambda _columns: page)
