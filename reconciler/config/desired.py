"""One entry of a number to its desired blocks: account, forwarding, parking, and where their fields stand in the files.

Knows which kind each account is for; knows no other entry, no live values and no vendor's wire.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial

from reconciler.config import phones, values
from reconciler.config.files import Files
from reconciler.config.forwardings import Contacts, Forwardings, warn_unassigned
from reconciler.config.models import entries
from reconciler.config.profiles import judge_part
from reconciler.config.schedules import Schedules
from reconciler.config.sections import DeclaredEntry
from reconciler.config.trusted import TrustedSettings, unknown_account
from reconciler.config.validation import read
from reconciler.diagnostics import Location
from reconciler.document import Sources, Tree, find
from reconciler.model import Desired, Key, Kind, Parking, Value
from reconciler.names import Named
from reconciler.rules import RULES
from reconciler.settings import OTHER_PROVIDER, Account


class DesiredBuilder:
    """Builds desired values, one entry at a time."""

    def __init__(self, files: Files, settings: TrustedSettings, contacts: Contacts, schedules: Schedules) -> None:
        self._files = files
        self._settings = settings
        self._forwardings = Forwardings(files, settings, contacts, schedules)

    def build(self, number: str, span: int, tree: Tree) -> list[Desired]:
        """The managed blocks of one entry, whose key stands at `span`; what is wrong is reported."""
        if not phones.is_plain(number):
            warn_unassigned(self._files, number, lambda: span)
        head = read(entries.Entry, tree, self._files.sources, self._files.found)
        account = self._account(tree, span)
        if head is None:
            self._forwarding(tree, account)  # for what is wrong in it too
            return []
        built: list[Desired] = []
        if "forwarding" in tree.data:
            value = self._forwarding(tree, account)
            if self._fits(number, account, Kind.FORWARDING, value, tree) and account is not None and value is not None:
                built.append(self._desired(number, Kind.FORWARDING, value, head, account, tree, span))
        if "parking" in head:
            parking = Parking(head["parking"])
            if self._fits(number, account, Kind.PARKING, parking, tree) and account is not None:
                built.append(self._desired(number, Kind.PARKING, parking, head, account, tree, span))
        return built

    def judge(self, tree: Tree, span: int) -> None:
        """Judge an entry that uses a profile which does not exist, so that nothing can be built from it."""
        judge_part(self._files, tree)
        account = self._account(tree, span) if "account" in tree.data else None
        block = tree.get("forwarding")
        if block is not None:
            self._forwardings.judge_references(block, account)

    def _desired(
        self,
        number: str,
        kind: Kind,
        value: Value,
        head: entries.Entry,
        account: Account,
        tree: Tree,
        span: int,
    ) -> Desired:
        return Desired(
            Key(account.provider, number, kind),
            account.name,
            value,
            partial(_place, self._files.sources, tree.recipe, kind, span),
            head.get("description", ""),
            tuple(head.get("tags", ())),
            head.get("protected", False),
        )

    def _forwarding(self, tree: Tree, account: Account | None) -> Value | None:
        block = tree.get("forwarding")
        if block is None:
            return None
        build = self._forwardings.shared if "use" in tree.data else self._forwardings.build
        return build(block, account)

    def _account(self, tree: Tree, span: int) -> Account | None:
        written = tree.data.get("account")
        name = written if isinstance(written, str) else self._settings.default_account
        if name is None:
            is_asked = "forwarding" in tree.data or "parking" in tree.data
            if is_asked and written is None and "defaults.account" not in self._settings.unread:
                message = "this number has no account"
                self._files.complain("account-missing", span, message, "add `account: NAME`, or set defaults.account")
            return None
        if name is written and name not in self._settings.account_names:
            self._files.found += unknown_account(self._files, name, find(tree, ("account",)), self._settings)
        return self._settings.accounts.get(name)

    def _fits(self, number: str, account: Account | None, kind: Kind, value: Value | None, tree: Tree) -> bool:
        """Whether the account's provider does this kind of thing, and takes this value."""
        if account is None:
            return True
        if account.capabilities.kind is not kind:
            self._refuse_kind(number, account, kind, tree)
            return False
        refusal = account.refusal(value) if value is not None else None
        if refusal is not None:
            self._files.complain("value-unsupported", tree.key_span(kind.value), refusal, OTHER_PROVIDER)
        return refusal is None

    def _refuse_kind(self, number: str, account: Account, kind: Kind, tree: Tree) -> None:
        able = account.capabilities.kind.value
        accounts = self._settings.accounts
        others = sorted(name for name, other in accounts.items() if other.capabilities.kind is kind)
        wanted = f"declare an account whose provider supports {kind.value}"
        hint = f"use `account: {others[0]}`" if others else wanted
        name = values.quoted(account.name)
        what = f"the account {name} is at {account.provider}, which supports {able}, not {kind.value}"
        span = find(tree, ("account",)) if "account" in tree.data else tree.key_span(kind.value)
        place = self._files.sources.location(span)
        self._files.found.append(RULES["account-kind"].about([number], place, what, hint))


def _place(sources: Sources, recipe: Callable[[], Tree], kind: Kind, whole: int, path: str) -> Location:
    """The place of a field of an entry; one that is not written has that of the nearest part around it that is."""
    return sources.location(find(recipe(), (kind.value, *_steps(path))) if path else whole)


class Lines(Mapping[str, Location]):
    """The line of each declared number, worked out when asked for. `spans` are where the numbers' keys stand."""

    __slots__ = ("_sources", "_spans")

    def __init__(self, sources: Sources, spans: Mapping[str, int]) -> None:
        self._sources = sources
        self._spans = spans

    def __getitem__(self, number: str) -> Location:
        return self._sources.location(self._spans[number])

    def __iter__(self) -> Iterator[str]:
        return iter(self._spans)

    def __len__(self) -> int:
        return len(self._spans)

    def __contains__(self, number: object) -> bool:
        return number in self._spans


class ProfileNames(Mapping[str, Named]):
    """The profile that a number uses first, worked out when asked for."""

    __slots__ = ("_numbers", "_profiles", "_sources")

    def __init__(
        self, sources: Sources, numbers: Mapping[str, DeclaredEntry], profiles: Mapping[str, DeclaredEntry]
    ) -> None:
        self._sources = sources
        self._numbers = numbers
        self._profiles = profiles

    def __getitem__(self, number: str) -> Named:
        written = self._numbers[number].tree.data["use"]
        name = written[0] if isinstance(written, list) else written
        location = self._sources.location(self._profiles[name].span)
        return Named(name, f"{location.file}:{location.line}")

    def __iter__(self) -> Iterator[str]:
        return (number for number, declared in self._numbers.items() if declared.tree.data.get("use"))

    def __len__(self) -> int:
        return sum(1 for _ in self)


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
