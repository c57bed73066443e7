"""Pages as a real browser shows them: nothing runs, nothing is fetched, everybody can read them, and they print."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.web import samples
from tests.web.browser import Browser, is_available, opened

pytestmark = pytest.mark.skipif(
    not is_available(), reason="needs chromium, chromium-driver and the clients of tests/clients: tests/setup"
)

PAGES: dict[str, Callable[[Path], str]] = {
    "calendar": lambda _folder: samples.whole_calendar(),
    "plan": lambda _folder: samples.plan_page(),
    "plan in Russian": lambda _folder: samples.russian_page(),
    "audit": lambda _folder: samples.audit_page(),
    "call": lambda _folder: samples.a_call_page(),
    "team": samples.team_page,
}
MODES: dict[str, Any] = {
    "desktop": {"width": 1300},
    "narrow": {"width": 360},
    "narrow and dark": {"width": 360, "scheme": "dark"},
    "dark": {"width": 1300, "scheme": "dark"},
    "print": {"width": 700, "medium": "print"},
}


CLICKABLE = """
const outside = e => !(e.tagName === 'A' && document.getElementById(e.getAttribute('href').slice(1)));
return [...document.querySelectorAll('script, img, a, iframe, link, object, form')].filter(outside).length
"""
"""How much runs, loads or leads away: links to places of the page itself do not."""


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with opened(tmp_path_factory.mktemp("chromium")) as one:
        yield one


@pytest.fixture(scope="module", params=list(PAGES))
def page(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp(request.param)
    return written(PAGES[request.param](folder), folder)


def written(text: str, folder: Path) -> Path:
    path = folder / "page.html"
    path.write_text(text, "utf-8")
    return path


@pytest.mark.parametrize("mode", MODES)
def test_axe_finds_nothing_wrong(browser: Browser, page: Path, mode: str) -> None:
    browser.show(page, **MODES[mode])
    assert browser.violations() == []


def test_the_page_of_a_failure_is_readable_and_runs_nothing(browser: Browser, tmp_path: Path) -> None:
    browser.show(written(samples.failure_page(), tmp_path))
    assert browser.violations() == []
    assert browser.run(CLICKABLE) == 0
    assert samples.NASTY in " ".join(browser.run("return document.body.textContent").split())


def test_axe_finds_what_is_wrong(browser: Browser, tmp_path: Path) -> None:
    text = samples.plan_page().replace(
        "</main>", '<img src=""><p style="color: #ccc; background: #fff">hardly to be read</p></main>'
    )
    browser.show(written(text, tmp_path))
    found = {each.partition(":")[0] for each in browser.violations()}
    assert {"image-alt", "color-contrast"} <= found


def test_nothing_runs_nothing_is_fetched_and_no_link_leaves_the_page(browser: Browser, page: Path) -> None:
    browser.show(page)
    assert browser.run("return document.title") != "broken"
    assert browser.run(CLICKABLE) == 0
    assert browser.run("return performance.getEntriesByType('resource').length") == 0


def test_a_name_that_looks_like_markup_is_read_as_it_was_written(browser: Browser, page: Path) -> None:
    if "team" in page.parent.name:
        pytest.skip("has no such names")
    browser.show(page)
    text = browser.run("return document.body.textContent")
    assert samples.NASTY in " ".join(text.split())
    assert "canary" not in text


@pytest.mark.parametrize("width", [360, 480, 1024, 1600])
def test_a_page_never_scrolls_sideways(browser: Browser, page: Path, width: int) -> None:
    browser.show(page, width=width)
    assert browser.run("return document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("width", [360, 480, 760, 1300])
def test_a_number_is_never_broken_over_two_lines(browser: Browser, page: Path, width: int) -> None:
    browser.show(page, width=width)
    broken = """
    const found = [], texts = document.createTreeWalker(document.querySelector('main'), NodeFilter.SHOW_TEXT);
    for (let text = texts.nextNode(); text; text = texts.nextNode())
      for (const match of text.data.matchAll(/\\d{11,15}/g)) {
        const range = document.createRange();
        range.setStart(text, match.index);
        range.setEnd(text, match.index + match[0].length);
        if (new Set([...range.getClientRects()].map(each => each.top)).size > 1) found.push(match[0]);
      }
    return found
    """
    assert browser.run(broken) == []


@pytest.mark.parametrize("width", [360, 1300])
def test_the_whole_week_is_seen_and_comes_first(browser: Browser, tmp_path: Path, width: int) -> None:
    browser.show(written(samples.team_page(tmp_path), tmp_path), width=width)
    assert browser.run("return [...document.querySelectorAll('.week svg')].every(e => e.clientWidth <= innerWidth)")
    first = """
    const top = e => e.getBoundingClientRect().top;
    const first = (e, one, other) => top(e.querySelector(one)) < top(e.querySelector(other));
    return [...document.querySelectorAll('section')].every(e => first(e, 'svg', 'table'))
    """
    assert browser.run(first) is True


def test_on_paper_all_numbers_of_a_card_are_read(browser: Browser, tmp_path: Path) -> None:
    browser.show(written(samples.team_page(tmp_path), tmp_path), medium="print", width=700)
    hidden = (
        "return [...document.querySelectorAll('.numbers li')].filter(e => !e.getBoundingClientRect().height).length"
    )
    assert browser.run(hidden) == 0


def test_an_index_leads_to_each_card(browser: Browser, tmp_path: Path) -> None:
    browser.show(written(samples.team_page(tmp_path), tmp_path))
    titles = browser.run("return [...document.querySelectorAll('nav a')].map(e => e.textContent)")
    assert titles == ["9 numbers alike", "10 numbers alike"]
    there = "return [...document.querySelectorAll('nav a')].map(e => document.querySelector(e.hash).textContent)"
    assert browser.run(there) == titles


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_letters_stand_out_from_the_colour_of_their_bar(browser: Browser, page: Path, scheme: str) -> None:
    browser.show(page, scheme=scheme)
    lowest = browser.run(
        """
        const light = text => {
          const part = text.match(/[0-9.]+/g).slice(0, 3).map(v => v / 255)
            .map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
          return 0.2126 * part[0] + 0.7152 * part[1] + 0.0722 * part[2];
        };
        const ratio = g => {
          const [one, two] = ['.letter', '.box'].map(s => light(getComputedStyle(g.querySelector(s)).fill));
          return (Math.max(one, two) + 0.05) / (Math.min(one, two) + 0.05);
        };
        return Math.min(...[...document.querySelectorAll('g')].filter(g => g.querySelector('.letter')).map(ratio));
        """
    )
    if lowest is None:
        assert "call" in page.parent.name
        pytest.skip("has no letters")
    assert lowest >= 4.5


def test_dark_and_light_follow_the_reader(browser: Browser, page: Path) -> None:
    looks = []
    for scheme in ("light", "dark"):
        browser.show(page, scheme=scheme)
        looks.append(browser.run("return getComputedStyle(document.body).backgroundColor"))
    assert looks == ["rgb(255, 255, 255)", "rgb(20, 23, 26)"]


def test_paper_is_white_and_cuts_nothing_off_whatever_the_reader_prefers(browser: Browser, page: Path) -> None:
    browser.show(page, scheme="dark", medium="print", width=700)
    assert browser.run("return getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    clipped = (
        "return [...document.querySelectorAll('.week, .table')].filter(e => e.scrollWidth > e.clientWidth + 1).length"
    )
    assert browser.run(clipped) == 0
    assert browser.pdf().startswith(b"%PDF-")


def test_a_bar_lies_between_the_hours_at_which_its_target_begins_and_ends(browser: Browser, tmp_path: Path) -> None:
    browser.show(written(samples.calendar_page(samples.drawn(samples.OFFICE)), tmp_path))
    place = browser.run(
        """
        const middle = hour => [...document.querySelectorAll('.hour')]
          .filter(e => e.textContent === hour).map(e => +e.getAttribute('x'))[0];
        const box = document.querySelector('.box');
        const x = +box.getAttribute('x');
        return [x - middle('9'), x + +box.getAttribute('width') - middle('18')];
        """
    )
    assert place == [0, 0]


def test_a_gap_differs_from_a_bar_by_more_than_its_colour(browser: Browser, tmp_path: Path) -> None:
    browser.show(written(samples.calendar_page(samples.drawn(samples.OFFICE)), tmp_path))
    assert browser.run("return document.querySelectorAll('[fill$=\"-stripes)\"]').length") == 5 * 2 + 2
    assert browser.run("return [...document.querySelectorAll('.nobody')].map(e => e.textContent)[0]") == "no target"
    assert browser.run("return [...document.querySelectorAll('.box ~ .letter')].map(e => e.textContent)") == ["A"] * 5


def test_those_who_do_not_see_the_picture_hear_it(browser: Browser, tmp_path: Path) -> None:
    browser.show(written(samples.calendar_page(samples.drawn(samples.OFFICE)), tmp_path))
    said = browser.run("return document.querySelector('svg desc').textContent")
    name = f"{samples.DESK} дежурный"
    assert f"Mon: 00:00 to 09:00 nobody, 09:00 to 18:00 {name}, 18:00 to 24:00 nobody." in said
    assert "Sun: 00:00 to 24:00 nobody." in said
