"""How a text is spelled so that its reader takes it for nothing else: no command of a CI machine, no broken encoding.

Knows no value of the domain. A spelling never changes what a document of a machine format means.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from enum import Enum, auto
from typing import TextIO


class Form(Enum):
    """What kind of text is written; `COMMANDS` are workflow commands themselves."""

    TEXT = auto()
    JSON = auto()
    XML = auto()
    COMMANDS = auto()


# GitHub's runner reads all that a step prints: `::name::` after blanks at the beginning of a line is a command, and so
# is `##[name]` anywhere in it (ActionCommand.cs in actions/runner). Azure's agent takes `##vso[name]` and `##[name]`,
# TeamCity's `##teamcity[name]`, anywhere.
_COMMAND = re.compile(r"^([^\S\n]*):(?=:)|(?<=#)#(?=(?:vso|teamcity)?\[)", re.MULTILINE | re.IGNORECASE)
_FOREIGN = re.compile(r"(?<=#)#(?=(?:vso|teamcity)\[)", re.IGNORECASE)
_BREAKS = {Form.TEXT: (": ", "# "), Form.XML: ("&#58;", "&#35;"), Form.JSON: (r"\u003a", r"\u0023")}
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")


def has_runner(environ: Mapping[str, str]) -> bool:
    """Whether what is printed is read by a runner of GitHub, Azure or TeamCity, which say so in the environment."""
    is_told = any(environ.get(name, "").lower() == "true" for name in ("GITHUB_ACTIONS", "TF_BUILD"))
    return is_told or bool(environ.get("TEAMCITY_VERSION"))


def disarmed(text: str, form: Form) -> str:
    """Break up what a CI machine's runner would take for a command; JSON and XML say the same afterwards.

    GitHub's own commands are let through where they are what is written, those of others never.
    """
    if not ("::" in text or "##" in text):
        return text
    if form is Form.COMMANDS:
        return _FOREIGN.sub("# ", text)
    colon, hash_sign = _BREAKS[form]
    return _COMMAND.sub(lambda match: hash_sign if match[1] is None else f"{match[1]}{colon}", text)


def in_ascii(text: str, form: Form) -> str:
    """Spell a document whose format is UTF-8 in ASCII, with the format's own escapes."""
    match form:
        case Form.JSON:
            return _NOT_ASCII.sub(lambda match: json.dumps(match[0])[1:-1], text)
        case Form.XML:
            return _NOT_ASCII.sub(lambda match: f"&#{ord(match[0])};", text)
        case _:
            return text


def is_unicode(stream: TextIO) -> bool:
    """Whether a stream takes all of Unicode as it is; one in memory has no encoding and does."""
    return (stream.encoding or "utf-8").lower().replace("_", "-") in ("utf-8", "utf8", "cp65001")
