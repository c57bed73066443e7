"""Configurations written for one test, and what loading them tells."""

from __future__ import annotations

from pathlib import Path

from reconciler.config.load import LoadResult
from reconciler.diagnostics import Diagnostic
from tests.loading import load

ACCOUNTS = """\
version: 1
accounts:
  sales: {provider: exolve, api_key: {env: EXOLVE_API_KEY}}
  office: {provider: mtt, client_id: {env: A}, client_secret: {env: B}}
defaults: {account: sales, timeout: 20}
"""


def number(*lines: str, key: str = '"74991112233"') -> str:
    """A configuration with one number, whose entry has these lines."""
    return ACCOUNTS + f"numbers:\n  {key}:\n" + "".join(f"    {line}\n" for line in lines)


def target(text: str) -> str:
    """A configuration with one forwarding to one target, written as a flow map."""
    return number(f"forwarding: {{type: number, targets: [{text}]}}")


def write(folder: Path, text: str | bytes, files: dict[str, str] | None = None) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    raw = text.encode() if isinstance(text, str) else text
    (folder / "reconciler.yaml").write_bytes(raw)
    for name, content in (files or {}).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, "utf-8")
    return folder


def findings(folder: Path, text: str | bytes, files: dict[str, str] | None = None) -> tuple[Diagnostic, ...]:
    """Everything found, but for the notice about time zones, and that most texts here declare no number."""
    found = load(write(folder, text, files)).diagnostics
    return tuple(item for item in found if item.code not in ("assume-timezone", "numbers-missing"))


def only(folder: Path, text: str | bytes, files: dict[str, str] | None = None) -> Diagnostic:
    """The one thing found."""
    found = findings(folder, text, files)
    assert len(found) == 1, [(item.code, item.message) for item in found]
    return found[0]


def sound(folder: Path, text: str, files: dict[str, str] | None = None) -> LoadResult:
    """A configuration in which nothing is wrong."""
    loaded = load(write(folder, text, files))
    assert loaded.configuration is not None, [(item.code, item.message) for item in loaded.diagnostics]
    return loaded


def underlined(item: Diagnostic) -> str:
    """The piece of the source line that the caret stands under."""
    place = item.location
    assert place is not None
    assert place.excerpt is not None
    first = place.column - place.excerpt_column
    end = place.end_column - place.excerpt_column if place.end_line == place.line else None
    return place.excerpt[first:end]
