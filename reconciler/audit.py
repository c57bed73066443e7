"""Where reality differs from what was last written: a plan that read everything, held against the record.

Pure: reads nothing and changes nothing. Knows no vendor, no backend and no output.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from reconciler.canonical import Form, Json
from reconciler.change import Action, Change, FieldChange
from reconciler.diagnostics import Diagnostic
from reconciler.diff import field_changes
from reconciler.effects.change import effects
from reconciler.model import Entry
from reconciler.plan.build import open_intents
from reconciler.plan.compare import agrees, from_now_on, intended, record_form
from reconciler.plan.model import Calls, Plan
from reconciler.plan.subject import NOTHING, Subject
from reconciler.record.base import Intent, RecordState


@dataclass(frozen=True, slots=True)
class Tally:
    """How many numbers there are, and what is known of them; of those `as_recorded` no vendor can be asked."""

    numbers: int
    accounts: int
    read: int
    as_recorded: int
    unknown: int


@dataclass(frozen=True, slots=True)
class Audit:
    """What an audit found.

    `drift` is told as the changes that somebody else made: from what we last wrote to what is live. `pending` are the
    changes that the files ask for and no apply has made. `unmanaged` are numbers in no file, by each account whose list
    is known; `unlisted` are the accounts whose list is not. `risks` are what the files say and callers would suffer
    from; `diagnostics` tell of the reading. `scenario` is the one that was audited, `in_force` the one last applied.
    """

    configuration: str
    created_at: str
    tally: Tally
    calls: Calls
    commit: str | None = None
    scenario: str | None = None
    in_force: str = ""
    complete: bool = True
    drift: tuple[Change, ...] = ()
    pending: tuple[Change, ...] = ()
    unmanaged: Mapping[str, tuple[str, ...]] = field(default_factory=dict, hash=False)
    unlisted: tuple[str, ...] = ()
    risks: tuple[Diagnostic, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()

    @property
    def summary(self) -> Mapping[str, int]:
        """How many of each finding."""
        return {
            "drift": len(self.drift),
            "pending": len(self.pending),
            "unmanaged": sum(len(numbers) for numbers in self.unmanaged.values()),
            "risks": len(self.risks),
            "unknown": self.tally.unknown,
        }

    @property
    def has_errors(self) -> bool:
        """Whether something could not be read, or is wrong."""
        return not self.complete or any(item.is_error for item in (*self.risks, *self.diagnostics))


def judged(
    plan: Plan,
    state: RecordState,
    *,
    accounts: Iterable[str],
    risks: Sequence[Diagnostic],
    diagnostics: Sequence[Diagnostic],
    today: date | None,
) -> Audit:
    """Tell drift from what is only not applied yet; the plan must have read all numbers that can be read."""
    intents = open_intents(state)
    drift, pending = [], []
    for change in plan.changes:
        entry = state.entries.get(change.key)
        drifted = drift_of(change, entry, intents.get(change.key), today)
        drift += [drifted] if drifted else []
        pending += [change] if drifted is None or _is_wanted_anew(change, entry, today) else []
    return Audit(
        configuration=plan.configuration,
        created_at=plan.created_at,
        commit=plan.commit,
        scenario=plan.scenario,
        in_force=state.scenario,
        complete=plan.complete,
        tally=_tally(plan),
        calls=plan.calls,
        drift=tuple(drift),
        pending=tuple(pending),
        unmanaged={account: numbers for account, numbers in sorted(plan.unmanaged.items()) if numbers},
        unlisted=tuple(sorted(set(accounts) - plan.unmanaged.keys())),
        risks=tuple(risks),
        diagnostics=tuple(diagnostics),
    )


def drift_of(change: Change, entry: Entry | None, intent: Intent | None, today: date | None) -> Change | None:
    """What somebody else made of a number since we last wrote it; None where nobody did, or it never was ours."""
    if entry is None or change.before is None or _is_left_open(change, intent, today):
        return None
    doubtful = {item.path for item in change.fields if item.sensitive}
    fields = _apart(entry, change.before, change.before_digests, doubtful, today)
    if not fields:
        return None
    recorded: Json = record_form(entry).json
    hidden = any(item.sensitive and item.path == "url" for item in fields)
    return Change(
        key=change.key,
        account=change.account,
        action=_told_as(recorded, change.before),
        before=recorded,
        after=change.before,
        fields=fields,
        effects=effects(_known(recorded, change.before), change.before, hidden_url_differs=hidden),
        protected=change.protected,
        live_digest=change.live_digest,
        live_source=change.live_source,
        read_at=change.read_at,
        declared_at=change.declared_at,
        description=change.description,
    )


def _is_left_open(change: Change, intent: Intent | None, today: date | None) -> bool:
    """Whether a live value is what a run that broke off was writing, or was to replace."""
    known = intended(Subject(change.key, change.account, intent=intent))
    ahead = [(from_now_on(change.before, data, today), data, theirs) for data, theirs in known]
    return any(agrees(seen, change.before_digests, data, theirs) for seen, data, theirs in ahead)


def _is_wanted_anew(change: Change, entry: Entry | None, today: date | None) -> bool:
    """Whether the files, too, have moved away from what was last written."""
    if entry is None or change.after is None:
        return True
    return bool(_apart(entry, change.after, change.after_digests, set(), today))


def _apart(
    entry: Entry, value: Json, digests: Mapping[str, str], doubtful: set[str], today: date | None
) -> tuple[FieldChange, ...]:
    """The fields in which a value is not what was recorded, where both are known.

    Sensitive fields differ by their digests. Without a key there are none: a `doubtful` one then counts as different.
    """
    recorded = record_form(entry)
    both = entry.digests.keys() & digests.keys()
    unsure = doubtful - both
    before = {**{path: entry.digests[path] for path in both}, **dict.fromkeys(unsure, "recorded")}
    after = {**{path: digests[path] for path in both}, **dict.fromkeys(unsure, "live")}
    other = _known(value, recorded.json)
    old = from_now_on(_known(recorded.json, value), other, today)
    return field_changes(Form(old, before), Form(other, after))


def _known(value: Json, other: Json) -> Json:
    """A value whose unknown fields are as in the other: what is not known does not differ."""
    return {path: other.get(path) if item is None else item for path, item in value.items()}


def _told_as(recorded: Json, live: Json) -> Action:
    if recorded == NOTHING:
        return Action.CREATE
    return Action.DELETE if live == NOTHING else Action.UPDATE


def _tally(plan: Plan) -> Tally:
    numbers = len(plan.changes) + plan.unchanged + plan.unknown
    unread = sum(not change.read_at for change in plan.changes)
    return Tally(
        numbers, plan.accounts, numbers - plan.unknown - plan.as_recorded - unread, plan.as_recorded, plan.unknown
    )
