"""Diagnostics in text: a caret under the span, whatever stands in the line."""

from __future__ import annotations

from reconciler.diagnostics import Diagnostic, Location, Related, Severity
from reconciler.views.base import text_of
from reconciler.views.human.findings import diagnostics, tally
from tests.conftest import Golden
from tests.unit.views.values import place


def text(*found: Diagnostic) -> str:
    return text_of(diagnostics(found, 80))


def at(excerpt: str, piece: str, start: int = 1) -> Diagnostic:
    """An error at a piece of a line whose first shown character is in column `start`."""
    column = excerpt.index(piece) + start
    where = Location("a.yaml", 3, column, 3, column + len(piece), excerpt, start)
    return Diagnostic("invalid-value", Severity.ERROR, "it is wrong", where)


def caret(*found: Diagnostic) -> tuple[str, str]:
    """The source line as shown, and the part of it that the caret stands under."""
    _head, source, marks = text(*found).splitlines()
    return source, source[marks.index("^") : marks.rindex("^") + 1]


def test_findings_read_as_agreed(golden: Golden) -> None:
    period = Diagnostic(
        "period-hour",
        Severity.ERROR,
        "'14pm' is not an hour of the 12-hour clock (1pm to 11pm)",
        place("numbers/sales.yaml", 14, 38, 4, "        period: wd {mon-fri} hr {6am-14pm}"),
        "for 06:00-15:00 write hr {6-14}",
    )
    first = place("numbers/a.yaml", 120, 3, 20, '  "+7 (499) 111-22-33":')
    twice = Diagnostic(
        "duplicate-entry",
        Severity.ERROR,
        "number 74991112233 is declared in two places",
        place("numbers/b.yaml", 7, 3, 13, '  "74991112233":'),
        related=(Related("the other one is here", first),),
    )
    secret = Diagnostic("trusted-ignored", Severity.WARNING, "this line is ignored", place("reconciler.yaml", 9, 5, 7))
    message = "periods are assumed to be evaluated in Europe/Moscow"
    nowhere = Diagnostic("assume-timezone", Severity.NOTICE, message)
    found = [period, twice, secret, nowhere]
    golden("findings/carets.txt", text(*found) + text_of(tally(found, 12, strict=False)))


def test_the_caret_stands_under_the_piece_in_cyrillic_text() -> None:
    assert caret(at("  name: дежурный по смене, время", "время")) == ("  3 |   name: дежурный по смене, время", "время")


def test_a_query_is_hidden_and_the_caret_moves_along() -> None:
    excerpt = "  {url: https://example.com/route?key=secret-of-many-letters , port: 70000}"
    source, under = caret(at(excerpt, "70000"))
    assert "secret" not in source
    assert under == "70000"


def test_a_caret_under_the_hidden_piece_stays_on_the_address() -> None:
    source, under = caret(at("  url: https://example.com/route?key=secret", "key=secret"))
    assert source.endswith("https://example.com/route?***")
    assert under in source


def test_controls_and_directions_are_shown_as_one_sign_each() -> None:
    assert caret(at("  name: a\x1b[31m\u202eb c", "c"))[1] == "c"
    assert "\x1b" not in text(at("  name: a\x1b[31m\u202eb c", "c"))


def test_a_very_long_line_is_cut_and_the_caret_still_fits() -> None:
    source, under = caret(at("tail of a long line", "long", start=4000))
    assert source == "  3 | ...tail of a long line"
    assert under == "long"


def test_a_span_over_several_lines_is_marked_to_the_end_of_the_first() -> None:
    where = Location("a.yaml", 3, 3, 5, 4, "  targets: [")
    assert text(Diagnostic("wrong-type", Severity.ERROR, "m", where)).splitlines()[-1] == "    |   ^^^^^^^^^^"


def test_the_tally_counts_and_strict_fails_on_warnings() -> None:
    warning = Diagnostic("include-empty", Severity.WARNING, "m")
    assert text_of(tally([], 1, strict=False)) == "valid: 1 number\n"
    assert text_of(tally([warning], 2, strict=False)) == "\nvalid: 2 numbers, 1 warning\n"
    assert text_of(tally([warning], 2, strict=True)) == "\n1 warning, and --strict fails on them\n"
