"""Modules that a program really loads, and the contracts of import-linter; both run outside this process."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import ModuleType

REPOSITORY = Path(__file__).parents[2]

_BROKEN = re.compile(r"^(.+?) BROKEN(?: \(.*\))?$", re.MULTILINE)

# Each costs a good part of the 0.12 s that `--help` may take.
HEAVY = frozenset({"pydantic", "httpx", "deepdiff", "holidays", "phonenumbers", "starlette", "uvicorn", "jinja2"})


def loaded_modules(arguments: Sequence[str], *, check: bool = True) -> set[str]:
    """Run the interpreter with `arguments` and name every module that it imported; `check` that it ends with 0."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", *arguments], cwd=REPOSITORY, capture_output=True, text=True, check=check
    )
    rows = (line for line in done.stderr.splitlines() if line.startswith("import time:"))
    return {row.rpartition("|")[2].strip() for row in rows}


def script(path: Path) -> ModuleType:
    """Load a file of Python that is no module of a package."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def heavy(modules: Iterable[str]) -> set[str]:
    return {module.partition(".")[0] for module in modules} & HEAVY


def contract_names() -> set[str]:
    settings = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))
    return {contract["name"] for contract in settings["tool"]["importlinter"]["contracts"]}


def broken_contracts(tree: Path) -> tuple[set[str], str]:
    """Run the contracts on the package `tree/reconciler`; return the names of those that are broken, and the report."""
    done = subprocess.run(
        [
            *(sys.executable, "-c", "from importlinter.cli import lint_imports_command as run; run()"),
            *("--config", str(REPOSITORY / "pyproject.toml"), "--no-cache"),
        ],
        cwd=tree,
        env={**os.environ, "PYTHONPATH": str(tree), "COLUMNS": "200", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    report = done.stdout + done.stderr
    broken = set(_BROKEN.findall(report))
    if (done.returncode != 0) != bool(broken):
        msg = f"import-linter did not run: {report}"
        raise RuntimeError(msg)
    return broken, report
