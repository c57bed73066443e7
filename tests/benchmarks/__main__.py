"""`python -m tests.benchmarks [NAME…]`: run the modules whose name contains one of the words, print a table.

Ends with 1 when a bound was missed; knows nothing of what is measured.
"""

from __future__ import annotations

import importlib
import pkgutil
import platform
import sys
import time
from collections.abc import Iterator, Sequence
from os import cpu_count, getloadavg
from typing import TextIO

import tests.benchmarks as package
from tests.benchmarks.row import Row

_WIDTHS = (60, 12, 14)


def modules(words: Sequence[str]) -> Iterator[tuple[str, Iterator[Row]]]:
    for found in pkgutil.iter_modules(package.__path__):
        if found.name.startswith("_") or (words and not any(word in found.name for word in words)):
            continue
        module = importlib.import_module(f"{package.__name__}.{found.name}")
        if hasattr(module, "rows"):
            yield found.name, module.rows()


def line(row: Row) -> str:
    cells = (row.name.ljust(_WIDTHS[0]), row.figure.rjust(_WIDTHS[1]), row.bound.rjust(_WIDTHS[2]), row.verdict)
    return "  ".join(cells).rstrip()


def main(words: Sequence[str], out: TextIO) -> int:
    """Print each row as soon as it is measured: a long run shows where it is."""
    load = getloadavg()[0]
    out.write(f"Python {platform.python_version()}, {cpu_count()} cores, load {load:.1f}; ratios hold on any machine\n")
    missed = 0
    for name, rows in modules(words):
        started = time.perf_counter()
        out.write(f"\n{name}\n")
        for row in rows:
            missed += row.held is False
            out.write(f"{line(row)}\n")
            out.flush()
        out.write(f"  ({time.perf_counter() - started:.0f} s)\n")
    out.write(f"\n{missed} bounds missed\n" if missed else "\nEvery bound was kept\n")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], sys.stdout))
