"""The pretended UIS: sessions, keys, start.simple_call and release.call over JSON-RPC, with errors by mnemonic.

Must not know who reads the answers. Errors come with 200, as the vendor's pages name no other status.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any, ClassVar

from starlette.responses import JSONResponse, Response

from reconciler.sandbox.faults import Fault
from reconciler.sandbox.journal import CallLog, Incoming

Json = dict[str, Any]
_NUMBER = re.compile(r"[1-9][0-9]{6,14}")
_CONTACT = re.compile(r"[0-9]{7,20}")
_RULES = {"fixed", "fixed_for_numa", "random", "regional_random", "regional_fixed_for_numa"}
_SANDBOX = "sandbox"  # what opens this sandbox, and nothing but it
_START = "start.simple_call"
_RELEASE = "release.call"


class _Refused(Exception):
    """An error of the API: code, mnemonic, message, and the parameter that it is about."""

    def __init__(self, number: int, mnemonic: str, message: str, place: str | None = None) -> None:
        super().__init__(message)
        self.number, self.mnemonic, self.place = number, mnemonic, place


@dataclass(slots=True, kw_only=True)
class Uis:
    """Calls of one customer. `sessions` are the calls that go on, by call_session_id, as they were asked for."""

    name: ClassVar[str] = "uis"
    call_log: CallLog
    key: str = "sandbox-uis-key"
    login: str = "sandbox"
    password: str = f"{_SANDBOX}-uis-password"
    virtual_numbers: set[str] = field(default_factory=lambda: {"74993720692"})
    media: set[str] = field(default_factory=lambda: {"2701", "2561"})
    blacklist: set[str] = field(default_factory=set)
    tts_max: int = 250
    minute_limit: int = 100
    day_limit: int = 5000
    has_number_component: bool = False
    whitelisted: bool = True
    sessions: dict[int, Json] = field(default_factory=dict)
    _tokens: set[str] = field(default_factory=set)
    _used: int = 0
    _ids: Iterator[int] = field(default_factory=lambda: count(237_859_081))

    def expire_sessions(self) -> None:
        """End all sessions of a login, as after an hour."""
        self._tokens.clear()

    # -- for the front -----------------------------------------------------------------------------------------------

    def recognise(self, call: Incoming) -> Incoming:
        """Say what a call is about before it is answered."""
        asked = _parsed(call.body)
        method = asked.get("method") if isinstance(asked, dict) else None
        params = asked.get("params") if isinstance(asked, dict) else None
        named = [params.get(name) for name in ("contact", "operator")] if isinstance(params, dict) else []
        numbers = tuple(each for each in named if isinstance(each, str))
        return replace(call, mutating=method in {_START, _RELEASE}, numbers=numbers)

    def answer(self, call: Incoming, _tampering: Fault | None) -> Response:
        """Answer a call."""
        asked = _parsed(call.body)
        identity = asked.get("id") if isinstance(asked, dict) else None
        try:
            return JSONResponse({"jsonrpc": "2.0", "id": identity, "result": self._result(call, asked)})
        except _Refused as refused:
            return JSONResponse({"jsonrpc": "2.0", "id": identity, "error": self._error(refused)})

    def refusal(self, status: int, text: str) -> Response:
        """An error body."""
        error = {"code": -32603, "message": text, "data": {"mnemonic": "internal_error"}}
        return JSONResponse({"jsonrpc": "2.0", "id": None, "error": error}, status)

    def alter_answer(self, _call: Incoming, _fault: Fault) -> None:
        """Everybody hangs up."""
        self.sessions.clear()

    def _result(self, call: Incoming, asked: object) -> Json:
        method, params = _request(call, asked)
        if method == "login.user":
            return {"data": self._logged_in(params)}
        handler = _METHODS.get(method)
        if handler is None:
            raise _Refused(-32601, "method_not_found", f"The method {method} does not exist")
        self._check_access(params)
        data = handler(self, {key: value for key, value in params.items() if key != "access_token"})
        self._used += 1
        self.call_log.wrote(self.name, method, str(data.get("call_session_id", "")), body=None)
        return {"data": data, "metadata": {"limits": self._limits()}}

    def _logged_in(self, params: Json) -> Json:
        if (params.get("login"), params.get("password")) != (self.login, self.password):
            raise _Refused(-32001, "auth_error", "Login or password is wrong")
        token = secrets.token_hex(32)
        self._tokens.add(token)
        return {"access_token": token, "expire_at": 4_102_444_800}

    def _check_access(self, params: Json) -> None:
        if not self.whitelisted:
            raise _Refused(-32003, "ip_not_whitelisted", "Your IP is not in the whitelist")
        if params.get("access_token") not in {self.key, *self._tokens}:
            raise _Refused(-32001, "access_token_invalid", "Access token is invalid")
        if self._used >= self.minute_limit:
            raise _Refused(-32029, "limit_exceeded", "The limit of points is exceeded")

    def _limits(self) -> dict[str, int]:
        return {
            "day_limit": self.day_limit,
            "day_remaining": self.day_limit - self._used,
            "day_reset": 36_000,
            "minute_limit": self.minute_limit,
            "minute_remaining": self.minute_limit - self._used,
            "minute_reset": 42,
        }

    def _error(self, refused: _Refused) -> Json:
        data: Json = {"mnemonic": refused.mnemonic, "field": refused.place}
        if refused.number not in {-32700, -32600, -32601, -32001, -32003}:
            data["metadata"] = {"limits": self._limits()}
        return {"code": refused.number, "message": str(refused), "data": data}

    def start(self, params: Json) -> Json:
        """Place a call, judged by the page of the method."""
        _check_shape(params)
        self._check_numbers(params)
        _check_combinations(params)
        for name in ("contact_message", "operator_message"):
            self._check_message(params.get(name))
        if "media_file_id" in params and str(params["media_file_id"]) not in self.media:
            raise _no_media(params["media_file_id"])
        session = next(self._ids)
        self.sessions[session] = params
        return {"call_session_id": session}

    def _check_numbers(self, params: Json) -> None:
        number, contact = params["virtual_phone_number"], params["contact"]
        if number not in self.virtual_numbers:
            text = f"Virtual phone number {number} not found. It is not your virtual phone number."
            raise _Refused(-32007, "virtual_phone_number_not_found", text, "virtual_phone_number")
        if contact in self.virtual_numbers:
            text = "Parameter contact can not contain own virtual phone number"
            raise _Refused(-32602, "own_virtual_phone_number_not_allowed", text, "contact")
        if contact in self.blacklist:
            raise _Refused(-32002, "contact_in_blacklist", f"The contact {contact} has been found in the blacklist")
        if params.get("virtual_phone_usage_rule", "fixed") != "fixed" and not self.has_number_component:
            raise _Refused(-32008, "component_disabled", "The component is disabled")

    def _check_message(self, message: Json | None) -> None:
        if message is None:
            return
        if message["type"] == "tts" and len(message["value"]) > self.tts_max:
            text = (
                f"The maximum length of Text-to-Speech message is {self.tts_max}. "
                f"The length of your message is {len(message['value'])}"
            )
            raise _Refused(-32602, "tts_text_exceeded", text)
        if message["type"] == "media" and message["value"] not in self.media:
            raise _no_media(message["value"])

    def release(self, params: Json) -> Json:
        """End a call."""
        if self.sessions.pop(params.get("call_session_id", 0), None) is None:
            raise _Refused(-32602, "call_session_not_found", "The call session is not found")
        return {"success": "true"}


_METHODS: dict[str, Callable[[Uis, Json], Json]] = {_START: Uis.start, _RELEASE: Uis.release}


def _parsed(body: bytes) -> object:
    try:
        return json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError):
        return None


def _request(call: Incoming, asked: object) -> tuple[str, Json]:
    if call.method != "POST" or asked is None:
        raise _Refused(-32700, "parse_error", "Parse error")
    if isinstance(asked, list):
        raise _Refused(-32099, "batch_opreations_not_supported", "Batch operations are not supported")
    method, params = (asked.get("method"), asked.get("params", {})) if isinstance(asked, dict) else (None, None)
    if not isinstance(asked, dict) or asked.get("jsonrpc") != "2.0" or not isinstance(method, str):
        raise _Refused(-32600, "invalid_request", "The request is invalid")
    if "id" not in asked:
        raise _Refused(-32099, "notifications_not_supported", "Notifications are not supported")
    if not isinstance(params, dict):
        raise _Refused(-32600, "invalid_request", "The request is invalid")
    return method, params


def _is_message(value: object) -> bool:
    return (
        isinstance(value, dict)
        and value.keys() == {"type", "value"}
        and value["type"] in {"media", "tts"}
        and isinstance(value["value"], str)
        and bool(value["value"])
    )


def _is_text(pattern: str) -> Callable[[object], bool]:
    return lambda value: isinstance(value, str) and re.fullmatch(pattern, value) is not None


def _is_flag(value: object) -> bool:
    return isinstance(value, bool)


_REQUIRED = ("first_call", "virtual_phone_number", "contact", "operator")
_PARAMETERS: dict[str, Callable[[object], bool]] = {
    "first_call": _is_text("contact|operator"),
    "switch_at_once": _is_flag,
    "early_switching": _is_flag,
    "media_file_id": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "virtual_phone_number": _is_text(_NUMBER.pattern),
    "virtual_phone_usage_rule": _is_text("|".join(_RULES)),
    "show_virtual_phone_number": _is_flag,
    "contact": _is_text(_CONTACT.pattern),
    "external_id": _is_text(".+"),
    "dtmf_string": _is_text(r"[0-9*#.]+"),
    "direction": _is_text("in|out"),
    "operator": _is_text(_NUMBER.pattern),
    "operator_confirmation": _is_text("[0-9*#]|any"),
    "contact_message": _is_message,
    "operator_message": _is_message,
}


def _check_shape(params: Json) -> None:
    for name in _REQUIRED:
        if name not in params:
            raise _Refused(-32602, "required_parameter_missed", f"The parameter {name} is required", name)
    for name, value in params.items():
        if name not in _PARAMETERS:
            raise _Refused(-32602, "unexpected_parameters", f"The parameter {name} is unexpected", name)
        if not _PARAMETERS[name](value):
            raise _Refused(-32602, "invalid_parameter_value", f"The value of {name} is invalid", name)


def _check_combinations(params: Json) -> None:
    if params.get("early_switching") and not (params["first_call"] == "operator" and params.get("switch_at_once")):
        text = "The combination of parameters is not permitted"
        raise _Refused(-32602, "invalid_parameters_combination", text, "early_switching")


def _no_media(value: object) -> _Refused:
    return _Refused(-32602, "media_file_not_found", f"The media file with id {value} not found")
