"""Opens a service of live calls by its name: one under `calls`, or an account whose provider has methods for calls.

Nothing of a plan or an apply is here, and neither imports this.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from reconciler.calls.base import CallError, Calls, UndeclaredError
from reconciler.calls.telphin import HOSTS as TELPHIN_HOSTS
from reconciler.calls.telphin import Login, TelphinCalls
from reconciler.calls.uis import HOSTS as UIS_HOSTS
from reconciler.calls.uis import Access, UisCalls
from reconciler.config.validation import did_you_mean
from reconciler.http.budget import Budget
from reconciler.http.client import HttpClient
from reconciler.providers.table import PROVIDERS
from reconciler.providers.vendor import Opening
from reconciler.secrets import SecretRef, Secrets
from reconciler.settings import CallService, Configuration
from reconciler.wiring import Session

_PER_SECOND = 5.0


def services_of(configuration: Configuration) -> dict[str, str]:
    """The names of all services of live calls, with their providers."""
    accounts = {
        name: account.provider
        for name, account in configuration.accounts.items()
        if PROVIDERS[account.provider].open_calls is not None
    }
    return {name: service.provider for name, service in configuration.calls.items()} | accounts


def chosen(configuration: Configuration, name: str | None) -> str:
    """The service that is meant: the named one, or the only one; raises CallError."""
    known = services_of(configuration)
    if name is not None and name not in known:
        hint = did_you_mean(name, known) or "declare it under `calls` in reconciler.yaml"
        raise UndeclaredError(f"there is no service of live calls named {name!r}", hint=hint)
    if name is not None:
        return name
    if len(known) == 1:
        return next(iter(known))
    if not known:
        hint = "declare one under `calls` in reconciler.yaml, such as `pbx: {provider: telphin, …}`"
        raise UndeclaredError("no service of live calls is declared", hint=hint)
    raise CallError("several services of live calls are declared", hint=f"add --via: {', '.join(known)}")


def open_calls(session: Session, name: str) -> Calls:
    """Open a service; sends nothing. Raises ProviderError and SecretError."""
    configuration, opening = session.configuration, session.opening(name)
    service = configuration.calls.get(name)
    if service is not None:
        return _OPENERS[service.provider](service, session.secrets, opening)
    account = configuration.accounts[name]
    opened = PROVIDERS[account.provider].open_calls
    if opened is None:
        raise AssertionError("only services are opened")
    return opened(account, session.secrets, opening)


def _telphin(service: CallService, secrets: Secrets, opening: Opening) -> Calls:
    http = _http(service, secrets, opening, peer="Telphin", trusted=TELPHIN_HOSTS)
    client_id, client_secret = (_secret(service, secrets, each) for each in ("client_id", "client_secret"))
    login = Login(http, client_id, client_secret, secrets=secrets, clock=opening.clock)
    return TelphinCalls(http, login, client=str(service.options["client"]))


def _uis(service: CallService, secrets: Secrets, opening: Opening) -> Calls:
    http = _http(service, secrets, opening, peer="UIS", trusted=UIS_HOSTS)
    access = Access(
        _secret(service, secrets, "access_token"),
        str(service.options.get("login", "")),
        _secret(service, secrets, "password"),
    )
    number = str(service.options.get("virtual_phone_number", ""))
    return UisCalls(http, access, secrets=secrets, virtual_phone_number=number)


_OPENERS: Mapping[str, Callable[[CallService, Secrets, Opening], Calls]] = {"telphin": _telphin, "uis": _uis}


def _http(
    service: CallService, secrets: Secrets, opening: Opening, *, peer: str, trusted: tuple[str, ...]
) -> HttpClient:
    budget = Budget(
        per_second=_PER_SECOND, concurrency=1, clock=opening.clock, on_wait=opening.on_wait, on_call=opening.on_call
    )
    return HttpClient(
        service.base_url,
        peer=peer,
        setting=f"calls.{service.name}.base_url",
        trusted=trusted,
        budget=budget,
        secrets=secrets,
        clock=opening.clock,
        patience=opening.patience,
    )


def _secret(service: CallService, secrets: Secrets, key: str) -> str:
    given = service.options.get(key)
    return secrets.get(given) if isinstance(given, SecretRef) else ""
