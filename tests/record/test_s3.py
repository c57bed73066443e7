from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from reconciler.record.base import Record, RecordError, Update
from reconciler.record.s3 import S3Store
from reconciler.secrets import Secrets
from tests.record.contract import Open, RecordContract, commit
from tests.record.opening import open_place
from tests.record.processes import ProcessContract
from tests.record.s3_server import Front, bucket
from tests.record.values import entry, holder


@pytest.fixture
def served() -> Iterator[tuple[str, Front]]:
    with bucket() as served:
        yield served


@pytest.fixture
def place(served: tuple[str, Front]) -> str:
    return f"s3:{served[0]}"


@pytest.fixture
def front(served: tuple[str, Front]) -> Front:
    return served[1]


class TestS3(RecordContract):
    many_runs = 22

    @pytest.fixture
    def opened(self, place: str) -> Open:
        def opened(name: str | None) -> Record:
            return open_place(place, name=name)

        return opened


class TestS3AndProcesses(ProcessContract):
    kills = 2
    soak_kills = 20
    racers = 4
    longest_seconds_to_a_kill = 0.2

    @pytest.fixture
    def place(self, place: str) -> str:
        return place


@pytest.mark.parametrize("ignored", ["HTTP_IF_MATCH", "HTTP_IF_NONE_MATCH"])
def test_a_store_that_ignores_conditions_is_refused_before_anything_is_written(
    place: str, front: Front, ignored: str
) -> None:
    front.ignored = {ignored}
    with closing(open_place(place)) as record:
        with pytest.raises(RecordError, match="ignores If-Match and If-None-Match"), record.lock([holder()]):
            pytest.fail("the lock was given")
        assert record.load().serial == 0
        assert record.holders() == ()


def test_a_save_whose_answer_was_lost_counts_as_saved(place: str, front: Front) -> None:
    with closing(open_place(place)) as record:
        state = record.load()
        with record.lock([holder()]) as lock:
            front.lost = 1
            state = record.commit(lock, Update(put=[entry(1)]), expected=state)
            assert front.lost == 0
            state = record.commit(lock, Update(put=[entry(2)]), expected=state)
    with closing(open_place(place)) as record:
        assert record.load() == state
        assert state.serial == 2


@pytest.mark.parametrize(
    ("status", "hint"),
    [("403 Forbidden", "s3:ListBucket"), ("404 Not Found", "endpoint"), ("301 Moved Permanently", "region")],
)
def test_a_refused_read_is_no_empty_record(place: str, front: Front, status: str, hint: str) -> None:
    with closing(open_place(place)) as record:
        commit(record, Update(put=[entry()]))
        front.refuse = status
        with pytest.raises(RecordError) as refused:
            record.load()
    assert hint in (refused.value.hint or "")
    assert "canary" not in str(refused.value)


def test_a_missing_bucket_is_no_empty_record(served: tuple[str, Front]) -> None:
    keys = {"access_key_id": "AK", "secret_access_key": "hunter2-canary"}
    store = S3Store({"bucket": "other", "endpoint": served[0], **keys}, name="lines", secrets=Secrets({}))
    with pytest.raises(RecordError, match="NoSuchBucket") as missing:
        store.fetch()
    assert "create the bucket" in (missing.value.hint or "")


def test_a_store_that_does_not_answer_is_told_without_its_keys() -> None:
    with closing(open_place("s3:http://127.0.0.1:1")) as record, pytest.raises(RecordError) as silent:
        record.load()
    assert str(silent.value) == "the record s3://lines/lines.json cannot be read: it does not answer"


NOWHERE = "http://127.0.0.1:1"
OWN = {"access_key_id": "AK-OF-THE-FILE", "secret_access_key": "hunter2-canary"}


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("AWS_ENDPOINT_URL_S3", NOWHERE),
        ("AWS_ENDPOINT_URL", NOWHERE),
        ("AWS_ENDPOINT", NOWHERE),
        ("AWS_BUCKET", "other"),
        ("AWS_SKIP_SIGNATURE", "true"),
        ("AWS_SESSION_TOKEN", "of-other-keys"),
        ("AWS_ACCESS_KEY_ID", "of-others"),
        ("AWS_S3_EXPRESS", "true"),
        ("AWS_CONDITIONAL_PUT", "disabled"),
        ("AWS_VIRTUAL_HOSTED_STYLE_REQUEST", "true"),
    ],
)
def test_a_variable_never_sends_what_the_file_says_elsewhere_or_under_other_keys(
    served: tuple[str, Front], monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)
    options = {"bucket": "lines", "endpoint": served[0], "region": "eu-central-1", **OWN}
    store = S3Store(options, name="lines", secrets=Secrets({variable: value}))
    assert store.swap("{}", version="", reason="a test") is not None
    assert "Credential=AK-OF-THE-FILE/" in served[1].headers["HTTP_AUTHORIZATION"]
    assert "HTTP_X_AMZ_SECURITY_TOKEN" not in served[1].headers


def test_a_session_token_goes_with_the_keys_it_stands_beside(served: tuple[str, Front]) -> None:
    keys = {"AWS_ACCESS_KEY_ID": "AK", "AWS_SECRET_ACCESS_KEY": "hunter2", "AWS_SESSION_TOKEN": "canary-token"}
    S3Store({"bucket": "lines", "endpoint": served[0]}, name="lines", secrets=Secrets(keys)).fetch()
    assert served[1].headers["HTTP_X_AMZ_SECURITY_TOKEN"] == "canary-token"


def test_the_nearer_of_amazons_variables_for_an_address_counts(served: tuple[str, Front]) -> None:
    environ = {"AWS_ENDPOINT_URL_S3": served[0], "AWS_ENDPOINT_URL": NOWHERE}
    S3Store({"bucket": "lines", **OWN}, name="lines", secrets=Secrets(environ)).fetch()
    assert served[1].seen[-1] == "GET"


def test_a_variable_that_the_library_cannot_read_is_told_as_such(
    served: tuple[str, Front], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_DISABLE_TAGGING", "canary")
    with pytest.raises(RecordError, match="cannot be opened") as odd:
        S3Store({"bucket": "lines", "endpoint": served[0], **OWN}, name="lines", secrets=Secrets({}))
    assert "AWS_*" in (odd.value.hint or "")
    assert odd.value.__cause__ is None
