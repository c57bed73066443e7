from __future__ import annotations

import importlib
import re
from dataclasses import replace
from typing import Any

import pytest

from reconciler.diagnostics import Diagnostic, Severity
from reconciler.model import Action
from reconciler.plan.model import Consent, Plan
from reconciler.views import markdown
from reconciler.views.results import Subject
from reconciler.views.web import pages
from tests.unit.views.values import NOTHING, breach, change, numbers, plan, target, url

cmarkgfm: Any = importlib.import_module("cmarkgfm")  # which has no types, as has lxml
html: Any = importlib.import_module("lxml.html")

MARK = "<!-- reconciler plan moscow-lines -->\n\n"
NASTY = "<script>alert(1)</script> @everyone ](javascript:alert(1)) </details> <!-- ``` ~~~ `"


def updates(count: int, name: str = "дежурный", **more: Any) -> Plan:
    """So many changes, no two of them alike."""
    changes = [
        change(
            f"sales/7499{index:07}",
            Action.CREATE,
            NOTHING,
            numbers(
                target(schedule="wd {mon-fri} hr {9-17}", name=name), target(f"7495{index:07}"), redirect="sequential"
            ),
            declared_at="numbers.yaml:1:1",
        )
        for index in range(count)
    ]
    return plan(*changes, **more)


def fences(text: str) -> list[tuple[str, str]]:
    """Fenced blocks as CommonMark finds them: the fence that opens, and what is inside."""
    found: list[tuple[str, str]] = []
    inside: list[str] = []
    fence = ""
    for line in text.split("\n"):
        mark = re.match(r"(`{3,})([a-z]*)$", line)
        if not fence and mark:
            fence, inside = mark[1], []
        elif fence and mark and not mark[2] and len(mark[1]) >= len(fence):
            found.append((fence, "\n".join(inside)))
            fence = ""
        elif fence:
            inside.append(line)
    assert not fence, "a block is not closed"
    return found


def outside(text: str) -> str:
    """What is left when fenced blocks and code in lines are taken away: all that may be markup."""
    for fence, inside in fences(text):
        text = text.replace(f"\n{inside}\n{fence}", "")
    return re.sub(r"(`+)(?!`).*?(?<!`)\1(?!`)", "", text)


def test_a_short_plan_is_not_collapsed() -> None:
    text = markdown.comment(updates(1))
    assert text.startswith(
        f"{MARK}### Plan: 1 to create\n\nConfiguration `moscow-lines`\n\n```diff\n+ sales/74990000000"
    )
    assert "<details>" not in text


def test_a_long_plan_is_collapsed_with_blank_lines_around_its_block() -> None:
    text = markdown.comment(updates(30))
    assert "\n<details><summary>30 changes</summary>\n\n```diff\n" in text
    assert text.endswith("\n```\n\n</details>\n")


def test_a_long_plan_begins_with_a_table_of_what_becomes_of_which_numbers() -> None:
    head, rule, first, *rest = [row for row in markdown.comment(updates(30)).split("\n") if row.startswith("|")]
    assert (head, rule) == ("|  | numbers | what | needs |", "| --- | --- | --- | --- |")
    assert first == "| create | `sales/74990000000` | `74992223344, 74950000000, sequential` |  |"
    assert len(rest) == 29
    assert "|" not in re.sub(r"\\\|", "", markdown._cell("a|b"))


def test_numbers_of_which_the_same_is_told_are_one_block() -> None:
    changes = [
        change(f"sales/7499{at:07}", Action.CREATE, NOTHING, numbers(target()), declared_at=f"numbers.yaml:{at + 1}:1")
        for at in range(19)
    ]
    text = markdown.comment(plan(*changes))
    assert text.count("no forwarding -> number 74992223344 for 16 s") == 1
    assert "+ 19 numbers alike" in text
    assert "and 14 more; -v names all" in text
    assert "left out here" not in text


@pytest.mark.parametrize("count", [1, 300, 5_000])
@pytest.mark.parametrize("name", ["дежурный", "😀" * 50, "x" * 3_000, "`" * 500])
def test_a_comment_is_never_too_long_and_counts_what_is_left_out(count: int, name: str) -> None:
    text = markdown.comment(updates(count, name))
    assert len(text.encode("utf-16-le")) // 2 < 65_000
    shown = len(re.findall(r"(?m)^\+ sales/", text))
    left = re.search(r"(\d+) more changes? left out", text)
    assert shown + (int(left[1]) if left else 0) == count
    fences(text)


def test_one_huge_change_is_cut_and_says_how_much_is_missing() -> None:
    after = numbers(*(target(str(74990000000 + at), name="x" * 30) for at in range(2_000)), redirect="parallel")
    text = markdown.comment(plan(change("sales/74991112233", Action.CREATE, NOTHING, after, effects=())))
    assert len(text) < 65_000
    assert re.search(r"… \d+ more lines", text)


def test_policy_and_errors_stand_before_the_changes_and_are_cut_too() -> None:
    refused = [breach("policy-destination", f"number {at} {NASTY}", "--override x") for at in range(3_000)]
    errors = tuple(Diagnostic("provider-error", Severity.ERROR, f"{at} {NASTY}") for at in range(3_000))
    text = markdown.comment(updates(300, breaches=tuple(refused), diagnostics=errors))
    assert len(text) < 65_000
    assert text.index("apply would refuse") < text.index("+ sales/")
    assert text.count("more lines") == 2
    assert "+ sales/74990000000" in text


def test_missing_allowances_are_counted() -> None:
    missing = [breach("needs-allow-delete", "it would be deleted", "--allow-delete")] * 5
    missing = [replace(each, address=f"sales/7499111000{at}") for at, each in enumerate(missing)]
    adopted = replace(breach("needs-allow-adopt", "it would be adopted", "--allow-adopt"), address="a/74991112299")
    text = markdown.comment(updates(300, breaches=(*missing, adopted)))
    named = "`sales/74991110000`, `sales/74991110001`, `sales/74991110002` and 2 more"
    told = [
        f"- **apply needs `--allow-delete`** for 5 numbers: {named}",
        "- **apply needs `--allow-adopt`** for 1 number: `a/74991112299`",
    ]
    assert "\n".join(told) in text
    assert text.index(told[0]) < text.index("| create |") < text.index("<details>")


@pytest.mark.parametrize("name", [NASTY, "a\n```\n<script>", "a\r\n</details>", "\u2028``` @all", "`", "``````"])
def test_no_text_of_a_user_is_markup(name: str) -> None:
    shown = updates(2, name, scenario=name, commit=name, consent=Consent(), breaches=(breach("x", name, name),))
    text = markdown.comment(Plan(**{**_fields(shown), "configuration": name, "selected": (name,)}))
    first, _end, text = text.partition("\n")
    assert re.fullmatch(r"<!-- reconciler plan [A-Za-z0-9%._~=, -]+ -->", first)
    assert first.count("--") == 2
    left = outside(text)
    for mark in ("<script", "@everyone", "@all", "javascript", "<!--"):
        assert mark not in left
    assert left.count("</details>") == left.count("<details>")


def _fields(shown: Plan) -> dict[str, Any]:
    return {name: getattr(shown, name) for name in Plan.__dataclass_fields__}


def test_nothing_to_do_is_one_line() -> None:
    assert markdown.comment(plan(unchanged=3)) == (
        f"{MARK}### Plan: No changes: 3 numbers are as the files say.\n\nConfiguration `moscow-lines`\n"
    )


def test_control_and_direction_characters_are_taken_out() -> None:
    text = markdown.comment(updates(1, "a\u202eb\x1b[31mc"))
    assert "\u202e" not in text
    assert "\x1b" not in text


def test_a_masked_url_stays_masked() -> None:
    shown = plan(change("sales/74991112244", Action.CREATE, NOTHING, url("https://example.com/route?***")))
    assert "https://example.com/route?***" in markdown.comment(shown)


def test_the_release_that_public_holidays_come_from_is_named() -> None:
    text = markdown.comment(plan(holidays_version="0.109"))
    assert "Configuration `moscow-lines`, with public holidays of `holidays 0.109`\n" in text


def test_the_page_names_that_release_too() -> None:
    assert "with public holidays of holidays 0.109" in pages.plan_page(plan(holidays_version="0.109"))


# -- as GitHub and GitLab show it -------------------------------------------------------------------------------------

TABLE = {"table", "thead", "tbody", "tr", "th", "td"}
SHOWN = TABLE | {"body", "h3", "p", "ul", "li", "strong", "code", "pre", "details", "summary"}


def rendered(text: str) -> Any:
    """The page that GFM makes of a comment, with no filter that would hide what got through."""
    options = cmarkgfm.cmark.Options.CMARK_OPT_UNSAFE
    made = cmarkgfm.markdown_to_html_with_extensions(text, options, ["table", "autolink", "strikethrough", "tasklist"])
    return html.document_fromstring(f"<body>{made}</body>").find("body")


@pytest.mark.parametrize(
    "name", [NASTY, "a\n```\n<script>", "a|b|c", "www.example.com", "~~x~~", "- [ ] x", "`", "a\u2028# b"]
)
@pytest.mark.parametrize("count", [1, 2, 300])
def test_gfm_finds_our_own_elements_and_no_other(name: str, count: int) -> None:
    refused = replace(breach("needs-allow-delete", name, "--allow-delete"), address=f"sales/{name}")
    shown = updates(count, name, scenario=name, breaches=(refused, breach("x", name, name)))
    page = rendered(markdown.comment(Plan(**{**_fields(shown), "configuration": name})))
    found = {element.tag for element in page.iter() if isinstance(element.tag, str)}
    assert found <= SHOWN
    assert {element.get("class") for element in page.iter("code")} <= {None, "language-diff", "language-text"}


def test_names_are_read_as_they_are_written() -> None:
    shown = Plan(**{**_fields(updates(2, "a|b")), "configuration": "</details> *x* <b>"})
    page = rendered(markdown.comment(shown))
    assert next(page.iter("code")).text == "</details> *x* <b>"
    (table,) = page.iter("table")
    assert {len(row) for row in table.iter("tr")} == {4}


def test_the_changes_of_a_long_plan_are_folded_away_and_all_else_is_not() -> None:
    refused = replace(breach("needs-allow-delete", "x", "--allow-delete"), address="sales/74991112277")
    page = rendered(markdown.comment(updates(60, breaches=(refused,))))
    (details,) = page.iter("details")
    assert dict(details.attrib) == {}
    assert [each.get("class") for each in details.iter("code")] == ["language-diff"]
    assert details.getnext() is None
    before = details.itersiblings(preceding=True)
    assert {each.tag for each in before if isinstance(each.tag, str)} == {"h3", "p", "ul", "table"}


@pytest.mark.parametrize(
    ("action", "first"),
    [
        (Action.CREATE, "+ sales/74991112233"),
        (Action.DELETE, "- sales/74991112233"),
        (Action.UPDATE, "! ~ sales/74991112233"),
        (Action.ADOPT, "@@ ! sales/74991112233"),
        (Action.FORGET, "# x sales/74991112233"),
    ],
)
def test_every_change_has_a_colour_that_github_knows(action: Action, first: str) -> None:
    before = None if action is Action.CREATE else numbers(target(timeout=10))
    after = {Action.FORGET: None, Action.DELETE: NOTHING}.get(action, numbers(target(timeout=20)))
    made = change("sales/74991112233", action, before, after, declared_at="numbers.yaml:1:1")
    text = markdown.comment(plan(made))
    ((_fence, inside),) = fences(text)
    line, *rest = inside.split("\n")
    assert line.startswith(first)
    assert line.endswith(" @@") == (action is Action.ADOPT)
    assert all(each.startswith("    ") for each in rest)


# -- the mark of a comment that the next one takes the place of -------------------------------------------------------


def test_the_mark_is_the_first_line_and_the_same_for_every_plan_of_a_configuration() -> None:
    marks = {markdown.comment(each).partition("\n")[0] for each in (updates(1), updates(300), plan(unchanged=3))}
    assert marks == {"<!-- reconciler plan moscow-lines -->"}
    assert markdown.failure("plan", (), Subject("moscow-lines")).startswith(MARK)


def test_the_mark_tells_accounts_and_scenarios_apart() -> None:
    marks = [
        markdown.marker(Subject(*each))
        for each in (("a",), ("b",), ("a", ("x",)), ("a", ("x", "y")), ("a", (), "x"), ("a", ("x",), "x"), ())
    ]
    assert len(set(marks)) == len(marks)
    assert markdown.marker(Subject("a", ("y", "x", "x"))) == markdown.marker(Subject("a", ("x", "y")))
    assert markdown.marker(Subject("a --> b")) == "<!-- reconciler plan a%20-%2D%3E%20b -->"
