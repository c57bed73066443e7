"""The parameters of UIS' start.simple_call, judged offline as its page says, with the mnemonics it would answer.

Pure; knows no request and no terminal.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from reconciler.calls.base import CallError

# A contact may also be the SIP number of an employee; an internal one, which is shorter, may not.
E164 = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{6,14}$")]
Contact = Annotated[str, StringConstraints(pattern=r"^[0-9]{7,20}$")]
Text = Annotated[str, StringConstraints(min_length=1)]


class First(StrEnum):
    """Who is called first."""

    CONTACT = "contact"
    OPERATOR = "operator"


class UsageRule(StrEnum):
    """How the rented number that is shown is chosen; all but `fixed` need a component."""

    FIXED = "fixed"
    FIXED_FOR_NUMA = "fixed_for_numa"
    RANDOM = "random"
    REGIONAL_RANDOM = "regional_random"
    REGIONAL_FIXED_FOR_NUMA = "regional_fixed_for_numa"


class Direction(StrEnum):
    """As what reports show the call."""

    IN = "in"
    OUT = "out"


class Message(BaseModel):
    """What one side hears: a sound file by its id, or a text that is spoken."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: Literal["media", "tts"]
    value: Text


class SimpleCall(BaseModel):
    """Every parameter of the method but its access token; None is not sent."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    first_call: First
    virtual_phone_number: E164
    contact: Contact
    operator: E164
    switch_at_once: bool | None = None
    early_switching: bool | None = None
    media_file_id: int | None = Field(None, ge=1)
    virtual_phone_usage_rule: UsageRule | None = None
    show_virtual_phone_number: bool | None = None
    external_id: Text | None = None
    dtmf_string: Annotated[str, StringConstraints(pattern=r"^[0-9*#.]+$")] | None = None
    direction: Direction | None = None
    operator_confirmation: Annotated[str, StringConstraints(pattern=r"^(?:[0-9*#]|any)$")] | None = None
    contact_message: Message | None = None
    operator_message: Message | None = None

    def params(self) -> dict[str, Any]:
        """As it is sent, without the access token."""
        return self.model_dump(mode="json", exclude_none=True)


def simple_call(given: Mapping[str, object]) -> SimpleCall:
    """Judge parameters; raises CallError that says what is wrong and what UIS would call it."""
    told = {key: value for key, value in given.items() if value is not None}
    if not _is_text(told):
        raise CallError("a parameter has characters that UTF-8 cannot hold (character_encoding_not_allowed)")
    try:
        call = SimpleCall.model_validate(told)
    except ValidationError as error:
        raise _as_told(error) from None
    _check_together(call)
    return call


def _as_told(error: ValidationError) -> CallError:
    first = error.errors(include_url=False, include_context=False)[0]
    name = ".".join(map(str, first["loc"]))
    if first["type"] == "missing":
        return CallError(f"{name} is missing (required_parameter_missed)", hint=_HINTS.get(name))
    if first["type"] == "extra_forbidden":
        return CallError(f"start.simple_call has no parameter {name} (unexpected_parameters)")
    return CallError(f"{name} cannot be {first['input']!r} (invalid_parameter_value)", hint=_HINTS.get(name))


def _check_together(call: SimpleCall) -> None:
    """The combinations that the page forbids, and Russian numbers as they are dialled within Russia."""
    for name in ("contact", "operator", "virtual_phone_number"):
        written: str = getattr(call, name)
        if _NATIONAL.fullmatch(written):
            hint = f"write 7{written[1:]}"
            raise CallError(f"{name} begins with 8 in place of the country code (invalid_parameter_value)", hint=hint)
    if call.early_switching and not (call.first_call is First.OPERATOR and call.switch_at_once):
        raise CallError(
            "early_switching needs first_call operator and switch_at_once (invalid_parameters_combination)",
            hint="add --first operator --switch-at-once, or leave --early-switching out",
        )
    if call.contact == call.virtual_phone_number:
        raise CallError(
            "the contact is your own virtual number (own_virtual_phone_number_not_allowed)",
            hint="UIS calls any number but its own customers' rented ones this way",
        )
    for name in ("contact_message", "operator_message"):
        message: Message | None = getattr(call, name)
        if message is not None and message.type == "media" and not message.value.isdecimal():
            raise CallError(
                f"{name}.value cannot be {message.value!r}: a media message is a file's id (invalid_parameter_value)",
                hint="for a text that is spoken, write tts:TEXT",
            )


_NATIONAL = re.compile(r"8(?:[39][0-9]{9}|800[0-9]{7})")
_DIGITS = "write E.164 digits without a plus, such as 79091234567"
_HINTS: Mapping[str, str] = {
    "contact": f"{_DIGITS}; an internal number of an employee is not accepted",
    "operator": _DIGITS,
    "virtual_phone_number": f"{_DIGITS}, or set virtual_phone_number under the service in reconciler.yaml",
    "dtmf_string": "digits, * and #, with . for a second's wait, such as .12.1..4",
    "operator_confirmation": "one of 0-9, *, # or any",
    "media_file_id": "a file's number, such as 2701",
}


def _is_text(given: Mapping[str, object]) -> bool:
    try:
        json.dumps(given, ensure_ascii=False, default=str).encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
