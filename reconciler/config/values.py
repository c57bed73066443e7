"""One text of a file to one value: flags, seconds, ports, URLs, secrets. Each refusal carries its rule and a remedy.

Knows no structure: who asks for a value, and where it stands, is not known here.
"""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from pydantic_core import PydanticCustomError

from reconciler.config import phones
from reconciler.config.settings import Limit
from reconciler.secrets import SecretRef, mask_url

MISPLACED = "a ${…} is not replaced here"
MISPLACED_HINT = "variables work in `event_url` and `url` of a forwarding only"
LONGEST_TIMEOUT = 3_600
LARGEST_UINT64 = 2**64 - 1
LARGEST_PORT = 65_535
_SECONDS = re.compile(r"([0-9]{1,9})\s*(s|m)?")
_URL = re.compile(r"(https?)://[^\s/?#@\\]*(?:@[^\s/?#@\\]+)?(?:[/?#][^\s]*)?", re.IGNORECASE)
_TEMPLATE = re.compile(r"\$\{var:[A-Za-z_][A-Za-z0-9_]*\}")
_SIP_URI = re.compile(
    r"[^\s@:;/?#]+@(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?)(?::([0-9]+))?(;[^\s@]*)?"
)
_OCTETS = re.compile(r"(?:(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])(?:\.(?!$)|$)){4}")
_ENVIRONMENT_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_UUID = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_PERCENT = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,3})?)\s*%")
_LONGEST_SHOWN = 60
_WHOLE_PERCENT = 100.0
_LOOPBACK = re.compile(r"localhost|127(?:\.[0-9]{1,3}){3}|::1")


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
    return "nothing" if value is None else "a text"


def text(value: Any) -> str:
    """Any plain text."""
    if value.__class__ is not str:
        raise refuse("wrong-type", f"a text belongs here, not {kind_of(value)}")
    return str(value)


def plain(value: Any) -> str:
    """A text in which no variable is replaced."""
    written = text(value)
    if "${" in written:
        raise refuse("variable-misplaced", MISPLACED, MISPLACED_HINT)
    return written


def flag(value: Any) -> bool:
    """`true` or `false`, as YAML 1.2 spells them."""
    if value in ("true", "True", "TRUE"):
        return True
    if value in ("false", "False", "FALSE"):
        return False
    shown = f"{quoted(value)} is" if isinstance(value, str) else f"{kind_of(value)} is"
    raise refuse("wrong-type", f"{shown} neither true nor false", "write `true` or `false`")


def whole_number(value: Any, *, lowest: int, highest: int) -> int:
    """An integer within bounds."""
    written = text(value)
    if not (written.isascii() and written.isdigit() and len(written) <= 18 and lowest <= int(written) <= highest):
        raise refuse("invalid-value", f"{quoted(written)} is not a whole number from {lowest} to {highest}")
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


def ip_address(value: Any) -> str:
    """An IP address, as written."""
    written = text(value)
    if _OCTETS.fullmatch(written):
        return written
    import ipaddress

    try:
        ipaddress.IPv6Address(written)
    except ValueError:
        raise refuse(
            "ip-invalid", f"{quoted(written)} is not an IP address", "write it in digits, like 203.0.113.7"
        ) from None
    return written


def sip_uri(value: Any) -> str:
    """`user@host`, `user@host:port`, as the vendor documents it."""
    written = plain(value)
    if written.lower().startswith(("sip:", "sips:")):
        raise refuse("sip-uri-invalid", f"{quoted(written)} begins with a scheme", f"write {written.partition(':')[2]}")
    match = _SIP_URI.fullmatch(written)
    if match is None:
        raise refuse(
            "sip-uri-invalid", f"{quoted(written)} is not a SIP address", "write user@sip.example.com or user@host:5060"
        )
    if match.group(2) and not 1 <= int(match.group(2)[:9]) <= LARGEST_PORT:
        raise refuse("port-range", f"{match.group(2)!r} is not a port", f"a port is a number from 1 to {LARGEST_PORT}")
    return written


@lru_cache(maxsize=4_096)
def _web_address(written: str) -> str:
    bare = _TEMPLATE.sub("x", written)
    if "${" in bare:
        raise refuse("variable-misplaced", "a ${…} in this URL is not a variable", "write ${var:NAME}")
    if written.startswith("${"):
        raise refuse(
            "url-invalid", "the URL begins with a variable", "write https:// and the host before any ${var:NAME}"
        )
    match = _URL.fullmatch(bare)
    if match is None or not urlsplit(bare).hostname:
        shown = mask_url(written)
        raise refuse("url-invalid", f"{shown!r} is not a URL", "write it whole, like https://example.com/calls")
    return written


def web_address(value: Any) -> str:
    """An http or https URL, possibly a template with `${var:NAME}`."""
    return _web_address(text(value))


def service_address(value: Any) -> str:
    """A base URL that credentials go to: https, or http on loopback; no query; no slash at its end."""
    written = web_address(plain(value)).rstrip("/")
    parts = urlsplit(written)
    if parts.query or parts.fragment or "@" in parts.netloc:
        raise refuse("url-invalid", f"{mask_url(written)!r} has more than scheme, host, port and path")
    if not is_secure(written):
        raise refuse(
            "require-https", f"{quoted(written)} is not https", "credentials travel over https only, but for loopback"
        )
    return written


def is_secure(url: str) -> bool:
    """Whether a URL is https, or http to this machine."""
    if url[:8].lower() == "https://":
        return True
    return _LOOPBACK.fullmatch(urlsplit(_TEMPLATE.sub("x", url)).hostname or "") is not None


def phone(written: str) -> str:
    """The E.164 digits of a phone number."""
    return written if phones.is_plain(written) else _phone(written)


@lru_cache(maxsize=65_536)
def _phone(written: str) -> str:
    digits = phones.digits_of(written)
    if digits is None:
        raise refuse(
            "number-invalid",
            f"{quoted(written)} is not a phone number",
            "write digits with the country code, like 74991112233",
        )
    if phones.has_trunk_prefix(written, digits):
        message = f"{quoted(written)} begins with the trunk prefix 8 in place of the country code"
        raise refuse("number-trunk-prefix", message, f"write 7{digits[1:]}")
    if phones.form(digits) is phones.Form.IMPOSSIBLE:
        message = f"{quoted(written)} cannot be a phone number: no country has such a one"
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


def secret(value: Any) -> SecretRef:
    """Where a secret comes from; the secret itself is refused, and never shown."""
    if value.__class__ is str:
        raise refuse(
            "literal-secret",
            "a secret does not belong in a file",
            "write {env: NAME}, {file: PATH} or {command: [...]}",
        )
    if not isinstance(value, dict) or len(value) != 1 or not {"env", "file", "command"} >= set(value):
        message = "a secret has exactly one source: env, file or command"
        raise refuse("secret-reference", message, "write {env: NAME}, {file: PATH} or {command: [...]}")
    ((source, given),) = value.items()
    if source == "command":
        if not (isinstance(given, list) and given and all(part.__class__ is str for part in given)):
            raise refuse("secret-reference", "a command is a list of texts", "write {command: [pass, show, exolve]}")
        return SecretRef(command=tuple(given))
    if given.__class__ is not str or not given:
        raise refuse("secret-reference", f"{source} takes one text", f"write {{{source}: NAME}}")
    if source == "file":
        return SecretRef(file=given)
    if not _ENVIRONMENT_NAME.fullmatch(given):
        message = "env takes the name of an environment variable, which this is not"
        raise refuse("secret-reference", message, "write {env: EXOLVE_API_KEY}")
    return SecretRef(env=given)


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
            "invalid-value", f"{quoted(written)} is not an application's UUID", "copy it from the vendor's cabinet"
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


def timezone(value: Any) -> str:
    """The name of a time zone."""
    import zoneinfo

    written = plain(value)
    try:
        zoneinfo.ZoneInfo(written)
    except (ValueError, OSError, zoneinfo.ZoneInfoNotFoundError):
        raise refuse("invalid-value", f"{quoted(written)} is not a time zone", "write it like Europe/Moscow") from None
    return written
