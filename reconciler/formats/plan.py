"""The plan as versioned JSON: what `plan --format json` prints and what a plan file holds.

Knows no terminal and no vendor. A plan file never holds a secret: sensitive values are masked, with keyed digests.
"""

from __future__ import annotations

import json
from dataclasses import replace

from pydantic import Field, ValidationError

from reconciler.canonical import Json, is_off
from reconciler.formats import FORMAT_VERSION
from reconciler.formats.change import (
    ChangeJson,
    Moment,
    Timezone,
    TrafficJson,
    change_from_json,
    change_json,
    required_allowances,
)
from reconciler.formats.diagnostics import (
    DiagnosticJson,
    FormatVersion,
    JsonModel,
    diagnostic_from_json,
    diagnostic_json,
    diagnostics_json,
    render,
)
from reconciler.formats.names import NamesJson, ScheduleJson, names_from_json, names_json, schedules_json
from reconciler.model import CANONICAL_VERSION, Action
from reconciler.plan.model import Breach, Calls, Consent, Plan

LARGEST_BYTES = 256 << 20
"""A plan of 100,000 changes has about 120 MB."""
BYTES_AN_OBJECT = 20


class PlanFileError(Exception):
    """A plan file that cannot be used; the text says why."""


class SummaryJson(JsonModel):
    """How many changes of each action, and how many numbers are unchanged or could not be read."""

    create: int
    update: int
    delete: int
    adopt: int
    assert_: int = Field(alias="assert")
    forget: int
    unchanged: int
    unknown: int
    traffic: TrafficJson | None = Field(default=None, description="The sums of all changes, if calls were given.")


class CallsJson(JsonModel):
    """Requests made to read, and those saved by the account's list or the record."""

    made: int
    saved: int


class BreachJson(DiagnosticJson):
    """Something that refuses the run, and the one flag that permits it."""

    address: str | None = None
    allowed_by: str


class PlanJson(JsonModel):
    """What apply would do, in order."""

    format_version: FormatVersion = FORMAT_VERSION
    canonical_version: int = CANONICAL_VERSION
    tool_version: str
    created_at: Moment
    expires_at: Moment | None = None
    timezone: Timezone = Field(default="UTC", description="In which times of day are told.")
    configuration: str
    config_digest: str
    commit: str | None = None
    files: dict[str, str] = Field(default={}, description="Files it was made from, with short digests.")
    lineage: str
    holidays_version: str | None = None
    scenario: str | None = None
    allow: tuple[str, ...] = ()
    overrides: tuple[str, ...] = ()
    origin: str = Field(default="plan", examples=["plan", "undo"])
    undoes: str | None = Field(default=None, description="The run that this plan undoes.")
    complete: bool
    declared: int = 0
    left_out: int = Field(default=0, description="How many changes `--limit` keeps for later.")
    left_alone: int = Field(default=0, description="How many recorded numbers are left alone.")
    narrowed: bool = Field(default=False, description="Only some numbers were selected.")
    selected: tuple[str, ...] = Field(default=(), description="Accounts that were named with --account.")
    as_recorded: int = 0
    parked_as_recorded: int = 0
    accounts: int = 0
    summary: SummaryJson
    calls: CallsJson
    changes: tuple[ChangeJson, ...] = ()
    schedules: tuple[ScheduleJson, ...] = Field(default=(), description="Declared schedules that changes speak of.")
    names: NamesJson = NamesJson()
    policy: tuple[BreachJson, ...] = ()
    diagnostics: tuple[DiagnosticJson, ...] = ()


def render_plan(plan: Plan, *, tool_version: str) -> str:
    """A plan as one JSON document."""
    model = PlanJson.of(
        plan,
        tool_version=tool_version,
        summary={**plan.summary, "traffic": plan.traffic},
        allow=sorted(plan.consent.allow),
        overrides=sorted(plan.consent.overrides),
        changes=[change_json(change) for change in plan.changes],
        schedules=schedules_json(plan.names, plan.changes),
        names=names_json(plan.names, plan.changes),
        policy=[_breach_json(breach) for breach in plan.breaches],
        diagnostics=diagnostics_json(plan.diagnostics),
    )
    return render(model)


def load_plan(data: bytes) -> Plan:
    """Read a plan file; raises PlanFileError for anything that is not a plan of this major version."""
    if (data.count(b"{") + data.count(b"[")) * BYTES_AN_OBJECT > max(len(data), 1 << 20):
        raise PlanFileError("it is not a plan file: it has more objects than a plan of its size")
    try:
        content = json.loads(data)
    except (ValueError, RecursionError):
        raise PlanFileError("it is not a plan file: it does not hold JSON, or was cut short") from None
    version = content.get("format_version") if isinstance(content, dict) else None
    if not isinstance(version, str):
        raise PlanFileError("it is not a plan file: it has no `format_version`")
    if version != FORMAT_VERSION:
        raise PlanFileError(
            f"its format {version} is not one that this version reads ({FORMAT_VERSION}); "
            "use the version of reconciler that wrote it"
        )
    try:
        stored = PlanJson.model_validate_json(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"]))
        why = first["msg"].removeprefix("Value error, ")
        raise PlanFileError(f"it is damaged at `{where}`: {why}") from None
    if stored.canonical_version != CANONICAL_VERSION:
        raise PlanFileError("it was made by a version that compares values differently")
    return _plan(stored)


def plan_as_shown(plan: Plan) -> Plan:
    """A stored plan as its own values tell it, with every allowance that these need.

    Raises PlanFileError where an action does not lead from one value to the other.
    """
    for change in plan.changes:
        if not _fits(change.action, change.before, change.after):
            raise PlanFileError(
                f"it was edited: {change.action.value} of {change.address} does not match its `before` and `after`"
            )
    return replace(plan, changes=tuple(replace(change, needs=required_allowances(change)) for change in plan.changes))


def _fits(action: Action, before: Json | None, after: Json | None) -> bool:
    """Whether an action is one that leads from a value, None where it is not known, to another."""
    was_on, is_on = (value is not None and not is_off(value) for value in (before, after))
    fits = {
        Action.FORGET: after is None,
        Action.DELETE: is_off(after),
        Action.CREATE: is_on and not was_on,
        Action.ADOPT: is_on and was_on,
        Action.UPDATE: is_on and before is not None,
        Action.ASSERT: after is not None,
    }
    return fits[action]


def _plan(stored: PlanJson) -> Plan:
    names = names_from_json(stored.names, stored.schedules)
    return stored.as_value(
        Plan,
        names=names,
        consent=Consent(frozenset(stored.allow), frozenset(stored.overrides)),
        changes=tuple(change_from_json(change, names.since) for change in stored.changes),
        replayed=stored.summary.traffic is not None,
        unchanged=stored.summary.unchanged,
        unknown=stored.summary.unknown,
        calls=stored.calls.as_value(Calls),
        breaches=tuple(
            Breach(item.code, item.address or "", diagnostic_from_json(item), item.allowed_by) for item in stored.policy
        ),
        diagnostics=tuple(diagnostic_from_json(item) for item in stored.diagnostics),
    )


def _breach_json(breach: Breach) -> BreachJson:
    return BreachJson.of(diagnostic_json(breach.diagnostic), breach, address=breach.address or None)
