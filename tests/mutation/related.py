"""Which test files have to do with a module: by its path, and by who imports it; no list to keep."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath

from tests.architecture.sources import Source


@dataclass(frozen=True)
class Tree:
    """The sources of the product and of its tests, with paths from the top of the repository."""

    sources: Sequence[Source]

    @cached_property
    def modules(self) -> dict[str, str]:
        """Paths by the names of modules."""
        return {_module(source.path): source.path for source in self.sources}

    @cached_property
    def importers(self) -> dict[str, set[str]]:
        """The paths of the files that import each file."""
        found: dict[str, set[str]] = {source.path: set() for source in self.sources}
        for source in self.sources:
            for path in self._imported(source):
                found[path].add(source.path)
        return found

    def _imported(self, source: Source) -> Iterator[str]:
        for name in {*(name for name, _ in source.imports()), *(name for name, _ in source.dotted_names())}:
            if name in self.modules and self.modules[name] != source.path:
                yield self.modules[name]

    def distances(self, path: str) -> dict[str, int]:
        """Count, for each file, over how many imports it comes to use another one."""
        found = {path: 0}
        waiting = deque([path])
        while waiting:
            here = waiting.popleft()
            for importer in sorted(self.importers[here] - set(found)):
                found[importer] = found[here] + 1
                waiting.append(importer)
        return found

    def tests_of(self, path: str) -> tuple[list[str], list[str]]:
        """Give the test files to run first for a file of the product, and all others, each the nearest first."""
        distances = self.distances(path)
        far = len(self.sources)
        everything = sorted(
            (source.path for source in self.sources if _is_test(source.path)),
            key=lambda test: (_strangeness(path, test), distances.get(test, far), test),
        )
        nearest = min((distances.get(test, far) for test in everything), default=far)
        first = [
            test
            for test in everything
            if _strangeness(path, test) < _STRANGE or distances.get(test, far) <= min(nearest, far - 1)
        ]
        return first, [test for test in everything if test not in first]


_STRANGE = 3


def _strangeness(path: str, test: str) -> int:
    """Tell how little a test's own name and folder have to do with a file: 0 its namesake, 3 nothing in common."""
    parts, folders = _words(path), PurePosixPath(test).parts
    name = PurePosixPath(test).stem.removeprefix("test_")
    stem = parts[-1] if parts else ""
    if stem and name.rstrip("s") in (stem.rstrip("s"), "_".join(parts[-2:]).rstrip("s")):
        return 0
    if len(parts) > 1 and parts[:-1] == tuple(folder for folder in folders[1:-1] if folder != "unit")[: len(parts) - 1]:
        return 1
    in_folder = parts and any(part in folders[:-1] or part == name.partition("_")[0] for part in parts)
    return 2 if in_folder else _STRANGE


def _words(path: str) -> tuple[str, ...]:
    """Split a file of the product into the names on its path; a package's own file is the package."""
    parts = PurePosixPath(path).with_suffix("").parts[1:]
    return parts[:-1] if parts[-1:] == ("__init__",) else tuple(part.strip("_") for part in parts)


def _is_test(path: str) -> bool:
    return path.startswith("tests/") and PurePosixPath(path).name.startswith("test_")


def _module(path: str) -> str:
    name = path.removesuffix(".py").replace("/", ".")
    return name.removesuffix(".__init__")


def read_sources(trees: Iterable[tuple[str, Iterable[Source]]]) -> Tree:
    """Join trees that were read by themselves, each with the name of its folder."""
    return Tree([Source(f"{name}/{source.path}", source.text) for name, sources in trees for source in sources])
