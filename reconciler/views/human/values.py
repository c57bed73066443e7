"""Canonical values in words: who rings, for how long, and when.

Knows the canonical form and nothing of plans or files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from reconciler.canonical import TARGET_TEXTS, is_empty, keys_of
from reconciler.model import Text
from reconciler.schedule import Period, PeriodError

Canonical = Mapping[str, Any]
UNKNOWN = "(not known)"
_QUOTED = {*keys_of(Text.WORDS), *TARGET_TEXTS}


def field(path: str, value: object) -> str:
    """A field's value in words; `path` is its place in the canonical form."""
    name = path.rpartition(".")[2].partition("[")[0]
    if isinstance(value, Mapping):
        return target(value)
    if name == "schedule" and (value is None or isinstance(value, str)):
        return schedule(value)
    if isinstance(value, bool) or value in (None, ""):
        return {True: "true", False: "false", None: UNKNOWN, "": "(none)"}[value]
    if name == "timeout":
        return f"{value} s"
    return f'"{value}"' if name in _QUOTED else str(value)


def schedule(text: str | None) -> str:
    """A period as a phrase, or as it stands where it is none that we know."""
    if text is None:
        return "always"
    try:
        return Period.parse(text, weekday_base="refuse").phrase()
    except PeriodError:
        return f'"{text}"'


def target(value: Canonical) -> str:
    """One target in a line: `74992223344 for 16 s, Mon-Fri 9:00-18:00, "duty"`."""
    parts = [f"{value['to']} for {value['timeout']} s"]
    if not value.get("active", True):
        parts.append("not active")
    if value.get("schedule") is not None:
        parts.append(schedule(value["schedule"]))
    parts += [f'"{value[name]}"' for name in ("name", "schedule_description") if value.get(name)]
    return ", ".join(parts)


def summary(value: Canonical | None) -> str:
    """Where calls go, in a few words."""
    if value is None:
        return UNKNOWN
    return _SUMMARIES[value["type"]](value)


def details(value: Canonical | None) -> Iterator[str]:
    """What the summary leaves out, a line each; defaults are not told."""
    if value is None:
        return
    targets = value.get("targets") or []
    if len(targets) > 1:
        yield from (f"{at}. {target(each)}" for at, each in enumerate(targets, start=1))
    left = value.keys() - _SUMMARIZED
    yield from (f"{name} {field(name, value[name])}" for name in value if name in left and not is_empty(value[name]))


def _numbers(value: Canonical) -> str:
    targets = value["targets"] or []
    redirect = "" if value["redirect"] == "single" else f", {value['redirect']}"
    if len(targets) == 1:
        return f"number {target(targets[0])}{redirect}"
    return f"{len(targets)} targets{redirect}"


def _trunk(value: Canonical) -> str:
    if value["static_ip"] is None:
        return "SIP trunk, whose address cannot be read"
    did = f", DID {value['did']}" if value["did"] else ""
    return f"SIP trunk {value['static_ip']}:{value['port']} for {value['timeout']} s{did}"


def _parking(value: Canonical) -> str:
    parked = value["parking"]
    return UNKNOWN if parked is None else "parked" if parked else "not parked"


_SUMMARIES: Mapping[str, Callable[[Canonical], str]] = {
    "none": lambda _value: "no forwarding",
    "number": _numbers,
    "url": lambda value: f"URL {value['url']}",
    "sip": lambda value: f"SIP {value['sip_uri']}",
    "sip_trunk": _trunk,
    "parking": _parking,
}

_SUMMARIZED = {"type", "redirect", "targets", "url", "sip_uri", "static_ip", "port", "timeout", "did", "parking"}
"""What a summary says of a value: any other field is told as a detail."""
