"""MTT's endpoints, each sent with a fresh token once more when the first is refused; knows nothing of the model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus

from reconciler.http.answer import SUCCESSES, Answer, error_message, parse_json
from reconciler.http.budget import OPEN, Gate
from reconciler.http.client import LIST_BYTES, HttpClient, Request
from reconciler.http.errors import Forbidden, ProviderError, Rejected, Unauthorized, UnexpectedResponse
from reconciler.providers.mtt.oauth import OAuth
from reconciler.providers.mtt.wire import (
    CallAnswer,
    ExternalNumbers,
    ParkingAnswer,
    TerminalsInfo,
    WorkplacesInfo,
    encode_params,
    encode_parking,
    read,
    unwrap,
)

HOSTS = ("openapi.mtt.ru",)
OAUTH_HOSTS = ("oauth.mtt.ru",)

_REFUSALS = range(400, 500)


class MttClient:
    """The documented methods that parking needs; raises ProviderError."""

    def __init__(self, http: HttpClient, *, oauth: OAuth, oauth_http: HttpClient, account: str) -> None:
        self.http = http
        self._oauth_http = oauth_http
        self._oauth = oauth
        self._account = account

    def external_numbers(self) -> tuple[ExternalNumbers, Answer]:
        """The account's numbers as MTT spells them, all in one answer."""
        answer = self._send(Request("GET", "/externalNumbersInfo", is_read=True, limit_bytes=LIST_BYTES))
        body = self._body(answer, about="the list of numbers")
        self._refuse_error(answer, body)
        return read(ExternalNumbers, body), answer

    def set_parking(self, spellings: Sequence[str], *, parked: bool, gate: Gate = OPEN) -> int:
        """Switch parking of numbers, in MTT's own spelling; return the attempts it took."""
        body = encode_parking(spellings, parked=parked)
        request = Request("POST", "/setParkingNumbers", is_read=False, body=body, numbers=tuple(spellings))
        answer = self._send(request, gate)
        try:
            self._confirm(answer, about=f"parking of {_counted(spellings)}")
        except ProviderError as error:
            error.attempts = answer.attempts
            raise
        return answer.attempts

    def workplaces(self) -> WorkplacesInfo:
        """The workplaces that calls may be placed from."""
        return read(WorkplacesInfo, self._read("/workPlacesInfo", about="the list of workplaces"))

    def terminals(self) -> TerminalsInfo:
        """The devices of workplaces."""
        return read(TerminalsInfo, self._read("/terminalsInfo", about="the list of terminals"))

    def control(self, method: str, params: Mapping[str, object], *, numbers: tuple[str, ...] = ()) -> CallAnswer:
        """Send makeCall, transferCall or terminateCall, once."""
        body = encode_params(params)
        request = Request("POST", f"/{method}", is_read=False, body=body, numbers=numbers, once=True)
        answer = self._send(request)
        try:
            data = self._body(answer, about=method)
            done = read(CallAnswer, data)
            if done.success:
                self._refuse_error(answer, data)
        except UnexpectedResponse as error:
            error.may_have_taken_effect = answer.status in SUCCESSES
            raise
        if not done.success:
            said = error_message(data)
            raise Rejected(
                f"MTT refused {method}: success is 0" + (f": {self.http.fit_for_message(said)}" if said else "")
            )
        return done

    def _read(self, path: str, *, about: str) -> object:
        answer = self._send(Request("GET", path, is_read=True, limit_bytes=LIST_BYTES))
        body = self._body(answer, about=about)
        self._refuse_error(answer, body)
        return body

    def close(self) -> None:
        """Give back the connections to both hosts."""
        self.http.close()
        self._oauth_http.close()

    def _send(self, request: Request, gate: Gate = OPEN) -> Answer:
        token = self._oauth.access_token()
        answer = self.http.send(request, bearer=token, gate=gate)
        if answer.status == HTTPStatus.UNAUTHORIZED:
            token = self._oauth.access_token(rejected=token)
            answer = self.http.send(request, bearer=token, gate=gate)
        if answer.status == HTTPStatus.UNAUTHORIZED:
            raise Unauthorized(
                f"MTT does not accept a new access token of account {self._account} (401): log in again",
                hint=f"reconciler login {self._account}",
            )
        try:
            self._oauth.worked(token)
        except ProviderError as error:
            error.may_have_taken_effect = not request.is_read and answer.status in SUCCESSES
            raise
        return answer

    def _confirm(self, answer: Answer, *, about: str) -> None:
        """Only a success that says so is one; nothing can be read back afterwards."""
        try:
            if answer.status == HTTPStatus.NOT_FOUND:  # the address is right: the list was just read from it
                raise Rejected(
                    f"MTT refused {about} ({answer.told_by(self.http.fit_for_message(answer.error_text()))})"
                )
            body = self._body(answer, about=about)
            done = read(ParkingAnswer, body)
            if done.success:
                self._refuse_error(answer, body)
        except UnexpectedResponse as error:
            error.may_have_taken_effect = True
            raise
        if not done.success:
            said = error_message(body)
            raise Rejected(
                f"MTT refused {about}: success is 0" + (f": {self.http.fit_for_message(said)}" if said else "")
            )

    def _body(self, answer: Answer, *, about: str) -> object:
        """Return the body of a success without its envelope; all else raises."""
        if answer.status not in SUCCESSES:
            raise self._error(answer, about=about)
        data = parse_json(answer.body, peer="MTT")
        if isinstance(data, dict) and "error" in data and "success" not in data:
            self._refuse_error(answer, data)
        return unwrap(data)

    def _refuse_error(self, answer: Answer, data: object) -> None:
        """Raise where a success carries an error: what then happened is not documented."""
        if (said := error_message(data)) is not None:
            raise UnexpectedResponse(
                f"MTT answered {answer.status_text} with an error: {self.http.fit_for_message(said)}"
            )

    def _error(self, answer: Answer, *, about: str) -> ProviderError:
        text = answer.told_by(self.http.fit_for_message(answer.error_text()))
        if answer.status == HTTPStatus.FORBIDDEN:
            return Forbidden(
                f"MTT forbids {about} ({text})",
                hint="check in MTT Business' console that the Open API is switched on for this integration",
            )
        if answer.status == HTTPStatus.NOT_FOUND:
            return UnexpectedResponse(
                f"this address does not exist at MTT ({text})",
                hint=f"check accounts.{self._account}.base_url; MTT's own is https://openapi.mtt.ru",
            )
        if answer.status in _REFUSALS:
            return Rejected(f"MTT refused {about} ({text})")
        return UnexpectedResponse(f"MTT answered {text} to {about}, which is not a documented answer")


def _counted(spellings: Sequence[str]) -> str:
    return f"number {spellings[0]}" if len(spellings) == 1 else f"{len(spellings)} numbers"
