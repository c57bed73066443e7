"""Exolve's reading methods: one number's attributes, the customer's lists, SIP IDs and media files.

Must not change anything but the countdown of a late value.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, TypeVar

from reconciler.sandbox import exolve_wire as wire
from reconciler.sandbox.exolve_state import ExolveState
from reconciler.sandbox.faults import Fault, FaultKind
from reconciler.sandbox.journal import Incoming
from reconciler.sandbox.protojson import Message, decode
from reconciler.sandbox.refusal import Refusal
from reconciler.sandbox.state import Application, Forwarding, OwnedNumber

_Row = TypeVar("_Row")
MISSING = "number is missing in the application"
_OPTIONAL_ATTRIBUTES = ("call_transcribation", "incoming_sms_enabled", "speech_analytics", "amd")
_OPTIONS = {"incoming_calls": True, "outgoing_calls": True, "incoming_sms": True, "outgoing_sms": True}
_BOUGHT = "2025-05-28T13:53:26.711071Z"


def number_code(message: Message, request: dict[str, Any]) -> str:
    """The number of a request; raises Refusal if it is absent or zero."""
    code = request.get("number_code", 0)
    if not code:
        raise Refusal(f"invalid {message.name}.NumberCode: value must be greater than 0")
    return str(code)


def get_attributes(exolve: ExolveState, call: Incoming, application: Application, tampering: Fault | None) -> object:
    """GetAttributes: the forwarding without `client_id`, with `answer` and `dtmf`, a trunk by its type only."""
    del tampering
    number = number_code(wire.ATTRIBUTES_REQUEST, decode(wire.ATTRIBUTES_REQUEST, call.body))
    owned = _readable(exolve, number, application)
    spelling = exolve.spelling
    body = {
        "number_resource_id": spelling.integer(owned.resource_id, text=True),
        "status_name": owned.status_name,
        "attributes": spelling.ordered(_attributes(exolve, owned)),
    }
    return spelling.ordered(body)


def _readable(exolve: ExolveState, number: str, application: Application) -> OwnedNumber:
    owned = exolve.estate.numbers.get(number)
    if owned is None or not _may_read(exolve, owned, application):
        raise Refusal(MISSING)
    return owned


def _may_read(exolve: ExolveState, owned: OwnedNumber, application: Application) -> bool:
    if exolve.settings.reads_across_applications:
        return owned.application.customer == application.customer
    return owned.application == application


def _attributes(exolve: ExolveState, owned: OwnedNumber) -> dict[str, Any]:
    spelling = exolve.spelling
    attributes: dict[str, Any] = {"call_record": owned.call_record}
    attributes |= {name: False for name in _OPTIONAL_ATTRIBUTES if spelling.chance()}
    forwarding = spelling.message(wire.FORWARDING_READ, owned.read() or {})
    if not exolve.settings.static_in_attributes and not spelling.chance():
        forwarding.pop("call_forwarding_static", None)
    return attributes | forwarding


def get_info(exolve: ExolveState, call: Incoming, application: Application, tampering: Fault | None) -> object:
    """Customer GetInfo: what the number is, wrapped in `number`, without forwarding."""
    del tampering
    number = number_code(wire.INFO_REQUEST, decode(wire.INFO_REQUEST, call.body))
    owned = _readable(exolve, number, application)
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


def get_list(exolve: ExolveState, call: Incoming, application: Application, tampering: Fault | None) -> object:
    """Customer GetList: a page of numbers; forwarding only if the request names an application."""
    request = decode(wire.LIST_REQUEST, call.body)
    kind = tampering.kind if tampering else None
    chosen = [owned for owned in _listed(exolve, application, request) if _passes(owned, request)]
    page = _page(exolve, chosen, request | _moved(request, kind))
    if kind is FaultKind.SHORT_PAGE:
        page = page[:-1]
    if kind is FaultKind.SHIFTED_PAGE:
        page = [*page, _bought(chosen[-1])]
    with_forwarding = "application_uuid" in request
    numbers = [_element(exolve, owned, with_forwarding=with_forwarding) for owned in page]
    return exolve.spelling.ordered(
        {"numbers": numbers, "total": exolve.spelling.integer(len(chosen), text=False)},
    )


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
    for owned in exolve.estate.of_customer(application.customer):
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
    name, value = _SUMMARIES[forwarding["call_forwarding_type"]](forwarding)
    fields = wire.LIST_MEMBERS_AS_ARRAYS if spelling.chance() else wire.LIST_MEMBERS
    wrapped = {name: [value] if fields is wire.LIST_MEMBERS_AS_ARRAYS else value}
    spelled = spelling.message(Message("", tuple(field for field in fields if field.name == name)), wrapped)
    return {"call_forwarding_flag": True, **spelled}


def _number_summary(forwarding: Forwarding) -> tuple[str, dict[str, Any]]:
    number = forwarding["call_forwarding_number"]
    first: Forwarding = next(iter(number.get("call_control", ())), {})
    summary = {"redirect_type": number.get("redirect_type", 0), "redirect_number": first.get("redirect_number", "")}
    return "call_forwarding_number", summary


def _static_summary(forwarding: Forwarding) -> tuple[str, dict[str, Any]]:
    static = forwarding["call_forwarding_static"]
    names = {"did": "did_name", "static_ip": "ip", "port": "port", "timeout": "timeout"}
    return "call_forwarding_ip_static", {names[key]: value for key, value in static.items()}


_SUMMARIES = {
    1: lambda forwarding: ("call_forwarding_sip", forwarding["call_forwarding_sip"]),
    2: _number_summary,
    3: lambda forwarding: ("call_forwarding_ipcr", forwarding["call_forwarding_ipcr"]),
    4: _static_summary,
}


def get_sip_list(exolve: ExolveState, call: Incoming, application: Application, tampering: Fault | None) -> object:
    """GetSIPList: the SIP IDs of the application, with the fields that public code reads and no password."""
    del tampering
    request = decode(wire.SIP_LIST_REQUEST, call.body)
    wanted = request.get("username_filter", "")
    rows = [sip for sip in exolve.estate.sip_ids.values() if sip.application == application and wanted in sip.username]
    sips = [
        {
            "sip_resource_id": exolve.spelling.integer(sip.resource_id, text=True),
            "username": sip.username,
            "cli": sip.number or "",
        }
        for sip in _page(exolve, rows, request)
    ]
    return {"sips": sips, "total": len(rows)}


def get_media_list(exolve: ExolveState, call: Incoming, application: Application, tampering: Fault | None) -> object:
    """Media GetList: the ids of the application's audio files."""
    del tampering
    request = decode(wire.MEDIA_LIST_REQUEST, call.body)
    rows = [file for file, owner in exolve.estate.media.items() if owner == application]
    files = [
        {"file_id": exolve.spelling.choose(file, int(file) if file.isdigit() else file)}
        for file in _page(exolve, rows, request)
    ]
    return {"files": files, "total": len(rows)}
