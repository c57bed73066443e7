"""The pretended MTS Exolve: who may call what, and the door for tests to look at and change numbers by hand.

Must not know sockets or faults' timing; reading and writing themselves are in the neighbouring modules.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import Any

from starlette.responses import JSONResponse, PlainTextResponse, Response

from reconciler.sandbox import exolve_calls
from reconciler.sandbox.exolve_calls import Asked, ExolveState
from reconciler.sandbox.exolve_wire import MEMBER_OF_TYPE, Refusal
from reconciler.sandbox.faults import Fault
from reconciler.sandbox.journal import Incoming
from reconciler.sandbox.protojson import ProtoError
from reconciler.sandbox.state import Application, ErrorShape, Forwarding, SipId

Method = Callable[[ExolveState, Asked], object]

_READS: dict[str, Method] = {
    "/number/v1/GetAttributes": exolve_calls.get_attributes,
    "/number/customer/v1/GetList": exolve_calls.get_list,
    "/number/customer/v1/GetInfo": exolve_calls.get_info,
    "/number/customer/v1/GetSIPList": exolve_calls.get_sip_list,
    "/media/v1/GetList": exolve_calls.get_media_list,
}
_WRITES: dict[str, Method] = {
    "/number/v1/SetCallForwarding": exolve_calls.set_call_forwarding,
    "/number/v1/DeleteCallForwarding": exolve_calls.delete_call_forwarding,
}
_METHODS = _READS | _WRITES
# Bought, released or switched by these; they do not exist here, yet calling one is a write all the same.
_OTHER_WRITES = re.compile(r"/(?:Set|Buy|Delete|Lock|Unlock|Create|Update|Upload|Change|Make|Send|Synthesize)\w*\Z")
_NUMBER_CODE = re.compile(rb'"number_?[cC]ode"\s*:\s*"?(\d+)')

_SOMEBODY_ELSES: Forwarding = {
    "call_forwarding_type": 2,
    "call_forwarding_number": {
        "redirect_type": 1,
        "call_control": [{"redirect_number": "74990000000", "timeout": 30, "active": True}],
    },
}


class Exolve(ExolveState):
    """Applications, numbers and their forwarding, behind Exolve's own paths.

    `settings` may be replaced at any time. A forwarding is a dict in SetCallForwarding's shape without
    `number_code`, integers as int, zero values absent (protobuf keeps none).
    """

    # -- for tests and the control door ------------------------------------------------------------------------------

    def add_application(self, name: str, *, api_key: str, uuid: str, customer: str = "customer-1") -> Application:
        """Register an application; its key opens its numbers."""
        application = Application(uuid, name, api_key, customer)
        self.inventory.applications[api_key] = application
        return application

    def add_numbers(self, numbers: Iterable[str] | Mapping[str, Forwarding | None], application: Application) -> None:
        """Give numbers to an application, with their forwarding if a mapping says one."""
        forwardings = numbers if isinstance(numbers, Mapping) else dict.fromkeys(numbers)
        for number, forwarding in forwardings.items():
            self.inventory.add_number(number, application, _whole(forwarding))

    def add_sip_ids(self, usernames: Iterable[str], application: Application) -> None:
        """Give SIP IDs to an application."""
        for username in usernames:
            self.inventory.sip_ids[username] = SipId(username, 50_000 + len(self.inventory.sip_ids), application)

    def add_media(self, files: Iterable[str], application: Application) -> None:
        """Put media files, named by their ids, into an application's library."""
        self.inventory.media.update(dict.fromkeys(files, application))

    def bind_sip(self, number: str, username: str) -> None:
        """Make a number the one that a SIP ID presents: `number has sip` from now on."""
        self.inventory.sip_ids[username].number = number
        self.inventory.numbers[number].has_sip = True

    @property
    def numbers(self) -> tuple[str, ...]:
        """All numbers, in the order of the list."""
        return tuple(self.inventory.numbers)

    def forwarding(self, number: str) -> Forwarding | None:
        """What is stored for a number, `client_id` included; None if nothing is."""
        return copy.deepcopy(self.inventory.numbers[number].forwarding)

    def set(self, number: str, forwarding: Mapping[str, Any] | None) -> None:
        """Change a number by hand, as in the console: `answer` and `dtmf` may be in it; None removes the forwarding.

        Raises ValueError where type and data do not belong together.
        """
        owned = self.inventory.numbers[number]
        owned.forwarding = _whole(forwarding)
        owned.late = None

    def remove_number(self, number: str) -> None:
        """Release a number, as in the console."""
        del self.inventory.numbers[number]

    # -- for the front -----------------------------------------------------------------------------------------------

    def recognise(self, call: Incoming) -> Incoming:
        """Say what a call is about before it is answered."""
        application = self.inventory.applications.get(call.bearer)
        return replace(
            call,
            numbers=tuple(code.decode() for code in _NUMBER_CODE.findall(call.body)),
            mutating=call.path not in _READS and _OTHER_WRITES.search(call.path) is not None,
            application=application.uuid if application else None,
        )

    def answer(self, call: Incoming, tampering: Fault | None) -> Response:
        """Answer a call; `tampering` is a fault that plays with values, if one struck."""
        handler = _METHODS.get(call.path)
        if handler is None:
            return self.refusal(404, "")
        if call.method != "POST":
            return Response(status_code=405)
        application = self.inventory.applications.get(call.bearer)
        if application is None:
            return self.refusal(401, "Unauthorized" if call.bearer else "malformed token")
        try:
            return JSONResponse(handler(self, Asked(call, application, tampering)))
        except ProtoError as error:
            return self.refusal(400, f"proto:{self.spelling.choose(' ', chr(0xA0))}{error}")
        except Refusal as refusal:
            return self.refusal(refusal.status, str(refusal))

    def alter_answer(self, call: Incoming, fault: Fault) -> None:
        """Let somebody else change the numbers of a call that has just been answered."""
        for number in self.inventory.numbers.keys() & set(call.numbers):
            self.set(number, fault.value if fault.value is not None else _SOMEBODY_ELSES)

    def refusal(self, status: int, text: str) -> Response:
        """An error body with that text, in the shape of the settings or, when loose, in any."""
        if status == HTTPStatus.NOT_FOUND:
            return PlainTextResponse("404 page not found\n", status)
        shapes: dict[ErrorShape, dict[str, Any]] = {
            ErrorShape.FLAT: {"error": text},
            ErrorShape.NESTED: {"error": {"message": text}},
            ErrorShape.MESSAGE: {"message": text, "code": status},
        }
        return JSONResponse(self.spelling.choose(shapes[self.settings.error_shape], *shapes.values()), status)


def _whole(forwarding: Mapping[str, Any] | None) -> Forwarding | None:
    if not forwarding:
        return None
    member = MEMBER_OF_TYPE.get(forwarding.get("call_forwarding_type", 0))
    if set(forwarding) != {"call_forwarding_type", member}:
        raise ValueError(f"a forwarding has call_forwarding_type and its one member, not {sorted(forwarding)}")
    return copy.deepcopy(dict(forwarding))
