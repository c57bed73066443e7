"""What happens to a caller in words, and two such things side by side with what they share left out.

Knows no schedules and no values.
"""

from __future__ import annotations

from reconciler.effects.states import Happening

NO_TARGET = "no target"


def contrast(was: Happening, now: Happening) -> tuple[str, str]:
    """Both sides of a difference: where only one of several targets differs, only that one."""
    if was.redirect and was.redirect == now.redirect and was.announcement == now.announcement:
        found = _retimed(was, now) or _without(was, now) or _turned(_without(now, was))
        if found is not None:
            return found
    return text_of(was), text_of(now)


def text_of(happening: Happening) -> str:
    """Who rings, in which order and for how long."""
    if not happening.rings:
        return happening.text or NO_TARGET
    text = "rings " + _joined(happening.rings, " and " if happening.redirect == "parallel" else ", then ")
    return f"hears announcement {happening.announcement}, {text}" if happening.announcement else text


def _joined(rings: tuple[tuple[str, int], ...], between: str) -> str:
    return between.join(f"{to} for {seconds} s" for to, seconds in rings)


def _retimed(was: Happening, now: Happening) -> tuple[str, str] | None:
    """The same targets, some of which ring for another time."""
    if [to for to, _ in was.rings] != [to for to, _ in now.rings]:
        return None
    apart = [pair for pair in zip(was.rings, now.rings, strict=True) if pair[0] != pair[1]]
    before, after = (tuple(pair[side] for pair in apart) for side in (0, 1))
    return f"rings {_joined(before, ', ')}", f"rings {_joined(after, ', ')}"


def _without(more: Happening, fewer: Happening) -> tuple[str, str] | None:
    """The same targets but for one that is gone, where several are left."""
    at = next((at for at in range(len(more.rings)) if more.rings[:at] + more.rings[at + 1 :] == fewer.rings), None)
    if at is None or len(fewer.rings) < 2:
        return None
    to, seconds = more.rings[at]
    if any(other == to for other, _ in fewer.rings):
        return None
    if more.redirect == "parallel":
        place = " too"
    else:
        place = f" after {more.rings[at - 1][0]}" if at else f" before {more.rings[1][0]}"
    return f"rings {to} for {seconds} s{place}", f"does not ring {to}"


def _turned(pair: tuple[str, str] | None) -> tuple[str, str] | None:
    return None if pair is None else (pair[1], pair[0])
