"""One change of a plan as versioned JSON, there and back.

Knows nothing of the plan around it.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Any

from pydantic import Field

from reconciler.change import Action, Change, Effect, FieldChange, LiveSource
from reconciler.formats.diagnostics import JsonModel
from reconciler.model import Key, Kind


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


class ChangeJson(JsonModel):
    """One thing to do to one number."""

    address: str = Field(examples=["sales/74991112233"])
    account: str
    number: str
    provider: str
    kind: Kind
    action: Action
    protected: bool = False
    depends_on: tuple[str, ...] = ()
    before: Any = Field(description="Canonical value before, null where there is none or it is not known.")
    after: Any = Field(description="Canonical value after, null for forget.")
    fields: tuple[FieldJson, ...] = ()
    effects: tuple[EffectJson, ...] = ()
    needs: tuple[Need, ...] = Field(default=(), description="Allowances without which apply refuses.")
    description: str = ""
    live_digest: str = ""
    live_source: LiveSource
    read_at: str | None = None
    declared_at: str | None = None
    before_digests: dict[str, str] = Field(default_factory=dict, description="The same, of what was there before.")
    after_digests: dict[str, str] = Field(default_factory=dict, description="Keyed digests of sensitive fields.")


def fields_json(fields: Iterable[FieldChange]) -> tuple[FieldJson, ...]:
    """Fields that differ as their models."""
    return tuple(
        FieldJson(path=item.path, before=item.before, after=item.after, sensitive=item.sensitive) for item in fields
    )


def effects_json(effects: Iterable[Effect]) -> tuple[EffectJson, ...]:
    """What callers notice as models."""
    return tuple(EffectJson(when=item.when, before=item.before, after=item.after) for item in effects)


def change_json(change: Change) -> ChangeJson:
    """A change as its model."""
    return ChangeJson(
        address=change.address,
        account=change.account,
        number=change.key.number,
        provider=change.key.provider,
        kind=change.key.kind,
        action=change.action,
        protected=change.protected,
        depends_on=change.depends_on,
        before=change.before,
        after=change.after,
        fields=fields_json(change.fields),
        effects=effects_json(change.effects),
        needs=tuple(map(Need, change.needs)),
        description=change.description,
        live_digest=change.live_digest,
        live_source=change.live_source,
        read_at=change.read_at or None,
        declared_at=change.declared_at or None,
        before_digests=dict(change.before_digests),
        after_digests=dict(change.after_digests),
    )


def change_from_json(stored: ChangeJson) -> Change:
    """The change that a model tells of, without the value that is written."""
    return Change(
        key=Key(stored.provider, stored.number, stored.kind),
        account=stored.account,
        action=stored.action,
        before=stored.before,
        after=stored.after,
        fields=tuple(FieldChange(item.path, item.before, item.after, item.sensitive) for item in stored.fields),
        effects=tuple(Effect(item.when, item.before, item.after) for item in stored.effects),
        protected=stored.protected,
        depends_on=stored.depends_on,
        live_digest=stored.live_digest,
        live_source=stored.live_source,
        read_at=stored.read_at or "",
        declared_at=stored.declared_at or "",
        description=stored.description,
        needs=tuple(need.value for need in stored.needs),
        before_digests=stored.before_digests,
        after_digests=stored.after_digests,
    )
