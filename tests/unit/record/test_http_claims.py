from __future__ import annotations

import json

import pytest

from reconciler.record.base import Holder
from reconciler.record.document import lock_data
from reconciler.record.http_wire import lock_id, locks_of
from reconciler.record.locks import take
from tests.record.values import T0, holder


@pytest.mark.parametrize(
    "holders",
    [
        [holder("sales")],
        [holder("a,b"), holder("c~d|e%2C"), holder("отдел")],
        [Holder("sales", "host~1", "an%na ~|", 7, "run~1", T0)],
    ],
)
def test_an_id_tells_who_holds_the_lock(holders: list[Holder]) -> None:
    claims = take(holders)
    text = lock_id(claims)
    assert len(text) <= 255
    assert text.startswith(claims[0].token)
    assert locks_of({"ID": text, "Info": "of somebody else", "Who": "x"}) == claims


def test_an_id_without_room_is_the_token_alone() -> None:
    claims = take([holder("a" * 100), holder("b" * 100)])
    assert lock_id(claims) == claims[0].token


def test_info_is_believed_where_it_fits_the_id() -> None:
    claims, others = take([holder("a" * 100), holder("b" * 100)]), take([holder("c")])
    fitting = json.dumps([lock_data(claim) for claim in claims])
    asker = json.dumps([lock_data(claim) for claim in others])
    assert locks_of({"ID": lock_id(claims), "Info": fitting}) == claims
    (stranger,) = locks_of({"ID": lock_id(claims), "Info": asker, "Who": "anna", "Created": T0})
    assert stranger.holder == Holder("", "unknown host", "anna", 0, lock_id(claims), T0)


@pytest.mark.parametrize("info", ["", "[]", "[1]", "{}", "null", '[{"account": "a"}]', 7, None])
def test_info_of_any_kind_is_borne(info: object) -> None:
    (stranger,) = locks_of({"ID": "f00d", "Info": info, "Who": "boris@ci-3"})
    assert stranger.holder == Holder("", "ci-3", "boris", 0, "f00d", "unknown")
    assert locks_of(None) == ()
