"""The catalogue of what business people read: taken from the code, kept in `locale/*.po`, compiled for the package."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from reconciler.language import LOCALE
from reconciler.schedule.saying import SHORT_DAYS, SHORT_MONTHS

PACKAGE = LOCALE.parent
_MADE = datetime(2026, 11, 29, tzinfo=UTC)  # so that the same texts make the same file
_HEADER = """\
msgid ""
msgstr ""
"Language: {language}\\n"
"Content-Type: text/plain; charset=utf-8\\n"

"""
_FUNCTIONS = {
    **dict.fromkeys(("gettext", "word", "Saying", "_filled", "marked")),
    "ngettext": (1, 2),
    "number": (2, 3),
    "pgettext": ((1, "c"), 2),
}
"""What is called with a text that is translated; what is `marked` and a `Saying` are translated where they are said."""
_FILES = [("schedule/faults.py", "ignore"), ("**.py", "python"), ("**.j2", "jinja2")]
"""The files with such texts; `word` is but a variable in one."""


def template() -> Catalog:
    """The texts that the code says, without translations."""
    found = Catalog(project="reconciler", charset="utf-8")
    for name in (*SHORT_DAYS, *filter(None, SHORT_MONTHS)):
        found.add(name)
    for _file, _line, text, _comments, context in extract_from_dir(PACKAGE, _FILES, keywords=_FUNCTIONS):
        if text:
            found.add(text if isinstance(text, str) else tuple(text), context=context)
    return found


def catalogues() -> Iterator[tuple[Path, Catalog]]:
    """Each `.po` file with what it says of the present texts."""
    texts = template()
    for path in sorted(LOCALE.glob("*.po")):
        with path.open("rb") as file:
            catalogue = read_po(file, locale=path.stem)
        catalogue.update(texts, no_fuzzy_matching=True)
        catalogue.creation_date = catalogue.revision_date = _MADE
        yield path, catalogue


def forms(text: object) -> tuple[str, ...]:
    """The forms of a text: one, or one a plural."""
    return tuple(text) if isinstance(text, (tuple, list)) else (str(text or ""),)


def po(catalogue: Catalog) -> str:
    """A catalogue as people edit it."""
    written = io.BytesIO()
    write_po(written, catalogue, width=100, no_location=True, omit_header=True, sort_output=True, ignore_obsolete=True)
    return _HEADER.format(language=catalogue.locale) + written.getvalue().decode()


def mo(catalogue: Catalog) -> bytes:
    """A catalogue as the package reads it."""
    written = io.BytesIO()
    write_mo(written, catalogue)
    return written.getvalue()


def main() -> None:
    """Write every catalogue, as text and compiled; texts without a translation are named."""
    for path, catalogue in catalogues():
        path.write_text(po(catalogue), "utf-8")
        path.with_suffix(".mo").write_bytes(mo(catalogue))
        for message in catalogue:
            if message.id and not all(forms(message.string)):
                sys.stderr.write(f"{path.name} does not say {message.id!r}\n")


if __name__ == "__main__":
    main()
