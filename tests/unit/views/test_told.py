"""What is told of a change: what is shared under a name once, what did not change not at all."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.effects.wording import Wording
from reconciler.model import Action, FieldChange
from reconciler.names import Named, Names
from reconciler.views.human.told import Row, _words_apart, blocks, rows_of, tell
from tests.unit.views.values import NOTHING, change, numbers, target, url

NINE_TO_SIX, NINE_TO_SEVEN, SATURDAY = "wd {mon-fri} hr {9-17}", "wd {mon-fri} hr {9-18}", "wd {sat} hr {10-13}"
NAMES = Names(
    date(2026, 11, 28),
    schedules={
        NINE_TO_SEVEN: Named("office-hours", "schedules.yaml:3"),
        SATURDAY: Named("saturday", "schedules.yaml:9"),
    },
    contacts={"79161234567": "night-duty", "74992223344": "desk"},
    profiles={"74991112201": Named("hotline", "profiles.yaml:3"), "74991112202": Named("hotline", "profiles.yaml:3")},
)
SAY = Wording(NAMES)


def told(*fields: FieldChange) -> list[tuple[str, ...]]:
    return [tuple(row) for row in rows_of(fields, SAY)]


def test_a_schedule_that_became_another_is_told_once_by_its_name_and_place() -> None:
    fields = [FieldChange(f"targets[{at}].schedule", NINE_TO_SIX, NINE_TO_SEVEN) for at in range(3)]
    assert told(*fields) == [
        ("schedule office-hours", "Mon-Fri 9:00-18:00", "Mon-Fri 9:00-19:00", "schedules.yaml:3"),
    ]


@pytest.mark.parametrize(
    ("before", "after", "texts"),
    [
        (NINE_TO_SEVEN, SATURDAY, ("office-hours", "saturday")),
        (None, SATURDAY, ("always", "saturday")),
        (SATURDAY, None, ("saturday", "always")),
        (SATURDAY, NINE_TO_SIX, ("saturday", "Mon-Fri 9:00-18:00")),
    ],
)
def test_a_target_that_got_another_schedule_is_told_as_such(before: str, after: str, texts: tuple[str, str]) -> None:
    assert told(FieldChange("targets[0].schedule", before, after)) == [("targets[0].schedule", *texts, "")]


def test_a_contact_that_leads_elsewhere_is_told_by_its_name() -> None:
    assert told(FieldChange("targets[1].to", "79161234500", "79161234567")) == [
        ("contact night-duty", "79161234500", "79161234567", "")
    ]
    assert told(FieldChange("targets[1].to", "74992223344", "79161234567")) == [
        ("targets[1].to", "desk (74992223344)", "night-duty (79161234567)", "")
    ]


HOURS = st.lists(st.sampled_from(["9:00-13:00,", "14:00-18:00,", "Mon-Fri", "Sat;", "(RU)"]), min_size=1, max_size=8)


@given(HOURS, HOURS)
def test_of_two_texts_only_their_common_ends_are_left_out(old: list[str], new: list[str]) -> None:
    before, after = (text.split(" ") for text in _words_apart(old, new))
    assert any(
        old[:at] == new[:at] and old[at + len(before) :] == new[at + len(after) :]
        for at in range(len(old))
        if _is_at(old, before, at) and _is_at(new, after, at)
    )


def _is_at(words: list[str], part: list[str], at: int) -> bool:
    found = words[at : at + len(part)]
    return len(found) == len(part) and " ".join(found).rstrip(",;") == " ".join(part)


def test_numbers_make_a_block_whatever_they_are_called_and_where_they_stand() -> None:
    places = ("numbers.yaml:3:1", "numbers.yaml:9:1", "others.yaml:1:1")
    changes = [
        change(f"sales/7499111220{at}", Action.CREATE, NOTHING, numbers(target()), declared_at=place, description=place)
        for at, place in enumerate(places, start=1)
    ]
    other = change("sales/74991112209", Action.CREATE, NOTHING, url("https://example.com/route"))
    first, second = blocks([changes[0], other, *changes[1:]], SAY)
    assert (first.title, [each.key.number for each in first.changes]) == (
        "3 numbers alike",
        ["74991112201", "74991112202", "74991112203"],
    )
    assert first.profile is None
    assert second.title == "sales/74991112209"


def test_a_block_names_the_profile_that_all_of_its_numbers_use() -> None:
    changes = [change(f"sales/7499111220{at}", Action.CREATE, NOTHING, numbers(target())) for at in (1, 2)]
    (one,) = blocks(changes, SAY)
    assert one.profile == Named("hotline", "profiles.yaml:3")


@pytest.mark.parametrize("differs", [{"needs": ("allow-protected",)}, {"effects": ()}])
def test_what_needs_something_else_or_is_noticed_otherwise_is_no_such_number(differs: dict[str, object]) -> None:
    field = FieldChange("targets[0].timeout", 16, 20)
    pair = (numbers(target()), numbers(target(timeout=20)), field)
    one = change("sales/74991112201", Action.UPDATE, *pair)
    other = change("sales/74991112202", Action.UPDATE, *pair, **differs)
    assert len(blocks([one, other], SAY)) == 2


def test_another_type_is_told_by_what_it_is_and_not_by_its_defaults() -> None:
    after = numbers(target())
    fields = [FieldChange("type", "url", "number"), *(FieldChange(name, None, after[name]) for name in after)]
    shown = tell(change("sales/74991112201", Action.UPDATE, url("https://example.com/a"), after, *fields), SAY)
    assert shown.gist == "URL https://example.com/a -> number desk (74992223344) for 16 s"
    assert shown.fields == shown.effects == ()
    assert [side.label for side in shown.sides] == ["until now", "becomes"]


def test_a_row_without_a_second_side_is_one_text() -> None:
    assert Row("targets[1]", "removed: 7", "").text == "removed: 7"
