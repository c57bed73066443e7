"""A small world for tests of the core: a configuration, vendors in memory, a record in memory, and a clock that obeys.

Knows no YAML and no sockets.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Event
from typing import Any

from reconciler.apply.journal import ApplyEvent
from reconciler.apply.report import ApplyReport, Result
from reconciler.diagnostics import Location
from reconciler.formats.plan import render_plan
from reconciler.http.budget import OPEN, Gate
from reconciler.http.errors import ProviderError
from reconciler.model import (
    Change,
    Desired,
    Key,
    Kind,
    NoForwarding,
    NumberForwarding,
    Observation,
    Parking,
    Redirect,
    SipForwarding,
    Target,
    UrlForwarding,
    Value,
)
from reconciler.plan.build import Options
from reconciler.plan.model import Consent, Plan
from reconciler.providers.base import Provider, Write
from reconciler.record.base import Record, RecordState
from reconciler.record.memory import MemoryRecord
from reconciler.secrets import Secrets
from reconciler.settings import Account, Capabilities, Configuration, Policy, RecordSettings
from reconciler.wiring import Session
from reconciler.workflow.apply import apply_stored
from reconciler.workflow.plan import make_plan
from reconciler.workflow.stored import StoredPlan, stored_plan
from tests.providers.memory import MemoryProvider
from tests.record.faulty import FaultyStore

KEY = "a key of the record that is long enough"
START = 1_795_000_000.0
FORWARDING = Capabilities(Kind.FORWARDING, readable=True, listable=True)
UNLISTED = Capabilities(Kind.FORWARDING, readable=True, listable=False)
PARKING = Capabilities(Kind.PARKING, readable=False, listable=True, batch_size=100)
EVERYTHING = Consent(
    frozenset({"delete", "adopt", "protected"}), frozenset({"policy-max-changes", "policy-max-deletes"})
)
NONE = NoForwarding()


class ObedientClock:
    """Time that passes only when somebody waits; `waits` is every wait so far."""

    def __init__(self, now: float = START) -> None:
        self.time = now
        self.waits: list[float] = []
        self.interrupted = Event()

    def now(self) -> float:
        return self.time

    def monotonic(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.time += seconds


class Vendor(MemoryProvider):
    """A vendor in memory that cannot tell some fields, and has some that cannot be written."""

    unreadable: frozenset[str] = frozenset()
    unwritable: Mapping[str, Any] = {}

    def _observe(self, number: str) -> Observation | None:
        seen = super()._observe(number)
        return seen and replace(seen, unreadable=self.unreadable, unwritable=self.unwritable)


class LaggingVendor(Vendor):
    """A vendor whose reads show what was so `lag` seconds ago, and never go back behind what they have shown.

    Writes take effect at once, unless they `vanish`; `fails` says what is answered all the same.
    """

    lag: float = 0.0
    vanish: bool = False
    fails: Callable[[], ProviderError | None] = staticmethod(lambda: None)
    history: dict[str, list[tuple[float, Value]]]

    def write(self, writes: Sequence[Write], gate: Gate = OPEN) -> int:
        gate.enter()
        if not self.vanish:
            for write in writes:
                self._past(write.number).append((self._clock.now(), write.value))
            self.values |= {write.number: write.value for write in writes}
        self.writes += writes
        if (error := self.fails()) is not None:
            raise error
        return 1

    def _observe(self, number: str) -> Observation | None:
        return Observation(self._shown(number), self._clock.now())

    def _shown(self, number: str) -> Value:
        past: list[tuple[float, Value]] = self._past(number)
        shown: dict[str, int] = vars(self).setdefault("shown", {})
        due = sum(at <= self._clock.now() - self.lag for at, _ in past)
        shown[number] = max(due, shown.get(number, 1))
        return past[shown[number] - 1][1]

    def _past(self, number: str) -> list[tuple[float, Value]]:
        if not hasattr(self, "history"):
            self.history = {}
        return self.history.setdefault(number, [(0.0, self.values[number])])

    def by_hand(self, number: str, value: Value) -> None:
        self._past(number).append((self._clock.now(), value))
        self.values[number] = value


def place(line: int = 1, file: str = "numbers.yaml") -> Location:
    return Location(file, line, 1, line, 2)


def phone(index: int) -> str:
    return str(74991112200 + index)


def key(index: int | str, kind: Kind = Kind.FORWARDING) -> Key:
    number = index if isinstance(index, str) else phone(index)
    return Key("exolve" if kind is Kind.FORWARDING else "mtt", number, kind)


def desired(index: int, value: Value, account: str | None = None, **more: Any) -> Desired:
    kind = Kind.PARKING if isinstance(value, Parking) else Kind.FORWARDING
    account = account or ("office" if kind is Kind.PARKING else "sales")
    return Desired(key(index, kind), account, value, place(index + 1), **more)


def rings(*to: str, timeout: int = 20, **more: Any) -> NumberForwarding:
    """A forwarding to numbers, each ringing for `timeout` seconds."""
    targets = tuple(Target(each, timeout) for each in to or ("74992223344",))
    return NumberForwarding(Redirect.SEQUENTIAL, targets, **more)


def url(text: str = "https://example.com/route", reserve: str = "") -> UrlForwarding:
    return UrlForwarding(text, reserve)


def sip(text: str = "user@sip.example.com") -> SipForwarding:
    return SipForwarding(text)


@dataclass
class World:
    """`files` are the desired blocks, `live` the vendors by account; plan and apply go through the real workflow."""

    files: list[Desired] = field(default_factory=list)
    live: dict[str, MemoryProvider] = field(default_factory=dict)
    policy: Policy = field(default_factory=Policy)
    variables: dict[str, str] = field(default_factory=dict)
    forget: tuple[str, ...] = ()
    whole: bool = True
    name: str = "moscow"
    digest: str = "sha256:1"
    scenario: str | None = None
    key: str | None = KEY
    settle: float = 30.0
    clock: ObedientClock = field(default_factory=ObedientClock)
    store: FaultyStore = field(default_factory=FaultyStore)
    open_record: Callable[[], Record] | None = None
    events: list[ApplyEvent] = field(default_factory=list)
    on_event: Callable[[ApplyEvent], None] = lambda _event: None

    @property
    def configuration(self) -> Configuration:
        return Configuration(
            root=Path("/nonexistent"),
            name=self.name,
            accounts={name: account(name, provider, self.settle) for name, provider in self.live.items()},
            policy=self.policy,
            record=RecordSettings("git"),
            timezone="Europe/Moscow",
            calendar_until=None,
            desired=tuple(self.files),
            numbers={each.key.number: each.declared_at for each in self.files},
            forget={number: place(99) for number in self.forget},
            digested=lambda: self.digest,
            whole=self.whole,
            scenario=self.scenario,
        )

    @property
    def session(self) -> Session:
        names = {f"RECONCILER_VAR_{name}": value for name, value in self.variables.items()}
        environ = names | ({"RECONCILER_RECORD_KEY": self.key} if self.key else {})
        session = Session(self.configuration, Secrets(environ), self.clock)
        providers: dict[str, Provider] = dict(self.live)
        session._providers = providers
        session._record = self.record()
        return session

    def record(self) -> Record:
        """The record: in memory, unless another place was named."""
        return self.open_record() if self.open_record else MemoryRecord(self.store, name=self.name)

    @property
    def state(self) -> RecordState:
        with closing(self.record()) as record:
            return record.load()

    def plan(self, **asked: Any) -> Plan:
        return self.plan_and_state(**asked)[0]

    def plan_and_state(self, **asked: Any) -> tuple[Plan, RecordState]:
        return make_plan(self.session, Options(kept=True, **asked))

    def apply(self, **asked: Any) -> ApplyReport:
        """Plan and apply with every allowance, unless told otherwise."""
        plan, state = self.plan_and_state(**{"consent": EVERYTHING, **asked})
        return self.apply_plan(plan, state)

    def apply_plan(self, plan: Plan, state: RecordState) -> ApplyReport:
        return apply_stored(self.session, StoredPlan(plan, state), emit=self._heard)

    def saved(self, **asked: Any) -> bytes:
        """A plan file's bytes, made with every allowance, unless told otherwise."""
        return render_plan(self.plan(**{"consent": EVERYTHING, **asked}), tool_version="1.0").encode()

    def apply_saved(self, data: bytes, *, consent: Consent | None = None, allow_partial: bool = False) -> ApplyReport:
        session = self.session
        stored = stored_plan(session, data, consent or Consent())
        return apply_stored(session, stored, emit=self._heard, allow_partial=allow_partial)

    def _heard(self, event: ApplyEvent) -> None:
        self.events.append(event)
        self.on_event(event)


def account(name: str, provider: MemoryProvider, settle: float = 30.0) -> Account:
    vendor = "mtt" if provider.capabilities.kind is Kind.PARKING else "exolve"
    unheard = "redirect_uri" if vendor == "mtt" else ""
    at = place(5, "reconciler.yaml")
    return Account(name, vendor, "https://127.0.0.1", at, provider.capabilities, settle_seconds=settle, unheard=unheard)


def world(
    files: Iterable[Desired] = (),
    live: Mapping[int, Value] | None = None,
    parking: Iterable[int] = (),
    **more: Any,
) -> World:
    """One Exolve-like account `sales`, and `office` like MTT where numbers for parking are given."""
    clock = more.pop("clock", None) or ObedientClock()
    numbers = {phone(index): value for index, value in (live or {}).items()}
    vendors: dict[str, MemoryProvider] = {"sales": Vendor(numbers, capabilities=FORWARDING, clock=clock)}
    parked: dict[str, Value] = {phone(index): Parking(parked=False) for index in parking}
    if parked:
        vendors["office"] = Vendor(parked, account="office", capabilities=PARKING, clock=clock)
    return World(list(files), more.pop("vendors", None) or vendors, clock=clock, **more)


def only(plan: Plan) -> Change:
    """The one change of a plan."""
    (change,) = plan.changes
    return change


def actions(plan: Plan) -> dict[str, str]:
    """Number to action."""
    return {change.key.number: change.action.value for change in plan.changes}


def outcomes(report: ApplyReport) -> dict[str, str]:
    """Number to outcome."""
    return {result.address.partition("/")[2]: result.outcome.value for result in report.results}


def result(report: ApplyReport) -> Result:
    """The one result of a run."""
    (one,) = report.results
    return one


def codes(plan_or_report: Plan | ApplyReport) -> list[str]:
    """The rule codes of the diagnostics."""
    return [item.code for item in plan_or_report.diagnostics]


def breaches(plan: Plan) -> list[str]:
    """The rules that refuse a plan."""
    return [breach.rule for breach in plan.breaches]
