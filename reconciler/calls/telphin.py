"""Telphin's current calls: a login by client credentials, the list, the nine actions, and hanging up.

Knows no terminal and no other vendor. Field names are the vendor's.
"""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from reconciler.calls.base import Action, CallError, CallRef, Done, Listing, LiveCall, NotOffered, Order, Step, in_doubt
from reconciler.clock import Clock
from reconciler.http.answer import SUCCESSES, Answer, parse_json
from reconciler.http.client import LIST_BYTES, HttpClient, Request
from reconciler.http.errors import Forbidden, ProviderError, Rejected, Unauthorized, UnexpectedResponse
from reconciler.secrets import Secrets

HOSTS = ("apiproxy.telphin.ru",)
PEER = "Telphin"
_API = "/api/ver1.0"
_TOKEN_SECONDS = 3600.0
_MARGIN_SECONDS = 60.0
_REFUSALS = range(400, 500)
_LOOK = "see what became of it with `reconciler calls list`, or by asking who is on the phone, before trying again"


Model = TypeVar("Model", bound=BaseModel)


class CurrentCall(BaseModel):
    """A call as Telphin lists it; what is not documented is kept."""

    model_config = ConfigDict(extra="allow", frozen=True, coerce_numbers_to_str=True)

    call_api_id: str = Field(min_length=1)
    record_uuid: str | None = None
    call_flow: str | None = None
    called_number: str | None = None
    called_did: str | None = None
    init_time_gmt: str | None = None
    answer_time_gmt: str | None = None
    caller_id_number: str | None = None
    caller_id_name: str | None = None
    caller_extension: Any = None
    called_extension: Any = None
    extension_id: str | None = None
    real_call: bool | None = None


class _CallList(BaseModel):
    call_list: list[CurrentCall] = Field(default_factory=list)


class _Token(BaseModel):
    access_token: str = Field(pattern=r"^[\x21-\x7e]+$")
    expires_in: float = _TOKEN_SECONDS


class Login:
    """Access tokens of one application, asked for when one is needed and kept until they expire, in memory only."""

    def __init__(self, http: HttpClient, client_id: str, client_secret: str, *, secrets: Secrets, clock: Clock) -> None:
        self._http = http
        self._form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": client_secret}
        self._secrets = secrets
        self._clock = clock
        self._token = ""
        self._ends = 0.0

    def token(self, *, rejected: str = "") -> str:
        """Return an access token other than `rejected`; raises ProviderError."""
        if self._token in {"", rejected} or self._clock.monotonic() >= self._ends:
            granted = self._grant()
            self._token = granted.access_token
            self._ends = self._clock.monotonic() + granted.expires_in - min(_MARGIN_SECONDS, granted.expires_in / 10)
        return self._token

    def _grant(self) -> _Token:
        form = "application/x-www-form-urlencoded"
        body = urlencode(self._form).encode("ascii")
        # A token more does no harm, so this may be sent again as a read may.
        answer = self._http.send(Request("POST", "/oauth/token", is_read=True, body=body, content_type=form, gzip=True))
        if answer.status in SUCCESSES:
            granted = _read(_Token, answer)
            self._secrets.remember(granted.access_token)
            return granted
        text = answer.told_by(self._http.fit_for_message(answer.error_text()))
        raise Unauthorized(
            f"Telphin does not accept client_id and client_secret ({text})",
            hint="compare them with the application's App ID and App Secret",
        )


class TelphinCalls:
    """Live calls of one customer's extensions; `client` is whose, where no extension is named."""

    def __init__(self, http: HttpClient, login: Login, *, client: str) -> None:
        self._http = http
        self._login = login
        self._client = client

    def listing(self, extension: str | None) -> Listing:
        """The calls of one extension, or of all of the client's."""
        whose = f"extension/{_part(extension)}" if extension else f"client/{quote(self._client, safe='@')}"
        request = Request("GET", f"{_API}/{whose}/current_calls/", is_read=True, limit_bytes=LIST_BYTES, gzip=True)
        what = f"the calls of extension {extension}" if extension else "the calls of all extensions"
        found = _read(_CallList, self._confirmed(self._send(request), what))
        return Listing(
            calls=tuple(_live(each, extension) for each in found.call_list),
            note="Telphin lists calls of extensions that are telephones: one that is in a menu or a queue is not told.",
        )

    def place(self, _order: Order) -> Step:
        """Telphin's page of current calls has no method for it."""
        raise NotOffered("Telphin's current calls offer no way to place a call", hint="use another service: --via")

    def transfer(self, call: CallRef, to: str, *, attended: bool) -> Step:
        """Lead a call elsewhere: at once, or after asking there."""
        return self.act(Action.ATTENDED_TRANSFER if attended else Action.TRANSFER, call, to)

    def act(self, action: Action, call: CallRef, to: str | None) -> Step:
        """Do one of the nine things to a call."""
        if action.needs_number and not to:
            raise CallError(f"{action} calls somebody: say whom", hint="add the number or extension to call")
        if to and not action.needs_number:
            raise CallError(f"{action} calls nobody, so no number goes with it")
        body = {"action": action.value, **({"send_dst": to} if to else {})}
        request = self._on(call, "PUT", json.dumps(body, ensure_ascii=False).encode(), to or "")
        question = _QUESTIONS[action].format(call=call.id, extension=call.extension, to=to)
        return Step(question, lambda: self._done(request, call, f"the {action} of call {call.id}"))

    def hang_up(self, call: CallRef) -> Step:
        """End a call."""
        request = self._on(call, "DELETE")
        question = f"Hang up call {call.id} of extension {call.extension}: whoever is talking is cut off."
        return Step(question, lambda: self._done(request, call, f"the end of call {call.id}"))

    def close(self) -> None:
        """Give back connections."""
        self._http.close()

    def _on(self, call: CallRef, method: str, body: bytes = b"", number: str = "") -> Request:
        if not call.extension:
            raise CallError(
                "Telphin names a call by its extension and its id", hint="add --extension; `calls list` shows both"
            )
        path = f"{_API}/extension/{_part(call.extension)}/current_calls/{_part(call.id)}"
        numbers = (number,) if number else ()
        return Request(method, path, is_read=False, body=body, numbers=numbers, once=True, gzip=True)

    def _done(self, request: Request, call: CallRef, what: str) -> Done:
        try:
            self._confirmed(self._send(request), what)
        except ProviderError as error:
            raise in_doubt(error, what=f"{what} may have come about", look=_LOOK) from None
        return Done(call.id)

    def _send(self, request: Request) -> Answer:
        """Send with a token, and once more with a new one where that was refused: then nothing was done."""
        token = self._login.token()
        answer = self._http.send(request, bearer=token)
        if answer.status == HTTPStatus.UNAUTHORIZED:
            answer = self._http.send(request, bearer=self._login.token(rejected=token))
        return answer

    def _confirmed(self, answer: Answer, about: str) -> Answer:
        if answer.status in SUCCESSES:
            return answer
        text = answer.told_by(self._http.fit_for_message(_words(answer)))
        if answer.status == HTTPStatus.UNAUTHORIZED:
            raise Unauthorized(f"Telphin does not accept a new access token ({text})")
        if answer.status == HTTPStatus.FORBIDDEN:
            hint = "the application needs the access level `Call API` or `All`"
            raise Forbidden(f"Telphin forbids {about} ({text})", hint=hint)
        if answer.status == HTTPStatus.NOT_FOUND:
            over = "the call is over, or there is no such extension"
            raise Rejected(f"Telphin finds nothing for {about} ({text}): {over}")
        if answer.status in _REFUSALS:
            raise Rejected(f"Telphin refused {about} ({text})")
        raise UnexpectedResponse(f"Telphin answered {text} to {about}, which is not a documented answer")


_QUESTIONS = {
    Action.TRANSFER: "Transfer call {call} of extension {extension} to {to}, without asking there first.",
    Action.ATTENDED_TRANSFER: "Transfer call {call} of extension {extension} to {to}, after asking there.",
    Action.EAVESDROP: "Call {to}, who will hear the conversation of call {call} of extension {extension}.",
    Action.WHISPER: "Call {to}, who will hear call {call} of extension {extension} and speak to one side of it.",
    Action.CONFERENCE: "Call {to}, who will speak with both sides of call {call} of extension {extension}.",
    Action.HOLD: "Put call {call} of extension {extension} on hold.",
    Action.OFFHOLD: "Take call {call} of extension {extension} off hold.",
    Action.PARK: "Park call {call} of extension {extension}.",
    Action.PICKUP: "Call {to}, who will take call {call} of extension {extension} over.",
}


def _part(name: str) -> str:
    """A name as one part of a path; one that would lead elsewhere in it, such as to all calls, is refused."""
    if not name.strip("."):
        raise CallError(f"{name!r} names nothing at Telphin", hint="`calls list` shows calls with their extensions")
    return quote(name, safe="@")


def _live(found: CurrentCall, asked: str | None) -> LiveCall:
    return LiveCall(
        id=found.call_api_id,
        extension=found.extension_id or asked or _extension_id(found),
        direction=found.call_flow,
        called_number=found.called_number,
        called_did=found.called_did,
        caller_number=found.caller_id_number,
        caller_name=found.caller_id_name,
        started=found.init_time_gmt,
        answered=found.answer_time_gmt or None,
        holds_conversation=found.real_call,
        fields=found.model_dump(mode="json", exclude_unset=True),
    )


def _extension_id(found: CurrentCall) -> str | None:
    """The extension on our side of a call, where the list names it only so: an object, or a list of them."""
    given = found.caller_extension if found.call_flow == "out" else found.called_extension
    first = given[0] if isinstance(given, list) and given else given
    number = first.get("id") if isinstance(first, dict) else None
    return str(number) if isinstance(number, int | str) and not isinstance(number, bool) else None


def _words(answer: Answer) -> str:
    """The vendor's words, and the `status` that tells equal HTTP codes apart."""
    try:
        data = parse_json(answer.body, peer=PEER)
    except UnexpectedResponse:
        return answer.error_text()
    status = data.get("status") if isinstance(data, dict) else None
    message = answer.error_text()
    return f"{status}: {message}" if isinstance(status, str) and status not in message else message


def _read(model: type[Model], answer: Answer) -> Model:
    """Judge an answer by its model; raises UnexpectedResponse that names the place, never the value."""
    data = parse_json(answer.body, peer=PEER)
    try:
        return model.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"])) or "the answer"
        raise UnexpectedResponse(f"Telphin answered something undocumented: {place}: {first['msg']}") from None
