"""Commands run as a user runs them, in a folder with a configuration, against the sandbox."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from reconciler.cli import errors, main
from reconciler.cli.process import Process
from reconciler.sandbox import Sandbox
from reconciler.views.formats import FORMATS, serving

KEY = "canary-exolve-key-7d1f"
REVIEWS = tuple(name for name in serving("validation") if "answer" not in FORMATS[name].results)
"""The formats of machines that review changes."""


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    exit_code: int
    stdout: str
    stderr: str

    @property
    def json(self) -> Any:
        """Standard output as the one JSON document that it must be."""
        return json.loads(self.stdout)

    @property
    def codes(self) -> list[str]:
        """The rule codes of the document's diagnostics."""
        return [item["code"] for item in self.json["diagnostics"]]


Cli = Callable[..., Ended]


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    """Run `reconciler -C <the test's folder> ARGUMENTS`."""

    def run(*arguments: str, folder: Path = tmp_path, stdin: str | None = None, **environ: str) -> Ended:
        result = CliRunner().invoke(main, ["-C", str(folder), *arguments], input=stdin, env=environ)
        assert not isinstance(result.exception, Exception), result.exception
        return Ended(result.exit_code, result.stdout, result.stderr)

    return run


HEAD = """\
version: 1
name: test
defaults: {account: sales, timeout: 20}
accounts:
  sales:
    provider: exolve
    api_key: {env: EXOLVE_API_KEY}
    application: APPLICATION
    base_url: EXOLVE
  office:
    provider: mtt
    client_id: {env: MTT_CLIENT_ID}
    client_secret: {env: MTT_CLIENT_SECRET}
    refresh_token: {env: MTT_REFRESH_TOKEN}
    redirect_uri: https://crm.example.com
    base_url: MTT
    oauth_url: OAUTH
"""

NUMBERS = """\
version: 1
schedules:
  office-hours: {period: "wd {mon-fri} hr {9-17}"}
numbers:
  "74991000000":
    description: Горячая линия, Москва
    tags: [moscow]
    forwarding:
      type: number
      targets: [{to: "74992223344", timeout: 16, schedule: office-hours}]
  "74991000001":
    forwarding: {type: url, url: https://example.com/route, reserve: "74993334455"}
"""


@dataclass
class Workplace:
    """A folder with a configuration whose accounts live in a sandbox."""

    folder: Path
    sandbox: Sandbox
    environ: dict[str, str]
    _cli: Cli

    def run(self, *arguments: str, stdin: str | None = None, **environ: str) -> Ended:
        return self._cli(*arguments, folder=self.folder, stdin=stdin, **{**self.environ, **environ})

    def edit(self, old: str, new: str, file: str = "numbers.yaml") -> None:
        path = self.folder / file
        text = path.read_text("utf-8")
        assert old in text
        path.write_text(text.replace(old, new), "utf-8")

    def applied(self) -> Workplace:
        """The same, applied once, with the log of calls emptied."""
        ended = self.run("apply", "--auto-approve")
        assert ended.exit_code == 0, ended
        self.sandbox.journal.clear()
        return self


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as running:
        yield running


@pytest.fixture
def workplace(tmp_path: Path, sandbox: Sandbox, cli: Cli) -> Workplace:
    """Two numbers at Exolve, nothing applied yet."""
    folder = tmp_path / "configuration"
    folder.mkdir()
    places = {
        "APPLICATION": sandbox.application,
        "EXOLVE": sandbox.exolve_url,
        "OAUTH": sandbox.oauth_url,
        "MTT": sandbox.mtt_url,
    }
    head = HEAD.replace("APPLICATION", places["APPLICATION"])
    for field in ("EXOLVE", "MTT", "OAUTH"):
        head = head.replace(f"url: {field}\n", f"url: {places[field]}\n")
    (folder / "reconciler.yaml").write_text(head, "utf-8")
    (folder / "numbers.yaml").write_text(NUMBERS, "utf-8")
    environ = {
        "EXOLVE_API_KEY": sandbox.api_key,
        "MTT_CLIENT_ID": sandbox.client_id,
        "MTT_CLIENT_SECRET": sandbox.client_secret,
        "MTT_REFRESH_TOKEN": sandbox.refresh_token,
    }
    return Workplace(folder, sandbox, environ, cli)


@pytest.fixture
def no_last_resort(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The last resort for faults of the program is out of bounds: whoever enters it fails the test."""
    entered: list[BaseException] = []
    last_resort = errors._bug

    def noted(error: Exception, process: Process) -> errors.CommandError:
        entered.append(error)
        return last_resort(error, process)

    monkeypatch.setattr(errors, "_bug", noted)
    yield
    assert entered == []
