"""A review as annotations of GitHub Actions: a workflow command a line, and nothing but workflow commands.

Knows no command of ours and no terminal. No text can begin a line or end a property, so none can be a command itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from reconciler.diagnostics import Location, Severity
from reconciler.views.ci.review import LEVELS, Remark, Review, worst_first

MOST_SHOWN = 10
"""GitHub shows so many annotations of each level in a step; the rest stand in its log only."""


def render(review: Review) -> str:
    """The summary, then what was found, the worst first."""
    told = worst_first(review.remarks)
    commands = [_summary(review), *(_command(remark) for remark in told)]
    return "".join(f"{command}\n" for command in commands if command)


def data(text: str) -> str:
    """Escape the message of a workflow command."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def value(text: str) -> str:
    """Escape the value of a workflow command's property."""
    return data(text).replace(":", "%3A").replace(",", "%2C")


def _summary(review: Review) -> str:
    if not review.summary:
        return ""
    count = Counter(remark.level for remark in review.remarks)
    count[review.verdict] += 1
    lines = [*review.summary, *(_left_out(level, count[level]) for level in LEVELS if count[level] > MOST_SHOWN)]
    title = f"reconciler {review.command} {review.configuration}".rstrip()
    return _line(review.verdict, {"title": title}, lines)


def _left_out(level: Severity, count: int) -> str:
    return f"GitHub shows {MOST_SHOWN} {level.value}s per step: all {count} are in the log of this step"


def _command(remark: Remark) -> str:
    properties = {**_place(remark.place), "title": remark.title}
    return _line(remark.level, properties, remark.all_lines)


def _place(place: Location | None) -> dict[str, str]:
    if place is None:
        return {}
    found = {"file": place.file, "line": str(place.line)}
    last = max(place.line, place.end_line - (place.end_column == 1))  # a line break belongs to the line that it ends
    if last != place.line:  # GitHub takes columns for a place within one line only
        return {**found, "endLine": str(last)}
    found["col"] = str(place.column)
    is_whole = place.end_line == place.line and place.end_column > place.column
    return {**found, "endColumn": str(place.end_column)} if is_whole else found


def _line(level: Severity, properties: dict[str, str], lines: Iterable[str]) -> str:
    told = ",".join(f"{name}={value(text)}" for name, text in properties.items())
    message = data("\n".join(lines))
    return f"::{level.value} {told}::{message}"
