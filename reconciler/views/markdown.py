"""A plan as a comment on a pull request: summed up and collapsed where it is long, short enough, no text in it markup.

All text of users stands in fenced blocks, whose fence is longer than any row of backticks inside. The first line is a
mark by which a pipeline finds the comment that this one takes the place of. Knows no commands.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from urllib.parse import quote

from reconciler.diagnostics import Diagnostic
from reconciler.effects.wording import SHORT, Wording
from reconciler.model import Action
from reconciler.plan.model import Plan
from reconciler.views.base import WIDE, text_of
from reconciler.views.human.plan import ALLOWANCE, block_lines, policy_lines, sum_lines
from reconciler.views.human.told import ACTIONS, Block, blocks
from reconciler.views.results import UNKNOWN, Subject
from reconciler.views.screen import clean

LIMIT = 65_000  # GitHub takes 65,536 characters
_LONG = 40  # more lines than this are collapsed
_WIDTH = 100
_MOST_OF_ONE = 8_000
_MOST_OF_POLICY = 8_000
_MOST_ROWS = 50
_MOST_OF_CELL = 80
_MOST_NAMED = 3

# GitHub colours a line of a diff by how it begins: + green, - red, ! orange, @@ purple, # grey.
_COLOURS = {
    Action.UPDATE: ("! ", ""),
    Action.ASSERT: ("! ", ""),
    Action.ADOPT: ("@@ ", " @@"),
    Action.FORGET: ("# ", ""),
}
_ROOM = 1_000  # for the fences and for saying what was left out


def comment(shown: Plan, say: Wording = SHORT) -> str:
    """The whole comment."""
    say = replace(say, names=shown.names)
    told = blocks(shown.changes, say, shown.consent)
    (head, *notes), title = text_of(sum_lines(shown, WIDE, say)).splitlines(), say.word("Plan")
    subject = Subject(shown.configuration, shown.selected, shown.scenario or "")
    parts = [marker(subject, shown.origin), f"### {title}: {head}", *notes]
    if shown.configuration:
        parts.append(_about(shown, say))
    parts += _needs(shown, say)
    parts += [_table(told, say)] if len(told) > 1 else []
    errors = [item for item in shown.diagnostics if item.is_error]
    if errors:
        found = "\n".join(f"{item.location or ''} {item.message}".strip() for item in errors)
        parts.append(_fenced(_cut(clean(found), _MOST_OF_POLICY), "text"))
    policy = text_of(policy_lines(shown.breaches, say, _WIDTH)).strip("\n")
    if policy:
        parts.append(_fenced(_cut(clean(policy), _MOST_OF_POLICY), "text"))
    if told:
        room = LIMIT - _ROOM - sum(_size(part) + 2 for part in parts)
        parts.append(_changes(told, room, say))
    return "\n\n".join(parts) + "\n"


def failure(command: str, found: Iterable[Diagnostic], subject: Subject = UNKNOWN) -> str:
    """The comment of a command that came to nothing."""
    told = "\n".join(
        f"{item.location or ''} {item.message}".strip() + (f"\n    hint: {item.hint}" if item.hint else "")
        for item in found
    )
    head = f"reconciler {command}".rstrip()
    return f"{marker(subject)}\n\n### {head} failed\n\n{_fenced(_cut(clean(told), LIMIT - _ROOM), 'text')}\n"


def marker(subject: Subject, origin: str = "plan") -> str:
    """A comment that nobody sees, the same for every plan of a configuration, and another for one of some accounts."""
    words = ["reconciler", origin, _word(subject.configuration)]
    words += [f"accounts={','.join(map(_word, sorted(set(subject.accounts))))}"] if subject.accounts else []
    words += [f"scenario={_word(subject.scenario)}"] if subject.scenario else []
    return f"<!-- {' '.join(filter(None, words))} -->"


def _word(text: str) -> str:
    """A text that ends neither a word nor a comment."""
    return quote(text.encode("utf-8", "replace"), safe="").replace("--", "-%2D")


def _needs(shown: Plan, say: Wording) -> list[str]:
    """Which flags are missing, for how many numbers, and for which, an item a flag."""
    missing: dict[str, list[str]] = {}
    for breach in shown.breaches:
        if breach.rule.startswith(ALLOWANCE):
            missing.setdefault(breach.allowed_by, []).append(breach.address)
    items = [f"- {_needed(flag, addresses, say)}" for flag, addresses in missing.items()]
    return ["\n".join(items)] if items else []


def _needed(flag: str, addresses: Sequence[str], say: Wording) -> str:
    count = len(addresses)
    which, more = ", ".join(_code(_short(each)) for each in addresses[:_MOST_NAMED]), count - _MOST_NAMED
    named = say.word("{named} and {count} more", named=which, count=more) if more > 0 else which
    numbers = say.number(count, " for {count} number", " for {count} numbers")
    return f"**{say.word('apply needs {flags}', flags=_code(flag))}**{numbers}: {named}"


def _about(shown: Plan, say: Wording) -> str:
    """What the plan is of."""
    parts = [say.word("Configuration {name}", name=_code(shown.configuration))]
    if shown.scenario:
        parts.append(say.word("with scenario {name}", name=_code(shown.scenario)))
    if shown.holidays_version:
        parts.append(say.word("with public holidays of {name}", name=_code(f"holidays {shown.holidays_version}")))
    return ", ".join(parts)


def _changes(told: Sequence[Block], room: int, say: Wording) -> str:
    """As many blocks as there is room for, and how many changes were left out."""
    texts = [_cut(_text(block, say), _MOST_OF_ONE, say) for block in told]
    fitting = 0
    while fitting < len(texts) and (room := room - _size(texts[fitting]) - 1) >= 0:
        fitting += 1
    total, shown = (sum(len(block.changes) for block in each) for each in (told, told[:fitting]))
    left = total - shown
    note = say.number(
        left,
        "{count} more change left out here: see the plan itself.",
        "{count} more changes left out here: see the plan itself.",
    )
    note = f"\n\n{note}" if left else ""
    body = "\n".join(texts[:fitting])
    block = _fenced(body, "diff") if fitting else ""
    if body.count("\n") < _LONG:
        return block + note
    head = say.number(total, "{count} change", "{count} changes")
    if left:
        head = say.number(total, "{shown} of {count} change", "{shown} of {count} changes", shown=shown)
    return f"<details><summary>{head}</summary>\n\n{block}\n\n</details>{note}"


def _table(told: Sequence[Block], say: Wording) -> str:
    """A row a block: what is done, to which numbers, and what it takes."""
    rows = [_row(block, say) for block in told[:_MOST_ROWS]]
    more = len(told) - len(rows)
    rows += [(say.word("{count} more", count=more), "", "", "")] if more else []
    head = ("", say.word("numbers"), say.word("what"), say.word("needs")), ("---",) * 4
    return "\n".join(f"| {' | '.join(row)} |" for row in (*head, *rows))


def _row(block: Block, say: Wording) -> tuple[str, str, str, str]:
    told, more = block.told, len(block.changes) - 1
    numbers = block.changes[0].address
    if more:
        numbers = say.word("{named} and {count} more", named=numbers, count=more)
    return say.word(ACTIONS[told.action]), _cell(numbers), _cell(told.gist), _cell(" ".join(told.missing))


def _cell(text: str) -> str:
    """Text as code in a cell of a table."""
    short = _short(text)
    return _code(short).replace("|", r"\|") if short else ""


def _short(text: str) -> str:
    """The beginning of a text, in one line."""
    flat = _one_line(text)
    return flat if len(flat) <= _MOST_OF_CELL else f"{flat[:_MOST_OF_CELL]} …"


def _text(block: Block, say: Wording) -> str:
    """A block as the terminal shows it, its first line coloured by what stands before that."""
    before, behind = _COLOURS.get(block.told.action, ("", ""))
    page = block_lines((block,), say, _WIDTH - len(before) - len(behind))
    flat = (tuple(span._replace(text=_kept_in_line(span.text)) for span in each) for each in page)
    first, *rest = clean(text_of(flat)).rstrip("\n").split("\n")
    return "\n".join([f"{before}{first}{behind}", *rest])


def _kept_in_line(text: str) -> str:
    """A text without line breaks: it must not begin a line of its own."""
    return re.sub(r"[\r\n\x0b\x0c\x85\u2028\u2029]+", " ", text)


def _cut(text: str, most: int, say: Wording = SHORT) -> str:
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
    more = say.number(len(lines) - len(kept), "{count} more line", "{count} more lines")
    return "\n".join([*kept, f"    … {more}"])


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
