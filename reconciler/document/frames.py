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
    """The text, whose spans begin at `base`, without the finished entries of block maps, each inside the one before."""
    kept, start = "", 0
    for frame in frames:
        if not frame.is_map or frame.is_flow or frame.repeated:
            break
        opening, entry = _line_of(text, base, frame.positions[0]), _line_of(text, base, frame.last_key())
        if opening is None or entry is None:
            break
        kept, start = kept + text[start:opening], entry
    return kept + text[start:]


def _line_of(text: str, base: int, span: int | None) -> int | None:
    """Where the line starts on which a place is the first thing; None where it is not."""
    if span is None:
        return None
    offset = (span >> LENGTH_BITS) - base
    start = text.rfind("\n", 0, offset) + 1
    return None if text[start:offset].strip(" ") else start
