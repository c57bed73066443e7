"""What may stand where: a table of things, each with the files that may hold it; a row is a rule."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tests.architecture.sources import Source


@dataclass(frozen=True)
class Place:
    """`what` may appear only in files whose path is in `allowed`, or begins with an entry that ends in a slash."""

    what: str
    allowed: tuple[str, ...]

    def admits(self, path: str) -> bool:
        return any(path == entry or (entry.endswith("/") and path.startswith(entry)) for entry in self.allowed)


def folder_or_file(*names: str) -> tuple[str, ...]:
    """A module is a file until it grows into a folder of the same name; its place stays."""
    return tuple(place for name in names for place in (f"{name}.py", f"{name}/"))


# Third-party and standard modules, by the first part of their name.
IMPORTS = (
    Place("click", ("cli/",)),
    Place("deepdiff", folder_or_file("diff")),
    Place("rich", ()),
    Place("httpx", (*folder_or_file("http", "sandbox"), "providers/", "record/", "calls/", "fleet/")),
    Place("yaml", folder_or_file("document")),
    Place("ruamel", (*folder_or_file("document"), *folder_or_file("fragments"))),
    Place("subprocess", ("git/running.py", *folder_or_file("secrets"))),
    Place("holidays", ("schedule/",)),
    Place("sqlite3", ("record/",)),
    Place("psycopg", ("record/",)),
    Place("starlette", ("sandbox/", "events/", "fleet/")),
    Place("uvicorn", ("sandbox/", "events/", "fleet/")),
    Place(
        "pydantic",
        ("config/", "formats/", "events/", "providers/exolve/wire.py", "providers/mtt/wire.py", "record/shapes.py"),
    ),
)

# Attributes of modules, by their dotted name.
ATTRIBUTES = (
    Place("os.environ", folder_or_file("secrets")),
    Place("os.environb", folder_or_file("secrets")),
    Place("os.getenv", folder_or_file("secrets")),
    Place("os.putenv", folder_or_file("secrets")),
    Place("os.system", ()),
    Place("os.popen", ()),
    Place("httpx.Client", folder_or_file("http")),
    Place("httpx.AsyncClient", folder_or_file("http")),
    Place("httpx.get", ()),
    Place("httpx.post", ()),
    Place("httpx.request", ()),
    Place("httpx.stream", ()),
    Place("datetime.now", ("clock.py",)),
    Place("datetime.utcnow", ()),
    Place("datetime.today", ()),
    Place("date.today", ("clock.py",)),
    Place("time.time", ("clock.py",)),
)

# Built-in functions, by their name where they are called.
CALLS = (Place("print", ()), Place("input", ()), Place("breakpoint", ()), Place("eval", ()), Place("exec", ()))

BANNED_FILE_NAMES = frozenset({"utils", "util", "helpers", "helper", "common", "manager", "core", "misc"})


def misplaced_imports(sources: Iterable[Source]) -> Iterator[str]:
    for source in sources:
        for module, line in source.imports():
            for place in IMPORTS:
                if module.split(".")[0] == place.what and not place.admits(source.path):
                    yield f"{source.path}:{line}: imports {module}"


def misplaced_attributes(sources: Iterable[Source]) -> Iterator[str]:
    for source in sources:
        for name, line in source.dotted_names():
            for place in ATTRIBUTES:
                if (name == place.what or name.endswith(f".{place.what}")) and not place.admits(source.path):
                    yield f"{source.path}:{line}: uses {name}"


def misplaced_calls(sources: Iterable[Source]) -> Iterator[str]:
    for source in sources:
        for node in ast.walk(source.tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                for place in CALLS:
                    if node.func.id == place.what and not place.admits(source.path):
                        yield f"{source.path}:{node.lineno}: calls {node.func.id}()"


def vague_names(sources: Iterable[Source]) -> Iterator[str]:
    for source in sources:
        if BANNED_FILE_NAMES & set(source.path.removesuffix(".py").split("/")):
            yield f"{source.path}: a name that says nothing"


def provider_questions(sources: Iterable[Source]) -> Iterator[str]:
    """Comparisons with a provider's name outside the places that choose one: the core asks for capabilities instead."""
    vendors = {"exolve", "mtt"}
    choosers = ("config/", "providers/", "sandbox/", "cli/", *folder_or_file("wiring"))
    for source in sources:
        if source.path.startswith(choosers):
            continue
        for node in ast.walk(source.tree):
            if isinstance(node, ast.Compare | ast.MatchValue) and vendors & _texts(node):
                yield f"{source.path}:{node.lineno}: asks which provider it has"


def _texts(node: ast.AST) -> set[object]:
    return {part.value for part in ast.walk(node) if isinstance(part, ast.Constant)}
