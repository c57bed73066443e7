"""A past run back to values: what was there before each of its changes, as desired blocks for an ordinary plan.

A secret is taken from the configuration only where its keyed digest fits. Pure; reads neither record nor vendor. What
cannot be restored is named, never guessed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from reconciler.canonical import TARGET_TEXTS, TEXTS, URL_FIELDS, Form, Json, form, is_empty, stored_form, upgrade_value
from reconciler.diagnostics import Diagnostic, Location
from reconciler.model import (
    OFF,
    VALUES,
    Action,
    Change,
    Desired,
    Entry,
    Field,
    Key,
    Kind,
    Outcome,
    Target,
    Value,
    declared,
)
from reconciler.plan.build import account_of
from reconciler.plan.candidate import PlanContext, agrees_with_any, form_after, form_before
from reconciler.plan.model import Plan
from reconciler.record.base import Intent, RecordState, Run
from reconciler.rules import RULES
from reconciler.schedule import Period, PeriodError
from reconciler.secrets import MASK, SecretError, is_sensitive_url
from reconciler.settings import Configuration, Union


class RestoreError(Exception):
    """A value that cannot be had back: `path` is the field ("" = all of it), `why` a sentence without secrets."""

    def __init__(self, path: str, why: str) -> None:
        super().__init__(why)
        self.path = path
        self.why = why


@dataclass(frozen=True, slots=True)
class Restorer:
    """Restores values of one account."""

    configuration: Configuration
    context: PlanContext
    account: str
    _templates: dict[str, str] = field(default_factory=dict)

    def value(self, data: Json, digests: Mapping[str, str]) -> Value:
        """The value whose canonical form this is; raises RestoreError."""
        for path, text in _texts(data):
            if text == MASK:
                raise RestoreError(path, "it held a secret, and only a mask is recorded")
        filled: Json = {
            path: self._url(path, text, digests) if path in URL_FIELDS else text for path, text in data.items()
        }
        try:
            value = self._built(filled)
        except (KeyError, TypeError, ValueError, AttributeError):
            raise RestoreError("", "it is only partly recorded") from None
        hidden = [path for path in URL_FIELDS if MASK in str(data.get(path))]
        for path in Form(data).without(hidden).apart(form(value)):
            raise RestoreError(path, "it is not recorded as it was")
        return value

    def _url(self, path: str, text: object, digests: Mapping[str, str]) -> object:
        """A URL as it stands, or for a masked one the template of the files that gives the very same."""
        if not isinstance(text, str) or MASK not in text:
            return text
        if path not in digests:
            raise RestoreError(path, "it is a secret, and no digest of it was kept")
        template = self._known_templates().get(digests[path])
        if template is None:
            raise RestoreError(path, "it was a secret, and no URL in the files matches it now")
        return template

    def _known_templates(self) -> Mapping[str, str]:
        """Every sensitive URL of the files by the keyed digest of what it is in clear."""
        if not self._templates:
            urls = [getattr(each.value, path, "") for each in self.configuration.desired for path in URL_FIELDS]
            for template in (url for url in urls if is_sensitive_url(url) or self.context.secrets.holds(url)):
                try:
                    digest = self.context.digester.digest(self.context.secrets.resolve(template))
                except SecretError:
                    continue
                if digest is not None:
                    self._templates[digest] = template
        return self._templates

    def _built(self, data: Json) -> Value:
        """The value of a form; raises KeyError, TypeError, ValueError."""
        shape = VALUES[data["type"]]
        return shape(**self._parts(shape, data))

    def _parts(self, shape: type[Value | Target], data: Json) -> Json:
        return {each.name: self._part(each, data[each.key]) for each in declared(shape)}

    def _part(self, each: Field, value: object) -> object:
        """One field; what is not known has its default."""
        match value:
            case list():
                return tuple(Target(**self._parts(Target, target)) for target in value)
            case str() | None if each.key == "schedule":
                return self._periods(value)
            case None if not each.is_required:
                return each.default
            case str() | int():
                return each.type(value)
        raise TypeError(each.key)

    def _periods(self, text: str | None) -> tuple[str, ...]:
        """A recorded period as the account sends it: one entry a part, or one text with commas."""
        if text is None:
            return ()
        one_each = self.configuration.accounts[self.account].period.union is Union.ENTRIES
        try:
            parts = Period.parse(text).parts if one_each else ()
        except PeriodError:
            parts = ()
        return parts or (text,)


def _texts(data: Json) -> Iterator[tuple[str, object]]:
    """The texts, but for URLs, that are masked whole where a secret is in them."""
    yield from ((path, data.get(path)) for path in TEXTS if path not in URL_FIELDS)
    for at, target in enumerate(data.get("targets") or ()):
        yield from ((f"targets[{at}].{name}", target.get(name)) for name in TARGET_TEXTS)


@dataclass(frozen=True, slots=True)
class UndoTarget:
    """`desired` is what was there before; `diagnostics` name what is left out or cannot be told."""

    desired: tuple[Desired, ...]
    diagnostics: tuple[Diagnostic, ...]

    @property
    def keys(self) -> frozenset[Key]:
        return frozenset(each.key for each in self.desired)

    def over(self, declared: Sequence[Desired]) -> tuple[Desired, ...]:
        """What the files declare, with what was there before in its place."""
        return (*(each for each in declared if each.key not in self.keys), *self.desired)


@dataclass(frozen=True, slots=True)
class _PastChange:
    """One change of a run. `before` and `after` are canonical and masked, None where they were not known."""

    key: Key
    account: str
    action: str
    before: Json | None
    after: Json | None = None
    digests: Mapping[str, str] = field(default_factory=dict)
    unreadable: Sequence[str] = ()
    lost: Mapping[str, Any] = field(default_factory=dict)

    @property
    def address(self) -> str:
        return f"{self.account}/{self.key.number}"


# docs/decisions/072
def find_undo(run: Run, state: RecordState, configuration: Configuration, context: PlanContext) -> UndoTarget:
    """Work out what a run found before it wrote."""
    declared = {each.key: each for each in configuration.desired}
    desired: list[Desired] = []
    found: list[Diagnostic] = []
    for past in _pasts(run, state):
        if past.action == Action.FORGET.value:
            found.append(_unsure(past, "it was only dropped from the record, and a plan cannot put it back"))
            continue
        try:
            each = _before(past, declared.get(past.key), run, configuration, context)
        except RestoreError as lost:
            found.append(_left_out(past, lost, declared.get(past.key)))
        else:
            desired.append(each)
            found += _unsures(past, each.value, readable=configuration.accounts[each.account].capabilities.readable)
    return UndoTarget(tuple(desired), tuple(found))


def is_against_files(plan: Plan, declared: Iterable[Desired], context: PlanContext) -> bool:
    """Whether the next plan would take some of an undo back: the files say otherwise."""
    by_key = {each.key: each.value for each in declared}
    secrets = context.secrets
    try:
        return any(
            form(by_key.get(change.key, OFF[change.key.kind].value), resolve=secrets.resolve, holds=secrets.holds).json
            != change.after
            for change in plan.changes
        )
    except SecretError:
        return True


def wrote(run: Run) -> bool:
    """Whether a run did, or may have done, anything that can be undone."""
    return any(row.get("outcome") != Outcome.SKIPPED.value for row in run.results)


def later_changes(
    changes: Iterable[Change], run: Run, state: RecordState, today: date | None
) -> Iterator[tuple[Change, Diagnostic]]:
    """The changes of an undo that would overwrite what came after the run, each with whose that is."""
    left = {past.key: past.after for past in _pasts(run, state)}
    for change in changes:
        ours, now = left.get(change.key), change.before
        if ours is None or now is None or agrees_with_any(Form(now, change.before_digests), [Form(ours)], today):
            continue
        entry = state.entries.get(change.key)
        by_us = entry is not None and entry.run_id != run.id and _is_recorded(change, entry, today)
        whose = f"run {entry.run_id[:12]} of {entry.written_at}" if entry is not None and by_us else "by hand"
        yield (
            change,
            RULES["undo-overwrites"].at(
                None,
                f"{change.address} was changed after run {run.id[:12]}, {whose}; this undo overwrites that",
                "leave it as it is, or allow it with --allow-adopt",
            ),
        )


def _is_recorded(change: Change, entry: Entry, today: date | None) -> bool:
    recorded = stored_form(entry.value, entry.digests, entry.canonical_version)
    return agrees_with_any(Form(change.before or {}, change.before_digests), [recorded], today)


def _pasts(run: Run, state: RecordState) -> Iterator[_PastChange]:
    """A run's changes, and the intents of it that are not settled yet."""
    told = set()
    for row in run.latest_results:
        if "provider" not in row:
            continue  # of a record of format 0, which kept no more than the outcome
        key = Key(row["provider"], row["number"], Kind(row["kind"]))
        told.add(key)
        if row["outcome"] != Outcome.SKIPPED.value:
            version = row.get("canonical_version", 1)
            yield _PastChange(
                key=key,
                account=row["account"],
                action=row["action"],
                before=row["before"] and upgrade_value(row["before"], version),
                after=row["after"] and upgrade_value(row["after"], version),
                digests=row.get("before_digests", {}),
                unreadable=row.get("unverified_fields", ()),
                lost=row.get("lost", {}),
            )
    for intent in (intent for window in state.windows for intent in window.signed):
        if intent.run_id == run.id and intent.key not in told:
            yield _of_intent(intent)


def _of_intent(intent: Intent) -> _PastChange:
    return _PastChange(
        intent.key,
        intent.account,
        intent.action,
        form_before(intent).json if intent.before else None,
        form_after(intent).json if intent.after else None,
        intent.before_digests,
    )


def _before(
    past: _PastChange, declared: Desired | None, run: Run, configuration: Configuration, context: PlanContext
) -> Desired:
    """The block that says what was there before; raises RestoreError."""
    account = declared.account if declared else account_of(configuration.accounts, past.account, past.key.provider)
    if account is None:
        raise RestoreError("", f"no account matches it (it was in {past.account})")
    if past.before is None or past.before.get("type") is None:
        raise RestoreError("", "what was there before is not known")
    restorer = Restorer(configuration, context, account)
    value = restorer.value(_filled(past, declared), past.digests)
    place = configuration.numbers.get(past.key.number) or Location(f"run {run.id[:12]}", 1, 1, 1, 1)
    return Desired(
        past.key,
        account,
        value,
        place,
        description=declared.description if declared else "",
        protected=declared.protected if declared else False,
    )


def _filled(past: _PastChange, declared: Desired | None) -> Json:
    """The value before, with fields that were not known as the files have them."""
    before = Form(past.before or {})
    return (before.filled_from(form(declared.value)) if declared else before).json


def _left_out(past: _PastChange, lost: RestoreError, declared: Desired | None) -> Diagnostic:
    what = f"`{lost.path}` of {past.address}" if lost.path else past.address
    return RULES["undo-left-out"].at(
        declared.declared_at if declared else None,
        f"{what} cannot be restored, so this number is left out: {lost.why}",
        "write what it should be in the files, and apply that",
    )


def _unsures(past: _PastChange, value: Value, *, readable: bool) -> Iterator[Diagnostic]:
    """Fields that go back to what was recorded, or cannot go back at all; where nothing is `readable`, all do."""
    known = form(value).json if past.before and past.before.get("type") == value.type else {}
    for path, before in (past.before or {}).items():
        if before is None and not is_empty(known.get(path)):
            yield _unsure(past, f"the previous `{path}` is not known; it stays as the files have it")
        elif before is None:
            yield _unsure(past, f"the previous `{path}` is not known; it is left empty")
        elif path in past.unreadable and readable:
            yield _unsure(past, f"`{path}` cannot be read; it goes back to what was recorded")
    for path, lost in sorted(past.lost.items()):
        yield _unsure(past, f"`{path}` was {json.dumps(lost)} and cannot be written")


def _unsure(past: _PastChange, why: str) -> Diagnostic:
    return RULES["undo-unsure"].at(None, f"{past.address}: {why}")
