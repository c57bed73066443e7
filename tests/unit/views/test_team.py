"""Plans of a team's size are read to the end: alike is said once, and no line is broader than the terminal."""

from __future__ import annotations

import pytest

from reconciler.plan.model import Plan
from reconciler.views import markdown
from reconciler.views.base import text_of, width
from reconciler.views.human.plan import plan as drawn
from tests.team import team


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    return team(tmp_path_factory.mktemp("team")).plan()


def rows(shown: Plan, columns: int = 80, *, verbose: bool = False) -> list[str]:
    return text_of(drawn(shown, columns, verbose=verbose)).splitlines()


def test_the_first_plan_of_a_team_fits_few_screens(first: Plan) -> None:
    assert len(first.changes) == 24
    assert len(rows(first)) <= 200


def test_what_a_long_plan_comes_to_stands_first_and_last(first: Plan) -> None:
    told = rows(first)
    assert told[2] == told[-1] == "22 to create, 2 to assert, 1 unchanged"


def test_the_first_five_of_a_block_are_named_and_all_with_verbose(first: Plan) -> None:
    text, whole = "\n".join(rows(first)), "\n".join(rows(first, verbose=True))
    addresses = [change.address for change in first.changes if "Горячая линия продаж" in change.description]
    assert [address for address in addresses if address in text] == addresses[:5]
    assert "and 5 more; -v names all" in text
    assert all(address in whole for address in addresses)
    assert "names all" not in whole


@pytest.mark.parametrize("columns", [60, 80, 100, 140])
def test_no_line_of_a_team_is_broader_than_the_terminal(first: Plan, columns: int) -> None:
    assert max(map(width, rows(first, columns))) <= columns


def test_the_comment_of_a_team_leaves_nothing_out(first: Plan) -> None:
    text = markdown.comment(first)
    assert "left out here" not in text
    assert "more line" not in text
    assert text.index("| create |") < text.index("<details>")
