"""A plan as a comment on a pull request: summed up and collapsed where it is long, short enough, no text in it markup.

All text of users stands in fenced blocks, whose fence is longer than any row of backticks inside. Knows no commands.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from reconciler.diagnostics import Diagnostic
from reconciler.effects.wording import Wording
from reconciler.plan.model import Plan
from reconciler.views.base import WIDE, plural, text_of
from reconciler.views.human.plan import allowance_lines, block_lines, policy_lines, sum_lines
from reconciler.views.human.told import Block, blocks
from reconciler.views.screen import clean

LIMIT = 65_000  # GitHub takes 65,536 characters
_LONG = 40  # more lines than this are collapsed
_WIDTH = 100
_MOST_OF_ONE = 8_000
_MOST_OF_POLICY = 8_000
_MOST_ROWS = 50
_MOST_OF_CELL = 80
_ROOM = 1_000  # for the fences and for saying what was left out


def comment(shown: Plan, *, verbose: bool = False) -> str:
    """The whole comment."""
    told = blocks(shown.changes, Wording(shown.names, full=verbose), shown.consent)
    head, *notes = text_of(sum_lines(shown, WIDE)).splitlines()
    parts = [f"### Plan: {head}", *notes]
    if shown.configuration:
        parts.append(f"Configuration {_code(shown.configuration)}" + _scenario(shown) + _holidays(shown))
    parts += [_table(told)] if len(told) > 1 else []
    errors = [item for item in shown.diagnostics if item.is_error]
    if errors:
        found = "\n".join(f"{item.location or ''} {item.message}".strip() for item in errors)
        parts.append(_fenced(_cut(clean(found), _MOST_OF_POLICY), "text"))
    policy = text_of((*policy_lines(shown.breaches, _WIDTH), *allowance_lines(shown.breaches))).strip("\n")
    if policy:
        parts.append(_fenced(_cut(clean(policy), _MOST_OF_POLICY), "text"))
    if told:
        room = LIMIT - _ROOM - sum(_size(part) + 2 for part in parts)
        parts.append(_changes(told, room, verbose=verbose))
    return "\n\n".join(parts) + "\n"


def failure(command: str, found: Iterable[Diagnostic]) -> str:
    """The comment of a command that came to nothing."""
    told = "\n".join(
        f"{item.location or ''} {item.message}".strip() + (f"\n    hint: {item.hint}" if item.hint else "")
        for item in found
    )
    head = f"reconciler {command}".rstrip()
    return f"### {head} failed\n\n{_fenced(_cut(clean(told), LIMIT - _ROOM), 'text')}\n"


def _scenario(shown: Plan) -> str:
    return f", with scenario {_code(shown.scenario)}" if shown.scenario else ""


def _holidays(shown: Plan) -> str:
    return f", with public holidays of {_code(f'holidays {shown.holidays_version}')}" if shown.holidays_version else ""


def _changes(told: Sequence[Block], room: int, *, verbose: bool) -> str:
    """As many blocks as there is room for, and how many changes were left out."""
    texts = [_cut(_text(block, verbose=verbose), _MOST_OF_ONE) for block in told]
    fitting = 0
    while fitting < len(texts) and (room := room - _size(texts[fitting]) - 1) >= 0:
        fitting += 1
    total, shown = (sum(len(block.changes) for block in each) for each in (told, told[:fitting]))
    left = total - shown
    note = f"\n\n{plural(left, 'more change')} left out here: see the plan itself." if left else ""
    body = "\n".join(texts[:fitting])
    block = _fenced(body, "diff") if fitting else ""
    if body.count("\n") < _LONG:
        return block + note
    head = f"{shown} of {plural(total, 'change')}" if left else plural(total, "change")
    return f"<details><summary>{head}</summary>\n\n{block}\n\n</details>{note}"


def _table(told: Sequence[Block]) -> str:
    """A row a block: what is done, to which numbers, and what it takes."""
    rows = [
        (block.told.action.value, _cell(_numbers(block)), _cell(block.told.gist), _cell(" ".join(block.told.missing)))
        for block in told[:_MOST_ROWS]
    ]
    more = len(told) - len(rows)
    rows += [(f"{more} more", "", "", "")] if more else []
    head = ("", "numbers", "what", "needs"), ("---",) * 4
    return "\n".join(f"| {' | '.join(row)} |" for row in (*head, *rows))


def _numbers(block: Block) -> str:
    first, more = block.changes[0].address, len(block.changes) - 1
    return f"{first} and {more} more" if more else first


def _cell(text: str) -> str:
    """Text as code in a cell of a table."""
    flat = _one_line(text)
    return (
        _code(flat if len(flat) <= _MOST_OF_CELL else f"{flat[:_MOST_OF_CELL]} …").replace("|", r"\|") if flat else ""
    )


def _text(block: Block, *, verbose: bool) -> str:
    """A block as the terminal shows it; a mark at the start of its first line colours that."""
    page = block_lines((block,), _WIDTH, verbose=verbose)
    flat = (tuple(span._replace(text=_kept_in_line(span.text)) for span in each) for each in page)
    return clean(text_of(flat)).rstrip("\n")


def _kept_in_line(text: str) -> str:
    """A text without line breaks: it must not begin a line of its own."""
    return re.sub(r"[\r\n\x0b\x0c\x85\u2028\u2029]+", " ", text)


def _cut(text: str, most: int) -> str:
    """The lines that fit, and how many do not."""
    if _size(text) <= most:
        return text
    lines, kept, size = text.split("\n"), [], 0
    for line in lines:
        size += _size(line) + 1
        if size > most:
            break
        kept.append(line)
    if not kept:
        return f"{lines[0][: most // 2]} …"
    return "\n".join([*kept, f"    … {plural(len(lines) - len(kept), 'more line')}"])


# docs/decisions/063
def _fenced(text: str, language: str) -> str:
    fence = "`" * max(3, 1 + max((len(row) for row in re.findall("`+", text)), default=0))
    return f"{fence}{language}\n{text}\n{fence}"


def _code(text: str) -> str:
    """Text as code in a line."""
    flat = _one_line(clean(text))
    fence = "`" * (1 + max((len(row) for row in re.findall("`+", flat)), default=0))
    return f"{fence} {flat} {fence}" if "`" in flat else f"`{flat}`"


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _size(text: str) -> int:
    """Characters as JavaScript and Ruby's databases may count them: those beyond the basic plane are two."""
    return len(text.encode("utf-16-le")) // 2
