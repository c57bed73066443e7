"""The bound of all loading: libyaml's events of some files, one after the other, and nothing done with them.

Run as a program with the files as arguments, so that its whole process compares with that of `validate`.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from yaml._yaml import CParser


def count_events(paths: Sequence[Path]) -> int:
    total = 0
    for path in paths:
        parser = CParser(path.read_text("utf-8"))
        while parser.get_event() is not None:
            total += 1
    return total


if __name__ == "__main__":
    sys.exit(0 if count_events([Path(name) for name in sys.argv[1:]]) else 1)
