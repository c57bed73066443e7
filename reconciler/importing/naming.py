"""What is repeated gets a name: schedules by their description, phones by who answers, secrets of URLs by their field.

Looks names up before it makes one. Knows no files.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final, Literal, NamedTuple

from reconciler.canonical import period_text, same_from
from reconciler.config.forwardings import Recipient
from reconciler.diagnostics import Severity
from reconciler.model import Target, WeekdayBase
from reconciler.schedule import Period, PeriodError, account_findings, check
from reconciler.schedule.compile import CompileError, compile_schedule
from reconciler.schedule.human import Schedule, read_schedule
from reconciler.schedule.weekly import weekly_form
from reconciler.secrets import VARIABLE_PREFIX, SecretError, Secrets
from reconciler.settings import PeriodSettings, Union

Data = dict[str, Any]
_REPEATED: Final = 2
_LONGEST: Final = 40
_ANY_DAY: Final = date(2026, 12, 31)
_LATIN: Final = str.maketrans(
    dict(
        zip(
            "абвгдеёжзийклмнопрстуфхцчшщъыьэюя",
            "a b v g d e e zh z i y k l m n o p r s t u f kh ts ch sh shch _ y _ e yu ya".replace("_", "").split(" "),
            strict=True,
        )
    )
)


def slug(text: str) -> str:
    """A text as a name: Latin letters and digits with hyphens; empty where nothing of it is left."""
    words = re.findall(r"[a-z0-9]+", text.lower().translate(_LATIN))
    name = ""
    for word in words:
        if name and len(name) + len(word) >= _LONGEST:
            break
        name = f"{name}-{word}".strip("-")
    return name if re.search("[a-z]", name) else ""


def free_name(wanted: str, otherwise: str, taken: Collection[str]) -> str:
    """The name that is wanted, or that with a number; without one `otherwise` with a number."""
    if wanted and wanted not in taken:
        return wanted
    number = 2 if wanted else 1
    while f"{wanted or otherwise}-{number}" in taken:
        number += 1
    return f"{wanted or otherwise}-{number}"


def _commonest(texts: Iterable[str]) -> str:
    counted = Counter(text for text in texts if text)
    return max(counted, key=lambda text: (counted[text], text)) if counted else ""


# -- schedules --------------------------------------------------------------------------------------------------------

ScheduleKey = tuple[str, PeriodSettings | None]


class Reference(NamedTuple):
    """How a target says when it is active: by a name, by a literal or not at all; and the description of that."""

    written: str | Data | None
    description: str


@dataclass(slots=True)
class Timetable:
    """The schedules of a configuration, and those to be added to it.

    `declared` are descriptions by name, `taken` other names that scenarios give, `periods_of` gives the periods of a
    declared one as an account takes it.
    """

    declared: Mapping[str, str]
    taken: frozenset[str]
    periods_of: Callable[[str, PeriodSettings], tuple[str, ...]]
    timezone: str
    today: date
    added: dict[str, Data] = field(default_factory=dict)
    _uses: dict[ScheduleKey, list[str]] = field(default_factory=dict)
    _forms: dict[tuple[tuple[str, ...], PeriodSettings], Data | None] = field(default_factory=dict)
    _named: dict[ScheduleKey, Reference] = field(default_factory=dict)
    _canonical: dict[PeriodSettings, dict[str, str]] = field(default_factory=dict)
    _found: dict[tuple[str, PeriodSettings], str | None] = field(default_factory=dict)

    def reference(self, target: Target, settings: PeriodSettings) -> Reference | None:
        """How to say when a target is active; None where its periods cannot be one schedule."""
        text = period_text(target.periods, target.weekday_base)
        if not target.periods:
            return Reference(None, "")
        known = self._declared_as(text, settings) if text is not None else None
        if known is not None:
            return Reference(known, self.declared[known])
        form = self._form(target.periods, settings)
        if form is None:
            return None
        key = (text or "", None if "weekly" in form else settings)
        self._uses.setdefault(key, []).append(target.schedule_description)
        if key not in self._named:
            return Reference(form, "")
        named = self._named[key]
        self.added.setdefault(str(named.written), {**_described(named.description), **form})
        return named

    def takes(self, target: Target, settings: PeriodSettings) -> bool:
        """Whether a target's periods can be one schedule."""
        text = period_text(target.periods, target.weekday_base)
        declared = text is not None and self._declared_as(text, settings) is not None
        return declared or self._form(target.periods, settings) is not None

    def name_repeated(self) -> None:
        """Name the schedules that were asked for more than once so far."""
        for key, descriptions in self._uses.items():
            if len(descriptions) >= _REPEATED:
                description = _commonest(descriptions)
                taken = {*self.declared, *self.taken, *(str(each.written) for each in self._named.values())}
                self._named[key] = Reference(free_name(slug(description), "schedule", taken), description)

    def _declared_as(self, text: str, settings: PeriodSettings) -> str | None:
        """The declared schedule that is the same set from now on."""
        if (text, settings) not in self._found:
            known = self._known(settings)
            alike = (name for other, name in known.items() if same_from(text, other, self.today))
            self._found[text, settings] = known.get(text) or next(alike, None)
        return self._found[text, settings]

    def _known(self, settings: PeriodSettings) -> dict[str, str]:
        if settings not in self._canonical:
            found = self._canonical[settings] = {}
            for name in self.declared:
                text = period_text(self.periods_of(name, settings), settings.weekday_base)
                if text is not None:
                    found.setdefault(text, name)
        return self._canonical[settings]

    def _form(self, periods: tuple[str, ...], settings: PeriodSettings) -> Data | None:
        key = (periods, settings)
        if key not in self._forms:
            self._forms[key] = self._made(periods, settings)
        return self._forms[key]

    def _made(self, periods: tuple[str, ...], settings: PeriodSettings) -> Data | None:
        """The best way to write periods: weekly hours, the period itself, several of them, or as it is."""
        base = settings.weekday_base
        try:
            union = Period.union(Period.parse(text, weekday_base=base.value) for text in periods)
        except PeriodError:
            return _verbatim(periods[0]) if len(periods) == 1 else None
        weekly = None if union.has_short_year else weekly_form(union.instants)
        if weekly is not None:
            return weekly
        if len(periods) == 1 and _is_fit(periods[0], settings):
            return {"period": periods[0]}
        several = self._several(union, periods, settings)
        return several if several is not None or len(periods) > 1 else _verbatim(periods[0])

    def _several(self, union: Period, periods: tuple[str, ...], settings: PeriodSettings) -> Data | None:
        """Periods as one schedule of several, where they compile to the very set that they are."""
        texts = [text for text in periods if _is_fit(text, settings)]
        parts = texts if len(texts) == len(periods) else list(union.parts)
        if union.has_short_year or len(parts) < _REPEATED or not all(_is_fit(text, settings) for text in parts):
            return None
        form: Data = {"any": [{"period": text} for text in parts]}
        base: Literal["monday", "sunday"] = "monday" if settings.weekday_base is WeekdayBase.MONDAY else "sunday"
        try:
            schedule = read_schedule(form, _no_other, weekday_base=base)
            compiled = compile_schedule(
                schedule,
                timezone=self.timezone,
                until=_ANY_DAY,
                union_style=settings.union.value,
                since=self.today.year,
            )
        except CompileError:
            return None
        text = period_text(compiled.periods, settings.weekday_base)
        return form if same_from(text, period_text(periods, settings.weekday_base), self.today) else None


def _no_other(name: str) -> Schedule:
    raise AssertionError(f"{name!r} was never written")


def _described(description: str) -> Data:
    return {"description": description} if description else {}


def _verbatim(period: str) -> Data:
    return {"period": period, "verbatim": "true"}


def _is_fit(period: str, settings: PeriodSettings) -> bool:
    """Whether a period may stand in a file for such an account."""
    base = settings.weekday_base.value
    union = "comma" if settings.union is Union.COMMA else "entries"
    found = (
        *check(period, weekday_base="sunday" if base == "refuse" else base),
        *account_findings(period, union=union, weekday_base=base),
    )
    return all(finding.severity is not Severity.ERROR for finding in found)


# -- contacts ---------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Phonebook:
    """The contacts of a configuration, and, with `makes_contacts`, those to be added to it.

    `declared` gives whom each leads to, `named` the contact of each phone or SIP ID, `taken` are other names that
    scenarios give.
    """

    declared: Mapping[str, Recipient]
    named: Mapping[str, str]
    taken: frozenset[str]
    makes_contacts: bool
    added: dict[str, Data] = field(default_factory=dict)
    _uses: dict[str, list[str]] = field(default_factory=dict)
    _new: dict[str, str] = field(default_factory=dict)
    _recipients: dict[str, Recipient] = field(default_factory=dict)

    def recipient(self, written: str, digits: str) -> Recipient:
        """Whom a text under `to` means, which leads to these digits."""
        return self.declared.get(written) or Recipient(digits)

    def reference(self, target: Target) -> tuple[str, Recipient]:
        """How to say who rings: a contact or digits."""
        if not self.makes_contacts:
            return target.to, Recipient(target.to)
        if target.to in self.named:
            name = self.named[target.to]
            return name, self.declared[name]
        self._uses.setdefault(target.to, []).append(target.name)
        if target.to not in self._new:
            return target.to, Recipient(target.to)
        name = self._new[target.to]
        self.added.setdefault(name, {"to": target.to, **_named(self._recipients[name].name)})
        return name, self._recipients[name]

    def name_repeated(self) -> None:
        """Make contacts of the phones that were asked for more than once so far."""
        for digits, names in self._uses.items():
            if len(names) >= _REPEATED:
                common = names[0] if len(set(names)) == 1 else ""
                taken = {*self.declared, *self.taken, *self._new.values()}
                name = self._new[digits] = free_name(slug(common or _commonest(names)), "contact", taken)
                self._recipients[name] = Recipient(digits, name=common)


def _named(name: str) -> Data:
    return {"name": name} if name else {}


# -- secrets of URLs --------------------------------------------------------------------------------------------------

_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*://)([^/?#@]*@)?([^?#]*)([?#].+)?", re.DOTALL)


@dataclass(slots=True)
class Variable:
    """A variable for a secret of a URL, whose value is never shown: in which fields of which numbers it stands."""

    name: str
    value: str = field(repr=False)
    part: str
    is_set: bool
    uses: dict[str, str] = field(default_factory=dict)

    @property
    def variable(self) -> str:
        """What it is called in the environment."""
        return f"{VARIABLE_PREFIX}{self.name}"


# docs/decisions/154
@dataclass(slots=True)
class Variables:
    """Templates for URLs, so that no secret stands in a file; `literal` writes URLs as they are."""

    secrets: Secrets
    templates: Iterable[str]
    literal: bool
    made: dict[str, Variable] = field(default_factory=dict)
    _known: dict[str, str] | None = None

    def written(self, key: str, url: str, number: str) -> str:
        """How to write a URL of a number's field."""
        match = _URL.fullmatch(url)
        if self.literal or match is None or not (match[2] or match[4]):
            return url
        if url in self._templates():
            return self._templates()[url]
        scheme, user, place, tail = match.groups()
        text = scheme
        if user:
            text += f"${{var:{self._variable(f'{key}_user', 'the user', user[:-1], key, number)}}}@"
        text += place
        if tail:
            name = self._variable(f"{key}_query", "the query", tail[1:], key, number)
            text += f"{tail[0]}${{var:{name}}}"
        return text

    def _templates(self) -> dict[str, str]:
        """The templates of the configuration by what they stand for."""
        if self._known is None:
            self._known = {}
            for template in self.templates:
                try:
                    self._known.setdefault(self.secrets.resolve(template), template)
                except SecretError:
                    continue
        return self._known

    def _variable(self, wanted: str, part: str, value: str, key: str, number: str) -> str:
        if value not in self.made:
            environ = self.secrets.environ
            names = (name for name in environ if name.startswith(VARIABLE_PREFIX) and environ[name] == value)
            name = next(names, "").removeprefix(VARIABLE_PREFIX)
            is_set = bool(name)
            self.made[value] = Variable(name or self._free(wanted.upper()), value, part, is_set)
        self.made[value].uses[number] = key
        return self.made[value].name

    def _free(self, wanted: str) -> str:
        templates = " ".join(self.templates)
        taken = {each.name for each in self.made.values()}
        number, name = 1, wanted
        while name in taken or VARIABLE_PREFIX + name in self.secrets.environ or f"${{var:{name}}}" in templates:
            number += 1
            name = f"{wanted}_{number}"
        return name
