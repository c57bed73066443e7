"""Exolve's methods: attributes, lists, SIP IDs and media to read; what the two writing methods accept, and store.

Reading changes nothing but the countdown of a late value. Must not know sockets, nor faults' timing.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any, ClassVar, NamedTuple, TypeVar

from reconciler.sandbox import exolve_wire as wire
from reconciler.sandbox.exolve_wire import Refusal, Spelling
from reconciler.sandbox.faults import Fault, FaultKind
from reconciler.sandbox.journal import CallLog, Incoming
from reconciler.sandbox.protojson import Message, decode
from reconciler.sandbox.state import Application, ExolveSettings, Forwarding, Inventory, Late, OwnedNumber


@dataclass(slots=True, kw_only=True)
class ExolveState:
    """The pretended vendor between two calls; `settings` may be replaced at any time."""

    name: ClassVar[str] = "exolve"
    call_log: CallLog
    spelling: Spelling
    settings: ExolveSettings = field(default_factory=ExolveSettings)
    inventory: Inventory = field(default_factory=Inventory)


_Row = TypeVar("_Row")
MISSING = "number is missing in the application"
_OPTIONAL_ATTRIBUTES = ("call_transcribation", "incoming_sms_enabled", "speech_analytics", "amd")
_OPTIONS = {"incoming_calls": True, "outgoing_calls": True, "incoming_sms": True, "outgoing_sms": True}
_BOUGHT = "2025-05-28T13:53:26.711071Z"


class Asked(NamedTuple):
    """A call to a method, whose key it carries, and a fault that plays with values, if one struck."""

    call: Incoming
    application: Application
    tampering: Fault | None

    def named(self, exolve: ExolveState, message: Message, *, across: bool = False) -> tuple[OwnedNumber, Forwarding]:
        """The number that is named and what else is said of it; raises Refusal if it is not the application's.

        `across`: any application of the same customer will do.
        """
        request = decode(message, self.call.body)
        code = request.pop("number_code", 0)
        if not code:
            raise Refusal(f"invalid {message.name}.NumberCode: value must be greater than 0")
        owned, mine = exolve.inventory.numbers.get(str(code)), self.application
        if owned is None or not (owned.application == mine or (across and owned.application.customer == mine.customer)):
            raise Refusal(MISSING)
        return owned, request


def get_attributes(exolve: ExolveState, asked: Asked) -> object:
    """GetAttributes: the forwarding without `client_id`, with `answer` and `dtmf`, a trunk by its type only."""
    owned, _ = asked.named(exolve, wire.ATTRIBUTES_REQUEST, across=exolve.settings.reads_across_applications)
    spelling = exolve.spelling
    body = {
        "number_resource_id": spelling.integer(owned.resource_id, text=True),
        "status_name": owned.status_name,
        "attributes": spelling.ordered(_attributes(exolve, owned)),
    }
    return spelling.ordered(body)


def _attributes(exolve: ExolveState, owned: OwnedNumber) -> dict[str, Any]:
    spelling = exolve.spelling
    attributes: dict[str, Any] = {"call_record": owned.call_record}
    attributes |= {name: False for name in _OPTIONAL_ATTRIBUTES if spelling.chance()}
    forwarding = spelling.message(wire.FORWARDING_READ, owned.read() or {})
    if not exolve.settings.static_in_attributes and not spelling.chance():
        forwarding.pop("call_forwarding_static", None)
    return attributes | forwarding


def get_info(exolve: ExolveState, asked: Asked) -> object:
    """Customer GetInfo: what the number is, wrapped in `number`, without forwarding."""
    owned, _ = asked.named(exolve, wire.INFO_REQUEST, across=exolve.settings.reads_across_applications)
    return {"number": exolve.spelling.ordered(_facts(owned))}


def _facts(owned: OwnedNumber) -> dict[str, Any]:
    return {
        "number_name": owned.number,
        "description": owned.description,
        "type_name": "KDU" if owned.number.startswith("7800") else "DEF" if owned.number.startswith("79") else "ABC",
        "region_name": "Moscow",
        "application_name": owned.application.name,
        "subscription_fee": 150,
        "install_fee": 590,
        "create_date": _BOUGHT,
        "application_uuid": owned.application.uuid,
        "category_name": "Обычный",
        "number_options": dict(_OPTIONS),
    }


def get_list(exolve: ExolveState, asked: Asked) -> object:
    """Customer GetList: a page of numbers; forwarding only if the request names an application."""
    request = decode(wire.LIST_REQUEST, asked.call.body)
    kind = asked.tampering.kind if asked.tampering else None
    chosen = [owned for owned in _listed(exolve, asked.application, request) if _passes(owned, request)]
    page = _page(exolve, chosen, request | _moved(request, kind))
    if kind is FaultKind.SHORT_PAGE:
        page = page[:-1]
    if kind is FaultKind.SHIFTED_PAGE:
        page = [*page, _bought(chosen[-1])]
    with_forwarding = "application_uuid" in request
    numbers = [_element(exolve, owned, with_forwarding=with_forwarding) for owned in page]
    return exolve.spelling.ordered({"numbers": numbers, "total": exolve.spelling.integer(len(chosen), text=False)})


def _moved(request: dict[str, Any], kind: FaultKind | None) -> dict[str, Any]:
    """Where a page begins in a list that shows its first page again, or that has become shorter at its beginning."""
    if kind is FaultKind.REPEATED_PAGE:
        return {"offset": 0}
    return {"offset": request.get("offset", 0) + 1} if kind is FaultKind.SHIFTED_PAGE else {}


def _bought(last: OwnedNumber) -> OwnedNumber:
    """A number that is new in the list."""
    return OwnedNumber(str(int(last.number) + 1), last.application, last.resource_id + 1)


def _listed(exolve: ExolveState, application: Application, request: dict[str, Any]) -> Iterator[OwnedNumber]:
    uuid = request.get("application_uuid")
    for owned in exolve.inventory.of_customer(application.customer):
        visible = exolve.settings.list_spans_applications or owned.application == application
        if visible and (uuid is None or owned.application.uuid == uuid):
            yield owned


# 0 asks for no filter, 1 for numbers without a SIP ID, 2 for those with one.
_SIP_FILTERS = {1: False, 2: True}


def _passes(owned: OwnedNumber, request: dict[str, Any]) -> bool:
    sip_filter = request.get("sip_filter", 0)
    return (
        request.get("search_filter", "") in owned.number
        and _SIP_FILTERS.get(sip_filter, owned.has_sip) == owned.has_sip
        and request.get("date_from", "") <= _BOUGHT <= request.get("date_to", "9999")
        and request.get("type_name") in (None, _facts(owned)["type_name"])
    )


def _page(exolve: ExolveState, rows: Sequence[_Row], request: dict[str, Any]) -> list[_Row]:
    limit = request.get("limit") or exolve.settings.list_default_limit
    if exolve.settings.list_max_limit is not None:
        limit = min(limit, exolve.settings.list_max_limit)
    offset = request.get("offset", 0)
    return list(islice(rows, offset, offset + limit))


def _element(exolve: ExolveState, owned: OwnedNumber, *, with_forwarding: bool) -> dict[str, Any]:
    element = _facts(owned)
    if with_forwarding:
        element |= _forwarding_summary(exolve, owned)
    return exolve.spelling.ordered(element)


def _forwarding_summary(exolve: ExolveState, owned: OwnedNumber) -> dict[str, Any]:
    spelling = exolve.spelling
    forwarding = owned.shown
    if not forwarding:
        return {} if spelling.chance() else {"call_forwarding_flag": False}
    kind = forwarding["call_forwarding_type"]
    value = _SUMMARIES.get(kind, dict)(forwarding[wire.MEMBER_OF_TYPE[kind]])
    member = wire.LIST_MEMBER_OF_TYPE[kind]
    # The tables type these as arrays, the samples print objects; either may come.
    as_array = spelling.chance()
    message = Message("", (replace(member, repeated=as_array),))
    return {"call_forwarding_flag": True, **spelling.message(message, {member.name: [value] if as_array else value})}


def _number_summary(number: Forwarding) -> Forwarding:
    first: Forwarding = next(iter(number.get("call_control", ())), {})
    return {"redirect_type": number.get("redirect_type", 0), "redirect_number": first.get("redirect_number", "")}


def _static_summary(static: Forwarding) -> Forwarding:
    names = {"did": "did_name", "static_ip": "ip", "port": "port", "timeout": "timeout"}
    return {names[key]: value for key, value in static.items()}


_SUMMARIES: dict[int, Callable[[Forwarding], Forwarding]] = {2: _number_summary, 4: _static_summary}


def get_sip_list(exolve: ExolveState, asked: Asked) -> object:
    """GetSIPList: the SIP IDs of the application, with the fields that public code reads and no password."""
    request = decode(wire.SIP_LIST_REQUEST, asked.call.body)
    wanted = request.get("username_filter", "")
    own = [sip for sip in exolve.inventory.sip_ids.values() if sip.application == asked.application]
    rows = [sip for sip in own if wanted in sip.username]
    sips = [
        {
            "sip_resource_id": exolve.spelling.integer(sip.resource_id, text=True),
            "username": sip.username,
            "cli": sip.number or "",
        }
        for sip in _page(exolve, rows, request)
    ]
    return {"sips": sips, "total": len(rows)}


def get_media_list(exolve: ExolveState, asked: Asked) -> object:
    """Media GetList: the ids of the application's audio files."""
    request = decode(wire.MEDIA_LIST_REQUEST, asked.call.body)
    rows = [file for file, owner in exolve.inventory.media.items() if owner == asked.application]
    files = [
        {"file_id": exolve.spelling.choose(file, int(file) if file.isdigit() else file)}
        for file in _page(exolve, rows, request)
    ]
    return {"files": files, "total": len(rows)}


_REDIRECT_TYPES = (1, 2, 3)


def set_call_forwarding(exolve: ExolveState, asked: Asked) -> object:
    """SetCallForwarding: the whole forwarding is replaced."""
    writable = exolve.settings.answer_and_dtmf_writable
    owned, forwarding = asked.named(exolve, wire.SET_REQUEST_WITH_UNWRITABLE if writable else wire.SET_REQUEST)
    _check(exolve, owned, forwarding)
    _store(exolve, asked, owned, _stored(exolve, owned, forwarding))
    return {}


def delete_call_forwarding(exolve: ExolveState, asked: Asked) -> object:
    """DeleteCallForwarding: the number has no forwarding afterwards."""
    owned, _ = asked.named(exolve, wire.DELETE_REQUEST)
    if owned.forwarding is None and exolve.settings.delete_of_nothing_is_error:
        raise Refusal("call forwarding is not set")
    _store(exolve, asked, owned, None)
    return {}


def _check(exolve: ExolveState, owned: OwnedNumber, forwarding: Forwarding) -> None:
    kind = forwarding.get("call_forwarding_type", 0)
    if kind == 0 and len(forwarding) == 0 and exolve.settings.type_zero_clears:
        return
    member = wire.MEMBER_OF_TYPE.get(kind)
    if member is None:
        raise Refusal("invalid SetCallForwardingRequest.CallForwardingType: value must be in list [1 2 3 4]")
    if member not in forwarding:
        raise Refusal("invalid SetCallForwardingRequest.CallForwardingData: value is required")
    if owned.has_sip and kind in exolve.settings.sip_number_refuses:
        raise Refusal("number has sip", exolve.settings.sip_number_status)
    for text in _flaws(exolve, owned, forwarding):
        raise Refusal(text)


def _flaws(exolve: ExolveState, owned: OwnedNumber, forwarding: Forwarding) -> Iterator[str]:
    match forwarding:
        case {"call_forwarding_sip": sip} if not sip.get("sip_uri"):
            yield "invalid CallForwardingSip.SipUri: value length must be at least 1 runes"
        case {"call_forwarding_ipcr": ipcr} if not ipcr.get("url"):
            yield "invalid CallForwardingIpcr.Url: value length must be at least 1 runes"
        case {"call_forwarding_number": number}:
            yield from _required(exolve, number)
            yield from _switched(exolve, owned.application, number)


def _required(exolve: ExolveState, number: dict[str, Any]) -> Iterator[str]:
    kind = number.get("redirect_type", 0)
    if kind not in _REDIRECT_TYPES and (kind or exolve.settings.require_redirect_type):
        yield "invalid CallForwardingNumber.RedirectType: value must be in list [1 2 3]"
    if not number.get("call_control") and exolve.settings.require_call_control:
        yield "invalid CallForwardingNumber.CallControl: value must contain at least 1 item(s)"


def _switched(exolve: ExolveState, application: Application, number: dict[str, Any]) -> Iterator[str]:
    settings, inventory = exolve.settings, exolve.inventory
    display = number.get("display_number")
    if settings.check_display_number and display and number.get("masking"):
        shown = inventory.numbers.get(display)
        if shown is None or shown.application != application:
            yield "invalid display_number: " + MISSING
    for name in ("file_to_a", "file_to_b"):
        if settings.check_media and number.get(name) and inventory.media.get(number[name]) != application:
            yield f"invalid {name}: file not found"
    for control in number.get("call_control", ()):
        period = control.get("period")
        if settings.check_period is not None and period and not settings.check_period(period):
            yield "invalid CallControl.Period"


def _stored(exolve: ExolveState, owned: OwnedNumber, forwarding: Forwarding) -> Forwarding | None:
    if not forwarding.get("call_forwarding_type"):
        return None
    if exolve.settings.set_keeps_answer_and_dtmf:
        _keep_unwritable(owned.forwarding, forwarding)
    return exolve.settings.normalise(forwarding) if exolve.settings.normalise else forwarding


def _keep_unwritable(old: Forwarding | None, new: Forwarding) -> None:
    before = (old or {}).get("call_forwarding_number", {})
    after = new.get("call_forwarding_number", {})
    if after and wire.UNWRITABLE_IN_NUMBER in before:
        after.setdefault(wire.UNWRITABLE_IN_NUMBER, before[wire.UNWRITABLE_IN_NUMBER])
    for was, now in zip(before.get("call_control", ()), after.get("call_control", ()), strict=False):
        if wire.UNWRITABLE_IN_CONTROL in was:
            now.setdefault(wire.UNWRITABLE_IN_CONTROL, was[wire.UNWRITABLE_IN_CONTROL])


def _store(exolve: ExolveState, asked: Asked, owned: OwnedNumber, forwarding: Forwarding | None) -> None:
    tampering = asked.tampering
    if tampering is not None and tampering.kind is FaultKind.WRONG_VALUE:
        forwarding = _wrong(owned.forwarding, forwarding, tampering)
    owned.late = _late(owned, tampering) if tampering and tampering.kind is FaultKind.LATE_VALUE else None
    owned.forwarding = forwarding
    exolve.call_log.wrote(exolve.name, asked.call.path, owned.number, body=copy.deepcopy(forwarding))


def _late(owned: OwnedNumber, tampering: Fault) -> Late:
    """The value of before, for some reads, or for some time where the fault says how long."""
    if tampering.seconds is None:
        return Late(owned.forwarding, tampering.reads)
    return Late(owned.forwarding, 0, time.monotonic() + tampering.seconds)


def _wrong(old: Forwarding | None, sent: Forwarding | None, tampering: Fault) -> Forwarding | None:
    if tampering.value is not None:
        return copy.deepcopy(dict(tampering.value))
    if sent is None:
        return old
    altered = copy.deepcopy(sent)
    member = altered[wire.MEMBER_OF_TYPE[altered["call_forwarding_type"]]]
    name, alter = _ALTERATIONS[altered["call_forwarding_type"]]
    member[name] = alter(member.get(name))
    return altered


_ALTERATIONS: dict[int, tuple[str, Callable[[Any], object]]] = {
    1: ("sip_uri", lambda uri: f"other-{uri}"),
    2: ("masking", lambda masking: not masking),
    3: ("url", lambda url: f"{url}#other"),
    4: ("port", lambda port: (port or 0) + 1),
}
