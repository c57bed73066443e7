"""Where `${var:NAME}` may stand: in `url` and `event_url` of a forwarding, and nowhere else.

Knows no values: the form of a template is judged where its URL is.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reconciler.config.files import Files
from reconciler.config.values import MISPLACED, MISPLACED_HINT
from reconciler.document import find

_ALLOWED = frozenset(("url", "event_url"))
_MARK = "${"
Path = tuple[str | int, ...]


# docs/decisions/032
def judge_templates(files: Files) -> None:
    """Report every variable where none is replaced."""
    marked = {name for name, text in files.sources.texts() if "$" in text and _MARK in text}
    for file in files.files:
        if file.name in marked:
            for path in _misplaced(file.tree.data, ()):
                place = find(file.tree, path)
                files.complain("variable-misplaced", place, MISPLACED, MISPLACED_HINT)


def _misplaced(data: Any, path: Path) -> Iterator[Path]:
    if isinstance(data, dict):
        for key, value in data.items():
            if not (key in _ALLOWED and path and path[-1] == "forwarding" and isinstance(value, str)):
                yield from _misplaced(value, (*path, key))
    elif isinstance(data, list):
        for index, value in enumerate(data):
            yield from _misplaced(value, (*path, index))
    elif isinstance(data, str) and _MARK in data:
        yield path
