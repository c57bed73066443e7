"""The fewest products of rows and columns that say a small matrix, where they may overlap.

An exact search over unions of rows, for as many different rows as schedules have. Must not know days or times.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations
from typing import Final

from reconciler.schedule.boxes import Row, partition

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
    for size in range(1, len(groups) + 1):
        for chosen in combinations(groups, size):
            columns = chosen[0][1]
            for _, cells in chosen:
                columns &= cells
            if columns:
                members = sum(1 << at for at, (_, cells) in enumerate(groups) if not columns & ~cells)
                found.add((members, columns))
    return sorted(found)


def _kinds(groups: list[Product]) -> list[int]:
    """Give one column of each kind: those that are in the same groups are alike."""
    kinds: dict[tuple[bool, ...], int] = {}
    every = 0
    for _, cells in groups:
        every |= cells
    while every:
        column = every & -every
        every ^= column
        kinds.setdefault(tuple(bool(cells & column) for _, cells in groups), column)
    return list(kinds.values())


def _search(cells: list[tuple[int, int]], candidates: list[Product], size: int) -> list[Product] | None:
    if not cells:
        return []
    if not size:
        return None
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
    rows = 0
    for at, (keys, _) in enumerate(groups):
        if product[0] >> at & 1:
            rows |= keys
    return rows, product[1]
