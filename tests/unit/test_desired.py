"""Configuration to desired values: every field of every type, defaults, contacts, places."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.model import (
    Desired,
    Key,
    Kind,
    NoForwarding,
    NumberForwarding,
    Parking,
    Redirect,
    SipForwarding,
    Target,
    TrunkForwarding,
    UrlForwarding,
    Value,
)
from reconciler.settings import Configuration
from tests.loading import load
from tests.unit.config.loading import ACCOUNTS, number, only, sound, target, underlined, write


def configuration(folder: Path, text: str) -> Configuration:
    loaded = sound(folder, text).configuration
    assert loaded is not None
    return loaded


def one(folder: Path, text: str) -> Desired:
    (desired,) = configuration(folder, text).desired
    return desired


EVERY_FIELD = number(
    "description: Sales hotline, Moscow",
    "tags: [moscow, sales]",
    "protected: true",
    "forwarding:",
    "  type: number",
    "  redirect: sequential",
    "  targets:",
    '    - to: "74992223344"',
    "      timeout: 16s",
    "      schedule: {period: 'wd {mon-fri} hr {9-17}'}",
    "      schedule_description: график будни",
    "      name: звонит клиент",
    "      active: false",
    "  event_url: https://example.com/calls?key=${var:EVENT_KEY}",
    "  event_extended: true",
    "  client_id: crm-1",
    "  file_to_a: 012345",
    "  file_to_b: 54321",
    "  masking: true",
    "  display_number: +7 499 555-66-77",
)


def test_every_field_of_a_forwarding_to_numbers_is_taken_over(tmp_path: Path) -> None:
    desired = one(tmp_path, EVERY_FIELD)
    assert desired.key == Key("exolve", "74991112233", Kind.FORWARDING)
    assert (desired.address, desired.description) == ("sales/74991112233", "Sales hotline, Moscow")
    assert (desired.tags, desired.protected) == (("moscow", "sales"), True)
    assert desired.value == NumberForwarding(
        redirect=Redirect.SEQUENTIAL,
        targets=(
            Target("74992223344", 16, ("wd {mon-fri} hr {9-17}",), "график будни", "звонит клиент", active=False),
        ),
        event_url="https://example.com/calls?key=${var:EVENT_KEY}",
        event_extended=True,
        client_id="crm-1",
        file_to_a="012345",
        file_to_b="54321",
        masking=True,
        display_number="74995556677",
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "{type: url, url: https://example.com/route, reserve: +7 499 333-44-55}",
            UrlForwarding("https://example.com/route", "74993334455"),
        ),
        (
            '{type: url, url: https://example.com/route, reserve: "883140123456789"}',
            UrlForwarding("https://example.com/route", "883140123456789"),
        ),
        ("{type: url, url: https://example.com/route}", UrlForwarding("https://example.com/route", "")),
        (
            "{type: sip_trunk, static_ip: 203.0.113.7, port: 5060, timeout: 1m, did: 111}",
            TrunkForwarding("203.0.113.7", 5060, 60, "111"),
        ),
        ("{type: sip_trunk, static_ip: '2001:db8::7', port: 1}", TrunkForwarding("2001:db8::7", 1, 20, "")),
        ("{type: sip, sip_uri: 'user@sip.example.com:5060'}", SipForwarding("user@sip.example.com:5060")),
        (
            "{type: sip, sip_uri: '+74991112233@sip.example.com:5060;transport=tcp'}",
            SipForwarding("+74991112233@sip.example.com:5060;transport=tcp"),
        ),
        ("none", NoForwarding()),
        (
            '{type: number, targets: [{to: "74992223344"}]}',
            NumberForwarding(Redirect.SINGLE, (Target("74992223344", 20),)),
        ),
    ],
)
def test_every_type_of_forwarding_and_its_defaults(text: str, expected: Value, tmp_path: Path) -> None:
    assert one(tmp_path, number(f"forwarding: {text}")).value == expected


@pytest.mark.parametrize("parked", [True, False])
def test_parking_is_taken_over(parked: bool, tmp_path: Path) -> None:
    desired = one(tmp_path, number("account: office", f"parking: {str(parked).lower()}", key='"78005560251"'))
    assert (desired.key, desired.value) == (Key("mtt", "78005560251", Kind.PARKING), Parking(parked))


@pytest.mark.parametrize("entry", ["{}", "{description: just a note}", "{forwarding: null}", ""])
def test_an_absent_block_is_not_managed_and_the_number_is_declared(entry: str, tmp_path: Path) -> None:
    loaded = configuration(tmp_path, ACCOUNTS + f'numbers:\n  "74991112233": {entry}\n')
    assert loaded.desired == ()
    assert list(loaded.numbers) == ["74991112233"]


CONTACTS = """\
contacts:
  desk: {to: "74992223344", name: дежурный, timeout: 16}
  relay: {to: desk, timeout: 30}
  quiet: {to: desk}
  sip: {to: "883140123456789"}
"""


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("{to: desk}", Target("74992223344", 16, name="дежурный")),
        ("{to: desk, timeout: 5, name: own}", Target("74992223344", 5, name="own")),
        ('{to: desk, name: ""}', Target("74992223344", 16)),
        ("{to: relay}", Target("74992223344", 30, name="дежурный")),
        ("{to: quiet}", Target("74992223344", 16, name="дежурный")),
        ("{to: sip}", Target("883140123456789", 20)),
        ("{to: 883140123456789}", Target("883140123456789", 20)),
        ("{to: +7 (499) 222-33-55}", Target("74992223355", 20)),
    ],
)
def test_a_target_rings_for_its_own_timeout_else_its_contacts_else_the_default(
    written: str, expected: Target, tmp_path: Path
) -> None:
    forwarding = one(tmp_path, target(written) + CONTACTS).value
    assert isinstance(forwarding, NumberForwarding)
    assert forwarding.targets == (expected,)


@pytest.mark.parametrize(
    ("contacts", "code", "under"),
    [
        ("a: {to: b}, b: {to: a}", "contact-cycle", "a"),
        ("a: {to: a}", "contact-cycle", "a"),
        ("a: {to: nobody}", "unknown-contact", "nobody"),
        ('a: {to: "8831401234567890"}', "sip-id-length", '"8831401234567890"'),
        ('"74992223344": {to: "74992223355"}', "contact-name", '"74992223344"'),
        ("a: {name: x}", "missing-key", "{name: x}"),
        ("a: {to: [x]}", "wrong-type", "to"),
    ],
)
def test_a_wrong_contact_is_told_used_or_not(contacts: str, code: str, under: str, tmp_path: Path) -> None:
    item = only(tmp_path, ACCOUNTS + f"contacts: {{{contacts}}}\n")
    assert (item.code, underlined(item)) == (code, under)


def test_an_unknown_contact_suggests_the_nearest(tmp_path: Path) -> None:
    item = only(tmp_path, target("{to: relais}") + CONTACTS)
    assert (item.code, item.hint) == ("unknown-contact", "did you mean relay?")


# -- places --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "under"),
    [
        ("", '"74991112233"'),
        ("targets[0].timeout", "16s"),
        ("targets[0].periods", "schedule"),
        ("targets[0].to", '"74992223344"'),
        ("event_url", "https://example.com/calls?***"),
        ("display_number", "+7 499 555-66-77"),
        ("targets", "targets"),
    ],
)
def test_a_field_knows_where_it_is_written(path: str, under: str, tmp_path: Path) -> None:
    place = one(tmp_path, EVERY_FIELD).place_of(path)
    assert place.excerpt is not None
    assert place.excerpt[place.column - 1 :].startswith(under)


def test_a_field_that_is_not_written_has_the_place_around_it(tmp_path: Path) -> None:
    desired = one(tmp_path, target('{to: "74992223344"}'))
    assert str(desired.place_of("targets[0].timeout")) == "reconciler.yaml:8:42"
    assert desired.place_of("masking").line == 8


def test_a_place_in_another_file_names_that_file(tmp_path: Path) -> None:
    files = {"numbers/a.yaml": 'version: 1\nnumbers:\n  "74991112233":\n    forwarding: none\n'}
    loaded = sound(tmp_path, ACCOUNTS, files).configuration
    assert loaded is not None
    assert str(loaded.desired[0].declared_at) == "numbers/a.yaml:3:3"
    assert loaded.desired[0].declared_at.excerpt == '  "74991112233":'


# -- the whole -----------------------------------------------------------------------------------------------


def test_forget_is_kept_with_its_places(tmp_path: Path) -> None:
    loaded = configuration(tmp_path, ACCOUNTS + 'forget: ["+7 499 111-22-88"]\n')
    assert {number: str(place) for number, place in loaded.forget.items()} == {"74991112288": "reconciler.yaml:6:10"}


def test_the_digest_depends_on_every_file_and_on_nothing_else(tmp_path: Path) -> None:
    text = number("forwarding: none")
    first, again = configuration(tmp_path / "a", text), configuration(tmp_path / "b", text)
    other = configuration(tmp_path / "c", text + "# a comment\n")
    assert first.digest == again.digest
    assert first.digest.startswith("sha256:")
    assert len(first.digest) == len("sha256:") + 64
    assert other.digest != first.digest


PATHS = {
    "numbers/a.yaml": 'version: 1\nnumbers: {"74991112233": {forwarding: none}}\n',
    "numbers/b.yaml": 'version: 1\nnumbers: {"74991112244": {forwarding: none}}\n',
    "other.yaml": 'version: 1\nnumbers: {"74991112255": {forwarding: none}}\n',
}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("numbers/a.yaml", ["74991112233"]),
        ("numbers", ["74991112233", "74991112244"]),
        (".", ["74991112233", "74991112244", "74991112255"]),
    ],
)
def test_paths_choose_the_numbers_that_are_built(path: str, expected: list[str], tmp_path: Path) -> None:
    write(tmp_path, ACCOUNTS, PATHS)
    for given in (Path(path), tmp_path / path):
        loaded = load(tmp_path, paths=[given]).configuration
        assert loaded is not None
        assert [desired.key.number for desired in loaded.desired] == expected
        assert sorted(loaded.numbers) == ["74991112233", "74991112244", "74991112255"]
        assert loaded.whole is False


def test_a_path_outside_the_configuration_is_an_error(tmp_path: Path) -> None:
    write(tmp_path, ACCOUNTS, PATHS)
    (item,) = load(tmp_path, paths=[Path("notes.txt")]).diagnostics
    assert (item.code, item.message) == ("path-not-included", "notes.txt is not a file of this configuration")


def test_loading_needs_no_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HOME", "PATH", "EXOLVE_API_KEY", "RECONCILER_VAR_EVENT_KEY"):
        monkeypatch.delenv(name, raising=False)
    assert configuration(tmp_path, EVERY_FIELD).desired
