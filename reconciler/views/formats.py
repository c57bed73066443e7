"""The formats of results: each is one object with everything a command may have to say in it, registered by name.

Knows no command; what draws a result is imported when it is drawn, as `--help` must be quick.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, get_args

from reconciler.diagnostics import Diagnostic, Location
from reconciler.plugins import plugin
from reconciler.views.base import OutputForm
from reconciler.views.ci.reviewer import Reviewer
from reconciler.views.results import (
    Audited,
    Clean,
    Kind,
    Listed,
    Output,
    Planned,
    Result,
    document,
    note,
    visible_diagnostics,
)

if TYPE_CHECKING:
    from reconciler.views.calendar import CalendarView
    from reconciler.views.events import ShownCall

Part = Callable[[Output, Any], None]
_START = ("file", "line", "column")
_PLACE = (*_START, "end_line", "end_column")


@dataclass(frozen=True, slots=True)
class Format:
    """Everything that a command may have to say.

    `failure` says why it came to nothing, `findings` tells what was found beside a result, `results` shows each kind of
    result that is served. A format `for_programs` says all: nobody is asked, and nothing is told beside it.
    """

    name: str
    purpose: str
    failure: Callable[[Output, Sequence[Diagnostic]], None]
    findings: Callable[[Output, Iterable[Diagnostic]], None]
    results: Mapping[Kind, Part]
    for_programs: bool = False

    def __post_init__(self) -> None:
        if not all(map(callable, (self.failure, self.findings, *self.results.values()))):
            raise TypeError(f"the format {self.name} lacks a part")


GROUP = "reconciler.formats"
FORMATS: dict[str, Format] = {}


def register(added: Format) -> Format:
    """Add a format, which every command that it serves then takes."""
    if added.name in FORMATS:
        raise ValueError(f"there is a format {added.name} already")
    return FORMATS.setdefault(added.name, added)


def find_format(name: str) -> Format | None:
    """A format by its name, from a plugin where it is none of ours; raises PluginError."""
    if name not in FORMATS:
        added = plugin(GROUP, name, Format)
        if added is not None:
            register(replace(added, name=name))
    return FORMATS.get(name)


def serving(kind: Kind) -> list[str]:
    """The names of the formats of a kind of result, the default first."""
    return [name for name, each in FORMATS.items() if kind in each.results]


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
    told = {"code": found.code, "severity": found.severity.value, "message": found.message}
    related = [{"message": item.message, **_plain_place(item.location, _START)} for item in found.related]
    numbers = list(found.numbers)
    return {**told, **_plain_place(found.location, _PLACE), "hint": found.hint, "related": related, "numbers": numbers}


def _plain_place(place: Location | None, names: Iterable[str]) -> dict[str, Any]:
    return {name: getattr(place, name, None) for name in names}


TEXT = register(Format("text", "people", note, note, dict.fromkeys(get_args(Kind), _as_text)))
JSON = register(
    Format("json", "programs", _json_failure, note, dict.fromkeys(get_args(Kind), _as_json), for_programs=True)
)


# -- pages, comments and tables ---------------------------------------------------------------------------------------


def _drawn(output: Output, found: Iterable[Diagnostic], draw: Callable[[Clean], str]) -> None:
    note(output, found)
    output.screen.drawn(draw, OutputForm.TEXT)


def _failure_page(output: Output, found: Sequence[Diagnostic]) -> None:
    from reconciler.views.web.pages import failure_page

    _drawn(output, found, lambda clean: failure_page(output.command, visible_diagnostics(output, found), clean))


def _plan_page(output: Output, shown: Planned) -> None:
    from reconciler.views.web.pages import plan_page

    _drawn(output, shown.findings, lambda clean: plan_page(shown.plan, shown.say, clean))


def _audit_page(output: Output, shown: Audited) -> None:
    from reconciler.views.web.pages import audit_page

    _drawn(output, shown.findings, lambda clean: audit_page(shown.audit, shown.zone, shown.say, clean))


def _calendar_page(output: Output, shown: CalendarView) -> None:
    from reconciler.views.web.pages import calendar_page

    _drawn(output, (), lambda clean: calendar_page(shown, clean))


def _failure_comment(output: Output, found: Sequence[Diagnostic]) -> None:
    from reconciler.views.markdown import failure

    note(output, found)
    output.screen.table(failure(output.command, visible_diagnostics(output, found), output.subject))


def _plan_comment(output: Output, shown: Planned) -> None:
    from reconciler.views.markdown import comment

    note(output, shown.findings)
    output.screen.table(comment(shown.plan, shown.say))


def _rows(output: Output, shown: Listed) -> None:
    from reconciler.views.human.tables import as_csv

    _drawn(output, (), lambda clean: as_csv(shown.chosen, clean, raw=shown.raw))


def _call_page(output: Output, shown: ShownCall) -> None:
    from reconciler.views.web.call import call_page

    _drawn(output, (), lambda clean: call_page(shown.call, clean))


_PAGES: Mapping[Kind, Part] = {
    "plan": _plan_page,
    "saved_plan": _plan_page,
    "audit": _audit_page,
    "calendar": _calendar_page,
    "call": _call_page,
}
_COMMENTS: Mapping[Kind, Part] = {"plan": _plan_comment, "saved_plan": _plan_comment}
register(Format("html", "one page that needs nothing else", _failure_page, note, _PAGES))
register(Format("markdown", "a comment, or the summary of a step", _failure_comment, note, _COMMENTS))


# -- machines that review changes -------------------------------------------------------------------------------------


def _reviewed(reviewer: Reviewer, purpose: str, *, audits: bool) -> Format:
    results: dict[Kind, Part] = {"validation": reviewer.validation, "plan": reviewer.plan, "saved_plan": reviewer.plan}
    if audits:
        results["audit"] = reviewer.audit
    return Format(reviewer.name, purpose, reviewer.failure, reviewer.findings, results)


_ANNOTATIONS = "annotations of GitHub Actions, at the lines of a pull request"
_CODE_QUALITY = "GitLab's Code Quality report, at the lines of a merge request"
_SARIF = "SARIF 2.1.0: code scanning at GitHub, editors, other viewers"
_JUNIT = "test reports: Jenkins and most others"
_GITLAB_JUNIT = "GitLab's unit test report: the same, with the file of each case"
register(_reviewed(Reviewer("github", "github.render", OutputForm.COMMANDS), _ANNOTATIONS, audits=False))
register(_reviewed(Reviewer("gitlab", "gitlab.render"), _CODE_QUALITY, audits=False))
register(_reviewed(Reviewer("sarif", "sarif.render", fits="sarif.fitted"), _SARIF, audits=True))
register(_reviewed(Reviewer("junit", "junit.render", OutputForm.XML), _JUNIT, audits=True))
register(_reviewed(Reviewer("gitlab-junit", "junit.render_with_files", OutputForm.XML), _GITLAB_JUNIT, audits=True))


def _counts(output: Output, shown: Planned) -> None:
    from reconciler.views.ci.gitlab import widget

    note(output, shown.findings)
    output.screen.document(widget(shown.plan))


def _no_counts(output: Output, found: Sequence[Diagnostic]) -> None:
    from reconciler.views.ci.gitlab import failed_widget

    note(output, found)
    output.screen.document(failed_widget(visible_diagnostics(output, found)))


_WIDGET = "GitLab's Terraform report: how many numbers change, in the merge request"
_WIDGETS: Mapping[Kind, Part] = {"plan": _counts, "saved_plan": _counts}
register(Format("gitlab-terraform", _WIDGET, _no_counts, note, _WIDGETS))
register(Format("csv", "spreadsheets, a row a target", note, note, {"numbers": _rows}))
