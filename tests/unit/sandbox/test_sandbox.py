"""The sandbox as a whole: starting, stopping, many calls at once, its log, and its own door."""

from __future__ import annotations

import socket
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import httpx
import pytest

from reconciler.sandbox import FaultKind, Sandbox, server
from tests.unit.sandbox.conftest import ATTRIBUTES, NUMBER, SET, Ask

TO_URL = {
    "number_code": NUMBER,
    "call_forwarding_type": 3,
    "call_forwarding_ipcr": {"url": "https://e.com/?key=secret"},
}


def test_two_sandboxes_stand_side_by_side_on_loopback(client: httpx.Client) -> None:
    with Sandbox(numbers=1) as one, Sandbox(numbers=1) as two:
        assert one.exolve_url != two.exolve_url
        assert {urlsplit(sandbox.mtt_url).hostname for sandbox in (one, two)} == {"127.0.0.1"}
        body = TO_URL | {"number_code": one.exolve.numbers[0]}
        client.post(one.exolve_url + SET, json=body, headers={"Authorization": f"Bearer {one.api_key}"})
        assert (len(one.writes), len(two.writes)) == (1, 0)


def test_nobody_listens_after_the_end() -> None:
    with Sandbox() as sandbox:
        address = urlsplit(sandbox.exolve_url)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", address.port or 0), timeout=1)
    sandbox.stop()


def test_a_taken_port_is_an_error() -> None:
    with Sandbox() as sandbox:
        port = urlsplit(sandbox.exolve_url).port or 0
        with pytest.raises(OSError, match="in use"):
            Sandbox(port=port).start()


def test_a_server_that_cannot_start_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "_START_SECONDS", 0.0)
    monkeypatch.setattr(server.Server, "_run", lambda *_arguments: None)
    with pytest.raises(RuntimeError, match="did not start"):
        Sandbox().start()


def test_latency_can_be_changed_while_it_runs(sandbox: Sandbox, exolve: Ask) -> None:
    sandbox.latency = 0.05
    exolve(ATTRIBUTES, {"number_code": NUMBER})
    sandbox.latency = 0.0
    assert sandbox.latency == 0.0
    assert sandbox.log[0].finished - sandbox.log[0].started >= 0.05


def test_numbers_may_be_counted_named_or_given_with_their_forwarding() -> None:
    assert Sandbox(numbers=2).exolve.numbers == ("74991000000", "74991000001")
    assert Sandbox(numbers=["74991112233"]).exolve.numbers == ("74991112233",)
    forwarding = {"call_forwarding_type": 3, "call_forwarding_ipcr": {"url": "https://example.com"}}
    populated = Sandbox(numbers={"74991112233": forwarding, "74991112244": None})
    assert populated.exolve.forwarding("74991112233") == forwarding
    assert populated.exolve.forwarding("74991112244") is None
    assert Sandbox(mtt_numbers=2).mtt.numbers == ("78005560251", "78005560252")


@pytest.mark.parametrize(
    "forwarding",
    [
        {"call_forwarding_type": 3},
        {"call_forwarding_ipcr": {"url": "https://example.com"}},
        {"call_forwarding_type": 2, "call_forwarding_ipcr": {"url": "https://example.com"}},
        {"call_forwarding_type": 3, "call_forwarding_ipcr": {}, "call_forwarding_sip": {}},
        {"call_forwarding_type": 9, "call_forwarding_ipcr": {}},
    ],
)
def test_what_is_set_by_hand_has_a_type_and_its_data(sandbox: Sandbox, forwarding: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="call_forwarding_type and its one member"):
        sandbox.exolve.set(NUMBER, forwarding)
    with pytest.raises(ValueError, match="call_forwarding_type and its one member"):
        Sandbox(numbers={NUMBER: forwarding})


def test_what_is_looked_at_is_a_copy(sandbox: Sandbox) -> None:
    forwarding = {"call_forwarding_type": 3, "call_forwarding_ipcr": {"url": "https://example.com"}}
    sandbox.exolve.set(NUMBER, forwarding)
    seen = sandbox.exolve.forwarding(NUMBER)
    assert seen is not None
    seen["call_forwarding_ipcr"]["url"] = "changed"
    forwarding["call_forwarding_type"] = 1
    kept = {"call_forwarding_type": 3, "call_forwarding_ipcr": {"url": "https://example.com"}}
    assert sandbox.exolve.forwarding(NUMBER) == kept


def test_slow_reads_do_not_wait_for_each_other(client: httpx.Client) -> None:
    with Sandbox(numbers=32, latency=0.25) as sandbox, ThreadPoolExecutor(32) as pool:
        headers = {"Authorization": f"Bearer {sandbox.api_key}"}

        def read(number: str) -> int:
            url = sandbox.exolve_url + ATTRIBUTES
            return client.post(url, json={"number_code": number}, headers=headers).status_code

        assert set(pool.map(read, sandbox.exolve.numbers)) == {200}
        latest_start = sorted(call.started for call in sandbox.log)
        first_end = min(call.finished for call in sandbox.log)
        # One after another, the second would start only after the first had ended.
        assert latest_start[7] < first_end


def test_the_log_tells_calls_without_bodies_or_keys(sandbox: Sandbox, exolve: Ask) -> None:
    exolve(SET, TO_URL)
    exolve(ATTRIBUTES, {"number_code": NUMBER}, key="a-wrong-key")
    told = [(call.method, call.path, call.number, call.mutating, call.status, call.application) for call in sandbox.log]
    assert told == [
        ("POST", SET, NUMBER, True, 200, sandbox.application),
        ("POST", ATTRIBUTES, NUMBER, False, 401, None),
    ]
    assert not any(word in repr(sandbox.log) for word in ("secret", "a-wrong-key", sandbox.api_key))


def test_writes_tell_order_number_and_what_was_stored(sandbox: Sandbox, exolve: Ask) -> None:
    exolve(SET, TO_URL | {"number_code": "74991112244"})
    exolve(SET, TO_URL)
    exolve("/number/v1/DeleteCallForwarding", {"number_code": "74991112244"})
    stored = {"call_forwarding_type": 3, "call_forwarding_ipcr": {"url": "https://e.com/?key=secret"}}
    told = [(write.number, write.path.rpartition("/")[2], write.body) for write in sandbox.writes]
    assert told == [
        ("74991112244", "SetCallForwarding", stored),
        (NUMBER, "SetCallForwarding", stored),
        ("74991112244", "DeleteCallForwarding", None),
    ]
    assert [write.sequence for write in sandbox.writes] == [1, 2, 3]


# -- the door for other processes ------------------------------------------------------------------------------------


def test_the_door_tells_state_log_and_writes(sandbox: Sandbox, exolve: Ask, client: httpx.Client) -> None:
    exolve(SET, TO_URL)
    sandbox.mtt.park("78005560251")
    state = client.get(f"{sandbox.control_url}/state").json()
    assert state["exolve"]["numbers"][NUMBER] == sandbox.exolve.forwarding(NUMBER)
    assert state["mtt"]["parked"] == {"78005560251": True, "78005560252": False}
    assert [call["path"] for call in client.get(f"{sandbox.control_url}/log").json()["calls"]] == [SET]
    assert [write["number"] for write in client.get(f"{sandbox.control_url}/writes").json()["writes"]] == [NUMBER]
    assert client.delete(f"{sandbox.control_url}/log").json() == {}
    assert (sandbox.log, sandbox.writes) == ([], [])


def test_the_door_arms_and_disarms_faults(sandbox: Sandbox, exolve: Ask, client: httpx.Client) -> None:
    door = f"{sandbox.control_url}/faults"
    armed = client.post(door, json={"kind": "rate-limited", "path": "GetAttributes", "retry_after": 3, "times": None})
    assert armed.status_code == 200
    listed = client.get(door).json()
    assert listed["pending"] == [{"kind": "rate-limited", "path": "GetAttributes", "number": None}]
    assert listed["kinds"] == [kind.value for kind in FaultKind]
    answer = exolve(ATTRIBUTES, {"number_code": NUMBER})
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "3")
    client.delete(door)
    assert exolve(ATTRIBUTES, {"number_code": NUMBER}).status_code == 200


@pytest.mark.parametrize("body", [{"kind": "earthquake"}, {}, {"kind": "latency", "where": "x"}, [1]])
def test_the_door_refuses_what_is_no_fault(sandbox: Sandbox, client: httpx.Client, body: object) -> None:
    answer = client.post(f"{sandbox.control_url}/faults", json=body)
    assert answer.status_code == 400
    assert "error" in answer.json()


def test_the_door_changes_numbers_parking_and_the_clock(sandbox: Sandbox, client: httpx.Client) -> None:
    door = sandbox.control_url
    forwarding = {"call_forwarding_type": 3, "call_forwarding_ipcr": {"url": "https://example.com"}}
    client.post(f"{door}/forwarding", json={"number": NUMBER, "forwarding": forwarding})
    client.post(f"{door}/parking", json={"number": "78005560252", "parked": True})
    assert sandbox.exolve.forwarding(NUMBER) == forwarding
    assert sandbox.mtt.parked("78005560252")
    token = sandbox.mtt.oauth.issue_access_token()
    client.post(f"{door}/clock", json={"advance": 7200})
    assert not sandbox.mtt.oauth.is_valid(token)
    assert client.post(f"{door}/code").json()["code"]
    assert client.post(f"{door}/forwarding", json={"number": "7", "forwarding": None}).status_code == 400


def test_an_unknown_command_names_those_there_are(sandbox: Sandbox, client: httpx.Client) -> None:
    answer = client.get(f"{sandbox.control_url}/nothing")
    assert answer.status_code == 404
    assert "GET /state" in answer.json()["commands"]
    assert client.get(sandbox.control_url.removesuffix("/_sandbox")).status_code == 404


def test_the_door_is_not_in_the_log(sandbox: Sandbox, client: httpx.Client) -> None:
    client.get(f"{sandbox.control_url}/state")
    assert sandbox.log == []


@pytest.mark.parametrize(
    ("door", "body", "told"),
    [
        ("forwarding", {"number": "74990000000", "forwarding": None}, "number 74990000000 is not one of the sandbox's"),
        ("forwarding", {"number": NUMBER}, "'forwarding' is missing"),
        ("forwarding", {"number": NUMBER, "forwarding": {"url": "x"}}, "a forwarding has call_forwarding_type"),
        ("parking", {"number": NUMBER, "parked": True}, f"number {NUMBER} is not one of the sandbox's at MTT"),
        ("parking", {"parked": True}, "'number' is missing"),
        ("clock", {"advance": "soon"}, "could not convert"),
        ("faults", {"kind": "earthquake"}, "'earthquake' is not a valid FaultKind"),
    ],
)
def test_the_door_says_what_is_wrong_with_a_call(
    sandbox: Sandbox, client: httpx.Client, door: str, body: object, told: str
) -> None:
    answer = client.post(f"{sandbox.control_url}/{door}", json=body)
    assert (answer.status_code, told in answer.json()["error"]) == (400, True), answer.text
    assert "Error" not in answer.text


def test_the_door_refuses_what_is_not_json(sandbox: Sandbox, client: httpx.Client) -> None:
    answer = client.post(f"{sandbox.control_url}/forwarding", content=b"{number")
    assert (answer.status_code, "is not JSON" in answer.json()["error"]) == (400, True)
