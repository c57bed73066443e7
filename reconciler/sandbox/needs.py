"""Gives a sandbox what accounts of a configuration need: numbers, applications, SIP IDs, audio files and secrets.

Must not know what a configuration is; the needs of its accounts are handed in.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import NAMESPACE_URL, uuid5

from reconciler.sandbox.sandbox import Sandbox


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """What one account needs. `secrets`: by the field of the account, the variable that it comes from."""

    account: str
    provider: str
    secrets: Mapping[str, str]
    owner: str | None = None
    redirect_uri: str | None = None
    numbers: tuple[str, ...] = ()
    sip_ids: tuple[str, ...] = ()
    media: tuple[str, ...] = ()


def own(sandbox: Sandbox, needs: Iterable[Needs]) -> dict[str, str]:
    """Own what accounts need, and return the values of the variables that their secrets come from."""
    variables: dict[str, str] = {}
    for each in needs:
        values = _OWNERS.get(each.provider, _exolve)(sandbox, each)
        variables |= {each.secrets[field]: value for field, value in values.items() if field in each.secrets}
    return variables


def _mtt(sandbox: Sandbox, needs: Needs) -> dict[str, str]:
    """All accounts are one customer, with one integration."""
    sandbox.mtt.add_numbers(needs.numbers)
    oauth = sandbox.mtt.oauth
    oauth.redirect_uri = needs.redirect_uri or oauth.redirect_uri
    return {
        "client_id": oauth.client_id,
        "client_secret": oauth.client_secret,
        "refresh_token": sandbox.refresh_token,
    }


def _exolve(sandbox: Sandbox, needs: Needs) -> dict[str, str]:
    """Each key opens an application of its own; accounts whose keys come from one variable share it."""
    key = f"sandbox-{needs.secrets['api_key'].lower()}"
    uuid = needs.owner or str(uuid5(NAMESPACE_URL, key))
    application = sandbox.exolve.inventory.applications.get(key) or sandbox.exolve.add_application(
        needs.account, api_key=key, uuid=uuid
    )
    sandbox.exolve.add_numbers(needs.numbers, application)
    sandbox.exolve.add_sip_ids(needs.sip_ids, application)
    sandbox.exolve.add_media(needs.media, application)
    return {"api_key": key}


def _telphin(sandbox: Sandbox, _needs: Needs) -> dict[str, str]:
    """All services are one customer's application."""
    return {"client_id": sandbox.telphin.client_id, "client_secret": sandbox.telphin.client_secret}


def _uis(sandbox: Sandbox, needs: Needs) -> dict[str, str]:
    """All services are one customer; the number that calls come from is rented."""
    sandbox.uis.virtual_numbers |= set(needs.numbers)
    sandbox.uis.login = needs.owner or sandbox.uis.login
    return {"access_token": sandbox.uis.key, "password": sandbox.uis.password}


_OWNERS = {"mtt": _mtt, "telphin": _telphin, "uis": _uis}
