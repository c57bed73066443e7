"""Inputs that are to keep the program busy or fill its memory: each, and ten times its size, ends soon and small."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pytest

from reconciler.cli.process import Process
from reconciler.http.answer import parse_json
from reconciler.http.client import OBJECT_BYTES
from reconciler.http.errors import UnexpectedResponse
from reconciler.interrupts import installed
from reconciler.model import MOST_ENTRIES
from reconciler.providers.exolve.wire import NumberBody, read
from reconciler.sandbox import Fault, FaultKind
from tests.cli.conftest import Workplace

SECONDS = 10.0  # of one core; half of it where nothing else is going on
MEBIBYTES = 500

HEAD = """
version: 1
name: demo
defaults: {account: sales, timeout: 20, calendar_until: 2027-12-31}
accounts:
  sales: {provider: exolve, api_key: {env: EXOLVE_API_KEY}}
"""


@dataclass(frozen=True)
class Ended:
    code: int
    out: str
    err: str


def run(folder: Path, *arguments: str) -> Ended:
    """Run a command to its end, and hold it to the bounds of time and memory."""
    command = [sys.executable, "-m", "reconciler", "-C", str(folder), *arguments]
    with (folder / ".out").open("w+b") as out, (folder / ".err").open("w+b") as err:
        started = subprocess.Popen(
            command, stdout=out, stderr=err, env={**os.environ, "EXOLVE_API_KEY": "key-of-exolve"}
        )
        _, status, used = os.wait4(started.pid, 0)
        started.returncode = os.waitstatus_to_exitcode(status)
    assert used.ru_utime + used.ru_stime < SECONDS
    assert used.ru_maxrss / 1024 < MEBIBYTES
    return Ended(started.returncode, (folder / ".out").read_text(), (folder / ".err").read_text())


def written(folder: Path, *lines: str) -> Path:
    (folder / "reconciler.yaml").write_text("\n".join([HEAD.strip(), *lines, ""]))
    return folder


def number(schedule: str = "office") -> Iterable[str]:
    yield "numbers:"
    yield '  "74991112233":'
    yield f'    forwarding: {{type: number, targets: [{{to: "74992223344", schedule: {schedule}}}]}}'


# -- schedules that are made of each other -----------------------------------------------------------------------------


@pytest.mark.parametrize("names", [150])
@pytest.mark.parametrize("first", ['{period: "wd {mon-fri}"}', "{public: RU}"])
@pytest.mark.parametrize("form", ["any", "all"])
def test_a_schedule_that_names_another_twice_is_not_compiled_twice(
    tmp_path: Path, names: int, first: str, form: str
) -> None:
    doubled = [f"  p{at}: {{{form}: [p{at - 1}, p{at - 1}]}}" for at in range(1, names)]
    ended = run(written(tmp_path, "schedules:", f"  p0: {first}", *doubled, *number(f"p{names - 1}")), "validate")
    assert ended.code == 0, ended.err


def test_a_schedule_that_excepts_another_twice_is_not_compiled_twice(tmp_path: Path) -> None:
    doubled = [f"  p{at}: {{weekly: {{mon-fri: 09:00-18:00}}, except: [p{at - 1}, p{at - 1}]}}" for at in range(1, 40)]
    ended = run(written(tmp_path, "schedules:", "  p0: {dates: [05-09]}", *doubled, *number("p39")), "validate")
    assert ended.code == 0, ended.err


@pytest.mark.parametrize("steps", [20, 60])
def test_schedules_that_except_other_days_at_each_step_are_refused_where_they_are_too_many(
    tmp_path: Path, steps: int
) -> None:
    lines = ["schedules:", "  p0: {weekly: {mon-fri: 09:00-18:00}}"]
    lines += [
        f"  p{at}: {{any: [{{any: [p{at - 1}], except: [{{dates: [01-{at % 28 + 1:02}]}}]}}, p{at - 1}]}}"
        for at in range(1, steps)
    ]
    ended = run(written(tmp_path, *lines, *number(f"p{steps - 1}")), "validate")
    assert ended.code == 1
    assert "schedule-not-compiled" in ended.out
    assert "too many combinations of nested schedules" in ended.out


# -- texts of one kind of character ------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", [("list", "--format", "json"), ("plan", "--refresh", "none", "--format", "sarif")])
@pytest.mark.parametrize("letters", [80_000, 800_000])
def test_a_long_text_before_a_url_is_looked_through_once(
    tmp_path: Path, command: tuple[str, ...], letters: int
) -> None:
    text = "\n".join(["      " + "a" * 80_000] * (letters // 80_000))
    lines = ["numbers:", '  "74991112233":', "    description: |", text, "      https://example.com/?key=hidden-word"]
    ended = run(written(tmp_path, *lines, '    forwarding: {type: number, targets: [{to: "74992223344"}]}'), *command)
    assert ended.code == 0, ended.err
    assert "hidden-word" not in ended.out


# -- patterns of files -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("times", [1, 10])
@pytest.mark.parametrize("pattern", ["*a" * 40, "**/" * 30, "**a" * 40, "?*" * 40])
def test_a_pattern_of_many_wildcards_is_matched_in_one_walk(tmp_path: Path, times: int, pattern: str) -> None:
    for at in range(5):
        (tmp_path / f"{'a' * 200}{at}.yaml").write_text("version: 1\n")
    ended = run(written(tmp_path, f'include: ["{pattern * times}b.yaml"]', *number("office")), "validate")
    assert "include-empty" in ended.out


# -- periods -----------------------------------------------------------------------------------------------------------

PARTS = {
    "two-digit years": "yr {%(short)d} md {%(day)d}",
    "years": "yr {%(first)d-%(last)d} md {%(day)d} hr {%(hour)d}",
    "seconds": "md {%(day)d} hr {%(hour)d} min {%(hour)d} sec {%(day)d}",
    "minutes": "yd {%(year_day)d} hr {%(hour)d} min {%(day)d-%(minute)d}",
}


def period(part: str, characters: int) -> str:
    """Parts of one kind, until so many characters stand there; each line as long as a line may be."""
    drawn, parts, length = random.Random(1), [], 0
    while length < characters:
        values = {"short": drawn.randrange(100), "day": drawn.randrange(1, 29), "hour": drawn.randrange(24)}
        values |= {"first": drawn.randrange(1970, 9000), "last": drawn.randrange(1970, 9000)}
        values |= {"year_day": drawn.randrange(1, 366), "minute": drawn.randrange(30, 60)}
        parts.append(PARTS[part] % values)
        length += len(parts[-1]) + 2
    return ", ".join(parts)[:characters].rpartition(",")[0]


@pytest.mark.parametrize("characters", [90_000, 900_000])
@pytest.mark.parametrize("part", sorted(PARTS))
def test_a_period_that_is_longer_than_can_be_compared_is_refused_unread(
    tmp_path: Path, part: str, characters: int
) -> None:
    text = period(part, characters).replace(", ", ",\n      ")
    ended = run(written(tmp_path, "schedules:", "  office:", "    period: >-", f"      {text}", *number()), "validate")
    assert ended.code == 1
    assert ended.out.count("period-too-long") == 1


@pytest.mark.parametrize("part", sorted(PARTS))
def test_the_longest_period_is_told_soon(tmp_path: Path, part: str) -> None:
    text = period(part, 8_000)
    ended = run(written(tmp_path, "schedules:", f'  office: {{period: "{text}"}}', *number()), "validate")
    assert "period-too-long" not in ended.out


# -- findings without end ----------------------------------------------------------------------------------------------

MANY = 100_000
WITHOUT_END = {
    "unknown-key": lambda: ["numbers: {}", *(f"k{at}: 1" for at in range(MANY))],
    "unknown-key, below": lambda: [*number("{public: RU}"), *(f"    k{at}:" for at in range(MANY))],
    "unknown-schedule": lambda: ["schedules:", "  office:", "    any:", *(f"    - s{at}" for at in range(MANY))],
    "number-invalid": lambda: ["numbers:", *(f"  x{at}: {{}}" for at in range(MANY))],
}


@pytest.mark.parametrize("kind", sorted(WITHOUT_END))
def test_findings_of_a_kind_are_counted_where_nobody_could_read_them_all(tmp_path: Path, kind: str) -> None:
    ended = run(written(tmp_path, *WITHOUT_END[kind]()), "validate")
    code = kind.partition(",")[0]
    assert ended.code == 1
    assert ended.out.count(f"[{code}]") == 1_001
    assert f"error[{code}]: … and 99,000 more of this kind" in ended.out
    assert "100000 errors" in ended.out
    assert len(ended.out) < 500_000


# -- a vendor that takes its time --------------------------------------------------------------------------------------


def busy(workplace: Workplace) -> None:
    """Ten numbers, asked for one at a time."""
    lines = [
        f'  "749910000{at:02}": {{forwarding: {{type: url, url: https://example.com/{at}, reserve: "74993334455"}}}}'
        for at in range(10)
    ]
    (workplace.folder / "numbers.yaml").write_text("\n".join(["version: 1", "numbers:", *lines, ""]), "utf-8")
    workplace.edit("    application:", "    rate: {per_second: 0, concurrency: 1}\n    application:", "reconciler.yaml")


def started(workplace: Workplace, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "reconciler", "-C", str(workplace.folder), *arguments]
    environ = {**os.environ, **workplace.environ}
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environ)


def ended(running: subprocess.Popen[str]) -> Ended:
    out, err = running.communicate(timeout=60)
    return Ended(running.returncode, out, err)


@pytest.mark.parametrize("command", [("plan",), ("audit",)])
def test_a_vendor_that_is_never_done_is_given_up_at_the_deadline(
    workplace: Workplace, command: tuple[str, ...]
) -> None:
    busy(workplace)
    workplace.sandbox.latency = 30.0
    since = time.monotonic()
    told = ended(started(workplace, *command, "--deadline", "2s"))
    assert time.monotonic() - since < 20.0
    assert told.code == 1
    assert "error[deadline-passed]: the command took longer than its deadline of 2 s" in told.err
    assert "Traceback" not in told.err


def test_the_deadline_is_told_in_json_and_ends_a_pause_that_the_vendor_asks_for(workplace: Workplace) -> None:
    workplace.sandbox.faults.add(Fault(kind=FaultKind.RATE_LIMITED, retry_after=50, times=None))
    told = ended(started(workplace, "plan", "--format", "json", "--deadline", "2s"))
    assert told.code == 1
    assert [item["code"] for item in json.loads(told.out)["diagnostics"]] == ["deadline-passed"]


def test_an_apply_at_its_deadline_sends_nothing_new_and_records_what_was_in_flight(workplace: Workplace) -> None:
    busy(workplace)
    running = started(workplace, "apply", "--auto-approve", "--deadline", "6s", "--format", "json")
    while len(workplace.sandbox.writes) < 2 and running.poll() is None:
        time.sleep(0.01)
    workplace.sandbox.latency = 2.0
    told = ended(running)
    assert told.code == 3, told
    report = json.loads(told.out)
    outcomes = {row["address"].partition("/")[2]: row["outcome"] for row in report["results"]}
    assert {write.number for write in workplace.sandbox.writes} == {
        number for number, outcome in outcomes.items() if outcome == "applied"
    }
    assert "skipped" in outcomes.values()
    assert "deadline-passed" in [item["code"] for item in report["diagnostics"]]
    assert "the deadline has passed: finishing what is in flight" in told.err
    workplace.sandbox.latency = 0.0
    assert workplace.run("record", "list", "--format", "json").json["unsettled"] == []
    assert workplace.run("apply", "--auto-approve").exit_code == 0


def test_a_pipeline_has_a_deadline_without_asking() -> None:
    for environ, given, expected in (({"CI": "true"}, None, 1800.0), ({}, None, None), ({"CI": "true"}, 60.0, 60.0)):
        process = Process(environ)
        with installed():
            process.set_deadline(given)
            assert process.deadline == expected
            assert (signal.getitimer(signal.ITIMER_REAL)[0] > 0) is (expected is not None)
        assert signal.getitimer(signal.ITIMER_REAL)[0] == 0


# -- plan files and answers --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mebibytes", [9, 90])
@pytest.mark.parametrize("content", [b"{},", b"[],", b'{"changes":[{}]},'])
def test_a_plan_file_of_far_too_many_objects_is_refused_before_they_are_made(
    tmp_path: Path, mebibytes: int, content: bytes
) -> None:
    (tmp_path / "p.json").write_bytes(b"[" + content * ((mebibytes << 20) // len(content)) + b"{}]")
    told = run(tmp_path, "show", str(tmp_path / "p.json"))
    assert told.code == 1
    assert "error[plan-file]" in told.err


def test_a_plan_file_without_end_is_read_no_further_than_a_plan_can_reach(workplace: Workplace) -> None:
    told = run(workplace.folder, "apply", "/dev/zero")
    assert told.code == 1
    assert "error[plan-file]" in told.err


@pytest.mark.parametrize("content", [b"{}", b"[]", b"0", b'""', b'{"a":1}'])
def test_an_answer_of_far_too_many_values_is_refused_before_they_are_made(content: bytes) -> None:
    body = b'{"call_control":[' + b",".join([content] * (OBJECT_BYTES // (len(content) + 1) - 10)) + b"]}"
    with pytest.raises(UnexpectedResponse, match="far too many values"):
        parse_json(body, peer="the vendor")


def test_an_answer_of_a_whole_list_is_no_such_answer() -> None:
    listed = {"number_code": 74991112233, "number_name": "", "application_uuid": "", "call_forwarding_type": 1}
    assert parse_json(json.dumps({"numbers": [listed] * 100_000}).encode(), peer="the vendor")


@pytest.mark.parametrize(
    "body", [{"call_control": [{}] * 1_001}, {"call_control": [{"redirect_number": "1", "period": "h" * 8_001}]}]
)
def test_a_live_forwarding_that_is_larger_than_can_be_compared_is_not_understood(body: dict[str, object]) -> None:
    with pytest.raises(UnexpectedResponse, match="call_control"):
        read(NumberBody, body)


def test_the_largest_live_forwarding_is_planned_soon(workplace: Workplace) -> None:
    drawn = random.Random(1)
    periods = [
        f"md {{{drawn.randint(1, 28)}}} hr {{{drawn.randint(0, 23)}}} min {{{drawn.randint(0, 59)}}} sec {{1-9}}"
        for _ in range(MOST_ENTRIES)
    ]
    entry = {"redirect_number": "74992223344", "timeout": "20", "active": True, "name": ""}
    body = {"redirect_type": 1, "call_control": [{**entry, "period": period} for period in periods]}
    workplace.sandbox.exolve.set("74991000000", {"call_forwarding_type": 2, "call_forwarding_number": body})
    before = time.process_time()
    assert workplace.run("plan").exit_code == 0
    assert time.process_time() - before < SECONDS
