"""A sandbox and a plain client of it for each test.

Knows nothing of the product's own clients: what is tested here is the vendors' side.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import httpx
import pytest

from reconciler.sandbox import Sandbox

Ask = Callable[..., httpx.Response]

ATTRIBUTES = "/number/v1/GetAttributes"
SET = "/number/v1/SetCallForwarding"
DELETE = "/number/v1/DeleteCallForwarding"
LIST = "/number/customer/v1/GetList"
INFO = "/number/customer/v1/GetInfo"
NUMBER = "74991112233"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(numbers=[NUMBER, "74991112244", "74991112255"], mtt_numbers=["78005560251", "78005560252"]) as running:
        yield running


@pytest.fixture(scope="session")
def client() -> Iterator[httpx.Client]:
    with httpx.Client(timeout=5.0, trust_env=False) as open_client:
        yield open_client


@pytest.fixture
def exolve(sandbox: Sandbox, client: httpx.Client) -> Ask:
    """Post a body (JSON value or raw text) to one of Exolve's paths, with the first application's key."""

    def ask(path: str, body: object, *, key: str | None = None) -> httpx.Response:
        content = body if isinstance(body, str | bytes) else json.dumps(body)
        headers = {"Authorization": f"Bearer {sandbox.api_key if key is None else key}"}
        return client.post(sandbox.exolve_url + path, content=content, headers=headers)

    return ask


@pytest.fixture
def mtt(sandbox: Sandbox, client: httpx.Client) -> Ask:
    """Call one of MTT's paths with a fresh access token; with a body it is a POST."""

    def ask(path: str, body: object = None, *, token: str | None = None) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token or sandbox.mtt.oauth.issue_access_token()}"}
        if body is None:
            return client.get(sandbox.mtt_url + path, headers=headers)
        return client.post(sandbox.mtt_url + path, json=body, headers=headers)

    return ask
