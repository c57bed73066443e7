"""What can go wrong with the outside world, as every vendor and every record over HTTP says it.

    ProviderError                    the outside world failing; caught in `live` and `apply` only
    ├── SecretMissing                a secret of the account cannot be had; nothing was sent
    ├── HostRefused                  the credential may not be sent there; nothing was sent
    ├── Withheld                     the run itself does not want the request sent any more
    ├── Unauthorized                 the credential was refused (401)
    ├── LoginRequired                an OAuth login by a person is needed
    ├── TokenStoreError              where tokens are kept cannot be used; nothing was sent
    ├── Forbidden                    the credential may not do this (403)
    ├── NotOwned                     the number is not this account's
    ├── RateLimited                  429 to the end of all attempts
    ├── Rejected                     the vendor understood and refused: nothing was written
    ├── Unavailable                  cannot be reached, 5xx, cut off
    │   └── TimedOut                 no answer in time
    └── UnexpectedResponse           an answer that is none of the documented ones

Knows no request and no vendor.
"""

from __future__ import annotations

from typing import ClassVar


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


class SecretMissing(ProviderError):
    """A secret of the account cannot be had from its `source`; nothing was sent."""

    code = "secret-missing"

    def __init__(self, message: str, *, hint: str | None, source: object) -> None:
        super().__init__(message, hint=hint)
        self.source = source


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


class TokenStoreError(ProviderError):
    """The store of tokens cannot be used; nothing was sent to the vendor."""

    code = "provider-token-store"


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
