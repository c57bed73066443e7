"""Files as people and programs write them, for whoever edits texts: the same data in many spellings, with comments.

Knows no product; a draw decides every choice.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

Data = Any
WORDS = st.sampled_from(
    [
        "a",
        "16",
        "74992223344",
        "звонит: клиент",
        "it's",
        'say "hi"',
        "x # y",
        "- dash",
        "*star",
        "{brace",
        "",
        "ok 😀",
        "9:30",
    ]
)
KEYS = st.sampled_from(["to", "timeout", "name", "schedule", "type", "targets", "use", "ключ", "a b"])


def values(depth: int = 2) -> st.SearchStrategy[Data]:
    """Texts, lists and maps, not deep."""
    if not depth:
        return WORDS
    below = values(depth - 1)
    return st.one_of(WORDS, st.lists(below, max_size=3), st.dictionaries(KEYS, below, max_size=3))


entries = st.dictionaries(KEYS, values(), min_size=1, max_size=4)
files = st.dictionaries(st.sampled_from([f"7499111223{at}" for at in range(6)]), entries, min_size=1, max_size=5)

_WITHIN = 4  # blanks before what is in an entry


class Spelling:
    """Spells data as YAML, every line as the draw has it; `choose` gives a number below its argument."""

    def __init__(self, choose: Callable[[int], int]) -> None:
        self._choose = choose

    def file(self, numbers: dict[str, Data], shared: dict[str, Data] | None = None) -> str:
        """A file with these numbers, and with what else may stand in one."""
        lines = [*["# head\twith a tab", "---"][: self._choose(3)], "version: 1   # the first"]
        for section, content in (shared or {}).items():
            lines += self._pair(section, content, "")
        lines += ["", "numbers:"]
        for key, entry in numbers.items():
            lines += ["", "  # about the next"][: self._choose(3)]
            lines += self._pair(f'"{key}"', entry, "  ")
        lines += ["  # the last one", "forget: [78005560251]  ", "# end", "..."][: self._choose(5)]
        newline = "\r\n" if self._choose(4) == 0 else "\n"
        return newline.join(lines) + (newline if self._choose(3) else "")

    def _pair(self, key: str, value: Data, indent: str) -> list[str]:
        if not isinstance(value, dict | list) or not value or not self._choose(3):
            return [f"{indent}{key}: {self._flow(value)}{self._comment()}"]
        deeper = indent + "  " * (1 + self._choose(2))
        if isinstance(value, list):
            return [f"{indent}{key}:{self._comment()}", *self._elements(value, (indent, deeper)[self._choose(2)])]
        return [f"{indent}{key}:{self._comment()}", *self._map(value, deeper)]

    def _map(self, value: dict[str, Data], indent: str) -> list[str]:
        lines = []
        for key, below in value.items():
            lines += [f"{indent}# between", ""][: self._choose(3)]
            lines += self._pair(self._scalar(key), below, indent)
        return lines

    def _elements(self, values: list[Data], indent: str) -> list[str]:
        lines = []
        for each in values:
            if isinstance(each, dict) and each and self._choose(3):
                first, *rest = self._pairs(each, f"{indent}  ")
                lines += [f"{indent}- {first.strip(' ')}", *rest]
            else:
                lines += [f"{indent}- {self._flow(each)}{self._comment()}"]
        return lines

    def _pairs(self, value: dict[str, Data], indent: str) -> list[str]:
        return [line for key, below in value.items() for line in self._pair(self._scalar(key), below, indent)]

    def _flow(self, value: Data) -> str:
        if isinstance(value, dict):
            return "{" + ", ".join(f"{self._scalar(key)}: {self._flow(below)}" for key, below in value.items()) + "}"
        if isinstance(value, list):
            return "[" + ", ".join(map(self._flow, value)) + self._trailing(value) + "]"
        return self._scalar(value)

    def _trailing(self, value: list[Data]) -> str:
        return "," if value and not self._choose(4) else ""

    def _scalar(self, text: str) -> str:
        if text.isalnum() and self._choose(2):
            return text
        if self._choose(2):
            return "'" + text.replace("'", "''") + "'"
        return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'

    def _comment(self) -> str:
        return ["", "  # why", "   ", "\t# tab"][self._choose(4)]


class AnchoredSpelling(Spelling):
    """The same with anchors and aliases in entries; what the file says is then no longer the data it was made from."""

    def __init__(self, choose: Callable[[int], int]) -> None:
        super().__init__(choose)
        self._names: list[str] = []

    def _pair(self, key: str, value: Data, indent: str) -> list[str]:
        is_within = len(indent) >= _WITHIN
        if is_within and self._names and not self._choose(7):
            return [f"{indent}{key}: *{self._names[self._choose(len(self._names))]} {self._comment()}"]
        lines = super()._pair(key, value, indent)
        head = f"{indent}{key}: "
        if is_within and lines[0].startswith(head) and not self._choose(5):
            self._names.append(f"a{len(self._names)}")
            lines[0] = f"{head}&{self._names[-1]} {lines[0].removeprefix(head)}"
        return lines
