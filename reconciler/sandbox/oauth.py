"""MTT's authorization server: codes, access tokens of two hours, refresh tokens of three days, all by its own clock.

Must not know the API that the tokens open.
"""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, field
from typing import ClassVar
from urllib.parse import parse_qs, urlencode

from starlette.responses import HTMLResponse, JSONResponse, Response

from reconciler.sandbox.faults import Fault
from reconciler.sandbox.journal import Incoming
from reconciler.sandbox.state import MttSettings

SCOPE_ASKED = "https://mtt.ru/auth.tokens.readwrite"
# The first sample answer really names another scope than the one asked for.
SCOPE_ANSWERED = "https://mtt.ru/auth/openapi.readwrite"
_CODE_SECONDS = 600
_LOGIN_PAGE = (
    '<!doctype html><meta charset="utf-8"><title>МТТ Бизнес</title><form method="post">'
    '<input name="login"><input name="password" type="password"><button>Войти</button></form>'
)


class SandboxClock:
    """Seconds that pass by themselves and can be put forward."""

    def __init__(self) -> None:
        self._ahead = 0.0

    def now(self) -> float:
        """Seconds since some moment in the past."""
        return time.monotonic() + self._ahead

    def advance(self, seconds: float) -> None:
        """Put the clock forward."""
        self._ahead += seconds


@dataclass(slots=True)
class OAuthServer:
    """The authorization server of one integration, with the console's login that its page asks for."""

    name: ClassVar[str] = "oauth"
    client_id: str
    client_secret: str
    redirect_uri: str
    login: str
    password: str
    settings: MttSettings = field(default_factory=MttSettings)
    clock: SandboxClock = field(default_factory=SandboxClock)
    _codes: dict[str, float] = field(default_factory=dict)
    _access: dict[str, float] = field(default_factory=dict)
    _refresh: dict[str, float] = field(default_factory=dict)

    # -- for tests and the control door ------------------------------------------------------------------------------

    def issue_code(self) -> str:
        """A code as the login page would hand out."""
        return self._issue(self._codes, _CODE_SECONDS)

    def issue_access_token(self) -> str:
        """A valid access token."""
        return self._issue(self._access, self.settings.access_seconds)

    def issue_refresh_token(self) -> str:
        """A valid refresh token."""
        return self._issue(self._refresh, self.settings.refresh_seconds)

    def revoke_access(self) -> None:
        """End all access tokens, as after two hours."""
        self._access.clear()

    def revoke_refresh(self) -> None:
        """End all refresh tokens, as after three days."""
        self._refresh.clear()

    def is_valid(self, access_token: str) -> bool:
        """Whether an access token still opens the API."""
        return self._access.get(access_token, 0) > self.clock.now()

    # -- for the front -----------------------------------------------------------------------------------------------

    def recognise(self, call: Incoming) -> Incoming:
        """Nothing here is a write: a token's rotation changes no number."""
        return call

    def answer(self, call: Incoming, _tampering: Fault | None) -> Response:
        """Answer the two paths of the server."""
        if call.path == "/oauth/authorize":
            return self._authorize(call)
        if call.path == "/oauth/token" and call.method == "POST":
            return self._token(_single(call.body.decode("latin-1")))
        return self.refusal(404, "not_found")

    def alter_answer(self, _call: Incoming, _fault: Fault) -> None:
        """Somebody else ends all refresh tokens."""
        self.revoke_refresh()

    def refusal(self, status: int, text: str) -> Response:
        """An OAuth error body (RFC 6749; MTT documents none)."""
        return JSONResponse({"error": text}, status)

    def _authorize(self, call: Incoming) -> Response:
        asked = _single(call.query)
        wanted = {"client_id": self.client_id, "redirect_uri": self.redirect_uri, "response_type": "code"}
        if any(asked.get(key) != value for key, value in wanted.items()):
            return self.refusal(400, "invalid_request")
        if asked.get("scope") != SCOPE_ASKED:
            return self.refusal(400, "invalid_scope")
        given = _single(call.body.decode("latin-1"))
        if call.method != "POST" or (given.get("login"), given.get("password")) != (self.login, self.password):
            return HTMLResponse(_LOGIN_PAGE)
        back = {"code": self.issue_code()} | ({"state": asked["state"]} if "state" in asked else {})
        return Response(status_code=302, headers={"Location": f"{self.redirect_uri}?{urlencode(back)}"})

    def _token(self, form: dict[str, str]) -> Response:
        if (form.get("client_id"), form.get("client_secret")) != (self.client_id, self.client_secret):
            return self.refusal(401, "invalid_client")
        match form.get("grant_type"):
            case "authorization_code":
                return self._by_code(form)
            case "refresh_token":
                return self._by_refresh(form.get("refresh_token", ""))
        return self.refusal(400, "unsupported_grant_type")

    def _by_code(self, form: dict[str, str]) -> Response:
        if form.get("scope") != SCOPE_ASKED:
            return self.refusal(400, "invalid_scope")
        good = self._codes.pop(form.get("code", ""), 0) > self.clock.now()
        if not good or form.get("redirect_uri") != self.redirect_uri:
            return self.refusal(400, "invalid_grant")
        return self._tokens(self.issue_refresh_token(), SCOPE_ANSWERED)

    def _by_refresh(self, token: str) -> Response:
        if self._refresh.get(token, 0) <= self.clock.now():
            return self.refusal(400, "invalid_grant")
        if not self.settings.rotates_refresh_token:
            return self._tokens(token, SCOPE_ASKED)
        if self.settings.old_refresh_token_dies:
            del self._refresh[token]
        return self._tokens(self.issue_refresh_token(), SCOPE_ASKED)

    def _tokens(self, refresh_token: str, scope: str) -> Response:
        body = {
            "access_token": self.issue_access_token(),
            "expires_in": self.settings.access_seconds,
            "refresh_token": refresh_token,
            "scope": scope,
            "token_type": "Bearer",
        }
        return JSONResponse(body)

    def _issue(self, kept: dict[str, float], seconds: float) -> str:
        token = secrets.token_hex(24).upper()
        kept[token] = self.clock.now() + seconds
        return token


def _single(encoded: str) -> dict[str, str]:
    return {key: values[-1] for key, values in parse_qs(encoded, keep_blank_values=True).items()}
