"""What became of an apply, as versioned JSON.

Knows no terminal and no vendor.
"""

from __future__ import annotations

from pydantic import Field

from reconciler.apply.report import ApplyReport
from reconciler.formats import FORMAT_VERSION
from reconciler.formats.diagnostics import (
    DiagnosticJson,
    FormatVersion,
    JsonModel,
    diagnostics_json,
)
from reconciler.model import Action, Kind, Outcome


class ReportSummaryJson(JsonModel):
    """How many changes came to which outcome."""

    applied: int
    unverified: int
    failed: int
    skipped: int
    unknown: int


class ResultJson(JsonModel):
    """What became of one change."""

    address: str = Field(examples=["sales/74991112233"])
    kind: Kind
    action: Action
    outcome: Outcome
    unverified_fields: tuple[str, ...] = Field(default=(), description="Accepted, but these cannot be read back.")
    attempts: int = Field(description="Requests sent to write; 0 where none was sent.")
    error: str | None = Field(default=None, description="Why it failed, is unknown or was skipped.")


class ReportJson(JsonModel):
    """The answer of `apply --format json`."""

    format_version: FormatVersion = FORMAT_VERSION
    run_id: str
    started_at: str
    finished_at: str
    summary: ReportSummaryJson
    converged: bool = Field(description="Nothing failed, unknown or skipped.")
    results: tuple[ResultJson, ...] = ()
    diagnostics: tuple[DiagnosticJson, ...] = ()


def report_json(report: ApplyReport) -> ReportJson:
    """A report as its model."""
    return ReportJson.of(report, diagnostics=diagnostics_json(report.diagnostics))
