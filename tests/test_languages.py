"""What business people read is there in each language, whole, and as the code says it now."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest
from babel.messages.catalog import Message

from reconciler.effects.wording import Wording
from reconciler.language import LOCALE, Language, language_of, words_of
from tests.architecture.imports import REPOSITORY, script

CATALOGUE = script(REPOSITORY / "docs" / "catalogue.py")
CATALOGUES = dict(CATALOGUE.catalogues())
PACKAGE = LOCALE.parent
SAYING = {"gettext", "word", "Saying", "_filled", "marked"}
MESSAGES = [(path.stem, each) for path, catalogue in CATALOGUES.items() for each in catalogue if each.id]


def test_each_language_has_a_catalogue() -> None:
    assert {path.stem for path in CATALOGUES} == {each.value for each in Language} - {"en"}
    assert set(LOCALE.iterdir()) == {path.with_suffix(end) for path in CATALOGUES for end in (".po", ".mo")}


@pytest.mark.parametrize("path", CATALOGUES, ids=str)
def test_a_catalogue_is_up_to_date(path: Path) -> None:
    catalogue = CATALOGUES[path]
    assert path.read_text("utf-8") == CATALOGUE.po(catalogue), "run make docs"
    assert path.with_suffix(".mo").read_bytes() == CATALOGUE.mo(catalogue), "run make docs"


@pytest.mark.parametrize(("language", "message"), MESSAGES, ids=[f"{name}-{each.id}" for name, each in MESSAGES])
def test_every_text_is_translated_with_all_its_gaps(language: str, message: Message) -> None:
    said = CATALOGUE.forms(message.string)
    assert all(said)
    gaps = {name for text in CATALOGUE.forms(message.id) for _, name, *_ in Formatter().parse(text) if name}
    assert all({name for _, name, *_ in Formatter().parse(text) if name} == gaps for text in said)


def texts_said(tree: ast.AST) -> Iterator[str]:
    """The texts that some code hands to what says them."""
    for call in ast.walk(tree):
        if isinstance(call, ast.Call):
            name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
            places = {"number": (1,), "ngettext": (0,), "pgettext": (1,)}.get(name, (0,) if name in SAYING else ())
            given = [call.args[at] for at in places if at < len(call.args)]
            yield from (each.value for each in given if isinstance(each, ast.Constant) and isinstance(each.value, str))


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_what_is_said_is_in_the_catalogue(path: Path) -> None:
    known = {CATALOGUE.forms(message.id)[0] for _language, message in MESSAGES}
    assert set(texts_said(ast.parse(path.read_text("utf-8")))) <= known


def test_russian_is_written_in_cyrillic() -> None:
    foreign = {"SIP", "ID", "holidays"}
    ours = re.compile(r"\{\w+\}|--?\w+|reconciler plan")
    for message in (each for name, each in MESSAGES if name == "ru"):
        for text in CATALOGUE.forms(message.string):
            assert set(re.findall(r"[A-Za-z]+", ours.sub("", text))) <= foreign, text


@pytest.mark.parametrize(
    ("environ", "language"),
    [
        ({}, "en"),
        ({"LANG": "ru_RU.UTF-8"}, "ru"),
        ({"LANG": "ru_RU.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LC_MESSAGES": "ru", "LANG": "en_GB.UTF-8"}, "ru"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
        ({"LC_ALL": "", "LANG": "RU.KOI8-R"}, "ru"),
    ],
)
def test_the_locale_names_the_language(environ: dict[str, str], language: str) -> None:
    assert language_of(environ) == language


@pytest.mark.parametrize(
    ("count", "text"), [(1, "1 номер"), (2, "2 номера"), (5, "5 номеров"), (11, "11 номеров"), (21, "21 номер")]
)
def test_russian_counts_in_three_forms(count: int, text: str) -> None:
    say = Wording(words=words_of(Language.RU))
    assert say.number(count, "{count} number", "{count} numbers") == text


def test_a_page_names_its_language() -> None:
    assert [Wording(words=words_of(each)).language for each in Language] == ["en", "ru"]


def test_english_is_what_the_code_says() -> None:
    assert words_of(Language.EN).gettext("working days") == "working days"
    assert words_of(Language.RU).gettext("working days") == "рабочие дни"
