"""What `fmt` changes in a text, and that it changes nothing else."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.config.files import read_files
from reconciler.config.formatting import later, renew_calendar, tidy_files
from reconciler.config.models.shapes import Shape
from reconciler.config.models.trusted import file_of
from reconciler.diagnostics import Diagnostic
from reconciler.document.source import Edit, apply_edits
from reconciler.providers.table import PROVIDERS
from tests.architecture.imports import REPOSITORY
from tests.loading import load
from tests.unit.config.loading import underlined, write

TODAY = date(2026, 11, 21)
ACCOUNTS = """\
version: 1
defaults: {account: sales, timeout: 20}
accounts:
  sales: {provider: exolve, api_key: {env: EXOLVE_API_KEY}}
  office: {provider: mtt, client_id: {env: A}, client_secret: {env: B}}
"""


SHAPE = Shape([file_of(each.account for each in PROVIDERS.values())])


def tidy(folder: Path, text: str, files: dict[str, str] | None = None) -> dict[str, str]:
    return tidy_files(read_files(write(folder, text, files)), SHAPE)


def renew(folder: Path, text: str, today: date = TODAY) -> dict[str, str] | Diagnostic:
    return renew_calendar(read_files(write(folder, text)), today)


@pytest.mark.parametrize(
    ("written", "after"),
    [
        ("+7 (499) 111-22-33", '"74991112233"'),
        ('"+7 499 111 22 33"', '"74991112233"'),
        ("'74991112233'", '"74991112233"'),
        ("74991112233", '"74991112233"'),
        ('"74991112233"', None),
        ('"84991112233"', None),
        ("not-a-number", None),
    ],
)
def test_a_number_is_spelled_as_quoted_digits(written: str, after: str | None, tmp_path: Path) -> None:
    text = ACCOUNTS + f"# ours\nnumbers:   # all\n    {written} :  {{}}  # desk\n"
    expected = {} if after is None else {"reconciler.yaml": text.replace(written, after)}
    assert tidy(tmp_path, text) == expected


def test_numbers_of_scenarios_targets_and_those_to_forget_are_spelled_so_too(tmp_path: Path) -> None:
    text = ACCOUNTS + (
        "scenarios: {storm: {numbers: {'+74991112233': {forwarding: none}}}}\n"
        'numbers: {"74991112233": {forwarding: {type: number, targets: [{to: "+7 499 222-33-44"}]}}}\n'
        "forget:\n  - +7 499 111-22-88   # sold\n"
    )
    after = text.replace("'+74991112233'", '"74991112233"').replace("+7 499 111-22-88", '"74991112288"')
    after = after.replace("+7 499 222-33-44", "74992223344")
    assert tidy(tmp_path, text) == {"reconciler.yaml": after}


def test_blanks_at_the_ends_of_lines_go_and_the_file_ends_with_one_newline(tmp_path: Path) -> None:
    text = ACCOUNTS.replace("version: 1\n", "version: 1  \n  \n# a comment \t\n") + "\n \n\n"
    after = ACCOUNTS.replace("version: 1\n", "version: 1\n\n# a comment\n")
    assert tidy(tmp_path, text) == {"reconciler.yaml": after}


def test_a_missing_last_newline_is_added_in_the_files_own_kind(tmp_path: Path) -> None:
    text = ACCOUNTS.replace("\n", "\r\n")
    assert tidy(tmp_path, text.removesuffix("\r\n")) == {"reconciler.yaml": text}
    assert tidy(tmp_path, text) == {}


@pytest.mark.parametrize(
    "ending", ["description: |\n        kept  \n        so\n", "description: |+\n        kept\n\n\n"]
)
def test_a_blank_that_belongs_to_a_text_stays(ending: str, tmp_path: Path) -> None:
    text = ACCOUNTS + "numbers:\n  +74991112233:\n      " + ending
    assert tidy(tmp_path, text) == {"reconciler.yaml": text.replace("+74991112233", '"74991112233"')}


def test_each_file_is_changed_by_itself(tmp_path: Path) -> None:
    files = {"a.yaml": "version: 1\nnumbers: {+74991112233: {}}\n", "b.yaml": "version: 1\nforget: []\n"}
    assert tidy(tmp_path, ACCOUNTS, files) == {"a.yaml": 'version: 1\nnumbers: {"74991112233": {}}\n'}


def test_a_number_that_a_merge_key_brings_twice_is_changed_once(tmp_path: Path) -> None:
    text = (
        "# fmt: keep-order\n"
        + ACCOUNTS
        + (
            "numbers: &all {+74991112233: {forwarding: none}}\n"
            'scenarios: {storm: {numbers: {<<: *all, "74991112244": {forwarding: none}}}}\n'
        )
    )
    assert tidy(tmp_path, text) == {"reconciler.yaml": text.replace("+74991112233", '"74991112233"')}


def test_tidied_files_mean_the_same_and_are_tidy(tmp_path: Path) -> None:
    text = ACCOUNTS + "numbers:\n  +7 499 111-22-33:   \n    forwarding: {type: url, url: https://example.com}\n\n"
    before = load(write(tmp_path / "before", text)).configuration
    (after,) = tidy(tmp_path / "before", text).values()
    loaded = load(write(tmp_path / "after", after)).configuration
    assert before is not None
    assert loaded is not None
    assert [(item.key, item.value) for item in loaded.desired] == [(item.key, item.value) for item in before.desired]
    assert tidy(tmp_path / "after", after) == {}


EXAMPLES = sorted(
    path.parent for folder in ("examples", "reconciler") for path in (REPOSITORY / folder).rglob("reconciler.yaml")
)


@pytest.mark.parametrize("folder", EXAMPLES, ids=lambda folder: folder.name)
def test_the_examples_are_tidy(folder: Path) -> None:
    files = read_files(folder)
    assert files.broken or tidy_files(files, SHAPE) == {}
    assert not files.broken or "invalid" in folder.parts


# -- the calendar


@pytest.mark.parametrize("quote", ["", '"', "'"])
def test_the_calendar_is_moved_on_and_nothing_else(quote: str, tmp_path: Path) -> None:
    text = "# 2026-12-31 \n" + ACCOUNTS.replace(
        "timeout: 20", f"timeout:   20,calendar_until:  {quote}2026-12-31{quote}  # renewed yearly\n  "
    )
    text = text.replace("defaults: {", "defaults:   {") + "\n\n"
    after = text.replace(f"{quote}2026-12-31{quote}  #", f"{quote}2027-12-31{quote}  #")
    assert renew(tmp_path, text) == {"reconciler.yaml": after}


@pytest.mark.parametrize(
    ("until", "moved"),
    [
        (date(2024, 2, 29), date(2027, 12, 31)),
        (date(2026, 12, 31), date(2027, 12, 31)),
        (date(2027, 12, 31), date(2027, 12, 31)),
        (date(2028, 1, 1), date(2029, 1, 1)),
        (date(2028, 2, 29), date(2029, 2, 28)),
        (date(9999, 6, 1), date(9999, 6, 1)),
    ],
)
def test_the_calendar_goes_to_the_end_of_next_year_or_a_year_on(until: date, moved: date) -> None:
    assert later(until, TODAY) == moved


def test_a_calendar_that_reaches_far_enough_stays(tmp_path: Path) -> None:
    assert renew(tmp_path, ACCOUNTS.replace("timeout: 20", "calendar_until: 2027-12-31")) == {}


def test_a_missing_calendar_is_asked_for(tmp_path: Path) -> None:
    found = renew(tmp_path, ACCOUNTS)
    assert isinstance(found, Diagnostic)
    assert (found.code, found.hint) == (
        "missing-key",
        "add `calendar_until: 2027-12-31` under defaults, if a schedule follows public holidays",
    )


@pytest.mark.parametrize("written", ["tomorrow", "[2026-12-31]", ">-\n    2026-12-31", '"2026-12\\u002d31"'])
def test_a_calendar_that_is_not_written_as_a_date_is_told_of(written: str, tmp_path: Path) -> None:
    found = renew(tmp_path, f"version: 1\ndefaults:\n  calendar_until: {written}\n")
    assert isinstance(found, Diagnostic)
    assert found.location is not None
    assert found.location.line == 3


def test_a_date_that_stands_elsewhere_is_not_moved(tmp_path: Path) -> None:
    text = "version: 1\nname: &day 2026-12-31\ndefaults: {calendar_until: *day}\n"
    found = renew(tmp_path, text)
    assert isinstance(found, Diagnostic)
    assert found.code == "invalid-value"
    assert underlined(found) == "&day 2026-12-31"


# -- edits


@given(
    st.lists(st.tuples(st.text("ab\n", max_size=4), st.text("xy", max_size=3), st.text("cd", max_size=3)), max_size=6)
)
def test_what_stands_between_edits_stays(pieces: list[tuple[str, str, str]]) -> None:
    text, expected, edits = "", "", []
    for kept, old, new in pieces:
        text += kept
        expected += kept
        if old:  # two edits at one place would have no order
            edits.append(Edit(len(text), len(text) + len(old), new))
            text, expected = text + old, expected + new
    assert apply_edits(text, reversed(edits)) == expected


@pytest.mark.parametrize("edits", [[Edit(0, 2, ""), Edit(1, 3, "")], [Edit(2, 9, "")], [Edit(3, 2, "")]])
def test_edits_that_overlap_or_leave_the_text_are_refused(edits: list[Edit]) -> None:
    with pytest.raises(ValueError, match="overlaps"):
        apply_edits("abcd", edits)


# -- what must not happen


@given(
    st.lists(
        st.sampled_from(["+7 499 111-22-33", '"+74991112233"', "'74991112233'", "+7 (499) 111 22 44", "74991112255"]),
        max_size=4,
        unique=True,
    ),
    st.sampled_from(["", " ", "  \n", " # why  "]),
    st.sampled_from(["\n", "\r\n"]),
)
def test_whatever_is_tidied_stays_yaml(keys: list[str], blank: str, newline: str) -> None:
    text = "version: 1\nnumbers:\n" + "".join(f"  {key}: {{forwarding: none}}{blank}\n" for key in keys)
    with TemporaryDirectory() as folder:
        text = text.replace("\n", newline)
        after = tidy(Path(folder), text).get("reconciler.yaml", text)
        assert tidy(Path(folder), after) == {}
        assert not read_files(Path(folder)).broken


def test_a_number_in_two_spellings_is_left_for_validate_to_tell(tmp_path: Path) -> None:
    text = ACCOUNTS + 'numbers:\n  +7 499 111-22-33: {}\n  "74991112233": {}\n'
    assert tidy(tmp_path, text) == {}
