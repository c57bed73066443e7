from __future__ import annotations

import gzip
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import httpx
import pytest
import respx

from reconciler.http.budget import Budget, Patience
from reconciler.http.client import OBJECT_BYTES, HttpClient, Request, bearer_token
from reconciler.http.errors import (
    HostRefused,
    ProviderError,
    RateLimited,
    TimedOut,
    Unauthorized,
    Unavailable,
    UnexpectedResponse,
)
from reconciler.secrets import Secrets
from tests.unit.http.fakes import FakeClock, Serve, answering, raw_server, saying

HOST = "http://127.0.0.1:1"
READ = Request("POST", "/read", is_read=True, body=b"{}")
WRITE = Request("POST", "/write", is_read=False, body=b"{}")
KEY = "canary-key-0001"
EAGER = Patience(jitter=lambda: 1.0)

Reply = httpx.Response | type[Exception] | Exception


@dataclass
class Peer:
    """A client at a mocked host, with its clock and what was told of waits."""

    replies: Sequence[Reply]
    clock: FakeClock = field(default_factory=FakeClock)
    waits: list[float] = field(default_factory=list)

    def client(self, url: str = HOST, patience: Patience = EAGER) -> HttpClient:
        secrets = Secrets({})
        secrets.remember(KEY)
        budget = Budget(
            per_second=0, concurrency=1, clock=self.clock, on_wait=lambda seconds, _: self.waits.append(seconds)
        )
        return HttpClient(
            url,
            peer="Exolve",
            trusted=("api.exolve.ru",),
            budget=budget,
            secrets=secrets,
            clock=self.clock,
            patience=patience,
        )

    def send(self, request: Request) -> tuple[object, int]:
        """What became of a request, and how many were sent."""
        with respx.mock(base_url=HOST) as mock:
            route = mock.post(request.path).mock(side_effect=list(self.replies))
            client = self.client()
            try:
                result: object = client.send(request, bearer=KEY)
            except ProviderError as error:
                result = error
            client.close()
            return result, route.call_count


def answer(status: int, body: str = "{}", **headers: str) -> httpx.Response:
    return httpx.Response(status, text=body, headers={name.replace("_", "-"): text for name, text in headers.items()})


def test_a_request_carries_its_credential_its_body_and_asks_for_plain_json() -> None:
    with respx.mock(base_url=HOST) as mock:
        route = mock.post("/read").mock(return_value=answer(200, '{"a":1}'))
        got = Peer([]).client(HOST + "/").send(READ, bearer=KEY)
    sent = route.calls.last.request
    assert (got.status, got.body, got.attempts) == (200, b'{"a":1}', 1)
    assert sent.headers["authorization"] == f"Bearer {KEY}"
    assert sent.headers["content-type"] == "application/json"
    assert sent.headers["accept-encoding"] == "identity"
    assert sent.content == b"{}"


def test_the_path_of_a_base_url_is_kept() -> None:
    with respx.mock as mock:
        route = mock.post(HOST + "/gateway/v2/read").mock(return_value=answer(200))
        Peer([]).client(f"{HOST}/gateway/v2/").send(READ, bearer=KEY)
    assert route.called


@pytest.mark.parametrize("request_", [READ, WRITE], ids=["read", "write"])
@pytest.mark.parametrize("status", [200, 201, 204, 400, 401, 403, 404, 409, 422, 499])
def test_an_answer_that_the_vendor_may_mean_is_handed_over_at_once(status: int, request_: Request) -> None:
    result, sent = Peer([answer(status)]).send(request_)
    assert getattr(result, "status", None) == status
    assert sent == 1


@pytest.mark.parametrize("request_", [READ, WRITE], ids=["read", "write"])
@pytest.mark.parametrize("status", [429, 503])
def test_being_turned_away_is_tried_again_after_what_the_vendor_asks(status: int, request_: Request) -> None:
    peer = Peer([answer(status, Retry_After="7"), answer(status, Retry_After="3"), answer(200)])
    result, sent = peer.send(request_)
    assert getattr(result, "attempts", None) == sent == 3
    assert peer.clock.slept == [7.0, 3.0]
    assert peer.waits == [7.0, 3.0]


def test_being_turned_away_without_a_time_backs_off_and_ends() -> None:
    peer = Peer([answer(429)] * 10)
    result, sent = peer.send(WRITE)
    assert isinstance(result, RateLimited)
    assert (result.attempts, sent, result.may_have_taken_effect) == (5, 5, False)
    assert peer.clock.slept == [0.5, 1.0, 2.0, 4.0]
    assert result.hint == "lower the account's rate.per_second"


def test_a_queue_of_workers_gets_more_attempts_where_the_vendor_says_when_to_come_back() -> None:
    result, sent = Peer([answer(429, Retry_After="1")] * 9 + [answer(200)]).send(READ)
    assert getattr(result, "attempts", None) == sent == 10


def test_a_vendor_that_wants_to_be_left_alone_for_long_is_left_alone() -> None:
    peer = Peer([answer(429, Retry_After="3600")])
    result, sent = peer.send(READ)
    assert isinstance(result, RateLimited)
    assert "asks to wait 3600 s" in str(result)
    assert sent == 1
    assert peer.clock.slept == []


def test_while_a_vendor_wants_to_be_left_alone_for_long_nobody_waits_and_nothing_is_sent() -> None:
    peer = Peer([answer(429, Retry_After="3600"), answer(200)])
    with respx.mock(base_url=HOST) as mock:
        route = mock.post("/write").mock(side_effect=list(peer.replies))
        client = peer.client()
        for sent in (1, 0, 0):
            with pytest.raises(RateLimited, match="asks to wait 3600 s") as caught:
                client.send(WRITE, bearer=KEY)
            assert (caught.value.attempts, caught.value.may_have_taken_effect) == (sent, False)
        assert (route.call_count, client.budget.calls_made, peer.clock.slept) == (1, 1, [])
        peer.clock.time += 3600
        assert client.send(WRITE, bearer=KEY).ok


def test_all_attempts_together_are_bounded_in_time() -> None:
    peer = Peer([answer(503, Retry_After="50")] * 10)
    result, sent = peer.send(READ)
    assert isinstance(result, Unavailable)
    assert sent == 4
    assert sum(peer.clock.slept) <= 180


@pytest.mark.parametrize("status", [408, 500, 502, 504, 599])
def test_a_read_that_met_a_broken_vendor_is_tried_again_and_everybody_pauses(status: int) -> None:
    peer = Peer([answer(status), answer(200)])
    result, sent = peer.send(READ)
    assert getattr(result, "status", None) == 200
    assert sent == 2
    assert peer.waits == [0.5]


@pytest.mark.parametrize("status", [408, 500, 502, 504, 599])
def test_a_write_that_met_a_broken_vendor_is_never_repeated(status: int) -> None:
    peer = Peer([answer(status, "<html>oops</html>"), answer(200)])
    result, sent = peer.send(WRITE)
    assert isinstance(result, Unavailable)
    assert (sent, result.attempts, result.may_have_taken_effect) == (1, 1, True)
    assert str(status) in str(result)
    assert "html" not in str(result)
    assert peer.waits == [0.5]


BROKEN: list[tuple[type[Exception], type[ProviderError]]] = [
    (httpx.ReadTimeout, TimedOut),
    (httpx.WriteTimeout, TimedOut),
    (httpx.ReadError, Unavailable),
    (httpx.WriteError, Unavailable),
    (httpx.RemoteProtocolError, Unavailable),
]


@pytest.mark.parametrize(("trouble", "error"), BROKEN)
def test_a_write_that_was_cut_off_is_never_repeated(trouble: type[Exception], error: type[ProviderError]) -> None:
    result, sent = Peer([trouble, answer(200)]).send(WRITE)
    assert type(result) is error
    assert (sent, result.may_have_taken_effect) == (1, True)


@pytest.mark.parametrize(("trouble", "error"), BROKEN)
def test_a_read_that_was_cut_off_is_tried_again(trouble: type[Exception], error: type[ProviderError]) -> None:
    result, sent = Peer([trouble, answer(200)]).send(READ)
    assert getattr(result, "status", None) == 200
    assert sent == 2
    result, sent = Peer([trouble] * 10).send(READ)
    assert type(result) is error
    assert (sent, result.attempts, result.may_have_taken_effect) == (5, 5, False)


@pytest.mark.parametrize("request_", [READ, WRITE], ids=["read", "write"])
@pytest.mark.parametrize("trouble", [httpx.ConnectError, httpx.ConnectTimeout])
def test_without_a_connection_nothing_was_sent_and_it_is_tried_again(
    trouble: type[Exception], request_: Request
) -> None:
    result, sent = Peer([trouble, answer(200)]).send(request_)
    assert getattr(result, "status", None) == 200
    assert sent == 2
    result, _ = Peer([trouble] * 10).send(request_)
    assert isinstance(result, Unavailable)
    assert not result.may_have_taken_effect


def test_an_untrusted_certificate_is_no_reason_to_try_again() -> None:
    result, sent = Peer([httpx.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED] self-signed certificate")]).send(WRITE)
    assert isinstance(result, Unavailable)
    assert sent == 1
    assert "certificate of 127.0.0.1 is not trusted" in str(result)
    assert "SSL_CERT_FILE" in str(result.hint)


@pytest.mark.parametrize("status", [300, 301, 302, 307, 308, 399])
def test_a_redirect_is_not_followed_and_only_its_host_is_named(status: int) -> None:
    result, sent = Peer([answer(status, Location="https://user:pw@evil.example/steal?token=1")]).send(READ)
    assert isinstance(result, UnexpectedResponse)
    assert sent == 1
    assert "redirects to evil.example:" in str(result)
    assert "pw" not in str(result)
    assert "token" not in str(result)


@pytest.mark.parametrize("location", [b"", b"/login", b"http://[broken", b"\x00\xff", "http://a\u202eb/".encode()])
def test_a_redirect_to_nowhere_is_no_crash(location: bytes) -> None:
    result, _ = Peer([httpx.Response(302, headers=[(b"location", location)])]).send(WRITE)
    assert isinstance(result, UnexpectedResponse)
    assert result.may_have_taken_effect


def test_an_answer_is_read_up_to_its_limit_and_no_further() -> None:
    result, _ = Peer([httpx.Response(200, content=b"x" * OBJECT_BYTES)]).send(READ)
    assert len(getattr(result, "body", b"")) == OBJECT_BYTES
    result, sent = Peer([httpx.Response(200, content=b"x" * (OBJECT_BYTES + 1))]).send(WRITE)
    assert isinstance(result, UnexpectedResponse)
    assert str(result) == "Exolve sent an answer of more than 4 MiB"
    assert (sent, result.may_have_taken_effect) == (1, True)


def test_a_compressed_answer_is_refused_unread() -> None:
    bomb = gzip.compress(b"0" * 1_000_000)
    result, _ = Peer([httpx.Response(200, stream=httpx.ByteStream(bomb), headers={"content-encoding": "gzip"})]).send(
        READ
    )
    assert isinstance(result, UnexpectedResponse)
    assert "compressed" in str(result)


def test_no_error_carries_the_credential() -> None:
    result, _ = Peer([answer(500, f'{{"error":"key {KEY} of https://x.example/?k={KEY}\u202e\x1b[31m"}}')]).send(WRITE)
    assert isinstance(result, Unavailable)
    assert KEY not in f"{result}{result.hint}"
    assert "\x1b" not in str(result)
    assert "\u202e" not in str(result)


@pytest.mark.parametrize("hidden", [KEY[:9] + "\u202e" + KEY[9:], "x" * 190 + KEY, "\x00".join(KEY)])
def test_a_credential_does_not_hide_behind_control_characters_or_a_cut(hidden: str) -> None:
    told = Peer([]).client().fit_for_message(hidden)
    assert KEY[:6] not in told
    assert len(told) <= 200


def test_nothing_is_sent_to_a_host_that_is_not_trusted() -> None:
    with pytest.raises(HostRefused):
        Peer([]).client("https://evil.example")


@pytest.mark.parametrize("text", ["", "two words", "line\nbreak", "ключ", "tab\t", "\x7f", " lead", "trail "])
def test_a_credential_that_fits_no_header_is_refused_without_being_shown(text: str) -> None:
    with pytest.raises(Unauthorized) as refused:
        bearer_token(text, what="the API key of account sales")
    assert str(refused.value).startswith("the API key of account sales")
    assert not text.strip() or text.strip() not in str(refused.value)


# -- over real sockets ----------------------------------------------------------------------------------------------


def over_sockets(script: Serve, request: Request, patience: Patience = EAGER) -> tuple[object, float, int]:
    """What became of a request to a scripted server, how long it took, and how many it saw."""
    with raw_server(script) as server:
        client = Peer([]).client(server.url, patience=patience)
        started = time.monotonic()
        try:
            result: object = client.send(request, bearer=KEY)
        except ProviderError as error:
            result = error
        took = time.monotonic() - started
        client.close()
        return result, took, len(server.requests)


def test_a_real_answer_arrives() -> None:
    result, _, _ = over_sockets(answering("200 OK", b'{"ok":true}', "Date: Mon, 12 Jan 1970 13:46:40 GMT"), READ)
    assert getattr(result, "body", None) == b'{"ok":true}'
    assert getattr(result, "date", None) == "Mon, 12 Jan 1970 13:46:40 GMT"


def dripping(head: bytes, drop: bytes) -> Serve:
    def serve(connection: socket.socket) -> None:
        connection.sendall(head)
        for _ in range(100):
            time.sleep(0.05)
            connection.sendall(drop)

    return serve


@pytest.mark.parametrize(
    "script",
    [
        dripping(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", b"x"),
        dripping(b"HTTP/1.1 200 OK\r\nX-Long: ", b"x"),
        dripping(b"", b""),
    ],
    ids=["body", "head", "nothing"],
)
def test_an_answer_that_drips_ends_when_its_time_is_up(script: Serve) -> None:
    result, took, _ = over_sockets(script, WRITE, Patience(attempts=1, exchange=0.4, read=5.0))
    assert isinstance(result, TimedOut)
    assert result.may_have_taken_effect
    assert took < 2


RAW = [
    b"",
    b"\x00\xff\xfe",
    b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{",
    b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n{}",
    b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 100_000,
    b"SSH-2.0-OpenSSH_9.9\r\n",
    b"HTTP/1.1 999999 ?\r\n\r\n",
]


@pytest.mark.parametrize("raw", RAW, ids=[str(raw[:40]) for raw in RAW])
def test_bytes_that_are_no_http_are_an_error_and_no_crash(raw: bytes) -> None:
    result, _, seen = over_sockets(saying(raw), WRITE, Patience(attempts=1, exchange=2.0))
    assert isinstance(result, Unavailable)
    assert result.may_have_taken_effect
    assert seen == 1


def test_a_refused_connection_is_unreachable() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
    with pytest.raises(Unavailable) as refused:
        Peer([]).client(url).send(WRITE, bearer=KEY)
    assert str(refused.value) == "Exolve cannot be reached at 127.0.0.1"
    assert not refused.value.may_have_taken_effect


def through_proxy(proxy: str) -> ProviderError:
    clock = FakeClock()
    budget = Budget(per_second=0, concurrency=1, clock=clock)
    secrets = Secrets({"HTTPS_PROXY": proxy})
    try:
        client = HttpClient(
            "https://api.exolve.ru", peer="X", trusted=("api.exolve.ru",), budget=budget, secrets=secrets, clock=clock
        )
        client.send(WRITE, bearer=KEY)
    except ProviderError as error:
        return error
    raise AssertionError("nothing was refused")


def test_a_proxy_is_asked_for_a_tunnel_and_never_sees_the_credential() -> None:
    with raw_server(answering("407 Proxy Authentication Required", b"")) as server:
        refused = through_proxy(server.url.replace("http://", "http://user:pr0xy-pw@"))
    assert str(refused) == "the proxy refuses a connection to api.exolve.ru"
    assert not refused.may_have_taken_effect
    assert server.requests[0].startswith(b"CONNECT api.exolve.ru:443 HTTP/1.1")
    assert KEY.encode() not in b"".join(server.requests)


@pytest.mark.parametrize("proxy", ["socks5://127.0.0.1:1080", "ftp://127.0.0.1", "http://[broken", "nonsense"])
def test_a_proxy_that_cannot_be_used_is_no_crash(proxy: str) -> None:
    assert "HTTPS_PROXY" in str(through_proxy(proxy).hint)
