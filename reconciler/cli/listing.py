"""`reconciler list`: the declared numbers, where their calls go, and when.

Must not need a network, a credential or the record.
"""

from __future__ import annotations

import re
from fnmatch import fnmatchcase

import click

from reconciler.canonical import form
from reconciler.cli import options
from reconciler.cli.errors import show_diagnostics
from reconciler.cli.exits import Exit
from reconciler.cli.numbers import refuse_national
from reconciler.cli.opening import load_valid, select_numbers, wording
from reconciler.cli.process import Process, format_option, language_option
from reconciler.config.phones import digits_of
from reconciler.destinations import call_destinations
from reconciler.model import Desired
from reconciler.views.results import Listed


class DestinationOption(options.Name):
    """Where calls go: a phone in any spelling, a SIP ID, or a glob over `sip:…` and `url:…`."""

    name = "place"

    def convert(self, value: object, parameter: click.Parameter | None, context: click.Context | None) -> str:
        """Refuse what can be no place, such as a contact's name: that no number goes there would be no answer."""
        place = str(value)
        digits = digits_of(place)
        if digits is not None:
            refuse_national(place, digits, parameter, context)
            return digits
        if not re.search(r"[*?:@.\[]", place):
            likes = "a phone number, a SIP ID, user@host, a URL, or a glob like sip:*@host"
            self.fail(f"{value!r} is not a valid destination: give {likes}", parameter, context)
        return place


@click.command(params=[format_option("numbers"), language_option()])
@options.selection
@click.option(
    "--to",
    "to",
    metavar="PLACE",
    type=DestinationOption("destinations"),
    help="Only numbers whose calls may go to this phone, SIP ID, sip: or url: glob.",
)
@options.scenario
@click.option(
    "--raw", is_flag=True, help="Leave CSV cells as they are, even those a spreadsheet would run as formulas."
)
@click.pass_obj
def listing(
    process: Process,
    targets: tuple[str, ...],
    tags: tuple[str, ...],
    accounts: tuple[str, ...],
    to: str | None,
    scenario: str | None,
    raw: bool,
) -> Exit:
    """List the declared numbers, where their calls go, and when. Reads the files only.

    Example: reconciler list --to 74992223344
    """
    if raw and process.format.name != "csv":
        raise click.UsageError("--raw is for --format csv")
    configuration, found = load_valid(process, scenario=scenario)
    show_diagnostics(process, found)
    chosen = select_numbers(configuration, targets, tags, accounts)
    process.show(
        Listed([item for item in chosen if to is None or _goes_to(item, to)], raw, wording(process, configuration))
    )
    return Exit.DONE


def _goes_to(desired: Desired, place: str) -> bool:
    """Whether calls to a number may reach a place: digits, or a glob over `sip:…` and `url:…`."""
    wanted = (place,) if place.isdigit() else (place, f"sip:{place}", f"url:{place}")
    return any(fnmatchcase(each, glob) for each in call_destinations(form(desired.value).json) for glob in wanted)
