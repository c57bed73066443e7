"""`list`, `show`, `record` and `doctor`: looking, and mending the record; no vendor is changed."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from uuid import UUID

import pytest

from reconciler.record.base import Holder, Intent, Update, Window
from reconciler.record.sqlite import SqliteRecord
from reconciler.sandbox import Fault, FaultKind
from tests.cli.conftest import Workplace
from tests.record.contract import left
from tests.record.values import dead_pid, holder, window


def test_the_list_needs_no_network_and_no_credential(workplace: Workplace) -> None:
    ended = workplace.run("list", EXOLVE_API_KEY="")
    assert ended.exit_code == 0
    head, first, *_rest = ended.stdout.splitlines()
    assert head.split() == ["NUMBER", "ACCOUNT", "FORWARDS", "TO", "SCHEDULE", "TAGS"]
    assert first.split(maxsplit=2)[:2] == ["74991000000", "sales"]
    assert "Горячая" in workplace.run("list", "-v", EXOLVE_API_KEY="").stdout
    assert ended.stdout.endswith("\n2 numbers\n")
    assert workplace.sandbox.log == []


@pytest.mark.parametrize(
    ("options", "numbers"),
    [
        ((), ["74991000000", "74991000001"]),
        (("--tag", "moscow"), ["74991000000"]),
        (("--target", "*001"), ["74991000001"]),
        (("--to", "74992223344"), ["74991000000"]),
        (("--to", "+7 (499) 333-44-55"), ["74991000001"]),
        (("--to", "url:https://example.com/*"), ["74991000001"]),
        (("--to", "74990000000"), []),
    ],
)
def test_the_list_can_be_narrowed(options: tuple[str, ...], numbers: list[str], workplace: Workplace) -> None:
    shown = workplace.run("list", "--format", "json", *options).json["numbers"]
    assert [item["number"] for item in shown] == numbers


def test_a_selection_that_fits_nothing_is_an_error(workplace: Workplace) -> None:
    for command in ("list", "calendar"):
        ended = workplace.run(command, "--account", "office", "-q")
        assert (ended.exit_code, ended.stdout) == (1, "")
        assert "error[selection-empty]: no managed number in the files matches --account office" in ended.stderr


def test_the_list_as_csv_can_be_read_by_a_machine(workplace: Workplace) -> None:
    ended = workplace.run("list", "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(ended.stdout)))
    assert [row["to"] for row in rows] == ["74992223344", "https://example.com/route", "74993334455"]


def test_no_query_takes_the_rest_of_a_csv_row_with_it(workplace: Workplace) -> None:
    workplace.edit("https://example.com/route", '"https://example.com/route?key=1,2"')
    rows = list(csv.DictReader(io.StringIO(workplace.run("list", "--format", "csv").stdout)))
    assert [row["to"] for row in rows] == ["74992223344", "https://example.com/route?***", "74993334455"]
    assert all(row["declared_at"] for row in rows)


@pytest.mark.parametrize(
    ("options", "exit_code", "said"),
    [
        (("list", "--to", "duty-desk2"), 64, "'duty-desk2' is not a valid destination: give"),
        (("list", "--account", "offic"), 1, "did you mean office?"),
        (("calendar", "--account", "offic"), 1, "did you mean office?"),
        (("calendar", "74991000000", "74990000000"), 1, "number 74990000000 is not in any file"),
        (("calendar", "--week", "soon"), 64, "'soon' is not a valid time: write it like '2026-12-28'"),
    ],
)
def test_what_cannot_be_meant_is_never_answered_with_nothing(
    options: tuple[str, ...], exit_code: int, said: str, workplace: Workplace
) -> None:
    ended = workplace.run(*options)
    assert (ended.exit_code, ended.stdout) == (exit_code, "")
    assert said in ended.stderr


@pytest.mark.parametrize("command", ["route", "calendar"])
def test_a_number_of_which_nothing_is_managed_is_not_said_to_be_nowhere(command: str, workplace: Workplace) -> None:
    workplace.edit("numbers:\n", 'numbers:\n  "74991000009": {description: later}\n')
    ended = workplace.run(command, "74991000009")
    assert ended.exit_code == 1
    assert "number 74991000009 has neither `forwarding` nor `parking` in its entry" in ended.stderr


def test_an_address_without_its_scheme_is_found(workplace: Workplace) -> None:
    shown = workplace.run("list", "--format", "json", "--to", "https://example.com/*").json["numbers"]
    assert [item["number"] for item in shown] == ["74991000001"]


def test_a_number_shows_its_file_and_its_record(workplace: Workplace) -> None:
    workplace.applied().edit("timeout: 16", "timeout: 25")
    ended = workplace.run("show", "+7 (499) 100-00-00")
    assert ended.exit_code == 0
    assert "declared    number 74992223344 for 25 s, office-hours\n" in ended.stdout
    assert "recorded    number 74992223344 for 16 s, office-hours\n" in ended.stdout
    assert workplace.sandbox.log == []


def test_a_run_is_found_by_the_beginning_of_its_id(workplace: Workplace) -> None:
    run_id = workplace.run("apply", "--auto-approve", "--format", "json").json["run_id"]
    ended = workplace.run("show", run_id[:10])
    assert ended.exit_code == 0
    assert ended.stdout.startswith(f"run {run_id}\n")
    assert workplace.run("show", run_id, "--format", "json").json["run"]["results"][0]["outcome"] == "applied"


def test_what_is_nowhere_is_said_to_be(workplace: Workplace) -> None:
    for what in ("74990000000", "no-such-run"):
        ended = workplace.run("show", what, "--format", "json")
        assert ended.exit_code == 1
        assert ended.codes == ["nothing-to-show"]


def test_the_record_is_listed_with_its_runs(workplace: Workplace) -> None:
    empty = workplace.run("record", "list")
    assert empty.exit_code == 0
    assert "0 entries, serial 0" in empty.stdout
    ended = workplace.applied().run("record", "list", "--format", "json")
    assert [entry["address"] for entry in ended.json["entries"]] == ["sales/74991000000", "sales/74991000001"]
    assert len(ended.json["runs"]) == 1
    assert workplace.sandbox.log == []


def test_looking_at_an_empty_record_makes_no_file(workplace: Workplace) -> None:
    workplace.run("record", "list")
    workplace.run("show", "74991000000")
    workplace.run("plan")
    assert not (workplace.folder / ".reconciler").exists()


def test_forgetting_drops_the_entry_and_leaves_the_vendor_alone(workplace: Workplace) -> None:
    ended = workplace.applied().run("record", "forget", "+7 (499) 100-00-01")
    assert ended.exit_code == 0
    assert ended.stdout == "forgotten: 74991000001 (forwarding)\n"
    assert workplace.sandbox.log == []
    entries = workplace.run("record", "list", "--format", "json").json["entries"]
    assert [entry["address"] for entry in entries] == ["sales/74991000000"]
    again = workplace.run("record", "forget", "74991000001", "--format", "json")
    assert again.codes == ["nothing-to-show"]


def test_a_number_that_a_run_may_be_writing_under_another_name_of_its_account_is_not_forgotten(
    workplace: Workplace,
) -> None:
    workplace.applied()
    record = SqliteRecord(workplace.folder / ".reconciler" / "record.db", name="test")
    with record.lock([holder("vertrieb")]) as lock:
        intent = Intent(next(iter(record.load().entries)), "vertrieb", "update", "", "")
        record.commit(lock, Update(open=Window("w", "r1", "2026-11-21T10:00:00Z", (intent,))), expected=record.load())
        ended = workplace.run("record", "forget", intent.key.number)
        record.commit(lock, Update(settle=["w"]), expected=record.load())
    record.close()
    assert (ended.exit_code, "account vertrieb is locked by" in ended.stderr) == (5, True)


def test_a_living_lock_is_broken_by_force_only(workplace: Workplace) -> None:
    workplace.applied()
    elsewhere = Holder("sales", "another-host", "anna", 7, "run", "2026-11-21T10:00:00Z")
    record = SqliteRecord(workplace.folder / ".reconciler" / "record.db", name="test")
    with record.lock([elsewhere]):
        refused = workplace.run("record", "unlock", "--format", "json")
        assert refused.exit_code == 5
        assert refused.codes == ["record-locked"]
        assert "anna@another-host" in workplace.run("record", "list").stdout
        workplace.edit("timeout: 16", "timeout: 25")
        assert workplace.run("apply", "--auto-approve").exit_code == 5
        ended = workplace.run("record", "unlock", "sales", "--force")
        assert ended.exit_code == 0
        assert ended.stdout.startswith("unlocked: sales, which was held by anna@another-host")
    record.close()
    assert workplace.run("record", "unlock").stdout == "nothing unlocked\n"


@pytest.mark.parametrize("words", [("record", "list"), ("plan",), ("apply", "--auto-approve"), ("show", "74991000000")])
def test_a_damaged_record_is_an_error_and_never_an_empty_one(words: tuple[str, ...], workplace: Workplace) -> None:
    workplace.applied()
    for path in (workplace.folder / ".reconciler").glob("record.db*"):
        path.write_bytes(b"this is no database at all" * 100)
    ended = workplace.run(*words, "--format", "json")
    assert ended.exit_code == 1
    assert "record-unusable" in ended.codes
    assert workplace.sandbox.writes == []


def test_doctor_finds_nothing_wrong_where_nothing_is(workplace: Workplace) -> None:
    workplace.sandbox.fail_on_writes()
    ended = workplace.run("doctor")
    assert ended.exit_code == 0
    assert ended.stdout.endswith("\nNothing would stop an apply.\n")
    checks = workplace.run("doctor", "--format", "json").json
    assert checks["healthy"] is True
    assert {"configuration", "record", "sales: credential"} <= {check["check"] for check in checks["checks"]}
    assert not any(call.mutating for call in workplace.sandbox.log)


def test_doctor_names_a_refused_credential_and_ends_with_1(workplace: Workplace) -> None:
    workplace.sandbox.faults.add(Fault(kind=FaultKind.UNAUTHORIZED, times=None))
    ended = workplace.run("doctor", "--format", "json")
    assert ended.exit_code == 1
    assert ended.json["healthy"] is False
    assert any(check["status"] == "fail" and check["check"].startswith("sales") for check in ended.json["checks"])


def test_doctor_names_the_numbers_that_use_what_is_not_there(workplace: Workplace) -> None:
    workplace.edit('{to: "74992223344", timeout: 16', '{to: "883140999999999", timeout: 16')
    ended = workplace.run("doctor", "--format", "json")
    assert ended.exit_code == 1
    (check,) = [each for each in ended.json["checks"] if each["status"] == "fail"]
    assert check["message"].endswith("is not in the application's list; used by 74991000000 (numbers.yaml:5:3)")


def test_doctor_keeps_values_of_variables_out_of_what_a_vendor_says(workplace: Workplace) -> None:
    workplace.edit("url: https://example.com/route", "url: 'https://example.com/route?key=${var:ROUTE_KEY}'")
    canary = "canary-route-key"
    workplace.sandbox.faults.add(Fault(kind=FaultKind.FORBIDDEN, times=None, message=f"no entry with {canary}"))
    for form in ("text", "json"):
        ended = workplace.run("doctor", "--format", form, RECONCILER_VAR_ROUTE_KEY=canary)
        assert ended.exit_code == 1
        assert "no entry with ***" in " ".join(ended.stdout.split())
        assert canary not in ended.stdout + ended.stderr


def test_doctor_fails_for_a_variable_without_a_value(workplace: Workplace) -> None:
    workplace.edit("url: https://example.com/route", "url: 'https://example.com/route?key=${var:ROUTE_KEY}'")
    ended = workplace.run("doctor", "--format", "json")
    (check,) = [check for check in ended.json["checks"] if check["check"] == "variables"]
    assert (ended.exit_code, check["status"]) == (1, "fail")
    assert "RECONCILER_VAR_ROUTE_KEY" in check["message"]


def test_doctor_fails_for_a_lock_that_is_held_and_calls_no_run_broken_off_that_goes_on(workplace: Workplace) -> None:
    workplace.applied()
    record = SqliteRecord(workplace.folder / ".reconciler" / "record.db", name="test")
    with record.lock([holder("sales", run_id="r1")]) as lock:
        record.commit(lock, Update(open=window("w1", 1)), expected=record.load())
        ended = workplace.run("doctor", "--format", "json")
        record.commit(lock, Update(settle=["w1"]), expected=record.load())
    record.close()
    assert ended.exit_code == 1
    told = {check["check"]: (check["status"], check["message"]) for check in ended.json["checks"]}
    assert told["lock"][0] == "fail"
    assert told["lock"][1].startswith("account sales is locked by anna@")
    assert "interrupted run" not in ended.stdout


def test_doctor_only_warns_of_a_lock_that_a_dead_process_left(workplace: Workplace) -> None:
    workplace.applied()
    record = SqliteRecord(workplace.folder / ".reconciler" / "record.db", name="test")
    with record.lock([holder("sales", pid=dead_pid())]) as lock:
        record.commit(lock, Update(open=window("w1", 1)), expected=record.load())
        ended = workplace.run("doctor", "--format", "json")
        record.commit(lock, Update(settle=["w1"]), expected=record.load())
    record.close()
    assert ended.exit_code == 0
    warned = [check["message"] for check in ended.json["checks"] if check["status"] == "warn"]
    assert warned[0].startswith("account sales is still locked by a run that has ended: anna@")
    assert warned[1] == "1 write of an interrupted run: it is not known whether they took effect"


def test_doctor_calls_no_lock_over_that_an_apply_would_not_break(
    workplace: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    workplace.applied()
    record = SqliteRecord(workplace.folder / ".reconciler" / "record.db", name="test")
    with monkeypatch.context() as another_container:
        another_container.setattr("reconciler.record.locks._namespace", lambda: "pid:[1]")
        left(record.lock([holder("sales", pid=dead_pid())]))
    ended = workplace.run("doctor", "--format", "json")
    (lock,) = [check for check in ended.json["checks"] if check["check"] == "lock"]
    assert (ended.exit_code, lock["status"]) == (1, "fail")
    workplace.edit("timeout: 16", "timeout: 25")
    assert workplace.run("apply", "--auto-approve").exit_code == 5
    record.close()


def test_doctor_points_at_a_configuration_with_errors(workplace: Workplace) -> None:
    workplace.edit("type: url", "type: pigeon")
    ended = workplace.run("doctor")
    assert ended.exit_code == 1
    assert "numbers.yaml:12:" in ended.stdout
    assert "reconciler validate" in ended.stdout


def test_doctor_fetches_no_address_that_stands_in_a_file(workplace: Workplace) -> None:
    workplace.edit("https://example.com/route", f"{workplace.sandbox.control_url.replace('http:', 'https:')}/canary")
    workplace.run("doctor")
    assert not any("canary" in call.path for call in workplace.sandbox.log)


def test_doctor_says_what_a_ci_machine_would_lose(workplace: Workplace) -> None:
    ended = workplace.run("doctor", CI="true")
    assert ended.exit_code == 1
    assert "the record is a local file" in ended.stdout


@pytest.mark.parametrize(
    "words", [("list",), ("plan",), ("show", "74991000000"), ("record", "list"), ("apply", "--auto-approve")]
)
def test_errors_of_the_files_go_to_standard_error(words: tuple[str, ...], workplace: Workplace) -> None:
    workplace.edit("type: url", "type: pigeon")
    ended = workplace.run(*words)
    assert ended.exit_code == 1
    assert ended.stdout == ""
    assert "error[forwarding-type]" in ended.stderr


def test_a_trusted_file_of_no_ref_is_refused_before_anything(workplace: Workplace) -> None:
    ended = workplace.run("plan", "--trusted", "no-such-ref", "--format", "json")
    assert ended.exit_code == 1
    assert "trusted-unreadable" in ended.codes
    assert workplace.sandbox.log == []


def test_secrets_of_files_are_read_only_where_allowed(workplace: Workplace) -> None:
    Path(workplace.folder / "key").write_text(workplace.sandbox.api_key, "utf-8")
    workplace.edit("api_key: {env: EXOLVE_API_KEY}", "api_key: {file: key}", file="reconciler.yaml")
    refused = workplace.run("plan")
    assert refused.exit_code == 1
    assert "--allow-local-secrets" in refused.stdout + refused.stderr
    assert workplace.run("plan", "--allow-local-secrets").exit_code == 0
    assert workplace.run("plan", RECONCILER_TRUSTED="1").exit_code == 0


@pytest.mark.parametrize("begun", ["7499111", "749911122"])
def test_a_run_whose_id_begins_like_a_number_is_found(
    workplace: Workplace, monkeypatch: pytest.MonkeyPatch, begun: str
) -> None:
    monkeypatch.setattr("reconciler.wiring.uuid4", lambda: UUID("7499111222333444aaaabbbbccccdddd"))
    workplace.applied()
    shown = workplace.run("show", begun, "--format", "json")
    assert shown.exit_code == 0
    assert shown.json["run"]["run_id"] == "7499111222333444aaaabbbbccccdddd"


def test_a_run_shows_what_it_changed_and_how_that_ended(workplace: Workplace) -> None:
    workplace.applied().edit("timeout: 16", "timeout: 25")
    workplace.edit('{type: url, url: https://example.com/route, reserve: "74993334455"}', "none")
    run = workplace.run("apply", "--auto-approve", "--allow-delete", "--format", "json").json["run_id"]
    shown = workplace.run("show", run[:10])
    assert shown.exit_code == 0
    assert "permitted   delete" in shown.stdout
    assert "\nsales/74991000000\n    targets[0].timeout   16 s -> 25 s\n" in shown.stdout
    assert "\nsales/74991000001\n  was         URL https://example.com/route\n" in shown.stdout
    assert "  became      no forwarding\n" in shown.stdout
    rows = workplace.run("show", run, "--format", "json").json["run"]["results"]
    assert [(row["address"], row["outcome"], row["before"]["type"], row["after"]["type"]) for row in rows] == [
        ("sales/74991000000", "applied", "number", "number"),
        ("sales/74991000001", "applied", "url", "none"),
    ]


def test_a_saved_plan_is_a_page_with_the_weeks_of_its_time_zone(workplace: Workplace) -> None:
    workplace.edit("defaults: {", "defaults: {timezone: Asia/Novosibirsk, ", "reconciler.yaml")
    workplace.run("plan", "--out", "plan.json")
    ended = workplace.run("show", "plan.json", "--format", "html")
    assert ended.exit_code == 0
    assert "Times are those of Asia/Novosibirsk." in ended.stdout
    assert ended.stdout.count("<svg viewBox") >= 1


def test_a_plan_file_of_before_is_told_in_utc(workplace: Workplace) -> None:
    workplace.run("plan", "--out", "plan.json")
    path = workplace.folder / "plan.json"
    saved = json.loads(path.read_text("utf-8"))
    del saved["timezone"]
    path.write_text(json.dumps(saved), "utf-8")
    assert "Times are those of UTC." in workplace.run("show", "plan.json", "--format", "html").stdout


def test_a_plan_file_with_a_time_zone_that_there_is_not_is_damaged(workplace: Workplace) -> None:
    workplace.run("plan", "--out", "plan.json")
    path = workplace.folder / "plan.json"
    path.write_text(path.read_text("utf-8").replace("Europe/Moscow", "../../etc/passwd"), "utf-8")
    ended = workplace.run("show", "plan.json", "--format", "html")
    assert ended.exit_code != 0
    assert "it is damaged at `timezone`" in ended.stderr
