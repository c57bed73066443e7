"""What the tool promises whoever attacks: the sentences of SECURITY.md that no other file of tests holds."""

from __future__ import annotations

import re

import pytest

from tests.architecture.imports import REPOSITORY
from tests.attacks.watch import watching
from tests.checkout import git
from tests.cli.conftest import Workplace

OFF = ('forwarding: {type: url, url: https://example.com/route, reserve: "74993334455"}', "forwarding: none")
METHOD = re.compile(r'"((?:/[A-Za-z0-9]+)+)"')
READS = {
    *("/number/v1/GetAttributes", "/number/customer/v1/GetList", "/number/customer/v1/GetSIPList", "/media/v1/GetList"),
    *("/externalNumbersInfo", "/oauth/token"),
    *("/terminalsInfo", "/workPlacesInfo"),  # whom `calls` may name
}
WRITES = {"/number/v1/SetCallForwarding", "/number/v1/DeleteCallForwarding", "/setParkingNumbers"}


def test_it_never_buys_releases_or_deletes_a_number(workplace: Workplace) -> None:
    sources = (path.read_text("utf-8") for path in (REPOSITORY / "reconciler" / "providers").rglob("*.py"))
    assert {method for text in sources for method in METHOD.findall(text)} == READS | WRITES
    workplace.applied().edit(*OFF)
    held = set(workplace.sandbox.exolve.numbers)
    assert workplace.run("apply", "--auto-approve", "--allow-delete").exit_code == 0
    assert {call.path for call in workplace.sandbox.log if call.mutating} == {"/number/v1/DeleteCallForwarding"}
    assert set(workplace.sandbox.exolve.numbers) == held


@pytest.mark.parametrize("allowance", ["--allow-adopt", "--allow-protected"])
def test_switching_a_number_off_needs_its_allowance_and_no_other_permits_it(
    allowance: str, workplace: Workplace
) -> None:
    workplace.applied().edit(*OFF)
    for words in ((), (allowance,)):
        refused = workplace.run("apply", "--auto-approve", *words, "--format", "json")
        assert (refused.exit_code, refused.codes) == (5, ["needs-allow-delete"])
    assert workplace.sandbox.writes == []
    assert workplace.run("apply", "--auto-approve", "--allow-delete").exit_code == 0


@pytest.mark.parametrize("allowance", ["--allow-delete", "--allow-protected"])
def test_replacing_a_forwarding_of_others_needs_its_allowance_and_no_other_permits_it(
    allowance: str, workplace: Workplace
) -> None:
    theirs = {"call_forwarding_type": 1, "call_forwarding_sip": {"sip_id": "x@sip.example.com"}}
    workplace.sandbox.exolve.set("74991000001", theirs)
    for words in ((), (allowance,)):
        refused = workplace.run("apply", "--auto-approve", *words, "--format", "json")
        assert (refused.exit_code, refused.codes) == (5, ["needs-allow-adopt"])
    assert workplace.sandbox.writes == []
    assert workplace.run("apply", "--auto-approve", "--allow-adopt").exit_code == 0


@pytest.mark.parametrize("allowance", ["--allow-delete", "--allow-adopt"])
def test_changing_a_protected_number_needs_its_allowance_and_no_other_permits_it(
    allowance: str, workplace: Workplace
) -> None:
    workplace.edit("    tags: [moscow]\n", "    tags: [moscow]\n    protected: true\n")
    assert workplace.run("apply", "--auto-approve", "--allow-protected").exit_code == 0
    workplace.sandbox.journal.clear()
    workplace.edit("timeout: 16", "timeout: 25")
    for words in ((), (allowance,)):
        refused = workplace.run("apply", "--auto-approve", *words, "--format", "json")
        assert (refused.exit_code, refused.codes) == (5, ["needs-allow-protected"])
    assert workplace.sandbox.writes == []
    assert workplace.run("apply", "--auto-approve", "--allow-protected").exit_code == 0


def test_nothing_secret_stands_in_the_arguments_of_a_process(workplace: Workplace) -> None:
    git(workplace.folder, "init", "--quiet")
    with watching() as watched:
        for words in (("plan",), ("apply", "--auto-approve"), ("audit",), ("doctor",)):
            workplace.run(*words)
    said = "\0".join(word for _, words, _ in watched.processes for word in words)
    assert said
    assert not [value for value in workplace.environ.values() if value in said]
