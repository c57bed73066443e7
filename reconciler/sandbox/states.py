"""Documents behind locks, by the HTTP state protocol: where the record of a configuration that is tried out is kept.

Must not know what a document says.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from starlette.responses import JSONResponse, Response

_LOCK = "/lock"


@dataclass(slots=True)
class States:
    """The documents and their locks by path; everything is gone when the sandbox is."""

    documents: dict[str, bytes] = field(default_factory=dict)
    locks: dict[str, dict[str, Any]] = field(default_factory=dict)

    def answer(self, method: str, path: str, query: str, body: bytes) -> Response:
        """Answer one request: GET and POST of a document, POST and DELETE of its `…/lock`."""
        name = path.removesuffix(_LOCK)
        match method, path != name:
            case "GET", False:
                found = self.documents.get(name)
                return Response(found, 404 if found is None else 200)
            case "POST" | "PUT", False:
                return self._save(name, body, parse_qs(query).get("ID", [""])[0])
            case "POST", True:
                return self._take(name, json.loads(body))
            case "DELETE", True:
                return self._give_back(name, json.loads(body))
            case _:
                return Response(status_code=405)

    def _save(self, name: str, body: bytes, lock_id: str) -> Response:
        if self._holder(name) != lock_id:
            return self._held(name)
        self.documents[name] = body
        return Response()

    def _take(self, name: str, info: dict[str, Any]) -> Response:
        if name in self.locks:
            return self._held(name)
        self.locks[name] = info
        return Response()

    def _give_back(self, name: str, info: dict[str, Any]) -> Response:
        if self._holder(name) != info.get("ID"):
            return self._held(name)
        del self.locks[name]
        return Response()

    def _holder(self, name: str) -> object:
        return self.locks.get(name, {}).get("ID")

    def _held(self, name: str) -> Response:
        """Refuse, with who holds the lock."""
        return JSONResponse(self.locks.get(name, {}), 423)
