"""Keys in the order of their models: what moves with a key, what stays where it is, and what is left alone."""

from __future__ import annotations

import re
from textwrap import dedent, indent
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError, YAMLStreamError

from reconciler.config.formatting import tidy_text
from reconciler.config.models.shapes import Shape
from reconciler.config.models.trusted import file_of
from reconciler.providers.table import PROVIDERS
from tests.architecture.imports import REPOSITORY

SHAPE = Shape([file_of(each.account for each in PROVIDERS.values())])
PHONE = "74992223344"


def tidy(text: str) -> str:
    return tidy_text(text, SHAPE)


def entry(text: str) -> str:
    """A file with one number, whose entry is this block."""
    return 'version: 1\nnumbers:\n  "74991112233":\n' + indent(dedent(text), "    ")


def read(text: str) -> Any:
    """What ruamel's parser makes of a text, all scalars as they are written."""
    yaml = YAML(typ="rt", pure=True)
    return plain(yaml.load(text))


def plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): plain(each) for key, each in value.items()}
    return [plain(each) for each in value] if isinstance(value, list) else value


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("tags: [a]  # for lists\ndescription: x # ours\n", "description: x # ours\ntags: [a]  # for lists\n"),
        (
            "# what we select by\n# (two lines)\ntags: [a]\n# for people\ndescription: x\n",
            "# for people\ndescription: x\n# what we select by\n# (two lines)\ntags: [a]\n",
        ),
        ("tags:\n  - a\n  # - b\ndescription: x\n", "description: x\ntags:\n  - a\n  # - b\n"),
        ("tags: [a]\n\n\ndescription: x\n", "description: x\n\n\ntags: [a]\n"),
        ("tags: [a]\ndescription: x\n# the end\n", "description: x\ntags: [a]\n# the end\n"),
        ("tags: [a]\ndescription: |\n  two\n\n  lines\n", "description: |\n  two\n\n  lines\ntags: [a]\n"),
        ("tags: [a]\ndescription: two\n  lines\n", "description: two\n  lines\ntags: [a]\n"),
        ("tags: &t [a]\ndescription: x\nuse: [b]\n", "use: [b]\ndescription: x\ntags: &t [a]\n"),
        ("tags: [a]\n<<: {protected: true}\n", "<<: {protected: true}\ntags: [a]\n"),
        ("tags:\n- a\ndescription:\n", "description:\ntags:\n- a\n"),
    ],
)
def test_a_key_moves_with_its_comments_and_blank_lines_stay(before: str, after: str) -> None:
    assert tidy(entry(before)) == entry(after)


@pytest.mark.parametrize(
    "kept",
    [
        "tags: [a]\n\n# --- for people ---\n\ndescription: x\n",
        "tags:\n- a\n# - b\ndescription: x\n",
        "tags: [&a moscow]\ndescription: *a\n",
        "tags: [a]\nunknown: 1\ndescription: x\n",
        "? tags\n: [a]\ndescription: x\n",
        "tags: [a]\ndescription: |+\n  kept\n\n",
    ],
)
def test_what_cannot_move_safely_stays(kept: str) -> None:
    assert tidy(entry(kept)) == entry(kept)


def test_names_and_lists_keep_the_order_they_have() -> None:
    text = entry("use: [b, a]\ntags: [z, a]\n") + '  "74991112200": {}\nforget: ["74991112299", "74991112288"]\n'
    assert tidy(text) == text


def test_the_comment_at_the_top_is_the_files_own() -> None:
    head = "# yaml-language-server: $schema=../config.v1.json\n# All lines of Moscow.\n"
    assert tidy(head + "numbers: {}\n# the format\nversion: 1\n") == head + "# the format\nversion: 1\nnumbers: {}\n"
    assert tidy(head + "\n# all\nnumbers: {}\nversion: 1\n") == head + "\nversion: 1\n# all\nnumbers: {}\n"


def test_the_first_key_of_a_list_element_stands_behind_the_dash() -> None:
    text = """\
        forwarding:
          targets:
            - timeout: 16  # short
              # the desk
              name: desk
              to: "74992223344"   # first
            - - odd
    """
    after = """\
        forwarding:
          targets:
            - to: "74992223344"   # first
              timeout: 16  # short
              # the desk
              name: desk
            - - odd
    """
    assert tidy(entry(text)) == entry(after)


def test_a_comment_never_gets_between_a_dash_and_its_key() -> None:
    text = entry(
        'forwarding:\n  type: number\n  targets:\n    - timeout: 16\n      # the desk\n      to: "74992223344"\n'
    )
    assert tidy(text) == text


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('{timeout: 16, to: "74992223344"}', '{to: "74992223344", timeout: 16}'),
        ('{ timeout: 16s , "to": "74992223344" }', '{ "to": "74992223344" , timeout: 16 }'),
        ('{timeout: 16,\n           to: "74992223344"}', '{to: "74992223344",\n           timeout: 16}'),
        ('&a {timeout: 16, to: "74992223344"}', '&a {to: "74992223344", timeout: 16}'),
        ('{timeout: 16, # short\n           to: "74992223344"}', None),
        ('{timeout: 16, to: "74992223344",}', '{to: "74992223344", timeout: 16,}'),
    ],
)
def test_keys_in_braces_change_places(before: str, after: str | None) -> None:
    text = entry("forwarding:\n  type: number\n  targets:\n    - HERE\n").replace("HERE", before)
    assert tidy(text) == (text if after is None else text.replace(before, after))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("to: +7 (499) 222-33-44", 'to: "74992223344"'),
        ("to: &desk '+74992223344'  # desk", 'to: &desk "74992223344"  # desk'),
        ("to: 74992223344", 'to: "74992223344"'),
        ("to: 883140123456789", None),
        ('to: "84992223344"', None),
        ("to: duty-desk", None),
        ("to: 'duty-desk'", 'to: "duty-desk"'),
        ("name: 'say \"no\"'", None),
        ("name: 'it''s'", 'name: "it\'s"'),
        ("name: 'C:\\new'", None),
        ("name: +7 (499) 222-33-44", None),
        ("timeout: 1m", "timeout: 60"),
        ('timeout: "016 s"', "timeout: 16"),
        ("timeout: 61m", None),
    ],
)
def test_values_have_one_spelling(before: str, after: str | None) -> None:
    text = f"version: 1\ncontacts:\n  desk:\n    {before}\n"
    assert tidy(text) == (text if after is None else text.replace(before, after))


def test_phones_and_seconds_are_spelled_wherever_the_models_have_them() -> None:
    text = """\
        version: 1
        defaults: {timeout: 20s}
        accounts: {sales: {provider: exolve, settle: 1m}}
        scenarios:
          storm:
            numbers:
              +74991112233: {forwarding: {type: url, reserve: +7 499 333 44 55}}
        numbers:
          "74991112244": {forwarding: {type: number, display_number: '+7 499 555 66 77'}}
        forget: [+7 499 111-22-88]
    """
    after = text.replace("20s", "20").replace("1m", "60").replace("+74991112233", '"74991112233"')
    after = after.replace("+7 499 333 44 55", '"74993334455"').replace("'+7 499 555 66 77'", '"74995556677"')
    assert tidy(dedent(text)) == dedent(after.replace("+7 499 111-22-88", '"74991112288"'))


def test_a_phone_whose_anchor_serves_a_text_too_stays() -> None:
    text = "version: 1\ncontacts:\n  desk:\n    to: &it +7 499 222-33-44\n    name: *it\n  two: {to: +74992223344}\n"
    assert tidy(text) == text.replace("+74992223344", '"74992223344"')


def test_a_comment_keeps_the_order_of_a_file() -> None:
    text = "# fmt: keep-order\nnumbers: {}\nversion: 1\n"
    assert tidy(text + "forget: [+74991112288]\n") == text + 'forget: ["74991112288"]\n'
    quoted = 'numbers: {}\nversion: 1\nname: "# fmt: keep-order"\n'
    assert tidy(quoted).startswith("version: 1\n")


@pytest.mark.parametrize(
    ("where", "path"),
    [
        ("a file", ()),
        ("a number, a profile", ("numbers", "74991112233")),
        ("a target", ("profiles", "hotline", "forwarding", "targets", 0)),
        ("a schedule", ("schedules", "office")),
        ("a schedule", ("policy", "change_window")),
    ],
)
def test_the_page_has_the_order(where: str, path: tuple[str | int, ...]) -> None:
    page = (REPOSITORY / "docs" / "commands.md").read_text("utf-8")
    (row,) = re.findall(rf"^\| {where} \| (.*) \|$", page, re.MULTILINE)
    shape = SHAPE
    for step in path:
        shape = shape.element if isinstance(step, int) else shape.under(step)
    assert list(shape.order) == re.findall(r"`(\w+)`", row)


def test_an_account_is_in_the_order_of_its_provider() -> None:
    order = SHAPE.under("accounts").under("sales").order
    exolve = ["provider", "api_key", "application", "base_url", "rate", "settle", "period", "max_entries"]
    mtt = ["provider", "client_id", "client_secret", "refresh_token", "redirect_uri", "base_url", "oauth_url", "settle"]
    for keys in (exolve, mtt):
        assert [key for key in order if key in keys] == keys


@pytest.mark.parametrize("text", ["", "# nothing\n", "version: [\n", "a: 1\na: 2\n", "- x\n", "x\n"])
def test_a_text_that_is_no_map_or_cannot_be_read_keeps_what_it_says(text: str) -> None:
    assert tidy(text).strip() == text.strip()


HAND_MADE = [
    "%YAML 1.2\n---\nnumbers: {}\nversion: 1\n...\n",
    "profiles:\n  a: &дежурный {description: x}\n  b: *дежурный\nversion: 1\n",
    '{numbers: {"74991112233": {forwarding: none}}, version: 1}\n',
    "{\n  # free\n  numbers: {},\n  version: 1\n}\n",
    "? numbers\n: {}\nversion: 1\n",
    "&root\nnumbers: {}\nversion: 1\n",
    "numbers: {}\n\tversion: 1\n",
    "'numbers': {}   # end\n\"version\": 1",
    "numbers:\n  # only a comment\nversion: 1\n# the end",
    "description: x\rversion: 1\r",
    "numbers: {}\r\nversion: 1\r\n",
    'name: "a\u2028b"\nversion: 1\n',
    "x-desk: &desk {to: +7 499 222-33-44}\nversion: 1\ncontacts: {desk: *desk}\n",
    "version: 1\ncontacts:\n  a: &a {timeout: 1m, to: &p +7 499 222-33-44}\n  b: {<<: *a, to: *p}\n",
    "version: 1\nschedules:\n  a:\n    weekly:\n      mon: >+\n        09:00-18:00\n\n    description: |2-\n       x\n",
    "version: 1\nforget: [ # why\n  +74991112288 , # sold\n  ]\nnumbers: {}\n",
    "version: 1\ncontacts:\n  a:\n    timeout: 16\n    to: &b\n      +74992223344\n    name: 'x\n\n      y'\n",
    "numbers: {}\n---\nversion: 1\n",
    "version: 1\nnumbers:\n    +74991112233 : {tags: [a],description: 'b'}\n    '+74991112244':\n",
]


@pytest.mark.parametrize("text", HAND_MADE)
def test_hand_made_oddities_say_the_same(text: str) -> None:
    after = tidy(text)
    assert tidy(after) == after
    assert sorted(re.findall("# [a-z ]+", after)) == sorted(re.findall("# [a-z ]+", text))
    yaml = YAML(typ="safe", pure=True)
    try:
        before = [*yaml.load_all(text)]
    except (YAMLError, YAMLStreamError):
        assert after.strip() == text.strip()
        return
    assert str(flat(before)) == str(flat([*YAML(typ="safe", pure=True).load_all(after)]))


def flat(value: Any) -> Any:
    """A tree without the order of its keys, and with one spelling of phones and minutes."""
    if isinstance(value, dict):
        return sorted((flat(key), flat(each)) for key, each in value.items())
    if isinstance(value, list):
        return [flat(each) for each in value]
    digits = re.sub(r"[ +-]", "", str(value))
    return digits if digits.isdigit() else str(value).replace("1m", "60")


# -- odd files --------------------------------------------------------------------------------------------------------

ODD_NUMBER = ("+7 499 222-33-44", "'74992223344'", '"+74992223344"', "74992223344", "&a{1} +7 499 222-33-44")
VALUES = {
    "to": ODD_NUMBER,
    "timeout": ("16s", "16", '"16"', "'16'"),
    "name": (
        "'x'",
        '"a: b"',
        "звонит клиент",
        "|\n{0}  two  \n\n{0}  lines",
        ">-\n{0}  # text\n{0}  more",
        "two\n{0}  lines",
    ),
    "active": ("true", "'true'"),
    "schedule": ("{{period: 'wd {{mon}}'}}", "{{ except: [x],\n{0}  weekly: {{mon: 09:00-18:00}} }}", "office"),
    "schedule_description": ("", "~", "'it''s'", '"\\u0430"'),
}


@st.composite
def targets(draw: st.DrawFn, at: int) -> str:
    """A list of targets with keys in any order, each of which may have comments that name it."""
    column = draw(st.sampled_from([8, 9, 12]))
    lines: list[str] = []
    for number in range(draw(st.integers(1, 2))):
        keys = draw(st.permutations(["to", *draw(st.sets(st.sampled_from([*VALUES][1:]), max_size=4))]))
        for place, key in enumerate(keys):
            name = f"{key} {at}.{number}"
            if place:
                lines += [""] * draw(st.integers(0, 1))
                lines += [f"{' ' * column}# above {name}"] * draw(st.integers(0, 1))
            value = draw(st.sampled_from(VALUES[key])).format(" " * column, at * 10 + number)
            behind = f"  # behind {name}" if "\n" not in value and draw(st.booleans()) else ""
            head = " " * (column - 2) + "- " if not place else " " * column
            lines.append(f"{head}{key}: {value}{behind}{' ' * draw(st.integers(0, 1)) if not value else ''}")
            lines += [f"{' ' * column}  # below {name}"] * (draw(st.integers(0, 1)) if not value.startswith("|") else 0)
    return "\n".join(lines) + "\n"


@st.composite
def profile(draw: st.DrawFn, at: int) -> str:
    redirect = draw(st.sampled_from(["", "      redirect: parallel\n"]))
    rings = "      targets:\n" + draw(targets(at)) if draw(st.booleans()) else "      targets: []\n"
    return f"  p{at}:\n    forwarding:\n{redirect}{rings}      type: number\n"


@st.composite
def files(draw: st.DrawFn) -> str:
    """A file with many odd ways of writing, comments and blanks among them."""
    text = draw(st.sampled_from(["# head\n\n", "\n", "---\n\n"]))
    profiles = "".join(draw(profile(at)) for at in range(draw(st.integers(1, 3))))
    sections = {"version": "version: 1  # behind version\n", "profiles": f"# above profiles\nprofiles:\n{profiles}"}
    sections["forget"] = draw(st.sampled_from(["forget: ['+7 499 222-33-44']\n", "forget:\n- +74992223344\n# free\n"]))
    text += draw(st.sampled_from(["", "\n", "\n# free\n\n"])).join(draw(st.permutations([*sections.values()])))
    return text.replace("\n", draw(st.sampled_from(["\n", "\r\n"])))


def owned(text: str) -> dict[str, str]:
    """The key of the line that each comment belongs to, as seen from where it stands."""
    rows = text.replace("\r", "").split("\n")
    found: dict[str, str] = {}
    for at, row in enumerate(rows):
        for where, name in re.findall(r"# (above|behind|below) (.*)", row):
            step = {"above": 1, "behind": 0, "below": -1}[where]
            near = at + step
            while re.match(r"\s*# above", rows[near]):
                near += step
            found[f"{where} {name.strip()}"] = rows[near]
    return found


def normal(value: Any, key: str = "") -> Any:
    """A tree with one spelling of its phones and seconds."""
    if isinstance(value, dict):
        return {name: normal(each, name) for name, each in value.items()}
    if isinstance(value, list):
        return [normal(each, key) for each in value]
    written = str(value)
    if key in ("to", "forget"):
        return re.sub(r"\D", "", written)
    return written.removesuffix("s") if key == "timeout" else written


@settings(max_examples=200)
@given(files())
def test_odd_files_say_the_same_and_every_comment_keeps_its_key(text: str) -> None:
    after = tidy(text)
    assert normal(read(after)) == normal(read(text))
    before, now = owned(text), owned(after)
    assert now.keys() == before.keys()
    for comment, row in now.items():
        where, key = comment.split(" ")[:2]
        if where != "below" or f"{key}:" in before[comment]:
            assert f"{key}:" in row, (comment, after)
    assert after.count("# free") == text.count("# free")
    assert tidy(after) == after
    assert "\r" not in text or after.count("\n") == after.count("\r\n")
