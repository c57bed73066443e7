"""Options that several commands share: what a run is about, what it may do, and durations.

Knows no command.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.types import StringParamType

from reconciler.cli.numbers import NumberGlob

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from reconciler.plan.model import Consent

Function = TypeVar("Function", bound=Callable[..., Any])

OVERRIDABLE = (
    "policy-max-changes",
    "policy-max-deletes",
    "policy-max-lost-calls",
    "policy-destination",
    "policy-change-window",
    "unwritable-fields",
)
ALLOWANCES = ("delete", "adopt", "protected")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
EXISTING_FILE = click.Path(path_type=Path, dir_okay=False)


class OutputFile(click.Path):
    """The name of a file to write, in the folder of -C."""

    def convert(self, value: object, parameter: click.Parameter | None, context: click.Context | None) -> Path:
        """Take it, or fail as wrong usage where it can only be a folder's."""
        text = str(value)
        if text.rpartition("/")[2] in ("", ".", ".."):
            self.fail(f"{text!r} is the name of a folder: name a file", parameter, context)
        return Path(text)


class Name(StringParamType):
    """A name of a kind of things, which a shell completes by what the configuration has."""

    def __init__(self, what: str) -> None:
        self._what = what

    def shell_complete(
        self, context: click.Context, _parameter: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Offer the names that begin like this."""
        from reconciler.cli.completing import offered

        return offered(context, self._what, incomplete)


class FileOrName(Name):
    """A file, or a name of a kind of things."""

    def shell_complete(
        self, context: click.Context, parameter: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Offer files and names; what offers files takes away what came before it."""
        from click.shell_completion import CompletionItem

        return [CompletionItem(incomplete, type="file"), *super().shell_complete(context, parameter, incomplete)]


class PeriodText(StringParamType):
    """A period of the vendor's grammar, whose empty text means always."""


class Count(click.IntRange):
    """A whole number within bounds."""

    name = "whole number"


class Duration(click.ParamType[float]):
    """A time span like 90s, 30m, 24h or 7d, as seconds; 0s only where it `may_be_zero`."""

    name = "duration"

    def __init__(self, *, may_be_zero: bool = False) -> None:
        self._may_be_zero = may_be_zero

    def convert(self, value: object, parameter: click.Parameter | None, context: click.Context | None) -> float:
        """Read it, or fail as wrong usage."""
        match = re.fullmatch(r"([0-9]{1,6})([smhd])", str(value))
        if match is None or not (int(match[1]) or self._may_be_zero):
            self.fail(f"{value!r} is not a time span: write it like 90s, 30m, 24h or 7d", parameter, context)
        return float(int(match[1]) * _SECONDS[match[2]])


class OverridableRule(click.ParamType[str]):
    """A rule that may be set aside for one run."""

    name = "rule"

    def convert(self, value: object, parameter: click.Parameter | None, context: click.Context | None) -> str:
        """Take it, or fail as wrong usage with what was probably meant."""
        rule = str(value)
        if rule in OVERRIDABLE:
            return rule
        from difflib import get_close_matches

        close = get_close_matches(rule, OVERRIDABLE, n=1)
        hint = f"did you mean {close[0]}?" if close else f"these can be set aside: {', '.join(OVERRIDABLE)}"
        if rule.removeprefix("needs-allow-") in ALLOWANCES:
            hint = f"an allowance is not a rule: pass --{rule.removeprefix('needs-')}"
        raise click.BadParameter(f"{rule!r} is not a rule that can be set aside; {hint}", ctx=context, param=parameter)

    def shell_complete(
        self, _context: click.Context, _parameter: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Offer the rules that begin like this."""
        from click.shell_completion import CompletionItem

        return [CompletionItem(rule) for rule in OVERRIDABLE if rule.startswith(incomplete)]


def selection(function: Function) -> Function:
    """`--target`, `--tag`, `--account`: which numbers; a narrowed run never deletes by absence."""
    return _all(
        function,
        click.option(
            "--target",
            "targets",
            multiple=True,
            type=NumberGlob(),
            metavar="GLOB",
            help="Only this number, in any spelling, or those that match this glob.",
        ),
        click.option(
            "--tag", "tags", multiple=True, type=Name("tags"), metavar="TAG", help="Only numbers with this tag."
        ),
        click.option(
            "--account",
            "accounts",
            multiple=True,
            type=Name("accounts"),
            metavar="ACCOUNT",
            help="Only this account's numbers.",
        ),
    )


def traffic(purpose: str) -> Callable[[Function], Function]:
    """`--traffic`: a file of calls of the past."""
    return click.option(
        "--traffic",
        type=EXISTING_FILE,
        metavar="FILE",
        help=f"{purpose} CSV with a header, or JSON Lines: time, number; or the store of `events listen`.",
    )


def scenario(function: Function) -> Function:
    """`--scenario`: a prepared switch."""
    return click.option(
        "--scenario", type=Name("scenarios"), metavar="NAME", help="Lay this scenario over the configuration."
    )(function)


def planning(command: Callable[..., Any]) -> Callable[..., Any]:
    """What a plan is asked for, which the command takes as `asked`, and the scenario that it is made from."""

    @wraps(command)
    def asking(
        *,
        targets: tuple[str, ...],
        tags: tuple[str, ...],
        accounts: tuple[str, ...],
        refresh: str,
        reassert: bool,
        limit: int | None,
        consent: Consent,
        **given: object,
    ) -> object:
        from reconciler.plan.build import Options, Refresh, Selection

        words = Selection(targets, tags, accounts)
        asked = Options(Refresh(refresh), words, consent, reassert=reassert, limit=limit)
        return command(asked=asked, **given)

    return _all(
        selection(consent(asking)),
        scenario,
        click.option(
            "--refresh",
            type=click.Choice(["all", "changed", "none"]),
            default="all",
            show_default=True,
            help="Which numbers are read: all, those that differ from the record, or none.",
        ),
        click.option("--reassert", is_flag=True, help="Write again what cannot be read back."),
        click.option("--limit", type=Count(1), metavar="N", help="Only the first N changes."),
    )


def consent(command: Callable[..., Any]) -> Callable[..., Any]:
    """What is permitted, which the command takes as `consent`."""

    @wraps(command)
    def permitting(
        *, allow_delete: bool, allow_adopt: bool, allow_protected: bool, overrides: tuple[str, ...], **given: object
    ) -> object:
        from reconciler.plan.model import Consent

        flags = zip(ALLOWANCES, (allow_delete, allow_adopt, allow_protected), strict=True)
        allow = frozenset(name for name, is_given in flags if is_given)
        return command(consent=Consent(allow, frozenset(overrides)), **given)

    return _all(
        permitting,
        click.option("--allow-delete", is_flag=True, help="Allow switching forwarding or parking off."),
        click.option(
            "--allow-adopt", is_flag=True, help="Allow replacing live forwardings that are not in the record."
        ),
        click.option("--allow-protected", is_flag=True, help="Allow changing protected numbers."),
        click.option(
            "--override",
            "overrides",
            multiple=True,
            type=OverridableRule(),
            metavar="RULE",
            help=f"Set this rule aside for one run: {', '.join(OVERRIDABLE)}.",
        ),
    )


def _all(function: Function, *decorators: Callable[[Function], Function]) -> Function:
    for decorate in reversed(decorators):
        function = decorate(function)
    return function


def locking(function: Function) -> Function:
    """`--lock-timeout`: for how long a lock of somebody else is waited for, as `lock_timeout` in seconds."""
    return click.option(
        "--lock-timeout",
        type=Duration(may_be_zero=True),
        default="0s",
        show_default=True,
        metavar="SPAN",
        help="Wait this long, such as 5m, for a lock that somebody else holds, then start afresh.",
    )(function)


def paths(function: Function) -> Function:
    """`[PATH...]`: files or folders of the configuration, default all."""
    return click.argument("paths", nargs=-1, type=click.Path(path_type=Path), metavar="[PATH]...")(function)


# -- values that are not there ----------------------------------------------------------------------------------------


def refuse_empty(command: click.Command) -> None:
    """Have a command refuse what is given as "", as an unset variable of a pipeline gives it."""
    for parameter in command.params:
        if not isinstance(parameter.type, PeriodText):
            vars(parameter)["handle_parse_result"] = partial(_filled, parameter)


def _filled(
    parameter: click.Parameter, context: click.Context, given: Mapping[str, Any], rest: list[str]
) -> tuple[Any, list[str]]:
    value = given.get(parameter.name or "")
    if not context.resilient_parsing and "" in (value if isinstance(value, list | tuple) else (value,)):
        raise click.UsageError(f"{_spelled(parameter, context)}: is empty", context)
    return type(parameter).handle_parse_result(parameter, context, given, rest)


def _spelled(parameter: click.Parameter, context: click.Context) -> str:
    """A parameter as help spells it."""
    return max(parameter.opts, key=len) if isinstance(parameter, click.Option) else parameter.make_metavar(context)
