"""`reconciler undo`: back to what was there before a run, as a plan like any other."""

from __future__ import annotations

import json

import pytest

from reconciler.sandbox import Fault, FaultKind
from tests.cli.conftest import Workplace

PARKED = 'version: 1\nnumbers: {"78005560251": {account: office, parking: true}}\n'
SECRET_URL = "https://example.com/route?key=${var:ROUTE_KEY}"
CANARY = "canary-route-key"


def live(workplace: Workplace, number: str) -> object:
    return workplace.sandbox.exolve.forwarding(number)


def test_an_undo_brings_back_what_was_there_and_the_same_again_brings_it_forth(workplace: Workplace) -> None:
    workplace.applied()
    before = live(workplace, "74991000000")
    workplace.edit("timeout: 16", "timeout: 25")
    assert workplace.run("apply", "--auto-approve").exit_code == 0
    after = live(workplace, "74991000000")
    shown = workplace.run("undo", "--out", "back.json")
    assert shown.exit_code == 0
    assert "    targets[0].timeout   25 s -> 16 s\n" in shown.stdout
    assert "The files still say what the run wrote" in shown.stderr
    assert live(workplace, "74991000000") == after
    done = workplace.run("apply", "back.json")
    assert done.exit_code == 0
    assert "Everything is as before the undone run." in done.stdout
    assert live(workplace, "74991000000") == before
    forth = workplace.run("undo", "--out", "forth.json")
    assert forth.exit_code == 0
    assert "The files still say" not in forth.stderr
    assert workplace.run("apply", "forth.json").exit_code == 0
    assert live(workplace, "74991000000") == after


def test_an_undo_writes_nothing_but_its_plan_file(workplace: Workplace) -> None:
    workplace.applied().edit("timeout: 16", "timeout: 25")
    workplace.run("apply", "--auto-approve")
    workplace.sandbox.fail_on_writes()
    workplace.sandbox.journal.clear()
    names = {path.name for path in workplace.folder.iterdir()}
    assert workplace.run("undo").exit_code == 0
    assert {path.name for path in workplace.folder.iterdir()} == names
    assert not any(call.mutating for call in workplace.sandbox.log)


def test_a_run_is_chosen_by_the_beginning_of_its_id(workplace: Workplace) -> None:
    first = workplace.run("apply", "--auto-approve", "--format", "json").json["run_id"]
    workplace.edit("timeout: 16", "timeout: 25")
    workplace.run("apply", "--auto-approve")
    made = workplace.run("undo", first[:8], "--format", "json").json
    assert made["origin"] == "undo"
    assert {change["number"]: change["action"] for change in made["changes"]} == {
        "74991000000": "delete",
        "74991000001": "delete",
    }
    unknown = workplace.run("undo", "nosuchrun", "--format", "json")
    assert (unknown.exit_code, unknown.codes) == (1, ["nothing-to-show"])


def test_without_a_run_that_wrote_there_is_nothing_to_undo(workplace: Workplace) -> None:
    ended = workplace.run("undo", "--format", "json")
    assert (ended.exit_code, ended.codes) == (1, ["nothing-to-show"])


def test_an_undo_needs_the_allowances_that_its_changes_need(workplace: Workplace) -> None:
    workplace.applied()
    workplace.run("undo", "--out", "refused.json")
    assert workplace.run("undo", "--enforce-policy").exit_code == 5
    refused = workplace.run("apply", "refused.json")
    assert refused.exit_code == 5
    assert "--allow-delete" in refused.stdout + refused.stderr
    assert live(workplace, "74991000001") is not None
    workplace.run("undo", "--out", "allowed.json", "--allow-delete", "--override", "policy-max-deletes")
    assert workplace.run("apply", "allowed.json").exit_code == 0
    assert live(workplace, "74991000001") is None


def test_a_number_that_moved_since_makes_an_undo_stale(workplace: Workplace) -> None:
    workplace.applied().edit("timeout: 16", "timeout: 25")
    workplace.run("apply", "--auto-approve")
    workplace.run("undo", "--out", "back.json")
    elsewhere = {"call_forwarding_type": 3, "call_forwarding_ipcr": {"url": "https://elsewhere.example.com/"}}
    workplace.sandbox.exolve.set("74991000000", elsewhere)
    workplace.sandbox.journal.clear()
    assert workplace.run("apply", "back.json").exit_code == 4
    assert workplace.sandbox.writes == []


def test_parking_goes_back_to_what_was_recorded(workplace: Workplace) -> None:
    (workplace.folder / "parking.yaml").write_text(PARKED, "utf-8")
    workplace.applied()
    workplace.edit("parking: true", "parking: false", file="parking.yaml")
    assert workplace.run("apply", "--auto-approve", "--allow-delete").exit_code == 0
    assert not workplace.sandbox.mtt.parked("78005560251")
    assert workplace.run("undo", "--out", "back.json").exit_code == 0
    assert workplace.run("apply", "back.json").exit_code == 0
    assert workplace.sandbox.mtt.parked("78005560251")


def test_a_refused_end_of_parking_says_what_callers_get(workplace: Workplace) -> None:
    (workplace.folder / "numbers.yaml").write_text(PARKED, "utf-8")
    workplace.applied()
    (workplace.folder / "numbers.yaml").write_text("version: 1\n", "utf-8")
    ended = workplace.run("apply", "--auto-approve", "--format", "json")
    assert (ended.exit_code, ended.codes) == (5, ["needs-allow-delete"])
    assert "its calls would follow their usual route" in ended.json["diagnostics"][0]["message"]


def test_parking_that_was_not_known_before_is_left_out_by_name(workplace: Workplace) -> None:
    (workplace.folder / "parking.yaml").write_text(PARKED, "utf-8")
    workplace.applied()
    ended = workplace.run("undo", "--format", "json")
    assert ended.exit_code == 1
    left_out = [item["message"] for item in ended.json["diagnostics"] if item["code"] == "undo-left-out"]
    assert left_out == [
        "office/78005560251 cannot be restored, so this number is left out: what was there before is not known"
    ]
    assert {change["number"] for change in ended.json["changes"]} == {"74991000000", "74991000001"}
    assert ended.json["complete"] is False


def with_secret(workplace: Workplace) -> Workplace:
    """The second number goes to a URL with a secret, applied."""
    workplace.edit("url: https://example.com/route", f"url: '{SECRET_URL}'")
    workplace.environ["RECONCILER_VAR_ROUTE_KEY"] = CANARY
    return workplace.applied()


def test_a_secret_comes_from_the_files_where_they_still_have_the_very_same(workplace: Workplace) -> None:
    with_secret(workplace)
    workplace.edit('reserve: "74993334455"', 'reserve: "74995556677"')
    workplace.run("apply", "--auto-approve")
    assert workplace.run("undo", "--out", "back.json").exit_code == 0
    assert CANARY not in (workplace.folder / "back.json").read_text("utf-8")
    assert workplace.run("apply", "back.json").exit_code == 0
    stored = workplace.sandbox.exolve.forwarding("74991000001")
    assert stored is not None
    assert stored["call_forwarding_ipcr"]["url"] == f"https://example.com/route?key={CANARY}"
    assert stored["call_forwarding_ipcr"]["reserve"] == "74993334455"


@pytest.mark.parametrize("gone", ["files", "environment"])
def test_a_secret_that_is_another_one_now_leaves_its_number_out_by_name(gone: str, workplace: Workplace) -> None:
    with_secret(workplace)
    if gone == "files":
        workplace.edit(f"url: '{SECRET_URL}'", "url: https://example.com/elsewhere")
    else:
        workplace.environ["RECONCILER_VAR_ROUTE_KEY"] = "another-route-key"
    assert workplace.run("apply", "--auto-approve").exit_code == 0
    ended = workplace.run("undo", "--out", "back.json", "--format", "json")
    assert ended.exit_code == 1
    (found,) = ended.json["diagnostics"]
    assert found["code"] == "undo-left-out"
    assert found["message"].startswith("`url` of sales/74991000001 cannot be restored, so this number is left out: ")
    assert ended.json["changes"] == []
    assert CANARY not in ended.stdout


def test_a_number_that_stands_in_no_file_any_more_is_brought_back(workplace: Workplace) -> None:
    workplace.applied()
    before = live(workplace, "74991000001")
    path = workplace.folder / "numbers.yaml"
    head, _, _ = path.read_text("utf-8").partition('  "74991000001"')
    path.write_text(head, "utf-8")
    assert workplace.run("apply", "--auto-approve", "--allow-delete").exit_code == 0
    assert live(workplace, "74991000001") is None
    assert workplace.run("undo", "--out", "back.json").exit_code == 0
    assert workplace.run("apply", "back.json").exit_code == 0
    assert live(workplace, "74991000001") == before
    again = workplace.run("plan", "--format", "json").json
    assert {change["number"]: change["action"] for change in again["changes"]} == {"74991000001": "delete"}


def test_what_a_run_did_not_write_is_left_alone(workplace: Workplace) -> None:
    workplace.sandbox.faults.add(Fault(kind=FaultKind.FORBIDDEN, number="74991000000", mutating=True, times=None))
    assert workplace.run("apply", "--auto-approve").exit_code == 3
    made = workplace.run("undo", "--format", "json").json
    assert [change["number"] for change in made["changes"]] == ["74991000001"]


def test_an_undo_of_other_files_is_stale(workplace: Workplace) -> None:
    workplace.applied().edit("timeout: 16", "timeout: 25")
    workplace.run("apply", "--auto-approve")
    workplace.run("undo", "--out", "back.json")
    workplace.edit("timeout: 25", "timeout: 26")
    assert workplace.run("apply", "back.json").exit_code == 4


@pytest.mark.parametrize(
    ("field", "value"), [("url", "https://evil.example.com/route?***"), ("reserve", "74990000000"), ("type", "none")]
)
def test_an_undo_whose_value_was_edited_is_refused(field: str, value: str, workplace: Workplace) -> None:
    with_secret(workplace)
    workplace.edit('reserve: "74993334455"', 'reserve: "74995556677"')
    workplace.run("apply", "--auto-approve")
    workplace.run("undo", "--out", "back.json")
    path = workplace.folder / "back.json"
    plan = json.loads(path.read_text("utf-8"))
    plan["changes"][0]["after"][field] = value
    path.write_text(json.dumps(plan), "utf-8")
    workplace.sandbox.journal.clear()
    ended = workplace.run("apply", "back.json")
    assert ended.exit_code == 4
    assert workplace.sandbox.writes == []
