"""One change at one vendor: look again, send, and prove it by reading back.

Never repeats a write of which it is not known whether it took effect, and sends nothing on a look that is older than
`FRESH_SECONDS` when the request leaves. Knows no record, no windows, no other changes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from reconciler.apply.journal import Attempt
from reconciler.canonical import URL_FIELDS, Form, Json, dump, form, hidden_in, hidden_paths, is_empty, is_off
from reconciler.clock import Clock
from reconciler.diff import field_changes
from reconciler.http.errors import Forbidden, NotOwned, ProviderError, Rejected, Unauthorized, Withheld
from reconciler.model import Action, Change, Key, LiveSource, Observation, Outcome, Value
from reconciler.plan.candidate import PlanContext, agrees_with_any, still_hidden
from reconciler.plan.notes import what_moved
from reconciler.providers.base import Provider, Write
from reconciler.secrets import MASK, SecretError, Secrets, variables

FRESH_SECONDS = 30.0
SETTLE_SECONDS = 30.0
READ_BACK_WAITS = (0.0, 1.5, 3.5)
_LONGEST_PAUSE = 30.0
_MOST_LOOKS = 3
_FINAL = (Rejected, NotOwned, Forbidden, Unauthorized)  # a vendor's word that waiting would not have changed
_SETTLED = "the next apply reads the number first, and settles it"


@dataclass(frozen=True, slots=True)
class LiveReading:
    """What a read showed; `since` is its start on the monotonic clock, which nobody sets back."""

    observation: Observation
    since: float


@dataclass(frozen=True, slots=True)
class RecordedValues:
    """What the record keeps of a number: digests of its entry, and the values of writes that are not settled."""

    digests: Mapping[str, str] = field(default_factory=dict)
    unsettled: tuple[Form, ...] = ()


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes changes of one account.

    `seen` holds reads that may still be fresh, `kept` what the record has of each number. For
    `settle_seconds` an accepted write may read as before.
    """

    provider: Provider
    clock: Clock
    context: PlanContext
    overrides: frozenset[str] = frozenset()
    seen: Mapping[Key, LiveReading] = field(default_factory=dict)
    kept: Mapping[Key, RecordedValues] = field(default_factory=dict)
    settle_seconds: float = SETTLE_SECONDS

    def write(self, changes: Sequence[Change], blocked_reason: Callable[[], str] = lambda: "") -> list[Attempt]:
        """Write changes of equal value: one, or a batch where the vendor takes one.

        `blocked_reason` says why nothing more may be sent: it is asked whenever a request is about to leave.
        """
        try:
            writes = [
                Write(change.key.number, resolve_templates(_wanted(change), self.context.secrets)) for change in changes
            ]
        except SecretError as error:
            return [Attempt(Outcome.FAILED, str(error), cause="SecretError", code="secret-missing") for _ in changes]
        if self.provider.capabilities.readable:
            return [self._proven(change, write, blocked_reason) for change, write in zip(changes, writes, strict=True)]
        return self._batch(writes, blocked_reason)

    def read_fresh(self, change: Change) -> LiveReading:
        """The live value of a number, read now unless a read is fresh; raises ProviderError."""
        known = self.seen.get(change.key)
        if known is not None and known.observation.value is not None and self.is_fresh(known):
            return known
        since = self.clock.monotonic()
        return LiveReading(self.provider.read(change.key.number), since)

    def is_fresh(self, known: LiveReading) -> bool:
        """Whether a write may still stand on what was seen."""
        return self.clock.monotonic() - known.since <= FRESH_SECONDS

    def moved_reason(self, change: Change, seen: Observation) -> str | None:
        """Say how the live value differs from the one that the change was made from, or None."""
        if seen.value is None:
            return "it can no longer be read"
        live = self._live(change, seen.value, seen)
        if change.live_digest:
            return None if live.digest(self.context.digester) == change.live_digest else what_moved(live, change.before)
        if change.before is None and change.live_source is LiveSource.UNKNOWN:
            harmless = is_off(live.json) or live.agrees(Form(change.after or {}))
            return None if harmless else "it has a live forwarding that is not in the record; use --refresh all"
        recorded = Form(change.before or {}, self._kept(change).digests)
        return None if self._agrees(live, recorded) else f"{what_moved(live, change.before)}; use --refresh all"

    def refusal_reason(self, change: Change, seen: Observation) -> Attempt | None:
        """Why a change may not be written over what was just seen, or None."""
        why = self.moved_reason(change, seen)
        if why is not None:
            told = f"not written: it has changed since the plan: {why}"
            return Attempt(Outcome.SKIPPED, told, code="plan-stale", hint="make a new plan")
        if seen.unwritable and change.action is not Action.DELETE and "unwritable-fields" not in self.overrides:
            names = ", ".join(sorted(seen.unwritable))
            why = f"not written: {names} may be lost; --override unwritable-fields allows it"
            return Attempt(Outcome.SKIPPED, why)
        return None

    def _live(self, change: Change, value: Value, seen: Observation) -> Form:
        hidden = hidden_paths(change.write) if change.write is not None else frozenset()
        hidden = still_hidden(hidden, value, [change.before or {}]) | hidden_in(change.before or {})
        return form(value, holds=self.context.secrets.holds, unreadable=seen.unreadable, hidden_paths=hidden)

    def _kept(self, change: Change) -> RecordedValues:
        return self.kept.get(change.key, RecordedValues())

    def _agrees(self, live: Form, *others: Form) -> bool:
        return agrees_with_any(live.with_digests(self.context.digester), others, self.context.today)

    def _proven(self, change: Change, write: Write, blocked_reason: Callable[[], str]) -> Attempt:
        gate = _Gate(self, change, blocked_reason)
        try:
            gate.enter()
        except Withheld:
            return gate.verdict
        except ProviderError as error:
            return Attempt.failed(error, 0, message=f"not written: it cannot be read: {error}")
        return replace(self._send(change, write, gate), lost=gate.lost)

    def _send(self, change: Change, write: Write, gate: _Gate) -> Attempt:
        """Send, and send again only after reads proved that the first one did not take effect."""
        sent = 0
        for last in (False, True):
            try:
                sent += self.provider.write([write], gate)
            except ProviderError as error:
                sent += error.attempts
                if not error.may_have_taken_effect:
                    return gate.without_effect(error, sent)
                attempt = self._after_doubt(change, write, error, sent)
                if attempt is not None and (last or attempt.outcome is not Outcome.FAILED or attempt.written):
                    return attempt
            else:
                return self._read_back(change, write, sent, accepted=True)
        raise AssertionError("the last attempt always returns")

    def _after_doubt(self, change: Change, write: Write, error: ProviderError, sent: int) -> Attempt | None:
        """Learn by reading what a write did that timed out or was cut off."""
        attempt = self._read_back(change, write, sent, accepted=False)
        if attempt.outcome is Outcome.FAILED and not attempt.written:
            return Attempt.failed(error, sent, message=f"it did not take effect: {error}")
        if attempt.outcome is Outcome.UNKNOWN:
            return Attempt.failed(error, sent, outcome=Outcome.UNKNOWN, message=f"{error}; {attempt.error}")
        return attempt

    def _read_back(self, change: Change, write: Write, sent: int, *, accepted: bool) -> Attempt:
        """Read until the value shows, or shows that it is another.

        A read that shows the very value of before says something of the reader: it is asked again until reads cannot
        lag any more. Then a write that the vendor accepted is in doubt, and one that it did not has had no effect.
        """
        want, started = form(write.value), self.clock.monotonic()
        last_error: ProviderError | None = None
        differing: tuple[str, ...] = ()
        old = False
        for turn, wait in enumerate(self._waits(started)):
            if turn >= len(READ_BACK_WAITS) and not old:
                break
            if not self.clock.interrupted.is_set():
                self.clock.sleep(wait)
            try:
                seen = self.provider.read(write.number)
            except ProviderError as error:
                last_error = error
                continue
            if seen.value is None:
                continue
            last_error, live = None, form(seen.value, unreadable=seen.unreadable)
            differing, old = _differing(live, want), self._is_old(change, seen.value, seen)
            if not differing:
                return _equal(change, want, live, sent)
        if last_error is not None or not differing:
            why = f"it could not be read back: {last_error}" if last_error else "it could not be read back"
            return _in_doubt(why, sent, cause="UnreadBack")
        if not old:
            return _otherwise(differing, sent)
        lagged = self.clock.monotonic() - started
        if accepted or lagged < self.settle_seconds:
            why = "it was accepted, but" if accepted else "it"
            return _in_doubt(f"{why} still shows the old value after {lagged:.0f} s", sent, cause="NotSeenYet")
        return Attempt(Outcome.FAILED, "it still shows the old value", sent, cause="NoEffect")

    # docs/decisions/093
    def _waits(self, started: float) -> Iterator[float]:
        """Pauses before each look: three within five seconds, then longer and longer ones until reads cannot lag."""
        yield from READ_BACK_WAITS
        pause = READ_BACK_WAITS[-1]
        while not self.clock.interrupted.is_set():
            left = self.settle_seconds - (self.clock.monotonic() - started)
            if left <= 0:
                return
            pause = min(pause * 1.5, _LONGEST_PAUSE)
            yield min(pause, left)

    def _is_old(self, change: Change, value: Value, seen: Observation) -> bool:
        """Whether a read shows the very value of before, or one that an earlier write was to leave there."""
        older = self._kept(change).unsettled
        return self.moved_reason(change, seen) is None or self._agrees(self._live(change, value, seen), *older)

    def _batch(self, writes: Sequence[Write], blocked_reason: Callable[[], str]) -> list[Attempt]:
        """Write what cannot be read back; a rejected batch is halved until the culprit stands alone."""
        gate = _Gate(self, None, blocked_reason)
        try:
            sent = self.provider.write(writes, gate)
        except (Rejected, NotOwned, Forbidden) as error:
            if len(writes) == 1:
                return [Attempt.failed(error, error.attempts)]
            middle = len(writes) // 2
            return [each for half in (writes[:middle], writes[middle:]) for each in self._batch(half, blocked_reason)]
        except ProviderError as error:
            if error.may_have_taken_effect:
                return [Attempt.failed(error, error.attempts, outcome=Outcome.UNKNOWN)] * len(writes)
            return [gate.without_effect(error, error.attempts)] * len(writes)
        unread = tuple(path for path in form(writes[0].value).json if path != "type")
        return [Attempt(Outcome.UNVERIFIED, None, sent, unread, written=True)] * len(writes)


class _Gate:
    """What one write stands on: nothing speaks against sending, and a look at the number that is fresh.

    `change` is None where the vendor cannot be looked at. `verdict` says why the gate was closed, `lost` which values a
    write may reset that cannot be written.
    """

    def __init__(self, writer: Writer, change: Change | None, blocked_reason: Callable[[], str]) -> None:
        self._writer = writer
        self._change = change
        self._blocked_reason = blocked_reason
        self._seen: LiveReading | None = None
        self.verdict = Attempt(Outcome.SKIPPED)
        self.lost: Mapping[str, object] = {}

    def enter(self) -> None:
        """Look again where the last look is too old; raises Withheld, and ProviderError where that cannot be done."""
        for _ in range(_MOST_LOOKS):
            if why := self._blocked_reason():
                self._close(Attempt(Outcome.SKIPPED, why))
            if self._is_fresh():
                return
            self._read_again()
        self._close(Attempt(Outcome.SKIPPED, "not written: each read of it took too long to rely on"))

    def is_open(self) -> bool:
        return self._is_fresh() and not self._blocked_reason()

    def without_effect(self, error: ProviderError, sent: int) -> Attempt:
        """What came of a write that surely had no effect."""
        if isinstance(error, Withheld):
            return replace(self.verdict, attempts=sent)
        if not isinstance(error, _FINAL) and (why := self._blocked_reason()):
            return Attempt(Outcome.SKIPPED, why, sent)
        return Attempt.failed(error, sent)

    def _is_fresh(self) -> bool:
        return self._change is None or (self._seen is not None and self._writer.is_fresh(self._seen))

    def _read_again(self) -> None:
        if self._change is None:
            return
        seen = self._writer.read_fresh(self._change)
        if (prevented := self._writer.refusal_reason(self._change, seen.observation)) is not None:
            self._close(prevented)
        holds, values = self._writer.context.secrets.holds, seen.observation.unwritable
        self._seen, self.lost = seen, {path: MASK if holds(dump(kept)) else kept for path, kept in values.items()}

    def _close(self, verdict: Attempt) -> None:
        self.verdict = verdict
        raise Withheld(verdict.error or "", attempts=0)


def _in_doubt(why: str, sent: int, *, cause: str) -> Attempt:
    return Attempt(Outcome.UNKNOWN, why, sent, cause=cause, written=True, code="read-back", hint=_SETTLED)


def _otherwise(differing: Sequence[str], sent: int) -> Attempt:
    return Attempt(
        Outcome.FAILED,
        f"reads back differently from what was written: {', '.join(differing)}",
        sent,
        cause="ReadBackDiffers",
        written=True,
        code="read-back",
        hint="run reconciler plan: it shows the live values",
    )


def resolve_templates(value: Value, secrets: Secrets) -> Value:
    """Fill the templates of a value for the wire; raises SecretError."""
    texts = {path: getattr(value, path, "") for path in URL_FIELDS}
    filled: dict[str, Any] = {path: secrets.resolve(text) for path, text in texts.items() if variables(text)}
    return replace(value, **filled) if filled else value


def _wanted(change: Change) -> Value:
    if change.write is None:
        raise ValueError("a plan's changes are decided from the configuration before they are applied")
    return change.write


def _equal(change: Change, want: Form, live: Form, sent: int) -> Attempt:
    """Read back equal; fields that cannot be read are named where they matter."""
    before: Json = change.before or {}
    unread = [path for path in live.unknown if path in want.json]
    matter = tuple(path for path in unread if not (is_empty(want.json[path]) and is_empty(before.get(path))))
    outcome = Outcome.UNVERIFIED if matter else Outcome.APPLIED
    return Attempt(outcome, None, sent, matter, written=True)


def _differing(live: Form, want: Form) -> tuple[str, ...]:
    """The fields that read back otherwise, without those that cannot be read."""
    return tuple(change.path for change in field_changes(live.filled_from(want), want))
