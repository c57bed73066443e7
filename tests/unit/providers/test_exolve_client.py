from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import httpx
import pytest
import respx

from reconciler.diagnostics import Location
from reconciler.http.budget import Patience
from reconciler.http.errors import (
    Forbidden,
    NotOwned,
    ProviderError,
    Rejected,
    Unauthorized,
    Unavailable,
    UnexpectedResponse,
)
from reconciler.model import NoForwarding, NumberForwarding, Observation, Redirect, Target, UrlForwarding
from reconciler.providers.base import Provider, Write
from reconciler.providers.exolve import EXOLVE
from reconciler.providers.exolve.account import ExolveOptions
from reconciler.providers.opening import open_provider, opening_of
from reconciler.secrets import SecretRef, Secrets
from reconciler.settings import Account, Rate
from tests.unit.http.fakes import FakeClock
from tests.unit.providers import samples

BASE = "http://127.0.0.1:1"
NUMBER = "74991112233"
KEY = "canary-exolve-key"
ACCOUNT = Account(
    "sales",
    "exolve",
    BASE,
    Location("reconciler.yaml", 1, 1, 1, 1),
    EXOLVE.capabilities,
    rate=Rate(per_second=0, concurrency=2),
    options=ExolveOptions(SecretRef(env="EXOLVE_API_KEY")),
)


@dataclass
class Exolve:
    """A provider whose vendor answers with `says`."""

    provider: Provider
    mock: respx.MockRouter

    def says(self, status: int, body: str | bytes) -> respx.Route:
        content = body.encode() if isinstance(body, str) else body
        return self.mock.post(url__startswith=BASE).mock(return_value=httpx.Response(status, content=content))


@pytest.fixture
def exolve() -> Iterator[Exolve]:
    provider = open_provider(
        ACCOUNT,
        Secrets({"EXOLVE_API_KEY": KEY}),
        opening_of("sales", {}, clock=FakeClock(), patience=Patience(attempts=2)),
    )
    with respx.mock() as mock:
        yield Exolve(provider, mock)
    provider.close()


def write(exolve: Exolve) -> int:
    return exolve.provider.write([Write(NUMBER, UrlForwarding("https://example.com/"))])


def failure(exolve: Exolve, act: Callable[[Exolve], object]) -> ProviderError:
    with pytest.raises(ProviderError) as raised:
        act(exolve)
    assert KEY not in f"{raised.value}{raised.value.hint}"
    return raised.value


def read(exolve: Exolve) -> Observation:
    return exolve.provider.read(NUMBER)


# -- what is sent where ----------------------------------------------------------------------------------------------


def test_a_number_is_read_by_its_integer_code(exolve: Exolve) -> None:
    route = exolve.says(200, samples.ATTRIBUTES_URL)
    assert read(exolve) == Observation(UrlForwarding("http://example.com", "74996482846"), 1_000_000.0)
    request = route.calls.last.request
    assert str(request.url) == f"{BASE}/number/v1/GetAttributes"
    assert request.content == b'{"number_code":74991112233}'
    assert request.headers["authorization"] == f"Bearer {KEY}"


def test_a_forwarding_is_set_and_none_is_deleted(exolve: Exolve) -> None:
    route = exolve.says(200, "{}")
    targets = (Target("74992223344", 16, name="дежурный"),)
    exolve.provider.write([Write(NUMBER, NumberForwarding(redirect=Redirect.SINGLE, targets=targets))])
    assert str(route.calls.last.request.url) == f"{BASE}/number/v1/SetCallForwarding"
    sent = json.loads(route.calls.last.request.content)
    assert sent["call_forwarding_number"]["call_control"][0]["name"] == "дежурный"
    exolve.provider.write([Write(NUMBER, NoForwarding())])
    assert str(route.calls.last.request.url) == f"{BASE}/number/v1/DeleteCallForwarding"
    assert route.calls.last.request.content == b'{"number_code":74991112233}'


def test_attempts_of_a_write_are_told(exolve: Exolve) -> None:
    exolve.mock.post(url__startswith=BASE).mock(
        side_effect=[httpx.Response(503, headers={"retry-after": "1"}), httpx.Response(200, text="{}")]
    )
    assert write(exolve) == 2


# -- refusals --------------------------------------------------------------------------------------------------------

SHAPES = [
    lambda text: json.dumps({"error": text}),
    lambda text: json.dumps({"error": {"message": text}}),
    lambda text: json.dumps({"message": text, "code": 400}),
]


@pytest.mark.parametrize("shape", SHAPES, ids=["flat", "nested", "message"])
@pytest.mark.parametrize(
    ("status", "text", "error", "words"),
    [
        (401, "Unauthorized", Unauthorized, "does not accept the API key of account sales"),
        (401, "malformed token", Unauthorized, "cannot read the API key of account sales"),
        (
            403,
            "activate amd service on this application",
            Forbidden,
            "application of account sales is not permitted to do this",
        ),
        (400, "number is missing in the application", NotOwned, f"number {NUMBER} is not in the application"),
        (400, "Error setting amd: Number is missing in the application", NotOwned, NUMBER),
        (404, "number is missing in the application", NotOwned, NUMBER),
        (400, f"Номер {NUMBER} не существует", NotOwned, NUMBER),
        (400, "number has sip", Rejected, f"number {NUMBER} is bound to an Exolve SIP ID"),
        (409, "number has sip", Rejected, "SIP ID"),
        (400, 'proto: (line 1:2): unknown field "x"', Rejected, f"Exolve refused the forwarding of number {NUMBER}"),
        (422, "something new", Rejected, "something new"),
    ],
)
def test_a_refusal_in_any_known_shape_is_a_clear_error(
    exolve: Exolve, shape: Callable[[str], str], status: int, text: str, error: type[ProviderError], words: str
) -> None:
    exolve.says(status, shape(text))
    refused = failure(exolve, write)
    assert type(refused) is error
    assert words in str(refused)
    assert not refused.may_have_taken_effect
    assert refused.attempts == 1


def test_a_refused_key_names_where_it_came_from(exolve: Exolve) -> None:
    exolve.says(401, '{"error": "Unauthorized"}')
    assert "environment variable EXOLVE_API_KEY" in str(failure(exolve, read).hint)
    exolve.says(401, "")
    assert str(failure(exolve, read)).count("401") == 1
    exolve.says(401, '{"error": "malformed token"}')
    assert "without 'Bearer'" in str(failure(exolve, read).hint)


@pytest.mark.parametrize("body", ["404 page not found\n", "", "<html>not found</html>"])
def test_a_wrong_address_points_at_the_base_url(exolve: Exolve, body: str) -> None:
    exolve.says(404, body)
    for act in (read, write):
        refused = failure(exolve, act)
        assert isinstance(refused, UnexpectedResponse)
        assert str(refused).count("404") == 1
        assert "accounts.sales.base_url" in str(refused.hint)
        assert not refused.may_have_taken_effect


def test_text_of_the_vendor_is_cleaned_cut_and_redacted(exolve: Exolve) -> None:
    text = f"\x1b[31mbad\u202e\u0000 key {KEY}, see https://x.example/?token=t0ps3cret " + "x" * 5000
    exolve.says(400, json.dumps({"error": text}))
    refused = failure(exolve, write)
    assert "bad key ***, see https://x.example/?*** xxx" in str(refused)
    assert str(refused).isprintable()
    assert len(str(refused)) < 400


# -- anything at all as an answer ------------------------------------------------------------------------------------

STRANGE = [
    b"",
    b" ",
    b"null",
    b"true",
    b"7",
    b'"ok"',
    b"[]",
    b"{",
    b'{"attributes": {"call_forwarding_type": 3, "call_forwarding_ipcr": {"url": "https://exa',
    b"<!DOCTYPE html><html><body>Log in</body></html>",
    b"404 page not found",
    b"\xff\xfe{\x00}\x00",
    b'{"a": "\xc3\x28"}',
    b'{"error": NaN}',
    b'{"n": ' + b"9" * 5000 + b"}",
    b"[" * 100_000,
    b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
    b'{"name": "\\ud800"}',
    b"\xef\xbb\xbf{}",
    b"{}{}",
    b"{'a': 1}",
]


@pytest.mark.parametrize("body", STRANGE, ids=[str(body[:24]) for body in STRANGE])
def test_a_200_with_anything_else_than_an_object_is_no_success(exolve: Exolve, body: bytes) -> None:
    exolve.says(200, body)
    assert isinstance(failure(exolve, read), UnexpectedResponse)
    refused = failure(exolve, write)
    assert isinstance(refused, UnexpectedResponse)
    assert refused.may_have_taken_effect
    assert str(refused).startswith("Exolve ")


@pytest.mark.parametrize(
    "body",
    [
        '{"error": "number has sip"}',
        '{"error": {"message": "number has sip"}}',
        '{"message": "number has sip", "code": 3}',
        '{"error": {"code": 5}}',
        '{"error": ["x"]}',
        '{"error": "\\u0000\\u202e"}',
    ],
)
def test_a_200_with_an_error_may_or_may_not_have_taken_effect(exolve: Exolve, body: str) -> None:
    exolve.says(200, body)
    refused = failure(exolve, write)
    assert isinstance(refused, UnexpectedResponse)
    assert refused.may_have_taken_effect
    assert "with an error" in str(refused)
    assert isinstance(failure(exolve, read), UnexpectedResponse)


@pytest.mark.parametrize("status", [201, 202, 204, 206, 299])
def test_an_undocumented_success_is_not_taken_for_one(exolve: Exolve, status: int) -> None:
    exolve.says(status, "" if status == 204 else "{}")
    refused = failure(exolve, write)
    assert isinstance(refused, UnexpectedResponse)
    assert refused.may_have_taken_effect


@pytest.mark.parametrize("body", ["{}", '{"error": ""}', '{"error": null}', '{"number": {}}'])
def test_an_object_without_an_error_is_a_success_of_a_write(exolve: Exolve, body: str) -> None:
    exolve.says(200, body)
    assert write(exolve) == 1


def test_an_empty_object_is_no_reading_of_a_number(exolve: Exolve) -> None:
    exolve.says(200, "{}")
    assert isinstance(failure(exolve, read), UnexpectedResponse)


@pytest.mark.parametrize("status", [500, 502])
def test_a_broken_vendor_leaves_a_write_in_doubt(exolve: Exolve, status: int) -> None:
    route = exolve.says(status, "<html>oops</html>")
    refused = failure(exolve, write)
    assert isinstance(refused, Unavailable)
    assert refused.may_have_taken_effect
    assert route.call_count == 1


# -- opening ---------------------------------------------------------------------------------------------------------


def test_a_key_with_quotes_or_blanks_around_it_is_refused_before_anything_is_sent() -> None:
    with pytest.raises(Unauthorized, match="the API key of account sales"):
        open_provider(ACCOUNT, Secrets({"EXOLVE_API_KEY": f"Bearer {KEY}"}))


def test_a_provider_that_nobody_knows_is_named() -> None:

    with pytest.raises(ProviderError, match="account sales: 'acme' is not a known provider"):
        open_provider(replace(ACCOUNT, provider="acme"), Secrets({}))


def test_without_an_application_there_is_no_list(exolve: Exolve) -> None:
    assert not exolve.provider.capabilities.listable
    assert "accounts.sales.application" in str(failure(exolve, lambda it: it.provider.list_numbers()).hint)
