"""The script that breaks single lines: what it changes, what it chooses, which tests it runs, and that it notices."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.architecture.sources import Source
from tests.mutants import Copy, candidates_of, chosen, known_equivalents, whole_tree
from tests.mutation.changes import Mutant, mutants
from tests.mutation.related import Tree

TEXT = """\
from typing import Final
LIMIT: Final = 3
def kept(before: int | None, after: int) -> bool:
    'A docstring with 1 and 2.'
    if before is None:
        return True
    return before < after and fits(before, after)
"""


def changes(text: str) -> set[tuple[str, str]]:
    return {(mutant.function, mutant.new.strip()) for mutant in mutants(Source("reconciler/a.py", text))}


def test_each_change_alters_one_line_in_a_way_that_could_be_noticed() -> None:
    assert changes(TEXT) == {
        ("", "LIMIT: Final = 4"),
        ("kept", "if before is not None:"),
        ("kept", "if not (before is None):"),
        ("kept", "if False and (before is None):"),
        ("kept", "return False"),
        ("kept", "return before <= after and fits(before, after)"),
        ("kept", "return before < after or fits(before, after)"),
        ("kept", "return before < after and fits(after, before)"),
    }


@pytest.mark.parametrize(
    ("line", "broken"),
    [
        ("a = not b", "a = b"),
        ("a = b + 1", "a = b - 1"),
        ("a = [c for c in b if c]", "a = [c for c in b if (not (c))]"),
        ("a = any(b)", "a = all(b)"),
        ("tell(b)", "pass"),
    ],
)
def test_a_line_is_broken_like_this(line: str, broken: str) -> None:
    assert ("", broken) in changes(line)


@pytest.mark.parametrize("line", ["Value = int | None", "assert a == 1", "import a", "a = lru_cache(maxsize=3)"])
def test_what_nobody_could_notice_is_left_as_it_is(line: str) -> None:
    assert changes(line) == set()


def test_every_stage_has_its_share_and_one_seed_makes_one_choice() -> None:
    candidates = candidates_of(whole_tree())
    some = chosen(candidates, 60, seed=1)
    assert len(some) == 60
    assert {mutant.path.split("/")[1].removesuffix(".py") for mutant in some} == set(candidates)
    assert chosen(candidates, 60, seed=1) == some != chosen(candidates, 60, seed=2)


def test_what_alters_nothing_is_still_in_the_tree_and_has_a_reason() -> None:
    known = known_equivalents()
    found = {mutant.identity for source in whole_tree().sources if known for mutant in mutants(source)}
    assert known.keys() - found == set()
    assert all(known.values())


def test_namesakes_come_first_then_who_imports_then_all_others() -> None:
    files = {
        "reconciler/plan/order.py": "",
        "reconciler/plan/build.py": "from reconciler.plan import order",
        "tests/unit/plan/test_order.py": "",
        "tests/unit/plan/test_policy.py": "",
        "tests/test_imports.py": "from reconciler.plan.order import x",
        "tests/test_far.py": "from reconciler.plan.build import x",
        "tests/test_alone.py": "",
    }
    first, others = Tree([Source(path, text) for path, text in files.items()]).tests_of("reconciler/plan/order.py")
    assert first == ["tests/unit/plan/test_order.py", "tests/unit/plan/test_policy.py", "tests/test_imports.py"]
    assert others == ["tests/test_far.py", "tests/test_alone.py"]


def test_a_broken_line_is_noticed_only_by_a_test_that_passes_without_it(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("def one():\n    return 1\n", "utf-8")
    (tmp_path / "test_a.py").write_text("from a import one\ndef test_one():\n    assert one() == 1\n", "utf-8")
    (tmp_path / "test_b.py").write_text("def test_always_fails():\n    assert False\n", "utf-8")
    mutant = Mutant("a.py", 2, "one", "    return 1", "    return 2")
    copy = Copy(tmp_path)
    assert copy.noticing(mutant, ["test_b.py"]) is None
    assert copy.noticing(mutant, ["test_b.py", "test_a.py"]) == "test_a.py::test_one"
    assert (tmp_path / "a.py").read_text("utf-8") == "def one():\n    return 1\n"
