"""The canonical form of a value: what plans and records hold, what is compared and digested, and how it comes back.

Equal meaning gives equal form: neighbouring targets that differ only in disjoint periods are one, periods are in
normal form, sensitive URLs are masked with their clear text kept aside. A kept value is checked, and lifted to the
version of today. Knows no YAML, no wire and no output format.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import date
from enum import StrEnum
from functools import lru_cache
from itertools import accumulate, count, groupby
from operator import attrgetter
from typing import Any, NamedTuple

from pydantic_core import from_json

from reconciler.model import (
    CANONICAL_VERSION,
    FORWARDINGS,
    OFF,
    VALUES,
    Kind,
    NumberForwarding,
    Parking,
    Target,
    Text,
    Value,
    WeekdayBase,
    declared,
)
from reconciler.schedule import Period, PeriodError
from reconciler.secrets import (
    MASK,
    Digester,
    are_apart,
    hides_host,
    hides_path,
    is_sensitive_url,
    mask_url,
)

Json = dict[str, Any]


def _reader(names: tuple[str, ...]) -> Callable[[object], tuple[Any, ...]]:
    """What reads these attributes; `attrgetter` alone gives no tuple of fewer than two."""
    if len(names) > 1:
        return attrgetter(*names)
    return lambda value: tuple(getattr(value, name) for name in names)


_FIELDS = {
    shape: (tuple(each.key for each in declared(shape)), _reader(tuple(each.name for each in declared(shape))))
    for shape in (*VALUES.values(), Target)
}


def keys_of(*texts: Text, shapes: Iterable[type[Value | Target]] = VALUES.values()) -> tuple[str, ...]:
    """The fields that hold texts like these."""
    return tuple(each.key for shape in shapes for each in declared(shape) if each.text in texts)


URL_FIELDS = keys_of(Text.URL)
TEXTS = keys_of(Text.URL, Text.ADDRESS, Text.WORDS)
TARGET_TEXTS = keys_of(Text.WORDS, shapes=[Target])
HOST = "@host"


@dataclass(frozen=True, slots=True)
class Form:
    """A value in canonical form.

    `json` is masked and ready for output; `secrets` maps the path of each sensitive field to its clear text, resolved,
    or to its keyed digest where no more was kept. Fields that are not known are None in `json`. What is not known does
    not differ: `filled_from` and `agrees` are where that rule stands.
    """

    json: Json = field(hash=False)
    secrets: Mapping[str, str] = field(default_factory=dict, hash=False, repr=False)

    @property
    def text(self) -> str:
        """Canonical JSON text of the masked form."""
        return dump(self.json)

    @property
    def unknown(self) -> tuple[str, ...]:
        """The fields that are not known."""
        return tuple(path for path, value in self.json.items() if value is None)

    @property
    def is_bodiless(self) -> bool:
        """Whether no more is known than the type: no part of the value can be held against another."""
        return len(self.json) > 1 and all(value is None for path, value in self.json.items() if path != "type")

    def filled_from(self, other: Form) -> Form:
        """Return this form with what is not known of it as the other one of the same type has it."""
        if not self.unknown or self.json["type"] != other.json.get("type"):
            return self
        filled = {path: other.json.get(path) if value is None else value for path, value in self.json.items()}
        return Form(filled, self.secrets)

    def without(self, paths: Iterable[str]) -> Form:
        """Return this form with these fields not known."""
        gone = set(paths)
        kept = {path: secret for path, secret in self.secrets.items() if path not in gone}
        return Form({path: None if path in gone else value for path, value in self.json.items()}, kept)

    def agrees(self, other: Form) -> bool:
        """Whether both are equal in all that is known of both; secrets where they can be compared.

        One side's secrets in clear are never held against the other's digests: `digested` makes them alike first.
        """
        if self.json.get("type") != other.json.get("type"):
            return False
        return next(self.apart(other), None) is None and not self.secrets_apart(other)

    def apart(self, other: Form) -> Iterator[str]:
        """The fields of which both are known, and another value."""
        for path, ours in self.json.items():
            theirs = other.json.get(path)
            if ours is not None and theirs is not None and ours != theirs:
                yield path

    def secrets_apart(self, other: Form) -> tuple[str, ...]:
        """The sensitive fields that are known to differ: not one that is known of one side only, or by another key."""
        shared = [path for path in self.secrets if path in other.secrets]
        return tuple(path for path in shared if are_apart(self.secrets[path], other.secrets[path]))

    def hiding(self, holds: Callable[[str], bool]) -> Form:
        """Mask every text that holds a known secret, of a URL all but the host; clear text goes where secrets stand."""
        targets = self.json.get("targets") or ()
        everything = [*map(self.json.get, TEXTS), *(each.get(name) for each in targets for name in TARGET_TEXTS)]
        if not holds("\n".join([text for text in everything if isinstance(text, str)])):
            return self
        texts = _held(self.json, TEXTS, holds)
        named = {at: _held(each, TARGET_TEXTS, holds) for at, each in enumerate(targets)}
        data = {**self.json, **{path: _without_secret(path, text, holds) for path, text in texts.items()}}
        if named:
            data["targets"] = [{**each, **dict.fromkeys(named[at], MASK)} for at, each in enumerate(targets)]
        clear = {f"targets[{at}].{name}": text for at, held in named.items() for name, text in held.items()}
        return Form(data, {**texts, **clear, **self.secrets})

    def with_digests(self, digester: Digester) -> Form:
        """Return this form with keyed digests where its secrets stood in clear."""
        return Form(self.json, self.digests(digester)) if self.secrets else self

    def digests(self, digester: Digester) -> dict[str, str]:
        """Keyed digests of the sensitive fields; empty without a key."""
        pairs = ((path, digester.digest(secret)) for path, secret in self.secrets.items())
        return {path: digest for path, digest in pairs if digest is not None}

    def digest(self, digester: Digester) -> str:
        """Digest of the whole form, `sha256:HEX`; sensitive fields count where there is a key."""
        parts = [self.text, *(f"{path}={value}" for path, value in sorted(self.digests(digester).items()))]
        return "sha256:" + hashlib.sha256("\n".join(parts).encode()).hexdigest()


def form(
    value: Value,
    *,
    resolve: Callable[[str], str] = str,
    holds: Callable[[str], bool] = lambda _text: False,
    unreadable: Iterable[str] = (),
    hidden_paths: frozenset[str] = frozenset(),
) -> Form:
    """Put a value into canonical form.

    `resolve` fills `${var:NAME}` templates (raises SecretError), else they stay; `holds` finds known secrets, wherever
    they stand; `unreadable` fields become None; of the URL fields in `hidden_paths` all that follows the host is
    masked, and with `HOST` behind their name the host too.
    """
    data = _fields(value)
    secrets: dict[str, str] = {}
    for path in URL_FIELDS:
        if path in data and (path in hidden_paths or path + HOST in hidden_paths or is_sensitive_url(data[path])):
            secrets[path] = resolve(data[path])
            data[path] = _masked(data[path], secrets[path], path, hidden_paths)
    for path in unreadable:
        if path in data:
            data[path] = None
            secrets.pop(path, None)
    return Form(data, secrets).hiding(holds)


def is_off(data: Json | None) -> bool:
    """Whether a canonical value sends calls nowhere: no forwarding, or no parking."""
    return data in _OFF


def is_empty(value: object) -> bool:
    """Whether a field holds nothing worth a word: no text, off, an empty list, or not known at all."""
    return value is None or value is False or value in ("", [], {})


def _masked(template: str, url: str, path: str, hidden_paths: frozenset[str]) -> str:
    if hides_host(template) or path + HOST in hidden_paths:
        return MASK
    hide_path = path in hidden_paths or hides_path(template)
    return mask_url(template if hide_path else url, hide_path=hide_path)


def _without_secret(path: str, text: str, holds: Callable[[str], bool]) -> str:
    """What may be shown of a text that holds a secret: a URL's host, else nothing."""
    masked = mask_url(text, hide_path=True) if path in URL_FIELDS else MASK
    return MASK if holds(masked) else masked


def _held(data: Json, names: Iterable[str], holds: Callable[[str], bool]) -> dict[str, str]:
    """The texts of these names that hold a secret."""
    texts = ((name, data.get(name)) for name in names)
    return {name: text for name, text in texts if text and isinstance(text, str) and holds(text)}


def hidden_paths(value: Value) -> frozenset[str]:
    """The URL fields whose template has a variable before the query: a live value's path is then a secret too."""
    templates = {path: str(getattr(value, path, "")) for path in URL_FIELDS}
    whole = {path + HOST for path, template in templates.items() if hides_host(template)}
    return frozenset(whole | {path for path, template in templates.items() if hides_path(template)})


def hidden_in(recorded: Json) -> frozenset[str]:
    """The URL fields of which a recorded form keeps no more than the host, or nothing at all."""
    shown = {path: str(recorded.get(path) or "") for path in URL_FIELDS}
    whole = {path + HOST for path, text in shown.items() if text == MASK}
    return frozenset(whole | {path for path, text in shown.items() if text.endswith(f"/{MASK}")})


def dump(data: object) -> str:
    """Canonical JSON text: keys sorted, no blanks, text as it is."""
    return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


@lru_cache(maxsize=4096)
def period_text(texts: tuple[str, ...], weekday_base: WeekdayBase) -> str | None:
    """The union of period strings in normal form; None = always; text that does not parse stays as it is."""
    if not texts:
        return None
    union = _union(texts, weekday_base)
    if union is None:
        return ", ".join(texts)
    return None if union.is_always else union.canonical


def _union(texts: tuple[str, ...], weekday_base: WeekdayBase) -> Period | None:
    """The union of period strings; None where one does not parse."""
    try:
        return Period.union(Period.parse(text, weekday_base=weekday_base.value) for text in texts)
    except PeriodError:
        return None


@lru_cache(maxsize=4096)
def same_from(first: str | None, second: str | None, today: date) -> bool:
    """Whether two canonical schedules mean the same from a day on; two-digit years have no fixed meaning to compare."""
    if first == second:
        return True
    try:
        one, other = Period.parse(first or ""), Period.parse(second or "")
    except PeriodError:
        return False
    if one.has_short_year or other.has_short_year:
        return False
    ahead = _ahead(today)
    return (one & ahead).equals(other & ahead)


@lru_cache(maxsize=4)
def _ahead(today: date) -> Period:
    return Period.parse(f"yr {{{today.year}}} yd {{{today.timetuple().tm_yday}-366}}, yr {{{today.year + 1}-3000}}")


_BUT_PERIODS = attrgetter(*(each.name for each in fields(Target) if each.name != "periods"))


def merge_neighbours(targets: Sequence[Target]) -> tuple[Target, ...]:
    """Join neighbours that are equal but for disjoint periods: together they are one target with the union."""
    if sum(bool(target.periods) for target in targets) < 2:
        return tuple(targets)
    merged: list[Target] = []
    for _, group in groupby(targets, key=_BUT_PERIODS):
        run = tuple(group)
        sizes = _sizes(tuple(target.periods for target in run), run[0].weekday_base)
        for size, end in zip(sizes, accumulate(sizes), strict=True):
            periods = tuple(text for each in run[end - size : end] for text in each.periods)
            merged.append(replace(run[0], periods=periods))
    return tuple(merged)


@lru_cache(maxsize=4096)
def _sizes(periods: tuple[tuple[str, ...], ...], weekday_base: WeekdayBase) -> tuple[int, ...]:
    """How many neighbours at a time have disjoint periods; what has none, or none that parses, stands alone."""
    sizes: list[int] = []
    times: Period | None = None
    for texts in periods:
        own = _union(texts, weekday_base) if texts else None
        if times is None or own is None or times.overlaps(own):
            sizes.append(1)
            times = own
        else:
            sizes[-1] += 1
            times = Period.union((times, own))
    return tuple(sizes)


def _fields(value: Value) -> Json:
    keys, read = _FIELDS[type(value)]
    data = {"type": value.type} | dict(zip(keys, read(value), strict=True))
    if isinstance(value, NumberForwarding):
        targets = value.targets if len(value.targets) == 1 else merge_neighbours(value.targets)
        data["redirect"] = value.redirect.value
        data["targets"] = [_target_fields(target) for target in targets]
    return data


_OFF = [_fields(off.value) for off in OFF.values()]


def _target_fields(target: Target) -> Json:
    keys, read = _FIELDS[Target]
    data: Json = dict(zip(keys, read(target), strict=True))
    data["schedule"] = period_text(target.periods, target.weekday_base)
    return data


_LARGEST = 2**63 - 1
_OPTIONAL: Mapping[str, Json] = {
    name: {each.key: each.default for each in declared(shape) if not each.is_required} for name, shape in VALUES.items()
}
_TYPES: Mapping[Kind, frozenset[str]] = {
    Kind.PARKING: frozenset({Parking.type}),
    Kind.FORWARDING: frozenset(shape.type for shape in FORWARDINGS),
}
_SPELLED: Mapping[type, type] = {str: str, int: int, bool: bool, tuple: list}
"""The types of fields that are others in canonical JSON; what is none of these is a word of a list."""


class _Expected(NamedTuple):
    """What a field is in canonical JSON; `words` are the only ones that it may be, where it is one of a list.

    `is_free`: whatever is of its type will do.
    """

    key: str
    is_required: bool
    type: type
    words: frozenset[str]
    is_free: bool


_EXPECTED = {
    shape: tuple(
        _Expected(
            each.key,
            each.is_required,
            str if each.key == "schedule" else _SPELLED.get(each.type, str),
            frozenset(each.type if issubclass(each.type, StrEnum) else ()),
            not issubclass(each.type, StrEnum | int),
        )
        for each in declared(shape)
    )
    for shape in (*VALUES.values(), Target)
}

# docs/decisions/095
UPGRADES: Mapping[int, Callable[[Json], Json]] = {}
"""What makes a canonical value of one version one of the next: a row for each version that is no longer the current."""


def stored_form(text: str, digests: Mapping[str, str], version: int = CANONICAL_VERSION) -> Form:
    """A value that was kept as canonical JSON text, as this version understands it; its secrets are digests."""
    return Form(upgrade_value(from_json(text), version), digests)


def upgrade_value(data: Json, version: int = CANONICAL_VERSION) -> Json:
    """A kept canonical value in the current version; an optional field that it lacks has its default."""
    for older in range(version, CANONICAL_VERSION):
        data = UPGRADES[older](data)
    optional = _OPTIONAL.get(data.get("type", ""), {})
    return {**optional, **data} if optional.keys() - data.keys() else data


class Flaw(NamedTuple):
    """What is wrong with a value, and the way to it within the value: `path` ("targets", 0, "timeout"), `what`."""

    path: tuple[str | int, ...]
    what: str

    def __str__(self) -> str:
        at = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in self.path).removeprefix(".")
        return f"`{at}` {self.what}" if at else f"it {self.what}"


def flaw(data: object, kind: Kind) -> Flaw | None:
    """What keeps something from outside from being a canonical value; None where nothing does.

    Every field but those with a default must be there; None is one that is not known.
    """
    if not isinstance(data, dict) or not isinstance(data.get("type"), str) or data["type"] not in _TYPES[kind]:
        return Flaw((), f"is not a {kind.value}")
    for each in _EXPECTED[VALUES[data["type"]]]:
        value = data.get(each.key)
        if each.is_free and type(value) is each.type:
            continue
        if value is None and each.is_required and each.key not in data:
            return Flaw((each.key,), "is missing")
        if value is not None and (what := _misfit(each, value)):
            return Flaw((each.key,), what)
    return next(filter(None, map(_flaw_of_target, count(), data.get("targets") or ())), None)


def _flaw_of_target(at: int, data: object) -> Flaw | None:
    if not isinstance(data, dict):
        return Flaw(("targets", at), "is not a target")
    for each in _EXPECTED[Target]:
        if each.key not in data:
            return Flaw(("targets", at, each.key), "is missing")
        value = data[each.key]
        if each.is_free and type(value) is each.type:
            continue
        if (value is not None or each.key != "schedule") and (what := _misfit(each, value)):
            return Flaw(("targets", at, each.key), what)
    return None


def _misfit(expected: _Expected, value: object) -> str:
    """What keeps a known value from being one of the field."""
    if type(value) is not expected.type or not _is_within(value):
        return "has the wrong type"
    return "is not a known type" if expected.words and value not in expected.words else ""


def _is_within(value: object) -> bool:
    """Whether a value is one that can be kept and shown: no number beyond all bounds."""
    return type(value) is not int or -_LARGEST <= value <= _LARGEST
