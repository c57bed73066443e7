"""Configuration, record and live values to one plan: gathers what is known, decides, orders, holds against policy.

Pure but for the reader that is handed in; knows no vendor, no backend and no output.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from fnmatch import fnmatchcase

from reconciler.canonical import form, is_empty
from reconciler.clock import epoch
from reconciler.destinations import numbers_behind, routes
from reconciler.diagnostics import Diagnostic
from reconciler.effects.change import effects
from reconciler.effects.traffic import PastCalls
from reconciler.live import Live, Progress, ReadRequest
from reconciler.model import OFF, Action, Change, Desired, Entry, Key, LiveSource, Outcome
from reconciler.plan import notes
from reconciler.plan.candidate import Candidate, Decision, PlanContext, agrees_with_any, form_after, open_intents
from reconciler.plan.decide import decide, forget
from reconciler.plan.model import Calls, Consent, Plan, PlanKnowledge, Settlement
from reconciler.plan.order import order_changes
from reconciler.plan.policy import breaches, managed
from reconciler.record.base import Intent, RecordState
from reconciler.rules import RULES
from reconciler.secrets import key_of
from reconciler.settings import Account, Configuration

ReadLive = Callable[[Mapping[str, Sequence[ReadRequest]]], Live]


class Refresh(StrEnum):
    """Which numbers a plan reads: all, those that differ from the record, or none."""

    ALL = "all"
    CHANGED = "changed"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Selection:
    """Which numbers a plan is about; a narrowed plan never deletes by absence.

    `exact`: the keys are those of a plan that was made of everything, so that it may; of them `asserted` are to be
    written again.
    """

    targets: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    keys: frozenset[Key] | None = None
    exact: bool = False
    asserted: frozenset[Key] = frozenset()

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

    def takes_undeclared(self, key: Key) -> bool:
        """Whether what no file declares any more is meant."""
        return self.keys is not None and key in self.keys if self.exact else not self.narrowed

    def _means(self, key: Key, account: str) -> bool:
        names = (key.number, f"{account}/{key.number}")
        return (
            (not self.targets or any(fnmatchcase(name, glob) for glob in self.targets for name in names))
            and (not self.accounts or account in self.accounts)
            and (self.keys is None or key in self.keys)
        )


@dataclass(frozen=True, slots=True)
class Options:
    """What a plan is asked for, from the command line to here.

    `expires_in` in seconds; `limit` keeps the first so many changes. `kept`: the plan is to be applied or stored, so
    its digests need a key that lasts. `traffic` are calls of the past to replay. `warnings` come from loading and are
    carried along; `progress` hears of reads.
    """

    refresh: Refresh = Refresh.ALL
    selection: Selection = Selection()
    consent: Consent = Consent()
    reassert: bool = False
    expires_in: float | None = None
    limit: int | None = None
    kept: bool = False
    warnings: tuple[Diagnostic, ...] = ()
    traffic: PastCalls | None = None
    progress: Callable[[Progress], None] = lambda _progress: None


@dataclass(slots=True)
class _PlanDraft:
    candidates: list[Candidate] = field(default_factory=list)
    forgets: list[Change] = field(default_factory=list)
    forgotten: set[Key] = field(default_factory=set)
    left_alone: int = 0
    diagnostics: list[Diagnostic] = field(default_factory=list)


def build(
    configuration: Configuration, state: RecordState, context: PlanContext, options: Options, read: ReadLive
) -> Plan:
    """Make the plan, but for its times and its commit. `read` reads live values of what is asked for, per account."""
    gathered = _gather(configuration, state, options.selection)
    candidates, decisions, live = _decided(gathered.candidates, context, options, read)
    names = replace(configuration.named(), since=context.today)
    told = (_with_effects(item.change, context.today) for item in decisions if item.change is not None)
    changes = order_changes([*told, *gathered.forgets])
    before = managed(state.entries, candidates)
    diagnostics = [*options.warnings, *gathered.diagnostics, *_of_other_keys(candidates, context), *live.diagnostics]
    diagnostics += [note for item in decisions for note in item.diagnostics]
    diagnostics += _left_behind(configuration, changes, state, options.selection)
    plan = Plan(
        names=names,
        configuration=configuration.name or "",
        config_digest=configuration.digest,
        files=configuration.file_digests(),
        lineage=state.lineage if state.serial else "",
        created_at="",
        timezone=configuration.timezone,
        holidays_version=configuration.holidays_version,
        scenario=configuration.scenario,
        consent=options.consent,
        complete=not any(item.unknown for item in decisions) and not any(item.is_error for item in diagnostics),
        changes=changes,
        left_alone=gathered.left_alone + sum(item.left_alone for item in decisions),
        declared=len(configuration.numbers),
        narrowed=options.selection.narrowed or not configuration.whole,
        selected=tuple(sorted(set(options.selection.accounts))),
        breaches=breaches(
            changes,
            policy=configuration.policy,
            managed=before,
            consent=options.consent,
            places=configuration.numbers,
            routes=routes(configuration),
            unwritable=_unwritable(candidates),
        ),
        diagnostics=tuple(dict.fromkeys(diagnostics)),
        learned=PlanKnowledge(
            recordings=tuple(item.recording for item in decisions if item.recording is not None),
            observations={each.key: each.observation for each in candidates if each.observation is not None},
            unread=dict(_unread(candidates, decisions)),
            observed=frozenset(gathered.forgotten).union(
                candidate.key for candidate, item in zip(candidates, decisions, strict=True) if item.settled
            ),
            settlements=tuple(_settlements(candidates, decisions, context)),
            unmanaged={
                account: tuple(number for number in numbers if number not in configuration.numbers)
                for account, numbers in live.unmanaged.items()
            },
            listed={address: form(value, holds=context.secrets.holds).json for address, value in live.listed.items()},
            managed=before,
        ),
    )
    return _counted(plan, candidates, decisions, live)


def _left_behind(
    configuration: Configuration, changes: Iterable[Change], state: RecordState, selection: Selection
) -> Iterator[Diagnostic]:
    """Numbers that a narrowed plan sends calls to and leaves out, though they were never applied."""
    if not selection.by_words:
        return
    missing = {each.key.number: each for each in configuration.desired if not selection.takes(each)}
    missing = {number: each for number, each in missing.items() if each.key not in state.entries}
    for change in changes:
        for number in sorted(numbers_behind(change.after) & missing.keys()):
            yield notes.left_behind(change, missing[number])


def _with_effects(change: Change, since: date | None) -> Change:
    """Say what callers notice of a change."""
    hidden = any(item.sensitive and item.path == "url" for item in change.fields)
    told = effects(change.before, change.after, hidden_url_differs=hidden, since=since)
    return replace(change, effects=told)


def _counted(plan: Plan, candidates: Sequence[Candidate], decisions: Sequence[Decision], live: Live) -> Plan:
    quiet = [item for item in decisions if item.change is None and not item.left_alone]
    return replace(
        plan,
        unchanged=sum(not item.unknown for item in quiet),
        unknown=sum(item.unknown for item in quiet),
        as_recorded=sum(item.as_recorded for item in quiet),
        parked_as_recorded=sum(
            item.as_recorded and not candidate.readable for candidate, item in zip(candidates, decisions, strict=True)
        ),
        accounts=len({candidate.account for candidate in candidates}),
        calls=Calls(live.calls_made, max(0, len(candidates) - live.calls_made)),
    )


def _unread(candidates: Sequence[Candidate], decisions: Sequence[Decision]) -> Iterator[tuple[Key, Diagnostic]]:
    """Why nothing is known of a number."""
    for candidate, decision in zip(candidates, decisions, strict=True):
        if decision.unknown:
            yield candidate.key, next(iter(decision.diagnostics), notes.unread(candidate))


def _settlements(
    candidates: Sequence[Candidate], decisions: Sequence[Decision], context: PlanContext
) -> Iterator[Settlement]:
    """What became of the writes of earlier runs, as far as reading told it.

    The last one that shows took effect, later ones did not; what came before it may have, and shows no more.
    """
    for candidate, decision in zip(candidates, decisions, strict=True):
        if not (decision.settled and candidate.intents):
            continue
        live = candidate.live(None, context.secrets.holds)
        shown = live.with_digests(context.digester)
        landed = [at for at, each in enumerate(candidate.intended) if agrees_with_any(shown, [each], context.today)]
        for at, intent in enumerate(candidate.intents):
            unread = tuple(path for path in live.unknown if not is_empty(form_after(intent).json.get(path)))
            good = Outcome.UNVERIFIED if unread else Outcome.APPLIED
            if landed and at < landed[-1]:
                yield Settlement(intent, Outcome.UNKNOWN)
            elif at in landed:
                yield Settlement(intent, good, unread)
            else:
                yield Settlement(intent, Outcome.SKIPPED)


def _unwritable(candidates: Iterable[Candidate]) -> dict[str, Mapping[str, object]]:
    return {
        f"{candidate.account}/{candidate.key.number}": candidate.observation.unwritable
        for candidate in candidates
        if candidate.observation is not None and candidate.observation.unwritable
    }


def _gather(configuration: Configuration, state: RecordState, selection: Selection) -> _PlanDraft:
    """Everything known of each key before anything is read."""
    found = _PlanDraft()
    intents = open_intents(state)
    for desired in configuration.desired:
        if selection.takes(desired):
            entry, open_ = state.entries.get(desired.key), intents.get(desired.key, ())
            candidate = Candidate(desired.key, desired.account, desired, None, entry, open_)
            found.candidates.append(_in_account(candidate, configuration.accounts.get(desired.account)))
    declared = {desired.key for desired in configuration.desired}
    for key in dict.fromkeys([*state.entries, *intents]):
        if key not in declared:
            _gather_undeclared(configuration, state.entries.get(key), intents.get(key, ()), found, selection)
    if selection.by_words and not (found.candidates or found.diagnostics):
        found.diagnostics.append(
            notes.nothing_selected(configuration, selection.targets, selection.tags, selection.words)
        )
    return found


def _gather_undeclared(
    configuration: Configuration,
    entry: Entry | None,
    intents: tuple[Intent, ...],
    found: _PlanDraft,
    selection: Selection,
) -> None:
    """What the record, or the intent of an interrupted run, knows and no file declares."""
    known = entry or intents[-1]
    if known.key.number in configuration.numbers:
        asked = configuration.wanted is None or known.key.number in configuration.wanted
        if entry is not None and asked and selection.means(entry):
            found.diagnostics.append(_block_missing(configuration, entry))
    elif not selection.takes_undeclared(known.key):
        return
    elif known.key.number in configuration.forget:
        found.forgotten.add(known.key)
        found.forgets += [forget(Candidate(known.key, known.account, entry=entry))] if entry else []
    elif configuration.whole:
        _gather_vanished(configuration, known, Candidate(known.key, known.account, entry=entry, intents=intents), found)


def _in_account(candidate: Candidate, account: Account | None) -> Candidate:
    """The same, with what the account's provider can do, and until when it may read as before our last write."""
    if account is None:
        return candidate
    readable = account.capabilities.readable
    refused = (candidate.desired is not None and account.refusal(candidate.desired.value)) or ""
    if refused or readable != candidate.readable:
        candidate = replace(candidate, readable=readable, refused=refused)
    if not (since := candidate.unproven_since):
        return candidate
    try:
        return replace(candidate, doubt_until=epoch(since) + account.settle_seconds)
    except ValueError:
        return candidate


def _gather_vanished(
    configuration: Configuration, known: Entry | Intent, candidate: Candidate, found: _PlanDraft
) -> None:
    account = account_of(configuration.accounts, known.account, known.key.provider)
    if account is None:
        message = (
            f"{known.account}/{known.key.number} is recorded as ours but no longer in any file, "
            f"and no account matches it (it was in {known.account}); it is left alone"
        )
        hint = f'list it under `forget: ["{known.key.number}"]`, or put the account back'
        found.left_alone += 1
        found.diagnostics.append(RULES["record-account-gone"].at(None, message, hint))
    else:
        found.candidates.append(_in_account(replace(candidate, account=account), configuration.accounts[account]))


def account_of(accounts: Mapping[str, Account], recorded: str, provider: str) -> str | None:
    """The account that a recorded number lives in now: its own, or the only one of its provider."""
    account = accounts.get(recorded)
    if account is not None and account.provider == provider:
        return recorded
    same = [name for name, account in accounts.items() if account.provider == provider]
    return same[0] if len(same) == 1 else None


def _block_missing(configuration: Configuration, entry: Entry) -> Diagnostic:
    kind, number = entry.key.kind, entry.key.number
    off = OFF[kind].written
    hint = f"write `{off}` to switch it off, or list the number under `forget` and remove its entry"
    elsewhere = [each for each in configuration.desired if each.key.number == number]
    if elsewhere:  # an entry has one account, and this one's does not do what is recorded
        hint = (
            f"to switch it off, apply `account: {entry.account}` with `{off}` first; "
            f"to leave it as it is: reconciler record forget {number}"
        )
    return RULES["block-missing"].at(
        configuration.numbers[number],
        f"{entry.account}/{number} has a recorded {kind.value}, but its entry no longer has that block",
        hint,
    )


def _decided(
    candidates: Sequence[Candidate], context: PlanContext, options: Options, read: ReadLive
) -> tuple[list[Candidate], list[Decision], Live]:
    """Read what is to be read, and decide. Where a list says something else than the record, the number itself does."""

    def judged(candidate: Candidate) -> Decision:
        return decide(candidate, _context_of(candidate, context, options.selection))

    live = read(_wanted(candidates, context, options))
    seen = [_with(candidate, live) for candidate in candidates]
    decisions = [judged(candidate) for candidate in seen]
    doubtful = [at for at, each in enumerate(seen) if _needs_its_own_read(each, decisions[at], context)]
    if not doubtful:
        return seen, decisions, live
    again = read(_by_account((seen[at], _want(seen[at], own=True)) for at in doubtful))
    for at in doubtful:
        seen[at] = _with(seen[at], again)
        decisions[at] = judged(seen[at])
    both = (*live.diagnostics, *again.diagnostics)
    return seen, decisions, replace(live, diagnostics=both, calls_made=live.calls_made + again.calls_made)


def _with(candidate: Candidate, live: Live) -> Candidate:
    seen = live.observations.get(candidate.key)
    return candidate if seen is None else replace(candidate, observation=seen)


def _needs_its_own_read(candidate: Candidate, decision: Decision, context: PlanContext) -> bool:
    """Whether something would follow from what a list says of a number that we wrote: the list may lag behind it."""
    seen = candidate.observation
    if seen is None or seen.value is None or not seen.listed or not (candidate.entry or candidate.intents):
        return False
    if decision.change is None and decision.recording is None and not candidate.intents:
        return False
    live = candidate.live(None, context.secrets.holds).with_digests(context.digester)
    return not agrees_with_any(live, candidate.kept, context.today)


def _wanted(candidates: Iterable[Candidate], context: PlanContext, options: Options) -> dict[str, list[ReadRequest]]:
    asked = _to_read(candidates, context, options)
    exact = options.selection.exact
    return _by_account((each, _want(each, context, own=exact and each.readable)) for each in asked)


def _by_account(wants: Iterable[tuple[Candidate, ReadRequest]]) -> dict[str, list[ReadRequest]]:
    found: dict[str, list[ReadRequest]] = {}
    for candidate, want in wants:
        found.setdefault(candidate.account, []).append(want)
    return found


def _want(candidate: Candidate, context: PlanContext | None = None, *, own: bool = False) -> ReadRequest:
    place = candidate.desired.declared_at if candidate.desired else None
    by_record = context is not None and not candidate.readable and _is_recorded(decide(candidate, context))
    return ReadRequest(candidate.key, place, recorded=by_record, own=own)


def _to_read(candidates: Iterable[Candidate], context: PlanContext, options: Options) -> Iterator[Candidate]:
    """What cannot be read at all is asked for only to prove that the account owns it, before a write."""
    refresh = options.refresh
    for candidate in candidates:
        own = _context_of(candidate, context, options.selection)
        always = refresh is Refresh.ALL or bool(candidate.intents) or own.reassert
        if (candidate.readable and always) or (refresh is not Refresh.NONE and _is_open(decide(candidate, own))):
            yield candidate


def _is_recorded(decision: Decision) -> bool:
    """Whether the record says what a change starts from."""
    return decision.change is not None and decision.change.live_source is LiveSource.RECORDED


def _is_open(decision: Decision) -> bool:
    """Whether a number is to be looked at before its change goes on; forgetting asks nobody."""
    if decision.change is not None:
        return decision.change.action is not Action.FORGET
    return not decision.as_recorded


def _context_of(candidate: Candidate, context: PlanContext, selection: Selection) -> PlanContext:
    """What a decision stands on; an exact selection says itself what is to be written again."""
    return replace(context, reassert=candidate.key in selection.asserted) if selection.exact else context


def _of_other_keys(candidates: Iterable[Candidate], context: PlanContext) -> Iterator[Diagnostic]:
    """Say once that the record's sensitive values were kept with another key."""
    digester = context.digester
    kept = (digest for candidate in candidates if candidate.entry for digest in candidate.entry.digests.values())
    others = sum(key_of(digest) != digester.key_id or digester.key is None for digest in kept)
    if others:
        yield notes.other_key(others, has_key=digester.key is not None)
