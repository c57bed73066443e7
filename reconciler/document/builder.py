"""YAML events to plain data and places: text stays text, only null is None; everything else is a diagnostic.

Takes the events of either parser. Knows no schema.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from reconciler.characters import unprintable
from reconciler.diagnostics import Diagnostic, Related
from reconciler.document.quick import NULLS, RESERVED
from reconciler.document.source import (
    LENGTH_BITS,
    Sources,
    forbidden_character,
    span_at,
)
from reconciler.document.tree import Tree

NO_KEY = object()


@dataclass(slots=True)
class Frame:
    """A container that is being filled."""

    data: Any
    positions: list[Any]
    is_map: bool
    key: Any = NO_KEY
    key_span: int = 0
    merges: bool = False
    anchor: str | None = None
    before: int = 0
    repeated: list[int] = field(default_factory=list)

    @property
    def is_flow(self) -> bool:
        """Whether it stands in brackets, as the place of an open container says in the bits of its length."""
        return bool(self.positions[0] & 1)

    def last_key(self) -> int | None:
        """The place of the key of a map that is read, or was read last."""
        if self.key is not NO_KEY:
            return self.key_span
        place: int | None = self.positions[-2] if len(self.positions) > 2 else None
        return place


def drop_finished(text: str, base: int, frames: Sequence[Frame]) -> str:
    """The text, whose spans begin at `base`, without the finished entries of maps, each inside the one before."""
    kept, start = "", 0
    for frame in frames:
        last = frame.last_key() if frame.is_map and not frame.repeated else None
        if last is None:
            break
        head, entry = (frame.positions[0] >> LENGTH_BITS) - base, (last >> LENGTH_BITS) - base
        cut = _between_commas(text, head, entry) if frame.is_flow else _between_lines(text, head, entry)
        if cut is None:
            break
        kept, start = kept + text[start : cut[0]], cut[1]
    return kept + text[start:]


def _between_lines(text: str, head: int, entry: int) -> tuple[int, int] | None:
    """From where to where the entries of a block map are finished; None where they do not begin their lines."""
    opening, last = (text.rfind("\n", 0, offset) + 1 for offset in (head, entry))
    return None if text[opening:head].strip(" ") or text[last:entry].strip(" ") else (opening, last)


def _between_commas(text: str, head: int, entry: int) -> tuple[int, int] | None:
    """The same of a map in braces; None where more than a comma stands before its last entry."""
    return (head + 1, entry) if text[head] == "{" and text[head + 1 : entry].rstrip()[-1:] in ("", ",") else None


DEEPEST = 100
EXPANDED_FREE = 100_000
EXPANDED_PER_NODE = 30
MOST_REFUSED_KEYS = 100

_NOT_AFTER_A_NAME = frozenset("?:%@`")
_SURROGATES = re.compile("[\ud800-\udbff][\udc00-\udfff]")


class Document(NamedTuple):
    """One YAML document. `tree` is None where nothing could be read; `has_nulls`: a null stands somewhere."""

    tree: Tree | None
    problems: tuple[Diagnostic, ...] = ()
    has_nulls: bool = False


class StopError(Exception):
    """Nothing after this place can be trusted."""


class MisreadError(Exception):
    """The parser has cut a name short and taken its rest for a value."""


class DocumentBuilder:
    """Builds one document from events of either parser."""

    def __init__(self, sources: Sources, base: int, text: str) -> None:
        self._sources = sources
        self._base = base
        self._text = text
        self._escapes = "\\" in text
        self._problems: list[Diagnostic] = []
        self._anchors: dict[str, tuple[Any, Any, int] | None] = {}
        self._stack: list[Frame] = []
        self._frame = Frame([], [0], is_map=False)
        self._interned = dict[str, str]().setdefault
        self._written = 0
        self._expanded = 0
        self._has_nulls = False

    def build(self, next_event: Callable[[], Any], kinds: Any) -> Document:
        """Consume all events; `kinds` is the module that defines their classes.

        The plain value of a key is by far the commonest event: it is dealt with here, on local names.
        """
        scalar, base, escapes, interned = kinds.ScalarEvent, self._base, self._escapes, self._interned
        frame = self._frame
        data, place, is_map, key, key_span = frame.data, frame.positions.append, frame.is_map, NO_KEY, 0
        while (event := next_event()) is not None:
            if event.__class__ is scalar:
                value, style, start = event.value, event.style, event.start_mark.index
                span = (base + start) << LENGTH_BITS | (event.end_mark.index - start)
                if event.anchor is not None or event.tag is not None or (escapes and style == '"'):
                    value = self._inspected(event, value, span)
                if key is not NO_KEY:
                    if not style and value in NULLS:
                        value, self._has_nulls = None, True
                    data[key] = value
                    place(key_span)
                    place(span)
                    key = NO_KEY
                    continue
                if is_map and value not in data and (style or value not in RESERVED):
                    key, key_span = interned(value, value), span
                    continue
                frame.key = key
                self._rare_scalar(event, value, span)
            else:
                frame.key, frame.key_span = key, key_span
                self._structure(event, kinds)
                frame = self._frame
                data, place, is_map = frame.data, frame.positions.append, frame.is_map
            key, key_span = frame.key, frame.key_span
        return self.document(self._root())

    def _structure(self, event: Any, kinds: Any) -> None:
        kind = event.__class__
        if kind is kinds.MappingEndEvent or kind is kinds.SequenceEndEvent:
            self._close(event)
        elif kind is kinds.MappingStartEvent:
            self._open(event, is_map=True)
        elif kind is kinds.SequenceStartEvent:
            self._open(event, is_map=False)
        elif kind is kinds.AliasEvent:
            self._alias(event)
        elif kind is kinds.DocumentStartEvent and self._frame.data:
            self._complain("yaml-documents", "a second document begins here", event, hint="use one document per file")
            raise StopError

    def document(self, tree: Tree | None) -> Document:
        """The result so far."""
        return Document(tree, tuple(self._problems), self._has_nulls)

    def suspect(self) -> str:
        """The text without the finished entries of its two outermost maps.

        A parser that refuses this refuses the whole, too, and says so sooner.
        """
        return drop_finished(self._text, self._base, [*self._stack, self._frame][1:3])

    def _root(self) -> Tree | None:
        if not self._frame.data:
            return None
        return Tree(self._frame.data[0], self._frame.positions[1])

    def _inspected(self, event: Any, value: str, span: int) -> str:
        """See to a scalar's anchor and tag, and to characters that an escape brought in; return its value."""
        if event.style == '"':
            value = _SURROGATES.sub(_joined, value)
            if (match := unprintable(value)) is not None:
                self._problems.append(forbidden_character(self._sources, match.group()[0], span))
        if event.tag is not None and event.tag != "!":
            self._refuse_tag(event)
        if event.anchor is not None:
            self._check_name(event)
            null = not event.style and value in NULLS
            self._anchors[event.anchor] = (None if null else value, span, 1)
        return value

    def _check_name(self, event: Any) -> None:
        """Refuse what libyaml makes of `&a:b c`: a name that ends before the colon, and `:b c` as the value."""
        mark = f"&{event.anchor}"
        end = self._text.find(mark, event.start_mark.index) + len(mark)
        if self._text[end : end + 1] in _NOT_AFTER_A_NAME:
            raise MisreadError

    def _rare_scalar(self, event: Any, value: str, span: int) -> None:
        """An element of a list, or a key that is a merge, a null or a repetition."""
        if not event.style and value in NULLS:
            self._has_nulls = True
            self._put(None, span)
        else:
            self._frame.merges |= self._frame.is_map and value == "<<" and not event.style
            self._put(value, span)

    def _put(self, value: Any, positions: Any) -> None:
        """Add a finished value to the open container, as an element, a key or the value of the last key."""
        frame = self._frame
        if not frame.is_map:
            frame.data.append(value)
            frame.positions.append(positions)
        elif frame.key is not NO_KEY:
            frame.data[frame.key] = value
            frame.positions += (frame.key_span, positions)
            frame.key = NO_KEY
        elif value.__class__ is not str:
            self._refuse_key(positions)
        elif value in frame.data:
            self._refuse_repeated(frame, value, positions)
        else:
            frame.key, frame.key_span = value, positions

    def _open(self, event: Any, *, is_map: bool) -> None:
        if len(self._stack) >= DEEPEST:
            self._complain(
                "yaml-depth",
                f"the nesting is deeper than {DEEPEST} levels",
                event,
                hint="look for an unclosed bracket",
            )
            raise StopError
        if event.tag is not None and event.tag != "!":
            self._refuse_tag(event)
        self._stack.append(self._frame)
        flow = 1 if event.flow_style else 0
        own = (self._base + event.start_mark.index) << LENGTH_BITS | flow
        self._frame = Frame({} if is_map else [], [own], is_map, anchor=event.anchor)
        if event.anchor is not None:
            self._check_name(event)
            self._anchors[event.anchor] = None
            self._frame.before = self._written + self._expanded

    def _close(self, event: Any) -> None:
        frame = self._frame
        self._written += len(frame.data)
        if frame.is_flow:
            start = (frame.positions[0] >> LENGTH_BITS) - self._base
            frame.positions[0] = span_at(self._base, start, event.end_mark.index)
        if frame.repeated:
            self._drop_repeated(frame)
        if frame.merges:
            self._merge(frame)
        if frame.anchor is not None:
            weight = self._written + self._expanded - frame.before + 1
            self._anchors[frame.anchor] = (frame.data, frame.positions, weight)
        self._frame = self._stack.pop()
        self._put(frame.data, frame.positions)

    def _alias(self, event: Any) -> None:
        known = self._anchors.get(event.anchor)
        if known is None:
            message, hint = f"there is no &{event.anchor} above", f"mark the value with &{event.anchor}"
            if event.anchor in self._anchors:
                message, hint = f"*{event.anchor} is inside its own anchor", "write the value out"
            self._complain("yaml-alias", message, event, hint=hint)
            known, self._has_nulls = (None, self._span(event), 1), True
        value, positions, weight = known
        self._expanded += weight
        self._written += 1
        if self._expanded > EXPANDED_FREE + EXPANDED_PER_NODE * self._written:
            message = f"*{event.anchor} repeats so much that the file would grow to over {self._expanded:,} values"
            self._complain("yaml-expansion", message, event, hint="use a profile for what is repeated")
            raise StopError
        self._put(value, positions)

    def _merge(self, frame: Frame) -> None:
        """Add what `<<` names, behind and never over what the map itself says (YAML merge key)."""
        at = list(frame.data).index("<<")
        value, place = frame.data.pop("<<"), frame.positions[2 * at + 2]
        key_span = frame.positions[2 * at + 1]
        del frame.positions[2 * at + 1 : 2 * at + 3]
        parts = Tree(value, place).elements() if isinstance(value, list) else [Tree(value, place)]
        for part in parts:
            if not isinstance(part.data, dict):
                message = "<< takes a map or a list of maps"
                self._problems.append(self._sources.problem("yaml-merge", key_span, message, "write <<: *NAME"))
                continue
            for key, place_of_key, element in part.items():
                if key not in frame.data:
                    frame.data[key] = element.data
                    frame.positions += (place_of_key, element.positions)

    def _refuse_repeated(self, frame: Frame, key: str, span: int) -> None:
        first = Tree(frame.data, frame.positions).key_span(key)
        related = (Related("first written here", self._sources.location(first)),)
        hint = "<<: [*A, *B] merges several maps" if key == "<<" else "keep one of the two"
        message = f"{key!r} appears twice in this map"
        self._problems.append(self._sources.problem("yaml-duplicate-key", span, message, hint, related))
        self._skip_value(frame, span)

    def _refuse_key(self, positions: Any) -> None:
        span = positions if isinstance(positions, int) else positions[0]
        found = self._sources.problem("yaml-key", span, "a key must be plain text", "put it in quotes")
        self._problems.append(found)
        self._skip_value(self._frame, span)

    def _skip_value(self, frame: Frame, span: int) -> None:
        """Take the coming value under a key that is removed when the map closes."""
        if len(self._problems) >= MOST_REFUSED_KEYS:
            raise StopError  # a file of nothing but such keys: whoever reads the first hundred has read enough
        frame.repeated.append(len(frame.data))
        frame.key, frame.key_span = f"\0{len(frame.data)}", span

    def _drop_repeated(self, frame: Frame) -> None:
        for index in reversed(frame.repeated):
            del frame.data[f"\0{index}"]
            del frame.positions[2 * index + 1 : 2 * index + 3]

    def _refuse_tag(self, event: Any) -> None:
        written = event.tag.replace("tag:yaml.org,2002:", "!!")
        self._complain("yaml-tag", f"the tag {written} has no meaning here", event, hint="remove the tag")

    def _complain(self, code: str, message: str, event: Any, *, hint: str | None = None) -> None:
        self._problems.append(self._sources.problem(code, self._span(event), message, hint))

    def _span(self, event: Any) -> int:
        return span_at(self._base, event.start_mark.index, max(event.end_mark.index, event.start_mark.index + 1))


def _joined(pair: re.Match[str]) -> str:
    """The character that JSON's escapes write as two."""
    return pair.group().encode("utf-16", "surrogatepass").decode("utf-16")
