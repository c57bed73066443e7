"""`reconciler explain`: what a rule's code means, and a configuration that breaks it.

Must not need a configuration; knows no rule but by the table.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import click

from reconciler.cli.errors import command_error
from reconciler.cli.exits import Exit
from reconciler.cli.options import Name
from reconciler.cli.process import Process
from reconciler.config.validation import did_you_mean
from reconciler.rules import RULES, Rule
from reconciler.views.base import EMPTY, Line, Span, Tone, hanging, line, pad, wrap
from reconciler.views.human.rules import about_policy, example_of, title_of

_CODE = re.compile(r"(?:\w+\[)?([^\[\]]*)\]?:?")


@click.command()
@click.argument("rule", required=False, type=Name("rules"), metavar="[RULE]")
@click.pass_obj
def explain(process: Process, rule: str | None) -> Exit:
    """Say what a rule's code means, whether policy may change it, and show a configuration that breaks it.

    A rule is the code in brackets in a diagnostic. Without one, all rules are listed.

    Example: reconciler explain route-gap
    """
    if rule is None:
        process.answer(lambda: {"rules": [_as_json(each) for each in RULES.values()]}, _list)
        return Exit.DONE
    found = _found(rule)
    example = example_of(found)
    process.answer(
        lambda: {"rule": {**_as_json(found), "example": example}}, lambda columns: _page(found, example, columns)
    )
    return Exit.DONE


def _found(written: str) -> Rule:
    """The rule of a code, also as a diagnostic shows it: `error[route-gap]`; raises CommandError."""
    match = _CODE.fullmatch(written.strip().lower())
    code = match[1] if match else written
    if code not in RULES:
        hint = did_you_mean(code, RULES) or "reconciler explain lists all rules"
        raise command_error("unknown-rule", f"there is no rule {written!r}", hint=hint)
    return RULES[code]


def _as_json(rule: Rule) -> dict[str, object]:
    return {
        "code": rule.code,
        "severity": rule.severity.value,
        "adjustable": rule.adjustable,
        "sentence": rule.sentence,
    }


def _list(columns: int) -> Iterator[Line]:
    longest = max(map(len, RULES))
    for code, rule in sorted(RULES.items()):
        yield from hanging(line(Span(pad(code, longest), Tone.STRONG), "  "), rule.sentence, columns)


def _page(rule: Rule, example: Mapping[str, str] | None, columns: int) -> Iterator[Line]:
    yield line(Span(rule.code, Tone.STRONG), f"  {rule.severity.value}")
    yield from map(line, wrap(rule.sentence, columns))
    yield EMPTY
    yield from map(line, wrap(about_policy(rule), columns))
    for name, text in (example or {}).items():
        yield EMPTY
        yield line(title_of(name))
        yield from (line(f"  {row}") for row in text.splitlines())
