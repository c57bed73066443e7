"""Look the pinned packages up among known vulnerabilities; ends with 1 where one is known.

A registry that cannot be asked, or does not tell, is said and is no failure: a check must not depend on the weather.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

LOCK = Path(__file__).parents[1] / "requirements.lock"
TIMEOUT_SECONDS = 120


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


def main() -> int:
    """Print what is known, in one line where that is nothing."""
    packages = ask()
    audited = [package for package in packages if "vulns" in package]
    found = [(package, vulnerability) for package in audited for vulnerability in package["vulns"]]
    for package, vulnerability in found:
        versions = ", ".join(vulnerability["fix_versions"])
        remedy = f"fixed in {versions}" if versions else "no fix yet"
        sys.stdout.write(f"{package['name']} {package['version']}: {vulnerability['id']}, {remedy}\n")
    sys.stdout.write(
        f"{len(found)} known vulnerabilities in {len(audited)} packages; "
        f"the registry did not tell of {len(packages) - len(audited)}\n"
        if packages
        else "the registry could not be asked for known vulnerabilities\n"
    )
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
