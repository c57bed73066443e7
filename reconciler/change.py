"""One change to one number in frozen values: what differs, what callers notice, and what became of it.

Knows no YAML, no vendor's wire, no output format.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from reconciler.model import Key, Value


class Action(StrEnum):
    """What a change does; `ASSERT` writes what cannot be read and is not known."""

    CREATE = "create"
    UPDATE = "update"
    ADOPT = "adopt"
    DELETE = "delete"
    FORGET = "forget"
    ASSERT = "assert"


class LiveSource(StrEnum):
    """How a plan came to know the value before a change."""

    READ = "read"
    RECORDED = "recorded"
    UNKNOWN = "unknown"


class Cause(StrEnum):
    """Why a change is there: what has moved since we last wrote the number, the files or the live value."""

    FILES = "files"
    LIVE = "live"
    BOTH = "both"
    UNKNOWN = "unknown"


class Outcome(StrEnum):
    """What became of a change in a run."""

    APPLIED = "applied"
    UNVERIFIED = "unverified"
    FAILED = "failed"
    UNKNOWN = "unknown"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field that differs. `before` and `after` are canonical JSON values, masked where `sensitive`."""

    path: str
    before: Any
    after: Any
    sensitive: bool = False


@dataclass(frozen=True, slots=True)
class Effect:
    """What callers notice of a change: `when` is in words, times half-open."""

    when: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Change:
    """One thing to do to one number. `before` and `after` are canonical, masked JSON (None: nothing or not known).

    `before_digests` and `after_digests` are the keyed digests of their sensitive values; `live_digest` is that of the
    live value the change was made from; `depends_on` are addresses whose change goes before this one.
    `protected` is the stricter of file and record, `keeps_protection` what the file alone says and the record will say.
    `cause` is why it is there; `write` is the value that apply writes, which no plan file holds.
    """

    key: Key
    account: str
    action: Action
    before: Any
    after: Any
    fields: tuple[FieldChange, ...] = ()
    effects: tuple[Effect, ...] = ()
    protected: bool = False
    depends_on: tuple[str, ...] = ()
    live_digest: str = ""
    live_source: LiveSource = LiveSource.READ
    read_at: str = ""
    declared_at: str = ""
    description: str = ""
    needs: tuple[str, ...] = ()
    cause: Cause = Cause.UNKNOWN
    before_digests: Mapping[str, str] = field(default_factory=dict, hash=False)
    after_digests: Mapping[str, str] = field(default_factory=dict, hash=False)
    keeps_protection: bool = field(default=False, compare=False)
    write: Value | None = field(default=None, compare=False)

    @property
    def address(self) -> str:
        return f"{self.account}/{self.key.number}"

    @property
    def reverts_a_hand(self) -> bool:
        """Whether it overwrites what somebody else made of the number since we last wrote it."""
        return self.cause in (Cause.LIVE, Cause.BOTH) and self.action is not Action.FORGET
