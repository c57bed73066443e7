"""A review as a JUnit report: a suite an account or file, a case a number or finding, failed where that is wrong.

Knows no command and no terminal. Whatever text comes in, the document is well-formed XML 1.0.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from reconciler.diagnostics import Severity
from reconciler.views.ci.review import Remark, Review

_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ESCAPES = {ord("&"): "&amp;", ord("<"): "&lt;", ord(">"): "&gt;", ord('"'): "&quot;", ord("\r"): "&#13;"}
_IN_ATTRIBUTES = {**_ESCAPES, ord("\n"): "&#10;", ord("\t"): "&#9;"}

_ELSEWHERE = "findings"

Case = Sequence[Remark]


def render(review: Review) -> str:
    """The whole report; what is summed up is a case of its own where no other one fails."""
    suites = [(name, list(cases)) for name, cases in _suites(review.remarks).items()]
    cases = [case for _name, found in suites for case in found]
    failures = sum(_fails(case) for case in cases)
    sums_up = bool(review.summary) and not failures
    failures += sums_up and review.verdict is Severity.ERROR
    head = _open("testsuites", name="reconciler", tests=len(cases) + sums_up, failures=failures, errors=0)
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', head]
    lines += _summary(review) if sums_up else []
    lines += [line for name, found in suites for line in _suite(review.command, name, found)]
    return "\n".join([*lines, "</testsuites>"]) + "\n"


def text(content: str) -> str:
    """Escape text between tags; what XML cannot hold becomes the replacement character."""
    return _ILLEGAL.sub("\N{REPLACEMENT CHARACTER}", content).translate(_ESCAPES)


def attribute(content: str) -> str:
    """Escape the value of an attribute, with its line breaks kept."""
    return _ILLEGAL.sub("\N{REPLACEMENT CHARACTER}", content).translate(_IN_ATTRIBUTES)


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


def _summary(review: Review) -> Iterator[str]:
    failed = review.verdict is Severity.ERROR
    yield _open("testsuite", name="summary", tests=1, failures=int(failed), errors=0, skipped=0)
    yield _open("testcase", classname=f"reconciler.{review.command}", name="summary")
    summed_up = Remark("summary", review.verdict, "summary", review.summary)
    yield from _told(review.summary, failed=summed_up if failed else None)
    yield from ("</testcase>", "</testsuite>")


def _suite(command: str, name: str, cases: Sequence[Case]) -> Iterator[str]:
    yield _open("testsuite", name=name, tests=len(cases), failures=sum(map(_fails, cases)), errors=0, skipped=0)
    for case in cases:
        yield from _case(f"reconciler.{command}.{case[0].group}".rstrip("."), case)
    yield "</testsuite>"


def _case(classname: str, case: Case) -> Iterator[str]:
    place = next((remark.place for remark in case if remark.place is not None), None)
    where: dict[str, str | int] = {"file": place.file, "line": place.line} if place else {}
    yield _open("testcase", classname=classname, name=_name(case), **where)
    failing = [remark for remark in case if remark.fails]
    if failing:
        told = [line for remark in failing for line in remark.all_lines]
        yield from _told(told, failed=failing[0])
    rest = [line for remark in case if not remark.fails for line in remark.all_lines]
    if rest:
        yield from _told(rest)
    yield "</testcase>"


def _name(case: Case) -> str:
    """What it is about: the change of a number, else the rule and its place."""
    named = [remark for remark in case if remark.title != remark.rule]
    if named:
        return named[0].title
    first = case[0]
    return first.subject or (f"{first.rule} {first.place}" if first.place else first.rule)


def _told(lines: Sequence[str], *, failed: Remark | None = None) -> Iterator[str]:
    body = text("\n".join(lines))
    if failed is None:
        yield f"<system-out>{body}</system-out>"
    else:
        yield f"{_open('failure', message=failed.sentence, type=failed.rule)}{body}</failure>"


def _open(tag: str, **attributes: str | int) -> str:
    told = "".join(f' {name}="{attribute(str(content))}"' for name, content in attributes.items())
    return f"<{tag}{told}>"
