"""One change at one vendor: look again, send, and prove it by reading back.

Never repeats a write of which it is not known whether it took effect. Knows no record, no windows, no other changes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from threading import Event

from reconciler.apply.attempt import Attempt
from reconciler.canonical import Form, Json, form, hidden_in, hidden_paths
from reconciler.change import Action, Change, LiveSource, Outcome
from reconciler.clock import Clock
from reconciler.diff import field_changes
from reconciler.model import (
    Key,
    NoForwarding,
    NumberForwarding,
    Observation,
    Parking,
    SipForwarding,
    TrunkForwarding,
    UrlForwarding,
    Value,
)
from reconciler.plan.subject import NOTHING, Ground
from reconciler.providers.base import Forbidden, NotOwned, Provider, ProviderError, Rejected, Write
from reconciler.secrets import SecretError, Secrets

FRESH_SECONDS = 30.0
READ_BACK_WAITS = (0.0, 1.5, 3.5)
_LONGEST_SHOWN = 60
_SETTLED = "the next apply reads the number first, and settles it"


@dataclass(frozen=True, slots=True)
class Seen:
    """What a read showed; `since` is its start on the monotonic clock, which nobody sets back."""

    observation: Observation
    since: float


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes changes of one account.

    `seen` holds reads that may still be fresh, `recorded` the keyed digests of what the record holds; `interrupted`
    ends waiting.
    """

    provider: Provider
    clock: Clock
    ground: Ground
    overrides: frozenset[str] = frozenset()
    seen: Mapping[Key, Seen] = field(default_factory=dict)
    recorded: Mapping[Key, Mapping[str, str]] = field(default_factory=dict)
    interrupted: Event = field(default_factory=Event)

    def write(self, changes: Sequence[Change], hindrance: Callable[[], str] = lambda: "") -> list[Attempt]:
        """Write changes of equal value: one, or a batch where the vendor takes one.

        `hindrance` says why nothing more may be sent: it is asked before each part of a batch that was refused.
        """
        try:
            writes = [Write(change.key.number, resolved(_wanted(change), self.ground.secrets)) for change in changes]
        except SecretError as error:
            return [Attempt(Outcome.FAILED, str(error), cause="SecretError", code="secret-missing") for _ in changes]
        if self.provider.capabilities.readable:
            return [self._proven(change, write) for change, write in zip(changes, writes, strict=True)]
        return self._batch(writes, hindrance)

    def look(self, change: Change) -> Observation:
        """The live value of a number, read now unless a read is fresh; raises ProviderError."""
        known = self.seen.get(change.key)
        if known is not None and known.observation.value is not None and self._is_fresh(known):
            return known.observation
        return self.provider.read(change.key.number)

    def _is_fresh(self, known: Seen) -> bool:
        return self.clock.monotonic() - known.since <= FRESH_SECONDS

    def moved(self, change: Change, seen: Observation) -> str | None:
        """Say how the live value differs from the one that the change was made from, or None."""
        if seen.value is None:
            return "it cannot be read any more"
        hidden = hidden_paths(change.write) if change.write is not None else frozenset()
        hidden |= hidden_in(change.before or {})
        live = form(seen.value, unreadable=seen.unreadable, hidden_paths=hidden)
        if change.live_digest:
            return None if live.digest(self.ground.digester) == change.live_digest else _now(live, change.before)
        if change.before is None and change.live_source is LiveSource.UNKNOWN:
            harmless = live.json == NOTHING or _readable_equal(live.json, change.after)
            return None if harmless else "it has a live forwarding that is not in the record; use --refresh all"
        return None if self._is_as_recorded(change, live) else _now(live, change.before)

    def _is_as_recorded(self, change: Change, live: Form) -> bool:
        recorded, digests = self.recorded.get(change.key, {}), live.digests(self.ground.digester)
        return _readable_equal(live.json, change.before) and all(
            recorded.get(path, digest) == digest for path, digest in digests.items()
        )

    def _proven(self, change: Change, write: Write) -> Attempt:
        try:
            seen = self.look(change)
        except ProviderError as error:
            return Attempt.failed(error, 0, message=f"not written: it cannot be read: {error}")
        why = self.moved(change, seen)
        if why is not None:
            told = f"not written: it has moved since the plan: {why}"
            return Attempt(Outcome.SKIPPED, told, code="plan-stale", hint="make a new plan")
        permitted = change.action is Action.DELETE or "unwritable-fields" in self.overrides
        if seen.unwritable and not permitted:
            names = ", ".join(sorted(seen.unwritable))
            why = f"not written: {names} may be lost; --override unwritable-fields permits it"
            return Attempt(Outcome.SKIPPED, why)
        return replace(self._send(change, write), lost=seen.unwritable)

    def _send(self, change: Change, write: Write) -> Attempt:
        """Send, and send again only after a read proved that the first one did not take effect."""
        sent = 0
        for last in (False, True):
            try:
                sent += self.provider.write([write])
            except ProviderError as error:
                sent += error.attempts
                if not error.may_have_taken_effect:
                    return Attempt.failed(error, sent)
                attempt = self._after_doubt(change, write, error, sent)
                if attempt is not None and (last or attempt.outcome is not Outcome.FAILED or attempt.written):
                    return attempt
            else:
                return self._read_back(change, write, sent)
        raise AssertionError("the last attempt always returns")

    def _after_doubt(self, change: Change, write: Write, error: ProviderError, sent: int) -> Attempt | None:
        """Learn by reading what a write did that timed out or was cut off."""
        attempt = self._read_back(change, write, sent)
        if attempt.outcome is Outcome.FAILED and not attempt.written:
            return Attempt.failed(error, sent, message=f"it did not take effect: {error}")
        if attempt.outcome is Outcome.UNKNOWN:
            return Attempt.failed(error, sent, outcome=Outcome.UNKNOWN, message=f"{error}; {attempt.error}")
        return attempt

    def _read_back(self, change: Change, write: Write, sent: int) -> Attempt:
        want = form(write.value)
        last_error: ProviderError | None = None
        differing: tuple[str, ...] = ()
        untouched = False
        for wait in READ_BACK_WAITS:
            if not self.interrupted.is_set():
                self.clock.sleep(wait)
            try:
                seen = self.provider.read(write.number)
            except ProviderError as error:
                last_error = error
                continue
            if seen.value is None:
                continue
            live = form(seen.value, unreadable=seen.unreadable)
            differing = _differing(live, want)
            if not differing:
                return _equal(change, want, live, sent)
            last_error, untouched = None, self._is_before(change, seen)
        if last_error is not None or not differing:
            why = f"it could not be read back: {last_error}" if last_error else "it could not be read back"
            return Attempt(
                Outcome.UNKNOWN, why, sent, cause="UnreadBack", written=True, code="read-back", hint=_SETTLED
            )
        names = ", ".join(differing)
        return Attempt(
            Outcome.FAILED,
            f"read back otherwise than written: {names}",
            sent,
            cause="ReadBackDiffers",
            written=not untouched,
            code="read-back",
            hint="run reconciler plan: it shows what is live now",
        )

    def _is_before(self, change: Change, seen: Observation) -> bool:
        """Whether a read shows the very value from before the write."""
        return self.moved(change, seen) is None

    def _batch(self, writes: Sequence[Write], hindrance: Callable[[], str]) -> list[Attempt]:
        """Write what cannot be read back; a rejected batch is halved until the culprit stands alone."""
        try:
            sent = self.provider.write(writes)
        except (Rejected, NotOwned, Forbidden) as error:
            if len(writes) == 1:
                return [Attempt.failed(error, error.attempts)]
            middle = len(writes) // 2
            return [each for half in (writes[:middle], writes[middle:]) for each in self._part(half, hindrance)]
        except ProviderError as error:
            outcome = Outcome.UNKNOWN if error.may_have_taken_effect else Outcome.FAILED
            return [Attempt.failed(error, error.attempts, outcome=outcome)] * len(writes)
        return [Attempt(Outcome.UNVERIFIED, None, sent, ("parking",), written=True)] * len(writes)

    def _part(self, writes: Sequence[Write], hindrance: Callable[[], str]) -> list[Attempt]:
        if why := hindrance():
            return [Attempt(Outcome.SKIPPED, why)] * len(writes)
        return self._batch(writes, hindrance)


def resolved(value: Value, secrets: Secrets) -> Value:
    """Fill the templates of a value for the wire; raises SecretError."""
    match value:
        case NumberForwarding(event_url=url) if "${var:" in url:
            return value._replace(event_url=secrets.resolve(url))
        case UrlForwarding(url=url) if "${var:" in url:
            return replace(value, url=secrets.resolve(url))
        case NumberForwarding() | UrlForwarding() | SipForwarding() | TrunkForwarding() | NoForwarding() | Parking():
            return value


def _wanted(change: Change) -> Value:
    if change.write is None:
        raise ValueError("a plan's changes are bound to the configuration before they are applied")
    return change.write


def _equal(change: Change, want: Form, live: Form, sent: int) -> Attempt:
    """Read back equal; fields that cannot be read are named where they matter."""
    unread = [path for path, value in live.json.items() if value is None and path in want.json]
    before = change.before or {}
    matter = tuple(path for path in unread if want.json[path] not in ("", None) or before.get(path) not in ("", None))
    outcome = Outcome.UNVERIFIED if matter else Outcome.APPLIED
    return Attempt(outcome, None, sent, matter, written=True)


def _differing(live: Form, want: Form) -> tuple[str, ...]:
    """The fields that read back otherwise, without those that cannot be read."""
    holes = {path: want.json[path] for path, value in live.json.items() if value is None and path in want.json}
    changes = field_changes(Form({**live.json, **holes}, live.secrets), want)
    return tuple(change.path for change in changes)


def _readable_equal(live: Json, other: Json | None) -> bool:
    """Whether two masked forms agree wherever both are known."""
    if other is None or live.get("type") != other.get("type"):
        return False
    return all(other.get(path) is None or other.get(path) == value for path, value in live.items() if value is not None)


def _now(live: Form, before: Json | None) -> str:
    """Name what differs, masked."""
    if before is None:
        return f"it is {live.json['type']} now"
    if live.json["type"] != before.get("type"):
        return f"it was {before.get('type')}, and is {_brief(live.json)}"
    known = {path: value if value is not None else before.get(path) for path, value in live.json.items()}
    changes = field_changes(Form(before), Form(known))
    if not changes:
        return "a sensitive value of it is another one now"
    return "; ".join(f"{item.path} was {_short(item.before)}, is {_short(item.after)}" for item in changes[:4])


def _brief(live: Json) -> str:
    """A forwarding of another type in a few words: its type, and where the calls go."""
    goes_to = next((live[path] for path in ("url", "sip_uri", "static_ip") if live.get(path)), None)
    goes_to = goes_to or ", ".join(target["to"] for target in live.get("targets") or ())
    return f"{live['type']} {goes_to}".strip()


def _short(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST_SHOWN else text[: _LONGEST_SHOWN - 3] + "..."
