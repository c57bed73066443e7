"""The `policy` of a file of its own, from the trusted side: where it is given, no other counts.

Knows how the file is read; what stands under `policy` is judged where any policy is.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from reconciler.config.files import SHARED_KEYS, TRUSTED_KEYS, Files, told
from reconciler.config.include import TRUSTED_FILE
from reconciler.config.values import kind_of, quoted
from reconciler.diagnostics import Diagnostic
from reconciler.document import Tree, Unreadable, parse, read_text
from reconciler.document.source import is_ours

_KEYS = ("version", *TRUSTED_KEYS, *SHARED_KEYS)
_HINT = "a policy file says `version: 1` and has a `policy` block, as reconciler.yaml may have"


# docs/decisions/071
def read_policy(files: Files, path: Path) -> Tree | None:
    """Read the root of a policy file; every trouble goes to `files.found`, and None is returned where it is unfit."""
    name = str(path) if str(path) not in files.names else str(path.absolute())
    given = read_text(path)
    if isinstance(given, Unreadable):
        files.found.append(given.at(name))
        return None
    base = files.sources.add(name, given, quoted=is_ours(given))
    document = parse(files.sources, base, given)
    files.found.extend(told(document.problems, quoted=is_ours(given)))
    if document.tree is None or any(item.is_error for item in document.problems):
        return None
    troubles = list(_troubles(files, document.tree))
    files.found.extend(troubles or _set_aside(files, name))
    return None if troubles else document.tree


def _troubles(files: Files, tree: Tree) -> Iterator[Diagnostic]:
    if not isinstance(tree.data, dict):
        message = f"a policy file is a map of keys, not {kind_of(tree.data)}"
        yield files.sources.problem("wrong-type", tree.span, message, _HINT)
        return
    version = tree.get("version")
    if version is None or version.data != "1":
        code, span = ("version-missing", tree.span) if version is None else ("version-unsupported", version.span)
        yield files.sources.problem(code, span, "the policy file does not say `version: 1`", _HINT)
    block = tree.get("policy")
    if block is None or block.data is None:
        yield files.sources.problem("missing-key", tree.span, "the file has no `policy`", _HINT)
    for key, span, _value in tree.items():
        if key not in _KEYS:
            yield files.sources.problem("unknown-key", span, f"{quoted(key)} is not known here", _HINT)


def _set_aside(files: Files, name: str) -> Iterator[Diagnostic]:
    """Say that the configuration's own policy does not count."""
    root = files.trusted
    if root is not None and root.get("policy") is not None:
        message = f"the policy of {TRUSTED_FILE} does not count: {name} has the one that holds"
        yield files.sources.problem("policy-ignored", root.key_span("policy"), message)
