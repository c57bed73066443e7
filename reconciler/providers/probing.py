"""What every vendor's probe looks at; knows no vendor."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.providers.base import Probed

_TOLERANCE_SECONDS = 60.0


def clock(ahead: float | None) -> Iterator[Probed]:
    """Judge how far this machine's clock is off the vendor's."""
    if ahead is None:
        return
    off = abs(ahead)
    if off <= _TOLERANCE_SECONDS:
        yield Probed("clock", ok=True, message="this machine's clock agrees with the vendor's")
        return
    direction = "ahead of" if ahead > 0 else "behind"
    message = f"this machine's clock is {off:.0f} s {direction} the vendor's"
    yield Probed("clock", ok=False, message=message, hint="set the clock, or let it follow a time server")
