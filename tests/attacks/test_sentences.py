"""What SECURITY.md and docs/security.md promise in a list is a test of the same words, in the file that it links to."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.architecture.imports import REPOSITORY

PAGES = (REPOSITORY / "SECURITY.md", REPOSITORY / "docs" / "security.md")
_ITEM = re.compile(r"^- (.*)$", re.MULTILINE)
_PROMISE = re.compile(r"\[(?P<sentence>[^\]]+)\]\((?P<file>[^)]*tests/[^)]+\.py)\)")
# Sections all of whose items are promises.
SECTIONS = ("What the tool promises", "Who can do what")


def sentences() -> list[tuple[Path, str, str]]:
    """Every sentence that links to a file of tests, as (page, sentence, file)."""
    return [
        (page, found["sentence"], found["file"])
        for page in PAGES
        for found in _PROMISE.finditer(page.read_text("utf-8").replace("\n  ", " "))
    ]


def held_by(sentence: str) -> str:
    """The name of the test that holds a sentence: its words, without what no name can have."""
    words = re.sub(r"[’`*]", "", sentence).lower().replace("'", "_")
    return "test_" + "_".join(re.findall(r"[a-z0-9]+", words))


@pytest.mark.parametrize(("page", "sentence", "file"), sentences(), ids=lambda each: getattr(each, "name", each)[:60])
def test_a_promise_is_held_by_the_test_of_its_words(page: Path, sentence: str, file: str) -> None:
    tree = ast.parse((page.parent / file).read_text("utf-8"))
    names = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    assert held_by(sentence) in names


def test_each_item_of_the_promises_is_a_sentence_with_its_test() -> None:
    text = PAGES[0].read_text("utf-8").replace("\n  ", " ")
    sections = {part.partition("\n")[0].strip(): part for part in text.split("\n## ")}
    items = [item for name in SECTIONS for item in _ITEM.findall(sections[name])]
    assert len(items) > 40
    assert [item for item in items if not _PROMISE.match(item)] == []
