"""What `init` writes, opened in the real YAML language server: its schema is found by each file and by the settings."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import Cli, cli
from tests.editors.conftest import YAML_SERVER
from tests.language_client import LanguageClient

__all__ = ["cli"]


@pytest.mark.parametrize("by", ["the files", "the settings"])
def test_a_wrong_key_is_flagged_and_what_init_wrote_is_not(by: str, cli: Cli, tmp_path: Path) -> None:
    node = shutil.which("node")
    if node is None or not YAML_SERVER.exists():
        pytest.skip("needs node, and `npm ci` in tests/clients")
    assert cli("init", "--vendor", "exolve", "--number", "74991112233", "--host", "none").exit_code == 0
    written = json.loads((tmp_path / ".vscode" / "settings.json").read_text("utf-8"))
    schemas = written["yaml.schemas"] if by == "the settings" else {}
    version = written["yaml.yamlVersion"]
    settings = {
        "yaml": {"schemas": schemas, "yamlVersion": version, "validate": True, "schemaStore": {"enable": False}}
    }
    with LanguageClient([node, str(YAML_SERVER), "--stdio"], tmp_path, settings=settings) as client:
        for name in "reconciler.yaml", "numbers/main.yaml":
            text = (tmp_path / name).read_text("utf-8")
            text = text if by == "the files" else text.partition("\n")[2]
            client.open(name, text)
            assert client.findings(name) == []
            wrong = f"{Path(name).parent}/wrong.yaml" if by == "the files" else f"numbers/wrong-{len(text)}.yaml"
            client.open(wrong, f"{text.partition(chr(10))[0] if by == 'the files' else ''}\nversion: 1\nnumbrs: {{}}\n")
            assert "numbrs" in str(client.findings(wrong))
