"""The containers that a builder is filling, and what of the text they have not finished.

Knows no events.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from reconciler.document.source import LENGTH_BITS

NO_KEY = object()


@dataclass(slots=True)
class Frame:
    """A container that is being filled."""

    data: Any
    positions: list[Any]
    is_map: bool
    key: Any = NO_KEY
    key_span: int = 0
    merges: bool = False
    anchor: str | None = None
    before: int = 0
    repeated: list[int] = field(default_factory=list)

    @property
    def is_flow(self) -> bool:
        """Whether it stands in brackets, as the place of an open container says in the bits of its length."""
        return bool(self.positions[0] & 1)

    def last_key(self) -> int | None:
        """The place of the key of a map that is read, or was read last."""
        if self.key is not NO_KEY:
            return self.key_span
        place: int | None = self.positions[-2] if len(self.positions) > 2 else None
        return place


def unfinished(text: str, base: int, frames: Sequence[Frame]) -> str:
    """The text, whose spans begin at `base`, without the finished entries of maps, each inside the one before."""
    kept, start = "", 0
    for frame in frames:
        last = frame.last_key() if frame.is_map and not frame.repeated else None
        if last is None:
            break
        head, entry = (frame.positions[0] >> LENGTH_BITS) - base, (last >> LENGTH_BITS) - base
        cut = _between_commas(text, head, entry) if frame.is_flow else _between_lines(text, head, entry)
        if cut is None:
            break
        kept, start = kept + text[start : cut[0]], cut[1]
    return kept + text[start:]


def _between_lines(text: str, head: int, entry: int) -> tuple[int, int] | None:
    """From where to where the entries of a block map are finished; None where they do not begin their lines."""
    opening, last = (text.rfind("\n", 0, offset) + 1 for offset in (head, entry))
    return None if text[opening:head].strip(" ") or text[last:entry].strip(" ") else (opening, last)


def _between_commas(text: str, head: int, entry: int) -> tuple[int, int] | None:
    """The same of a map in braces; None where more than a comma stands before its last entry."""
    return (head + 1, entry) if text[head] == "{" and text[head + 1 : entry].rstrip()[-1:] in ("", ",") else None
