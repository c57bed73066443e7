"""The one door for calls: finds the vendor by the path's first part, lets faults strike, and notes what happened.

An answer goes onto the socket whole, or spoilt the way a fault asks for. Must not know any vendor's methods.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import time
from asyncio import Transport
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, fields
from typing import Protocol

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from reconciler.sandbox.faults import Fault, FaultKind, Faults
from reconciler.sandbox.journal import Call, CallFacts, CallLog, Incoming

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
        self._scope = scope
        self._transport: Transport = scope[TRANSPORT]
        self._receive = receive
        self._send = send

    async def deliver(self, answer: Response, fault: Fault | None) -> None:
        """Send the answer, or what the fault makes of it."""
        kind = fault.kind if fault else None
        if kind in _RESETS:
            await self._reset()
        elif fault is not None and kind in SILENT:
            await self._fall_silent(0.0 if kind in _DROPS else fault.seconds)
        elif fault is not None and kind is FaultKind.SLOW_DRIP:
            seconds = _DRIP_SECONDS if fault.seconds is None else fault.seconds
            await self._in_pieces(answer, [bytes([byte]) for byte in answer.body], seconds)
        elif kind is FaultKind.HUGE_BODY:
            await self._in_pieces(answer, _padded(bytes(answer.body)))
        elif kind is FaultKind.CUT_OFF:
            await self._cut_off(answer)
        else:
            await answer(self._scope, self._receive, self._send)

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

    async def _in_pieces(self, answer: Response, pieces: list[bytes], seconds: float = 0.0) -> None:
        answer.headers["content-length"] = str(sum(map(len, pieces)))
        await self._start(answer)
        for piece in pieces:
            await self._body(piece, more=True)
            await asyncio.sleep(seconds)
        await self._body(b"", more=False)

    async def _cut_off(self, answer: Response) -> None:
        await self._start(answer)
        await self._body(_first_half(answer), more=True)
        await self._close()

    async def _start(self, answer: Response) -> None:
        start = {"type": "http.response.start", "status": answer.status_code, "headers": answer.raw_headers}
        await self._send(start)

    async def _body(self, body: bytes, *, more: bool) -> None:
        await self._send({"type": "http.response.body", "body": body, "more_body": more})


_NAMES = ("127.0.0.1", "localhost")
_GATEWAY_PAGE = b"<html><head><title>502 Bad Gateway</title></head><body><center>nginx</center></body></html>"
_LOGIN_PAGE = b"<!doctype html><html><head><title>Sign in to the network</title></head><body></body></html>"
_LATE_SECONDS = 0.05
_ELSEWHERE = "https://elsewhere.invalid"


class Vendor(Protocol):
    """What the front needs of a vendor."""

    @property
    def name(self) -> str:
        """The word in the log."""

    def recognise(self, call: Incoming, /) -> Incoming:
        """Say what a call is about."""

    def answer(self, call: Incoming, tampering: Fault | None, /) -> Response:
        """Carry a call out."""

    def refusal(self, status: int, text: str) -> Response:
        """Shape an error as this vendor does."""

    def alter_answer(self, call: Incoming, fault: Fault, /) -> None:
        """Change behind the caller's back what the call was about."""


@dataclass(slots=True)
class Front:
    """An ASGI application. `vendors` by path prefix; `control` answers everything under `/_sandbox`."""

    vendors: dict[str, Vendor]
    faults: Faults
    call_log: CallLog
    control: Callable[[Request], Awaitable[Response]]
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
            await wire.deliver(PlainTextResponse("404 page not found\n", 404), None)

    async def _exchange(self, vendor: Vendor, path: str, request: Request, wire: ReplyChannel) -> None:
        started = time.monotonic()
        call = vendor.recognise(
            Incoming(
                vendor=vendor.name,
                method=request.method,
                path=path,
                body=await request.body(),
                authorization=request.headers.get("authorization"),
                query=request.scope["query_string"].decode("latin-1"),
            ),
        )
        struck = self.faults.take(call)
        fault = next((fault for fault in struck if fault.kind is not FaultKind.LATENCY), None)
        late = [each.seconds for each in struck if each.kind is FaultKind.LATENCY]
        if delay := self.latency + sum(_LATE_SECONDS if seconds is None else seconds for seconds in late):
            await asyncio.sleep(delay)
        answer = _answer(vendor, call, fault)
        # docs/decisions/023
        # Noted before it goes out: whoever has the answer finds it in the log.
        silent = fault is not None and fault.kind in SILENT
        self._note(call, None if silent else answer.status_code, struck, started)
        await wire.deliver(answer, fault)

    def _note(self, call: Incoming, status: int | None, struck: tuple[Fault, ...], started: float) -> None:
        facts = {each.name: getattr(call, each.name) for each in fields(CallFacts)}
        names = ", ".join(fault.kind.value for fault in struck) or None
        self.call_log.calls.append(
            Call(**facts, status=status, fault=names, started=started, finished=time.monotonic()),
        )


def _stray(request: Request) -> Response | None:
    """What to say to a call that a web page had a browser make, by its own origin or under a name of its choice."""
    port = (request.scope.get("server") or ("", 0))[1]
    hosts = {f"{name}:{port}" for name in _NAMES}
    if request.headers.get("host", "").lower() not in hosts:
        return PlainTextResponse("the sandbox is called by 127.0.0.1 or localhost and its port\n", 421)
    origin = request.headers.get("origin")
    if origin is not None and origin not in {f"http://{host}" for host in hosts}:
        return PlainTextResponse("the sandbox takes no calls of other web pages\n", 403)
    return None


def _answer(vendor: Vendor, call: Incoming, fault: Fault | None) -> Response:
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


def _refuse(status: int, text: str) -> Callable[[Vendor, Incoming, Fault], Response]:
    def refuse(vendor: Vendor, _call: Incoming, fault: Fault) -> Response:
        answer = vendor.refusal(status, fault.message or text)
        if fault.retry_after is not None:
            answer.headers["Retry-After"] = str(fault.retry_after)
        return answer

    return refuse


def _error_with_200(vendor: Vendor, _call: Incoming, fault: Fault) -> Response:
    answer = vendor.refusal(400, fault.message or "internal error")
    answer.status_code = 200
    return answer


def _redirect(_vendor: Vendor, call: Incoming, fault: Fault) -> Response:
    return Response(status_code=307, headers={"Location": fault.location or _ELSEWHERE + call.path})


def _nothing(*_: object) -> Response:
    return Response()


def _gateway_page(*_: object) -> Response:
    return HTMLResponse(_GATEWAY_PAGE, 502)


def _with_body(answer: Response, body: bytes) -> Response:
    return Response(body, answer.status_code, media_type=answer.media_type)


def _first_half(answer: Response) -> bytes:
    return bytes(answer.body[: len(answer.body) // 2])


_INSTEAD: dict[FaultKind, Callable[[Vendor, Incoming, Fault], Response]] = {
    FaultKind.UNAUTHORIZED: _refuse(401, "Unauthorized"),
    FaultKind.NO_KEY: _refuse(401, "malformed token"),
    FaultKind.FORBIDDEN: _refuse(403, "activate service on this application"),
    FaultKind.NOT_FOUND: _refuse(404, "Not Found"),
    FaultKind.RATE_LIMITED: _refuse(429, "too many requests"),
    FaultKind.SERVER_ERROR_BEFORE: _refuse(500, "internal error"),
    FaultKind.UNAVAILABLE: _refuse(503, "service unavailable"),
    FaultKind.BAD_GATEWAY_BEFORE: _gateway_page,
    FaultKind.HTML_WITH_200: lambda *_: HTMLResponse(_LOGIN_PAGE),
    FaultKind.ERROR_WITH_200: _error_with_200,
    FaultKind.REDIRECT: _redirect,
    FaultKind.DROP_BEFORE: _nothing,
    FaultKind.RESET_BEFORE: _nothing,
    FaultKind.TIMEOUT_BEFORE: _nothing,
}
"""Faults that keep a call from taking effect, and what is answered in its place."""

_SPOILT: dict[FaultKind, Callable[[Vendor, Response, Fault], Response]] = {
    FaultKind.SERVER_ERROR_AFTER: lambda vendor, _answer, fault: vendor.refusal(500, fault.message or "internal error"),
    FaultKind.BAD_GATEWAY_AFTER: _gateway_page,
    FaultKind.MALFORMED_JSON: lambda _vendor, answer, _fault: _with_body(answer, b"{'result': ok,}"),
    FaultKind.TRUNCATED_JSON: lambda _vendor, answer, _fault: _with_body(answer, _first_half(answer)),
    FaultKind.EMPTY_BODY: lambda _vendor, answer, _fault: _with_body(answer, b""),
}
"""Faults that spoil the answer of a call that took effect."""
