"""Sends requests to one host within an account's budget, tries again where that is sound, and says what went wrong.

A read may be repeated whatever happened. A write is repeated only where the vendor cannot have done it (429, 503, no
connection); after a timeout, a cut-off or another 5xx its error says `may_have_taken_effect`. Knows no endpoint.
"""

from __future__ import annotations

import itertools
import math
import ssl
import threading
import zlib
from collections.abc import Callable, Collection, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from urllib.parse import urlsplit

import httpx

from reconciler.clock import Clock
from reconciler.http.answer import Answer, plain
from reconciler.http.budget import OPEN, Budget, Gate, Patience, TurnMissed, retry_after
from reconciler.http.calls import Call, unheard
from reconciler.http.errors import (
    HostRefused,
    ProviderError,
    RateLimited,
    TimedOut,
    Unauthorized,
    Unavailable,
    UnexpectedResponse,
)
from reconciler.http.hosts import check_host, host_of
from reconciler.http.transport import Deadline, Proxy, Transport, authorities, proxy_for, trust
from reconciler.secrets import Secrets, mask_url

BASE_URL = "the account's base_url"
"""What a client's address is set by, where its user says no more."""


@dataclass(frozen=True, slots=True)
class HostAccess:
    """How a host is reached: through which proxy, if any, and by which variable it is said whom to trust."""

    host: str
    proxy: Proxy | None = None
    authorities: str | None = None


_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)


@dataclass(frozen=True, slots=True)
class Failure:
    """An attempt that failed. `wait` is what the vendor asked for, in seconds; `pauses` holds back all workers."""

    error: ProviderError
    repeat: bool
    wait: float | None = None
    pauses: bool = False


def failure_of_answer(
    answer: Answer, wait: float | None, *, peer: str, is_read: bool, said: Callable[[str], str]
) -> Failure | None:
    """Judge an answer by its status; None where the vendor's own rules decide."""
    if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
        return Failure(_rate_limited(peer, wait), repeat=True, wait=wait, pauses=True)
    if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR or answer.status == HTTPStatus.REQUEST_TIMEOUT:
        words = said(answer.body[:1000].decode("utf-8", "replace"))
        error = Unavailable(
            f"{peer} answered {answer.status_text}" + (f": {words}" if words and "<" not in words else ""),
            hint="the problem is at the other end: try again later",
            may_have_taken_effect=not is_read,
        )
        repeat = is_read or answer.status == HTTPStatus.SERVICE_UNAVAILABLE
        return Failure(error, repeat=repeat, wait=wait, pauses=True)
    return None


def failure_of_exception(error: httpx.TransportError, *, peer: str, way: HostAccess, is_read: bool) -> Failure:
    """Judge a connection that failed, was cut off, or was too slow."""
    if isinstance(error, _NOT_SENT):
        return _not_sent(error, peer=peer, way=way)
    if isinstance(error, httpx.LocalProtocolError | httpx.UnsupportedProtocol):
        return Failure(Unavailable(f"the request to {peer} could not be formed"), repeat=False)
    if isinstance(error, httpx.TimeoutException):
        return Failure(
            TimedOut(
                f"{peer} did not answer in time",
                hint="try again; if it persists, lower the account's rate.concurrency",
                may_have_taken_effect=not is_read,
            ),
            repeat=is_read,
        )
    cut = Unavailable(f"the connection to {peer} was cut off", hint="try again", may_have_taken_effect=not is_read)
    return Failure(cut, repeat=is_read)


def _not_sent(error: httpx.TransportError, *, peer: str, way: HostAccess) -> Failure:
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        untrusted = Unavailable(f"the TLS certificate of {way.host} is not trusted", hint=_whom_to_trust(way))
        return Failure(untrusted, repeat=False)
    if isinstance(error, httpx.ProxyError):
        check = f"check {_variable(way)}"
        return Failure(Unavailable(f"the proxy refuses a connection to {way.host}", hint=check), repeat=False)
    through = f" through the proxy {mask_url(way.proxy.address)}" if way.proxy is not None else ""
    if isinstance(error, httpx.TimeoutException):
        check = f"check the network and {_variable(way)}" if way.proxy is not None else "check the network"
        return Failure(TimedOut(f"no connection to {way.host}{through} in time", hint=check), repeat=True)
    check = f"check the network and {_variable(way)}"
    return Failure(Unavailable(f"{peer} cannot be reached at {way.host}{through}", hint=check), repeat=True)


def _variable(way: HostAccess) -> str:
    """What says where to connect to."""
    return BASE_URL if way.proxy is None else way.proxy.variable


def _whom_to_trust(way: HostAccess) -> str:
    if way.authorities is None:
        return "for your own authority, set SSL_CERT_FILE to its certificates"
    return f"{way.authorities} names the trusted authorities: add that of {way.host} there, or unset it"


def _rate_limited(peer: str, wait: float | None) -> RateLimited:
    when = f" and asks to wait {wait:.0f} s" if wait is not None else ""
    return RateLimited(f"{peer} refuses further requests for now{when}", hint="lower the account's rate.per_second")


MEBIBYTE = 1024 * 1024
OBJECT_BYTES = 4 * MEBIBYTE
LIST_BYTES = 32 * MEBIBYTE

# One pool of connections serves few threads: with 32 on one, looking after it costs more than the requests.
_THREADS_A_POOL = 4
_HEADERS = (("User-Agent", "reconciler"), ("Accept", "application/json"), ("Accept-Encoding", "identity"))
_HIGHEST_REDIRECT = 399
_GZIP = zlib.MAX_WBITS | 16
_LONGEST_SAID = 4000
_IN_NO_KEY = frozenset(" \"'")
_REQUEST_IDS = ("x-request-id", "request-id", "x-correlation-id", "x-trace-id")


@dataclass(frozen=True, slots=True)
class Request:
    """What to send: `path` is put behind the base URL; `is_read` permits repeating whatever happened.

    `basic` is `user:password` in base64, for a service that wants no bearer token. `numbers` are what it is about.
    `once` forbids repeating whatever happened. `gzip` says that the answer may be compressed.
    """

    method: str
    path: str
    is_read: bool
    body: bytes = b""
    content_type: str = "application/json"
    limit_bytes: int = OBJECT_BYTES
    basic: str = field(default="", repr=False)
    numbers: tuple[str, ...] = ()
    once: bool = False
    gzip: bool = False


class _Heard:
    """What becomes of a call, filled in while it is made."""

    status: int | None = None
    request_id: str = ""
    error: str = ""


class HttpClient:
    """One vendor's host for one account; safe to use from several threads.

    `peer` names the vendor in messages and `setting` what its address is set by; `trusted` are its own hosts. Raises
    HostRefused before anything is sent.
    """

    def __init__(
        self,
        base_url: str,
        *,
        peer: str,
        trusted: Collection[str],
        budget: Budget,
        secrets: Secrets,
        clock: Clock,
        patience: Patience | None = None,
        setting: str = BASE_URL,
    ) -> None:
        parts = check_host(base_url, trusted=trusted, environ=secrets.environ)
        self.peer = peer
        self.host = parts.hostname or ""
        self.budget = budget
        self._setting = setting
        self._base_url = base_url.rstrip("/")
        self._secrets = secrets
        self._clock = clock
        self._patience = patience or Patience()
        self._deadline = Deadline()
        self._shard = threading.local()
        self._urls: dict[str, httpx.URL] = {}
        proxy = proxy_for(parts.scheme, self.host, secrets.environ)
        self._way = HostAccess(self.host, proxy, authorities(secrets.environ))
        self._pools = self._build(verify=trust(parts.scheme, secrets.environ), proxy=proxy)
        self._turns = itertools.cycle(self._pools)
        timeout = httpx.Timeout(self._patience.read, connect=self._patience.connect)
        self._extensions = {"timeout": timeout.as_dict()}

    # docs/decisions/040
    def send(self, request: Request, *, bearer: str | None = None, gate: Gate = OPEN) -> Answer:
        """Send a request and return its answer; raises ProviderError for 429, 5xx, redirects and no answer.

        `gate` is entered before each attempt, and must still be open at the moment in which the request leaves.
        """
        started, in_doubt = self._clock.monotonic(), False
        for attempt in itertools.count(1):
            try:
                result = self._attempt(request, bearer, gate, attempt)
            except ProviderError as closed:
                closed.may_have_taken_effect = in_doubt
                raise self._as_raised(closed, attempt - 1) from None
            if isinstance(result, Answer):
                return replace(result, attempts=attempt)
            in_doubt = result.error.may_have_taken_effect
            wait = result.wait or self._patience.backoff(attempt)
            if wait > self._patience.longest_wait:
                self.budget.close(wait, result.error)
            elif result.pauses:
                self.budget.pause(wait, str(result.error))
            ends = attempt >= self._patience.most(result.wait) or self._clock.interrupted.is_set()
            # docs/decisions/192
            if not result.repeat or request.once or ends or self._too_long(wait, self._clock.monotonic() - started):
                raise self._as_raised(result.error, attempt)
            if not result.pauses:
                self._clock.sleep(wait)
        raise AssertionError("itertools.count never ends")

    def fit_for_message(self, text: str) -> str:
        """Make vendor's text fit for a message: cleaned, secrets taken out, cut.

        In this order: a control character inside a secret must not hide it, nor a cut through it.
        """
        return plain(self._secrets.redact(plain(text, _LONGEST_SAID)))

    def close(self) -> None:
        """Give back connections."""
        for pool in self._pools:
            pool.close()

    def _build(self, *, verify: ssl.SSLContext, proxy: Proxy | None) -> tuple[Transport, ...]:
        """Build transports, not clients: nothing here wants cookies, redirects or hooks, and they cost a third more."""
        connections = self.budget.concurrency
        address = proxy.address if proxy is not None else None
        try:
            self._secrets.remember(urlsplit(address or "").password or "")
            return tuple(
                Transport(deadline=self._deadline, verify=verify, connections=connections, proxy=address)
                for _ in range(math.ceil(connections / _THREADS_A_POOL))
            )
        except (ImportError, ValueError, httpx.InvalidURL):
            variable = proxy.variable if proxy is not None else "HTTPS_PROXY"
            raise Unavailable("the proxy cannot be used", hint=f"write {variable} as http://HOST:PORT") from None

    def _pool(self) -> Transport:
        if not hasattr(self._shard, "pool"):
            self._shard.pool = next(self._turns)
        pool: Transport = self._shard.pool
        return pool

    def _attempt(self, request: Request, bearer: str | None, gate: Gate, attempt: int) -> Answer | Failure:
        while True:
            gate.enter()
            try:
                with self.budget.turn(gate.is_open):
                    return self._sent(request, bearer, attempt)
            except TurnMissed:
                continue

    def _sent(self, request: Request, bearer: str | None, attempt: int) -> Answer | Failure:
        try:
            answer, wait = self._exchange(request, bearer, attempt)
        except httpx.TransportError as error:
            return failure_of_exception(error, peer=self.peer, way=self._way, is_read=request.is_read)
        except ProviderError as error:
            error.may_have_taken_effect = not request.is_read
            return Failure(error, repeat=False)
        return (
            failure_of_answer(answer, wait, peer=self.peer, is_read=request.is_read, said=self.fit_for_message)
            or answer
        )

    def _exchange(self, request: Request, bearer: str | None, attempt: int) -> tuple[Answer, float | None]:
        self._deadline.start(self._patience.exchange)
        sent = httpx.Request(
            request.method,
            self._url(request.path),
            headers=_headers(request, bearer),
            content=request.body or None,
            extensions=self._extensions,
        )
        with self._hearing(request, sent.url, attempt) as heard, closing(self._pool().handle_request(sent)) as response:
            heard.status = response.status_code
            heard.request_id = next(filter(None, map(response.headers.get, _REQUEST_IDS)), "")
            self._refuse_redirect(response)
            body = self._body(response, request)
        found = response.headers
        answer = Answer(response.status_code, body, found.get("date"), found.get("content-type", ""))
        return answer, retry_after(found.get("retry-after"), self._clock)

    # docs/decisions/172
    @contextmanager
    def _hearing(self, request: Request, url: httpx.URL, attempt: int) -> Iterator[_Heard]:
        """Tell of a call when it is over, however it ends."""
        heard = _Heard()
        if self.budget.on_call is unheard:
            yield heard
            return
        at, begun = self._clock.now(), self._clock.monotonic()
        try:
            yield heard
        except BaseException as error:
            heard.error = _briefly(error)
            raise
        finally:
            call = Call(at, self.peer, request.method, self.host, self.fit_for_message(url.path), attempt)
            took = round((self._clock.monotonic() - begun) * 1000)
            request_id = self.fit_for_message(heard.request_id)
            self.budget.on_call(
                replace(
                    call,
                    numbers=request.numbers,
                    status=heard.status,
                    milliseconds=took,
                    request_id=request_id,
                    error=self.fit_for_message(heard.error),
                )
            )

    def _url(self, path: str) -> httpx.URL:
        """An endpoint's address, parsed once; raises HostRefused where it cannot be."""
        if path not in self._urls:
            try:
                self._urls[path] = httpx.URL(self._base_url + path)
            except httpx.InvalidURL:
                raise HostRefused(f"the address of {self.peer} cannot be read", hint=f"check {BASE_URL}") from None
        return self._urls[path]

    def _refuse_redirect(self, response: httpx.Response) -> None:
        if HTTPStatus.MULTIPLE_CHOICES <= response.status_code <= _HIGHEST_REDIRECT:
            host = host_of(response.headers.get("location", ""))
            target = plain(host, 80) if host else "another address"
            raise UnexpectedResponse(
                f"{self.peer} redirects to {target}: a redirect is never followed with a credential",
                hint=f"check {BASE_URL}",
            )

    def _body(self, response: httpx.Response, request: Request) -> bytes:
        encoding = response.headers.get("content-encoding", "identity").strip().lower()
        is_compressed, limit = request.gzip and encoding == "gzip", request.limit_bytes
        if encoding not in {"", "identity"} and not is_compressed:
            raise UnexpectedResponse(f"{self.peer} sent a compressed answer although none was requested")
        chunks: list[bytes] = []
        size = 0
        for chunk in response.iter_raw():
            chunks.append(chunk)
            size += len(chunk)
            if size > limit:
                raise UnexpectedResponse(f"{self.peer} sent an answer of more than {limit // MEBIBYTE} MiB")
        body = b"".join(chunks)
        return self._unpacked(body, limit) if is_compressed else body

    def _unpacked(self, body: bytes, limit: int) -> bytes:
        try:
            unpacked = zlib.decompressobj(_GZIP).decompress(body, limit + 1)
        except zlib.error:
            raise UnexpectedResponse(f"{self.peer} sent a compressed answer that cannot be unpacked") from None
        if len(unpacked) > limit:
            raise UnexpectedResponse(f"{self.peer} sent an answer of more than {limit // MEBIBYTE} MiB")
        return unpacked

    def _too_long(self, wait: float, elapsed: float) -> bool:
        return wait > self._patience.longest_wait or elapsed + wait > self._patience.together

    def _as_raised(self, error: ProviderError, attempts: int) -> ProviderError:
        error.attempts = attempts
        error.args = (self._secrets.redact(str(error)),)
        error.hint = error.hint and error.hint.replace(BASE_URL, self._setting)
        return error


_ENDS: tuple[tuple[type[Exception] | tuple[type[Exception], ...], str], ...] = (
    ((httpx.ConnectTimeout, httpx.PoolTimeout), "no connection in time"),
    (httpx.TimeoutException, "no answer in time"),
    (httpx.ProxyError, "refused by the proxy"),
    (httpx.ConnectError, "no connection"),
    (httpx.TransportError, "the connection was cut off"),
)


def _briefly(error: BaseException) -> str:
    """Why a call was not answered, or its answer not taken, in a few words."""
    if isinstance(error, ProviderError):
        return str(error)
    return next((words for kinds, words in _ENDS if isinstance(error, kinds)), "interrupted")


def bearer_token(text: str, *, what: str) -> str:
    """Return a credential that fits a header; raises Unauthorized that names it by `what`."""
    if text.isascii() and text.isprintable() and not _IN_NO_KEY & set(text) and text:
        return text
    raise Unauthorized(
        f"{what} has characters that a key cannot have, such as spaces or quotes around it",
        hint="store the bare key, on one line",
    )


def _headers(request: Request, bearer: str | None) -> list[tuple[str, str]]:
    headers = list(_HEADERS)
    if request.gzip:
        headers[-1] = ("Accept-Encoding", "gzip")
    if request.body:
        headers.append(("Content-Type", request.content_type))
    if bearer is not None:
        headers.append(("Authorization", f"Bearer {bearer}"))
    elif request.basic:
        headers.append(("Authorization", f"Basic {request.basic}"))
    return headers
