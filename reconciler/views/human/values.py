"""Canonical values in words: who rings, for how long, and when; by name where they have one.

Knows the canonical form and nothing of plans or files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from reconciler.canonical import TARGET_TEXTS, is_empty, keys_of
from reconciler.effects.wording import Wording
from reconciler.model import Text

Canonical = Mapping[str, Any]
SHORT = Wording()
"""Times in short; whatever they are of has no name."""
UNKNOWN = "(not known)"
_NAMED = 3
_QUOTED = {*keys_of(Text.WORDS), *TARGET_TEXTS}


def field(path: str, value: object, say: Wording = SHORT) -> str:
    """A field's value in words; `path` is its place in the canonical form."""
    name = path.rpartition(".")[2].partition("[")[0]
    if isinstance(value, Mapping):
        return target(value, say)
    if name == "schedule" and (value is None or isinstance(value, str)):
        return say.schedule(value)
    if isinstance(value, bool) or value in (None, ""):
        return {True: "true", False: "false", None: UNKNOWN, "": "(none)"}[value]
    if name == "timeout":
        return f"{value} s"
    return f'"{value}"' if name in _QUOTED else say.who(str(value))


def target(value: Canonical, say: Wording = SHORT, *, with_schedule: bool = True) -> str:
    """One target in a line: `74992223344 for 16 s, Mon-Fri 9:00-18:00, "duty"`; a name of ours says it already."""
    schedule, is_named = value.get("schedule"), value["to"] in say.names.contacts
    parts = [f"{say.who(value['to'])} for {value['timeout']} s"]
    if not value.get("active", True):
        parts.append("not active")
    if with_schedule and schedule is not None:
        parts.append(say.schedule(schedule))
    if value.get("name") and (say.full or not is_named):
        parts.append(f'"{value["name"]}"')
    if with_schedule and value.get("schedule_description") and (say.full or schedule not in say.names.schedules):
        parts.append(f'"{value["schedule_description"]}"')
    return ", ".join(parts)


def summary(value: Canonical | None, say: Wording = SHORT) -> str:
    """Where calls go, in a few words."""
    if value is None:
        return UNKNOWN
    if value["type"] == "number":
        return _numbers(value, say)
    return _SUMMARIES[value["type"]](value)


def gist(value: Canonical | None, say: Wording = SHORT) -> str:
    """Where calls go, the first of several targets by name."""
    targets = (value or {}).get("targets") or []
    if value is None or len(targets) < 2:
        return summary(value, say)
    named = [say.who(each["to"]) for each in targets[:_NAMED]]
    more = [f"{len(targets) - _NAMED} more"] if len(targets) > _NAMED else []
    return f"{', '.join([*named, *more])}, {value['redirect']}"


def details(value: Canonical | None, say: Wording = SHORT) -> Iterator[str]:
    """What the summary leaves out, a line each; defaults are not told."""
    if value is None:
        return
    targets = value.get("targets") or []
    if len(targets) > 1:
        yield from (f"{at}. {target(each, say)}" for at, each in enumerate(targets, start=1))
    left = value.keys() - _SUMMARIZED
    yield from (
        f"{name} {field(name, value[name], say)}" for name in value if name in left and not is_empty(value[name])
    )


def _numbers(value: Canonical, say: Wording) -> str:
    targets = value["targets"] or []
    redirect = "" if value["redirect"] == "single" else f", {value['redirect']}"
    if len(targets) == 1:
        return f"number {target(targets[0], say)}{redirect}"
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
    "url": lambda value: f"URL {value['url']}",
    "sip": lambda value: f"SIP {value['sip_uri']}",
    "sip_trunk": _trunk,
    "parking": _parking,
}

_SUMMARIZED = {"type", "redirect", "targets", "url", "sip_uri", "static_ip", "port", "timeout", "did", "parking"}
"""What a summary says of a value: any other field is told as a detail."""
