"""Which numbers a sampled audit looks at: a share a turn, so that after all turns each has been looked at once.

Keeps nothing between runs: the time says whose turn it is. Knows no vendor, no backend and no output.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from reconciler.clock import epoch
from reconciler.model import Entry, Key

DAY = 86_400.0
_WHOLE = 100.0


@dataclass(frozen=True, slots=True)
class Sampling:
    """What is asked for: a `share` of the numbers in percent, and only those not known since `older_than` seconds."""

    share: float = _WHOLE
    older_than: float | None = None

    @property
    def turn_seconds(self) -> float:
        """How long a turn lasts, and so how often to run."""
        return self.older_than or DAY


@dataclass(frozen=True, slots=True)
class Sample:
    """Who is looked at in this `turn` of `turns`, counted from 1, by `ACCOUNT/NUMBER`.

    `recent` would be, but were written and read back just before; `waiting` have their turn at another time.
    """

    share: float
    turn: int
    turns: int
    turn_seconds: float
    keys: frozenset[Key] = field(default=frozenset(), hash=False)
    looked_at: tuple[str, ...] = ()
    recent: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()

    @property
    def not_looked_at(self) -> tuple[str, ...]:
        """All that nothing is known of after this run."""
        return tuple(sorted({*self.recent, *self.waiting}))


# docs/decisions/173
def choose(accounts: Mapping[Key, str], entries: Mapping[Key, Entry], asked: Sampling, now: float) -> Sample:
    """Choose whose turn it is at `now`, in seconds since the epoch, of all keys with their accounts.

    Turns are slices of an order that depends on nothing but the numbers: no slice is larger than the share, but for
    one number, and all slices together are all numbers.
    """
    order = sorted(accounts, key=_shuffled)
    turns = max(1, min(math.ceil(_WHOLE / asked.share), len(order)))
    turn = int(now // asked.turn_seconds) % turns
    due = [key for rank, key in enumerate(order) if rank * turns // len(order) == turn]
    recent = {key for key in due if _is_recent(entries.get(key), asked.older_than, now)}
    keys = frozenset(due) - recent

    def named(chosen: frozenset[Key] | set[Key]) -> tuple[str, ...]:
        return tuple(sorted(f"{accounts[key]}/{key.number}" for key in chosen))

    waiting = frozenset(order) - frozenset(due)
    return Sample(asked.share, turn + 1, turns, asked.turn_seconds, keys, named(keys), named(recent), named(waiting))


def _shuffled(key: Key) -> str:
    """A place in an order in which neighbours of a block of numbers are far from each other."""
    return hashlib.sha256(f"{key.provider}/{key.number}/{key.kind.value}".encode()).hexdigest()


def _is_recent(entry: Entry | None, older_than: float | None, now: float) -> bool:
    """Whether a number is known to have been read back less than so many seconds ago; a time to come proves nothing."""
    if entry is None or older_than is None or not entry.confirmed or not entry.written_at:
        return False
    return 0 <= now - epoch(entry.written_at) < older_than
