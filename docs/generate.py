"""Write the pages of `docs/` and the files of `schemas/` that are drawn from the code; `make docs`.

Holds no text that the code does not hold, but for headings.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from reconciler.config.schema import config_schema
from reconciler.formats.audit import audit_schema
from reconciler.formats.diagnostics import failure_schema, validation_schema
from reconciler.formats.plan import plan_schema
from reconciler.formats.report import report_schema
from reconciler.providers.table import PROVIDERS
from reconciler.rules import RULES, Rule

REPOSITORY = Path(__file__).parents[1]
SCHEMAS: dict[str, Callable[[], dict[str, Any]]] = {
    "audit.v1.json": audit_schema,
    "config.v1.json": lambda: config_schema(each.account for each in PROVIDERS.values()),
    "failure.v1.json": failure_schema,
    "plan.v1.json": plan_schema,
    "report.v1.json": report_schema,
    "validation.v1.json": validation_schema,
}
EXAMPLES = REPOSITORY / "examples" / "invalid"

DECISIONS = REPOSITORY / "docs" / "decisions"
_DECISION = re.compile(
    r"# (\d{3}) (.+)\n\nDate: (\d{4}-\d\d-\d\d)\nStatus: (accepted|superseded by \d{3})\n\n",
)

_DECISIONS_HEAD = """\
# Decisions

Why things are as they are, where that is not to be seen: the situation, the choice, and what was given up. Each record is
linked from the line or the page that it explains, as `docs/decisions/NNN`. `make docs` writes this list.

"""

_RULES_HEAD = """\
# Rules

Every finding names a rule by its code. A code is stable and never reused. `policy.rules` in `reconciler.yaml` may give
the rules marked *adjustable* another severity (`error`, `warning`, `notice`) or switch them `off`; the others are
needed to understand the files at all, or guard numbers, and stay as they are. The example is a configuration that
breaks this rule and no other.

"""


def rules_page() -> str:
    """Render `docs/rules.md` from the table of rules."""
    count = f"{len(RULES)} rules.\n\n"
    head = "| rule | severity | what it finds | adjustable | example |\n|---|---|---|---|---|\n"
    return _RULES_HEAD + count + head + "".join(_row(RULES[code]) for code in sorted(RULES))


def _row(rule: Rule) -> str:
    sentence = rule.sentence.replace("|", "\\|")
    adjustable = "yes" if rule.adjustable else ""
    folder = EXAMPLES / rule.code
    example = f"[{rule.code}](../examples/invalid/{rule.code})" if folder.is_dir() else ""
    return (
        f'| <a id="{rule.code}"></a>`{rule.code}` | {rule.severity.value} | {sentence} | {adjustable} | {example} |\n'
    )


def decisions_page() -> str:
    """Render the index of `docs/decisions/` from the heads of its records."""
    rows = "".join(_decision(path) for path in sorted(DECISIONS.glob("[0-9]*.md")))
    return _DECISIONS_HEAD + "| number | decision | date | status |\n|---|---|---|---|\n" + rows


def _decision(path: Path) -> str:
    head = _DECISION.match(path.read_text("utf-8"))
    if head is None:
        raise ValueError(f"{path.name} does not begin with `# NNN Title`, `Date: YYYY-MM-DD` and `Status: …`")
    number, title, date, status = head.groups()
    return f"| {number} | [{title}]({path.name}) | {date} | {status} |\n"


def generated() -> Iterator[tuple[Path, str]]:
    """Yield every file that is drawn from the code, with its text."""
    yield REPOSITORY / "docs" / "rules.md", rules_page()
    yield DECISIONS / "README.md", decisions_page()
    for name, draw in SCHEMAS.items():
        yield REPOSITORY / "schemas" / name, json.dumps(draw(), ensure_ascii=False, indent=2) + "\n"


def main() -> None:
    """Write every generated file."""
    for path, text in generated():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
