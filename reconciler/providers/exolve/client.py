"""Exolve's endpoints: one method each, JSON in, judged JSON out; refusals in clear sentences.

All three known error bodies, and the texts that mean something special; what is known of these stands in
docs/vendors.md. Knows nothing of the model.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from reconciler.http.answer import Answer, error_message, parse_json
from reconciler.http.budget import OPEN, Gate
from reconciler.http.client import LIST_BYTES, OBJECT_BYTES, HttpClient, Request
from reconciler.http.errors import Forbidden, NotOwned, ProviderError, Rejected, Unauthorized, UnexpectedResponse
from reconciler.providers.exolve.wire import Attributes, AttributesAnswer, NumberPage, read


@dataclass(frozen=True, slots=True)
class Refusals:
    """Turns answers that are no success into errors, for one account. `said` makes vendor's text fit for a message."""

    account: str
    key: str
    said: Callable[[str], str]

    def error(self, answer: Answer, *, about: str, number: str | None) -> ProviderError:
        """Return the error that an answer other than 200 means; `about` is what was asked for."""
        text = self.said(answer.error_text())
        told = _with_status(answer, text)
        match answer.status:
            case HTTPStatus.UNAUTHORIZED:
                return self._unauthorized(told)
            case HTTPStatus.FORBIDDEN:
                return Forbidden(
                    f"the application of account {self.account} is not permitted to do this: {text}",
                    hint="switch the service on for the application in Exolve's developer console",
                )
            case HTTPStatus.NOT_FOUND if not _is_json(answer):
                return UnexpectedResponse(
                    f"this address does not exist at Exolve ({told})",
                    hint=f"check accounts.{self.account}.base_url; Exolve's own is https://api.exolve.ru",
                )
            case status if HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR:
                return self._rejected(text, about=about, number=number)
        return UnexpectedResponse(
            f"Exolve answered {told} to {about}, which is not a documented answer",
            may_have_taken_effect=True,
        )

    # docs/decisions/042
    def hidden_error(self, data: object) -> ProviderError | None:
        """Return the error that stands in the body of a 200; whether the request took effect is then not known."""
        raw = error_message(data)
        if raw is None:
            return None
        text = self.said(raw) or "without readable words"
        return UnexpectedResponse(f"Exolve answered 200 OK with an error: {text}", may_have_taken_effect=True)

    def _unauthorized(self, status: str) -> ProviderError:
        if "malformed" in status.lower():
            return Unauthorized(
                f"Exolve cannot read the API key of account {self.account} ({status})",
                hint=f"the {self.key} must hold the bare key, without 'Bearer' and quotes",
            )
        return Unauthorized(
            f"Exolve does not accept the API key of account {self.account} ({status})",
            hint=f"check the {self.key}: it must hold the key of the application that the numbers belong to",
        )

    def _rejected(self, text: str, *, about: str, number: str | None) -> ProviderError:
        # Only the text tells these refusals apart; the vendor's documentation of Set has no table of errors.
        lowered = text.lower()
        if "number is missing in the application" in lowered or "не существует" in lowered:
            return NotOwned(
                f"number {number} is not in the application of account {self.account}: {text}",
                hint="check the number, and that the account's key is that of the application which owns it",
            )
        if "number has sip" in lowered:
            return Rejected(
                f"number {number} is bound to an Exolve SIP ID, which rings instead of a forwarding: {text}",
                hint="detach the number from its SIP ID in Exolve's developer console, "
                "or forward it to that SIP ID (type: number)",
            )
        return Rejected(f"Exolve refused {about}: {text}")


def _with_status(answer: Answer, text: str) -> str:
    """The status and the vendor's words, each said once."""
    number = str(answer.status)
    return text if text.startswith(number) else f"{number} {text}"


def _is_json(answer: Answer) -> bool:
    try:
        return isinstance(parse_json(answer.body, peer="Exolve"), Mapping)
    except UnexpectedResponse:
        return False


HOSTS = ("api.exolve.ru",)


class ExolveClient:
    """The documented methods, each a POST; raises ProviderError."""

    def __init__(self, http: HttpClient, *, bearer: str, refusals: Refusals) -> None:
        self.http = http
        self._bearer = bearer
        self._refusals = refusals

    def get_attributes(self, number: str) -> Attributes:
        body = {"number_code": int(number)}
        data, _ = self._read("/number/v1/GetAttributes", body, about=f"reading number {number}", number=number)
        return read(AttributesAnswer, data).attributes

    def set_forwarding(self, body: Mapping[str, Any], gate: Gate = OPEN) -> int:
        """Write a forwarding; return the attempts it took."""
        return self._write("/number/v1/SetCallForwarding", body, gate)

    def delete_forwarding(self, body: Mapping[str, Any], gate: Gate = OPEN) -> int:
        """Take the forwarding off; return the attempts it took."""
        return self._write("/number/v1/DeleteCallForwarding", body, gate)

    def list_numbers(self, *, application: str, limit: int, offset: int, search: str = "") -> NumberPage:
        """A page of the application's numbers; `search` keeps those that have these digits in them."""
        body = {"application_uuid": application, "limit": limit, "offset": offset}
        body |= {"search_filter": search} if search else {}
        data, _ = self._read("/number/customer/v1/GetList", body, about="the list of numbers", limit_bytes=LIST_BYTES)
        return read(NumberPage, data)

    def greet(self) -> Answer:
        """Ask for one number: the cheapest documented call that shows whether the key is good."""
        _, answer = self._read("/number/customer/v1/GetList", {"limit": 1, "offset": 0}, about="the list of numbers")
        return answer

    def list_sip_ids(self, *, limit: int, offset: int) -> object:
        """The application's SIP IDs; the shape of an item is not documented."""
        path, body = "/number/customer/v1/GetSIPList", {"limit": limit, "offset": offset}
        data, _ = self._read(path, body, about="the list of SIP IDs", limit_bytes=LIST_BYTES)
        return data

    def list_media(self) -> object:
        """The application's audio files; the shape of an item is not documented."""
        data, _ = self._read("/media/v1/GetList", {}, about="the list of media", limit_bytes=LIST_BYTES)
        return data

    def _read(
        self,
        path: str,
        body: Mapping[str, Any],
        *,
        about: str,
        number: str | None = None,
        limit_bytes: int = OBJECT_BYTES,
    ) -> tuple[object, Answer]:
        numbers = (number,) if number else ()
        request = Request("POST", path, is_read=True, body=_encode(body), limit_bytes=limit_bytes, numbers=numbers)
        answer = self.http.send(request, bearer=self._bearer)
        return self._judged(answer, about=about, number=number), answer

    def _write(self, path: str, body: Mapping[str, Any], gate: Gate) -> int:
        number = str(body["number_code"])
        request = Request("POST", path, is_read=False, body=_encode(body), numbers=(number,))
        answer = self.http.send(request, bearer=self._bearer, gate=gate)
        try:
            self._judged(answer, about=f"the forwarding of number {number}", number=number)
        except ProviderError as error:
            error.attempts = answer.attempts
            raise
        return answer.attempts

    def _judged(self, answer: Answer, *, about: str, number: str | None) -> object:
        """Return the body of a success, a JSON object without an error; all else raises."""
        if not answer.ok:
            raise self._refusals.error(answer, about=about, number=number)
        try:
            data = parse_json(answer.body, peer="Exolve")
        except UnexpectedResponse as error:
            error.may_have_taken_effect = True
            raise
        if not isinstance(data, Mapping):
            raise UnexpectedResponse("Exolve answered 200 OK without an object", may_have_taken_effect=True)
        if (hidden := self._refusals.hidden_error(data)) is not None:
            raise hidden
        return data


def _encode(body: Mapping[str, Any]) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
