"""Files of every spelling survive an import: what is live is in them, and where nothing was to change no byte has."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import pytest

from reconciler.config.load import load
from reconciler.document.revising import pieces as pieces_of
from reconciler.model import NoForwarding, Parking
from reconciler.providers.exolve.mapping import encode
from reconciler.providers.table import PROVIDERS
from tests.cli.conftest import Workplace
from tests.odd_yaml import Spelling

CASES = 6
PHONES = ("74992223344", "74992223355", "883140123456789", "duty-desk")
PERIODS = ("wd {mon-fri} hr {9-17}", "wd {sat} hr {10-13}", "hr {22-5}", "mo {jan-mar} md {1-7} hr {9-11}")
SHARED = {
    "contacts": {"duty-desk": {"to": "74992223366", "name": "дежурный", "timeout": "17"}},
    "schedules": {"office-hours": {"description": "будни", "weekly": {"mon-fri": "09:00-18:00"}}},
    "profiles": {
        "hotline": {
            "forwarding": {
                "type": "number",
                "redirect": "sequential",
                "targets": [{"to": "duty-desk", "schedule": "office-hours"}],
                "event_url": "https://example.com/calls",
            }
        }
    },
}


def target(draw: Random) -> dict[str, Any]:
    made: dict[str, Any] = {"to": draw.choice(PHONES)}
    schedules: list[Any] = ["office-hours", {"period": draw.choice(PERIODS)}, {"weekly": {"sat": "10:00-14:00"}}]
    options: dict[str, Any] = {
        "timeout": draw.choice(["20", "30", "1m"]),
        "schedule": draw.choice(schedules),
        "schedule_description": "график: будни",
        "name": draw.choice(["звонит # клиент", "it's", "16"]),
        "active": "false",
    }
    made |= {key: value for key, value in options.items() if draw.random() < 0.4}
    if "schedule" not in made:
        made.pop("schedule_description", None)  # which is not sent without one
    return made


def forwarding(draw: Random) -> Any:
    kind = draw.randrange(6)
    if kind < 3:
        made: dict[str, Any] = {"type": "number", "targets": [target(draw) for _ in range(1 + draw.randrange(3))]}
        options = {"redirect": "parallel", "event_url": "https://example.com/calls", "file_to_a": "12345"}
        return made | {key: value for key, value in options.items() if draw.random() < 0.4}
    if kind == 3:
        return {"type": "url", "url": "https://example.com/route", "reserve": "74993334455"}
    if kind == 4:
        return {"type": "sip_trunk", "static_ip": "203.0.113.7", "port": "5060", "timeout": "30", "did": "111"}
    return "none"


def entry(draw: Random) -> dict[str, Any]:
    made: dict[str, Any] = {"description": "a line: of text", "tags": ["moscow", "sales"]}
    made = {key: value for key, value in made.items() if draw.random() < 0.5}
    if draw.random() < 0.3:
        changed = {"targets": [target(draw)]} if draw.random() < 0.5 else {"masking": "true"}
        return made | {"use": ["hotline"]} | ({"forwarding": changed} if draw.random() < 0.5 else {})
    return made | {"forwarding": forwarding(draw)}


def by_hand(body: dict[str, Any] | None, draw: Random) -> dict[str, Any] | None:
    """Somebody has changed a forwarding in the vendor's web account."""
    controls = ((body or {}).get("call_forwarding_number") or {}).get("call_control")
    if body is None or not controls:
        return draw.choice([None, {"call_forwarding_type": 1, "call_forwarding_sip": {"sip_uri": "u@sip.example.com"}}])
    one = draw.choice(controls)
    match draw.randrange(7):
        case 0:
            one["timeout"] = 41
        case 1:
            one.update(period=draw.choice(PERIODS), period_description="новый график")
        case 2:
            one["name"] = "новое имя"
        case 3:
            controls.insert(0, {"redirect_number": "74992223377", "timeout": 20, "active": True})
        case 4:
            controls[:] = controls[1:] or [{"redirect_number": "74992223388", "timeout": 20, "active": True}]
        case 5:
            body["call_forwarding_number"]["event_url"] = "https://example.com/other"
        case 6:
            return None
    return body


def furnish(place: Workplace) -> dict[str, dict[str, Any] | None]:
    """Have the sandbox do what the files say."""
    loaded = load(place.folder, PROVIDERS)
    assert loaded.configuration is not None, loaded.diagnostics
    bodies: dict[str, dict[str, Any] | None] = {}
    for desired in loaded.configuration.desired:
        assert not isinstance(desired.value, Parking)
        body = encode(desired.key.number, desired.value)
        del body["number_code"]
        bodies[desired.key.number] = None if isinstance(desired.value, NoForwarding) else body
    return bodies


def pieces(text: str) -> dict[str, str]:
    """The text of each entry, and of all that is around them."""
    numbers = pieces_of(text).find("numbers")
    assert numbers is not None
    found, start = {}, 0
    for child in numbers.value.children:
        assert child.key is not None
        found[f"before {child.key.text}"] = text[start : child.key.end]
        found[child.key.text] = text[child.key.end : child.value.end]
        start = child.value.end
    return {**found, "after": text[start:]}


def comments(text: str) -> Counter[str]:
    """The comments around entries, and how often each stands there; those of a piece that is gone may go with it."""
    return Counter(line.strip() for line in text.splitlines() if line.startswith(("  #", "#", "version")))


@pytest.mark.parametrize("seed", range(CASES))
def test_an_import_into_an_odd_file(seed: int, workplace: Workplace) -> None:
    draw = Random(seed)
    path = workplace.folder / "numbers.yaml"
    declared = {f"7499100000{at}": entry(draw) for at in draw.sample(range(8), 2 + draw.randrange(4))}
    spelling = Spelling(draw.randrange)
    path.write_bytes((draw.choice(["", "\ufeff"]) + spelling.file(declared, SHARED)).encode())
    bodies = furnish(workplace)
    moved = {number for number in declared if draw.random() < 0.5}
    for number, body in bodies.items():
        workplace.sandbox.exolve.set(number, by_hand(body, draw) if number in moved else body)
    check(workplace, path, sorted(declared), moved, draw)


def check(place: Workplace, path: Path, numbers: list[str], moved: set[str], draw: Random) -> None:
    before = path.read_bytes().decode()
    words = draw.choice([[], ["--contacts"]])
    ended = place.run("import", *numbers, *words, "--format", "json")
    assert ended.exit_code == 0, (ended, before)
    after = path.read_bytes().decode()
    assert after.startswith("\ufeff") == before.startswith("\ufeff")
    old, new = (pieces(text.removeprefix("\ufeff")) for text in (before, after))
    kept = [piece for piece in old if piece in numbers and piece not in moved]
    assert {piece: new[piece] for piece in kept} == {piece: old[piece] for piece in kept}, (before, after)
    assert comments(after) >= comments(before)
    plan = place.run("plan", *(f"--target={number}" for number in numbers), "--format", "json")
    assert (plan.exit_code, plan.json["changes"]) == (0, []), (before, after)
    again = place.run("import", *numbers, *words, "--format", "json")
    assert (again.exit_code, again.json["changed"]) == (0, []), (before, after)
    assert path.read_bytes().decode() == after
