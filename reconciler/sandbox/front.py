"""The one door for calls: finds the vendor by the path's first part, lets faults strike, and notes what happened.

An answer goes onto the socket whole, or spoilt the way a fault asks for. Must not know any vendor's methods.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import time
from asyncio import Transport
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, replace
from typing import Protocol

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from reconciler.sandbox.faults import Fault, FaultKind, Faults
from reconciler.sandbox.journal import Call, CallLog, Incoming, SandboxAnswer

TRANSPORT = "sandbox.transport"
"""The scope's key under which the server keeps the connection."""

_PADDING = b"x" * 65_536
_PADDING_PIECES = 160
_DRIP_SECONDS = 0.05
_DROPS = {FaultKind.DROP_BEFORE, FaultKind.DROP_AFTER}
_RESETS = {FaultKind.RESET_BEFORE, FaultKind.RESET_AFTER}
_AT_ONCE = struct.pack("ii", 1, 0)  # SO_LINGER without a second to linger: closing resets
SILENT = _DROPS | _RESETS | {FaultKind.TIMEOUT_BEFORE, FaultKind.TIMEOUT_AFTER}
"""Faults under which no status goes out at all."""


def _padded(body: bytes) -> list[bytes]:
    separator = b"" if body.strip() == b"{}" else b","
    return [b'{"padding":"', *[_PADDING] * _PADDING_PIECES, b'"', separator, body.lstrip()[1:]]


class ReplyChannel:
    """One exchange's way back."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._transport: Transport = scope[TRANSPORT]
        self._receive = receive
        self._send = send

    async def deliver(self, answer: SandboxAnswer, fault: Fault | None) -> None:
        """Send the answer, or what the fault makes of it."""
        kind = fault.kind if fault else None
        if kind in _RESETS:
            await self._reset()
        elif fault is not None and kind in SILENT:
            await self._fall_silent(0.0 if kind in _DROPS else fault.seconds)
        elif fault is not None and kind is FaultKind.SLOW_DRIP:
            seconds = _DRIP_SECONDS if fault.seconds is None else fault.seconds
            await self._in_pieces(answer, [answer.body[at : at + 1] for at in range(len(answer.body))], seconds)
        elif kind is FaultKind.HUGE_BODY:
            await self._in_pieces(answer, _padded(answer.body))
        elif kind is FaultKind.CUT_OFF:
            await self._cut_off(answer)
        else:
            await self._start(answer, len(answer.body))
            await self._body(answer.body, more=False)

    async def _fall_silent(self, seconds: float | None) -> None:
        try:
            await asyncio.wait_for(self._gone(), seconds)
        except TimeoutError:
            await self._close()

    async def _gone(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass

    async def _reset(self) -> None:
        self._transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
        self._transport.abort()
        await self._gone()

    async def _close(self) -> None:
        self._transport.close()
        await self._gone()

    async def _in_pieces(self, answer: SandboxAnswer, pieces: Iterable[bytes], seconds: float = 0.0) -> None:
        pieces = list(pieces)
        await self._start(answer, sum(map(len, pieces)))
        for piece in pieces:
            await self._body(piece, more=True)
            await asyncio.sleep(seconds)
        await self._body(b"", more=False)

    async def _cut_off(self, answer: SandboxAnswer) -> None:
        await self._start(answer, len(answer.body))
        await self._body(answer.body[: len(answer.body) // 2], more=True)
        await self._close()

    async def _start(self, answer: SandboxAnswer, length: int) -> None:
        headers = [(b"content-length", str(length).encode())]
        if answer.content_type:
            headers.append((b"content-type", answer.content_type.encode()))
        headers.extend((name.lower().encode(), value.encode()) for name, value in answer.headers)
        await self._send({"type": "http.response.start", "status": answer.status, "headers": headers})

    async def _body(self, body: bytes, *, more: bool) -> None:
        await self._send({"type": "http.response.body", "body": body, "more_body": more})


_NAMES = ("127.0.0.1", "localhost")
_PLAIN = "text/plain; charset=utf-8"
_HTML = "text/html; charset=utf-8"
_GATEWAY_PAGE = b"<html><head><title>502 Bad Gateway</title></head><body><center>nginx</center></body></html>"
_LOGIN_PAGE = b"<!doctype html><html><head><title>Sign in to the network</title></head><body></body></html>"
_LATE_SECONDS = 0.05
_ELSEWHERE = "https://elsewhere.invalid"


class Vendor(Protocol):
    """What the front needs of a vendor."""

    @property
    def name(self) -> str:
        """The word in the log."""

    def recognise(self, method: str, path: str, query: str, body: bytes, authorization: str | None) -> Incoming:
        """Say what a call is about."""

    def answer(self, call: Incoming, tampering: Fault | None, /) -> SandboxAnswer:
        """Carry a call out."""

    def refusal(self, status: int, text: str) -> SandboxAnswer:
        """Shape an error as this vendor does."""

    def alter_answer(self, call: Incoming, fault: Fault, /) -> None:
        """Change behind the caller's back what the call was about."""


@dataclass(slots=True)
class Front:
    """An ASGI application. `vendors` by path prefix; `control` answers everything under `/_sandbox`."""

    vendors: dict[str, Vendor]
    faults: Faults
    call_log: CallLog
    control: Callable[[Request], Awaitable[SandboxAnswer]]
    latency: float = 0.0

    # docs/decisions/021
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one exchange."""
        request = Request(scope, receive)
        first, _, rest = scope["path"][1:].partition("/")
        vendor = self.vendors.get(first)
        wire = ReplyChannel(scope, receive, send)
        if refused := _stray(request):
            await wire.deliver(refused, None)
        elif vendor is not None:
            await self._exchange(vendor, "/" + rest, request, wire)
        elif first == "_sandbox":
            await wire.deliver(await self.control(request), None)
        else:
            await wire.deliver(SandboxAnswer(404, b"404 page not found\n", _PLAIN), None)

    async def _exchange(self, vendor: Vendor, path: str, request: Request, wire: ReplyChannel) -> None:
        started = time.monotonic()
        query = request.scope["query_string"].decode("latin-1")
        authorization = Headers(scope=request.scope).get("authorization")
        call = vendor.recognise(request.method, path, query, await request.body(), authorization)
        struck = self.faults.take(call)
        fault = next((fault for fault in struck if fault.kind is not FaultKind.LATENCY), None)
        if delay := self.latency + sum(_delay(each) for each in struck):
            await asyncio.sleep(delay)
        answer = _answer(vendor, call, fault)
        # docs/decisions/023
        # Noted before it goes out: whoever has the answer finds it in the log.
        silent = fault is not None and fault.kind in SILENT
        self._note(call, None if silent else answer.status, struck, started)
        await wire.deliver(answer, fault)

    def _note(self, call: Incoming, status: int | None, struck: tuple[Fault, ...], started: float) -> None:
        names = ", ".join(fault.kind.value for fault in struck) or None
        self.call_log.calls.append(
            Call(
                vendor=call.vendor,
                method=call.method,
                path=call.path,
                numbers=call.numbers,
                mutating=call.mutating,
                application=call.application,
                status=status,
                fault=names,
                started=started,
                finished=time.monotonic(),
            ),
        )


def _stray(request: Request) -> SandboxAnswer | None:
    """What to say to a call that a web page had a browser make, by its own origin or under a name of its choice."""
    port = (request.scope.get("server") or ("", 0))[1]
    hosts = {f"{name}:{port}" for name in _NAMES}
    if request.headers.get("host", "").lower() not in hosts:
        return SandboxAnswer(421, b"the sandbox is called by 127.0.0.1 or localhost and its port\n", _PLAIN)
    origin = request.headers.get("origin")
    if origin is not None and origin not in {f"http://{host}" for host in hosts}:
        return SandboxAnswer(403, b"the sandbox takes no calls of other web pages\n", _PLAIN)
    return None


def _delay(fault: Fault) -> float:
    if fault.kind is not FaultKind.LATENCY:
        return 0.0
    return _LATE_SECONDS if fault.seconds is None else fault.seconds


def _answer(vendor: Vendor, call: Incoming, fault: Fault | None) -> SandboxAnswer:
    if fault is None:
        return vendor.answer(call, None)
    if instead := _INSTEAD.get(fault.kind):
        return instead(vendor, call, fault)
    answer = vendor.answer(call, fault)
    if fault.kind is FaultKind.CHANGED_BY_OTHER:
        vendor.alter_answer(call, fault)
    if spoil := _SPOILT.get(fault.kind):
        return spoil(vendor, answer, fault)
    return answer


def _refuse(status: int, text: str) -> Callable[[Vendor, Incoming, Fault], SandboxAnswer]:
    def refuse(vendor: Vendor, _call: Incoming, fault: Fault) -> SandboxAnswer:
        answer = vendor.refusal(status, fault.message or text)
        if fault.retry_after is None:
            return answer
        return replace(answer, headers=(("Retry-After", str(fault.retry_after)),))

    return refuse


def _gateway_page(_vendor: Vendor, _any: Incoming | SandboxAnswer, _fault: Fault) -> SandboxAnswer:
    return SandboxAnswer(502, _GATEWAY_PAGE, _HTML)


def _login_page(_vendor: Vendor, _call: Incoming, _fault: Fault) -> SandboxAnswer:
    return SandboxAnswer(200, _LOGIN_PAGE, _HTML)


def _error_with_200(vendor: Vendor, _call: Incoming, fault: Fault) -> SandboxAnswer:
    return replace(vendor.refusal(400, fault.message or "internal error"), status=200)


def _redirect(_vendor: Vendor, call: Incoming, fault: Fault) -> SandboxAnswer:
    return SandboxAnswer(307, b"", "", (("Location", fault.location or _ELSEWHERE + call.path),))


def _nothing(_vendor: Vendor, _call: Incoming, _fault: Fault) -> SandboxAnswer:
    return SandboxAnswer(200, b"")


_INSTEAD: dict[FaultKind, Callable[[Vendor, Incoming, Fault], SandboxAnswer]] = {
    FaultKind.UNAUTHORIZED: _refuse(401, "Unauthorized"),
    FaultKind.NO_KEY: _refuse(401, "malformed token"),
    FaultKind.FORBIDDEN: _refuse(403, "activate service on this application"),
    FaultKind.NOT_FOUND: _refuse(404, "Not Found"),
    FaultKind.RATE_LIMITED: _refuse(429, "too many requests"),
    FaultKind.SERVER_ERROR_BEFORE: _refuse(500, "internal error"),
    FaultKind.UNAVAILABLE: _refuse(503, "service unavailable"),
    FaultKind.BAD_GATEWAY_BEFORE: _gateway_page,
    FaultKind.HTML_WITH_200: _login_page,
    FaultKind.ERROR_WITH_200: _error_with_200,
    FaultKind.REDIRECT: _redirect,
    FaultKind.DROP_BEFORE: _nothing,
    FaultKind.RESET_BEFORE: _nothing,
    FaultKind.TIMEOUT_BEFORE: _nothing,
}
"""Faults that keep a call from taking effect, and what is answered in its place."""

_SPOILT: dict[FaultKind, Callable[[Vendor, SandboxAnswer, Fault], SandboxAnswer]] = {
    FaultKind.SERVER_ERROR_AFTER: lambda vendor, _answer, fault: vendor.refusal(500, fault.message or "internal error"),
    FaultKind.BAD_GATEWAY_AFTER: _gateway_page,
    FaultKind.MALFORMED_JSON: lambda _vendor, answer, _fault: replace(answer, body=b"{'result': ok,}"),
    FaultKind.TRUNCATED_JSON: lambda _vendor, answer, _fault: replace(
        answer, body=answer.body[: len(answer.body) // 2]
    ),
    FaultKind.EMPTY_BODY: lambda _vendor, answer, _fault: replace(answer, body=b""),
}
"""Faults that spoil the answer of a call that took effect."""
