"""Opens an account at its provider, or a login to it, as the table of providers says.

A provider's network code is imported when needed: no command that stays offline pays for an HTTP client.
"""

from __future__ import annotations

from collections.abc import Callable

from reconciler.clock import Clock, SystemClock
from reconciler.http.budget import OnWait, Patience, patience_from, silent
from reconciler.http.errors import ProviderError
from reconciler.providers.base import Provider
from reconciler.providers.table import PROVIDERS
from reconciler.providers.vendor import Login, Opening, Texts
from reconciler.secrets import Secrets
from reconciler.settings import Account


def open_provider(
    account: Account,
    secrets: Secrets,
    *,
    clock: Clock | None = None,
    on_wait: OnWait = silent,
    patience: Patience | None = None,
    tokens: Callable[[], Texts | None] = lambda: None,
) -> Provider:
    """Open an account at its provider; sends nothing. Raises ProviderError, and SecretError where a secret is missing.

    `on_wait(seconds, reason)` hears of pauses that the vendor asked for. `tokens` gives the store of tokens that a
    team shares, if any.
    """
    vendor = PROVIDERS.get(account.provider)
    if vendor is None:
        raise ProviderError(f"account {account.name}: {account.provider!r} is not a known provider")
    patience = patience or patience_from(secrets.environ)
    return vendor.open(account, secrets, Opening(clock or SystemClock(), on_wait, patience, tokens))


def login_to(account: Account) -> Login:
    """How a person logs in to an account; raises ProviderError where nobody has to."""
    login = PROVIDERS[account.provider].login
    if login is None:
        hint = f"the secrets under accounts.{account.name} are all it needs"
        raise ProviderError(f"account {account.name} needs no login", hint=hint)
    return login
