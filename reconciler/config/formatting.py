"""What `fmt` changes in a configuration's files, as edits of their text: order, spelling, the calendar's last day.

Never changes what a file says but where it is asked to; today is handed in.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from pydantic_core import PydanticCustomError

from reconciler.config import values
from reconciler.config.arranging import Arranger
from reconciler.config.files import Files
from reconciler.config.include import TRUSTED_FILE
from reconciler.config.models.shapes import Shape, Spelling, spelled_phone
from reconciler.diagnostics import Diagnostic, Location
from reconciler.document import Sources, Tree, parse
from reconciler.document.layout import Move, Node, comments, read_layout, rewrite
from reconciler.document.source import Edit, apply_edits
from reconciler.rules import RULES

_KEEP_ORDER = re.compile(r"#\s*fmt:\s*keep-order")
_MOST_TRIALS = 40
_BLOCKS = ("|", ">")
_BLANKS = re.compile(r"[ \t]+(?=\r?\n)")


# docs/decisions/156
def tidy_files(files: Files, shape: Shape) -> dict[str, str]:
    """The texts of the files that are not in canonical form, as they should be."""
    texts = dict(files.sources.texts())
    tidy = {file.name: tidy_text(texts[file.name], shape) for file in files.files}
    return {name: text for name, text in tidy.items() if text != texts[name]}


def tidy_text(text: str, shape: Shape) -> str:
    """One text in canonical form; one that cannot be read is as it was, but for its end."""
    ended = _Version.of(_ended(text), shape)
    given = ended if ended.text == text else _Version.of(text, shape)
    before = ended if ended.says_the_same_as(given) else given
    changes = [*_changes(before, shape)]
    return _kept(before, shape, changes).text if changes else before.text


def _ended(text: str) -> str:
    """The text with one newline at its end."""
    return text.rstrip(" \t\r\n") + ("\r\n" if "\r\n" in text else "\n")


@dataclass(frozen=True)
class _Version:
    """A text, how it is laid out, and what it says whatever its spelling; None if it cannot be read."""

    text: str
    layout: Node | None
    meaning: object

    @classmethod
    def of(cls, text: str, shape: Shape) -> _Version:
        sources = Sources()
        document = parse(sources, sources.add(TRUSTED_FILE, text), text)
        if document.tree is None or document.problems:
            return cls(text, None, None)
        return cls(text, read_layout(text), _meaning(document.tree.data, shape))

    @cached_property
    def comments(self) -> list[str]:
        return [*comments(self.text, self.layout)]

    def says_the_same_as(self, other: _Version) -> bool:
        """Whether both can be read, mean the same, and have the same comments, wherever these stand."""
        is_read = self.layout is not None and other.layout is not None
        return is_read and self.meaning == other.meaning and sorted(self.comments) == sorted(other.comments)


def _meaning(data: object, shape: Shape) -> object:
    """What a loader would read, with one spelling of each phone and duration."""
    if isinstance(data, dict):
        names = _one_spelling(data) if shape.is_named_by_number else {}
        return {names.get(key, key): _meaning(value, shape.under(key)) for key, value in data.items()}
    if isinstance(data, list):
        return [_meaning(value, shape.element) for value in data]
    if isinstance(data, str) and shape.spelling is not None:
        return shape.spelling(data) or data
    return data


def _one_spelling(keys: Iterable[str]) -> dict[str, str]:
    """The spelling of each number; of one that stands there twice both stay, for `validate` to tell."""
    spelled = {key: found for key in keys if (found := spelled_phone(key)) is not None}
    count = Counter(spelled.values())
    return {key: found for key, found in spelled.items() if count[found] == 1}


def _kept(before: _Version, shape: Shape, changes: Sequence[Edit | Move]) -> _Version:
    """The text with the changes that leave what it says as it is; halved until the others are found."""
    kept: list[Edit | Move] = []
    best, trials, open_parts = before, 0, [changes]
    while open_parts and trials < _MOST_TRIALS:
        part = open_parts.pop()
        tried = _Version.of(rewrite(before.text, [*kept, *part]), shape)
        trials += 1
        if tried.says_the_same_as(before):
            kept += part
            best = tried
        elif len(part) > 1:
            half = len(part) // 2
            open_parts += [part[half:], part[:half]]
    return best


# -- changes ----------------------------------------------------------------------------------------------------------


def _changes(version: _Version, shape: Shape) -> Iterator[Edit | Move]:
    text, layout = version.text, version.layout
    if layout is None:
        return
    arranger = None if any(map(_KEEP_ORDER.fullmatch, version.comments)) else Arranger(text)
    for node, form in _pieces(layout, shape):
        if node.value is not None:
            yield from _spelling(text, node, form.spelling)
        elif node.is_map:
            yield from _names(text, node, form)
            if arranger is not None and form.order and (move := arranger.move(node, form.order)) is not None:
                yield move
    yield from _blanks(text, layout)


def _pieces(root: Node, shape: Shape) -> Iterator[tuple[Node, Shape]]:
    """Every value as it is written, with its shape."""
    waiting = [(root, shape)]
    while waiting:
        node, form = waiting.pop()
        yield node, form
        if node.is_map:
            waiting += [(value, form.under(key.value or "")) for key, value in node.pairs]
        elif node.children:
            waiting += [(child, form.element) for child in node.children]


def _names(text: str, node: Node, shape: Shape) -> Iterator[Edit]:
    """The keys of a map; those of numbers in one spelling."""
    keys = [key for key, _ in node.pairs if key.value is not None]
    numbers = _one_spelling(key.value or "" for key in keys) if shape.is_named_by_number else {}
    for key in keys:
        yield from _spelling(text, key, spelled_phone if key.value in numbers else None)


def _spelling(text: str, node: Node, spelling: Spelling | None) -> Iterator[Edit]:
    start, value = node.content(text), node.value or ""
    raw = text[start : node.end]
    if node.style in _BLOCKS or "\n" in raw or not raw:
        return
    spelled = spelling(value) if spelling is not None else None
    spelled = spelled or node.double_quoted
    if spelled is not None and spelled != raw:
        yield Edit(start, node.end, spelled)


def _blanks(text: str, layout: Node) -> Iterator[Edit]:
    """Take away blanks at the ends of lines, but inside a text."""
    texts = [leaf for leaf in layout.leaves() if "\n" in text[leaf.start : leaf.reach]]
    starts = [leaf.start for leaf in texts]
    for found in _BLANKS.finditer(text):
        at = bisect_right(starts, found.start()) - 1
        if at < 0 or texts[at].reach <= found.start():
            yield Edit(found.start(), found.end(), "")


# -- the calendar -----------------------------------------------------------------------------------------------------


# docs/decisions/080
def renew_calendar(files: Files, today: date) -> dict[str, str] | Diagnostic:
    """The text whose calendar's last day is moved on, if it has to be; what is in the way where it cannot be."""
    root = files.trusted
    defaults = root.get("defaults") if root is not None else None
    written = defaults.get("calendar_until") if defaults is not None else None
    if written is None or written.data is None:
        return _without_calendar(today)
    try:
        until = values.calendar_date(written.data)
    except PydanticCustomError as error:
        context = error.context or {}
        return files.sources.problem(error.type, written.span, context["message"], context["hint"])
    return _moved(files.sources, written, until, later(until, today))


def _moved(sources: Sources, written: Tree, until: date, moved: date) -> dict[str, str] | Diagnostic:
    if moved == until:
        return {}
    raw = sources.text_of(written.span)
    if raw.strip("\"'") != written.data:
        message = "the last day of the calendar is not written as a plain date here, so it cannot be moved forward"
        return sources.problem("invalid-value", written.span, message, f"write calendar_until: {moved}")
    name, start = sources.name_of(written.span), sources.offset_of(written.span)
    edit = Edit(start, start + len(raw), raw.replace(written.data, str(moved)))
    return {name: apply_edits(dict(sources.texts())[name], [edit])}


def later(until: date, today: date) -> date:
    """The end of next year, or a year on from a day that is later than that."""
    end = date(min(today.year + 1, date.max.year), 12, 31)
    if until <= end:
        return end
    if until.year == date.max.year:
        return until
    day = 28 if (until.month, until.day) == (2, 29) else until.day
    return date(until.year + 1, until.month, day)


def _without_calendar(today: date) -> Diagnostic:
    message = "there is no calendar to move forward: defaults.calendar_until is not set"
    hint = f"add `calendar_until: {later(date.min, today)}` under defaults, if a schedule follows public holidays"
    return RULES["missing-key"].at(Location(TRUSTED_FILE, 1, 1, 1, 1), message, hint)
