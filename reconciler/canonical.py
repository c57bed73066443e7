"""The canonical form of a value: what plans and records hold, what is compared and digested.

Equal meaning gives equal form: neighbouring targets that differ only in disjoint periods are one, periods are in normal
form, sensitive URLs are masked with their clear text kept aside. Knows no YAML, no wire and no output format.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import date
from functools import lru_cache
from itertools import accumulate, groupby
from operator import attrgetter
from typing import Any

from reconciler.model import (
    OFF,
    VALUES,
    NumberForwarding,
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

_NAMES = {shape: tuple((each.name, each.key) for each in declared(shape)) for shape in (*VALUES.values(), Target)}


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

    def digested(self, digester: Digester) -> Form:
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


def same(text: str) -> str:
    """Leave a template as it stands: for values that have no variables left."""
    return text


def holds_nothing(_text: str) -> bool:
    """Find no secret: for a value that is neither stored nor shown."""
    return False


def form(
    value: Value,
    *,
    resolve: Callable[[str], str] = same,
    holds: Callable[[str], bool] = holds_nothing,
    unreadable: Iterable[str] = (),
    hidden_paths: frozenset[str] = frozenset(),
) -> Form:
    """Put a value into canonical form.

    `resolve` fills `${var:NAME}` templates (raises SecretError); `holds` finds known secrets, wherever they stand;
    `unreadable` fields become None; of the URL fields in `hidden_paths` all that follows the host is masked, and with
    `HOST` behind their name the host too.
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
    data = {"type": value.type} | {key: getattr(value, name) for name, key in _NAMES[type(value)]}
    if isinstance(value, NumberForwarding):
        targets = value.targets if len(value.targets) == 1 else merge_neighbours(value.targets)
        data["redirect"] = value.redirect.value
        data["targets"] = [_target_fields(target) for target in targets]
    return data


_OFF = [_fields(off.value) for off in OFF.values()]


def _target_fields(target: Target) -> Json:
    data: Json = {key: getattr(target, name) for name, key in _NAMES[Target]}
    data["schedule"] = period_text(target.periods, target.weekday_base)
    return data
