"""A calendar file (iCalendar, RFC 5545) read into a human schedule: the times of its busy or of its free events.

What repeats weekly or yearly is written so, everything else as dates and times up to a last day; the result is compared
with the occurrences that the library finds. Must not know YAML or files.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from reconciler.schedule.asked import CompileError, CompileTarget, instants_asked_for, written_years
from reconciler.schedule.events import (
    MOST,
    Occurrence,
    Reading,
    Series,
    check_series,
    check_work,
    occurrences,
    read_series,
    unread,
)
from reconciler.schedule.foreign import WHOLE_DAY, ForeignError, Plain, Remark, Span, Table, merged, weekly
from reconciler.schedule.human import HumanError, Schedule, read_schedule
from reconciler.schedule.masks import MINUTES, SLOTS, year_type
from reconciler.schedule.zones import UnknownZoneError, zone

_MOST_EXCEPTIONS: Final = 60
_SAMPLES: Final = 2_000
_GOLDEN: Final = 0.6180339887498949  # its multiples fall everywhere, and nowhere twice
_DAY: Final = timedelta(days=1)
_EDGE: Final = 2 * _DAY  # what a zone may move, and an evening that reaches into the next day
_WEEKDAYS: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_LATER: Final = timedelta(days=800)
_PLAIN_RULE: Final = {"FREQ", "INTERVAL", "BYDAY", "WKST", "COUNT", "UNTIL"}


Weekly = tuple[str | None, tuple[str, ...], tuple[str, ...]]
"""The zone of weekly hours, the dates they are bounded by, and those that are left out."""


@dataclass
class _Found:
    """What has been read so far: weekly hours, days of every year, and single times on the account's clock."""

    weeks: dict[Weekly, Table] = field(default_factory=lambda: defaultdict(dict))
    yearly: list[str] = field(default_factory=list)
    once: dict[date, list[Span]] = field(default_factory=lambda: defaultdict(list))
    remarks: list[Remark] = field(default_factory=list)
    all: list[Occurrence] = field(default_factory=list)


def read_whole_days(text: str, until: date) -> tuple[list[str], tuple[Remark, ...]]:
    """Read the whole-day events into dates of a human schedule, up to a last day. Raises ForeignError."""
    reading = Reading("UTC", date(written_years(until)[0], 1, 1), until, "all")
    found = _Found(remarks=[*unread(text)])
    for series in _checked(text, until):
        if all(not isinstance(each["DTSTART"].dt, datetime) for each in series.components if "DTSTART" in each):
            _read_series(series, reading, found, are_dates=True)
        else:
            message = "this event has hours and is left out: `dates` are whole days"
            found.remarks.append(Remark(series.start, series.end, message))
    dates = [*dict.fromkeys(found.yearly), *_ranges([*found.once])]
    if not dates:
        raise ForeignError("there are no events of whole days here", "export the holidays as whole days", 0, 1)
    return dates, tuple(found.remarks)


# docs/decisions/157
def read_calendar(text: str, reading: Reading) -> tuple[Plain, tuple[Remark, ...]]:
    """Read the events into a human schedule that is equal to them from today to the last day. Raises ForeignError."""
    found = _Found(remarks=[*unread(text)])
    for series in _checked(text, reading.until):
        _read_series(series, reading, found)
        if len(found.all) > 4 * MOST:
            raise ForeignError(f"there are more than {4 * MOST:,} events", "choose an earlier --until", 0, 1)
    if not any(
        each.end > datetime.combine(reading.today, time()) and each.start.date() <= reading.until for each in found.all
    ):
        other = "busy" if reading.events == "free" else "free"
        message = f"there are no {reading.events} events from {reading.today} to {reading.until}"
        raise ForeignError(message, f"try --events {other}, or a later --until", 0, 1)
    plain = _written(found, reading)
    _compare(plain, found.all, reading)
    return plain, tuple(found.remarks)


def _checked(text: str, until: date) -> list[Series]:
    many = read_series(text)
    for series in many:
        check_series(series)
    check_work(many, until)
    return many


# --- one event and its repetitions


def _read_series(series: Series, reading: Reading, found: _Found, *, are_dates: bool = False) -> None:
    """Take an event with its repetitions; `are_dates`: what repeats every week is written out, too."""
    given = occurrences(series, reading.today - _EDGE, reading.until + _EDGE, reading)
    found.all += (_on_the_accounts_clock(each, reading) for each in given)
    is_yearly = (series.rule or {}).get("FREQ") == ["YEARLY"]
    rest = _repeated(series, given, reading, found) if is_yearly or not are_dates else None
    for each in given if rest is None else rest:
        for day, span in _by_day(_on_the_accounts_clock(each, reading)):
            if reading.today <= day <= reading.until:
                found.once[day].append(span)
    if rest is None and series.rule is not None and _goes_on(series, reading):
        message = f"how this event repeats has no counterpart: it is written out up to {reading.until} only"
        found.remarks.append(Remark(series.start, series.end, message))


def _goes_on(series: Series, reading: Reading) -> bool:
    """Whether an event takes place after the last day."""
    return bool(occurrences(series, reading.until + _DAY, reading.until + _LATER, reading))


def _on_the_accounts_clock(one: Occurrence, reading: Reading) -> Occurrence:
    if one.zone is None or one.zone == reading.zone:
        return one
    place, target = ZoneInfo(one.zone), ZoneInfo(reading.zone)
    start, end = (each.replace(tzinfo=place).astimezone(target).replace(tzinfo=None) for each in one[:2])
    return Occurrence(start, end, reading.zone, is_whole_days=False)


def _by_day(one: Occurrence) -> Iterator[tuple[date, Span]]:
    """What an occurrence takes of each day."""
    day, (start, end) = one.start.date(), one.span
    while end > 0:
        yield day, (max(start, 0), min(end, MINUTES))
        day, start, end = day + _DAY, start - MINUTES, end - MINUTES


def _repeated(
    series: Series, given: Sequence[Occurrence], reading: Reading, found: _Found
) -> Sequence[Occurrence] | None:
    """Take what repeats weekly or yearly; give what does not fit into it, None where nothing does."""
    rule = series.rule
    if not rule or not given or rule.get("INTERVAL", ["1"]) != ["1"]:
        return None
    master = next(each for each in series.components if each.get("RRULE") is not None)
    first = master["DTSTART"].dt
    first = first.date() if isinstance(first, datetime) else first
    if rule.get("FREQ") == ["YEARLY"]:
        return _every_year(given, set(rule), first, reading, found)
    weekdays, common = _weekdays(rule, first), _commonest(given)
    if not weekdays or not _is_weekly(common, reading):
        return None
    is_endless = "COUNT" not in rule and "UNTIL" not in rule
    if not is_endless and _goes_on(series, reading):
        return None
    fitting = {each for each in given if _is_like(each, common) and each.start.weekday() in weekdays}
    key = _bounded(fitting, weekdays, first, None if is_endless else max(given).start.date(), reading)
    if key is None:
        return None
    _add_week(found.weeks[key], weekdays, common)
    return [each for each in given if each not in fitting]


def _bounded(
    fitting: Iterable[Occurrence], weekdays: set[int], first: date, last: date | None, reading: Reading
) -> Weekly | None:
    """From when to when hours hold every week, and on which days not; None where these are too many."""
    begin = max(first, reading.today - _DAY)
    one = next(iter(fitting))
    due = [each for each in _days(begin, last or reading.until) if each.weekday() in weekdays]
    missing = sorted(set(due) - {each.start.date() for each in fitting})
    if len(missing) > _MOST_EXCEPTIONS or (missing and one.is_whole_days and one.end - one.start > _DAY):
        return None
    out = _ranges(missing)
    if last is None and first > reading.today:
        eve = _DAY if one.span[1] > MINUTES and not one.is_whole_days else timedelta()
        out = (_range(reading.today - eve, first - _DAY), *out)
    length = one.end - one.start if one.is_whole_days else _DAY
    return one.zone, () if last is None else (str(begin), str(last + length - _DAY)), out


def _weekdays(rule: Mapping[str, list[str]], first: date) -> set[int]:
    """The days of the week of a rule that holds every week; none where it does not."""
    if not set(rule) <= _PLAIN_RULE or rule.get("FREQ") not in (["WEEKLY"], ["DAILY"]):
        return set()
    if "BYDAY" in rule:
        named = set(rule["BYDAY"])
        return set(map(_WEEKDAYS.index, named)) if named <= set(_WEEKDAYS) else set()
    return {first.weekday()} if rule["FREQ"] == ["WEEKLY"] else set(range(7))


def _commonest(given: Sequence[Occurrence]) -> Occurrence:
    """One of those that are most alike."""
    kinds: dict[tuple[object, ...], list[Occurrence]] = defaultdict(list)
    for each in given:
        kinds[each.span, each.zone, each.is_whole_days].append(each)
    return max(kinds.values(), key=len)[0]


def _is_like(one: Occurrence, other: Occurrence) -> bool:
    return (one.span, one.zone, one.is_whole_days) == (other.span, other.zone, other.is_whole_days)


def _is_weekly(one: Occurrence, reading: Reading) -> bool:
    """Whether weekly hours can say it: no longer than two days, in a zone that keeps its distance to the account's."""
    start, end = one.span
    if end >= 2 * MINUTES and not (one.is_whole_days and end <= 7 * MINUTES):
        return False
    if one.zone is None or one.zone == reading.zone:
        return start < end
    try:
        return zone(one.zone).is_fixed and zone(reading.zone).is_fixed
    except UnknownZoneError:
        return False


def _add_week(table: Table, weekdays: Iterable[int], one: Occurrence) -> None:
    start, end = one.span
    length = end // MINUTES if one.is_whole_days else 1
    for weekday in {(each + step) % 7 for each in weekdays for step in range(length)}:
        table[weekday] = merged([*table.get(weekday, []), WHOLE_DAY if one.is_whole_days else (start, end)])


def _every_year(
    given: Sequence[Occurrence], keys: set[str], first: date, reading: Reading, found: _Found
) -> Sequence[Occurrence] | None:
    """Take whole days that come back on the same date each year, from the first year that matters on."""
    length = given[0].end - given[0].start
    plain = keys <= {"FREQ", "INTERVAL", "WKST", "BYMONTH", "BYMONTHDAY"}
    if not plain or not given[0].is_whole_days or first > reading.today or length > 27 * _DAY:
        return None
    dates = {(each.start.month, each.start.day) for each in given}
    if len(dates) != 1 or dates == {(2, 29)} or not all(_is_like(each, given[0]) for each in given):
        return None
    years = {each.start.year for each in given}
    month, day = next(iter(dates))
    due = range(reading.today.year, reading.until.year + 1)
    if not years >= {year for year in due if reading.today <= date(year, month, day) <= reading.until}:
        return None
    last = given[0].end - _DAY
    if length > _DAY and (month, day) < (3, 1) and (last.month, last.day) >= (2, 29):
        return None
    found.yearly.append(f"{month:02}-{day:02}" + (f"..{last.month:02}-{last.day:02}" if length > _DAY else ""))
    return []


# --- as a human schedule


def _days(first: date, last: date) -> Iterator[date]:
    while first <= last:
        yield first
        first += _DAY


def _range(first: date, last: date) -> str:
    return str(first) if first == last else f"{first}..{last}"


def _ranges(days: Sequence[date]) -> tuple[str, ...]:
    """Days as runs."""
    runs: list[list[date]] = []
    for day in sorted(days):
        if runs and day - runs[-1][-1] == _DAY:
            runs[-1].append(day)
        else:
            runs.append([day])
    return tuple(_range(run[0], run[-1]) for run in runs)


def _written(found: _Found, reading: Reading) -> Plain:
    parts = [_week(key, table, reading) for key, table in found.weeks.items()]
    alike: dict[tuple[Span, ...], list[date]] = defaultdict(list)
    for day, spans in sorted(found.once.items()):
        alike[tuple(merged(spans))].append(day)
    whole = [*dict.fromkeys(found.yearly), *_ranges(alike.pop((WHOLE_DAY,), []))]
    if whole:
        parts.append({"dates": whole})
    for hours_of_day, days in alike.items():
        hours = weekly({weekday: [*hours_of_day] for weekday in range(7)})
        parts.append({"weekly": hours, "except": [{"not": {"dates": [*_ranges(days)]}}]})
    return parts[0] if len(parts) == 1 else {"any": parts}


def _week(key: Weekly, table: Table, reading: Reading) -> Plain:
    place, bounds, out = key
    plain: Plain = {} if place in (None, reading.zone) else {"timezone": place}
    plain["weekly"] = weekly(table)
    excepted: list[Plain] = [{"not": {"dates": [f"{bounds[0]}..{bounds[1]}"]}}] if bounds else []
    excepted += [{"dates": [*out]}] if out else []
    return {**plain, **({"except": excepted} if excepted else {})}


# --- the library's occurrences


def _compare(plain: Plain, given: Iterable[Occurrence], reading: Reading) -> None:
    """Compare at many instants, and at the ends of every occurrence; a difference is a bug, not the user's."""
    try:
        schedule = read_schedule(plain, _no_other)
        ours = instants_asked_for(schedule, CompileTarget(zone(reading.zone), reading.until))
    except (CompileError, HumanError) as error:
        raise ForeignError(error.message, error.hint, 0, 1) from error
    busy = _united(given)
    starts = [start for start, _ in busy]
    for at in _instants(busy, reading):
        inside = bisect_right(starts, at) - 1
        expected = inside >= 0 and at < busy[inside][1]
        slot = year_type(at.year) * SLOTS + at.timetuple().tm_yday - 1
        if bool(ours.times_on(at.year, slot) >> (at.hour * 60 + at.minute) & 1) != expected:
            raise ForeignError(f"the calendar and the schedule differ at {at}", "write simpler events", 0, 1)


def _no_other(name: str) -> Schedule:
    raise AssertionError(f"{name!r} was never written")


def _united(given: Iterable[Occurrence]) -> list[tuple[datetime, datetime]]:
    found: list[tuple[datetime, datetime]] = []
    for start, end in sorted((each.start, each.end) for each in given):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


def _instants(busy: Iterable[tuple[datetime, datetime]], reading: Reading) -> Iterator[datetime]:
    first = datetime.combine(reading.today, time())
    last = datetime.combine(reading.until, time())
    minutes = int((last - first) / timedelta(minutes=1))
    for number in range(_SAMPLES):
        yield first + timedelta(minutes=int(number * _GOLDEN % 1 * minutes))
    for start, end in busy:
        for at in (start - timedelta(minutes=1), start, end - timedelta(minutes=1), end):
            if first <= at < last:
                yield at
