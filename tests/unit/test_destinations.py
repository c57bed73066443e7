"""Where calls may go: each kind of entry means exactly its destinations."""

from __future__ import annotations

import pytest

from reconciler.config.addresses import is_known_entry
from reconciler.destinations import matches, refusal
from reconciler.settings import Destinations


@pytest.mark.parametrize(
    ("destination", "entry", "meant"),
    [
        ("74992223344", "RU", True),
        ("74992223344", "KZ", False),
        ("77172123456", "KZ", True),
        ("74992223344", "+7499", True),
        ("74992223344", "7499", True),
        ("74992223344", "+7809", False),
        ("78091234567", "+7809", True),
        ("19002123456", "premium", True),
        ("74992223344", "premium", False),
        ("79161234567", "mobile", True),
        ("883140123456789", "sip_id", True),
        ("74992223344", "sip_id", False),
        ("883140123456789", "RU", False),
        ("sip:user@pbx.example.com:5060", "sip:*.example.com", True),
        ("sip:user@PBX.example.com", "sip:pbx.EXAMPLE.com", True),
        ("sip:user@example.com", "sip:*.example.com", False),
        ("sip:user@evil.com;x=.example.com", "sip:*.example.com", False),
        ("sip:203.0.113.7", "sip:203.0.113.*", True),
        ("url:https://a.example.com/route", "url:https://*.example.com", True),
        ("url:http://a.example.com/route", "url:https://*.example.com", False),
        ("url:https://evil.com/a.example.com", "url:https://*.example.com", False),
        ("url:https://a.example.com:8443/", "url:https://*.example.com:443", False),
        ("url:https://a.example.com/in/x", "url:https://a.example.com/in", True),
        ("url:https://a.example.com/out", "url:https://a.example.com/in", False),
        ("url:https://a.example.com/", "RU", False),
        ("sip:2001:db8::7", "sip:2001:db8::*", True),
        ("sip:2001:db8::7", "sip:2001", False),
        ("sip:user@[2001:db8::7]:5060", "sip:2001:db8::7", True),
        ("url:https://a.example.com/***", "url:https://*.example.com", True),
        ("url:https://a.example.com/***", "url:https://a.example.com/in", False),
    ],
)
def test_an_entry_means_exactly_its_destinations(destination: str, entry: str, *, meant: bool) -> None:
    assert matches(destination, entry) is meant


def test_without_rules_anything_goes() -> None:
    assert refusal("19002123456", Destinations()) is None


def test_deny_wins_over_allow_and_names_the_entry() -> None:
    assert refusal("78091234567", Destinations(("RU",), ("+7809",))) == "`policy.destinations.deny` forbids (+7809)"


@pytest.mark.parametrize(
    ("destination", "entry"),
    [
        ("12025550123", "mobile"),  # nobody can tell: the United States number both alike
        ("12025550123", "fixed_line"),
        ("71111111111", "KZ"),  # in no range; the country code is shared by RU and KZ
        ("71111111111", "RU"),
    ],
)
def test_what_cannot_be_told_is_denied_and_not_allowed(destination: str, entry: str) -> None:
    assert refusal(destination, Destinations(None, (entry,))) is not None
    assert refusal(destination, Destinations((entry,))) is not None


@pytest.mark.parametrize(
    ("destination", "entry"),
    [
        ("url:https://evil.example.org./x", "url:https://evil.example.org"),
        ("url:https://EVIL.example.org/x", "url:https://evil.example.org"),
        ("url:https://xn--e1afmkfd.example/x", "url:https://пример.example"),
        ("url:https://пример.example/x", "url:https://xn--e1afmkfd.example"),
        ("sip:user@evil.example.org.", "sip:evil.example.org"),
        ("url:https://a.example.com/in/../bad/x", "url:https://a.example.com/bad"),
        ("url:https://a.example.com//bad", "url:https://a.example.com/bad/"),
        ("url:https://a.example.com/%62ad", "url:https://a.example.com/bad"),
    ],
)
def test_another_spelling_of_what_is_denied_is_denied(destination: str, entry: str) -> None:
    assert refusal(destination, Destinations(None, (entry,))) is not None


@pytest.mark.parametrize("path", ["/in/../out", "/in/%2e%2e/out", "/inside", "/"])
def test_a_path_that_leads_out_of_what_is_allowed_is_refused(path: str) -> None:
    assert refusal(f"url:https://a.example.com{path}", Destinations(("url:https://a.example.com/in",))) is not None
    assert refusal("url:https://a.example.com/in/x", Destinations(("url:https://a.example.com/in",))) is None


def test_a_path_that_is_hidden_is_taken_for_the_denied_one() -> None:
    """Nobody can tell whether it is, so it is not let through."""
    hidden = "url:https://a.example.com/***"
    assert refusal(hidden, Destinations(None, ("url:https://a.example.com/bad",))) is not None
    assert refusal(hidden, Destinations(None, ("url:https://b.example.com/bad",))) is None


def test_what_allow_does_not_list_is_refused() -> None:
    why = refusal("77172123456", Destinations(("RU", "sip_id")))
    assert why == "`policy.destinations.allow` does not list (RU, sip_id)"


def test_an_empty_allow_refuses_everything() -> None:
    assert refusal("74992223344", Destinations(())) == "`policy.destinations.allow` does not list (nothing)"


@pytest.mark.parametrize("entry", ["RU", "sip_id", "sip:*.a.b", "url:https://a.b", "+7809", "premium", "toll_free"])
def test_an_entry_that_can_mean_something_is_known(entry: str) -> None:
    assert is_known_entry(entry)


@pytest.mark.parametrize("entry", ["XX", "russia", "7809x", ""])
def test_an_entry_that_can_never_mean_anything_is_not_known(entry: str) -> None:
    assert not is_known_entry(entry)
