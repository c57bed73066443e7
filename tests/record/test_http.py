from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import pytest

from reconciler.record.base import LockedError, LockLostError, Record, RecordError, Update, WaitInterruptedError, Waits
from reconciler.record.http_state import HttpRecord, open_http
from reconciler.record.http_wire import PROBE
from reconciler.secrets import Secrets
from tests.record.contract import Open, RecordContract, commit, left
from tests.record.processes import ProcessContract
from tests.record.state_server import State, serving
from tests.record.values import dead_pid, entry, holder, key

PASSWORD = "hunter2-canary"
GITLAB = "/api/v4/projects/42/terraform/state/numbers"


def plain(address: str, name: str = "lines") -> HttpRecord:
    options = {"address": f"{address}/state", "lock_address": f"{address}/state"}
    return open_http(options, name=name, secrets=Secrets({}))


def gitlab(address: str, name: str = "lines") -> HttpRecord:
    """As a GitLab job has it: everything from the environment."""
    environ = {
        "TF_HTTP_ADDRESS": f"{address}{GITLAB}",
        "TF_HTTP_LOCK_ADDRESS": f"{address}{GITLAB}/lock",
        "TF_HTTP_UNLOCK_ADDRESS": f"{address}{GITLAB}/lock",
        "TF_HTTP_LOCK_METHOD": "POST",
        "TF_HTTP_UNLOCK_METHOD": "DELETE",
        "TF_HTTP_USERNAME": "gitlab-ci-token",
        "TF_HTTP_PASSWORD": PASSWORD,
    }
    return open_http({"lock_method": "LOCK", "unlock_method": "UNLOCK"}, name=name, secrets=Secrets(environ))


@pytest.fixture
def state() -> State:
    return State()


@pytest.fixture
def address(state: State) -> Iterator[str]:
    with serving(state) as address:
        yield address
    assert state.complaints == []


class TestHttp(RecordContract):
    locks_each_account = False
    many_runs = 22

    @pytest.fixture
    def opened(self, address: str) -> Open:
        def opened(name: str | None) -> Record:
            return plain(address, name or "lines")

        return opened


class TestHttpAsGitLabHasIt(RecordContract):
    locks_each_account = False
    many_runs = 22

    @pytest.fixture
    def state(self) -> State:
        return State(gitlab=True, root=GITLAB)

    @pytest.fixture
    def opened(self, address: str) -> Open:
        def opened(name: str | None) -> Record:
            return gitlab(address, name or "lines")

        return opened


class TestHttpAndProcesses(ProcessContract):
    kills = 3

    @pytest.fixture
    def place(self, address: str) -> str:
        return f"http:{address}"


@pytest.fixture
def record(address: str) -> Iterator[HttpRecord]:
    with closing(plain(address)) as record:
        yield record


def test_the_lock_holds_all_accounts(record: HttpRecord, address: str) -> None:
    with record.lock([holder("sales")]), closing(plain(address)) as other, pytest.raises(LockedError, match="sales"):
        other.lock([holder("office")]).__enter__()


@pytest.mark.parametrize("status", [204, 404])
def test_none_yet_is_told_by_204_or_404(state: State, record: HttpRecord, status: int) -> None:
    state.none_yet = status
    assert record.load().serial == 0
    assert state.lock is None


def test_404_of_a_wrong_address_is_an_error_not_an_empty_record(state: State, address: str) -> None:
    options = {"address": f"{address}/typo", "lock_address": f"{address}/typo"}
    with closing(open_http(options, name="lines", secrets=Secrets({}))) as record:
        with pytest.raises(RecordError, match="404") as caught:
            record.load()
        assert "address" in (caught.value.hint or "")


def test_a_credential_that_may_only_read_sees_that_there_is_none_yet(state: State, record: HttpRecord) -> None:
    state.faults["LOCK"] = 403
    assert record.load().serial == 0


@pytest.mark.parametrize("status", [400, 401, 403, 302, 418])
def test_any_other_answer_is_an_error(state: State, record: HttpRecord, status: int) -> None:
    commit(record, Update(put=[entry()]))
    state.faults["GET"] = status
    with pytest.raises(RecordError, match="cannot be"):
        record.load()


def test_a_wrong_password_is_told_and_not_shown(address: str, state: State) -> None:
    state.gitlab = True
    environ = {"TF_HTTP_ADDRESS": f"{address}/state", "TF_HTTP_LOCK_ADDRESS": f"{address}/state/lock"}
    environ |= {"TF_HTTP_USERNAME": "anna", "TF_HTTP_PASSWORD": "wrong-canary"}
    with closing(open_http({}, name="lines", secrets=Secrets(environ))) as record:
        with pytest.raises(RecordError, match="401") as caught:
            record.load()
        assert "TF_HTTP_PASSWORD" in (caught.value.hint or "")
        assert "canary" not in f"{caught.value}{caught.value.hint}"


def test_a_save_that_was_cut_off_after_it_took_effect_counts(state: State, record: HttpRecord) -> None:
    with record.lock([holder()]) as lock:
        before = record.load()
        state.faults["POST"] = "cut"
        after = record.commit(lock, Update(put=[entry(1)]), expected=before)
        assert record.load() == after


def test_a_save_that_failed_and_changed_nothing_is_sent_once_more(state: State, record: HttpRecord) -> None:
    with record.lock([holder()]) as lock:
        before = record.load()
        state.faults["POST"] = 500
        assert record.commit(lock, Update(put=[entry(1)]), expected=before).serial == 1
    assert len([line for line in state.log if line.startswith("POST")]) == 1  # the failed one is not in the log


def test_a_save_whose_effect_is_not_seen_is_an_error(state: State, record: HttpRecord) -> None:
    with record.lock([holder()]) as lock:
        before = record.load()
        state.faults["POST"], state.stays = 500, True
        with pytest.raises(RecordError, match="500"):
            record.commit(lock, Update(put=[entry(1)]), expected=before)
        state.faults.clear()
        assert record.load().serial == 0
        assert record.commit(lock, Update(put=[entry(1)]), expected=before).serial == 1


@pytest.mark.parametrize(("method", "what"), [("LOCK", "locked"), ("UNLOCK", "unlocked"), ("POST", "saved")])
def test_a_request_that_the_server_refuses_is_told(state: State, record: HttpRecord, method: str, what: str) -> None:
    state.faults[method] = 413
    with pytest.raises(RecordError, match=f"cannot be {what}: its server answered 413"):
        commit(record, Update(put=[entry(1)]))


def test_a_save_that_the_server_says_is_not_ours_is_a_lost_lock(state: State, record: HttpRecord) -> None:
    with record.lock([holder()]) as lock:
        before = record.load()
        state.faults["POST"] = 423
        with pytest.raises(LockLostError, match="locked by somebody else"):
            record.commit(lock, Update(put=[entry(1)]), expected=before)


def test_an_address_may_have_a_query(state: State, address: str) -> None:
    where = f"{address}/state?team=7"
    options = {"address": where, "lock_address": where}
    with closing(open_http(options, name="lines", secrets=Secrets({}))) as record:
        commit(record, Update(put=[entry(1)]))
        assert record.description == f"the record at {address}/state?***"
    assert any(line.startswith("POST /state?team=7&ID=") for line in state.log)


@pytest.mark.parametrize("method", ["LOCK", "UNLOCK"])
def test_a_lock_request_that_was_cut_off_is_asked_again(state: State, record: HttpRecord, method: str) -> None:
    state.faults[method] = "cut"
    commit(record, Update(put=[entry(1)]))
    assert state.lock is None


def test_a_lock_broken_at_the_server_is_noticed_even_if_nobody_took_it(state: State, record: HttpRecord) -> None:
    with record.lock([holder()]) as lock:
        before = record.load()
        state.lock = None
        with pytest.raises(LockLostError, match="was broken"):
            record.commit(lock, Update(put=[entry(1)]), expected=before)
    assert (state.lock, state.document) == (None, None)


def test_a_question_that_was_never_taken_back_stands_in_nobody_s_way(
    state: State, record: HttpRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reconciler.record.http_wire._QUESTION_SECONDS", 0.01)
    state.lock = dict(PROBE)
    assert record.holders() == ()
    state.lock = dict(PROBE)
    assert commit(record, Update(put=[entry(1)])).serial == 1


def test_a_server_that_grants_a_lock_twice_to_the_same_id_will_do(state: State, record: HttpRecord) -> None:
    state.grants_again = True
    with record.lock([holder()]) as lock:
        assert record.commit(lock, Update(put=[entry(1)]), expected=record.load()).serial == 1
        state.lock = None
        with pytest.raises(LockLostError):
            record.commit(lock, Update(put=[entry(2)]), expected=record.load())


def test_a_lock_of_another_program_is_named_and_broken_by_force_only(state: State, record: HttpRecord) -> None:
    state.lock = {"ID": "f00d", "Operation": "OperationTypeApply", "Info": "", "Who": "boris@ci-3", "Created": "today"}
    with pytest.raises(LockedError, match=r"the record is locked by boris@ci-3.*f00d"), record.lock([holder()]):
        pass
    with pytest.raises(LockedError):
        record.unlock([], force=False)
    (broken,) = record.unlock([], force=True)
    assert (broken.what, str(broken)) == ("the record", "boris@ci-3 (lock f00d, since today)")
    assert state.lock is None


def test_a_lock_that_the_server_does_not_release_is_not_said_to_be_broken(state: State, record: HttpRecord) -> None:
    state.lock = {"ID": "f00d", "Who": "boris@ci-3"}
    state.faults["UNLOCK"] = 409
    with pytest.raises(RecordError, match="did not release"):
        record.unlock([], force=True)
    assert record.unlock([], force=True)[0].user == "boris"


def test_a_lock_of_which_the_server_tells_nothing_is_still_a_lock(state: State, record: HttpRecord) -> None:
    state.faults["LOCK"] = 423
    with pytest.raises(LockedError, match="somebody"), record.lock([holder()]):
        pass


def test_a_lock_is_not_dead_while_one_of_its_accounts_may_be_alive(record: HttpRecord, address: str) -> None:
    left(record.lock([replace(holder("a"), pid=dead_pid()), holder("b")]))
    with closing(plain(address)) as other, pytest.raises(LockedError), other.lock([holder()]):
        pass


def test_an_account_that_is_not_locked_is_not_unlocked(record: HttpRecord, address: str) -> None:
    with record.lock([holder("sales")]), closing(plain(address)) as other:
        assert other.unlock(["office"], force=True) == ()
        assert len(other.holders()) == 1


def test_the_document_on_the_server_is_json_with_serial_and_lineage(state: State, record: HttpRecord) -> None:
    after = commit(record, Update(put=[entry(1)]))
    data = json.loads(state.document or "")
    assert (data["version"], data["serial"], data["lineage"]) == (2, 1, after.lineage)
    assert list(data["entries"]) == [f"exolve/{key(1).number}/forwarding"]


def test_looking_at_the_record_needs_no_lock(state: State, record: HttpRecord) -> None:
    commit(record, Update(put=[entry(1)]))
    state.log.clear()
    record.load()
    record.runs()
    assert state.log == ["GET /state", "GET /state"]


def test_a_pause_that_the_server_makes_is_told_and_ended_by_an_interruption(
    state: State, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reconciler.record.http_wire._QUIET_SECONDS", 0.1)
    told: list[str] = []
    waits = Waits(told.append)
    options = {"address": f"{address}/state", "lock_address": f"{address}/state"}
    state.faults["GET"], state.stays = 503, True
    threading.Timer(0.3, waits.clock.interrupted.set).start()
    begun = time.monotonic()
    with (
        closing(open_http(options, name="lines", secrets=Secrets({}), waits=waits)) as record,
        pytest.raises(WaitInterruptedError, match="interrupted while waiting for the record"),
    ):
        record.load()
    assert time.monotonic() - begun < 3
    assert told[0].startswith(f"waiting 0 s for the record at {address}/state: ")


def test_work_that_is_no_wait_is_not_ended_by_an_interruption(state: State, address: str) -> None:
    waits = Waits()
    waits.clock.interrupted.set()
    options = {"address": f"{address}/state", "lock_address": f"{address}/state"}
    with closing(open_http(options, name="lines", secrets=Secrets({}), waits=waits)) as record:
        assert commit(record, Update(put=[entry(1)])).serial == 1
    assert state.lock is None


# -- settings -------------------------------------------------------------------------------------------------------


def test_without_a_lock_address_it_is_not_safe() -> None:
    with pytest.raises(RecordError, match="no lock_address") as caught:
        open_http({"address": "https://git.example.com/s"}, name="lines", secrets=Secrets({}))
    assert "https://git.example.com/s/lock" in (caught.value.hint or "")
    with pytest.raises(RecordError, match="no address"):
        open_http({}, name="lines", secrets=Secrets({}))


def test_the_configuration_goes_before_the_environment(address: str, state: State) -> None:
    environ = {"TF_HTTP_ADDRESS": "https://elsewhere.example/x", "TF_HTTP_LOCK_ADDRESS": "https://elsewhere.example/x"}
    options = {"address": f"{address}/state", "lock_address": f"{address}/state"}
    with closing(open_http(options, name="lines", secrets=Secrets(environ))) as record:
        assert record.load().serial == 0
    assert state.log[0] == "GET /state"


@pytest.mark.parametrize("address", ["http://git.example.com/s", "https://git.example.com/s"])
def test_a_password_goes_to_no_host_that_is_not_allowed(address: str) -> None:
    options = {"address": address, "lock_address": address, "username": "u", "password": PASSWORD}
    with closing(open_http(options, name="lines", secrets=Secrets({}))) as record:
        with pytest.raises(RecordError, match=r"git\.example\.com") as caught:
            record.load()
        assert PASSWORD not in f"{caught.value}{caught.value.hint}"
