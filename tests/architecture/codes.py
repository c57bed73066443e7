"""Rule codes that the source can emit, found by syntax: what is handed to a parameter or attribute called a code."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tests.architecture.sources import Function, Source

_NAMES = frozenset({"code", "rule"})
# Where the classes that carry a code take it.
_CARRIERS = {"Diagnostic": 0, "Finding": 0, "Breach": 0}


@dataclass(frozen=True)
class Emission:
    """A literal rule code, and where it stands."""

    code: str
    place: str


def emissions(sources: Iterable[Source]) -> list[Emission]:
    """Find the codes that look up a rule, are given to functions with a parameter of that name, or kept in one."""
    sources = [source for source in sources if source.path != "rules.py"]
    takers = dict(_CARRIERS)
    for source in sources:
        takers.update(_takers(source))
    return [
        Emission(text, f"{source.path}:{line}")
        for source in sources
        for node in ast.walk(source.tree)
        for text, line in _literals(_code_of(node, takers))
    ]


def _takers(source: Source) -> Iterator[tuple[str, int]]:
    for function in source.functions():
        names = [argument.arg for argument in (*function.args.posonlyargs, *function.args.args)]
        bound = names[1:] if names[:1] in (["self"], ["cls"]) else names
        for place, name in enumerate(bound):
            if name in _NAMES:
                yield function.name, place


def _code_of(node: ast.AST, takers: dict[str, int]) -> Iterator[ast.expr | None]:
    match node:
        case ast.Call(func=function, args=arguments, keywords=keywords):
            place = takers.get(function.id if isinstance(function, ast.Name) else getattr(function, "attr", ""))
            if place is not None:
                yield from arguments[place : place + 1]
            yield from (keyword.value for keyword in keywords if keyword.arg in _NAMES)
        case ast.Subscript(value=ast.Name(id="RULES"), slice=code):
            yield code
        case ast.Assign(targets=[ast.Name(id=name)], value=value) if name in _NAMES:
            yield value
        case ast.AnnAssign(target=ast.Name(id=name), value=value) if name in _NAMES:
            yield value
        case ast.FunctionDef() | ast.AsyncFunctionDef() as function:
            yield from (default for name, default in _defaults(function) if name in _NAMES)


def _defaults(function: Function) -> Iterator[tuple[str, ast.expr | None]]:
    positional = [*function.args.posonlyargs, *function.args.args]
    with_default = positional[len(positional) - len(function.args.defaults) :]
    for argument, value in zip(with_default, function.args.defaults, strict=True):
        yield argument.arg, value
    for argument, keyword_value in zip(function.args.kwonlyargs, function.args.kw_defaults, strict=True):
        yield argument.arg, keyword_value


def _literals(values: Iterable[ast.expr | None]) -> Iterator[tuple[str, int]]:
    """The texts among values with their lines, both arms of a conditional expression included."""
    for value in values:
        if isinstance(value, ast.IfExp):
            yield from _literals([value.body, value.orelse])
        elif isinstance(value, ast.Constant) and isinstance(value.value, str):
            yield value.value, value.lineno


def never_emitted(codes: Iterable[str], sources: Iterable[Source]) -> set[str]:
    """The codes that stand nowhere outside the table of rules, whole or as `f"needs-allow-{what}"` makes them."""
    nodes = [node for source in sources if source.path != "rules.py" for node in ast.walk(source.tree)]
    whole = {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    made = [pattern for node in nodes if isinstance(node, ast.JoinedStr) and (pattern := _pattern(node)) is not None]
    return {code for code in codes if code not in whole and not any(pattern.fullmatch(code) for pattern in made)}


def _pattern(text: ast.JoinedStr) -> re.Pattern[str] | None:
    """What an f-string can become, if it begins with the first word of a code."""
    match text.values:
        case [ast.Constant(value=str(head)), ast.FormattedValue()] if re.fullmatch(r"[a-z]+(-[a-z]+)*-", head):
            return re.compile(re.escape(head) + r"[a-z-]+")
    return None


def errors_by_code(sources: Iterable[Source]) -> dict[str, set[str]]:
    """The names of the error classes that carry a code of their own."""
    names: dict[str, set[str]] = {}
    classes = (node for source in sources for node in ast.walk(source.tree) if isinstance(node, ast.ClassDef))
    for node in classes:
        for statement in node.body:
            if isinstance(statement, ast.Assign | ast.AnnAssign):
                for code, _line in _literals(_code_of(statement, {})):
                    names.setdefault(code, set()).add(node.name)
    return names
