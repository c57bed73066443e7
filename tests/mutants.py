"""Break single lines of the product, one at a time, and report those that the suite does not notice.

`python -m tests.mutants [--seed N] [--count 60] [--related]`: chooses lines over all stages, changes each in a copy of
the tree, runs the tests that have to do with it and, where these pass, all others. Knows no stage and no test by name.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.architecture.imports import REPOSITORY
from tests.architecture.sources import read_tree
from tests.mutation.changes import Mutant, mutants
from tests.mutation.related import Tree, read_sources

EQUIVALENTS: Final = Path(__file__).parent / "mutation" / "equivalent.toml"
_LEFT_OUT: Final = shutil.ignore_patterns(".git", ".venv*", "__pycache__", ".*_cache", ".hypothesis", ".coverage*")
_LONGEST_SECONDS: Final = 1800
_FAILED: Final = re.compile(r"^(?:FAILED|ERROR) (.+?)(?: - .*)?$", re.MULTILINE)


def stage_of(path: str) -> str:
    """Name the stage that a file of the product belongs to: the folder or file right below the package."""
    return path.split("/")[1].removesuffix(".py")


def known_equivalents() -> dict[tuple[str, str, str], str]:
    """Load the changes that alter nothing, each with the reason."""
    rows = tomllib.loads(EQUIVALENTS.read_text("utf-8")).get("mutant", [])
    return {(row["function"], row["old"], row["new"]): row["reason"] for row in rows}


def chosen(candidates: Mapping[str, Sequence[Mutant]], count: int, seed: int) -> list[Mutant]:
    """Choose over all stages: one of each, then by how much there is to break; no line twice."""
    dice = random.Random(seed)
    stages = sorted(stage for stage, given in candidates.items() if given)
    sizes = [len(candidates[stage]) for stage in stages]
    order = [*dice.sample(stages, len(stages)), *dice.choices(stages, sizes, k=4 * count)]
    taken: dict[tuple[str, int], Mutant] = {}
    for stage in order:
        mutant = dice.choice(candidates[stage])
        taken.setdefault((mutant.path, mutant.line), mutant)
    return list(taken.values())[:count]


@dataclass
class Copy:
    """A copy of the tree that may be broken; `passing` remembers which tests hold while nothing is."""

    root: Path
    passing: dict[str, bool] = field(default_factory=dict)

    def noticing(self, mutant: Mutant, tests: Sequence[str]) -> str | None:
        """Name the first of some tests that fails with the mutant and not without it, None where there is none."""
        with self._broken(mutant):
            failed = self._failure(tests)
        if failed is None or failed.startswith("(") or self._passes(failed):
            return failed
        return self.noticing(mutant, [test for test in tests if not failed.startswith(test)])

    def _passes(self, test: str) -> bool:
        if test not in self.passing:
            self.passing[test] = self._failure([test.partition("[")[0] if " " in test else test]) is None
        return self.passing[test]

    @contextmanager
    def _broken(self, mutant: Mutant) -> Iterator[None]:
        path = self.root / mutant.path
        whole = path.read_text("utf-8")
        lines = whole.split("\n")
        if lines[mutant.line - 1] != mutant.old:
            raise RuntimeError(f"{mutant.path}:{mutant.line} is not the line that was chosen")
        lines[mutant.line - 1] = mutant.new
        try:
            self._write(path, "\n".join(lines))
            yield
        finally:
            self._write(path, whole)

    @staticmethod
    def _write(path: Path, text: str) -> None:
        path.write_text(text, "utf-8")
        for compiled in (path.parent / "__pycache__").glob(f"{path.stem}.*"):  # its time may be that of the new text
            compiled.unlink()

    def _failure(self, tests: Sequence[str]) -> str | None:
        if not tests:
            return None
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-x",
            "-q",
            "--no-header",
            "--tb=no",
            "--timeout=120",
            "-p",
            "no:xdist",
        ]
        environ = {**os.environ, "PYTHONPATH": str(self.root)}
        try:
            done = subprocess.run(
                [*command, *tests],
                cwd=self.root,
                env=environ,
                capture_output=True,
                text=True,
                check=False,
                timeout=_LONGEST_SECONDS,
            )
        except subprocess.TimeoutExpired:
            return "(no end)"
        if done.returncode == 0 or (done.returncode == 5 and len(tests) == 1):
            return None
        found = _FAILED.search(done.stdout)
        return found[1] if found else f"(pytest ended with {done.returncode})"


@contextmanager
def copied() -> Iterator[Copy]:
    """Copy the tree as it stands to a folder that goes away."""
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        root = Path(folder) / "tree"
        shutil.copytree(REPOSITORY, root, ignore=_LEFT_OUT, symlinks=True)
        yield Copy(root)


def candidates_of(tree: Tree) -> dict[str, list[Mutant]]:
    """List what may be broken in each stage, without what is known to alter nothing."""
    equivalents = known_equivalents()
    found: dict[str, list[Mutant]] = {}
    for source in tree.sources:
        if source.path.startswith("reconciler/") and not stage_of(source.path).startswith("__"):
            found.setdefault(stage_of(source.path), []).extend(
                mutant for mutant in mutants(source) if mutant.identity not in equivalents
            )
    return found


def whole_tree() -> Tree:
    return read_sources((name, read_tree(REPOSITORY / name)) for name in ("reconciler", "tests"))


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=60)
    parser.add_argument("--only", default="", help="stages to choose from, with commas between")
    parser.add_argument("--skip", type=int, default=0, help="leave out the first ones of those chosen")
    parser.add_argument("--related", action="store_true", help="run only the tests that have to do with the line")
    parser.add_argument("--list", action="store_true", help="show what would be broken, and run nothing")
    return parser.parse_args()


def _noticed(copy: Copy, tree: Tree, mutant: Mutant, *, related: bool) -> str | None:
    first, others = tree.tests_of(mutant.path)
    return copy.noticing(mutant, first) or (None if related else copy.noticing(mutant, others))


def main() -> int:
    """Run as the options say; 1 where some mutant was not noticed."""
    options = _options()
    tree = whole_tree()
    only = {name for name in options.only.split(",") if name}
    candidates = {stage: given for stage, given in candidates_of(tree).items() if not only or stage in only}
    some = chosen(candidates, options.count, options.seed)[options.skip :]
    survivors = []
    with copied() as copy:
        for number, mutant in enumerate(some, options.skip + 1):
            _say(f"{number:3} {mutant.path}:{mutant.line} in {mutant.function or 'the module'}")
            _say(f"    - {mutant.old.strip()}\n    + {mutant.new.strip()}")
            if options.list:
                continue
            started = time.monotonic()
            found = _noticed(copy, tree, mutant, related=options.related)
            _say(f"    {'noticed by ' + found if found else 'NOT NOTICED'} ({time.monotonic() - started:.0f} s)")
            survivors += [] if found else [mutant]
    if not options.list:
        _say(f"{len(some) - len(survivors)} of {len(some)} noticed, seed {options.seed}")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())
