"""A review as a JUnit report: a suite an account or file, a case a number or finding, failed where that is wrong.

Knows no command and no terminal. Whatever text comes in, the document is well-formed XML 1.0.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from xml.etree import ElementTree as ET

from reconciler.diagnostics import Severity
from reconciler.views.base import plural
from reconciler.views.ci.review import Remark, Review

# No carriage return either: readers take one for a line break. The screen lets none through.
_ILLEGAL = re.compile("[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
_ELSEWHERE = "findings"

_NO_TIME = {"time": "0"}  # nothing of a case takes time by itself

Case = Sequence[Remark]


# docs/decisions/170
def render(review: Review) -> str:
    """The whole report, with no attribute that Jenkins' xUnit plugin refuses."""
    return _Report(review, has_files=False).text()


def render_with_files(review: Review) -> str:
    """The same for GitLab, which leads from a case to the file that it names."""
    return _Report(review, has_files=True).text()


@dataclass(frozen=True, slots=True)
class _Report:
    """A review as a tree of elements; what is summed up is a case of its own where no other one fails."""

    review: Review
    has_files: bool

    def text(self) -> str:
        review, suites = self.review, [(name, list(cases)) for name, cases in _suites(self.review.remarks).items()]
        cases = [case for _name, found in suites for case in found]
        failures = sum(map(_fails, cases))
        sums_up = bool(review.summary) and not failures
        failures += sums_up and review.verdict is Severity.ERROR
        counts = {"tests": len(cases) + sums_up, "failures": failures, "errors": 0}
        root = _element("testsuites", name="reconciler", **counts, **_NO_TIME)
        if sums_up:
            self._summarize(root)
        for name, found in suites:
            self._add_suite(root, name, found)
        return _DECLARATION + ET.tostring(root, encoding="unicode", short_empty_elements=False)

    def _summarize(self, root: ET.Element) -> None:
        review, failed = self.review, self.review.verdict is Severity.ERROR
        suite = self._suite(root, "summary", tests=1, failures=int(failed), skipped=0)
        case = _add(suite, "testcase", classname=f"reconciler.{review.command}", name="summary", **_NO_TIME)
        summed_up = Remark("summary", review.verdict, "summary", review.summary)
        _tell(case, review.summary, failed=summed_up if failed else None)

    def _add_suite(self, root: ET.Element, name: str, cases: Sequence[Case]) -> None:
        failures, skipped = sum(map(_fails, cases)), sum(map(_is_unjudged, cases))
        suite = self._suite(root, name, tests=len(cases), failures=failures, skipped=skipped)
        for case in cases:
            self._add_case(suite, f"reconciler.{self.review.command}.{case[0].group}".rstrip("."), case)

    def _suite(self, root: ET.Element, name: str, **counts: int) -> ET.Element:
        moment = self.review.made_at.removesuffix("Z")  # by custom without a zone
        when = {"timestamp": moment} if moment else {}
        return _add(root, "testsuite", name=name, **counts, errors=0, **_NO_TIME, **when)

    def _add_case(self, suite: ET.Element, classname: str, case: Case) -> None:
        place = next((remark.place for remark in case if remark.place is not None), None)
        where = {"file": place.file} if place and self.has_files else {}
        element = _add(suite, "testcase", classname=classname, name=_name(case), **_NO_TIME, **where)
        if _is_unjudged(case):
            _skip(element, case)
            return
        at = [f"at {place}"] if place else []
        failing = [remark for remark in case if remark.fails]
        if failing:
            _tell(element, [*(line for remark in failing for line in remark.all_lines), *at], failed=failing[0])
            at = []
        rest = [*at, *(line for remark in case if not remark.fails for line in remark.all_lines)]
        if rest:
            _tell(element, rest)


def _suites(remarks: Iterable[Remark]) -> dict[str, Iterable[Case]]:
    """The cases of each group: all that is told of one number is one case, and each other remark one of its own.

    Whatever was not judged is one case together.
    """
    found: dict[str, dict[str, list[Remark]]] = {}
    for at, remark in enumerate(remarks):
        key = f"\0{remark.rule}" if remark.unjudged else remark.subject or f"\0{at}"
        found.setdefault(_group(remark), {}).setdefault(key, []).append(remark)
    return {name: cases.values() for name, cases in found.items()}


def _group(remark: Remark) -> str:
    """The account; of what is about no number, the file."""
    return remark.group or (remark.place.file if remark.place else _ELSEWHERE)


def _fails(case: Case) -> bool:
    return any(remark.fails for remark in case)


def _is_unjudged(case: Case) -> bool:
    return all(remark.unjudged for remark in case)


def _name(case: Case) -> str:
    """What it is about: the change of a number, else the rule and its place."""
    first = case[0]
    if first.unjudged:
        return f"{first.rule} numbers"
    named = [remark for remark in case if remark.title != remark.rule]
    if named:
        return named[0].title
    return first.subject or (f"{first.rule} {first.place}" if first.place else first.rule)


def _skip(element: ET.Element, case: Case) -> None:
    numbers = "\n".join(": ".join((remark.subject, *remark.lines[1:])) for remark in case)
    skipped = _add(element, "skipped", message=f"{plural(len(case), 'number')} {case[0].lines[0]}")
    skipped.text = _legal(numbers)


def _tell(case: ET.Element, lines: Sequence[str], *, failed: Remark | None = None) -> None:
    told = _add(case, "failure", message=failed.sentence, type=failed.rule) if failed else _add(case, "system-out")
    told.text = _legal("\n".join(lines))


def _add(parent: ET.Element, tag: str, **attributes: str | int) -> ET.Element:
    element = _element(tag, **attributes)
    parent.append(element)
    return element


def _element(tag: str, **attributes: str | int) -> ET.Element:
    """An element that begins and ends on lines of their own."""
    element = ET.Element(tag, {name: _legal(str(content)) for name, content in attributes.items()})
    element.text = element.tail = "\n"
    return element


def _legal(text: str) -> str:
    """The text, where what XML cannot hold is the replacement character."""
    return _ILLEGAL.sub("\N{REPLACEMENT CHARACTER}", text)
