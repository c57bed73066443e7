"""What stands at the address of a record: a document of ours, none yet, or what somebody else made.

Knows no requests and no format of ours but the name of its first key.
"""

from __future__ import annotations

import json
from enum import Enum

_OURS = b'"format_version"'
_KEYS_OF_TERRAFORM = {
    *("version", "terraform_version", "serial", "lineage", "outputs", "resources", "check_results"),
    *("modules", "remote", "backend"),
}


class Origin(Enum):
    """Who made a document; `TERRAFORM_EMPTY` provably holds nothing and belongs to no project."""

    NOBODY = "nobody"
    TERRAFORM_EMPTY = "terraform, empty"
    TERRAFORM = "terraform"
    PAGE = "page"
    UNKNOWN = "unknown"


def made_by(body: bytes) -> Origin:
    """Judge an answer by what stands in it: servers give JSON any type, also that of a page."""
    text = body.strip()
    if not text:
        return Origin.NOBODY
    if text[:1] == b"<":
        return Origin.PAGE
    return Origin.UNKNOWN if _OURS in body else _of_terraform(text)


def _of_terraform(text: bytes) -> Origin:
    """A state that has a lineage, or was ever saved, is a project's, also where all of it was destroyed."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return Origin.UNKNOWN
    if not isinstance(data, dict) or type(data.get("version")) is not int or not data.keys() <= _KEYS_OF_TERRAFORM:
        return Origin.UNKNOWN
    told = (value for name, value in data.items() if name not in ("version", "terraform_version"))
    return Origin.TERRAFORM if any(told) else Origin.TERRAFORM_EMPTY
