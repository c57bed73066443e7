"""What is known of one number, what decisions stand on, and what a decision is: plain values.

Knows no rule by which anything is decided.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from reconciler.canonical import HOST, Form, Json, form, hidden_in, hidden_paths, same_from, stored_form
from reconciler.diagnostics import Diagnostic
from reconciler.model import Action, Change, Desired, Entry, Key, Observation, Value
from reconciler.record.base import Intent, RecordState
from reconciler.secrets import Digester, Secrets


@dataclass(frozen=True)
class Candidate:
    """All that is known of one key. `observation` None: it was not read, so the record decides.

    `intents` are writes of earlier runs that are not settled, oldest first; `account` is where the number lives now.
    Until `doubt_until`, in seconds since the epoch, the vendor may still read as before our last write. `readable`: the
    account's provider can be asked for the value; `refused` says why it cannot take the desired one.
    """

    key: Key
    account: str
    desired: Desired | None = None
    observation: Observation | None = None
    entry: Entry | None = None
    intents: tuple[Intent, ...] = ()
    doubt_until: float = 0.0
    readable: bool = True
    refused: str = ""

    @property
    def address(self) -> str:
        """`ACCOUNT/NUMBER`, as plans and messages name it."""
        return f"{self.account}/{self.key.number}"

    @cached_property
    def recorded(self) -> Form | None:
        """What the record says that we last wrote."""
        entry = self.entry
        return None if entry is None else stored_form(entry.value, entry.digests, entry.canonical_version)

    @cached_property
    def intended(self) -> tuple[Form, ...]:
        """What unsettled writes were to make of it, oldest first."""
        return tuple(form_after(intent) for intent in self.intents if intent.after)

    @cached_property
    def replaced(self) -> tuple[Form, ...]:
        """What unsettled writes were to replace and that counts as ours: not what was a stranger's."""
        strangers = {Action.ADOPT.value} if self.entry is not None else {Action.ADOPT.value, Action.DELETE.value}
        return tuple(form_before(each) for each in self.intents if each.before and each.action not in strangers)

    @property
    def unproven(self) -> tuple[Form, ...]:
        """Our last write where no read has shown it yet: of an intent, or recorded without proof."""
        recorded = (self.recorded,) if self.recorded is not None and self.entry and not self.entry.confirmed else ()
        return self.intended[-1:] or recorded

    @property
    def unproven_since(self) -> str:
        """When that write was made, as RFC 3339 in UTC; empty where all is proven."""
        if self.intents:
            return self.intents[-1].since
        return self.entry.written_at if self.entry is not None and not self.entry.confirmed else ""

    @property
    def kept(self) -> tuple[Form, ...]:
        """The values that count as ours: recorded, being written, or to be replaced by a write."""
        recorded = () if self.recorded is None else (self.recorded,)
        return (*recorded, *self.intended, *self.replaced) if self.intents else recorded

    def live(self, want: Form | None, holds: Callable[[str], bool]) -> Form:
        """The live value in canonical form; what was secret stays hidden, unless the files say it in clear.

        What `holds` a known secret is hidden whatever the files say. Raises ValueError where it was not read.
        """
        seen = self.observation
        if seen is None or seen.value is None:
            raise ValueError("what was not read has no value to compare")
        value = seen.value

        known = [each.json for each in self.kept]
        hidden = still_hidden(hidden_paths(self.desired.value), value, known) if self.desired else frozenset()
        kept: frozenset[str] = frozenset().union(*map(hidden_in, known))
        hidden |= still_hidden(kept, value, [want.json] if want is not None else [])
        return form(value, holds=holds, unreadable=seen.unreadable, hidden_paths=hidden)


def still_hidden(paths: frozenset[str], value: Value, clear: Iterable[Json]) -> frozenset[str]:
    """The URL fields to hide, without those whose very value stands in clear elsewhere: it is not a secret."""
    texts = {path: getattr(value, path.removesuffix(HOST), None) for path in paths}
    return frozenset(
        path for path, text in texts.items() if all(text != each.get(path.removesuffix(HOST)) for each in clear)
    )


@dataclass(frozen=True, slots=True)
class PlanContext:
    """What every decision stands on: secrets to fill templates, keyed digests, and whether to reassert.

    Schedules that differ only before `today` do not differ; None: all of time counts.
    """

    secrets: Secrets
    digester: Digester
    reassert: bool = False
    today: date | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """What follows for one key.

    `settled`: its live value is known, so an open intent is done with. `left_alone`: it is ours, nothing says that it
    is as it should be, and nothing is done about it.
    """

    change: Change | None = None
    recording: Entry | None = None
    diagnostics: tuple[Diagnostic, ...] = ()
    unknown: bool = False
    settled: bool = False
    as_recorded: bool = False
    left_alone: bool = False


def form_after(intent: Intent) -> Form:
    """What a write was to make of a number."""
    return stored_form(intent.after, intent.digests, intent.canonical_version)


def form_before(intent: Intent) -> Form:
    """What a write was to replace."""
    return stored_form(intent.before, intent.before_digests, intent.canonical_version)


def from_now_on(before: Json, after: Json, today: date | None) -> Json:
    """`before` with the schedules of `after` wherever the two mean the same from today on."""
    old, new = before.get("targets"), after.get("targets")
    if today is None or not old or not new or old == new or len(old) != len(new):
        return before
    pairs = zip(old, new, strict=True)
    targets = [
        {**one, "schedule": other["schedule"]} if same_from(one["schedule"], other["schedule"], today) else one
        for one, other in pairs
    ]
    return {**before, "targets": targets}


def agrees_with_any(value: Form, others: Iterable[Form], today: date | None) -> bool:
    """Whether a value with digests is one of the others in all that is known, schedules from today on."""
    return any(Form(from_now_on(value.json, other.json, today), value.secrets).agrees(other) for other in others)


def open_intents(state: RecordState) -> dict[Key, tuple[Intent, ...]]:
    """The unsettled intents of earlier runs a key, oldest first."""
    found: dict[Key, tuple[Intent, ...]] = {}
    for intent in (intent for window in state.windows for intent in window.signed):
        found[intent.key] = (*found.get(intent.key, ()), intent)
    return found
