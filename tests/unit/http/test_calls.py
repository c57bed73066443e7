"""Who listens hears of every attempt: where it went, how it ended, how long it took, and no secret."""

from __future__ import annotations

from contextlib import suppress

import httpx
import pytest
import respx

from reconciler.http.budget import Budget, Patience
from reconciler.http.calls import Call
from reconciler.http.client import HttpClient, Request
from reconciler.http.errors import ProviderError
from reconciler.secrets import Secrets
from tests.unit.http.fakes import FakeClock

HOST = "https://api.exolve.ru"
KEY = "canary-key-0001"


def heard_of(
    *replies: httpx.Response | type[Exception], path: str = "/read", body: bytes = b"", base: str = HOST
) -> list[Call]:
    calls: list[Call] = []
    secrets, clock = Secrets({}), FakeClock()
    secrets.remember(KEY)
    client = HttpClient(
        base,
        peer="Exolve",
        trusted=("api.exolve.ru",),
        budget=Budget(per_second=0, concurrency=1, clock=clock, on_call=calls.append),
        secrets=secrets,
        clock=clock,
        patience=Patience(attempts=2, jitter=lambda: 1.0),
    )
    with respx.mock as mock:
        mock.route().mock(side_effect=list(replies))
        with suppress(ProviderError):
            client.send(Request("POST", path, is_read=True, body=body, numbers=("74991112233",)), bearer=KEY)
    client.close()
    return calls


@pytest.mark.parametrize(
    ("reply", "status", "error"),
    [
        (httpx.Response(200, text="{}"), 200, ""),
        (httpx.Response(404, text="no"), 404, ""),
        (
            httpx.Response(302, headers={"location": "https://evil.example/x?k=1"}),
            302,
            "Exolve redirects to evil.example",
        ),
        (
            httpx.Response(200, headers={"content-encoding": "gzip"}, content=b""),
            200,
            "Exolve sent a compressed answer",
        ),
        (httpx.ReadTimeout, None, "no answer in time"),
        (httpx.ConnectTimeout, None, "no connection in time"),
        (httpx.ConnectError, None, "no connection"),
        (httpx.ProxyError, None, "refused by the proxy"),
        (httpx.RemoteProtocolError, None, "the connection was cut off"),
    ],
)
def test_an_attempt_is_told_with_how_it_ended(
    reply: httpx.Response | type[Exception], status: int | None, error: str
) -> None:
    call = heard_of(reply, httpx.Response(200, text="{}"))[0]
    assert (call.method, call.host, call.path, call.attempt) == ("POST", "api.exolve.ru", "/read", 1)
    assert (call.status, call.numbers) == (status, ("74991112233",))
    assert call.error.startswith(error)
    assert bool(call.error) == bool(error)


def test_attempts_are_counted_and_timed() -> None:
    first, second = heard_of(httpx.Response(503), httpx.Response(200, text="{}"))
    assert (first.attempt, first.status, second.attempt, second.status) == (1, 503, 2, 200)
    assert second.at > first.at == 1_000_000.0


@pytest.mark.parametrize("header", ["X-Request-Id", "Request-Id", "X-Correlation-ID", "x-trace-id"])
def test_the_other_side_s_name_for_it_is_told(header: str) -> None:
    (call,) = heard_of(httpx.Response(200, text="{}", headers={header: "abc-1"}))
    assert call.request_id == "abc-1"


def test_neither_queries_nor_secrets_nor_control_characters_are_told() -> None:
    reply = httpx.Response(200, text="{}", headers={"x-request-id": f"{KEY}\x1b[31m"})
    (call,) = heard_of(reply, path=f"/{KEY}/read?token=hidden", body=b"body-hidden", base=f"{HOST}/gateway")
    assert (call.path, call.request_id) == ("/gateway/***/read", "***[31m")
    assert "hidden" not in repr(call)
