"""The formats of results: each is one object with everything a command may have to say in it, registered by name.

Knows no command; what draws a result is imported when it is drawn, as `--help` must be quick.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NoReturn, TypeVar

from reconciler.diagnostics import Diagnostic, Location
from reconciler.views.ci.reviewer import Reviewer
from reconciler.views.results import (
    Answer,
    Audited,
    Listed,
    Output,
    Pictured,
    Planned,
    Result,
    Validated,
    document,
    note,
    told,
)
from reconciler.views.spelling import Form

Value = TypeVar("Value")
Part = Callable[[Output, Value], None]
Kind = Literal["answer", "validation", "plan", "saved_plan", "audit", "calendar", "numbers"]


def unserved(_output: Output, _result: object) -> NoReturn:
    """What stands for a result that a format does not serve: no option lets one come here."""
    raise NotImplementedError("this format does not serve such results")


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """Everything that a command may have to say: every part is named, also where it is `unserved`.

    `failure` says why a command came to nothing, `findings` tells what was found beside a result; without them no
    format is one. One `for_programs` says all: nobody is asked, and nothing is told beside it.
    """

    name: str
    purpose: str
    failure: Part[Sequence[Diagnostic]]
    findings: Part[Iterable[Diagnostic]]
    answer: Part[Answer]
    validation: Part[Validated]
    plan: Part[Planned]
    saved_plan: Part[Planned]
    audit: Part[Audited]
    calendar: Part[Pictured]
    numbers: Part[Listed]
    for_programs: bool = False

    def __post_init__(self) -> None:
        if lacking := [part for part in ("failure", "findings") if not self.serves(part)]:
            raise ValueError(f"the format {self.name} lacks {' and '.join(lacking)}")

    def serves(self, part: str) -> bool:
        """Whether it has this part."""
        return getattr(self, part) not in (unserved, None)


FORMATS: dict[str, Format] = {}


def register(added: Format) -> Format:
    """Add a format, which every command that it serves then takes."""
    if added.name in FORMATS:
        raise ValueError(f"there is a format {added.name} already")
    return FORMATS.setdefault(added.name, added)


def serving(kind: Kind) -> tuple[str, ...]:
    """The names of the formats of a kind of result, the default first."""
    return tuple(name for name, each in FORMATS.items() if each.serves(kind))


# -- text and JSON, which serve every result --------------------------------------------------------------------------


def _as_text(output: Output, result: Result) -> None:
    note(output, result.findings)
    page = result.page(output.screen.columns())
    if isinstance(page, str):
        output.screen.table(page)
    else:
        output.screen.result(page)


def _as_json(output: Output, result: Result) -> None:
    output.screen.document(result.document())


def _json_failure(output: Output, found: Iterable[Diagnostic]) -> None:
    """As `formats.diagnostics` has it, with as little as can be: a signal may have broken imports off."""
    output.screen.document(document({"diagnostics": [_plain(item) for item in found]}))


def _plain(found: Diagnostic) -> dict[str, Any]:
    place = found.location
    return {
        "code": found.code,
        "severity": found.severity.value,
        "message": found.message,
        "file": place.file if place else None,
        "line": place.line if place else None,
        "column": place.column if place else None,
        "end_line": place.end_line if place else None,
        "end_column": place.end_column if place else None,
        "hint": found.hint,
        "related": [_plain_related(item.message, item.location) for item in found.related],
    }


def _plain_related(message: str, place: Location) -> dict[str, Any]:
    return {"message": message, "file": place.file, "line": place.line, "column": place.column}


TEXT = register(
    Format(
        name="text",
        purpose="people",
        failure=note,
        findings=note,
        answer=_as_text,
        validation=_as_text,
        plan=_as_text,
        saved_plan=_as_text,
        audit=_as_text,
        calendar=_as_text,
        numbers=_as_text,
    )
)

JSON = register(
    Format(
        name="json",
        purpose="programs",
        for_programs=True,
        failure=_json_failure,
        findings=note,
        answer=_as_json,
        validation=_as_json,
        plan=_as_json,
        saved_plan=_as_json,
        audit=_as_json,
        calendar=_as_json,
        numbers=_as_json,
    )
)


# -- pages and comments -----------------------------------------------------------------------------------------------


def _page_of_failure(output: Output, found: Sequence[Diagnostic]) -> None:
    from reconciler.views.web.failure import page

    note(output, found)
    output.screen.drawn(lambda clean: page(output.command, told(output, found), clean), Form.TEXT)


def _page_of_plan(output: Output, shown: Planned) -> None:
    from reconciler.views.web.plan import page

    note(output, shown.findings)
    output.screen.drawn(lambda clean: page(shown.plan, zone=shown.zone, clean=clean), Form.TEXT)


def _page_of_audit(output: Output, shown: Audited) -> None:
    from reconciler.views.web.audit import page

    note(output, shown.findings)
    output.screen.drawn(lambda clean: page(shown.audit, zone=shown.zone, clean=clean), Form.TEXT)


def _page_of_calendar(output: Output, shown: Pictured) -> None:
    from reconciler.views.web.calendar import page

    output.screen.drawn(lambda clean: page(shown.shown, clean), Form.TEXT)


register(
    Format(
        name="html",
        purpose="one page that needs nothing else",
        failure=_page_of_failure,
        findings=note,
        answer=unserved,
        validation=unserved,
        plan=_page_of_plan,
        saved_plan=unserved,  # its weeks would need the time zone of the configuration
        audit=_page_of_audit,
        calendar=_page_of_calendar,
        numbers=unserved,
    )
)


def _comment_of_failure(output: Output, found: Sequence[Diagnostic]) -> None:
    from reconciler.views.markdown import failure

    note(output, found)
    output.screen.table(failure(output.command, told(output, found)))


def _comment_of_plan(output: Output, shown: Planned) -> None:
    from reconciler.views.markdown import comment

    note(output, shown.findings)
    output.screen.table(comment(shown.plan))


register(
    Format(
        name="markdown",
        purpose="a comment, or the summary of a step",
        failure=_comment_of_failure,
        findings=note,
        answer=unserved,
        validation=unserved,
        plan=_comment_of_plan,
        saved_plan=_comment_of_plan,
        audit=unserved,
        calendar=unserved,
        numbers=unserved,
    )
)


# -- machines that review changes -------------------------------------------------------------------------------------


def _of_reviewer(reviewer: Reviewer, purpose: str, *, audits: bool) -> Format:
    return Format(
        name=reviewer.name,
        purpose=purpose,
        failure=reviewer.failure,
        findings=reviewer.findings,
        answer=unserved,
        validation=reviewer.validation,
        plan=reviewer.plan,
        saved_plan=reviewer.plan,
        audit=reviewer.audit if audits else unserved,
        calendar=unserved,
        numbers=unserved,
    )


register(
    _of_reviewer(
        Reviewer("github", Form.COMMANDS),
        "annotations of GitHub Actions, at the lines of a pull request",
        audits=False,
    )
)
register(
    _of_reviewer(Reviewer("gitlab"), "GitLab's Code Quality report, at the lines of a merge request", audits=False)
)
register(_of_reviewer(Reviewer("sarif"), "SARIF 2.1.0: code scanning at GitHub, editors, other viewers", audits=True))
register(_of_reviewer(Reviewer("junit", Form.XML), "test reports of GitLab, Jenkins and most others", audits=True))


# -- tables for spreadsheets ------------------------------------------------------------------------------------------


def _rows(output: Output, listed: Listed) -> None:
    from reconciler.views.rows import as_csv

    output.screen.drawn(lambda clean: as_csv(listed.chosen, clean, raw=listed.raw), Form.TEXT)


register(
    Format(
        name="csv",
        purpose="spreadsheets, a row a target",
        failure=note,  # a table without rows
        findings=note,
        answer=unserved,
        validation=unserved,
        plan=unserved,
        saved_plan=unserved,
        audit=unserved,
        calendar=unserved,
        numbers=_rows,
    )
)
