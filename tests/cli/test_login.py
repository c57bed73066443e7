"""`reconciler login`: an address to open, a redirect to paste, tokens that are kept."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from tests.cli.conftest import Workplace


@pytest.fixture
def state(monkeypatch: pytest.MonkeyPatch) -> str:
    """The state that the next login will use."""
    monkeypatch.setattr("secrets.token_urlsafe", lambda _size: "state-of-this-login")
    return "state-of-this-login"


def redirect(workplace: Workplace, state: str) -> str:
    code = workplace.sandbox.mtt.oauth.issue_code()
    return f"{workplace.sandbox.redirect_uri}/?code={code}&state={state}\n"


def test_a_login_stores_tokens_that_later_commands_use(workplace: Workplace, state: str) -> None:
    ended = workplace.run("login", "office", stdin=redirect(workplace, state), MTT_REFRESH_TOKEN="")
    assert ended.exit_code == 0
    assert ended.stdout == "logged in to office\n"
    checks = workplace.run("doctor", "--format", "json", MTT_REFRESH_TOKEN="").json["checks"]
    assert {"office: credential": "ok"}.items() <= {check["check"]: check["status"] for check in checks}.items()


def test_the_address_to_open_is_whole(workplace: Workplace, state: str) -> None:
    ended = workplace.run("login", "office", stdin=redirect(workplace, state))
    (address,) = [line for line in ended.stderr.splitlines() if line.startswith("http")]
    query = parse_qs(urlsplit(address).query)
    assert query["state"] == [state]
    assert query["client_id"] == [workplace.sandbox.client_id]
    assert workplace.sandbox.client_secret not in ended.stdout + ended.stderr


def test_a_redirect_of_another_login_is_refused(workplace: Workplace, state: str) -> None:
    pasted = redirect(workplace, "state-of-somebody-else")
    ended = workplace.run("login", "office", "--format", "json", stdin=pasted)
    assert state not in pasted
    assert ended.exit_code == 1
    assert ended.codes == ["provider-login-required"]
    assert not any("token" in call.path for call in workplace.sandbox.log)


@pytest.mark.parametrize("pasted", ["", "\n"])
def test_nothing_pasted_ends_with_64(pasted: str, workplace: Workplace) -> None:
    assert workplace.run("login", "office", stdin=pasted).exit_code == 64


def test_an_account_that_needs_no_login_says_so(workplace: Workplace) -> None:
    ended = workplace.run("login", "sales", stdin="code\n")
    assert ended.exit_code == 1
    assert "account sales needs no login" in ended.stderr


def test_a_secret_that_is_not_set_is_named(workplace: Workplace) -> None:
    ended = workplace.run("login", "office", "--format", "json", stdin="code\n", MTT_CLIENT_ID="")
    assert ended.exit_code == 1
    assert ended.codes == ["secret-missing"]
    assert "MTT_CLIENT_ID" in ended.json["diagnostics"][0]["message"]


def test_a_client_secret_that_is_not_set_is_named_before_a_person_logs_in(workplace: Workplace) -> None:
    ended = workplace.run("login", "office", stdin="code\n", MTT_CLIENT_SECRET="")
    assert ended.exit_code == 1
    assert "MTT_CLIENT_SECRET" in ended.stderr
    assert "Open this address" not in ended.stderr


def test_a_plan_from_the_record_needs_no_login_and_its_apply_says_log_in_again(workplace: Workplace) -> None:
    parked = 'version: 1\nnumbers: {"78005560251": {account: office, parking: true}}\n'
    (workplace.folder / "numbers.yaml").write_text(parked, "utf-8")
    workplace.applied()
    workplace.sandbox.mtt.oauth.revoke_access()
    workplace.sandbox.mtt.oauth.revoke_refresh()
    workplace.edit("parking: true", "parking: false")
    planned = workplace.run("plan", "--detailed-exitcode", "--format", "json")
    assert planned.exit_code == 2
    (change,) = planned.json["changes"]
    assert (change["action"], change["live_source"]) == ("delete", "recorded")
    (warning,) = planned.json["diagnostics"]
    assert (warning["code"], warning["severity"]) == ("provider-login-required", "warning")
    applied = workplace.run("apply", "--auto-approve", "--allow-delete", "--format", "json")
    assert applied.exit_code == 1
    (result,) = applied.json["results"]
    assert result["outcome"] == "failed"
    assert "log in again" in result["error"]
    assert workplace.sandbox.writes == []


def test_without_a_record_the_account_has_to_be_asked(workplace: Workplace) -> None:
    parked = 'version: 1\nnumbers: {"78005560251": {account: office, parking: true}}\n'
    (workplace.folder / "numbers.yaml").write_text(parked, "utf-8")
    workplace.sandbox.mtt.oauth.revoke_refresh()
    planned = workplace.run("plan", "--format", "json")
    assert (planned.exit_code, planned.json["complete"], planned.json["summary"]["unknown"]) == (1, False, 1)
