"""Templates to pages: whatever is put into one is text, never markup, and loses its secrets before it is escaped.

Knows no value of the domain.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING

Clean = Callable[[str], str]
"""Takes secrets and control characters out of a text."""

if TYPE_CHECKING:
    from jinja2 import Environment


@lru_cache(maxsize=1)
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader("reconciler.views.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def render(template: str, clean: Clean, **values: object) -> str:
    """Fill a template of this package."""

    def finalized(value: object) -> object:
        return clean(value) if type(value) is str else value  # what a macro has drawn is no plain text

    return _environment().overlay(finalize=finalized).get_template(template).render(**values)
