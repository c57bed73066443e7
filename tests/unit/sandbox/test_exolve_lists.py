"""Exolve's lists: pages, filters, and what an element shows."""

from __future__ import annotations

import httpx
import pytest

from reconciler.sandbox import ExolveSettings, Sandbox
from tests.unit.sandbox.conftest import LIST, NUMBER, Ask

SIPS = "/number/customer/v1/GetSIPList"
MEDIA = "/media/v1/GetList"


def names(answer: httpx.Response) -> list[str]:
    return [element["number_name"] for element in answer.json()["numbers"]]


def test_pages_follow_each_other_and_say_the_total(sandbox: Sandbox, exolve: Ask) -> None:
    first, second, third = (exolve(LIST, {"limit": "2", "offset": offset}) for offset in (0, 2, 4))
    assert [names(page) for page in (first, second, third)] == [[NUMBER, "74991112244"], ["74991112255"], []]
    assert [page.json()["total"] for page in (first, second, third)] == [3, 3, 3]
    assert names(exolve(LIST, {})) == list(sandbox.exolve.numbers)


def test_limits_are_the_settings(client: httpx.Client) -> None:
    with Sandbox(numbers=50, settings=ExolveSettings(list_default_limit=20, list_max_limit=30)) as sandbox:
        lengths = []
        for body in ({}, {"limit": 25}, {"limit": 100}):
            headers = {"Authorization": f"Bearer {sandbox.api_key}"}
            lengths.append(len(names(client.post(sandbox.exolve_url + LIST, json=body, headers=headers))))
    assert lengths == [20, 25, 30]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"search_filter": "2233"}, [NUMBER]),
        ({"search_filter": "000"}, []),
        ({"sip_filter": 0}, [NUMBER, "74991112244", "74991112255"]),
        ({"sip_filter": 1}, [NUMBER, "74991112255"]),
        ({"sip_filter": 2}, ["74991112244"]),
        ({"type_name": "ABC"}, [NUMBER, "74991112244", "74991112255"]),
        ({"type_name": "DEF"}, []),
        ({"date_from": "2026-01-01T00:00:00Z"}, []),
        ({"date_to": "2024-01-01T00:00:00Z"}, []),
    ],
)
def test_filters_choose(sandbox: Sandbox, exolve: Ask, filters: dict[str, object], expected: list[str]) -> None:
    sandbox.exolve.bind_sip("74991112244", "883140000000001")
    answer = exolve(LIST, filters)
    assert names(answer) == expected
    assert answer.json()["total"] == len(expected)


def test_forwarding_is_listed_only_if_the_application_is_named(sandbox: Sandbox, exolve: Ask) -> None:
    sandbox.exolve.set(NUMBER, {"call_forwarding_type": 3, "call_forwarding_ipcr": {"url": "https://example.com"}})
    assert not [key for key in exolve(LIST, {}).json()["numbers"][0] if key.startswith("call_forwarding")]
    named = exolve(LIST, {"application_uuid": sandbox.application}).json()["numbers"][0]
    assert named["call_forwarding_ipcr"] == {"url": "https://example.com"}


def test_a_listed_forwarding_to_numbers_is_the_first_target_without_its_schedule(sandbox: Sandbox, exolve: Ask) -> None:
    controls = [{"redirect_number": "74992223344", "period": "wd {mon}", "timeout": 5}, {"redirect_number": "7499"}]
    body = {"redirect_type": 2, "call_control": controls}
    sandbox.exolve.set(NUMBER, {"call_forwarding_type": 2, "call_forwarding_number": body})
    sip = {"call_forwarding_type": 1, "call_forwarding_sip": {"sip_uri": "a@example.com"}}
    sandbox.exolve.set("74991112244", sip)
    listed = exolve(LIST, {"application_uuid": sandbox.application}).json()["numbers"]
    assert listed[0]["call_forwarding_number"] == {"redirect_type": "2", "redirect_number": "74992223344"}
    assert listed[1]["call_forwarding_sip"] == {"sip_uri": "a@example.com"}


def test_sip_ids_and_media_are_those_of_the_application(sandbox: Sandbox, exolve: Ask) -> None:
    other = sandbox.exolve.add_application("support", api_key="key-2", uuid="u-2")
    sandbox.exolve.add_sip_ids(["883140999999999"], other)
    sandbox.exolve.add_media(["777"], other)
    sandbox.exolve.bind_sip(NUMBER, "883140000000001")
    own = exolve(SIPS, {"limit": 1}).json()
    assert own == {"sips": [{"sip_resource_id": "50000", "username": "883140000000001", "cli": NUMBER}], "total": 10}
    assert exolve(SIPS, {}, key="key-2").json()["sips"][0]["username"] == "883140999999999"
    assert exolve(SIPS, {"username_filter": "883140000000003"}).json()["total"] == 1
    assert exolve(MEDIA, {}).json()["files"] == [{"file_id": "12345"}, {"file_id": "54321"}]
    assert exolve(MEDIA, {}, key="key-2").json()["files"] == [{"file_id": "777"}]


def test_a_released_number_is_gone_from_the_list(sandbox: Sandbox, exolve: Ask) -> None:
    sandbox.exolve.remove_number(NUMBER)
    assert names(exolve(LIST, {})) == ["74991112244", "74991112255"]
