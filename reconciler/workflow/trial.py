"""A configuration tried out in a sandbox: what the sandbox must own for it, and the environment that leads there.

Knows no vendor, no options of a command line and no output.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from reconciler.canonical import URL_FIELDS
from reconciler.config.phones import is_sip_id
from reconciler.model import Desired, NumberForwarding
from reconciler.sandbox import Sandbox
from reconciler.sandbox.needs import Needs, own
from reconciler.secrets import SecretRef, variables
from reconciler.settings import Account, CallService, Configuration
from reconciler.wiring import SANDBOX, in_sandbox

_RECORD_KEY = "the-record-key-of-a-sandbox-and-of-nothing-else"


def needs_of(sandbox: Sandbox, configurations: Sequence[Configuration]) -> tuple[Needs, ...]:
    """What each account of a configuration, which comes first, and of its scenarios needs; raises ProviderError."""
    moved = in_sandbox(configurations[0], {SANDBOX: sandbox.url})
    blocks = [item for each in configurations for item in each.desired]
    return tuple(
        _needs(account, [item for item in blocks if item.account == name]) for name, account in moved.accounts.items()
    ) + tuple(map(_needs_of_calls, moved.calls.values()))


def try_out(sandbox: Sandbox, needs: Sequence[Needs], configurations: Sequence[Configuration]) -> Mapping[str, str]:
    """Furnish a sandbox, and return the variables under which commands on the configuration work with it."""
    found = {SANDBOX: sandbox.url, "RECONCILER_RECORD_KEY": _RECORD_KEY, **own(sandbox, needs)}
    return found | {f"RECONCILER_VAR_{name}": f"sandbox-value-of-{name}" for name in _variables(configurations)}


def _needs(account: Account, blocks: Sequence[Desired]) -> Needs:
    names: tuple[str, ...] = getattr(account.options, "_fields", ())
    options = dict(zip(names, account.options, strict=False))
    secrets = {name: given.env for name, given in options.items() if isinstance(given, SecretRef) and given.env}
    redirect_uri = options.get("redirect_uri")
    values = [item.value for item in blocks if isinstance(item.value, NumberForwarding)]
    sip_ids = {target.to for value in values for target in value.targets if is_sip_id(target.to)}
    media = {file for value in values for file in (value.file_to_a, value.file_to_b) if file}
    return Needs(
        account=account.name,
        provider=account.provider,
        secrets=secrets,
        owner=account.owner,
        redirect_uri=redirect_uri if isinstance(redirect_uri, str) else None,
        numbers=tuple(dict.fromkeys(item.key.number for item in blocks)),
        sip_ids=tuple(sorted(sip_ids)),
        media=tuple(sorted(media)),
    )


def _needs_of_calls(service: CallService) -> Needs:
    secrets = {name: given.env for name, given in service.options.items() if isinstance(given, SecretRef) and given.env}
    login, number = (service.options.get(name) for name in ("login", "virtual_phone_number"))
    return Needs(
        account=service.name,
        provider=service.provider,
        secrets=secrets,
        owner=login if isinstance(login, str) else None,
        numbers=(number,) if isinstance(number, str) else (),
    )


def _variables(configurations: Sequence[Configuration]) -> Iterator[str]:
    values = [item.value for each in configurations for item in each.desired]
    templates = (getattr(value, name, "") for value in values for name in URL_FIELDS)
    yield from dict.fromkeys(name for template in templates for name in variables(template))
