"""Who goes before whom: forwarded to before forwarding, deletes last, and no loop hangs."""

from __future__ import annotations

import random
import time
from collections.abc import Mapping
from typing import Any

from reconciler.model import Action, Change
from reconciler.plan.order import order_changes
from tests.world import key, phone

EMPTY = {"type": "none"}


def to(*numbers: int, reserve: int | None = None) -> dict[str, Any]:
    if reserve is not None:
        return {"type": "url", "url": "https://example.com/", "reserve": phone(reserve)}
    return {"type": "number", "targets": [{"to": phone(number)} for number in numbers]}


def change(
    index: int, action: Action = Action.CREATE, before: Mapping[str, Any] = EMPTY, after: Mapping[str, Any] = EMPTY
) -> Change:
    return Change(key(index), "sales", action, before, after)


def order(*changes: Change) -> list[int]:
    return [int(each.key.number[-2:]) for each in order_changes(changes)]


def edges(*changes: Change) -> dict[int, list[int]]:
    return {
        int(each.key.number[-2:]): [int(address[-2:]) for address in each.depends_on] for each in order_changes(changes)
    }


def test_a_number_that_is_forwarded_to_goes_first() -> None:
    given = change(1, after=to(2)), change(2, after=to(3)), change(3)
    assert order(*given) == [3, 2, 1]
    assert edges(*given) == {3: [], 2: [3], 1: [2]}


def test_a_reserve_is_forwarded_to_as_well() -> None:
    assert order(change(1, after=to(reserve=2)), change(2)) == [2, 1]


def test_without_dependencies_the_order_is_that_of_addresses() -> None:
    assert order(change(3), change(1), change(2)) == [1, 2, 3]


def test_deletes_and_forgets_come_last() -> None:
    given = change(1, Action.FORGET), change(2, Action.DELETE, before=to(9)), change(3), change(4, Action.UPDATE)
    assert order(*given) == [3, 4, 2, 1]


def test_a_delete_waits_for_all_that_leave_the_number() -> None:
    given = change(1, Action.DELETE, before=to(9)), change(2, Action.UPDATE, before=to(1), after=to(3))
    assert edges(*given) == {2: [], 1: [2]}


def test_a_delete_of_a_number_that_left_goes_before_the_delete_it_left() -> None:
    given = change(1, Action.DELETE, before=to(9)), change(2, Action.DELETE, before=to(1))
    assert order(*given) == [2, 1]
    assert edges(*given) == {2: [], 1: [2]}


def test_who_still_forwards_to_a_deleted_number_is_no_reason_to_wait() -> None:
    given = change(1, Action.DELETE, before=to(9)), change(2, Action.UPDATE, before=to(1), after=to(1, 3))
    assert edges(*given) == {2: [], 1: []}


def test_a_number_that_forwards_to_itself_waits_for_nobody() -> None:
    assert edges(change(1, after=to(1))) == {1: []}


def test_a_loop_of_forwardings_has_an_order_all_the_same() -> None:
    given = change(1, after=to(2)), change(2, after=to(3)), change(3, after=to(1))
    assert order(*given) == [3, 2, 1]
    assert edges(*given) == {3: [], 2: [3], 1: [2]}


def test_who_leads_into_a_loop_still_waits_for_it() -> None:
    given = change(1, after=to(2)), change(2, after=to(3)), change(3, after=to(2))
    assert order(*given)[-1] == 1


def test_forgetting_waits_for_nobody_and_nobody_for_it() -> None:
    given = change(1, Action.FORGET, before=to(2)), change(2, Action.CREATE, after=to(1))
    assert edges(*given) == {2: [], 1: []}


def test_the_order_follows_from_the_changes_and_not_from_their_order() -> None:
    given = [change(index, after=to(index * 7 % 40, index * 3 % 40)) for index in range(40)]
    expected = order_changes(given)
    for seed in range(5):
        shuffled = random.Random(seed).sample(given, len(given))
        assert order_changes(shuffled) == expected


def test_ten_thousand_changes_in_one_loop_are_ordered_within_seconds() -> None:
    count = 10_000
    number = [str(70_000_000_000 + index) for index in range(count)]
    changes = [
        Change(
            key(number[index]),
            "sales",
            Action.CREATE,
            EMPTY,
            {"type": "number", "targets": [{"to": number[(index + 1) % count]}]},
        )
        for index in range(count)
    ]
    started = time.process_time()
    assert len(order_changes(changes)) == count
    assert time.process_time() - started < 3
