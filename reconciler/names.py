"""What the configuration calls things, so that people read names where the vendor has digits and periods.

Pure data. Knows no files and no words around the names.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING, NamedTuple, TypeVar

if TYPE_CHECKING:
    from reconciler.schedule.telling import Calendar


_Value = TypeVar("_Value")


class Named(NamedTuple):
    """A name and the place where it is declared, as `FILE:LINE`."""

    name: str
    place: str


@dataclass(frozen=True, slots=True)
class Names:
    """The names of a configuration, and the day from which on it is told what happens.

    `schedules` are by canonical text, `contacts` by the phone or SIP ID that they lead to, `profiles` by the number
    that uses one. `calendars` are the public holidays that its schedules follow.
    """

    since: date | None = None
    schedules: Mapping[str, Named] = field(default_factory=dict)
    contacts: Mapping[str, str] = field(default_factory=dict)
    profiles: Mapping[str, Named] = field(default_factory=dict)
    calendars: tuple[Calendar, ...] = ()

    def used(self, schedules: Iterable[str], contacts: Iterable[str], numbers: Iterable[str]) -> Names:
        """Only the names of some schedules, phones and numbers."""
        return replace(
            self,
            schedules=_only(self.schedules, schedules),
            contacts=_only(self.contacts, contacts),
            profiles=_only(self.profiles, numbers),
        )


def _only(names: Mapping[str, _Value], wanted: Iterable[str]) -> dict[str, _Value]:
    return {key: names[key] for key in dict.fromkeys(wanted) if key in names}


NO_NAMES = Names()


def no_names() -> Names:
    """A configuration that calls nothing by a name."""
    return NO_NAMES
