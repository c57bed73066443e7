"""Exolve's endpoints: one method each, JSON in, judged JSON out; knows nothing of the model."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from reconciler.http.answer import Answer, parse_json
from reconciler.http.budget import OPEN, Gate
from reconciler.http.client import LIST_BYTES, OBJECT_BYTES, HttpClient, Request
from reconciler.http.errors import ProviderError, UnexpectedResponse
from reconciler.providers.exolve.errors import Refusals
from reconciler.providers.exolve.wire import Attributes, AttributesAnswer, NumberPage, read

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
        request = Request("POST", path, is_read=True, body=_encode(body), limit_bytes=limit_bytes)
        answer = self.http.send(request, bearer=self._bearer)
        return self._judged(answer, about=about, number=number), answer

    def _write(self, path: str, body: Mapping[str, Any], gate: Gate) -> int:
        number = str(body["number_code"])
        request = Request("POST", path, is_read=False, body=_encode(body))
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
