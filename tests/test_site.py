"""The documentation as a site: it builds without a warning, and fetches nothing from elsewhere."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.imports import REPOSITORY

_FETCHED = re.compile(r"<(?:script|img|iframe|source|link)\b[^>]*?\b(?:src|href)=\"?((?:https?:)?//[^\"\s>]+)[^>]*>")
_IN_STYLE = re.compile(r"(?:@import|url\()\s*[\"']?((?:https?:)?//[^\"')]+)")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    ended = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", folder],
        cwd=REPOSITORY, env={**os.environ, "NO_MKDOCS_2_WARNING": "1"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    return folder


def test_every_page_is_there_and_can_be_searched(site: Path) -> None:
    pages = {path.relative_to(REPOSITORY / "docs").with_suffix(".html") for path in REPOSITORY.glob("docs/**/*.md")}
    readmes = {page.with_name("index.html") if page.stem == "README" else page for page in pages}
    assert {page for page in readmes if not (site / page).is_file()} == set()
    found = json.loads((site / "search" / "search_index.json").read_text("utf-8"))["docs"]
    assert {page.as_posix() for page in readmes} <= {
        each["location"].partition("#")[0] or "index.html" for each in found
    }


def test_nothing_is_fetched_from_elsewhere(site: Path) -> None:
    fetched = {
        address
        for path in site.rglob("*.html")
        for found in _FETCHED.finditer(path.read_text("utf-8"))
        if "canonical" not in found[0]
        for address in [found[1]]
    }
    in_styles = {found for path in site.rglob("*.css") for found in _IN_STYLE.findall(path.read_text("utf-8"))}
    assert (fetched, in_styles) == (set(), set())


def test_what_would_be_fetched_is_seen() -> None:
    assert _FETCHED.search('<link rel="stylesheet" href="https://fonts.example.com/x.css">')
    assert _FETCHED.search("<script async src=//cdn.example.com/x.js></script>")
    assert _IN_STYLE.search("src: url(https://fonts.example.com/x.woff2)")


def test_links_out_of_the_pages_lead_to_the_source(site: Path) -> None:
    assert "/blob/main/README.md#installing-it" in (site / "tutorial.html").read_text("utf-8")


def test_pictures_are_small_and_all_shown() -> None:
    pictures = {path.name: path.stat().st_size for path in (REPOSITORY / "docs" / "pictures").iterdir()}
    shown = re.findall(r"\]\(pictures/([^)]+)\)", (REPOSITORY / "docs" / "pictures.md").read_text("utf-8"))
    assert sorted(shown) == sorted(pictures)
    assert max(pictures.values()) < 200_000
