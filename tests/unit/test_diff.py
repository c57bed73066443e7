"""Which fields differ: each difference once, at its path, secrets marked and masked."""

from __future__ import annotations

from dataclasses import replace

from reconciler.canonical import Form, form
from reconciler.diff import field_changes
from reconciler.model import FieldChange, Target, Value
from tests.world import NONE, rings, sip, url


def diff(before: Value, after: Value) -> list[tuple[str, object, object]]:
    return [(each.path, each.before, each.after) for each in field_changes(form(before), form(after))]


def test_equal_values_do_not_differ() -> None:
    assert diff(rings("1", "2"), rings("1", "2")) == []


def test_one_field_of_one_target_is_told_by_its_path() -> None:
    before = rings("1", "2")
    after = replace(before, targets=(before.targets[0], replace(before.targets[1], timeout=30)))
    assert diff(before, after) == [("targets[1].timeout", 20, 30)]


def test_a_target_put_in_between_is_told_as_that_alone() -> None:
    changes = diff(rings("1", "2"), rings("1", "9", "2"))
    assert [(path, before) for path, before, _ in changes] == [("targets[1]", None)]


def test_a_target_taken_away_is_told_at_its_old_place() -> None:
    ((path, before, after),) = diff(rings("1", "9", "2"), rings("1", "2"))
    assert (path, after) == ("targets[1]", None)
    assert isinstance(before, dict)
    assert before["to"] == "9"


def test_a_target_that_rings_another_phone_is_one_changed_field() -> None:
    assert diff(rings("1", "2"), rings("1", "3")) == [("targets[1].to", "2", "3")]


def test_a_target_that_becomes_equal_to_its_neighbour_is_one_changed_field() -> None:
    assert diff(rings("1", "2"), rings("2", "2")) == [("targets[0].to", "1", "2")]


def test_fields_come_in_the_order_of_the_value() -> None:
    after = rings("2", event_url="https://example.com/", masking=True, display_number="7")
    assert [path for path, _, _ in diff(rings("1"), after)] == [
        "targets[0].to",
        "event_url",
        "masking",
        "display_number",
    ]


def test_another_type_tells_every_field_of_both() -> None:
    assert diff(sip("a@b"), url("https://example.com/", "7")) == [
        ("type", "sip", "url"),
        ("sip_uri", "a@b", None),
        ("url", None, "https://example.com/"),
        ("reserve", None, "7"),
    ]


def test_from_nothing_to_something_tells_the_new_fields() -> None:
    assert [path for path, _, _ in diff(NONE, sip("a@b"))] == ["type", "sip_uri"]


def test_a_rotated_secret_is_told_masked_on_both_sides() -> None:
    changes = field_changes(form(url("https://example.com/?k=old")), form(url("https://example.com/?k=new")))
    masked = "https://example.com/?***"
    assert changes == (FieldChange("url", masked, masked, sensitive=True),)


def test_a_secret_that_comes_is_marked_sensitive() -> None:
    changes = field_changes(form(url("https://example.com/")), form(url("https://example.com/?k=new")))
    assert changes == (FieldChange("url", "https://example.com/", "https://example.com/?***", sensitive=True),)


def test_a_change_of_type_marks_secrets_too() -> None:
    changes = field_changes(form(url("https://example.com/?k=old")), form(sip("a@b")))
    assert {each.path: each.sensitive for each in changes}["url"] is True


def test_swapped_targets_are_told_with_the_fewest_changes() -> None:
    before = rings("1", "2")
    changes = diff(before, replace(before, targets=before.targets[::-1]))
    assert changes == [("targets[0].to", "1", "2"), ("targets[1].to", "2", "1")]


def test_a_number_and_its_digits_as_text_differ() -> None:
    left, right = Form({"type": "x", "a": 1}), Form({"type": "x", "a": "1"})
    assert [each.path for each in field_changes(left, right)] == ["a"]


def test_targets_of_many_fields_name_each_once() -> None:
    before, after = rings("1"), rings("1")
    after = replace(after, targets=(Target("1", 9, ("wd {sat}",), "weekend", "desk", active=False),))
    assert [path for path, _, _ in diff(before, after)] == [
        f"targets[0].{name}" for name in ("timeout", "schedule", "schedule_description", "name", "active")
    ]
