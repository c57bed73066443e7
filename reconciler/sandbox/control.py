"""The sandbox's own door under `/_sandbox`, for tests in other processes and for people: state, log, faults, clock.

Must not be reachable from elsewhere: the server listens on loopback only, the front turns calls of web pages away, and
this door has no lock.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from reconciler.sandbox.exolve import Exolve
from reconciler.sandbox.faults import Fault, FaultKind, Faults
from reconciler.sandbox.journal import CallLog
from reconciler.sandbox.mtt import Mtt
from reconciler.sandbox.states import States
from reconciler.sandbox.telphin import Telphin

Json = dict[str, Any]

_FAULT_NAMES = {each.name for each in fields(Fault)} - {"where"}  # a function is nothing for JSON


@dataclass(slots=True)
class Control:
    """Answers control calls; each is one small JSON document each way."""

    exolve: Exolve
    mtt: Mtt
    telphin: Telphin
    faults: Faults
    call_log: CallLog
    states: States = field(default_factory=States)

    async def __call__(self, request: Request) -> Response:
        """Answer one call."""
        path, body = request.url.path.removeprefix("/_sandbox"), await request.body()
        try:
            if path.startswith("/record"):
                return self.states.answer(request.method, path, request.url.query, body)
            return self._obeyed(request.method, path, json.loads(body or b"{}"))
        except json.JSONDecodeError as error:
            return JSONResponse({"error": f"the body is not JSON: {error}"}, 400)
        except KeyError as error:
            return JSONResponse({"error": f"{error.args[0]!r} is missing"}, 400)
        except (ValueError, TypeError) as error:
            return JSONResponse({"error": str(error)}, 400)

    def _obeyed(self, method: str, path: str, body: object) -> JSONResponse:
        command = _COMMANDS.get((method, path))
        if command is None:
            return JSONResponse({"error": "no such command", "commands": list(map(" ".join, _COMMANDS))}, 404)
        if not isinstance(body, dict):
            return JSONResponse({"error": "the body is not a JSON object"}, 400)
        return JSONResponse(command(self, body) or {})

    def state(self, _body: Json) -> Json:
        """What is stored at both vendors."""
        numbers = {number: self.exolve.forwarding(number) for number in self.exolve.numbers}
        parked = {number: self.mtt.parked(number) for number in self.mtt.numbers}
        return {"exolve": {"numbers": numbers}, "mtt": {"parked": parked}}

    def log(self, _body: Json) -> Json:
        """The calls so far, without bodies or credentials."""
        return {"calls": [asdict(call) for call in self.call_log.calls]}

    def writes(self, _body: Json) -> Json:
        """The writes that took effect, in order."""
        return {"writes": [asdict(write) for write in self.call_log.writes]}

    def forget(self, _body: Json) -> None:
        """Clear the log and the writes."""
        self.call_log.clear()

    def pending(self, _body: Json) -> Json:
        """The faults that can still strike, and the kinds there are."""
        pending = [{"kind": fault.kind, "path": fault.path, "number": fault.number} for fault in self.faults.pending]
        return {"pending": pending, "kinds": list(FaultKind)}

    def arm(self, body: Json) -> None:
        """Arm one fault, written with the names of `Fault`'s fields."""
        self.faults.add(_fault(body))

    def disarm(self, _body: Json) -> None:
        """Disarm all faults."""
        self.faults.clear()

    def forwarding(self, body: Json) -> None:
        """Change a forwarding by hand: `{"number": …, "forwarding": {…} or null}`."""
        self.exolve.set(_owned(body["number"], self.exolve.numbers, "Exolve"), body["forwarding"])

    def parking(self, body: Json) -> None:
        """Change a parking by hand: `{"number": …, "parked": true}`."""
        self.mtt.park(_owned(body["number"], self.mtt.numbers, "MTT"), parked=bool(body["parked"]))

    def calls(self, _body: Json) -> Json:
        """Telphin's current calls by extension, and what was done to calls there."""
        done = [{"call": call, "action": action, "to": to} for call, action, to in self.telphin.done]
        return {"telphin": {"calls": self.telphin.calls, "done": done}}

    def call(self, body: Json) -> Json:
        """Have a call at an extension of Telphin's: `{"extension": "143211", "fields": {…}}`."""
        return {"call": self.telphin.add_call(str(body["extension"]), **dict(body.get("fields", {})))}

    def clock(self, body: Json) -> None:
        """Put the tokens' clock forward: `{"advance": seconds}`."""
        self.mtt.clock.advance(float(body["advance"]))

    def code(self, _body: Json) -> Json:
        """A code as MTT's login page would hand out."""
        return {"code": self.mtt.oauth.issue_code()}


def _owned(number: object, numbers: Collection[str], vendor: str) -> str:
    """A number that is there; raises ValueError for any other."""
    if str(number) in numbers:
        return str(number)
    raise ValueError(f"number {number} is not one of the sandbox's at {vendor}; GET /_sandbox/state lists them")


def _fault(item: dict[str, Any]) -> Fault:
    if unknown := item.keys() - _FAULT_NAMES:
        raise ValueError(f"unknown: {', '.join(sorted(unknown))}")
    return Fault(**item | {"kind": FaultKind(item["kind"])})


_COMMANDS: dict[tuple[str, str], Callable[[Control, Json], Json | None]] = {
    ("GET", "/state"): Control.state,
    ("GET", "/log"): Control.log,
    ("DELETE", "/log"): Control.forget,
    ("GET", "/writes"): Control.writes,
    ("GET", "/faults"): Control.pending,
    ("POST", "/faults"): Control.arm,
    ("DELETE", "/faults"): Control.disarm,
    ("POST", "/forwarding"): Control.forwarding,
    ("POST", "/parking"): Control.parking,
    ("GET", "/calls"): Control.calls,
    ("POST", "/calls"): Control.call,
    ("POST", "/clock"): Control.clock,
    ("POST", "/code"): Control.code,
}
