"""What is known of one number, what decisions stand on, and what a decision is: plain values.

Knows no rule by which anything is decided.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from reconciler.canonical import Json
from reconciler.change import Change
from reconciler.diagnostics import Diagnostic
from reconciler.model import Desired, Entry, Key, NoForwarding, Observation
from reconciler.record.base import Intent
from reconciler.secrets import Digester, Secrets

NOTHING: Json = {"type": NoForwarding.type}


@dataclass(frozen=True, slots=True)
class Subject:
    """All that is known of one key. `observation` None: it was not read, so the record decides.

    `intent` is an unsettled one of an interrupted run; `account` is where the number lives now.
    """

    key: Key
    account: str
    desired: Desired | None = None
    observation: Observation | None = None
    entry: Entry | None = None
    intent: Intent | None = None


@dataclass(frozen=True, slots=True)
class Ground:
    """What every decision stands on: secrets to fill templates, keyed digests, and whether to reassert.

    Schedules that differ only before `today` do not differ; None: all of time counts.
    """

    secrets: Secrets
    digester: Digester
    reassert: bool = False
    today: date | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """What follows for one key. `settled`: its live value is known, so an open intent is done with."""

    change: Change | None = None
    recording: Entry | None = None
    diagnostics: tuple[Diagnostic, ...] = ()
    unknown: bool = False
    settled: bool = False
    as_recorded: bool = False
