from __future__ import annotations

from collections.abc import Iterator

import pytest

from reconciler.http.budget import Patience
from reconciler.http.errors import ProviderError
from reconciler.model import NumberForwarding, Redirect, Target
from reconciler.providers.base import ProbeResult, clock
from reconciler.providers.opening import login_to, open_provider, opening_of
from reconciler.sandbox import Fault, FaultKind, Sandbox
from tests.providers.opening import exolve_account, mtt_account, secrets_of

SIP_ID = "883140000000001"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(numbers=1) as sandbox:
        yield sandbox


def forwarding(to: str, file_to_a: str = "") -> NumberForwarding:
    return NumberForwarding(redirect=Redirect.SINGLE, targets=(Target(to, 20),), file_to_a=file_to_a)


def probed(sandbox: Sandbox, *values: NumberForwarding) -> dict[str, ProbeResult]:
    provider = open_provider(
        exolve_account(sandbox), secrets_of(sandbox), opening_of("sales", {}, patience=Patience(attempts=1, exchange=2))
    )
    found = {item.what: item for item in provider.probe(values)}
    provider.close()
    return found


def test_sip_ids_and_audio_files_that_exist_are_well(sandbox: Sandbox) -> None:
    found = probed(sandbox, forwarding(SIP_ID, "12345"), forwarding("74992223344"))
    assert {what: item.ok for what, item in found.items()} == {
        "credential": True,
        "clock": True,
        f"SIP ID {SIP_ID}": True,
        "audio file 12345": True,
    }


def test_a_sip_id_and_an_audio_file_that_do_not_exist_are_named(sandbox: Sandbox) -> None:
    found = probed(sandbox, forwarding("883149999999999", "777"))
    assert found["SIP ID 883149999999999"].message == "SIP ID 883149999999999 is not in the application's list"
    assert found["audio file 777"].message == "audio file 777 is not in the application's list"
    assert not found["SIP ID 883149999999999"].ok
    assert not found["audio file 777"].ok


def test_nothing_is_asked_about_what_nothing_points_to(sandbox: Sandbox) -> None:
    probed(sandbox, forwarding("74992223344"))
    assert [call.path.rpartition("/")[2] for call in sandbox.log] == ["GetList"]


def test_a_refused_key_ends_the_probe(sandbox: Sandbox) -> None:
    sandbox.faults.add(Fault(kind=FaultKind.UNAUTHORIZED))
    found = probed(sandbox, forwarding(SIP_ID, "12345"))
    assert list(found) == ["credential"]
    assert not found["credential"].ok
    assert "EXOLVE_API_KEY" in str(found["credential"].hint)


@pytest.mark.parametrize(("path", "what"), [("GetSIPList", "SIP IDs"), ("media/v1/GetList", "audio files")])
def test_a_list_that_cannot_be_had_is_told_and_the_rest_goes_on(sandbox: Sandbox, path: str, what: str) -> None:
    sandbox.faults.add(Fault(kind=FaultKind.FORBIDDEN, path=path))
    found = probed(sandbox, forwarding(SIP_ID, "12345"))
    assert not found[what].ok
    assert len(found) == 4


def test_sip_ids_on_later_pages_are_found() -> None:
    with Sandbox(numbers=1) as sandbox:
        many = [f"8831477{number:08d}" for number in range(250)]
        sandbox.exolve.add_sip_ids(many, sandbox.main_application)
        assert probed(sandbox, forwarding(many[-1]))[f"SIP ID {many[-1]}"].ok


@pytest.mark.parametrize(
    ("ahead", "message"),
    [
        (120.0, "this machine's clock is 120 s ahead of the vendor's"),
        (-61.0, "this machine's clock is 61 s behind the vendor's"),
    ],
)
def test_a_clock_that_is_off_is_said_with_its_direction(ahead: float, message: str) -> None:
    (found,) = clock(ahead)
    assert (found.ok, found.message) == (False, message)


def test_a_clock_within_a_minute_is_well_and_without_a_date_nothing_is_said() -> None:
    assert [found.ok for found in clock(-60.0)] == [True]
    assert list(clock(None)) == []


def test_mtt_s_probe_tells_an_expired_login(sandbox: Sandbox) -> None:
    sandbox.mtt.oauth.revoke_refresh()
    provider = open_provider(mtt_account(sandbox), secrets_of(sandbox))
    (found,) = provider.probe([])
    provider.close()
    assert (found.ok, found.hint) == (False, "reconciler login office")


def test_a_login_goes_through_the_account_s_vendor_or_is_not_needed(sandbox: Sandbox) -> None:
    secrets = secrets_of(sandbox)
    account = mtt_account(sandbox)
    login = login_to(account)
    assert "state=s1" in login.authorize_url(account, secrets, "s1")
    login.exchange(account, secrets, sandbox.mtt.oauth.issue_code(), "s1", opening_of("office", {}))
    sandbox.mtt.oauth.revoke_refresh()
    provider = open_provider(account, secrets)
    assert provider.list_numbers().complete
    provider.close()
    with pytest.raises(ProviderError, match="sales needs no login"):
        login_to(exolve_account(sandbox))
