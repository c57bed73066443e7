"""`reconciler doctor`: everything that would stop an apply, looked at without leaving anything behind.

Must not fetch an address that stands in a file, but for the accounts' own; judges by what each part says of itself.
"""

from __future__ import annotations

from collections.abc import Iterator

import click

from reconciler.canonical import dump, form
from reconciler.cli.exits import Exit
from reconciler.cli.opening import load, show_progress, start_session
from reconciler.cli.process import Process
from reconciler.diagnostics import name_numbers
from reconciler.http.errors import ProviderError
from reconciler.model import Desired
from reconciler.record.base import Holder, LockedError, RecordError
from reconciler.record.locks import locked_error
from reconciler.settings import Configuration
from reconciler.views.base import plural
from reconciler.views.human.tables import Check, Health, checks, checks_json
from reconciler.wiring import Session
from reconciler.workflow.plan import learn_variables


@click.command()
@click.pass_obj
def doctor(process: Process) -> Exit:
    """Find what would stop an apply: files, credentials, reachability, clock, record, locks, targets that exist.

    Reads at the vendors and writes nothing there; that the record can be written is tried and undone. Each check is ok,
    warn or fail; one that fails ends with 1.

    Example: reconciler doctor
    """
    found = list(_checks(process))
    healthy = all(check.health is not Health.FAIL for check in found)
    process.answer(lambda: {"healthy": healthy, "checks": checks_json(found)}, lambda columns: checks(found, columns))
    return Exit.DONE if healthy else Exit.ERROR


def _checks(process: Process) -> Iterator[Check]:
    loaded = load(process)
    errors = [item for item in loaded.diagnostics if item.is_error]
    if loaded.configuration is None or errors:
        message = f"{errors[0].location or ''} {errors[0].message}".strip() if errors else "it cannot be loaded"
        yield Check("configuration", Health.FAIL, message, "reconciler validate lists everything that is wrong")
        return
    yield Check("configuration", Health.OK, f"{plural(loaded.numbers_count, 'number')}, no errors")
    with start_session(process, loaded.configuration) as session, show_progress(process, session):
        yield from _variables(session)
        yield from _record(process, session)
        for account in sorted(loaded.configuration.accounts):
            yield from _account(session, loaded.configuration, account)


def _variables(session: Session) -> Iterator[Check]:
    """What the values of `${var:…}` are is learned first: vendors may repeat them."""
    for error in learn_variables(session):
        yield Check("variables", Health.FAIL, str(error), error.hint)


def _record(process: Process, session: Session) -> Iterator[Check]:
    try:
        record = session.record
        state, holders, over = record.load(), record.holders(), record.abandoned()
        has_key = session.plan_context(make_key=False).digester.key is not None
    except RecordError as error:
        yield Check("record", Health.FAIL, str(error), error.hint)
        return
    entries = plural(len(state.entries), "entry", "entries")
    size = f"{entries}, serial {state.serial}" if state.serial else "empty: nothing has been applied yet"
    yield Check("record", Health.OK, f"{record.description}: {size}")
    yield _rehearsed(session)
    yield from (_lock(holder, is_over=holder in over) for holder in holders)
    at_work = {holder.run_id for holder in holders if holder not in over}
    unsettled = sum(len(window.intents) for window in state.windows if window.run_id not in at_work)
    if unsettled:
        yield Check(
            "record",
            Health.WARN,
            f"{plural(unsettled, 'write')} of an interrupted run: it is not known whether they took effect",
            "the next apply reads their numbers and settles them",
        )
    local = session.configuration.record.backend == "file"
    if not has_key and not local:
        yield Check(
            "record key",
            Health.WARN,
            "sensitive fields cannot be compared with the record",
            "set RECONCILER_RECORD_KEY to 32 bytes or more",
        )
    if local and process.environ.get("CI") == "true":
        yield Check(
            "record",
            Health.FAIL,
            "this is a CI machine, and the record is a local file",
            "keep the record in a shared backend, or apply with --ephemeral-record",
        )


def _rehearsed(session: Session) -> Check:
    """Whether the record can be written: tried and undone. That somebody else holds it is not a lack of a right."""
    run = session.new_run(origin="doctor", commit=None)
    try:
        session.record.rehearse(Holder("(doctor)", run.host, run.user, run.pid, run.id, run.started_at))
    except LockedError as error:
        return Check("record", Health.WARN, f"it was not tested whether it can be written: {error}")
    except RecordError as error:
        return Check("record", Health.FAIL, f"it cannot be written: {error}", error.hint)
    return Check("record", Health.OK, "it can be written (tested and undone)")


def _lock(holder: Holder, *, is_over: bool) -> Check:
    """A lock that is held stops an apply of its account; one that a dead process left does not."""
    if is_over:
        message = f"{holder.what} is still locked by a run that has ended: {holder}"
        return Check("lock", Health.WARN, message, "the next apply breaks this lock, and says so")
    refusal = locked_error(holder)
    return Check("lock", Health.FAIL, str(refusal), refusal.hint)


def _account(session: Session, configuration: Configuration, account: str) -> Iterator[Check]:
    """What the account's vendor says, and whether what its numbers point to exists there."""
    values = [desired.value for desired in configuration.desired if desired.account == account]
    try:
        probed = session.provider(account).probe(values)
    except ProviderError as error:
        yield Check(f"account {account}", Health.FAIL, str(error), error.hint)
        return
    for each in probed:
        users = "" if each.ok else _users(configuration, account, each.what.rpartition(" ")[2])
        message = f"{each.message}{users}"
        yield Check(f"{account}: {each.what}", Health.OK if each.ok else Health.FAIL, message, each.hint)


def _users(configuration: Configuration, account: str, named: str) -> str:
    """Which numbers point to something that is not there, and where the first of them stands."""
    found = [each for each in configuration.desired if each.account == account and f'"{named}"' in _written(each)]
    if not found:
        return ""
    return f"; used by {name_numbers([each.key.number for each in found])} ({found[0].declared_at})"


def _written(desired: Desired) -> str:
    return dump(form(desired.value).json)
