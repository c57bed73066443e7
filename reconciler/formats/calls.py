"""What `reconciler calls` answers: what a service lists, and what it accepted."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from reconciler.formats.diagnostics import AnswerJson, JsonModel


class LiveCallJson(JsonModel):
    """A call that is going on."""

    id: str = Field(description="What `calls transfer`, `hangup` and `action` take.")
    extension: str | None = Field(description="What they take as --extension.")
    direction: str | None = Field(description="`in` or `out`, as the vendor says.")
    called_number: str | None
    called_did: str | None = Field(description="The number from outside that was called.")
    caller_number: str | None
    caller_name: str | None
    started: str | None = Field(description="As the vendor writes it, in GMT.")
    answered: str | None = Field(description="As the vendor writes it, in GMT; null where nobody has answered.")
    holds_conversation: bool | None = Field(
        description="False: booked on the extension and held elsewhere, such as a call that went on to a mobile."
    )
    fields: dict[str, Any] = Field(description="All that the vendor said, by its own names.")


class WorkplaceJson(JsonModel):
    """A workplace that calls may be placed from."""

    id: str = Field(description="Its SIP ID.")
    name: str
    terminals: tuple[str, ...] = Field(description="The SIP IDs of its devices.")


class CallsListJson(AnswerJson):
    """What a service lists; null = it does not list such a thing."""

    service: str
    provider: str = Field(examples=["telphin"])
    calls: tuple[LiveCallJson, ...] | None
    workplaces: tuple[WorkplaceJson, ...] | None
    note: str


class CallsDoneJson(AnswerJson):
    """What a service accepted; that it happened is not proven by it."""

    service: str
    provider: str = Field(examples=["telphin"])
    action: str = Field(description="`place`, `transfer`, `hangup`, or one of the nine actions.")
    accepted: Literal[True]
    call: str | None = Field(description="The call's id, by which it can be ended.")
    limits: dict[str, int] = Field(description="What the vendor says of its budget of requests, by its own names.")
