"""The languages of what business people read: effects, times and summaries. Messages stay English.

A catalogue is gettext's: `locale/LANGUAGE.po` is edited, `make docs` compiles it into the `.mo` beside it.
"""

from __future__ import annotations

import gettext
from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from pathlib import Path

LOCALE = Path(__file__).with_name("locale")
UNTRANSLATED = gettext.NullTranslations()


class Language(StrEnum):
    """A language that plans, calendars, routes, lists and audits can be told in."""

    EN = "en"
    RU = "ru"


@cache
def words_of(language: Language) -> gettext.NullTranslations:
    """The catalogue of a language; English stands in the code."""
    if language is Language.EN:
        return UNTRANSLATED
    with (LOCALE / f"{language}.mo").open("rb") as file:
        return gettext.GNUTranslations(file)


def language_of(environ: Mapping[str, str]) -> Language:
    """The language that the locale names, English where it is none of ours."""
    locale = next((environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if environ.get(name)), "")
    spoken = locale.partition("_")[0].partition(".")[0].lower()
    return Language(spoken) if spoken in set(Language) else Language.EN
