"""Compile a human schedule into vendor periods, as few as can be found, and prove them equal to what was asked.

Several ways to split the set are tried; the fewest parts win. Without the comma the parts are pairwise disjoint,
since each becomes an entry of its own; with it they are one string and may overlap, and the fewest that cover it come
from an exact search over unions of rows. Must not know accounts or files.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from functools import partial, reduce
from itertools import combinations
from operator import and_
from typing import Final, Literal

from reconciler.schedule.asked import CompileError, CompileTarget, ScheduleSets, instants_asked_for, unannounced_years
from reconciler.schedule.boxes import (
    Content,
    Grouping,
    Piece,
    Row,
    Rows,
    day_boxes,
    partition,
    pieces_of,
    products,
    rows_of,
)
from reconciler.schedule.human import Schedule, UnknownCountryError
from reconciler.schedule.instants import LAST_YEAR, NEVER, Box, Classes, Instants, NotExpressibleError, days_between
from reconciler.schedule.masks import (
    ALL_MINUTES,
    FIRST_YEAR,
    SLOTS,
    all_days,
    bits,
    date_mask,
    dates_of,
    union,
    year_type,
)
from reconciler.schedule.period import LONGEST, Period
from reconciler.schedule.render import part_text
from reconciler.schedule.zones import UnknownZoneError, zone

_MOST_ROWS: Final = 8  # more different rows than that are left as a partition
Product = tuple[int, int]  # (rows, columns) as masks


def cover(rows: Iterable[Row]) -> list[Product]:
    """Cover the cells of a matrix, and no others, by products; never more than `partition` takes."""
    groups = partition(rows)
    if not 2 < len(groups) <= _MOST_ROWS:
        return groups
    candidates = _widest(groups)
    cells = [(at, column) for at, (_, cells) in enumerate(groups) for column in _kinds(groups) if cells & column]
    for size in range(2, len(groups)):
        found = _search(cells, candidates, size)
        if found is not None:
            return [_spelled(groups, product) for product in found]
    return groups


def _widest(groups: list[Product]) -> list[Product]:
    """List the products that cannot grow: the common columns of some groups, with every group that has them all."""
    found = set()
    # A smallest cover can always be made of products that cannot grow: growing one never uncovers a cell.
    for size in range(1, len(groups) + 1):
        for chosen in combinations(groups, size):
            columns = reduce(and_, (cells for _, cells in chosen))
            if columns:
                members = sum(1 << at for at, (_, cells) in enumerate(groups) if not columns & ~cells)
                found.add((members, columns))
    return sorted(found)


def _kinds(groups: list[Product]) -> list[int]:
    """Give one column of each kind: those that are in the same groups are alike."""
    kinds: dict[tuple[int, ...], int] = {}
    for column in bits(union(cells for _, cells in groups)):
        kinds.setdefault(tuple(cells >> column & 1 for _, cells in groups), 1 << column)
    return list(kinds.values())


def _search(cells: list[tuple[int, int]], candidates: list[Product], size: int) -> list[Product] | None:
    if not cells:
        return []
    if not size:
        return None
    # Some product must hit the first cell that is left, so trying those that do misses no cover of this size.
    group, column = cells[0]
    for product in candidates:
        if product[0] >> group & 1 and product[1] & column:
            left = [cell for cell in cells if not (product[0] >> cell[0] & 1 and product[1] & cell[1])]
            rest = _search(left, candidates, size - 1)
            if rest is not None:
                return [product, *rest]
    return None


def _spelled(groups: list[Product], product: Product) -> Product:
    """Turn a product of groups into one of rows."""
    return union(groups[at][0] for at in bits(product[0])), product[1]


__all__ = ["CompileError", "Compiled", "compile_schedule"]

_MOST_YEARS: Final = 60  # more years of their own than that are not corrected date by date
_ALL_YEARS: Final = range(FIRST_YEAR, LAST_YEAR + 1)
_Dates = dict[tuple[int, int], int]  # (month, day) -> time mask


@dataclass(frozen=True, slots=True)
class Compiled:
    """Periods that together are what was asked for; `("",)` is always.

    `unannounced`: years with public holidays whose moved days the library does not know yet, by country.
    """

    periods: tuple[str, ...]
    instants: Instants
    unannounced: tuple[tuple[str, int], ...] = ()


def compile_schedule(
    schedule: Schedule,
    *,
    timezone: str,
    until: date,
    union_style: Literal["entries", "comma"] = "entries",
    answers: ScheduleSets | None = None,
    since: int | None = None,
) -> Compiled:
    """Compile for an account in a zone. Raises CompileError, which says what is in the way.

    `answers` remembers what was found for other schedules of the same zone and last day. What single years before
    `since` have of their own is left out: they get what holds in the end.
    """
    try:
        asking = CompileTarget(zone(timezone), until, answers=answers or ScheduleSets())
        wanted = instants_asked_for(schedule, asking)
    except (UnknownCountryError, UnknownZoneError) as error:
        raise CompileError(str(error), "correct the name") from error
    # docs/decisions/144
    if since is not None and not (ahead := wanted.from_day(since, 1)).is_empty:
        wanted = ahead
    if wanted.is_empty:
        raise CompileError("this schedule is never active", "correct its hours, or leave the target out")
    unannounced = unannounced_years(schedule, asking)
    if wanted.is_full:
        return Compiled(("",), wanted, unannounced)
    texts = min(_ways(wanted, union_style), key=lambda parts: (len(parts), sum(map(len, parts))))
    periods = (", ".join(texts),) if union_style == "comma" else texts
    if (longest := max(map(len, periods))) > LONGEST:
        message = f"as a period this schedule has {longest:,} characters, more than {LONGEST:,}"
        raise CompileError(message, "except fewer days, or choose an earlier calendar_until")
    _prove(texts, wanted, disjoint=union_style == "entries")
    return Compiled(periods, wanted, unannounced)


def _ways(wanted: Instants, union_style: str) -> Iterator[tuple[str, ...]]:
    groupings: list[Grouping] = [partition, cover] if union_style == "comma" else [partition]
    for pieces in _candidates(wanted, groupings):
        yield tuple(part_text(piece) for piece in sorted(_joined(pieces), key=Piece.order))


def _candidates(wanted: Instants, groupings: Sequence[Grouping]) -> Iterator[list[Piece]]:
    with suppress(NotExpressibleError):
        yield list(pieces_of(wanted))
    overrides = _overrides(wanted)
    for group in groupings:
        yield _span_by_span(wanted, group)
        if overrides is not None:
            yield from _corrected(wanted, overrides, group)


def _pieces(rows: Rows, years: Iterable[int] | None, group: Grouping, *, fine: bool) -> list[Piece]:
    chosen = None if years is None else tuple(years)
    content = products(rows, partial(day_boxes, group=group), fine=fine, group=group) if rows else []
    return [Piece(days, times, chosen) for days, times in content]


def _span_by_span(wanted: Instants, group: Grouping) -> list[Piece]:
    """Say each span of years by itself, equal ones together."""
    alike: list[tuple[Classes, list[int]]] = []
    for first, end, classes in wanted.segments():
        years = range(first, min(end, LAST_YEAR + 1))
        known = next((listed for others, listed in alike if others == classes), None)
        if known is None:
            alike.append((classes, list(years)))
        else:
            known += years
    single = len(alike) == 1
    return [
        piece
        for classes, years in alike
        if years
        for piece in _pieces(rows_of(classes), None if single else years, group, fine=wanted.fine)
    ]


# --- a common pattern, and dates that differ in some years


def _overrides(wanted: Instants) -> dict[int, _Dates] | None:
    """Find the dates on which single years differ from what holds in the end; None where there are too many years."""
    *spans, (_, _, eternal) = wanted.segments()
    found: dict[int, _Dates] = {}
    for first, end, classes in spans:
        if classes == eternal:
            continue
        if end - first > _MOST_YEARS and not _agree(classes, eternal, days_between(first, end)):
            return None
        for year in range(first, min(end, first + _MOST_YEARS + 1)):
            dates = _differing(classes, eternal, year_type(year))
            if dates:
                found[year] = dates
    return found if 0 < len(found) <= _MOST_YEARS else None


def _agree(one: Classes, two: Classes, days: int) -> bool:
    return all(not held & days & ~two.get(mask, 0) for mask, held in one.items())


def _differing(classes: Classes, eternal: Classes, kind: int) -> _Dates:
    found: _Dates = {}
    for mask, days in classes.items():
        row = (days & ~eternal.get(mask, 0)) >> kind * SLOTS
        for day in dates_of(kind):
            if row >> day.yearday - 1 & 1:
                found[day.month, day.day] = mask
    return found


def _corrected(wanted: Instants, overrides: dict[int, _Dates], group: Grouping) -> Iterator[list[Piece]]:
    """Say the common pattern without the dates that differ in some year, then these dates year by year."""
    eternal = wanted.spans[-1][1]
    dates = {day for changed in overrides.values() for day in changed}
    touched = union(date_mask(*day) for day in dates)
    # A period names years that are in, never those that are out: "all but these" ends with the vendor's last year.
    others = [year for year in range(FIRST_YEAR, LAST_YEAR + 1) if year not in overrides]
    common = _pieces(_cut(eternal, all_days() & ~touched), None, group, fine=wanted.fine)
    common += _pieces(_cut(eternal, touched), others, group, fine=wanted.fine)
    table = {year: _times_of_year(wanted, year, dates) for year in overrides}
    for dated in (_year_by_year(table), _date_by_date(table)):
        pieces = [piece for years, rows in dated for piece in _pieces(rows, years, group, fine=wanted.fine)]
        yield common + pieces


def _cut(classes: Classes, days: int) -> Rows:
    return [(mask, held & days) for mask, held in classes.items() if mask and held & days]


def _times_of_year(wanted: Instants, year: int, dates: Iterable[tuple[int, int]]) -> _Dates:
    """Give what one year has on some dates."""
    kind = year_type(year)
    offsets = {(day.month, day.day): day.yearday - 1 for day in dates_of(kind)}
    return {day: wanted.times_on(year, kind * SLOTS + offsets[day]) for day in dates if day in offsets}


def _year_by_year(table: dict[int, _Dates]) -> list[tuple[tuple[int, ...], Rows]]:
    return [((year,), _date_rows(dates.items())) for year, dates in table.items()]


def _date_by_date(table: dict[int, _Dates]) -> list[tuple[tuple[int, ...], Rows]]:
    """Group the dates that have the same times in the same years."""
    years: dict[tuple[tuple[int, int], int], list[int]] = {}
    for year, dates in table.items():
        for day, mask in dates.items():
            years.setdefault((day, mask), []).append(year)
    together: dict[tuple[int, ...], list[tuple[tuple[int, int], int]]] = {}
    for content, in_years in years.items():
        together.setdefault(tuple(in_years), []).append(content)
    return [(in_years, _date_rows(contents)) for in_years, contents in together.items()]


def _date_rows(contents: Iterable[tuple[tuple[int, int], int]]) -> Rows:
    rows: dict[int, int] = {}
    for day, mask in contents:
        if mask:
            rows[mask] = rows.get(mask, 0) | date_mask(*day)
    return list(rows.items())


def _joined(pieces: Iterable[Piece]) -> list[Piece]:
    """Join parts that differ in their years only; those of all years need not name them."""
    years: dict[Content, set[int]] = {}
    for piece in pieces:
        years.setdefault((piece.days, piece.times), set()).update(piece.years or _ALL_YEARS)
    return [
        Piece(days, times, None if len(listed) == len(_ALL_YEARS) else tuple(sorted(listed)))
        for (days, times), listed in years.items()
    ]


# --- proof


def _prove(texts: Iterable[str], wanted: Instants, *, disjoint: bool) -> None:
    """Read the strings back and compare; a difference is a bug, not the user's."""
    horizon = Instants.of([Box(((FIRST_YEAR, LAST_YEAR + 1),), all_days(), ALL_MINUTES)])
    together = NEVER
    for text in texts:
        part = Period.parse(text).instants
        if disjoint and not (together & part).is_empty:
            raise AssertionError(f"compiled parts overlap at {text!r}")
        together |= part
    if together & horizon != wanted & horizon:
        raise AssertionError("compiled periods are not what was asked for")
