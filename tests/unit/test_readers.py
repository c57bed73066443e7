"""A text has one verdict and one meaning: by the quick reader and the thorough one, by either parser, at any size."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from ruamel.yaml import YAML
from yaml import events as fast
from yaml._yaml import CParser
from yaml.error import YAMLError

from reconciler.document import Document, Sources, Tree, parse
from reconciler.document.builder import DocumentBuilder, MisreadError, StopError
from reconciler.document.reading import is_readable, read_thoroughly, second_opinion
from reconciler.document.source import text_problems
from tests.architecture.imports import REPOSITORY

CASES = [
    json.loads(line)
    for line in (Path(__file__).parent / "data/yaml-test-suite/cases.jsonl").read_text("utf-8").splitlines()
]
TEXTS: dict[str, str] = {case["id"]: case["yaml"] for case in CASES}
_SYNTAX = {"yaml-syntax", "yaml-tab", "yaml-flow-quotes"}
_BEYOND_QUICK = 300_001
_COMMENT = "# a comment of no consequence\n"

# Legal texts that neither parser takes: a key in brackets whose colon stands on the next line, tabs that part pieces,
# empty keys in brackets, a document of nothing, and versions of YAML that are still to come.
REFUSED_THOUGH_LEGAL = """
4MUZ/00 4MUZ/01 4MUZ/02 5MUD 6BCT 6CA3 9SA2 A2M4 BEC7 CFD4 DK95/00 DK95/03 DK95/04 HWV9 K3WX NJ66 Q5MG QT73 R4YG UT92
VJP3/01 Y79Y/010
"""
# Illegal texts that are taken, as what they mean is plain: a comment without a blank before it, a bracket or quote
# whose next line is not indented, a directive that is not finished.
TAKEN_THOUGH_ILLEGAL = "9C9N 9JBA CVW2 DK95/01 G5U8 MUS6/00 QB6E S98Z SU5Z X4QW Y79Y/003 YJV2"


# What both parsers take for something else: a text in brackets that begins with `?`, and a line of blanks that ends a
# file without a line break.
MEANT_OTHERWISE = "652Z HM87/01 JEF9/02 L24T/01"


class Read(NamedTuple):
    """What became of a text."""

    data: Any
    codes: tuple[str, ...]

    @property
    def is_syntax(self) -> bool:
        return bool(_SYNTAX & set(self.codes))


def summary(document: Document) -> Read:
    data = document.tree.data if document.tree is not None else None
    return Read(data, tuple(item.code for item in document.problems))


def read(text: str) -> Read:
    """As the product reads it."""
    sources = Sources()
    return summary(parse(sources, sources.add("a.yaml", text), text))


def is_fit(text: str) -> bool:
    sources = Sources()
    return not text_problems(sources, sources.add("a.yaml", text), text)


def building(text: str) -> DocumentBuilder:
    sources = Sources()
    return DocumentBuilder(sources, sources.add("a.yaml", text), text)


def places(tree: Tree) -> Iterator[int]:
    """Every place of a tree, which makes each of them be worked out."""
    yield tree.span
    if isinstance(tree.data, dict):
        for _key, span, value in tree.items():
            yield span
            yield from places(value)
    elif isinstance(tree.data, list):
        for element in tree.elements():
            yield from places(element)


# -- the whole of yaml-test-suite -------------------------------------------------------------------------------------


def test_the_suite_is_judged_as_yaml_1_2_says_but_for_what_is_named_here() -> None:
    refused = {case["id"] for case in CASES if not case["error"] and read(case["yaml"]).is_syntax}
    assert refused == set(REFUSED_THOUGH_LEGAL.split())
    taken = {case["id"] for case in CASES if case["error"] and not read(case["yaml"]).codes}
    assert taken == set(TAKEN_THOUGH_ILLEGAL.split())


def agrees(ours: Any, meant: Any) -> bool:
    """Whether data of texts is what JSON says; a plain scalar is kept as it is written, so numbers are any text."""
    if isinstance(meant, dict):
        return (
            isinstance(ours, dict) and set(ours) == set(meant) and all(agrees(ours[key], meant[key]) for key in meant)
        )
    if isinstance(meant, list):
        return isinstance(ours, list) and len(ours) == len(meant) and all(map(agrees, ours, meant))
    return isinstance(ours, str) if isinstance(meant, int | float) else bool(ours == meant)


def test_what_is_read_of_the_suite_is_what_it_means_but_for_what_is_named_here() -> None:
    legal = [(case["id"], read(case["yaml"]), case["json"]) for case in CASES if not case["error"] and case["json"]]
    other = {name for name, found, meant in legal if not found.codes and not agrees(found.data, json.loads(meant))}
    assert other == set(MEANT_OTHERWISE.split())


def judge(text: str) -> None:
    """Hold all readers and both parsers against each other."""
    sources = Sources()
    base = sources.add("a.yaml", text)
    whole, slow = parse(sources, base, text), read_thoroughly(sources, base, text)
    assert summary(whole) == summary(slow), text
    if whole.tree is not None and slow.tree is not None and not whole.problems:
        assert list(places(whole.tree)) == list(places(slow.tree)), text
    by_ruamel = second_opinion(sources, base, text)
    both = not whole.problems and not by_ruamel.problems
    if both and not (whole.tree and isinstance(whole.tree.data, str)):  # a file is a map, never one text
        assert summary(whole) == summary(by_ruamel), text
    assert by_ruamel.problems or not summary(whole).is_syntax, text


def test_all_readers_agree_on_the_suite() -> None:
    for text in filter(is_fit, TEXTS.values()):
        judge(text)


# -- the size of a file decides nothing -------------------------------------------------------------------------------


def grown(text: str) -> str:
    """The same text behind so many comments that it is a large file."""
    return _COMMENT * (_BEYOND_QUICK // len(_COMMENT) + 1) + text


def by_size(texts: dict[str, str]) -> None:
    assert [name for name, text in texts.items() if is_fit(text) and read(text) != read(grown(text))] == []


def test_the_verdict_does_not_depend_on_the_size_of_the_file() -> None:
    names = ["8XYN", "W5VH", "2SXE", "Y2GN", "BEC7", "5T43", "HM87/00", "96NN/00", "6LVF"]
    by_size({name: TEXTS[name] for name in [*names, *random.Random(20261129).sample(sorted(TEXTS), 40)]})


@pytest.mark.soak
@pytest.mark.timeout(600)
def test_the_verdict_on_no_text_of_the_suite_depends_on_the_size_of_the_file() -> None:
    by_size(TEXTS)


@pytest.mark.parametrize(
    ("head", "entry", "last"),
    [
        ("a:\n", "  k{}: {{b: 1, c: [d, e]}}\n", "  last: {b: [1}\n"),
        ('{"a": {', '"k{}": [1, "b"],\n', '"last": {b: [1}}}\n'),
    ],
    ids=["lines", "braces"],
)
def test_a_large_file_that_is_broken_at_its_end_is_not_read_twice(
    head: str, entry: str, last: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    parsed = YAML.parse

    def noted(self: YAML, stream: str) -> Iterator[object]:
        asked.append(stream)
        yield from parsed(self, stream)

    monkeypatch.setattr(YAML, "parse", noted)
    assert read(head + "".join(entry.format(at) for at in range(20_000)) + last).is_syntax
    assert asked == [head + last]


@pytest.mark.parametrize(
    "text",
    [
        "---\n?\n- a\n-<<:  b\n:\n- c\n- d\n",
        "a: b\n? # lala\n - seq1# lala\n - #lala\n  seq2\nea: b\n:\n &node # lala\n - x: y\nblock: >\n  abcde\n",
        "a:\n  ? {b: c}\n  : d\n  x: &é 1\n",
        "a:\n  b: c\n  ? - d\n  : &é 1\n",
        "a: 1\na: 2\nb:\n  x: &é 1\n",
    ],
)
def test_what_is_left_of_a_text_is_refused_only_where_the_whole_is(text: str) -> None:
    builder = building(text)
    with pytest.raises(YAMLError):
        builder.build(CParser(text).get_event, fast)
    assert is_readable(text)
    assert is_readable(builder.suspect())


# -- texts that the suite does not think of ---------------------------------------------------------------------------

_PIECES = [
    *(
        "{",
        "}",
        "[",
        "]",
        ": ",
        "- ",
        "\n",
        "  ",
        "null",
        "~",
        "&a ",
        "*a",
        "<<: ",
        "!x ",
        "'",
        '"',
        "#",
        "? ",
        "|",
        "> ",
    ),
    *(
        "\t",
        "\\",
        "é",
        "&é ",
        "*é",
        ":",
        "%",
        " ",
        "\n\n",
        "\r\n",
        "---\n",
        "...\n",
        ", ",
        ",",
        "|-\n",
        "a: b\n",
        " #x",
    ),
    *("\\ud83d\\ude00", "\\ud83d", "%YAML 1.3\n", "%YAML 1.1\n", "@", "`", "-", "?", "!", "&", "*", "&a:", "\u00a0"),
]
_EXAMPLES = [
    path.read_text("utf-8")
    for path in sorted((REPOSITORY / "examples").glob("*/*.yaml"))
    if path.is_file() and path.stat().st_size < 4_000
]
_SUITE = list(TEXTS.values())


def mutant(seed: int) -> str:
    seeded = random.Random(seed)
    text = seeded.choice(_SUITE if seeded.random() < 0.7 else _EXAMPLES)
    for _ in range(seeded.randint(1, 3)):
        text = _once(text, seeded)
    return _buried(text, seeded) if seeded.random() < 0.3 else text


def _once(text: str, seeded: random.Random) -> str:
    at = seeded.randrange(len(text) + 1)
    match seeded.randrange(4):
        case 0:
            return text[:at] + seeded.choice(_PIECES) + text[at:]
        case 1:
            return text[:at] + text[at + seeded.randint(1, 6) :]
        case 2:
            other = seeded.choice(_SUITE)
            start = seeded.randrange(len(other) + 1)
            return text[:at] + other[start : start + seeded.randint(1, 20)] + text[at:]
        case _:
            lines = text.split("\n")
            one, other_line = seeded.randrange(len(lines)), seeded.randrange(len(lines))
            lines[one], lines[other_line] = lines[other_line], lines[one]
            return "\n".join(lines)


def _buried(text: str, seeded: random.Random) -> str:
    """The same text as an entry among others, of maps by indentation or in braces."""
    lines = text.split("\n")
    if seeded.random() < 0.5:
        inner = "".join(f"    {line}\n" for line in lines)
        return f"version: 1\nnumbers:\n  a: {{x: y}}\n  b:\n    c: d\n  z:\n{inner}  q: r\n"
    inner = "\n   ".join(lines)
    return f'{{"a": {{x: y}}, b: [1, 2],\n "numbers": {{"k": v, l: {{m: n}},\n  "z": {inner}, q: r}}, "w": 1}}\n'


def judge_mutant(seed: int) -> None:
    text = mutant(seed)
    if not is_fit(text):
        return
    judge(text)
    builder = building(text)
    try:
        builder.build(CParser(text).get_event, fast)
    except (StopError, MisreadError):
        pass
    except YAMLError:
        assert is_readable(builder.suspect()) or not is_readable(text), text


@pytest.mark.parametrize("start", range(0, 2_000, 250))
def test_all_readers_agree_on_mutants_and_none_fails(start: int) -> None:
    for seed in range(start, start + 250):
        judge_mutant(seed)


@pytest.mark.soak
@pytest.mark.parametrize("start", range(10_000, 210_000, 10_000))
def test_all_readers_agree_on_two_hundred_thousand_mutants(start: int) -> None:
    for seed in range(start, start + 10_000):
        judge_mutant(seed)


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("a: &дежурный none\nb: *дежурный\n", {"a": "none", "b": "none"}),
        ("a: &an:chor value\nb: *an:chor\n", {"a": "value", "b": "value"}),
        ("a: &x:y {b: 1}\n", {"a": {"b": "1"}}),
        ('a: "\\ud83d\\ude00"\n', {"a": "😀"}),
        ('{"a\\ud83d\\ude00": [1, "\\ud83d\\ude00"]}\n', {"a😀": ["1", "😀"]}),
        ("a: '\\ud83d\\ude00'\n", {"a": "\\ud83d\\ude00"}),
        ("%FOO bar\n---\na: 1\n", {"a": "1"}),
    ],
)
def test_what_one_parser_refuses_or_misreads_is_asked_of_the_other(text: str, data: object) -> None:
    assert (read(text).codes, read(text).data) == ((), data)


@pytest.mark.parametrize(
    ("text", "code", "message"),
    [
        ("%YAML 1.3\n---\na: 1\n", "yaml-syntax", "this version of YAML is not known here"),
        ("%YAML 1.0\n---\na: 1\n", "yaml-syntax", "this version of YAML is not known here"),
        ('a: "\\ud83d"\n', "text-control", "the escape U+D83D is half a character"),
        ('a: "\\ude00\\ud83d"\n', "text-control", "the escape U+DE00 is half a character"),
        ('a: "\\U00110000"\n', "yaml-syntax", "this escape is not a character"),
    ],
)
def test_what_no_reader_takes_is_told_in_words(text: str, code: str, message: str) -> None:
    sources = Sources()
    (found,) = parse(sources, sources.add("a.yaml", text), text).problems
    assert (found.code, found.message, found.hint is not None) == (code, message, True)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("a: {b: &дежурный none}, x\n", "1:23"),
        ("a: &дежурный none\nb: [1, 2\n", "2:9"),
        ("a: &дежурный none\n\tb: 1\n", "2:1"),
        ("a: & b\n", "1:5"),
    ],
)
def test_a_name_that_only_one_parser_takes_is_not_blamed_for_what_is_wrong_elsewhere(text: str, place: str) -> None:
    sources = Sources()
    (found,) = parse(sources, sources.add("a.yaml", text), text).problems
    assert str(found.location) == f"a.yaml:{place}"


@pytest.mark.parametrize("raised", [AssertionError, IndexError, KeyError, RecursionError, ValueError, OverflowError])
def test_whatever_a_parser_raises_becomes_words(raised: type[Exception], monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_arguments: object) -> Iterator[object]:
        raise raised("of the parser")
        yield

    monkeypatch.setattr(YAML, "parse", fail)
    assert read("a: &é 1\n").codes == ("yaml-syntax",)
