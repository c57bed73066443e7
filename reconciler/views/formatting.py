"""Changed texts of files as a unified diff, in which no line with a secret can be read.

Knows no YAML and no terminal.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import unified_diff

from reconciler.document.source import presentable


def unified(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[str]:
    """The diff of each changed file, without the lines around a change, as one of these might hold a secret."""
    for name in sorted(after):
        old, new = (texts[name].splitlines(keepends=True) for texts in (before, after))
        for line in unified_diff(old, new, f"a/{name}", f"b/{name}", n=0):
            yield presentable(line.rstrip("\r\n")) + "\n"
            if not line.endswith("\n"):
                yield "\\ No newline at end of file\n"
