"""What leaves the program holds no secret and no control character, whatever was drawn."""

from __future__ import annotations

import io
import json
import os
import re

import pytest

from reconciler.secrets import Secrets
from reconciler.views.base import Span, Tone, line
from reconciler.views.screen import Color, Screen

CANARY = "canary-5f1e"
CONTROLS = "\x00\x07\x08\x1b[31m\x7f\x9b2J\u202e\u2066\u200f\u2028\ufeff\r"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def secrets() -> Secrets:
    known = Secrets({})
    known.remember(CANARY)
    return known


def screen(out: io.StringIO | None = None, **environ: str) -> Screen:
    return Screen(environ, out or io.StringIO(), io.StringIO(), redact=secrets().redact)


def shown(made: Screen) -> str:
    assert isinstance(made.out, io.StringIO)
    return made.out.getvalue()


def test_a_secret_never_leaves_in_lines_documents_tables_or_progress() -> None:
    made = screen()
    made.result([line("a ", Span(CANARY, Tone.STRONG))])
    made.note([line(f"b {CANARY}")])
    made.document(json.dumps({"key": CANARY, CANARY: [CANARY]}))
    made.table(f"a,{CANARY}\n")
    made.transient(f"reading {CANARY}")
    assert isinstance(made.err, io.StringIO)
    assert CANARY not in shown(made) + made.err.getvalue()
    assert "a ***" in shown(made)


def test_a_secret_that_is_cut_by_a_change_of_tone_does_not_leave() -> None:
    made = screen()
    made.result([line(CANARY[:5], Span(CANARY[5:], Tone.STRONG))])
    assert shown(made) == "***\n"


def test_the_query_of_an_address_does_not_leave() -> None:
    made = screen()
    made.result([line("see https://user:pw@example.com/a?token=b#c")])
    assert shown(made) == "see https://***@example.com/a?***\n"


def test_a_document_stays_json_when_a_secret_looks_like_its_numbers() -> None:
    made = screen()
    known = Secrets({})
    known.remember("5060")
    made.redact = known.redact
    made.document(json.dumps({"port": 5060, "text": "port 5060", "list": ["5060", None, True]}))
    assert json.loads(shown(made)) == {"port": 5060, "text": "port ***", "list": ["***", None, True]}


@pytest.mark.parametrize("color", list(Color))
def test_controls_and_directions_of_user_text_do_not_leave(color: Color) -> None:
    made = screen()
    made.color = color
    made.result([line(f"a{CONTROLS}b", Span(f"c{CONTROLS}d", Tone.STRONG))])
    text = re.sub(r"\x1b\[[0-9;]*m", "", shown(made)) if color is Color.ALWAYS else shown(made)
    assert text == "a[31m2Jbc[31m2Jd\n"


def test_user_text_cannot_begin_a_line_of_its_own() -> None:
    made = screen()
    made.result([line("name: a\nvalid: 1 number")])
    assert shown(made) == "name: a valid: 1 number\n"


def test_controls_do_not_leave_in_a_document() -> None:
    made = screen()
    made.document('{"a": "b\u202ec"}\n')
    assert shown(made) == '{"a": "bc"}\n'


def test_controls_do_not_leave_a_document_as_escapes_either() -> None:
    text = "a\x1b[31mb\x00\b\f\r\x7fc\n\td\\u001b\\\x1be"
    made = screen()
    made.document(json.dumps({"a": text}))
    assert json.loads(shown(made)) == {"a": "a[31mbc\n\td\\u001b\\e"}


@pytest.mark.parametrize(
    ("color", "terminal", "environ", "colored"),
    [
        (Color.AUTO, True, {"TERM": "xterm"}, True),
        (Color.AUTO, False, {"TERM": "xterm"}, False),
        (Color.AUTO, True, {"TERM": "xterm", "NO_COLOR": "1"}, False),
        (Color.AUTO, True, {"TERM": "xterm", "NO_COLOR": ""}, True),
        (Color.AUTO, True, {"TERM": "dumb"}, False),
        (Color.AUTO, True, {"TERM": ""}, False),
        (Color.AUTO, True, {}, False),
        (Color.AUTO, True, {"TERM": "xterm", "CLICOLOR": "0"}, False),
        (Color.AUTO, True, {"TERM": "xterm", "CLICOLOR": "1"}, True),
        (Color.AUTO, False, {"CLICOLOR": "1"}, False),
        (Color.AUTO, False, {"FORCE_COLOR": "1"}, True),
        (Color.AUTO, False, {"CLICOLOR_FORCE": "1"}, True),
        (Color.AUTO, False, {"FORCE_COLOR": "0"}, False),
        (Color.AUTO, False, {"CLICOLOR_FORCE": "0"}, False),
        (Color.AUTO, False, {"FORCE_COLOR": "", "CLICOLOR_FORCE": ""}, False),
        (Color.AUTO, True, {"TERM": "xterm", "FORCE_COLOR": "0"}, True),
        (Color.AUTO, False, {"FORCE_COLOR": "1", "CLICOLOR": "0", "TERM": "dumb"}, True),
        (Color.AUTO, False, {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        (Color.ALWAYS, False, {"NO_COLOR": "1"}, True),
        (Color.NEVER, True, {"FORCE_COLOR": "1"}, False),
    ],
)
def test_colour_goes_to_terminals_unless_it_is_chosen(
    color: Color, terminal: bool, environ: dict[str, str], colored: bool
) -> None:
    made = screen(Terminal() if terminal else io.StringIO(), **environ)
    made.color = color
    made.result([line(Span("x", Tone.ADDED))])
    assert shown(made) == ("\x1b[32mx\x1b[0m\n" if colored else "x\n")


@pytest.mark.parametrize(
    ("asked", "columns"),
    [
        ("200", 200),
        ("132", 132),
        ("60", 60),
        ("5", 40),
        ("99999999999999999999", 1000),
        ("0", 80),
        ("", 80),
        ("-1", 80),
        ("wide", 80),
        ("²", 80),
    ],
)
def test_lines_are_as_wide_as_the_environment_asks(asked: str, columns: int) -> None:
    assert screen(COLUMNS=asked).columns() == columns


COLOURS = {
    Tone.PLAIN: "",
    Tone.ADDED: "32",
    Tone.CHANGED: "33",
    Tone.REMOVED: "31",
    Tone.ADOPTED: "35",
    Tone.NOTED: "36",
    Tone.STRONG: "1",
    Tone.FAINT: "2",
    Tone.ERROR: "1;31",
    Tone.WARNING: "1;33",
    Tone.LANE_1: "30;46",
    Tone.LANE_2: "30;43",
    Tone.LANE_3: "30;42",
    Tone.LANE_4: "30;45",
    Tone.LANE_5: "30;47",
    Tone.LANE_6: "37;44",
    Tone.GAP: "1;91",
}


@pytest.mark.parametrize("tone", Tone)
def test_each_tone_has_its_colour_which_ends_with_its_text(tone: Tone) -> None:
    made = screen()
    made.color = Color.ALWAYS
    made.result([line("a", Span("x", tone), "b"), (Span("", tone),)])
    painted = f"\x1b[{COLOURS[tone]}mx\x1b[0m" if COLOURS[tone] else "x"
    assert shown(made) == f"a{painted}b\n\n"


def test_text_that_the_stream_cannot_spell_is_escaped_and_not_lost() -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii", write_through=True)
    Screen({}, stream, io.StringIO()).result([line("дежурный")])
    assert raw.getvalue() == "дежурный".encode("ascii", "backslashreplace") + b"\n"


def test_a_reader_who_has_gone_is_no_error() -> None:
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "w") as stream:
        made = Screen({}, stream, io.StringIO())
        made.result([line("nobody reads this")])
        made.result([line("nor this")])
    assert not made.is_colored(made.out)


def test_without_a_terminal_lines_have_eighty_columns() -> None:
    assert screen().columns() == 80
