"""An import from a session: live numbers are chosen and read, written into texts, and what these mean is proven equal.

Writes nothing itself. Knows no options of a command line and no output.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from pathlib import Path

from reconciler.config.files import WORKING_COPY, Origin, environments_of, read_files
from reconciler.config.forwardings import Contacts
from reconciler.config.load import LoadResult, load
from reconciler.config.sections import merge as merge_sections
from reconciler.config.trusted import read_settings
from reconciler.diagnostics import Diagnostic
from reconciler.http.errors import NotOwned, ProviderError
from reconciler.importing.entries import Writer
from reconciler.importing.merging import Base, Done, Fault, Imported, Merged, MergeError, Seen, merge
from reconciler.importing.naming import Phonebook, Timetable, Variable, Variables
from reconciler.importing.seeing import judge_seen
from reconciler.live import Progress, Reader, ReadRequest
from reconciler.model import (
    Desired,
    Key,
    Observation,
)
from reconciler.plan.candidate import Candidate, PlanContext
from reconciler.plan.decide import decide
from reconciler.providers.base import Listing
from reconciler.providers.table import PROVIDERS
from reconciler.rules import RULES
from reconciler.secrets import Secrets
from reconciler.settings import Account, Configuration, PeriodSettings
from reconciler.wiring import Session
from reconciler.workflow.plan import learn_variables, read_wanted, sandbox_in_use
from reconciler.workflow.validate import unplannable

RULE = "import-left-out"


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
    origin: Origin = WORKING_COPY
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
        return self.has_errors and all(each.told for each in self.numbers)

    @property
    def has_errors(self) -> bool:
        """Whether something that was asked for is not done."""
        return any(each.done is Done.LEFT_OUT for each in self.numbers) or any(
            each.is_error for each in self.diagnostics
        )


def make_import(session: Session, asked: Asked) -> Import:
    """Say what files would become so that they say what is live. Raises RecordError, MergeError."""
    base = read_base(session.configuration, asked.origin)
    if asked.into is not None and not base.reads(asked.into):
        return Import(diagnostics=(_not_included(asked.into),))
    learn_variables(session)
    choice = _Choice(session, base, asked)
    wanted = choice.wanted()
    state = session.record.load()
    live = read_wanted(session, wanted, _reader(session, asked, choice.listings))
    told = [*choice.diagnostics, *live.diagnostics, *_in_force(state.scenario)]
    told += sandbox_in_use(session.configuration)
    seen, left = judge_seen(session.configuration, wanted, live, state)
    told += dict.fromkeys(each.problem for each in live.observations.values() if each.problem is not None)
    if not seen and not left and not any(each.is_error for each in told):
        told.append(RULES["selection-empty"].at(None, "the accounts list no numbers"))
    made = _Writing(session, base, asked).run(seen, left)
    return replace(made, diagnostics=(*told, *made.diagnostics, *_elsewhere(base, asked.origin, made)))


def _elsewhere(base: Base, origin: Origin, made: Import) -> Iterator[Diagnostic]:
    """Tell of numbers that other environments share, and would have otherwise now: their defaults may be others."""
    for name in (None, *environments_of(base.files)) if made.after else ():
        if name == origin.environment:
            continue
        before = _meant(base.root, origin._replace(environment=name))
        after = _meant(base.root, origin._replace(environment=name, texts=made.after))
        moved = sorted({key[0] for key in before.keys() | after.keys() if before.get(key) != after.get(key)})
        if moved:
            where = "without --environment" if name is None else f"with --environment {name}"
            message = f"the files now say something else of it {where}, too"
            hint = f"look at the plan {where}; what environments share has to say all that their defaults do not"
            yield RULES["import-elsewhere"].about(moved, None, message, hint)


def _meant(root: Path, origin: Origin) -> dict[tuple[str, str], object]:
    """What each number is to hold, by number and kind; nothing where it cannot be loaded."""
    configuration = load(root, PROVIDERS, origin=origin).configuration
    desired = configuration.desired if configuration is not None else ()
    return {(each.key.number, each.key.kind.value): (each.account, each.value) for each in desired}


def _in_force(scenario: str) -> Iterator[Diagnostic]:
    """Say that what is live may be what a scenario made of it."""
    if scenario:
        message = f"scenario '{scenario}' is in force, so what is live may be what it says and not the files without it"
        hint = "to go back first: reconciler apply without --scenario"
        yield RULES["scenario-in-force"].at(None, message, hint)


def read_base(configuration: Configuration, origin: Origin) -> Base:
    """The files of a configuration with the places of their entries."""
    files = read_files(configuration.root, origin)
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
                    self._take(account, number)
        if not found and pattern != "*":
            message = f"no number that the accounts list matches {pattern}"
            self.diagnostics.append(RULES["selection-empty"].at(None, message))

    def _take(self, account: str, number: str) -> None:
        """Take a listed number, but one that is declared in another account or was listed by another one before."""
        declared = self._base.account_of(number) if number in self._base.sections.numbers else account
        if declared == account and not any(number in taken for taken in self._chosen.values()):
            self._chosen.setdefault(account, {})[number] = None

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
        while True:
            writer = self._writer()
            try:
                merged = self._merged(seen, writer)
                told = self._prove(merged, seen, writer)
            except MergeError as error:
                faults = error.faults
                if not faults:
                    raise
            else:
                return self._result(merged, left, writer, told)
            left += [Imported(each, Done.LEFT_OUT, fault=faults[each.number]) for each in seen if each.number in faults]
            seen = [each for each in seen if each.number not in faults]

    def _merged(self, seen: Sequence[Seen], writer: Writer) -> Merged:
        kept, faults = set[str](), dict[str, Fault]()
        for each in seen:
            compared = self._compared(each, self._base.desired.get(each.number), self._context)
            if isinstance(compared, Fault):
                faults[each.number] = compared
            elif compared:
                kept.add(each.number)
        if faults:
            raise MergeError(faults)
        return merge(self._base, seen, writer, into=self._asked.into, kept=kept)

    def _writer(self) -> Writer:
        configuration, sections, files = self._configuration, self._base.sections, self._base.files
        contacts = Contacts(files, sections.contacts)
        recipients = {name: contacts.resolve(name) for name in sections.contacts}
        descriptions = {name: str(each.tree.data.get("description") or "") for name, each in sections.schedules.items()}
        scenarios = [each.tree.data for each in sections.scenarios.values()]
        secrets = self._session.secrets
        templates = [
            text
            for each in configuration.desired
            for text in (getattr(each.value, "url", ""), getattr(each.value, "event_url", ""))
            if "${var:" in text
        ]
        return Writer(
            Timetable(
                descriptions, _names(scenarios, "schedules"), self._periods_of, configuration.timezone, self._today
            ),
            Phonebook(
                {name: each for name, each in recipients.items() if each is not None},
                contacts.named(),
                _names(scenarios, "contacts"),
                self._asked.contacts,
            ),
            Variables(secrets, templates, self._asked.literal_urls),
            self._base.settings.default_timeout,
            secrets.resolve,
        )

    def _periods_of(self, name: str, settings: PeriodSettings) -> tuple[str, ...]:
        """The periods of a declared schedule; none where an account of these settings does not take it."""
        periods, found = self._configuration.compiled(name, settings)
        return () if any(each.is_error for each in found) else periods

    def _compared(self, seen: Seen, desired: Desired | None, context: PlanContext) -> bool | Fault:
        """Whether a plan of a number's entry would be empty, or why that cannot be told."""
        if seen.value is None or desired is None:
            return seen.value is None and seen.number in self._base.sections.numbers
        observation = Observation(seen.value, self._session.clock.now(), seen.unreadable)
        decided = decide(Candidate(desired.key, desired.account, desired, observation), context)
        if decided.unknown:
            return next((Fault(each.message, each.hint) for each in decided.diagnostics), Fault("it is not known"))
        return decided.change is None

    # -- proof --------------------------------------------------------------------------------------------------------

    def _prove(self, merged: Merged, seen: Sequence[Seen], writer: Writer) -> tuple[Diagnostic, ...]:
        """New texts must load, mean what is live, and leave all other numbers as they are. Raises MergeError.

        Gives what stands against a plan of them all the same: live numbers that forward to each other in a circle.
        """
        loaded = self._loaded(merged)
        if loaded.configuration is None:
            raise MergeError(*self._blamed(merged, [each for each in loaded.diagnostics if each.is_error]))
        desired = {each.key.number: each for each in loaded.configuration.desired}
        imported = {each.number: each for each in seen}
        for number, before in self._base.desired.items():
            if number not in imported and (number not in desired or desired[number].value != before.value):
                raise MergeError({}, Fault(f"{number} would change, which is not imported"))
        context = replace(self._context, secrets=self._with_variables(writer))
        wrong = [
            number
            for number in merged.entries
            if imported[number].value is not None
            and self._compared(imported[number], desired.get(number), context) is not True
        ]
        if wrong:
            raise MergeError(dict.fromkeys(wrong, Fault("what would be written is not what is live")))
        return tuple(unplannable(loaded.configuration))

    def _loaded(self, merged: Merged) -> LoadResult:
        root, origin = self._configuration.root, self._asked.origin._replace(texts=merged.texts)
        return load(root, PROVIDERS, origin=origin, today=self._today)

    def _with_variables(self, writer: Writer) -> Secrets:
        values = {each.variable: each.value for each in writer.variables.made.values()}
        secrets = self._session.secrets
        return replace(secrets, environ={**secrets.environ, **values})

    def _blamed(self, merged: Merged, errors: Sequence[Diagnostic]) -> tuple[dict[str, Fault], Fault]:
        """The numbers whose new entry an error is about, or that use what it is about; and the first error."""
        files = read_files(self._configuration.root, self._asked.origin._replace(texts=merged.texts))
        sections = merge_sections(files)
        entries = sorted(
            (place.file, place.line, name)
            for section in (sections.numbers, sections.schedules, sections.contacts)
            for name, each in section.items()
            if (place := files.sources.location(each.span)).file in merged.texts
        )
        faults: dict[str, Fault] = {}
        for error in errors:
            fault = Fault(f"{error.message} [{error.code}]", error.hint)
            where = (error.location.file, error.location.line + 1) if error.location is not None else ("", 0)
            at = bisect_left(entries, where)
            if at and entries[at - 1][0] == where[0]:
                culprit = entries[at - 1][2]
                users = {} if culprit in sections.numbers else merged.entries
                for number in [*error.numbers, culprit, *(each for each in users if _mentions(users[each], culprit))]:
                    if number in merged.entries:
                        faults.setdefault(number, fault)
        first = errors[0]
        return faults, Fault(f"{first.location}: {first.message}" if first.location else first.message, first.hint)

    def _result(self, merged: Merged, left: Sequence[Imported], writer: Writer, told: tuple[Diagnostic, ...]) -> Import:
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
            told,
        )


def _names(scenarios: Iterable[Mapping[str, object]], section: str) -> frozenset[str]:
    """The names that scenarios give in a section."""
    sections = (each.get(section) for each in scenarios)
    return frozenset(name for each in sections if isinstance(each, dict) for name in each)


def _mentions(data: object, name: str) -> bool:
    if isinstance(data, Mapping):
        return any(_mentions(each, name) for each in data.values())
    return any(_mentions(each, name) for each in data) if isinstance(data, list) else data == name
