"""Opens an account at its vendor: the one place that knows which vendors there are; imports each only when needed."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from reconciler.clock import Clock, SystemClock
from reconciler.http.budget import OnWait, silent
from reconciler.http.errors import ProviderError
from reconciler.http.patience import Patience, patience_from
from reconciler.providers.base import Provider
from reconciler.secrets import Secrets
from reconciler.settings import Account

if TYPE_CHECKING:
    from reconciler.providers.mtt.shared import Texts
    from reconciler.providers.mtt.tokens import TokenStore


def open_provider(
    account: Account,
    secrets: Secrets,
    *,
    clock: Clock | None = None,
    on_wait: OnWait = silent,
    patience: Patience | None = None,
    tokens: Callable[[], Texts | None] = lambda: None,
) -> Provider:
    """Open an account at its vendor; sends nothing. Raises ProviderError, and SecretError where a secret cannot be had.

    `on_wait(seconds, reason)` hears of pauses that the vendor asked for. A vendor's package is imported when
    needed: no command that stays offline pays for an HTTP client. `tokens` gives the store of tokens that a team
    shares, if any.
    """
    clock = clock or SystemClock()
    patience = patience or patience_from(secrets.environ)
    if account.provider == "exolve":
        from reconciler.providers.exolve.provider import open_exolve

        return open_exolve(account, secrets, clock=clock, on_wait=on_wait, patience=patience)
    if account.provider == "mtt":
        from reconciler.providers.mtt.opening import open_mtt

        store = _shared(tokens())
        return open_mtt(account, secrets, clock=clock, on_wait=on_wait, patience=patience, store=store)
    raise ProviderError(f"account {account.name}: nothing is known of a provider {account.provider!r}")


def needs_login(account: Account) -> bool:
    """Whether a person logs in to an account, whose tokens are kept then."""
    return account.provider == "mtt"


def authorize_url(account: Account, secrets: Secrets, state: str) -> str:
    """The address where a person logs in to an account; raises ProviderError and SecretError."""
    _check_login(account)
    from reconciler.providers.mtt import opening

    return opening.authorize_url(account, secrets, state)


def exchange(account: Account, secrets: Secrets, pasted: str, state: str, *, tokens: Texts | None = None) -> None:
    """Store the tokens of a login, from its pasted redirect or code; raises ProviderError and SecretError."""
    _check_login(account)
    from reconciler.providers.mtt import opening

    opening.exchange(account, secrets, pasted, state, store=_shared(tokens))


def carry_tokens(account: Account, secrets: Secrets, *, source: Texts | None, target: Texts | None) -> bool:
    """Copy the tokens of a login into another store that has none; raises ProviderError and SecretError.

    None is this machine's own store. False where there was nothing to copy.
    """
    if not needs_login(account) or (source is None and target is None):
        return False
    from reconciler.providers.mtt.opening import carry

    return carry(account, secrets, source=_shared(source), target=_shared(target))


def _shared(texts: Texts | None) -> TokenStore | None:
    if texts is None:
        return None
    from reconciler.providers.mtt.shared import SharedTokenStore

    return SharedTokenStore(texts)


def _check_login(account: Account) -> None:
    if not needs_login(account):
        raise ProviderError(f"account {account.name} needs no login", hint="its api_key is all that it needs")
