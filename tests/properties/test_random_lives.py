"""Random lives: edits, foreign hands, lagging reads, wrong keys, renames, kills, undo and scenarios, on every backend.

After each step: nothing that we wrote is unknown to the record unless a person forgot it; no write was sent without a
fresh look; no report says more than the vendor holds. In the end all converges.
"""

from __future__ import annotations

import random
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest

from reconciler.apply.journal import ApplyEvent
from reconciler.apply.report import ApplyReport
from reconciler.canonical import form
from reconciler.formats.plan import PlanFileError
from reconciler.http.budget import OPEN, Gate
from reconciler.http.errors import NotOwned, ProviderError, TimedOut, Unavailable
from reconciler.model import Observation, Outcome, Parking, Value
from reconciler.plan.build import Options, Refresh, Selection
from reconciler.providers.base import Listing, Write
from reconciler.record.base import Record, RecordError
from reconciler.workflow.apply import apply_stored
from reconciler.workflow.audit import make_audit
from reconciler.workflow.plan import make_undo
from reconciler.workflow.stored import StalePlanError, StoredPlan
from tests.conftest import Tally
from tests.record import conftest as servers
from tests.record.opening import open_place
from tests.record.state_server import State, serving
from tests.world import (
    EVERYTHING,
    NONE,
    PARKING,
    LaggingVendor,
    Vendor,
    World,
    desired,
    phone,
    rings,
    sip,
    url,
)

postgres_server = servers.postgres_server

OURS, FOREIGN, PARKED = range(3), (5,), (7,)
STEPS = 30
BACKENDS = ("file", "git", "http", "postgres")
KEYS = ("a key of the record that is long enough", "another key of the record, also long enough")
EVENTS = "https://example.com/calls?key=${var:EVENT_KEY}"
VALUES: tuple[Value, ...] = (
    *(rings(), rings("74992223355", client_id="crm-1"), rings(event_url=EVENTS), url(), sip(), NONE),
)
FRESH_SECONDS = 30.0


class Killed(BaseException):
    """The process ends here."""


class WatchedVendor(LaggingVendor):
    """A lagging vendor that notes when each number was last read, and finds every write that stands on no fresh look.

    With a `foreign` key it has other numbers, and `lost` ones it does not find. It asks for a pause with every write
    while it `pauses`; somebody may then be quicker (`meanwhile`). What was written since `blind_from` cannot be read.
    `unseen` are writes without a fresh look.
    """

    foreign: bool = False
    pauses: bool = False
    blind_from: int | None = None
    meanwhile: Callable[[str], None] = staticmethod(lambda _number: None)

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self.looked: dict[str, float] = {}
        self.unseen: list[str] = []
        self.last: dict[str, Value] = {}
        self.lost: set[str] = set()

    def list_numbers(self) -> Listing:
        if self.foreign:
            return Listing({phone(77): None})
        listed = super().list_numbers().numbers
        return Listing({number: seen for number, seen in listed.items() if number not in self.lost})

    def read(self, number: str) -> Observation:
        if self.foreign or number in self.lost:
            raise NotOwned(f"number {number} is not in the application")
        if self.blind_from is not None and number in {each.number for each in self.writes[self.blind_from :]}:
            raise Unavailable("down")
        seen = super().read(number)
        self.looked[number] = self._clock.now()
        return seen

    def write(self, writes: Sequence[Write], gate: Gate = OPEN) -> int:
        if self.foreign:
            gate.enter()
            raise NotOwned(f"number {writes[0].number} is not in the application")
        gate.enter()
        if self.pauses:
            self.meanwhile(writes[0].number)
            self._clock.sleep(45)
            while not gate.is_open():
                gate.enter()
        for each in writes:
            if self._clock.now() - self.looked.get(each.number, -1e9) > FRESH_SECONDS:
                self.unseen.append(each.number)
            self.last[each.number] = each.value
        return super().write(writes, OPEN)


class WatchedParking(Vendor):
    """A vendor of parking that remembers what we wrote."""

    foreign: bool = False

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self.last: dict[str, Value] = {}

    def list_numbers(self) -> Listing:
        return Listing({phone(78): None}) if self.foreign else super().list_numbers()

    def write(self, writes: Sequence[Write], gate: Gate = OPEN) -> int:
        gate.enter()
        if self.foreign:
            raise NotOwned(f"number {writes[0].number} is not in this account")
        self.last |= {each.number: each.value for each in writes}
        return super().write(writes, OPEN)


@dataclass
class Life:
    """One configuration with its vendors and its record, and a chance by which it goes on."""

    chance: random.Random
    world: World
    sales: WatchedVendor
    office: WatchedParking
    trail: list[str] = field(default_factory=list)
    forgotten: set[str] = field(default_factory=set)
    saved: bytes | None = None
    opened: list[Record] = field(default_factory=list)

    def live(self, number: str) -> Value:
        return (self.office if number in self.office.values else self.sales).values[number]

    def step(self) -> None:
        """Do one of the things that happen, and look at what must hold after each."""
        steps = [getattr(self, name) for name in dir(self) if name.startswith("may_")]
        chosen = self.chance.choice(steps)
        self.trail.append(chosen.__name__)
        chosen()
        self.check()
        self.close()

    def close(self) -> None:
        """Give back what the steps have opened, as a process does at its end."""
        while self.opened:
            self.opened.pop().close()

    # -- what happens ------------------------------------------------------------------------------------------------

    def may_edit(self) -> None:
        index = self.chance.choice(OURS)
        self._withdraw(index)
        self.world.files.append(desired(index, self.chance.choice(VALUES), account=self._sales_name))

    def may_edit_again(self) -> None:
        self.may_edit()

    def may_edit_parking(self) -> None:
        index = self.chance.choice(PARKED)
        self._withdraw(index)
        self.world.files.append(desired(index, Parking(parked=self.chance.random() < 0.5)))

    def may_withdraw(self) -> None:
        self._withdraw(self.chance.choice([*OURS, *PARKED]))

    def may_change_by_hand(self) -> None:
        number = phone(self.chance.choice([*OURS, *FOREIGN]))
        self._change_by_hand(number)
        self.world.clock.time += self.sales.lag + 1

    def may_lag(self) -> None:
        self.sales.lag = self.chance.choice([0.0, 1.0, 6.0, 14.0, 20.0])

    def may_turn_the_key(self) -> None:
        self.sales.foreign = not self.sales.foreign and self.chance.random() < 0.5

    def may_lose_or_find_a_number(self) -> None:
        self.sales.lost = set() if self.sales.lost else {phone(self.chance.choice(OURS))}

    def may_lose_one_that_leaves_the_files(self) -> None:
        self._apply()
        entries = [key.number for key in self.world.state.entries if key.number in self.sales.values]
        if entries:
            self.sales.lost = {self.chance.choice(entries)}
            self._withdraw(int(min(self.sales.lost)) - int(phone(0)))
            self._apply()

    def may_be_blind_and_go_on(self) -> None:
        self.sales.blind_from = len(self.sales.writes)
        try:
            self._apply()
        finally:
            self.sales.blind_from = None
        self.chance.choice([self.may_withdraw, self.may_edit, self.may_wait])()
        self._apply()

    def may_die_and_go_on(self) -> None:
        self.may_lag()
        self.may_die()
        self.chance.choice([self.may_withdraw, self.may_edit, self.may_wait])()
        self._apply()

    def may_be_asked_to_pause(self) -> None:
        self.sales.pauses = not self.sales.pauses
        quick = self.chance.random() < 0.5
        self.sales.meanwhile = self._change_by_hand if quick else lambda _number: None

    def may_rotate_the_record_key(self) -> None:
        self.world.key = self.chance.choice([*KEYS, None])

    def may_rename_the_account(self) -> None:
        new = "main" if self._sales_name == "sales" else "sales"
        del self.world.live[self._sales_name]
        self.sales.account = new
        self.world.live = {new: self.sales, **self.world.live}
        self.world.files = [
            each._replace(account=new) if each.key.provider == "exolve" else each for each in self.world.files
        ]

    def may_wait(self) -> None:
        self.world.clock.time += self.chance.choice([1, 10, 40, 90])

    def may_switch_the_scenario(self) -> None:
        self.world.scenario = None if self.world.scenario else "storm"

    def may_forget(self) -> None:
        index = self.chance.choice(OURS)
        self._withdraw(index)
        self.world.forget = (phone(index),)
        self._apply()
        self.world.forget = ()
        self.forgotten |= {phone(index)} - {key.number for key in self.world.state.entries}

    def may_plan(self) -> None:
        writes = len(self.sales.writes)
        self._quietly(lambda: self.world.plan(refresh=self.chance.choice(list(Refresh))))
        self._quietly(lambda: make_audit(self.world.session, (), lambda _progress: None))
        assert len(self.sales.writes) == writes

    def may_apply(self) -> None:
        self._apply()

    def may_die_again(self) -> None:
        self.may_die()

    def may_withdraw_again(self) -> None:
        self._withdraw(self.chance.choice(OURS))

    def may_apply_again(self) -> None:
        self._apply()

    def may_apply_some(self) -> None:
        self._apply(selection=Selection(targets=(phone(self.chance.choice(OURS)),)))

    def may_apply_a_few(self) -> None:
        self._apply(limit=1)

    def may_die(self) -> None:
        left = [self.chance.randint(1, 12)]

        def die(_event: ApplyEvent) -> None:
            left[0] -= 1
            if left[0] <= 0:
                raise Killed

        self.world.on_event = die
        try:
            self._apply()
        except Killed:
            pass
        finally:
            self.world.on_event = lambda _event: None

    def may_lose_answers(self) -> None:
        left, vanish = [self.chance.randint(1, 3)], self.chance.random() < 0.5

        def lose() -> ProviderError | None:
            left[0] -= 1
            self.sales.vanish = vanish and left[0] > 0
            return TimedOut("no answer", may_have_taken_effect=True) if left[0] >= 0 else None

        self.sales.vanish, self.sales.fails = vanish, lose
        try:
            self._apply()
        finally:
            self.sales.vanish, self.sales.fails = False, lambda: None
            self._unwritten()

    def may_save_a_plan(self) -> None:
        def save() -> None:
            self.saved = self.world.saved()

        self._quietly(save)

    def may_apply_the_saved_plan(self) -> None:
        if self.saved is None:
            return
        data, before = self.saved, dict(self.sales.last)
        try:
            self._judge(self.world.apply_saved(data), whole=False)
        except (PlanFileError, StalePlanError):
            assert self.sales.last == before

    def may_undo(self) -> None:
        def undo() -> None:
            session = self.world.session
            runs = session.record.runs()
            run = session.record.run(self.chance.choice(runs[:3]).id) if runs else None
            if run is None:
                return
            plan, state = make_undo(session, run, Options(kept=True, consent=EVERYTHING))
            apply_stored(session, StoredPlan(plan, state))

        self._quietly(undo)

    # -- what must hold ----------------------------------------------------------------------------------------------

    def check(self) -> None:
        assert self.sales.unseen == [], self.trail
        state = self.world.state
        known = {key.number for key in state.entries}
        known |= {intent.key.number for window in state.windows for intent in window.intents}
        for vendor in (self.sales, self.office):
            for number, value in vendor.last.items():
                off = value in (NONE, Parking(parked=False))
                if vendor.values[number] == value and not off and number not in self.forgotten:
                    assert number in known, (number, self.trail)

    def _judge(self, report: ApplyReport, *, whole: bool) -> None:
        """What a report calls applied is what the vendor holds; what it calls done is done."""
        wanted = {each.key.number: each.value for each in self.world.files}
        for result in report.results:
            number = result.address.partition("/")[2]
            if result.outcome is Outcome.APPLIED and result.action.value != "forget":
                assert self._told(self.live(number)) == self._told(wanted.get(number, NONE)), (number, self.trail)
        if whole and report.converged and report.whole:
            for number, value in wanted.items():
                assert self._told(self.live(number)) == self._told(value), (number, self.trail)

    def _told(self, value: Value) -> tuple[str, dict[str, str]]:
        told = form(value, resolve=lambda text: text.replace("${var:EVENT_KEY}", "s3cret-one"))
        return told.text, dict(told.secrets)

    def _unwritten(self) -> None:
        """Writes that vanished were never the vendor's."""
        for number, value in list(self.sales.last.items()):
            if self.sales.values[number] != value:
                del self.sales.last[number]

    def end(self) -> None:
        """With truthful vendors, right keys and time to settle, all converges."""
        self.sales.foreign, self.sales.lag, self.sales.pauses, self.sales.lost = False, 0.0, False, set()
        self.world.clock.time += 120
        report = self.world.apply()
        self._judge(report, whole=True)
        assert report.converged, (report, self.trail)
        assert self.world.plan().changes == (), self.trail
        state = self.world.state
        assert state.windows == (), self.trail
        assert set(state.entries) == {each.key for each in self.world.files}, self.trail

    # -- tools -------------------------------------------------------------------------------------------------------

    @property
    def _sales_name(self) -> str:
        return self.sales.account

    def _change_by_hand(self, number: str) -> None:
        self.sales.by_hand(number, self.chance.choice([each for each in VALUES if "${" not in str(each)]))
        self.sales.last.pop(number, None)

    def _withdraw(self, index: int) -> None:
        self.world.files = [each for each in self.world.files if each.key.number != phone(index)]

    def _apply(self, **asked: Any) -> None:
        report = self.world.apply(**asked)
        self._judge(report, whole=not asked)
        written = {result.address.partition("/")[2] for result in report.results if result.attempts}
        self.forgotten -= written

    def _quietly(self, work: Callable[[], object]) -> None:
        """Do what writes nothing to numbers that it must not; a refusal in words is as good as a result."""
        with suppress(StalePlanError, PlanFileError, RecordError):
            work()


def live(seed: int, place: str) -> None:
    """Live one life."""
    chance = random.Random(seed)
    world = World(variables={"EVENT_KEY": "s3cret-one"}, key=KEYS[0])
    sales = WatchedVendor(dict.fromkeys(map(phone, (*OURS, *FOREIGN)), NONE), clock=world.clock)
    office = WatchedParking(
        dict.fromkeys(map(phone, PARKED), Parking(parked=False)),
        account="office",
        capabilities=PARKING,
        clock=world.clock,
    )
    sales.unreadable = frozenset({"client_id"}) if chance.random() < 0.5 else frozenset()
    world.live = {"sales": sales, "office": office}
    one = Life(chance, world, sales, office)

    def open_record() -> Record:
        one.opened.append(open_place(place, name="moscow"))
        return one.opened[-1]

    world.open_record = open_record
    for _ in range(STEPS):
        one.step()
    one.end()
    one.close()


@pytest.fixture
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[str], str]]:
    """A function that makes one more empty place for a record in a backend."""
    with ExitStack() as stack:

        def made(backend: str) -> str:
            if backend == "file":
                return f"file:{tmp_path / str(len(list(tmp_path.iterdir())))}.db"
            if backend == "git":
                return f"git:{_clone(tmp_path)}"
            if backend == "http":
                return f"http:{stack.enter_context(serving(State()))}"
            return f"postgres:{_emptied(request.getfixturevalue('postgres_server'))}"

        yield made


def _clone(folder: Path) -> Path:
    number = len(list(folder.iterdir()))
    remote, clone = folder / f"remote{number}.git", folder / f"clone{number}"
    subprocess.run(["git", "init", "--quiet", "--bare", str(remote)], check=True)
    subprocess.run(["git", "clone", "--quiet", str(remote), str(clone)], check=True, capture_output=True)
    return clone


def _emptied(dsn: str) -> str:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("DROP SCHEMA IF EXISTS reconciler CASCADE")
    return dsn


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_sample_of_random_lives(backend: str, place: Callable[[str], str]) -> None:
    for seed in range(12 if backend == "file" else 3):
        live(seed, place(backend))


@pytest.mark.soak
@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("backend", BACKENDS)
def test_random_lives(backend: str, place: Callable[[str], str], tally: Tally) -> None:
    tally("random lives of 30 steps, record in file, git, http, postgres: 50 each", 50)
    for seed in range(1_000, 1_050):
        live(seed, place(backend))
