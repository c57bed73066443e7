"""What may stand where: a table of things, each with the files that may hold it; a row is a rule."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePath

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


# docs/decisions/026
# Third-party and standard modules, by the first part of their name.
IMPORTS = (
    Place("click", ("cli/",)),
    Place("deepdiff", folder_or_file("diff")),
    Place("rich", ()),
    Place("httpx", (*folder_or_file("http", "sandbox"), "providers/", "record/")),
    Place("yaml", folder_or_file("document")),
    Place("ruamel", folder_or_file("document")),
    Place("subprocess", ("cli/sandbox.py", "git/running.py", *folder_or_file("secrets"))),
    Place("holidays", ("schedule/",)),
    Place("opening_hours", ("schedule/",)),
    Place("sqlite3", ("events/store.py", "record/")),
    Place("psycopg", ("record/",)),
    Place("starlette", ("events/listener.py", "events/serving.py", "sandbox/")),
    Place("uvicorn", ("events/serving.py", "sandbox/")),
    Place(
        "pydantic",
        (
            "calls/",
            "config/",
            "events/exolve.py",
            "events/mtt.py",
            "events/reading.py",
            "formats/",
            "providers/exolve/",
            "providers/mtt/",
            "record/shapes.py",
        ),
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

# Classes that only their makers call: a rule makes a diagnostic, so that its severity stands once.
MADE = (
    Place("Diagnostic", ("rules.py", "diagnostics.py", "formats/diagnostics.py")),
    Place("Finding", ("rules.py",)),
)

BANNED_FILE_NAMES = frozenset({"utils", "util", "helpers", "helper", "common", "manager", "core", "misc"})


def missing_places(paths: Iterable[str]) -> Iterator[str]:
    """Places of the tables that exist neither as a file nor as a folder."""
    there = {part for path in paths for part in (path.removesuffix(".py"), *map(str, PurePath(path).parents))}
    for place in (*IMPORTS, *ATTRIBUTES, *CALLS, *MADE):
        yield from (entry for entry in place.allowed if entry.removesuffix("/").removesuffix(".py") not in there)


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
                for place in (*CALLS, *MADE):
                    if node.func.id == place.what and not place.admits(source.path):
                        yield f"{source.path}:{node.lineno}: calls {node.func.id}()"


def vague_names(sources: Iterable[Source]) -> Iterator[str]:
    for source in sources:
        if BANNED_FILE_NAMES & set(source.path.removesuffix(".py").split("/")):
            yield f"{source.path}: a name that says nothing"


_VENDORS = re.compile(r"exolve|mtt\b|mts\b", re.IGNORECASE)
_NAME_VENDORS = ("providers/", "events/", "sandbox/", "cli/sandbox.py", "cli/demo.py", "cli/live_calls.py")
_ASK_KINDS = ("providers/", "config/desired.py", "sandbox/", "model.py", "canonical.py")


def provider_names(sources: Iterable[Source]) -> Iterator[str]:
    """Texts and names that name a vendor outside its own folder and the imitation of it; docstrings may."""
    for source in sources:
        if source.path.startswith(_NAME_VENDORS):
            continue
        docstrings = {id(node.value) for node in ast.walk(source.tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(source.tree):
            if id(node) not in docstrings and any(map(_VENDORS.search, _words(node))):
                yield f"{source.path}:{getattr(node, 'lineno', 1)}: names a vendor"


def kind_questions(sources: Iterable[Source]) -> Iterator[str]:
    """Decisions by kind: the core asks for capabilities, and for what is off of any kind, instead."""
    for source in sources:
        if not source.path.startswith(_ASK_KINDS):
            for name, line in source.dotted_names():
                if name in ("Kind.FORWARDING", "Kind.PARKING"):
                    yield f"{source.path}:{line}: asks for a kind"


def _words(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Constant(value=str(text)) | ast.Name(id=text) | ast.Attribute(attr=text) | ast.arg(arg=text):
            yield text
        case ast.keyword(arg=str(text)) | ast.FunctionDef(name=text) | ast.ClassDef(name=text):
            yield text
