"""An import from a session: live numbers are chosen and read, written into texts, and what these mean is proven equal.

Writes nothing itself. Knows no options of a command line and no output.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from fnmatch import fnmatchcase

from reconciler.canonical import form, stored_form
from reconciler.characters import unprintable
from reconciler.config.files import read_files
from reconciler.config.forwardings import Contacts
from reconciler.config.load import LoadResult, load
from reconciler.config.sections import merge as merge_sections
from reconciler.config.trusted import read_settings
from reconciler.diagnostics import Diagnostic
from reconciler.http.errors import NotOwned, ProviderError
from reconciler.importing.entries import Writer
from reconciler.importing.merging import Base, Done, Imported, Merged, MergeError, Seen, merge
from reconciler.importing.naming import Phonebook, Timetable, Variable, Variables
from reconciler.live import Live, Progress, Reader, ReadRequest
from reconciler.model import (
    Desired,
    Key,
    Observation,
    Parking,
    TrunkForwarding,
    Value,
)
from reconciler.plan.candidate import Candidate, PlanContext
from reconciler.plan.decide import decide
from reconciler.plan.model import scenario_reminder
from reconciler.providers.base import Listing
from reconciler.providers.table import PROVIDERS
from reconciler.record.base import RecordState
from reconciler.rules import RULES
from reconciler.secrets import Secrets
from reconciler.settings import Account, Configuration, PeriodSettings
from reconciler.wiring import Session
from reconciler.workflow.plan import learn_variables, read_wanted

RULE = "import-left-out"
_MOST_ROUNDS = 4


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be imported. `words` are numbers or globs, perhaps behind `ACCOUNT/`; `into` names a file.

    Without words all numbers that the accounts list are meant.
    """

    words: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    into: str | None = None
    contacts: bool = False
    literal_urls: bool = False
    trusted: str | None = None
    progress: Callable[[Progress], None] = lambda _progress: None


@dataclass(frozen=True, slots=True)
class Import:
    """What an import comes to: texts before and after, what became of each number, and what is new by name."""

    before: Mapping[str, str] = field(default_factory=dict)
    after: Mapping[str, str] = field(default_factory=dict)
    numbers: tuple[Imported, ...] = ()
    variables: tuple[Variable, ...] = ()
    schedules: tuple[str, ...] = ()
    contacts: tuple[str, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()

    @property
    def is_nothing(self) -> bool:
        """Whether nothing at all could be read of what was asked for."""
        return self.has_errors and not any(each.why or each.done is not Done.LEFT_OUT for each in self.numbers)

    @property
    def has_errors(self) -> bool:
        """Whether something that was asked for is not done."""
        return any(each.done is Done.LEFT_OUT for each in self.numbers) or any(
            each.is_error for each in self.diagnostics
        )


def make_import(session: Session, asked: Asked) -> Import:
    """Say what files would become so that they say what is live. Raises RecordError, MergeError."""
    base = read_base(session.configuration, asked.trusted)
    if asked.into is not None and not base.reads(asked.into):
        return Import(diagnostics=(_not_included(asked.into),))
    learn_variables(session)
    choice = _Choice(session, base, asked)
    wanted = choice.wanted()
    state = session.record.load()
    live = read_wanted(session, wanted, _reader(session, asked, choice.listings))
    told = [*choice.diagnostics, *live.diagnostics, *scenario_reminder(session.configuration, state.scenario)]
    seen, left = _judged(session.configuration, wanted, live, state)
    told += dict.fromkeys(each.problem for each in live.observations.values() if each.problem is not None)
    if not seen and not left and not any(each.is_error for each in told):
        told.append(RULES["selection-empty"].at(None, "the accounts list no numbers"))
    return replace(_Writing(session, base, asked).run(seen, left), diagnostics=tuple(told))


def read_base(configuration: Configuration, trusted: str | None) -> Base:
    """The files of a configuration with the places of their entries."""
    files = read_files(configuration.root, trusted=trusted)
    desired = {each.key.number: each for each in configuration.desired}
    return Base(configuration.root, files, merge_sections(files), read_settings(files, None, PROVIDERS), desired)


def _not_included(name: str) -> Diagnostic:
    message = f"{name} would not be read: `include` does not cover it"
    return RULES["path-not-included"].at(None, message, "name another file with --into, or add a pattern to `include`")


def _reader(session: Session, asked: Asked, listings: Mapping[str, Listing]) -> Reader:
    locations = {name: account.location for name, account in session.configuration.accounts.items()}
    return Reader(session.clock, locations, asked.progress, listings)


# -- which numbers ----------------------------------------------------------------------------------------------------


class _Choice:
    """The numbers that are meant, by account; `listings` are the lists that were asked for on the way."""

    def __init__(self, session: Session, base: Base, asked: Asked) -> None:
        self._session = session
        self._accounts = session.configuration.accounts
        self._base = base
        self._asked = asked
        self._scope = asked.accounts or tuple(self._accounts)
        self._chosen: dict[str, dict[str, None]] = {}
        self._lists: dict[str, Listing | None] = {}
        self.diagnostics: list[Diagnostic] = []

    @property
    def listings(self) -> dict[str, Listing]:
        return {name: listing for name, listing in self._lists.items() if listing is not None}

    def wanted(self) -> dict[str, list[ReadRequest]]:
        for word in self._asked.words or ("*",):
            account, _, pattern = word.rpartition("/")
            if pattern.isdigit():
                self._take_one(account, pattern)
            else:
                self._take_listed((account,) if account else self._scope, pattern)
        return {
            account: [self._request(self._accounts[account], number) for number in sorted(numbers)]
            for account, numbers in sorted(self._chosen.items())
        }

    def _request(self, account: Account, number: str) -> ReadRequest:
        key = Key(account.provider, number, account.capabilities.kind)
        return ReadRequest(key, self._session.configuration.numbers.get(number))

    def _take_one(self, account: str, number: str) -> None:
        declared = self._base.account_of(number) if number in self._base.sections.numbers else None
        allowed = (account,) if account else self._scope
        if declared is not None and declared not in allowed:
            message = f"{number} is declared in account {declared}"
            self.diagnostics.append(RULES["selection-empty"].at(self._session.configuration.numbers[number], message))
        elif (owner := declared or self._owner(allowed, number)) is not None:
            self._chosen.setdefault(owner, {})[number] = None

    def _owner(self, accounts: Sequence[str], number: str) -> str | None:
        """The account that has a number: the only one, the one that lists it, else the default one."""
        if len(accounts) == 1:
            return accounts[0]
        listed = (name for name in accounts if not self._accounts[name].unlisted and self._lists_it(name, number))
        owner = next(listed, self._base.settings.default_account)
        if owner not in accounts:
            message = f"no account lists {number}"
            self.diagnostics.append(RULES[NotOwned.code].at(None, message, "name its account with --account"))
            return None
        return owner

    def _lists_it(self, account: str, number: str) -> bool:
        listing = self._list(account)
        return listing is not None and number in listing.numbers

    def _take_listed(self, accounts: Iterable[str], pattern: str) -> None:
        found = False
        for account in accounts:
            listing = self._list(account)
            for number in listing.numbers if listing is not None else ():
                if fnmatchcase(number, pattern):
                    found = True
                    self._chosen.setdefault(account, {})[number] = None
        if not found and pattern != "*":
            message = f"no number that the accounts list matches {pattern}"
            self.diagnostics.append(RULES["selection-empty"].at(None, message))

    def _list(self, account: str) -> Listing | None:
        if account not in self._lists:
            self._lists[account] = None
            try:
                self._lists[account] = self._session.provider(account).list_numbers()
            except ProviderError as error:
                message = f"the numbers of account {account} cannot be listed: {error}"
                place = self._accounts[account].location
                self.diagnostics.append(RULES[error.code].at(place, message, error.hint))
        return self._lists[account]


# -- what is known of them --------------------------------------------------------------------------------------------


def _judged(
    configuration: Configuration, wanted: Mapping[str, Sequence[ReadRequest]], live: Live, state: RecordState
) -> tuple[list[Seen], list[Imported]]:
    """What a file could say of each number, and the numbers of which nothing is known."""
    seen: list[Seen] = []
    left: list[Imported] = []
    for name, requests in wanted.items():
        account = configuration.accounts[name]
        for request in requests:
            observation = live.observations.get(request.key)
            if account.capabilities.readable if observation is None else observation.value is None:
                left.append(Imported(Seen(request.key.number, account, None), Done.LEFT_OUT))
                continue
            found = _completed(request.key, observation, account, state)
            why = _unfit(found.value)
            seen += [found] if not why else []
            left += [Imported(found, Done.LEFT_OUT, why=why)] if why else []
    return seen, left


def _completed(key: Key, seen: Observation | None, account: Account, state: RecordState) -> Seen:
    """What was seen of a number, with what no read can tell from the record."""
    entry = state.entries.get(key)
    known = None if entry is None else stored_form(entry.value, entry.digests, entry.canonical_version)
    recorded = {} if known is None else {path: text for path, text in known.json.items() if path not in known.secrets}
    if seen is None or seen.value is None:
        parked = recorded.get(Parking.type)
        if isinstance(parked, bool):
            return Seen(key.number, account, Parking(parked))
        note = "whether it is parked cannot be read: write `parking: true` or `parking: false`"
        return Seen(key.number, account, None, notes=(note,))
    unreadable = set(seen.unreadable)
    value: Value = seen.value
    if recorded.get("type") == value.type:
        filled = {path: recorded[path] for path in unreadable if recorded.get(path) is not None}
        value, unreadable = replace(value, **filled), unreadable - filled.keys()
    if isinstance(value, TrunkForwarding) and unreadable:
        return Seen(key.number, account, None, notes=(_bodiless(account),))
    return Seen(key.number, account, value, frozenset(unreadable), tuple(_notes(unreadable, seen)))


def _bodiless(account: Account) -> str:
    hint = f"; with accounts.{account.name}.application the list may tell it" if account.unlisted else ""
    return f"it forwards to a SIP trunk (type 4), whose address cannot be read{hint}: write `forwarding` here"


def _notes(unreadable: Iterable[str], seen: Observation) -> Iterator[str]:
    for path in sorted(unreadable):
        yield f"`{path}` cannot be read: if this number has one, write it under `forwarding`"
    for path in sorted(seen.unwritable):
        yield f"`{path}` is set at the vendor and cannot be written: a change of this number may reset it"


def _unfit(value: Value | None) -> str:
    """Why a value cannot stand in any file."""
    texts = [value] if value is None else [*_texts(value)]
    found = next((each for each in texts if isinstance(each, str) and unprintable(each)), None)
    return "" if found is None else "a text of its forwarding has a character that no file may have"


def _texts(value: Value) -> Iterator[object]:
    data = form(value).json
    yield from data.values()
    for target in data.get("targets") or ():
        yield from target.values()


# -- into the files ---------------------------------------------------------------------------------------------------


class _Writing:
    """Numbers written into texts until what these mean is live; what stands against it is left out, and told."""

    def __init__(self, session: Session, base: Base, asked: Asked) -> None:
        self._session = session
        self._configuration = session.configuration
        self._base = base
        self._asked = asked
        context = session.plan_context(make_key=False)
        self._context = context
        self._today = context.today or datetime.fromtimestamp(session.clock.now(), UTC).date()

    def run(self, seen: Sequence[Seen], left: Sequence[Imported]) -> Import:
        left = list(left)
        for _ in range(_MOST_ROUNDS):
            writer = self._writer()
            try:
                merged = self._merged(seen, writer)
                self._prove(merged, seen, writer)
            except MergeError as error:
                faults = error
            else:
                return self._result(merged, left, writer)
            if not faults.numbers:
                raise faults
            left += [
                Imported(each, Done.LEFT_OUT, why=str(faults), hint=faults.hint)
                for each in seen
                if each.number in faults.numbers
            ]
            seen = [each for each in seen if each.number not in faults.numbers]
        raise MergeError((), "these numbers cannot be written into the files")

    def _merged(self, seen: Sequence[Seen], writer: Writer) -> Merged:
        kept = [
            each.number for each in seen if self._is_as_live(each, self._base.desired.get(each.number), self._context)
        ]
        return merge(self._base, seen, writer, into=self._asked.into, kept=kept)

    def _writer(self) -> Writer:
        configuration, sections, files = self._configuration, self._base.sections, self._base.files
        contacts = Contacts(files, sections.contacts)
        recipients = {name: contacts.resolve(name) for name in sections.contacts}
        descriptions = {name: str(each.tree.data.get("description") or "") for name, each in sections.schedules.items()}
        secrets = self._session.secrets
        templates = [
            text
            for each in configuration.desired
            for text in (getattr(each.value, "url", ""), getattr(each.value, "event_url", ""))
            if "${var:" in text
        ]
        return Writer(
            Timetable(descriptions, self._periods_of, configuration.timezone, self._today),
            Phonebook(
                {name: each for name, each in recipients.items() if each is not None},
                contacts.named(),
                self._asked.contacts,
            ),
            Variables(secrets, templates, self._asked.literal_urls),
            self._base.settings.default_timeout,
            secrets.resolve,
        )

    def _periods_of(self, name: str, settings: PeriodSettings) -> tuple[str, ...]:
        return self._configuration.compiled(name, settings)[0]

    def _is_as_live(self, seen: Seen, desired: Desired | None, context: PlanContext) -> bool:
        """Whether a plan of a number's entry would be empty. Raises MergeError where that cannot be told."""
        if seen.value is None or desired is None:
            return seen.value is None and seen.number in self._base.sections.numbers
        observation = Observation(seen.value, self._session.clock.now(), seen.unreadable)
        decided = decide(Candidate(desired.key, desired.account, desired, observation), context)
        if decided.unknown:
            why = decided.diagnostics[0] if decided.diagnostics else None
            raise MergeError([seen.number], why.message if why else "it is not known", why.hint if why else None)
        return decided.change is None

    # -- proof --------------------------------------------------------------------------------------------------------

    def _prove(self, merged: Merged, seen: Sequence[Seen], writer: Writer) -> None:
        """New texts must load, mean what is live, and leave all other numbers as they are. Raises MergeError."""
        loaded = load(
            self._configuration.root,
            PROVIDERS,
            trusted=self._asked.trusted,
            today=self._today,
            texts=merged.texts,
        )
        if loaded.configuration is None:
            raise self._refused(merged, loaded)
        desired = {each.key.number: each for each in loaded.configuration.desired}
        context = replace(self._context, secrets=self._with_variables(writer))
        imported = {each.number: each for each in seen}
        for number, before in self._base.desired.items():
            if number not in imported and (number not in desired or desired[number].value != before.value):
                raise MergeError((), f"{number} would change, which is not imported")
        wrong = [
            number
            for number in merged.entries
            if imported[number].value is not None
            and (number not in desired or not self._is_as_live(imported[number], desired[number], context))
        ]
        if wrong:
            raise MergeError(wrong, "what would be written is not what is live")

    def _with_variables(self, writer: Writer) -> Secrets:
        values = {each.variable: each.value for each in writer.variables.made.values()}
        secrets = self._session.secrets
        return replace(secrets, environ={**secrets.environ, **values})

    def _refused(self, merged: Merged, loaded: LoadResult) -> MergeError:
        """Who is to blame that the new texts do not load."""
        error = next(each for each in loaded.diagnostics if each.is_error)
        return MergeError(self._blamed(merged, error), f"{error.message} [{error.code}]", error.hint)

    def _blamed(self, merged: Merged, error: Diagnostic) -> set[str]:
        """The numbers whose new entry an error is about, or that use what it is about."""
        place = error.location
        if place is None or place.file not in merged.texts:
            return set()
        files = read_files(self._configuration.root, trusted=self._asked.trusted, texts=merged.texts)
        sections, name_of = merge_sections(files), files.sources.name_of
        entries = [
            (files.sources.location(each.span).line, name)
            for section in (sections.numbers, sections.schedules, sections.contacts)
            for name, each in section.items()
            if name_of(each.span) == place.file
        ]
        culprit = max((entry for entry in entries if entry[0] <= place.line), default=(0, ""))[1]
        if culprit in merged.entries:
            return {culprit}
        return {number for number, entry in merged.entries.items() if culprit and _mentions(entry, culprit)}

    def _result(self, merged: Merged, left: Sequence[Imported], writer: Writer) -> Import:
        variables = [each for each in writer.variables.made.values() if each.uses.keys() & merged.entries.keys()]
        for each in variables:
            self._session.secrets.remember(each.value)
        before = self._base.texts
        return Import(
            before,
            {name: text for name, text in merged.texts.items() if text != before.get(name)},
            tuple(sorted((*merged.numbers, *left), key=lambda each: (each.seen.account.name, each.seen.number))),
            tuple(variables),
            tuple(writer.timetable.added),
            tuple(writer.phonebook.added),
        )


def _mentions(data: object, name: str) -> bool:
    if isinstance(data, Mapping):
        return any(_mentions(each, name) for each in data.values())
    return any(_mentions(each, name) for each in data) if isinstance(data, list) else data == name
