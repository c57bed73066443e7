"""Moves a record from one backend to another without loss: state, lineage, serial and runs.

Knows no backend, only the interface. The source stays as it is, for whoever wants to go back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from reconciler.record.base import Holder, Record, RecordError, RecordState, Run

_ALL_RUNS = 1_000_000


def migrate(source: Record, target: Record, *, holders: Sequence[Holder]) -> RecordState:
    """Copy a record into an empty place, both locked for all accounts of `holders`, and return what the target has now.

    Raises RecordError where the target is not empty, or where what it has afterwards is not what the source has.
    """
    with source.lock(holders), target.lock(holders) as lock:
        state = source.load()
        if not state.lineage:
            raise RecordError(f"{source.description} has nothing to move: it does not exist")
        target.adopt(lock, state, _runs(source))
        return _compared(state, target.load(), target)


def _runs(source: Record) -> tuple[Run, ...]:
    """All runs with their results, oldest first."""
    listed = reversed(source.runs(limit=_ALL_RUNS))
    return tuple(run for each in listed if (run := source.run(each.id)) is not None)


def _compared(state: RecordState, arrived: RecordState, target: Record) -> RecordState:
    if replace(arrived, name=state.name) != state:
        raise RecordError(
            f"{target.description} does not hold what was written to it", hint="keep using the old record"
        )
    return arrived
