"""The canonical form of a value: what plans and records hold, what is compared and digested.

Equal meaning gives equal form: neighbouring targets that differ only in disjoint periods are one, periods are in normal
form, sensitive URLs are masked with their clear text kept aside. Knows no YAML, no wire and no output format.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Any, assert_never

from reconciler.model import (
    NoForwarding,
    NumberForwarding,
    Parking,
    SipForwarding,
    Target,
    TrunkForwarding,
    UrlForwarding,
    Value,
    WeekdayBase,
)
from reconciler.schedule import Period, PeriodError
from reconciler.secrets import MASK, Digester, hides_host, hides_path, is_sensitive_url, mask_url

Json = dict[str, Any]
URL_FIELDS = ("url", "event_url")
HOST = "@host"


@dataclass(frozen=True, slots=True)
class Form:
    """A value in canonical form.

    `json` is masked and ready for output; `secrets` maps the path of each sensitive field to its clear text, resolved.
    Fields that a read could not tell are None in `json`.
    """

    json: Json = field(hash=False)
    secrets: Mapping[str, str] = field(default_factory=dict, hash=False, repr=False)

    @property
    def text(self) -> str:
        """Canonical JSON text of the masked form."""
        return dump(self.json)

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


def form(
    value: Value,
    *,
    resolve: Callable[[str], str] = same,
    unreadable: Iterable[str] = (),
    hidden_paths: frozenset[str] = frozenset(),
) -> Form:
    """Put a value into canonical form.

    `resolve` fills `${var:NAME}` templates (raises SecretError); `unreadable` fields become None; of the URL fields in
    `hidden_paths` all that follows the host is masked, and with `HOST` behind their name the host too.
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
    return Form(data, secrets)


def _masked(template: str, url: str, path: str, hidden_paths: frozenset[str]) -> str:
    if hides_host(template) or path + HOST in hidden_paths:
        return MASK
    hide_path = path in hidden_paths or hides_path(template)
    return mask_url(template if hide_path else url, hide_path=hide_path)


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
    try:
        union = _union(texts, weekday_base)
    except PeriodError:
        return ", ".join(texts)
    return None if union.is_always else union.canonical


def _union(texts: tuple[str, ...], weekday_base: WeekdayBase) -> Period:
    periods = [Period.parse(text, weekday_base=weekday_base.value) for text in texts]
    return periods[0] if len(periods) == 1 else Period.union(periods)


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


def merge_neighbours(targets: Sequence[Target]) -> tuple[Target, ...]:
    """Join neighbours that are equal but for disjoint periods: together they are one target with the union."""
    merged: list[Target] = []
    for target in targets:
        if merged and _mergeable(merged[-1], target):
            merged[-1] = merged[-1]._replace(periods=(*merged[-1].periods, *target.periods))
        else:
            merged.append(target)
    return tuple(merged)


def _mergeable(first: Target, second: Target) -> bool:
    return (
        bool(first.periods and second.periods)
        and _with_periods(first, ()) == _with_periods(second, ())
        and _disjoint(first.periods, second.periods, first.weekday_base)
    )


def _with_periods(target: Target, periods: tuple[str, ...]) -> Target:
    return target._replace(periods=periods)


@lru_cache(maxsize=4096)
def _disjoint(first: tuple[str, ...], second: tuple[str, ...], weekday_base: WeekdayBase) -> bool:
    try:
        return not _union(first, weekday_base).overlaps(_union(second, weekday_base))
    except PeriodError:
        return False


def _fields(value: Value) -> Json:
    match value:
        case NumberForwarding():
            return _number_fields(value)
        case UrlForwarding():
            return {"type": value.type, "url": value.url, "reserve": value.reserve}
        case SipForwarding():
            return {"type": value.type, "sip_uri": value.sip_uri}
        case TrunkForwarding():
            return {
                "type": value.type,
                "static_ip": value.static_ip,
                "port": value.port,
                "timeout": value.timeout,
                "did": value.did,
            }
        case NoForwarding():
            return {"type": value.type}
        case Parking():
            return {"type": value.type, "parking": value.parked}
        case _:
            assert_never(value)


def _number_fields(value: NumberForwarding) -> Json:
    targets = value.targets if len(value.targets) == 1 else merge_neighbours(value.targets)
    return {
        "type": value.type,
        "redirect": value.redirect.value,
        "targets": [_target_fields(target) for target in targets],
        "event_url": value.event_url,
        "event_extended": value.event_extended,
        "client_id": value.client_id,
        "file_to_a": value.file_to_a,
        "file_to_b": value.file_to_b,
        "masking": value.masking,
        "display_number": value.display_number,
    }


def _target_fields(target: Target) -> Json:
    return {
        "to": target.to,
        "timeout": target.timeout,
        "schedule": period_text(target.periods, target.weekday_base),
        "schedule_description": target.schedule_description,
        "name": target.name,
        "active": target.active,
    }
