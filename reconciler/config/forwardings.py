"""A `forwarding` block to the value that a vendor is to hold: targets, timeouts, schedules and defaults resolved.

Contacts are led to the phone or SIP ID at their end. Knows one block at a time, and no accounts beyond their settings
for periods.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

from pydantic_core import PydanticCustomError

from reconciler.config import addresses, phones, values
from reconciler.config.entry_counts import EntryCount, entries_of
from reconciler.config.files import Files
from reconciler.config.models import entries
from reconciler.config.profiles import TYPES, no_forwarding
from reconciler.config.schedules import Schedules, Times
from reconciler.config.sections import DeclaredEntry
from reconciler.config.trusted import TrustedSettings
from reconciler.config.validation import did_you_mean, read
from reconciler.document import Tree, at, find
from reconciler.model import (
    FORWARDINGS,
    MOST_ENTRIES,
    Forwarding,
    NoForwarding,
    NumberForwarding,
    Redirect,
    SipForwarding,
    Target,
    TrunkForwarding,
    UrlForwarding,
    WeekdayBase,
    declared,
)
from reconciler.settings import Account

_ALWAYS = Times((), "")
_MOST_SHARED = 1_000
_RESOLVED = {"type", "redirect", "targets", "to", "timeout", "schedule", "schedule_description", "name"}
"""Keys whose values are worked out here; all others are taken over as they are."""
_COPIED = {
    shape: frozenset(each.key for each in declared(shape) if each.key not in _RESOLVED)
    for shape in (*FORWARDINGS, Target)
}


class Forwardings:
    """Builds the value of a block; what is wrong is reported."""

    def __init__(self, files: Files, settings: TrustedSettings, contacts: Contacts, schedules: Schedules) -> None:
        self._files = files
        self._settings = settings
        self._contacts = contacts
        self._schedules = schedules
        self._shared: dict[tuple[int, str], tuple[Tree, Forwarding | None]] = {}

    def shared(self, block: Tree, account: Account | None) -> Forwarding | None:
        """As `build`, but once for all entries that have the very same block from a profile."""
        key = (id(block.data), account.name if account is not None else "")
        known = self._shared.get(key)
        if known is None:
            known = (block, self.build(block, account))
            if len(self._shared) < _MOST_SHARED:
                self._shared[key] = known  # which holds the block, so that no other gets its identity
        return known[1]

    def build(self, block: Tree, account: Account | None) -> Forwarding | None:
        if block.data == "none":
            return NoForwarding()
        shape = self._shape(block)
        entry = read(shape, block, self._files.sources, self._files.found) if shape is not None else None
        if entry is None:
            self.judge_references(block, account)
            return None
        if entry["type"] == "number":
            return self._number(entry, block, account)
        if entry["type"] == "url":
            return self._url(entry, block)
        if entry["type"] == "sip_trunk":
            return self._trunk(entry, block)
        return SipForwarding(**_plain(SipForwarding, entry))

    def judge_references(self, block: Tree, account: Account | None) -> None:
        """Tell what the targets of an unfit block refer to and that does not exist, in the same breath."""
        targets = block.data.get("targets") if isinstance(block.data, dict) else None
        for index, target in enumerate(targets if isinstance(targets, list) else ()):
            written = target if isinstance(target, dict) else {}
            if isinstance(written.get("to"), str):
                self._contacts.find(written["to"], partial(find, block, ("targets", index, "to")))
            if isinstance(written.get("schedule"), str):
                self._resolved(written["schedule"], block, index, account)

    def _shape(self, block: Tree) -> type[entries.OneForwarding] | None:
        if not isinstance(block.data, dict):
            self._files.found.append(no_forwarding(self._files, block))
            return None
        if "type" not in block.data:
            self._files.complain("forwarding-type", block.span, "this forwarding has no type", f"add {TYPES}")
            read(entries.ForwardingPart, block, self._files.sources, self._files.found)  # what else is wrong in it
            return None
        given = block.data["type"]
        shape = entries.FORWARDINGS.get(given) if isinstance(given, str) else None
        if shape is None:
            shown = values.quoted(given) if isinstance(given, str) else values.kind_of(given)
            hint = did_you_mean(str(given), entries.FORWARDINGS)
            self._files.complain(
                "forwarding-type", find(block, ("type",)), f"{shown} is not a known type of forwarding", hint
            )
        return shape

    def _url(self, entry: entries.UrlEntry, block: Tree) -> UrlForwarding:
        self._check_https(entry["url"], block, "url")
        reserve = entry.get("reserve")
        if reserve and not phones.is_sip_id(reserve):
            warn_unassigned(self._files, reserve, partial(find, block, ("reserve",)))
        return UrlForwarding(**_plain(UrlForwarding, entry))

    def _trunk(self, entry: entries.TrunkEntry, block: Tree) -> TrunkForwarding | None:
        timeout = entry.get("timeout") or self._settings.default_timeout
        if timeout is None:
            self._miss_timeout("this trunk has no timeout", block.span)
            return None
        return TrunkForwarding(timeout=timeout, **_plain(TrunkForwarding, entry))

    def _number(self, entry: entries.NumberEntry, block: Tree, account: Account | None) -> NumberForwarding | None:
        if not entry["targets"]:
            span = block.key_span("targets")
            self._files.complain(
                "targets-empty", span, "the list of targets is empty", "add a target, or write `forwarding: none`"
            )
            return None
        built = [self._target(target, block, index, account) for index, target in enumerate(entry["targets"])]
        targets = tuple([target for target in built if target is not None])
        if "event_url" in entry or "event_extended" in entry or "display_number" in entry:
            self._check_number(entry, block)
        if len(targets) < len(built):
            return None
        if self._are_too_many(targets, block, account):
            return None
        return NumberForwarding(entry.get("redirect") or Redirect.SINGLE, targets, **_plain(NumberForwarding, entry))

    def _are_too_many(self, targets: Sequence[Target], block: Tree, account: Account | None) -> bool:
        """Whether they take more entries than the account says that its vendor takes, or than can be read back."""
        allowed = account.period.max_entries if account is not None else None
        if account is None or entries_of(targets) <= (allowed or MOST_ENTRIES):
            return False
        limit = f"at most {MOST_ENTRIES:,} can be read back"
        if allowed is not None:
            limit = f"accounts.{account.name}.max_entries is {allowed:,}"
        count, until = EntryCount.of(targets), self._settings.calendar_until
        message = f"{count}, but {limit}: {count.reason(until)}"
        self._files.complain("targets-many", block.key_span("targets"), message, count.way_out(account.name, until))
        return True

    def _target(self, entry: entries.TargetEntry, block: Tree, index: int, account: Account | None) -> Target | None:
        to = entry["to"]
        recipient = self._contacts.known(to)
        if recipient is None:
            recipient = self._contacts.find(to, partial(find, block, ("targets", index, "to")))
        schedule = entry.get("schedule")
        times = _ALWAYS if schedule is None else self._resolved(schedule, block, index, account)
        if recipient is None or times is None:
            return None
        timeout = entry.get("timeout") or recipient.timeout or self._settings.default_timeout
        if timeout is None:
            message = f"{values.quoted(to)} has no timeout: neither its own nor its contact's, and there is no default"
            self._miss_timeout(message, find(block, ("targets", index, "to")))
            return None
        base = account.period.weekday_base if account is not None else WeekdayBase.REFUSE
        description = entry.get("schedule_description", times.description)
        name = entry.get("name", recipient.name)
        return Target(
            recipient.to, timeout, times.periods, description, name, weekday_base=base, **_plain(Target, entry)
        )

    def _resolved(self, written: object, block: Tree, index: int, account: Account | None) -> Times | None:
        """The periods of a schedule; without an account it can only be said whether the schedule exists."""
        path = ("targets", index, "schedule")
        if account is None:
            self._schedules.exists(at(block, path))
            return None
        return self._schedules.resolve(written, account.period, block, path)

    def _check_number(self, entry: entries.NumberEntry, block: Tree) -> None:
        if "event_url" in entry:
            self._check_https(entry["event_url"], block, "event_url")
        elif entry.get("event_extended"):
            message = "event_extended has no effect without an event_url"
            self._files.complain(
                "event-extended-unused", find(block, ("event_extended",)), message, "add `event_url: https://…`"
            )
        if "display_number" in entry:
            warn_unassigned(self._files, entry["display_number"], partial(find, block, ("display_number",)))
            if not entry.get("masking"):
                message = "display_number has no effect while masking is off: the real number is shown"
                span = find(block, ("display_number",))
                self._files.complain(
                    "display-number-unused", span, message, "add `masking: true`, or remove display_number"
                )

    def _check_https(self, url: str, block: Tree, field: str) -> None:
        if self._settings.policy.require_https and not addresses.is_secure(url):
            message = f"the {field} is not https"
            hint = "write https://, or set policy.require_https: false in reconciler.yaml"
            self._files.complain("require-https", find(block, (field,)), message, hint)

    def _miss_timeout(self, message: str, span: int) -> None:
        if "defaults.timeout" not in self._settings.unread:
            self._files.complain("timeout-missing", span, message, "add `timeout: 20`, or set defaults.timeout")


def _plain(shape: type[Forwarding | Target], entry: Mapping[str, Any]) -> dict[str, Any]:
    """The keys that a value has just as they are written."""
    copied = _COPIED[shape]
    return {} if copied.isdisjoint(entry) else {key: entry[key] for key in copied if key in entry}


class Recipient(NamedTuple):
    """Who a contact's name stands for."""

    to: str
    timeout: int | None = None
    name: str = ""


class Contacts:
    """Contacts by name, led to their end; unknown ones and circles are reported once.

    `ends` maps the digits they lead to to where these stand.
    """

    def __init__(self, files: Files, declared: Mapping[str, DeclaredEntry]) -> None:
        self.ends: dict[str, int] = {}
        self._files = files
        self._declared = declared
        self._models = {name: self._model(name, entry) for name, entry in declared.items()}
        self._open: list[str] = []
        self._resolved: dict[str, Recipient | None] = {}
        for name in declared:
            self.resolve(name)

    def _model(self, name: str, entry: DeclaredEntry) -> entries.Contact | None:
        if phones.digits_of(name) is not None:
            message = f"the contact's name {values.quoted(name)} looks like a phone number"
            self._files.complain("contact-name", entry.span, message, "use a word")
        return read(entries.Contact, entry.tree, self._files.sources, self._files.found)

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
        tree = self._declared[name].tree
        to = model["to"]
        if to in self._open:
            circle = [*self._open[self._open.index(to) :], to]
            message = f"contacts refer to each other in a loop: {' -> '.join(circle)}"
            span = find(tree, ("to",))
            self._files.complain("contact-cycle", span, message, "give one a number")
            return None
        beyond = self.find(to, lambda: find(tree, ("to",)))
        if beyond is None:
            return None
        if to not in self._declared:
            self.ends.setdefault(beyond.to, find(tree, ("to",)))
        return Recipient(beyond.to, model.get("timeout") or beyond.timeout, model.get("name") or beyond.name)

    def named(self) -> dict[str, str]:
        """The names of the phones and SIP IDs that contacts lead to; of several the first."""
        found: dict[str, str] = {}
        for name in self._declared:
            recipient = self._resolved.get(name)
            if recipient is not None:
                found.setdefault(recipient.to, name)
        return found

    def known(self, written: str) -> Recipient | None:
        """What the text under `to` means where that is plain to see: a contact that leads somewhere, or mere digits."""
        recipient = self._resolved.get(written)
        if recipient is None and written not in self._declared and phones.is_plain(written):
            return Recipient(written)
        return recipient

    def find(self, written: str, where: Callable[[], int]) -> Recipient | None:
        """What the text under `to` means, a contact, a SIP ID or a phone number; `where` tells its place."""
        if written in self._declared:
            return self.resolve(written)
        try:
            digits = values.phone_or_sip_id(written)
        except PydanticCustomError as error:
            self._refuse(error, written, where())
            return None
        if not phones.is_sip_id(digits):
            warn_unassigned(self._files, digits, where)
        return Recipient(digits)

    def _refuse(self, error: PydanticCustomError, written: str, span: int) -> None:
        context = error.context or {}
        code, message, hint = error.type, context["message"], context["hint"]
        if code == "number-invalid" and phones.digits_of(written) is None:
            if self._files.broken:
                return
            code = "unknown-contact"
            message = f"{values.quoted(written)} is neither a contact, nor a phone number, nor a SIP ID"
            hint = _place_meant(written) or (hint if "it has" in hint else did_you_mean(written, self._declared))
        self._files.complain(
            code, span, message, hint or "declare it under `contacts`, or write digits like 74992223344"
        )


def _place_meant(written: str) -> str | None:
    """How to write a place that no target can be."""
    if written.lower().startswith(("http://", "https://")):
        return "for a URL write a forwarding with `type: url` and `url: …`"
    if written.lower().startswith("sip:") or "@" in written:
        return "for a SIP address write a forwarding with `type: sip` and `sip_uri: …`"
    return None


def warn_unassigned(files: Files, digits: str, where: Callable[[], int]) -> None:
    """Warn of a number in no assigned range; `where` tells its place."""
    if phones.form(digits) is phones.NumberPlan.UNASSIGNED:
        message = f"{digits} is not in any assigned range"
        files.complain("number-unassigned", where(), message, "check for a mistyped digit")
