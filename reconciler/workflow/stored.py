"""A plan that was stored or reviewed: believed in nothing, decided again, and held against what was decided then.

Knows no signatures (they are proven before) and no output.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

from reconciler.apply.journal import GOOD
from reconciler.apply.write import LiveReading
from reconciler.canonical import Form, dump, is_off, stored_form
from reconciler.clock import epoch, rfc3339
from reconciler.diagnostics import MOST_NAMED, Diagnostic
from reconciler.formats.plan import LARGEST_BYTES, PlanFileError, load_plan
from reconciler.git import current_commit
from reconciler.model import Action, Change, Key, LiveSource
from reconciler.plan.build import Options, Selection
from reconciler.plan.candidate import from_now_on
from reconciler.plan.model import Consent, Plan
from reconciler.plan.notes import what_moved
from reconciler.plan.order import order_changes
from reconciler.plan.policy import LIMITS, lost_calls
from reconciler.record.base import RecordState
from reconciler.rules import RULES
from reconciler.secrets import key_of
from reconciler.settings import Configuration
from reconciler.wiring import Session
from reconciler.workflow.plan import judge_again, learn_variables, make_plan, make_undo

_CLOCKS_DIFFER_BY = 300.0  # seconds between the machine that plans and the one that applies


class StalePlanError(Exception):
    """A stored or expected plan that does not hold any more; `diagnostics` say why."""

    def __init__(self, diagnostics: Sequence[Diagnostic]) -> None:
        super().__init__(diagnostics[0].message)
        self.diagnostics = tuple(diagnostics)


def stale(message: str, hint: str = "make a new plan") -> StalePlanError:
    """The error of one sentence."""
    return StalePlanError([RULES["plan-stale"].at(None, message, hint)])


@dataclass(frozen=True, slots=True)
class StoredPlan:
    """A plan, fresh or stored before, ready to be applied; `state` is the record that it was made from.

    The changes of `plan` are those decided again from `state` and what was `seen`; of those in `differing` that is
    another decision than was stored, for the reason given, and those in `unread` could not be read. What is `done`
    already is not among them any more; the texts say so, with the run that did it.
    """

    plan: Plan
    state: RecordState
    seen: Mapping[Key, LiveReading] = field(default_factory=dict)
    differing: Mapping[Key, str] = field(default_factory=dict)
    unread: Mapping[Key, Diagnostic] = field(default_factory=dict)
    done: Mapping[Key, str] = field(default_factory=dict)


def stored_plan(session: Session, data: bytes, consent: Consent) -> StoredPlan:
    """Read a plan file and decide it again. Raises PlanFileError, StalePlanError, RecordError, SecretError."""
    plan = load_plan(data)
    _check(plan, session)
    merged = Consent(plan.consent.allow | consent.allow, plan.consent.overrides | consent.overrides)
    since = session.clock.monotonic()
    fresh, state = _decided_again(session, plan, merged)
    made = _made_by(session, plan)
    done = [change for change in plan.changes if _is_done(change, fresh, state, made)]
    remaining = [change for change in plan.changes if change not in done]
    differing = _differing(plan, fresh, remaining, session.plan_context().today)
    by_key = {change.key: change for change in fresh.changes}
    changes = tuple(replace(by_key.get(change.key, change), traffic=change.traffic) for change in remaining)
    set_aside = {each.address for each in remaining if each.key in differing or each.key in fresh.learned.unread}
    kept = (item for item in fresh.breaches if item.address not in set_aside)
    found = replace(
        plan,
        changes=changes,
        consent=merged,
        breaches=(*kept, *lost_calls(changes, session.configuration.policy, merged)),
        complete=plan.complete and fresh.complete,
        diagnostics=(*_as_replayed(fresh.diagnostics, plan), *(plan.diagnostics if not plan.complete else ())),
        learned=fresh.learned,
    )
    return StoredPlan(
        _judged(session, found),
        state,
        seen={key: LiveReading(seen, since) for key, seen in fresh.learned.observations.items()},
        differing=differing,
        unread={
            key: problem for key, problem in fresh.learned.unread.items() if key in {change.key for change in remaining}
        },
        done={change.key: made.get(change.key, "") for change in done},
    )


def _as_replayed(found: Iterable[Diagnostic], plan: Plan) -> Iterator[Diagnostic]:
    """What a fresh plan tells, but that it has no calls where the stored one has counts."""
    return (item for item in found if not (plan.replayed and item.code == "traffic-missing"))


def _check(plan: Plan, session: Session) -> None:
    """What can be told before anything is read; raises PlanFileError, StalePlanError, SecretError."""
    configuration = session.configuration
    if plan.configuration != (configuration.name or ""):
        raise PlanFileError(
            f"it was made for configuration {plan.configuration!r}, and this one is {configuration.name or ''!r}"
        )
    if plan.config_digest != configuration.digest:
        raise stale(f"the configuration has changed since this plan was made{_changed_files(plan, configuration)}")
    check_expiry(plan, session.clock.now())
    if plan.commit is not None and plan.commit != (current_commit(configuration.root) or plan.commit):
        raise stale(f"the plan was made at commit {plan.commit[:12]}, and another one is checked out")
    twice = [key for key, count in Counter(change.key for change in plan.changes).items() if count > 1]
    if twice:
        raise stale(f"number {twice[0].number} is in the plan twice")
    _check_key(plan, session.plan_context().digester.key_id)
    if missing := learn_variables(session):
        raise missing[0]


def _changed_files(plan: Plan, configuration: Configuration) -> str:
    """Which files differ from those that a plan was made from, as far as it says."""
    then, now = plan.files, configuration.file_digests()
    found = [f"{name} is gone" for name in sorted(then.keys() - now.keys())]
    found += [f"{name} {'has changed' if name in then else 'is new'}" for name in now if then.get(name) != now[name]]
    named = ", ".join(found[:MOST_NAMED]) + (f" and {len(found) - MOST_NAMED} more" if len(found) > MOST_NAMED else "")
    return f": {named}" if then and found else ""


def _check_key(plan: Plan, key_id: str) -> None:
    """Raise StalePlanError for a plan whose sensitive values cannot be compared with this key."""
    kept = (digests for change in plan.changes for digests in (change.before_digests, change.after_digests))
    if any(key_of(digest) != key_id for digests in kept for digest in digests.values()):
        raise stale(
            "the plan was made with another RECONCILER_RECORD_KEY, so its sensitive values cannot be compared",
            hint="give plan and apply the same key, or make a new plan",
        )


# docs/decisions/094
def _decided_again(session: Session, plan: Plan, consent: Consent) -> tuple[Plan, RecordState]:
    """The same numbers, from files, record and vendor as they are now; raises StalePlanError, RecordError."""
    selection = Selection(
        keys=frozenset(change.key for change in plan.changes),
        exact=True,
        asserted=frozenset(change.key for change in plan.changes if _is_repeated(change)),
    )
    asked = Options(selection=selection, consent=consent, kept=True)
    if plan.origin != "undo":
        return make_plan(session, asked)
    run = session.record.run(plan.undoes) if plan.undoes else None
    if run is None:
        raise stale("the run that this plan undoes is no longer in the record")
    return make_undo(session, run, asked)


def _judged(session: Session, plan: Plan) -> Plan:
    """A share is one of all managed numbers: where it seems exceeded, those that the plan is not about are read too."""
    if not any(breach.rule in LIMITS for breach in plan.breaches):
        return plan
    everything, _state = make_plan(session, Options(kept=True))
    plan = replace(plan, learned=replace(plan.learned, managed=everything.learned.managed))
    return replace(plan, breaches=judge_again(session.configuration, plan))


# -- what is done already ----------------------------------------------------------------------------------------------


def _is_repeated(change: Change) -> bool:
    """Whether a change writes again what is recorded already."""
    return change.action is Action.ASSERT and change.before is not None


def _is_done(change: Change, fresh: Plan, state: RecordState, made: Mapping[Key, str]) -> bool:
    """Whether there is nothing left to do of a stored change: what it was to make of the number is so."""
    if _is_repeated(change):
        return change.key in made
    if change.key in fresh.learned.unread or any(again.key == change.key for again in fresh.changes):
        return False
    recordings = {entry.key: entry for entry in fresh.learned.recordings}
    entry = recordings.get(change.key) or state.entries.get(change.key)
    if entry is None:
        return change.action is Action.FORGET or (change.action is Action.DELETE and not change.declared_at)
    recorded = stored_form(entry.value, entry.digests, entry.canonical_version)
    return change.after is not None and recorded.agrees(Form(change.after, change.after_digests))


def _made_by(session: Session, plan: Plan) -> dict[Key, str]:
    """Which run since the plan has made each of its changes."""
    found: dict[Key, str] = {}
    for listed in session.record.runs():
        run = session.record.run(listed.id) if listed.started_at >= plan.created_at else None
        rows = run.latest_results if run is not None else ()
        good = [row for row in rows if row["outcome"] in GOOD and "provider" in row]
        made = {(row["provider"], row["number"], row["kind"], row["action"], dump(row["after"])) for row in good}
        for change in plan.changes:
            if change.key not in found and (*change.key, change.action, dump(change.after)) in made:
                found[change.key] = listed.id
    return found


# -- what is another change now ----------------------------------------------------------------------------------------


def _differing(stored: Plan, fresh: Plan, remaining: Iterable[Change], today: date | None) -> dict[Key, str]:
    """How stored changes are others than are decided now."""
    again = {change.key: change for change in fresh.changes}
    found: dict[Key, str] = {}
    for change in remaining:
        if change.key in fresh.learned.unread:
            continue
        decided = again.get(change.key)
        if decided is None:
            found[change.key] = "its desired value is no longer the one in the plan"
        elif why := "; ".join(_differences(change, decided, today)):
            found[change.key] = why
    return found or dict(_misplaced(stored.changes, again))


def _differences(stored: Change, again: Change, today: date | None) -> Iterator[str]:
    """What of a change is decided otherwise now: each part that apply would go by."""
    if stored.account != again.account:
        yield f"it is one of account {again.account}"
    if stored.after != again.after or stored.after_digests != again.after_digests:
        yield "its desired value is no longer the one in the plan"
    moved = _moved_reason(stored, again, today)
    if moved:
        yield moved
    elif stored.action is not again.action:
        yield f"the plan says {stored.action.value}, but the action is now {again.action.value}"
    if stored.protected != again.protected:
        yield "it is protected now" if again.protected else "it is no longer protected"
    elif set(stored.needs) != set(again.needs) and not moved:
        yield f"it needs {', '.join(f'--{need}' for need in again.needs) or 'no allowance'} now"


def _moved_reason(stored: Change, again: Change, today: date | None) -> str:
    """How the value before a change is another one than the plan was made from; "" where it is the same."""
    if stored.before is None or again.before is None:
        as_assumed = stored.live_source is LiveSource.UNKNOWN and (again.before is None or is_off(again.before))
        same = stored.before is None and again.before is None
        return (
            "" if same or (stored.before is None and as_assumed) else "what is known about its live value has changed"
        )
    before, now = Form(stored.before, stored.before_digests), Form(again.before, again.before_digests)
    ahead = Form(from_now_on(now.json, before.json, today), now.secrets)
    if ahead.json != before.json or ahead.secrets_apart(before):
        return what_moved(ahead, before.json)
    read = LiveSource.READ
    if stored.live_source is again.live_source is read and stored.live_digest != again.live_digest:
        return "the live value is not what the plan was based on"
    return ""


def _misplaced(stored: Sequence[Change], again: Mapping[Key, Change]) -> Iterator[tuple[Key, str]]:
    """The first change that does not stand where, or wait for what, the changes themselves demand."""
    right = order_changes(again.get(change.key, change) for change in stored)
    for change, there in zip(stored, right, strict=True):
        if (change.key, change.depends_on) != (there.key, there.depends_on):
            yield change.key, "its position in the plan is not the order in which it would be applied"
            return


# -- reviews and files -------------------------------------------------------------------------------------------------


def unlike(plan: Plan, other: Plan) -> list[str]:
    """The addresses that two plans do not change alike."""
    ours, theirs = ({_identity(change) for change in one.changes} for one in (plan, other))
    return sorted({identity[0] for identity in ours ^ theirs})


def check_expected(plan: Plan, reviewed: Plan, now: float) -> None:
    """Go on only if a fresh plan's changes are the reviewed ones, and the review still holds.

    `now` in seconds since the epoch. Raises StalePlanError naming who differs.
    """
    check_expiry(reviewed, now)
    differing = unlike(plan, reviewed)
    if differing:
        raise StalePlanError(
            [
                RULES["plan-stale"].at(
                    None, f"{address}: its change is not the one that was reviewed", "review a new plan"
                )
                for address in differing
            ]
        )


def counted_as(reviewed: Plan, plan: Plan, configuration: Configuration) -> Plan:
    """A fresh plan with the counts of calls that the reviewed one of the same changes has, judged by policy."""
    if not reviewed.replayed:
        return plan
    counts = {change.key: change.traffic for change in reviewed.changes}
    changes = tuple(replace(change, traffic=counts.get(change.key)) for change in plan.changes)
    told = tuple(_as_replayed(plan.diagnostics, reviewed))
    plan = replace(plan, replayed=True, changes=changes, diagnostics=told)
    return replace(plan, breaches=judge_again(configuration, plan))


def read_file(path: Path) -> bytes:
    """A plan file's bytes, read no further than a plan can reach; raises PlanFileError."""
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST_BYTES + 1)
    except OSError as error:
        raise PlanFileError(f"it cannot be read: {(error.strerror or 'unknown reason').lower()}") from None
    if len(data) > LARGEST_BYTES:
        raise PlanFileError(f"it is larger than {LARGEST_BYTES >> 20} MiB, the limit for plans")
    return data


def _identity(change: Change) -> tuple[str, ...]:
    parts = (change.action.value, *map(dump, (change.before, change.after, dict(change.after_digests))))
    return (change.address, change.key.kind.value, *parts)


def check_expiry(plan: Plan, now: float) -> None:
    """Raise StalePlanError for a plan that is too old, or of which a clock that went back cannot tell."""
    if plan.expires_at is None:
        return
    if now >= epoch(plan.expires_at):
        raise stale(f"the plan expired on {plan.local(plan.expires_at)}")
    if now < epoch(plan.created_at) - _CLOCKS_DIFFER_BY:
        raise stale(
            f"the plan was made on {plan.local(plan.created_at)}, and this machine's clock says "
            f"{plan.local(rfc3339(now))}: set the clock"
        )
