"""A configuration under an editor: its files on disk with unsaved texts laid over, judged as `validate` judges them.

Knows no protocol: places are those of diagnostics and spans.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import NamedTuple

from reconciler.config.files import File, Origin
from reconciler.config.include import TRUSTED_FILE
from reconciler.config.load import LoadResult, Parts, load
from reconciler.config.trusted import Providers
from reconciler.diagnostics import Diagnostic
from reconciler.document import Tree, Unreadable, read_text
from reconciler.workflow.validate import judged

NAMED = ("schedules", "contacts", "profiles", "scenarios", "accounts")


def nearest_root(path: Path, within: Iterable[Path]) -> Path | None:
    """The nearest folder above a file that has a reconciler.yaml, no higher than the editor's own folders."""
    tops = [top for top in within if path.is_relative_to(top)]
    for folder in path.parents:
        if os.path.lexists(folder / TRUSTED_FILE):
            return folder
        if folder in tops:
            break
    return path.parent if path.name == TRUSTED_FILE else None


class State(NamedTuple):
    """What one judgement gave; `found` is by file, relative to the folder, what has no place under reconciler.yaml."""

    parts: Parts | None
    found: Mapping[str, tuple[Diagnostic, ...]]
    names: tuple[str, ...]

    @property
    def everything(self) -> Iterator[Diagnostic]:
        for each in self.found.values():
            yield from each


@dataclass(slots=True)
class Project:
    """One configuration: `texts` are those that the editor holds, by absolute path."""

    root: Path
    providers: Providers
    today: Callable[[], date]
    texts: Mapping[Path, str]
    state: State = field(default_factory=lambda: State(None, {}, ()))
    _known: dict[str, dict[str, tuple[str, ...]]] = field(default_factory=dict)

    def judge(self) -> State:
        """Judge all files as they are now, and keep the result."""
        loaded = self._load({})
        self.state = _state(loaded)
        self._learn(loaded)
        return self.state

    def tried(self, name: str, text: str) -> State:
        """What would be found if a file had another text."""
        return _state(self._load({self.root / name: text}))

    def name_of(self, path: Path) -> str | None:
        """A file's name as diagnostics have it; None outside the folder."""
        return path.relative_to(self.root).as_posix() if path.is_relative_to(self.root) else None

    def text_of(self, name: str) -> str:
        """The text of a file as it was judged last; empty where it was not read."""
        parts = self.state.parts
        return dict(parts.files.sources.texts()).get(name, "") if parts is not None else ""

    def has_judged(self, name: str, text: str) -> bool:
        """Whether the judgement is of this text, or of files that this one does not belong to."""
        return name not in self.state.names or self.text_of(name) == text.removeprefix("\ufeff")

    def tree_of(self, name: str) -> Tree | None:
        """A file's content, where it could be read."""
        parts = self.state.parts
        return next((file.tree for file in parts.files.files if file.name == name), None) if parts is not None else None

    def words(self, section: str) -> list[str]:
        """The names that a section declares in any file; of one that is being typed the last that could be read."""
        return sorted({word for known in self._known.values() for word in known.get(section, ())})

    def _load(self, instead: Mapping[Path, str]) -> LoadResult:
        return load(
            self.root, self.providers, today=self.today(), origin=Origin(read=_Reader({**self.texts, **instead}))
        )

    def _learn(self, loaded: LoadResult) -> None:
        files = loaded.parts.files if loaded.parts is not None else None
        if files is None:
            return
        self._known = {name: known for name, known in self._known.items() if name in files.names}
        self._known |= {file.name: dict(_declared(file)) for file in files.files}


class _Reader:
    """What gives a file's text: the editor's, where it holds one."""

    def __init__(self, texts: Mapping[Path, str]) -> None:
        self._texts = texts

    def __call__(self, path: Path) -> str | Unreadable:
        held = self._texts.get(path)
        return read_text(path) if held is None else held.removeprefix("\ufeff")


def _declared(file: File) -> Iterator[tuple[str, tuple[str, ...]]]:
    for section in NAMED:
        given = file.tree.get(section)
        if given is not None and isinstance(given.data, dict):
            yield section, tuple(given.data)


def _state(loaded: LoadResult) -> State:
    by_file: dict[str, list[Diagnostic]] = {}
    for item in judged(loaded):
        by_file.setdefault(item.location.file if item.location is not None else TRUSTED_FILE, []).append(item)
    names = tuple(loaded.parts.files.names) if loaded.parts is not None else ()
    return State(loaded.parts, {name: tuple(found) for name, found in by_file.items()}, names)
