"""Write the pages of `docs/` that are drawn from the code; `python docs/generate.py`, or `make docs`.

Holds no text that the code does not hold, but for headings.
"""

from __future__ import annotations

from pathlib import Path

from reconciler.rules import RULES, Rule

REPOSITORY = Path(__file__).parents[1]
PAGES = REPOSITORY / "docs"
EXAMPLES = REPOSITORY / "examples" / "invalid"

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


def main() -> None:
    """Write every generated page."""
    (PAGES / "rules.md").write_text(rules_page(), "utf-8")


if __name__ == "__main__":
    main()
