"""Single-line changes of Python source that alter what it means; knows no file and runs nothing."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Final

from tests.architecture.sources import Function, Source

_COMPARISONS: Final[dict[type[ast.cmpop], tuple[str, str]]] = {
    ast.Eq: ("==", "!="),
    ast.NotEq: ("!=", "=="),
    ast.Lt: ("<", "<="),
    ast.LtE: ("<=", "<"),
    ast.Gt: (">", ">="),
    ast.GtE: (">=", ">"),
    ast.Is: ("is", "is not"),
    ast.IsNot: ("is not", "is"),
    ast.In: ("in", "not in"),
    ast.NotIn: ("not in", "in"),
}
_OPERATORS: Final[dict[type[ast.operator], tuple[str, str]]] = {
    ast.Add: ("+", "-"),
    ast.Sub: ("-", "+"),
    ast.BitAnd: ("&", "|"),
    ast.BitOr: ("|", "&"),
}
_NAMES: Final = {"min": "max", "max": "min", "any": "all", "all": "any"}

# Two arguments side by side that mean opposite sides of one thing.
_SIDES: Final = frozenset(
    frozenset(pair.split("/"))
    for pair in (
        *("before/after", "old/new", "first/end", "first/last", "start/end", "one/other", "one/two", "left/right"),
        *("desired/live", "recorded/live", "recorded/desired", "was/now", "earlier/later", "low/high", "mine/theirs"),
    )
)

# What only tells how fast, how much is kept, or what a type checker reads.
_UNHEEDED_CALLS: Final = frozenset({"lru_cache", "cache", "TypeVar", "assert_never", "cast", "sleep"})


_BUILTIN_TYPES: Final = frozenset({"str", "int", "bool", "float", "bytes", "dict", "list", "tuple", "set", "frozenset"})


@dataclass(frozen=True)
class Mutant:
    """A line of a file and what stands there instead; `function` is the dotted name of what holds it."""

    path: str
    line: int
    function: str
    old: str
    new: str

    @property
    def identity(self) -> tuple[str, str, str]:
        """What stays the same when files are renamed or lines move."""
        return self.function, self.old.strip(), self.new.strip()


@dataclass(frozen=True)
class Lines:
    """A source, and replacements in it by the positions of its syntax tree, which count bytes."""

    source: Source

    @cached_property
    def rows(self) -> list[bytes]:
        return self.source.text.encode().split(b"\n")

    def replaced(self, line: int, start: int, end: int, text: str) -> tuple[str, str]:
        row = self.rows[line - 1]
        return row.decode(), (row[:start] + text.encode() + row[end:]).decode()

    def node(self, node: ast.expr, text: str) -> tuple[str, str] | None:
        if node.end_col_offset is None or node.lineno != node.end_lineno:
            return None
        return self.replaced(node.lineno, node.col_offset, node.end_col_offset, text)

    def between(self, left: ast.expr, right: ast.expr, old: str, new: str) -> tuple[str, str] | None:
        """Replace an operator between two operands of one line."""
        if left.end_lineno != right.lineno or left.end_col_offset is None:
            return None
        gap = self.rows[right.lineno - 1][left.end_col_offset : right.col_offset].decode()
        if gap.count(old) != 1:
            return None
        return self.replaced(right.lineno, left.end_col_offset, right.col_offset, gap.replace(old, new))

    def text(self, node: ast.expr) -> str:
        return self.rows[node.lineno - 1][node.col_offset : node.end_col_offset].decode()


def mutants(source: Source) -> Iterator[Mutant]:
    """Yield every change that is known for a file, in the order of its lines and each once."""
    lines = Lines(source)
    seen = set()
    for function, node in _heeded(source.tree, ""):
        for line, change in _changes(lines, node):
            if change is not None and (line, change) not in seen:
                seen.add((line, change))
                yield Mutant(source.path, line, function, *change)


def _heeded(node: ast.AST, function: str) -> Iterator[tuple[str, ast.AST]]:
    """Yield the nodes whose change could be noticed, each with the name of the function or class around it."""
    for child in ast.iter_child_nodes(node):
        match child:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                inner = f"{function}.{child.name}".lstrip(".")
                parts: list[ast.AST] = [*child.body]
                if isinstance(child, Function):
                    parts += [value for value in (*child.args.defaults, *child.args.kw_defaults) if value is not None]
                for part in parts:
                    yield from _heeded_from(part, inner)
            case _:
                yield from _heeded_from(child, function)


def _heeded_from(node: ast.AST, function: str) -> Iterator[tuple[str, ast.AST]]:
    if _is_unheeded(node):
        return
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield from _heeded(ast.Module([node], []), function)
        return
    yield function, node
    if isinstance(node, ast.AnnAssign):
        if node.value is not None:
            yield from _heeded_from(node.value, function)
        return
    yield from _heeded(node, function)


def _is_unheeded(node: ast.AST) -> bool:
    match node:
        case ast.Import() | ast.ImportFrom() | ast.Assert():
            return True
        case ast.If(test=ast.Name(id="TYPE_CHECKING")):
            return True
        case ast.Expr(value=ast.Constant()):  # a docstring, or the body of a protocol's method
            return True
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)) if name in _UNHEEDED_CALLS:
            return True
        case ast.Raise(exc=ast.Call(func=ast.Name(id="AssertionError"))):
            return True
    return False


Change = tuple[int, tuple[str, str] | None]


def _changes(lines: Lines, node: ast.AST) -> Iterator[Change]:
    match node:
        case ast.Compare() | ast.BoolOp() | ast.UnaryOp() | ast.BinOp():
            yield from _operators(lines, node)
        case ast.Constant(value=bool() | int() as value):
            yield node.lineno, lines.node(node, str(not value if isinstance(value, bool) else value + 1))
        case ast.If() | ast.IfExp() | ast.While():
            yield from _conditions(lines, node)
        case ast.comprehension(ifs=ifs):
            yield from ((test.lineno, lines.node(test, f"(not ({lines.text(test)}))")) for test in ifs)
        case ast.Expr(value=ast.Call() as call):
            yield call.lineno, lines.node(call, "pass")
        case ast.Call():
            yield from _calls(lines, node)
        case ast.Break():
            yield node.lineno, lines.replaced(node.lineno, node.col_offset, node.col_offset + 5, "continue")
        case ast.Continue():
            yield node.lineno, lines.replaced(node.lineno, node.col_offset, node.col_offset + 8, "break")


def _operators(lines: Lines, node: ast.Compare | ast.BoolOp | ast.UnaryOp | ast.BinOp) -> Iterator[Change]:
    match node:
        case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in _COMPARISONS:
            yield right.lineno, lines.between(left, right, *_COMPARISONS[type(op)])
        case ast.BoolOp(op=op, values=values):
            old, new = ("and", "or") if isinstance(op, ast.And) else ("or", "and")
            yield from ((right.lineno, lines.between(left, right, old, new)) for left, right in pairwise(values))
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield node.lineno, lines.node(node, lines.text(operand))
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS and not _is_of_types(node):
            yield right.lineno, lines.between(left, right, *_OPERATORS[type(op)])


def _conditions(lines: Lines, node: ast.If | ast.IfExp | ast.While) -> Iterator[Change]:
    text = lines.text(node.test)
    if not isinstance(node, ast.While):
        yield node.test.lineno, lines.node(node.test, f"not ({text})")
    if isinstance(node, ast.If) and not node.orelse and isinstance(node.body[0], ast.Return | ast.Raise | ast.Continue):
        yield node.test.lineno, lines.node(node.test, f"False and ({text})")


def _calls(lines: Lines, call: ast.Call) -> Iterator[Change]:
    if isinstance(call.func, ast.Name) and call.func.id in _NAMES:
        yield call.lineno, lines.node(call.func, _NAMES[call.func.id])
    for left, right in pairwise(call.args):
        if left.lineno == right.end_lineno and frozenset((_last_name(left), _last_name(right))) in _SIDES:
            swapped = f"{lines.text(right)}, {lines.text(left)}"
            yield left.lineno, lines.replaced(left.lineno, left.col_offset, right.end_col_offset or 0, swapped)


def _last_name(node: ast.expr) -> str:
    return ast.unparse(node).rpartition(".")[2]


def _is_of_types(node: ast.BinOp) -> bool:
    """Tell whether `A | B` is a union of types, whose change no run notices."""
    if isinstance(node.op, ast.BitOr):
        return all(map(_is_type, (node.left, node.right)))
    return False


def _is_type(node: ast.expr) -> bool:
    match node:
        case ast.BinOp():
            return _is_of_types(node)
        case ast.Subscript(value=value):
            return _is_type(value)
        case ast.Constant(value=value):
            return value is None
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name[:1].isupper() or name in _BUILTIN_TYPES
    return False
