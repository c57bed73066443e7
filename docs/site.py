"""What MkDocs asks while it builds the site: links out of `docs/` lead to the repository, where the files are."""

from __future__ import annotations

import posixpath
import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mkdocs.structure.pages import Page

_REPOSITORY = Path(__file__).parents[1]
_SOURCE: str = tomllib.loads((_REPOSITORY / "pyproject.toml").read_text("utf-8"))["project"]["urls"]["Source"]
_LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#\s]+)")


def on_page_markdown(markdown: str, *, page: Page, **_others: object) -> str:
    """Lead what stands outside of the pages' folder to the source; called by MkDocs for each page."""
    folder = posixpath.dirname(page.file.src_uri)

    def elsewhere(found: re.Match[str]) -> str:
        place = posixpath.normpath(posixpath.join("docs", folder, found[1]))
        return found[0] if place.startswith("docs/") else f"]({_SOURCE}/blob/main/{place}"

    return _LINK.sub(elsewhere, markdown)
