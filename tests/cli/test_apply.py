"""`reconciler apply`: asks, writes exactly what was planned, and ends truthfully."""

from __future__ import annotations

import pytest

from reconciler.cli.process import Process
from reconciler.sandbox import Fault, FaultKind
from tests.cli.conftest import Workplace


@pytest.fixture
def person(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody sits at the terminal."""
    monkeypatch.setattr(Process, "has_person", property(lambda _process: True))


def test_apply_makes_it_so_and_says_what_became_of_each_change(workplace: Workplace) -> None:
    ended = workplace.run("apply", "--auto-approve")
    assert ended.exit_code == 0
    assert "applied  " in ended.stdout
    assert "2 applied\nEverything is as the files say. Run " in ended.stdout
    stored = workplace.sandbox.exolve.forwarding("74991000001")
    assert stored is not None
    assert stored["call_forwarding_ipcr"]["url"] == "https://example.com/route"


def test_json_is_the_report_and_nothing_else(workplace: Workplace) -> None:
    ended = workplace.run("apply", "--auto-approve", "--format", "json")
    assert ended.exit_code == 0
    assert ended.stderr == ""
    assert ended.json["summary"] == {"applied": 2, "unverified": 0, "failed": 0, "skipped": 0, "unknown": 0}
    assert ended.json["converged"] is True
    assert [row["outcome"] for row in ended.json["results"]] == ["applied", "applied"]


def test_where_nobody_can_be_asked_nothing_is_done_and_nothing_is_sent(workplace: Workplace) -> None:
    for words in ((), ("--format", "json")):
        assert workplace.run("apply", *words).exit_code == 64
    assert workplace.sandbox.log == []
    assert not (workplace.folder / ".reconciler").exists()


@pytest.mark.usefixtures("person")
@pytest.mark.parametrize("answer", ["no\n", "\n", "", "y\n", "YES\n", "yes please\n"])
def test_any_answer_but_yes_writes_nothing(answer: str, workplace: Workplace) -> None:
    ended = workplace.run("apply", stdin=answer)
    assert ended.exit_code == 1
    assert "Apply 2 changes (2 to create) to test?\nOnly yes is accepted: " in ended.stderr
    assert "error[not-approved]: not approved; nothing was written" in ended.stderr
    assert workplace.sandbox.writes == []


@pytest.mark.usefixtures("person")
def test_yes_applies(workplace: Workplace) -> None:
    ended = workplace.run("apply", stdin="yes\n")
    assert ended.exit_code == 0
    assert len(workplace.sandbox.writes) == 2


@pytest.mark.usefixtures("person")
def test_nothing_is_asked_when_nothing_would_change(workplace: Workplace) -> None:
    ended = workplace.applied().run("apply", stdin="")
    assert ended.exit_code == 0
    assert "Only yes is accepted" not in ended.stderr
    assert ended.stdout.endswith("Nothing to do: everything is as the files say.\n")


def test_a_plan_file_is_applied_exactly_and_asks_nothing(workplace: Workplace) -> None:
    assert workplace.run("plan", "--out", "a.json").exit_code == 0
    ended = workplace.run("apply", "a.json")
    assert ended.exit_code == 0
    assert len(workplace.sandbox.writes) == 2
    again = workplace.run("apply", "a.json", "--format", "json")
    assert (again.exit_code, again.codes, len(workplace.sandbox.writes)) == (0, ["plan-applied"], 2)
    assert (again.json["results"], again.json["converged"]) == ([], True)


def test_a_plan_of_other_files_is_stale(workplace: Workplace) -> None:
    workplace.run("plan", "--out", "a.json")
    workplace.edit("timeout: 16", "timeout: 25")
    ended = workplace.run("apply", "a.json")
    assert ended.exit_code == 4
    assert "the configuration has changed since this plan was made" in ended.stderr
    assert workplace.sandbox.writes == []


def test_a_number_that_has_moved_makes_the_plan_stale_unless_partial(workplace: Workplace) -> None:
    workplace.run("plan", "--out", "a.json")
    elsewhere = {"call_forwarding_type": 3, "call_forwarding_ipcr": {"url": "https://elsewhere.example.com/"}}
    workplace.sandbox.exolve.set("74991000001", elsewhere)
    workplace.sandbox.journal.clear()
    ended = workplace.run("apply", "a.json")
    assert ended.exit_code == 4
    assert "sales/74991000001 has changed since the plan" in ended.stderr
    assert "Nothing was written: the plan is stale." in ended.stdout
    assert workplace.sandbox.writes == []
    partial = workplace.run("apply", "a.json", "--allow-partial", "--format", "json")
    assert partial.exit_code == 3
    assert partial.json["summary"]["applied"] == 1
    assert partial.json["summary"]["skipped"] == 1


@pytest.mark.parametrize("text", ["", "{", "[]", "not json", '{"format_version": "9.0"}', "\x00\x01"])
def test_a_file_that_is_no_plan_is_refused(text: str, workplace: Workplace) -> None:
    (workplace.folder / "a.json").write_text(text, "utf-8")
    for words in (("apply", "a.json"), ("apply", "--auto-approve", "--expect", "a.json")):
        ended = workplace.run(*words, "--format", "json")
        assert ended.exit_code == 1
        assert ended.codes == ["plan-file"]
    assert workplace.sandbox.log == []


def test_a_stale_plan_says_which_files_have_changed(workplace: Workplace) -> None:
    workplace.run("plan", "--out", "a.json")
    workplace.edit("version: 1\n", "version: 1  # ours\n")
    (workplace.folder / "more.yaml").write_text("version: 1\n", "utf-8")
    ended = workplace.run("apply", "a.json", "--format", "json")
    assert (ended.exit_code, ended.codes) == (4, ["plan-stale"])
    assert ended.json["diagnostics"][0]["message"] == (
        "the configuration has changed since this plan was made: more.yaml is new, numbers.yaml has changed"
    )
    (workplace.folder / "more.yaml").unlink()
    (workplace.folder / "numbers.yaml").rename(workplace.folder / "numbers2.yaml")
    told = workplace.run("apply", "a.json", "--format", "json").json["diagnostics"][0]["message"]
    assert told.endswith(": numbers.yaml is gone, numbers2.yaml is new")


def test_a_missing_plan_file_is_named(workplace: Workplace) -> None:
    ended = workplace.run("apply", "nowhere.json")
    assert ended.exit_code == 1
    assert "error[plan-file]: plan file nowhere.json: it cannot be read: " in ended.stderr


def test_expect_goes_on_only_with_the_reviewed_changes(workplace: Workplace) -> None:
    workplace.run("plan", "--out", "reviewed.json")
    workplace.edit("timeout: 16", "timeout: 25")
    differs = workplace.run("apply", "--auto-approve", "--expect", "reviewed.json")
    assert differs.exit_code == 4
    assert "sales/74991000000: its change is not the one that was reviewed" in differs.stderr
    assert workplace.sandbox.writes == []
    workplace.edit("timeout: 25", "timeout: 16")
    assert workplace.run("apply", "--auto-approve", "--expect", "reviewed.json").exit_code == 0


def test_a_missing_allowance_refuses_the_whole_run(workplace: Workplace) -> None:
    workplace.applied().edit('{type: url, url: https://example.com/route, reserve: "74993334455"}', "none")
    workplace.edit("timeout: 16", "timeout: 25")
    ended = workplace.run("apply", "--auto-approve")
    assert ended.exit_code == 5
    assert "Nothing was written: the run was refused." in ended.stdout
    assert workplace.sandbox.writes == []
    assert workplace.run("apply", "--auto-approve", "--format", "json").exit_code == 5
    assert workplace.run("apply", "--auto-approve", "--allow-delete").exit_code == 0
    assert workplace.sandbox.exolve.forwarding("74991000001") is None


def test_allowances_given_to_a_saved_plan_hold(workplace: Workplace) -> None:
    workplace.applied().edit('{type: url, url: https://example.com/route, reserve: "74993334455"}', "none")
    workplace.run("plan", "--out", "refused.json")
    workplace.run("plan", "--out", "allowed.json", "--allow-delete")
    assert workplace.run("apply", "refused.json").exit_code == 5
    assert workplace.run("apply", "allowed.json").exit_code == 0


def test_a_failure_after_a_write_is_told_as_applied_in_part(workplace: Workplace) -> None:
    workplace.sandbox.faults.add(Fault(kind=FaultKind.FORBIDDEN, number="74991000001", mutating=True, times=None))
    ended = workplace.run("apply", "--auto-approve", "--format", "json")
    assert ended.exit_code == 3
    assert ended.json["converged"] is False
    assert [row["outcome"] for row in ended.json["results"]] == ["applied", "failed"]
    text = workplace.run("apply", "--auto-approve")
    assert text.exit_code == 1
    assert "failed  " in text.stdout
    assert "Not everything is as the files say yet" in text.stdout


def test_limit_applies_the_first_changes_only(workplace: Workplace) -> None:
    ended = workplace.run("apply", "--auto-approve", "--limit", "1")
    assert "1 more change left for later by --limit" in ended.stdout
    assert (ended.exit_code, "verything is as the files say" in ended.stdout) == (0, False)
    assert "Every change of this run is applied." in ended.stdout
    assert [write.number for write in workplace.sandbox.writes] == ["74991000000"]


@pytest.mark.parametrize("words", [("--auto-approve",), ("--auto-approve", "--format", "json")])
def test_a_ci_machine_refuses_a_local_record(words: tuple[str, ...], workplace: Workplace) -> None:
    ended = workplace.run("apply", *words, CI="true")
    assert ended.exit_code == 5
    assert "record-on-ci" in ended.stdout + ended.stderr
    assert workplace.sandbox.log == []
    kept_in_memory = workplace.run("apply", *words, "--ephemeral-record", CI="true")
    assert kept_in_memory.exit_code == 0
    assert not (workplace.folder / ".reconciler" / "record.db").exists()


def test_parking_is_written_and_told_as_unverified(workplace: Workplace) -> None:
    parked = 'version: 1\nnumbers: {"78005560251": {account: office, parking: true}}\n'
    (workplace.folder / "parking.yaml").write_text(parked, "utf-8")
    ended = workplace.run("apply", "--auto-approve")
    assert ended.exit_code == 0
    assert "accepted; cannot be read back: parking" in ended.stdout
    assert "as far as can be read" in ended.stdout
    assert workplace.sandbox.mtt.parked("78005560251")
    plan = workplace.run("plan")
    assert "1 parked number as recorded (MTT cannot be asked)\n" in plan.stdout


def test_what_was_told_with_the_plan_is_not_told_again(workplace: Workplace) -> None:
    ended = workplace.run("apply", "--auto-approve", EXOLVE_API_KEY="")
    assert ended.exit_code == 1
    assert ended.stderr.count("account sales cannot be read") == 1
    assert "The plan was incomplete: the numbers named in its errors were left alone." in ended.stdout


def test_a_refused_write_is_told_at_the_line_of_its_number_with_what_to_do(workplace: Workplace) -> None:
    exolve = workplace.sandbox.exolve
    exolve.add_sip_ids(["883140000000777"], workplace.sandbox.main_application)
    exolve.bind_sip("74991000001", "883140000000777")
    ended = workplace.run("apply", "--auto-approve")
    assert ended.exit_code == 3
    assert "numbers.yaml:11:3: error[provider-rejected]: sales/74991000001: " in ended.stderr
    assert "number has sip" in ended.stderr
    assert '11 |   "74991000001":' in ended.stderr


def test_one_cause_of_many_failures_is_told_once_and_names_every_line(workplace: Workplace) -> None:
    workplace.sandbox.faults.add(Fault(kind=FaultKind.UNAUTHORIZED, mutating=True, times=None))
    ended = workplace.run("apply", "--auto-approve", "--format", "json")
    assert ended.exit_code == 1
    (found,) = [item for item in ended.json["diagnostics"] if item["code"] == "provider-unauthorized"]
    assert found["message"].endswith("(the same for 1 more number)")
    assert (found["file"], found["line"]) == ("numbers.yaml", 5)
    assert [(each["file"], each["line"]) for each in found["related"]] == [("numbers.yaml", 11)]
    assert "EXOLVE_API_KEY" in found["hint"]


def test_a_value_that_reads_back_otherwise_is_told_at_its_line(workplace: Workplace) -> None:
    workplace.sandbox.faults.add(Fault(kind=FaultKind.WRONG_VALUE, mutating=True))
    ended = workplace.run("apply", "--auto-approve", "--format", "json")
    assert ended.exit_code == 3
    (found,) = [item for item in ended.json["diagnostics"] if item["code"] == "read-back"]
    assert (found["line"], found["severity"]) == (5, "error")
