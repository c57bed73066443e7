"""Write what is drawn from the code: pages of `docs/`, a table in one, and the files of `schemas/`; `make docs`.

Holds no text that the code does not hold, but for headings.
"""

from __future__ import annotations

import importlib
import json
import re
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
from pydantic import BaseModel

from reconciler import __version__
from reconciler.calls.base import Action
from reconciler.calls.simple_call import Direction, First, Message, SimpleCall, UsageRule
from reconciler.calls.telphin import CurrentCall
from reconciler.cli import main as cli
from reconciler.cli.schema import SCHEMAS
from reconciler.providers.mtt.wire import CallAnswer, TerminalRow, WorkplaceRow
from reconciler.rules import RULES, Rule
from reconciler.views.formats import FORMATS, Format
from reconciler.views.results import Kind
from reconciler.workflow.starter import ACTION, HOOKS, Host, Start, pipeline_files, surrounding_files

_CLICK_MAN: Any = importlib.import_module("click_man.core")  # which has no types
REPOSITORY = Path(__file__).parents[1]
PIPELINES = REPOSITORY / "docs" / "pipelines.md"
_OF_PIPELINES: tuple[Kind, ...] = ("validation", "plan", "audit")
_FIRST = "reconciler.yaml"
_LONGEST_EXAMPLE = 1_500
EXAMPLES = REPOSITORY / "examples" / "invalid"
READY = REPOSITORY / "examples" / "pipelines"
# What `init` writes for these answers; a team with other answers has the same texts with other secrets.
_STARTS = {
    "github": Start(vendor="exolve", host=Host.GITHUB, record="git", name="numbers"),
    "github-mtt": Start(vendor="mtt", host=Host.GITHUB, record="postgres", name="numbers", logs_in=True),
    "gitlab": Start(vendor="exolve", host=Host.GITLAB, record="http", name="numbers"),
    "gitlab-mtt": Start(vendor="mtt", host=Host.GITLAB, record="http", name="numbers", logs_in=True),
}

# A folder to copy, and to begin with: its files name a schema that comes along.
QUICKSTARTS = (REPOSITORY / "examples" / "quickstart", REPOSITORY / "reconciler" / "quickstart")

DECISIONS = REPOSITORY / "docs" / "decisions"
_STATUS = r"accepted|superseded by \d{3}"
_DECISION = re.compile(rf"# (\d{{3}}) (.+)\n\nDate: (\d{{4}}-\d\d-\d\d)\nStatus: ({_STATUS})\n\n")

_DECISIONS_HEAD = """\
# Decisions

Why things are as they are, where that cannot be seen: the situation, the choice, and what was given up. Each record is
linked from the line or page that it explains, as `docs/decisions/NNN`. `make docs` writes this list.

"""

_RULES_HEAD = """\
# Rules

Every finding names a rule by its code. A code is stable and never reused. `policy.rules` in `reconciler.yaml` may give
the rules marked *adjustable* another severity (`error`, `warning`, `notice`) or switch them `off`; the others are
needed to understand the files at all, or guard numbers, and stay as they are. The example is a configuration that
breaks this rule and no other.

"""


def rules_page() -> str:
    """Render `docs/rules.md` from the table of rules."""
    count = f"{len(RULES)} rules.\n\n"
    head = "| rule | severity | what it finds | adjustable | example |\n|---|---|---|---|---|\n"
    return _RULES_HEAD + count + head + "".join(_row(RULES[code]) for code in sorted(RULES))


def packaged_examples() -> str:
    """Draw the short examples of rules that `reconciler explain` shows: the package has no `examples/`."""
    found = {code: _files(EXAMPLES / code) for code in sorted(RULES)}
    return json.dumps({code: files for code, files in found.items() if files}, ensure_ascii=True, indent=1) + "\n"


def _files(folder: Path) -> dict[str, str]:
    """The texts of a folder's files, the trusted one first; none where one is no text, a link, or they are too long."""
    paths = sorted(
        (path for path in folder.rglob("*") if not path.is_dir()), key=lambda path: (path.name != _FIRST, path)
    )
    try:
        files = {
            path.relative_to(folder).as_posix(): path.read_text("utf-8") for path in paths if not path.is_symlink()
        }
    except UnicodeDecodeError:
        return {}
    is_whole = len(files) == len(paths)
    return files if is_whole and sum(map(len, files.values())) <= _LONGEST_EXAMPLE else {}


def _row(rule: Rule) -> str:
    sentence = rule.sentence.replace("|", "\\|")
    adjustable = "yes" if rule.adjustable else ""
    folder = EXAMPLES / rule.code
    example = f"[{rule.code}](../examples/invalid/{rule.code})" if folder.is_dir() else ""
    return (
        f'| <a id="{rule.code}"></a>`{rule.code}` | {rule.severity.value} | {sentence} | {adjustable} | {example} |\n'
    )


def with_formats(page: str) -> str:
    """Draw the table of formats into `docs/pipelines.md`, in the place of the one that stands there."""
    start = page.index("| `--format` |")
    rows = (_format_row(each) for each in FORMATS.values() if "answer" not in each.results)
    head = "| `--format` | for | `validate` | `plan` | `audit` |\n|---|---|---|---|---|\n"
    return page[:start] + head + "".join(rows) + page[page.index("\n\n", start) + 1 :]


def _format_row(shown: Format) -> str:
    if shown.results.keys().isdisjoint(_OF_PIPELINES):
        return ""
    served = (" yes " if kind in shown.results else " " for kind in _OF_PIPELINES)
    return f"| `{shown.name}` | {shown.purpose} |{'|'.join(served)}|\n"


_REFERENCE_HEAD = """\
# All options, exit codes and schemas

Drawn from the program itself. [Commands](commands.md) says why things are as they are,
[Configuration](configuration.md) what files hold, [Rules](rules.md) what can be found in them.

"""


def reference_page() -> str:
    """Render `docs/reference.md` from the commands as they parse their options, and the table of schemas."""
    codes = "".join(f"| {code} | {text} |\n" for code, text in re.findall(r"(\d+) ([a-z ]+)", cli.epilog or ""))
    parts = [_REFERENCE_HEAD, f"## Exit codes\n\n| code | meaning |\n|---|---|\n{codes}\n"]
    context = click.Context(cli, info_name="reconciler", **cli.context_settings)
    for name in cli.list_commands(context):
        parts += _command_parts(context, cli.get_command(context, name))
    rows = (f"| `{name}` | {_title(name)} | `reconciler schema {name}` |\n" for name in SCHEMAS)
    parts += ["## Schemas\n\n| name | of | printed by |\n|---|---|---|\n", *rows]
    return "".join(parts)


def _title(name: str) -> str:
    return str(json.loads((REPOSITORY / "schemas" / f"{name}.v1.json").read_text("utf-8")).get("title", name))


def _command_parts(above: click.Context, command: click.Command | None) -> Iterator[str]:
    """The section of a command, and those of the commands below it."""
    if command is None:
        return
    context = click.Context(command, info_name=command.name, parent=above)
    usage = " ".join([context.command_path, *command.collect_usage_pieces(context)])
    yield f"## `{context.command_path}`\n\n{_prose(command)}\n\n```text\n{usage}\n```\n\n"
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            yield from _command_parts(context, command.get_command(context, name))
        return
    found = [record for each in command.get_params(context) if (record := each.get_help_record(context))]
    yield "| option | meaning |\n|---|---|\n"
    yield from (f"| `{_cell(option)}` | {_cell(text)} |\n" for option, text in found if text)
    yield "\n"


def _prose(command: click.Command) -> str:
    text = re.sub(r"\s+", " ", (command.help or "").replace("\b", "")).strip()
    return re.sub(r"(?<![`\w])(<|\*)", r"\\\1", text)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


VENDORS = REPOSITORY / "docs" / "vendors.md"
_COVERED = "\n## Live calls, field by field\n"
_OFFLINE = "sent; judged offline"


def with_coverage(page: str) -> str:
    """Replace the last section of a page by what becomes of each field and word of the pages about live calls."""
    rows = "".join(f"| {vendor} | `{name}` | {fate} |\n" for vendor, name, fate in _covered())
    head = "\nWritten by `make docs` from the models. How each is used: [calls.md](calls.md).\n\n"
    return page.partition(_COVERED)[0] + _COVERED + head + "| vendor | field or word | here |\n|---|---|---|\n" + rows


_ANSWERS_OF_CALLS: tuple[tuple[str, type[BaseModel]], ...] = (
    ("workPlacesInfo", WorkplaceRow),
    ("terminalsInfo", TerminalRow),
    ("makeCall, transferCall, terminateCall", CallAnswer),
)


def _covered() -> Iterator[tuple[str, str, str]]:
    for name, field in CurrentCall.model_fields.items():
        yield "Telphin", name, "required of each call, and shown" if field.is_required() else "read, and shown"
    for action in Action:
        needs = "sent, with `send_dst`" if action.needs_number else "sent, without `send_dst`"
        yield "Telphin", f"action {action}", needs + ("; needs `--allow-listening`" if action.listens else "")
    for name, field in SimpleCall.model_fields.items():
        yield "UIS", name, f"{_OFFLINE}, required" if field.is_required() else _OFFLINE
    words = {"first_call": First, "virtual_phone_usage_rule": UsageRule, "direction": Direction}
    for name, kind in words.items():
        yield from (("UIS", f"{name} {each.value}", "sent") for each in kind)
    for name in Message.model_fields:
        yield "UIS", f"contact_message, operator_message / {name}", f"{_OFFLINE}, required of each message"
    for method, model in _ANSWERS_OF_CALLS:
        yield from (("MTT", f"{method} / {name}", "read") for name in model.model_fields)


def decisions_page() -> str:
    """Render the index of `docs/decisions/` from the heads of its records."""
    rows = "".join(_decision(path) for path in sorted(DECISIONS.glob("[0-9]*.md")))
    return _DECISIONS_HEAD + "| number | decision | date | status |\n|---|---|---|---|\n" + rows


def _decision(path: Path) -> str:
    head = _DECISION.match(path.read_text("utf-8"))
    if head is None:
        raise ValueError(f"{path.name} does not begin with `# NNN Title`, `Date: YYYY-MM-DD` and `Status: …`")
    number, title, date, status = head.groups()
    return f"| {number} | [{title}]({path.name}) | {date} | {status} |\n"


def ready_pipelines() -> Iterator[tuple[Path, str]]:
    """Yield the pipelines that `init` writes, the hooks, and the action for those who refer to this repository."""
    for name, start in _STARTS.items():
        for path, text in pipeline_files(start).items():
            yield READY / name / path, text
    around = surrounding_files(_STARTS["github"])
    yield READY / "pre-commit" / HOOKS, around[HOOKS]
    yield REPOSITORY / "action.yml", around[ACTION]


def generated() -> Iterator[tuple[Path, str]]:
    """Yield every file that is drawn from the code, with its text."""
    yield REPOSITORY / "docs" / "rules.md", rules_page()
    yield REPOSITORY / "docs" / "reference.md", reference_page()
    yield REPOSITORY / "reconciler" / "examples.json", packaged_examples()
    yield VENDORS, with_coverage(VENDORS.read_text("utf-8"))
    yield PIPELINES, with_formats(PIPELINES.read_text("utf-8"))
    yield DECISIONS / "README.md", decisions_page()
    yield from ready_pipelines()
    yield from manual()
    for folder in QUICKSTARTS:
        yield folder / "reconciler.schema.json", _drawn("config")
    for name in SCHEMAS:
        yield REPOSITORY / "schemas" / f"{name}.v1.json", _drawn(name)


def manual() -> Iterator[tuple[Path, str]]:
    """Yield the manual page of the program and of each of its commands, without a date: nothing else would change."""
    waiting = [click.Context(cli, info_name="reconciler")]
    for context in waiting:
        name = context.command_path.replace(" ", "-")
        with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
            head, _, body = _CLICK_MAN.generate_man_page(context, version=__version__).partition("\n")
        if not head.startswith(".TH "):
            raise ValueError(f"the page of {name} begins with {head!r}")
        yield (
            REPOSITORY / "docs" / "man" / f"{name}.1",
            f'.TH "{name.upper()}" "1" "" "reconciler {__version__}"\n{body}',
        )
        group = context.command
        if isinstance(group, click.Group):
            found = ((each, group.get_command(context, each)) for each in group.list_commands(context))
            waiting += [click.Context(command, info_name=each, parent=context) for each, command in found if command]


def _drawn(schema: str) -> str:
    return json.dumps(SCHEMAS[schema](), ensure_ascii=False, indent=2) + "\n"


def main() -> None:
    """Write every generated file."""
    for path, text in generated():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
