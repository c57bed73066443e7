"""Configuration, record and live values to one plan: gathers what is known, decides, orders, holds against policy.

Pure but for the reader that is handed in; knows no vendor, no backend and no output.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from fnmatch import fnmatchcase

from reconciler.change import Action, Change, LiveSource
from reconciler.config.settings import Account, Configuration
from reconciler.diagnostics import Diagnostic, Severity
from reconciler.effects.change import effects
from reconciler.live import Live, Wanted
from reconciler.model import Desired, Entry, Key, Kind
from reconciler.plan.decide import decide
from reconciler.plan.model import Calls, Consent, Plan
from reconciler.plan.order import ordered
from reconciler.plan.policy import breaches
from reconciler.plan.reach import routes
from reconciler.plan.subject import Decision, Ground, Subject
from reconciler.plan.vanished import forgotten
from reconciler.record.base import Intent, RecordState

ReadLive = Callable[[Mapping[str, Sequence[Wanted]]], Live]


class Refresh(StrEnum):
    """Which numbers a plan reads: all, those that differ from the record, or none."""

    ALL = "all"
    CHANGED = "changed"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Selection:
    """Which numbers a plan is about; a narrowed plan never deletes by absence."""

    targets: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    keys: frozenset[Key] | None = None

    @property
    def by_words(self) -> bool:
        return bool(self.targets or self.tags or self.accounts)

    @property
    def words(self) -> str:
        """The options that make this selection, as they are typed."""
        given = (("--target", self.targets), ("--tag", self.tags), ("--account", self.accounts))
        return " ".join(f"{option} {shlex.quote(word)}" for option, words in given for word in words)

    @property
    def narrowed(self) -> bool:
        return self.by_words or self.keys is not None

    def takes(self, desired: Desired) -> bool:
        """Whether a number is meant: by glob over number or address, by tag, and by account."""
        return self._means(desired.key, desired.account) and (not self.tags or bool(set(self.tags) & set(desired.tags)))

    def means(self, entry: Entry) -> bool:
        """The same of what is recorded and has no tags."""
        return self._means(entry.key, entry.account) and not self.tags

    def _means(self, key: Key, account: str) -> bool:
        names = (key.number, f"{account}/{key.number}")
        return (
            (not self.targets or any(fnmatchcase(name, glob) for glob in self.targets for name in names))
            and (not self.accounts or account in self.accounts)
            and (self.keys is None or key in self.keys)
        )


@dataclass(frozen=True, slots=True)
class Options:
    """How to plan. `warnings` come from loading and are carried along; times are RFC 3339 in UTC."""

    created_at: str
    refresh: Refresh = Refresh.ALL
    selection: Selection = Selection()
    consent: Consent = Consent()
    expires_at: str | None = None
    commit: str | None = None
    warnings: tuple[Diagnostic, ...] = ()


@dataclass(slots=True)
class _Gathered:
    subjects: list[Subject] = field(default_factory=list)
    forgets: list[Change] = field(default_factory=list)
    forgotten: set[Key] = field(default_factory=set)
    diagnostics: list[Diagnostic] = field(default_factory=list)


def build(configuration: Configuration, state: RecordState, ground: Ground, options: Options, read: ReadLive) -> Plan:
    """Make the plan. `read` reads live values of what is asked for, per account."""
    gathered = _gather(configuration, state, options.selection)
    live = read(_wanted(gathered.subjects, ground, options.refresh))
    subjects = [replace(subject, observation=live.observations.get(subject.key)) for subject in gathered.subjects]
    decisions = [decide(subject, ground) for subject in subjects]
    changes = ordered([*(_told(item.change) for item in decisions if item.change is not None), *gathered.forgets])
    diagnostics = [*options.warnings, *gathered.diagnostics, *live.diagnostics]
    diagnostics += [note for item in decisions for note in item.diagnostics]
    return replace(
        _counted(subjects, decisions, live),
        configuration=configuration.name or "",
        config_digest=configuration.digest,
        lineage=state.lineage if state.serial else "",
        created_at=options.created_at,
        expires_at=options.expires_at,
        commit=options.commit,
        holidays_version=configuration.holidays_version,
        scenario=configuration.scenario,
        consent=options.consent,
        complete=not any(item.unknown for item in decisions) and not any(item.is_error for item in diagnostics),
        changes=changes,
        declared=len(configuration.numbers),
        narrowed=options.selection.narrowed or not configuration.whole,
        breaches=breaches(
            changes,
            policy=configuration.policy,
            declared=len(configuration.numbers),
            consent=options.consent,
            places=configuration.numbers,
            routes=routes(configuration),
            unwritable=_unwritable(subjects),
        ),
        diagnostics=tuple(dict.fromkeys(diagnostics)),
        observed=frozenset(gathered.forgotten).union(
            subject.key for subject, item in zip(subjects, decisions, strict=True) if item.settled
        ),
        unmanaged={
            account: tuple(number for number in numbers if number not in configuration.numbers)
            for account, numbers in live.unmanaged.items()
        },
    )


def _told(change: Change) -> Change:
    """Say what callers notice of a change."""
    hidden = any(item.sensitive and item.path == "url" for item in change.fields)
    return replace(change, effects=effects(change.before, change.after, hidden_url_differs=hidden))


def _counted(subjects: Sequence[Subject], decisions: Sequence[Decision], live: Live) -> Plan:
    quiet = [item for item in decisions if item.change is None]
    return Plan(
        configuration="",
        config_digest="",
        lineage="",
        created_at="",
        unchanged=sum(not item.unknown for item in quiet),
        unknown=sum(item.unknown for item in quiet),
        as_recorded=sum(item.as_recorded for item in quiet),
        parked_as_recorded=sum(
            item.as_recorded and subject.key.kind is Kind.PARKING
            for subject, item in zip(subjects, decisions, strict=True)
        ),
        accounts=len({subject.account for subject in subjects}),
        calls=Calls(live.calls_made, max(0, len(subjects) - live.calls_made)),
        recordings=tuple(item.recording for item in quiet if item.recording is not None),
    )


def _unwritable(subjects: Iterable[Subject]) -> dict[str, Mapping[str, object]]:
    return {
        f"{subject.account}/{subject.key.number}": subject.observation.unwritable
        for subject in subjects
        if subject.observation is not None and subject.observation.unwritable
    }


def _gather(configuration: Configuration, state: RecordState, selection: Selection) -> _Gathered:
    """Everything known of each key before anything is read."""
    found = _Gathered()
    intents = open_intents(state)
    for desired in configuration.desired:
        if selection.takes(desired):
            subject = Subject(desired.key, desired.account, desired, None, state.entries.get(desired.key))
            found.subjects.append(replace(subject, intent=intents.get(desired.key)))
    declared = {desired.key for desired in configuration.desired}
    for key in dict.fromkeys([*state.entries, *intents]):
        if key not in declared:
            _gather_undeclared(configuration, state.entries.get(key), intents.get(key), found, selection)
    if selection.by_words and not (found.subjects or found.diagnostics):
        message = f"no managed number of the files fits {selection.words}, so this plan is about nothing"
        found.diagnostics.append(Diagnostic("selection-empty", Severity.WARNING, message, hint="reconciler list"))
    return found


def _gather_undeclared(
    configuration: Configuration, entry: Entry | None, intent: Intent | None, found: _Gathered, selection: Selection
) -> None:
    """What the record, or the intent of an interrupted run, knows and no file declares."""
    known = entry or intent
    if known is None:
        return
    if known.key.number in configuration.numbers:
        asked = configuration.wanted is None or known.key.number in configuration.wanted
        if entry is not None and asked and selection.means(entry):
            found.diagnostics.append(_block_missing(configuration, entry))
    elif selection.narrowed:
        return
    elif known.key.number in configuration.forget:
        found.forgotten.add(known.key)
        found.forgets += [forgotten(Subject(known.key, known.account, entry=entry), entry)] if entry else []
    elif configuration.whole:
        _gather_vanished(configuration, known, Subject(known.key, known.account, entry=entry, intent=intent), found)


def open_intents(state: RecordState) -> dict[Key, Intent]:
    """The unsettled intents of interrupted runs, the newest a key."""
    return {intent.key: intent for window in state.windows for intent in window.intents}


def _gather_vanished(configuration: Configuration, known: Entry | Intent, subject: Subject, found: _Gathered) -> None:
    account = account_of(configuration.accounts, known.account, known.key.provider)
    if account is None:
        message = (
            f"{known.account}/{known.key.number} is recorded as ours and stands in no file any more, "
            f"and no account says where it lives now (it was {known.account}); it is left alone"
        )
        hint = f'list it under `forget: ["{known.key.number}"]`, or put the account back'
        found.diagnostics.append(Diagnostic("record-account-gone", Severity.WARNING, message, hint=hint))
    else:
        found.subjects.append(replace(subject, account=account))


def account_of(accounts: Mapping[str, Account], recorded: str, provider: str) -> str | None:
    """The account that a recorded number lives in now: its own, or the only one of its provider."""
    account = accounts.get(recorded)
    if account is not None and account.provider == provider:
        return recorded
    same = [name for name, account in accounts.items() if account.provider == provider]
    return same[0] if len(same) == 1 else None


def _block_missing(configuration: Configuration, entry: Entry) -> Diagnostic:
    kind, number = entry.key.kind, entry.key.number
    off = "forwarding: none" if kind is Kind.FORWARDING else "parking: false"
    hint = f"write `{off}` to switch it off, or list the number under `forget` and remove its entry"
    elsewhere = [each for each in configuration.desired if each.key.number == number]
    if elsewhere:  # an entry has one account, and this one's does not do what is recorded
        hint = (
            f"to switch it off, apply `account: {entry.account}` with `{off}` first; "
            f"to leave it as it is: reconciler record forget {number}"
        )
    return Diagnostic(
        "block-missing",
        Severity.ERROR,
        f"{entry.account}/{number} has a recorded {kind.value}, and its entry has no such block any more",
        configuration.numbers[number],
        hint=hint,
    )


def _wanted(subjects: Iterable[Subject], ground: Ground, refresh: Refresh) -> dict[str, list[Wanted]]:
    wanted: dict[str, list[Wanted]] = {}
    for subject in _to_read(subjects, ground, refresh):
        place = subject.desired.declared_at if subject.desired else None
        recorded = subject.key.kind is Kind.PARKING and _is_recorded(decide(subject, ground))
        wanted.setdefault(subject.account, []).append(Wanted(subject.key, place, recorded))
    return wanted


def _to_read(subjects: Iterable[Subject], ground: Ground, refresh: Refresh) -> Iterator[Subject]:
    """What cannot be read at all is asked for only to prove that the account owns it, before a write."""
    for subject in subjects:
        readable = subject.key.kind is not Kind.PARKING
        always = refresh is Refresh.ALL or subject.intent is not None or ground.reassert
        if (readable and always) or (refresh is not Refresh.NONE and _is_open(decide(subject, ground))):
            yield subject


def _is_recorded(decision: Decision) -> bool:
    """Whether the record says what a change starts from."""
    return decision.change is not None and decision.change.live_source is LiveSource.RECORDED


def _is_open(decision: Decision) -> bool:
    """Whether a number is to be looked at before its change goes on; forgetting asks nobody."""
    if decision.change is not None:
        return decision.change.action is not Action.FORGET
    return not decision.as_recorded
