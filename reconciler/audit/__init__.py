"""Where reality differs from what was last written: a plan that read everything, held against the record.

Pure: reads nothing and changes nothing. Knows no vendor, no backend and no output.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from reconciler.audit.lookout import Ending, Unconfirmed
from reconciler.audit.sampling import Sample
from reconciler.canonical import Form, Json, is_off, stored_form
from reconciler.diagnostics import Diagnostic
from reconciler.diff import field_changes
from reconciler.effects.change import effects
from reconciler.model import Action, Cause, Change, Entry
from reconciler.names import NO_NAMES, Names
from reconciler.plan.candidate import from_now_on
from reconciler.plan.model import Calls, Plan
from reconciler.record.base import RecordState


@dataclass(frozen=True, slots=True)
class Tally:
    """How many numbers there are, and what is known of them.

    Of those `as_recorded` no vendor can be asked; of those `not_looked_at` nothing is known, as a sample left them out.
    """

    numbers: int
    accounts: int
    read: int
    as_recorded: int
    unknown: int
    not_looked_at: int = 0


@dataclass(frozen=True, slots=True)
class Audit:
    """What an audit found.

    `drift` is told as the changes that somebody else made: from what we last wrote to what is live. `pending` are the
    changes that the files ask for and no apply has made. `unmanaged` are numbers in no file, by each account whose list
    is known, and `listed` what the list tells of these; `unlisted` are the accounts whose list is not, as some are
    `lacking` a setting for it. `risks` are what the files say and callers would suffer from; `diagnostics` tell of the
    reading. `scenario` is the one that was audited, `in_force` the one last applied, `names` are what the configuration
    calls things. `endings` are what ends within the days that were asked for, and the logins whose end is known;
    `not_owned` are declared numbers that their account does not have, by `ACCOUNT/NUMBER`, and `unconfirmed` those that
    no read has ever confirmed. `recorded_at` is when something was last written to the record. Of a `sample` only
    those numbers count that it looked at.
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
    listed: Mapping[str, Json] = field(default_factory=dict, hash=False)
    unlisted: tuple[str, ...] = ()
    lacking: Mapping[str, str] = field(default_factory=dict, hash=False)
    endings: tuple[Ending, ...] = ()
    not_owned: tuple[str, ...] = ()
    unconfirmed: tuple[Unconfirmed, ...] = ()
    recorded_at: str = ""
    sample: Sample | None = None
    risks: tuple[Diagnostic, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    names: Names = field(default=NO_NAMES, compare=False, repr=False)

    @property
    def summary(self) -> Mapping[str, int]:
        """How many of each finding."""
        return {
            "drift": len(self.drift),
            "pending": len(self.pending),
            "unmanaged": sum(len(numbers) for numbers in self.unmanaged.values()),
            "risks": len(self.risks),
            "unknown": self.tally.unknown,
            "not_looked_at": self.tally.not_looked_at,
        }

    @property
    def is_whole(self) -> bool:
        """Whether it is about every number, and every number that can be read was read."""
        return self.complete and not self.tally.not_looked_at

    @property
    def has_errors(self) -> bool:
        """Whether something could not be read, or is wrong."""
        return not self.complete or any(item.is_error for item in (*self.risks, *self.diagnostics))


def judge_drift(
    plan: Plan,
    state: RecordState,
    *,
    accounts: Iterable[str],
    risks: Sequence[Diagnostic],
    diagnostics: Sequence[Diagnostic],
    today: date | None,
    sample: Sample | None = None,
) -> Audit:
    """Tell drift from what is only not applied yet; the plan must have read all numbers that can be, or a `sample`."""
    drift = [
        drift_of(change, state.entries[change.key], today) for change in plan.changes if _has_drifted(change, state)
    ]
    pending = [change for change in plan.changes if change.cause is not Cause.LIVE]
    return Audit(
        configuration=plan.configuration,
        created_at=plan.created_at,
        commit=plan.commit,
        scenario=plan.scenario,
        in_force=state.scenario,
        complete=plan.complete,
        tally=_tally(plan, sample),
        sample=sample,
        calls=plan.calls,
        drift=tuple(drift),
        pending=tuple(pending),
        unmanaged={account: numbers for account, numbers in sorted(plan.learned.unmanaged.items()) if numbers},
        listed=plan.learned.listed,
        # docs/decisions/085
        unlisted=tuple(sorted(set(accounts) - plan.learned.unmanaged.keys())),
        risks=tuple(risks),
        diagnostics=tuple(diagnostics),
        names=plan.names,
    )


# docs/decisions/084
def _has_drifted(change: Change, state: RecordState) -> bool:
    """Whether somebody else made another thing of a number since we last wrote it; never of what was not ours."""
    return change.cause in (Cause.LIVE, Cause.BOTH) and change.key in state.entries and change.before is not None


def drift_of(change: Change, entry: Entry, today: date | None) -> Change:
    """What somebody else made of a number since we last wrote it, told from a day on."""
    recorded = stored_form(entry.value, entry.digests, entry.canonical_version)
    live = Form(change.before, change.before_digests)
    known = live.filled_from(recorded)
    old = recorded.filled_from(live)
    fields = field_changes(Form(from_now_on(old.json, known.json, today), old.secrets), known)
    hidden = any(item.sensitive and item.path == "url" for item in fields)
    return Change(
        key=change.key,
        account=change.account,
        action=_describe_drift(recorded.json, known.json),
        before=recorded.json,
        after=change.before,
        fields=fields,
        effects=effects(old.json, known.json, hidden_url_differs=hidden, since=today),
        protected=change.protected,
        live_digest=change.live_digest,
        live_source=change.live_source,
        read_at=change.read_at,
        declared_at=change.declared_at,
        description=change.description,
        cause=Cause.LIVE,
    )


def _describe_drift(recorded: Json, live: Json) -> Action:
    if is_off(recorded):
        return Action.CREATE
    return Action.DELETE if is_off(live) else Action.UPDATE


def _tally(plan: Plan, sample: Sample | None) -> Tally:
    numbers = len(plan.changes) + plan.unchanged + plan.unknown
    unread = sum(not change.read_at for change in plan.changes)
    read = numbers - plan.unknown - plan.as_recorded - unread
    if sample is None:
        return Tally(numbers, plan.accounts, read, plan.as_recorded, plan.unknown)
    left = len(sample.not_looked_at)
    addresses = (*sample.looked_at, *sample.not_looked_at, *(change.address for change in plan.changes))
    accounts = {address.partition("/")[0] for address in addresses}
    return Tally(numbers + left, len(accounts), read, plan.as_recorded, plan.unknown, left)
