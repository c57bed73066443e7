"""What would stop an apply at Exolve: the key, the clock, SIP IDs and audio files that are pointed to but not there.

Item shapes of the lists of SIP IDs and media are not documented, so ids are looked for anywhere in them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from reconciler.config.phones import SIP_ID, is_sip_id
from reconciler.http.errors import ProviderError
from reconciler.model import NumberForwarding, Value
from reconciler.providers.base import Probed
from reconciler.providers.exolve.client import ExolveClient
from reconciler.providers.probing import clock

_PAGE = 100
_MOST_PAGES = 1_000


def probe(client: ExolveClient, values: Sequence[Value], *, now: Callable[[], float]) -> Iterator[Probed]:
    """Ask Exolve about everything that `values` point to; yields findings, never raises ProviderError."""
    try:
        answer = client.greet()
    except ProviderError as error:
        yield Probed("credential", ok=False, message=str(error), hint=error.hint)
        return
    yield Probed("credential", ok=True, message="Exolve accepts the API key")
    yield from clock(answer.clock_ahead(now()))
    yield from _sip_id_findings(client, wanted=_sip_ids(values))
    yield from _media_findings(client, wanted=_media_ids(values))


def _sip_id_findings(client: ExolveClient, *, wanted: Sequence[str]) -> Iterator[Probed]:
    if not wanted:
        return
    try:
        known = _all_sip_ids(client)
    except ProviderError as error:
        yield Probed("SIP IDs", ok=False, message=str(error), hint=error.hint)
        return
    yield from _existence(
        "SIP ID", wanted, known, hint="check the 15 digits, and that the SIP ID is one of this application"
    )


def _media_findings(client: ExolveClient, *, wanted: Sequence[str]) -> Iterator[Probed]:
    if not wanted:
        return
    try:
        data = client.list_media()
    except ProviderError as error:
        yield Probed("audio files", ok=False, message=str(error), hint=error.hint)
        return
    known = {str(value) for key, value in _scalars(data) if key.lower() in {"file_id", "fileid", "id"}}
    yield from _existence("audio file", wanted, known, hint="upload it to the application's media library")


def _existence(what: str, wanted: Iterable[str], known: set[str], *, hint: str) -> Iterator[Probed]:
    for name in wanted:
        subject = f"{what} {name}"
        if name in known:
            yield Probed(subject, ok=True, message=f"{subject} exists")
        else:
            yield Probed(subject, ok=False, message=f"{subject} is not in the application's list", hint=hint)


def _all_sip_ids(client: ExolveClient) -> set[str]:
    known: set[str] = set()
    for number in range(_MOST_PAGES):
        page = client.list_sip_ids(limit=_PAGE, offset=number * _PAGE)
        found = {sip_id for _, value in _scalars(page) for sip_id in SIP_ID.findall(str(value))}
        if found <= known:
            break
        known |= found
    return known


def _scalars(data: object, key: str = "") -> Iterator[tuple[str, object]]:
    match data:
        case Mapping():
            for name, value in data.items():
                yield from _scalars(value, str(name))
        case list():
            for value in data:
                yield from _scalars(value, key)
        case _:
            yield key, data


def _sip_ids(values: Iterable[Value]) -> tuple[str, ...]:
    targets = (target.to for value in _numbers(values) for target in value.targets)
    return tuple(dict.fromkeys(to for to in targets if is_sip_id(to)))


def _media_ids(values: Iterable[Value]) -> tuple[str, ...]:
    files = (file for value in _numbers(values) for file in (value.file_to_a, value.file_to_b))
    return tuple(dict.fromkeys(filter(None, files)))


def _numbers(values: Iterable[Value]) -> Iterator[NumberForwarding]:
    return (value for value in values if isinstance(value, NumberForwarding))
