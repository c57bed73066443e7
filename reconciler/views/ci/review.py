"""What a command has to tell the reviewers of a change, before it has the form of any of their machines.

Knows no format, no command and no terminal. What goes out is made ready once: places from the top of the repository,
and every text without secrets and control characters.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from reconciler.diagnostics import Diagnostic, Location, Related, Severity
from reconciler.views.base import text_of
from reconciler.views.human.findings import tally

Clean = Callable[[str], str]
Where = Callable[[str], str | None]
"""The path of a file from the top of the repository, None where it lies outside."""


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing to tell at its place.

    `title` says what it is about: the rule, or the action and the address of a number; `lines` tell it, a `hint` says
    what to type. `group` is an account, `subject` the address of a number. It `fails` where a test would, and is
    `unjudged` where there was nothing to compare.
    """

    rule: str
    level: Severity
    title: str
    lines: tuple[str, ...]
    place: Location | None = None
    hint: str = ""
    related: tuple[Related, ...] = ()
    group: str = ""
    subject: str = ""
    fails: bool = False
    unjudged: bool = False

    @property
    def sentence(self) -> str:
        """All of it in one line, but for the hint."""
        told = " | ".join(self.lines)
        return told if self.title == self.rule else f"{self.title}: {told}"

    @property
    def all_lines(self) -> tuple[str, ...]:
        """All of it: what tells it, the hint, and the other places."""
        hint = (f"hint: {self.hint}",) if self.hint else ()
        return (*self.lines, *hint, *(f"{item.location}: {item.message}" for item in self.related))


@dataclass(frozen=True, slots=True)
class Review:
    """All remarks of a command on a configuration (by its name, where it has one), in their order.

    `summary` sums them up (empty: nothing to say beyond them), `verdict` is how bad that is. `home` is the file that
    stands for what has no place of its own. It is not `done` where the command came to nothing. `limits` say what a
    format has no room for. `made_at` is an RFC 3339 time in UTC, or empty.
    """

    command: str
    configuration: str = ""
    summary: tuple[str, ...] = ()
    verdict: Severity = Severity.NOTICE
    remarks: tuple[Remark, ...] = ()
    home: str = "reconciler.yaml"
    done: bool = True
    limits: tuple[str, ...] = ()
    made_at: str = ""


# The order in which those of one level are told: what is riskiest is still among those that are shown.
_RISKIEST = ("drift", "change-delete", "change-adopt", "change-update", "change-create")
LEVELS = (Severity.ERROR, Severity.WARNING, Severity.NOTICE)


def worst_first(remarks: Iterable[Remark]) -> list[Remark]:
    """Remarks by their level, and those of one level by their risk."""
    return sorted(remarks, key=_rank)


def _rank(remark: Remark) -> tuple[int, int]:
    risk = _RISKIEST.index(remark.rule) if remark.rule in _RISKIEST else len(_RISKIEST)
    return LEVELS.index(remark.level), risk


# docs/decisions/091
def ready(review: Review, where: Where, clean: Clean) -> Review:
    """The same with places from the top of the repository, and with clean texts."""
    clean = lru_cache(maxsize=None)(clean)  # rules, files and hints come again and again
    return replace(
        review,
        configuration=clean(review.configuration),
        summary=tuple(clean(text) for text in review.summary),
        remarks=tuple(_ready(remark, where, clean) for remark in review.remarks),
        home=clean(where(review.home) or review.home),
    )


def fingerprints(remarks: Iterable[Remark]) -> list[str]:
    """An identity for each that stays when lines move: equal remarks in one file are told apart by their order."""
    seen: Counter[tuple[str, ...]] = Counter()
    found = []
    for remark in remarks:
        identity = (remark.rule, remark.place.file if remark.place else "", remark.subject, *remark.lines)
        seen[identity] += 1
        text = "\0".join((*identity, str(seen[identity])))
        found.append(hashlib.sha256(text.encode("utf-8", "replace")).hexdigest())
    return found


def _ready(remark: Remark, where: Where, clean: Clean) -> Remark:
    place = _placed(remark.place, where, clean)
    lines = remark.lines
    if place is None and remark.place is not None:
        lines = (f"{remark.place}: {lines[0]}", *lines[1:])
    related = [(item, _placed(item.location, where, clean)) for item in remark.related]
    return replace(
        remark,
        rule=clean(remark.rule),
        title=clean(remark.title),
        lines=tuple(clean(text) for text in lines),
        place=place,
        hint=clean(remark.hint),
        related=tuple(Related(clean(item.message), there) for item, there in related if there is not None),
        group=clean(remark.group),
        subject=clean(remark.subject),
    )


# docs/decisions/090
def _placed(place: Location | None, where: Where, clean: Clean) -> Location | None:
    file = None if place is None else where(place.file)
    return None if place is None or file is None else replace(place, file=clean(file), excerpt=None)


def validation(found: Sequence[Diagnostic], told: Iterable[Diagnostic], *, numbers: int, strict: bool) -> Review:
    """The answer of `validate`: what was found, of which so much is told; with `strict` a warning fails too."""
    failed = any(_fails(item, strict=strict) for item in found)
    return Review(
        "validate",
        summary=tuple(text for text in text_of(tally(found, numbers, strict=strict)).splitlines() if text),
        verdict=Severity.ERROR if failed else Severity.NOTICE,
        remarks=tuple(remark(item, strict=strict) for item in told),
    )


def failure(command: str, found: Iterable[Diagnostic]) -> Review:
    """What is left of a command that came to nothing."""
    remarks = tuple(remark(item) for item in found)
    return Review(command, verdict=Severity.ERROR, remarks=remarks, done=False)


def remark(found: Diagnostic, *, strict: bool = False) -> Remark:
    """One diagnostic; with `strict` a warning fails too."""
    return Remark(
        found.code,
        found.severity,
        found.code,
        (found.message,),
        found.location,
        found.hint or "",
        found.related,
        fails=_fails(found, strict=strict),
    )


def _fails(found: Diagnostic, *, strict: bool) -> bool:
    return found.is_error or (strict and found.severity is Severity.WARNING)
