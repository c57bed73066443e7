"""The canonical form: equal meaning gives equal form, secrets stay out of it."""

from __future__ import annotations

import pytest

from reconciler.canonical import dump, form, hidden_in, hidden_paths, merge_neighbours, period_text
from reconciler.model import NumberForwarding, Parking, Redirect, Target, TrunkForwarding, UrlForwarding, WeekdayBase
from reconciler.secrets import Digester
from tests.world import KEY, NONE, rings, sip

DIGESTER = Digester.from_text(KEY)


def targets(*given: Target) -> NumberForwarding:
    return NumberForwarding(Redirect.SEQUENTIAL, given)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("wd {mon-fri}", "wday{Mo-Fr}"),
        ("wd {mon tue wed thu fri}", "wd {mon-fri}"),
        ("hr {9am-4pm}", "hr {9-16}"),
        ("hr {9-12}, hr {13-16}", "hr {9-16}"),
        ("hr {0-23}", ""),
    ],
)
def test_periods_of_equal_meaning_have_one_form(one: str, other: str) -> None:
    assert form(targets(Target("1", 5, (one,)))).text == form(targets(Target("1", 5, (other,)))).text


def test_a_target_without_period_and_one_that_is_always_active_are_equal() -> None:
    assert form(targets(Target("1", 5))).json["targets"][0]["schedule"] is None
    assert period_text(("hr {0-11}", "hr {12-23}"), WeekdayBase.REFUSE) is None


def test_a_text_that_is_no_period_stays_as_it_is() -> None:
    assert period_text(("wd {Mon-Fri} hr {6am-14pm}",), WeekdayBase.REFUSE) == "wd {Mon-Fri} hr {6am-14pm}"


@pytest.mark.parametrize(
    ("base", "schedule"),
    [
        (WeekdayBase.SUNDAY, "wd {sun-thu}"),
        (WeekdayBase.MONDAY, "wd {mon-fri}"),
        (WeekdayBase.REFUSE, "wd {1-5}"),
    ],
)
def test_a_numeric_weekday_means_what_the_account_says_or_stays_text(base: WeekdayBase, schedule: str) -> None:
    numeric = Target("1", 5, ("wd {1-5}",), weekday_base=base)
    assert period_text(numeric.periods, base) == period_text((schedule,), base)
    assert form(targets(numeric)).json["targets"][0]["schedule"] == period_text((schedule,), base)


def test_neighbours_that_differ_in_disjoint_periods_are_one_target_with_the_union() -> None:
    parts = (Target("1", 5, ("wd {mon-fri} hr {9-17}",)), Target("1", 5, ("wd {sat} hr {10-13}",)))
    whole = (Target("1", 5, ("wd {mon-fri} hr {9-17}, wd {sat} hr {10-13}",)),)
    assert form(targets(*parts)).text == form(targets(*whole)).text


@pytest.mark.parametrize(
    "second",
    [
        Target("2", 5, ("wd {sat}",)),
        Target("1", 6, ("wd {sat}",)),
        Target("1", 5, ("wd {sat}",), "weekend"),
        Target("1", 5, ("wd {sat}",), name="desk"),
        Target("1", 5, ("wd {sat}",), active=False),
        Target("1", 5),
        Target("1", 5, ("wd {fri-sat}",)),
    ],
)
def test_neighbours_that_differ_otherwise_or_ring_twice_stay_apart(second: Target) -> None:
    first = Target("1", 5, ("wd {mon-fri}",))
    assert merge_neighbours((first, second)) == (first, second)


def test_only_neighbours_are_joined_since_the_order_of_ringing_counts() -> None:
    given = (Target("1", 5, ("wd {mon}",)), Target("2", 5), Target("1", 5, ("wd {tue}",)))
    assert merge_neighbours(given) == given


def test_query_and_userinfo_of_a_url_are_masked_and_kept_aside() -> None:
    shown = form(UrlForwarding("https://anna:pw@example.com/in?key=k1#f"))
    assert shown.json["url"] == "https://***@example.com/in?***"
    assert shown.secrets == {"url": "https://anna:pw@example.com/in?key=k1#f"}
    assert "k1" not in shown.text + repr(shown)


def test_a_template_is_filled_for_comparing_and_never_for_showing() -> None:
    value = rings(event_url="https://example.com/calls?key=${var:KEY}")
    shown = form(value, resolve=lambda text: text.replace("${var:KEY}", "s3cret"))
    assert shown.json["event_url"] == "https://example.com/calls?***"
    assert shown.secrets == {"event_url": "https://example.com/calls?key=s3cret"}


def test_a_template_with_a_variable_in_the_path_hides_all_after_the_host() -> None:
    desired = UrlForwarding("https://example.com/hooks/${var:TOKEN}")
    shown = form(desired, resolve=lambda text: text.replace("${var:TOKEN}", "s3cret"))
    live = form(UrlForwarding("https://example.com/hooks/s3cret"), hidden_paths=hidden_paths(desired))
    assert shown.json == live.json == {"type": "url", "url": "https://example.com/***", "reserve": ""}
    assert shown.secrets == live.secrets
    assert hidden_in(shown.json) == {"url"}


def test_a_plain_url_is_shown_whole_and_is_no_secret() -> None:
    shown = form(UrlForwarding("https://example.com/a"))
    assert (shown.json["url"], shown.secrets) == ("https://example.com/a", {})


def test_what_a_read_cannot_tell_is_none() -> None:
    live = form(TrunkForwarding("", 0, 0), unreadable={"static_ip", "port", "timeout", "did", "client_id"})
    assert live.json == {"type": "sip_trunk", "static_ip": None, "port": None, "timeout": None, "did": None}


def test_the_digest_counts_secrets_where_there_is_a_key_and_not_without() -> None:
    one, other = (form(UrlForwarding(f"https://example.com/?k={key}")) for key in "ab")
    assert one.digest(DIGESTER) != other.digest(DIGESTER)
    assert one.digest(Digester()) == other.digest(Digester())
    assert one.digests(Digester()) == {}


def test_every_type_has_its_form() -> None:
    assert form(NONE).json == {"type": "none"}
    assert form(sip("a@b")).json == {"type": "sip", "sip_uri": "a@b"}
    assert form(Parking(parked=True)).json == {"type": "parking", "parking": True}
    assert dump({"b": 1, "a": "я"}) == '{"a":"я","b":1}'
