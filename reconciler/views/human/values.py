"""Canonical values in words: who rings, for how long, and when; by name where they have one.

Knows the canonical form and nothing of plans or files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from reconciler.canonical import TARGET_TEXTS, is_empty, keys_of
from reconciler.effects.wording import SHORT, Wording, marked
from reconciler.model import Text

Canonical = Mapping[str, Any]
UNKNOWN = marked("(not known)")
_PLAIN = {True: marked("true"), False: marked("false"), None: UNKNOWN, "": marked("(none)")}
_REDIRECTS = (marked("sequential"), marked("parallel"), marked("single"))
"""Said by their own names, which the catalogue has to know."""
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
        return say.word(_PLAIN[value])
    if name == "timeout":
        return say.word("{seconds} s", seconds=value)
    if name == "redirect":
        return say.word(str(value))
    return f'"{value}"' if name in _QUOTED else say.who(str(value))


def target(value: Canonical, say: Wording = SHORT, *, with_schedule: bool = True) -> str:
    """One target in a line: `74992223344 for 16 s, Mon-Fri 9:00-18:00, "duty"`; a name of ours says it already."""
    schedule, is_named = value.get("schedule"), value["to"] in say.names.contacts
    parts = [say.word("{who} for {seconds} s", who=say.who(value["to"]), seconds=value["timeout"])]
    if not value.get("active", True):
        parts.append(say.word("not active"))
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
        return say.word(UNKNOWN)
    return _SUMMARIES[value["type"]](value, say)


def gist(value: Canonical | None, say: Wording = SHORT) -> str:
    """Where calls go, the first of several targets by name."""
    targets = (value or {}).get("targets") or []
    if value is None or len(targets) < 2:
        return summary(value, say)
    named = [say.who(each["to"]) for each in targets[:_NAMED]]
    more = [say.word("{count} more", count=len(targets) - _NAMED)] if len(targets) > _NAMED else []
    return ", ".join([*named, *more, say.word(value["redirect"])])


def details(value: Canonical | None, say: Wording = SHORT) -> Iterator[str]:
    """What the summary leaves out, a line each; defaults are not told."""
    if value is None:
        return
    targets = value.get("targets") or []
    if len(targets) > 1:
        yield from (f"{at}. {target(each, say)}" for at, each in enumerate(targets, start=1))
    left = value.keys() - _SUMMARIZED
    for name in value:
        if name in left and not is_empty(value[name]):
            text = field(name, value[name], say)
            yield say.word("reserve {who}", who=text) if name == "reserve" else f"{name} {text}"


def _numbers(value: Canonical, say: Wording) -> str:
    targets = value["targets"] or []
    redirect = "" if value["redirect"] == "single" else f", {say.word(value['redirect'])}"
    if len(targets) == 1:
        return say.word("number {target}", target=target(targets[0], say)) + redirect
    return say.number(len(targets), "{count} target", "{count} targets") + redirect


def _trunk(value: Canonical, say: Wording) -> str:
    if value["static_ip"] is None:
        return say.word("SIP trunk, whose address cannot be read")
    did = f", DID {value['did']}" if value["did"] else ""
    address = f"{value['static_ip']}:{value['port']}"
    return say.word("SIP trunk {address} for {seconds} s", address=address, seconds=value["timeout"]) + did


def _parking(value: Canonical, say: Wording) -> str:
    parked = value["parking"]
    return say.word(UNKNOWN if parked is None else _PARKED[bool(parked)])


_PARKED = {True: marked("parked"), False: marked("not parked")}
_SUMMARIES: Mapping[str, Callable[[Canonical, Wording], str]] = {
    "none": lambda _value, say: say.word("no forwarding"),
    "url": lambda value, say: say.word("URL {url}", url=value["url"]),
    "sip": lambda value, say: say.word("SIP {to}", to=value["sip_uri"]),
    "number": _numbers,
    "sip_trunk": _trunk,
    "parking": _parking,
}

_SUMMARIZED = {"type", "redirect", "targets", "url", "sip_uri", "static_ip", "port", "timeout", "did", "parking"}
"""What a summary says of a value: any other field is told as a detail."""
