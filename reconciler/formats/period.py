"""What `period …` answers, as versioned JSON.

Knows nothing of how periods are computed.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from reconciler.formats.diagnostics import AnswerJson, DiagnosticJson, JsonModel

PeriodString = Annotated[str, Field(description="As a vendor takes it.", examples=["wd {mon-fri} hr {9-17}"])]
LocalTime = Annotated[str, Field(examples=["2026-12-31 18:30:00+03:00"])]


class JudgedJson(JsonModel):
    """A period string as the grammar judges it."""

    text: str
    valid: bool
    canonical: str | None
    diagnostics: tuple[DiagnosticJson, ...]


class CheckedPeriodsJson(AnswerJson):
    """Period strings, in the order in which they were given."""

    periods: tuple[JudgedJson, ...]


class ExplainedPeriodJson(AnswerJson):
    """When a period holds, in words."""

    text: str
    explanation: str
    canonical: str


class MatchJson(AnswerJson):
    """Whether an instant is inside a period."""

    epoch: int = Field(description="Seconds since 1970.")
    inside: bool


class MatchesJson(AnswerJson):
    """The same of each line of standard input: 1 inside, 0 outside, -1 malformed."""

    answers: tuple[Literal[-1, 0, 1], ...]


class FlipJson(JsonModel):
    """An instant at which a period begins or ends."""

    epoch: int
    time: LocalTime
    inside: bool = Field(description="From this instant on.")


class NextJson(AnswerJson):
    """When a period begins and ends next."""

    text: str
    flips: tuple[FlipJson, ...]


class DifferenceJson(JsonModel):
    """The first instant that only one of two periods matches."""

    epoch: int
    time: LocalTime
    inside: Literal["first", "second"]


class EqualJson(AnswerJson):
    """Whether two periods mean the same."""

    equal: bool
    first_difference: DifferenceJson | None


class CellsJson(JsonModel):
    """A day in half hours."""

    date: str = Field(examples=["2026-11-23"])
    cells: tuple[float, ...] = Field(description="How much of each half hour is inside, from 0 to 1.")


class PeriodWeekJson(AnswerJson):
    """A week of a period."""

    text: str
    days: tuple[CellsJson, ...]


class CompiledJson(AnswerJson):
    """Periods that together mean a schedule."""

    periods: tuple[PeriodString, ...]


class CompiledDeclaredJson(AnswerJson):
    """A schedule of the configuration, as each account sends it."""

    schedule: str
    place: str
    accounts: dict[str, tuple[PeriodString, ...]]


class CompiledForeignJson(CompiledJson):
    """A schedule of another notation, as ours and as periods; `remarks` say what is not as it was there."""

    schedule: dict[str, Any]
    remarks: tuple[DiagnosticJson, ...]
