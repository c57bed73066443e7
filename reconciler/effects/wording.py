"""How it is said who rings and when: by name where the configuration has one, in one language, short or in full.

Knows no vendor and no output format.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from gettext import NullTranslations
from typing import Final, NamedTuple

from reconciler import schedule
from reconciler.effects.states import CallHandling, Saying
from reconciler.language import UNTRANSLATED
from reconciler.model import Effect
from reconciler.names import NO_NAMES, Names
from reconciler.schedule import Instants, Period, PeriodError


class Noticed(NamedTuple):
    """What callers notice, before any words: when, and both sides of it."""

    when: Instants | Saying
    was: CallHandling
    now: CallHandling


@dataclass(frozen=True, slots=True, eq=False)
class Wording:
    """A way to say things. `full`: every date is listed, and periods are spelled where a schedule has a name."""

    names: Names = NO_NAMES
    full: bool = False
    words: NullTranslations = UNTRANSLATED
    _said: dict[int, tuple[Instants, str]] = field(default_factory=dict, init=False, repr=False)
    """What was said of a set, by its identity: many numbers share one."""
    _spelled: dict[str | None, str] = field(default_factory=dict, init=False, repr=False)
    """What was said of a canonical schedule. Kept here, so that nothing outlives the names that it was said with."""

    @property
    def language(self) -> str:
        """The language as HTML names it."""
        return self.words.info().get("language", "en")

    def word(self, text: str, **gaps: object) -> str:
        """A text with its gaps filled."""
        said = self.words.gettext(text)
        return said.format(**gaps) if gaps else said

    def number(self, count: int, one: str, many: str, **gaps: object) -> str:
        """A text that counts: in the form of so many, with its gaps filled."""
        return self.words.ngettext(one, many, count).format(count=count, **gaps)

    def who(self, to: str) -> str:
        """A phone or SIP ID: `night-duty (79161234567)`."""
        name = self.names.contacts.get(to)
        return f"{name} ({to})" if name else to

    def effect(self, effect: Effect) -> Effect:
        """An effect in these words."""
        noticed = effect.noticed
        if not isinstance(noticed, Noticed):
            return effect
        before, after = self.contrast(noticed.was, noticed.now)
        return replace(effect, when=self.when(noticed.when), before=before, after=after)

    def when(self, when: Instants | Saying) -> str:
        """The time at which something happens, also where it is not known."""
        return self.said(when) if isinstance(when, Saying) else self.times(when)

    def said(self, saying: Saying) -> str:
        """A sentence with its gaps filled."""
        return self.words.gettext(saying.template).format(**{key: self._part(part) for key, part in saying.parts})

    def _part(self, part: str | Saying | tuple[str, ...]) -> str:
        if isinstance(part, Saying):
            return self.said(part)
        return part if isinstance(part, str) else ", ".join(map(self.who, part))

    def opaque(self, period: str) -> str:
        """That nobody knows when a target with this live period rings."""
        return self.word(
            "it is not known when it rings: {period} does not follow the period grammar", period=repr(period)
        )

    def coming(self, instants: Instants) -> Instants:
        """What is still to come of a set."""
        return instants.ahead(self.names.since)

    def times(self, instants: Instants) -> str:
        """A set of instants, those to come alone."""
        if id(instants) not in self._said:
            if len(self._said) > _MOST_KEPT:
                self._said.clear()
            self._said[id(instants)] = instants, self._times(instants)
        return self._said[id(instants)][1]

    def _times(self, instants: Instants) -> str:
        """What says times is loaded where there is something to say: most runs of `validate` have nothing."""
        since = self.names.since
        if self.full:
            return schedule.phrased(instants.ahead(since), self.words)
        return schedule.told(instants, since, self.names.calendars, self.words)

    def schedule(self, text: str | None) -> str:
        """A canonical schedule: by its name, else its times, else as it stands where it is no period that we know."""
        named = self.names.schedules.get(text or "")
        if named is None:
            return self.period(text)
        return f"{named.name} [{self.period(text)}]" if self.full else named.name

    def period(self, text: str | None) -> str:
        """The times of a canonical schedule, whatever it is called."""
        if text not in self._spelled:
            if len(self._spelled) > _MOST_KEPT:
                self._spelled.clear()
            self._spelled[text] = self._period(text)
        return self._spelled[text]

    def _period(self, text: str | None) -> str:
        if text is None:
            return self.words.gettext("always")
        try:
            period = Period.parse(text, weekday_base="refuse")
        except PeriodError:
            return f'"{text}"'
        return period.phrase() if period.has_short_year else self.times(period.instants)

    def handling(self, happening: CallHandling) -> str:
        """Who rings, in which order and for how long."""
        if not happening.rings:
            return self.said(happening.saying) if happening.saying else self.word("no target")
        between = self.word(" and ") if happening.redirect == "parallel" else self.word(", then ")
        text = self.word("rings {who}", who=self._joined(happening.rings, between))
        if happening.announcement:
            return self.word("hears announcement {file}, {rings}", file=happening.announcement, rings=text)
        return text

    def contrast(self, was: CallHandling, now: CallHandling) -> tuple[str, str]:
        """Both sides of a difference: where only one of several targets differs, only that one."""
        if was.redirect and was.redirect == now.redirect and was.announcement == now.announcement:
            found = self._retimed(was, now) or self._without(was, now) or _turned(self._without(now, was))
            if found is not None:
                return found
        return self.handling(was), self.handling(now)

    def _joined(self, rings: tuple[tuple[str, int], ...], between: str) -> str:
        template = self.words.gettext("{who} for {seconds} s")
        return between.join(template.format(who=self.who(to), seconds=seconds) for to, seconds in rings)

    def _retimed(self, was: CallHandling, now: CallHandling) -> tuple[str, str] | None:
        """The same targets, some of which ring for another time."""
        if [to for to, _ in was.rings] != [to for to, _ in now.rings]:
            return None
        apart = [pair for pair in zip(was.rings, now.rings, strict=True) if pair[0] != pair[1]]
        before, after = (self._joined(tuple(pair[side] for pair in apart), ", ") for side in (0, 1))
        template = self.words.gettext("rings {who}")
        return template.format(who=before), template.format(who=after)

    def _without(self, more: CallHandling, fewer: CallHandling) -> tuple[str, str] | None:
        """The same targets but for one that is gone, where several are left."""
        at = next((at for at in range(len(more.rings)) if more.rings[:at] + more.rings[at + 1 :] == fewer.rings), None)
        if at is None or len(fewer.rings) < 2:
            return None
        to = more.rings[at][0]
        if any(other == to for other, _ in fewer.rings):
            return None
        who = self._joined(more.rings[at : at + 1], "")
        beside = self.who(more.rings[at - 1 if at else 1][0])
        if more.redirect == "parallel":
            rings = self.word("rings {who} too", who=who)
        elif at:
            rings = self.word("rings {who} after {beside}", who=who, beside=beside)
        else:
            rings = self.word("rings {who} before {beside}", who=who, beside=beside)
        return rings, self.word("does not ring {who}", who=self.who(to))


def marked(text: str) -> str:
    """A text for the catalogue that is put into words elsewhere."""
    return text


_MOST_KEPT: Final = 4096

PLAIN: Final = Wording(full=True)
"""Digits and periods as they are."""

SHORT: Final = Wording()
"""Times in short, in English; nothing has a name."""


def _turned(pair: tuple[str, str] | None) -> tuple[str, str] | None:
    return None if pair is None else (pair[1], pair[0])
