"""Whatever stands in the fields of an event, it is refused, or kept, masked, told and drawn without a fault."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from reconciler.events.calls import calls_of
from reconciler.events.masking import masked_body
from reconciler.events.model import Event, UnreadableEventError
from reconciler.events.reading import read_body, read_event
from reconciler.events.store import EventStore, Received
from reconciler.formats.answers import shaped
from reconciler.views.base import text_of
from reconciler.views.events import event_line, ladder
from reconciler.views.events_content import call_content, event_content
from reconciler.views.web.call import call_page
from tests.unit.events.building import EXOLVE, MTT, raw

INBOUND = [
    {"type": "d", "call_sid": "s", "from": "79990001122", "to": "74991112233", "date_time": "2026-03-02T09:00:00"}
]
ODD: list[Any] = [
    *(
        None,
        True,
        False,
        0,
        -1,
        1.5,
        1e300,
        2**31,
        2**63,
        2**64,
        10**300,
        "",
        " ",
        "0",
        "16",
        "x" * 5000,
        "\x00",
        "\u202e",
    ),
    *([], {}, [[]], {"a": 1}, ["7999"], "79994445566", 79994445566, "+7 (999) 444-55-66", "9999-12-31T23:59:59Z"),
    *("0001-01-01T00:00:00Z", "2026-03-02T09:00:00+23:59", 1e15, "sip:79994445566@host", "Иван", "e", "d", "outbound"),
]


def changed(value: Any, chance: random.Random) -> Any:
    """The same with one value, somewhere, that is another one, or is not there."""
    if isinstance(value, dict) and value and chance.random() < 0.9:
        key = chance.choice(list(value))
        rest = {name: each for name, each in value.items() if name != key}
        return rest if chance.random() < 0.1 else {**rest, key: changed(value[key], chance)}
    return chance.choice(ODD)


def read(body: Any) -> Event | None:
    try:
        return read_body(raw(body))
    except UnreadableEventError:
        return None


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.soak) for seed in range(1, 20))])
def test_no_value_is_too_odd(seed: int, tmp_path: Path) -> None:
    chance = random.Random(seed)
    store = EventStore(tmp_path / "a.db", writes=True)
    bodies = [changed(chance.choice([*EXOLVE, *MTT, *INBOUND]), chance) for _ in range(2000)]
    found = [event for body in bodies if (event := read(body))]
    assert len(found) > 500
    masked = [read_event(masked_body(event)) for event in found]
    store.add(Received(event, 1.0 + at) for at, event in enumerate([*found, *masked]))
    kept = list(store.everything())
    for each in kept:
        json.dumps(shaped("events tail", {"events": [event_content(each)]}))
        assert text_of([event_line(each)]).strip()
    for call in calls_of(kept):
        json.dumps(shaped("events show", call_content(call)))
        assert text_of(ladder(call, 80)).count("\n") > len(call.events)
        assert call_page(call).startswith("<!DOCTYPE html>")
    store.close()
