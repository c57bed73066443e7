"""`reconciler completion`: the script that teaches a shell to complete our commands; click writes it.

Knows nothing of what is completed.
"""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from reconciler.cli.exits import Exit
from reconciler.cli.process import Process


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> Exit:
    """Print the completion script of a shell.

    Example: reconciler completion bash > ~/.local/share/bash-completion/completions/reconciler
    """
    process = context.ensure_object(Process)
    found = get_completion_class(shell)
    if found is None:
        raise click.UsageError(f"{shell} is not known to click")
    script = found(context.find_root().command, {}, "reconciler", "_RECONCILER_COMPLETE").source()
    process.answer(lambda: {"shell": shell, "script": script}, lambda _columns: script)
    return Exit.DONE
