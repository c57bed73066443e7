"""What commands have to say, each result as a document for programs and as lines for people.

Knows no format and no command; what draws a result is imported when it is drawn, as `--help` must be quick.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol

from reconciler.diagnostics import Diagnostic, Severity
from reconciler.formats import FORMAT_VERSION
from reconciler.views.screen import Screen

if TYPE_CHECKING:
    from reconciler.audit import Audit
    from reconciler.effects.wording import Wording
    from reconciler.model import Desired
    from reconciler.plan.model import Plan
    from reconciler.views.base import Line


Clean = Callable[[str], str]
Kind = Literal["answer", "validation", "plan", "saved_plan", "audit", "calendar", "numbers", "call"]
"""The kinds of results; an answer is any that no format knows better."""


class Subject(NamedTuple):
    """What a command is about, as far as it is known: a later answer about the same takes the place of this one."""

    configuration: str = ""
    accounts: tuple[str, ...] = ()
    scenario: str = ""


UNKNOWN = Subject()


class Output(Protocol):
    """Where the results of a command go, and how much is told beside them."""

    command: str
    subject: Subject
    screen: Screen

    @property
    def is_verbose(self) -> bool: ...
    @property
    def is_quiet(self) -> bool: ...
    def places(self) -> Callable[[str], str | None]: ...


class Result(Protocol):
    """What any result is: a document, a page of so many columns (or a text), and what is told beside the page."""

    @property
    def kind(self) -> Kind: ...
    @property
    def findings(self) -> Iterable[Diagnostic]: ...
    def document(self) -> str: ...
    def page(self, columns: int, /) -> Iterable[Line] | str: ...


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command answers: a document or what is in it, and a page. Some documents stand in one line."""

    command: str
    content: Callable[[], Mapping[str, Any] | str]
    page: Callable[[int], Iterable[Line] | str]
    findings: Iterable[Diagnostic] = ()
    in_one_line: bool = False
    kind: Kind = "answer"

    def document(self) -> str:
        content = self.content()
        if isinstance(content, str):
            return content
        return answered(self.command, content, indent=None if self.in_one_line else 2)


# docs/decisions/052
@dataclass(frozen=True, slots=True)
class Validated:
    """What `validate` found, and what of it is told."""

    found: Sequence[Diagnostic]
    told: Sequence[Diagnostic]
    numbers: int
    strict: bool
    findings: Sequence[Diagnostic] = ()
    kind: Kind = "validation"

    def document(self) -> str:
        from reconciler.views import machine

        return machine.validation(self.found, numbers=self.numbers, strict=self.strict)

    def page(self, columns: int) -> Iterable[Line]:
        from reconciler.views.human.findings import diagnostics, tally

        yield from diagnostics(self.told, columns)
        yield from tally(self.found, self.numbers, strict=self.strict)


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan, said by its own names. It `failed` where the command does, with `enforced` policy by that too."""

    plan: Plan
    say: Wording
    failed: bool = False
    enforced: bool = False
    kind: Kind = "plan"

    @property
    def findings(self) -> Sequence[Diagnostic]:
        return self.plan.diagnostics

    def document(self) -> str:
        from reconciler.views import machine

        return machine.plan(self.plan)

    def page(self, columns: int) -> Iterable[Line]:
        from reconciler.views.human.plan import plan

        return plan(self.plan, columns, self.say)


@dataclass(frozen=True, slots=True)
class Audited:
    """An audit, said by its own names; pages draw weeks in this zone."""

    audit: Audit
    zone: str
    say: Wording
    failed: bool
    kind: Kind = "audit"

    @property
    def findings(self) -> Sequence[Diagnostic]:
        return self.audit.diagnostics

    def document(self) -> str:
        from reconciler.views import machine

        return machine.audit(self.audit)

    def page(self, columns: int) -> Iterable[Line]:
        from reconciler.views.human.audit import audit

        return audit(self.audit, columns, self.say)


@dataclass(frozen=True, slots=True)
class Listed:
    """Declared numbers; for spreadsheets their cells are as they are if `raw`."""

    chosen: Sequence[Desired]
    raw: bool
    say: Wording
    findings: Sequence[Diagnostic] = ()
    kind: Kind = "numbers"

    def document(self) -> str:
        from reconciler.views.human.tables import as_json

        return answered("list", {"numbers": as_json(self.chosen)})

    def page(self, columns: int) -> Iterable[Line]:
        from reconciler.views.human.tables import human

        return human(self.chosen, self.say, columns)


def answered(command: str, content: Mapping[str, Any], *, indent: int | None = 2) -> str:
    """What a command answers as a document, of the shape that its schema publishes."""
    from reconciler.formats.answers import shaped

    return document(shaped(command, content), indent=indent)


def document(content: Mapping[str, Any], *, indent: int | None = 2) -> str:
    """Any content as a document under the version of our formats."""
    return json.dumps({"format_version": FORMAT_VERSION, **content}, ensure_ascii=False, indent=indent) + "\n"


def visible_diagnostics(output: Output, found: Iterable[Diagnostic]) -> list[Diagnostic]:
    """The findings that are told, without secrets: -q leaves errors only, -v adds notices."""
    heard = (item for item in found if item.is_error or _is_told(item.severity, output))
    return [item.redacted(output.screen.redact) for item in heard]


def _is_told(severity: Severity, output: Output) -> bool:
    return output.is_verbose if severity is Severity.NOTICE else not output.is_quiet


def note(output: Output, found: Iterable[Diagnostic]) -> None:
    """Tell findings on standard error."""
    heard = visible_diagnostics(output, found)
    if heard:
        from reconciler.views.human.findings import diagnostics

        output.screen.note(diagnostics(heard, output.screen.columns()))
