"""The pretended MTT Business: external numbers, workplaces, terminals, and parking that can be set but not read.

Must not know how tokens are issued; it only asks whether one is valid.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any, ClassVar

from starlette.responses import JSONResponse, PlainTextResponse, Response

from reconciler.sandbox.exolve_wire import Refusal, Spelling
from reconciler.sandbox.faults import Fault, FaultKind
from reconciler.sandbox.journal import CallLog, Incoming
from reconciler.sandbox.oauth import OAuthServer, SandboxClock
from reconciler.sandbox.state import MttSettings, UnknownNumber

_PARKING = "/setParkingNumbers"


@dataclass(slots=True, kw_only=True)
class Mtt:
    """Numbers and parking of one MTT Business customer, behind the Open API's own paths."""

    name: ClassVar[str] = "mtt"
    call_log: CallLog
    spelling: Spelling
    oauth: OAuthServer
    parking: dict[str, bool] = field(default_factory=dict)
    workplaces: dict[str, str] = field(default_factory=dict)
    terminals: dict[str, str] = field(default_factory=dict)
    calls: dict[str, dict[str, Any]] = field(default_factory=dict)
    done: list[tuple[str, str, str | None]] = field(default_factory=list)
    _ids: Iterator[int] = field(default_factory=lambda: count(1))

    # -- for tests and the control door ------------------------------------------------------------------------------

    @property
    def settings(self) -> MttSettings:
        """The switches, shared with the authorization server."""
        return self.oauth.settings

    @settings.setter
    def settings(self, settings: MttSettings) -> None:
        self.oauth.settings = settings

    @property
    def clock(self) -> SandboxClock:
        """The clock by which tokens expire."""
        return self.oauth.clock

    @property
    def numbers(self) -> tuple[str, ...]:
        """The external numbers."""
        return tuple(self.parking)

    def add_numbers(self, numbers: Iterable[str]) -> None:
        """Give the customer external numbers, not parked."""
        self.parking.update(dict.fromkeys(numbers, False))

    def remove_number(self, number: str) -> None:
        """Take a number away."""
        del self.parking[number]

    def add_workplace(self, workplace: str, name: str = "", terminal: str | None = None) -> None:
        """Give the customer a workplace, and a terminal bound to it."""
        self.workplaces[workplace] = name
        self.terminals[terminal or workplace] = workplace

    def add_call(self, *, placed: bool = False) -> dict[str, Any]:
        """Have a call that a notification told of: its `call` with id and tag, and its `transportId`."""
        number = next(self._ids)
        name = f"7NKe6!{number}@10.133.51.137" if placed else f"c166e238a4c211ea9d373863bb43daf8_{number:016X}~1o"
        leg = {"id": name, "tag": f"hswdfry52vmykfla____.{number}"}
        return self.calls.setdefault(leg["id"], {"call": leg, "transportId": "10.133.33.136:5073"})

    def parked(self, number: str) -> bool:
        """Whether a number is parked, which the API never tells."""
        return self.parking[number]

    def park(self, number: str, *, parked: bool = True) -> None:
        """Change parking by hand, as in the console."""
        self.parking[number] = parked

    # -- for the front -----------------------------------------------------------------------------------------------

    def recognise(self, call: Incoming) -> Incoming:
        """Say what a call is about before it is answered."""
        named = _params(call.body).get("numbers") if call.path == _PARKING else ()
        numbers = tuple(map(str, named)) if isinstance(named, list) else ()
        return replace(call, numbers=numbers, mutating=call.method != "GET")

    def answer(self, call: Incoming, tampering: Fault | None) -> Response:
        """Answer a call; without a valid access token the answer is 401."""
        handler = _METHODS.get((call.method, call.path))
        if handler is None:
            return self.refusal(404, "Not Found")
        if not self.oauth.is_valid(call.bearer):
            return self.refusal(401, "Unauthorized")
        try:
            return JSONResponse(handler(self, call, tampering))
        except Refusal as refusal:
            return self.refusal(refusal.status, str(refusal))

    def alter_answer(self, call: Incoming, _fault: Fault) -> None:
        """Let somebody else turn the parking of a call's numbers over."""
        for number in self.parking.keys() & set(call.numbers):
            self.parking[number] = not self.parking[number]

    def refusal(self, status: int, text: str) -> Response:
        """An error body; MTT documents none, so this is the house's other APIs' shape or plain text."""
        if status in (401, 404):
            return PlainTextResponse(text, status)
        return JSONResponse({"error": {"code": -32602, "message": text}}, status)


def _params(body: bytes) -> dict[str, Any]:
    try:
        params = json.loads(body)["params"]
    except (ValueError, LookupError, TypeError, RecursionError):
        return {}
    return params if isinstance(params, dict) else {}


def _numbers_info(mtt: Mtt, *_: object) -> dict[str, Any]:
    rows = [{"number": number, "type": None} for number in mtt.numbers]
    return _listing(mtt, "numbersList", rows)


def _workplaces_info(mtt: Mtt, *_: object) -> dict[str, Any]:
    rows = [{"workplace": workplace, "name": name} for workplace, name in mtt.workplaces.items()]
    return _listing(mtt, "workplacesList", rows)


def _terminals_info(mtt: Mtt, *_: object) -> dict[str, Any]:
    key = mtt.spelling.choose("terminal", "terminale")
    rows = [{key: terminal, "workplace": workplace} for terminal, workplace in mtt.terminals.items()]
    return _listing(mtt, mtt.spelling.choose("terminals_list", "terminalsList"), rows)


def _listing(mtt: Mtt, name: str, rows: list[dict[str, Any]]) -> dict[str, Any]:
    result = {mtt.spelling.choose("total", "Total"): len(rows), name: [mtt.spelling.ordered(row) for row in rows]}
    return {"result": mtt.spelling.ordered(result)}


def _set_parking_numbers(mtt: Mtt, call: Incoming, tampering: Fault | None) -> dict[str, Any]:
    numbers, parked = _parking_request(mtt, call.body)
    if any(number not in mtt.parking for number in numbers):
        if mtt.settings.unknown_number is UnknownNumber.SUCCESS_0:
            return {"success": 0}
        raise Refusal("number is not found")
    for number in numbers:
        if tampering is None or tampering.kind is not FaultKind.WRONG_VALUE:
            mtt.parking[number] = parked
        mtt.call_log.wrote(mtt.name, call.path, number, body=mtt.parking[number])
    return {"result": {"success": 1}} if mtt.settings.result_envelope or mtt.spelling.chance() else {"success": 1}


def _parking_request(mtt: Mtt, body: bytes) -> tuple[list[str], bool]:
    params = _params(body)
    numbers, parked = params.get("numbers"), params.get("isParking")
    most = mtt.settings.max_numbers_per_call
    if not isinstance(numbers, list) or not numbers or not all(isinstance(number, str) for number in numbers):
        raise Refusal("Invalid params")
    if not isinstance(parked, bool) or (most is not None and len(numbers) > most):
        raise Refusal("Invalid params")
    return numbers, parked


def _make_call(mtt: Mtt, call: Incoming, _tampering: Fault | None) -> dict[str, Any]:
    """Call a workplace, and then the number: only a workplace's SIP ID will do, not a terminal's."""
    params = _params(call.body)
    caller, callee = params.get("callerId"), params.get("calleeId")
    if caller not in mtt.workplaces or not isinstance(callee, str) or not callee:
        raise Refusal("Invalid params")
    identity: str = mtt.add_call(placed=True)["call"]["id"]
    _note(mtt, call, identity, "makeCall", callee)
    return {"result": {"call": {"id": identity}, "success": 1}}


def _transfer_call(mtt: Mtt, call: Incoming, _tampering: Fault | None) -> dict[str, Any]:
    identity, callee = _leg(mtt, call), _params(call.body).get("calleeId")
    if not isinstance(callee, str) or not callee:
        raise Refusal("Invalid params")
    _note(mtt, call, identity, "transferCall", callee)
    return {"result": {"success": 1}}


def _terminate_call(mtt: Mtt, call: Incoming, _tampering: Fault | None) -> dict[str, Any]:
    identity = _leg(mtt, call)
    del mtt.calls[identity]
    _note(mtt, call, identity, "terminateCall", None)
    return {"result": {"success": 1}}


def _leg(mtt: Mtt, call: Incoming) -> str:
    """The id of a call that is known by id, tag and transport together."""
    params = _params(call.body)
    leg = params.get("call")
    identity = leg.get("id") if isinstance(leg, dict) else None
    known = mtt.calls.get(identity) if isinstance(identity, str) else None
    if known is None or known["call"] != leg or known["transportId"] != params.get("transportId"):
        raise Refusal("call is not found")
    return str(identity)


def _note(mtt: Mtt, call: Incoming, identity: str, method: str, to: str | None) -> None:
    mtt.done.append((identity, method, to))
    mtt.call_log.wrote(mtt.name, call.path, identity, body={"to": to})


_METHODS: dict[tuple[str, str], Callable[[Mtt, Incoming, Fault | None], dict[str, Any]]] = {
    ("GET", "/externalNumbersInfo"): _numbers_info,
    # The heading and the curl sample spell this path in two ways.
    ("GET", "/workPlacesInfo"): _workplaces_info,
    ("GET", "/workplacesInfo"): _workplaces_info,
    ("GET", "/terminalsInfo"): _terminals_info,
    ("POST", _PARKING): _set_parking_numbers,
    ("POST", "/makeCall"): _make_call,
    ("POST", "/transferCall"): _transfer_call,
    ("POST", "/terminateCall"): _terminate_call,
}
