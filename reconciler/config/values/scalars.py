"""Flags, whole numbers, seconds, ports, shares, dates, names: one text to one plain value.

Knows no addresses and no phone numbers.
"""

from __future__ import annotations

import re
import zoneinfo
from datetime import date
from functools import lru_cache
from typing import Any

from reconciler.config.values.refusal import kind_of, plain, quoted, refuse, text
from reconciler.settings import Limit

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
        raise refuse("invalid-value", f"{quoted(written)} names nothing", "write a name, or leave the key out")
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
    written = plain(value)
    try:
        zoneinfo.ZoneInfo(written)
    except (ValueError, OSError, zoneinfo.ZoneInfoNotFoundError):
        raise refuse("invalid-value", f"{quoted(written)} is not a time zone", "write it like Europe/Moscow") from None
    return written
