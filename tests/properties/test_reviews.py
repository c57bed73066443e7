"""Whatever texts come in, each machine reads one document, and nobody else's words are taken for commands or markup."""

from __future__ import annotations

import json
import re
from typing import Any
from xml.etree import ElementTree as ET

from hypothesis import example, given
from hypothesis import strategies as st

from reconciler.diagnostics import Location, Related, Severity
from reconciler.views.base import OutputForm, disarm
from reconciler.views.ci import github, gitlab, junit, sarif
from reconciler.views.ci.review import Remark, Review, ready
from tests.unit.views.ci.readers import runner

# All of Unicode, lone surrogates and what is no character included, with a taste for what means something to somebody.
_PIECES = (
    "::",
    "##[",
    "]",
    "::set-output name=x::y",
    "##[add-mask]",
    "%0A",
    "%",
    "\n",
    "\r",
    ",",
    "=",
    ":",
    "]]>",
    "<",
)
_MORE = ("&amp;", '"', "'", "\x00", "\x1b", "\x85", "\u2028", "\u202e", "\ud800", "\ufffe", "\uffff", "](http://x)")
_ANY = st.text(st.characters(codec=None))
TEXTS = st.lists(st.one_of(_ANY, st.sampled_from((*_PIECES, *_MORE))), max_size=5).map("".join)
PLACES = st.builds(
    Location,
    TEXTS,
    st.integers(1, 9),
    st.integers(1, 9),
    st.integers(9, 12),
    st.integers(9, 12),
)
REMARKS = st.builds(
    Remark,
    rule=st.sampled_from(["route-gap", "change-update", "drift"]),
    level=st.sampled_from(Severity),
    title=TEXTS,
    lines=st.lists(TEXTS, min_size=1, max_size=3).map(tuple),
    place=st.none() | PLACES,
    hint=TEXTS,
    related=st.lists(st.builds(Related, TEXTS, PLACES), max_size=2).map(tuple),
    group=TEXTS,
    subject=TEXTS,
    fails=st.booleans(),
)
REVIEWS = st.builds(
    Review,
    command=st.sampled_from(["validate", "plan", "audit"]),
    configuration=TEXTS,
    summary=st.lists(TEXTS, min_size=1, max_size=2).map(tuple),
    verdict=st.sampled_from(Severity),
    remarks=st.lists(REMARKS, max_size=4).map(tuple),
)


@given(REVIEWS)
@example(Review("plan", remarks=(Remark("drift", Severity.ERROR, "".join((*_PIECES, "x")), ("".join(_PIECES),)),)))
def test_github_reads_the_annotations_that_were_meant_and_no_other_command(review: Review) -> None:
    lines = re.split("\r\n|\r|\n", github.render(review))
    assert lines.pop() == ""
    commands = [runner(line) for line in lines]
    assert len(commands) == bool(review.summary) + len(review.remarks)
    told = {(each.name, each.message) for each in commands if each is not None}
    assert told >= {(remark.level.value, "\n".join(remark.all_lines)) for remark in review.remarks}
    assert {each.name for each in commands if each is not None} <= {"error", "warning", "notice"}
    titles = {each.properties.get("title", "").strip() for each in commands if each is not None}
    assert {remark.title.strip() for remark in review.remarks if remark.title} <= titles


def _legal(text: str) -> str:
    """What XML 1.0 can hold of a text (section 2.2, production 2), but for carriage returns, which readers change."""

    def is_character(code: int) -> bool:
        ranges = ((0x20, 0xD7FF), (0xE000, 0xFFFD), (0x10000, 0x10FFFF))
        return code in (9, 10) or any(first <= code <= last for first, last in ranges)

    return "".join(each if is_character(ord(each)) else "\ufffd" for each in text)


@given(TEXTS)
@example("".join((*_PIECES, *_MORE)))
def test_xml_gives_a_text_back_wherever_it_stood(text: str) -> None:
    remark = Remark("a-rule", Severity.ERROR, "a title", (text,), group=text, fails=True)
    suite = ET.fromstring(junit.render(Review("plan", remarks=(remark,))).encode())[0]
    assert suite.attrib["name"] == _legal(text or "findings")
    assert suite.findtext("testcase/failure") == _legal(text)


@given(REVIEWS)
def test_junit_is_xml_that_says_what_was_found(review: Review) -> None:
    root = ET.fromstring(disarm(junit.render(review), OutputForm.XML).encode())
    told = "\n".join(each.text or "" for each in root.iter() if each.tag in ("failure", "system-out"))
    for remark in review.remarks:
        assert all(_legal(line) in told for line in remark.all_lines)
    assert int(root.attrib["failures"]) == len(root.findall(".//failure"))


@given(REVIEWS)
def test_gitlab_and_sarif_are_json_whatever_the_texts(review: Review) -> None:
    clean = ready(review, lambda file: file, lambda text: text.encode("utf-8", "replace").decode())
    found: Any = json.loads(disarm(gitlab.render(clean), OutputForm.JSON).encode())
    assert [each["check_name"] for each in found] == [remark.rule for remark in review.remarks]
    assert len({each["fingerprint"] for each in found}) == len(found)
    results = json.loads(disarm(sarif.render(clean), OutputForm.JSON).encode())["runs"][0]["results"]
    assert [each["level"] for each in results] == [
        {"error": "error", "warning": "warning", "notice": "note"}[remark.level.value] for remark in review.remarks
    ]
    assert not any("](" in each["message"]["text"] for each in results)


@given(TEXTS)
@example("\u3000::set-output name=x::y\n##[set-output name=x]y\na ##[add-mask]b")
def test_no_line_of_a_disarmed_text_is_a_command(text: str) -> None:
    for form in (OutputForm.TEXT, OutputForm.XML, OutputForm.JSON):
        assert all(runner(line) is None for line in disarm(text, form).split("\n"))


@given(st.dictionaries(TEXTS, TEXTS))
def test_a_disarmed_document_says_the_same(content: dict[str, str]) -> None:
    text = json.dumps(content, ensure_ascii=False)
    assert json.loads(disarm(text, OutputForm.JSON)) == content
