"""MTT's methods for calls: placed from a workplace, transferred, ended; workplaces and terminals are listed.

Live calls are not: MTT tells of them by events. Knows no parking.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from reconciler.calls.base import (
    Action,
    CallError,
    CallRef,
    Done,
    Listing,
    NotOffered,
    Order,
    Step,
    Workplace,
    in_doubt,
)
from reconciler.http.errors import ProviderError
from reconciler.providers.mtt.client import MttClient
from reconciler.providers.mtt.wire import CallAnswer

_LOOK = "see the events of the call, or ask who was called, before trying again"
_DIALLED = re.compile(r"\+?[0-9]{2,20}")


class MttCalls:
    """Calls of one MTT account."""

    def __init__(self, client: MttClient) -> None:
        self._client = client

    def listing(self, extension: str | None) -> Listing:
        """Workplaces with their terminals."""
        if extension:
            raise NotOffered("MTT has no extensions: it has workplaces", hint="leave --extension out")
        return Listing(workplaces=self._workplaces(), note="MTT lists no live calls: it tells of them by events.")

    def place(self, order: Order) -> Step:
        """Call a workplace, and when it answers the number; asks for the workplaces first."""
        if order.options:
            raise CallError(
                f"MTT's makeCall has no {', '.join(order.options)}", hint="it takes a workplace and a number"
            )
        _check_number(order.callee)
        self._check_workplace(order.caller)
        params = {"calleeId": order.callee, "callerId": order.caller}
        question = (
            f"Call workplace {order.caller}, for up to a minute, and when it answers {order.callee}: "
            "real telephones ring, and it may cost money."
        )
        what = "the call may have been placed"
        return Step(question, lambda: self._done("makeCall", params, (order.callee,), what=what))

    def transfer(self, call: CallRef, to: str, *, attended: bool) -> Step:
        """Lead a call, answered or not, to a number or a SIP ID."""
        if attended:
            raise NotOffered("MTT's transferCall does not ask there first", hint="leave --attended out")
        _check_number(to)
        params = {"call": _leg(call), "calleeId": to, "transportId": call.transport}
        question = f"Transfer call {call.id} to {to}."
        what = "it may have been transferred"
        return Step(question, lambda: self._done("transferCall", params, (to,), what=what, call=call.id))

    def hang_up(self, call: CallRef) -> Step:
        """End one leg of a call; one that is parked goes on along the route of the console."""
        params = {"call": _leg(call), "transportId": call.transport}
        question = f"End the leg {call.id}: a parked call goes on by the route of the console, any other is cut off."
        what = "it may have been ended"
        return Step(question, lambda: self._done("terminateCall", params, (), what=what, call=call.id))

    def act(self, action: Action, _call: CallRef, _to: str | None) -> Step:
        """MTT transfers and ends calls, and does no more to them."""
        raise NotOffered(f"MTT offers no {action}", hint="`calls transfer` and `calls hangup` are what it has")

    def close(self) -> None:
        """Give back connections."""
        self._client.close()

    def _workplaces(self) -> tuple[Workplace, ...]:
        devices: dict[str, list[str]] = {}
        for row in self._client.terminals().terminals:
            devices.setdefault(row.workplace, []).append(row.terminal)
        found = self._client.workplaces().workplaces
        return tuple(Workplace(row.workplace, row.name or "", tuple(devices.get(row.workplace, ()))) for row in found)

    def _check_workplace(self, caller: str) -> None:
        """A call is placed from a workplace, not from one of its terminals."""
        known = self._workplaces()
        if any(each.id == caller for each in known):
            return
        owner = next((each.id for each in known if caller in each.terminals), None)
        if owner is not None:
            raise CallError(f"{caller} is a terminal: MTT places calls from workplaces", hint=f"write --from {owner}")
        ids = ", ".join(each.id for each in known[:5]) or "none"
        raise CallError(f"MTT has no workplace {caller}", hint=f"`calls list` shows them: {ids}")

    def _done(
        self, method: str, params: Mapping[str, object], numbers: tuple[str, ...], *, what: str, call: str | None = None
    ) -> Done:
        send: Callable[..., CallAnswer] = self._client.control
        try:
            answer = send(method, params, numbers=numbers)
        except ProviderError as error:
            raise in_doubt(error, what=what, look=_LOOK) from None
        return Done(answer.call.id if answer.call is not None else call)


def _check_number(written: str) -> None:
    if _DIALLED.fullmatch(written) is None:
        raise CallError(f"{written!r} is neither a number nor a SIP ID", hint="write digits, such as 74991112233")


def _leg(call: CallRef) -> dict[str, str]:
    if not (call.tag and call.transport):
        hint = "the event of the call has them: add --tag TAG --transport TRANSPORT"
        raise CallError("MTT names a call by its id, its tag and its transportId", hint=hint)
    return {"id": call.id, "tag": call.tag}
