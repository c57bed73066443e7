"""Who can do what: each sentence of SECURITY.md and docs/security.md on people is a test here, under its own words.

Whoever proposes has the files; whoever approves has the merge or the protected job; and so on down to the vendor.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from reconciler.sandbox import Fault, FaultKind
from tests.attacks.watch import watching
from tests.checkout import git
from tests.cli.conftest import Workplace
from tests.cli.test_hostile import Listener, listener
from tests.cli.test_pipeline import trusted
from tests.cli.test_signing import keys

__all__ = ["keys", "listener", "trusted"]

RECORD_KEY = "a key of the record that is long enough"
MAIN = "refs/heads/main"
ABROAD = "77172123456"
POLICY = "policy: {destinations: {allow: [RU, 'url:https://example.com']}}\n"


@pytest.fixture
def proposal(workplace: Workplace) -> Workplace:
    """The checkout of a pull request; main has a policy, and nothing is changed yet."""
    if shutil.which("git") is None:
        pytest.skip("a proposal needs git")
    head = workplace.folder / "reconciler.yaml"
    head.write_text(head.read_text("utf-8") + POLICY, "utf-8")
    git(workplace.folder, "init", "-q", "-b", "main")
    git(workplace.folder, "add", "numbers.yaml", "reconciler.yaml")
    git(workplace.folder, "commit", "-qm", "main")
    git(workplace.folder, "checkout", "-q", "-b", "proposal")
    workplace.environ["RECONCILER_RECORD_KEY"] = RECORD_KEY
    return workplace


# -- who opens a pull request ------------------------------------------------------------------------------------------


def test_who_opens_a_pull_request_sees_what_validate_and_plan_say_of_it(proposal: Workplace) -> None:
    proposal.edit("timeout: 16", "timeout: 25")
    assert proposal.run("validate", "--trusted", MAIN).exit_code == 0
    planned = proposal.run("plan", "--trusted", MAIN, "--detailed-exitcode")
    assert planned.exit_code == 2
    assert "25" in planned.stdout


@pytest.mark.parametrize(
    "loosened",
    [
        "policy: {destinations: {allow: ['*']}}\n",
        "record: {backend: http, http: {address: 'http://127.0.0.1:9/'}}\n",
        "",
    ],
)
def test_who_opens_a_pull_request_cannot_change_the_accounts_record_or_policy_that_judge_it(
    loosened: str, proposal: Workplace
) -> None:
    head = proposal.folder / "reconciler.yaml"
    text = head.read_text("utf-8").replace(POLICY, loosened)
    head.write_text(text.replace(proposal.sandbox.exolve_url, "http://127.0.0.1:9"), "utf-8")
    proposal.edit('to: "74992223344"', f'to: "{ABROAD}"')
    checked = proposal.run("validate", "--trusted", MAIN, "--format", "json")
    assert (checked.exit_code, "policy-destination" in checked.codes) == (1, True)
    planned = proposal.run("plan", "--trusted", MAIN, "--enforce-policy", "--format", "json")
    assert planned.exit_code == 5
    assert [each["code"] for each in planned.json["policy"]] == ["policy-destination"]
    assert proposal.sandbox.log != []


def test_who_opens_a_pull_request_cannot_have_a_secret_file_or_command_read(
    proposal: Workplace, tmp_path: Path
) -> None:
    secret, marker = tmp_path / "secret", tmp_path / "marker"
    secret.write_text("canary-of-a-file")
    for source in (f"{{file: {secret}}}", f"{{command: [touch, {marker}]}}"):
        head = proposal.folder / "reconciler.yaml"
        kept = head.read_text("utf-8")
        head.write_text(kept.replace("{env: EXOLVE_API_KEY}", source), "utf-8")
        for words in (("validate",), ("plan",), ("audit",), ("doctor",), ("plan", "--trusted", MAIN)):
            with watching() as watched:
                ended = proposal.run(*words)
            assert str(secret) not in watched.paths
            assert "canary-of-a-file" not in ended.stdout + ended.stderr
            assert {Path(program).name for program, *_ in watched.processes} <= {"git"}
        head.write_text(kept, "utf-8")
    assert not marker.exists()


def test_who_opens_a_pull_request_cannot_have_an_address_fetched(proposal: Workplace, listener: Listener) -> None:
    there = f"https://127.0.0.1:{listener.port}/secret"
    proposal.edit("https://example.com/route", there)
    proposal.edit("      type: number\n", f"      type: number\n      event_url: {there}\n")
    for words in (("validate",), ("plan",), ("plan", "--trusted", MAIN), ("audit",), ("doctor",), ("list",)):
        proposal.run(*words)
    assert listener.calls == []


def test_who_opens_a_pull_request_cannot_send_a_credential_anywhere_but_to_the_vendors(
    proposal: Workplace, listener: Listener
) -> None:
    head = proposal.folder / "reconciler.yaml"
    kept = head.read_text("utf-8")
    for field in (proposal.sandbox.exolve_url, proposal.sandbox.mtt_url, proposal.sandbox.oauth_url):
        head.write_text(kept.replace(field, f"http://127.0.0.1:{listener.port}"), "utf-8")
        for words in (("plan",), ("audit",)):
            proposal.run(*words, "--trusted", MAIN)
        head.write_text(kept.replace(field, "https://vendor.example.com"), "utf-8")
        with watching() as watched:
            proposal.run("plan")
        assert {address[0] for address in watched.addresses} <= {"127.0.0.1"}
        head.write_text(kept, "utf-8")
    assert listener.calls == []


# -- who approves ------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("trusted")
def test_who_approves_a_pull_request_cannot_change_what_is_applied_after_the_review(proposal: Workplace) -> None:
    proposal.edit("timeout: 16", "timeout: 25")
    assert proposal.run("plan", "--trusted", MAIN, "--out", "pr.json").exit_code == 0
    proposal.edit("timeout: 25", "timeout: 60")
    git(proposal.folder, "commit", "-qam", "merged with more than was reviewed")
    assert proposal.run("plan", "--expect", "pr.json", "--out", "plan.json", "--sign-key", "sign.pem").exit_code == 4
    assert not Path("plan.json").exists()


def test_who_approves_the_protected_job_sets_no_rule_aside_without_leaving_it_in_the_run_s_memory(
    proposal: Workplace,
) -> None:
    proposal.edit('to: "74992223344"', f'to: "{ABROAD}"')
    assert proposal.run("apply", "--auto-approve").exit_code == 5
    assert proposal.sandbox.writes == []
    done = proposal.run("apply", "--auto-approve", "--override", "policy-destination", "--format", "json")
    assert done.exit_code == 0
    run = proposal.run("show", done.json["run_id"], "--format", "json").json["run"]
    assert run["overrides"] == ["policy-destination"]
    assert run["user"]
    assert run["started_at"] == done.json["started_at"]


def test_who_holds_the_signing_key_cannot_apply_a_plan_without_the_vendor_s_credential(
    proposal: Workplace, keys: Path
) -> None:
    signing = ("--sign-key", str(keys / "alice.pem"))
    assert proposal.run("plan", "--out", "a.json", *signing).exit_code == 0
    ended = proposal.run("apply", "a.json", "--verify-key", str(keys / "alice.pub.pem"), EXOLVE_API_KEY="")
    assert ended.exit_code == 1
    assert proposal.sandbox.writes == []


# -- a job that was taken over between plan and apply ------------------------------------------------------------------


def _with_allowances(proposal: Workplace) -> Path:
    """A plan file to which somebody added an allowance for what it could not do."""
    proposal.applied()
    proposal.edit(
        '    forwarding: {type: url, url: https://example.com/route, reserve: "74993334455"}\n',
        "    forwarding: none\n",
    )
    plan = proposal.folder.parent / "plan.json"
    assert proposal.run("plan", "--out", str(plan)).exit_code == 0
    assert proposal.run("apply", str(plan)).exit_code == 5
    stored = json.loads(plan.read_text("utf-8"))
    stored["allow"] = ["delete"]
    plan.write_text(json.dumps(stored), "utf-8")
    return plan


def test_a_job_that_was_taken_over_can_add_allowances_to_an_unsigned_plan(proposal: Workplace) -> None:
    assert proposal.run("apply", str(_with_allowances(proposal))).exit_code == 0
    assert [write.number for write in proposal.sandbox.writes] == ["74991000001"]


def test_a_job_that_was_taken_over_can_add_nothing_to_a_signed_plan(proposal: Workplace, keys: Path) -> None:
    plan = _with_allowances(proposal)
    trusts = ("--verify-key", str(keys / "alice.pub.pem"))
    assert proposal.run("plan", "--out", str(plan), "--sign-key", str(keys / "alice.pem")).exit_code == 0
    plan.write_text(plan.read_text("utf-8").replace('"allow": []', '"allow": ["delete"]'), "utf-8")
    assert proposal.run("apply", str(plan), *trusts).exit_code == 5
    assert proposal.sandbox.writes == []


def test_a_job_that_was_taken_over_cannot_smuggle_a_value_into_a_plan(proposal: Workplace) -> None:
    proposal.edit("timeout: 16", "timeout: 25")
    plan = proposal.folder.parent / "plan.json"
    assert proposal.run("plan", "--out", str(plan)).exit_code == 0
    text = plan.read_text("utf-8")
    assert "74992223344" in text
    plan.write_text(text.replace("74992223344", "79009000000"), "utf-8")
    assert proposal.run("apply", str(plan), "--allow-adopt").exit_code == 4
    assert proposal.sandbox.writes == []


# -- who may write the record's store ----------------------------------------------------------------------------------


def _forged(proposal: Workplace, old: str, new: str) -> None:
    """Write into the record what was never there."""
    with closing(sqlite3.connect(proposal.folder / ".reconciler" / "record.db")) as record:
        for statement in (
            "UPDATE entries SET value = replace(value, :old, :new), number = replace(number, :old, :new)",
            "UPDATE results SET body = replace(body, :old, :new)",
        ):
            record.execute(statement, {"old": old, "new": new})
        record.commit()


def test_who_may_write_the_record_s_store_cannot_hide_a_change_from_the_plan(proposal: Workplace) -> None:
    proposal.applied()
    proposal.edit("timeout: 16", "timeout: 25")
    _forged(proposal, '"timeout":16', '"timeout":25')
    assert proposal.run("plan", "--detailed-exitcode").exit_code == 2


def test_who_may_write_the_record_s_store_can_have_a_foreign_number_taken_for_one_of_ours(proposal: Workplace) -> None:
    proposal.applied()
    proposal.sandbox.exolve.set("74991000004", {"call_forwarding_type": 1, "call_forwarding_sip": {"sip_id": "x@y.ru"}})
    _forged(proposal, "74991000001", "74991000004")
    proposal.edit("74991000001", "74991000004")
    assert proposal.run("apply", "--auto-approve").exit_code == 0
    assert [write.number for write in proposal.sandbox.writes] == ["74991000004"]


def test_who_may_write_the_record_s_store_can_propose_an_undo_which_policy_judges_as_any_plan(
    proposal: Workplace,
) -> None:
    proposal.applied()
    proposal.edit("timeout: 16", "timeout: 25")
    assert proposal.run("apply", "--auto-approve").exit_code == 0
    proposal.sandbox.journal.clear()
    _forged(proposal, '"to": "74992223344", "timeout": 16', f'"to": "{ABROAD}", "timeout": 16')
    plan = proposal.folder.parent / "back.json"
    proposal.run("undo", "--out", str(plan))
    ended = proposal.run("apply", str(plan), "--allow-adopt", "--format", "json")
    assert ended.exit_code != 0, ended
    assert proposal.sandbox.writes == []


# -- a vendor, or somebody in between ----------------------------------------------------------------------------------


def test_a_vendor_is_believed_a_write_only_when_it_reads_back(proposal: Workplace) -> None:
    proposal.sandbox.faults.add(Fault(kind=FaultKind.WRONG_VALUE, number="74991000000", mutating=True))
    ended = proposal.run("apply", "--auto-approve", "--format", "json")
    assert ended.exit_code == 3
    outcomes = {each["address"]: each["outcome"] for each in ended.json["results"]}
    assert outcomes["sales/74991000000"] == "failed"


def test_a_vendor_that_redirects_is_not_followed(proposal: Workplace, listener: Listener) -> None:
    proposal.sandbox.faults.add(
        Fault(kind=FaultKind.REDIRECT, times=None, location=f"http://127.0.0.1:{listener.port}/")
    )
    assert proposal.run("plan").exit_code == 1
    assert listener.calls == []


def test_a_vendor_cannot_make_an_answer_endless(proposal: Workplace) -> None:
    proposal.applied()
    proposal.sandbox.faults.add(Fault(kind=FaultKind.HUGE_BODY, path="GetAttributes", times=None))
    ended = proposal.run("plan")
    assert ended.exit_code == 1
    assert "an answer of more than" in ended.stderr
