"""`reconciler sandbox`: both vendors' APIs on this machine until Ctrl-C.

Must not know how the vendors are imitated; it starts them and says what to paste.
"""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import Any

import click

from reconciler.cli.exits import Exit
from reconciler.cli.process import Process
from reconciler.sandbox import Sandbox
from reconciler.sandbox.sandbox import configuration, environment, exports

_MOST_NUMBERS = 1_000_000


@click.command()
@click.option("--port", type=click.IntRange(0, 65535), default=8020, show_default=True, help="0 picks a free port.")
@click.option(
    "--numbers", type=click.IntRange(1, _MOST_NUMBERS), default=10, show_default=True, help="How many Exolve numbers."
)
@click.option(
    "--mtt-numbers", type=click.IntRange(0, _MOST_NUMBERS), default=3, show_default=True, help="How many MTT numbers."
)
@click.option("--latency", type=click.IntRange(0, 60_000), default=0, show_default=True, help="Milliseconds a call.")
@click.option("--loose", is_flag=True, help="Spell each answer in a random way that the vendors' pages allow.")
@click.option("--seed", type=int, default=0, show_default=True, help="The seed of the loose spelling.")
@click.pass_obj
def sandbox(process: Process, port: int, numbers: int, mtt_numbers: int, latency: int, loose: bool, seed: int) -> Exit:
    """Serve MTS Exolve and MTT Business on 127.0.0.1 until Ctrl-C.

    Prints a configuration and environment variables to paste. Nothing leaves this machine, nothing is kept.

    Example: reconciler sandbox --numbers 100 --loose
    """
    vendors = Sandbox(
        numbers=numbers, mtt_numbers=mtt_numbers, latency=latency / 1000, loose=loose, seed=seed, port=port
    )
    try:
        vendors.start()
    except OSError as error:
        raise click.ClickException(f"cannot listen on port {port}: {error.strerror}; try --port 0") from error
    return _serve(process, vendors)


def _serve(process: Process, vendors: Sandbox) -> Exit:
    with suppress(KeyboardInterrupt):
        process.answer(lambda: _content(vendors), lambda _columns: _as_text(vendors))
        threading.Event().wait()
    vendors.stop()
    return Exit.INTERRUPTED


def _as_text(vendors: Sandbox) -> str:
    exolve, mtt = vendors.exolve.numbers, vendors.mtt.numbers
    return (
        f"# reconciler.yaml\n{configuration(vendors)}\n"
        f"# in the shell\n{exports(vendors)}\n"
        f"# {_span(exolve)} at Exolve, {_span(mtt)} at MTT\n"
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
