"""A live value as an entry of a file says it: what the entry says already stays, what differs is written anew.

Gives plain data, every value a text; knows no files and no places in them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from typing import Any, NamedTuple, get_type_hints

from reconciler.canonical import form, merge_neighbours, period_text, same_from
from reconciler.config import values
from reconciler.config.forwardings import Recipient
from reconciler.config.models import entries
from reconciler.importing.naming import Phonebook, Reference, Timetable, Variables
from reconciler.model import (
    Forwarding,
    NoForwarding,
    NumberForwarding,
    Target,
    TrunkForwarding,
    Value,
    declared,
)
from reconciler.plan.candidate import from_now_on
from reconciler.settings import PeriodSettings

Data = dict[str, Any]
Piece = Any
"""A text, a map or a list of data; None where nothing is said."""
_KEYS: Mapping[str, Sequence[str]] = {name: tuple(get_type_hints(shape)) for name, shape in entries.FORWARDINGS.items()}
_TARGET_KEYS = tuple(get_type_hints(entries.TargetEntry))
_URLS = ("url", "event_url")


class Block(NamedTuple):
    """A `forwarding` as the files have it.

    `own` is what the entry itself says, `base` what its profiles do, `whole` both together; `value` is what that means.
    None: nothing.
    """

    own: Any = None
    base: Any = None
    whole: Any = None
    value: Value | None = None

    def says(self, type_name: str) -> bool:
        """Whether it is a forwarding of a type, and fit."""
        return self.value is not None and self.value.type == type_name and isinstance(self.whole, dict)


@dataclass(slots=True)
class Writer:
    """Writes values by the names of a configuration; `resolve` fills templates, raises SecretError."""

    timetable: Timetable
    phonebook: Phonebook
    variables: Variables
    default_timeout: int | None
    resolve: Callable[[str], str]

    # docs/decisions/153
    def forwarding(
        self, number: str, value: Forwarding, block: Block, settings: PeriodSettings, unreadable: frozenset[str]
    ) -> Piece:
        """What an entry's own `forwarding` says of a live value; fields that cannot be read stay as they are."""
        if isinstance(value, NoForwarding):
            return "none"
        alike = block.says(value.type)
        base = block.base if isinstance(block.base, dict) and block.base.get("type") == value.type else {}
        new = dict(block.own) if alike and isinstance(block.own, dict) else {}
        if not alike:
            new["type"] = value.type
        for key in _KEYS[value.type][1:]:
            if key in unreadable or (alike and self._is_equal(key, value, block.value)):
                continue
            written = self._field(number, key, value, block if alike else Block(), settings)
            _put(new, key, written, base, _KEYS[value.type])
        if not alike:
            new.update({key: None for key in base if key not in new and base[key] is not None})
        return new

    def _is_equal(self, key: str, value: Forwarding, shown: Value | None) -> bool:
        """Whether a field is as the files say."""
        if key == "targets" and shown is not None:
            wanted = form(shown).json
            return bool(from_now_on(form(value).json, wanted, self.timetable.today)["targets"] == wanted["targets"])
        ours = getattr(shown, key)
        return bool((self.resolve(ours) if key in _URLS else ours) == getattr(value, key))

    def _field(self, number: str, key: str, value: Forwarding, block: Block, settings: PeriodSettings) -> Piece:
        """A field as text; None for its default."""
        if isinstance(value, NumberForwarding) and key == "targets":
            return self._targets(value, block, settings)
        plain = getattr(value, key)
        if isinstance(value, TrunkForwarding) and key == "timeout":
            return None if plain == self.default_timeout else str(plain)
        if _is_default(value, key):
            return None
        if key in _URLS:
            return self.variables.written(key, plain, number)
        return _text(plain)

    # -- targets ------------------------------------------------------------------------------------------------------

    def _targets(self, value: NumberForwarding, block: Block, settings: PeriodSettings) -> list[Any]:
        live = list(self._writable(value.targets, settings))
        shown = block.value.targets if isinstance(block.value, NumberForwarding) else ()
        elements = block.whole["targets"] if shown else []
        return [
            self._target(each, elements[at] if at is not None else {}, shown[at] if at is not None else None, settings)
            for each, at in zip(live, _partners(shown, live), strict=True)
        ]

    def _writable(self, targets: Sequence[Target], settings: PeriodSettings) -> Iterator[Target]:
        """Neighbours that differ only in their periods as one; those whose union cannot be written one by one."""
        said = [replace(each, periods=tuple(text for text in each.periods if text.strip())) for each in targets]
        for each in merge_neighbours(said):
            if len(each.periods) > 1 and not self.timetable.takes(each, settings):
                yield from (replace(each, periods=(text,)) for text in each.periods)
            else:
                yield each

    def _target(self, target: Target, element: Data, shown: Target | None, settings: PeriodSettings) -> Data:
        new = {key: text for key, text in element.items() if text is not None}
        if shown is None or shown.to != target.to:
            new["to"], recipient = self.phonebook.reference(target)
        else:
            recipient = self.phonebook.recipient(new["to"], target.to)
        when = self._when(target, new.get("schedule"), shown, settings)
        for key, wanted, default in self._target_fields(target, recipient, when):
            if _says(new.get(key), key, default) != wanted:
                _put(new, key, None if wanted == default else _text(wanted), {}, _TARGET_KEYS)
        if shown is None or new.get("schedule") != when.written:
            _put(new, "schedule", when.written, {}, _TARGET_KEYS)
        return new

    def _target_fields(
        self, target: Target, recipient: Recipient, when: Reference
    ) -> Iterator[tuple[str, object, object]]:
        """The fields with their live values, and what they are where the target does not say."""
        yield "timeout", target.timeout, recipient.timeout or self.default_timeout
        yield "schedule_description", target.schedule_description, when.description
        yield "name", target.name, recipient.name
        yield "active", target.active, True

    def _when(self, target: Target, written: Piece, shown: Target | None, settings: PeriodSettings) -> Reference:
        """How to say when a target is active: as it is said, where that is still true."""
        if shown is not None and self._is_same_time(shown, target):
            description = written.get("description") if isinstance(written, dict) else None
            if isinstance(written, str):
                description = self.timetable.declared.get(written)
            return Reference(written, description or "")
        found = self.timetable.reference(target, settings)
        return found if found is not None else Reference(None, "")

    def _is_same_time(self, one: Target, other: Target) -> bool:
        first, second = (period_text(each.periods, each.weekday_base) for each in (one, other))
        return same_from(first, second, self.timetable.today)


def _partners(shown: Sequence[Target], live: Sequence[Target]) -> list[int | None]:
    """For each live target the one in the files that it is, by where it rings; None for one that is not there."""
    found: list[int | None] = [None] * len(live)
    matcher = SequenceMatcher(None, [each.to for each in shown], [each.to for each in live], autojunk=False)
    for tag, start, end, first, last in matcher.get_opcodes():
        if tag in ("equal", "replace"):
            for at, partner in zip(range(first, last), range(start, end), strict=False):
                found[at] = partner
    return found


def _is_default(value: Forwarding, key: str) -> bool:
    default = next(each.default for each in declared(type(value)) if each.key == key)
    return bool(getattr(value, key) == default) or (key == "redirect" and getattr(value, key) == "single")


def _says(written: Piece, key: str, default: object) -> object:
    """What a target's text says."""
    if written is None:
        return default
    return values.seconds(written) if key == "timeout" else values.flag(written) if key == "active" else written


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _put(new: Data, key: str, written: Piece, base: Data, order: Sequence[str]) -> None:
    """Write a field at its place in the canonical order; None takes it out, and what a profile says of it too."""
    if written is None and base.get(key) is None:
        new.pop(key, None)
        return
    if key in new:
        new[key] = written
        return
    before = order[: order.index(key)]
    place = max((at + 1 for at, other in enumerate(new) if other in before), default=0)
    items = list(new.items())
    new.clear()
    new.update([*items[:place], (key, written), *items[place:]])
