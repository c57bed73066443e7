"""What `fmt` changes in a configuration's files, as edits of their text: spelling, blanks, the calendar's last day.

Never changes what a file says but where it is asked to; today is handed in.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from pydantic_core import PydanticCustomError

from reconciler.config import values
from reconciler.config.files import File, Files
from reconciler.config.include import TRUSTED_FILE
from reconciler.diagnostics import Diagnostic, Location
from reconciler.document import Sources, Tree, parse
from reconciler.document.source import Edit, apply_edits
from reconciler.rules import RULES


# docs/decisions/080
def tidy_files(files: Files) -> dict[str, str]:
    """The texts of the files that are not in canonical spelling, as they should be."""
    texts = dict(files.sources.texts())
    tidy = {file.name: _tidied(files.sources, file, texts[file.name]) for file in files.files}
    return {name: text for name, text in tidy.items() if text != texts[name]}


def _tidied(sources: Sources, file: File, text: str) -> str:
    # A merge key leads to the same place twice.
    spelling, blanks = set(_spelling(sources, file.tree)), set(_blanks(text))
    if spelling and _data(apply_edits(text, spelling)) is None:
        spelling = set()  # one number in two spellings would become a key that stands twice
    if blanks and _data(text) != _data(apply_edits(text, blanks)):
        blanks = set()  # a blank may belong to a value
    return apply_edits(text, spelling | blanks)


# -- numbers ----------------------------------------------------------------------------------------------------------


def _spelling(sources: Sources, root: Tree) -> Iterator[Edit]:
    for key, span in _numbers(root):
        digits = values.phone_or_none(key)
        raw = sources.text_of(span)
        if digits is not None and raw in (key, f'"{key}"', f"'{key}'") and raw != f'"{digits}"':
            start = sources.offset_of(span)
            yield Edit(start, start + len(raw), f'"{digits}"')


def _numbers(root: Tree) -> Iterator[tuple[str, int]]:
    """The numbers that entries are named by, and those to be forgotten, with their places."""
    yield from _keys(root.get("numbers"))
    scenarios = root.get("scenarios")
    for _name, _span, scenario in (
        scenarios.items() if scenarios is not None and isinstance(scenarios.data, dict) else ()
    ):
        yield from _keys(scenario.get("numbers"))
    forget = root.get("forget")
    for element in forget.elements() if forget is not None and isinstance(forget.data, list) else ():
        if isinstance(element.data, str):
            yield element.data, element.span


def _keys(numbers: Tree | None) -> Iterator[tuple[str, int]]:
    if numbers is not None and isinstance(numbers.data, dict):
        yield from ((key, span) for key, span, _ in numbers.items())


# -- blanks -----------------------------------------------------------------------------------------------------------


def _blanks(text: str) -> Iterator[Edit]:
    """Take away blanks at the ends of lines, and end the file with one newline."""
    newline = "\r\n" if "\r\n" in text else "\n"
    end = len(text.rstrip(" \t\r\n"))
    start = 0
    for line in text[:end].split("\n"):
        bare = line.removesuffix("\r")
        kept = bare.rstrip(" \t")
        if kept != bare:
            yield Edit(start + len(kept), start + len(bare), "")
        start += len(line) + 1
    if text[end:] != newline:
        yield Edit(end, len(text), newline)


def _data(text: str) -> object:
    sources = Sources()
    document = parse(sources, sources.add(TRUSTED_FILE, text), text)
    return None if document.tree is None or document.problems else document.tree.data


# -- the calendar -----------------------------------------------------------------------------------------------------


def renew_calendar(files: Files, today: date) -> dict[str, str] | Diagnostic:
    """The text whose calendar's last day is moved on, if it has to be; what is in the way where it cannot be."""
    root = files.trusted
    defaults = root.get("defaults") if root is not None else None
    written = defaults.get("calendar_until") if defaults is not None else None
    if written is None or written.data is None:
        return _without_calendar(today)
    try:
        until = values.calendar_date(written.data)
    except PydanticCustomError as error:
        context = error.context or {}
        return files.sources.problem(error.type, written.span, context["message"], context["hint"])
    return _moved(files.sources, written, until, later(until, today))


def _moved(sources: Sources, written: Tree, until: date, moved: date) -> dict[str, str] | Diagnostic:
    if moved == until:
        return {}
    raw = sources.text_of(written.span)
    if raw.strip("\"'") != written.data:
        message = "the last day of the calendar is not written as a plain date here, so it cannot be moved forward"
        return sources.problem("invalid-value", written.span, message, f"write calendar_until: {moved}")
    name, start = sources.name_of(written.span), sources.offset_of(written.span)
    edit = Edit(start, start + len(raw), raw.replace(written.data, str(moved)))
    return {name: apply_edits(dict(sources.texts())[name], [edit])}


def later(until: date, today: date) -> date:
    """The end of next year, or a year on from a day that is later than that."""
    end = date(min(today.year + 1, date.max.year), 12, 31)
    if until <= end:
        return end
    if until.year == date.max.year:
        return until
    day = 28 if (until.month, until.day) == (2, 29) else until.day
    return date(until.year + 1, until.month, day)


def _without_calendar(today: date) -> Diagnostic:
    message = "there is no calendar to move forward: defaults.calendar_until is not set"
    hint = f"add `calendar_until: {later(date.min, today)}` under defaults, if a schedule follows public holidays"
    return RULES["missing-key"].at(Location(TRUSTED_FILE, 1, 1, 1, 1), message, hint)
