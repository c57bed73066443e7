"""Plain data to YAML text, as a person would write it. Must not know what the data mean."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from io import StringIO
from typing import Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedSeq
from ruamel.yaml.emitter import Emitter
from ruamel.yaml.representer import RoundTripRepresenter
from ruamel.yaml.scalarstring import DoubleQuotedScalarString

_SMALL: Final = re.compile(r"0|[1-9][0-9]{0,5}")  # a number that no reader of YAML takes for another one
_FLAGS: Final = {"true": True, "false": False}


def yaml_text(data: dict[str, Any]) -> str:
    """Write a map as a block, in the order it has; quotes are double where they can be."""
    yaml = YAML()
    yaml.Emitter = _DoubleQuoting
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.width = 10_000  # no value is broken
    return _dumped(yaml, data)


def block_lines(data: dict[str, Any]) -> list[str]:
    """The lines of a map as a block; texts are quoted only where they must be, and phone numbers."""
    return _dumped(_fragments(flow=False), _spelled(data)).splitlines()


def flow_text(data: Any) -> str:
    """A value in one line, as it may stand within braces."""
    return _dumped(_fragments(flow=True), {"k": _spelled(data)}).strip().removeprefix("{k: ")[:-1]


def scalar_text(data: str | None) -> str:
    """A single value as it may stand after a colon, outside of braces."""
    return block_lines({"k": data})[0].removeprefix("k: ")


def _dumped(yaml: YAML, data: Any) -> str:
    written = StringIO()
    yaml.dump(data, written)
    return written.getvalue()


class _DoubleQuoting(Emitter):
    """Has double quotes wherever quotes are needed."""

    def choose_scalar_style(self) -> Any:
        style = super().choose_scalar_style()
        return '"' if style == "'" else style


class _Plain(RoundTripRepresenter):
    """Says `null` where nothing is said."""

    def represent_none(self, _data: None) -> Any:
        return self.represent_scalar("tag:yaml.org,2002:null", "null")


_Plain.add_representer(type(None), _Plain.represent_none)


@lru_cache
def _fragments(*, flow: bool) -> YAML:
    yaml = YAML()
    yaml.Emitter = _DoubleQuoting
    yaml.Representer = _Plain
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.width = 1_000_000
    yaml.default_flow_style = flow
    yaml.brace_single_entry_mapping_in_flow_sequence = True
    return yaml


def _spelled(data: Any) -> Any:
    """The same with numbers and flags as such, so that they need no quotes, and digits that are none in quotes."""
    if isinstance(data, dict):
        return {_text(key, is_key=True): _spelled(value) for key, value in data.items()}
    if isinstance(data, Iterable) and not isinstance(data, str):
        spelled = CommentedSeq(_spelled(each) for each in data)
        if all(isinstance(each, str) for each in data):
            spelled.fa.set_flow_style()
        return spelled
    return data if data is None else _text(data, is_key=False)


def _text(text: str, *, is_key: bool) -> Any:
    if text in _FLAGS and not is_key:
        return _FLAGS[text]
    if _SMALL.fullmatch(text) and not is_key:
        return int(text)
    return DoubleQuotedScalarString(text) if text.isdigit() else text
