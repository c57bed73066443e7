"""Plans of a team's size are read to the end: alike is said once, and no line is broader than the terminal."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.effects.wording import PLAIN, SHORT
from reconciler.plan.model import Plan
from reconciler.views import markdown
from reconciler.views.base import text_of, width
from reconciler.views.human.plan import plan as drawn
from tests.team import team


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    return team(tmp_path_factory.mktemp("team")).plan()


def rows(shown: Plan, columns: int = 80, *, verbose: bool = False) -> list[str]:
    return text_of(drawn(shown, columns, PLAIN if verbose else SHORT)).splitlines()


def test_the_first_plan_of_a_team_fits_few_screens(first: Plan) -> None:
    assert len(first.changes) == 24
    assert len(rows(first)) <= 200


def test_what_a_long_plan_comes_to_stands_first_and_last(first: Plan) -> None:
    told = rows(first, verbose=True)
    assert told[2] == told[-1] == "22 to create, 2 to assert, 1 unchanged"


def test_the_first_five_of_a_block_are_named_and_all_with_verbose(first: Plan) -> None:
    text, whole = "\n".join(rows(first)), "\n".join(rows(first, verbose=True))
    addresses = [change.address for change in first.changes if "Горячая линия продаж" in change.description]
    assert [address for address in addresses if address in text] == addresses[:5]
    assert "and 5 more; -v names all" in text
    assert all(address in whole for address in addresses)
    assert "names all" not in whole


def test_what_is_seen_at_a_glance_is_not_summed_up_before_it(first: Plan) -> None:
    assert "22 to create, 2 to assert, 1 unchanged" not in rows(first)[:5]


@pytest.mark.parametrize("columns", [60, 80, 100, 140])
def test_no_line_of_a_team_is_broader_than_the_terminal(first: Plan, columns: int) -> None:
    assert max(map(width, rows(first, columns))) <= columns


def test_the_comment_of_a_team_leaves_nothing_out(first: Plan) -> None:
    text = markdown.comment(first)
    assert "left out here" not in text
    assert "more line" not in text
    assert text.index("| create |") < text.index("```diff")


@pytest.fixture(scope="module")
def later(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    """The same team after its first apply, when the shared schedule ends an hour later."""
    one = team(tmp_path_factory.mktemp("team"))
    one.apply()
    one.hour_later()
    return one.plan()


def test_an_hour_more_in_a_shared_schedule_is_told_by_its_name(later: Plan) -> None:
    told = rows(later)
    assert len(later.changes) == 19
    assert len(told) <= 30
    text = "\n".join(told)
    assert "schedule office-hours   14:00-18:00 -> 14:00-19:00   shared/schedules.yaml:4" in text
    assert "working days 18:00-19:00 (public holidays RU)" in text
    assert "rings sales-desk (74952223344) for 16 s" in text


@pytest.mark.parametrize("verbose", [False, True])
@pytest.mark.parametrize("columns", [60, 80, 100, 140])
def test_no_line_of_an_edit_is_broader_than_the_terminal(later: Plan, columns: int, verbose: bool) -> None:
    assert max(map(width, rows(later, columns, verbose=verbose))) <= columns


def test_verbose_lists_the_days_of_a_schedule_and_nothing_past(later: Plan) -> None:
    text = " ".join(" ".join(rows(later, verbose=True)).split())
    assert "2027 May 11" in text
    assert "2025" not in text


def test_a_change_that_a_thousand_numbers_share_is_told_once(tmp_path: Path) -> None:
    many = team(tmp_path, 1_000)
    many.apply()
    many.hour_later()
    shown = many.plan()
    assert len(shown.changes) == 994
    assert len(rows(shown)) <= 40
