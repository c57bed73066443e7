"""A bucket of S3 on this machine, by moto, reached by sockets; faults are put in front of it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

App = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class Front:
    """Takes one request at a time, as a store with conditional writes decides them.

    `ignored` headers do not reach the store; `refuse` answers each request with that status; `lost` answers to PUT
    are done and not told, so many times. `headers` are those of the last request.
    """

    def __init__(self, app: App) -> None:
        self._app = app
        self._one_at_a_time = threading.Lock()
        self.ignored: set[str] = set()
        self.refuse = ""
        self.lost = 0
        self.seen: list[str] = []
        self.headers: dict[str, str] = {}

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        self.seen.append(environ["REQUEST_METHOD"])
        self.headers = {name: value for name, value in environ.items() if name.startswith("HTTP_")}
        for header in self.ignored:
            environ.pop(header, None)
        with self._one_at_a_time:
            if self.refuse:
                start(self.refuse, [("Content-Length", "0")])
                return [b""]
            body = list(self._app(environ, start))
        if self.lost and environ["REQUEST_METHOD"] == "PUT":
            self.lost -= 1
            environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
        return body


@contextmanager
def bucket(name: str = "lines") -> Iterator[tuple[str, Front]]:
    """The address of a store that has an empty bucket, and what stands in front of it."""
    pytest.importorskip("obstore")
    server = pytest.importorskip("moto.server")
    from werkzeug.serving import make_server

    front = Front(server.DomainDispatcherApplication(server.create_backend_app))
    with make_server("127.0.0.1", 0, front, threaded=True) as serving:
        threading.Thread(target=serving.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{serving.server_port}"
        import httpx

        httpx.post(f"{address}/moto-api/reset").raise_for_status()
        httpx.put(f"{address}/{name}").raise_for_status()
        yield address, front
        serving.shutdown()
