"""`reconciler events`: listen for what vendors send of calls, follow it, and draw one call.

Must not touch a vendor, a configuration or the record.
"""

from __future__ import annotations

import errno
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.errors import command_error
from reconciler.cli.exits import Exit
from reconciler.cli.options import Count, Duration, OutputFile
from reconciler.cli.process import Process, format_option
from reconciler.cli.suggestions import Group
from reconciler.clock import SystemClock
from reconciler.events.calls import calls_of
from reconciler.events.model import Kept
from reconciler.events.store import DEFAULT, EventStore, StoreError
from reconciler.views.base import line, plural
from reconciler.views.events import ShownCall, event_line
from reconciler.views.events_content import event_content
from reconciler.views.results import answered

if TYPE_CHECKING:
    from reconciler.events.serving import Server

_PORT = 8030
_DAY = 24 * 3600
_LOOPBACK = ("127.0.0.1", "::1", "localhost")
_POLL_SECONDS = 0.2
_PATH = "RECONCILER_EVENTS_PATH"
_UNGUESSABLE = re.compile(r"[A-Za-z0-9_-]{22,128}")
_LEAST_DIFFERENT = 6
_PORTS = (errno.EADDRINUSE, errno.EACCES)
_UNAUTHENTICATED = "senders cannot be authenticated: whoever knows this address can send events, so keep it to yourself"
_PLAIN = "it is plain HTTP, and not on loopback alone: put a server in front of it that speaks HTTPS"


@click.group(cls=Group)
def events() -> None:
    """Receive what vendors tell of calls while they happen, follow it, and draw one call."""


def _store_option() -> click.Option:
    return click.Option(
        ["--store"],
        type=OutputFile(),
        default=DEFAULT,
        show_default=True,
        metavar="FILE",
        help="The SQLite file with the events.",
    )


@events.command(params=[_store_option()])
@click.option("--host", default="127.0.0.1", show_default=True, metavar="ADDRESS", help="The address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=_PORT, show_default=True, help="0 picks a free port.")
@click.option("--keep", type=Duration(), default="30d", show_default=True, metavar="SPAN", help="How long events stay.")
@click.option(
    "--mask-callers/--keep-callers",
    "masks",
    default=True,
    show_default=True,
    help="Take digits out of the numbers of people outside before anything is kept.",
)
@click.option(
    "--max-body", type=Count(1, 10_240), default=64, show_default=True, metavar="KIB", help="The largest body, in KiB."
)
@click.pass_obj
def listen(process: Process, store: Path, host: str, port: int, keep: float, masks: bool, max_body: int) -> Exit:
    """Receive call events of MTS Exolve and MTT Business until Ctrl-C, and keep them.

    Prints the address that the vendors are to send to: its path is made once for a store, and nobody guesses it. Or
    RECONCILER_EVENTS_PATH has the path. A sender is answered 200 only once its event is durable.

    Example: reconciler events listen --port 8030
    """
    from reconciler.events.listener import Listener
    from reconciler.events.serving import Server
    from reconciler.events.writing import Writer

    clock = SystemClock()
    with _opened(process, store, writes=True) as kept:
        path = _chosen_path(process) or kept.secret_path()
        writer = Writer(kept, clock, keep, lambda text: _tell(process, text))
        listener = Listener(path, writer, clock, lambda text: _tell(process, text), max_body * 1024, masks)
        server = Server(listener.app(), host, port)
        writer.start()
        try:
            with suppress(KeyboardInterrupt):
                url = f"http://{_bracketed(host)}:{_started(server, host, port)}/{path}/events"
                _announce(process, url, kept.path, keep, masks=masks, most=max_body * 1024, host=host)
                threading.Event().wait()
        finally:
            server.stop()
            writer.stop()
        _tell(process, f"stopped: {_tally(listener.counts)}")
    return Exit.INTERRUPTED


def _chosen_path(process: Process) -> str | None:
    """The path of the environment; refuses one that can be guessed."""
    path = process.environ.get(_PATH)
    if path and (not _UNGUESSABLE.fullmatch(path) or len(set(path)) < _LEAST_DIFFERENT):
        hint = f"{_PATH}=$(openssl rand -hex 24)"
        shape = f"22 to 128 letters, digits, - or _, {_LEAST_DIFFERENT} different ones at least"
        raise command_error("usage", f"{_PATH} must have {shape}", hint=hint)
    return path or None


def _started(server: Server, host: str, port: int) -> int:
    try:
        return server.start()
    except OSError as error:
        reason = (error.strerror or "unknown reason").lower()
        remedy = "--port 0 picks a free port" if error.errno in _PORTS else "--host takes an address of this machine"
        raise click.ClickException(f"cannot listen on {host}, port {port}: {reason}; {remedy}") from error


def _announce(process: Process, url: str, store: Path, keep: float, *, masks: bool, most: int, host: str) -> None:
    content = {
        "url": url,
        "store": str(store),
        "masks_callers": masks,
        "keep_seconds": int(keep),
        "most_bytes": most,
    }
    callers = "masked" if masks else "kept whole"
    text = (
        f"listening for call events at\n  {url}\n"
        f"kept in {store} for {keep / _DAY:g} days; numbers of people outside are {callers}\n"
        f"{_UNAUTHENTICATED}\n"
    )
    process.answer(lambda: content, lambda _columns: text)
    if host not in _LOOPBACK:
        _tell(process, _PLAIN)


def _tell(process: Process, text: str) -> None:
    if not process.is_quiet:
        process.screen.note([line(text)])


def _tally(counts: dict[str, int]) -> str:
    kept, refused, unkept = (counts.get(name, 0) for name in ("kept", "refused", "unkept"))
    return f"{plural(kept, 'event')} kept, {refused} refused, {unkept} answered 503"


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


@events.command(params=[_store_option()])
@click.option("-f", "--follow", is_flag=True, help="Go on until Ctrl-C; with --format json, a line of JSON an event.")
@click.option(
    "-n", "--lines", type=Count(0, 100_000), default=20, show_default=True, help="How many of the latest to begin with."
)
@click.pass_obj
def tail(process: Process, store: Path, follow: bool, lines: int) -> Exit:
    """Show the latest events, and with --follow those to come.

    Examples: reconciler events tail; reconciler events tail -f --format json
    """
    with _opened(process, store) as kept:
        found = kept.latest(lines)
        if not follow:
            process.answer(
                lambda: {"events": [event_content(each) for each in found]},
                lambda _columns: map(event_line, found),
            )
            return Exit.DONE
        return _follow(process, kept, found)


def _follow(process: Process, store: EventStore, found: list[Kept]) -> Exit:
    """Go on until Ctrl-C, or until nobody reads what is told."""
    clock = SystemClock()
    latest = max((each.number for each in found or store.latest(1)), default=0)
    with suppress(KeyboardInterrupt):
        while not process.screen.is_unread:
            for each in found:
                _show_line(process, each)
            clock.sleep(_POLL_SECONDS)
            found = store.after(latest)
            latest = max((each.number for each in found), default=latest)
        return Exit.DONE
    return Exit.INTERRUPTED


def _show_line(process: Process, kept: Kept) -> None:
    if process.format.for_programs:
        process.screen.document(answered("events tail", event_content(kept), indent=None))
    else:
        process.screen.result([event_line(kept)])


@events.command(params=[_store_option(), format_option("call")])
@click.argument("call", metavar="CALL")
@click.pass_obj
def show(process: Process, store: Path, call: str) -> Exit:
    """Draw one call over time. CALL is its uid, or the vendor's id of it (call_sid, call.id).

    Examples: reconciler events show 12345678910; reconciler events show call-test-12345 --format html > call.html
    """
    with _opened(process, store) as kept:
        found = [each for each in calls_of(kept.of_call(call)) if call in each.names]
    if not found:
        raise command_error("nothing-to-show", f"no event of a call {call!r} is kept", hint="reconciler events tail")
    if len(found) > 1:
        names = ", ".join(each.names[0] for each in found)
        raise command_error("nothing-to-show", f"{call!r} is of several calls: {names}", hint="name one of these")
    process.show(ShownCall(found[0]))
    return Exit.DONE


@contextmanager
def _opened(process: Process, path: Path, *, writes: bool = False) -> Iterator[EventStore]:
    """Open the store, and say what is wrong with it as any command would."""
    try:
        store = EventStore(process.target(path), writes=writes)
        try:
            yield store
        finally:
            store.close()
    except StoreError as error:
        raise command_error("events-store", str(error), hint=error.hint) from error
