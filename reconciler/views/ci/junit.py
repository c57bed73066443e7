"""A review as a JUnit report: a suite an account or file, a case a number or finding, failed where that is wrong.

Knows no command and no terminal. Whatever text comes in, the document is well-formed XML 1.0.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from xml.etree import ElementTree as ET

from reconciler.diagnostics import Severity
from reconciler.views.ci.review import Remark, Review

# No carriage return either: readers take one for a line break. The screen lets none through.
_ILLEGAL = re.compile("[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
_ELSEWHERE = "findings"

Case = Sequence[Remark]


def render(review: Review) -> str:
    """The whole report; what is summed up is a case of its own where no other one fails."""
    suites = [(name, list(cases)) for name, cases in _suites(review.remarks).items()]
    cases = [case for _name, found in suites for case in found]
    failures = sum(_fails(case) for case in cases)
    sums_up = bool(review.summary) and not failures
    failures += sums_up and review.verdict is Severity.ERROR
    root = _element("testsuites", name="reconciler", tests=len(cases) + sums_up, failures=failures, errors=0)
    if sums_up:
        _summarize(root, review)
    for name, found in suites:
        _add_suite(root, review.command, name, found)
    return _DECLARATION + ET.tostring(root, encoding="unicode", short_empty_elements=False)


def _suites(remarks: Iterable[Remark]) -> dict[str, Iterable[Case]]:
    """The cases of each group: all that is told of one number is one case, and each other remark one of its own."""
    found: dict[str, dict[str, list[Remark]]] = {}
    for at, remark in enumerate(remarks):
        found.setdefault(_group(remark), {}).setdefault(remark.subject or f"\0{at}", []).append(remark)
    return {name: cases.values() for name, cases in found.items()}


def _group(remark: Remark) -> str:
    """The account; of what is about no number, the file."""
    return remark.group or (remark.place.file if remark.place else _ELSEWHERE)


def _fails(case: Case) -> bool:
    return any(remark.fails for remark in case)


def _summarize(root: ET.Element, review: Review) -> None:
    failed = review.verdict is Severity.ERROR
    suite = _add(root, "testsuite", name="summary", tests=1, failures=int(failed), errors=0, skipped=0)
    case = _add(suite, "testcase", classname=f"reconciler.{review.command}", name="summary")
    summed_up = Remark("summary", review.verdict, "summary", review.summary)
    _tell(case, review.summary, failed=summed_up if failed else None)


def _add_suite(root: ET.Element, command: str, name: str, cases: Sequence[Case]) -> None:
    failures = sum(map(_fails, cases))
    suite = _add(root, "testsuite", name=name, tests=len(cases), failures=failures, errors=0, skipped=0)
    for case in cases:
        _add_case(suite, f"reconciler.{command}.{case[0].group}".rstrip("."), case)


def _add_case(suite: ET.Element, classname: str, case: Case) -> None:
    place = next((remark.place for remark in case if remark.place is not None), None)
    where: dict[str, str | int] = {"file": place.file, "line": place.line} if place else {}
    element = _add(suite, "testcase", classname=classname, name=_name(case), **where)
    failing = [remark for remark in case if remark.fails]
    if failing:
        _tell(element, [line for remark in failing for line in remark.all_lines], failed=failing[0])
    rest = [line for remark in case if not remark.fails for line in remark.all_lines]
    if rest:
        _tell(element, rest)


def _name(case: Case) -> str:
    """What it is about: the change of a number, else the rule and its place."""
    named = [remark for remark in case if remark.title != remark.rule]
    if named:
        return named[0].title
    first = case[0]
    return first.subject or (f"{first.rule} {first.place}" if first.place else first.rule)


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
