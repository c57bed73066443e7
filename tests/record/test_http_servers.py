"""State servers of other habits: those that a record can live on, and those that it cannot, which are told why."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from uuid import UUID

import pytest

from reconciler.record.base import LockedError, Record, RecordError, Update, Waits
from reconciler.record.http_state import HttpRecord, open_http
from reconciler.secrets import Secrets
from tests.record.contract import Open, RecordContract, commit, left
from tests.record.state_server import Elsewhere, LockOfEachId, State, Typed, serving
from tests.record.test_http import plain
from tests.record.values import entry, holder

EMPTY = '{"version": 4, "serial": 0, "lineage": "", "outputs": {}, "resources": []}'
PROJECT = '{"version": 4, "serial": 3, "lineage": "0d5e", "outputs": {}, "resources": []}'
LOGIN = "<!DOCTYPE html><html><title>Sign in</title></html>"


def elsewhere(address: str, name: str = "lines") -> HttpRecord:
    options = {
        "address": f"{address}/state",
        "lock_address": f"{address}/locks/state",
        "lock_method": "PUT",
        "unlock_method": "DELETE",
    }
    return open_http(options, name=name, secrets=Secrets({}))


class TestHttpThatLocksElsewhere(RecordContract):
    locks_each_account = False
    many_runs = 22

    @pytest.fixture
    def opened(self) -> Iterator[Open]:
        with serving(Elsewhere()) as address:

            def opened(name: str | None) -> Record:
                return elsewhere(address, name or "lines")

            yield opened


@contextmanager
def on(state: State, told: list[str] | None = None) -> Iterator[HttpRecord]:
    with serving(state) as address:
        options = {"address": f"{address}/state", "lock_address": f"{address}/state"}
        waits = Waits(told.append) if told is not None else None
        with closing(open_http(options, name="lines", secrets=Secrets({}), waits=waits)) as record:
            yield record
    assert state.complaints == []


def test_a_lock_has_an_id_and_a_time_as_terraform_s_have() -> None:
    state = Typed()
    with on(state) as record:
        with record.lock([holder("sales"), holder("a" * 100)]):
            assert state.lock is not None
            assert UUID(state.lock["ID"]).hex in state.lock["Info"]
        assert commit(record, Update(put=[entry(1)])).serial == 1
        assert record.holders() == ()


def test_a_server_that_does_not_say_who_holds_a_lock_still_locks() -> None:
    state = Typed()
    with (
        on(state) as one,
        on(state) as two,
        one.lock([holder()]),
        pytest.raises(LockedError, match="the record is locked by somebody"),
    ):
        two.lock([holder()]).__enter__()


def test_a_lock_that_nobody_can_name_is_to_be_released_at_the_server() -> None:
    state = Typed()
    with on(state) as one, on(state) as two, one.lock([holder()]):
        with pytest.raises(RecordError, match="did not release the lock") as caught:
            two.unlock([], force=True)
        assert "at the server itself" in (caught.value.hint or "")
        assert state.lock is not None


# -- a lock that keeps nobody out -----------------------------------------------------------------------------------


def test_a_server_whose_locks_keep_nobody_out_is_refused_before_anything_is_written() -> None:
    state = LockOfEachId()
    with on(state) as record:
        with (
            pytest.raises(RecordError, match="gives the lock to two holders at once") as caught,
            record.lock([holder()]),
        ):
            pass
        assert "423 or 409" in (caught.value.hint or "")
    assert state.locks == set()
    assert not any(line.startswith("POST") for line in state.log)


def test_whether_locks_keep_others_out_is_tried_once_a_run() -> None:
    state = State()
    with on(state) as record:
        commit(record, Update(put=[entry(1)]))
        state.log.clear()
        with record.lock([holder()]):
            pass
    assert [line.split()[0] for line in state.log] == ["LOCK", "GET", "UNLOCK"]


# -- what stands at the address -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", [EMPTY, '{"version":4}', '{"version":4,"terraform_version":"1.9.0","check_results":null}']
)
def test_terraform_s_empty_state_is_no_record_yet_and_that_is_said_once(text: str) -> None:
    told: list[str] = []
    with on(State(none_yet=text), told) as record:
        assert (record.load().serial, record.load().lineage) == (0, "")
        (remark,) = told
        assert "Terraform's empty state" in remark
        assert commit(record, Update(put=[entry(1)])) == record.load()


@pytest.mark.parametrize(
    "text",
    [
        PROJECT,
        '{"version": 4, "serial": 0, "lineage": "0d5e", "resources": []}',
        '{"version": 4, "serial": 1}',
        '{"version": 4, "serial": 0, "lineage": "", "resources": [{"type": "x"}]}',
        '{"version": 3, "modules": [{}]}',
    ],
)
def test_a_state_of_a_terraform_project_is_told_and_left_alone(text: str) -> None:
    state = State(document=text)
    with on(state) as record:
        for use in (record.load, record.lock([holder()]).__enter__):
            with pytest.raises(RecordError, match="is the state of a Terraform project") as caught:
                use()
            assert "an address of its own" in (caught.value.hint or "")
    assert (state.document, state.lock) == (text, None)


@pytest.mark.parametrize(
    "text", ["{}", "[]", "null", '{"version": true}', '{"version": 4, "extra": 0}', "nonsense", "7"]
)
def test_what_is_neither_ours_nor_provably_empty_is_an_error(text: str) -> None:
    with on(State(document=text)) as record, pytest.raises(RecordError, match=r"is not a record|is damaged"):
        record.load()


def test_a_login_page_is_told_as_one() -> None:
    with on(State(document=LOGIN)) as record, pytest.raises(RecordError, match="a web page") as caught:
        record.load()
    assert "a login, or a wrong address" in (caught.value.hint or "")
    assert "earlier version" not in (caught.value.hint or "")


def test_a_page_that_answers_whatever_is_asked_gives_no_lock() -> None:
    class Page(State):
        def answer(self, method: str, target: str, body: bytes) -> tuple[int, str]:
            return 200, LOGIN

    with (
        on(Page()) as record,
        pytest.raises(RecordError, match=r"to two holders at once|a web page"),
        record.lock([holder()]),
    ):
        pass


@pytest.mark.parametrize("text", ["", " \n"])
def test_an_answer_of_nothing_is_no_record_yet_where_the_place_can_be_locked(text: str) -> None:
    state = State(none_yet=text)
    with on(state) as record:
        assert record.load().serial == 0
        assert state.lock is None
        assert commit(record, Update(put=[entry(1)])) == record.load()


@pytest.mark.parametrize("status", [403, 404])
def test_an_answer_of_nothing_is_an_error_where_the_place_cannot_be_locked(status: int) -> None:
    state = State(none_yet="", faults={"LOCK": status}, stays=True)
    with on(state) as record, pytest.raises(RecordError, match=f"cannot be locked: its server answered {status}"):
        record.load()


def test_a_proxy_that_answers_nothing_to_whatever_is_asked_is_no_empty_record() -> None:
    class Blank(State):
        def answer(self, method: str, target: str, body: bytes) -> tuple[int, str]:
            return 200, ""

    with on(Blank()) as record, pytest.raises(RecordError, match="to two holders at once"):
        record.load()


def test_an_answer_of_nothing_while_somebody_holds_the_lock_is_no_record_yet() -> None:
    state = State(none_yet="")
    with serving(state) as address, closing(plain(address)) as one, closing(plain(address)) as two:
        left(one.lock([holder()]))
        assert two.load().serial == 0
        assert state.lock is not None


# -- breaking locks -------------------------------------------------------------------------------------------------


def test_a_lock_of_another_program_on_the_whole_record_is_one_on_each_account() -> None:
    state = State(lock={"ID": "f00d", "Operation": "", "Info": "", "Who": "boris@ci-3", "Created": "today"})
    with on(state) as record:
        with pytest.raises(LockedError, match="boris@ci-3"):
            record.unlock(["sales"], force=False)
        assert [each.user for each in record.unlock(["sales"], force=True)] == ["boris"]
    assert state.lock is None
