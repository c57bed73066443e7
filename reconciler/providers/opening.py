"""Opens an account at its provider, or a login to it, as the table of providers says.

A provider's network code is imported when needed: no command that stays offline pays for an HTTP client.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from reconciler.clock import Clock, SystemClock
from reconciler.http.budget import OnWait, Patience, patience_from, silent
from reconciler.http.calls import Call, OnCall, unheard
from reconciler.http.errors import ProviderError
from reconciler.providers.base import Provider
from reconciler.providers.table import PROVIDERS
from reconciler.providers.vendor import Login, Opening, Texts
from reconciler.secrets import Secrets
from reconciler.settings import Account


def opening_of(
    account: str,
    environ: Mapping[str, str],
    *,
    clock: Clock | None = None,
    on_wait: OnWait = silent,
    patience: Patience | None = None,
    tokens: Callable[[], Texts | None] = lambda: None,
    on_call: OnCall = unheard,
) -> Opening:
    """What an account is opened or logged in to with; raises ProviderError.

    `on_wait(seconds, reason)` hears of pauses that the vendor asked for, `on_call` of every request, for the account.
    `tokens` gives the store of tokens that a team shares, if any.
    """

    def heard(call: Call) -> None:
        on_call(replace(call, account=account))

    listener = on_call if on_call is unheard else heard
    return Opening(clock or SystemClock(), on_wait, patience or patience_from(environ), tokens, listener)


def open_provider(account: Account, secrets: Secrets, opening: Opening | None = None) -> Provider:
    """Open an account at its provider; sends nothing. Raises ProviderError, SecretError where a secret is missing."""
    vendor = PROVIDERS.get(account.provider)
    if vendor is None:
        raise ProviderError(f"account {account.name}: {account.provider!r} is not a known provider")
    return vendor.open(account, secrets, opening or opening_of(account.name, secrets.environ))


def login_to(account: Account) -> Login:
    """How a person logs in to an account; raises ProviderError where nobody has to."""
    login = PROVIDERS[account.provider].login
    if login is None:
        hint = f"the secrets under accounts.{account.name} are all it needs"
        raise ProviderError(f"account {account.name} needs no login", hint=hint)
    return login
