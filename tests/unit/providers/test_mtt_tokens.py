from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reconciler.calls.base import CallRef
from reconciler.clock import SystemClock
from reconciler.http.answer import Answer
from reconciler.http.budget import Patience
from reconciler.http.client import HttpClient
from reconciler.http.errors import (
    LoginRequired,
    ProviderError,
    Rejected,
    TokenStoreError,
    Unauthorized,
    UnexpectedResponse,
)
from reconciler.model import Parking
from reconciler.providers.base import Write
from reconciler.providers.mtt.account import MttOptions
from reconciler.providers.mtt.calls import MttCalls
from reconciler.providers.mtt.opening import authorize_url, code_of, exchange, open_mtt, open_mtt_client
from reconciler.providers.mtt.provider import MttProvider
from reconciler.providers.mtt.tokens import FileTokenStore, Tokens, identity
from reconciler.sandbox import Fault, FaultKind, MttSettings, Sandbox
from reconciler.settings import Account
from tests.providers.opening import mtt_account, opening, secrets_of

TOKENS = Tokens(access="a1", expires_at=2e9, refresh="r1", previous="r0", seed="s")


# -- the store -------------------------------------------------------------------------------------------------------


@pytest.fixture
def store(tmp_path: Path) -> FileTokenStore:
    return FileTokenStore(tmp_path / "state")


def test_tokens_are_kept_for_their_owner_alone(store: FileTokenStore, tmp_path: Path) -> None:
    assert store.load("key") is None
    store.save("key", TOKENS)
    assert store.load("key") == TOKENS
    assert store.load("other") is None
    assert (tmp_path / "state").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "state" / "key.json").stat().st_mode & 0o777 == 0o600


def test_saving_leaves_nothing_half_written_behind(store: FileTokenStore, tmp_path: Path) -> None:
    for turn in range(3):
        store.save("key", replace(TOKENS, access=f"a{turn}"))
    assert [path.name for path in (tmp_path / "state").iterdir()] == ["key.json"]


def test_a_failed_save_keeps_the_old_tokens(
    store: FileTokenStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.save("key", TOKENS)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", full)
        with pytest.raises(TokenStoreError, match="No space left on device"):
            store.save("key", replace(TOKENS, access="a2"))
    assert store.load("key") == TOKENS
    assert [path.name for path in (tmp_path / "state").iterdir()] == ["key.json"]


def test_tokens_that_others_can_read_are_not_used(store: FileTokenStore, tmp_path: Path) -> None:
    store.save("key", TOKENS)
    (tmp_path / "state" / "key.json").chmod(0o644)
    with pytest.raises(TokenStoreError, match="can be read by others") as refused:
        store.load("key")
    assert "chmod 600" in str(refused.value.hint)


@pytest.mark.parametrize(
    "text",
    [
        *("", "{", "[]", "null", '{"access": "a"}', '{"format_version": "x"}', '{"format_version": 1, "x": 1}'),
        *('{"format_version": 1, "access": 5}', '{"format_version": 1, "expires_at": "x"}'),
        *('{"format_version": 1, "expires_at": NaN}', '{"format_version": 1, "refresh": null}'),
    ],
)
def test_a_damaged_store_says_so_and_shows_nothing(store: FileTokenStore, tmp_path: Path, text: str) -> None:
    store.save("key", TOKENS)
    (tmp_path / "state" / "key.json").write_text(text)
    with pytest.raises(TokenStoreError, match="damaged"):
        store.load("key")


def test_a_store_of_a_newer_version_is_left_alone(store: FileTokenStore, tmp_path: Path) -> None:
    store.save("key", TOKENS)
    path = tmp_path / "state" / "key.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"format_version": 2}))
    with pytest.raises(TokenStoreError, match="newer version"):
        store.load("key")


def test_bytes_that_are_no_text_are_no_crash(store: FileTokenStore, tmp_path: Path) -> None:
    store.save("key", TOKENS)
    (tmp_path / "state" / "key.json").write_bytes(b"\xff\xfe")
    with pytest.raises(TokenStoreError):
        store.load("key")


def test_one_thread_at_a_time_holds_the_lock(store: FileTokenStore) -> None:
    inside, peak, guard = [0], [0], threading.Lock()

    def work(_: int) -> None:
        with store.lock("key"):
            with guard:
                inside[0] += 1
                peak[0] = max(peak[0], inside[0])
            SystemClock().sleep(0.005)
            with guard:
                inside[0] -= 1

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(work, range(12)))
    assert peak == [1]


def test_tokens_do_not_show_when_printed() -> None:
    assert "a1" not in repr(TOKENS)
    assert "r1" not in repr(TOKENS)


def test_an_integration_keeps_its_tokens_when_its_account_is_renamed() -> None:
    assert identity("https://oauth.mtt.ru", "id") == identity("https://oauth.mtt.ru", "id")
    assert identity("https://oauth.mtt.ru", "id") != identity("https://oauth.mtt.ru", "other")


# -- renewing --------------------------------------------------------------------------------------------------------


def with_options(account: Account, **options: Any) -> Account:
    return replace(account, options=account.options_as(MttOptions)._replace(**options))


class Office:
    """An account at the sandbox, opened anew as often as runs would."""

    def __init__(self, sandbox: Sandbox, folder: Path) -> None:
        self.sandbox = sandbox
        self.store = FileTokenStore(folder)
        self.account: Account = mtt_account(sandbox)
        self.environ: dict[str, str] = {}
        self._opened: list[MttProvider] = []

    @property
    def number(self) -> str:
        return self.sandbox.mtt.numbers[0]

    @property
    def stored(self) -> Tokens:
        tokens = self.store.load(identity(self.sandbox.oauth_url, self.sandbox.client_id))
        assert tokens is not None
        return tokens

    def keep(self, tokens: Tokens) -> None:
        self.store.save(identity(self.sandbox.oauth_url, self.sandbox.client_id), tokens)

    def run(self) -> MttProvider:
        secrets = secrets_of(self.sandbox, **self.environ)
        provider = open_mtt(self.account, secrets, opening(Patience(attempts=1, exchange=2)), store=self.store)
        self._opened.append(provider)
        return provider

    def grants(self) -> int:
        return len([call for call in self.sandbox.log if call.path.endswith("/oauth/token")])

    def close(self) -> None:
        for provider in self._opened:
            provider.close()


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with Sandbox() as sandbox:
        office = Office(sandbox, tmp_path / "tokens")
        yield office
        office.close()


def test_the_first_run_starts_from_the_configured_token_and_the_next_needs_none(office: Office) -> None:
    office.run().list_numbers()
    assert office.grants() == 1
    office.environ["MTT_REFRESH_TOKEN"] = ""
    office.run().list_numbers()
    assert office.grants() == 1


def test_the_access_token_is_reused_until_the_vendor_refuses_it(office: Office) -> None:
    for _ in range(3):
        office.run().list_numbers()
    assert office.grants() == 1
    office.sandbox.mtt.oauth.revoke_access()
    assert office.run().list_numbers().complete
    assert office.grants() == 2


def test_an_expired_access_token_is_renewed_before_it_is_tried(office: Office) -> None:
    office.run().list_numbers()
    now = SystemClock().now()
    assert now + 7200 - 90 < office.stored.expires_at < now + 7200 - 30  # renewed a little early: clocks differ
    office.keep(replace(office.stored, expires_at=now))
    office.run().list_numbers()
    assert office.grants() == 2
    assert all(call.status == 200 for call in office.sandbox.log)


def test_an_access_token_of_a_short_life_is_reused_too(tmp_path: Path) -> None:
    with Sandbox(mtt_settings=MttSettings(access_seconds=50)) as sandbox:
        office = Office(sandbox, tmp_path / "tokens")
        for _ in range(3):
            office.run().list_numbers()
        assert office.grants() == 1
        office.close()


def test_a_write_that_met_an_expired_token_is_sent_once_more(office: Office) -> None:
    provider = office.run()
    provider.list_numbers()
    office.sandbox.mtt.oauth.revoke_access()
    provider.write([Write(office.number, Parking(parked=True))])
    assert office.sandbox.mtt.parked(office.number)
    assert len(office.sandbox.writes) == 1


def test_the_previous_refresh_token_is_kept_until_the_new_access_token_worked(office: Office) -> None:
    provider = office.run()
    office.sandbox.faults.add(Fault(kind=FaultKind.SERVER_ERROR_BEFORE, path="externalNumbersInfo"))
    with pytest.raises(ProviderError):
        provider.list_numbers()
    assert office.stored.previous == office.sandbox.refresh_token
    assert office.stored.refresh not in {"", office.sandbox.refresh_token}
    provider.list_numbers()
    assert office.stored.previous == ""


def test_the_previous_refresh_token_is_tried_where_the_newest_is_refused(office: Office) -> None:
    good = office.sandbox.mtt.oauth.issue_refresh_token()
    office.account = with_options(office.account, refresh_token=None)
    office.keep(Tokens(refresh="lost-in-a-crash", previous=good))
    assert office.run().list_numbers().complete


def test_a_vendor_that_does_not_rotate_its_refresh_token_is_fine(tmp_path: Path) -> None:
    with Sandbox(mtt_settings=MttSettings(rotates_refresh_token=False)) as sandbox:
        office = Office(sandbox, tmp_path)
        office.run().list_numbers()
        assert (office.stored.refresh, office.stored.previous) == (sandbox.refresh_token, "")
        sandbox.mtt.oauth.revoke_access()
        assert office.run().list_numbers().complete
        office.close()


def test_a_changed_variable_replaces_the_stored_token(office: Office) -> None:
    office.run().list_numbers()
    office.sandbox.mtt.oauth.revoke_access()
    office.sandbox.mtt.oauth.revoke_refresh()
    office.environ["MTT_REFRESH_TOKEN"] = office.sandbox.mtt.oauth.issue_refresh_token()
    assert office.run().list_numbers().complete


def test_a_changed_variable_that_is_refused_does_not_lose_the_stored_token(office: Office) -> None:
    office.run().list_numbers()
    office.sandbox.mtt.oauth.revoke_access()
    office.environ["MTT_REFRESH_TOKEN"] = "an-old-one-from-somewhere"
    assert office.run().list_numbers().complete


def test_an_unchanged_variable_is_not_used_again(office: Office) -> None:
    office.run().list_numbers()
    first = office.stored.refresh
    office.sandbox.mtt.oauth.revoke_access()
    office.run().list_numbers()
    assert office.stored.refresh != first
    assert [call.status for call in office.sandbox.log if call.path.endswith("/oauth/token")] == [200, 200]


def test_an_expired_login_says_log_in_again_and_never_loops(office: Office) -> None:
    office.sandbox.mtt.oauth.revoke_refresh()
    provider = office.run()
    for _ in range(3):
        with pytest.raises(LoginRequired) as refused:
            provider.write([Write(office.number, Parking(parked=True))])
        assert "log in again" in str(refused.value)  # a report shows messages, not hints
        assert refused.value.hint == "reconciler login office"
        assert not refused.value.may_have_taken_effect
    assert office.grants() == 1
    assert office.sandbox.writes == []


def test_without_any_token_a_person_is_asked_and_nothing_is_sent(office: Office) -> None:
    office.account = with_options(office.account, refresh_token=None)
    with pytest.raises(LoginRequired, match="has not logged in"):
        office.run().list_numbers()
    assert office.sandbox.log == []


def test_wrong_client_keys_are_no_reason_to_log_in(office: Office) -> None:
    office.environ["MTT_CLIENT_SECRET"] = "wrong-canary-secret"
    with pytest.raises(Unauthorized, match="client_id and client_secret") as refused:
        office.run().list_numbers()
    assert "wrong-canary-secret" not in str(refused.value)


def test_a_token_that_is_refused_although_fresh_ends_after_two_tries(office: Office) -> None:
    office.sandbox.faults.add(Fault(kind=FaultKind.UNAUTHORIZED, path="externalNumbersInfo", times=None))
    with pytest.raises(Unauthorized, match="new access token"):
        office.run().list_numbers()
    assert len([call for call in office.sandbox.log if call.path.endswith("externalNumbersInfo")]) == 2
    assert office.grants() == 2


@pytest.mark.parametrize(
    "kind", [FaultKind.DROP_AFTER, FaultKind.TRUNCATED_JSON, FaultKind.HTML_WITH_200, FaultKind.SERVER_ERROR_AFTER]
)
def test_a_renewal_that_fails_is_no_write_in_doubt(office: Office, kind: FaultKind) -> None:
    office.sandbox.faults.add(Fault(kind=kind, path="/oauth/token"))
    with pytest.raises(ProviderError) as refused:
        office.run().write([Write(office.number, Parking(parked=True))])
    assert not refused.value.may_have_taken_effect
    assert office.grants() == 1
    assert office.sandbox.writes == []


def test_a_full_disk_shows_before_a_refresh_token_is_spent(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(TokenStoreError):
        office.run().list_numbers()
    assert office.sandbox.log == []


def test_tokens_that_cannot_be_kept_after_a_write_leave_it_in_doubt(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = office.sandbox.mtt.add_call()
    leg = CallRef(call["call"]["id"], tag=call["call"]["tag"], transport=call["transportId"])

    def full(_store: FileTokenStore, _key: str, tokens: Tokens) -> None:
        if tokens.refresh and not tokens.previous:
            raise TokenStoreError("no space left on device")
        save(_store, _key, tokens)

    save = FileTokenStore.save
    monkeypatch.setattr(FileTokenStore, "save", full)
    client = open_mtt_client(mtt_account(office.sandbox), secrets_of(office.sandbox), opening(), store=office.store)
    with closing(MttCalls(client)) as calls, pytest.raises(TokenStoreError, match="may have been ended") as raised:
        calls.hang_up(leg).take()
    assert raised.value.may_have_taken_effect
    assert [done[1] for done in office.sandbox.mtt.done] == ["terminateCall"]


def test_many_threads_and_runs_renew_once(office: Office) -> None:
    runs = [office.run() for _ in range(3)]
    with ThreadPoolExecutor(9) as pool:
        listings = list(pool.map(lambda turn: runs[turn % 3].list_numbers(), range(18)))
    assert all(listing.complete for listing in listings)
    assert office.grants() == 1


def test_tokens_are_redacted_from_then_on(office: Office) -> None:
    secrets = secrets_of(office.sandbox)
    provider = open_mtt(office.account, secrets, opening(), store=office.store)
    provider.list_numbers()
    provider.close()
    stored = office.stored
    assert secrets.redact(f"{stored.access} {stored.refresh}") == "*** ***"


# -- logging in ------------------------------------------------------------------------------------------------------


def test_a_person_s_login_stores_tokens_that_work(office: Office) -> None:
    office.account = with_options(office.account, refresh_token=None)
    secrets = secrets_of(office.sandbox)
    address = authorize_url(office.account, secrets, "state-1")
    assert address.startswith(f"{office.sandbox.oauth_url}/oauth/authorize?response_type=code&client_id=")
    assert "scope=https%3A%2F%2Fmtt.ru%2Fauth.tokens.readwrite" in address
    assert "state=state-1" in address
    assert office.sandbox.client_secret not in address
    pasted = f"https://crm.example.com/?code={office.sandbox.mtt.oauth.issue_code()}&state=state-1"
    exchange(office.account, secrets, pasted, "state-1", store=office.store)
    assert office.run().list_numbers().complete


def test_a_login_outlives_a_configured_token_that_has_expired(office: Office) -> None:
    office.sandbox.mtt.oauth.revoke_refresh()
    secrets = secrets_of(office.sandbox)
    exchange(office.account, secrets, office.sandbox.mtt.oauth.issue_code(), "s", store=office.store)
    office.sandbox.mtt.oauth.revoke_access()
    assert office.run().list_numbers().complete
    assert [call.status for call in office.sandbox.log if call.path.endswith("/oauth/token")] == [200, 200]


def test_a_code_that_mtt_refuses_asks_for_another_login(office: Office) -> None:
    with pytest.raises(LoginRequired) as refused:
        exchange(office.account, secrets_of(office.sandbox), "stale-code-canary", "s", store=office.store)
    assert "reconciler login office" in str(refused.value.hint)
    assert "this code" in str(refused.value)
    assert "expired" not in str(refused.value)
    assert "stale-code-canary" not in str(refused.value)


def told(office: Office, answer: Answer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Log in where the token endpoint answers so."""
    monkeypatch.setattr(HttpClient, "send", lambda *_args, **_options: answer)
    exchange(office.account, secrets_of(office.sandbox), "code", "s", store=office.store)


@pytest.mark.parametrize("status", [200, 201])
@pytest.mark.parametrize("envelope", [False, True])
def test_tokens_are_taken_from_any_success(
    office: Office, status: int, monkeypatch: pytest.MonkeyPatch, *, envelope: bool
) -> None:
    body = {"access_token": "a", "expires_in": 7200, "refresh_token": "r"}
    told(office, Answer(status, json.dumps({"result": body} if envelope else body).encode()), monkeypatch)
    assert (office.stored.access, office.stored.refresh) == ("a", "r")


def test_a_refusal_in_a_success_asks_for_another_login(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(LoginRequired):
        told(office, Answer(200, b'{"error": "invalid_grant"}'), monkeypatch)


@pytest.mark.parametrize("answer", [Answer(403, b"no"), Answer(200, b"<html>"), Answer(200, b'{"error": "busy"}')])
def test_trouble_with_the_login_s_host_names_it(
    office: Office, answer: Answer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UnexpectedResponse, match="MTT's login answered"):
        told(office, answer, monkeypatch)


def test_a_login_s_host_that_cannot_be_reached_is_named_with_its_setting(office: Office) -> None:
    office.account = with_options(office.account, oauth_url="http://127.0.0.1:1")
    with pytest.raises(ProviderError, match="MTT's login cannot be reached") as failed:
        office.run().list_numbers()
    assert failed.value.hint == "check the network and accounts.office.oauth_url"


@pytest.mark.parametrize(
    "pasted",
    [
        "https://crm.example.com/?code=c0de&state=s7",
        "https://crm.example.com/cb?x=1&state=s7&code=c0de#_",
        "crm.example.com/?code=c0de&state=s7",
        "code=c0de&state=s7",
        "  c0de\n",
    ],
)
def test_a_code_is_found_in_what_was_pasted(pasted: str) -> None:
    assert code_of(pasted, state="s7", account="office") == "c0de"


@pytest.mark.parametrize(
    ("pasted", "words"),
    [
        ("https://crm.example.com/?code=c0de&state=other", "its state differs"),
        ("https://crm.example.com/?code=c0de", "its state differs"),
        ("https://crm.example.com/?code=c0de&state=с7", "its state differs"),
        ("https://crm.example.com/?state=s7", "has no code"),
        ("https://crm.example.com/", "its state differs"),
        ("https://crm.example.com/?error=access_denied\u202e&state=s7", "did not log in: access_denied$"),
        ("https://[x/?code=c0de&state=s7", "its state differs"),
        ("", "neither a redirect nor a code"),
        ("two words", "neither a redirect nor a code"),
        ("a\x00b", "neither a redirect nor a code"),
        ("?" + "a=1&" * 100, "its state differs"),
    ],
)
def test_what_is_not_of_this_login_is_refused(pasted: str, words: str) -> None:
    with pytest.raises(LoginRequired, match=words) as refused:
        code_of(pasted, state="s7", account="office")
    assert refused.value.hint == "start again: reconciler login office"


def test_a_login_needs_a_redirect_uri_and_a_client_id(office: Office) -> None:
    secrets = secrets_of(office.sandbox)
    with pytest.raises(Unauthorized, match="has no redirect_uri"):
        authorize_url(with_options(office.account, redirect_uri=None), secrets, "s")
    with pytest.raises(Unauthorized, match="has no client_id"):
        authorize_url(with_options(office.account, client_id=None), secrets, "s")


# -- parking ---------------------------------------------------------------------------------------------------------


def test_parking_is_sent_in_the_vendor_s_own_spelling(tmp_path: Path) -> None:
    with Sandbox(mtt_numbers=["88005560251", "+74951234567"]) as sandbox:
        office = Office(sandbox, tmp_path)
        provider = office.run()
        assert set(provider.list_numbers().numbers) == {"78005560251", "74951234567"}
        provider.write([Write("78005560251", Parking(parked=True)), Write("74951234567", Parking(parked=True))])
        assert sandbox.mtt.parked("88005560251")
        assert sandbox.mtt.parked("+74951234567")
        office.close()


def test_values_that_differ_are_not_one_call(office: Office) -> None:
    writes = [Write(office.number, Parking(parked=parked)) for parked in (True, False)]
    with pytest.raises(ValueError, match="one value"):
        office.run().write(writes)


@pytest.mark.parametrize(
    "kind",
    [
        FaultKind.DROP_BEFORE,
        FaultKind.DROP_AFTER,
        FaultKind.SERVER_ERROR_AFTER,
        FaultKind.BAD_GATEWAY_BEFORE,
        FaultKind.TIMEOUT_AFTER,
        FaultKind.MALFORMED_JSON,
        FaultKind.TRUNCATED_JSON,
        FaultKind.EMPTY_BODY,
        FaultKind.HTML_WITH_200,
        FaultKind.REDIRECT,
        FaultKind.HUGE_BODY,
        FaultKind.CUT_OFF,
        FaultKind.ERROR_WITH_200,
        FaultKind.SLOW_DRIP,
    ],
)
def test_a_write_of_which_nothing_is_known_is_in_doubt_and_sent_once(office: Office, kind: FaultKind) -> None:
    provider = office.run()
    provider.list_numbers()
    office.sandbox.faults.add(Fault(kind=kind, path="setParkingNumbers", seconds=3))
    with pytest.raises(ProviderError) as refused:
        provider.write([Write(office.number, Parking(parked=True))])
    assert refused.value.may_have_taken_effect
    assert len([call for call in office.sandbox.log if call.path.endswith("setParkingNumbers")]) <= 1


def test_a_list_shorter_than_its_total_proves_nothing(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    provider = office.run()
    office.sandbox.mtt.remove_number(office.number)
    monkeypatch.setattr("reconciler.sandbox.mtt._listing", short)
    listing = provider.list_numbers()
    assert (listing.complete, listing.problem) == (False, "MTT listed 2 of 5 numbers")
    with pytest.raises(UnexpectedResponse, match="MTT listed 2 of 5 numbers"):
        provider.write([Write("78005560251", Parking(parked=True))])


def short(_mtt: object, name: str, rows: list[object]) -> dict[str, object]:
    return {"result": {"total": 5, name: rows}}


@pytest.mark.parametrize("status", [400, 404, 409, 422])
def test_a_refusal_of_a_write_wrote_nothing(office: Office, status: int, monkeypatch: pytest.MonkeyPatch) -> None:
    provider = office.run()
    provider.list_numbers()
    monkeypatch.setattr(HttpClient, "send", lambda *_args, **_options: Answer(status, b'{"message": "no such number"}'))
    with pytest.raises(Rejected, match="no such number") as refused:
        provider.write([Write(office.number, Parking(parked=True))])
    assert not refused.value.may_have_taken_effect
