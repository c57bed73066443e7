"""A configuration of many numbers, shaped like a sales team's: two targets a number, schedules, contacts, profiles."""

from __future__ import annotations

from pathlib import Path

FIRST_NUMBER = 74991000000
FIRST_TARGET = 74951000000

_PER_FILE = 10_000

_SETTINGS = """\
version: 1
name: many-lines
include: ["numbers/*.yaml"]
record: {{backend: file}}
defaults: {{account: sales, timeout: 20, timezone: Europe/Moscow}}
accounts:
  sales:
    provider: exolve
    api_key: {{env: EXOLVE_API_KEY}}
    base_url: {base_url}
    rate: {{per_second: 0, concurrency: 32}}
schedules:
  office-hours: {{description: office, period: "wd {{mon-fri}} hr {{9-17}}"}}
  weekend: {{description: weekend, period: "wd {{sat sun}} hr {{10-15}}"}}
contacts:
  duty-desk: {{to: "74992223344", name: duty, timeout: 16}}
"""

_NUMBER = """\
  "{number}":
    description: Line {index} of the sales team
    tags: [moscow, sales]
    forwarding:
      type: number
      redirect: sequential
      targets:
        - to: "{target}"
          timeout: 16
          schedule: office-hours
        - to: duty-desk
          schedule: weekend
      client_id: crm-{index}
"""


def numbers(count: int) -> range:
    return range(FIRST_NUMBER, FIRST_NUMBER + count)


def write_configuration(folder: Path, count: int, *, base_url: str = "https://api.exolve.ru") -> list[Path]:
    """Write a configuration of `count` numbers into `folder`; return its YAML files."""
    (folder / "numbers").mkdir(parents=True)
    settings = folder / "reconciler.yaml"
    settings.write_text(_SETTINGS.format(base_url=base_url), "utf-8")
    files = [settings]
    for first in range(0, count, _PER_FILE):
        path = folder / "numbers" / f"lines-{first}.yaml"
        entries = (_entry(index) for index in range(first, min(first + _PER_FILE, count)))
        path.write_text("version: 1\nnumbers:\n" + "".join(entries), "utf-8")
        files.append(path)
    return files


def _entry(index: int) -> str:
    return _NUMBER.format(number=FIRST_NUMBER + index, target=FIRST_TARGET + index, index=index)
