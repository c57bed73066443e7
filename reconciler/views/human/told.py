"""What there is to say of changes, put into words once: numbers of which the same is to be said make one block.

Text, Markdown, pages and remarks only draw what is told here. Knows no format and no command.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import takewhile
from typing import NamedTuple

from reconciler.effects.wording import SHORT, Wording, marked
from reconciler.model import Action, Change, FieldChange, Traffic
from reconciler.names import Named
from reconciler.plan.model import Consent
from reconciler.views.human.values import details, field, gist, summary

BY_HAND = marked("changed by hand")
_NONE = Consent()
GONE = marked("in no file any more")
NAMED = 5
"""So many numbers of a block are named; with -v all are."""
_LONG = 50
SIDES = (marked("until now"), marked("becomes"))
DRIFT_SIDES = (marked("as written"), marked("live now"))
_PAST = ((marked("rings "), marked("rang ")), (marked("does not ring "), marked("did not ring ")))


ACTIONS = {
    Action.CREATE: marked("create"),
    Action.UPDATE: marked("update"),
    Action.DELETE: marked("delete"),
    Action.ADOPT: marked("adopt"),
    Action.ASSERT: marked("assert"),
    Action.FORGET: marked("forget"),
}
_AS_FILES, _AS_BEFORE = marked("as the files say"), marked("as before the undone run")


class Row(NamedTuple):
    """A field, or a time, with what it was and what it becomes; `after` is empty where one text says it all.

    `place` is where a schedule stands that many numbers share.
    """

    label: str
    before: str
    after: str
    place: str = ""

    @property
    def text(self) -> str:
        return f"{self.before} -> {self.after}" if self.after else self.before


class Side(NamedTuple):
    """A whole value, a line each."""

    label: str
    lines: tuple[str, ...]


class Told(NamedTuple):
    """What is to be said of a change, whichever number it is of.

    `gist` is what becomes of the number, in few words. A `headline` says all where a whole value comes or goes, `sides`
    where one takes the place of another. Of the flags that it needs some are `missing`, and some were `granted`.
    """

    action: Action
    gist: str
    by_hand: bool
    headline: tuple[str, ...] = ()
    sides: tuple[Side, ...] = ()
    fields: tuple[Row, ...] = ()
    effects: tuple[Row, ...] = ()
    unnoticed: bool = False
    missing: tuple[str, ...] = ()
    granted: tuple[str, ...] = ()


class Block(NamedTuple):
    """Changes of which the same is told, in the order of the plan, and the profile that all of several use.

    The `title` is the address, or how many there are.
    """

    told: Told
    title: str
    changes: tuple[Change, ...]
    profile: Named | None = None

    @property
    def traffic(self) -> Traffic | None:
        """What all its changes do to calls of the past, if these were replayed."""
        told = [change.traffic for change in self.changes]
        return None if None in told else Traffic.together(told)


# docs/decisions/146
def blocks(
    changes: Iterable[Change], say: Wording, consent: Consent = _NONE, sides: tuple[str, str] = SIDES
) -> tuple[Block, ...]:
    """Put changes together of which the same is told; a block stands where its first change would."""
    found: dict[Told, list[Change]] = {}
    for change in changes:
        found.setdefault(tell(change, say, consent, sides), []).append(change)
    return tuple(Block(told, _title(alike, say), tuple(alike), _profile(alike, say)) for told, alike in found.items())


def _title(changes: list[Change], say: Wording) -> str:
    count = len(changes)
    return changes[0].address if count == 1 else say.number(count, "{count} number alike", "{count} numbers alike")


def _profile(changes: list[Change], say: Wording) -> Named | None:
    if len(changes) == 1:
        return None
    used = {say.names.profiles.get(change.key.number) for change in changes}
    return used.pop() if len(used) == 1 else None


def tell(change: Change, say: Wording, consent: Consent = _NONE, sides: tuple[str, str] = SIDES) -> Told:
    """What is to be said of one change. What callers notice is not said again where whole values tell it."""
    whole = change.action is not Action.UPDATE or is_of_another_type(change)
    effects = () if _says_all(change) else map(say.effect, change.effects)
    missing = tuple(f"--{need}" for need in change.needs if need.removeprefix("allow-") not in consent.allow)
    return Told(
        action=change.action,
        gist=_gist(change, say),
        by_hand=change.reverts_a_hand and sides is SIDES,
        headline=_headline(change, say),
        sides=_sides(change, say, sides),
        fields=() if whole else rows_of(change.fields, say),
        effects=tuple(Row(each.when, _in_the_past(each.before, say), each.after) for each in effects),
        unnoticed=change.action in (Action.UPDATE, Action.ADOPT) and change.before is not None and not change.effects,
        missing=missing,
        granted=tuple(flag for need in change.needs if (flag := f"--{need}") not in missing),
    )


_MOST_FIRST = 3


def traffic_told(traffic: Traffic, say: Wording) -> str:
    """What becomes of calls of the past: how many reach nobody, whom others ring first, and how many ring otherwise."""
    if not traffic.calls:
        return say.word("none")
    within = say.number(traffic.days, "in the last day", "in the last {count} days")
    of_calls = say.number(traffic.calls, "of {count:,} call", "of {count:,} calls")
    return f"{' '.join([of_calls, within] if traffic.days else [of_calls])} {'; '.join(_changed(traffic, say))}"


def _changed(traffic: Traffic, say: Wording) -> Iterator[str]:
    firsts = traffic.firsts[:_MOST_FIRST]
    if count := traffic.lost:
        yield say.number(count, "{count:,} would now have reached nobody", "{count:,} would now have reached nobody")
    for to, count in firsts:
        yield say.number(
            count, "{count:,} would ring {who} first", "{count:,} would ring {who} first", who=_called(to, say)
        )
    if count := traffic.changed - traffic.lost - sum(each for _, each in firsts):
        yield say.number(count, "{count:,} would ring otherwise", "{count:,} would ring otherwise")
    if count := traffic.unknown:
        yield say.number(count, "{count:,} cannot be told", "{count:,} cannot be told")
    if not (traffic.changed or traffic.unknown):
        yield say.word("none would ring otherwise")


def _called(to: str, say: Wording) -> str:
    """A contact by its name alone: the number stands with the change."""
    return say.names.contacts.get(to, to)


def pending_alike(changes: Iterable[Change], say: Wording) -> dict[tuple[str, str], list[Change]]:
    """Changes that no apply has made yet, by what it would do and what becomes of the number."""
    found = defaultdict[tuple[str, str], list[Change]](list)
    for change in changes:
        found[change.action.value, _gist(change, say)].append(change)
    return found


def to_do(action: str, say: Wording) -> str:
    """What an apply would do: `to create`."""
    return say.word("to {action}", action=say.word(action))


def aim(origin: str, say: Wording = SHORT) -> str:
    """How a plan wants numbers to be, by where it comes from."""
    return say.word(_AS_BEFORE if origin == "undo" else _AS_FILES)


def _gist(change: Change, say: Wording) -> str:
    if change.action is Action.FORGET:
        return say.word("drop from the record")
    if change.action is not Action.UPDATE:
        return gist(change.after, say)
    if is_of_another_type(change):
        return f"{gist(change.before, say)} -> {gist(change.after, say)}"
    return ", ".join(row.label for row in rows_of(change.fields, say))


def _headline(change: Change, say: Wording) -> tuple[str, ...]:
    match change.action:
        case Action.CREATE | Action.DELETE:
            known = change.after if change.action is Action.CREATE else change.before
            return (f"{summary(change.before, say)} -> {summary(change.after, say)}", *details(known, say))
        case Action.FORGET:
            return (say.word("dropped from the record; the vendor is not touched"),)
        case Action.ASSERT:
            return (f"{summary(change.after, say)}: {_why_asserted(change, say)}",)
    return ()


def _why_asserted(change: Change, say: Wording) -> str:
    """Why a number is written although nothing shows that it differs."""
    names = ", ".join(item.path for item in change.fields) or say.word("what is live")
    if change.before is None:
        return say.word("written, because {names} is not known", names=names)
    return say.word("written again, because {names} cannot be read back", names=names)


def is_of_another_type(change: Change) -> bool:
    """Whether a forwarding becomes one of another type."""
    return any(item.path == "type" for item in change.fields)


def _says_all(change: Change) -> bool:
    """Whether the whole values say already what callers notice: always something else."""
    return change.action in (Action.CREATE, Action.DELETE) or is_of_another_type(change)


def _sides(change: Change, say: Wording, labels: tuple[str, str]) -> tuple[Side, ...]:
    if change.action is Action.ADOPT:
        labels = (DRIFT_SIDES[1], labels[1])
    elif not (change.action is Action.UPDATE and is_of_another_type(change)):
        return ()
    values = (change.before, change.after)
    return tuple(
        Side(say.word(label), (summary(value, say), *details(value, say)))
        for label, value in zip(labels, values, strict=True)
    )


def rows_of(fields: Iterable[FieldChange], say: Wording) -> tuple[Row, ...]:
    """Fields with both sides of each; what several share under a name stands there once."""
    return tuple(dict.fromkeys(_shared(item, say) or Row(item.path, *_sides_of(item, say)) for item in fields))


def _shared(item: FieldChange, say: Wording) -> Row | None:
    """What a schedule or a contact becomes, where it is one that has a name and did not have this value before."""
    field_name, names = item.path.rpartition(".")[2], say.names
    if not (isinstance(item.before, str) and isinstance(item.after, str)):
        return None
    if field_name == "schedule" and item.before not in names.schedules and item.after in names.schedules:
        named = names.schedules[item.after]
        return Row(
            say.word("schedule {name}", name=named.name), *_times_apart(item.before, item.after, say), named.place
        )
    if field_name == "to" and item.before not in names.contacts and item.after in names.contacts:
        return Row(say.word("contact {name}", name=names.contacts[item.after]), item.before, item.after)
    return None


def _times_apart(before: str, after: str, say: Wording) -> tuple[str, str]:
    """Both times of a schedule; of long ones only the words in which they differ, which may be none of the short."""
    old, new = say.period(before), say.period(after)
    if old == new:
        say = replace(say, full=True)
        old, new = say.period(before), say.period(after)
    if say.full or len(old) + len(new) <= _LONG:
        return old, new
    return _words_apart(old.split(" "), new.split(" "))


def _words_apart(old: list[str], new: list[str]) -> tuple[str, str]:
    most = min(len(old), len(new)) - 1
    start = min(most, _common(old, new))
    end = min(most - start, _common(old[::-1], new[::-1]))
    before, after = (" ".join(words[start : len(words) - end]) for words in (old, new))
    return before.rstrip(",;"), after.rstrip(",;")


def _common(old: Iterable[str], new: Iterable[str]) -> int:
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(old, new, strict=False)))


def _sides_of(item: FieldChange, say: Wording) -> tuple[str, str]:
    """Both sides of a field; the second is empty where one text says it all."""
    if item.path.endswith("]"):
        if item.before is None:
            return say.word("added: {value}", value=field(item.path, item.after, say)), ""
        return say.word("removed: {value}", value=field(item.path, item.before, say)), ""
    before, after = field(item.path, item.before, say), field(item.path, item.after, say)
    if not item.sensitive:
        return before, after
    if before == after:
        return say.word("{value} (sensitive, changed)", value=before), ""
    return before, say.word("{value} (sensitive)", value=after)


def _in_the_past(before: str, say: Wording) -> str:
    """What happened until a change."""
    for now, then in _PAST:
        if before.startswith(say.word(now)):
            return say.word(then) + before.removeprefix(say.word(now))
    return before


def place_of(declared_at: str) -> str:
    """A place without its column, as people write it."""
    file, _, rest = declared_at.partition(":")
    return f"{file}:{rest.partition(':')[0]}" if rest else file


def where(change: Change, say: Wording) -> str:
    """Where a number stands in the files, or that a file has it no more."""
    if change.declared_at or change.action is not Action.DELETE:
        return place_of(change.declared_at)
    return say.word(GONE)
