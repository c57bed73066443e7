"""Records of decisions: each can be found from what it explains, and says when it was made and whether it holds."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.imports import REPOSITORY, script

DECISIONS = REPOSITORY / "docs" / "decisions"
RECORDS = sorted(DECISIONS.glob("[0-9]*.md"))
HEAD = re.compile(r"# (\d{3}) \S.*\n\nDate: 2\d{3}-\d\d-\d\d\nStatus: (?:accepted|superseded by (\d{3}))\n\n")
LINK = re.compile(r"decisions/(\d{3})")
PARTS = ["Situation", "Choice", "Given up"]


def texts() -> Iterator[str]:
    """Yield the code and the pages that may link to a record; records themselves and their index do not count."""
    for name in ("reconciler", "docs", "tests", ".ci"):
        for path in (REPOSITORY / name).rglob("*"):
            if path.suffix in {".py", ".md"} and path.parent != DECISIONS and path != Path(__file__):
                yield path.read_text("utf-8")
    for name in ("Makefile", "pyproject.toml", "README.md", "CONTRIBUTING.md", "SECURITY.md"):
        yield (REPOSITORY / name).read_text("utf-8")


@pytest.fixture(scope="module")
def linked() -> set[str]:
    return {number for text in texts() for number in LINK.findall(text)}


def test_each_record_is_linked_from_what_it_explains(linked: set[str]) -> None:
    assert [path.name for path in RECORDS if path.name[:3] not in linked] == []


def test_each_link_leads_to_a_record(linked: set[str]) -> None:
    assert linked - {path.name[:3] for path in RECORDS} == set()


def test_no_two_records_have_one_number() -> None:
    counts = Counter(path.name[:3] for path in RECORDS)
    assert [number for number, count in counts.items() if count > 1] == []


@pytest.mark.parametrize("path", RECORDS, ids=lambda path: path.name[:3])
def test_a_record_says_when_it_was_made_and_whether_it_holds(path: Path) -> None:
    text = path.read_text("utf-8")
    head = HEAD.match(text)
    assert head is not None, text[:200]
    assert head[1] == path.name[:3]
    assert head[2] is None or any(other.name.startswith(head[2]) for other in RECORDS)
    assert re.findall(r"^\*\*(.+?)\.\*\* ", text, re.MULTILINE) == PARTS


def test_a_record_without_a_date_has_no_place_in_the_index(tmp_path: Path) -> None:
    record = tmp_path / "001-undated.md"
    record.write_text("# 001 Undated\n\n**Situation.** None.\n", "utf-8")
    with pytest.raises(ValueError, match=r"001-undated\.md does not begin with"):
        script(REPOSITORY / "docs" / "generate.py")._decision(record)
