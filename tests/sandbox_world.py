"""The core over real sockets: a configuration whose accounts are the sandbox's, through the real workflow.

Knows no YAML and no command line.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import Any

from reconciler.apply.journal import Emit, ignore
from reconciler.apply.report import ApplyReport
from reconciler.model import Desired, Forwarding
from reconciler.plan.build import Options
from reconciler.plan.model import Plan
from reconciler.providers.exolve import EXOLVE
from reconciler.providers.exolve.account import ExolveOptions
from reconciler.providers.exolve.mapping import encode
from reconciler.providers.mtt import MTT
from reconciler.providers.mtt.account import MttOptions
from reconciler.record.base import Record, RecordState
from reconciler.record.memory import MemoryRecord
from reconciler.sandbox import Sandbox
from reconciler.secrets import SecretRef, Secrets
from reconciler.settings import Account, Configuration, Policy, Rate, RecordSettings
from reconciler.wiring import Session
from reconciler.workflow.apply import apply_stored
from reconciler.workflow.plan import make_plan
from reconciler.workflow.stored import StoredPlan
from tests.record.faulty import FaultyStore
from tests.world import EVERYTHING, KEY, place


class QuickClock:
    """Real time that runs faster, so that waits for a vendor cost a test little."""

    def __init__(self, speed: float = 50.0) -> None:
        self.speed = speed
        self.interrupted = Event()
        self._wall, self._start = time.time(), time.monotonic()

    def now(self) -> float:
        return self._wall + self.monotonic()

    def monotonic(self) -> float:
        return (time.monotonic() - self._start) * self.speed

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds / self.speed)


@dataclass
class SandboxWorld:
    """`sales` is the sandbox's Exolve application and `office` its MTT integration.

    `application` tells `sales` its application, so that it can list; `record` is the record's backend, in memory unless
    one is given.
    """

    sandbox: Sandbox
    files: list[Desired] = field(default_factory=list)
    application: bool = True
    policy: Policy = field(default_factory=Policy)
    variables: dict[str, str] = field(default_factory=dict)
    timeout: str = "2"
    concurrency: int = 4
    store: FaultyStore = field(default_factory=FaultyStore)
    record: Record | None = None
    clock: QuickClock = field(default_factory=QuickClock)
    refresh_token: str = ""
    api_key: str = ""

    def __post_init__(self) -> None:
        self.refresh_token = self.refresh_token or self.sandbox.mtt.oauth.issue_refresh_token()
        self.api_key = self.api_key or self.sandbox.api_key

    @property
    def configuration(self) -> Configuration:
        return Configuration(
            root=Path("/nonexistent"),
            name="moscow",
            accounts={each.name: each for each in (self._sales(), self._office())},
            policy=self.policy,
            record=RecordSettings("git"),
            timezone="Europe/Moscow",
            calendar_until=None,
            desired=tuple(self.files),
            numbers={each.key.number: each.declared_at for each in self.files},
            forget={},
            digested=lambda: "sha256:1",
        )

    @property
    def environ(self) -> dict[str, str]:
        given = {f"RECONCILER_VAR_{name}": value for name, value in self.variables.items()}
        return given | {
            "RECONCILER_RECORD_KEY": KEY,
            "RECONCILER_TIMEOUT": self.timeout,
            "EXOLVE": self.api_key,
            "MTT_ID": self.sandbox.client_id,
            "MTT_SECRET": self.sandbox.client_secret,
            "MTT_REFRESH": self.refresh_token,
        }

    def session(self) -> Session:
        session = Session(self.configuration, Secrets(self.environ), self.clock)
        session._record = self.record or MemoryRecord(self.store, name="moscow")
        return session

    @property
    def state(self) -> RecordState:
        return (self.record or MemoryRecord(self.store)).load()

    def plan(self, **asked: Any) -> Plan:
        session = self.session()
        try:
            return make_plan(session, Options(kept=True, **asked))[0]
        finally:
            session.close()

    def apply(self, *, emit: Emit = ignore, **asked: Any) -> ApplyReport:
        """Plan and apply with every allowance, unless told otherwise."""
        session = self.session()
        try:
            plan, state = make_plan(session, Options(kept=True, **{"consent": EVERYTHING, **asked}))
            return apply_stored(session, StoredPlan(plan, state), emit=emit)
        finally:
            session.close()

    def by_hand(self, number: str, value: Forwarding) -> None:
        """Change a number in the cabinet."""
        body = encode(number, value)
        del body["number_code"]
        self.sandbox.exolve.set(number, body or None)

    def _sales(self) -> Account:
        return Account(
            "sales",
            "exolve",
            self.sandbox.exolve_url,
            place(5, "reconciler.yaml"),
            EXOLVE.capabilities,
            Rate(per_second=0, concurrency=self.concurrency),
            options=ExolveOptions(SecretRef(env="EXOLVE"), self.sandbox.application if self.application else None),
        )

    def _office(self) -> Account:
        return Account(
            "office",
            "mtt",
            self.sandbox.mtt_url,
            place(6, "reconciler.yaml"),
            MTT.capabilities,
            Rate(per_second=0, concurrency=self.concurrency),
            options=MttOptions(
                client_id=SecretRef(env="MTT_ID"),
                client_secret=SecretRef(env="MTT_SECRET"),
                refresh_token=SecretRef(env="MTT_REFRESH"),
                redirect_uri=self.sandbox.redirect_uri,
                oauth_url=self.sandbox.oauth_url,
            ),
        )


def numbered(files: Iterable[Desired], numbers: Iterable[str]) -> list[Desired]:
    """The desired blocks under the sandbox's own numbers."""
    return [each._replace(key=each.key._replace(number=number)) for each, number in zip(files, numbers, strict=False)]
