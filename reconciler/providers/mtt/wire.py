"""What MTT's answers look like, in both spellings of all that its document spells twice; its numbers to ours.

The vendor writes one number in several ways, and wants its own spelling back. Pure; knows nothing of the model.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, TypeVar

from pydantic import AliasChoices, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from reconciler.http.errors import UnexpectedResponse

# Two hours, as the vendor's documentation says of access tokens.
_TOKEN_SECONDS = 7200
_LONGEST_SECONDS = 10 * 366 * 24 * 3600
_LONGEST_DIGITS = 15
_HEADER_TEXT = r"^[\x21-\x7e]+$"


def _count(value: object) -> int:
    match value:
        case int() if not isinstance(value, bool) and value >= 0:
            return value
        case str() if value.isascii() and value.isdigit() and len(value) <= _LONGEST_DIGITS:
            return int(value)
    raise ValueError("not a count")


def _number(value: object) -> str:
    match value:
        case str() if value:
            return value
        case int() if not isinstance(value, bool) and value > 0:
            return str(value)
    raise ValueError("not a number")


def _seconds(value: object) -> int:
    """A life in seconds, however it is spelled, and the documented one where it says nothing.

    The tokens beside it must not be lost for it; one that lives less than that is renewed when it is refused.
    """
    try:
        seconds = float(value) if isinstance(value, int | float | str) else _TOKEN_SECONDS
    except (ValueError, OverflowError):
        return _TOKEN_SECONDS
    return int(seconds) if 0 <= seconds <= _LONGEST_SECONDS else _TOKEN_SECONDS


def _token(value: object) -> object:
    match value:
        case None:
            return ""
        case int() if not isinstance(value, bool):
            return str(value)
    return value


def _flag(value: object) -> bool:
    if value in (0, 1, "0", "1", "true", "false"):
        return value in (1, "1", "true")
    raise ValueError("neither 1 nor 0")


Count = Annotated[int, BeforeValidator(_count)]
Number = Annotated[str, BeforeValidator(_number)]
Success = Annotated[bool, BeforeValidator(_flag)]


class _Wire(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class ExternalNumber(_Wire):
    """One number; `type` is documented as the kind of the number, never as its parking, and is not read."""

    number: Number


class ExternalNumbers(_Wire):
    """The answer of externalNumbersInfo."""

    # Tables of the vendor's documentation say `Total`, its samples `total`.
    total: Count | None = Field(None, validation_alias=AliasChoices("total", "Total"))
    numbers: list[ExternalNumber] | None = Field(validation_alias=AliasChoices("numbersList", "numbers_list"))


class ParkingAnswer(_Wire):
    """The answer of setParkingNumbers."""

    success: Success


class WorkplaceRow(_Wire):
    """One workplace, by its SIP ID."""

    workplace: Number
    name: str | None = None


class WorkplacesInfo(_Wire):
    """The answer of workPlacesInfo."""

    workplaces: list[WorkplaceRow] = Field(validation_alias=AliasChoices("workplacesList", "workplaces_list"))


class TerminalRow(_Wire):
    """One device, by its SIP ID, and the workplace that it is bound to."""

    # A table of the vendor's documentation says `terminale`, its sample `terminal`.
    terminal: Number = Field(validation_alias=AliasChoices("terminal", "terminale"))
    workplace: Number


class TerminalsInfo(_Wire):
    """The answer of terminalsInfo."""

    terminals: list[TerminalRow] = Field(validation_alias=AliasChoices("terminals_list", "terminalsList"))


class CallId(_Wire):
    """The id of a placed call."""

    id: Number


class CallAnswer(_Wire):
    """The answer of makeCall, transferCall and terminateCall; only the first names a call."""

    success: Success
    call: CallId | None = None


class TokenAnswer(_Wire):
    """The answer of the token endpoint; its `scope` may differ from the one asked for, and is not looked at."""

    access_token: str = Field(pattern=_HEADER_TEXT)
    expires_in: Annotated[int, BeforeValidator(_seconds)] = _TOKEN_SECONDS
    refresh_token: Annotated[str, BeforeValidator(_token)] = ""


Model = TypeVar("Model", bound=BaseModel)


def read(model: type[Model], data: object) -> Model:
    """Judge an answer by its model; raises UnexpectedResponse that names the place, never the value."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "the answer"
        raise UnexpectedResponse(
            f"MTT answered something undocumented: {place}: {first['msg'].removeprefix('Value error, ')}"
        ) from None


def unwrap(data: object) -> object:
    """Take the body out of its `result` envelope, where it is in one."""
    # The vendor's documentation shows answers in `result`, but that of setParkingNumbers without.
    if isinstance(data, dict) and isinstance(data.get("result"), dict):
        return data["result"]
    return data


_SEPARATORS = str.maketrans("", "", " \t\u00a0-()")
_RUSSIAN_DIGITS = 11
_LONGEST = 15


def canonical(spelled: str) -> str | None:
    """Return a number's E.164 digits: `8 800 …` and `+7 800 …` are `7800…`; None for what is not a number."""
    digits = spelled.translate(_SEPARATORS).removeprefix("+")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= _LONGEST):
        return None
    # The vendor's documentation writes numbers as 7…, as +7… and as 8…, the last as they are dialled within Russia.
    trunk_prefix = len(digits) == _RUSSIAN_DIGITS and digits[0] == "8" and not spelled.lstrip().startswith("+")
    return "7" + digits[1:] if trunk_prefix else digits


def by_canonical(spellings: Iterable[str]) -> dict[str, str]:
    """Map each number to the vendor's own spelling; of two spellings of one number the canonical one wins."""
    found: dict[str, str] = {}
    for spelled in spellings:
        number = canonical(spelled)
        if number is not None and (number not in found or spelled == number):
            found[number] = spelled
    return found


def encode_parking(spellings: Sequence[str], *, parked: bool) -> bytes:
    """Spell setParkingNumbers' body."""
    return encode_params({"numbers": list(spellings), "isParking": parked})


def encode_params(params: Mapping[str, object]) -> bytes:
    """Spell the body of any method."""
    return json.dumps({"params": params}, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
