"""Plain data to YAML text, as a person would write it. Must not know what the data mean."""

from __future__ import annotations

from io import StringIO
from typing import Any

from ruamel.yaml import YAML

from reconciler.document.layout import read_layout
from reconciler.document.source import Edit, apply_edits


def yaml_text(data: dict[str, Any]) -> str:
    """Write a map as a block, in the order it has; quotes are double where they can be."""
    yaml = YAML()
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.width = 10_000  # no value is broken
    written = StringIO()
    yaml.dump(data, written)
    text = written.getvalue()
    layout = read_layout(text)
    texts = [*layout.leaves()] if layout is not None else []
    return apply_edits(
        text, (Edit(each.start, each.end, each.double_quoted or "") for each in texts if each.double_quoted)
    )
