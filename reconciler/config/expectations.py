"""The expectations of all files: who is to ring for a number, with names led to what they stand for.

Knows no forwardings; whether an expectation holds is judged elsewhere.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import date
from functools import partial

from reconciler.config.files import Files
from reconciler.config.forwardings import Contacts
from reconciler.config.models.trusted import ExpectationEntry
from reconciler.config.scenarios import unknown_scenario
from reconciler.config.schedules import Schedules, Times
from reconciler.config.validation import read
from reconciler.config.values import kind_of
from reconciler.document import Tree, find
from reconciler.schedule import Period, PeriodError
from reconciler.schedule.zones import epoch_of
from reconciler.settings import Expectation

_ALWAYS = Times((), "")


@dataclass(frozen=True)
class Expectations:
    """Reads expectations; what is wrong is reported. `timezone` is where times without an offset are meant."""

    files: Files
    contacts: Contacts
    schedules: Schedules
    scenarios: Collection[str]
    timezone: str
    today: date | None

    def read(self) -> tuple[Expectation, ...]:
        """Those of all files, in order; one that is wrong, or all of whose times are over, is left out."""
        given = (file.tree.get("expectations") for file in self.files.files)
        trees = (tree for written in given if written is not None for tree in self._elements(written))
        found = (self._expectation(tree) for tree in trees)
        return tuple([each for each in found if each is not None])

    def _elements(self, written: Tree) -> Iterator[Tree]:
        if isinstance(written.data, list):
            yield from written.elements()
        elif written.data is not None:
            message = f"expectations takes a list, not {kind_of(written.data)}"
            hint = 'write expectations: [{call: "74991112233", during: office-hours, rings: [duty-desk]}]'
            self.files.complain("wrong-type", written.span, message, hint)

    def _expectation(self, tree: Tree) -> Expectation | None:
        entry = read(ExpectationEntry, tree, self.files.sources, self.files.found)
        if entry is None or not self._is_whole(entry, tree):
            return None
        rings = [self._recipient(to, tree, index) for index, to in enumerate(entry["rings"])]
        times = self.schedules.own_times(tree.get("during")) if "during" in entry else _ALWAYS
        at = self._to_come(entry, tree)
        if times is None or at is None or None in rings or self._is_over(times, tree):
            return None
        known = tuple([each for each in rings if each is not None])
        place = self.files.sources.location(tree.span)
        return Expectation(entry["call"], known, place, at, times.periods, entry.get("scenario"))

    def _is_whole(self, entry: ExpectationEntry, tree: Tree) -> bool:
        scenario = entry.get("scenario")
        if scenario is not None and scenario not in self.scenarios:
            place = self.files.sources.location(find(tree, ("scenario",)))
            self.files.found.append(replace(unknown_scenario(scenario, self.scenarios), location=place))
            return False
        if "at" in entry and "during" in entry:
            message, hint = "at and during cannot be combined in one expectation", "write two expectations"
            self.files.complain("invalid-value", find(tree, ("at",)), message, hint)
            return False
        return True

    def _recipient(self, to: str, tree: Tree, index: int) -> str | None:
        """What a text under `rings` stands for; an address is what a forwarding to it says."""
        if any(mark in to for mark in "@/:"):
            return to
        found = self.contacts.known(to) or self.contacts.find(to, partial(find, tree, ("rings", index)))
        return found.to if found is not None else None

    def _to_come(self, entry: ExpectationEntry, tree: Tree) -> tuple[int, ...] | None:
        """The times that are not over; None where all of them are."""
        moments = entry.get("at", ())
        left = [moment for moment in moments if self.today is None or moment.date() >= self.today]
        if len(left) < len(moments):
            over = next(moment for moment in moments if moment not in left)
            message = f"{over:%Y-%m-%d %H:%M} is over, so it is not judged"
            self.files.complain("expectation-past", find(tree, ("at",)), message, "write a time to come, or `during`")
        return tuple([epoch_of(moment, self.timezone) for moment in left]) if left or not moments else None

    def _is_over(self, times: Times, tree: Tree) -> bool:
        """Whether a schedule has no time to come, which is said: nothing could break the expectation."""
        if self.today is None or not times.periods or not all(_is_past(text, self.today) for text in times.periods):
            return False
        message, hint = "this schedule is over, so it is not judged", "name one with times to come, or remove it"
        self.files.complain("expectation-past", find(tree, ("during",)), message, hint)
        return True


def _is_past(text: str, today: date) -> bool:
    """Whether a period ended before a day; one that cannot be read may not have."""
    try:
        return Period.parse(text, weekday_base="sunday").instants.ahead(today).is_empty
    except PeriodError:
        return False
