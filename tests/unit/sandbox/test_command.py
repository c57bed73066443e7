"""`reconciler sandbox` serves until it is interrupted and says what to paste."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
import yaml
from click.testing import CliRunner

from reconciler.cli import main
from reconciler.sandbox import Sandbox
from reconciler.sandbox.sandbox import configuration, environment, exports
from tests.unit.sandbox.conftest import ATTRIBUTES

RUN = "from reconciler.cli import main; main()"


@contextmanager
def running(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen([sys.executable, "-c", RUN, "sandbox", *arguments], stdout=subprocess.PIPE, text=True)
    with process:
        try:
            yield process
        finally:
            process.kill()


def read_until(process: subprocess.Popen[str], last: str) -> str:
    assert process.stdout is not None
    text = ""
    for line in process.stdout:
        text += line
        if line.startswith(last):
            return text
    raise AssertionError(f"it ended early: {text}")


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_what_it_prints_until_it_is_interrupted(client: httpx.Client, end: signal.Signals) -> None:
    with running("--port", "0", "--numbers", "3", "--format", "json") as process:
        told = json.loads(read_until(process, "}"))
        headers = {"Authorization": f"Bearer {told['environment']['EXOLVE_API_KEY']}"}
        assert told["numbers"]["exolve"] == ["74991000000", "74991000001", "74991000002"]
        for number in told["numbers"]["exolve"]:
            answer = client.post(told["exolve_url"] + ATTRIBUTES, json={"number_code": number}, headers=headers)
            assert answer.status_code == 200
        assert client.get(f"{told['control_url']}/log").json()["calls"][0]["status"] == 200
        process.send_signal(end)
        assert process.wait(10) == 130
        assert process.stdout is not None
        assert process.stdout.read() == ""


class Interrupted:
    """An event that is never awaited to its end: somebody presses Ctrl-C."""

    def wait(self) -> None:
        raise KeyboardInterrupt


def test_what_it_prints_as_text_is_a_configuration_and_exports(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threading, "Event", Interrupted)
    monkeypatch.setattr(Sandbox, "start", lambda sandbox: sandbox)
    result = CliRunner().invoke(main, ["sandbox", "--mtt-numbers", "0"])
    assert result.exit_code == 130
    text = result.output
    before, _, after = text.partition("# in the shell")
    accounts = yaml.safe_load(before)["accounts"]
    assert accounts["sales"]["base_url"].endswith("/exolve")
    assert accounts["sales"]["api_key"] == {"env": "EXOLVE_API_KEY"}
    assert accounts["office"]["base_url"].endswith("/mtt")
    assert accounts["office"]["oauth_url"].endswith("/mtt-oauth")
    names = [line.removeprefix("export ").partition("=")[0] for line in after.splitlines() if line.startswith("export")]
    assert names == ["EXOLVE_API_KEY", "MTT_CLIENT_ID", "MTT_CLIENT_SECRET", "MTT_REFRESH_TOKEN"]
    assert "74991000000 to 74991000009 at Exolve, no numbers at MTT" in after


def test_a_taken_port_is_named_with_a_remedy() -> None:
    with Sandbox() as other:
        port = other.exolve_url.split(":")[2].split("/")[0]
        result = CliRunner().invoke(main, ["sandbox", "--port", port])
    assert result.exit_code == 1
    assert f"cannot listen on port {port}: " in result.output
    assert "try --port 0" in result.output


@pytest.mark.parametrize("arguments", [["--numbers", "0"], ["--port", "65536"], ["--latency", "-1"]])
def test_nonsense_is_refused(arguments: list[str]) -> None:
    assert CliRunner().invoke(main, ["sandbox", *arguments]).exit_code == 64


def test_what_is_pasted_names_the_running_sandbox() -> None:
    with Sandbox() as sandbox:
        pasted = yaml.safe_load(configuration(sandbox))
        assert pasted["accounts"]["sales"]["base_url"] == sandbox.exolve_url
        assert pasted["accounts"]["sales"]["application"] == sandbox.application
        assert pasted["accounts"]["office"]["redirect_uri"] == sandbox.redirect_uri
        variables = environment(sandbox)
        assert exports(variables).count("export ") == len(variables) == 4


def test_what_is_pasted_is_valid(tmp_path: Path) -> None:
    with Sandbox() as sandbox:
        (tmp_path / "reconciler.yaml").write_text(configuration(sandbox), "utf-8")
    result = CliRunner().invoke(main, ["-C", str(tmp_path), "validate", "--strict"])
    assert result.exit_code == 0, result.output
