"""Every string of the corpus: the answer of Time::Period where it is valid, an error of its own where it is not."""

from __future__ import annotations

import pytest

from reconciler.diagnostics import Severity
from reconciler.rules import RULES
from reconciler.schedule import Period, PeriodError, check
from reconciler.schedule.stream import matched, verdict
from reconciler.schedule.zones import zone
from tests.unit.schedule.corpus import ZONES, String, strings, valid_cases

VALID = [string for string in strings() if string.label == "valid"]
WRONG = [string for string in strings() if string.label != "valid" and string.category != "leading-zero"]

EXPECTED = {
    "exolve-example": {"period-hour"},
    "word": {"period-word"},
    "unknown-scale": {"period-scale", "period-junk", "period-non-ascii"},
    "out-of-range": {
        "period-range", "period-hour", "period-minute", "period-second", "period-year", "period-open-range",
    },
    "hour-12h": {"period-hour", "period-scale"},
    "bad-name": {"period-name", "period-number", "period-non-ascii"},
    "braces": {"period-braces", "period-scale", "period-hour", "period-non-ascii"},
    "junk": {"period-junk", "period-scale"},
    "ranges": {
        "period-open-range", "period-several-dashes", "period-separator", "period-dash", "period-number", "period-hour",
    },
    "comma-inside": {"period-comma-inside"},
    "comma-empty-part": {"period-empty-part"},
    "comma-only": {"period-empty-part"},
    "comma-bad-part": {"period-word", "period-hour", "period-scale", "period-braces", "period-name"},
    "unicode": {"period-non-ascii", "period-dash", "period-control"},
    "name-junk": {"period-name", "period-non-ascii"},
    "name-multidash": {"period-several-dashes"},
    "hour-odd": {"period-hour"},
    "yd-junk": {"period-number"},
    "empty-braces": {"period-empty-braces"},
    "newline": {"period-newline", "period-name"},
    "name-typographic-dash": {"period-dash"},
    "vertical-space": {"period-blank", "period-newline"},
}  # fmt: skip


def test_the_corpus_is_whole() -> None:
    assert (len(strings()), len(valid_cases())) == (423, 4860)


@pytest.mark.parametrize("index", range(len(ZONES)), ids=ZONES)
def test_every_valid_row_is_answered_as_the_oracle_does(index: int) -> None:
    wrong = [
        case
        for case in valid_cases()
        if Period.parse(case.text).matches(case.epoch, ZONES[index]) != (case.answers[index] == "1")
    ]
    assert wrong == []


@pytest.mark.parametrize("index", range(len(ZONES)), ids=ZONES)
def test_the_stream_answers_every_valid_row_as_the_oracle_does(index: int) -> None:
    lines = "".join(f"{case.epoch}\t{case.text}\n" for case in valid_cases()).encode()
    answers = b"".join(matched([lines], zone(ZONES[index]))).decode().split()
    assert answers == [case.answers[index] for case in valid_cases()]


@pytest.mark.parametrize("string", VALID, ids=lambda string: repr(string.text))
def test_a_valid_string_has_no_error(string: String) -> None:
    assert [finding for finding in check(string.text) if finding.severity is Severity.ERROR] == []
    assert verdict(string.text.encode()) == "ok"


@pytest.mark.parametrize("string", WRONG, ids=lambda string: repr(string.text))
def test_a_malformed_or_odd_string_is_an_error_with_its_place_and_a_remedy(string: String) -> None:
    with pytest.raises(PeriodError) as raised:
        Period.parse(string.text)
    findings = raised.value.findings
    assert {finding.code for finding in findings} <= EXPECTED[string.category]
    for finding in findings:
        assert RULES[finding.code].severity is finding.severity is Severity.ERROR
        assert 0 <= finding.start < finding.end <= len(string.text)
        assert finding.hint


def test_no_part_hides_the_faults_of_a_later_one() -> None:
    codes = [finding.code for finding in check("wd {mon}, hr {24}, always, min {60}")]
    assert codes == ["period-hour", "period-word", "period-minute"]
