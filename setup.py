"""The long description: README.md, whose links lead to the repository, as an index page has no files beside it."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from setuptools import setup

HERE = Path(__file__).parent
SOURCE: str = tomllib.loads((HERE / "pyproject.toml").read_text("utf-8"))["project"]["urls"]["Source"]
README = (HERE / "README.md").read_text("utf-8")

setup(
    long_description=re.sub(r"\]\((?!https?:|#)", f"]({SOURCE}/blob/main/", README),
    long_description_content_type="text/markdown",
)
