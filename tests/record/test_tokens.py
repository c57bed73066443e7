from __future__ import annotations

import base64
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing

import psycopg
import pytest

from reconciler.http.errors import ProviderError
from reconciler.providers.mtt.tokens import SharedTokenStore, Tokens
from reconciler.record import open_tokens, tokens
from reconciler.record.base import Holder, RecordError
from reconciler.record.http_state import open_state_client
from reconciler.record.tokens import HttpTexts, PostgresTexts, Seal
from reconciler.secrets import SecretRef, Secrets
from reconciler.settings import RecordSettings
from tests.record.state_server import State, serving
from tests.record.values import dead_pid, holder

KEY = "k" * 32
TOKENS = Tokens(access="access-canary", expires_at=1.5, refresh="refresh-canary", previous="previous-canary", seed="s")
Texts = PostgresTexts | HttpTexts
Open = Callable[..., Texts]


@pytest.fixture(params=["http", "gitlab", "postgres"])
def opened(request: pytest.FixtureRequest) -> Iterator[tuple[Open, Callable[[], str]]]:
    """A function that opens the store, and one that tells all that its server holds."""
    if request.param == "postgres":
        dsn = request.getfixturevalue("dsn")
        yield (lambda key=KEY, name="lines": _postgres(dsn, key, name)), (lambda: _rows(dsn))
        return
    state = State(gitlab=request.param == "gitlab", root="/state/numbers-tokens")
    with serving(state) as address:
        yield (lambda key=KEY, name="lines": _http(address, state, key, name)), (lambda: f"{state.document}{state.log}")
        assert state.complaints == []


def _postgres(dsn: str, key: str, name: str) -> Texts:
    settings = RecordSettings("postgres", {"dsn": SecretRef(env="DSN")})
    return _made(settings, name, {"DSN": dsn, "RECONCILER_RECORD_KEY": key})


def _http(address: str, state: State, key: str, name: str) -> Texts:
    options: dict[str, str | SecretRef] = {
        "address": f"{address}/state/numbers",
        "lock_address": f"{address}/state/numbers",
    }
    if state.gitlab:
        options = {
            "address": f"{address}/state/numbers",
            "lock_address": f"{address}/state/numbers/lock",
            "lock_method": "POST",
            "unlock_method": "DELETE",
            "username": "gitlab-ci-token",
            "password": SecretRef(env="TOKEN"),
        }
    return _made(RecordSettings("http", options), name, {"TOKEN": "hunter2-canary", "RECONCILER_RECORD_KEY": key})


def _made(settings: RecordSettings, name: str, environ: dict[str, str]) -> Texts:
    texts = open_tokens(settings, name=name, secrets=Secrets(environ))
    assert texts is not None
    return texts


def _rows(dsn: str) -> str:
    with psycopg.connect(dsn) as connection:
        return repr(connection.execute("SELECT * FROM reconciler.tokens").fetchall())


def test_tokens_are_there_for_the_next_process(opened: tuple[Open, Callable[[], str]]) -> None:
    with closing(opened[0]()) as texts:
        store = SharedTokenStore(texts)
        assert store.load("a") is None
        with store.lock("a"):
            store.save("a", TOKENS)
            store.save("b", Tokens(access="other"))
    with closing(opened[0]()) as texts, SharedTokenStore(texts).lock("a"):
        assert SharedTokenStore(texts).load("a") == TOKENS
        assert SharedTokenStore(texts).load("b") == Tokens(access="other")
        assert SharedTokenStore(texts).load("c") is None


def test_the_server_never_sees_a_token(opened: tuple[Open, Callable[[], str]]) -> None:
    with closing(opened[0]()) as texts, texts.lock("a"):
        SharedTokenStore(texts).save("a", TOKENS)
    held = opened[1]()
    assert "v1." in held
    for canary in ("access-canary", "refresh-canary", "previous-canary"):
        assert canary not in held
        assert base64.b64encode(canary.encode()).decode() not in held


@pytest.mark.parametrize("key", ["K" * 32, "", "short"])
def test_another_key_or_none_opens_nothing_and_says_so(opened: tuple[Open, Callable[[], str]], key: str) -> None:
    with closing(opened[0]()) as texts, texts.lock("a"):
        texts.save("a", "canary")
    with closing(opened[0](key)) as texts, pytest.raises(ProviderError, match=r"encrypted|decrypted") as caught:
        texts.load("a")
    assert "RECONCILER_RECORD_KEY" in (caught.value.hint or "")
    assert "canary" not in str(caught.value)


def test_one_process_at_a_time_renews(opened: tuple[Open, Callable[[], str]]) -> None:
    seen: list[str] = []

    def renew(number: int) -> None:
        with closing(opened[0]()) as texts, texts.lock("a"):
            before = texts.load("a") or "0"
            seen.append(f"in {number}")
            texts.save("a", str(int(before) + 1))
            seen.append(f"out {number}")

    threads = [threading.Thread(target=renew, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [each.split()[0] for each in seen] == ["in", "out"] * 3
    with closing(opened[0]()) as texts:
        assert texts.load("a") == "3"


def test_a_renewal_that_was_killed_locks_nobody_out(monkeypatch: pytest.MonkeyPatch) -> None:
    state = State(root="/state/numbers-tokens")
    with serving(state) as address, closing(_http(address, state, KEY, "lines")) as texts:
        with monkeypatch.context() as patch:
            dead = Holder("", socket.gethostname(), "anna", dead_pid(), "r1", "2026-11-21T10:00:00Z")
            patch.setattr(tokens, "this_holder", lambda *_args, **_options: dead)
            state.lock = tokens._lock_info("a", is_gitlab=False)
        with texts.lock("a"):
            SharedTokenStore(texts).save("a", TOKENS)
        assert state.lock is None


def test_a_lock_of_another_host_is_broken_by_force_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "LOCK_SECONDS", 1.0)
    state = State(root="/state/numbers-tokens")
    with serving(state) as address, closing(_http(address, state, KEY, "lines")) as texts:
        with monkeypatch.context() as patch:
            patch.setattr(tokens, "this_holder", lambda *_args, **_options: holder("", host="ci-7"))
            state.lock = tokens._lock_info("a", is_gitlab=False)
        with pytest.raises(ProviderError, match="held for 1 s by anna@ci-7") as refused, texts.lock("a"):
            pass
        assert "record unlock --force" in (refused.value.hint or "")
        assert isinstance(texts, HttpTexts)
        assert texts.unlock(force=False) == ()
        assert [each.host for each in texts.unlock(force=True)] == ["ci-7"]
        assert texts.unlock(force=True) == ()
        assert state.lock is None


def test_a_lock_that_is_never_given_back_is_an_error(
    opened: tuple[Open, Callable[[], str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokens, "LOCK_SECONDS", 1.0)
    with closing(opened[0]()) as one, one.lock("a"), closing(opened[0]()) as two, pytest.raises(ProviderError):
        two.lock("a").__enter__()


def test_a_server_s_document_that_is_no_store_of_tokens_is_an_error() -> None:
    state = State(root="/state/numbers-tokens", document='{"serial": 1}')
    with (
        serving(state) as address,
        closing(_http(address, state, KEY, "lines")) as texts,
        pytest.raises(ProviderError, match="damaged"),
    ):
        texts.load("a")


def test_a_save_that_was_cut_off_after_it_took_effect_counts() -> None:
    state = State(root="/state/numbers-tokens")
    with serving(state) as address, closing(_http(address, state, KEY, "lines")) as texts, texts.lock("a"):
        state.faults["POST"] = "cut"
        texts.save("a", "token")
        assert texts.load("a") == "token"


def test_a_connection_that_is_lost_takes_the_lock_with_it(dsn: str) -> None:
    with closing(_postgres(dsn, KEY, "lines")) as texts:
        assert isinstance(texts, PostgresTexts)
        with texts.lock("a"):
            pid = texts._session.connection().server_process
            with psycopg.connect(dsn, autocommit=True) as other:
                other.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))
            with pytest.raises(ProviderError, match="lost"):
                texts.save("a", "x")


def test_what_is_sealed_for_one_account_does_not_open_for_another() -> None:
    seal = Seal(KEY)
    sealed = seal.seal("token", name="lines/a")
    assert seal.open(sealed, name="lines/a") == "token"
    assert seal.seal("token", name="lines/a") != sealed
    for name in ("lines/b", "other/a"):
        with pytest.raises(RecordError, match="cannot be decrypted"):
            seal.open(sealed, name=name)


@pytest.mark.parametrize("sealed", ["", "v1.", "v2.AAAA", "v1.!!!", "v1.AAAA", "plain"])
def test_what_is_no_sealed_text_is_an_error(sealed: str) -> None:
    with pytest.raises(RecordError, match="cannot be decrypted"):
        Seal(KEY).open(sealed, name="a")


@pytest.mark.parametrize("backend", ["file", "git"])
def test_a_record_in_a_file_or_in_git_keeps_no_tokens(backend: str) -> None:
    assert open_tokens(RecordSettings(backend), name="lines", secrets=Secrets({})) is None


@pytest.mark.parametrize(
    ("address", "lock", "beside"),
    [
        ("https://a/s/numbers", "https://a/s/numbers", ("https://a/s/numbers-tokens", "https://a/s/numbers-tokens")),
        ("https://a/s/", "https://a/s/lock", ("https://a/s-tokens/", "https://a/s-tokens/lock")),
        ("https://a/s/s", "https://a/s/s/lock", ("https://a/s/s-tokens", "https://a/s/s-tokens/lock")),
        ("https://a/states/n", "https://b/locks/n", ("https://a/states/n-tokens", "https://b/locks/n-tokens")),
        ("https://a/s?id=n", "https://a/lock?id=n", ("https://a/s?id=n-tokens", "https://a/lock?id=n-tokens")),
    ],
)
def test_tokens_have_a_place_and_a_lock_of_their_own_beside_the_record(
    address: str, lock: str, beside: tuple[str, str]
) -> None:
    wire = open_state_client({"address": address, "lock_address": lock}, Secrets({}), tokens=True)
    assert (wire.endpoints.address, wire.endpoints.lock_address) == beside


@pytest.mark.parametrize(
    ("address", "lock"),
    [
        ("https://a/state/n", "https://a/lock"),
        ("https://a/state/n", "https://a/n/locks/n"),
        ("https://a/state/num", "https://a/state/numbers/lock"),
        ("https://a/s?id=n", "https://a/lock"),
        ("https://a/s?id=n&team=7", "https://a/lock?id=n&team=7"),
        ("https://a", "https://a/lock"),
    ],
)
def test_a_lock_that_does_not_name_the_record_leaves_no_place_for_tokens(address: str, lock: str) -> None:
    options: dict[str, str | SecretRef] = {"address": address, "lock_address": lock}
    with pytest.raises(RecordError, match="the place of shared tokens cannot be derived") as caught:
        open_tokens(RecordSettings("http", options), name="lines", secrets=Secrets({}))
    assert "the state's name" in (caught.value.hint or "")
