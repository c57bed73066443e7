"""Structures with something in them exchanged: what a server or a hand may put in place of what was written."""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator
from typing import Any

ODD: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 2.5, 2**31, 2**63, 10**40, -(10**40)),
    *("", "0", "x", "\x00", "a/b/c", "\n", "é\u202e", "x" * 20_000, "{}", "[", "null", '{"type":"none"}'),
    *([], {}, [None], [[]], [{}], [1, "a"], {"type": "number"}, {"type": "url", "url": 5}, {"type": "parking"}),
    *({"": None}, {"type": {}}, {"type": "none", "targets": [{}]}, [[[[[[[[]]]]]]]]),
)


def spots(data: Any) -> Iterator[tuple[Any, Any]]:
    """Every place of a structure, as its container and the key or index in it."""
    pairs = list(data.items()) if isinstance(data, dict) else list(enumerate(data)) if isinstance(data, list) else []
    for key, value in pairs:
        yield data, key
        yield from spots(value)


def mutant(data: Any, chance: random.Random) -> Any:
    """A copy with one to three places lost, doubled, exchanged for another of it, or holding something odd."""
    found = copy.deepcopy(data)
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        places = list(spots(found))
        if not places:
            return found
        container, key = chance.choice(places)
        match chance.randrange(8):
            case 0:
                del container[key]
            case 1:
                other, name = chance.choice(places)
                container[key] = copy.deepcopy(other[name])
            case 2 if isinstance(container, dict):
                container[str(chance.choice(ODD))] = container.pop(key)
            case 2:
                container.append(copy.deepcopy(container[key]))
            case _:
                container[key] = copy.deepcopy(chance.choice(ODD))
    return found
