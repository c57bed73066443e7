"""Every value of the model, drawn at random: what a configuration may ask for, and one changed field of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from reconciler.model import (
    Forwarding,
    NoForwarding,
    NumberForwarding,
    Parking,
    Redirect,
    SipForwarding,
    Target,
    TrunkForwarding,
    UrlForwarding,
)

PHONES = [f"7499222{index:04d}" for index in range(40)] + [f"88314000000{index:04d}" for index in range(5)]
HOSTS = ["a.example.com", "b.example.com:8443", "пример.example"]

_alphabet = st.characters(codec="utf-8", categories=("L", "N", "P", "Zs"), exclude_characters="\u00a0")
words = st.text(_alphabet, max_size=12).map(str.strip)
phones = st.sampled_from(PHONES)
files = st.sampled_from(["", "12345", "54321"])
timeouts = st.integers(1, 600)
plain_urls = st.builds(
    lambda host, path: f"https://{host}/{path}",
    st.sampled_from(HOSTS[:2]),
    st.text("abcdefgh/-_1", max_size=10),
)
keys = st.text("abcdef0123456789", min_size=4, max_size=8)
urls = plain_urls | st.builds(lambda url, key: f"{url}?key={key}", plain_urls, keys)

_days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


@st.composite
def schedules(draw: st.DrawFn) -> tuple[str, ...]:
    """No period, or some on different days: pairwise disjoint, as schedules are compiled."""
    days = draw(st.lists(st.integers(0, 6), unique=True, max_size=3))
    hours = [draw(st.integers(0, 20)) for _ in days]
    return tuple(f"wd {{{_days[day]}}} hr {{{hour}-{hour + 2}}}" for day, hour in zip(days, hours, strict=True))


@st.composite
def targets(draw: st.DrawFn, to: str) -> Target:
    """A target; its schedule has a description only where there is a schedule."""
    chosen = draw(schedules())
    description = draw(words) if chosen else ""
    return Target(to, draw(timeouts), chosen, description, draw(words), active=draw(st.booleans()))


@st.composite
def number_forwardings(draw: st.DrawFn) -> NumberForwarding:
    """One to three targets that ring different phones."""
    chosen = draw(st.lists(phones, min_size=1, max_size=3, unique=True))
    return NumberForwarding(
        draw(st.sampled_from(Redirect)),
        tuple(draw(targets(to)) for to in chosen),
        event_url=draw(st.just("") | urls),
        event_extended=draw(st.booleans()),
        client_id=draw(st.sampled_from(["", "crm-1", "crm-2"])),
        file_to_a=draw(files),
        file_to_b=draw(files),
        masking=draw(st.booleans()),
        display_number=draw(st.just("") | phones),
    )


url_forwardings = st.builds(UrlForwarding, urls, st.just("") | phones)
sip_forwardings = st.builds(
    lambda user, port: SipForwarding(f"{user}@sip.example.com{port}"),
    st.text("abcdef+0123", min_size=1, max_size=8),
    st.sampled_from(["", ":5060", ":5080;transport=tcp"]),
)
trunk_forwardings = st.builds(
    TrunkForwarding,
    st.ip_addresses(v=4).map(str),
    st.integers(1, 65535),
    timeouts,
    st.just("") | st.integers(1, 10**12).map(str),
)
forwardings: st.SearchStrategy[Forwarding] = st.one_of(
    number_forwardings(), url_forwardings, sip_forwardings, trunk_forwardings, st.just(NoForwarding())
)
present: st.SearchStrategy[Forwarding] = st.one_of(
    number_forwardings(), url_forwardings, sip_forwardings, trunk_forwardings
)
parkings = st.builds(Parking, st.booleans())
values = forwardings | parkings


Case = tuple[type[Forwarding], str]
"""A type of forwarding and the name of one of its fields; those of a target after a dot.

How an account counts weekdays is no field of its own: it says what the periods mean.
"""

CASES: list[Case] = [
    *(
        (kind, name)
        for kind in (SipForwarding, NumberForwarding, UrlForwarding, TrunkForwarding)
        for name in kind.__match_args__
        if name != "targets"
    ),
    *((NumberForwarding, f"targets.{name}") for name in Target.__match_args__ if name != "weekday_base"),
]
BY_TYPE: dict[type[Forwarding], st.SearchStrategy[Forwarding]] = {
    SipForwarding: sip_forwardings,
    NumberForwarding: number_forwardings(),
    UrlForwarding: url_forwardings,
    TrunkForwarding: trunk_forwardings,
}


@st.composite
def changes_of(draw: st.DrawFn, case: Case) -> tuple[Forwarding, Forwarding, str]:
    """A value of the case's type, the same with the case's field changed, and the canonical path of that field."""
    kind, name = case
    before = draw(BY_TYPE[kind])
    if isinstance(before, NumberForwarding) and name.startswith("targets."):
        return draw(_changed_target(before, name.removeprefix("targets.")))
    other = draw(_OTHERS[kind, name].filter(lambda new: new != getattr(before, name)))
    values: dict[str, Any] = {each: getattr(before, each) for each in kind.__match_args__}
    return before, kind(**{**values, name: other}), name


@st.composite
def _changed_target(draw: st.DrawFn, before: NumberForwarding, name: str) -> tuple[Forwarding, Forwarding, str]:
    at = draw(st.integers(0, len(before.targets) - 1))
    if name == "schedule_description":
        before = _with_target(before, at, replace(before.targets[at], periods=("md {1}",)))
    target, taken = before.targets[at], {each.to for each in before.targets}
    others = {
        "to": replace(target, to=draw(phones.filter(lambda to: to not in taken))),
        "timeout": replace(target, timeout=target.timeout + draw(st.integers(1, 9))),
        "periods": replace(target, periods=("yr {2031} hr {5}",) if target.periods else ("md {1}",)),
        "schedule_description": replace(target, schedule_description=target.schedule_description + "x"),
        "name": replace(target, name=target.name + "x"),
        "active": replace(target, active=not target.active),
    }
    after = _with_target(before, at, others[name])
    return before, after, f"targets[{at}].{'schedule' if name == 'periods' else name}"


def _with_target(value: NumberForwarding, at: int, target: Target) -> NumberForwarding:
    return replace(value, targets=(*value.targets[:at], target, *value.targets[at + 1 :]))


_OTHERS: dict[Case, st.SearchStrategy[object]] = {
    (NumberForwarding, "redirect"): st.sampled_from(Redirect),
    (NumberForwarding, "event_url"): st.just("") | urls,
    (NumberForwarding, "event_extended"): st.booleans(),
    (NumberForwarding, "client_id"): st.sampled_from(["", "crm-1", "crm-2"]),
    (NumberForwarding, "file_to_a"): files,
    (NumberForwarding, "file_to_b"): files,
    (NumberForwarding, "masking"): st.booleans(),
    (NumberForwarding, "display_number"): st.just("") | phones,
    (UrlForwarding, "url"): urls,
    (UrlForwarding, "reserve"): st.just("") | phones,
    (SipForwarding, "sip_uri"): sip_forwardings.map(lambda each: each.sip_uri),
    (TrunkForwarding, "static_ip"): trunk_forwardings.map(lambda each: each.static_ip),
    (TrunkForwarding, "port"): st.integers(1, 65535),
    (TrunkForwarding, "timeout"): timeouts,
    (TrunkForwarding, "did"): st.just("") | st.integers(1, 10**12).map(str),
}
