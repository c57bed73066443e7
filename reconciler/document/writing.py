"""Plain data to YAML text, as a person would write it. Must not know what the data mean."""

from __future__ import annotations

from io import StringIO
from typing import Any

from ruamel.yaml import YAML


def yaml_text(data: dict[str, Any]) -> str:
    """Write a map as a block, in the order it has."""
    yaml = YAML()
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.width = 10_000  # no value is broken
    written = StringIO()
    yaml.dump(data, written)
    return written.getvalue()
