"""A plan as data: what would change, what stands against it, how it came about, and the scenario in force.

Nothing in it is a closure. Knows neither files nor vendors; `formats` writes it down, `apply` walks it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from reconciler.canonical import Json
from reconciler.clock import epoch, local_text
from reconciler.diagnostics import Diagnostic
from reconciler.model import Action, Change, Entry, Key, Observation, Outcome, Traffic
from reconciler.names import NO_NAMES, Names
from reconciler.record.base import Intent
from reconciler.rules import RULES
from reconciler.schedule.zones import zone
from reconciler.settings import Configuration


@dataclass(frozen=True, slots=True)
class Calls:
    """Requests made to read, and those that the list or the record made needless."""

    made: int
    saved: int


@dataclass(frozen=True, slots=True)
class Settlement:
    """What a read told of an earlier run's write; `unverified` are its fields that no read can tell."""

    intent: Intent
    outcome: Outcome
    unverified: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Breach:
    """Something that refuses the run: `rule` is its code, `allowed_by` the one flag or line that permits it."""

    rule: str
    address: str
    diagnostic: Diagnostic
    allowed_by: str


@dataclass(frozen=True, slots=True)
class Consent:
    """What was permitted on the command line: `allow` of delete, adopt, protected; `overrides` are policy rules."""

    allow: frozenset[str] = frozenset()
    overrides: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class PlanKnowledge:
    """What a fresh plan learned on its way; never stored.

    `recordings` are entries of numbers that are as desired and not yet recorded so. `observations` is what was read,
    `unread` why something could not be; of the keys in `observed` the live value is known, so that `settlements` say
    what became of earlier runs' writes. `unmanaged` are the numbers that an account was seen to own and no file
    declares, for each account whose list is known, and `listed` what the list tells of these, in canonical form and
    masked, by `ACCOUNT/NUMBER`. `managed` is how many blocks sent calls somewhere before the plan:
    what shares are taken of.
    """

    recordings: tuple[Entry, ...] = ()
    observations: Mapping[Key, Observation] = field(default_factory=dict)
    unread: Mapping[Key, Diagnostic] = field(default_factory=dict)
    observed: frozenset[Key] = frozenset()
    settlements: tuple[Settlement, ...] = ()
    unmanaged: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    listed: Mapping[str, Json] = field(default_factory=dict)
    managed: int = 0


@dataclass(frozen=True, slots=True)
class Plan:
    """What apply would do, in order.

    `files` are short digests of the files that it was made from, which only say which of them has changed.
    `created_at` and `expires_at` are RFC 3339 times in UTC; `lineage` is empty where no record was ever made.
    `undoes` is the run that an undo takes back, `left_out` how many changes a limit keeps for later, `left_alone` how
    many numbers of ours nothing is done about. `narrowed`: only some numbers were asked for, so that nothing is known
    of what stands in no file any more; `selected` are the accounts that were named, none where all are meant. `names`
    are what the configuration calls things, for people; times of day are told in its `timezone`. `replayed` means that
    its changes say what they do to calls of the past.
    """

    configuration: str
    config_digest: str
    lineage: str
    created_at: str
    expires_at: str | None = None
    timezone: str = "UTC"
    commit: str | None = None
    files: Mapping[str, str] = field(default_factory=dict)
    holidays_version: str | None = None
    scenario: str | None = None
    consent: Consent = Consent()
    origin: str = "plan"
    undoes: str | None = None
    complete: bool = True
    changes: tuple[Change, ...] = ()
    unchanged: int = 0
    unknown: int = 0
    as_recorded: int = 0
    parked_as_recorded: int = 0
    accounts: int = 0
    declared: int = 0
    left_alone: int = 0
    left_out: int = 0
    narrowed: bool = False
    replayed: bool = False
    selected: tuple[str, ...] = ()
    calls: Calls = Calls(0, 0)
    breaches: tuple[Breach, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    names: Names = field(default=NO_NAMES, compare=False, repr=False)
    learned: PlanKnowledge = field(default=PlanKnowledge(), compare=False, repr=False)

    @property
    def summary(self) -> Mapping[str, int]:
        """How many of each action, and how many numbers are unchanged or unknown."""
        count = Counter(change.action for change in self.changes)
        return {
            **{action.value: count[action] for action in _SUMMARY_ORDER},
            "unchanged": self.unchanged,
            "unknown": self.unknown,
        }

    @property
    def traffic(self) -> Traffic | None:
        """What all changes do to calls of the past, if these were replayed."""
        return Traffic.together(change.traffic for change in self.changes) if self.replayed else None

    def local(self, moment: str) -> str:
        """An RFC 3339 time as clocks of the plan's zone show it: `Thu 2026-12-31 18:30 Europe/Moscow`."""
        at = int(epoch(moment))
        return f"{local_text(at, zone(self.timezone).offset(at))} {self.timezone}"

    @property
    def has_changes(self) -> bool:
        """Whether anything would be written or forgotten."""
        return bool(self.changes)


_SUMMARY_ORDER = (Action.CREATE, Action.UPDATE, Action.DELETE, Action.ADOPT, Action.ASSERT, Action.FORGET)


RULE = "scenario-in-force"
_GO_BACK = "to go back: reconciler apply without --scenario"


def reminder(plan: Plan, in_force: str, configuration: Configuration) -> Iterator[Diagnostic]:
    """Remind of the scenario in force ("" = none), and say how to go back or how to stay."""
    if not in_force:
        return
    message, hint = f"scenario '{in_force}' is in force", _GO_BACK
    if plan.origin == "undo":
        message += ", and an undo does not change that"
        hint = f"afterwards: reconciler plan, to go back; to stay in it: {_stay(in_force, configuration)}"
    elif plan.scenario == in_force:
        message += " since an earlier apply"
    elif plan.has_changes:
        leads_to = f"replaces it with '{plan.scenario}'" if plan.scenario else "goes back to the files without it"
        message += f"; this plan {leads_to}"
        hint = f"to stay in it: {_stay(in_force, configuration)}; to leave it: apply this plan"
    elif plan.scenario is None:
        message += " since an earlier apply, and what was planned here is as the files say without it"
    else:
        message += f" since an earlier apply, and what was planned here is as '{plan.scenario}' says"
        hint = "to record the other one: apply this plan"
    yield RULES[RULE].at(None, message, hint)


def scenario_reminder(configuration: Configuration, in_force: str) -> Iterator[Diagnostic]:
    """Tell an audit of a configuration, with or without a scenario, which one is in force, and how to go back."""
    if not in_force:
        return
    message, hint = f"scenario '{in_force}' is in force since an earlier apply", _GO_BACK
    if configuration.scenario != in_force:
        message += "; differences from it count as not applied yet"
        hint = f"to audit it: {_stay(in_force, configuration)}; {hint}"
    yield RULES[RULE].at(None, message, hint)


def _stay(in_force: str, configuration: Configuration) -> str:
    known = configuration.scenarios
    gone = known is not None and in_force not in known
    return f"put '{in_force}' back into the files, then --scenario {in_force}" if gone else f"--scenario {in_force}"


def is_whole(plan: Plan, configuration: Configuration) -> bool:
    """Whether a plan is about everything that is declared: only then is a scenario left behind by it."""
    whole = configuration.whole and not plan.narrowed and not plan.left_out
    return whole and sum(plan.summary.values()) >= len(configuration.desired)
