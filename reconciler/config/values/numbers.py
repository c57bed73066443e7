"""Phone numbers and SIP IDs: one text to digits.

Knows no contacts.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from reconciler.config import phones
from reconciler.config.values.refusal import plain, quoted, refuse


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
        message = f"{quoted(written)} cannot be a phone number: no country has one like it"
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
