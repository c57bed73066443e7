"""A configuration's entries to desired values: contacts, schedules, defaults and accounts resolved, each block checked.

Knows no files beyond the places it is handed, no live values and no vendor's wire.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic_core import PydanticCustomError

from reconciler.config import models, phones, values
from reconciler.config.complaints import did_you_mean, read
from reconciler.config.files import Files
from reconciler.config.schedules import Schedules, Times
from reconciler.config.sections import Declared
from reconciler.config.settings import PROVIDER_KINDS, Account
from reconciler.config.trusted import Settings, unknown_account
from reconciler.diagnostics import Location
from reconciler.document import Sources, Tree, find
from reconciler.document.source import problem
from reconciler.model import (
    Desired,
    Forwarding,
    Key,
    Kind,
    NoForwarding,
    NumberForwarding,
    Parking,
    SipForwarding,
    Target,
    TrunkForwarding,
    UrlForwarding,
    Value,
)

_ALWAYS = Times((), "")
_LARGEST_CACHE = 10_000


class Places(Mapping[str, Location]):
    """The places of an entry's fields, worked out when asked for.

    A field that is not written has the place of the nearest part around it that is.
    """

    __slots__ = ("_block", "_sources", "_whole")

    def __init__(self, sources: Sources, block: Tree, whole: int) -> None:
        self._sources = sources
        self._block = block
        self._whole = whole

    def __getitem__(self, path: str) -> Location:
        return self._sources.location(find(self._block, _steps(path)) if path else self._whole)

    def __iter__(self) -> Iterator[str]:
        yield ""
        yield from _paths(self._block)

    def __len__(self) -> int:
        return 1 + sum(1 for _ in _paths(self._block))


_WRITTEN_AS = {"periods": "schedule", "parked": ""}


def _steps(path: str) -> list[str | int]:
    """`targets[0].timeout` as steps; a derived field stands where it comes from."""
    steps: list[str | int] = []
    for piece in path.split("."):
        name, _, index = piece.partition("[")
        name = _WRITTEN_AS.get(name, name)
        if name:
            steps.append(name)
        if index.rstrip("]").isdigit():
            steps.append(int(index.rstrip("]")))
    return steps


def _paths(tree: Tree, before: str = "") -> Iterator[str]:
    if not isinstance(tree.data, dict):
        return
    for key, _, value in tree.items():
        path = f"{before}{key}"
        yield path
        if isinstance(value.data, list):
            for index, element in enumerate(value.elements()):
                yield f"{path}[{index}]"
                yield from _paths(element, f"{path}[{index}].")


@dataclass(frozen=True, slots=True)
class Recipient:
    """Who a contact's name stands for."""

    to: str
    timeout: int | None = None
    name: str = ""


class Contacts:
    """Contacts by name, led to their end; unknown ones and circles are reported once."""

    def __init__(self, files: Files, declared: Mapping[str, Declared]) -> None:
        self._files = files
        self._declared = declared
        self._models = {name: self._model(name, entry) for name, entry in declared.items()}
        self._open: list[str] = []
        self._resolved: dict[str, Recipient | None] = {}
        for name in declared:
            self.resolve(name)

    def _model(self, name: str, entry: Declared) -> models.Contact | None:
        if phones.digits_of(name) is not None:
            message = f"the contact's name {values.quoted(name)} reads like a phone number"
            self._files.found.append(problem(self._files.sources, "contact-name", message, entry.span, hint="use a word"))
        return read(models.Contact, entry.tree, self._files.sources, self._files.found)

    def resolve(self, name: str) -> Recipient | None:
        """What a declared contact leads to."""
        if name not in self._resolved:
            self._open.append(name)
            self._resolved[name] = self._lead(name)
            self._open.pop()
        return self._resolved[name]

    def _lead(self, name: str) -> Recipient | None:
        model = self._models[name]
        if model is None:
            return None
        place = self._declared[name].tree.get("to")
        span = place.span if place is not None else self._declared[name].span
        if model.to in self._open:
            circle = [*self._open[self._open.index(model.to) :], model.to]
            message = f"contacts lead to each other in a circle: {' -> '.join(circle)}"
            self._files.found.append(problem(self._files.sources, "contact-cycle", message, span, hint="give one a number"))
            return None
        beyond = self.find(model.to, span)
        if beyond is None:
            return None
        return Recipient(beyond.to, model.timeout or beyond.timeout, model.name or beyond.name)

    def find(self, written: str, span: int) -> Recipient | None:
        """What a text under `to` means: a contact, a SIP ID or a phone number."""
        if written in self._declared:
            return self.resolve(written)
        try:
            digits = values.phone_or_sip_id(written)
        except PydanticCustomError as error:
            self._refuse(error, written, span)
            return None
        self._warn_unassigned(digits, span)
        return Recipient(digits)

    def _refuse(self, error: PydanticCustomError, written: str, span: int) -> None:
        context = error.context or {}
        code, message, hint = error.type, context["message"], context["hint"]
        if code == "number-invalid" and phones.digits_of(written) is None:
            if self._files.broken:
                return
            code = "unknown-contact"
            message = f"{values.quoted(written)} is neither a contact, nor a phone number, nor a SIP ID"
            hint = did_you_mean(written, self._declared) or "declare it under `contacts`, or write digits like 74992223344"
        self._files.found.append(problem(self._files.sources, code, message, span, hint=hint))

    def _warn_unassigned(self, digits: str, span: int) -> None:
        if not phones.is_sip_id(digits) and phones.form(digits) is phones.Form.UNASSIGNED:
            warn_unassigned(self._files, digits, span)


def warn_unassigned(files: Files, digits: str, span: int) -> None:
    """Warn of a number in no assigned range."""
    message = f"{digits} lies in no range that is assigned to anyone"
    files.found.append(problem(files.sources, "number-unassigned", message, span, hint="look for a mistyped digit"))


class Builder:
    """Builds desired values, one entry at a time."""

    def __init__(self, files: Files, settings: Settings, contacts: Contacts, schedules: Schedules) -> None:
        self._files = files
        self._settings = settings
        self._contacts = contacts
        self._schedules = schedules

    def build(self, number: str, declared: Declared) -> list[Desired]:
        """The managed blocks of one entry; what is wrong is reported."""
        if phones.form(number) is phones.Form.UNASSIGNED:
            warn_unassigned(self._files, number, declared.span)
        tree = declared.tree
        head = read(models.NumberOfConfig, tree, self._files.sources, self._files.found)
        if head is None:
            return []
        account = self._account(head, tree, declared.span)
        desired: list[Desired] = []
        forwarding = tree.get("forwarding")
        if forwarding is not None:
            value = self._forwarding(forwarding, account)
            if self._fits(account, Kind.FORWARDING, tree, "forwarding") and account is not None and value is not None:
                desired.append(self._desired(number, head, account, Kind.FORWARDING, value, forwarding, declared.span))
        parking = tree.get("parking")
        if parking is not None and head.parking is not None:
            if self._fits(account, Kind.PARKING, tree, "parking") and account is not None:
                value_of = Parking(head.parking)
                desired.append(self._desired(number, head, account, Kind.PARKING, value_of, parking, declared.span))
        return desired

    def _desired(
        self, number: str, head: models.NumberOfConfig, account: Account, kind: Kind, value: Value, block: Tree, span: int
    ) -> Desired:
        return Desired(
            Key(account.provider, number, kind),
            account.name,
            value,
            self._files.sources.location(span),
            head.description or "",
            tuple(head.tags),
            head.protected,
            Places(self._files.sources, block, span),
        )

    def _account(self, head: models.NumberOfConfig, tree: Tree, span: int) -> Account | None:
        name = head.account or self._settings.default_account
        if name is None:
            if head.parking is not None or tree.get("forwarding") is not None:
                message = "this number has no account"
                self._complain("account-missing", message, span, "add `account: NAME`, or set defaults.account")
            return None
        if head.account is not None and name not in self._settings.account_names:
            self._files.found.append(unknown_account(self._files, name, find(tree, ("account",)), self._settings))
        return self._settings.accounts.get(name)

    def _fits(self, account: Account | None, kind: Kind, tree: Tree, key: str) -> bool:
        """Whether the account's vendor does this kind of thing."""
        if account is None or PROVIDER_KINDS[account.provider] is kind:
            return True
        able = PROVIDER_KINDS[account.provider].value
        others = sorted(name for name, other in self._settings.accounts.items() if PROVIDER_KINDS[other.provider] is kind)
        hint = f"use `account: {others[0]}`" if others else f"declare an account whose provider does {kind.value}"
        message = f"the account {values.quoted(account.name)} is at {account.provider}, which does {able}, not {kind.value}"
        self._complain("account-kind", message, tree.key_span(key), hint)
        return False

    def _complain(self, code: str, message: str, span: int, hint: str | None = None) -> None:
        self._files.found.append(problem(self._files.sources, code, message, span, hint=hint))

    # -- forwardings ---------------------------------------------------------------------------------------------------------

    def _forwarding(self, block: Tree, account: Account | None) -> Forwarding | None:
        if block.data == "none":
            return NoForwarding()
        shape = self._shape(block)
        model = read(shape, block, self._files.sources, self._files.found) if shape is not None else None
        match model:
            case models.NumberEntry():
                return self._number(model, block, account)
            case models.UrlEntry():
                return self._url(model, block)
            case models.TrunkEntry():
                return self._trunk(model, block)
            case models.SipEntry():
                return SipForwarding(model.sip_uri)
            case _:
                return None

    def _shape(self, block: Tree) -> type[models.Shape] | None:
        types = ", ".join(models.FORWARDINGS)
        if not isinstance(block.data, dict):
            shown = values.quoted(block.data) if isinstance(block.data, str) else values.kind_of(block.data)
            message = f"{shown} is no forwarding"
            self._complain("forwarding-type", message, block.span, f"write `none`, or a map with `type:` {types}")
            return None
        given = block.get("type")
        if given is None:
            self._complain("forwarding-type", "this forwarding has no type", block.span, f"add `type:` {types}")
            return None
        if not isinstance(given.data, str) or given.data not in models.FORWARDINGS:
            shown = values.quoted(given.data) if isinstance(given.data, str) else values.kind_of(given.data)
            hint = did_you_mean(str(given.data), models.FORWARDINGS)
            self._complain("forwarding-type", f"{shown} is no type of forwarding", given.span, hint)
            return None
        return models.FORWARDINGS[given.data]

    def _url(self, model: models.UrlEntry, block: Tree) -> UrlForwarding:
        self._check_https(model.url, block, "url")
        if model.reserve is not None and not phones.is_sip_id(model.reserve):
            self._check_assigned(model.reserve, block, "reserve")
        return UrlForwarding(model.url, model.reserve or "")

    def _trunk(self, model: models.TrunkEntry, block: Tree) -> TrunkForwarding | None:
        timeout = model.timeout or self._settings.default_timeout
        if timeout is None:
            self._complain("timeout-missing", "this trunk has no timeout", block.span, _TIMEOUT_HINT)
            return None
        return TrunkForwarding(model.static_ip, model.port, timeout, model.did or "")

    def _number(self, model: models.NumberEntry, block: Tree, account: Account | None) -> NumberForwarding | None:
        places = block.get("targets")
        if not model.targets or places is None:
            span = block.key_span("targets")
            self._complain("targets-empty", "the list of targets is empty", span, "add a target, or write `forwarding: none`")
            return None
        targets = [
            self._target(target, place, account) for target, place in zip(model.targets, places.elements(), strict=True)
        ]
        self._check_number(model, block)
        if None in targets:
            return None
        return NumberForwarding(
            model.redirect,
            tuple(target for target in targets if target is not None),
            model.event_url or "",
            model.event_extended,
            model.client_id or "",
            model.file_to_a or "",
            model.file_to_b or "",
            model.masking,
            model.display_number or "",
        )

    def _target(self, model: models.TargetEntry, place: Tree, account: Account | None) -> Target | None:
        span = find(place, ("to",))
        recipient = self._contacts.find(model.to, span)
        times = self._times(model.schedule, place, account)
        if recipient is None or times is None:
            return None
        timeout = model.timeout or recipient.timeout or self._settings.default_timeout
        if timeout is None:
            message = f"{values.quoted(model.to)} has no timeout: not its own, not a contact's, and there is no default"
            self._complain("timeout-missing", message, span, _TIMEOUT_HINT)
            return None
        description = model.schedule_description if model.schedule_description is not None else times.description
        name = model.name if model.name is not None else recipient.name
        return Target(recipient.to, timeout, times.periods, description, name, model.active)

    def _times(self, written: Any, place: Tree, account: Account | None) -> Times | None:
        if written is None:
            return _ALWAYS
        reference = place.get("schedule")
        if account is None or reference is None:
            return None
        return self._schedules.resolve(reference, account.period)

    def _check_number(self, model: models.NumberEntry, block: Tree) -> None:
        if model.event_url is not None:
            self._check_https(model.event_url, block, "event_url")
        elif model.event_extended:
            message = "event_extended has no effect without an event_url"
            self._complain("event-extended-unused", message, find(block, ("event_extended",)), "add `event_url: https://…`")
        if model.display_number is not None:
            self._check_assigned(model.display_number, block, "display_number")
            if not model.masking:
                message = "display_number has no effect while masking is off: the real number is shown"
                span = find(block, ("display_number",))
                self._complain("display-number-unused", message, span, "add `masking: true`, or remove display_number")

    def _check_assigned(self, digits: str, block: Tree, field: str) -> None:
        if phones.form(digits) is phones.Form.UNASSIGNED:
            warn_unassigned(self._files, digits, find(block, (field,)))

    def _check_https(self, url: str, block: Tree, field: str) -> None:
        if self._settings.policy.require_https and not values.is_secure(url):
            message = f"the {field} is not https"
            hint = "write https://, or set policy.require_https: false in reconciler.yaml"
            self._complain("require-https", message, find(block, (field,)), hint)


_TIMEOUT_HINT = "add `timeout: 20`, or set defaults.timeout"
