"""A text is spelled so that nobody takes it for a command, and documents reach streams of any encoding whole."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from xml.etree import ElementTree as ET

import pytest

from reconciler.diagnostics import Severity
from reconciler.secrets import Secrets
from reconciler.views.base import OutputForm, disarm, line
from reconciler.views.ci import github, junit
from reconciler.views.ci.review import Remark, Review, ready
from reconciler.views.screen import Screen

COMMANDS = ("::set-output name=x::y", "  ::add-mask::x", "\u3000::stop-commands::x", "a ##[set-output name=x]y")


def written(form: OutputForm, text: str, encoding: str = "utf-8", **environ: str) -> bytes:
    raw = io.BytesIO()
    screen = Screen(environ, io.TextIOWrapper(raw, encoding), io.StringIO())
    screen.drawn(lambda clean: clean(text), form)
    return raw.getvalue()


@pytest.mark.parametrize("text", COMMANDS)
def test_text_on_github_is_no_command(text: str) -> None:
    for environ, is_kept in (({}, True), ({"GITHUB_ACTIONS": "true"}, False)):
        screen = Screen(environ, io.StringIO(), io.StringIO())
        screen.result([line(text)])
        screen.note([line(text)])
        screen.table(f"{text}\n")
        assert isinstance(screen.out, io.StringIO)
        assert isinstance(screen.err, io.StringIO)
        shown = {*screen.out.getvalue().splitlines(), *screen.err.getvalue().splitlines()}
        assert shown == ({text} if is_kept else {disarm(text, OutputForm.TEXT)})


def test_an_address_and_a_list_are_no_commands_and_stay_as_they_are() -> None:
    for text in ("std::string", "2001:db8::1", "# [a]", "#[a]", "a: b"):
        assert disarm(text, OutputForm.TEXT) == text


def test_a_json_document_on_github_says_the_same_and_is_no_command() -> None:
    screen = Screen({"GITHUB_ACTIONS": "true"}, io.StringIO(), io.StringIO())
    screen.document(json.dumps({"description": COMMANDS[3]}))
    assert isinstance(screen.out, io.StringIO)
    assert "##[" not in screen.out.getvalue()
    assert json.loads(screen.out.getvalue()) == {"description": COMMANDS[3]}


@pytest.mark.parametrize("encoding", ["ascii", "koi8-r", "cp1251", "utf-8"])
def test_documents_are_whole_on_a_stream_of_any_encoding(encoding: str) -> None:
    text = "Горячая линия \N{TELEPHONE RECEIVER} ::x"
    assert ET.fromstring(written(OutputForm.XML, f"<a>{text}</a>", encoding)).text == text
    assert json.loads(written(OutputForm.JSON, json.dumps([text], ensure_ascii=False), encoding)) == [text]


def test_half_a_character_becomes_a_question_mark_and_breaks_nothing() -> None:
    assert written(OutputForm.COMMANDS, "::notice::a\ud800b\n") == b"::notice::a?b\n"


SECRET = 'a%b"c<d>&\u043a'


def hiding() -> Screen:
    known = Secrets({})
    known.remember(SECRET)
    return Screen({}, io.StringIO(), io.StringIO(), redact=known.redact)


@pytest.mark.parametrize("escape", [github.data, github.value, json.dumps])
def test_a_secret_hides_in_no_escape_of_a_format(escape: Callable[[str], str]) -> None:
    screen = hiding()
    screen.drawn(lambda clean: escape(clean(f"before {SECRET} after")), OutputForm.COMMANDS)
    assert isinstance(screen.out, io.StringIO)
    assert screen.out.getvalue().strip('"') == "before *** after"


def test_a_secret_hides_in_no_escape_of_xml() -> None:
    screen, text = hiding(), f"before {SECRET} after"
    review = Review("plan", remarks=(Remark("a-rule", Severity.NOTICE, "a title", (text,), group=text),))
    screen.drawn(lambda clean: junit.render(ready(review, str, clean)), OutputForm.XML)
    assert isinstance(screen.out, io.StringIO)
    suite = ET.fromstring(screen.out.getvalue())[0]
    assert suite.attrib["name"] == suite.findtext("testcase/system-out") == "before *** after"
