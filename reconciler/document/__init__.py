"""YAML text to plain data with the place of every piece; the only package that knows a YAML parser.

Knows nothing of numbers, accounts or schedules.
"""

from __future__ import annotations

from reconciler.document.builder import Document
from reconciler.document.reading import Unreadable, decode, parse, read_text
from reconciler.document.source import Sources
from reconciler.document.tree import Tree, at, find, make_map, overlay

__all__ = [
    "Document",
    "Sources",
    "Tree",
    "Unreadable",
    "at",
    "decode",
    "find",
    "make_map",
    "overlay",
    "parse",
    "read_text",
]
