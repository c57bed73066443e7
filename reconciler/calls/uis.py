"""UIS' Call API over JSON-RPC: a session or a key, start.simple_call, release.call, errors by mnemonic, limits.

A request that may have placed a call is never sent twice. Knows no terminal and no other vendor.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from reconciler.calls.base import (
    Action,
    CallError,
    CallRef,
    Done,
    Listing,
    NotOffered,
    Order,
    Step,
    in_doubt,
)
from reconciler.calls.simple_call import First, SimpleCall, simple_call
from reconciler.http.answer import Answer, parse_json
from reconciler.http.client import HttpClient, Request
from reconciler.http.errors import Forbidden, ProviderError, RateLimited, Rejected, Unauthorized, UnexpectedResponse
from reconciler.secrets import Secrets

HOSTS = (
    "callapi.uiscom.ru",
    "callapi.comagic.ru",
    "callapi-jsonrpc.novofon.ru",
    "callapi.callgear.com",
)
PEER = "UIS"
_LOOK = "look in the reports of the vendor's console, or ask who was called, before trying again"
_SESSION = re.compile(r"[0-9]{1,20}")
_UNKNOWN = "access_token_invalid"
_UNAUTHORIZED = {
    _UNKNOWN: "check the key, or the login and the password",
    "access_token_expired": "make a new key in the vendor's console",
    "access_token_blocked": "the key is blocked in the vendor's console",
    "auth_error": "check login and password",
}
_FORBIDDEN = {
    "ip_not_whitelisted": "add this machine's address in the vendor's console",
    "forbidden": "the user may not do this: see the vendor's console",
    "component_disabled": "the customer has not bought this part of the API",
    "account_inactive": "the customer's account is not active",
}
_LIMITED = "limit_exceeded"
_IN_DOUBT = frozenset({"internal_error"})
_LIMITS = ("day_limit", "day_remaining", "day_reset", "minute_limit", "minute_remaining", "minute_reset")


class Access(NamedTuple):
    """A permanent key, or a login and its password."""

    token: str = ""
    login: str = ""
    password: str = ""


class _Refusal(NamedTuple):
    code: int | None
    mnemonic: str
    message: str
    field: str


class UisCalls:
    """Calls of one customer; `virtual_phone_number` is shown where a call says no other."""

    def __init__(self, http: HttpClient, access: Access, *, secrets: Secrets, virtual_phone_number: str) -> None:
        self._http = http
        self._access = access
        self._secrets = secrets
        self._token = access.token
        self._number = virtual_phone_number

    def listing(self, _extension: str | None) -> Listing:
        """Its page of start.simple_call has no list."""
        raise NotOffered("UIS lists no live calls here", hint="use a service at Telphin, or the vendor's console")

    def place(self, order: Order) -> Step:
        """Call one side, then the other, and connect them."""
        given = {"first_call": First.OPERATOR, "virtual_phone_number": self._number or None} | dict(order.options)
        call = simple_call(given | {"operator": order.caller, "contact": order.callee})
        first, then = (call.operator, call.contact)
        if call.first_call is First.CONTACT:
            first, then = then, first
        question = (
            f"Call {first}, then {then}, from {call.virtual_phone_number}: real telephones ring, and it costs money."
        )
        return Step(question, lambda: self._start(call))

    def transfer(self, _call: CallRef, _to: str, *, attended: bool) -> Step:
        """Not on the page of start.simple_call."""
        del attended
        raise NotOffered(
            "UIS transfers no calls here", hint="whoever is `operator` can, with the keys of the telephone"
        )

    def act(self, action: Action, _call: CallRef, _to: str | None) -> Step:
        """Not on the page of start.simple_call."""
        raise NotOffered(f"UIS offers no {action} here")

    def hang_up(self, call: CallRef) -> Step:
        """End a call session."""
        if _SESSION.fullmatch(call.id) is None:
            raise CallError(f"{call.id!r} is not a call_session_id", hint="`calls place` tells it, such as 237859081")
        question = f"Hang up call session {call.id}: whoever is talking is cut off."
        return Step(question, lambda: self._release(int(call.id)))

    def close(self) -> None:
        """Give back connections."""
        self._http.close()

    def _start(self, call: SimpleCall) -> Done:
        what = "the call may have been placed"
        try:
            result = self._authorised("start.simple_call", call.params(), (call.contact, call.operator))
            session = _data(result).get("call_session_id")
            if not isinstance(session, int) or isinstance(session, bool):
                said = "UIS accepted the call and named no call_session_id"
                raise UnexpectedResponse(said, may_have_taken_effect=True)
        except ProviderError as error:
            raise in_doubt(error, what=what, look=_LOOK) from None
        return Done(str(session), _limits(result))

    def _release(self, session: int) -> Done:
        try:
            result = self._authorised("release.call", {"call_session_id": session}, ())
        except ProviderError as error:
            raise in_doubt(error, what="the call may have been ended", look=_LOOK) from None
        return Done(str(session), _limits(result))

    def _authorised(self, method: str, params: Mapping[str, object], numbers: tuple[str, ...]) -> dict[str, Any]:
        """Call a method; once more with a new session where the token was refused: then nothing was done."""
        is_new = not self._token
        answer = self._call(method, {"access_token": self._session(), **params}, numbers)
        refusal = _refusal(answer)
        if refusal is not None and refusal.mnemonic == _UNKNOWN and self._access.login and not is_new:
            self._token = ""
            answer = self._call(method, {"access_token": self._session(), **params}, numbers)
            refusal = _refusal(answer)
        if refusal is not None:
            raise self._refused(refusal, answer)
        return self._result(answer)

    def _session(self) -> str:
        try:
            self._token = self._token or self._logged_in()
        except ProviderError as error:
            error.may_have_taken_effect = False  # a session more calls nobody
            raise
        return self._token

    def _logged_in(self) -> str:
        answer = self._call("login.user", {"login": self._access.login, "password": self._access.password}, ())
        refusal = _refusal(answer)
        if refusal is not None:
            raise self._refused(refusal, answer)
        token = _data(self._result(answer)).get("access_token")
        if not isinstance(token, str) or not token:
            raise UnexpectedResponse("UIS' login.user answered no access_token")
        self._secrets.remember(token)
        return token

    def _call(self, method: str, params: Mapping[str, object], numbers: tuple[str, ...]) -> dict[str, Any]:
        body = {"jsonrpc": "2.0", "method": method, "id": "1", "params": params}
        request = Request(
            "POST",
            "",
            is_read=False,
            body=json.dumps(body, ensure_ascii=False).encode("utf-8"),
            content_type="application/json; charset=UTF-8",
            numbers=numbers,
            once=True,
        )
        answer = self._http.send(request)
        try:
            return _read(answer)
        except UnexpectedResponse as error:
            error.may_have_taken_effect = True
            raise

    def _result(self, answer: Mapping[str, Any]) -> dict[str, Any]:
        result = answer.get("result")
        if not isinstance(result, dict):
            raise UnexpectedResponse("UIS answered no result", may_have_taken_effect=True)
        return result

    def _refused(self, refusal: _Refusal, answer: Mapping[str, Any]) -> ProviderError:
        """What a mnemonic means: codes are not unique, and mnemonics are."""
        name = refusal.mnemonic or f"code {refusal.code}"
        place = f", at {refusal.field}" if refusal.field else ""
        said = self._http.fit_for_message(f"UIS refused it ({name}{place}): {refusal.message}")
        if name in _UNAUTHORIZED:
            return Unauthorized(said, hint=_UNAUTHORIZED[name])
        if name in _FORBIDDEN:
            return Forbidden(said, hint=_FORBIDDEN[name])
        if name == _LIMITED:
            return RateLimited(said, hint=_when_again(_limits(answer)))
        if name in _IN_DOUBT:
            return UnexpectedResponse(said, may_have_taken_effect=True)
        return Rejected(said, hint=_HINTS.get(name))


_HINTS: Mapping[str, str] = {
    "tts_text_exceeded": "shorten the message, or play a file",
    "media_file_not_found": "the vendor's console lists sound files",
    "virtual_phone_number_not_found": "name a number that this customer rents",
    "own_virtual_phone_number_not_allowed": "call a number that is not one of this customer's own",
    "contact_in_blacklist": "the number is on the customer's blacklist",
    "character_encoding_not_allowed": "the text must be UTF-8",
    "call_session_not_found": "the call is over",
}


def _read(answer: Answer) -> dict[str, Any]:
    data = parse_json(answer.body, peer=PEER)
    if isinstance(data, dict) and {"error", "result"} & data.keys():
        return data
    raise UnexpectedResponse(f"UIS answered {answer.status_text} with neither a result nor an error")


def _when_again(limits: Mapping[str, int]) -> str:
    for span in ("minute", "day"):
        if limits.get(f"{span}_remaining") == 0 and f"{span}_reset" in limits:
            return f"try again in {limits[f'{span}_reset']} s"
    return "try again later"


def _refusal(answer: Mapping[str, Any]) -> _Refusal | None:
    error = answer.get("error")
    if not error:
        return None
    error = error if isinstance(error, dict) else {}
    given = error.get("data")
    data = given if isinstance(given, dict) else {}
    code = error.get("code") if isinstance(error.get("code"), int) else None
    texts = [data.get("mnemonic"), error.get("message"), data.get("field")]
    mnemonic, message, place = (each if isinstance(each, str) else "" for each in texts)
    return _Refusal(code, mnemonic, message or "without a message", place)


def _data(result: Mapping[str, Any]) -> Mapping[str, Any]:
    data = result.get("data")
    return data if isinstance(data, dict) else {}


def _limits(answer: Mapping[str, Any]) -> dict[str, int]:
    """The budget of points, wherever the answer has it: its place in errors of the Call API is not documented."""
    error = answer.get("error")
    error = error if isinstance(error, dict) else {}
    inner = error.get("data")
    for holder in (answer, error, inner if isinstance(inner, dict) else {}):
        metadata = holder.get("metadata")
        limits = metadata.get("limits") if isinstance(metadata, dict) else None
        if isinstance(limits, dict):
            return {name: limits[name] for name in _LIMITS if type(limits.get(name)) is int}
    return {}
