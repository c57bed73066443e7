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
from reconciler.plan.subject import Decision, Ground, Subject, agrees_with_any, from_now_on
from reconciler.secrets import SecretError

_NOT_OWNED = "provider-not-owned"


def decide(subject: Subject, ground: Ground) -> Decision:
    """Decide about one key."""
    if subject.observation is not None and subject.observation.value is None:
        return _unread(subject, subject.observation)
    if subject.desired is None:
        return _vanished(subject, ground)
    if subject.refused:
        return Decision(unknown=True, diagnostics=(notes.refused(subject.desired, subject.refused),))
    return _declared(subject, subject.desired, ground)


def _declared(subject: Subject, desired: Desired, ground: Ground) -> Decision:
    try:
        want = form(desired.value, resolve=ground.secrets.resolve, holds=ground.secrets.holds)
    except SecretError as error:
        return Decision(unknown=True, diagnostics=(notes.variable_unset(desired, error),))
    if subject.observation is not None:
        return _against_live(subject, desired, want, subject.observation, ground)
    decided = _against_record if subject.readable else _unreadable
    return decided(subject, desired, want, ground)


# docs/decisions/107
def _unread(subject: Subject, seen: Observation) -> Decision:
    """Not known. That a number is no more among the account's is no proof that it is not ours: it is kept, and told."""
    if subject.desired is None and seen.problem is not None and seen.problem.code == _NOT_OWNED:
        return Decision(diagnostics=(notes.not_owned(subject),), left_alone=True)
    return Decision(unknown=True, diagnostics=(seen.problem,) if seen.problem else ())


# -- declared, and read ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Compared:
    """A live value against what is wanted.

    `before` is the live value with what a read cannot tell as the record has it, and what nobody knows as None.
    `unsure` fields have several values that they may hold, `unrecorded` ones are known to nobody: unless no more than
    the type is known, these do not differ.
    """

    before: Form
    fields: tuple[FieldChange, ...]
    unsure: frozenset[str] = frozenset()
    unrecorded: frozenset[str] = frozenset()


def _against_live(subject: Subject, desired: Desired, want: Form, seen: Observation, ground: Ground) -> Decision:
    live = subject.live(want, ground.secrets.holds)
    compared = _compared(subject, live, want, ground)
    told = (*notes.event_url_removed(desired, compared.fields), *_unverifiable(desired, want, compared))
    if compared.fields:
        change = _change(subject, want, compared, ground)
    elif _may_still_land(subject, live, want, ground) and not is_off(want.json):
        change = _written_again(subject, want, None, want.json.keys() - {"type"}, ground)
        told = (*told, notes.unsettled(subject))
    elif _may_still_land(subject, live, want, ground) and seen.read_at < subject.doubt_until:
        return Decision(unknown=True, diagnostics=(notes.not_settled_yet(subject, seen.read_at),))
    elif ground.reassert and seen.unreadable & want.json.keys():
        stranger = not _is_ours(subject, compared.before, ground)
        change = _written_again(subject, want, compared.before.json, seen.unreadable, ground, stranger=stranger)
    else:
        recording = _recording(subject, desired, want, compared, ground)
        return Decision(recording=recording, diagnostics=told, settled=True)
    return Decision(_as_read(change, subject, live, seen, ground), diagnostics=told, settled=True)


def _compared(subject: Subject, live: Form, want: Form, ground: Ground) -> Compared:
    before, unsure = _filled(subject, live, ground)
    alike = live.json["type"] == want.json["type"]
    unrecorded = frozenset(path for path in before.unknown if alike and path not in unsure)
    assumed = before if before.is_bodiless else before.filled_from(want).without(unsure)
    fields = field_changes(Form(from_now_on(assumed.json, want.json, ground.today), live.secrets), want)
    return Compared(before, fields, unsure if alike else frozenset(), unrecorded)


def _filled(subject: Subject, live: Form, ground: Ground) -> tuple[Form, frozenset[str]]:
    """A live value with what a read cannot tell from what is kept of it, and the fields that may have several values.

    Where an unsettled write shows in what can be read, all of it took effect.
    """
    if not live.unknown:
        return live, frozenset()
    sources = [each for each in _keepers(subject, live, ground) if each.json["type"] == live.json["type"]]
    unsure = frozenset(path for path in live.unknown if len({dump(each.json.get(path)) for each in sources}) > 1)
    filled = live
    for source in sources:
        filled = filled.filled_from(source)
    return filled.without(unsure), unsure


def _keepers(subject: Subject, live: Form, ground: Ground) -> tuple[Form, ...]:
    """What may be known of the fields that a read cannot tell."""
    before = (subject.recorded,) if subject.recorded is not None else subject.replaced[:1]
    after = subject.intended[-1:]
    if not after:
        return before
    seen = live.digested(ground.digester)
    shows_after, shows_before = (agrees_with_any(seen, each, ground.today) for each in (after, before))
    if shows_after != shows_before:
        return after if shows_after else before
    return (*before, *after) if shows_after or subject.recorded is not None else ()


def _unverifiable(desired: Desired, want: Form, compared: Compared) -> tuple[Diagnostic, ...]:
    if compared.before.is_bodiless and not compared.unsure:
        return (notes.body_unreadable(desired),)
    return tuple(notes.unverifiable(desired, want, compared.unrecorded, changes=bool(compared.fields)))


def _may_still_land(subject: Subject, live: Form, want: Form, ground: Ground) -> bool:
    """Whether an unsettled write of another value than the desired one does not show, and may show later."""
    last = subject.intended[-1:]
    shown = (each.digested(ground.digester) for each in (live, want))
    return bool(last) and not any(agrees_with_any(each, last, ground.today) for each in shown)


def _recording(subject: Subject, desired: Desired, want: Form, compared: Compared, ground: Ground) -> Entry | None:
    """The entry to keep of a number that is as desired; None where the record says so already."""
    entry = subject.entry
    data = {**want.json, **dict.fromkeys(compared.unrecorded)}
    digests = want.digests(ground.digester)
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


def _change(subject: Subject, want: Form, compared: Compared, ground: Ground) -> Change:
    action = _action(subject, want, compared, ground)
    ours = _is_ours(subject, compared.before, ground)
    base = _base(subject, want, action, ground, stranger=action is Action.DELETE and not ours)
    why = _cause(subject, compared.before, want, ground)
    return replace(base, before=compared.before.json, fields=compared.fields, cause=why)


# docs/decisions/055
def _action(subject: Subject, want: Form, compared: Compared, ground: Ground) -> Action:
    if is_off(compared.before.json):
        was_on = subject.recorded is not None and not is_off(subject.recorded.json)
        return Action.UPDATE if was_on else Action.CREATE
    if is_off(want.json):
        return Action.DELETE
    if {change.path for change in compared.fields} <= compared.unsure:
        return Action.ASSERT
    return Action.UPDATE if _is_ours(subject, compared.before, ground) else Action.ADOPT


def _is_ours(subject: Subject, before: Form, ground: Ground) -> bool:
    """Whether a live value may be counted as ours: recorded, or what an interrupted run wrote or was to replace."""
    return subject.entry is not None or agrees_with_any(before.digested(ground.digester), subject.kept, ground.today)


def _cause(subject: Subject, live: Form, want: Form, ground: Ground) -> Cause:
    """What has moved since we last wrote the number; where nothing is known to have, that was an unsettled edit."""
    if not subject.kept:
        return Cause.UNKNOWN
    by_hand = not agrees_with_any(live.digested(ground.digester), subject.kept, ground.today)
    wanted = (*subject.intended, *((subject.recorded,) if subject.recorded is not None else ()))
    in_files = not agrees_with_any(want.digested(ground.digester), wanted, ground.today)
    if by_hand:
        return Cause.BOTH if in_files else Cause.LIVE
    return Cause.FILES if in_files or subject.intents else Cause.UNKNOWN


def _written_again(
    subject: Subject, want: Form, before: Json | None, paths: Collection[str], ground: Ground, *, stranger: bool = False
) -> Change:
    """Write what is desired although nothing shows otherwise: these fields cannot be read, or may yet change."""
    fields = tuple(FieldChange(path, None, want.json[path]) for path in want.json if path in paths)
    return replace(_base(subject, want, Action.ASSERT, ground, stranger=stranger), before=before, fields=fields)


def _base(subject: Subject, want: Form, action: Action, ground: Ground, *, stranger: bool = False) -> Change:
    """A change to what the files declare, with all but where it starts from."""
    desired = subject.desired
    if desired is None:
        raise ValueError("what no file declares is not written as desired")
    return Change(
        key=subject.key,
        account=desired.account,
        action=action,
        before=None,
        after=want.json,
        protected=_is_protected(subject),
        live_source=LiveSource.UNKNOWN,
        declared_at=str(desired.declared_at),
        description=desired.description,
        needs=_needs(subject, action, off=is_off(want.json), stranger=stranger or action is Action.ADOPT),
        keeps_protection=desired.protected,
        after_digests=want.digests(ground.digester),
        write=desired.value,
    )


def _needs(subject: Subject, action: Action, *, off: bool, stranger: bool = False) -> tuple[str, ...]:
    """The allowances of a change: to switch off, whatever is known of what is there; for a stranger's; if protected."""
    given = {
        "allow-adopt": stranger,
        "allow-delete": off and action is not Action.FORGET,
        "allow-protected": _is_protected(subject),
    }
    return tuple(name for name, needed in given.items() if needed)


def _is_protected(subject: Subject) -> bool:
    """The stricter of file and record."""
    return any(each is not None and each.protected for each in (subject.desired, subject.entry))


def _as_read(change: Change, subject: Subject, live: Form, seen: Observation, ground: Ground) -> Change:
    """A change with the live value that it was made from."""
    return replace(
        change,
        live_digest=live.digest(ground.digester),
        live_source=LiveSource.READ,
        read_at=rfc3339(seen.read_at),
        before_digests=_before_digests(subject, live, ground),
    )


def _before_digests(subject: Subject, live: Form, ground: Ground) -> dict[str, str]:
    """Digests of what was there: of the live value, and of what a read cannot tell and the record does."""
    kept = subject.recorded.secrets if subject.recorded is not None else {}
    return {path: kept[path] for path in live.unknown if path in kept} | live.digests(ground.digester)


# -- declared, and not read --------------------------------------------------------------------------------------------


def _against_record(subject: Subject, desired: Desired, want: Form, ground: Ground) -> Decision:
    """Nothing was read: the record says what is there."""
    recorded, entry = subject.recorded, subject.entry
    if recorded is None or entry is None:
        fields = field_changes(form(OFF[subject.key.kind].value), want.digested(ground.digester))
        base = _base(subject, want, Action.CREATE, ground)
        return Decision(replace(base, fields=fields) if not is_off(want.json) else None)
    wanted = want.digested(ground.digester)
    told = tuple(notes.not_comparable(desired, want, recorded))
    assumed = recorded if recorded.is_bodiless else recorded.filled_from(want)
    fields = field_changes(Form(from_now_on(assumed.json, want.json, ground.today), recorded.secrets), wanted)
    if not fields:
        return Decision(recording=_moved_in(entry, desired), as_recorded=True, diagnostics=told)
    change = _change(subject, want, Compared(recorded, fields), ground)
    change = replace(change, live_source=LiveSource.RECORDED, before_digests=dict(entry.digests), cause=Cause.FILES)
    return Decision(change, diagnostics=told)


def _unreadable(subject: Subject, desired: Desired, want: Form, ground: Ground) -> Decision:
    """What cannot be read is asserted without a record, or with an unsettled intent."""
    everything = want.json.keys() - {"type"}
    recorded, entry = subject.recorded, subject.entry
    if recorded is None or entry is None or subject.intents or recorded.unknown:
        return Decision(_written_again(subject, want, None, everything, ground))
    fields = field_changes(recorded, want.digested(ground.digester))
    if not fields and not ground.reassert:
        return Decision(recording=_moved_in(entry, desired), as_recorded=True)
    if not fields:
        change = _written_again(subject, want, recorded.json, everything, ground)
    else:
        action = Action.DELETE if is_off(want.json) else Action.UPDATE
        change = replace(_base(subject, want, action, ground), before=recorded.json, fields=fields, cause=Cause.FILES)
    return Decision(replace(change, live_source=LiveSource.RECORDED))


# -- in no file any more -----------------------------------------------------------------------------------------------


def _vanished(subject: Subject, ground: Ground) -> Decision:
    """Recorded as ours and declared nowhere: a delete while it is still what we wrote, else only forgotten."""
    recorded = subject.recorded
    if recorded is not None and is_off(recorded.json) and not subject.intents:
        return Decision(forgotten(subject))
    if subject.observation is None:
        return Decision(_released(subject, recorded))
    return _vanished_seen(subject, subject.observation, ground)


def _vanished_seen(subject: Subject, seen: Observation, ground: Ground) -> Decision:
    """What is live decides, and that it is still what we wrote; but for an unsettled write that may not show yet."""
    live = subject.live(None, ground.secrets.holds)
    shown = live.digested(ground.digester)
    if not is_off(live.json) and agrees_with_any(shown, subject.kept, ground.today):
        change = _released(subject, _filled(subject, live, ground)[0])
        return Decision(_as_read(change, subject, live, seen, ground), settled=True)
    last = subject.unproven
    missing = bool(last) and not agrees_with_any(shown, last, ground.today)
    if missing and seen.read_at < subject.doubt_until:
        return Decision(unknown=True, diagnostics=(notes.not_settled_yet(subject, seen.read_at),))
    told = [notes.changed_by_hand(subject)] if not is_off(live.json) else []
    told += [notes.never_showed(subject)] if missing and subject.intents and not told else []
    cause = Cause.FILES if agrees_with_any(shown, subject.kept, ground.today) else Cause.BOTH
    dropped = forgotten(subject, shown, cause) if subject.entry else None
    return Decision(dropped, diagnostics=tuple(told), settled=True)


def _released(subject: Subject, before: Form | None) -> Change:
    """Switch off what no file declares any more."""
    off = OFF[subject.key.kind].value
    known = bool(before and subject.entry)
    return Change(
        key=subject.key,
        account=subject.account,
        action=Action.DELETE,
        before=before.json if before else None,
        after=form(off).json,
        fields=field_changes(before, form(off)) if before else (),
        protected=_is_protected(subject),
        live_source=LiveSource.RECORDED if known else LiveSource.UNKNOWN,
        needs=_needs(subject, Action.DELETE, off=True),
        cause=Cause.FILES if known else Cause.UNKNOWN,
        before_digests=dict(subject.entry.digests) if subject.entry else {},
        write=off,
    )


def forgotten(subject: Subject, live: Form | None = None, cause: Cause = Cause.FILES) -> Change:
    """Drop the record of a number without touching the vendor; `live` is what was seen of it, with digests."""
    before = live or subject.recorded
    return Change(
        key=subject.key,
        account=subject.account,
        action=Action.FORGET,
        before=before.json if before else None,
        after=None,
        protected=_is_protected(subject),
        live_source=LiveSource.RECORDED if live is None else LiveSource.READ,
        needs=_needs(subject, Action.FORGET, off=True),
        cause=cause,
        before_digests=dict(before.secrets) if before else {},
    )
