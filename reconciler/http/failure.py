"""What an exchange that went wrong means: which error, whether to try again, whether everybody should pause.

Knows no endpoint; `is_read` is all it needs to know of a request.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus

import httpx

from reconciler.http.answer import Answer
from reconciler.http.errors import ProviderError, RateLimited, TimedOut, Unavailable
from reconciler.http.proxy import Proxy
from reconciler.secrets import mask_url

BASE_URL = "the account's base_url"
"""What a client's address is set by, where its user says no more."""


@dataclass(frozen=True, slots=True)
class Way:
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
            hint="the trouble is at the other end: try again later",
            may_have_taken_effect=not is_read,
        )
        repeat = is_read or answer.status == HTTPStatus.SERVICE_UNAVAILABLE
        return Failure(error, repeat=repeat, wait=wait, pauses=True)
    return None


def failure_of_exception(error: httpx.TransportError, *, peer: str, way: Way, is_read: bool) -> Failure:
    """Judge a connection that failed, was cut off, or was too slow."""
    if isinstance(error, _NOT_SENT):
        return _not_sent(error, peer=peer, way=way)
    if isinstance(error, httpx.LocalProtocolError | httpx.UnsupportedProtocol):
        return Failure(Unavailable(f"the request to {peer} could not be formed"), repeat=False)
    if isinstance(error, httpx.TimeoutException):
        return Failure(
            TimedOut(
                f"{peer} did not answer in time",
                hint="try again; if it stays so, lower the account's rate.concurrency",
                may_have_taken_effect=not is_read,
            ),
            repeat=is_read,
        )
    cut = Unavailable(f"the connection to {peer} was cut off", hint="try again", may_have_taken_effect=not is_read)
    return Failure(cut, repeat=is_read)


def _not_sent(error: httpx.TransportError, *, peer: str, way: Way) -> Failure:
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


def _variable(way: Way) -> str:
    """What says where to connect to."""
    return BASE_URL if way.proxy is None else way.proxy.variable


def _whom_to_trust(way: Way) -> str:
    if way.authorities is None:
        return "for an authority of your own set SSL_CERT_FILE to its certificates"
    return f"{way.authorities} says whom to trust: add the authority of {way.host} there, or unset it"


def _rate_limited(peer: str, wait: float | None) -> RateLimited:
    when = f" and asks to wait {wait:.0f} s" if wait is not None else ""
    return RateLimited(f"{peer} refuses more requests for now{when}", hint="lower the account's rate.per_second")
