"""What texts look like, as patterns of JSON Schema: an editor flags what cannot be right, and nothing that is.

A pattern may let pass what `validate` refuses, never the other way round. Knows no meaning.
"""

from __future__ import annotations

from reconciler.config.addresses import SHORT_NAMES
from reconciler.schedule.masks import WEEKDAYS

_BLANKS = "[ ()./\\u00a0-]"
_AREAS = "[39][0-9]{2}|800|4(?:01|1[1356]|2[13467]|7[1-5]|8[1-7]|9[1-689])"
_NO_TRUNK_PREFIX = f"(?!\\s*8{_BLANKS}*(?:{_AREAS})(?:{_BLANKS}*[0-9]){{7}}{_BLANKS}*\\s*$)"
_WRITTEN = f"\\s*{_BLANKS}*[+]?{_BLANKS}*[0-9](?:{_BLANKS}|[0-9])*\\s*$"
_NO_ODD_SIP_ID = "(?![+]?88314(?:[0-9]{0,5}|[0-9]{7,9}|[0-9]{11,})$)"
PHONE = f"^{_NO_TRUNK_PREFIX}{_WRITTEN}"
PHONE_OR_SIP_ID = f"^{_NO_ODD_SIP_ID}{_NO_TRUNK_PREFIX}{_WRITTEN}"
# A contact has no such name either (`contact-name`).
RECIPIENT = f"^{_NO_ODD_SIP_ID}{_NO_TRUNK_PREFIX}"
NO_PHONE = f"^(?!{_WRITTEN})"

_OCTET = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
IP_ADDRESS = f"^(?:{_OCTET}(?:[.]{_OCTET}){{3}}|[0-9A-Fa-f.]*:[0-9A-Fa-f:.]*(?:%\\S*)?)$"
_HOST = "(?:\\[[0-9A-Fa-f:.]+\\]|[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?)"
SIP_URI = f"^[^\\s@:;/?#]+@{_HOST}(?::[0-9]+)?(?:;[^\\s@]*)?$"

_TIME = "\\s*\\d{1,2}:\\d{2}\\s*"
HOURS = f"^{_TIME}[-\\u2013]{_TIME}$"
_DATE = "\\s*(?:\\d{4}-)?\\d{1,2}-\\d{1,2}\\s*"
DATES = f"^{_DATE}(?:[.][.]{_DATE})?$"


def _shortened(name: str) -> str:
    """A weekday, or its first two letters or more, in any case."""
    letters = [f"[{letter.upper()}{letter}]" for letter in name]
    ends = "".join(f"(?:{letter}" for letter in letters[2:])
    return "".join(letters[:2]) + ends + ")?" * len(letters[2:])


_DAY = f"(?:{'|'.join(map(_shortened, WEEKDAYS))})"
_RANGE = f"{_DAY}(?:-{_DAY})?"
DAYS = f"^\\s*{_RANGE}(?:[\\s,]+{_RANGE})*\\s*$"

# As `phonenumbers` names the types of numbers; a test compares.
NUMBER_TYPES = (
    *("fixed_line", "fixed_line_or_mobile", "mobile", "pager", "personal_number", "premium_rate", "shared_cost"),
    *("toll_free", "uan", "unknown", "voicemail", "voip"),
)
DESTINATION_WORDS = ("sip_id", *SHORT_NAMES, *NUMBER_TYPES)
DESTINATION = f"^(?:[A-Z]{{2}}|[+]?[0-9]+|sip:\\S+|url:https?://\\S+|{'|'.join(DESTINATION_WORDS)})$"
SHARE = "^(?:(?:100|[0-9]{1,2}|0[0-9]{2})(?:[.][0-9]{1,3})?\\s*%|[0-9]{1,9})$"

_CLAUSE = "\\s*(?:[<>=~!]=|[<>])\\s*[0-9]+(?:[.][0-9]+)*(?:[.][*])?\\s*"
VERSION_RANGE = f"^{_CLAUSE}(?:,{_CLAUSE})*$"
