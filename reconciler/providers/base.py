"""What every vendor looks like to the rest: a protocol, and the tree of errors.

    ProviderError                    the outside world failing; caught in `live` and `apply` only
    ├── HostRefused                  the credential may not be sent there; nothing was sent
    ├── Withheld                     the run itself does not want the request sent any more
    ├── Unauthorized                 the credential was refused (401)
    ├── LoginRequired                an OAuth login by a person is needed
    ├── Forbidden                    the credential may not do this (403)
    ├── NotOwned                     the number is not this account's
    ├── RateLimited                  429 to the end of all attempts
    ├── Rejected                     the vendor understood and refused: nothing was written
    ├── Unavailable                  cannot be reached, 5xx, cut off
    │   └── TimedOut                 no answer in time
    └── UnexpectedResponse           an answer that is none of the documented ones

Knows no vendor, no YAML, no record.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol

from reconciler.config.settings import Capabilities
from reconciler.model import Observation, Value


class ProviderError(Exception):
    """A vendor failed. `str(error)` is one clean sentence without secrets; `hint` says what to do.

    `may_have_taken_effect`: for a write, whether the vendor may have done it all the same.
    `attempts` is how many requests were sent. `cause_key` groups like failures (three in a row stop an account).
    """

    code: ClassVar[str] = "provider-error"

    def __init__(
        self, message: str, *, hint: str | None = None, may_have_taken_effect: bool = False, attempts: int = 1
    ) -> None:
        super().__init__(message)
        self.hint = hint
        self.may_have_taken_effect = may_have_taken_effect
        self.attempts = attempts

    @property
    def cause_key(self) -> str:
        return type(self).__name__


class HostRefused(ProviderError):
    """A credential may not be sent to that address; nothing was sent."""

    code = "provider-host-refused"


class Withheld(ProviderError):
    """A request was not sent, or not again: what it stood on is not so any more; whoever closed the gate knows why."""


class Unauthorized(ProviderError):
    """The credential was refused (401)."""

    code = "provider-unauthorized"


class LoginRequired(ProviderError):
    """A person must log in (again): no token, or an expired refresh token."""

    code = "provider-login-required"


class Forbidden(ProviderError):
    """The credential may not do this (403)."""

    code = "provider-forbidden"


class NotOwned(ProviderError):
    """The number does not belong to this account or application."""

    code = "provider-not-owned"


class RateLimited(ProviderError):
    """429 to the end of all attempts; nothing was done."""

    code = "provider-rate-limited"


class Rejected(ProviderError):
    """The vendor understood the request and refused it; nothing was written."""

    code = "provider-rejected"


class Unavailable(ProviderError):
    """The vendor cannot be reached, answered 5xx, or the connection was cut."""

    code = "provider-unavailable"


class TimedOut(Unavailable):
    """No answer in time."""

    code = "provider-timeout"


class UnexpectedResponse(ProviderError):
    """An answer that is none of the documented ones."""

    code = "provider-unexpected-response"


class Gate(Protocol):
    """What a write stands on, asked each time that a request is about to leave: a pause may have made it untrue."""

    def enter(self) -> None:
        """Make sure of it, which may take requests of its own; raises ProviderError, Withheld where it is not so."""
        ...

    def is_open(self) -> bool:
        """Whether it is sure right now; asked again and again while a request waits for its turn."""
        ...


class OpenGate:
    """A gate for what stands on nothing."""

    def enter(self) -> None:
        """Let everything through."""

    def is_open(self) -> bool:
        return True


OPEN = OpenGate()


@dataclass(frozen=True, slots=True)
class Listing:
    """The numbers that an account owns.

    `numbers` maps each to the observation that the list itself decides, or to None where a read is needed.
    `complete` is False where paging broke off: then a number that is missing here is unknown, not absent;
    `problem` says why.
    """

    numbers: Mapping[str, Observation | None]
    complete: bool = True
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Probed:
    """What a probe found out: what was looked at, whether it is well, a sentence about it, and a remedy."""

    what: str
    ok: bool
    message: str
    hint: str | None = None


@dataclass(frozen=True, slots=True)
class Write:
    """What to write to one number; the value has its templates resolved."""

    number: str
    value: Value


class Provider(Protocol):
    """One account at one vendor. Safe to use from several threads."""

    name: str
    account: str
    capabilities: Capabilities

    def list_numbers(self) -> Listing:
        """Read the numbers of the account (paged); raises ProviderError where nothing can be had."""
        ...

    def read(self, number: str) -> Observation:
        """Read what a number does now; raises ProviderError."""
        ...

    def write(self, writes: Sequence[Write], gate: Gate = OPEN) -> int:
        """Write equal values to one or more numbers; return the attempts it took; raises ProviderError.

        `gate` is asked before each request that leaves, also when one is sent again after a pause.
        """
        ...

    def probe(self, values: Sequence[Value]) -> tuple[Probed, ...]:
        """Try the credential, the clock, and that what `values` point to exists; never raises ProviderError."""
        ...

    @property
    def calls_made(self) -> int:
        """Requests sent so far."""
        ...

    @property
    def concurrency(self) -> int:
        """How many threads may work on this account at once."""
        ...

    def seconds_for(self, calls: int) -> float:
        """How long so many calls take at this account's rate, without latency."""
        ...

    def close(self) -> None:
        """Give back connections."""
        ...
