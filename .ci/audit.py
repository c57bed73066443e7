"""Look the pinned packages up among known vulnerabilities; ends with 1 where one is known.

The registry is asked first. What it does not tell of is held against the list of advisories in this folder, whose
date is said: a check must not depend on the weather, nor be silent about it.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from packaging.version import Version

LOCK = Path(__file__).parents[1] / "requirements.lock"
# docs/decisions/125
ADVISORIES = Path(__file__).with_name("advisories.json")
TIMEOUT_SECONDS = 120
_PIN = re.compile(r"^([A-Za-z0-9_.-]+)==(\S+)", re.MULTILINE)


def ask() -> list[dict[str, Any]]:
    """Run pip-audit over the lock; an empty list where it could not ask."""
    options = ["--require-hashes", "--disable-pip", "--progress-spinner", "off", "--format", "json"]
    try:
        done = subprocess.run(
            [sys.executable, "-m", "pip_audit", *options, "--requirement", str(LOCK)],
            capture_output=True,
            text=True,
            check=False,
            timeout=TIMEOUT_SECONDS,
        )
        packages: list[dict[str, Any]] = json.loads(done.stdout)["dependencies"]
    except (subprocess.TimeoutExpired, json.JSONDecodeError):
        return []
    return packages


def pins(lock: str) -> dict[str, str]:
    """The version of each package of a lock."""
    return {name.lower().replace("_", "-"): version for name, version in _PIN.findall(lock)}


def told(packages: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """What the registry knows against these packages, a line each."""
    for package in packages:
        for vulnerability in package.get("vulns", ()):
            versions = ", ".join(vulnerability["fix_versions"])
            remedy = f"fixed in {versions}" if versions else "no fix yet"
            yield f"{package['name']} {package['version']}: {vulnerability['id']}, {remedy}"


def listed(versions: Mapping[str, str], fixed_in: Mapping[str, Mapping[str, str]]) -> Iterator[str]:
    """What the list knows against these versions, a line each."""
    for name, version in versions.items():
        for advisory, fixed in fixed_in.get(name, {}).items():
            if Version(version) < Version(fixed):
                yield f"{name} {version}: {advisory}, fixed in {fixed}"


def verdict(packages: list[dict[str, Any]], lock: str, advisories: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """What is known against a lock, and what to say of how that was learned."""
    versions = pins(lock)
    audited = {package["name"].lower() for package in packages if "vulns" in package}
    untold = {name: version for name, version in versions.items() if name not in audited}
    found = [*told(packages), *listed(untold, advisories["fixed_in"])]
    said = [f"{len(found)} known vulnerabilities in {len(versions)} packages"]
    if untold:
        said.append(
            f"NO ADVISORY DATA for {len(untold)} of {len(versions)} packages: the registry did not tell. "
            f"They were held against the list of {advisories['as_of']} alone, .ci/{ADVISORIES.name}"
        )
    return found, said


# docs/decisions/027
def main() -> int:
    """Print what is known, and from where."""
    found, said = verdict(ask(), LOCK.read_text("utf-8"), json.loads(ADVISORIES.read_text("utf-8")))
    sys.stdout.write("".join(f"{line}\n" for line in (*found, *said)))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
