"""Call events and calls as the content of JSON documents.

Knows neither the store nor the listener.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from reconciler.events.calls import Call, moment
from reconciler.events.causes import cause_name
from reconciler.events.model import Kept

_WHO = ("direction", "caller", "called", "shown", "sip_id", "started")
_TEXTS = ("vendor", "kind", "uid", "call_id", *_WHO, "cause", "reason", "record_url")
_AS_THEY_ARE = ("documented", "recorded", "setup_ms", "wait_ms", "duration_ms", "full_ms")


def event_content(kept: Kept) -> dict[str, Any]:
    """What is in an event."""
    event = kept.event
    return {
        **{name: getattr(event, name) or None for name in _TEXTS},
        **{name: getattr(event, name) for name in _AS_THEY_ARE},
        "at": None if event.at is None else instant(event.at),
        "received": instant(kept.first),
        "received_last": instant(kept.last),
        "times": kept.times,
        "cause_name": cause_name(event.cause) or None,
        "body": dict(event.body),
    }


def call_content(call: Call) -> dict[str, Any]:
    """What is in a call."""
    texts = ("vendor", "direction", "caller", "called", "cause", "cause_name", "reason", "record_url")
    return {
        "names": call.names,
        **{name: getattr(call, name) or None for name in texts},
        **{name: getattr(call, name) for name in ("setup_ms", "wait_ms", "duration_ms", "full_ms")},
        "started": instant(moment(call.events[0])),
        "answered": call.is_answered,
        "ended": call.has_ended,
        "events": [event_content(each) for each in call.events],
    }


def instant(seconds: float) -> str:
    """An instant as `2024-01-05T11:09:29.934Z`."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
