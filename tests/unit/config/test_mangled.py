"""Whatever is done to a configuration's text, loading tells what is wrong and where, and never fails itself."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest

from reconciler.model import declared
from reconciler.rules import RULES
from tests.architecture.imports import REPOSITORY
from tests.loading import load

_TEXTS = [
    path.read_text("utf-8")
    for path in sorted((REPOSITORY / "examples").rglob("*.yaml"))
    if "invalid" not in path.parts and path.stat().st_size < 6_000
]
_PIECES = [
    *(
        "{",
        "}",
        "[",
        "]",
        ": ",
        "- ",
        "\n",
        "  ",
        "null",
        "~",
        "&a ",
        "*a",
        "<<: ",
        "!x ",
        "'",
        '"',
        "#",
        "? ",
        "|",
        "> ",
    ),
    *(
        "${var:X}",
        "none",
        "{}",
        "[]",
        "[a]",
        "{a: b}",
        "0",
        "-1",
        "true",
        "\t",
        "\\",
        "7",
        "88314",
        "é",
        "\u202e",
        "\0",
    ),
    *("[a, {b: c}]", "{to: x}", "{weekly: {mon: 9:00-10:00}}", "wd {mon}", "https://", "{env: K}"),
]
_VALUE = re.compile(r": ([^\n,}{]+)")


def mangled(seeded: random.Random) -> str:
    text = seeded.choice(_TEXTS)
    for _ in range(seeded.randint(1, 4)):
        text = _once(text, seeded) or "a"
    return text


def _once(text: str, seeded: random.Random) -> str:
    at = seeded.randrange(len(text))
    match seeded.randrange(4):
        case 0:
            return text[:at] + seeded.choice(_PIECES) + text[at:]
        case 1:
            return text[:at] + text[at + seeded.randint(1, 12) :]
        case 2:
            found = list(_VALUE.finditer(text))
            value = seeded.choice(found) if found else None
            return text if value is None else text[: value.start(1)] + seeded.choice(_PIECES) + text[value.end(1) :]
        case _:
            lines = text.split("\n")
            one, other = seeded.randrange(len(lines)), seeded.randrange(len(lines))
            lines[one], lines[other] = lines[other], lines[one]
            return "\n".join(lines)


def _judge(folder: Path, seed: int) -> None:
    (folder / "reconciler.yaml").write_text(mangled(random.Random(seed)), "utf-8")
    loaded = load(folder)
    assert (loaded.configuration is None) == any(item.is_error for item in loaded.diagnostics)
    for item in loaded.diagnostics:
        assert item.code in RULES
        assert item.message
        assert item.location is not None or not item.is_error
    for desired in loaded.configuration.desired if loaded.configuration is not None else ():
        targets = [f"targets[{at}].to" for at, _ in enumerate(getattr(desired.value, "targets", ()))]
        paths = ["", "targets", *targets, *(each.key for each in declared(type(desired.value)))]
        assert all(desired.place_of(path).line >= 1 for path in paths)


@pytest.mark.parametrize("seed", range(150))
def test_a_mangled_configuration_is_loaded_or_refused_with_places(seed: int, tmp_path: Path) -> None:
    _judge(tmp_path, seed)


@pytest.mark.soak
@pytest.mark.timeout(1_800)
def test_twenty_thousand_mangled_configurations(tmp_path: Path) -> None:
    for seed in range(1_000, 21_000):
        _judge(tmp_path, seed)
