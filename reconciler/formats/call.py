"""A request and how it ended, as a line of versioned JSON.

Knows no file and no terminal. There is neither a header nor a query nor a body in it.
"""

from __future__ import annotations

from datetime import UTC, datetime

from pydantic import Field

from reconciler.formats import FORMAT_VERSION
from reconciler.formats.diagnostics import FormatVersion, JsonModel
from reconciler.http.calls import Call


class CallJson(JsonModel):
    """A line of `--log FILE`: one attempt of one HTTP request."""

    format_version: FormatVersion = FORMAT_VERSION
    time: str = Field(description="When it was sent, RFC 3339 in UTC.", examples=["2026-11-21T10:00:00.125Z"])
    command: str = Field(description="The command that sent it.", examples=["apply"])
    process: int = Field(description="The process that sent it: several may write to one file.")
    peer: str = Field(description="Who was asked.", examples=["the record's server"])
    account: str | None = Field(default=None, description="The account that it was sent for, null for the record.")
    method: str = Field(examples=["POST"])
    host: str
    path: str = Field(description="Without its query.")
    numbers: tuple[str, ...] = Field(default=(), description="The numbers that it is about, where it is about some.")
    attempt: int = Field(ge=1, description="1 for the first attempt of a request.")
    status: int | None = Field(default=None, description="The answer's HTTP status, null where none came.")
    milliseconds: int = Field(ge=0, description="From sending it to the end of the answer.")
    request_id: str | None = Field(default=None, description="What the other side calls it, if it says so.")
    error: str | None = Field(default=None, description="Why there is no answer, or none that can be used.")


def call_line(call: Call, *, command: str, process: int) -> str:
    """A call as one line."""
    moment = datetime.fromtimestamp(call.at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    given = {name: getattr(call, name) or None for name in ("account", "request_id", "error")}
    told = CallJson.of(call, **given, time=moment, command=command, process=process)
    return told.model_dump_json() + "\n"
