"""Exolve's refusals in clear sentences: all three known error bodies, and the texts that mean something special.

Knows no client and no model; what is known of these texts stands in docs/vendors.md.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus

from reconciler.http.answer import Answer, error_message, parse_json
from reconciler.http.errors import Forbidden, NotOwned, ProviderError, Rejected, Unauthorized, UnexpectedResponse


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
                    f"the application of account {self.account} may not do this: {text}",
                    hint="switch the service on for the application in Exolve's developer cabinet",
                )
            case HTTPStatus.NOT_FOUND if not _is_json(answer):
                return UnexpectedResponse(
                    f"Exolve knows no such address ({told})",
                    hint=f"check accounts.{self.account}.base_url; Exolve's own is https://api.exolve.ru",
                )
            case status if HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR:
                return self._rejected(text, about=about, number=number)
        return UnexpectedResponse(
            f"Exolve answered {told} to {about}, which is none of the documented answers",
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
        lowered = text.lower()
        if "number is missing in the application" in lowered or "не существует" in lowered:
            return NotOwned(
                f"number {number} is not in the application of account {self.account}: {text}",
                hint="check the number, and that the account's key is that of the application which owns it",
            )
        if "number has sip" in lowered:
            return Rejected(
                f"number {number} is bound to an Exolve SIP ID, which rings in place of a forwarding: {text}",
                hint="take the number off its SIP ID in Exolve's developer cabinet, "
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
