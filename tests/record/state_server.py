"""A server of the HTTP state protocol that insists on it: lock fields, lock ids and serials that grow."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

FIELDS = {"ID", "Operation", "Info", "Who", "Version", "Created", "Path"}


@dataclass
class State:
    """What the server keeps, and how it is to behave.

    `gitlab`: lock and unlock are POST and DELETE of `ROOT/lock`, a held lock is 409 with the *asker's* info but for
    id, user and time, and a password is wanted (lib/api/terraform/state.rb of GitLab).
    `none_yet`: what is answered where no document was ever stored: a status, or a text with 200.
    `grants_again`: a lock is granted to its own id once more, as some servers do.
    `faults` maps a method to what to do with its next request: a status to answer, or `cut` (do it, then hang up);
    all of them where it `stays`.
    """

    gitlab: bool = False
    root: str = "/state"
    document: str | None = None
    lock: dict[str, Any] | None = None
    none_yet: int | str = 404
    grants_again: bool = False
    faults: dict[str, int | str] = field(default_factory=dict)
    stays: bool = False
    log: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    mutex: Any = field(default_factory=threading.Lock)

    def holds(self, target: str) -> bool:
        path = urlsplit(target).path
        return path == self.root or path.startswith(self.root + "/")

    def answer(self, method: str, target: str, body: bytes) -> tuple[int, str]:
        parts = urlsplit(target)
        with self.mutex:
            self.log.append(f"{method} {target}")
            if not self.holds(target):
                return 404, ""
            match (method, parts.path.removeprefix(self.root), self.gitlab):
                case ("GET", "", _):
                    return self.stored()
                case ("LOCK", "", False) | ("POST", "/lock", True):
                    return self.take(json.loads(body))
                case ("UNLOCK", "", False) | ("DELETE", "/lock", True):
                    return self.give_back(json.loads(body))
                case ("POST", "", _):
                    return self.store(body, parse_qs(parts.query).get("ID", [""])[0])
                case _:
                    return 405, ""

    def stored(self) -> tuple[int, str]:
        if self.document is not None:
            return 200, self.document
        return (200, self.none_yet) if isinstance(self.none_yet, str) else (self.none_yet, "")

    def take(self, info: dict[str, Any]) -> tuple[int, str]:
        if not info.keys() >= FIELDS or not info["ID"]:
            return self.complain(f"lock info lacks {FIELDS - info.keys() or 'an ID'}")
        if self.gitlab and len(info["ID"]) > 255:
            return self.complain("ID is longer than 255 characters")
        if self.lock is not None and self.grants_again and self.lock["ID"] == info["ID"]:
            return 200, ""
        if self.lock is not None and self.gitlab:
            return 409, json.dumps({**info, **{name: self.lock[name] for name in ("ID", "Who", "Created")}})
        if self.lock is not None:
            return 423, json.dumps(self.lock)
        self.lock = {**info, "Who": "anna", "Created": "2026-11-21 10:00:00 UTC"} if self.gitlab else info
        return 200, json.dumps(self.lock)

    def give_back(self, info: dict[str, Any]) -> tuple[int, str]:
        if self.lock is None or self.lock["ID"] != info.get("ID"):
            return 409, json.dumps(self.lock or {})
        self.lock = None
        return 200, ""

    def store(self, body: bytes, lock_id: str) -> tuple[int, str]:
        if self.lock is None or self.lock["ID"] != lock_id:
            return (409 if self.gitlab else 423), json.dumps(self.lock or {})
        new, old = json.loads(body), json.loads(self.document or "{}")
        if type(new.get("version")) is not int or type(new.get("serial")) is not int:
            return self.complain("version and serial are wanted")
        if new["serial"] <= old.get("serial", 0) or new.get("lineage") != old.get("lineage", new.get("lineage")):
            return self.complain(f"serial {new['serial']} after {old.get('serial')}")
        self.document = body.decode("utf-8")
        return 200, ""

    def complain(self, what: str) -> tuple[int, str]:
        self.complaints.append(what)
        return 400, what


@dataclass
class Elsewhere(State):
    """Locks by PUT and DELETE at an address away from the document's (rrossouw01's server)."""

    lock_root: str = "/locks/state"

    def holds(self, target: str) -> bool:
        return super().holds(target) or urlsplit(target).path == self.lock_root

    def answer(self, method: str, target: str, body: bytes) -> tuple[int, str]:
        if urlsplit(target).path == self.lock_root:
            method = {"PUT": "LOCK", "DELETE": "UNLOCK"}.get(method, "")
            target = self.root
        return super().answer(method, target, body)


@dataclass
class Typed(State):
    """Takes only ids and times such as Terraform sends, and keeps to itself who holds a lock (AndriiDubonos' server,
    in part adyxax')."""

    def take(self, info: dict[str, Any]) -> tuple[int, str]:
        if not is_typed(info):
            return self.complain("ID: Input should be a valid UUID")
        return (409, '{"detail": "the state is locked"}') if self.lock else super().take(info)

    def give_back(self, info: dict[str, Any]) -> tuple[int, str]:
        return super().give_back(info) if info.get("ID") else (422, "")


@dataclass
class LockOfEachId(State):
    """A lock keeps out its own id only (anabarasan's server)."""

    locks: set[str] = field(default_factory=set)

    def take(self, info: dict[str, Any]) -> tuple[int, str]:
        taken = info["ID"] in self.locks
        self.locks.add(info["ID"])
        return (423, "") if taken else (200, "")

    def give_back(self, info: dict[str, Any]) -> tuple[int, str]:
        self.locks.discard(info["ID"])
        return 200, ""


def is_typed(info: dict[str, Any]) -> bool:
    try:
        return str(UUID(info["ID"])) == info["ID"] and datetime.fromisoformat(info["Created"]).tzinfo is not None
    except ValueError:
        return False


@contextmanager
def serving(*states: State) -> Iterator[str]:
    """Serve on 127.0.0.1 and give the address; of several documents the one whose root fits is meant."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def log_message(self, *args: object) -> None:
            """Keep quiet."""

        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            wanted = "Basic " + base64.b64encode(b"gitlab-ci-token:hunter2-canary").decode()
            state = next((each for each in states if each.holds(self.path)), states[0])
            fault = state.faults.get(self.command) if state.stays else state.faults.pop(self.command, None)
            if state.gitlab and self.headers.get("Authorization") != wanted:
                status, text = 401, ""
            elif isinstance(fault, int):
                status, text = fault, ""
            else:
                status, text = state.answer(self.command, self.path, body)
            if fault == "cut":
                self.close_connection = True
                return
            self.send_response(status)
            self.send_header("Content-Length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())

    for method in ("GET", "POST", "PUT", "DELETE", "LOCK", "UNLOCK"):
        setattr(Handler, f"do_{method}", Handler.handle_any)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
