"""How a value is refused: the rule, the sentence, what to type; and texts, which every value is at first.

Knows no particular kind of value.
"""

from __future__ import annotations

import re
from typing import Any

from pydantic_core import PydanticCustomError

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
    return "nothing" if value is None else "a text"


def instead(wanted: str, given: object = None, key: str = "") -> str:
    """What to type in place of a value that is not of the wanted kind: `a map`, `a list` or `a text`."""
    if wanted == "a map":
        return "write lines of `key: value` under it, indented"
    if wanted == "a list":
        is_plain = isinstance(given, str) and key and re.fullmatch(r"[\w.-]{1,40}", given) is not None
        return f"write {key}: [{given}]" if is_plain else "begin each entry with `- `, or write […]"
    return "write one value in its place"


def text(value: Any) -> str:
    """Any plain text."""
    if value.__class__ is not str:
        raise refuse("wrong-type", f"a text belongs here, not {kind_of(value)}", instead("a text"))
    return str(value)


def plain(value: Any) -> str:
    """A text in which no variable is replaced."""
    written = text(value)
    if "${" in written:
        raise refuse("variable-misplaced", MISPLACED, MISPLACED_HINT)
    return written
