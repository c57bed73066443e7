"""New data in old texts: what was asked for is what is read, and everything else keeps every byte."""

from __future__ import annotations

from copy import deepcopy
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.document import Sources, parse
from reconciler.document.revising import RevisionError, pieces, revise
from tests.odd_yaml import AnchoredSpelling, Spelling, entries, files, values
from tests.unit.test_readers import TEXTS


def read(text: str) -> Any:
    sources = Sources()
    document = parse(sources, sources.add("file", text), text)
    assert document.tree is not None, text
    assert not document.problems, (document.problems, text)
    return document.tree.data


def data_of(text: str) -> Any:
    """The data of a text that is read without a complaint, else None."""
    sources = Sources()
    document = parse(sources, sources.add("file", text), text)
    return None if document.tree is None or document.problems else document.tree.data


def common_start(one: str, other: str) -> int:
    """How many characters two texts begin with alike."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (left, right) in pairs if left != right), min(len(one), len(other)))


def said(data: Any) -> Any:
    """Data without what says nothing."""
    if isinstance(data, dict):
        return {key: said(value) for key, value in data.items() if value is not None}
    return [said(value) for value in data] if isinstance(data, list) else data


seeds = st.integers(0, 1 << 32).map(Random)
changes = st.dictionaries(
    st.sampled_from(["to", "timeout", "name", "targets", "new"]), values() | st.none(), min_size=1
)


@settings(max_examples=150)
@given(seeds, files, changes)
def test_one_entry_changes_and_every_other_byte_stays(
    seed: Random, numbers: dict[str, Any], changed: dict[str, Any]
) -> None:
    text = Spelling(seed.randrange).file(numbers)
    old = read(text)
    chosen = seed.choice(sorted(numbers))
    new = deepcopy(old)
    entry = {**old["numbers"][chosen], **changed}
    new["numbers"][chosen] = {key: value for key, value in entry.items() if value is not None} or {"to": "a"}
    revised = revise(text, old, new)
    assert said(read(revised)) == said(new)
    before, after = _around(text, chosen)
    assert revised.startswith(before)
    assert revised.endswith(after)


@settings(max_examples=150)
@given(seeds, files, changes)
def test_an_entry_changes_and_others_mean_what_they_meant_whatever_they_share(
    seed: Random, numbers: dict[str, Any], changed: dict[str, Any]
) -> None:
    text = AnchoredSpelling(seed.randrange).file(numbers)
    old = read(text)
    chosen = seed.choice(sorted(old["numbers"]))
    entry = {**old["numbers"][chosen], **changed}
    new = {**old, "numbers": {**old["numbers"], chosen: said(entry) or {"to": "a"}}}
    assert said(read(revise(text, old, new))) == said(new)


@settings(max_examples=100)
@given(seeds, files, entries)
def test_a_new_entry_is_added_and_every_old_byte_stays(
    seed: Random, numbers: dict[str, Any], entry: dict[str, Any]
) -> None:
    text = Spelling(seed.randrange).file(numbers)
    old = read(text)
    new = {**old, "numbers": {**old["numbers"], "78005560251": entry}}
    revised = revise(text, old, new, {("numbers", "78005560251"): ["said beside it"]})
    assert said(read(revised)) == said(new)
    assert "# said beside it" in revised
    assert revised.endswith(text[common_start(text, revised) :])


ENDS = """\
version: 1
numbers:
  "74991112233":
    forwarding:
      targets:
        - to: a
          # the end of a
    # the end of the number
# the end of all
"""


def test_what_is_new_goes_behind_the_comments_that_are_indented_below_the_one_before_it() -> None:
    old = read(ENDS)
    new = deepcopy(old)
    new["numbers"]["74991112233"]["forwarding"]["targets"].append({"to": "b"})
    new["numbers"]["78005560251"] = {"forwarding": "none"}
    added = ENDS.replace("of a\n", "of a\n        - to: b\n", 1)
    entry = '  "78005560251":\n    forwarding: none\n'
    assert revise(ENDS, old, new) == added.replace("# the end of all", f"{entry}# the end of all")


ODD = {
    "an anchor that is changed where nobody shares it": (
        ('version: 1\nnumbers:\n  "74991112233": {forwarding: &f {type: url, url: https://a.example/b}}\n'),
        {"forwarding": {"type": "url", "url": "https://a.example/c"}},
        ('version: 1\nnumbers:\n  "74991112233": {forwarding: &f {type: url, url: https://a.example/c}}\n'),
    ),
    "an alias is replaced, and its anchor stays": (
        (
            "version: 1\n"
            "profiles:\n"
            "  p: {forwarding: &f {type: sip, sip_uri: a@b.example}}\n"
            "numbers:\n"
            '  "74991112233":\n'
            "    forwarding: *f   # as all\n"
        ),
        {"forwarding": {"type": "sip", "sip_uri": "c@b.example"}},
        (
            "version: 1\n"
            "profiles:\n"
            "  p: {forwarding: &f {type: sip, sip_uri: a@b.example}}\n"
            "numbers:\n"
            '  "74991112233":\n'
            "    forwarding:   # as all\n"
            "      type: sip\n"
            "      sip_uri: c@b.example\n"
        ),
    ),
    "what a merge key brings is said over": (
        (
            "version: 1\n"
            "profiles:\n"
            "  p: &p {tags: [a], description: x}\n"
            "numbers:\n"
            '  "74991112233":\n'
            "    <<: *p\n"
            "    forwarding: none"
        ),
        {"tags": ["a"], "description": "y", "forwarding": "none"},
        (
            "version: 1\n"
            "profiles:\n"
            "  p: &p {tags: [a], description: x}\n"
            "numbers:\n"
            '  "74991112233":\n'
            "    <<: *p\n"
            "    forwarding: none\n"
            "    description: y"
        ),
    ),
    "a block scalar with its blank lines": (
        (
            "version: 1\n"
            "numbers:\n"
            '  "74991112233":\n'
            "    description: |+\n"
            "      two\n"
            "      lines\n"
            "\n"
            "    forwarding: none\n"
        ),
        {"description": "two\nlines\n\n", "protected": "true", "forwarding": "none"},
        (
            "version: 1\n"
            "numbers:\n"
            '  "74991112233":\n'
            "    description: |+\n"
            "      two\n"
            "      lines\n"
            "\n"
            "    protected: true\n"
            "    forwarding: none\n"
        ),
    ),
    "a block becomes a word, with its comments": (
        (
            "version: 1\n"
            "numbers:\n"
            '  "74991112233":\n'
            "    forwarding:  # why\n"
            "      type: url  # x\n"
            "      url: https://a.example\n"
            "# end\n"
            "...\n"
        ),
        {"forwarding": "none"},
        ('version: 1\nnumbers:\n  "74991112233":\n    forwarding: none  # why\n# end\n...\n'),
    ),
    "an entry without a value": (
        ('version: 1\r\nnumbers:\r\n  "74991112233":  # nothing yet\r\n'),
        {"forwarding": "none"},
        ('version: 1\r\nnumbers:\r\n  "74991112233":  # nothing yet\r\n    forwarding: none\r\n'),
    ),
    "quotes stay what they are": (
        (
            "version: 1\n"
            "numbers:\n"
            "  '74991112233': {forwarding: {type: 'url', url: 'https://a.example/b', reserve: 74992223344}}\n"
        ),
        {"forwarding": {"type": "url", "url": "https://a.example/c", "reserve": "74992223355"}},
        (
            "version: 1\n"
            "numbers:\n"
            "  '74991112233': {forwarding: {type: 'url', url: 'https://a.example/c', reserve: 74992223355}}\n"
        ),
    ),
    "a list at the column of its key": (
        ('version: 1\nnumbers:\n  "74991112233":\n    tags:\n    - a  # first\n    # between\n    - b\n'),
        {"tags": ["a", "c", "d"]},
        ('version: 1\nnumbers:\n  "74991112233":\n    tags:\n    - a  # first\n    # between\n    - c\n    - d\n'),
    ),
    "an explicit key": (
        ('version: 1\nnumbers:\n  ? "74991112233"\n  : {forwarding: none}  # so\n'),
        {"forwarding": "none", "tags": ["a"]},
        ('version: 1\nnumbers:\n  ? "74991112233"\n  : {forwarding: none, tags: [a]}  # so\n'),
    ),
}


@pytest.mark.parametrize("name", ODD)
def test_odd_texts_are_edited_where_a_person_would(name: str) -> None:
    text, entry, wanted = ODD[name]
    old = read(text)
    (key,) = old["numbers"]
    assert revise(text, old, {**old, "numbers": {key: entry}}) == wanted


@pytest.mark.parametrize(
    "text", ["version: 1", "version: 1\n", "---\nversion: 1\n...\n", "{version: 1}\n", "version: 1\nnumbers:\n"]
)
def test_a_first_section_is_added_to_any_file(text: str) -> None:
    old = read(text)
    revised = revise(text, old, {**old, "numbers": {"74991112233": {"forwarding": "none"}}})
    assert read(revised)["numbers"] == {"74991112233": {"forwarding": "none"}}
    assert revised.endswith("\n") == text.endswith("\n")


MAPS = {name: data for name, text in TEXTS.items() if isinstance(data := data_of(text), dict) and data}
# Blanks at the end of a text without a last line break: a line below would belong to it.
NOT_ADDED_TO = {"L24T/01"}


def test_legal_texts_of_the_public_suite_are_added_to_with_every_old_byte_kept() -> None:
    assert len(MAPS) > 90
    refused = set()
    for name, old in MAPS.items():
        new = {**old, "added": {"to": ["a", {"b": "c: d"}]}}
        try:
            revised = revise(TEXTS[name], old, new)
        except RevisionError:
            refused.add(name)
            continue
        assert said(read(revised)) == said(new)
        assert revised.endswith(TEXTS[name][common_start(TEXTS[name], revised) :])
    assert refused == NOT_ADDED_TO


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (
            (
                '  "74991112233": {forwarding: &f {type: sip, sip_uri: a@b.example}}\n'
                '  "74991112244": {forwarding: *f}  # x\n'
            ),
            (
                '  "74991112233": {forwarding: &f {type: sip, sip_uri: d@b.example}}\n'
                '  "74991112244": {forwarding: {type: sip, sip_uri: a@b.example}}  # x\n'
            ),
        ),
        (
            (
                '  "74991112233":\n    forwarding: &f\n      type: sip\n      sip_uri: a@b.example\n'
                '  "74991112244":\n    forwarding:\n      <<: *f   # as above\n  "74991112255": {forwarding: *f}\n'
            ),
            (
                '  "74991112233":\n    forwarding: &f\n      type: sip\n      sip_uri: d@b.example\n'
                '  "74991112244":\n    forwarding:\n      <<: {type: sip, sip_uri: a@b.example}   # as above\n'
                '  "74991112255": {forwarding: {type: sip, sip_uri: a@b.example}}\n'
            ),
        ),
        (
            (
                '  "74991112233": {forwarding: {type: sip, sip_uri: &u a@b.example}}\n'
                '  "74991112244": {forwarding: {type: sip, sip_uri: *u }}\n'
            ),
            (
                '  "74991112233": {forwarding: {type: sip, sip_uri: d@b.example}}\n'
                '  "74991112244": {forwarding: {type: sip, sip_uri: a@b.example }}\n'
            ),
        ),
    ],
    ids=["in braces", "in blocks", "a word"],
)
def test_an_alias_of_what_changes_is_written_out_so_that_it_means_what_it_meant(text: str, wanted: str) -> None:
    text, wanted = f"version: 1\nnumbers:\n{text}", f"version: 1\nnumbers:\n{wanted}"
    old = read(text)
    new = deepcopy(old)
    new["numbers"]["74991112233"] = {"forwarding": {"type": "sip", "sip_uri": "d@b.example"}}
    assert revise(text, old, new) == wanted


def _around(text: str, number: str) -> tuple[str, str]:
    """What stands before the key of an entry, and after the line on which its value ends."""
    numbers = pieces(text).find("numbers")
    assert numbers is not None
    entry = numbers.value.find(number)
    assert entry is not None
    assert entry.key is not None
    end = text.find("\n", entry.value.end)
    return text[: entry.key.end], text[end + 1 :] if end >= 0 else ""
