"""What the table of providers holds of each: what is known offline, and how its accounts are opened.

Knows no provider, and imports no network code: a row names what does.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol

from reconciler.clock import Clock
from reconciler.config.models.trusted import ProviderType
from reconciler.secrets import SecretRef, Secrets
from reconciler.settings import Account

if TYPE_CHECKING:
    from reconciler.calls.base import Calls
    from reconciler.http.budget import OnWait, Patience
    from reconciler.http.calls import OnCall
    from reconciler.providers.base import Provider


class Texts(Protocol):
    """Texts by key, with a lock a key. All methods raise ProviderError."""

    def lock(self, key: str) -> AbstractContextManager[None]: ...

    def load(self, key: str) -> str | None: ...

    def save(self, key: str, text: str) -> None: ...


class Opening(NamedTuple):
    """What an account is opened with.

    `tokens` gives the store of tokens that a team shares, if any; `on_call` hears of every request.
    """

    clock: Clock
    on_wait: OnWait
    patience: Patience
    tokens: Callable[[], Texts | None]
    on_call: OnCall


class Login(Protocol):
    """How a person logs in to an account, whose tokens are kept then. All methods raise ProviderError, SecretError."""

    def authorize_url(self, account: Account, secrets: Secrets, state: str) -> str:
        """The address where a person logs in."""

    def exchange(self, account: Account, secrets: Secrets, pasted: str, state: str, opening: Opening) -> None:
        """Store the tokens of a login, from its pasted redirect or code."""

    def ends_at(self, account: Account, secrets: Secrets, tokens: Texts | None) -> float | None:
        """When the login ends if nothing renews it, in seconds since the epoch; None where that is not known.

        Asks nobody, and changes nothing.
        """

    def carry(self, account: Account, secrets: Secrets, *, source: Texts | None, target: Texts | None) -> bool:
        """Copy the tokens of a login into another store that has none; False where there was nothing to copy.

        None is this machine's own store.
        """


def sandbox_secret(given: SecretRef | None, account: str, name: str) -> SecretRef:
    """Where a secret for the sandbox comes from: the variable that the files name, else one of the sandbox's own."""
    if given is not None and given.env is not None:
        return given
    return SecretRef(env=re.sub(r"[^A-Z0-9_]", "_", f"RECONCILER_SANDBOX_{account}_{name}".upper()))


@dataclass(frozen=True)
class Vendor(ProviderType):
    """A row of the table. `open` sends nothing and raises ProviderError, SecretError; it imports what it needs.

    `in_sandbox` moves an account to the sandbox at an address; None where the sandbox does not imitate the vendor.
    `open_calls` opens its methods for live calls, as `open` does, where it has any.
    """

    open: Callable[[Account, Secrets, Opening], Provider]
    login: Login | None = None
    in_sandbox: Callable[[Account, str], Account] | None = None
    open_calls: Callable[[Account, Secrets, Opening], Calls] | None = None
