"""Opens an account at MTT Business, and lets a person log in to it; nothing is sent before it is needed."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from contextlib import closing
from urllib.parse import parse_qs, urlencode, urlsplit

from reconciler.clock import SystemClock
from reconciler.http.answer import plain
from reconciler.http.budget import Budget, patience_from, silent
from reconciler.http.calls import unheard
from reconciler.http.client import HttpClient
from reconciler.http.errors import LoginRequired, Unauthorized
from reconciler.http.hosts import check_host
from reconciler.providers.mtt.account import MttOptions
from reconciler.providers.mtt.client import HOSTS, OAUTH_HOSTS, MttClient
from reconciler.providers.mtt.oauth import PEER, SCOPE, Integration, OAuth, refresh_ends_at
from reconciler.providers.mtt.provider import MttProvider
from reconciler.providers.mtt.tokens import FileTokenStore, TokenStore, identity
from reconciler.providers.vendor import Opening
from reconciler.secrets import QuotedSecretError, SecretError, SecretRef, Secrets
from reconciler.settings import Account


class _Parts:
    """What the two hosts of one account share."""

    def __init__(self, account: Account, secrets: Secrets, opening: Opening) -> None:
        self._account = account
        self._secrets = secrets
        self._opening = opening
        self.budget = Budget(
            per_second=account.rate.per_second,
            concurrency=account.rate.concurrency,
            clock=opening.clock,
            on_wait=opening.on_wait,
            on_call=opening.on_call,
        )

    def http(self, url: str, trusted: tuple[str, ...], *, peer: str = "MTT", setting: str = "base_url") -> HttpClient:
        return HttpClient(
            url,
            peer=peer,
            setting=f"accounts.{self._account.name}.{setting}",
            trusted=trusted,
            budget=self.budget,
            secrets=self._secrets,
            clock=self._opening.clock,
            patience=self._opening.patience,
        )

    def oauth(self, store: TokenStore | None) -> tuple[OAuth, HttpClient]:
        http = self.http(_options(self._account).oauth_url, OAUTH_HOSTS, peer=PEER, setting="oauth_url")
        integration, kept = _integration(self._account, self._secrets), store or FileTokenStore()
        return OAuth(integration, http=http, store=kept, secrets=self._secrets, clock=self._opening.clock), http


def open_mtt(account: Account, secrets: Secrets, opening: Opening, *, store: TokenStore | None = None) -> MttProvider:
    """Open an account at MTT Business; raises ProviderError, SecretError where a secret cannot be had."""
    parts = _Parts(account, secrets, opening)
    oauth, oauth_http = parts.oauth(store)
    http = parts.http(account.base_url, HOSTS)
    client = MttClient(http, oauth=oauth, oauth_http=oauth_http, account=account.name)
    return MttProvider(account.name, client, budget=parts.budget, clock=opening.clock)


def open_mtt_client(
    account: Account, secrets: Secrets, opening: Opening, *, store: TokenStore | None = None
) -> MttClient:
    """Open the client of an account, for its methods of calls; sends nothing. Raises ProviderError and SecretError."""
    parts = _Parts(account, secrets, opening)
    oauth, oauth_http = parts.oauth(store)
    http = parts.http(account.base_url, HOSTS)
    return MttClient(http, oauth=oauth, oauth_http=oauth_http, account=account.name)


def authorize_url(account: Account, secrets: Secrets, state: str) -> str:
    """The address where a person logs in; `state` comes back in the redirect. Raises ProviderError and SecretError.

    All that the exchange needs is looked up here already: a code would be lost on what turns out missing after it.
    """
    base = _options(account).oauth_url
    _secret(account, secrets, "client_secret")
    check_host(base, trusted=OAUTH_HOSTS, environ=secrets.environ)
    query = {
        "response_type": "code",
        "client_id": _secret(account, secrets, "client_id"),
        "redirect_uri": _redirect_uri(account),
        "scope": SCOPE,
        "state": state,
    }
    return f"{base}/oauth/authorize?{urlencode(query)}"


def exchange(
    account: Account,
    secrets: Secrets,
    pasted: str,
    state: str,
    *,
    opening: Opening | None = None,
    store: TokenStore | None = None,
) -> None:
    """Turn the pasted redirect or code of a login into stored tokens; raises ProviderError and SecretError."""
    code = code_of(pasted, state=state, account=account.name)
    secrets.remember(code)
    opening = opening or Opening(SystemClock(), silent, patience_from(secrets.environ), lambda: None, unheard)
    oauth, http = _Parts(account, secrets, opening).oauth(store)
    with closing(http):
        oauth.exchange(code)


def ends_at(account: Account, secrets: Secrets, *, store: TokenStore | None = None) -> float | None:
    """When the stored login ends, in seconds since the epoch, as far as is known; raises ProviderError, SecretError."""
    key = identity(_options(account).oauth_url, _secret(account, secrets, "client_id"))
    tokens = (store or FileTokenStore()).load(key)
    return None if tokens is None else refresh_ends_at(tokens)


def carry(account: Account, secrets: Secrets, *, source: TokenStore | None, target: TokenStore | None) -> bool:
    """Copy tokens into another store that has none; None is this machine's own. Raises ProviderError, SecretError."""
    key = identity(_options(account).oauth_url, _secret(account, secrets, "client_id"))
    old, new = source or FileTokenStore(), target or FileTokenStore()
    with old.lock(key), new.lock(key):
        tokens = old.load(key)
        if tokens is None or new.load(key) is not None:
            return False
        new.save(key, tokens)
    return True


def code_of(pasted: str, *, state: str, account: str) -> str:
    """Take the code out of a pasted redirect, whose `state` must be that of this login, or a bare code as it is."""
    text = pasted.strip()
    answers = _query(text)
    if answers is None:
        if not text or not text.isprintable() or " " in text:
            raise _refused("the pasted text is neither a redirect nor a code", account)
        return text
    if "error" in answers:
        raise _refused(f"MTT did not log in: {plain(answers['error'], 80)}", account)
    if not hmac.compare_digest(answers.get("state", "").encode(), state.encode()):
        raise _refused("the pasted redirect does not belong to this login: its state differs", account)
    if not answers.get("code"):
        raise _refused("the pasted redirect has no code", account)
    return answers["code"]


def _query(text: str) -> Mapping[str, str] | None:
    """The parameters of a redirect, also where its scheme and host were not pasted; None for a bare code."""
    if not any(mark in text for mark in ("?", "code=", "error=", "://")):
        return None
    try:
        query = urlsplit(text).query if "?" in text else text
        return {name: values[0] for name, values in parse_qs(query, max_num_fields=50).items()}
    except ValueError:
        return {}


def _refused(message: str, account: str) -> LoginRequired:
    return LoginRequired(message, hint=f"start again: reconciler login {account}")


def _integration(account: Account, secrets: Secrets) -> Integration:
    return Integration(
        account=account.name,
        client_id=_secret(account, secrets, "client_id"),
        client_secret=_secret(account, secrets, "client_secret"),
        oauth_url=_options(account).oauth_url,
        redirect_uri=_options(account).redirect_uri or "",
        start=lambda: _start(account, secrets),
    )


def _options(account: Account) -> MttOptions:
    return account.options_as(MttOptions)


def _secret(account: Account, secrets: Secrets, field: str) -> str:
    reference: SecretRef | None = getattr(_options(account), field)
    if reference is None:
        raise _missing(account, field)
    return secrets.get(reference)


def _redirect_uri(account: Account) -> str:
    redirect_uri = _options(account).redirect_uri
    if not redirect_uri:
        raise _missing(account, "redirect_uri", " as registered")
    return redirect_uri


def _missing(account: Account, field: str, how: str = "") -> Unauthorized:
    return Unauthorized(f"account {account.name} has no {field}", hint=f"set accounts.{account.name}.{field}{how}")


def _start(account: Account, secrets: Secrets) -> str:
    """The configured refresh token: optional, as the token store has its successor."""
    reference = _options(account).refresh_token
    if reference is None:
        return ""
    try:
        return secrets.get(reference)
    except QuotedSecretError as error:
        raise Unauthorized(str(error)) from None
    except SecretError:
        return ""
