"""One number at a time: what is desired, seen and recorded of it decides the change, or that there is none.

Pure: nothing is read or written here, and no vendor is known; what a vendor cannot tell arrives as data. Reads from top
to bottom: a number that the files declare, against its live value or against the record; then one that they do not.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from reconciler.canonical import Form, Json, dump, form, is_off
from reconciler.clock import rfc3339
from reconciler.diagnostics import Diagnostic
from reconciler.diff import field_changes
from reconciler.model import OFF, Action, Cause, Change, Desired, Entry, FieldChange, LiveSource, Observation
from reconciler.plan import notes
from reconciler.plan.candidate import Candidate, Decision, PlanContext, agrees_with_any, from_now_on
from reconciler.secrets import SecretError

_NOT_OWNED = "provider-not-owned"


def decide(candidate: Candidate, context: PlanContext) -> Decision:
    """Decide about one key."""
    if candidate.observation is not None and candidate.observation.value is None:
        return _unread(candidate, candidate.observation)
    if candidate.desired is None:
        return _vanished(candidate, context)
    if candidate.refused:
        return Decision(unknown=True, diagnostics=(notes.refused(candidate.desired, candidate.refused),))
    return _declared(candidate, candidate.desired, context)


def _declared(candidate: Candidate, desired: Desired, context: PlanContext) -> Decision:
    try:
        want = form(desired.value, resolve=context.secrets.resolve, holds=context.secrets.holds)
    except SecretError as error:
        return Decision(unknown=True, diagnostics=(notes.variable_unset(desired, error),))
    if candidate.observation is not None:
        return _against_live(candidate, desired, want, candidate.observation, context)
    decided = _against_record if candidate.readable else _unreadable
    return decided(candidate, desired, want, context)


# docs/decisions/107
def _unread(candidate: Candidate, seen: Observation) -> Decision:
    """Not known. A number that is no longer among the account's may still be ours: it is kept, and reported."""
    if candidate.desired is None and seen.problem is not None and seen.problem.code == _NOT_OWNED:
        return Decision(diagnostics=(notes.not_owned(candidate),), left_alone=True)
    return Decision(unknown=True, diagnostics=(seen.problem,) if seen.problem else ())


# -- declared, and read ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Comparison:
    """A live value against what is wanted.

    `before` is the live value with what a read cannot tell as the record has it, and what nobody knows as None.
    `unsure` fields have several values that they may hold, `unrecorded` ones are known to nobody: unless no more than
    the type is known, these do not differ.
    """

    before: Form
    fields: tuple[FieldChange, ...]
    unsure: frozenset[str] = frozenset()
    unrecorded: frozenset[str] = frozenset()


def _against_live(
    candidate: Candidate, desired: Desired, want: Form, seen: Observation, context: PlanContext
) -> Decision:
    live = candidate.live(want, context.secrets.holds)
    compared = _compared(candidate, live, want, context)
    told = (*notes.event_url_removed(desired, compared.fields), *_unverifiable(desired, want, compared))
    if compared.fields:
        change = _change(candidate, want, compared, context)
    elif _may_still_land(candidate, live, want, context) and not is_off(want.json):
        change = _written_again(candidate, want, None, want.json.keys() - {"type"}, context)
        told = (*told, notes.unsettled(candidate))
    elif _may_still_land(candidate, live, want, context) and seen.read_at < candidate.doubt_until:
        return Decision(unknown=True, diagnostics=(notes.not_settled_yet(candidate, seen.read_at),))
    elif context.reassert and seen.unreadable & want.json.keys():
        stranger = not _is_ours(candidate, compared.before, context)
        change = _written_again(candidate, want, compared.before.json, seen.unreadable, context, stranger=stranger)
    else:
        recording = _recording(candidate, desired, want, compared, context)
        return Decision(recording=recording, diagnostics=told, settled=True)
    return Decision(_as_read(change, candidate, live, seen, context), diagnostics=told, settled=True)


def _compared(candidate: Candidate, live: Form, want: Form, context: PlanContext) -> Comparison:
    before, unsure = _filled(candidate, live, context)
    alike = live.json["type"] == want.json["type"]
    unrecorded = frozenset(path for path in before.unknown if alike and path not in unsure)
    assumed = before if before.is_bodiless else before.filled_from(want).without(unsure)
    fields = field_changes(Form(from_now_on(assumed.json, want.json, context.today), live.secrets), want)
    return Comparison(before, fields, unsure if alike else frozenset(), unrecorded)


def _filled(candidate: Candidate, live: Form, context: PlanContext) -> tuple[Form, frozenset[str]]:
    """A live value with what a read cannot tell from what is kept of it, and the fields that may have several values.

    Where an unsettled write shows in what can be read, all of it took effect.
    """
    if not live.unknown:
        return live, frozenset()
    sources = [each for each in _keepers(candidate, live, context) if each.json["type"] == live.json["type"]]
    unsure = frozenset(path for path in live.unknown if len({dump(each.json.get(path)) for each in sources}) > 1)
    filled = live
    for source in sources:
        filled = filled.filled_from(source)
    return filled.without(unsure), unsure


def _keepers(candidate: Candidate, live: Form, context: PlanContext) -> tuple[Form, ...]:
    """What may be known of the fields that a read cannot tell."""
    before = (candidate.recorded,) if candidate.recorded is not None else candidate.replaced[:1]
    after = candidate.intended[-1:]
    if not after:
        return before
    seen = live.with_digests(context.digester)
    shows_after, shows_before = (agrees_with_any(seen, each, context.today) for each in (after, before))
    if shows_after != shows_before:
        return after if shows_after else before
    return (*before, *after) if shows_after or candidate.recorded is not None else ()


def _unverifiable(desired: Desired, want: Form, compared: Comparison) -> tuple[Diagnostic, ...]:
    if compared.before.is_bodiless and not compared.unsure:
        return (notes.body_unreadable(desired),)
    return tuple(notes.unverifiable(desired, want, compared.unrecorded, changes=bool(compared.fields)))


def _may_still_land(candidate: Candidate, live: Form, want: Form, context: PlanContext) -> bool:
    """Whether an unsettled write of another value than the desired one does not show, and may show later."""
    last = candidate.intended[-1:]
    shown = (each.with_digests(context.digester) for each in (live, want))
    return bool(last) and not any(agrees_with_any(each, last, context.today) for each in shown)


def _recording(
    candidate: Candidate, desired: Desired, want: Form, compared: Comparison, context: PlanContext
) -> Entry | None:
    """The entry to keep of a number that is as desired; None where the record says so already."""
    entry = candidate.entry
    data = {**want.json, **dict.fromkeys(compared.unrecorded)}
    digests = want.digests(context.digester)
    fresh = Entry(desired.key, desired.account, dump(data), digests, protected=desired.protected)
    if entry is None:
        return fresh
    if (entry.value, dict(entry.digests), entry.canonical_version) != (fresh.value, digests, fresh.canonical_version):
        return replace(fresh, protected=desired.protected or entry.protected)
    return _moved_in(entry, desired)


def _moved_in(entry: Entry, desired: Desired) -> Entry | None:
    """The entry of a number that is as recorded, where its account or its protection is another one by the files."""
    if entry.account == desired.account and entry.protected >= desired.protected:
        return None
    return replace(entry, account=desired.account, protected=desired.protected or entry.protected)


def _change(candidate: Candidate, want: Form, compared: Comparison, context: PlanContext) -> Change:
    action = _action(candidate, want, compared, context)
    ours = _is_ours(candidate, compared.before, context)
    base = _base(candidate, want, action, context, stranger=action is Action.DELETE and not ours)
    why = _cause(candidate, compared.before, want, context)
    return replace(base, before=compared.before.json, fields=compared.fields, cause=why)


# docs/decisions/055
def _action(candidate: Candidate, want: Form, compared: Comparison, context: PlanContext) -> Action:
    if is_off(compared.before.json):
        was_on = candidate.recorded is not None and not is_off(candidate.recorded.json)
        return Action.UPDATE if was_on else Action.CREATE
    if is_off(want.json):
        return Action.DELETE
    if {change.path for change in compared.fields} <= compared.unsure:
        return Action.ASSERT
    return Action.UPDATE if _is_ours(candidate, compared.before, context) else Action.ADOPT


def _is_ours(candidate: Candidate, before: Form, context: PlanContext) -> bool:
    """Whether a live value may be counted as ours: recorded, or what an interrupted run wrote or was to replace."""
    return candidate.entry is not None or agrees_with_any(
        before.with_digests(context.digester), candidate.kept, context.today
    )


def _cause(candidate: Candidate, live: Form, want: Form, context: PlanContext) -> Cause:
    """What has moved since we last wrote the number; where nothing is known to have, that was an unsettled edit."""
    if not candidate.kept:
        return Cause.UNKNOWN
    by_hand = not agrees_with_any(live.with_digests(context.digester), candidate.kept, context.today)
    wanted = (*candidate.intended, *((candidate.recorded,) if candidate.recorded is not None else ()))
    in_files = not agrees_with_any(want.with_digests(context.digester), wanted, context.today)
    if by_hand:
        return Cause.BOTH if in_files else Cause.LIVE
    return Cause.FILES if in_files or candidate.intents else Cause.UNKNOWN


def _written_again(
    candidate: Candidate,
    want: Form,
    before: Json | None,
    paths: Collection[str],
    context: PlanContext,
    *,
    stranger: bool = False,
) -> Change:
    """Write what is desired although nothing shows otherwise: these fields cannot be read, or may yet change."""
    fields = tuple(FieldChange(path, None, want.json[path]) for path in want.json if path in paths)
    return replace(_base(candidate, want, Action.ASSERT, context, stranger=stranger), before=before, fields=fields)


def _base(candidate: Candidate, want: Form, action: Action, context: PlanContext, *, stranger: bool = False) -> Change:
    """A change to what the files declare, with all but where it starts from."""
    desired = candidate.desired
    if desired is None:
        raise ValueError("what no file declares is not written as desired")
    return Change(
        key=candidate.key,
        account=desired.account,
        action=action,
        before=None,
        after=want.json,
        protected=_is_protected(candidate),
        live_source=LiveSource.UNKNOWN,
        declared_at=str(desired.declared_at),
        description=desired.description,
        needs=_needs(candidate, action, off=is_off(want.json), stranger=stranger or action is Action.ADOPT),
        keeps_protection=desired.protected,
        after_digests=want.digests(context.digester),
        write=desired.value,
    )


def _needs(candidate: Candidate, action: Action, *, off: bool, stranger: bool = False) -> tuple[str, ...]:
    """The allowances of a change: to switch off, whatever is known of what is there; for a stranger's; if protected."""
    given = {
        "allow-adopt": stranger,
        "allow-delete": off and action is not Action.FORGET,
        "allow-protected": _is_protected(candidate),
    }
    return tuple(name for name, needed in given.items() if needed)


def _is_protected(candidate: Candidate) -> bool:
    """The stricter of file and record."""
    return any(each is not None and each.protected for each in (candidate.desired, candidate.entry))


def _as_read(change: Change, candidate: Candidate, live: Form, seen: Observation, context: PlanContext) -> Change:
    """A change with the live value that it was made from."""
    return replace(
        change,
        live_digest=live.digest(context.digester),
        live_source=LiveSource.READ,
        read_at=rfc3339(seen.read_at),
        before_digests=_before_digests(candidate, live, context),
    )


def _before_digests(candidate: Candidate, live: Form, context: PlanContext) -> dict[str, str]:
    """Digests of what was there: of the live value, and of what a read cannot tell and the record does."""
    kept = candidate.recorded.secrets if candidate.recorded is not None else {}
    return {path: kept[path] for path in live.unknown if path in kept} | live.digests(context.digester)


# -- declared, and not read --------------------------------------------------------------------------------------------


def _against_record(candidate: Candidate, desired: Desired, want: Form, context: PlanContext) -> Decision:
    """Nothing was read: the record says what is there."""
    recorded, entry = candidate.recorded, candidate.entry
    if recorded is None or entry is None:
        fields = field_changes(form(OFF[candidate.key.kind].value), want.with_digests(context.digester))
        base = _base(candidate, want, Action.CREATE, context)
        return Decision(replace(base, fields=fields) if not is_off(want.json) else None)
    wanted = want.with_digests(context.digester)
    told = tuple(notes.not_comparable(desired, want, recorded))
    assumed = recorded if recorded.is_bodiless else recorded.filled_from(want)
    fields = field_changes(Form(from_now_on(assumed.json, want.json, context.today), recorded.secrets), wanted)
    if not fields:
        return Decision(recording=_moved_in(entry, desired), as_recorded=True, diagnostics=told)
    change = _change(candidate, want, Comparison(recorded, fields), context)
    change = replace(change, live_source=LiveSource.RECORDED, before_digests=dict(entry.digests), cause=Cause.FILES)
    return Decision(change, diagnostics=told)


def _unreadable(candidate: Candidate, desired: Desired, want: Form, context: PlanContext) -> Decision:
    """What cannot be read is asserted without a record, or with an unsettled intent."""
    everything = want.json.keys() - {"type"}
    recorded, entry = candidate.recorded, candidate.entry
    if recorded is None or entry is None or candidate.intents or recorded.unknown:
        return Decision(_written_again(candidate, want, None, everything, context))
    fields = field_changes(recorded, want.with_digests(context.digester))
    if not fields and not context.reassert:
        return Decision(recording=_moved_in(entry, desired), as_recorded=True)
    if not fields:
        change = _written_again(candidate, want, recorded.json, everything, context)
    else:
        action = Action.DELETE if is_off(want.json) else Action.UPDATE
        change = replace(
            _base(candidate, want, action, context), before=recorded.json, fields=fields, cause=Cause.FILES
        )
    return Decision(replace(change, live_source=LiveSource.RECORDED))


# -- in no file any more -----------------------------------------------------------------------------------------------


def _vanished(candidate: Candidate, context: PlanContext) -> Decision:
    """Recorded as ours and declared nowhere: a delete while it is still what we wrote, else only forgotten."""
    recorded = candidate.recorded
    if recorded is not None and is_off(recorded.json) and not candidate.intents:
        return Decision(forget(candidate))
    if candidate.observation is None:
        return Decision(_released(candidate, recorded))
    return _vanished_seen(candidate, candidate.observation, context)


def _vanished_seen(candidate: Candidate, seen: Observation, context: PlanContext) -> Decision:
    """What is live decides, and that it is still what we wrote; but for an unsettled write that may not show yet."""
    live = candidate.live(None, context.secrets.holds)
    shown = live.with_digests(context.digester)
    if not is_off(live.json) and agrees_with_any(shown, candidate.kept, context.today):
        change = _released(candidate, _filled(candidate, live, context)[0])
        return Decision(_as_read(change, candidate, live, seen, context), settled=True)
    last = candidate.unproven
    missing = bool(last) and not agrees_with_any(shown, last, context.today)
    if missing and seen.read_at < candidate.doubt_until:
        return Decision(unknown=True, diagnostics=(notes.not_settled_yet(candidate, seen.read_at),))
    told = [notes.changed_by_hand(candidate)] if not is_off(live.json) else []
    told += [notes.never_showed(candidate)] if missing and candidate.intents and not told else []
    cause = Cause.FILES if agrees_with_any(shown, candidate.kept, context.today) else Cause.BOTH
    dropped = forget(candidate, shown, cause) if candidate.entry else None
    return Decision(dropped, diagnostics=tuple(told), settled=True)


def _released(candidate: Candidate, before: Form | None) -> Change:
    """Switch off what no file declares any more."""
    off = OFF[candidate.key.kind].value
    known = bool(before and candidate.entry)
    return Change(
        key=candidate.key,
        account=candidate.account,
        action=Action.DELETE,
        before=before.json if before else None,
        after=form(off).json,
        fields=field_changes(before, form(off)) if before else (),
        protected=_is_protected(candidate),
        live_source=LiveSource.RECORDED if known else LiveSource.UNKNOWN,
        needs=_needs(candidate, Action.DELETE, off=True),
        cause=Cause.FILES if known else Cause.UNKNOWN,
        before_digests=dict(candidate.entry.digests) if candidate.entry else {},
        write=off,
    )


def forget(candidate: Candidate, live: Form | None = None, cause: Cause = Cause.FILES) -> Change:
    """Drop the record of a number without touching the vendor; `live` is what was seen of it, with digests."""
    before = live or candidate.recorded
    return Change(
        key=candidate.key,
        account=candidate.account,
        action=Action.FORGET,
        before=before.json if before else None,
        after=None,
        protected=_is_protected(candidate),
        live_source=LiveSource.RECORDED if live is None else LiveSource.READ,
        needs=_needs(candidate, Action.FORGET, off=True),
        cause=cause,
        before_digests=dict(before.secrets) if before else {},
    )
