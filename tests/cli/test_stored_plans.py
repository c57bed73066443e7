"""Plan files that may not be applied: each with words of its own and the code that fits."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from typing import Any

import pytest

from tests.checkout import git
from tests.cli.conftest import Workplace

Edit = Callable[[dict[str, Any]], object]

UNFIT: dict[str, tuple[Edit, int, str, str]] = {
    "another configuration": (
        lambda plan: plan.update(configuration="other"),
        *(1, "plan-file", "it was made for configuration 'other', and this one is 'test'"),
    ),
    "another record": (
        lambda plan: plan.update(lineage="0000"),
        *(4, "plan-stale", "the plan was made from another record (lineage)"),
    ),
    "other files": (
        lambda plan: plan.update(config_digest="sha256:0"),
        *(4, "plan-stale", "the configuration has changed since this plan was made"),
    ),
    "expired": (
        lambda plan: plan.update(expires_at="2001-01-01T00:00:00Z"),
        *(4, "plan-stale", "the plan expired on Mon 2001-01-01 03:00 Europe/Moscow"),
    ),
    "newer format": (
        lambda plan: plan.update(format_version="2.0"),
        *(1, "plan-file", "its format 2.0 is not one that this version reads (1.0)"),
    ),
    "newer values": (
        lambda plan: plan.update(canonical_version=99),
        *(1, "plan-file", "made by a version that compares values differently"),
    ),
    "damaged": (lambda plan: plan.pop("summary"), 1, "plan-file", "it is damaged at `summary`"),
    "another value": (
        lambda plan: plan["changes"][0]["after"].update(masking=True),
        *(4, "plan-stale", "its desired value is no longer the one in the plan"),
    ),
    "another before": (
        lambda plan: plan["changes"][0].update(live_digest="sha256:0"),
        *(4, "plan-stale", "sales/74991000000 has changed since the plan"),
    ),
}


@pytest.fixture
def saved(workplace: Workplace) -> Workplace:
    """An update, planned and saved."""
    workplace.applied().edit("timeout: 16", "timeout: 25")
    assert workplace.run("plan", "--out", "a.json").exit_code == 0
    workplace.sandbox.journal.clear()
    return workplace


@pytest.mark.parametrize("what", UNFIT)
def test_a_plan_that_does_not_fit_is_refused_in_its_own_words(what: str, saved: Workplace) -> None:
    edit, code, rule, words = UNFIT[what]
    path = saved.folder / "a.json"
    plan = json.loads(path.read_text("utf-8"))
    edit(plan)
    path.write_text(json.dumps(plan), "utf-8")
    ended = saved.run("apply", "a.json", "--format", "json")
    assert (ended.exit_code, ended.codes) == (code, [rule])
    assert words in ended.json["diagnostics"][0]["message"]
    assert saved.sandbox.writes == []


def test_a_plan_that_was_cut_short_is_refused_wherever_it_ends(saved: Workplace) -> None:
    path = saved.folder / "a.json"
    data = path.read_bytes()
    for length in range(0, len(data) - 2, len(data) // 7):
        path.write_bytes(data[:length])
        ended = saved.run("apply", "a.json", "--format", "json")
        assert (ended.exit_code, ended.codes) == (1, ["plan-file"])
        assert "does not hold JSON, or was cut short" in ended.json["diagnostics"][0]["message"]
    assert saved.sandbox.log == []


@pytest.mark.skipif(shutil.which("git") is None, reason="a commit needs git")
def test_a_plan_of_another_commit_is_stale(saved: Workplace) -> None:
    git(saved.folder, "init", "-q")
    git(saved.folder, "add", "numbers.yaml", "reconciler.yaml")
    git(saved.folder, "commit", "-qm", "one")
    assert saved.run("plan", "--out", "a.json").exit_code == 0
    git(saved.folder, "commit", "-qm", "two", "--allow-empty")
    ended = saved.run("apply", "a.json", "--format", "json")
    assert (ended.exit_code, ended.codes) == (4, ["plan-stale"])
    assert "the plan was made at commit " in ended.json["diagnostics"][0]["message"]
    assert saved.sandbox.writes == []
