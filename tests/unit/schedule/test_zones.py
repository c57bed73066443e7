"""Offsets and transitions of time zones, against the standard library's reading of the same data."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib import resources
from random import Random
from zoneinfo import ZoneInfo

import pytest

from reconciler.schedule.zones import UnknownZoneError, zone

NAMES = (
    "Europe/Moscow", "UTC", "Asia/Novosibirsk", "Europe/Berlin", "America/New_York", "America/Sao_Paulo",
    "Asia/Kolkata", "Australia/Lord_Howe", "Asia/Jerusalem", "Africa/Casablanca", "Pacific/Apia",
    "America/St_Johns", "Europe/Dublin",
)  # fmt: skip


def bundled(name: str) -> ZoneInfo:
    """Read the packaged data, as the machine's own may be of another year."""
    with resources.files("tzdata").joinpath("zoneinfo", *name.split("/")).open("rb") as file:
        return ZoneInfo.from_file(file, name)


@pytest.mark.parametrize("name", NAMES)
def test_offsets_are_those_of_the_standard_library(name: str) -> None:
    random = Random(name)
    place, reference = zone(name), bundled(name)
    for _ in range(400):
        instant = random.randrange(4_000_000_000)
        expected = datetime.fromtimestamp(instant, UTC).astimezone(reference).utcoffset()
        assert expected is not None
        assert place.offset(instant) == expected.total_seconds()


@pytest.mark.parametrize("name", NAMES)
def test_between_two_changes_the_offset_stands_still(name: str) -> None:
    place = zone(name)
    at, changes = 1_500_000_000, 0
    while (change := place.next_change(at)) is not None and change < 2_500_000_000:
        assert {place.offset(at), place.offset((at + change) // 2), place.offset(change - 1)} == {place.offset(at)}
        at, changes = change, changes + 1
    twice_a_year = {"Berlin", "New_York", "Lord_Howe", "Jerusalem", "St_Johns", "Dublin"}
    assert (changes > 60) == (name.rsplit("/", maxsplit=1)[-1] in twice_a_year)


@pytest.mark.parametrize("name", ["Mars/Olympus", "", "../etc/passwd", "/etc/passwd", "Europe", "zone.tab"])
def test_what_is_no_zone_is_told(name: str) -> None:
    with pytest.raises(UnknownZoneError):
        zone(name)


@pytest.mark.parametrize(
    ("local", "expected"),
    [
        ("2026-07-01T12:00", "2026-07-01T10:00"),
        ("2026-10-25T02:30", "2026-10-25T00:30"),
        ("2026-03-29T02:30", "2026-03-29T01:30"),
    ],
)
def test_local_times_to_instants(local: str, expected: str) -> None:
    seconds = int(datetime.fromisoformat(local).replace(tzinfo=UTC).timestamp())
    assert zone("Europe/Berlin").epoch(seconds) == datetime.fromisoformat(expected).replace(tzinfo=UTC).timestamp()
