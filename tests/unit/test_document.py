"""YAML text to plain data and places: what is kept as written, what is refused, and where."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yaml import YAMLError

from reconciler.document import Sources, Tree, find, parse, read_text
from reconciler.document.reading import Unreadable, read_thoroughly, second_opinion
from reconciler.document.source import LONGEST_LINE


def read(text: str, name: str = "a.yaml") -> tuple[Tree, Sources]:
    sources = Sources()
    base = sources.add(name, text)
    document = parse(sources, base, text)
    assert document.problems == ()
    assert document.tree is not None
    return document.tree, sources


def refused(text: str) -> list[tuple[str, str]]:
    """(place, rule) of each problem."""
    sources = Sources()
    document = parse(sources, sources.add("a.yaml", text), text)
    return [(f"{item.location.line}:{item.location.column}", item.code) for item in document.problems if item.location]


@pytest.mark.parametrize(
    "written",
    ["+74991112233", "0123", "9:30", "10:30", "1_000", "0o17", "yes", "off", "1e3", "2026-01-01", "=", "true"],
)
def test_a_plain_scalar_keeps_its_source_text(written: str) -> None:
    tree, _ = read(f"a: {written}\nb: [{written}]\nc: {{d: '{written}'}}\n")
    assert tree.data == {"a": written, "b": [written], "c": {"d": written}}


@pytest.mark.parametrize("written", ["", " ~", " null", " # nothing"])
def test_only_a_null_is_none(written: str) -> None:
    assert read(f"a:{written}\nb: x\n")[0].data == {"a": None, "b": "x"}


@pytest.mark.parametrize("written", ["''", '""', '"null"', "'~'"])
def test_a_quoted_text_is_never_none(written: str) -> None:
    assert read(f"a: {written}\n")[0].data == {"a": written[1:-1]}


def test_colons_in_flow_collections_need_no_quotes() -> None:
    text = "a: {from: 09:30, url: https://example.com/x}\n"
    assert read(text)[0].data == {"a": {"from": "09:30", "url": "https://example.com/x"}}


def test_aliases_and_merge_keys_work_and_the_map_itself_wins() -> None:
    text = "base: &base {x: 1, y: 2}\nother: &other {y: 3, z: 4}\na:\n  <<: [*base, *other]\n  x: 9\nb: *base\n"
    tree, _ = read(text)
    assert tree.data["a"] == {"x": "9", "y": "2", "z": "4"}
    assert tree.data["b"] == {"x": "1", "y": "2"}


def test_a_merge_key_between_others_leaves_every_place_findable() -> None:
    text = "base: &base {x: 1}\na:\n  y: 2\n  <<: *base\n  z: 3\n  w: 4\n"
    tree, sources = read(text)
    block = tree.get("a")
    assert block is not None
    places = {key: sources.location(block.key_span(key)) for key in ("y", "z", "w")}
    assert {key: place.line for key, place in places.items()} == {"y": 3, "z": 5, "w": 6}
    assert sources.location(find(tree, ("a", "w"))).line == 6


@pytest.mark.parametrize("mark", ["!", "! ", "!   # a comment"])
def test_a_lone_exclamation_mark_leaves_every_place_findable(mark: str) -> None:
    tree, sources = read(f"top:\n  a: {mark}\n    x: 1\n    y: {{z: 2}}\n")
    place = sources.location(find(tree, ["top", "a", "y", "z"]))
    assert (place.line, place.column) == (4, 12)
    assert [key for key, _span, _value in tree.items()[0][2].items()[0][2].items()] == ["x", "y"]


def test_a_quoted_merge_sign_is_an_ordinary_key() -> None:
    assert read('"<<": x\n')[0].data == {"<<": "x"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", [("1:1", "file-empty")]),
        ("a: 1\nb: 2\na: 3\n", [("3:1", "yaml-duplicate-key")]),
        ("a:\n  x: {k: 1, k: 2}\n", [("2:13", "yaml-duplicate-key")]),
        ("a:\n\tb: 1\n", [("2:1", "yaml-tab")]),
        ("a: 'x\0'\n", [("1:6", "text-control")]),
        ("a: x\u202ey\n", [("1:5", "text-direction")]),
        ('a: "\\u202e"\n', [("1:4", "text-direction")]),
        ('a: "\\0"\n', [("1:4", "text-control")]),
        ("a: x\u2028y\n", [("1:5", "text-control")]),
        ("a: b: c\n", [("1:5", "yaml-syntax")]),
        ("a: *nowhere\n", [("1:4", "yaml-alias")]),
        ("a: &x [*x]\n", [("1:8", "yaml-alias")]),
        ("a: !!int 3\n", [("1:4", "yaml-tag")]),
        ("a: !secret {x: 1}\n", [("1:4", "yaml-tag")]),
        ("? [a, b]\n: c\n", [("1:3", "yaml-key")]),
        ("~: c\n", [("1:1", "yaml-key")]),
        ("a: 1\n---\nb: 2\n", [("2:1", "yaml-documents")]),
        ("a:\n  <<: text\n", [("2:3", "yaml-merge")]),
        ("a: {period: wd {mon-fri} hr {9-17}}\n", [("1:13", "yaml-flow-quotes")]),
        ("a: [https://example.com/?k=${var:X}]\n", [("1:28", "yaml-flow-quotes")]),
        ("a: [1, 2\nb: 3\n", [("2:2", "yaml-syntax")]),
        ('a: "x\n\nb: 1\n', [("1:4", "yaml-syntax")]),
        ("a:\n b:\n   c: 1\n  d: 2\n", [("4:3", "yaml-syntax")]),
        ("a: " + "[" * 200, [("1:103", "yaml-depth")]),
        ("a: 1\n" + "#" + "x" * LONGEST_LINE + "\n", [("2:1", "file-line-length")]),
    ],
)
def test_what_is_no_plain_yaml_is_refused_at_its_place(text: str, expected: list[tuple[str, str]]) -> None:
    assert refused(text) == expected


def test_all_faults_of_a_file_are_told_at_once() -> None:
    assert refused("a: !t 1\na: 2\nb: *c\n~: d\n") == [
        ("1:4", "yaml-tag"),
        ("2:1", "yaml-duplicate-key"),
        ("3:4", "yaml-alias"),
        ("4:1", "yaml-key"),
    ]


def test_a_repeated_key_names_both_places() -> None:
    sources = Sources()
    text = "first: 1\nx: 2\nfirst: 3\n"
    (item,) = parse(sources, sources.add("a.yaml", text), text).problems
    assert item.message == "'first' appears twice in this map"
    assert [(related.message, str(related.location)) for related in item.related] == [
        ("first written here", "a.yaml:1:1")
    ]


def test_each_repeated_key_is_told_and_its_value_left_out() -> None:
    text = "a: 1\nb: 2\na: x\nb: [y]\nc: 3\na: {z: 1}\n"
    assert refused(text) == [(place, "yaml-duplicate-key") for place in ("3:1", "4:1", "6:1")]
    sources = Sources()
    tree = parse(sources, sources.add("a.yaml", text), text).tree
    assert tree is not None
    assert tree.data == {"a": "1", "b": "2", "c": "3"}
    assert str(sources.location(find(tree, ("c",)))) == "a.yaml:5:4"


def test_deep_nesting_by_indentation_is_refused_too() -> None:
    text = "".join(" " * depth + "k:\n" for depth in range(150))
    assert [code for _, code in refused(text)] == ["yaml-depth"]


LAUGHS = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{chr(98 + i)}: &{chr(98 + i)} [{', '.join(['*' + chr(97 + i)] * 10)}]\n" for i in range(20)
)


def test_a_billion_laughs_is_refused_at_the_alias_that_goes_too_far() -> None:
    started = time.perf_counter()
    assert [code for _, code in refused(LAUGHS)] == ["yaml-expansion"]
    assert time.perf_counter() - started < 1


def test_a_billion_laughs_by_merge_keys_is_refused_as_well() -> None:
    text = "a0: &a0 {k: v}\n" + "".join(f"a{i + 1}: &a{i + 1} {{x: *a{i}, y: *a{i}, z: *a{i}}}\n" for i in range(30))
    assert [code for _, code in refused(text)] == ["yaml-expansion"]


def test_aliases_that_a_team_would_write_are_no_expansion() -> None:
    text = "base: &base {a: 1, b: 2, c: [1, 2, 3]}\nall:\n" + "".join(f"  n{i}: *base\n" for i in range(20_000))
    tree, _ = read(text)
    assert tree.data["all"]["n19999"] == {"a": "1", "b": "2", "c": ["1", "2", "3"]}


_MEASURED = """
import sys
from reconciler.document import Sources, parse
text = sys.stdin.read()
sources = Sources()
assert parse(sources, sources.add("a.yaml", text), text).problems
print(next(row.split()[1] for row in open("/proc/self/status") if row.startswith("VmHWM")))
"""


@pytest.mark.parametrize("text", [LAUGHS, "a: " + "[" * 5_000_000, "x" * 5_000_000], ids=["laughs", "depth", "line"])
def test_a_hostile_file_takes_less_than_200_mebibytes(text: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _MEASURED],
        input=text,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
        cwd=Path(__file__).parents[2],
    )
    assert int(done.stdout) < 200 * 1024


# -- places -------------------------------------------------------------------------------------------------------


def test_a_place_counts_lines_and_columns_in_characters_from_one() -> None:
    tree, sources = read("ключ: значение\nвторой:\n  - имя: дежурный\n")
    name = tree.get("второй")
    assert name is not None
    place = sources.location(find(tree, ("второй", 0, "имя")))
    assert (place.line, place.column, place.end_column) == (3, 10, 18)
    assert place.excerpt == "  - имя: дежурный"


def test_a_byte_order_mark_and_carriage_returns_move_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes("\ufeffa: 1\r\nb: two\r\n".encode())
    text = read_text(tmp_path / "a.yaml")
    assert isinstance(text, str)
    tree, sources = read(text)
    place = sources.location(find(tree, ("b",)))
    assert (place.line, place.column, place.end_column, place.excerpt) == (2, 4, 7, "b: two")


def test_a_value_that_is_not_written_has_the_place_of_what_is_around_it() -> None:
    tree, sources = read("a:\n  b: {c: 1}\n")
    assert str(sources.location(find(tree, ("a", "b", "d", "e")))) == "a.yaml:2:3"


def test_places_of_several_files_are_kept_apart() -> None:
    sources = Sources()
    trees = []
    for name, text in (("a.yaml", "x: 1\n"), ("b.yaml", "y:\n  z: 2\n")):
        tree = parse(sources, sources.add(name, text), text).tree
        assert tree is not None
        trees.append(tree)
    assert [str(sources.location(find(trees[0], ("x",)))), str(sources.location(find(trees[1], ("y", "z"))))] == [
        "a.yaml:1:4",
        "b.yaml:2:6",
    ]


def test_every_place_of_a_large_file_has_the_line_and_column_that_counting_gives() -> None:
    choice = random.Random(20261127)
    text = "\n".join("x" * choice.randrange(120) for _ in range(3_000))
    sources = Sources()
    sources.add("before.yaml", "a: 1\n")
    base = sources.add("a.yaml", text)
    for start in [0, len(text) - 1, len(text), *choice.sample(range(len(text)), 300)]:
        end = min(start + choice.choice([1, 5, 500]), len(text))
        place = sources.location((base + start) << 24 | (end - start))
        before, until = text[:start].split("\n"), text[:end].split("\n")
        assert (place.line, place.column) == (len(before), len(before[-1]) + 1)
        assert place.excerpt == text.split("\n")[place.line - 1]
        if end > start:
            assert (place.end_line, place.end_column) == (len(until), len(until[-1]) + 1)


def test_a_line_may_be_as_long_as_the_limit_and_no_longer() -> None:
    fits, too_long = "# " + "x" * (LONGEST_LINE - 2), "# " + "x" * (LONGEST_LINE - 1)
    sources = Sources()
    text = f"a: 1\n{fits}\n{fits}\nb: 2\n"
    assert parse(sources, sources.add("a.yaml", text), text).problems == ()
    text = f"a: 1\n{fits}\n{too_long}\nb: 2\n"
    (found,) = parse(sources, sources.add("b.yaml", text), text).problems
    assert (found.code, found.message) == ("file-line-length", "line 3 has 100,001 characters, more than 100,000")
    assert str(found.location) == "b.yaml:3:1"


def test_the_excerpt_of_a_long_line_is_cut_around_the_column() -> None:
    tree, sources = read("a: [" + "x" * 5_000 + ", needle]\n")
    place = sources.location(find(tree, ("a", 1)))
    assert place.excerpt is not None
    assert len(place.excerpt) <= 200
    start = place.column - place.excerpt_column
    assert place.excerpt[start : start + 6] == "needle"


@pytest.mark.parametrize(
    "line",
    [
        "url: https://example.com/calls?key=CANARY",
        "url: https://user:CANARY@example.com/calls",
        "api_key: CANARY",
        'api_key: "CANARY"',
        "{provider: exolve, api_key: CANARY, base_url: x}",
        "client_secret: 'CANARY' # comment",
        "refreshToken: CANARY",
        "api_key: {env: CANARY-1}",
        "password: CANARY",
        "api_key: [CANARY, b]",
        'api_key: "CANARY',
        "Authorization: Bearer CANARY",
        "api_key: {vault: CANARY}",
        "{provider: exolve, api_key: {vault: CANARY}, foo: 1}",
        "api_key: &key CANARY",
        "api_key:\tCANARY",
        "postgres: {dsn: CANARY}",
        "a: [" + "x" * 300 + ", https://example.com/" + "y" * 300 + "?key=CANARY, z]",
    ],
)
def test_an_excerpt_shows_no_secret(line: str) -> None:
    sources = Sources()
    base = sources.add("a.yaml", line + "\n")
    for column in range(len(line)):
        excerpt = sources.location((base + column) << 24 | 1).excerpt
        assert excerpt is not None
        assert "CANARY" not in excerpt


def test_what_follows_a_hidden_text_keeps_its_column() -> None:
    line = "- {url: https://example.com/calls?key=abcdefgh, timeout: -1}"
    sources = Sources()
    base = sources.add("a.yaml", line + "\n")
    place = sources.location((base + line.index("-1")) << 24 | 2)
    assert place.excerpt is not None
    assert place.excerpt[place.column - 1 : place.end_column - 1] == "-1"


# -- two readers, two parsers -------------------------------------------------------------------------------------

_TEXTS = st.text(alphabet="ab1:-#{}[],'\" й", max_size=8)
_VALUES = st.recursive(
    _TEXTS | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXTS, inner, max_size=3),
    max_leaves=12,
)


def _render(value: object, depth: int = 0) -> str:
    """Block style, every text in double quotes."""
    pad = "  " * depth
    if isinstance(value, dict) and value:
        return "\n" + "".join(f'{pad}"{_quoted(key)}":{_after(item, depth)}' for key, item in value.items())
    if isinstance(value, list) and value:
        return "\n" + "".join(f"{pad}-{_after(item, depth)}" for item in value)
    return {"{}": " {}\n", "[]": " []\n", "None": " ~\n"}.get(str(value), f' "{_quoted(str(value))}"\n')


def _after(item: object, depth: int) -> str:
    return _render(item, depth + 1)


def _quoted(text: str) -> str:
    return text.replace('"', "'")


def _same(one: Tree, other: Tree) -> None:
    assert one.span == other.span
    if isinstance(one.data, dict):
        for (key, span, value), (other_key, other_span, other_value) in zip(one.items(), other.items(), strict=True):
            assert (key, span) == (other_key, other_span)
            _same(value, other_value)
    elif isinstance(one.data, list):
        for element, other_element in zip(one.elements(), other.elements(), strict=True):
            _same(element, other_element)


@given(st.dictionaries(_TEXTS, st.dictionaries(_TEXTS, _VALUES, max_size=3), min_size=1, max_size=3))
def test_the_quick_reader_and_the_thorough_one_agree_on_data_and_places(value: dict[str, object]) -> None:
    text = _render(value).lstrip("\n")
    sources = Sources()
    base = sources.add("a.yaml", text)
    quick, slow = parse(sources, base, text), read_thoroughly(sources, base, text)
    assert (quick.tree is None) == (slow.tree is None)
    if quick.tree is not None and slow.tree is not None:
        assert quick.tree.data == slow.tree.data
        assert quick.has_nulls == slow.has_nulls
        _same(quick.tree, slow.tree)


SHARED = """\
base: &base {x: 1, list: [a, 'b', "c"]}
map:
  <<: *base
  y: >
    folded
    text
  deep: {from: 09:30, url: https://example.com/x}
nothing:
list:
- one
-   two: 2
    three: ~
"""


def test_the_fallback_parser_feeds_the_same_builder() -> None:
    sources = Sources()
    base = sources.add("a.yaml", SHARED)
    fast, slow = read_thoroughly(sources, base, SHARED), second_opinion(sources, base, SHARED, YAMLError("any"))
    assert slow.problems == ()
    assert fast.tree is not None
    assert slow.tree is not None
    assert fast.tree.data == slow.tree.data
    assert fast.tree.data["map"] == {
        "y": "folded text\n",
        "deep": {"from": "09:30", "url": "https://example.com/x"},
        "x": "1",
        "list": ["a", "b", "c"],
    }
    assert str(sources.location(find(slow.tree, ("list", 1, "two")))) == "a.yaml:11:10"


@pytest.mark.timeout(20)
def test_a_file_of_nothing_but_repeated_keys_is_soon_enough() -> None:
    found = refused("version: 1\n" + "a: 1\n" * 200_000)
    assert {code for _, code in found} == {"yaml-duplicate-key"}
    assert len(found) == 100


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [", "a value is missing here"),
        ("a: *\n", "`*` or `&` has no name after it"),
        ("a: & b\n", "`*` or `&` has no name after it"),
    ],
)
def test_a_parsers_words_are_put_into_ours(text: str, message: str) -> None:
    sources = Sources()
    (found,) = parse(sources, sources.add("a.yaml", text), text).problems
    assert (found.code, found.message) == ("yaml-syntax", message)
    assert found.hint


def test_a_file_that_gives_no_text_is_told_at_its_beginning(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes("version: 1\n".encode("utf-16"))
    found = read_text(path)
    assert isinstance(found, Unreadable)
    assert str(found.at("a.yaml").location) == "a.yaml:1:1"
