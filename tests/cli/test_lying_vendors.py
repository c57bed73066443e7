"""Vendors whose answers are mangled on a real socket, through `apply` itself: no traceback and no false success."""

from __future__ import annotations

import random
import shutil
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from starlette.responses import Response

from reconciler.sandbox import Fault, FaultKind
from reconciler.sandbox.front import Vendor
from reconciler.sandbox.journal import Incoming
from tests.cli.conftest import Ended, Workplace
from tests.conftest import Tally
from tests.sandbox_world import QuickClock
from tests.unit.providers.test_fuzz import STATUSES, mutate

pytestmark = pytest.mark.usefixtures("no_last_resort")

NEW, ADOPTED, CLEARED, EQUAL = (f"7499100000{at}" for at in range(4))
URL = {"call_forwarding_type": 3, "call_forwarding_ipcr": {"url": "https://example.com/route"}}
SIP = {"call_forwarding_type": 1, "call_forwarding_sip": {"sip_uri": "user@sip.example.com"}}
RINGS = {
    "call_forwarding_type": 2,
    "call_forwarding_number": {
        "redirect_type": 2,
        "call_control": [
            {"redirect_number": "74992223344", "timeout": 16, "active": True, "period": "wd {mon-fri} hr {9-17}"},
            {"redirect_number": "883140000000001", "timeout": 30, "active": True},
        ],
    },
}
NUMBERS = f"""\
version: 1
numbers:
  "{NEW}": {{forwarding: {{type: url, url: https://example.com/route}}}}
  "{ADOPTED}":
    forwarding:
      type: number
      redirect: sequential
      targets:
        - {{to: "74992223344", timeout: 16, schedule: {{period: "wd {{mon-fri}} hr {{9-17}}"}}}}
        - {{to: "883140000000001", timeout: 30}}
  "{CLEARED}": {{forwarding: none}}
  "{EQUAL}": {{forwarding: {{type: sip, sip_uri: user@sip.example.com}}}}
  "PARKED": {{account: office, parking: true}}
"""
WITHOUT_EFFECT = [FaultKind.SERVER_ERROR_BEFORE, FaultKind.ERROR_WITH_200, FaultKind.DROP_BEFORE, FaultKind.FORBIDDEN]
ALL_STATUSES = [*STATUSES, 302, 429, 500, 502, 503]


@dataclass
class Lies:
    """Which answers of a run are mangled: from the `first`th on, `many` of them."""

    seed: int
    first: int = 0
    many: int = 0
    _seeded: random.Random = field(default_factory=random.Random)
    _count: int = 0

    def __post_init__(self) -> None:
        self._seeded.seed(self.seed)
        self.first = self._seeded.randint(0, 14)
        self.many = self._seeded.choice([1, 1, 2, 4, 100])

    def told(self, answer: Response) -> Response:
        self._count += 1
        if not self.first < self._count <= self.first + self.many:
            return answer
        status = self._seeded.choice([answer.status_code, answer.status_code, self._seeded.choice(ALL_STATUSES)])
        text = bytes(answer.body).decode("utf-8", "replace")
        body = mutate(text if text.startswith(("{", "[")) else "{}", self._seeded)
        return Response(b"" if status in {204, 304} else body, status, media_type=answer.media_type)


class Liar:
    """A vendor that carries everything out and says something else."""

    def __init__(self, vendor: Vendor) -> None:
        self._vendor = vendor
        self.lies: Lies | None = None

    def answer(self, call: Incoming, tampering: Fault | None) -> Response:
        answer = self._vendor.answer(call, tampering)
        return self.lies.told(answer) if self.lies else answer

    def __getattr__(self, name: str) -> Any:
        return getattr(self._vendor, name)


class Campaign:
    """One workplace, whose vendors begin to lie anew with each seed."""

    def __init__(self, workplace: Workplace, homes: Path) -> None:
        self.workplace = workplace
        self.sandbox = workplace.sandbox
        self.parked = self.sandbox.mtt.numbers[0]
        (workplace.folder / "numbers.yaml").write_text(NUMBERS.replace("PARKED", self.parked), "utf-8")
        self._homes = homes
        self._liars = {name: Liar(vendor) for name, vendor in self.sandbox._front.vendors.items()}
        self.sandbox._front.vendors.update(self._liars)
        self.outcomes: Counter[str] = Counter()

    def judge(self, seed: int) -> None:
        self._prepare()
        seeded = random.Random(-seed)
        lies = Lies(seed)
        for liar in self._liars.values():
            liar.lies = lies
        if seeded.random() < 0.4:
            kind, skip = seeded.choice(WITHOUT_EFFECT), seeded.randint(0, 3)
            self.sandbox.faults.add(Fault(kind=kind, mutating=True, skip=skip))
        self._judge(self._apply(), seed)
        if seed % 5 == 0:
            self._judge_the_next(seed)

    def _prepare(self) -> None:
        self.sandbox.faults.clear()
        self.sandbox.journal.clear()
        for number, body in ((NEW, None), (ADOPTED, URL), (CLEARED, URL), (EQUAL, SIP)):
            self.sandbox.exolve.set(number, body)
        self.sandbox.mtt.park(self.parked, parked=False)
        shutil.rmtree(self.workplace.folder / ".reconciler", ignore_errors=True)
        shutil.rmtree(self._homes, ignore_errors=True)

    def _apply(self) -> Ended:
        token = self.sandbox.mtt.oauth.issue_refresh_token()
        allowed = ("--allow-delete", "--allow-adopt", "--auto-approve", "--format", "json")
        return self.workplace.run("apply", *allowed, MTT_REFRESH_TOKEN=token, RECONCILER_TIMEOUT="2")

    def _judge(self, ended: Ended, seed: int) -> None:
        document = ended.json
        assert ended.exit_code in {0, 1, 3, 4}, (seed, ended)
        assert (ended.exit_code == 0) is document.get("converged", False), (seed, ended)
        assert "Traceback" not in ended.stderr, seed
        for row in document.get("results", ()):
            self.outcomes[row["outcome"]] += 1
            if row["outcome"] in {"applied", "unverified"}:
                assert self._is_true(row["address"].partition("/")[2]), (seed, row)
        if ended.exit_code in {1, 3, 4}:
            problems = [row for row in document.get("results", ()) if row["error"]]
            assert problems or document["diagnostics"], (seed, ended)

    def _is_true(self, number: str) -> bool:
        if number == self.parked:
            return self.sandbox.mtt.parked(number)
        return self.sandbox.exolve.forwarding(number) == {NEW: URL, ADOPTED: RINGS, CLEARED: None, EQUAL: SIP}[number]

    def _judge_the_next(self, seed: int) -> None:
        """With truthful vendors the next apply converges."""
        self.sandbox.faults.clear()
        for liar in self._liars.values():
            liar.lies = None
        ended = self._apply()
        assert ended.exit_code == 0, (seed, ended)
        assert all(self._is_true(number) for number in (NEW, ADOPTED, CLEARED, EQUAL, self.parked)), seed


@pytest.fixture
def campaign(tmp_path: Path, workplace: Workplace, monkeypatch: pytest.MonkeyPatch) -> Campaign:
    """A campaign in quick time."""
    monkeypatch.setattr("reconciler.wiring.SystemClock", QuickClock)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return Campaign(workplace, tmp_path / "state")


def test_a_sample_of_lies_leads_to_no_false_success(campaign: Campaign) -> None:
    for seed in range(30):
        campaign.judge(seed)
    assert {"applied", "unverified", "unknown"} <= campaign.outcomes.keys()


@pytest.mark.soak
@pytest.mark.parametrize("part", range(10))
def test_lies_lead_to_no_false_success(campaign: Campaign, part: int, tally: Tally) -> None:
    tally("mangled API answers through plan and apply", 500)
    for seed in range(500 * (part + 1), 500 * (part + 2)):
        campaign.judge(seed)
