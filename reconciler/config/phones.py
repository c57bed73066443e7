"""Phone numbers and SIP IDs as people write them, to digits; a number's form is judged by the library's metadata.

Knows no contacts and no accounts.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import Enum
from functools import lru_cache

SIP_ID_PREFIX = "88314"
SIP_ID_DIGITS = 15
SIP_ID = re.compile(rf"{SIP_ID_PREFIX}[0-9]{{{SIP_ID_DIGITS - len(SIP_ID_PREFIX)}}}")
_FORMATTING = re.compile(r"[ ()./\u00a0-]+")
_WRITTEN = re.compile(r"\+?[0-9]+")

# Accepts what the library's Russian metadata calls valid for fixed, mobile and freephone numbers; whatever it does not
# accept is put to the library itself, so a range that is missing here costs time and nothing else.
_RUSSIAN = re.compile(
    r"7(?:9(?:[0-24-9][0-9]|3[1-9])[0-9]{7}"
    r"|(?:3(?:0[12]|36|4[1-35-79]|5[1-3]|65|8[1-58]|9[0145])|4(?:01|1[1356]|2[13467]|7[1-5]|8[1-7]|9[1-689])"
    r"|8(?:1[1-8]|2[01]|3[13-6]|4[0-8]|5[15-7]|6[0-35-79]|7[1-37-9]|0[04]))[0-9]{7})"
)


is_plain: Callable[[str], object] = _RUSSIAN.fullmatch
"""True of a text that is, digit for digit, a Russian number of an assigned range: by far the commonest case."""


class NumberPlan(Enum):
    """What the numbering plan says of a number."""

    VALID = "valid"
    UNASSIGNED = "unassigned"
    IMPOSSIBLE = "impossible"


def digits_of(text: str) -> str | None:
    """The digits of a phone number or SIP ID without its formatting, or None for any other text."""
    bare = text if text.isdigit() else _FORMATTING.sub("", text.strip())
    return bare.removeprefix("+") if bare.isascii() and _WRITTEN.fullmatch(bare) else None


def is_sip_id(digits: str) -> bool:
    """Whether a text is a SIP ID: 15 digits from 88314. To be asked before any phone parsing."""
    return SIP_ID.fullmatch(digits) is not None


def resembles_sip_id(digits: str) -> bool:
    """Whether digits look like a SIP ID of the wrong length; a Russian 8 831 4… number has 11."""
    return digits.startswith(SIP_ID_PREFIX) and len(digits) not in (11, SIP_ID_DIGITS)


# docs/decisions/033
def has_trunk_prefix(text: str, digits: str) -> bool:
    """Whether a number is a Russian one with 8 in place of 7; with a plus it is meant as it stands."""
    if len(digits) != 11 or digits[0] != "8" or text.lstrip().startswith("+"):
        return False
    return form("7" + digits[1:]) is NumberPlan.VALID


@lru_cache(maxsize=65_536)
def _judged(digits: str) -> NumberPlan:
    import phonenumbers

    try:
        number = phonenumbers.parse(f"+{digits}")
    except phonenumbers.NumberParseException:
        return NumberPlan.IMPOSSIBLE
    if phonenumbers.is_valid_number(number):
        return NumberPlan.VALID
    return NumberPlan.UNASSIGNED if phonenumbers.is_possible_number(number) else NumberPlan.IMPOSSIBLE


def form(digits: str) -> NumberPlan:
    """Judge E.164 digits by the numbering plan."""
    return NumberPlan.VALID if _RUSSIAN.fullmatch(digits) else _judged(digits)
