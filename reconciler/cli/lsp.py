"""`reconciler lsp`: a language server for editors, over standard input and output.

Must not need a network, a credential or the record.
"""

from __future__ import annotations

import importlib.util

import click

from reconciler.cli.errors import command_error
from reconciler.cli.exits import Exit
from reconciler.cli.process import Process

_EXTRA = "pip install 'phone-reconciler[lsp]'"


@click.command()
@click.option(
    "--stdio",
    is_flag=True,
    expose_value=False,
    help="Speak over standard input and output: the default, and the only way.",
)
@click.pass_obj
def lsp(_process: Process) -> Exit:
    """Serve editors: findings as you type, names to complete and to follow, weeks in words, quick fixes.

    Started by an editor, not by hand; docs/editors.md says how. Judges what is on the screen in place of what is on
    disk, and never runs a command, reads a secret or uses the network.

    Example: reconciler lsp
    """
    if importlib.util.find_spec("pygls") is None:
        raise command_error("usage", "the language server needs pygls, which is not installed", hint=_EXTRA)
    from reconciler.clock import SystemClock
    from reconciler.lsp.server import make_server
    from reconciler.providers.table import PROVIDERS

    make_server(PROVIDERS, SystemClock().today).start_io()
    return Exit.DONE
