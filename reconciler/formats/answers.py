"""What commands answer with `--format json`, where it is neither a plan, a report, an audit nor a validation.

A command without a row in `ANSWERS` has no answer: what is printed is made by its model, so the published schema is
true of it. Knows no command but by its name.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import ConfigDict, Field, TypeAdapter

from reconciler.effects.routes import StepKind
from reconciler.formats import calls, events, period, recorded
from reconciler.formats.diagnostics import AnswerJson, DiagnosticJson, JsonModel, Schema, titled
from reconciler.formats.recorded import Address, Digits, Instant, Place
from reconciler.model import Kind

Redirect = Literal["single", "sequential", "parallel"]


# -- numbers and where their calls go ---------------------------------------------------------------------------------


class NumberJson(JsonModel):
    """A managed block of a declared number."""

    address: Address
    number: Digits
    account: str
    kind: Kind
    value: Any = Field(description="Canonical value.")
    tags: tuple[str, ...]
    description: str
    protected: bool
    declared_at: Place


class ListJson(AnswerJson):
    """The declared numbers that were asked for, an object a managed block."""

    numbers: tuple[NumberJson, ...]


class StepJson(JsonModel):
    """One place that the call may go to."""

    to: str
    kind: StepKind = Field(description="`number` is one of the configuration, whose own `steps` follow.")
    name: str
    rings: bool
    position: int | None = Field(
        description="The order in which places are tried, from 1; those tried at once share it."
    )
    timeout: int | None = Field(description="Seconds.")
    reason: str | None = Field(description="Why it does not ring.")
    redirect: Redirect | None
    steps: tuple[StepJson, ...]


class RouteJson(AnswerJson):
    """Who rings for a number at an instant, in order, and why others do not."""

    number: Digits
    at: Instant
    local_time: str = Field(examples=["Thu 2026-12-31 18:30"])
    timezone: str = Field(examples=["Europe/Moscow"])
    parking: bool = Field(description="The call is held for the application.")
    redirect: Redirect | None
    rings: bool
    steps: tuple[StepJson, ...]
    note: str | None = Field(description="Why nobody rings.")


class RunOfDayJson(JsonModel):
    """Half-open hours of a day in which the same targets ring."""

    from_: str = Field(alias="from", examples=["09:00"])
    to: str = Field(examples=["18:00"])
    rings: tuple[str, ...]
    partly: bool = Field(description="Something begins or ends within this half hour.")


class DayJson(JsonModel):
    """One day of the week that was asked for."""

    date: str = Field(examples=["2026-11-23"])
    weekday: Literal["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
    spans: tuple[RunOfDayJson, ...]


class CalledJson(JsonModel):
    """Calls of the past, each at its weekday and time of day in this week."""

    calls: int
    lost: int = Field(description="Those at a time when nobody rings.")


class PictureJson(JsonModel):
    """Numbers whose week looks the same; no days where it cannot be told."""

    numbers: tuple[Digits, ...]
    redirect: Redirect | None
    targets: tuple[str, ...]
    has_gap: bool = Field(description="At some time nobody rings.")
    week: tuple[DayJson, ...]
    traffic: CalledJson | None = Field(description="Calls of the past, if any were given.")
    problem: str | None = Field(description="Why the week cannot be told.")


class CalendarJson(AnswerJson):
    """The week of numbers."""

    timezone: str = Field(examples=["Europe/Moscow"])
    calendars: tuple[PictureJson, ...]


# -- looking after files and accounts ---------------------------------------------------------------------------------


class CheckJson(JsonModel):
    """One thing that was looked at."""

    check: str
    status: Literal["ok", "warn", "fail"]
    message: str
    hint: str | None


class DoctorJson(AnswerJson):
    """What would stop an apply."""

    healthy: bool
    checks: tuple[CheckJson, ...]


class FmtJson(AnswerJson):
    """Files that are not in canonical form, or were not."""

    changed: tuple[str, ...]
    written: bool
    diff: str = Field(default="", description="With --diff.")


class NextStepJson(JsonModel):
    """What to do next, and the command for it, if there is one."""

    what: str
    command: str | None


class InitJson(AnswerJson):
    """The files of a new configuration; `kept` were there already."""

    folder: str
    written: tuple[str, ...]
    kept: tuple[str, ...]
    next: tuple[NextStepJson, ...]


class ImportedJson(JsonModel):
    """What became of one number."""

    account: str
    number: Digits
    outcome: str = Field(description="`added`, `updated`, `unchanged` or `left_out`.")
    file: str | None
    notes: tuple[str, ...] = Field(description="What could not be read.")
    error: str | None = Field(description="Why it was left out.")


class VariableJson(JsonModel):
    """A variable that stands for a part of URLs; its value is told nowhere."""

    name: str = Field(examples=["RECONCILER_VAR_EXAMPLE"])
    part: str
    is_set: bool
    numbers: tuple[Digits, ...]


class ImportJson(AnswerJson):
    """What was written, or would be, so that the files say what is live."""

    written: bool
    changed: tuple[str, ...]
    summary: dict[str, int]
    numbers: tuple[ImportedJson, ...]
    schedules: tuple[str, ...]
    contacts: tuple[str, ...]
    variables: tuple[VariableJson, ...]
    diagnostics: tuple[DiagnosticJson, ...]
    diff: str = Field(default="", description="With --diff.")


class LoginJson(AnswerJson):
    """An account that somebody is logged in to now."""

    account: str
    logged_in: bool


class RuleJson(JsonModel):
    """A rule of the table."""

    code: str
    severity: Literal["error", "warning", "notice"]
    adjustable: bool = Field(description="Policy may change its severity.")
    sentence: str


class ExplainedRuleJson(RuleJson):
    """A rule, and a configuration that breaks it."""

    example: dict[str, str] | None = Field(description="Texts by the names of their files.")


class RulesJson(AnswerJson):
    """All rules."""

    rules: tuple[RuleJson, ...]


class ExplainedJson(AnswerJson):
    """One rule."""

    rule: ExplainedRuleJson


class CompletionJson(AnswerJson):
    """The script that completes commands."""

    shell: Literal["bash", "zsh", "fish"]
    script: str


# -- trying it out ----------------------------------------------------------------------------------------------------


class SandboxJson(AnswerJson):
    """A sandbox that is ready, with numbers of its own; further texts are the addresses of the vendors' APIs."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, str]

    control_url: str
    environment: dict[str, str] = Field(description="Variables for the commands that are to use it.")
    configuration: str = Field(description="A reconciler.yaml for it.")
    numbers: dict[str, tuple[Digits, ...]]


class OwnedJson(JsonModel):
    """What an account of a sandbox owns."""

    account: str
    provider: str
    numbers: tuple[str, ...]
    sip_ids: tuple[str, ...]
    media: tuple[str, ...]


class FurnishedSandboxJson(AnswerJson):
    """A sandbox that is ready, with what a configuration declares."""

    control_url: str
    environment: dict[str, str] = Field(description="Variables for the commands that are to use it.")
    accounts: tuple[OwnedJson, ...]


class CommandStepJson(JsonModel):
    """A command that was run, and its own JSON answer."""

    command: tuple[str, ...]
    exit_code: int
    answer: Any


class EditStepJson(JsonModel):
    """A file that was edited."""

    edited: str
    changes: tuple[str, ...]


class DemoJson(AnswerJson):
    """What was shown."""

    went_well: bool
    steps: tuple[CommandStepJson | EditStepJson, ...]


# docs/decisions/168
ANSWERS: Mapping[str, Any] = {
    "list": ListJson,
    "route": RouteJson,
    "calendar": CalendarJson,
    "show": recorded.KnownJson | recorded.PastRunJson,
    "login": LoginJson,
    "doctor": DoctorJson,
    "record list": recorded.RecordJson,
    "record show": recorded.KnownJson,
    "record forget": recorded.ForgottenJson,
    "record unlock": recorded.UnlockedJson,
    "record migrate": recorded.MigratedJson,
    "calls list": calls.CallsListJson,
    "calls place": calls.CallsDoneJson,
    "calls transfer": calls.CallsDoneJson,
    "calls hangup": calls.CallsDoneJson,
    "calls action": calls.CallsDoneJson,
    "init": InitJson,
    "import": ImportJson,
    "fmt": FmtJson,
    "period check": period.CheckedPeriodsJson,
    "period explain": period.ExplainedPeriodJson,
    "period match": period.MatchJson | period.MatchesJson,
    "period next": period.NextJson,
    "period equal": period.EqualJson,
    "period calendar": period.PeriodWeekJson,
    "period compile": period.CompiledJson | period.CompiledDeclaredJson | period.CompiledForeignJson,
    "events listen": events.ListeningJson,
    "events tail": events.EventsJson | events.EventLineJson,
    "events show": events.CallJson,
    "sandbox": SandboxJson | FurnishedSandboxJson,
    "demo": DemoJson,
    "explain": RulesJson | ExplainedJson,
    "completion": CompletionJson,
}
"""The shape of each command's answer, or one of its shapes."""


def shaped(command: str, content: Mapping[str, Any]) -> dict[str, Any]:
    """An answer as its model holds it, without the version; raises ValidationError for what its schema lacks."""
    shape: TypeAdapter[JsonModel] = TypeAdapter(ANSWERS[command])
    return shape.validate_python(content).model_dump(mode="json", by_alias=True, exclude_unset=True)


def schema_name(command: str) -> str:
    """What the schema of a command's answer is called: `record-list`."""
    return command.replace(" ", "-")


def answer_schema(command: str) -> Schema:
    """The JSON Schema of a command's answer."""
    return titled(TypeAdapter(ANSWERS[command]).json_schema(), f"reconciler {command}")
