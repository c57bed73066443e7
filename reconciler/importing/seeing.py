"""What was read of live numbers, as far as a file can say it: with the record, where no read can tell.

Pure; knows no files and no names in them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from reconciler.canonical import form, stored_form
from reconciler.characters import unprintable
from reconciler.config.values import phone_or_none
from reconciler.importing.merging import Done, Fault, Imported, Seen
from reconciler.live import Live, ReadRequest
from reconciler.model import Key, Observation, Parking, TrunkForwarding, Value
from reconciler.record.base import RecordState
from reconciler.settings import Account, Configuration


def judge_seen(
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
                left.append(_unread(request.key.number, account, observation))
                continue
            found = _completed(request.key, observation, account, state)
            fault = _unfit(found, configuration)
            if fault is None:
                seen.append(found)
            else:
                left.append(Imported(found, Done.LEFT_OUT, fault=fault))
    return seen, left


def _unread(number: str, account: Account, observation: Observation | None) -> Imported:
    """A number of which nothing is known, which is told where it is read."""
    problem = observation.problem if observation is not None else None
    fault = Fault(problem.message if problem is not None else f"account {account.name} cannot be read")
    return Imported(Seen(number, account, None), Done.LEFT_OUT, fault=fault, told=True)


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


def _unfit(seen: Seen, configuration: Configuration) -> Fault | None:
    """Why a number cannot stand in any file."""
    if phone_or_none(seen.number) != seen.number:
        return Fault("it is not a phone number of any country")
    if seen.number in configuration.forget:
        return Fault(f"it is listed under `forget` in {configuration.forget[seen.number]}", "remove it there")
    texts = () if seen.value is None else _texts(seen.value)
    if any(isinstance(each, str) and unprintable(each) for each in texts):
        return Fault("a text of its forwarding has a character that no file may have")
    return None


def _texts(value: Value) -> Iterator[object]:
    data = form(value).json
    yield from data.values()
    for target in data.get("targets") or ():
        yield from target.values()
