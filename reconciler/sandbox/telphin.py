"""The pretended Telphin: a login by client credentials, and the current calls of extensions.

Must not know who reads the answers. Where the vendor's page is silent the answer is the plainest that fits it.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any, ClassVar
from urllib.parse import parse_qs, unquote

from starlette.responses import JSONResponse, Response

from reconciler.sandbox.faults import Fault
from reconciler.sandbox.journal import CallLog, Incoming

_API = "/api/ver1.0"
_LIST = re.compile(rf"{_API}/extension/(?P<extension>[^/]+)/current_calls/")
_ALL = re.compile(rf"{_API}/client/(?P<client>[^/]+)/current_calls/")
_ONE = re.compile(rf"{_API}/extension/(?P<extension>[^/]+)/current_calls/(?P<call>[^/]+)")
_CALLING = frozenset({"transfer", "attended_transfer", "eavesdrop", "whisper", "conference", "pickup"})
_ACTIONS = _CALLING | {"hold", "offhold", "park"}
_LEAVING = frozenset({"transfer", "attended_transfer", "pickup"})
_CLIENT = "5001"
_SANDBOX = "sandbox"  # what opens this sandbox, and nothing but it
_TOKEN_SECONDS = 3600


@dataclass(slots=True, kw_only=True)
class Telphin:
    """Extensions and current calls of one customer. `calls` are by extension and then by id, as the API lists them."""

    name: ClassVar[str] = "telphin"
    call_log: CallLog
    client_id: str = "sandbox-telphin-app"
    client_secret: str = f"{_SANDBOX}-telphin-secret"
    hourly: int = 1000
    calls: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    done: list[tuple[str, str, str | None]] = field(default_factory=list)
    _tokens: set[str] = field(default_factory=set)
    _asked: int = 0
    _ids: Iterator[int] = field(default_factory=lambda: count(1))

    # -- for tests and the control door ------------------------------------------------------------------------------

    def add_extension(self, extension: str) -> None:
        """Give the customer a telephone without calls."""
        self.calls.setdefault(extension, {})

    def add_call(self, extension: str, **fields: object) -> str:
        """Have a call at an extension; `fields` are the API's own. Returns its call_api_id."""
        call = f"call-{next(self._ids)}"
        told = {
            "call_api_id": call,
            "record_uuid": None,
            "call_flow": "in",
            "called_number": "74991112233",
            "called_did": "74991112233",
            "init_time_gmt": "2026-11-21 10:00:00",
            "answer_time_gmt": None,
            "caller_id_number": "79260000000",
            "caller_id_name": "",
            "caller_extension": None,
            "called_extension": {"id": int(extension) if extension.isdigit() else extension, "name": f"x*{extension}"},
            "real_call": True,
            "extension_id": extension,
        }
        self.calls.setdefault(extension, {})[call] = {**told, **fields}
        return call

    def expire_tokens(self) -> None:
        """End all tokens, as after an hour."""
        self._tokens.clear()

    # -- for the front -----------------------------------------------------------------------------------------------

    def recognise(self, call: Incoming) -> Incoming:
        """Say what a call is about before it is answered."""
        return replace(call, mutating=call.method in {"PUT", "DELETE"})

    def answer(self, call: Incoming, _tampering: Fault | None) -> Response:
        """Answer a call; without a valid token the answer is 401."""
        if call.path == "/oauth/token" and call.method == "POST":
            return self._token(call)
        if call.bearer not in self._tokens:
            return self.refusal(401, "Unauthorized")
        self._asked += 1
        answer = self._resource(call) if self._asked <= self.hourly else self.refusal(429, "rate_limit_exceeded")
        left = str(max(0, self.hourly - self._asked))
        answer.headers.update(
            {"X-RateLimit-Limit": str(self.hourly), "X-RateLimit-Remaining": left, "X-RateLimit-Reset": "3600"}
        )
        return answer

    def refusal(self, status: int, text: str) -> Response:
        """An error body: `status` tells equal codes apart."""
        return JSONResponse({"message": text} | ({"status": text} if "_" in text else {}), status)

    def alter_answer(self, _call: Incoming, _fault: Fault) -> None:
        """Somebody hangs all calls up."""
        for each in self.calls.values():
            each.clear()

    def _token(self, call: Incoming) -> Response:
        form = {key: values[-1] for key, values in parse_qs(call.body.decode("latin-1")).items()}
        if form.get("grant_type") != "client_credentials":
            return self.refusal(400, "unsupported_grant_type")
        if (form.get("client_id"), form.get("client_secret")) != (self.client_id, self.client_secret):
            return self.refusal(401, "invalid_client")
        token = secrets.token_hex(20)
        self._tokens.add(token)
        body = {"access_token": token, "token_type": "Bearer", "expires_in": _TOKEN_SECONDS, "scope": "all"}
        return JSONResponse(body)

    def _resource(self, call: Incoming) -> Response:
        if call.method == "GET":
            return self._listed(call.path)
        found = _ONE.fullmatch(call.path)
        if found is None or call.method not in {"PUT", "DELETE"}:
            return self.refusal(404, "Not found")
        extension, asked = unquote(found["extension"]), unquote(found["call"])
        if asked not in self.calls.get(extension, {}):
            return self.refusal(404, "Record not found")
        if call.method == "DELETE":
            del self.calls[extension][asked]
            self._note(call, asked, "hangup", None)
            return Response(status_code=204)
        return self._act(call, extension, asked)

    def _listed(self, path: str) -> Response:
        if found := _ALL.fullmatch(path):
            if found["client"] not in {"@me", _CLIENT}:
                return self.refusal(404, "client_not_found")
            calls = [each for extension in self.calls.values() for each in extension.values()]
            return JSONResponse({"call_list": calls})
        found = _LIST.fullmatch(path)
        if found is None or unquote(found["extension"]) not in self.calls:
            return self.refusal(404, "Not found")
        return JSONResponse({"call_list": list(self.calls[unquote(found["extension"])].values())})

    def _act(self, call: Incoming, extension: str, asked: str) -> Response:
        try:
            body = json.loads(call.body)
        except ValueError:
            body = None
        body = body if isinstance(body, dict) else {}
        action, to = body.get("action"), body.get("send_dst")
        if action not in _ACTIONS:
            return self.refusal(400, "action is invalid")
        if action in _CALLING and not (isinstance(to, str) and to):
            return self.refusal(400, "send_dst is required")
        if action in _LEAVING:
            del self.calls[extension][asked]
        self._note(call, asked, action, to)
        return JSONResponse({})

    def _note(self, call: Incoming, asked: str, action: str, to: str | None) -> None:
        self.done.append((asked, action, to))
        self.call_log.wrote(self.name, call.path, asked, body={"action": action, "send_dst": to})
