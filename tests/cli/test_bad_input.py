"""Every kind of bad input ends with exit code 1 and a message at its place, soon and without a trace."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from tests.cli.conftest import Cli
from tests.unit.config.loading import ACCOUNTS, number, target, write
from tests.unit.test_document import LAUGHS

_PLACE = re.compile(r"^([\w./-]+):(\d+):(\d+): error\[([\w-]+)\]: \S", re.MULTILINE)

BAD: dict[str, tuple[str, str | bytes]] = {
    "empty file": ("file-empty", ""),
    "not UTF-8": ("file-encoding", "version: 1\nname: имя\n".encode("utf-16")),
    "tabs": ("yaml-tab", "version: 1\nnumbers:\n\t{}\n"),
    "NUL bytes": ("text-control", "version: 1\nname: a\0b\n"),
    "a 5 MB line": ("file-line-length", "version: 1\nname: " + "x" * 5_000_000),
    "deep nesting": ("file-line-length", "version: 1\nnumbers: " + "[" * 5_000_000),
    "deep nesting on short lines": ("yaml-depth", "version: 1\nnumbers:\n" + " [\n" * 500_000),
    "billion laughs": ("yaml-expansion", "version: 1\n" + LAUGHS),
    "duplicate keys": ("yaml-duplicate-key", "version: 1\nname: a\nname: b\n"),
    "unknown key": ("unknown-key", number("forwading: none")),
    "wrong type": ("wrong-type", "version: 1\nnumbers: [a]\n"),
    "unknown account": ("unknown-account", number("account: sale", "forwarding: none")),
    "unknown schedule": ("unknown-schedule", target('{to: "74992223344", schedule: nights}')),
    "unknown profile": ("unknown-profile", number("use: [hotline]")),
    "unknown contact": ("unknown-contact", target("{to: desk}")),
    "profile cycle": ("profile-cycle", number("use: [a]") + "profiles: {a: {use: [b]}, b: {use: [a]}}\n"),
    "contact cycle": ("contact-cycle", ACCOUNTS + "contacts: {a: {to: b}, b: {to: a}}\n"),
    "a number twice": ("duplicate-entry", number("forwarding: none") + "  +7 499 111-22-33: {forwarding: none}\n"),
    "port 70000": ("port-range", number("forwarding: {type: sip_trunk, static_ip: 203.0.113.7, port: 70000}")),
    "timeout -1": ("timeout-range", target('{to: "74992223344", timeout: -1}')),
    "url without scheme": ("url-invalid", number("forwarding: {type: url, url: example.com}")),
    "IP in words": ("ip-invalid", number("forwarding: {type: sip_trunk, static_ip: two hundred, port: 1}")),
    "16-digit SIP ID": ("sip-id-length", target('{to: "8831401234567890"}')),
    "empty target list": ("targets-empty", number("forwarding: {type: number, targets: []}")),
}


@pytest.mark.parametrize(("code", "text"), BAD.values(), ids=list(BAD))
@pytest.mark.timeout(20)
def test_bad_input_is_told_at_its_place_and_ends_with_1(code: str, text: str | bytes, cli: Cli, tmp_path: Path) -> None:
    write(tmp_path, text)
    ended = cli("validate")
    assert ended.exit_code == 1
    assert [(found[0], found[3]) for found in _PLACE.findall(ended.stdout)] == [("reconciler.yaml", code)]
    assert "Traceback" not in ended.stdout + ended.stderr
    assert max(map(len, ended.stdout.splitlines())) < 500


def test_an_unreadable_file_is_told_at_its_place(cli: Cli, tmp_path: Path) -> None:
    write(tmp_path, ACCOUNTS)
    (tmp_path / "numbers.yaml").symlink_to("missing.yaml")
    ended = cli("validate")
    assert ended.exit_code == 1
    assert ended.stdout.startswith("numbers.yaml:1:1: error[file-unreadable]: the file cannot be read: ")


def test_a_folder_without_reconciler_yaml_is_told(cli: Cli) -> None:
    ended = cli("validate")
    assert ended.exit_code == 1
    assert ended.stdout.startswith("reconciler.yaml:1:1: error[config-missing]: this folder has no reconciler.yaml")


def test_duplicates_name_both_places(cli: Cli, tmp_path: Path) -> None:
    write(tmp_path, BAD["a number twice"][1])
    shown = cli("validate").stdout
    assert "reconciler.yaml:7:3: first declared here\n" in shown
    assert '\n  7 |   "74991112233":\n' in shown


@pytest.mark.timeout(20)
def test_what_is_no_ordinary_file_is_told_and_never_waited_for(cli: Cli, tmp_path: Path) -> None:
    write(tmp_path, ACCOUNTS)
    os.mkfifo(tmp_path / "pipe.yaml")
    (tmp_path / "self.yaml").symlink_to("self.yaml")
    ended = cli("validate")
    assert ended.exit_code == 1
    assert [(found[0], found[3]) for found in _PLACE.findall(ended.stdout)] == [
        ("pipe.yaml", "file-unreadable"),
        ("self.yaml", "file-unreadable"),
    ]


def test_a_file_whose_name_is_no_text_is_told_in_one_json_document(cli: Cli, tmp_path: Path) -> None:
    write(tmp_path, ACCOUNTS)
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.yaml")).write_text("version: 1\n", "utf-8")
    ended = cli("validate", "--format", "json")
    assert (ended.exit_code, ended.codes) == (1, ["file-unreadable"])
    assert ended.json["diagnostics"][0]["file"] == "\\xff.yaml"


def test_the_byte_that_is_not_utf_8_has_the_caret(cli: Cli, tmp_path: Path) -> None:
    write(tmp_path, ACCOUNTS.encode() + "# всё\n".encode() + b"# ab\xe9c\n")
    ended = cli("validate")
    line = ACCOUNTS.count("\n") + 2
    assert ended.stdout.startswith(f"reconciler.yaml:{line}:5: error[file-encoding]: the file is not UTF-8: byte 0xe9")
    assert "\n    |     ^\n" in ended.stdout
    assert "hint: save it as UTF-8" in ended.stdout


def test_a_file_in_utf_16_is_called_so(cli: Cli, tmp_path: Path) -> None:
    write(tmp_path, ACCOUNTS.encode("utf-16"))
    assert "the file is UTF-16, not UTF-8" in cli("validate").stdout


def test_a_folder_for_a_pattern_is_told_how_to_write_it(cli: Cli, tmp_path: Path) -> None:
    write(tmp_path, ACCOUNTS + "include: [numbers]\n", {"numbers/a.yaml": "version: 1\n"})
    assert "hint: for all files of that folder write numbers/**/*.yaml" in cli("validate").stdout
