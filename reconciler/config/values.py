"""One text of a file to one plain value: flags, numbers, seconds, ports, dates, names, phones, secrets.

Each refusal carries its rule and a remedy; a secret that stands in the file itself is refused, and never shown. Knows
no structure: who asks for a value, and where it stands, is not known here.
"""

from __future__ import annotations

import re
import zoneinfo
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from pydantic_core import PydanticCustomError

from reconciler.characters import look_alike
from reconciler.config import phones
from reconciler.secrets import SecretRef
from reconciler.settings import Limit

MISPLACED = "a ${…} is not replaced here"
MISPLACED_HINT = "variables work in `event_url` and `url` of a forwarding only"
_LONGEST_SHOWN = 60


def refuse(code: str, message: str, hint: str | None = None) -> PydanticCustomError:
    """An error that pydantic carries to where the value stands; `code` is a rule."""
    return PydanticCustomError(code, "{message}", {"message": message, "hint": hint})


def quoted(written: str) -> str:
    """A user's text as a message shows it: in quotes, long ones cut."""
    return repr(written) if len(written) <= _LONGEST_SHOWN else repr(written[:_LONGEST_SHOWN])[:-1] + "…'"


def kind_of(value: object) -> str:
    """What a value is, in words."""
    if isinstance(value, dict):
        return "a map"
    if isinstance(value, list):
        return "a list"
    return "nothing" if value is None else "text"


def instead(wanted: str, given: object = None, key: str = "") -> str:
    """What to type in place of a value that is not of the wanted kind: `a map`, `a list` or `text`."""
    if wanted == "a map":
        return "write lines of `key: value` under it, indented"
    if wanted == "a list":
        is_plain = isinstance(given, str) and key and re.fullmatch(r"[\w.-]{1,40}(, ?[\w.-]{1,40}){0,9}", given)
        return f"write {key}: [{given}]" if is_plain else "begin each entry with `- `, or write […]"
    return "write one value in its place"


def text(value: Any) -> str:
    """Any plain text."""
    if value.__class__ is not str:
        raise refuse("wrong-type", f"expected text, not {kind_of(value)}", instead("text"))
    return str(value)


def plain(value: Any) -> str:
    """A text in which no variable is replaced."""
    written = text(value)
    if "${" in written:
        raise refuse("variable-misplaced", MISPLACED, MISPLACED_HINT)
    return written


LONGEST_TIMEOUT = 3_600
LONGEST_SETTLE = 600
LARGEST_UINT64 = 2**64 - 1
LARGEST_PORT = 65_535
_SECONDS = re.compile(r"([0-9]{1,9})\s*(s|m)?")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_UUID = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_PERCENT = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,3})?)\s*%")
_WHOLE_PERCENT = 100.0


def flag(value: Any) -> bool:
    """`true` or `false`, as YAML 1.2 spells them."""
    if value in ("true", "True", "TRUE"):
        return True
    if value in ("false", "False", "FALSE"):
        return False
    shown = f"{quoted(value)} is" if isinstance(value, str) else f"{kind_of(value)} is"
    raise refuse("wrong-type", f"{shown} neither true nor false", "write `true` or `false`")


def word(value: Any) -> str:
    """A text that names something: not empty, without blanks at its ends."""
    written = plain(value)
    if not written or written != written.strip():
        raise refuse("invalid-value", f"{quoted(written)} is not a name", "write a name, or leave the key out")
    return written


def whole_number(value: Any, *, lowest: int, highest: int) -> int:
    """An integer within bounds."""
    written = text(value)
    if not (written.isascii() and written.isdigit() and len(written) <= 18 and lowest <= int(written) <= highest):
        message = f"{quoted(written)} is not a whole number from {lowest} to {highest}"
        raise refuse("invalid-value", message, f"write a number such as {max(lowest, min(8, highest))}")
    return int(written)


@lru_cache(maxsize=4_096)
def _seconds(written: str) -> int:
    match = _SECONDS.fullmatch(written)
    if match is None:
        raise refuse("timeout-range", f"{quoted(written)} is not a number of seconds", "write 20, 20s or 1m")
    value = int(match.group(1)) * (60 if match.group(2) == "m" else 1)
    if not 1 <= value <= LONGEST_TIMEOUT:
        raise refuse(
            "timeout-range", f"{quoted(written)} is not between 1 and {LONGEST_TIMEOUT} seconds", "write 20, 20s or 1m"
        )
    return value


def seconds(value: Any) -> int:
    """Seconds: `20`, `20s` or `1m`."""
    return _seconds(text(value))


def settle(value: Any) -> int:
    """How long an accepted write may read as before, in seconds: `0`, `30`, `30s` or `10m`."""
    written = text(value)
    match = _SECONDS.fullmatch(written)
    found = int(match.group(1)) * (60 if match.group(2) == "m" else 1) if match else LONGEST_SETTLE + 1
    if found > LONGEST_SETTLE:
        message = f"{quoted(written)} is not between 0 and {LONGEST_SETTLE} seconds"
        raise refuse("invalid-value", message, "write 30, 30s or 1m")
    return found


def port(value: Any) -> int:
    """A port."""
    written = text(value)
    if not (written.isascii() and written.isdigit() and len(written) <= 9 and 1 <= int(written) <= LARGEST_PORT):
        raise refuse("port-range", f"{quoted(written)} is not a port", f"a port is a number from 1 to {LARGEST_PORT}")
    return int(written)


def did(value: Any) -> str:
    """Digits that go over the wire as an unsigned 64-bit number: no leading zero."""
    written = text(value)
    if not (written.isascii() and written.isdigit()):
        raise refuse("did-invalid", f"{quoted(written)} is not a DID", "a DID is digits only")
    if written[0] == "0":
        message = f"the DID {quoted(written)} begins with 0, and the vendor's number type would drop it"
        raise refuse("did-invalid", message, "write it without the leading zero, or leave `did` out")
    if int(written[:21]) > LARGEST_UINT64:
        raise refuse("did-invalid", f"the DID {quoted(written)} is too large", f"the largest is {LARGEST_UINT64}")
    return written


def configuration_name(value: Any) -> str:
    """The identity of the record."""
    written = plain(value)
    if not _NAME.fullmatch(written):
        raise refuse(
            "invalid-value", f"{quoted(written)} is not a name", "use up to 100 letters, digits, `.`, `_` and `-`"
        )
    return written


def application(value: Any) -> str:
    """The UUID of an application."""
    written = plain(value)
    if not _UUID.fullmatch(written):
        raise refuse(
            "invalid-value", f"{quoted(written)} is not an application's UUID", "copy it from the vendor's console"
        )
    return written


def rate(value: Any) -> float:
    """Requests a second; 0 = unlimited."""
    written = text(value)
    if not re.fullmatch(r"[0-9]{1,6}(?:\.[0-9]{1,3})?", written, re.ASCII):
        raise refuse(
            "invalid-value",
            f"{quoted(written)} is not a rate",
            "write requests per second, like 10 or 0.5; 0 is unlimited",
        )
    return float(written)


def limit(value: Any) -> Limit:
    """A share in percent, or a count."""
    written = text(value)
    if match := _PERCENT.fullmatch(written):
        percent = float(match.group(1))
        if percent <= _WHOLE_PERCENT:
            return Limit(percent=percent)
    elif written.isascii() and written.isdigit() and len(written) <= 9:
        return Limit(count=int(written))
    raise refuse("invalid-value", f"{quoted(written)} is neither a share nor a count", "write 30% or 12")


def calendar_date(value: Any) -> date:
    """A date, `YYYY-MM-DD`."""
    written = text(value)
    try:
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", written, re.ASCII):
            return date.fromisoformat(written)
    except ValueError:
        pass
    raise refuse("invalid-value", f"{quoted(written)} is not a date", "write it like 2027-12-31")


def moments(value: Any) -> tuple[datetime, ...]:
    """One time or several, each a date with an hour."""
    written = value if isinstance(value, list) else [value]
    if not written:
        raise refuse("invalid-value", "the list of times is empty", "write a time, or leave it out")
    return tuple([_moment(text(each)) for each in written])


def _moment(written: str) -> datetime:
    try:
        if len(written) > len("2026-12-31"):
            return datetime.fromisoformat(written)
    except ValueError:
        pass
    raise refuse("invalid-value", f"{quoted(written)} is not a time", "write it like 2026-12-31 18:30")


def timezone(value: Any) -> str:
    """The name of a time zone."""
    written = plain(value)
    try:
        zoneinfo.ZoneInfo(written)
    except (ValueError, OSError, zoneinfo.ZoneInfoNotFoundError):
        raise refuse("invalid-value", f"{quoted(written)} is not a time zone", "write it like Europe/Moscow") from None
    return written


def phone(written: str) -> str:
    """The E.164 digits of a phone number."""
    return written if phones.is_plain(written) else _phone(written)


def phone_or_none(written: str) -> str | None:
    """The E.164 digits of a phone number; None for any other text."""
    try:
        return phone(written)
    except PydanticCustomError:
        return None


@lru_cache(maxsize=65_536)
def _phone(written: str) -> str:
    digits = phones.digits_of(written)
    if digits is None:
        alike = look_alike(written)
        meant = phones.digits_of(alike.plain) if alike is not None else None
        hint = "write digits with the country code, like 74991112233"
        if alike is not None and meant is not None:
            hint = f"it has {alike.named}: write {meant}"
        raise refuse("number-invalid", f"{quoted(written)} is not a phone number", hint)
    if phones.has_trunk_prefix(written, digits):
        message = f"{quoted(written)} begins with the trunk prefix 8 instead of the country code"
        raise refuse("number-trunk-prefix", message, f"write 7{digits[1:]}")
    if phones.form(digits) is phones.NumberPlan.IMPOSSIBLE:
        message = f"{quoted(written)} is not a phone number of any country"
        raise refuse("number-invalid", message, "write digits with the country code, like 74991112233")
    return digits


def phone_or_sip_id(value: Any) -> str:
    """The digits of a phone number, or a SIP ID, which is tested first."""
    written = plain(value)
    digits = phones.digits_of(written)
    if digits is not None and phones.is_sip_id(digits):
        return digits
    if digits is not None and phones.resembles_sip_id(digits):
        message = f"{quoted(written)} has {len(digits)} digits; a SIP ID has {phones.SIP_ID_DIGITS}"
        raise refuse(
            "sip-id-length", message, f"write {phones.SIP_ID_DIGITS} digits, beginning with {phones.SIP_ID_PREFIX}"
        )
    return phone(written)


def phone_number(value: Any) -> str:
    """The E.164 digits of a phone number."""
    return phone(plain(value))


_NAMED_SECRET = re.compile(r"(?:\$\{(?:env[:.])?|env: ?)([A-Z][A-Z0-9_]*)\}?")
_ENVIRONMENT_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def secret(value: Any) -> SecretRef:
    """Where a secret comes from; the secret itself is refused, and never shown."""
    if value.__class__ is str:
        named = _NAMED_SECRET.fullmatch(value)
        source = f"{{env: {named[1]}}}" if named else "{env: NAME}, {file: PATH} or {command: [...]}"
        raise refuse("literal-secret", "a secret does not belong in a file", f"write {source}")
    if not isinstance(value, dict) or len(value) != 1 or not {"env", "file", "command"} >= set(value):
        message = "a secret has exactly one source: env, file or command"
        raise refuse("secret-reference", message, "write {env: NAME}, {file: PATH} or {command: [...]}")
    ((source, given),) = value.items()
    if source == "command":
        if not (isinstance(given, list) and given and all(part.__class__ is str for part in given)):
            raise refuse("secret-reference", "a command is a list of texts", "write {command: [pass, show, api-key]}")
        return SecretRef(command=tuple(given))
    if given.__class__ is not str or not given:
        raise refuse("secret-reference", f"{source} takes one text", f"write {{{source}: NAME}}")
    if source == "file":
        return SecretRef(file=given)
    if not _ENVIRONMENT_NAME.fullmatch(given):
        message = "this is not the name of an environment variable"
        raise refuse("secret-reference", message, "write {env: API_KEY}")
    return SecretRef(env=given)
