"""What went wrong with writes as findings: told once a cause, at the lines that declare its numbers.

Knows no vendor and decides nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from reconciler.apply.attempt import Attempt
from reconciler.change import Change
from reconciler.diagnostics import Diagnostic, Location, Related
from reconciler.rules import RULES

_MOST_RELATED = 20


@dataclass(slots=True)
class Troubles:
    """Collects attempts that came to nothing; `places` are the lines of the declared numbers."""

    places: Mapping[str, Location] = field(default_factory=dict)
    _found: dict[tuple[str, str, str | None], list[Change]] = field(default_factory=dict)

    def add(self, change: Change, attempt: Attempt) -> None:
        """Keep what an attempt has a rule for; what was only skipped has none."""
        if attempt.code:
            self._found.setdefault((attempt.code, attempt.error or "", attempt.hint), []).append(change)

    def told(self) -> Iterator[Diagnostic]:
        """One finding a cause, in the order in which they came."""
        for (code, error, hint), changes in self._found.items():
            others = len(changes) - 1
            same = f" (the same for {others} more number{'s' if others > 1 else ''})" if others else ""
            message = f"{changes[0].address}: {error}{same}"
            place = self.places.get(changes[0].key.number)
            yield RULES[code].at(place, message, hint, self._related(changes[1:]))

    def _related(self, changes: Sequence[Change]) -> tuple[Related, ...]:
        named = [(self.places.get(change.key.number), change) for change in changes[:_MOST_RELATED]]
        return tuple(Related(change.address, place) for place, change in named if place is not None)
