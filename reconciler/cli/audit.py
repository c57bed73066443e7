"""`reconciler audit`: where reality differs from what was last written, and what is at risk; nothing is written.

Must not decide anything about numbers.
"""

from __future__ import annotations

import re

import click

from reconciler.audit.lookout import ENDING_DAYS, RECORD_DAYS
from reconciler.audit.sampling import DAY, Sampling
from reconciler.cli import options
from reconciler.cli.exits import Exit, of_audit
from reconciler.cli.opening import load_valid, show_progress, spoken, start_session
from reconciler.cli.process import Process, format_option, language_option
from reconciler.views.results import Audited
from reconciler.workflow.audit import Asked, make_audit


class Percentage(click.ParamType[float]):
    """A share like 5%."""

    name = "share"

    def convert(self, value: object, parameter: click.Parameter | None, context: click.Context | None) -> float:
        """Read it, or fail as wrong usage."""
        match = re.fullmatch(r"([0-9]{1,3}(?:\.[0-9]{1,3})?)%", str(value))
        if match is None or not 0 < float(match[1]) <= 100:
            self.fail(f"{value!r} is not a share: write it like 5%, up to 100%", parameter, context)
        return float(match[1])


@click.command(params=[format_option("audit"), language_option()])
@options.scenario
@click.option(
    "--sample",
    type=Percentage(),
    metavar="SHARE",
    help="Look at this share of the numbers only, such as 5%, at others each day: in 20 days at all of them.",
)
@click.option(
    "--older-than",
    type=options.Duration(),
    metavar="SPAN",
    help="Leave out what was written and read back within this time; with --sample also how long a turn lasts.",
)
@click.option(
    "--ending-within",
    type=options.Duration(),
    default=f"{ENDING_DAYS}d",
    show_default=True,
    metavar="SPAN",
    help="Tell what ends within this time.",
)
@click.option(
    "--max-record-age",
    type=options.Duration(),
    default=f"{RECORD_DAYS}d",
    show_default=True,
    metavar="SPAN",
    help="Tell of a record to which nothing was written for longer than this.",
)
@click.pass_obj
def audit(
    process: Process,
    scenario: str | None,
    sample: float | None,
    older_than: float | None,
    ending_within: float,
    max_record_age: float,
) -> Exit:
    """Read every number and report drift, unmanaged numbers, gaps, what ends soon, and other risks; nothing is written.

    Ends with 2 if a live value is not what was last written, with 1 on an error or where a number cannot be read.
    With --sample run it once a day, or once in each time of --older-than.

    Examples: reconciler audit --format json; reconciler audit --sample 5% --older-than 24h
    """
    sampling = Sampling(sample or 100.0, older_than) if sample or older_than else None
    asked = Asked(sampling, int(ending_within // DAY), int(max_record_age // DAY))
    configuration, warnings = load_valid(process, scenario=scenario)
    with start_session(process, configuration) as session, show_progress(process, session) as watch:
        made = make_audit(session, warnings, watch.reading, asked)
        watch.close()
        failed = of_audit(made) is Exit.ERROR
        process.show(Audited(made, configuration.timezone, spoken(process), failed))
    return of_audit(made)
