"""One call as a page that needs nothing else.

Knows neither the store nor the listener.
"""

from __future__ import annotations

from reconciler.effects.wording import SHORT
from reconciler.events.calls import Call, moment
from reconciler.views.events import SENDERS, clock_note, clock_text, heading, rungs, sides
from reconciler.views.web.pages import Clean, render


def call_page(shown: Call, clean: Clean = str) -> str:
    """Draw one call as a ladder."""
    steps = rungs(shown)
    return render(
        "call.html.j2",
        clean,
        SHORT,
        title=f"Call {shown.names[0]}",
        heading=heading(shown),
        clock=f"Began {clock_text(moment(shown.events[0]))}; {clock_note(shown)}.",
        sides=sides(shown),
        rungs=steps,
        height=50 + 44 * len(steps),
        senders=SENDERS,
    )
