"""octoDNS as a peer: the same number of records, judged and planned by a tool that people hold to be good.

It lives in a virtual environment of its own, which `make bench` creates from `peers.lock`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.benchmarks.measure import Cost, run

_PROGRAMS = Path(__file__).parents[2] / ".venv-peers" / "bin"

_ZONE = "numbers.example."

_SETTINGS = """\
---
providers:
  desired:
    class: octodns.provider.yaml.YamlProvider
    directory: {folder}/desired
  live:
    class: octodns.provider.yaml.YamlProvider
    directory: {folder}/live
zones:
  {zone}:
    sources: [desired]
    targets: [live]
"""


def available() -> bool:
    return (_PROGRAMS / "octodns-validate").exists()


def write_case(folder: Path, count: int) -> Path:
    """Write a zone of `count` address records, desired and live alike; return the configuration's path."""
    zone = "---\n" + "".join(_record(index) for index in range(count))
    for side in ("desired", "live"):
        (folder / side).mkdir(parents=True)
        (folder / side / f"{_ZONE}yaml").write_text(zone, "utf-8")
    settings = folder / "octodns.yaml"
    settings.write_text(_SETTINGS.format(folder=folder, zone=_ZONE), "utf-8")
    return settings


def _record(index: int) -> str:
    """Two values a record, as a number that rings two targets has; octoDNS wants sorted keys."""
    high, low = divmod(index, 250)
    return (
        f"line-{index:06d}:\n  ttl: 600\n  type: A\n  values:\n"
        f"    - 198.51.100.{low + 1}\n    - 10.7.{high % 250}.{low + 1}\n"
    )


def validate(settings: Path) -> Callable[[], Cost]:
    return lambda: run([_PROGRAMS / "octodns-validate", "--config-file", settings])


def plan(settings: Path) -> Callable[[], Cost]:
    return lambda: run([_PROGRAMS / "octodns-sync", "--config-file", settings])
