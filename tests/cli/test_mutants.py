"""Examples with their text mangled, through `validate` itself: judged, with places, never a fault of the program."""

from __future__ import annotations

import json
import random
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.architecture.imports import REPOSITORY
from tests.cli.conftest import Cli
from tests.conftest import Tally

pytestmark = pytest.mark.usefixtures("no_last_resort")

EXAMPLES = REPOSITORY / "examples"


def example_of(path: Path) -> Path | None:
    """The example that a file belongs to."""
    return next((each for each in path.parents if (EXAMPLES / each / "reconciler.yaml").is_file()), None)


FILES = sorted(
    path.relative_to(EXAMPLES)
    for path in EXAMPLES.rglob("*.yaml")
    if path.is_file() and not path.is_symlink() and example_of(path.relative_to(EXAMPLES))
)
_SMALL = [path for path in FILES if "profiles-at-scale" not in path.parts]
_VALID = [path for path in _SMALL if "invalid" not in path.parts]
_TEXTS = [(EXAMPLES / path).read_bytes() for path in _SMALL]
_TOKEN = re.compile(rb"[^\s:,\[\]{}\"']+")
_TOKENS = sorted({token for text in _TEXTS for token in _TOKEN.findall(text)})
_ODD = [
    *("\u202e", "\u0000", "\ufeff", "\u2028", "\x85", "é", "é", "😀", "\U000e0001", "٣", "７", "\u00a0", "\x1b[31m"),
]
_MARKS = [b"{", b"}", b"[", b"]", b": ", b"- ", b"&a ", b"*a", b"<<: *a\n", b"!!int ", b"'", b'"', b"|\n", b"? ", b"%"]
Mutation = Callable[[bytes, random.Random], bytes]


def flipped(text: bytes, seeded: random.Random) -> bytes:
    at = seeded.randrange(len(text))
    return text[:at] + bytes([text[at] ^ (1 << seeded.randrange(8))]) + text[at + 1 :]


def deleted(text: bytes, seeded: random.Random) -> bytes:
    at = seeded.randrange(len(text))
    return text[:at] + text[at + seeded.randint(1, 40) :]


def doubled(text: bytes, seeded: random.Random) -> bytes:
    at, length = seeded.randrange(len(text)), seeded.randint(1, 60)
    return text[: at + length] + text[at : at + length] * seeded.choice([1, 1, 1, 50]) + text[at + length :]


def lines_swapped(text: bytes, seeded: random.Random) -> bytes:
    lines = text.split(b"\n")
    one, other = seeded.randrange(len(lines)), seeded.randrange(len(lines))
    lines[one], lines[other] = lines[other], lines[one]
    return b"\n".join(lines)


def indented(text: bytes, seeded: random.Random) -> bytes:
    lines = text.split(b"\n")
    at = seeded.randrange(len(lines))
    kept = lines[at].lstrip(b" ") if seeded.random() < 0.3 else lines[at]
    lines[at] = seeded.choice([b" ", b"  ", b"    ", b"\t", b""]) + kept
    return b"\n".join(lines)


def spliced(text: bytes, seeded: random.Random) -> bytes:
    other = seeded.choice(_TEXTS)
    at, start = seeded.randrange(len(text)), seeded.randrange(len(other))
    return text[:at] + other[start : start + seeded.randint(1, 400)] + text[at + seeded.choice([0, 0, 200]) :]


def with_odd_characters(text: bytes, seeded: random.Random) -> bytes:
    at = seeded.randrange(len(text))
    piece = seeded.choice([seeded.choice(_ODD).encode(), seeded.choice(_MARKS), b"\xff", b"\xed\xa0\x80"])
    return text[:at] + piece + text[at:]


def tokens_swapped(text: bytes, seeded: random.Random) -> bytes:
    found = list(_TOKEN.finditer(text))
    if not found:
        return text
    one = seeded.choice(found)
    new = seeded.choice(_TOKENS) if seeded.random() < 0.7 else seeded.choice(found).group()
    return text[: one.start()] + new + text[one.end() :]


MUTATIONS: list[Mutation] = [
    flipped, deleted, doubled, lines_swapped, indented, spliced, with_odd_characters, tokens_swapped, tokens_swapped,
]  # fmt: skip


def mutant(text: bytes, seeded: random.Random) -> bytes:
    for _ in range(seeded.choice([1, 1, 2, 3, 4])):
        text = seeded.choice(MUTATIONS)(text, seeded) or b"a"
    return text


class Judge:
    """Copies of the examples, one file of which is mangled at a time."""

    def __init__(self, place: Path, cli: Cli) -> None:
        self._place = place
        self._cli = cli
        self.ends = {0: 0, 1: 0}

    def judge(self, seed: int) -> None:
        seeded = random.Random(seed)
        path = seeded.choice(seeded.choices([FILES, _SMALL, _VALID], [2, 49, 49])[0])
        folder = self._folder_of(path)
        victim = self._place / path
        before = victim.read_bytes()
        victim.write_bytes(mutant(before, seeded))
        try:
            self._judge(folder, f"{path}, seed {seed}")
        finally:
            victim.write_bytes(before)

    def _folder_of(self, path: Path) -> Path:
        """A copy of the example that a file belongs to."""
        example = example_of(path)
        assert example is not None
        if not (self._place / example).exists():
            shutil.copytree(EXAMPLES / example, self._place / example, symlinks=True)
        return self._place / example

    def _judge(self, folder: Path, which: str) -> None:
        ended = self._cli("validate", "--format", "json", folder=folder)
        assert ended.exit_code in (0, 1), which
        document = json.loads(ended.stdout)
        errors = [item for item in document["diagnostics"] if item["severity"] == "error"]
        located = [item for item in errors if item["file"] and item["line"]]
        assert bool(errors) is (ended.exit_code == 1), which
        assert bool(located) is (ended.exit_code == 1), (which, errors)
        assert "Traceback" not in ended.stderr, which
        self.ends[ended.exit_code] += 1


@pytest.fixture
def judge(tmp_path: Path, cli: Cli) -> Judge:
    """A judge with room for the examples."""
    return Judge(tmp_path / "examples", cli)


def test_a_sample_of_mangled_examples_is_judged_with_places(judge: Judge) -> None:
    for seed in range(150):
        judge.judge(seed)
    assert min(judge.ends.values()) > 5, "a sample in which all are good, or all are bad, proves little"


@pytest.mark.soak
@pytest.mark.parametrize("part", range(20))
def test_mangled_examples_are_judged_with_places(judge: Judge, part: int, tally: Tally) -> None:
    tally("mangled YAML files through validate", 1_000)
    for seed in range(1_000 * (part + 1), 1_000 * (part + 2)):
        judge.judge(seed)
