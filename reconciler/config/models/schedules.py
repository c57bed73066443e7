"""The shape of schedules: a period of the vendor's grammar, or hours and dates.

Knows nothing of what the texts in it mean.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Discriminator, Field, SkipValidation, Tag
from pydantic.config import JsonDict

from reconciler.config import values
from reconciler.config.models.fields import Flag, Name, Shape, Text, TimeZone

_SOME: JsonDict = {"minItems": 1}  # for editors; an empty list is told by who reads the times


def _is_literal(value: Any) -> str:
    return "<literal>" if isinstance(value, dict) else "<name>"


def _is_many(value: Any) -> str:
    return "<many>" if isinstance(value, list) else "<one>"


def _said(value: Any) -> Any:
    if value is None:
        message, hint = "no hours stand under this day", "write hours, like 09:00-18:00, or leave the day out"
        raise values.refuse("schedule-shape", message, hint)
    return value


Hours = Annotated[
    Annotated[Name, Tag("<one>")] | Annotated[list[Name], Tag("<many>")],
    Discriminator(_is_many),
    BeforeValidator(_said),
]


class Schedule(Shape):
    """When something is active: the vendor's `period`, or hours and dates from which periods are made."""

    description: Text | None = Field(None, description="Sent along as period_description.", examples=["график будни"])
    period: Text | None = Field(None, description="The vendor's own grammar.", examples=["wd {mon-fri} hr {9-17}"])
    verbatim: Flag = Field(False, description="Send the period as it stands, even if it cannot be understood.")
    timezone: TimeZone | None = Field(None, description="Where the hours are meant.", examples=["Asia/Novosibirsk"])
    weekly: dict[Name, Hours] | None = Field(
        None,
        json_schema_extra={"minProperties": 1},
        description="Hours by weekday; hours past midnight belong to the day they start on.",
        examples=[{"mon-fri": "09:30-18:15", "sat": ["10:00-13:00", "14:00-16:00"]}],
    )
    # Schedules inside a schedule are judged one by one, where each may be a name or a literal.
    except_: SkipValidation[ScheduleRefs] | None = Field(
        None, alias="except", description="Schedules whose days are taken out.", examples=[["holidays"]]
    )
    workday_as: Name | None = Field(None, description="Whose hours a moved working day has.", examples=["mon"])
    dates: list[Name] | None = Field(
        None, json_schema_extra=_SOME, description="Days, with or without a year.", examples=[["01-01..01-08", "05-09"]]
    )
    public: Name | None = Field(None, description="Public holidays of a country.", examples=["RU"])
    not_: SkipValidation[ScheduleRef] | None = Field(None, alias="not", description="All times outside this schedule.")
    any_: list[SkipValidation[ScheduleRef]] | None = Field(
        None, alias="any", json_schema_extra=_SOME, description="Times in at least one of these schedules."
    )
    all_: list[SkipValidation[ScheduleRef]] | None = Field(
        None, alias="all", json_schema_extra=_SOME, description="Times in every one of these schedules."
    )


ScheduleRef = Annotated[
    Annotated[Name, Tag("<name>")] | Annotated[Schedule, Tag("<literal>")],
    Discriminator(_is_literal),
]
ScheduleRefs = Annotated[
    Annotated[ScheduleRef, Tag("<one>")] | Annotated[list[ScheduleRef], Tag("<many>")],
    Discriminator(_is_many),
]
