"""Opens an account at its provider, and lets a person log in to it, as the table of providers says.

A provider's network code is imported when needed: no command that stays offline pays for an HTTP client.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from threading import Event

from reconciler.clock import Clock, SystemClock
from reconciler.config.settings import Account
from reconciler.http.budget import OnWait, silent
from reconciler.http.patience import Patience, patience_from
from reconciler.providers.base import Provider, ProviderError
from reconciler.providers.table import PROVIDERS
from reconciler.providers.vendor import Login, Opening, Texts
from reconciler.secrets import Secrets


def open_provider(
    account: Account,
    secrets: Secrets,
    *,
    clock: Clock | None = None,
    on_wait: OnWait = silent,
    patience: Patience | None = None,
    interrupted: Event | None = None,
    tokens: Callable[[], Texts | None] = lambda: None,
) -> Provider:
    """Open an account at its provider; sends nothing. Raises ProviderError, and SecretError where a secret is missing.

    `on_wait(seconds, reason)` hears of pauses that the vendor asked for; `interrupted` ends them. `tokens` gives the
    store of tokens that a team shares, if any.
    """
    vendor = PROVIDERS.get(account.provider)
    if vendor is None:
        raise ProviderError(f"account {account.name}: nothing is known of a provider {account.provider!r}")
    patience = patience or patience_from(secrets.environ)
    patience = replace(patience, interrupted=interrupted) if interrupted is not None else patience
    return vendor.open(account, secrets, Opening(clock or SystemClock(), on_wait, patience, tokens))


def needs_login(account: Account) -> bool:
    """Whether a person logs in to an account, whose tokens are kept then."""
    return PROVIDERS[account.provider].login is not None


def authorize_url(account: Account, secrets: Secrets, state: str) -> str:
    """The address where a person logs in to an account; raises ProviderError and SecretError."""
    return _login(account).authorize_url(account, secrets, state)


def exchange(account: Account, secrets: Secrets, pasted: str, state: str, *, tokens: Texts | None = None) -> None:
    """Store the tokens of a login, from its pasted redirect or code; raises ProviderError and SecretError."""
    _login(account).exchange(account, secrets, pasted, state, tokens)


def carry_tokens(account: Account, secrets: Secrets, *, source: Texts | None, target: Texts | None) -> bool:
    """Copy the tokens of a login into another store that has none; raises ProviderError and SecretError.

    None is this machine's own store. False where there was nothing to copy.
    """
    if not needs_login(account) or (source is None and target is None):
        return False
    return _login(account).carry(account, secrets, source=source, target=target)


def _login(account: Account) -> Login:
    login = PROVIDERS[account.provider].login
    if login is None:
        raise ProviderError(f"account {account.name} needs no login", hint="its api_key is all that it needs")
    return login
