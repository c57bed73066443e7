"""What there is to say of a rule: whether policy may change it, and a configuration that breaks it.

Knows no format and no command.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib import resources

from reconciler.rules import Rule

# docs/decisions/141
_EXAMPLES = "examples.json"
Texts = Mapping[str, str]


def example_of(rule: Rule) -> Texts | None:
    """The files of a configuration that breaks a rule and no other, where the package has one."""
    return _examples().get(rule.code)


def about_policy(rule: Rule) -> str:
    """Whether policy may change a rule, and how."""
    if not rule.adjustable:
        return "Its severity is fixed."
    return f"Policy may change it: `policy: {{rules: {{{rule.code}: off}}}}`, or error, warning, notice."


def title_of(name: str) -> str:
    """What stands above a file of the example."""
    return f"A {name} that breaks it:" if name == "reconciler.yaml" else f"{name}:"


@cache
def _examples() -> Mapping[str, Texts]:
    text = resources.files("reconciler").joinpath(_EXAMPLES).read_text("utf-8")
    found: Mapping[str, Texts] = json.loads(text)
    return found
