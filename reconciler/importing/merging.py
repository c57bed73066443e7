"""Live numbers and the files of a configuration to new texts of these files: each entry where it stands or is to stand.

Pure: reads nothing and writes nothing; the values are handed in.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Any, Final, NamedTuple

from reconciler.config.files import SHARED_KEYS, TRUSTED_KEYS, Files
from reconciler.config.include import TRUSTED_FILE, find_included
from reconciler.config.profiles import Profiles, without_key
from reconciler.config.sections import Sections
from reconciler.config.trusted import TrustedSettings
from reconciler.config.values import phone_or_none
from reconciler.document import Tree
from reconciler.document.revising import RevisionError, pieces, revise
from reconciler.importing.entries import Block, Piece, Writer
from reconciler.model import Desired, Forwarding, Parking, Value
from reconciler.secrets import SecretError
from reconciler.settings import Account

Data = dict[str, Any]
NEW_FILE: Final = "version: 1\n"
_ORDER: Final = {key: at for at, key in enumerate(("version", *TRUSTED_KEYS, *SHARED_KEYS))}
_ELSEWHERE: Final = "import without --trusted, or name another file with --into"
_BY_HAND: Final = "change it by hand: reconciler plan shows what differs"


class Fault(NamedTuple):
    """Why a number cannot be written into its file, and what to do."""

    why: str
    hint: str | None = None


class MergeError(ValueError):
    """What cannot be written into files: the faults of numbers; without any, what stands against all of it."""

    def __init__(self, faults: Mapping[str, Fault], whole: Fault | None = None) -> None:
        first = whole or next(iter(faults.values()), Fault("these numbers cannot be written into the files"))
        super().__init__(first.why)
        self.faults = faults
        self.hint = first.hint


@dataclass(frozen=True, slots=True)
class Seen:
    """What is known of a live number. `value` None: nothing that a file could say; `notes` are for people."""

    number: str
    account: Account
    value: Value | None
    unreadable: frozenset[str] = frozenset()
    notes: tuple[str, ...] = ()


class Done(StrEnum):
    """What became of a number."""

    ADDED = "added"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    LEFT_OUT = "left_out"


@dataclass(frozen=True, slots=True)
class Imported:
    """A number and what became of it: the file where it stands, or the fault for which it was left out.

    `told`: the fault is one of the account's, or of reading the number, which is told by itself.
    """

    seen: Seen
    done: Done
    file: str = ""
    fault: Fault | None = None
    told: bool = False


@dataclass(slots=True)
class Merged:
    """The texts of files that change, what became of each number, and the new entries of those that change."""

    texts: dict[str, str] = field(default_factory=dict)
    numbers: list[Imported] = field(default_factory=list)
    entries: dict[str, Data] = field(default_factory=dict)


@dataclass
class Base:
    """The files of a folder as they are, and where their entries stand. `desired` is by number."""

    root: Path
    files: Files
    sections: Sections
    settings: TrustedSettings
    desired: Mapping[str, Desired]

    @cached_property
    def texts(self) -> dict[str, str]:
        """The text of each file."""
        return dict(self.files.sources.texts())

    @cached_property
    def data(self) -> dict[str, Data]:
        """The data of each file."""
        return {file.name: file.tree.data for file in self.files.files}

    @cached_property
    def places(self) -> dict[str, tuple[str, str]]:
        """Where each declared number stands: its file, and how its key is written."""
        found: dict[str, tuple[str, str]] = {}
        for name, data in self.data.items():
            for key in data.get("numbers") or {}:
                found.setdefault(phone_or_none(key) or key, (name, key))
        return found

    @cached_property
    def _profiles(self) -> Profiles:
        return Profiles(self.files, self.sections.profiles)

    def complete(self, number: str) -> Data:
        """A declared entry with its profiles."""
        tree = self.sections.numbers[number].tree
        whole: Data = (self._profiles.complete(tree) or tree).data
        return whole

    def block(self, number: str) -> Block:
        """What the files say of a number's forwarding."""
        if number not in self.sections.numbers:
            return Block()
        own = self.sections.numbers[number].tree
        desired = self.desired.get(number)
        return Block(
            own.data.get("forwarding"),
            self._below(own),
            self.complete(number).get("forwarding"),
            desired.value if desired is not None else None,
        )

    def _below(self, own: Tree) -> Piece:
        """What an entry's profiles say of its forwarding."""
        base = self._profiles.complete(without_key(own, "forwarding")) if "use" in own.data else None
        return None if base is None else base.data.get("forwarding")

    def account_of(self, number: str) -> str | None:
        """The account of a declared number; the default one of any other."""
        written = self.complete(number).get("account") if number in self.sections.numbers else None
        return written if isinstance(written, str) else self.settings.default_account

    def home_of(self, account: str) -> str:
        """The file for new numbers of an account: where most of them are, else one of its own if it would be read."""
        counted = Counter(name for number, (name, _) in self.places.items() if self.account_of(number) == account)
        if counted:
            return max(sorted(counted), key=counted.__getitem__)
        own = (f"numbers/{account}.yaml", f"{account}.yaml")
        return next((name for name in own if self.reads(name)), self.files.names[0])

    def reads(self, name: str) -> bool:
        """Whether a file of this name is part of the configuration, or would be."""
        trusted = self.files.trusted
        if trusted is None or name == TRUSTED_FILE:
            return name in self.files.names
        return name in find_included(self.root, trusted, self.files.sources, [name]).names


def merge(base: Base, seen: Sequence[Seen], writer: Writer, *, into: str | None, kept: Collection[str] = ()) -> Merged:
    """Write numbers into the files; those that are `kept` are as the files say already. Raises MergeError."""
    merging = _Merging(base, writer, into, kept)
    for each in seen:  # what is met twice gets its name first
        merging.entry(each)
    writer.timetable.name_repeated()
    writer.phonebook.name_repeated()
    for each in seen:
        merging.add(each)
    return merging.merged_texts()


class _Merging:
    """One merge: the new data of each file, section by section."""

    def __init__(self, base: Base, writer: Writer, into: str | None, kept: Collection[str]) -> None:
        self._base = base
        self._writer = writer
        self._into = into
        self._kept = kept
        self._new: dict[str, Data] = {}
        self._notes: dict[str, dict[tuple[str, ...], Sequence[str]]] = {}
        self._homes: dict[str, str] = {}
        self._named: set[tuple[str, str]] = set()
        self._merged = Merged()

    def entry(self, seen: Seen) -> Data | None:
        """The entry of a number as it is to be; None where it stays as it is."""
        known = self._base.sections.numbers.get(seen.number)
        if seen.number in self._kept:
            return None
        entry = dict(known.tree.data) if known is not None else {}
        if known is None and seen.account.name != self._base.settings.default_account:
            entry["account"] = seen.account.name
        if isinstance(seen.value, Parking):
            entry["parking"] = str(seen.value.parked).lower()
        elif seen.value is not None:
            entry["forwarding"] = self._forwarding(seen, seen.value)
        return None if known is not None and entry == known.tree.data else entry

    def _forwarding(self, seen: Seen, value: Forwarding) -> Piece:
        block = self._base.block(seen.number)
        try:
            return self._writer.forwarding(seen.number, value, block, seen.account.period, seen.unreadable)
        except SecretError as error:
            raise MergeError({seen.number: Fault(str(error), error.hint)}) from error

    def add(self, seen: Seen) -> None:
        """Put an entry into the data of its file, with what it is the first to use."""
        entry, place = self.entry(seen), self._base.places.get(seen.number)
        if entry is None:
            self._merged.numbers.append(Imported(seen, Done.UNCHANGED, place[0] if place else ""))
            return
        file, key = place or (self._home(seen.account.name), seen.number)
        if file == self._base.files.names[0] != TRUSTED_FILE:
            fault = Fault(f"it would have to be written into {TRUSTED_FILE}, which is taken from git", _ELSEWHERE)
            raise MergeError({seen.number: fault})
        self._section(file, "numbers")[key] = entry
        self._merged.entries[seen.number] = entry
        if place is None:
            self._notes.setdefault(file, {})["numbers", key] = seen.notes
        self._merged.numbers.append(Imported(seen, Done.UPDATED if place else Done.ADDED, file))
        for section, added in (("contacts", self._writer.phonebook.added), ("schedules", self._writer.timetable.added)):
            for name in [name for name in added if (section, name) not in self._named]:
                self._named.add((section, name))
                self._section(self._into or file, section)[name] = added[name]

    def merged_texts(self) -> Merged:
        for name, data in self._new.items():
            ordered = {key: data[key] for key in sorted(data, key=lambda key: _ORDER.get(key, len(_ORDER)))}
            self._merged.texts[name] = self._revised(name, ordered)
        return self._merged

    def _revised(self, name: str, data: Data) -> str:
        text = self._base.texts.get(name, NEW_FILE)
        try:
            return revise(text, self._base.data.get(name, {"version": "1"}), data, self._notes.get(name))
        except RevisionError as error:
            why = Fault("its entry is written in a way that cannot be edited, with anchors or aliases", _BY_HAND)
            shared = dict.fromkeys(self._shared(name, text), why)
            raise MergeError(shared, None if shared else Fault(f"{name}: {error}", _BY_HAND)) from error

    def _shared(self, name: str, text: str) -> Iterator[str]:
        """The numbers of a file that are to change and share parts with others."""
        numbers = pieces(text).find("numbers")
        for number in self._merged.entries:
            file, key = self._base.places.get(number, ("", ""))
            entry = numbers.value.find(key) if numbers is not None and file == name else None
            if entry is not None and entry.value.is_shared:
                yield number

    def _section(self, file: str, name: str) -> Data:
        """The entries of a section of a file, to be added to."""
        data = self._new.setdefault(file, dict(self._base.data.get(file, {"version": "1"})))
        if data.get(name) is self._base.data.get(file, {}).get(name):
            data[name] = dict(data.get(name) or {})
        section: Data = data[name]
        return section

    def _home(self, account: str) -> str:
        if self._into is not None:
            return self._into
        if account not in self._homes:
            self._homes[account] = self._base.home_of(account)
        return self._homes[account]
