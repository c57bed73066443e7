"""Exolve's wire ⇄ the model, pure: tolerant values in, strict bodies out.

Knows no HTTP. On write exactly the documented keys go out, the data of the type at top level (the name of the `oneof`
is not a key), and integers as JSON numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar, assert_never

from reconciler.clock import workers as pool_of
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
from reconciler.providers.base import Listing
from reconciler.providers.exolve.account import CAPABILITIES
from reconciler.providers.exolve.wire import (
    Attributes,
    CallControl,
    IpcrBody,
    ListedNumber,
    NumberBody,
    NumberPage,
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
    # `did` is a uint64, so none reads as 0; the customer list says `did_name` and `ip` for `did` and `static_ip`.
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
        raise UnexpectedResponse("Exolve answered something undocumented: redirect_type is not 1, 2 or 3")
    value = NumberForwarding(
        redirect=_REDIRECTS[body.redirect_type],
        targets=tuple(_target(control, weekday_base) for control in body.call_control),
        **{name: getattr(body, name) for name in _PLAIN if name in NumberBody.model_fields},
    )
    return Observation(value, read_at, unreadable=CAPABILITIES.unreadable, unwritable=_unwritable(body))


def _unwritable(body: NumberBody) -> dict[str, Any]:
    # Returned by GetAttributes and not documented for Set: what was chosen at the vendor may be lost with a write.
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


PAGE = 100
_MOST_NUMBERS = 1_000_000

FetchPage = Callable[[int, int], NumberPage]


# docs/decisions/043
class NumberList:
    """Collects pages in order; `problem` says why the list is not whole, in words."""

    def __init__(self, first: NumberPage) -> None:
        self.items: dict[str, ListedNumber] = {}
        self.total = first.total
        self.problem: str | None = None
        self.take(first)

    @property
    def wants_more(self) -> bool:
        return self.problem is None and len(self.items) < self.total

    def take(self, page: NumberPage) -> None:
        """Add a page, and judge what it says about the whole."""
        before = len(self.items)
        for item in page.numbers:
            self._add(item)
        count = len(self.items)
        if page.total != self.total:
            self.problem = f"the total changed from {self.total} to {page.total} while the list was read"
        elif count > self.total:
            self.problem = f"{count} numbers were listed, but the total is {self.total}"
        elif count == before and self.problem is None and count < self.total:
            self.problem = f"the list ended after {count} of {self.total} numbers"
        elif count > _MOST_NUMBERS:
            self.problem = f"the list did not end after {count} numbers"

    def take_all(self, offsets: Iterable[int], pages: Iterable[NumberPage]) -> None:
        """Add pages as long as each begins where the one before ended: a page may be shorter than was asked for."""
        for offset, page in zip(offsets, pages, strict=False):
            if offset == len(self.items) and self.wants_more:
                self.take(page)

    def _add(self, item: ListedNumber) -> None:
        number = item.number_name
        if not (number.isascii() and number.isdigit()):
            raise UnexpectedResponse("Exolve listed a number that is not digits")
        if number in self.items:
            self.problem = f"number {number} was listed twice"
        self.items[number] = item


def read_listing(fetch: FetchPage, *, application: str, workers: int, read_at: float) -> Listing:
    """Read all pages, so many at once; raises ProviderError where a page cannot be had."""
    numbers = NumberList(fetch(PAGE, 0))
    step = len(numbers.items)
    with pool_of(workers, "list") as pool:
        while numbers.wants_more:
            offsets = range(len(numbers.items), numbers.total, step)[:workers]
            numbers.take_all(offsets, pool.map(lambda offset: fetch(PAGE, offset), offsets))
    return _listing(numbers, application=application, read_at=read_at)


def _listing(numbers: NumberList, *, application: str, read_at: float) -> Listing:
    ours = {number: item for number, item in numbers.items.items() if _belongs(item, application)}
    tells = any(map(tells_forwarding, ours.values()))
    observed = {
        number: observe_listed(item, list_tells_forwarding=tells, read_at=read_at) for number, item in ours.items()
    }
    return Listing(observed, complete=numbers.problem is None, problem=numbers.problem)


def _belongs(item: ListedNumber, application: str) -> bool:
    """The list may span a customer's applications; one that says nothing is the one that was asked for."""
    return item.application_uuid.lower() in {"", application.lower()}
