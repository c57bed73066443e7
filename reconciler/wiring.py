"""The composition root: a configuration becomes a session with its record, its providers, its secrets and its clock.

The only place that knows how the parts are put together; it decides nothing about numbers.
"""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from reconciler.clock import Clock, SystemClock, rfc3339
from reconciler.http.calls import OnCall, unheard
from reconciler.http.errors import HostRefused, ProviderError, SecretMissing
from reconciler.plan.candidate import PlanContext
from reconciler.providers.base import Provider
from reconciler.providers.opening import open_provider, opening_of
from reconciler.providers.table import PROVIDERS
from reconciler.providers.vendor import Opening, sandbox_secret
from reconciler.record import digest_key, open_record, open_tokens
from reconciler.record.base import Record, RecordError, Run, Waits
from reconciler.record.locks import user
from reconciler.secrets import Digester, SecretError, SecretRef, Secrets
from reconciler.settings import Account, CallService, Configuration, RecordSettings

if TYPE_CHECKING:
    from reconciler.record.tokens import HttpTexts, PostgresTexts


@dataclass(slots=True)
class Session:
    """Everything a command works with. Providers and the record are opened at first use; `close` gives all back.

    `on_wait` is told of pauses that a vendor asked for: seconds and reason; `on_record` what the record waits for, or
    takes for granted; `on_call` hears of every HTTP request.
    """

    configuration: Configuration
    secrets: Secrets
    clock: Clock
    ephemeral_record: bool = False
    on_wait: Callable[[float, str], None] = lambda _seconds, _reason: None
    on_record: Callable[[str], None] = lambda _text: None
    on_call: OnCall = unheard
    _providers: dict[str, Provider] = field(default_factory=dict)
    _record: Record | None = None
    _tokens: PostgresTexts | HttpTexts | None = None

    @property
    def record(self) -> Record:
        """The record; raises RecordError."""
        if self._record is None:
            settings = self.configuration.record
            self._record = open_record(
                settings,
                name=self.configuration.name,
                root=self.configuration.root,
                secrets=self.secrets,
                ephemeral=self.ephemeral_record,
                waits=self.waits,
            )
        return self._record

    @property
    def waits(self) -> Waits:
        """What waits for others are told by, and ended by."""
        return Waits(self._remark, self.clock, self.on_call)

    def _remark(self, text: str) -> None:
        self.on_record(text)

    def plan_context(self, *, reassert: bool = False, make_key: bool = True) -> PlanContext:
        """What decisions stand on; raises RecordError where the key for digests cannot be had.

        `make_key` makes the local record's key where there is none yet: for what is stored, not for a look.
        """
        settings, root = self.configuration.record, self.configuration.root
        key = digest_key(settings, root=root, secrets=self.secrets, make=make_key)
        try:
            digester = Digester.from_text(key)
        except SecretError as error:
            raise RecordError(str(error), hint=error.hint) from None
        return PlanContext(self.secrets, digester, reassert, self.today)

    def opening(self, account: str) -> Opening:
        """What an account is opened or logged in to with; raises ProviderError."""
        return opening_of(
            account,
            self.secrets.environ,
            clock=self.clock,
            on_wait=self.on_wait,
            tokens=self.tokens,
            on_call=self.on_call,
        )

    def provider(self, account: str) -> Provider:
        """An account's provider; raises ProviderError."""
        if account not in self._providers:
            settings = self.configuration.accounts.get(account)
            if settings is None:
                raise ProviderError(f"account {account} is not configured", hint=f"add it under `accounts.{account}`")
            try:
                self._providers[account] = open_provider(settings, self.secrets, self.opening(account))
            except SecretError as error:
                raise SecretMissing(str(error), hint=error.hint, source=error.reference) from None
        return self._providers[account]

    def tokens(self) -> PostgresTexts | HttpTexts | None:
        """Where a shared record keeps tokens, None for the machine's own store; raises ProviderError."""
        if self._tokens is None:
            settings, name = self.configuration.record, self.configuration.name
            try:
                self._tokens = open_tokens(settings, name=name, secrets=self.secrets, waits=self.waits)
            except RecordError as error:
                raise ProviderError(str(error), hint=error.hint) from None
        return self._tokens

    def new_run(self, *, origin: str, commit: str | None) -> Run:
        """A run of this process, starting now."""
        return Run(
            id=uuid4().hex,
            started_at=rfc3339(self.clock.now()),
            user=user(),
            host=socket.gethostname(),
            pid=os.getpid(),
            origin=origin,
            commit=commit or "",
        )

    @property
    def today(self) -> date:
        """The day that has begun everywhere."""
        return _today(self.clock)

    def close(self) -> None:
        """Give back connections and files."""
        for provider in self._providers.values():
            provider.close()
        if self._record is not None:
            self._record.close()
        if self._tokens is not None:
            self._tokens.close()


SANDBOX = "RECONCILER_SANDBOX"
_ON_THIS_MACHINE = re.compile(r"http://(?:127\.0\.0\.1|localhost)(?::\d{1,5})?")


# docs/decisions/143
def in_sandbox(configuration: Configuration, environ: Mapping[str, str]) -> Configuration:
    """Put accounts and record where RECONCILER_SANDBOX says, on this machine; raises ProviderError.

    Where it is not set the configuration is as the files say. Nobody's budget of requests is spent in a sandbox.
    """
    address = environ.get(SANDBOX, "").rstrip("/")
    if not address:
        return configuration
    if not _ON_THIS_MACHINE.fullmatch(address):
        hint = f"set it as `reconciler sandbox --for DIR` says; to reach the vendors, unset {SANDBOX}"
        raise HostRefused(f"{SANDBOX} is not the address of a sandbox on this machine", hint=hint)
    accounts = {name: _moved(account, address) for name, account in configuration.accounts.items()}
    place = f"{address}/_sandbox/record"
    lock = {"lock_address": f"{place}/lock", "lock_method": "POST"}
    unlock = {"unlock_address": f"{place}/lock", "unlock_method": "DELETE"}  # else TF_HTTP_UNLOCK_ADDRESS would count
    record = RecordSettings("http", {"address": place, **lock, **unlock})
    calls = {name: _moved_calls(service, address) for name, service in configuration.calls.items()}
    name = configuration.name or "sandbox"
    return replace(configuration, name=name, accounts=accounts, calls=calls, record=record, sandbox=address)


def _moved(account: Account, address: str) -> Account:
    move = PROVIDERS[account.provider].in_sandbox
    if move is None:
        raise ProviderError(
            f"the sandbox does not imitate {account.provider}, where account {account.name} is", hint=f"unset {SANDBOX}"
        )
    return replace(move(account, address), rate=account.rate._replace(per_second=0))


def _moved_calls(service: CallService, address: str) -> CallService:
    options = {
        key: sandbox_secret(value, service.name, key) if isinstance(value, SecretRef) else value
        for key, value in service.options.items()
    }
    return service._replace(base_url=f"{address}/{service.provider}", options=options)


def _today(clock: Clock) -> date:
    """The day that has begun everywhere: whichever zone a vendor counts in, it is not in the past there."""
    return (datetime.fromtimestamp(clock.now(), UTC) - timedelta(hours=12)).date()


def open_session(
    configuration: Configuration,
    environ: Mapping[str, str],
    *,
    local_secrets: bool = False,
    ephemeral_record: bool = False,
    clock: Clock | None = None,
) -> Session:
    """Put a session together; opens nothing yet. Raises ProviderError where it cannot be in the sandbox that is set."""
    configuration = in_sandbox(configuration, environ)
    secrets = Secrets(environ, local_secrets or environ.get("RECONCILER_TRUSTED") == "1", Path(configuration.root))
    secrets.learn(configuration.secret_references)
    return Session(configuration, secrets, clock or SystemClock(), ephemeral_record)
