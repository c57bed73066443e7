"""MTT's authorization server: the page, the code, the tokens, their lives and their rotation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from reconciler.sandbox import Fault, FaultKind, MttSettings, Sandbox

SCOPE = "https://mtt.ru/auth.tokens.readwrite"
Token = Callable[..., httpx.Response]


@pytest.fixture
def token(sandbox: Sandbox, client: httpx.Client) -> Token:
    """Ask for tokens; what is given replaces a field of a right request, None leaves it out."""

    def ask(**fields: str | None) -> httpx.Response:
        right = {"client_id": sandbox.client_id, "client_secret": sandbox.client_secret}
        form = {key: value for key, value in (right | fields).items() if value is not None}
        return client.post(f"{sandbox.oauth_url}/oauth/token", data=form)

    return ask


def by_code(sandbox: Sandbox) -> dict[str, str | None]:
    code = sandbox.mtt.oauth.issue_code()
    return {"grant_type": "authorization_code", "code": code, "redirect_uri": sandbox.redirect_uri, "scope": SCOPE}


def asked(sandbox: Sandbox, **fields: str) -> dict[str, str]:
    right = {"client_id": sandbox.client_id, "redirect_uri": sandbox.redirect_uri, "response_type": "code"}
    return {**right, "scope": SCOPE, **fields}


def test_a_code_becomes_two_tokens_and_another_scope(sandbox: Sandbox, token: Token) -> None:
    answer = token(**by_code(sandbox))
    assert answer.status_code == 200
    body = answer.json()
    assert set(body) == {"access_token", "expires_in", "refresh_token", "scope", "token_type"}
    assert (body["expires_in"], body["token_type"]) == (7200, "Bearer")
    assert body["scope"] == "https://mtt.ru/auth/openapi.readwrite"
    assert sandbox.mtt.oauth.is_valid(body["access_token"])


def test_a_code_works_once_and_for_ten_minutes(sandbox: Sandbox, token: Token) -> None:
    form = by_code(sandbox)
    assert [token(**form).status_code for _ in range(2)] == [200, 400]
    late = by_code(sandbox)
    sandbox.mtt.clock.advance(600)
    assert token(**late).json() == {"error": "invalid_grant"}


@pytest.mark.parametrize(
    ("fields", "status", "error"),
    [
        ({"client_id": "another"}, 401, "invalid_client"),
        ({"client_secret": None}, 401, "invalid_client"),
        ({"grant_type": "client_credentials"}, 400, "unsupported_grant_type"),
        ({"grant_type": None}, 400, "unsupported_grant_type"),
        ({"scope": "https://mtt.ru/auth/openapi.readwrite"}, 400, "invalid_scope"),
        ({"scope": None}, 400, "invalid_scope"),
        ({"code": "wrong"}, 400, "invalid_grant"),
        ({"redirect_uri": "https://another.example.com"}, 400, "invalid_grant"),
    ],
)
def test_a_wrong_request_gets_no_tokens(
    sandbox: Sandbox, token: Token, fields: dict[str, str | None], status: int, error: str
) -> None:
    answer = token(**(by_code(sandbox) | fields))
    assert (answer.status_code, answer.json()) == (status, {"error": error})


def test_a_refresh_token_is_used_up_by_its_use(sandbox: Sandbox, token: Token) -> None:
    first = token(grant_type="refresh_token", refresh_token=sandbox.refresh_token).json()
    assert first["refresh_token"] != sandbox.refresh_token
    assert first["scope"] == SCOPE
    assert sandbox.mtt.oauth.is_valid(first["access_token"])
    again = token(grant_type="refresh_token", refresh_token=sandbox.refresh_token)
    assert (again.status_code, again.json()) == (400, {"error": "invalid_grant"})
    assert token(grant_type="refresh_token", refresh_token=first["refresh_token"]).status_code == 200


@pytest.mark.parametrize(
    ("settings", "same"),
    [(MttSettings(rotates_refresh_token=False), True), (MttSettings(old_refresh_token_dies=False), False)],
)
def test_a_refresh_token_may_live_on(sandbox: Sandbox, token: Token, settings: MttSettings, *, same: bool) -> None:
    sandbox.mtt.settings = settings
    answers = [token(grant_type="refresh_token", refresh_token=sandbox.refresh_token) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert (answers[0].json()["refresh_token"] == sandbox.refresh_token) is same


def test_a_refresh_token_lives_three_days_and_each_new_one_again(sandbox: Sandbox, token: Token) -> None:
    sandbox.mtt.clock.advance(3 * 86_400 - 10)
    answer = token(grant_type="refresh_token", refresh_token=sandbox.refresh_token)
    assert answer.status_code == 200
    sandbox.mtt.clock.advance(3 * 86_400)
    late = token(grant_type="refresh_token", refresh_token=answer.json()["refresh_token"])
    assert (late.status_code, late.json()) == (400, {"error": "invalid_grant"})


def test_tokens_can_be_ended_by_hand(sandbox: Sandbox, token: Token) -> None:
    access = sandbox.mtt.oauth.issue_access_token()
    sandbox.mtt.oauth.revoke_access()
    assert not sandbox.mtt.oauth.is_valid(access)
    sandbox.mtt.oauth.revoke_refresh()
    assert token(grant_type="refresh_token", refresh_token=sandbox.refresh_token).status_code == 400


def test_lives_are_settings(sandbox: Sandbox, token: Token) -> None:
    sandbox.mtt.settings = replace(sandbox.mtt.settings, access_seconds=60)
    body = token(**by_code(sandbox)).json()
    assert body["expires_in"] == 60
    sandbox.mtt.clock.advance(60)
    assert not sandbox.mtt.oauth.is_valid(body["access_token"])


def test_a_person_signs_in_and_is_sent_back_with_code_and_state(
    sandbox: Sandbox, client: httpx.Client, token: Token
) -> None:
    url = f"{sandbox.oauth_url}/oauth/authorize"
    query = asked(sandbox, state="xyz")
    page = client.get(url, params=query)
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    wrong = client.post(url, params=query, data={"login": "sandbox", "password": "wrong"})
    assert wrong.status_code == 200
    oauth = sandbox.mtt.oauth
    back = client.post(url, params=query, data={"login": oauth.login, "password": oauth.password})
    assert back.status_code == 302
    location = urlsplit(back.headers["location"])
    assert f"{location.scheme}://{location.netloc}" == sandbox.redirect_uri
    returned = parse_qs(location.query)
    assert returned["state"] == ["xyz"]
    assert token(**(by_code(sandbox) | {"code": returned["code"][0]})).status_code == 200


def test_state_is_optional(sandbox: Sandbox, client: httpx.Client) -> None:
    login = {"login": sandbox.mtt.oauth.login, "password": sandbox.mtt.oauth.password}
    back = client.post(f"{sandbox.oauth_url}/oauth/authorize", params=asked(sandbox), data=login)
    assert set(parse_qs(urlsplit(back.headers["location"]).query)) == {"code"}


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"client_id": "another"}, "invalid_request"),
        ({"redirect_uri": "https://evil.example.com"}, "invalid_request"),
        ({"response_type": "token"}, "invalid_request"),
        ({"scope": "all"}, "invalid_scope"),
    ],
)
def test_a_wrong_authorize_request_never_reaches_the_page(
    sandbox: Sandbox, client: httpx.Client, fields: dict[str, str], error: str
) -> None:
    answer = client.get(f"{sandbox.oauth_url}/oauth/authorize", params=asked(sandbox, **fields))
    assert (answer.status_code, answer.json()) == (400, {"error": error})


def test_the_server_has_these_two_paths_only(sandbox: Sandbox, client: httpx.Client) -> None:
    assert client.get(f"{sandbox.oauth_url}/oauth/token").status_code == 404
    assert client.post(f"{sandbox.oauth_url}/token").status_code == 404


def test_a_rotation_is_no_write_and_faults_reach_it(sandbox: Sandbox, token: Token) -> None:
    token(grant_type="refresh_token", refresh_token=sandbox.refresh_token)
    assert [(call.vendor, call.mutating) for call in sandbox.log] == [("oauth", False)]
    assert sandbox.writes == []
    sandbox.faults.add(Fault(kind=FaultKind.CHANGED_BY_OTHER, vendor="oauth"), Fault(kind=FaultKind.UNAVAILABLE))
    fresh = token(**by_code(sandbox)).json()["refresh_token"]
    assert token(grant_type="refresh_token", refresh_token=fresh).status_code == 503
    assert token(grant_type="refresh_token", refresh_token=fresh).status_code == 400
