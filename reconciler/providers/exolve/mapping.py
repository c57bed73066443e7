"""Exolve's wire ⇄ the model, pure: tolerant values in, strict bodies out.

Knows no HTTP. On write exactly the documented keys go out, the data of the type at top level (the name of the
`oneof` is no key), and integers as JSON numbers.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeVar, assert_never

from reconciler.http.errors import UnexpectedResponse
from reconciler.model import (
    Forwarding,
    NoForwarding,
    NumberForwarding,
    Observation,
    Redirect,
    SipForwarding,
    Target,
    TrunkForwarding,
    UrlForwarding,
    WeekdayBase,
    declared,
)
from reconciler.providers.exolve.account import CAPABILITIES
from reconciler.providers.exolve.wire import (
    Attributes,
    CallControl,
    IpcrBody,
    ListedNumber,
    NumberBody,
    SipBody,
    StaticBody,
)

_Body = TypeVar("_Body")

_REDIRECTS = {1: Redirect.SINGLE, 2: Redirect.SEQUENTIAL, 3: Redirect.PARALLEL}
_REDIRECT_CODES = {redirect: code for code, redirect in _REDIRECTS.items()}
_TRUNK_FIELDS = frozenset({"static_ip", "port", "timeout", "did"})
_PLAIN = tuple(each.name for each in declared(NumberForwarding) if each.name not in ("redirect", "targets"))
"""The settings of a forwarding to numbers: on the wire they have the same names."""
_UNKNOWN_TRUNK = TrunkForwarding(static_ip="", port=0, timeout=0)


def observe(attributes: Attributes, *, read_at: float, weekday_base: WeekdayBase = WeekdayBase.REFUSE) -> Observation:
    """Turn GetAttributes into what it tells; raises UnexpectedResponse where type and data contradict each other.

    `weekday_base`: what the account takes a numeric weekday of a period to mean.
    """
    match attributes.call_forwarding_type:
        case 0:
            return Observation(NoForwarding(), read_at)
        case 1:
            return Observation(_sip(_present(attributes.call_forwarding_sip, "call_forwarding_sip")), read_at)
        case 2:
            body = _present(attributes.call_forwarding_number, "call_forwarding_number")
            return _observe_number(body, read_at=read_at, weekday_base=weekday_base)
        case 3:
            return Observation(_url(_present(attributes.call_forwarding_ipcr, "call_forwarding_ipcr")), read_at)
        case _:
            return _observe_trunk(
                attributes.call_forwarding_static or attributes.call_forwarding_ip_static, read_at=read_at
            )


def observe_listed(listed: ListedNumber, *, list_tells_forwarding: bool, read_at: float) -> Observation | None:
    """Turn a number of the customer list into what the list decides; None where only GetAttributes can tell.

    `list_tells_forwarding`: the list has shown forwarding for some number, so its absence here means none.
    """
    bodies = [body for body in _bodies(listed) if body is not None]
    if not bodies:
        said_none = listed.call_forwarding_flag is False
        silent_none = listed.call_forwarding_flag is None and list_tells_forwarding
        return Observation(NoForwarding(), read_at) if said_none or silent_none else None
    if len(bodies) > 1 or listed.call_forwarding_flag is False:
        return None
    match bodies[0]:
        case SipBody() as body if body.sip_uri:
            return Observation(_sip(body), read_at)
        case IpcrBody() as body if body.url:
            return Observation(_url(body), read_at)
        case StaticBody() as body if body.static_ip or body.ip:
            return Observation(_trunk(body), read_at)
    return None


def tells_forwarding(listed: ListedNumber) -> bool:
    """Whether the list says anything about this number's forwarding."""
    return listed.call_forwarding_flag is not None or any(body is not None for body in _bodies(listed))


def encode(number: str, value: Forwarding) -> dict[str, Any]:
    """Spell SetCallForwarding's body (DeleteCallForwarding's for NoForwarding)."""
    head: dict[str, Any] = {"number_code": int(number)}
    match value:
        case NoForwarding():
            return head
        case SipForwarding():
            return head | {"call_forwarding_type": 1, "call_forwarding_sip": {"sip_uri": value.sip_uri}}
        case NumberForwarding():
            return head | {"call_forwarding_type": 2, "call_forwarding_number": _encode_number(value)}
        case UrlForwarding():
            ipcr = {"url": value.url, "reserve": value.reserve}
            return head | {"call_forwarding_type": 3, "call_forwarding_ipcr": ipcr}
        case TrunkForwarding():
            return head | {"call_forwarding_type": 4, "call_forwarding_static": _encode_trunk(value)}
        case _:
            assert_never(value)


def _bodies(listed: ListedNumber) -> tuple[object, ...]:
    return (
        listed.call_forwarding_number,
        listed.call_forwarding_sip,
        listed.call_forwarding_ipcr,
        listed.call_forwarding_static,
        listed.call_forwarding_ip_static,
    )


def _present(body: _Body | None, key: str) -> _Body:
    if body is None:
        raise UnexpectedResponse(f"Exolve answered something undocumented: a forwarding type without its {key}")
    return body


def _sip(body: SipBody) -> SipForwarding:
    return SipForwarding(sip_uri=body.sip_uri)


def _url(body: IpcrBody) -> UrlForwarding:
    return UrlForwarding(url=body.url, reserve=body.reserve)


def _trunk(body: StaticBody) -> TrunkForwarding:
    did = str(body.did) if body.did else body.did_name
    return TrunkForwarding(
        static_ip=body.static_ip or body.ip, port=body.port, timeout=body.timeout, did="" if did == "0" else did
    )


def _observe_trunk(body: StaticBody | None, *, read_at: float) -> Observation:
    """GetAttributes documents no data for type 4: without any, the fields are not known."""
    if body is None:
        return Observation(_UNKNOWN_TRUNK, read_at, unreadable=_TRUNK_FIELDS)
    return Observation(_trunk(body), read_at)


def _observe_number(body: NumberBody, *, read_at: float, weekday_base: WeekdayBase) -> Observation:
    if body.redirect_type not in _REDIRECTS:
        raise UnexpectedResponse("Exolve answered something undocumented: redirect_type is none of 1, 2, 3")
    value = NumberForwarding(
        redirect=_REDIRECTS[body.redirect_type],
        targets=tuple(_target(control, weekday_base) for control in body.call_control),
        **{name: getattr(body, name) for name in _PLAIN if name in NumberBody.model_fields},
    )
    return Observation(value, read_at, unreadable=CAPABILITIES.unreadable, unwritable=_unwritable(body))


def _unwritable(body: NumberBody) -> dict[str, Any]:
    dtmf = {f"targets[{i}].dtmf": control.dtmf for i, control in enumerate(body.call_control) if control.dtmf}
    return {"answer": True, **dtmf} if body.answer else dtmf


def _target(control: CallControl, weekday_base: WeekdayBase) -> Target:
    return Target(
        to=control.redirect_number,
        timeout=control.timeout,
        periods=(control.period,) if control.period else (),
        schedule_description=control.period_description,
        name=control.name,
        active=control.active,
        weekday_base=weekday_base,
    )


def _encode_number(value: NumberForwarding) -> dict[str, Any]:
    return {
        "redirect_type": _REDIRECT_CODES[value.redirect],
        "call_control": [entry for target in value.targets for entry in _encode_target(target)],
        **{name: getattr(value, name) for name in _PLAIN},
    }


def _encode_target(target: Target) -> Iterator[dict[str, Any]]:
    """One `call_control` entry a period string: together they are when the target is active."""
    entry = {
        "redirect_number": target.to,
        "timeout": target.timeout,
        "active": target.active,
        "name": target.name,
    }
    if not target.periods:
        yield entry
    for period in target.periods:
        yield entry | {"period": period, "period_description": target.schedule_description}


def _encode_trunk(value: TrunkForwarding) -> dict[str, Any]:
    trunk: dict[str, Any] = {"static_ip": value.static_ip, "port": value.port, "timeout": value.timeout}
    return trunk | {"did": int(value.did)} if value.did else trunk
