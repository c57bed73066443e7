"""Mutated answers: whatever a vendor says, the outcome is a value or a ProviderError, and never a false success."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from functools import partial
from random import Random
from typing import Any

import pytest

from reconciler.diagnostics import Location
from reconciler.http.answer import Answer
from reconciler.http.budget import OPEN, Gate
from reconciler.http.client import HttpClient, Request
from reconciler.http.errors import ProviderError
from reconciler.model import NoForwarding, NumberForwarding, Observation, Parking, Redirect, Target, UrlForwarding
from reconciler.providers.base import Listing, Provider, Write
from reconciler.providers.exolve import EXOLVE
from reconciler.providers.exolve.account import ExolveOptions
from reconciler.providers.mtt.account import MttOptions
from reconciler.providers.mtt.opening import open_mtt
from reconciler.providers.mtt.tokens import Tokens
from reconciler.providers.opening import open_provider
from reconciler.secrets import SecretRef, Secrets
from reconciler.settings import Account
from tests.providers.opening import opening
from tests.unit.providers import samples

CANARY = "canary-key-in-the-fuzz"
NUMBER = "78005560251"
REF = SecretRef(env="CANARY")
ACCOUNT = Account("sales", "", "http://127.0.0.1:1", Location("reconciler.yaml", 1, 1, 1, 1), EXOLVE.capabilities)
WITH_SIP_ID = NumberForwarding(redirect=Redirect.SINGLE, targets=(Target("883140000000001", 5),), file_to_a="12345")
STATUSES = [200] * 12 + [201, 204, 299, 400, 401, 403, 404, 409, 418, 422, 499]

LIST = {
    "numbers": [
        {"number_name": NUMBER, "call_forwarding_flag": True, "call_forwarding_ipcr": {"url": "https://x.example"}},
        {"number_name": "74990000001", "call_forwarding_flag": False, "number_options": {"incoming_calls": True}},
        {
            "number_name": "74990000002",
            "call_forwarding_ip_static": {"ip": "203.0.113.7", "port": "5060", "did_name": "1"},
        },
    ],
    "total": 3,
}
ANSWERS = [
    samples.ATTRIBUTES_NUMBER,
    samples.ATTRIBUTES_URL,
    samples.EXTERNAL_NUMBERS,
    samples.PARKED,
    samples.TOKENS,
    json.dumps(LIST),
    "{}",
    '{"error": "number has sip"}',
    '{"error": {"message": "number is missing in the application"}}',
    '{"result": {"success": 1}}',
]
VALUES: list[object] = [
    None, True, False, 0, 1, -1, 2, 10**25, 1.5, 1e308, "", "0", "7", "NUMBER", "x" * 300, "\x00\u202e", "\ud800",
    [], {}, [[]], [None], {"error": "e"}, {"": ""}, CANARY,
]  # fmt: skip
BYTES = [
    b"",
    b"\x00",
    b"\xff",
    b"{",
    b"}",
    b"[" * 2000,
    b'"',
    b"NaN",
    b"\\ud800",
    b"1e999",
    b"\xef\xbb\xbf",
    b"9" * 5000,
]


def mutate(text: str, random: Random) -> bytes:
    """One to four changes of the JSON's tree, then sometimes of its bytes."""
    data = json.loads(text)
    for _ in range(random.randint(0, 4)):
        data = change(data, random)
    raw = json.dumps(data).encode()
    for _ in range(random.choice([0, 0, 1, 2])):
        raw = change_bytes(raw, random)
    return raw


def change(data: object, random: Random) -> object:
    match data:
        case dict() if data and random.random() < 0.85:
            key = random.choice(list(data))
            return reshape({k: change(v, random) if k == key else v for k, v in data.items()}, key, random)
        case list() if data and random.random() < 0.85:
            spot = random.randrange(len(data))
            return [change(item, random) if turn == spot else item for turn, item in enumerate(data)]
    return random.choice(VALUES)


def reshape(data: dict[str, object], key: str, random: Random) -> dict[str, object]:
    match random.randrange(6):
        case 0:
            return {k: v for k, v in data.items() if k != key}
        case 1:
            return data | {random.choice(["error", "message", "result", "code", "new"]): random.choice(VALUES)}
        case 2:
            return data | {key: [data[key]]}
    return data


def change_bytes(raw: bytes, random: Random) -> bytes:
    at = random.randrange(len(raw) + 1)
    match random.randrange(3):
        case 0:
            return raw[:at]
        case 1:
            return raw[:at] + random.choice(BYTES) + raw[at:]
    return raw[:at] + random.randbytes(random.randint(1, 4)) + raw[at + 1 :]


class KeptTokens:
    """A token store in memory that has tokens."""

    def __init__(self) -> None:
        self.tokens = Tokens(access="stored-access", expires_at=4e9, refresh="stored-refresh")

    def lock(self, key: str) -> AbstractContextManager[None]:
        assert key
        return nullcontext()

    def load(self, key: str) -> Tokens:
        assert key
        return self.tokens

    def save(self, key: str, tokens: Tokens) -> None:
        assert key
        self.tokens = tokens


class Vendors:
    """Both vendors behind clients that answer every request with `answer`."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.answer = Answer(200, b"{}")
        vendors = self

        def send(_client: HttpClient, _request: Request, *, bearer: str | None = None, gate: Gate = OPEN) -> Answer:
            assert bearer != ""
            return vendors.answer

        monkeypatch.setattr(HttpClient, "send", send)

    def exolve(self) -> Provider:
        account = replace(ACCOUNT, provider="exolve", options=ExolveOptions(REF, "app"))
        return open_provider(account, Secrets({"CANARY": CANARY}))

    def mtt(self) -> Provider:
        account = replace(ACCOUNT, provider="mtt", options=MttOptions(REF, REF, oauth_url=ACCOUNT.base_url))
        secrets = Secrets({"CANARY": CANARY})
        return open_mtt(account, secrets, opening(), store=KeptTokens())


@pytest.fixture
def vendors(monkeypatch: pytest.MonkeyPatch) -> Vendors:
    return Vendors(monkeypatch)


def body_of(answer: Answer) -> dict[str, Any] | None:
    """The body of an answer that may be a success, judged here by itself from the vendors' documents."""
    try:
        data = json.loads(answer.body.decode("utf-8"))
    except (ValueError, RecursionError):
        return None
    return data if isinstance(data, dict) and not data.get("error") and 200 <= answer.status < 300 else None


def outcome(act: Callable[[], object]) -> object:
    """What an act returned, or the ProviderError that it raised; anything else is a failed test."""
    try:
        return act()
    except ProviderError as error:
        text = f"{error}{error.hint or ''}"
        assert CANARY not in text
        assert text.isprintable()
        assert len(text) < 1000
        return error


def check_exolve(vendors: Vendors) -> None:
    provider = vendors.exolve()
    assert isinstance(outcome(lambda: provider.read(NUMBER)), Observation | ProviderError)
    assert isinstance(outcome(provider.list_numbers), Listing | ProviderError)
    assert provider.probe([WITH_SIP_ID])
    for value in (UrlForwarding("https://x.example"), NoForwarding()):
        wrote = outcome(partial(provider.write, [Write(NUMBER, value)]))
        if isinstance(wrote, ProviderError):
            assert wrote.may_have_taken_effect or vendors.answer.status != 200
        else:
            assert body_of(vendors.answer) is not None
            assert vendors.answer.status == 200
    provider.close()


def check_mtt(vendors: Vendors) -> None:
    answer = vendors.answer
    provider = vendors.mtt()
    assert isinstance(outcome(provider.list_numbers), Listing | ProviderError)
    assert provider.probe([])
    provider.close()
    provider = vendors.mtt()
    vendors.answer = Answer(200, samples.EXTERNAL_NUMBERS.encode())
    provider.list_numbers()
    vendors.answer = answer
    wrote = outcome(partial(provider.write, [Write(NUMBER, Parking(parked=True))]))
    if not isinstance(wrote, ProviderError):
        body = body_of(answer)
        assert body is not None
        inner = body["result"] if isinstance(body.get("result"), dict) else body
        assert inner["success"] in (1, "1", True, "true")
    provider.close()


def campaign(vendors: Vendors, turns: range) -> None:
    for turn in turns:
        random = Random(turn)
        vendors.answer = Answer(random.choice(STATUSES), mutate(random.choice(ANSWERS), random))
        check_exolve(vendors)
        check_mtt(vendors)


def test_a_sample_of_mutated_answers_is_a_value_or_a_clear_error(vendors: Vendors) -> None:
    campaign(vendors, range(300))


@pytest.mark.soak
@pytest.mark.parametrize("part", range(10))
def test_mutated_answers_are_a_value_or_a_clear_error(vendors: Vendors, part: int) -> None:
    campaign(vendors, range(1000 * part, 1000 * (part + 1)))


def test_an_unharmed_success_is_one(vendors: Vendors) -> None:
    vendors.answer = Answer(200, b"{}")
    assert vendors.exolve().write([Write(NUMBER, NoForwarding())]) == 1
    vendors.answer = Answer(200, samples.ATTRIBUTES_URL.encode())
    assert vendors.exolve().read(NUMBER).value == UrlForwarding("http://example.com", "74996482846")
