"""`reconciler import`: after it the files say what is live, a plan is empty, and nothing else has changed in them."""

from __future__ import annotations

import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest

from reconciler.cli import importing
from reconciler.sandbox import Sandbox
from reconciler.sandbox.faults import Fault, FaultKind
from reconciler.workflow.importing import make_import
from tests.cli.conftest import Cli, Workplace

FIRST, SECOND, THIRD, FOURTH = (f"7499100000{at}" for at in range(4))
WEEK = "wd {mon-fri} hr {9-17}"
DESK = "74992223344"


def rings(to: str = DESK, period: str = "", description: str = "", timeout: int = 16, **more: Any) -> dict[str, Any]:
    """One entry of `call_control`."""
    entry = {"redirect_number": to, "timeout": timeout, "active": True, **more}
    return entry | ({"period": period, "period_description": description} if period or description else {})


def numbers(*controls: dict[str, Any], redirect: int = 2, **more: Any) -> dict[str, Any]:
    """A forwarding to numbers as the vendor has it."""
    body = {"redirect_type": redirect, "call_control": list(controls), **more}
    return {"call_forwarding_type": 2, "call_forwarding_number": body}


def url(address: str, reserve: str = "") -> dict[str, Any]:
    """A forwarding to a URL as the vendor has it."""
    return {"call_forwarding_type": 3, "call_forwarding_ipcr": {"url": address, "reserve": reserve}}


SIP: dict[str, Any] = {"call_forwarding_type": 1, "call_forwarding_sip": {"sip_uri": "user@sip.example.com:5060"}}
TRUNK: dict[str, Any] = {
    "call_forwarding_type": 4,
    "call_forwarding_static": {"static_ip": "203.0.113.7", "port": 5060, "timeout": 30, "did": 111},
}


@pytest.fixture
def empty(workplace: Workplace) -> Workplace:
    """A configuration that declares nothing yet."""
    (workplace.folder / "numbers.yaml").unlink()
    return workplace


def live(place: Workplace, **forwardings: dict[str, Any] | None) -> None:
    """Have numbers do this, by the last digit of each: `n0`, `n1`."""
    for name, body in forwardings.items():
        place.sandbox.exolve.set(f"7499100000{name.removeprefix('n')}", body)


def files(place: Workplace) -> dict[str, bytes]:
    return {str(path.relative_to(place.folder)): path.read_bytes() for path in sorted(place.folder.rglob("*.yaml"))}


def nothing_to_do(place: Workplace, **environ: str) -> None:
    """A plan is empty, and needs no allowance."""
    ended = place.run("plan", "--format", "json", "--detailed-exitcode", **environ)
    assert ended.exit_code == 0, ended
    assert ended.json["changes"] == []


def settled(place: Workplace, *words: str, **environ: str) -> None:
    """A plan is empty, and a second import changes no byte."""
    nothing_to_do(place, **environ)
    before = files(place)
    again = place.run("import", *(words or ("--account", "sales")), "--format", "json", **environ)
    assert (again.exit_code, again.json["changed"]) == (0, []), again
    assert files(place) == before


def written(place: Workplace, name: str = "numbers/sales.yaml") -> str:
    return (place.folder / name).read_text("utf-8")


# -- what is live, in a new file --------------------------------------------------------------------------------------


def test_every_type_of_forwarding_is_written_so_that_a_plan_is_empty(empty: Workplace) -> None:
    live(
        empty,
        n0=numbers(rings(period=WEEK, description="график будни", name="звонит клиент"), rings("883140123456789")),
        n1=url("https://example.com/route", "74993334455"),
        n2=SIP,
        n3=TRUNK,
        n4=numbers(
            rings(active=False),
            redirect=3,
            event_url="https://example.com/calls",
            event_extended=True,
            file_to_a="12345",
            file_to_b="54321",
            masking=True,
            display_number="74995556677",
        ),
    )
    ended = empty.run("import", "--account", "sales")
    assert ended.exit_code == 0, ended
    text = written(empty)
    assert f'"{FIRST}":\n    forwarding:\n      type: number\n      redirect: sequential\n' in text
    assert "    forwarding:\n      type: url\n      url: https://example.com/route\n" in text
    assert "    forwarding:\n      type: sip\n      sip_uri: user@sip.example.com:5060\n" in text
    assert "      static_ip: 203.0.113.7\n      port: 5060\n      timeout: 30\n      did: 111\n" in text
    assert "          active: false\n" in text
    settled(empty)


def test_what_is_not_forwarded_is_declared_so(empty: Workplace) -> None:
    assert empty.run("import", FIRST).exit_code == 0
    assert f'  "{FIRST}":\n    forwarding: none\n' in written(empty)
    nothing_to_do(empty)


def test_a_new_file_says_its_version_and_has_the_mode_of_the_configuration(empty: Workplace) -> None:
    (empty.folder / "reconciler.yaml").chmod(0o640)
    assert empty.run("import", FIRST, "--into", "lines.yaml").exit_code == 0
    path = empty.folder / "lines.yaml"
    assert path.read_text("utf-8").startswith("version: 1\n")
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


@pytest.mark.parametrize("typed", [FIRST, "+7 (499) 100-00-00", f"sales/{FIRST}"])
def test_a_number_is_taken_in_any_spelling(empty: Workplace, typed: str) -> None:
    document = empty.run("import", typed, "--format", "json").json
    assert [(each["account"], each["number"], each["outcome"]) for each in document["numbers"]] == [
        ("sales", FIRST, "added")
    ]


def test_a_pattern_takes_what_the_list_has(empty: Workplace) -> None:
    document = empty.run("import", "7499100000[0-2]", "--format", "json").json
    assert [each["number"] for each in document["numbers"]] == [FIRST, SECOND, THIRD]


# -- names for what is repeated ---------------------------------------------------------------------------------------


def test_a_repeated_period_becomes_a_schedule_named_by_its_description(empty: Workplace) -> None:
    live(
        empty,
        n0=numbers(rings(period=WEEK, description="График будни")),
        n1=numbers(rings("74992223355", period="hr {9-17} wd {mon-fri}", description="График будни")),
        n2=numbers(rings(period="wd {sat} hr {10-13}")),
    )
    document = empty.run("import", "--account", "sales", "--format", "json").json
    text = written(empty)
    assert document["schedules"] == ["grafik-budni"]
    assert (
        "schedules:\n  grafik-budni:\n    description: График будни\n    weekly:\n      mon-fri: 09:00-18:00\n" in text
    )
    assert text.count("schedule: grafik-budni\n") == 2
    assert "schedule_description" not in text
    settled(empty)


def test_descriptions_that_differ_are_kept_beside_one_schedule(empty: Workplace) -> None:
    live(
        empty,
        n0=numbers(rings(period=WEEK, description="будни")),
        n1=numbers(rings(period=WEEK)),
        n2=numbers(rings(period=WEEK, description="!!!")),
    )
    assert empty.run("import", "--account", "sales").exit_code == 0
    text = written(empty)
    assert text.count("schedule: budni\n") == 3
    assert 'schedule_description: ""\n' in text
    assert "schedule_description: " in text
    settled(empty)


def test_a_declared_schedule_of_the_same_set_is_used(workplace: Workplace) -> None:
    workplace.applied()
    live(workplace, n2=numbers(rings(period="wd {mon-thu} hr {9-17}"), rings(period="wd {fri} hr {9-17}")))
    assert workplace.run("import", THIRD).exit_code == 0
    text = written(workplace, "numbers.yaml")
    assert text.count("schedule: office-hours") == 2
    assert text.count("schedules:") == 1
    nothing_to_do(workplace)


def test_entries_of_one_target_become_one_with_the_union(empty: Workplace) -> None:
    live(
        empty,
        n0=numbers(rings(period=WEEK), rings(period="wd {sat} hr {10-13}"), rings(period="wd {sat} hr {14-15}")),
        n1=numbers(rings(period="mo {jan} md {1-8}"), rings(period="mo {may} md {9}")),
        n2=numbers(rings(period=WEEK), rings("74992223355", period=WEEK), rings(period="wd {sun}")),
    )
    assert empty.run("import", "--account", "sales").exit_code == 0
    text = written(empty)
    first, second, third = text.split('  "7499')[1:4]
    assert first.count("- to:") == 1
    assert "mon-fri: 09:00-18:00\n              sat: 10:00-16:00\n" in first
    assert second.count("- to:") == 1
    assert third.count("- to:") == 3
    settled(empty)


@pytest.mark.parametrize(
    ("period", "hours"),
    [
        ("hr {22-23}, hr {0-5}", "mon-sun: 22:00-06:00"),
        ("wd {fri} hr {22-23}, wd {sat} hr {0-5}", "fri: 22:00-06:00"),
        ("wd {sat-sun}", "sat-sun: 00:00-24:00"),
        ("wd {mon} hr {9} min {30-59}", "mon: 09:30-10:00"),
    ],
)
def test_a_set_that_is_the_same_every_week_is_written_as_hours(empty: Workplace, period: str, hours: str) -> None:
    live(empty, n0=numbers(rings(period=period)))
    assert empty.run("import", FIRST).exit_code == 0
    assert f"            weekly:\n              {hours}\n" in written(empty)
    nothing_to_do(empty)


@pytest.mark.parametrize("period", ["wd {2-6} hr {9-17}", "tomorrow {", "none", "hr {9-17}, yr {30}"])
def test_a_period_that_files_may_not_say_is_written_as_it_is(empty: Workplace, period: str) -> None:
    live(empty, n0=numbers(rings(period=period)))
    assert empty.run("import", FIRST).exit_code == 0
    assert "            verbatim: true\n" in written(empty)
    nothing_to_do(empty)


def test_repeated_phones_become_contacts_if_asked_for(empty: Workplace) -> None:
    live(
        empty,
        n0=numbers(rings(name="Дежурный"), rings("74992223355")),
        n1=numbers(rings(name="Дежурный", timeout=30)),
    )
    document = empty.run("import", "--account", "sales", "--contacts", "--format", "json").json
    text = written(empty)
    assert document["contacts"] == ["dezhurnyy"]
    assert 'contacts:\n  dezhurnyy:\n    to: "74992223344"\n    name: Дежурный\n' in text
    assert text.count("- to: dezhurnyy\n") == 2
    assert '- to: "74992223355"\n' in text
    settled(empty)


def test_a_declared_contact_is_used_if_asked_for(workplace: Workplace) -> None:
    workplace.applied()
    workplace.edit(
        "schedules:", 'contacts: {desk: {to: "74992223344", name: Дежурный, timeout: 40}}\nschedules:', "numbers.yaml"
    )
    live(workplace, n2=numbers(rings(timeout=40), rings(timeout=16, name="Дежурный")))
    assert workplace.run("import", THIRD, "--contacts").exit_code == 0
    text = written(workplace, "numbers.yaml")
    assert text.endswith(
        '        - to: desk\n          name: ""\n        - to: desk\n          timeout: 16\n'
        "    # `client_id` cannot be read: if this number has one, write it under `forwarding`\n"
    )
    nothing_to_do(workplace)


# -- secrets ----------------------------------------------------------------------------------------------------------

SECRET = {"RECONCILER_VAR_EVENT_URL_QUERY": "key=canary-in-a-query"}


@pytest.fixture
def secretive(empty: Workplace) -> Workplace:
    """Two numbers whose events go to the same URL with a secret in its query."""
    body = numbers(rings(), event_url="https://example.com/calls?key=canary-in-a-query")
    live(empty, n0=body, n1=body)
    return empty


def test_queries_become_variables_whose_values_are_never_shown(secretive: Workplace) -> None:
    told = secretive.run("import", FIRST, SECOND, "--diff")
    ended = secretive.run("import", FIRST, SECOND, "--format", "json", "-v")
    assert (told.exit_code, ended.exit_code) == (0, 0), ended
    assert "canary" not in told.stdout + told.stderr + ended.stdout + ended.stderr
    (variable,) = ended.json["variables"]
    assert variable == {
        "name": "RECONCILER_VAR_EVENT_URL_QUERY",
        "part": "the query",
        "is_set": False,
        "numbers": [FIRST, SECOND],
    }
    assert "event_url: https://example.com/calls?${var:EVENT_URL_QUERY}\n" in written(secretive)
    assert "canary" not in written(secretive)
    settled(secretive, FIRST, SECOND, **SECRET)


def test_the_names_to_set_are_told(secretive: Workplace) -> None:
    ended = secretive.run("import", FIRST, SECOND)
    assert "RECONCILER_VAR_EVENT_URL_QUERY" in ended.stdout
    assert "canary" not in ended.stdout + ended.stderr


def test_a_variable_that_has_the_value_already_is_used(secretive: Workplace) -> None:
    ended = secretive.run("import", FIRST, "--format", "json", RECONCILER_VAR_CRM="key=canary-in-a-query")
    assert [(each["name"], each["is_set"]) for each in ended.json["variables"]] == [("RECONCILER_VAR_CRM", True)]
    nothing_to_do(secretive, RECONCILER_VAR_CRM="key=canary-in-a-query")


def test_a_template_that_stands_for_the_url_already_is_used(secretive: Workplace) -> None:
    path = secretive.folder / "numbers.yaml"
    path.write_text(
        f'version: 1\nnumbers:\n  "{FIRST}":\n    forwarding:\n      type: number\n'
        f'      redirect: sequential\n      targets: [{{to: "{DESK}", timeout: 16}}]\n'
        "      event_url: https://example.com/calls?key=${var:EVENT_KEY}\n",
        "utf-8",
    )
    environ = {"RECONCILER_VAR_EVENT_KEY": "canary-in-a-query"}
    ended = secretive.run("import", FIRST, SECOND, "--format", "json", **environ)
    assert ended.json["summary"] == {"added": 1, "updated": 0, "unchanged": 1, "left_out": 0}
    assert path.read_text("utf-8").count("calls?key=${var:EVENT_KEY}\n") == 2
    nothing_to_do(secretive, **environ)


def test_another_value_gets_another_variable(secretive: Workplace) -> None:
    live(secretive, n2=url("https://user:canary-2@example.com/route?key=canary-3#x"))
    document = secretive.run("import", "--account", "sales", "--format", "json", RECONCILER_VAR_URL_QUERY="taken").json
    names = [each["name"] for each in document["variables"]]
    assert names == ["RECONCILER_VAR_EVENT_URL_QUERY", "RECONCILER_VAR_URL_USER", "RECONCILER_VAR_URL_QUERY_2"]
    assert "url: https://${var:URL_USER}@example.com/route?${var:URL_QUERY_2}\n" in written(secretive)
    more = {"RECONCILER_VAR_URL_USER": "user:canary-2", "RECONCILER_VAR_URL_QUERY_2": "key=canary-3#x"}
    settled(secretive, **SECRET, **more)


def test_literal_urls_are_written_as_they_are_and_still_not_shown(secretive: Workplace) -> None:
    ended = secretive.run("import", FIRST, "--literal-urls", "--diff")
    assert "canary" not in ended.stdout + ended.stderr
    assert secretive.run("import", FIRST, "--literal-urls").exit_code == 0
    assert "event_url: https://example.com/calls?key=canary-in-a-query\n" in written(secretive)
    nothing_to_do(secretive)


# -- what cannot be read ----------------------------------------------------------------------------------------------


def test_what_cannot_be_read_is_said_beside_the_entry_and_in_the_output(empty: Workplace) -> None:
    live(empty, n0=numbers(rings()))
    (parked,) = empty.sandbox.mtt.numbers[:1]
    ended = empty.run("import", "--all")
    assert ended.exit_code == 0, ended
    assert "    # `client_id` cannot be read: if this number has one, write it under `forwarding`\n" in written(empty)
    office = written(empty, "numbers/office.yaml")
    assert f'  "{parked}":\n    account: office\n    # whether it is parked cannot be read' in office
    assert "whether it is parked cannot be read" in ended.stdout
    nothing_to_do(empty)


def test_a_trunk_without_a_list_is_a_comment(empty: Workplace) -> None:
    empty.edit(f"    application: {empty.sandbox.application}\n", "", "reconciler.yaml")
    live(empty, n0=TRUNK)
    ended = empty.run("import", FIRST)
    assert ended.exit_code == 0, ended
    assert "    # it forwards to a SIP trunk (type 4), whose address cannot be read" in written(empty)
    assert "accounts.sales.application" in written(empty)
    nothing_to_do(empty)


def test_a_number_that_cannot_be_read_is_named_and_the_others_are_written(empty: Workplace) -> None:
    live(empty, n0=numbers(rings()), n1=numbers(rings()))
    fault = Fault(kind=FaultKind.HTML_WITH_200, number=FIRST, times=None)
    empty.sandbox.faults.add(fault)
    ended = empty.run("import", FIRST, SECOND, "--format", "json")
    assert ended.exit_code == 1
    assert {each["number"]: each["outcome"] for each in ended.json["numbers"]} == {FIRST: "left_out", SECOND: "added"}
    assert FIRST not in written(empty)


def test_what_policy_refuses_is_left_out_and_named(empty: Workplace) -> None:
    live(empty, n0=numbers(rings(), event_url="http://example.com/calls"), n1=numbers(rings()))
    ended = empty.run("import", FIRST, SECOND, "--format", "json")
    assert ended.exit_code == 1
    assert {each["number"]: each["outcome"] for each in ended.json["numbers"]} == {FIRST: "left_out", SECOND: "added"}
    assert "import-left-out" in ended.codes
    assert FIRST not in written(empty)
    nothing_to_do(empty)


def test_all_that_is_refused_is_told_at_once_and_no_more(empty: Workplace) -> None:
    live(
        empty,
        n0=numbers(rings(), event_url="http://a.example"),
        n1=numbers(rings(), event_url="http://b.example"),
        n2=numbers(rings(timeout=0)),
        n3=numbers(),
        n4=url("ftp://files.example.com"),
        n5=numbers(rings(FIRST)),
    )
    ended = empty.run("import", "7499100000[0-6]", "--format", "json")
    outcomes = [each["outcome"] for each in ended.json["numbers"]]
    assert (ended.exit_code, outcomes) == (1, ["left_out"] * 5 + ["added"] * 2)
    told = "\n".join(each["message"] for each in ended.json["diagnostics"])
    assert f"sales/{FIRST}, sales/{SECOND}: left out: the event_url is not https [require-https]" in told
    assert all(code in told for code in ("timeout-range", "targets-empty", "url-invalid"))
    nothing_to_do(empty)


def test_what_only_the_record_can_tell_is_written_as_it_says(workplace: Workplace) -> None:
    (parked,) = workplace.sandbox.mtt.numbers[:1]
    forwarding = f'{{type: number, targets: [{{to: "{DESK}"}}], client_id: crm-1}}'
    entries = f'{{"{FIRST}": {{forwarding: {forwarding}}}, "{parked}": {{account: office, parking: true}}}}'
    (workplace.folder / "numbers.yaml").write_text(f"version: 1\nnumbers: {entries}\n", "utf-8")
    workplace.applied()
    (workplace.folder / "numbers.yaml").unlink()
    assert workplace.run("import", FIRST, parked).exit_code == 0
    assert "      client_id: crm-1\n" in written(workplace)
    assert "    account: office\n    parking: true\n" in written(workplace, "numbers/office.yaml")
    nothing_to_do(workplace)


def test_numbers_that_forward_to_each_other_in_a_circle_are_written_and_told(empty: Workplace) -> None:
    live(empty, n0=numbers(rings(SECOND)), n1=numbers(rings(FIRST)))
    ended = empty.run("import", FIRST, SECOND, "--format", "json")
    assert (ended.exit_code, ended.codes) == (1, ["route-loop"])
    assert ended.json["summary"]["added"] == 2


def test_a_scenario_in_force_is_told_and_its_names_are_not_taken(workplace: Workplace) -> None:
    storm = '{numbers: {"74991000000": {forwarding: none}}, schedules: {budni: {weekly: {mon: 09:00-10:00}}}}'
    workplace.edit("numbers:\n", f"scenarios: {{storm: {storm}}}\nnumbers:\n")
    workplace.applied()
    assert workplace.run("apply", "--auto-approve", "--scenario", "storm", "--allow-delete").exit_code == 0
    body = numbers(rings(period="wd {mon-wed}", description="Будни"))
    live(workplace, n2=body, n3=body)
    document = workplace.run("import", THIRD, FOURTH, "--format", "json").json
    assert "scenario-in-force" in [each["code"] for each in document["diagnostics"]]
    assert document["schedules"] == ["budni-2"]


def test_a_number_to_be_forgotten_is_left_out(workplace: Workplace) -> None:
    workplace.edit("numbers:\n", f'forget: ["{THIRD}"]\nnumbers:\n')
    ended = workplace.run("import", THIRD, FOURTH, "--format", "json")
    assert ended.exit_code == 1
    assert {each["number"]: each["outcome"] for each in ended.json["numbers"]} == {THIRD: "left_out", FOURTH: "added"}
    assert "forget" in ended.json["diagnostics"][-1]["message"]


@pytest.mark.parametrize("name", ["половина\u202e", "zero\u200bwidth", "a ${var:X}"])
def test_a_text_that_no_file_may_have_leaves_its_number_out(empty: Workplace, name: str) -> None:
    live(empty, n0=numbers(rings(name=name)), n1=SIP)
    ended = empty.run("import", FIRST, SECOND, "--format", "json")
    assert ended.exit_code == 1
    assert {each["number"]: each["outcome"] for each in ended.json["numbers"]} == {FIRST: "left_out", SECOND: "added"}


# -- into entries that are there --------------------------------------------------------------------------------------

DECLARED = """\
# все наши номера
version: 1
schedules:
  office-hours: {period: "wd {mon-fri} hr {9-17}"}   # as the contract says

profiles:
  hotline:
    forwarding:
      type: number
      redirect: sequential
      targets: [{to: "74992223344", timeout: 16, schedule: office-hours}]
      event_url: https://example.com/calls
numbers:
  +7 (499) 100-00-00:         # the first
    tags: [moscow] BLANK
    forwarding:
      type: number
      redirect: sequential
      targets:
      - to: "74992223344"     # the desk
        timeout: 16           # as agreed
        schedule: office-hours
      # between the two
      - {to: '74992223355', timeout: 20, name: "second"}   # the cellar

  "74991000001": {use: [hotline]}
  "74991000002":
    forwarding: none          # nobody yet
# the end""".replace("BLANK", " ")
DECLARED_LIVE = {
    "n0": numbers(rings(period=WEEK), rings("74992223355", timeout=20, name="second")),
    "n1": numbers(rings(period=WEEK), event_url="https://example.com/calls"),
    "n2": None,
}


@pytest.fixture
def declared(workplace: Workplace) -> Workplace:
    """Three numbers, declared in odd ways, that do what the file says."""
    (workplace.folder / "numbers.yaml").write_text(DECLARED, "utf-8")
    live(workplace, **DECLARED_LIVE)
    return workplace


def changed(place: Workplace, old: str, new: str) -> None:
    """An import makes exactly this change of the file, and a plan is empty."""
    assert DECLARED.count(old) == 1
    ended = place.run("import", "--account", "sales", FIRST, SECOND, THIRD)
    assert ended.exit_code == 0, ended
    assert written(place, "numbers.yaml") == DECLARED.replace(old, new)
    nothing_to_do(place)


def test_an_entry_that_is_live_is_not_touched(declared: Workplace) -> None:
    before = (declared.folder / "numbers.yaml").stat().st_mtime_ns
    ended = declared.run("import", FIRST, SECOND, THIRD, "--format", "json")
    assert (ended.exit_code, ended.json["changed"]) == (0, [])
    assert (declared.folder / "numbers.yaml").stat().st_mtime_ns == before


def test_one_field_of_a_block(declared: Workplace) -> None:
    live(declared, n0=numbers(rings(period=WEEK, timeout=40), rings("74992223355", timeout=20, name="second")))
    changed(declared, "timeout: 16           # as agreed", "timeout: 40           # as agreed")


def test_one_field_in_braces(declared: Workplace) -> None:
    live(declared, n0=numbers(rings(period=WEEK), rings("74992223366", timeout=20, name="second")))
    changed(declared, "{to: '74992223355',", "{to: '74992223366',")


def test_a_field_that_is_gone_is_taken_out(declared: Workplace) -> None:
    live(declared, n0=numbers(rings(period=WEEK), rings("74992223355", timeout=20)))
    changed(declared, 'timeout: 20, name: "second"}', "timeout: 20}")


def test_a_schedule_that_is_another_one(declared: Workplace) -> None:
    live(declared, n0=numbers(rings(period="wd {sat}"), rings("74992223355", timeout=20, name="second")))
    changed(
        declared,
        "# as agreed\n        schedule: office-hours\n",
        "# as agreed\n        schedule:\n          weekly:\n            sat: 00:00-24:00\n",
    )


def test_a_target_that_is_new(declared: Workplace) -> None:
    last = rings("883140123456789", timeout=20)
    live(declared, n0=numbers(rings(period=WEEK), rings("74992223355", timeout=20, name="second"), last))
    changed(declared, "# the cellar\n", '# the cellar\n      - to: "883140123456789"\n')


def test_a_target_that_is_gone(declared: Workplace) -> None:
    live(declared, n0=numbers(rings("74992223355", timeout=20, name="second")))
    changed(
        declared,
        """\
      - to: "74992223344"     # the desk
        timeout: 16           # as agreed
        schedule: office-hours
""",
        "",
    )


def test_a_list_of_a_profile_is_replaced_whole(declared: Workplace) -> None:
    live(declared, n1=numbers(rings(period=WEEK, timeout=17), event_url="https://example.com/calls"))
    changed(
        declared,
        '"74991000001": {use: [hotline]}',
        '"74991000001": {use: [hotline], forwarding: {targets: [{to: "74992223344", timeout: 17, '
        "schedule: office-hours}]}}",
    )


def test_a_field_of_a_profile_is_said_over(declared: Workplace) -> None:
    live(declared, n1=numbers(rings(period=WEEK)))
    changed(
        declared,
        '"74991000001": {use: [hotline]}',
        '"74991000001": {use: [hotline], forwarding: {event_url: null}}',
    )


def test_a_profile_of_another_type_is_said_over(declared: Workplace) -> None:
    live(declared, n1=SIP)
    changed(
        declared,
        '"74991000001": {use: [hotline]}',
        '"74991000001": {use: [hotline], forwarding: {type: sip, sip_uri: user@sip.example.com:5060}}',
    )


def test_a_forwarding_that_begins(declared: Workplace) -> None:
    live(declared, n2=SIP)
    changed(
        declared,
        "    forwarding: none          # nobody yet\n",
        "    forwarding:          # nobody yet\n      type: sip\n      sip_uri: user@sip.example.com:5060\n",
    )


def test_a_forwarding_that_has_ended(declared: Workplace) -> None:
    live(declared, n1=None)
    changed(declared, '"74991000001": {use: [hotline]}', '"74991000001": {use: [hotline], forwarding: none}')


def test_new_numbers_go_behind_the_others(declared: Workplace) -> None:
    live(declared, n3=SIP)
    ended = declared.run("import", FOURTH)
    assert ended.exit_code == 0, ended
    entry = f'  "{FOURTH}":\n    forwarding:\n      type: sip\n      sip_uri: user@sip.example.com:5060\n'
    assert written(declared, "numbers.yaml") == DECLARED.replace("# the end", entry + "# the end")


def test_line_ends_and_a_byte_order_mark_are_kept(declared: Workplace) -> None:
    path = declared.folder / "numbers.yaml"
    path.write_bytes(("\ufeff" + DECLARED.replace("\n", "\r\n")).encode())
    live(declared, n2=SIP)
    assert declared.run("import", FIRST, SECOND, THIRD).exit_code == 0
    wanted = DECLARED.replace(
        "    forwarding: none          # nobody yet\n",
        "    forwarding:          # nobody yet\n      type: sip\n      sip_uri: user@sip.example.com:5060\n",
    )
    assert path.read_bytes() == ("\ufeff" + wanted.replace("\n", "\r\n")).encode()


def test_an_alias_of_a_part_that_changes_is_written_out(workplace: Workplace) -> None:
    text = (
        'version: 1\nnumbers:\n  "74991000000": {forwarding: &all {type: sip, sip_uri: a@sip.example.com}}\n'
        '  "74991000001": {forwarding: *all}  # as the first\n  "74991000002": {forwarding: *all}  # as both\n'
    )
    (workplace.folder / "numbers.yaml").write_text(text, "utf-8")
    live(workplace, n0=SIP, n1=SIP, n2={**SIP, "call_forwarding_sip": {"sip_uri": "a@sip.example.com"}})
    ended = workplace.run("import", FIRST, SECOND, THIRD, "--format", "json")
    assert ended.exit_code == 0, ended
    assert "# as the first\n" in written(workplace, "numbers.yaml")
    assert '  "74991000002": {forwarding: {type: sip, sip_uri: a@sip.example.com}}  # as both\n' in written(
        workplace, "numbers.yaml"
    )
    nothing_to_do(workplace)


# -- where and what not -----------------------------------------------------------------------------------------------


def test_a_file_that_would_not_be_read_is_refused_before_anything_is_written(workplace: Workplace) -> None:
    workplace.edit("name: test\n", 'name: test\ninclude: ["numbers*.yaml"]\n', "reconciler.yaml")
    before = files(workplace)
    for name in ("lines.yaml", "_numbers.yaml", "other/numbers.txt"):
        ended = workplace.run("import", THIRD, "--into", name, "--format", "json")
        assert (ended.exit_code, ended.codes[-1]) == (1, "path-not-included"), ended
    assert files(workplace) == before


def test_a_file_outside_of_the_configuration_is_refused(workplace: Workplace, tmp_path: Path) -> None:
    ended = workplace.run("import", THIRD, "--into", "../other.yaml", "--format", "json")
    assert (ended.exit_code, ended.codes) == (1, ["path-not-included"])
    assert not (tmp_path / "other.yaml").exists()


def test_new_numbers_go_where_most_of_their_account_are(workplace: Workplace) -> None:
    workplace.applied()
    (workplace.folder / "more.yaml").write_text(f'version: 1\nnumbers: {{"{FOURTH}": {{forwarding: none}}}}\n', "utf-8")
    document = workplace.run("import", THIRD, "--format", "json").json
    assert [each["file"] for each in document["numbers"]] == ["numbers.yaml"]


@pytest.mark.parametrize("words", [[], ["--all", FIRST]])
def test_what_is_meant_has_to_be_said(workplace: Workplace, words: list[str]) -> None:
    assert workplace.run("import", *words).exit_code == 64


@pytest.mark.parametrize("words", ["7812*", "74959999999", "office/74991000000"])
def test_a_selection_that_fits_nothing_is_an_error(workplace: Workplace, words: str) -> None:
    before = files(workplace)
    ended = workplace.run("import", words)
    assert ended.exit_code == 1, ended
    assert "error[" in ended.stderr
    assert files(workplace) == before


def test_a_file_that_changes_meanwhile_is_not_overwritten(
    workplace: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = make_import

    def slow(*arguments: Any) -> Any:
        done = made(*arguments)
        workplace.edit("tags: [moscow]", "tags: [spb]", "numbers.yaml")
        return done

    monkeypatch.setattr(importing, "make_import", slow)
    ended = workplace.run("import", THIRD)
    assert ended.exit_code == 1
    assert "meanwhile" in ended.stderr
    assert THIRD not in written(workplace, "numbers.yaml")


def test_a_diff_writes_nothing(workplace: Workplace) -> None:
    before = files(workplace)
    ended = workplace.run("import", THIRD, "--diff")
    assert ended.exit_code == 0
    assert f'+  "{THIRD}":' in ended.stdout.splitlines()
    document = workplace.run("import", THIRD, "--diff", "--format", "json").json
    assert (document["written"], document["changed"]) == (False, ["numbers.yaml"])
    assert files(workplace) == before


def test_json_has_a_version_and_says_it_all(workplace: Workplace) -> None:
    document = workplace.run("import", THIRD, "--format", "json").json
    assert document["format_version"] == "1.0"
    assert document["summary"] == {"added": 1, "updated": 0, "unchanged": 0, "left_out": 0}
    assert document["numbers"] == [
        {"account": "sales", "number": THIRD, "outcome": "added", "file": "numbers.yaml", "notes": [], "error": None}
    ]


def test_the_trusted_file_is_not_written_into(workplace: Workplace) -> None:
    git = ["git", "-C", str(workplace.folder), "-c", "user.email=a@example.com", "-c", "user.name=a"]
    (workplace.folder / "numbers.yaml").unlink()
    workplace.edit("name: test\n", 'name: test\ninclude: ["lines/*.yaml"]\n', "reconciler.yaml")
    for words in (["init", "-q", "-b", "main"], ["add", "."], ["commit", "-qm", "first"]):
        subprocess.run([*git, *words], check=True)
    ended = workplace.run("import", THIRD, "--trusted", "main", "--format", "json")
    assert (ended.exit_code, ended.codes[-1]) == (1, "import-left-out")
    assert workplace.run("import", THIRD, "--trusted", "main", "--into", "lines/a.yaml").exit_code == 0
    assert THIRD in written(workplace, "lines/a.yaml")


def test_commas_and_numeric_weekdays_are_read_as_the_account_says(empty: Workplace) -> None:
    settings = "period: {union: comma, weekday_base: monday}"
    empty.edit("    provider: exolve\n", f"    provider: exolve\n    {settings}\n", "reconciler.yaml")
    live(
        empty,
        n0=numbers(rings(period="wd {1-5} hr {9-17}, wd {6} hr {10-13}")),
        n1=numbers(rings(period="mo {jan} md {1-8}, mo {may} md {9}")),
    )
    assert empty.run("import", FIRST, SECOND).exit_code == 0
    assert "mon-fri: 09:00-18:00\n              sat: 10:00-14:00\n" in written(empty)
    assert "schedule:\n            period: mo {jan} md {1-8}, mo {may} md {9}\n" in written(empty)
    nothing_to_do(empty)


def test_what_an_import_writes_is_in_canonical_form(empty: Workplace) -> None:
    live(
        empty,
        n0=numbers(rings(period=WEEK, description="будни", name="16"), rings("883140123456789", active=False)),
        n1=numbers(rings(period=WEEK), rings(period="mo {jan} md {1-8}", timeout=60), masking=True),
        n2=url("https://example.com/route?a=b", "74993334455"),
        n3=TRUNK,
    )
    assert empty.run("import", "--account", "sales", "--contacts").exit_code == 0
    assert "numbers/sales.yaml" not in empty.run("fmt", "--check", "--format", "json").json["changed"]


# -- large ------------------------------------------------------------------------------------------------------------

LAST_HOURS, DAYS = range(12, 22), ("mon-fri", "mon-sat", "sat-sun", "mon-thu")


def test_a_thousand_numbers_with_forty_schedules(tmp_path: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    periods = [f"wd {{{days}}} hr {{9-{hour}}}" for hour in LAST_HOURS for days in DAYS]
    with Sandbox(numbers=1000) as sandbox:
        for at, number in enumerate(sandbox.exolve.numbers):
            shift = numbers(rings(period=periods[at // 5 % 40], description=f"Смена {at // 5 % 40}"), rings())
            sandbox.exolve.set(number, (shift, url(f"https://example.com/{at}"), SIP, shift, None)[at % 5])
        (tmp_path / "reconciler.yaml").write_text(
            "version: 1\nname: large\ndefaults: {account: sales, timeout: 20}\naccounts:\n  sales:\n"
            "    provider: exolve\n    api_key: {env: EXOLVE_API_KEY}\n    rate: {per_second: 0, concurrency: 8}\n"
            f"    application: {sandbox.application}\n    base_url: {sandbox.exolve_url}\n",
            "utf-8",
        )
        place = Workplace(tmp_path, sandbox, {"EXOLVE_API_KEY": sandbox.api_key}, cli)
        document = place.run("import", "--all", "--format", "json").json
        assert document["summary"]["added"] == 1000
        assert len(document["schedules"]) == 40
        settled(place)


def test_what_other_environments_share_with_it_is_told(workplace: Workplace) -> None:
    """A default that is another one there makes the same text mean something else."""
    environments = "environments: {staging: {name: test-staging, defaults: {timeout: 40}}}\n"
    workplace.edit("name: test\n", f"name: test\n{environments}", "reconciler.yaml")
    live(workplace, n0=numbers(rings(timeout=40, period=WEEK), redirect=2))
    ended = workplace.run("import", FIRST, "--environment", "staging", "--format", "json")
    assert ended.exit_code == 0, ended
    assert b"timeout: 16" not in files(workplace)["numbers.yaml"]
    (found,) = [item for item in ended.json["diagnostics"] if item["code"] == "import-elsewhere"]
    assert (found["severity"], found["numbers"]) == ("warning", [FIRST])
    assert "without --environment" in found["message"]
    again = workplace.run("import", FIRST, "--environment", "staging", "--format", "json")
    assert "import-elsewhere" not in [item["code"] for item in again.json["diagnostics"]]


def test_what_stays_the_same_elsewhere_is_not_told(workplace: Workplace) -> None:
    environments = "environments: {staging: {name: test-staging, include: [staging.yaml]}}\n"
    workplace.edit("name: test\n", f"name: test\n{environments}", "reconciler.yaml")
    (workplace.folder / "staging.yaml").write_text("version: 1\nnumbers: {}\n", "utf-8")
    workplace.edit("name: test\n", "name: test\ninclude: [numbers.yaml]\n", "reconciler.yaml")
    live(workplace, n0=numbers(rings(timeout=40, period=WEEK), redirect=2))
    ended = workplace.run("import", FIRST, "--format", "json")
    assert ended.exit_code == 0, ended
    assert "import-elsewhere" not in [item["code"] for item in ended.json["diagnostics"]]
