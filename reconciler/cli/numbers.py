"""Phone numbers as people type them, to the digits that files and record have.

One without its country code is refused rather than looked for: none is declared so.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import click

from reconciler.cli.suggestions import UnfitValueError
from reconciler.config.phones import NumberPlan, digits_of, form, has_trunk_prefix, is_plain

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

_GLOB = re.compile(r"[*?\[]")


class Number(click.ParamType[str]):
    """A phone number in any spelling, as its digits; a shell completes it by those that are declared, or `known`."""

    name = "number"

    def __init__(self, known: str = "numbers") -> None:
        self._known = known

    def shell_complete(
        self, context: click.Context, _parameter: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Offer the numbers that begin like this."""
        from reconciler.cli.completing import offered

        return offered(context, self._known, incomplete)

    def convert(self, value: object, parameter: click.Parameter | None, context: click.Context | None) -> str:
        """Read it, or fail as wrong usage."""
        text = str(value)
        digits = digits_of(text)
        if digits is None:
            likes = "write digits with the country code, like 74991112233"
            raise UnfitValueError(f"{text!r} is not a phone number", likes, parameter, context)
        refuse_national(text, digits, parameter, context)
        return digits


class NumberGlob(click.ParamType[str]):
    """A glob over numbers, or one number in any spelling, also behind its account: `sales/74991112233`."""

    name = "glob"

    def convert(self, value: object, parameter: click.Parameter | None, context: click.Context | None) -> str:
        """Read it, or fail as wrong usage."""
        account, mark, number = str(value).rpartition("/")
        digits = None if _GLOB.search(number) else digits_of(number)
        if digits is None:
            return str(value)
        refuse_national(number, digits, parameter, context)
        return f"{account}{mark}{digits}"

    def shell_complete(
        self, context: click.Context, _parameter: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Offer the numbers that begin like this, also behind an account."""
        from reconciler.cli.completing import offered

        return offered(context, "targets", incomplete)


def refuse_national(
    text: str, digits: str, parameter: click.Parameter | None = None, context: click.Context | None = None
) -> None:
    """Raise a usage error for a Russian number that has no country code, or 8 in place of it."""
    if has_trunk_prefix(text, digits):
        message = f"{text!r} begins with the trunk prefix 8 instead of the country code"
        raise UnfitValueError(message, f"write 7{digits[1:]}", parameter, context)
    if len(digits) == 10 and "+" not in text and form(digits) is not NumberPlan.VALID and is_plain(f"7{digits}"):
        raise UnfitValueError(f"{text!r} has no country code", f"write 7{digits}", parameter, context)
