"""What a shell may complete a word to: names that stand in the configuration's files, and in a record of this machine.

Must not ask anybody, prompt, or say anything: whatever cannot be read completes to nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, NamedTuple

import click
from click.shell_completion import CompletionItem

from reconciler.characters import STRIPPED
from reconciler.config.files import Origin, read_files
from reconciler.config.folder import nearest_folder
from reconciler.config.phones import digits_of
from reconciler.providers.table import PROVIDERS
from reconciler.record import open_record
from reconciler.record.base import Record
from reconciler.rules import RULES
from reconciler.secrets import Secrets
from reconciler.settings import RecordSettings

_BESIDE_LETTERS = frozenset("._-+@/:")
_LONGEST_HELP = 60

Offer = tuple[str, str]
"""A word, and what it is."""


class _Written(NamedTuple):
    """The configuration as it is written: the roots of its files as plain data, the trusted one first."""

    root: Path
    files: tuple[Mapping[str, Any], ...]

    def section(self, name: str) -> Iterator[tuple[str, Any]]:
        for file in self.files:
            yield from _map(file.get(name)).items()


def offered(context: click.Context, what: str, incomplete: str) -> list[CompletionItem]:
    """What begins like this of a kind of words in `OFFERS`; a word that a shell could misread is left out."""
    with suppress(Exception):  # a shell that asks wants words or nothing, whatever is wrong
        words: dict[str, str] = {}
        for word, told in OFFERS[what](_written(context), incomplete):
            if word.startswith(incomplete) and all(each.isalnum() or each in _BESIDE_LETTERS for each in word):
                words.setdefault(word, told)
        return [CompletionItem(word, help=_brief(told)) for word, told in words.items()]
    return []


def _brief(text: str) -> str | None:
    """What a shell shows beside a word: one short line."""
    return " ".join(text.translate(STRIPPED).split())[:_LONGEST_HELP] or None


def _map(data: object) -> Mapping[str, Any]:
    return data if isinstance(data, dict) else {}


def _texts(data: object) -> Iterator[str]:
    for each in data if isinstance(data, list) else [data]:
        if isinstance(each, str):
            yield each


def _written(context: click.Context) -> _Written:
    folder = context.find_root().params.get("folder")
    root = folder if isinstance(folder, Path) else nearest_folder(Path())
    origin = Origin(environment=getattr(context.find_root().obj, "environment", None))
    return _Written(root, tuple(_map(file.tree.data) for file in read_files(root, origin).files))


def _named(section: str, told: str = "description") -> Callable[[_Written, str], Iterator[Offer]]:
    """The names of a section's entries, with a text of each."""

    def offers(written: _Written, _incomplete: str) -> Iterator[Offer]:
        for name, entry in written.section(section):
            yield name, str(_map(entry).get(told) or "")

    return offers


def _numbers(written: _Written, _incomplete: str) -> Iterator[Offer]:
    for key, told in _named("numbers")(written, ""):
        yield digits_of(key) or "", told


def _targets(written: _Written, incomplete: str) -> Iterator[Offer]:
    """Numbers, behind their accounts where one is typed."""
    if "/" not in incomplete:
        yield from _numbers(written, incomplete)
        return
    usual = _map(written.files[0].get("defaults")).get("account") if written.files else None
    for key, entry in written.section("numbers"):
        account = _map(entry).get("account") or usual
        yield f"{account}/{digits_of(key)}", str(_map(entry).get("description") or "")


def _tags(written: _Written, _incomplete: str) -> Iterator[Offer]:
    for section in ("numbers", "profiles"):
        for _name, entry in written.section(section):
            yield from ((tag, "") for tag in _texts(_map(entry).get("tags")))


def _destinations(written: _Written, _incomplete: str) -> Iterator[Offer]:
    """Where contacts are reached."""
    for name, entry in written.section("contacts"):
        to = str(_map(entry).get("to") or "")
        yield digits_of(to) or to, name


def _logins(written: _Written, _incomplete: str) -> Iterator[Offer]:
    """The accounts that a person logs in to."""
    for name, provider in _named("accounts", "provider")(written, ""):
        vendor = PROVIDERS.get(provider)
        if vendor is not None and vendor.login is not None:
            yield name, provider


def _services(written: _Written, _incomplete: str) -> Iterator[Offer]:
    """Services of live calls, and the accounts that serve as one."""
    yield from _named("calls", "provider")(written, "")
    for name, provider in _named("accounts", "provider")(written, ""):
        vendor = PROVIDERS.get(provider)
        if vendor is not None and vendor.open_calls is not None:
            yield name, provider


def _local_record(written: _Written) -> Record | None:
    """The record, where it is a file of this machine: any other would have to be asked."""
    given = _map(written.files[0].get("record")) if written.files else {}
    if given.get("backend", "file") != "file":
        return None
    path = _map(given.get("file")).get("path")
    options = {"path": path} if isinstance(path, str) else {}
    return open_record(RecordSettings("file", options), name=None, root=written.root, secrets=Secrets({}))


def _recorded(written: _Written, incomplete: str) -> Iterator[Offer]:
    """Numbers that are recorded, where that can be seen; else those that are declared, or to be forgotten."""
    record = _local_record(written)
    if record is None:
        yield from _numbers(written, incomplete)
        yield from ((digits_of(each) or "", "") for file in written.files for each in _texts(file.get("forget")))
        return
    told = dict(_numbers(written, incomplete))
    with closing(record):
        yield from ((key.number, told.get(key.number, "")) for key in sorted(record.load().entries))


def _runs(written: _Written, _incomplete: str) -> Iterator[Offer]:
    record = _local_record(written)
    if record is not None:
        with closing(record):
            yield from ((run.id, f"{run.started_at} {run.user}") for run in record.runs())


def _shown(written: _Written, incomplete: str) -> Iterator[Offer]:
    yield from _numbers(written, incomplete)
    yield from _recorded(written, incomplete)
    yield from _runs(written, incomplete)


def _rules(_written: _Written, _incomplete: str) -> Iterable[Offer]:
    return ((code, rule.sentence) for code, rule in RULES.items())


OFFERS: Mapping[str, Callable[[_Written, str], Iterable[Offer]]] = {
    "accounts": _named("accounts", "provider"),
    "calls": _services,
    "destinations": _destinations,
    "environments": _named("environments", "name"),
    "logins": _logins,
    "numbers": _numbers,
    "recorded": _recorded,
    "rules": _rules,
    "runs": _runs,
    "scenarios": _named("scenarios"),
    "schedules": _named("schedules"),
    "shown": _shown,
    "tags": _tags,
    "targets": _targets,
}
"""The kinds of words, and where they come from."""
