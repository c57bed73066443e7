"""One run of the program: its environment, the options that every command takes, and the screen.

Knows no command; heavy modules are imported when they are needed, as `--help` must be quick.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reconciler.diagnostics import Diagnostic
from reconciler.interrupts import expire_in
from reconciler.language import Language, language_of
from reconciler.secrets import Secrets, environment
from reconciler.views.base import Line, line
from reconciler.views.formats import FORMATS, TEXT, Format, find_format, serving
from reconciler.views.results import UNKNOWN, Answer, Kind, Result, Subject
from reconciler.views.screen import Color, Screen, is_terminal

if TYPE_CHECKING:
    from reconciler.cli.calls import CallLog

PIPELINE_DEADLINE = 1800.0
_LONGEST_CHOICE = 70  # what --help has room for in a line
_SLOW = "note: this PyYAML has no libyaml: large files are read some 20 times slower; install one that is built with it"
Content = Callable[[], Mapping[str, Any] | str]


@dataclass(slots=True)
class Process:
    """What holds for the whole run, and where results go: `views.results.Output`.

    `folder` is that of -C, else the current one; `root` is where the configuration is.

    `subject` is what the command is about, as far as it is known yet.

    `verbosity` is above 0 with -v, below with -q; `format` is that of `command`; `asked_language` that of --language.

    `deadline` is in seconds; None = none. `log` is the file that requests are told in, `calls` hears of
    them.
    """

    environ: Mapping[str, str] = field(default_factory=environment)
    folder: Path = field(default_factory=Path)
    root: Path = field(default_factory=Path)
    format: Format = TEXT
    command: str = ""
    subject: Subject = UNKNOWN
    verbosity: int = 0
    trusted: str | None = None
    environment: str | None = field(init=False)
    policy: Path | None = None
    local_secrets: bool = False
    deadline: float | None = None
    log: Path | None = None
    calls: CallLog | None = None
    asked_language: Language | None = None
    screen: Screen = field(init=False)
    _may_be_above: bool = False
    _has_told: bool = False

    def __post_init__(self) -> None:
        self.environment = self.environ.get("RECONCILER_ENVIRONMENT") or None
        self.screen = Screen(self.environ, redact=Secrets(self.environ).redact)

    @property
    def is_verbose(self) -> bool:
        return self.verbosity > 0

    @property
    def tells_calls(self) -> bool:
        """Whether requests are told on standard error: with -vv."""
        return self.verbosity > 1

    @property
    def is_quiet(self) -> bool:
        return self.verbosity < 0

    @property
    def language(self) -> Language:
        """The language of what business people read: as asked for, else by the locale."""
        return self.asked_language or language_of(self.environ)

    @property
    def has_person(self) -> bool:
        """Whether somebody can be asked: a terminal both ways."""
        return is_terminal(sys.stdin) and is_terminal(self.screen.err)

    def set_deadline(self, seconds: float | None) -> None:
        """Have the command end in order so many seconds from now; None: in a pipeline, where nobody looks on, soon."""
        self.deadline = seconds or (PIPELINE_DEADLINE if self.environ.get("CI") == "true" else None)
        if self.deadline is not None:
            expire_in(self.deadline)

    def answer(
        self,
        content: Content,
        page: Callable[[int], Iterable[Line] | str],
        found: Iterable[Diagnostic] = (),
        *,
        in_one_line: bool = False,
    ) -> None:
        """Show a result that no format knows by kind: its document or what is in it, and its page."""
        self.show(Answer(self.command, content, page, found, in_one_line=in_one_line))

    def show(self, result: Result) -> None:
        """Show a result in the format that was asked for."""
        self.format.results[result.kind](self, result)

    def work_in(self, folder: Path | None) -> None:
        """Work in the folder of -C, which holds the configuration; else here, where it may be in a folder above."""
        self.folder = self.root = folder or Path()
        self._may_be_above = folder is None

    def find_configuration(self) -> Path:
        """Find the configuration's folder, and say so where it is another one; with --trusted it is exactly this."""
        self._tell_of_slow_reading()
        if self._may_be_above and self.trusted is None:
            from reconciler.config.folder import nearest_folder

            self.root = nearest_folder(self.folder)
            if self.root != self.folder and not (self.is_quiet or self.format.for_programs):
                self.screen.note([line(f"configuration: {self.root / 'reconciler.yaml'}")])
        self._may_be_above = False
        return self.root

    def _tell_of_slow_reading(self) -> None:
        from reconciler.document.libyaml import PARSER

        if PARSER is None and not (self.is_quiet or self._has_told):
            self._has_told = True
            self.screen.note([line(_SLOW)])

    def places(self) -> Callable[[str], str | None]:
        """How files of the configuration are called from the top of their repository."""
        return places(self.root, self.policy)

    def target(self, path: Path) -> Path:
        """Where a file is written: from the folder of -C, as if started there."""
        return self.folder / path

    def source(self, path: Path) -> Path:
        """Where a file is read: from the folder of -C, else from the current one."""
        there = self.folder / path
        try:
            return there if there.exists() else path
        except OSError:  # whoever reads it says what is wrong
            return path


def places(folder: Path, policy: Path | None = None) -> Callable[[str], str | None]:
    """How a file of the configuration is called from the top of its repository; outside of one, from where we work.

    The machine that reviews knows the files of a repository, whatever folder -C names and the job works in.
    """
    from reconciler.git import top_folder

    root, here = folder.resolve(), Path.cwd().resolve()
    top = top_folder(root) or (here if root.is_relative_to(here) else root)

    def where(file: str) -> str | None:
        start = here if policy is not None and file == str(policy) else root
        whole = Path(os.path.normpath(start / file))
        return whole.relative_to(top).as_posix() if whole.is_relative_to(top) else None

    return where


def asked_format(arguments: Sequence[str]) -> Format:
    """The format that the command line asks for, however wrong it may be otherwise; else text."""
    asked = TEXT
    for first, second in zip(arguments, [*arguments[1:], ""], strict=False):
        name = second if first == "--format" else first.removeprefix("--format=")
        if name in FORMATS and first.startswith("--format"):
            asked = FORMATS[name]
    return asked


def _keep(context: click.Context, parameter: click.Parameter, value: object) -> object:
    """Keep the value of an option that every command takes."""
    process = context.ensure_object(Process)
    match parameter.name, value:
        case "color", str():
            process.screen.color = Color(value)
        case "verbose", int():
            process.verbosity += value
        case "quiet", int():
            process.verbosity -= value
        case "format", str():
            process.format = FORMATS[value]
            process.command = context.command_path.partition(" ")[2]
        case "language", str():
            process.asked_language = Language(value)
        case (("trusted" | "environment" | "policy" | "local_secrets" | "log" as name), _) if value is not None:
            setattr(process, name, value)
        case "deadline", _ if not context.resilient_parsing:
            process.set_deadline(value if isinstance(value, float) else None)
    return value


def everywhere() -> list[click.Option]:
    """The options of every command."""
    return [
        format_option("answer"),
        click.Option(
            ["--color"],
            type=click.Choice([color.value for color in Color]),
            default=Color.AUTO.value,
            help="Colour the output: on a terminal, always or never.",
            expose_value=False,
            callback=_keep,
        ),
        click.Option(
            ["-v", "--verbose"],
            count=True,
            help="Tell more; -vv: also each request, on standard error.",
            expose_value=False,
            callback=_keep,
        ),
        click.Option(["-q", "--quiet"], count=True, help="Tell less.", expose_value=False, callback=_keep),
    ]


class FormatChoice(click.Choice[str]):
    """The formats of a kind of result; one of a plugin is found when it is asked for."""

    def __init__(self, formats: Sequence[str], kind: Kind) -> None:
        super().__init__(formats)
        self._kind = kind

    def convert(self, value: object, parameter: click.Parameter | None, context: click.Context | None) -> str:
        """Take the name of a format that serves this kind of result."""
        found = find_format(str(value))
        return found.name if found and self._kind in found.results else super().convert(value, parameter, context)


def format_option(kind: Kind) -> click.Option:
    """`--format` of a command with this kind of result."""
    formats = serving(kind)
    is_long = len("|".join(formats)) > _LONGEST_CHOICE
    return click.Option(
        ["--format"],
        type=FormatChoice(formats, kind),
        metavar="FORMAT" if is_long else None,
        default=formats[0],
        show_default=True,
        help=f"How the result is written: {', '.join(formats)}." if is_long else "How the result is written.",
        expose_value=False,
        callback=_keep,
    )


# docs/decisions/150
def language_option() -> click.Option:
    """`--language` of a command whose result business people read; documents for programs are in English."""
    return click.Option(
        ["--language"],
        type=click.Choice([each.value for each in Language]),
        help="English or Russian, for people; default: by the locale.",
        expose_value=False,
        callback=_keep,
    )


def of_configuration() -> list[click.Option]:
    """The options of every command that loads a configuration."""
    from reconciler.cli.options import Name

    return [
        click.Option(
            ["--trusted"],
            metavar="REF",
            help="Take reconciler.yaml from this git ref; the working copy's is ignored.",
            expose_value=False,
            callback=_keep,
        ),
        click.Option(
            ["--environment"],
            type=Name("environments"),
            metavar="NAME",
            help="Lay this environment over reconciler.yaml; default: RECONCILER_ENVIRONMENT, else none.",
            expose_value=False,
            callback=_keep,
        ),
        click.Option(
            ["--allow-local-secrets", "local_secrets"],
            is_flag=True,
            help="Read secrets from files and commands too, as RECONCILER_TRUSTED=1 does.",
            expose_value=False,
            callback=_keep,
        ),
    ]


def of_policy() -> click.Option:
    """The option of every command that is judged by policy; the file is taken from the current folder, not from -C."""
    return click.Option(
        ["--policy"],
        type=click.Path(path_type=Path, dir_okay=False),
        metavar="FILE",
        help="Use the policy of this file, and no other; for the trusted side.",
        expose_value=False,
        callback=_keep,
    )


def of_the_network() -> list[click.Option]:
    """The options of every command that asks others: a vendor, the record's store, a git remote."""
    from reconciler.cli.options import Duration, OutputFile

    return [
        click.Option(
            ["--deadline"],
            type=Duration(),
            metavar="SPAN",
            help="Stop in order after this time, such as 10m; default: 30m if CI=true, otherwise never.",
            expose_value=False,
            callback=_keep,
        ),
        click.Option(
            ["--log"],
            type=OutputFile(),
            metavar="FILE",
            help="Add a line of JSON for each HTTP request to this file, without secrets.",
            expose_value=False,
            callback=_keep,
        ),
    ]


def complete_with(command: click.Command, options: Sequence[click.Option]) -> None:
    """Give a command the options that it does not have by itself."""
    taken = {name for parameter in command.params for name in parameter.opts}
    command.params += [option for option in options if not taken.intersection(option.opts)]
