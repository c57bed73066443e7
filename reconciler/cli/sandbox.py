"""`reconciler sandbox`: both vendors' APIs on this machine until Ctrl-C, or for as long as a command runs.

Must not know how the vendors are imitated; it starts them and says what to paste.
"""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from reconciler.cli.errors import show_diagnostics
from reconciler.cli.exits import Exit
from reconciler.cli.opening import load_whole
from reconciler.cli.process import Process
from reconciler.interrupts import heeding, is_terminated
from reconciler.sandbox import Sandbox
from reconciler.sandbox.needs import Needs
from reconciler.sandbox.sandbox import configuration, environment, exports
from reconciler.settings import Configuration
from reconciler.views.base import line, plural
from reconciler.workflow.trial import needs_of, try_out

_MOST_NUMBERS = 1_000_000
_PORT = 8020
_AFTER_SIGNAL = 128


@click.command(context_settings={"allow_interspersed_args": False})
@click.option(
    "--for",
    "folder",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Own the numbers, applications, SIP IDs and audio files of the configuration in this folder.",
)
@click.option("--exec", "is_command", is_flag=True, help="With --for: run the command that follows, then stop.")
@click.option("--port", type=click.IntRange(0, 65535), help="0 picks a free port.  [default: 8020; with --exec 0]")
@click.option(
    "--numbers", type=click.IntRange(1, _MOST_NUMBERS), default=10, show_default=True, help="How many Exolve numbers."
)
@click.option(
    "--mtt-numbers", type=click.IntRange(0, _MOST_NUMBERS), default=3, show_default=True, help="How many MTT numbers."
)
@click.option("--latency", type=click.IntRange(0, 60_000), default=0, show_default=True, help="Milliseconds a call.")
@click.option("--loose", is_flag=True, help="Spell each answer in a random way that the vendors' pages allow.")
@click.option("--seed", type=int, default=0, show_default=True, help="The seed of the loose spelling.")
@click.argument("command", nargs=-1, type=click.UNPROCESSED, metavar="[COMMAND]...")
@click.pass_obj
def sandbox(
    process: Process,
    folder: Path | None,
    is_command: bool,
    port: int | None,
    numbers: int,
    mtt_numbers: int,
    latency: int,
    loose: bool,
    seed: int,
    command: tuple[str, ...],
) -> int:
    """Serve MTS Exolve and MTT Business on 127.0.0.1 until Ctrl-C.

    Prints a configuration and environment variables to paste. With --for it owns what your own configuration declares:
    with the variables that it prints, or within --exec, every command works with the sandbox and with a record in it.
    Nothing leaves this machine, nothing is kept.

    Examples: reconciler sandbox --numbers 100; reconciler sandbox --for . --exec reconciler plan
    """
    _check_usage(folder, command, is_command=is_command)
    chosen = (0 if is_command else _PORT) if port is None else port
    vendors = Sandbox(
        numbers=numbers if folder is None else 0,
        mtt_numbers=mtt_numbers if folder is None else 0,
        latency=latency / 1000,
        loose=loose,
        seed=seed,
        port=chosen,
    )
    configurations = () if folder is None else _configurations(process, folder)
    try:
        vendors.start()
    except OSError as error:
        raise click.ClickException(f"cannot listen on port {chosen}: {error.strerror}; try --port 0") from error
    try:
        return _used(process, vendors, configurations, command)
    finally:
        vendors.stop()


def _check_usage(folder: Path | None, command: Sequence[str], *, is_command: bool) -> None:
    context = click.get_current_context()
    if is_command != bool(command):
        raise click.UsageError("--exec is followed by the command to run, and a command needs --exec before it")
    if is_command and folder is None:
        raise click.UsageError("--exec needs --for DIR: the configuration that the command is about")
    for name in ("numbers", "mtt_numbers"):
        if folder is not None and context.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            raise click.UsageError(f"--{name.replace('_', '-')} cannot be used with --for, which owns what is declared")


def _configurations(process: Process, folder: Path) -> tuple[Configuration, ...]:
    process.work_in(process.folder / folder)
    configurations, found = load_whole(process)
    show_diagnostics(process, found)
    return configurations


def _used(process: Process, vendors: Sandbox, configurations: Sequence[Configuration], command: Sequence[str]) -> int:
    if not configurations:
        return _serve(process, _content(vendors), _as_text(vendors))
    owned = needs_of(vendors, configurations)
    variables = try_out(vendors, owned, configurations)
    if command:
        process.screen.note([] if process.is_quiet else map(line, _owned_lines(vendors, owned)))
        return _run(command, {**process.environ, **variables})
    content = {
        "control_url": vendors.control_url,
        "environment": dict(variables),
        "accounts": [_owned(each) for each in owned],
    }
    return _serve(process, content, _for_shell(vendors, owned, variables))


def _serve(process: Process, content: Mapping[str, Any], text: str) -> Exit:
    with suppress(KeyboardInterrupt):
        process.answer(lambda: content, lambda _columns: text)
        threading.Event().wait()
    return Exit.INTERRUPTED


def _run(command: Sequence[str], environ: Mapping[str, str]) -> int:
    """Run a command to its end, as a shell would: Ctrl-C is its own matter, as it gets it from the terminal itself."""
    started: list[subprocess.Popen[bytes]] = []
    with heeding(lambda: _pass_on(started)):
        try:
            started.append(subprocess.Popen(command, env=dict(environ)))
        except OSError as error:
            reason = (error.strerror or "unknown reason").lower()
            raise click.ClickException(f"{command[0]} cannot be run: {reason}") from None
        _pass_on(started)  # what came before it had started
        code = started[0].wait()
    return code if code >= 0 else _AFTER_SIGNAL - code


def _pass_on(started: Sequence[subprocess.Popen[bytes]]) -> None:
    if started and is_terminated():
        started[0].terminate()


def _as_text(vendors: Sandbox) -> str:
    exolve, mtt = vendors.exolve.numbers, vendors.mtt.numbers
    return (
        f"# reconciler.yaml\n{configuration(vendors)}\n"
        f"# in the shell\n{exports(environment(vendors))}\n"
        f"# {_span(exolve)} at Exolve, {_span(mtt)} at MTT\n{_tail(vendors)}"
    )


def _for_shell(vendors: Sandbox, owned: Sequence[Needs], variables: Mapping[str, str]) -> str:
    told = "".join(f"# {each}\n" for each in _owned_lines(vendors, owned))
    return f"{told}\n# in another shell, for every command there\n{exports(variables)}\n{_tail(vendors)}"


def _owned_lines(vendors: Sandbox, owned: Sequence[Needs]) -> list[str]:
    lines = [f"the sandbox at {vendors.url} owns what is declared"]
    for each in owned:
        parts = [plural(len(each.numbers), "number")]
        parts += [plural(len(each.sip_ids), "SIP ID")] * bool(each.sip_ids)
        parts += [plural(len(each.media), "audio file")] * bool(each.media)
        lines.append(f"  {each.account} ({each.provider}): {', '.join(parts)}")
    return lines


def _owned(needs: Needs) -> dict[str, object]:
    return {name: getattr(needs, name) for name in ("account", "provider", "numbers", "sip_ids", "media")}


def _tail(vendors: Sandbox) -> str:
    return (
        f"# state, log and faults: {vendors.control_url}/state /log /writes /faults\n"
        "# serving on loopback until Ctrl-C\n"
    )


def _span(numbers: tuple[str, ...]) -> str:
    return f"{numbers[0]} to {numbers[-1]}" if numbers else "no numbers"


def _content(vendors: Sandbox) -> dict[str, Any]:
    return {
        "exolve_url": vendors.exolve_url,
        "mtt_url": vendors.mtt_url,
        "oauth_url": vendors.oauth_url,
        "control_url": vendors.control_url,
        "environment": environment(vendors),
        "configuration": configuration(vendors),
        "numbers": {"exolve": list(vendors.exolve.numbers), "mtt": list(vendors.mtt.numbers)},
    }
