"""One number's entry: every field is judged offline, at its place, with what to type instead."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.diagnostics import Severity
from tests.unit.config.loading import ACCOUNTS, findings, number, only, sound, target, underlined

TRUNK = "forwarding: {{type: sip_trunk, static_ip: {ip}, port: {port}, did: {did}}}"


def trunk(ip: str = "203.0.113.7", port: str = "5060", did: str = "111") -> str:
    return number(TRUNK.format(ip=ip, port=port, did=did))


def url(text: str) -> str:
    return number(f'forwarding: {{type: url, url: "{text}"}}')


# What is written, the rule, the piece under the caret, the sentence, and what to type.
REFUSED: list[tuple[str, str, str, str, str | None]] = [
    (
        number("forwading: none"),
        "unknown-key",
        "forwading",
        "'forwading' is not known here",
        "did you mean forwarding?",
    ),
    (
        target('{to: "74992223344", timout: 3}'),
        "unknown-key",
        "timout",
        "'timout' is not known under targets",
        "did you mean timeout?",
    ),
    (
        number("protected: yes", "forwarding: none"),
        "wrong-type",
        "yes",
        "'yes' is neither true nor false",
        "write `true` or `false`",
    ),
    (
        number("tags: moscow", "forwarding: none"),
        "wrong-type",
        "moscow",
        "tags takes a list, not text",
        "write tags: [moscow]",
    ),
    (
        number("description: [a]", "forwarding: none"),
        "wrong-type",
        "description",
        "description takes text, not a list",
        "write one value in its place",
    ),
    (
        number("forwarding: [a]"),
        "forwarding-type",
        "[a]",
        "a list is not a valid forwarding",
        "write `none`, or a map with `type: number`, `url`, `sip_trunk` or `sip`",
    ),
    (
        number("forwarding: nowhere"),
        "forwarding-type",
        "nowhere",
        "'nowhere' is not a valid forwarding",
        "write `none`, or a map with `type: number`, `url`, `sip_trunk` or `sip`",
    ),
    (
        number("forwarding: {type: nummber}"),
        "forwarding-type",
        "nummber",
        "'nummber' is not a known type of forwarding",
        "did you mean number?",
    ),
    (
        number("forwarding: {url: https://example.com}"),
        "forwarding-type",
        "{url: https://example.com}",
        "this forwarding has no type",
        "add `type: number`, `url`, `sip_trunk` or `sip`",
    ),
    (
        number("forwarding: {type: url}"),
        "missing-key",
        "{type: url}",
        "url is missing here",
        "add `url: …`",
    ),
    (
        number("forwarding: {type: number, targets: []}"),
        "targets-empty",
        "targets",
        "the list of targets is empty",
        "add a target, or write `forwarding: none`",
    ),
    (
        number('forwarding: {type: number, redirect: paralel, targets: [{to: "74992223344"}]}'),
        "invalid-value",
        "paralel",
        "'paralel' is not a known redirect",
        "did you mean parallel?",
    ),
    (
        target('{to: "74992223344", timeout: -1}'),
        "timeout-range",
        "-1",
        "'-1' is not a number of seconds",
        "write 20, 20s or 1m",
    ),
    (
        target('{to: "74992223344", timeout: 0}'),
        "timeout-range",
        "0",
        "'0' is not between 1 and 3600 seconds",
        "write 20, 20s or 1m",
    ),
    (
        target('{to: "74992223344", timeout: 61m}'),
        "timeout-range",
        "61m",
        "'61m' is not between 1 and 3600 seconds",
        "write 20, 20s or 1m",
    ),
    (
        trunk(port="70000"),
        "port-range",
        "70000",
        "'70000' is not a port",
        "a port is a number from 1 to 65535",
    ),
    (trunk(port="0"), "port-range", "0", "'0' is not a port", "a port is a number from 1 to 65535"),
    (
        trunk(ip="two hundred"),
        "ip-invalid",
        "two hundred",
        "'two hundred' is not an IP address",
        "write it in digits, like 203.0.113.7",
    ),
    (
        trunk(ip="203.0.113.256"),
        "ip-invalid",
        "203.0.113.256",
        "'203.0.113.256' is not an IP address",
        "write it in digits, like 203.0.113.7",
    ),
    (
        trunk(ip="203.0.113.07"),
        "ip-invalid",
        "203.0.113.07",
        "'203.0.113.07' is not an IP address",
        "write it in digits, like 203.0.113.7",
    ),
    (
        trunk(did="0111"),
        "did-invalid",
        "0111",
        "the DID '0111' begins with 0, and the vendor's number type would drop it",
        "write it without the leading zero, or leave `did` out",
    ),
    (trunk(did="11a"), "did-invalid", "11a", "'11a' is not a DID", "a DID is digits only"),
    (
        trunk(did="18446744073709551616"),
        "did-invalid",
        "18446744073709551616",
        "the DID '18446744073709551616' is too large",
        "the largest is 18446744073709551615",
    ),
    (
        number('forwarding: {type: sip, sip_uri: "sip:user@sip.example.com"}'),
        "sip-uri-invalid",
        '"sip:user@sip.example.com"',
        "'sip:user@sip.example.com' begins with a scheme",
        "write user@sip.example.com",
    ),
    (
        number('forwarding: {type: sip, sip_uri: "sip.example.com"}'),
        "sip-uri-invalid",
        '"sip.example.com"',
        "'sip.example.com' is not a SIP address",
        "write user@sip.example.com or user@host:5060",
    ),
    (
        number('forwarding: {type: sip, sip_uri: "user@sip.example.com:70000"}'),
        "port-range",
        '"user@sip.example.com:70000"',
        "'70000' is not a port",
        "a port is a number from 1 to 65535",
    ),
    (
        url("example.com/route"),
        "url-invalid",
        '"example.com/route"',
        "'example.com/route' is not a URL",
        "write a complete URL, like https://example.com/calls",
    ),
    (
        url("ftp://example.com/route"),
        "url-invalid",
        '"ftp://example.com/route"',
        "'ftp://example.com/route' is not a URL",
        "write a complete URL, like https://example.com/calls",
    ),
    (
        url("http://example.com/route"),
        "require-https",
        '"http://example.com/route"',
        "the url is not https",
        "write https://, or set policy.require_https: false in reconciler.yaml",
    ),
    (
        url("${var:BASE}/route"),
        "url-invalid",
        '"${var:BASE}/route"',
        "the URL begins with a variable",
        "write https:// and the host before any ${var:NAME}",
    ),
    (
        url("https://example.com/${KEY}"),
        "variable-misplaced",
        '"https://example.com/${KEY}"',
        "a ${…} in this URL is not a variable",
        "write ${var:NAME}",
    ),
    (
        number("description: for ${var:TEAM}", "forwarding: none"),
        "variable-misplaced",
        "for ${var:TEAM}",
        "a ${…} is not replaced here",
        "variables work in `event_url` and `url` of a forwarding only",
    ),
    (
        target('{to: "8831401234567890"}'),
        "sip-id-length",
        '"8831401234567890"',
        "'8831401234567890' has 16 digits; a SIP ID has 15",
        "write 15 digits, beginning with 88314",
    ),
    (
        target('{to: "88314012345678"}'),
        "sip-id-length",
        '"88314012345678"',
        "'88314012345678' has 14 digits; a SIP ID has 15",
        "write 15 digits, beginning with 88314",
    ),
    (
        target('{to: "7499222"}'),
        "number-invalid",
        '"7499222"',
        "'7499222' is not a phone number of any country",
        "write digits with the country code, like 74991112233",
    ),
    (
        target("{to: 8 (499) 222-33-44}"),
        "number-trunk-prefix",
        "8 (499) 222-33-44",
        "'8 (499) 222-33-44' begins with the trunk prefix 8 instead of the country code",
        "write 74992223344",
    ),
    (
        target("{to: duty-desk}"),
        "unknown-contact",
        "duty-desk",
        "'duty-desk' is neither a contact, nor a phone number, nor a SIP ID",
        "declare it under `contacts`, or write digits like 74992223344",
    ),
    (
        number("account: sale", "forwarding: none"),
        "unknown-account",
        "sale",
        "there is no account 'sale'",
        "did you mean sales?",
    ),
    (
        number("parking: true"),
        "account-kind",
        "parking",
        "74991112233: the account 'sales' is at exolve, which supports forwarding, not parking",
        "use `account: office`",
    ),
    (
        number("account: office", "forwarding: none"),
        "account-kind",
        "office",
        "74991112233: the account 'office' is at mtt, which supports parking, not forwarding",
        "use `account: sales`",
    ),
    (
        target('{to: "74992223344", schedule: office-hours}'),
        "unknown-schedule",
        "office-hours",
        "there is no schedule 'office-hours'",
        "declare it under `schedules`",
    ),
    (
        target('{to: "74992223344", schedule: "wd {mon-fri}"}'),
        "unknown-schedule",
        '"wd {mon-fri}"',
        "there is no schedule 'wd {mon-fri}'",
        'plain text is a name; write {period: "wd {mon-fri}"}',
    ),
    (
        number("use: [hotline]"),
        "unknown-profile",
        "hotline",
        "there is no profile 'hotline'",
        "declare it under `profiles`",
    ),
    (
        number("forwarding: none", key="abc"),
        "number-invalid",
        "abc",
        "'abc' is not a phone number",
        "write digits with the country code, like 74991112233",
    ),
    (
        number("forwarding: none") + 'forget: ["+74991112233"]\n',
        "forget-declared",
        '"+74991112233"',
        "74991112233 is listed under forget, but also declared",
        "remove one of the two",
    ),
    (
        ACCOUNTS.replace("account: sales, ", "") + 'numbers: {"74991112233": {forwarding: none}}\n',
        "account-missing",
        '"74991112233"',
        "this number has no account",
        "add `account: NAME`, or set defaults.account",
    ),
    (
        target('{to: "74992223344"}').replace(", timeout: 20", ""),
        "timeout-missing",
        '"74992223344"',
        "'74992223344' has no timeout: neither its own nor its contact's, and there is no default",
        "add `timeout: 20`, or set defaults.timeout",
    ),
    (
        trunk().replace(", timeout: 20", ""),
        "timeout-missing",
        "{type: sip_trunk, static_ip: 203.0.113.7, port: 5060, did: 111}",
        "this trunk has no timeout",
        "add `timeout: 20`, or set defaults.timeout",
    ),
]


@pytest.mark.parametrize(("text", "code", "under", "message", "hint"), REFUSED)
def test_a_wrong_entry_is_told_at_its_place(
    text: str, code: str, under: str, message: str, hint: str | None, tmp_path: Path
) -> None:
    item = only(tmp_path, text)
    assert (item.code, underlined(item), item.message, item.hint) == (code, under, message, hint)
    assert item.severity is Severity.ERROR


@pytest.mark.parametrize(
    ("text", "code", "message"),
    [
        (
            target('{to: "72992223344"}'),
            "number-unassigned",
            "72992223344 is not in any assigned range",
        ),
        (
            number('forwarding: {type: number, targets: [{to: "74992223344"}], display_number: "74995556677"}'),
            "display-number-unused",
            "display_number has no effect while masking is off: the real number is shown",
        ),
        (
            number('forwarding: {type: number, targets: [{to: "74992223344"}], event_extended: true}'),
            "event-extended-unused",
            "event_extended has no effect without an event_url",
        ),
    ],
)
def test_a_doubtful_entry_is_a_warning_and_loads(text: str, code: str, message: str, tmp_path: Path) -> None:
    item = only(tmp_path, text)
    assert (item.code, item.message, item.severity) == (code, message, Severity.WARNING)
    sound(tmp_path, text)


def test_all_faults_of_an_entry_are_told_at_once(tmp_path: Path) -> None:
    text = number(
        "protected: maybe",
        "acount: sales",
        "forwarding:",
        "  type: sip_trunk",
        "  static_ip: here",
        "  port: 0",
    )
    assert [(item.code, underlined(item)) for item in findings(tmp_path, text)] == [
        ("wrong-type", "maybe"),
        ("unknown-key", "acount"),
        ("ip-invalid", "here"),
        ("port-range", "0"),
    ]


def test_a_url_in_a_message_or_excerpt_shows_no_query(tmp_path: Path) -> None:
    for item in findings(tmp_path, url("example.com/x?key=CANARY")):
        assert "CANARY" not in item.message + (item.hint or "")
        assert item.location is not None
    for item in findings(tmp_path, url("http://example.com/x?key=CANARY")):
        assert item.location is not None
        assert "CANARY" not in (item.location.excerpt or "")


@pytest.mark.parametrize(
    "written",
    ["74991112233", "'74991112233'", "+74991112233", "+7 (499) 111-22-33", "+7 499 111.22.33", "7-499-111-22-33"],
)
def test_a_number_is_the_same_however_it_is_spelt(written: str, tmp_path: Path) -> None:
    loaded = sound(tmp_path, number("forwarding: none", key=written))
    assert loaded.configuration is not None
    assert list(loaded.configuration.numbers) == ["74991112233"]


def test_with_a_plus_a_number_that_begins_with_8_is_taken_as_it_stands(tmp_path: Path) -> None:
    loaded = sound(tmp_path, target("{to: +84 99 1112233}"))
    assert loaded.configuration is not None
    assert "84991112233" in str(loaded.configuration.desired[0].value)


def test_loopback_needs_no_https(tmp_path: Path) -> None:
    sound(tmp_path, url("http://127.0.0.1:8080/route"))
    sound(tmp_path, url("http://localhost/route"))


def test_a_policy_may_allow_http(tmp_path: Path) -> None:
    sound(tmp_path, url("http://example.com/route") + "policy: {require_https: false}\n")


@pytest.mark.parametrize("host", ["127.0.0.1.example.com", "localhost.example.com", "user:127.0.0.1@example.com"])
def test_a_host_that_only_looks_like_loopback_needs_https(host: str, tmp_path: Path) -> None:
    assert only(tmp_path, url(f"http://{host}/route")).code == "require-https"


def test_the_caret_stands_under_the_bad_piece_of_a_period(tmp_path: Path) -> None:
    quoted = only(tmp_path, target('{to: "74992223344", schedule: {period: "wd {mon-fri} hr {6am-14pm}"}}'))
    plain = only(tmp_path, ACCOUNTS + "schedules:\n  office:\n    period: wd {mon-fri} hr {6am-14pm}\n")
    assert [(item.code, underlined(item)) for item in (quoted, plain)] == [("period-hour", "14pm")] * 2


def test_a_target_that_is_wrong_twice_is_told_twice(tmp_path: Path) -> None:
    text = target("{to: duty-desk, schedule: nights, timeout: soon}")
    assert {item.code for item in findings(tmp_path, text)} == {"unknown-contact", "unknown-schedule", "timeout-range"}


@pytest.mark.parametrize(
    ("url", "code", "message"),
    [
        ("https://[::1", "url-invalid", "'https://[::1' is not a URL"),
        ("//example.com/x", "url-invalid", "'//example.com/x' is not a URL"),
        ("javascript:alert(1)", "url-invalid", "'javascript:alert(1)' is not a URL"),
        ("example.com/?key=secret", "url-invalid", "'example.com/?***' is not a URL"),
        ("https://example..com/", "url-invalid", "'https://example..com/' is not a URL"),
        ("https://example.com:0/", "port-range", "the port of 'https://example.com:0/' is none"),
        ("https://example.com:70000/", "port-range", "the port of 'https://example.com:70000/' is none"),
        ("https://example.com:http/", "port-range", "the port of 'https://example.com:http/' is none"),
    ],
)
def test_an_address_that_nobody_could_ask_is_refused(url: str, code: str, message: str, tmp_path: Path) -> None:
    item = only(tmp_path, number(f'forwarding: {{type: url, reserve: "74993334455", url: "{url}"}}'))
    assert (item.code, item.message) == (code, message)
    assert item.location is not None
    assert item.location.end_column - item.location.column == len(f'"{url}"')


@pytest.mark.parametrize("url", ["https://${var:HOST}:${var:PORT}/x", "https://пример.рф/", "https://u:p@example.com/"])
def test_an_address_that_can_be_asked_is_not_refused(url: str, tmp_path: Path) -> None:
    sound(tmp_path, number(f'forwarding: {{type: url, reserve: "74993334455", url: "{url}"}}'))


def test_a_base_address_has_a_port_that_exists(tmp_path: Path) -> None:
    text = "version: 1\naccounts:\n  sales: {provider: exolve, api_key: {env: K}, base_url: "
    assert only(tmp_path, text + "https://api.exolve.ru:abc/}\n").code == "port-range"
    assert only(tmp_path, text + '"https://api.exolve.ru/x?y=1"}\n').hint == "write https://api.exolve.ru/x"


@pytest.mark.parametrize("key", ["<<: *NAME", "<name>", "<one>", "<b>"])
def test_an_unknown_key_in_angle_brackets_is_an_unknown_key(key: str, tmp_path: Path) -> None:
    found = only(tmp_path, number(f'"{key}": sales', "forwarding: none"))
    assert (found.code, found.location and found.location.line) == ("unknown-key", 8)
    assert repr(key) in found.message
