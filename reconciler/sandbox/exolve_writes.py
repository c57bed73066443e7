"""Exolve's writing methods: what SetCallForwarding and DeleteCallForwarding accept, and what they then store.

Must not know how values are read back or spelled.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Iterator
from typing import Any

from reconciler.sandbox import exolve_wire as wire
from reconciler.sandbox.exolve_reads import MISSING, number_code
from reconciler.sandbox.exolve_state import ExolveState
from reconciler.sandbox.faults import Fault, FaultKind
from reconciler.sandbox.journal import Incoming
from reconciler.sandbox.protojson import decode
from reconciler.sandbox.refusal import Refusal
from reconciler.sandbox.state import Application, Forwarding, Late, OwnedNumber

_REDIRECT_TYPES = (1, 2, 3)


def set_call_forwarding(
    exolve: ExolveState, call: Incoming, application: Application, tampering: Fault | None
) -> object:
    """SetCallForwarding: the whole forwarding is replaced."""
    writable = exolve.settings.answer_and_dtmf_writable
    message = wire.SET_REQUEST_WITH_UNWRITABLE if writable else wire.SET_REQUEST
    request = decode(message, call.body)
    owned = _writable(exolve, number_code(message, request), application)
    forwarding = {key: value for key, value in request.items() if key != "number_code"}
    _check(exolve, owned, forwarding)
    stored = _stored(exolve, owned, forwarding)
    _store(exolve, call, owned, stored, tampering)
    return {}


def delete_call_forwarding(
    exolve: ExolveState, call: Incoming, application: Application, tampering: Fault | None
) -> object:
    """DeleteCallForwarding: the number has no forwarding afterwards."""
    request = decode(wire.DELETE_REQUEST, call.body)
    owned = _writable(exolve, number_code(wire.DELETE_REQUEST, request), application)
    if owned.forwarding is None and exolve.settings.delete_of_nothing_is_error:
        raise Refusal("call forwarding is not set")
    _store(exolve, call, owned, None, tampering)
    return {}


def _writable(exolve: ExolveState, number: str, application: Application) -> OwnedNumber:
    owned = exolve.estate.numbers.get(number)
    if owned is None or owned.application != application:
        raise Refusal(MISSING)
    return owned


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
    settings, estate = exolve.settings, exolve.estate
    display = number.get("display_number")
    if settings.check_display_number and display and number.get("masking"):
        shown = estate.numbers.get(display)
        if shown is None or shown.application != application:
            yield "invalid display_number: " + MISSING
    for name in ("file_to_a", "file_to_b"):
        if settings.check_media and number.get(name) and estate.media.get(number[name]) != application:
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


def _store(
    exolve: ExolveState, call: Incoming, owned: OwnedNumber, forwarding: Forwarding | None, tampering: Fault | None
) -> None:
    kind = tampering.kind if tampering else None
    if tampering is not None and kind is FaultKind.WRONG_VALUE:
        forwarding = _wrong(owned.forwarding, forwarding, tampering)
    owned.late = _late(owned, tampering) if tampering and kind is FaultKind.LATE_VALUE else None
    owned.forwarding = forwarding
    exolve.journal.wrote(exolve.name, call.path, owned.number, body=copy.deepcopy(forwarding))


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
    match altered["call_forwarding_type"]:
        case 1:
            member["sip_uri"] = f"other-{member['sip_uri']}"
        case 2:
            member["masking"] = not member.get("masking", False)
        case 3:
            member["url"] = f"{member['url']}#other"
        case _:
            member["port"] = member.get("port", 0) + 1
    return altered
