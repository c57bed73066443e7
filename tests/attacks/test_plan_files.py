"""Plan files that were edited or made up: refused in words in every command and format, and never applied otherwise."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.attacks.structures import mutant
from tests.cli import conftest
from tests.cli.conftest import Workplace
from tests.conftest import Tally

cli, sandbox, workplace = conftest.cli, conftest.sandbox, conftest.workplace
no_last_resort = conftest.no_last_resort

FORMATS = ("text", "json", "github", "gitlab", "sarif", "junit", "markdown")
ALLOWED = ("--allow-adopt", "--allow-delete", "--allow-protected")
FINDING = {"code": "period-hour", "severity": "warning", "message": "x", "file": "numbers.yaml", "line": 3, "column": 1}


@pytest.fixture
def saved(workplace: Workplace) -> Workplace:
    """An update and a delete, planned and saved as `a.json`."""
    workplace.applied().edit("timeout: 16", "timeout: 25")
    workplace.edit('{type: url, url: https://example.com/route, reserve: "74993334455"}', "none")
    assert workplace.run("plan", "--out", "a.json").exit_code == 0
    workplace.sandbox.journal.clear()
    return workplace


def content(saved: Workplace) -> Any:
    return json.loads((saved.folder / "a.json").read_text("utf-8"))


def put(saved: Workplace, plan: object) -> None:
    (saved.folder / "a.json").write_text(json.dumps(plan), "utf-8")


EDITS: dict[str, Callable[[dict[str, Any]], object]] = {
    "a place that is none": lambda plan: plan["changes"][0].update(declared_at="numbers.yaml"),
    "a place at line 0": lambda plan: plan["changes"][0].update(declared_at="numbers.yaml:0:0"),
    "a place beyond all files": lambda plan: plan["changes"][0].update(declared_at="/etc/passwd:999999999:1"),
    "a rule that is none": lambda plan: plan.update(diagnostics=[{**FINDING, "code": "no-such-rule"}]),
    "a rule of markup": lambda plan: plan.update(diagnostics=[{**FINDING, "code": "<b>\n::error::x"}]),
    "a breach of no rule": lambda plan: plan.update(policy=[{**FINDING, "code": "x", "allowed_by": "y"}]),
    "a finding at line -1": lambda plan: plan.update(diagnostics=[{**FINDING, "line": -1, "column": 10**30}]),
    "fields of maps": lambda plan: plan["changes"][0].update(fields=[{"path": "x", "before": {"a": 1}, "after": {}}]),
    "a field without a value": lambda plan: plan["changes"][0].update(fields=[{"path": "targets"}]),
    "a timeout beyond all bounds": lambda plan: plan["changes"][0]["after"]["targets"][0].update(timeout=10**30),
    "a schedule that is none": lambda plan: plan["changes"][0]["after"]["targets"][0].update(schedule="wd {moon}"),
    "no changes": lambda plan: plan.update(changes=None),
}


@pytest.mark.usefixtures("no_last_resort")
@pytest.mark.parametrize("what", EDITS)
def test_an_edited_plan_is_told_of_in_words_in_every_format(what: str, saved: Workplace) -> None:
    plan = content(saved)
    EDITS[what](plan)
    put(saved, plan)
    for form in FORMATS:
        ended = saved.run("show", "a.json", "--format", form)
        assert ended.exit_code in (0, 1)
        if ended.exit_code == 1:
            assert "it is damaged at `" in ended.stderr + ended.stdout
    assert saved.run("apply", "a.json", *ALLOWED).exit_code in (0, 1, 4)
    for write in saved.sandbox.writes:
        assert write.number in ("74991000000", "74991000001")


def test_a_delete_of_a_number_that_the_files_want_is_not_applied(saved: Workplace) -> None:
    plan = content(saved)
    plan["changes"][0] |= {"action": "delete", "after": {"type": "none"}, "needs": [], "declared_at": None}
    plan["changes"][0] |= {"live_digest": "", "live_source": "recorded"}
    put(saved, plan)
    ended = saved.run("apply", "a.json", *ALLOWED, "--format", "json")
    assert (ended.exit_code, ended.codes) == (4, ["plan-stale"])
    assert saved.sandbox.writes == []


@pytest.mark.parametrize("edit", [{"action": "create"}, {"before": None}, {"needs": []}, {"live_digest": ""}])
def test_a_change_under_another_name_is_not_applied(edit: dict[str, Any], saved: Workplace) -> None:
    plan = content(saved)
    for change in plan["changes"]:
        change.update(edit)
    put(saved, plan)
    ended = saved.run("apply", "a.json")
    assert ended.exit_code in (4, 5)
    assert saved.sandbox.writes == []


def test_what_is_shown_of_a_plan_file_is_what_would_be_written(saved: Workplace) -> None:
    plan = content(saved)
    plan["changes"][0]["after"]["targets"][0]["to"] = "79990000000"
    put(saved, plan)
    for form in FORMATS:
        assert "79990000000" in saved.run("show", "a.json", "--format", form).stdout
    expected = saved.run("plan", "--expect", "a.json", "--out", "b.json", "--format", "json")
    assert (expected.exit_code, (saved.folder / "b.json").exists()) == (4, False)


def judge(saved: Workplace, seeds: range) -> dict[str, int]:
    """How many mutants were shown, refused, and gone by in an apply or as what was reviewed."""
    ends: dict[str, int] = dict.fromkeys(("shown", "refused", "gone by"), 0)
    sound = content(saved)
    for seed in seeds:
        put(saved, mutant(sound, random.Random(seed)))
        if seed % 10:
            ended = saved.run("show", "a.json", "--format", FORMATS[seed % len(FORMATS)])
            assert ended.exit_code in (0, 1), seed
            ends["refused" if ended.exit_code else "shown"] += 1
        else:
            words = ("plan", "--expect", "a.json", "--out", "b.json") if seed % 20 else ("apply", "a.json")
            ended = saved.run(*words)
            assert ended.exit_code in (0, 1, 4, 5), seed
            ends["refused" if ended.exit_code else "gone by"] += 1
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]", ended.stdout + ended.stderr), seed
    return ends


@pytest.mark.usefixtures("no_last_resort")
def test_a_sample_of_mutated_plan_files_is_told_of_in_words(saved: Workplace, tally: Tally) -> None:
    tally("mutated plan files through `show` and `apply` in every format", 300)
    ends = judge(saved, range(300))
    assert min(ends["shown"], ends["refused"]) > 20
    assert saved.sandbox.exolve.forwarding("74991000001") is not None, "no delete was allowed"


@pytest.mark.soak
@pytest.mark.usefixtures("no_last_resort")
@pytest.mark.parametrize("part", range(4))
def test_mutated_plan_files_are_told_of_in_words(part: int, saved: Workplace, tally: Tally) -> None:
    tally("mutated plan files through `show` and `apply` in every format", 1_250)
    judge(saved, range(10_000 + 1_250 * part, 11_250 + 1_250 * part))
