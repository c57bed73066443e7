"""A stored plan's changes get the values that are written: a plan file holds no secrets, so it cannot hold all of them.

They are found in the configuration, or for an undo in the plan itself, and must be exactly what the plan says.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from reconciler.canonical import dump, form
from reconciler.config.settings import Configuration
from reconciler.diagnostics import Diagnostic, Severity
from reconciler.model import Action, Change, Desired, Kind, NoForwarding, Parking, Value
from reconciler.plan.restore import Lost, Restorer
from reconciler.plan.subject import Ground
from reconciler.secrets import SecretError

UNDO = "undo"


class StalePlanError(Exception):
    """A stored or expected plan that does not hold any more; `diagnostics` say why."""

    def __init__(self, diagnostics: Sequence[Diagnostic]) -> None:
        super().__init__(diagnostics[0].message)
        self.diagnostics = tuple(diagnostics)


def stale(message: str) -> StalePlanError:
    """The error of one sentence."""
    return StalePlanError([Diagnostic("plan-stale", Severity.ERROR, message, hint="make a new plan")])


def bound(
    changes: Sequence[Change], configuration: Configuration, ground: Ground, *, origin: str
) -> tuple[Change, ...]:
    """Give each change its value. Raises StalePlanError, and SecretError where a variable has none."""
    desired = {each.key: each for each in configuration.desired}
    if origin == UNDO:
        return tuple(_undone(change, desired.get(change.key), configuration, ground) for change in changes)
    return tuple(_declared(change, desired.get(change.key), ground) for change in changes)


def _declared(change: Change, desired: Desired | None, ground: Ground) -> Change:
    if change.action is Action.FORGET:
        return change
    if change.action is Action.DELETE and not change.declared_at:
        off: Value = NoForwarding() if change.key.kind is Kind.FORWARDING else Parking(parked=False)
        return replace(change, write=off)
    if desired is None or not _is(desired.value, change, ground):
        raise stale(f"{change.address}: its desired value is not the one in the plan any more")
    return replace(change, write=desired.value, keeps_protection=desired.protected)


def _undone(change: Change, desired: Desired | None, configuration: Configuration, ground: Ground) -> Change:
    """The value of an undo stands in the plan, but for its secrets."""
    if change.account not in configuration.accounts or not isinstance(change.after, dict):
        raise stale(f"{change.address}: there is no such account any more")
    try:
        value = Restorer(configuration, ground, change.account).value(change.after, change.after_digests)
    except Lost as lost:
        raise stale(f"{change.address}: `{lost.path}` cannot be restored: {lost.why}") from None
    if not _is(value, change, ground):
        raise stale(f"{change.address}: its value is not the one in the plan any more")
    return replace(change, write=value, keeps_protection=desired.protected if desired else False)


def _is(value: Value, change: Change, ground: Ground) -> bool:
    """Whether a value is exactly what the plan says, secrets included."""
    try:
        want = form(value, resolve=ground.secrets.resolve)
    except SecretError as error:
        raise SecretError(f"{change.address}: {error}") from None
    return want.text == dump(change.after) and want.digests(ground.digester) == dict(change.after_digests)
