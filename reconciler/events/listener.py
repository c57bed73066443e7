"""What senders talk to: one path that nobody guesses, which takes events and answers 200 once they are durable.

Senders cannot be authenticated: neither vendor signs what it sends. Knows neither sockets nor files.
"""

from __future__ import annotations

import asyncio
import hmac
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from reconciler.clock import Clock
from reconciler.events.masking import masked_body
from reconciler.events.model import Event, UnreadableEventError
from reconciler.events.reading import read_body, read_event
from reconciler.events.store import Received, StoreError
from reconciler.events.writing import BusyError, Writer

BODY_SECONDS = 10.0
_DISCARDED = 16
_TOLD_SECONDS = 1.0
_METHODS = ("GET", "HEAD", "POST", "PUT")


@dataclass(slots=True)
class Listener:
    """Takes events at `/PATH` and `/PATH/events`, with bodies of so many bytes at most; `tell` hears of refusals."""

    path: str
    writer: Writer
    clock: Clock
    tell: Callable[[str], None]
    most_bytes: int
    masks: bool
    counts: Counter[str] = field(default_factory=Counter)
    _told: float | None = None
    _untold: int = 0

    def app(self) -> Starlette:
        """The application to serve."""
        app = Starlette(
            routes=[Route(place, self._asked, methods=list(_METHODS)) for place in ("/{path}", "/{path}/events")]
        )
        app.router.redirect_slashes = False  # a sender is not sent elsewhere, and nobody is told the path
        return app

    async def _asked(self, request: Request) -> Response:
        if not hmac.compare_digest(request.path_params["path"].encode(), self.path.encode()):
            return Response(status_code=404)
        if request.method in ("GET", "HEAD"):
            return _answer(200, "listening")
        return await self._received(request)

    async def _received(self, request: Request) -> Response:
        try:
            async with asyncio.timeout(BODY_SECONDS):
                raw = await _body(request, self.most_bytes)
        except TimeoutError:
            return self._refused(408, f"the body took longer than {BODY_SECONDS:.0f} s", closes=True)
        except ClientDisconnect:
            return self._refused(400, "the sender went away in the middle of the body", closes=True)
        if raw is None:
            return self._refused(413, f"the body has more than {self.most_bytes} bytes", closes=True)
        try:
            event = read_body(raw)
            held = read_event(masked_body(event)) if self.masks else event
        except UnreadableEventError as error:
            return self._refused(400, str(error))
        return await self._kept(held)

    async def _kept(self, event: Event) -> Response:
        try:
            await self.writer.keep(Received(event, self.clock.now()))
        except (StoreError, BusyError):
            self.counts["unkept"] += 1
            return _answer(503, "not kept, send it again", {"Retry-After": "1"})
        self.counts["kept"] += 1
        return _answer(200, "kept")

    def _refused(self, status: int, why: str, *, closes: bool = False) -> Response:
        self.counts["refused"] += 1
        self._tell(f"refused ({status}): {why}")
        return _answer(status, why, {"Connection": "close"} if closes else {})

    def _tell(self, text: str) -> None:
        """Tell of refusals, one a second at most: whoever sends garbage must not fill the disk with word of it."""
        now = self.clock.monotonic()
        if self._told is not None and now - self._told < _TOLD_SECONDS:
            self._untold += 1
            return
        more = f", and {self._untold} before it that were not told" if self._untold else ""
        self._told, self._untold = now, 0
        self.tell(text + more)


def _answer(status: int, text: str, headers: dict[str, str] | None = None) -> Response:
    return Response(f"{text}\n", status, headers, "text/plain")


async def _body(request: Request, most: int) -> bytes | None:
    """The whole body, or None where it is too large; some of the rest is heard out, so that the answer arrives."""
    raw, size = bytearray(), 0
    async for chunk in request.stream():
        size += len(chunk)
        if size <= most:
            raw += chunk
        elif size > _DISCARDED * most:
            break
    return bytes(raw) if size <= most else None
