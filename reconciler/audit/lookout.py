"""What is not wrong yet and will be: schedules, calendars and logins that end, parking and records nobody confirmed.

Pure: the day and the time are handed in. Knows no vendor, no backend and no output.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from reconciler.canonical import form
from reconciler.clock import epoch
from reconciler.diagnostics import Diagnostic, Location, Severity, name_numbers
from reconciler.effects.states import CallFlow
from reconciler.model import Desired, Entry, Key
from reconciler.names import Names
from reconciler.rules import RULES
from reconciler.schedule import Period, PeriodError
from reconciler.schedule.zones import zone
from reconciler.settings import Account, Configuration

ENDING_DAYS = 60
RECORD_DAYS = 30
_LOGIN_DAYS = 1.0
_A_DAY = 86_400.0


class EndKind(StrEnum):
    """What ends."""

    SCHEDULE = "schedule"
    CALENDAR = "calendar"
    LOGIN = "login"


@dataclass(frozen=True, slots=True)
class Ending:
    """Something that ends with a day, `days` from the audit's. `name` is what the configuration calls it, "" = nothing.

    `numbers` are those whose calls it is about. `location` is where it is written.
    """

    kind: EndKind
    name: str
    day: date
    days: int
    numbers: tuple[str, ...] = ()
    location: Location | None = None


@dataclass(frozen=True, slots=True)
class Unconfirmed:
    """A number whose value no read has ever confirmed. `written_at` is "" where it was never written either."""

    key: Key
    account: str
    written_at: str = ""

    @property
    def address(self) -> str:
        return f"{self.account}/{self.key.number}"


def endings(configuration: Configuration, names: Names, today: date, within_days: int) -> tuple[Ending, ...]:
    """Schedules whose last day is near, soonest first, and the calendar of public holidays, where one is followed."""
    found = [*_of_schedules(configuration, names, today)]
    until = configuration.calendar_until
    if until is not None and configuration.holidays_version is not None:
        found.append(Ending(EndKind.CALENDAR, "", until, (until - today).days))
    near = (each for each in found if 0 <= each.days <= within_days)
    return tuple(sorted(near, key=lambda each: (each.day, each.kind, each.name)))


def _of_schedules(configuration: Configuration, names: Names, today: date) -> Iterator[Ending]:
    users: dict[str, list[Desired]] = {}
    for desired in configuration.desired:
        for schedule in dict.fromkeys(filter(None, CallFlow.of(form(desired.value).json).schedules)):
            users.setdefault(schedule, []).append(desired)
    for schedule, using in users.items():
        day = _last_day(schedule)
        if day is not None:
            name = names.schedules[schedule].name if schedule in names.schedules else ""
            place = configuration.schedules.get(name, using[0].declared_at)
            numbers = tuple(each.key.number for each in using)
            yield Ending(EndKind.SCHEDULE, name, day, (day - today).days, numbers, place)


def _last_day(schedule: str) -> date | None:
    try:
        return Period.parse(schedule).last_day
    except PeriodError:
        return None


def day_in(timezone: str, at: float) -> date:
    """The day that it is in a zone."""
    return date(1970, 1, 1) + timedelta(days=zone(timezone).local(int(at))[0])


def login_ending(account: Account, day: date, today: date) -> Ending:
    """That a login ends on a day."""
    return Ending(EndKind.LOGIN, account.name, day, (day - today).days, location=account.location)


def tell_endings(found: Iterable[Ending]) -> Iterator[Diagnostic]:
    """Say of each what ends when; of a calendar `validate` has said it, where it is near enough."""
    for each in found:
        when = _when(each.days)
        if each.kind is EndKind.SCHEDULE:
            what = f"schedule '{each.name}'" if each.name else "a schedule"
            whom = f"; {name_numbers(each.numbers)} then lose what it is for" if each.numbers else ""
            message = f"{what} has its last day on {each.day}, {when}{whom}"
            yield RULES["schedule-ending"].at(each.location, message, "write the days after it, or remove the target")
        elif each.kind is EndKind.LOGIN and each.days <= _LOGIN_DAYS:
            message = f"the login of account {each.name} {_ends(each)}, as far as is known, if nothing renews it"
            yield RULES["login-ending"].at(each.location, message, f"reconciler login {each.name}")


def _ends(login: Ending) -> str:
    return f"ended about {login.day}" if login.days < 0 else f"ends about {login.day}, {_when(login.days)}"


def _when(days: int) -> str:
    return {0: "today", 1: "tomorrow"}.get(days, f"in {days} days")


def login_unknown(account: Account, why: str, hint: str | None = None) -> Diagnostic:
    """Say that it is not known when a login ends, and why."""
    message = f"it is not known when the login of account {account.name} ends: {why}"
    hint = hint or f"reconciler login {account.name}"
    return RULES["login-ending"].at(account.location, message, hint).with_severity(Severity.NOTICE)


def unconfirmed(configuration: Configuration, entries: Mapping[Key, Entry]) -> tuple[Unconfirmed, ...]:
    """Declared numbers that their vendor cannot be asked about, and that no read has ever confirmed."""
    found = []
    for desired in configuration.desired:
        account, entry = configuration.accounts.get(desired.account), entries.get(desired.key)
        if account is None or account.capabilities.readable or (entry is not None and entry.confirmed):
            continue
        found.append(Unconfirmed(desired.key, desired.account, entry.written_at if entry is not None else ""))
    return tuple(sorted(found, key=lambda each: each.address))


def tell_unconfirmed(found: Sequence[Unconfirmed], accounts: Mapping[str, Account]) -> Iterator[Diagnostic]:
    """Say once an account which of its numbers nobody has confirmed, and since when."""
    for name in dict.fromkeys(each.account for each in found):
        own = [each for each in found if each.account == name]
        never = sum(not each.written_at for each in own)
        oldest = min((each.written_at for each in own if each.written_at), default="")
        parts = [f"{never} never written"] if never else []
        parts += [f"the oldest written on {oldest[:10]}"] if oldest else []
        numbers = tuple(each.key.number for each in own)
        message = (
            f"account {name}: no read has ever confirmed the parking of {name_numbers(numbers)} ({', '.join(parts)})"
        )
        hint = "call one and see, or write them again: reconciler apply --reassert"
        yield RULES["parking-unconfirmed"].at(accounts[name].location, message, hint)


def record_age(last_at: str, now: float, most_days: float) -> Iterator[Diagnostic]:
    """Say that nothing was recorded for a long time; `last_at` is when something last was, "" where nothing ever."""
    if not last_at:
        return
    days = (now - epoch(last_at)) / _A_DAY
    if days > most_days:
        message = f"nothing was written to the record for {days:.0f} days, since {last_at[:10]}"
        hint = "see that the pipeline that applies still runs; --max-record-age says how long is too long"
        yield RULES["record-old"].at(None, message, hint)
