"""MTT's numbers ⇄ ours, pure: the vendor writes one number in several ways, and wants its own spelling back."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

_SEPARATORS = str.maketrans("", "", " \t\u00a0-()")
_RUSSIAN_DIGITS = 11
_LONGEST = 15


def canonical(spelled: str) -> str | None:
    """Return a number's E.164 digits: `8 800 …` and `+7 800 …` are `7800…`; None for what is no number."""
    digits = spelled.translate(_SEPARATORS).removeprefix("+")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= _LONGEST):
        return None
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
    body = {"params": {"numbers": list(spellings), "isParking": parked}}
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
