"""Servers that editors start, on a copy of the examples."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.imports import REPOSITORY
from tests.language_client import LanguageClient

YAML_SERVER = (
    REPOSITORY / "tests" / "clients" / "node_modules" / "yaml-language-server" / "bin" / "yaml-language-server"
)


@pytest.fixture(scope="module")
def examples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The repository as far as an editor looks at it: examples, and the schema that they name."""
    root = tmp_path_factory.mktemp("editor")
    for name in ("examples", "schemas"):
        shutil.copytree(REPOSITORY / name, root / name, symlinks=True)
    return root


@pytest.fixture(scope="module")
def yaml_server(examples: Path) -> Iterator[LanguageClient]:
    """The YAML language server, told of the schema by the first lines of files and, for all others, by its settings."""
    node = shutil.which("node")
    if node is None or not YAML_SERVER.exists():
        pytest.skip("needs node, and `npm ci` in tests/clients")
    schema = (examples / "schemas" / "config.v1.json").as_uri()
    wanted = {"schemas": {schema: ["*.yaml"]}, "schemaStore": {"enable": False}, "yamlVersion": "1.2"}
    settings = {"yaml": {**wanted, "validate": True, "hover": True, "completion": True}}
    with LanguageClient([node, str(YAML_SERVER), "--stdio"], examples, settings=settings) as client:
        yield client
