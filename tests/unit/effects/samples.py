"""Small configurations and values for the tests of what callers notice; knows no YAML."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from reconciler.canonical import Json, form
from reconciler.model import (
    Desired,
    NoForwarding,
    NumberForwarding,
    Parking,
    Redirect,
    Target,
    TrunkForwarding,
    UrlForwarding,
    Value,
)
from reconciler.settings import Configuration
from tests.providers.memory import MemoryProvider
from tests.world import FORWARDING, PARKING, desired, phone, world

SINGLE, SEQUENTIAL, PARALLEL = Redirect.SINGLE, Redirect.SEQUENTIAL, Redirect.PARALLEL
WORK = "wd {mon-fri} hr {9-17}"
DESK, SPARE, THIRD = "74992223344", "74992223355", "74992223366"
NONE = NoForwarding()


def target(to: str | int, *periods: str, timeout: int = 20, active: bool = True) -> Target:
    """A target; a small number names a managed one."""
    return Target(phone(to) if isinstance(to, int) else to, timeout, periods, active=active)


def rings(
    *targets: Target | str | int, redirect: Redirect = SEQUENTIAL, display_number: str = "", file_to_a: str = ""
) -> NumberForwarding:
    made = tuple(each if isinstance(each, Target) else target(each) for each in targets)
    shown = bool(display_number)
    return NumberForwarding(redirect, made, file_to_a=file_to_a, masking=shown, display_number=display_number)


def url(reserve: str | int = "") -> UrlForwarding:
    return UrlForwarding("https://example.com/route", phone(reserve) if isinstance(reserve, int) else reserve)


def trunk(address: str) -> TrunkForwarding:
    return TrunkForwarding(address, 5060, 20)


def value_of(value: Value) -> Json:
    return form(value).json


def configured(values: Mapping[int, Value], accounts: Mapping[int, str] | None = None) -> Configuration:
    """A configuration of these numbers; `accounts` names those that are not of `sales`."""
    names = {index: (accounts or {}).get(index) for index in values}
    files: list[Desired] = [desired(index, value, names[index]) for index, value in values.items()]
    made = world(files)
    for name in {item.account for item in files}:
        parks = any(isinstance(item.value, Parking) for item in files if item.account == name)
        made.live[name] = MemoryProvider({}, capabilities=PARKING if parks else FORWARDING, clock=made.clock)
    return made.configuration


def with_application(configuration: Configuration, application: str) -> Configuration:
    """The same, with all accounts in one application."""
    accounts = {name: replace(each, owner=application) for name, each in configuration.accounts.items()}
    return replace(configuration, accounts=accounts)
