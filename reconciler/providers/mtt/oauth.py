"""MTT's access tokens: reused until they expire, renewed one at a time, never in a loop.

Whether a refresh token dies with its use is not documented, so the returned one is on disk before anything else
happens, and the one before it stays there until the new access token has worked. Knows no parking.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from http import HTTPStatus
from urllib.parse import urlencode

from reconciler.clock import Clock
from reconciler.http.answer import SUCCESSES, Answer, error_message, parse_json
from reconciler.http.client import HttpClient, Request
from reconciler.http.errors import LoginRequired, ProviderError, Unauthorized, UnexpectedResponse
from reconciler.providers.mtt.tokens import Tokens, TokenStore, identity
from reconciler.providers.mtt.wire import TokenAnswer, read, unwrap
from reconciler.secrets import Secrets

PEER = "MTT's login"
SCOPE = "https://mtt.ru/auth.tokens.readwrite"
_MARGIN_SECONDS = 60.0
_MARGIN_SHARE = 0.1


@dataclass(frozen=True, slots=True)
class Integration:
    """The keys of one integration; `start` reads the configured refresh token, "" where there is none."""

    account: str
    client_id: str
    client_secret: str
    oauth_url: str
    redirect_uri: str
    start: Callable[[], str]

    @property
    def key(self) -> str:
        return identity(self.oauth_url, self.client_id)

    def login_required(self, message: str) -> LoginRequired:
        return LoginRequired(message, hint=f"reconciler login {self.account}")


class OAuth:
    """Hands out access tokens of one integration; safe to use from several threads."""

    def __init__(
        self, integration: Integration, *, http: HttpClient, store: TokenStore, secrets: Secrets, clock: Clock
    ) -> None:
        self._integration = integration
        self._http = http
        self._store = store
        self._secrets = secrets
        self._clock = clock
        self._lock = threading.Lock()
        self._tokens: Tokens | None = None
        self._refused: str | None = None

    def access_token(self, *, rejected: str | None = None) -> str:
        """Return an access token other than `rejected`; raises ProviderError (LoginRequired: a person is needed)."""
        with self._lock:
            if self._refused is not None:
                raise self._integration.login_required(self._refused)
            if not self._usable(self._tokens, rejected):
                self._tokens = self._renewed(rejected)
            tokens = self._tokens
        if tokens is None:
            raise AssertionError("renewing either returns tokens or raises")
        return tokens.access

    def worked(self, access: str) -> None:
        """Forget the previous refresh token now that an access token has proven itself."""
        tokens = self._tokens
        if tokens is None or not tokens.previous or tokens.access != access:
            return
        with self._lock, self._store.lock(self._integration.key):
            stored = self._store.load(self._integration.key)
            if stored is not None and stored.access == access:
                self._tokens = replace(stored, previous="")
                self._store.save(self._integration.key, self._tokens)

    def exchange(self, code: str) -> None:
        """Turn the code of a person's login into stored tokens; raises ProviderError."""
        integration = self._integration
        form = {
            "code": code,
            "redirect_uri": integration.redirect_uri,
            "scope": SCOPE,
            "grant_type": "authorization_code",
        }
        with self._store.lock(integration.key):
            granted = self._grant(form)
            self._store.save(integration.key, self._taken(granted, Tokens(seed=_digest(integration.start()))))

    def _renewed(self, rejected: str | None) -> Tokens:
        """Take what another process renewed, or renew; the store is written before the token is used."""
        key = self._integration.key
        with self._store.lock(key):
            stored = self._remembered(self._store.load(key) or Tokens())
            if self._usable(stored, rejected):
                return stored
            # A rehearsal: a disk that is full or read-only must show before a refresh token is spent.
            self._store.save(key, stored)
            start = self._integration.start()
            seed = _digest(start) or stored.seed
            tokens = self._first_granted(list(_candidates(stored, start)), seed=seed)
            self._store.save(key, tokens)
        return tokens

    def _first_granted(self, candidates: list[str], *, seed: str) -> Tokens:
        refusal = self._integration.login_required(
            f"account {self._integration.account} has not logged in to MTT yet: log in"
        )
        for refresh in candidates:
            try:
                granted = self._grant({"refresh_token": refresh, "grant_type": "refresh_token"})
            except LoginRequired as error:
                refusal = error
                continue
            return self._taken(granted, Tokens(refresh=refresh, seed=seed))
        self._refused = str(refusal)
        raise refusal

    def _grant(self, form: dict[str, str]) -> TokenAnswer:
        integration = self._integration
        keys = {"client_id": integration.client_id, "client_secret": integration.client_secret}
        request = Request(
            "POST",
            "/oauth/token",
            is_read=False,
            body=urlencode(keys | form).encode("ascii"),
            content_type="application/x-www-form-urlencoded",
        )
        try:
            return self._judged(self._http.send(request), by_code="code" in form)
        except ProviderError as error:
            # What may have happened is that a token was spent, not that a number was written.
            error.may_have_taken_effect = False
            raise

    def _judged(self, answer: Answer, *, by_code: bool) -> TokenAnswer:
        data = unwrap(parse_json(answer.body, peer=PEER)) if answer.status in SUCCESSES else None
        if data is not None and error_message(data) is None:
            granted = read(TokenAnswer, data)
            self._secrets.remember(granted.access_token)
            self._secrets.remember(granted.refresh_token)
            return granted
        text = self._http.fit_for_message(answer.error_text())
        account = self._integration.account
        if "invalid_client" in text or "unauthorized_client" in text:
            raise Unauthorized(
                f"MTT does not accept client_id and client_secret of account {account}: {text}",
                hint="compare them with the integration in MTT Business' console",
            )
        if answer.status in {HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED} or "invalid_grant" in text:
            raise self._integration.login_required(
                f"MTT does not accept this code ({text}): each works only once, for a short time; log in again"
                if by_code
                else f"MTT's login of account {account} has expired ({text}): log in again"
            )
        raise UnexpectedResponse(f"{PEER} answered {answer.told_by(text)}")

    def _taken(self, granted: TokenAnswer, before: Tokens) -> Tokens:
        return Tokens(
            access=granted.access_token,
            expires_at=self._clock.now() + granted.expires_in - _margin(granted.expires_in),
            refresh=granted.refresh_token or before.refresh,
            previous=before.refresh if granted.refresh_token not in {"", before.refresh} else "",
            seed=before.seed,
        )

    def _remembered(self, tokens: Tokens) -> Tokens:
        for secret in (tokens.access, tokens.refresh, tokens.previous):
            self._secrets.remember(secret)
        return tokens

    def _usable(self, tokens: Tokens | None, rejected: str | None) -> bool:
        return tokens is not None and tokens.access not in {"", rejected} and tokens.expires_at > self._clock.now()


def _margin(seconds: float) -> float:
    """How long before its end a token is renewed: never so long that one of a short life is not used at all."""
    return min(_MARGIN_SECONDS, seconds * _MARGIN_SHARE)


# Calendar days and seconds of MTT's documentation (docs/vendors.md); a renewal is assumed to start the days anew.
_REFRESH_SECONDS = 3 * 86_400.0
_ACCESS_SECONDS = 7_200.0


def refresh_ends_at(tokens: Tokens) -> float | None:
    """When a refresh token ends, in seconds since the epoch: so long after it came with its access token."""
    if not tokens.refresh or not tokens.expires_at:
        return None
    return tokens.expires_at + _margin(_ACCESS_SECONDS) - _ACCESS_SECONDS + _REFRESH_SECONDS


# docs/decisions/044
def _candidates(stored: Tokens, start: str) -> Iterator[str]:
    """Refresh tokens in the order of hope: a configured one that is new, the stored one, the one before it."""
    changed = bool(start) and _digest(start) != stored.seed
    yield from dict.fromkeys(filter(None, (start if changed else "", stored.refresh, stored.previous)))


def _digest(start: str) -> str:
    return hashlib.sha256(start.encode()).hexdigest() if start else ""
