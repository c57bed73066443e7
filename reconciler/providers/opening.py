"""Opens an account at its vendor: the one place that knows which vendors there are; imports each only when needed."""

from __future__ import annotations

from reconciler.clock import Clock, SystemClock
from reconciler.config.settings import Account
from reconciler.http.budget import OnWait, silent
from reconciler.http.patience import Patience, patience_from
from reconciler.providers.base import Provider, ProviderError
from reconciler.secrets import Secrets


def open_provider(
    account: Account,
    secrets: Secrets,
    *,
    clock: Clock | None = None,
    on_wait: OnWait = silent,
    patience: Patience | None = None,
) -> Provider:
    """Open an account at its vendor; sends nothing. Raises ProviderError, and SecretError where a secret cannot be had.

    `on_wait(seconds, reason)` hears of pauses that the vendor asked for. A vendor's package is imported when needed: no
    command that stays offline pays for an HTTP client.
    """
    clock = clock or SystemClock()
    patience = patience or patience_from(secrets.environ)
    if account.provider == "exolve":
        from reconciler.providers.exolve.provider import open_exolve

        return open_exolve(account, secrets, clock=clock, on_wait=on_wait, patience=patience)
    raise ProviderError(f"account {account.name}: nothing is known of a provider {account.provider!r}")
