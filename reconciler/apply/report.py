"""What became of each change, and of the run; truthful also after a failure.

Plain values; knows no vendor, no record and no output format.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from reconciler.diagnostics import Diagnostic
from reconciler.model import Action, Kind, Outcome
from reconciler.record.base import Holder


class Halt(StrEnum):
    """Why a run ended before all changes were tried."""

    NONE = "none"
    STALE = "stale"
    REFUSED = "refused"
    LOCK = "lock"
    RECORD = "record"
    INTERRUPTED = "interrupted"
    DEADLINE = "deadline"


@dataclass(frozen=True, slots=True)
class Result:
    """One change's outcome; `attempts` counts the write requests sent, `error` says why it is not applied."""

    address: str
    kind: Kind
    action: Action
    outcome: Outcome
    attempts: int = 0
    error: str | None = None
    unverified_fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ApplyReport:
    """The run. Times are RFC 3339 in UTC; `complete` is False where numbers could not be read.

    `origin` is where the plan came from: an undo makes numbers as they were, which the files do not say.
    `whole`: it was about everything that the files declare, as they declare it, or about a whole undo. `done` are the
    runs that had applied a stored plan before, or parts of it ("" = somebody else made it so). `locked_by` holds a lock
    that this run did not get, so that it did nothing.
    """

    run_id: str
    started_at: str
    finished_at: str
    results: tuple[Result, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    halt: Halt = Halt.NONE
    complete: bool = True
    origin: str = "plan"
    whole: bool = True
    done: tuple[str, ...] = ()
    locked_by: Holder | None = None

    @property
    def summary(self) -> Mapping[str, int]:
        """How many changes came to which outcome."""
        count = Counter(result.outcome for result in self.results)
        return {outcome.value: count[outcome] for outcome in Outcome}

    @property
    def converged(self) -> bool:
        """Nothing failed, unknown or skipped, and every number was read."""
        good = (Outcome.APPLIED, Outcome.UNVERIFIED)
        return self.complete and self.halt is Halt.NONE and all(result.outcome in good for result in self.results)

    @property
    def wrote(self) -> bool:
        """Whether anything was, or may have been, written."""
        possible = (Outcome.APPLIED, Outcome.UNVERIFIED, Outcome.UNKNOWN)
        return any(result.outcome in possible for result in self.results)
