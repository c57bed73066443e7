"""`reconciler login`: a person logs in to an account, and the tokens are kept.

Must not know how an account's vendor does it.
"""

from __future__ import annotations

import secrets
import sys

import click

from reconciler.cli.exits import Exit
from reconciler.cli.opening import check_accounts, load_valid, start_session
from reconciler.cli.options import Name
from reconciler.cli.process import Process
from reconciler.providers.opening import login_to
from reconciler.views.base import line


@click.command()
@click.argument("account", type=Name("logins"))
@click.pass_obj
def login(process: Process, account: str) -> Exit:
    """Log in to an account whose provider wants a person to: open the address shown, then paste where it leads back to.

    The redirect or its code is read from standard input. Its `state` must be that of this login. Tokens are stored in
    the user's state folder, readable by the user only, or encrypted beside a record in http or postgres.

    Example: reconciler login office
    """
    configuration, _found = load_valid(process)
    check_accounts(configuration, [account])
    with start_session(process, configuration) as session:
        settings = session.configuration.accounts[account]
        login, state = login_to(settings), secrets.token_urlsafe(24)
        url = login.authorize_url(settings, session.secrets, state)
        pasted = _ask(process, url)
        login.exchange(settings, session.secrets, pasted, state, session.opening(account))
    process.answer(lambda: {"account": account, "logged_in": True}, lambda _columns: [line(f"logged in to {account}")])
    return Exit.DONE


def _ask(process: Process, url: str) -> str:
    process.screen.note([line("Open this address and log in:"), ()])
    process.screen.address(url)
    process.screen.note([(), line("Then paste the whole address you are redirected to, or the code:")])
    pasted = sys.stdin.readline().strip()
    if not pasted:
        raise click.UsageError("nothing was pasted, so nothing was stored")
    return pasted
