"""What is installed: no release with a known hole, and no clean bill where nothing could be looked up."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

from tests.architecture.imports import REPOSITORY, script

ADVISORIES: dict[str, Any] = json.loads((REPOSITORY / ".ci" / "advisories.json").read_text("utf-8"))
FIXED_IN: dict[str, dict[str, str]] = ADVISORIES["fixed_in"]
LOCK = (REPOSITORY / "requirements.lock").read_text("utf-8")
PROJECT: dict[str, Any] = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))["project"]


audit = script(REPOSITORY / ".ci" / "audit.py")
LOWEST: dict[str, str] = {
    requirement.name.lower(): next(each.version for each in requirement.specifier if each.operator == ">=")
    for requirement in map(Requirement, PROJECT["dependencies"])
}


def installed_with(name: str, seen: set[str]) -> Iterator[str]:
    """All packages that one needs, without extras."""
    if name in seen:
        return
    seen.add(name)
    yield name
    try:
        needed = map(Requirement, requires(name) or ())
    except PackageNotFoundError:
        return
    for requirement in needed:
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            yield from installed_with(requirement.name.lower(), seen)


def test_no_pinned_release_has_a_hole_that_is_listed() -> None:
    assert list(audit.listed(audit.pins(LOCK), FIXED_IN)) == []
    assert len(audit.pins(LOCK)) == len(re.findall(r"^\S+==", LOCK, re.MULTILINE)) > 50


@pytest.mark.parametrize("name", [name for name in FIXED_IN if name in LOWEST])
def test_no_lower_bound_lets_in_a_hole_that_is_listed(name: str) -> None:
    assert Version(LOWEST[name]) >= max(map(Version, FIXED_IN[name].values()))


def test_whatever_comes_along_and_had_a_hole_since_2025_is_bound_too() -> None:
    along = set(installed_with("phone-reconciler", set()))
    recent = {name for name, holes in FIXED_IN.items() if any(re.match(r"CVE-202[5-9]", hole) for hole in holes)}
    assert along & recent <= LOWEST.keys()
    assert {"h11", "idna", "starlette"} <= along & recent


def test_a_hole_in_the_lock_is_found_without_the_registry() -> None:
    found, said = audit.verdict([], "h11==0.14.0 \\\n    --hash=sha256:00\nclick==8.2.0\n", ADVISORIES)
    assert found == ["h11 0.14.0: CVE-2025-43859, fixed in 0.16.0"]
    assert said[1].startswith("NO ADVISORY DATA for 2 of 2 packages")
    assert ADVISORIES["as_of"] in said[1]


def test_a_registry_that_tells_of_no_package_is_not_taken_for_a_clean_bill() -> None:
    untold = [{"name": "h11", "skip_reason": "could not be audited"}]
    _found, said = audit.verdict(untold, "h11==0.16.0\n", ADVISORIES)
    assert said[1].startswith("NO ADVISORY DATA for 1 of 1 packages")


def test_what_the_registry_tells_goes_first() -> None:
    vulnerability = {"id": "PYSEC-1", "fix_versions": []}
    packages = [{"name": "h11", "version": "0.16.0", "vulns": [vulnerability]}]
    found, said = audit.verdict(packages, "h11==0.16.0\n", ADVISORIES)
    assert (found, len(said)) == (["h11 0.16.0: PYSEC-1, no fix yet"], 1)
