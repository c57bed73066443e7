"""MTT Business: parking. The row of the table; network code is imported when an account is opened or logged in to."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler.providers.mtt.account import CAPABILITIES, MttAccount, MttOptions
from reconciler.providers.vendor import Opening, Texts, Vendor, sandbox_secret
from reconciler.secrets import Secrets
from reconciler.settings import Account

if TYPE_CHECKING:
    from reconciler.calls.base import Calls
    from reconciler.providers.base import Provider
    from reconciler.providers.mtt.tokens import TokenStore


class _Login:
    """A login over OAuth; its code is imported when somebody logs in."""

    def authorize_url(self, account: Account, secrets: Secrets, state: str) -> str:
        from reconciler.providers.mtt import opening

        return opening.authorize_url(account, secrets, state)

    def exchange(self, account: Account, secrets: Secrets, pasted: str, state: str, opening: Opening) -> None:
        from reconciler.providers.mtt.opening import exchange

        exchange(account, secrets, pasted, state, opening=opening, store=_shared(opening.tokens()))

    def ends_at(self, account: Account, secrets: Secrets, tokens: Texts | None) -> float | None:
        from reconciler.providers.mtt.opening import ends_at

        return ends_at(account, secrets, store=_shared(tokens))

    def carry(self, account: Account, secrets: Secrets, *, source: Texts | None, target: Texts | None) -> bool:
        if source is None and target is None:
            return False  # both are this machine's own
        from reconciler.providers.mtt import opening

        return opening.carry(account, secrets, source=_shared(source), target=_shared(target))


def _open(account: Account, secrets: Secrets, opening: Opening) -> Provider:
    from reconciler.providers.mtt.opening import open_mtt

    return open_mtt(account, secrets, opening, store=_shared(opening.tokens()))


def _open_calls(account: Account, secrets: Secrets, opening: Opening) -> Calls:
    from reconciler.providers.mtt.calls import MttCalls
    from reconciler.providers.mtt.opening import open_mtt_client

    return MttCalls(open_mtt_client(account, secrets, opening, store=_shared(opening.tokens())))


def _shared(texts: Texts | None) -> TokenStore | None:
    if texts is None:
        return None
    from reconciler.providers.mtt.tokens import SharedTokenStore

    return SharedTokenStore(texts)


def _in_sandbox(account: Account, address: str) -> Account:
    """Secrets include a first refresh token, so that nobody has to log in to try things out."""
    options = account.options_as(MttOptions)
    moved = options._replace(
        client_id=sandbox_secret(options.client_id, account.name, "client_id"),
        client_secret=sandbox_secret(options.client_secret, account.name, "client_secret"),
        refresh_token=sandbox_secret(options.refresh_token, account.name, "refresh_token"),
        oauth_url=f"{address}/mtt-oauth",
    )
    return replace(account, base_url=f"{address}/mtt", options=moved)


MTT = Vendor(
    "MTT",
    CAPABILITIES,
    MttAccount,
    _open,
    _Login(),
    product="MTT Business",
    in_sandbox=_in_sandbox,
    open_calls=_open_calls,
)
