"""What a proposal may not do to the policy that judges it: stretch its shares, or lead calls past its destinations."""

from __future__ import annotations

import pytest

from reconciler.config.addresses import is_known_entry
from reconciler.destinations import refusal
from reconciler.record.base import RecordError
from reconciler.record.http_state import open_state_client
from reconciler.secrets import Secrets
from reconciler.settings import Destinations
from tests.cli.conftest import Workplace

# -- destinations: what cannot be told is not allowed ------------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    [
        "u@a.example.com;maddr=203.0.113.9",
        "u@a.example.com;MADDR=evil.example.org",
        "u@a.example.com;transport=tcp;maddr=evil.example.org",
        "u@a.example.com;x?Route=%3Csip:evil.example.org%3E",
        "u@a.example.com?Route=%3Csip:evil.example.org%3E",
        "u@a.example.com;%6Daddr=evil.example.org",
        "u@a.example.com;ttl=1",
        "u@evil.example.org;x=a@a.example.com",
        "u@evil.example.org/a@a.example.com",
        "evil.example.org;lr=a@a.example.com",
    ],
)
@pytest.mark.parametrize(
    "rules",
    [Destinations(("sip:*.example.com",)), Destinations(None, ("sip:evil.example.org",)), Destinations(("RU",))],
)
def test_a_sip_address_whose_parameters_may_lead_elsewhere_is_refused(address: str, rules: Destinations) -> None:
    assert "cannot decide where it leads" in (refusal(f"sip:{address}", rules) or "")


@pytest.mark.parametrize("address", ["u@a.example.com;transport=tcp", "+74951234567@a.example.com:5060;user=phone;lr"])
def test_a_sip_address_whose_parameters_are_known_is_judged_by_its_host(address: str) -> None:
    assert refusal(f"sip:{address}", Destinations(("sip:*.example.com",))) is None
    assert refusal(f"sip:{address}", Destinations(None, ("sip:a.example.com",))) is not None


@pytest.mark.parametrize(
    "destination",
    [
        "url:***",
        "url:https://evil%2eexample.org/x",
        "url:https://a.example.com%2f.evil.example.org/x",
        "url:https://a.example.com\\@evil.example.org/x",
        "url:https:///x",
        "url:https://a.example.com:99999/",
        "url:https://[fe80::1%25eth0]/",
        "sip:u@evil%2eexample.org",
        "sip:u@",
        "pstn",
        "tel:+19002123456",
    ],
)
def test_a_host_that_cannot_be_told_counts_as_not_allowed(destination: str) -> None:
    for rules in (Destinations(("RU", "url:https://*", "sip:*")), Destinations(None, ("premium",))):
        assert "cannot decide where it leads" in (refusal(destination, rules) or "")
    assert refusal(destination, Destinations()) is None


@pytest.mark.parametrize(
    "host",
    [
        "203.0.113.7",
        "::ffff:203.0.113.7",
        "0:0:0:0:0:FFFF:CB00:7107",
        "::203.0.113.7",
        "64:ff9b::203.0.113.7",
        "2002:cb00:7107::",
        "0xcb.0.113.7",
        "0313.0.0161.7",
        "3405803783",
        "203.28935",
    ],
)
def test_another_spelling_of_a_denied_address_is_denied(host: str) -> None:
    denied = Destinations(None, ("sip:203.0.113.7", "url:https://203.0.113.7"))
    bracketed = f"[{host}]" if ":" in host else host
    for destination in (f"sip:{host}", f"sip:u@{bracketed}:5060", f"url:https://{bracketed}/x"):
        assert refusal(destination, denied) is not None, destination


def test_an_address_that_wraps_no_other_stays_what_it_is() -> None:
    assert refusal("sip:::1", Destinations(None, ("sip:0.0.0.1",))) is None
    assert refusal("sip:2001:0DB8:0::7", Destinations(("sip:2001:db8::7",))) is None


@pytest.mark.parametrize(
    ("destination", "entry", "allowed"),
    [
        ("sip:u@a.example.com:5060", "sip:a.example.com:5060", True),
        ("sip:u@a.example.com:5070", "sip:a.example.com:5060", False),
        ("sip:u@a.example.com", "sip:a.example.com:5060", False),
        ("url:https://a.example.com/", "url:https://a.example.com:443", True),
        ("url:https://a.example.com/in/..\\..\\out", "url:https://a.example.com/in", False),
    ],
)
def test_a_port_of_a_list_means_that_port(destination: str, entry: str, *, allowed: bool) -> None:
    assert (refusal(destination, Destinations((entry,))) is None) is allowed


def test_a_denied_port_is_denied_also_where_none_is_written() -> None:
    denied = Destinations(None, ("sip:evil.example.org:5060",))
    assert refusal("sip:u@evil.example.org", denied) is not None
    assert refusal("sip:u@evil.example.org:5060", denied) is not None
    assert refusal("sip:u@evil.example.org:5070", denied) is None


@pytest.mark.parametrize(
    "entry", ["url:https://[2001:db8::*]", "url:https://a.example.com:port", "url:https://a:99999"]
)
def test_an_entry_that_can_be_no_address_is_not_known(entry: str) -> None:
    assert not is_known_entry(entry)


# -- destinations: every field of a proposal ---------------------------------------------------------------------------

ONLY_OURS = "policy: {destinations: {allow: [RU, 'url:https://*.example.com', 'sip:*.example.com']}}\n"
FIELDS = {
    "event_url": '{type: number, targets: [{to: "74992223344"}], event_url: "https://evil.example.org/x"}',
    "event_url with a variable": '{type: number, targets: [{to: "74992223344"}], event_url: "https://${var:H}/x"}',
    "targets": '{type: number, targets: [{to: "19002123456"}]}',
    "url": '{type: url, url: "https://evil.example.org/x", reserve: "74992223344"}',
    "url with a variable": '{type: url, url: "https://${var:H}.example.com/x", reserve: "74992223344"}',
    "reserve": '{type: url, url: "https://a.example.com/x", reserve: "19002123456"}',
    "sip_uri": '{type: sip, sip_uri: "u@evil.example.org"}',
    "sip_uri with a parameter": '{type: sip, sip_uri: "u@a.example.com;maddr=203.0.113.9"}',
    "static_ip": '{type: sip_trunk, static_ip: "203.0.113.9", port: 5060, timeout: 30}',
}


@pytest.mark.parametrize("field", sorted(FIELDS))
def test_every_field_that_leads_a_call_or_a_notification_out_is_judged(workplace: Workplace, field: str) -> None:
    configuration = workplace.folder / "reconciler.yaml"
    configuration.write_text(configuration.read_text("utf-8") + ONLY_OURS, "utf-8")
    (workplace.folder / "numbers.yaml").write_text(
        f'version: 1\nnumbers:\n  "74991000000":\n    forwarding: {FIELDS[field]}\n', "utf-8"
    )
    workplace.environ["RECONCILER_VAR_H"] = "evil"
    judged = workplace.run("validate", "--format", "json")
    assert judged.exit_code == 1
    assert "policy-destination" in judged.codes
    planned = workplace.run("plan", "--refresh", "none", "--enforce-policy", "--format", "json")
    assert "policy-destination" in planned.codes or planned.exit_code == 5
    assert workplace.run("apply", "--auto-approve").exit_code in (1, 5)
    assert workplace.sandbox.writes == []


def test_a_notification_is_said_to_be_one(workplace: Workplace) -> None:
    configuration = workplace.folder / "reconciler.yaml"
    configuration.write_text(configuration.read_text("utf-8") + ONLY_OURS, "utf-8")
    (workplace.folder / "numbers.yaml").write_text(
        f'version: 1\nnumbers:\n  "74991000000":\n    forwarding: {FIELDS["event_url"]}\n', "utf-8"
    )
    told = workplace.run("validate").stdout
    assert "74991000000: notifications of calls go to url:https://evil.example.org/x" in told


# -- shares of the managed numbers before, and what is forgotten -------------------------------------------------------

FIVE = "version: 1\nnumbers:\n" + "".join(
    f'  "7499100000{at}": {{forwarding: {{type: url, url: https://example.com/{at}, reserve: "74993334455"}}}}\n'
    for at in range(5)
)


def managing_five(workplace: Workplace, policy: str) -> None:
    (workplace.folder / "numbers.yaml").write_text(FIVE, "utf-8")
    workplace.applied()
    configuration = workplace.folder / "reconciler.yaml"
    configuration.write_text(configuration.read_text("utf-8") + f"policy: {{{policy}}}\n", "utf-8")


def padding(count: int) -> str:
    """Entries that manage nothing, as many as are needed to make any share large."""
    return "".join(f'  "749930{at:05}": {{description: x}}\n' for at in range(count))


def test_entries_that_manage_nothing_make_no_room_for_changes(workplace: Workplace) -> None:
    managing_five(workplace, "max_changes: 30%")
    (workplace.folder / "numbers.yaml").write_text(FIVE.replace("com/", "com/new-") + padding(40))
    told = workplace.run("apply", "--auto-approve")
    assert told.exit_code == 5
    assert "5 changes in one run; policy allows" in told.stdout + told.stderr
    assert workplace.sandbox.writes == []


def test_entries_that_manage_nothing_make_no_room_for_deletes(workplace: Workplace) -> None:
    managing_five(workplace, "max_deletes: 5%")
    (workplace.folder / "numbers.yaml").write_text("version: 1\nnumbers:\n" + padding(300))
    assert workplace.run("apply", "--auto-approve", "--allow-delete").exit_code == 5
    assert workplace.sandbox.writes == []


def test_to_forget_a_protected_number_needs_the_allowance_of_protected_ones(workplace: Workplace) -> None:
    managing_five(workplace, "max_changes: 100%")
    workplace.edit('"74991000000": {', '"74991000000": {protected: true, ')
    assert workplace.run("apply", "--auto-approve", "--allow-protected").exit_code == 0
    kept = "".join(line for line in FIVE.splitlines(keepends=True) if "74991000000" not in line)
    (workplace.folder / "numbers.yaml").write_text(kept + 'forget: ["74991000000"]\n')
    refused = workplace.run("apply", "--auto-approve")
    assert refused.exit_code == 5
    assert "--allow-protected" in refused.stdout + refused.stderr
    assert workplace.run("apply", "--auto-approve", "--allow-protected").exit_code == 0


# -- the record's server -----------------------------------------------------------------------------------------------

STATE = "https://gitlab.example.com/api/v4/projects/7/terraform/state/phones"
LOCKED = {"address": STATE, "lock_address": f"{STATE}/lock", "lock_method": "POST", "unlock_method": "DELETE"}


def opened(**options: str) -> None:
    open_state_client({**LOCKED, **options}, Secrets({"TF_HTTP_PASSWORD": "token-of-the-job"}))


@pytest.mark.parametrize("option", ["lock_method", "unlock_method", "update_method"])
@pytest.mark.parametrize("method", ["PATCH", "GET", "lock", "MERGE", "DELETE"])
def test_a_method_that_no_state_server_knows_is_never_sent(option: str, method: str) -> None:
    if (option, method) != ("unlock_method", "DELETE"):
        with pytest.raises(RecordError, match=f"{option} .*{method}"):
            opened(**{option: method})


@pytest.mark.parametrize("option", ["lock", "unlock"])
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
@pytest.mark.parametrize("address", ["https://gitlab.example.com/api/v4/projects/42", STATE])
def test_nothing_but_a_lock_is_made_or_deleted_by_a_method_that_every_server_knows(
    option: str, method: str, address: str
) -> None:
    with pytest.raises(RecordError, match=f"{option}_method"):
        opened(**{f"{option}_address": address, f"{option}_method": method})


def test_the_addresses_of_known_servers_are_used() -> None:
    opened()
    opened(
        address="https://s.example.com/states/phones",
        lock_address="https://s.example.com/locks/phones",
        unlock_method="UNLOCK",
    )
    opened(lock_address=STATE, lock_method="LOCK", unlock_method="UNLOCK")
