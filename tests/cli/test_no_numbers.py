"""A configuration that declares no numbers does nothing, and every command says so instead of that all is well."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.sandbox import Sandbox
from tests.cli.conftest import Cli

FILE = """\
version: 1
accounts:
  sales: {provider: exolve, api_key: {env: KEY}, base_url: ADDRESS}
"""


@pytest.mark.parametrize("command", ["validate", "plan", "apply --auto-approve", "audit", "doctor", "list", "calendar"])
def test_every_command_says_that_no_numbers_are_declared(cli: Cli, tmp_path: Path, command: str) -> None:
    with Sandbox() as sandbox:
        (tmp_path / "reconciler.yaml").write_text(FILE.replace("ADDRESS", sandbox.exolve_url), "utf-8")
        ended = cli(*command.split(), KEY=sandbox.api_key)
    told = ended.stdout + ended.stderr
    assert ended.exit_code == 0
    assert "no numbers are declared in reconciler.yaml" in " ".join(told.split())
    assert "as the files say" not in told


def test_doctor_counts_what_a_configuration_without_numbers_has(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "reconciler.yaml").write_text("version: 1\n", "utf-8")
    (check, *_) = cli("doctor", "--format", "json").json["checks"]
    assert (check["check"], check["status"]) == ("configuration", "warn")
