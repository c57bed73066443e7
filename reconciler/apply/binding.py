"""A stored plan's changes get the values that are written: a plan file holds no secrets, so it cannot hold all of them.

They come from the configuration, or for an undo from the record, and must be exactly what the plan says.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from reconciler.canonical import dump, form
from reconciler.change import Action, Change
from reconciler.diagnostics import Diagnostic, Severity
from reconciler.model import Desired, Kind, NoForwarding, Parking, Value
from reconciler.plan.subject import Ground
from reconciler.secrets import SecretError


class StalePlanError(Exception):
    """A stored or expected plan that does not hold any more; `diagnostics` say why."""

    def __init__(self, diagnostics: Sequence[Diagnostic]) -> None:
        super().__init__(diagnostics[0].message)
        self.diagnostics = tuple(diagnostics)


def stale(message: str) -> StalePlanError:
    """The error of one sentence."""
    return StalePlanError([Diagnostic("plan-stale", Severity.ERROR, message, hint="make a new plan")])


def bound(changes: Sequence[Change], desired: Iterable[Desired], ground: Ground) -> tuple[Change, ...]:
    """Give each change its value. Raises StalePlanError, and SecretError where a variable has none."""
    by_key = {each.key: each for each in desired}
    return tuple(_bound(change, by_key.get(change.key), ground) for change in changes)


def _bound(change: Change, desired: Desired | None, ground: Ground) -> Change:
    if change.action is Action.FORGET:
        return change
    if change.action is Action.DELETE and not change.declared_at:
        off: Value = NoForwarding() if change.key.kind is Kind.FORWARDING else Parking(parked=False)
        return replace(change, write=off)
    try:
        want = form(desired.value, resolve=ground.secrets.resolve) if desired else None
    except SecretError as error:
        raise SecretError(f"{change.address}: {error}") from None
    digests = want.digests(ground.digester) if want else {}
    if desired is None or want is None or want.text != dump(change.after) or digests != dict(change.after_digests):
        raise stale(f"{change.address}: its desired value is not the one in the plan any more")
    return replace(change, write=desired.value, keeps_protection=desired.protected)
