"""What the environment and the file system say wrongly is told by its name, in words, and never sent or passed over."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Cli, Workplace
from tests.unit.config.loading import ACCOUNTS, write

pytestmark = pytest.mark.usefixtures("no_last_resort")

ONE = 'version: 1\nnumbers:\n  "74991113000": {forwarding: none}\n'
COMMANDS = [("plan",), ("plan", "--format", "json"), ("audit",), ("doctor",), ("apply", "--auto-approve")]


@pytest.fixture
def far(workplace: Workplace) -> Workplace:
    """A configuration whose account is at Exolve itself, which nothing here can reach."""
    (workplace.folder / "numbers.yaml").write_text(ONE, "utf-8")
    workplace.edit(f"    base_url: {workplace.sandbox.exolve_url}\n", "", "reconciler.yaml")
    return workplace


Broken = Callable[[Path], str]
CERTIFICATES: dict[str, tuple[str, Broken]] = {
    "missing": ("SSL_CERT_FILE", lambda folder: str(folder / "nowhere.pem")),
    "a folder": ("SSL_CERT_FILE", str),
    "empty": ("SSL_CERT_FILE", lambda folder: _made(folder / "empty.pem", "")),
    "no PEM": ("SSL_CERT_FILE", lambda folder: _made(folder / "no.pem", "not a certificate\n")),
    "broken PEM": ("SSL_CERT_FILE", lambda folder: _made(folder / "b.pem", "-----BEGIN CERTIFICATE-----\nx\n")),
    "no folder": ("SSL_CERT_DIR", lambda folder: str(folder / "nowhere")),
    "a file": ("SSL_CERT_DIR", lambda folder: _made(folder / "file", "")),
    "key log": ("SSLKEYLOGFILE", lambda folder: str(folder / "nowhere" / "keys")),
    "key log folder": ("SSLKEYLOGFILE", str),
}


def _made(path: Path, text: str) -> str:
    path.write_text(text, "utf-8")
    return str(path)


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@pytest.mark.parametrize(("variable", "value"), CERTIFICATES.values(), ids=CERTIFICATES)
def test_certificates_that_cannot_be_read_are_told_by_the_variable_that_names_them(
    variable: str, value: Broken, command: tuple[str, ...], far: Workplace, tmp_path: Path
) -> None:
    given = value(tmp_path)
    ended = far.run(*command, **{variable: given})
    assert ended.exit_code == 1
    said = " ".join((ended.stdout + ended.stderr).split())
    assert variable in said
    assert given.rpartition("/")[2] in said
    assert "Traceback" not in said


@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
def test_a_proxy_that_does_not_answer_is_told_by_the_variable_that_names_it(
    variable: str, far: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reconciler.http.budget.Patience.backoff", lambda *_: 0.0)
    ended = far.run("plan", **{variable: "http://user:canary@127.0.0.1:9"})
    assert ended.exit_code == 1
    assert "cannot be reached at api.exolve.ru through the proxy http://***@127.0.0.1:9" in ended.stderr
    assert f"hint: check the network and {variable}\n" in ended.stderr
    assert "canary" not in ended.stderr


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("given", ["abc", "0", "-3", ""])
def test_a_time_that_is_none_ends_a_command_that_would_need_it(
    given: str, command: tuple[str, ...], workplace: Workplace
) -> None:
    ended = workplace.run(*command, RECONCILER_TIMEOUT=given)
    assert ended.exit_code == 1
    assert "RECONCILER_TIMEOUT is" in " ".join((ended.stdout + ended.stderr).split())
    assert workplace.sandbox.log == []
    assert workplace.run("validate", RECONCILER_TIMEOUT=given).exit_code == 0


@pytest.mark.parametrize(
    ("given", "says"),
    [("", "is set but empty"), ('"quoted-key"', "has quotes around its value"), ("'quoted-key'", "has quotes around")],
)
@pytest.mark.parametrize("variable", ["EXOLVE_API_KEY", "MTT_CLIENT_ID", "MTT_CLIENT_SECRET", "MTT_REFRESH_TOKEN"])
def test_a_secret_that_is_empty_or_in_quotes_is_told_before_anything_is_sent(
    variable: str, given: str, says: str, workplace: Workplace
) -> None:
    if variable != "EXOLVE_API_KEY":
        parked = f'version: 1\nnumbers:\n  "{workplace.sandbox.mtt.numbers[0]}": {{account: office, parking: true}}\n'
        (workplace.folder / "numbers.yaml").write_text(parked, "utf-8")
    ended = workplace.run("plan", **{variable: given})
    if (variable, given) == ("MTT_REFRESH_TOKEN", ""):
        assert "log in" in ended.stderr  # it may be empty, as the store has its successor
        return
    assert f"environment variable {variable} {says}" in ended.stderr
    assert "quoted-key" not in ended.stdout + ended.stderr
    assert workplace.sandbox.log == []


@pytest.mark.parametrize("host", ["a" * 64 + ".example", "xn--.example", "a..example"])
def test_a_host_that_cannot_be_looked_up_is_told_in_words(host: str, workplace: Workplace) -> None:
    workplace.edit(f"base_url: {workplace.sandbox.exolve_url}", f"base_url: https://{host}", "reconciler.yaml")
    ended = workplace.run("plan", RECONCILER_ALLOW_HOSTS=host)
    assert ended.exit_code == 1
    assert "is not a URL" in ended.stderr or "a base URL cannot be read" in ended.stderr


@pytest.mark.parametrize("address", ["https://" + "a" * 64 + ".example/x", "http://[", "https://xn--.a/y", "nonsense"])
def test_an_address_of_the_record_from_the_environment_is_told_in_words(address: str, workplace: Workplace) -> None:
    workplace.edit("name: test\n", "name: test\nrecord: {backend: http}\n", "reconciler.yaml")
    ended = workplace.run("record", "list", TF_HTTP_ADDRESS=address, TF_HTTP_LOCK_ADDRESS=address)
    assert ended.exit_code == 1
    assert ended.stderr.startswith("error[record-unusable]: the record")


def test_a_password_of_the_record_in_quotes_is_told_before_it_is_sent(workplace: Workplace) -> None:
    workplace.edit("name: test\n", "name: test\nrecord: {backend: http}\n", "reconciler.yaml")
    address = workplace.sandbox.exolve_url
    where = {"TF_HTTP_ADDRESS": address, "TF_HTTP_LOCK_ADDRESS": address, "TF_HTTP_USERNAME": "u"}
    ended = workplace.run("record", "list", **where, TF_HTTP_PASSWORD='"canary"')
    assert ended.exit_code == 1
    assert "TF_HTTP_PASSWORD has quotes around its value" in ended.stderr
    assert "canary" not in ended.stderr
    assert workplace.sandbox.log == []


LONG = "x" * 300


@pytest.mark.parametrize(
    "arguments",
    [
        ("-C", LONG, "validate"),
        ("validate", LONG),
        ("show", LONG),
        ("show", f"{LONG}.json"),
        ("apply", LONG),
        ("validate", "--policy", LONG),
        ("plan", "--out", LONG),
        ("plan", "--expect", LONG),
        ("plan", "--out", "p.json", "--sign-key", LONG),
        ("apply", "p.json", "--verify-key", LONG),
    ],
    ids=" ".join,
)
def test_a_name_that_no_file_can_have_is_told_in_words(arguments: tuple[str, ...], workplace: Workplace) -> None:
    ended = workplace.run(*arguments)
    assert ended.exit_code in (1, 64)
    assert "Traceback" not in ended.stderr


@pytest.fixture
def unreadable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of the configuration that cannot be looked into, also where root runs the tests."""
    folder = write(tmp_path, ACCOUNTS, {"numbers/a.yaml": ONE}) / "numbers"
    scandir = os.scandir

    def refused(path: str) -> object:
        if Path(path) == folder:
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refused)
    return folder


@pytest.mark.usefixtures("unreadable")
def test_a_folder_that_cannot_be_read_is_told_and_its_files_are_not_taken_for_gone(cli: Cli) -> None:
    ended = cli("validate")
    assert ended.exit_code == 1
    assert "numbers:1:1: error[file-unreadable]: the folder cannot be read: permission denied\n" in ended.stdout
