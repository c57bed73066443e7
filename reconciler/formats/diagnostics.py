"""Diagnostics and the answer of `validate` as versioned JSON.

Knows no command and no terminal.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from reconciler.diagnostics import Diagnostic, Location, Severity, count_of
from reconciler.formats import FORMAT_VERSION

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Shape = TypeVar("Shape", bound="DataclassInstance")
FormatVersion = Annotated[
    str,
    Field(description="Version of this format: additive changes raise the second digit.", pattern=r"^1\.\d+$"),
]


class JsonModel(BaseModel):
    """What all formats share: unknown keys are refused, so that a typing error or a newer file is noticed.

    A field has the name of the attribute that it tells, in values of ours, wherever it tells one as it is.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, from_attributes=True)

    @classmethod
    def of(cls, *values: object, **others: object) -> Self:
        """The model of values of ours; a field that is not given has the name of an attribute of one."""
        own = {name: getattr(value, name) for value in values for name in cls.model_fields if hasattr(value, name)}
        return cls.model_validate({**own, **others})

    def as_value(self, shape: type[Shape], **others: object) -> Shape:
        """A value of ours; what is not given has the name of a field."""
        own = {each.name: getattr(self, each.name) for each in fields(shape) if each.name in type(self).model_fields}
        return shape(**{**own, **others})


class AnswerJson(JsonModel):
    """What every answer says of itself."""

    format_version: FormatVersion = FORMAT_VERSION


Code = Annotated[
    str, Field(description="Rule code, stable.", examples=["period-hour"], pattern=r"^[a-z][a-z0-9-]{0,63}$")
]
Position = Annotated[int, Field(ge=1, lt=2**31)]


class RelatedJson(JsonModel):
    """A second place that a diagnostic talks about."""

    message: str
    file: str
    line: Position
    column: Position


class DiagnosticJson(JsonModel):
    """One finding; lines and columns count from 1, in characters, the end is exclusive; null where it has no place."""

    code: Code
    severity: Literal["error", "warning", "notice"]
    message: str
    file: str | None = None
    line: Position | None = None
    column: Position | None = None
    end_line: Position | None = None
    end_column: Position | None = None
    hint: str | None = Field(default=None, description="What to type.")
    related: tuple[RelatedJson, ...] = ()
    numbers: tuple[str, ...] = Field(default=(), description="All numbers that the fault reaches.")


class ValidationSummaryJson(JsonModel):
    """How many of what."""

    errors: int
    warnings: int
    numbers: int


class ValidationJson(JsonModel):
    """The answer of `validate --format json`."""

    format_version: FormatVersion = FORMAT_VERSION
    valid: bool
    summary: ValidationSummaryJson
    diagnostics: tuple[DiagnosticJson, ...] = ()


class FailureJson(JsonModel):
    """What any command answers with `--format json` when it cannot give its own document."""

    format_version: FormatVersion = FORMAT_VERSION
    diagnostics: tuple[DiagnosticJson, ...] = ()


def diagnostic_json(diagnostic: Diagnostic) -> DiagnosticJson:
    """One diagnostic as JSON."""
    related = [RelatedJson.of(each.location, message=each.message) for each in diagnostic.related]
    return DiagnosticJson.of(diagnostic.location, diagnostic, severity=diagnostic.severity.value, related=related)


def diagnostics_json(diagnostics: Iterable[Diagnostic]) -> tuple[DiagnosticJson, ...]:
    """Diagnostics as JSON, in their order."""
    return tuple(diagnostic_json(diagnostic) for diagnostic in diagnostics)


def diagnostic_from_json(data: DiagnosticJson) -> Diagnostic:
    """A stored diagnostic as a value; excerpts are not stored."""
    location = None
    if data.file is not None:
        location = Location(data.file, data.line or 1, data.column or 1, data.end_line or 1, data.end_column or 1)
    return Diagnostic(data.code, Severity(data.severity), data.message, location, data.hint, numbers=data.numbers)


def validation_json(diagnostics: Iterable[Diagnostic], *, numbers: int, strict: bool) -> ValidationJson:
    """The answer of `validate`; with `strict` a warning makes it invalid too."""
    found = tuple(diagnostics)
    errors = count_of(found, Severity.ERROR)
    warnings = count_of(found, Severity.WARNING)
    return ValidationJson(
        valid=not errors and not (strict and warnings),
        summary=ValidationSummaryJson(errors=errors, warnings=warnings, numbers=numbers),
        diagnostics=diagnostics_json(found),
    )


def render(model: JsonModel) -> str:
    """One JSON document with a newline at its end."""
    return model.model_dump_json(indent=2, by_alias=True) + "\n"


Schema = dict[str, Any]


def schema(model: type[BaseModel], title: str) -> Schema:
    """The JSON Schema (draft 2020-12) of a format."""
    return titled(model.model_json_schema(), title)


def titled(drawn: Schema, title: str) -> Schema:
    """A schema with its dialect and its title first."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": title,
        **{key: value for key, value in drawn.items() if key != "title"},
    }
