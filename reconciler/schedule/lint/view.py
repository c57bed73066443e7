"""One part of a period with what the checks ask of it.

Must not know any particular rule.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from reconciler.diagnostics import Finding
from reconciler.rules import RULES
from reconciler.schedule.instants import Box, Instants
from reconciler.schedule.masks import all_days
from reconciler.schedule.meaning import box_of, values_of
from reconciler.schedule.scales import Scale
from reconciler.schedule.syntax import Item, Part, Range, Tree, Value


@dataclass(frozen=True)
class View:
    """A part, its tree, and its meaning."""

    tree: Tree
    part: Part

    @cached_property
    def box(self) -> Box:
        return box_of(self.part, fine=self.part.has(Scale.SEC))

    @cached_property
    def is_never(self) -> bool:
        """Whether the part by itself matches nothing."""
        return Instants.of([self.box], fine=self.part.has(Scale.SEC)).is_empty

    @cached_property
    def every_day(self) -> bool:
        """Whether the part holds on every day."""
        return self.box.days == all_days() and self.box.years is None

    def values(self, scale: Scale) -> frozenset[int] | None:
        return values_of(self.part, scale)

    def warn(self, code: str, message: str, node: Value | Range | Item | Part, hint: str) -> Finding:
        """Make a warning about a node."""
        return RULES[code].within(node.start, node.end, message, hint)
