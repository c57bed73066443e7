"""Accounts of the sandbox's vendors, and what the sandbox holds as values of the model, spelled out by hand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.clock import SystemClock
from reconciler.diagnostics import Location
from reconciler.http.budget import Patience, silent
from reconciler.http.calls import unheard
from reconciler.model import (
    NoForwarding,
    NumberForwarding,
    Parking,
    Redirect,
    SipForwarding,
    Target,
    TrunkForwarding,
    UrlForwarding,
    Value,
)
from reconciler.providers.exolve import EXOLVE
from reconciler.providers.exolve.account import ExolveOptions
from reconciler.providers.mtt import MTT
from reconciler.providers.mtt.account import MttOptions
from reconciler.providers.vendor import Opening
from reconciler.sandbox import Sandbox
from reconciler.secrets import SecretRef, Secrets
from reconciler.settings import Account, Rate

_PLACE = Location("reconciler.yaml", 1, 1, 1, 1)
_UNLIMITED = Rate(per_second=0, concurrency=8)
_REDIRECTS = {1: Redirect.SINGLE, 2: Redirect.SEQUENTIAL, 3: Redirect.PARALLEL}


def opening(patience: Patience | None = None) -> Opening:
    return Opening(SystemClock(), silent, patience or Patience(), lambda: None, unheard)


def exolve_account(sandbox: Sandbox, *, application: bool = True) -> Account:
    return Account(
        "sales",
        "exolve",
        sandbox.exolve_url,
        _PLACE,
        EXOLVE.capabilities,
        rate=_UNLIMITED,
        options=ExolveOptions(SecretRef(env="EXOLVE_API_KEY"), sandbox.application if application else None),
    )


def mtt_account(sandbox: Sandbox) -> Account:
    return Account(
        "office",
        "mtt",
        sandbox.mtt_url,
        _PLACE,
        MTT.capabilities,
        rate=_UNLIMITED,
        options=MttOptions(
            client_id=SecretRef(env="MTT_CLIENT_ID"),
            client_secret=SecretRef(env="MTT_CLIENT_SECRET"),
            refresh_token=SecretRef(env="MTT_REFRESH_TOKEN"),
            redirect_uri=sandbox.redirect_uri,
            oauth_url=sandbox.oauth_url,
        ),
    )


def secrets_of(sandbox: Sandbox, **more: str) -> Secrets:
    return Secrets(
        {
            "EXOLVE_API_KEY": sandbox.api_key,
            "MTT_CLIENT_ID": sandbox.client_id,
            "MTT_CLIENT_SECRET": sandbox.client_secret,
            "MTT_REFRESH_TOKEN": sandbox.refresh_token,
            **more,
        }
    )


def held_forwarding(sandbox: Sandbox, number: str) -> Value | None:
    """What the sandbox stores of a number, None where it has none of it."""
    if number not in sandbox.exolve.numbers:
        return None
    stored = sandbox.exolve.forwarding(number)
    if not stored:
        return NoForwarding()
    match stored:
        case {"call_forwarding_sip": {"sip_uri": uri}}:
            return SipForwarding(uri)
        case {"call_forwarding_ipcr": ipcr}:
            return UrlForwarding(ipcr["url"], ipcr.get("reserve", ""))
        case {"call_forwarding_static": static}:
            did = str(static["did"]) if static.get("did") else ""
            return TrunkForwarding(static["static_ip"], static["port"], static["timeout"], did)
        case {"call_forwarding_number": number_body}:
            return _number(number_body)
    raise AssertionError(f"the sandbox stores {stored}")


def held_parking(sandbox: Sandbox, number: str) -> Value | None:
    """Whether the sandbox holds a number parked, None where it has none of it."""
    return Parking(sandbox.mtt.parked(number)) if number in sandbox.mtt.numbers else None


def _number(body: Mapping[str, Any]) -> NumberForwarding:
    return NumberForwarding(
        redirect=_REDIRECTS[body["redirect_type"]],
        targets=tuple(_target(control) for control in body["call_control"]),
        event_url=body.get("event_url", ""),
        event_extended=body.get("event_extended", False),
        client_id=body.get("client_id", ""),
        file_to_a=body.get("file_to_a", ""),
        file_to_b=body.get("file_to_b", ""),
        masking=body.get("masking", False),
        display_number=body.get("display_number", ""),
    )


def _target(control: Mapping[str, Any]) -> Target:
    return Target(
        to=control["redirect_number"],
        timeout=control["timeout"],
        periods=(control["period"],) if "period" in control else (),
        schedule_description=control.get("period_description", ""),
        name=control.get("name", ""),
        active=control.get("active", False),
    )
