"""The text of a file to a document: the quick reader for common files, the thorough one for all others.

libyaml's parser gives the events; where it refuses a text, ruamel's slower parser is asked before the user is told, so
that a text has one verdict, however long the file is. Knows no schema.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from functools import partial
from typing import Any

from yaml import events as fast
from yaml._yaml import CParser
from yaml.error import YAMLError

from reconciler.document import quick, trouble
from reconciler.document.builder import Builder, Document, MisreadError, StopError
from reconciler.document.source import Sources, text_problems
from reconciler.document.tree import Tree

# docs/decisions/105
# What ruamel's parser has been seen to raise, or may: it asserts, indexes and converts without looking.
_RAISED = (ArithmeticError, AssertionError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)


class _RefusedError(Exception):
    """ruamel's parser cannot read a text; `error` is what it raised."""

    def __init__(self, error: Exception) -> None:
        super().__init__(str(error))
        self.error = error


def parse(sources: Sources, base: int, text: str) -> Document:
    """Parse the text of one file, added to `sources` at `base`; every trouble is in `problems`."""
    unfit = text_problems(sources, base, text)
    if unfit:
        return Document(None, tuple(unfit))
    if quick.is_common(text):
        try:
            tree, has_nulls = quick.read(text, base, partial(_piece, sources, base, text))
        except (quick.GiveUpError, YAMLError):
            pass  # the thorough builder says what is wrong, or that nothing is
        else:
            return Document(tree, (), has_nulls)
    return thorough(sources, base, text)


def _piece(sources: Sources, base: int, text: str, start: int, end: int) -> Tree:
    """The tree of one container of a common text, read again with all its places."""
    if text[start] not in "[{":
        start = text.rindex("\n", 0, start) + 1
    tree = thorough(sources, base + start, text[start:end]).tree
    if tree is None:
        raise AssertionError("a container that was read once must be readable again")
    return tree


def thorough(sources: Sources, base: int, text: str) -> Document:
    """Read a text with all its places, whatever stands in it."""
    builder = Builder(sources, base, text)
    try:
        return builder.build(CParser(text).get_event, fast)
    except StopError:
        return builder.document(None)
    except MisreadError:
        return second_opinion(sources, base, text)
    except YAMLError as error:
        if trouble.is_about_a_name(error):
            return second_opinion(sources, base, text)  # names of any alphabet are legal: what else is wrong is told
        suspect = builder.suspect()
        if suspect != text and not readable(suspect):
            return Document(None, (trouble.explain(sources, base, text, error),))
        return second_opinion(sources, base, text, error)


def second_opinion(sources: Sources, base: int, text: str, error: Exception | None = None) -> Document:
    """Ask ruamel's parser, which knows YAML 1.2 better; its verdict stands. `error`: why libyaml's refuses the text."""
    from ruamel.yaml import events as slow

    builder, events = Builder(sources, base, text), _events(text)
    try:
        return builder.build(lambda: next(events, None), slow)
    except StopError:
        return builder.document(None)
    except _RefusedError as refusal:
        return Document(None, (trouble.explain(sources, base, text, error or refusal.error),))


def readable(text: str) -> bool:
    """Whether ruamel's parser takes a text, whatever it means."""
    try:
        deque(_events(text), maxlen=0)
    except _RefusedError:
        return False
    return True


def _events(text: str) -> Iterator[Any]:
    """The events of ruamel's parser; raises _RefusedError, whatever that raises."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError as SlowError
    from ruamel.yaml.error import YAMLStreamError

    try:
        yield from YAML(typ="safe", pure=True).parse(text)
    except (SlowError, YAMLStreamError, *_RAISED) as error:
        raise _RefusedError(error) from error
