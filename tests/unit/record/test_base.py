from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.record.base import RecordError, RecordState, Update, apply_update, one_run, rebase
from tests.record.values import entry, key, window


def state(serial: int = 1, *numbers: int) -> RecordState:
    return RecordState("lines", "L", serial, {key(n): entry(n) for n in numbers})


def test_an_update_leaves_the_state_it_was_made_from_alone() -> None:
    before = state(1, 1, 2)
    after = apply_update(before, Update(put=[entry(3)], drop=[key(1)]))
    assert set(before.entries) == {key(1), key(2)}
    assert set(after.entries) == {key(2), key(3)}


def test_what_is_dropped_and_put_in_one_update_is_put() -> None:
    assert apply_update(state(1, 1), Update(put=[entry(1, "new")], drop=[key(1)])).entries == {key(1): entry(1, "new")}


def test_a_settled_window_is_gone_and_the_new_one_is_last() -> None:
    before = replace(state(), windows=(window("a", 1), window("b", 2)))
    assert apply_update(before, Update(settle=["a"], open=window("c", 3))).windows == (window("b", 2), window("c", 3))


def test_a_scenario_stays_until_it_is_set() -> None:
    stormy = apply_update(state(), Update(scenario="storm"))
    assert apply_update(stormy, Update()).scenario == "storm"
    assert apply_update(stormy, Update(scenario="")).scenario == ""


def test_the_first_update_makes_a_random_lineage() -> None:
    made = {apply_update(RecordState("lines"), Update()).lineage for _ in range(3)}
    assert len(made - {""}) == 3


def test_an_update_of_the_expected_state_needs_no_rebase() -> None:
    assert rebase(state(1, 1), state(1, 1), Update(put=[entry(1)])) == state(1, 1)


@pytest.mark.parametrize("update", [Update(drop=[key(1)]), Update(put=[entry(1, "x")])])
def test_a_dropped_entry_that_moved_is_as_bad_as_a_changed_one(update: Update) -> None:
    with pytest.raises(RecordError, match=key(1).number):
        rebase(state(1, 1), state(2), update)


def test_a_record_made_meanwhile_takes_what_does_not_touch_it() -> None:
    made = state(4, 1)
    assert rebase(RecordState("lines"), made, Update(put=[entry(2)])) == made
    with pytest.raises(RecordError, match=key(1).number):
        rebase(RecordState("lines"), made, Update(put=[entry(1)]))


def test_a_number_that_somebody_else_is_about_to_write_is_no_longer_free() -> None:
    mine, theirs = replace(state(1), windows=(window("mine", 1),)), window("theirs", 1, 2)
    taken = replace(mine, serial=2, windows=(*mine.windows, theirs))
    for update in (Update(put=[entry(1)]), Update(drop=[key(2)]), Update(settle=["mine"], open=window("next", 2, 3))):
        with pytest.raises(RecordError, match="by another run"):
            rebase(mine, taken, update)
    assert rebase(mine, taken, Update(settle=["mine"], put=[entry(3)], open=window("next", 4))) == taken


def test_an_intent_is_made_from_the_entry_that_stands() -> None:
    with pytest.raises(RecordError, match=key(1).number):
        rebase(state(1, 1), state(2), Update(open=window("w", 1)))


def test_a_run_is_named_by_its_whole_id_even_if_that_begins_another() -> None:
    assert one_run(["a", "ab"], "a") == "a"
    assert one_run(["ab"], "a") == "ab"
    assert one_run([], "a") is None
    with pytest.raises(RecordError, match="2 runs"):
        one_run(["ab", "ac"], "a")
