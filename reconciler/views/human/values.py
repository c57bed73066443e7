"""Canonical values in words: who rings, for how long, and when.

Knows the canonical form and nothing of plans or files.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.schedule import Period, PeriodError

Canonical = Mapping[str, Any]
UNKNOWN = "(not known)"
_QUOTED = ("name", "schedule_description", "client_id", "file_to_a", "file_to_b")
_SETTINGS = (
    "event_url",
    "event_extended",
    "client_id",
    "file_to_a",
    "file_to_b",
    "masking",
    "display_number",
)


def field(path: str, value: Any) -> str:
    """A field's value in words; `path` is its place in the canonical form."""
    name = path.rpartition(".")[2].partition("[")[0]
    match value:
        case Mapping():
            return target(value)
        case bool():
            return "true" if value else "false"
        case None if name == "schedule":
            return "always"
        case None:
            return UNKNOWN
        case "":
            return "(none)"
    if name == "timeout":
        return f"{value} s"
    if name == "schedule":
        return schedule(value)
    return f'"{value}"' if name in _QUOTED else str(value)


def schedule(text: str | None) -> str:
    """A period as a phrase, or as it stands where it is none that we know."""
    if text is None:
        return "always"
    try:
        return Period.parse(text).phrase()
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
    match value["type"]:
        case "none":
            return "no forwarding"
        case "number":
            return _numbers(value)
        case "url":
            return f"URL {value['url']}"
        case "sip":
            return f"SIP {value['sip_uri']}"
        case "sip_trunk":
            return _trunk(value)
        case "parking":
            return {True: "parked", False: "not parked"}.get(value["parking"], UNKNOWN)
        case other:
            return str(other)


def details(value: Canonical | None) -> Iterator[str]:
    """What the summary leaves out, a line each; defaults are not told."""
    if value is None:
        return
    match value["type"]:
        case "number":
            targets = value["targets"] or ()
            if len(targets) > 1:
                yield from (f"{at}. {target(each)}" for at, each in enumerate(targets, start=1))
            yield from (f"{name} {field(name, value[name])}" for name in _SETTINGS if _is_told(value, name))
        case "url" if value["reserve"]:
            yield f"reserve {value['reserve']}"


def _numbers(value: Canonical) -> str:
    targets = value["targets"] or ()
    redirect = "" if value["redirect"] == "single" else f", {value['redirect']}"
    if len(targets) == 1:
        return f"number {target(targets[0])}{redirect}"
    return f"{len(targets)} targets{redirect}"


def _trunk(value: Canonical) -> str:
    if value["static_ip"] is None:
        return "SIP trunk, whose address cannot be read"
    did = f", DID {value['did']}" if value["did"] else ""
    return f"SIP trunk {value['static_ip']}:{value['port']} for {value['timeout']} s{did}"


def _is_told(value: Canonical, name: str) -> bool:
    return name in value and value[name] not in ("", False, None)
