"""`reconciler period …`: the period language by itself, without a configuration.

Must not know accounts, numbers or vendors.
"""

from __future__ import annotations

import click

from reconciler.cli.period.compare import calendar, equal, explain, next_
from reconciler.cli.period.compiling import compile_
from reconciler.cli.period.judge import check, match

__all__ = ["period"]


@click.group()
def period() -> None:
    """Check, explain, match and compare period strings.

    Example: reconciler period explain "wd {mon-fri} hr {9-17}"
    """


for _command in (check, explain, match, next_, equal, calendar, compile_):
    period.add_command(_command)
