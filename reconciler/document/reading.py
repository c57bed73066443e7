"""The text of a file to a document: the quick reader for common files, the thorough one for all others.

libyaml's parser gives the events; where it refuses a text, ruamel's slower parser is asked before the user is told.
Knows no schema.
"""

from __future__ import annotations

from functools import partial

from yaml import events as fast
from yaml._yaml import CParser
from yaml.error import MarkedYAMLError, YAMLError

from reconciler.document import quick, trouble
from reconciler.document.builder import Builder, Document, StopError
from reconciler.document.source import Sources, text_problems
from reconciler.document.tree import Tree

SLOW_PARSER_LIMIT = 300_000
"""Characters: ruamel's parser reads about 300,000 a second."""


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
    builder = Builder(sources, base, escapes="\\" in text)
    try:
        return builder.build(CParser(text).get_event, fast)
    except StopError:
        return builder.document(None)
    except YAMLError as error:
        return second_opinion(sources, base, text, error)


def second_opinion(sources: Sources, base: int, text: str, error: YAMLError) -> Document:
    """Ask ruamel's parser, which knows YAML 1.2 better; its verdict stands."""
    if len(text) > SLOW_PARSER_LIMIT:
        return Document(None, (trouble.explain(sources, base, text, error),))
    from ruamel.yaml import YAML
    from ruamel.yaml import events as slow
    from ruamel.yaml.error import YAMLError as SlowError

    builder = Builder(sources, base, escapes="\\" in text)
    stream = YAML(typ="safe", pure=True).parse(text)
    try:
        return builder.build(lambda: next(stream, None), slow)
    except StopError:
        return builder.document(None)
    except (SlowError, MarkedYAMLError):
        return Document(None, (trouble.explain(sources, base, text, error),))
