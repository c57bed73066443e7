"""How many entries numbers take at the vendor, where few targets become many: said before anything is sent.

Knows what makes entries many, not how a schedule is compiled.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Final, NamedTuple

from reconciler.diagnostics import Diagnostic
from reconciler.model import Desired, NumberForwarding, Target
from reconciler.rules import RULES

# docs/decisions/145
MANY_ENTRIES: Final = 10
"""More than that of one number are told: nobody outside the vendor knows how many it takes."""


def entries_of(targets: Iterable[Target]) -> int:
    """How many entries targets take: one for each period, and one where there is none."""
    return sum(len(target.periods) or 1 for target in targets)


class EntryCount(NamedTuple):
    """What some targets take. `most`: of the target that takes most; `dated`: some name single years."""

    targets: int
    entries: int
    most: int
    dated: bool

    @classmethod
    def of(cls, targets: Sequence[Target]) -> EntryCount:
        dated = any("yr {" in period for target in targets for period in target.periods)
        return cls(len(targets), entries_of(targets), max(entries_of([target]) for target in targets), dated)

    def __str__(self) -> str:
        return f"{self.targets:,} target{'s' * (self.targets != 1)} become {self.entries:,} entries"

    def reason(self, until: date | None) -> str:
        """What makes them many."""
        dates = f", and public holidays are written out up to {until}" if self.dated and until else ""
        return f"each part of a schedule is an entry of its own (`union: entries`; up to {self.most:,} a target){dates}"

    def way_out(self, account: str, until: date | None) -> str:
        """What makes them fewer."""
        nearer = ", or choose an earlier defaults.calendar_until" if self.dated and until else ""
        return f"with `accounts.{account}.period: {{union: comma}}` each target is one entry{nearer}"


def many_entries(desired: Iterable[Desired], until: date | None) -> Iterator[Diagnostic]:
    """Say where targets become many entries; numbers that are alike are told together."""
    alike: dict[tuple[str, EntryCount], list[Desired]] = {}
    for item in desired:
        targets = item.value.targets if isinstance(item.value, NumberForwarding) else ()
        if entries_of(targets) > max(MANY_ENTRIES, len(targets)):
            alike.setdefault((item.account, EntryCount.of(targets)), []).append(item)
    for (account_name, count), numbers in alike.items():
        message = f"{count} at the vendor, whose limit is not known: {count.reason(until)}"
        told = RULES["entries-many"].about(
            [numbers[0].key.number], numbers[0].place_of("targets"), message, count.way_out(account_name, until)
        )
        yield told.reaching([item.key.number for item in numbers])
