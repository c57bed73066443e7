"""What a change does to callers: the times at which something else happens to them than before.

Exact and in as few lines as carry the meaning. Knows no vendor and no output format.
"""

from __future__ import annotations

from reconciler.canonical import Json
from reconciler.effects.states import OpaquePeriodError, State, plain_text, states, value_facts
from reconciler.model import Effect
from reconciler.schedule import Instants, Period

ALWAYS_TEXT = "always"


def effects(before: Json | None, after: Json | None) -> tuple[Effect, ...]:
    """Say when callers notice a change, and what; empty where they notice nothing. Both values are canonical.

    `before` None is a value that is not known.
    """
    if before is None or after is None or value_facts(before) == value_facts(after):
        return ()
    try:
        old, new = states(before), states(after)
    except OpaquePeriodError as error:
        when = f"unknown: the live period {str(error)!r} is not of the grammar"
        return (Effect(when, plain_text(before) if before["type"] != "number" else _who(before), _who(after)),)
    return _differences(old, new)


def _differences(old: tuple[State, ...], new: tuple[State, ...]) -> tuple[Effect, ...]:
    found: dict[tuple[str, str], Instants] = {}
    for was in old:
        for now in new:
            if was.text == now.text:
                continue
            when = was.when & now.when
            if not when.is_empty:
                key = (was.text, now.text)
                found[key] = found[key] | when if key in found else when
    return tuple(Effect(_phrase(when), was, now) for (was, now), when in found.items())


def _phrase(when: Instants) -> str:
    return ALWAYS_TEXT if when.is_full else Period(None, when).phrase()


def _who(value: Json) -> str:
    """The targets of a value regardless of time."""
    if value["type"] != "number":
        return plain_text(value)
    return "may ring " + ", ".join(str(target["to"]) for target in value["targets"])
