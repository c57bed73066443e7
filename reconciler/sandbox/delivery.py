"""Puts an answer on the socket, whole or spoilt the way a fault asks for.

Must not know vendors or state; it gets a finished answer and at most one fault.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from asyncio import Transport
from collections.abc import Iterable

from starlette.types import Receive, Scope, Send

from reconciler.sandbox.faults import Fault, FaultKind
from reconciler.sandbox.journal import Answer

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


class Wire:
    """One exchange's way back."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._transport: Transport = scope[TRANSPORT]
        self._receive = receive
        self._send = send

    async def deliver(self, answer: Answer, fault: Fault | None) -> None:
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

    async def _in_pieces(self, answer: Answer, pieces: Iterable[bytes], seconds: float = 0.0) -> None:
        pieces = list(pieces)
        await self._start(answer, sum(map(len, pieces)))
        for piece in pieces:
            await self._body(piece, more=True)
            await asyncio.sleep(seconds)
        await self._body(b"", more=False)

    async def _cut_off(self, answer: Answer) -> None:
        await self._start(answer, len(answer.body))
        await self._body(answer.body[: len(answer.body) // 2], more=True)
        await self._close()

    async def _start(self, answer: Answer, length: int) -> None:
        headers = [(b"content-length", str(length).encode())]
        if answer.content_type:
            headers.append((b"content-type", answer.content_type.encode()))
        headers.extend((name.lower().encode(), value.encode()) for name, value in answer.headers)
        await self._send({"type": "http.response.start", "status": answer.status, "headers": headers})

    async def _body(self, body: bytes, *, more: bool) -> None:
        await self._send({"type": "http.response.body", "body": body, "more_body": more})
