"""`--language ru`, or a Russian locale: whoever approves reads no English word but names, flags, paths and findings."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser

import pytest
import time_machine

from tests.cli.conftest import Workplace

TODAY = "2026-11-29T09:00:00Z"
RUSSIAN = {"LC_ALL": "ru_RU.UTF-8"}
NUMBERS = """\
version: 1
schedules:
  holidays: {public: RU}
  office-hours: {weekly: {mon-fri: [9:00-13:00, 14:00-18:00]}, except: [holidays]}
  nights: {not: office-hours}
contacts:
  desk: {to: "74992223344", name: отдел продаж, timeout: 16}
  night-duty: {to: "79161234567", name: дежурный, timeout: 20}
numbers:
  "74991000000":
    description: Горячая линия, Москва
    tags: [moscow]
    forwarding:
      type: number
      redirect: sequential
      targets: [{to: desk, schedule: office-hours}, {to: night-duty, schedule: nights}]
  "74991000001":
    forwarding: {type: url, url: https://example.com/route, reserve: "74993334455"}
  "74991000002": {forwarding: {type: sip, sip_uri: pbx@example.com}}
"""
OURS = re.compile(
    r"""
    --?[a-z][a-z-]*               # flags
    | https?://\S+ | \w+@[\w.]+ | URL | SIP  # addresses
    | [\w-]+\.yaml(:\d+)*         # places
    | reconciler\s+(plan|import)  # commands
    | \b[0-9a-f]{12}\b            # runs
    | [a-z_]+\[\S+\](\.[a-z_]+)?  # paths of fields
    | Europe/Moscow | \bRU\b      # names that are the same in every language
    | \b(sales|office|test|desk|night-duty|nights|office-hours|moscow|holidays|MTT|Exolve)\b  # names of this test
    | \b(A+B*|B+A*|[AB]+|[ab])\b  # letters of a picture
    """,
    re.VERBOSE,
)


class Words(HTMLParser):
    """What a page shows or reads out."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._is_style = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._is_style = tag == "style"
        self.found += [value or "" for name, value in attrs if name in ("aria-label", "data-side", "title", "alt")]

    def handle_data(self, data: str) -> None:
        self.found += [] if self._is_style else [data]


def words_of(text: str) -> str:
    """A text in one line, of a page what is seen."""
    if text.startswith("<!DOCTYPE"):
        parser = Words()
        parser.feed(text)
        text = " ".join(parser.found)
    return " ".join(re.sub(r"```(text|diff)|</?(details|summary)>|[`|*#]+", " ", text).split())


def english_in(text: str, findings: list[str]) -> list[str]:
    """The words in Latin letters that are none of ours; messages and hints of findings are in English."""
    flat = words_of(text)
    for finding in findings:
        flat = flat.replace(words_of(finding), "")
    flat = re.sub(r"(error|warning|notice) ?\[[a-z-]+\]|\bhint:|<!DOCTYPE html>", "", flat)
    return re.findall(r"[A-Za-z]{2,}", OURS.sub("", flat))


def findings_of(document: object) -> Iterator[str]:
    """All messages and hints in a document."""
    if isinstance(document, dict):
        yield from (str(document[key]) for key in ("message", "hint") if document.get(key))
        document = list(document.values())
    if isinstance(document, list):
        for each in document:
            yield from findings_of(each)


@pytest.fixture
def changed(workplace: Workplace) -> Workplace:
    """Three numbers, applied; then one is changed in the files, one is switched off there, and one changed by hand."""
    (workplace.folder / "numbers.yaml").write_text(NUMBERS, "utf-8")
    more = "timeout: 20, timezone: Europe/Moscow, calendar_until: 2027-12-31}"
    workplace.edit("timeout: 20}", more, file="reconciler.yaml")
    workplace.applied()
    workplace.edit("timeout: 16", "timeout: 25")
    workplace.edit('{type: url, url: https://example.com/route, reserve: "74993334455"}', "none")
    by_hand = {"url": "https://example.com/old"}
    workplace.sandbox.exolve.set("74991000002", {"call_forwarding_type": 3, "call_forwarding_ipcr": by_hand})
    return workplace


COMMANDS = [
    ("plan",),
    ("plan", "-v"),
    ("plan", "--format", "markdown"),
    ("plan", "--format", "html"),
    ("audit",),
    ("audit", "--format", "html"),
    ("calendar",),
    ("calendar", "--format", "html"),
    ("route", "74991000000", "--at", "2026-12-31 18:30"),
    ("route", "74991000001"),
    ("list", "-v"),
    ("show", "74991000000"),
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@time_machine.travel(TODAY, tick=False)
def test_no_english_word_is_left(changed: Workplace, command: tuple[str, ...]) -> None:
    named = list(command) if "--format" not in command else list(command[: command.index("--format")])
    findings = [*findings_of(changed.run(*named, "--format", "json").json)]
    told = changed.run(*command, "--language", "ru")
    assert english_in(told.stdout, findings) == []
    assert re.search("[а-я]{3}", told.stdout)
    by_locale = changed.run(*command, **RUSSIAN)
    assert by_locale.stdout == told.stdout
    english = changed.run(*command, LANG="ru_RU.UTF-8", LC_ALL="C")
    assert english.stdout == changed.run(*command, "--language", "en", **RUSSIAN).stdout
    assert english_in(english.stdout, findings) != []


@pytest.mark.parametrize("command", [each for each in COMMANDS if "--format" not in each], ids=" ".join)
@time_machine.travel(TODAY, tick=False)
def test_documents_for_programs_are_the_same_in_both(changed: Workplace, command: tuple[str, ...]) -> None:
    documents = [
        json.loads(changed.run(*command, "--format", "json", "--language", language).stdout)
        for language in ("en", "ru")
    ]
    for each in documents:
        for name in ("plan_id", "id", "created_at"):
            each.pop(name, None)
    assert documents[0] == documents[1]
