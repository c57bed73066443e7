"""One change of a plan as versioned JSON, there and back: what follows from it is worked out again, not believed.

Knows nothing of the plan around it.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated, Any

from pydantic import AfterValidator, Field, model_validator

from reconciler.canonical import Form, Json, flaw, form, is_off, upgrade_value
from reconciler.clock import epoch
from reconciler.diff import field_changes
from reconciler.effects.change import effects
from reconciler.formats.diagnostics import JsonModel
from reconciler.model import OFF, Action, Cause, Change, FieldChange, Key, Kind, LiveSource, Traffic
from reconciler.schedule.zones import zone


def _moment(text: str) -> str:
    epoch(text)
    return text


def _timezone(text: str) -> str:
    return zone(text).name


Moment = Annotated[str, AfterValidator(_moment), Field(examples=["2026-11-21T10:00:00Z"])]
Timezone = Annotated[str, AfterValidator(_timezone), Field(examples=["Europe/Moscow"])]


class Need(StrEnum):
    """An allowance without which apply refuses."""

    ADOPT = "allow-adopt"
    DELETE = "allow-delete"
    PROTECTED = "allow-protected"


class FieldJson(JsonModel):
    """One field that differs."""

    path: str = Field(examples=["targets[0].timeout"])
    before: Any
    after: Any
    sensitive: bool = Field(default=False, description="The values are masked.")


class EffectJson(JsonModel):
    """What callers notice, and when; times are half-open."""

    when: str = Field(examples=["Mon-Fri 18:00-19:00"])
    before: str
    after: str


class TrafficJson(JsonModel):
    """Calls of the past that `--traffic` gave, each at its weekday and time of day in the week from the plan on."""

    calls: int = Field(ge=0)
    changed: int = Field(ge=0, description="Those that would now ring otherwise.")
    lost: int = Field(ge=0, description="Those that rang somebody before and would reach nobody.")


class ChangeJson(JsonModel):
    """One thing to do to one number."""

    address: str = Field(examples=["sales/74991112233"])
    account: str
    number: str = Field(pattern=r"^[0-9]{1,15}$")
    provider: str
    kind: Kind
    action: Action
    cause: Cause = Field(default=Cause.UNKNOWN, description="What has changed since it was last written.")
    protected: bool = False
    depends_on: tuple[str, ...] = ()
    before: Any = Field(description="Canonical value before, null where there is none or it is not known.")
    after: Any = Field(description="Canonical value after, null for forget.")
    fields: tuple[FieldJson, ...] = ()
    effects: tuple[EffectJson, ...] = ()
    traffic: TrafficJson | None = Field(
        default=None, description="What it does to calls of the past, if any were given."
    )
    needs: tuple[Need, ...] = Field(default=(), description="Allowances without which apply refuses.")
    description: str = ""
    live_digest: str = ""
    live_source: LiveSource
    read_at: Moment | None = None
    declared_at: str | None = Field(default=None, pattern=r"^.+:[1-9][0-9]{0,8}:[1-9][0-9]{0,8}$")
    before_digests: dict[str, str] = Field(default_factory=dict, description="The same, of what was there before.")
    after_digests: dict[str, str] = Field(default_factory=dict, description="Keyed digests of sensitive fields.")

    @model_validator(mode="after")
    def _whole(self) -> ChangeJson:
        """Refuse values that are none, and an address of another number."""
        for name, value in (("before", self.before), ("after", self.after)):
            if value is not None and (why := flaw(value, self.kind)):
                raise ValueError(f"its `{name}` cannot be read: {why}")
        if self.address != f"{self.account}/{self.number}":
            raise ValueError("its address is not that of its number")
        return self


def told_of(change: Change) -> dict[str, Any]:
    """What models of a change tell otherwise than the change itself does."""
    return {**change.key._asdict(), "declared_at": change.declared_at or None}


def change_json(change: Change) -> ChangeJson:
    """A change as its model."""
    return ChangeJson.of(change, **told_of(change), read_at=change.read_at or None)


def change_from_json(stored: ChangeJson, since: date | None = None) -> Change:
    """The change that a model tells of, without the value that is written.

    Fields and effects follow from its values, whatever is stored of them; effects are told from a day on.
    """
    before, after = (None if value is None else upgrade_value(value) for value in (stored.before, stored.after))
    fields = _fields(stored, before, after)
    hidden = any(item.sensitive and item.path == "url" for item in fields)
    return stored.as_value(
        Change,
        key=Key(stored.provider, stored.number, stored.kind),
        before=before,
        after=after,
        fields=fields,
        effects=effects(before, after, hidden_url_differs=hidden, since=since),
        read_at=stored.read_at or "",
        declared_at=stored.declared_at or "",
        traffic=None if stored.traffic is None else stored.traffic.as_value(Traffic),
        needs=tuple(need.value for need in stored.needs),
    )


def _fields(stored: ChangeJson, before: Json | None, after: Json | None) -> tuple[FieldChange, ...]:
    if after is None:
        return ()
    if stored.action is Action.ASSERT:
        known, told = before or {}, {item.path for item in stored.fields}
        asserted = [path for path in after if path != "type" and (known.get(path) is None or path in told)]
        return tuple(FieldChange(path, None, after[path]) for path in asserted)
    live = Form(before or form(OFF[stored.kind].value).json, stored.before_digests)
    wanted = Form(after, stored.after_digests)
    return field_changes(live if live.is_bodiless else live.filled_from(wanted), wanted)


def required_allowances(change: Change) -> tuple[str, ...]:
    """The allowances that a change needs by what it does, and those that it says it needs."""
    by_action = {
        Need.ADOPT: change.action is Action.ADOPT,
        Need.DELETE: is_off(change.after) and change.action is not Action.FORGET,
        Need.PROTECTED: change.protected,
    }
    return tuple(need.value for need in Need if need.value in change.needs or by_action[need])
