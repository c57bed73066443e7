"""Each example loads on a machine that has nothing, says nothing but the notice, and holds what it promises."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from reconciler.diagnostics import Severity
from reconciler.model import Kind, NumberForwarding
from reconciler.secrets import SecretRef
from reconciler.settings import Configuration
from tests.architecture.imports import REPOSITORY
from tests.loading import load

EXAMPLES = REPOSITORY / "examples"
NAMES = ["forwarding-types", "profiles-at-scale", "quickstart", "team-repository", "two-providers"]


def configuration(name: str, *, scenario: str | None = None) -> Configuration:
    loaded = load(EXAMPLES / name, scenario=scenario)
    assert [item for item in loaded.diagnostics if item.severity is not Severity.NOTICE] == []
    assert loaded.configuration is not None
    return loaded.configuration


def test_the_examples_are_these_the_invalid_ones_and_pipelines() -> None:
    assert sorted(path.name for path in EXAMPLES.iterdir() if path.is_dir()) == sorted([*NAMES, "invalid", "pipelines"])


@pytest.mark.parametrize("name", NAMES)
def test_an_example_loads_without_any_finding(name: str) -> None:
    assert configuration(name).name == name or name == "team-repository"


@pytest.mark.parametrize("name", NAMES)
def test_an_example_holds_no_secret_and_no_foreign_address(name: str) -> None:
    for account in configuration(name).accounts.values():
        secrets = [each for each in account.options if isinstance(each, SecretRef)]
        assert secrets
        assert all(secret.env for secret in secrets)
        assert account.base_url in ("https://api.exolve.ru", "https://openapi.mtt.ru")


def test_every_type_of_forwarding_is_shown() -> None:
    types = {desired.value.type for desired in configuration("forwarding-types").desired}
    assert types == {"number", "url", "sip_trunk", "sip", "none"}


def test_every_field_of_a_forwarding_to_numbers_is_shown() -> None:
    whole = configuration("forwarding-types").desired[0]
    assert isinstance(whole.value, NumberForwarding)
    fields = {"event_url", "event_extended", "client_id", "file_to_a", "file_to_b", "masking", "display_number"}
    assert all(getattr(whole.value, field) for field in fields)
    assert whole.protected


def test_both_providers_are_shown() -> None:
    assert {desired.key.kind for desired in configuration("two-providers").desired} == set(Kind)


def test_a_thousand_numbers_share_their_profiles() -> None:
    desired = configuration("profiles-at-scale").desired
    assert len(desired) == 1_000
    size = sum(path.stat().st_size for path in (EXAMPLES / "profiles-at-scale").rglob("*.yaml"))
    assert size < 100_000


def test_the_teams_scenario_takes_its_hotlines_to_one_url() -> None:
    stormy = configuration("team-repository", scenario="storm")
    values = {desired.key.number: desired.value.type for desired in stormy.desired}
    assert [values[number] for number in ("74991112233", "74991112234", "74991113300")] == ["url", "url", "number"]


def _texts(folder: Path) -> list[str]:
    return [path.read_text("utf-8") for path in folder.rglob("*.yaml")]


@pytest.mark.parametrize("name", NAMES)
def test_an_example_names_only_hosts_that_are_for_documentation(name: str) -> None:

    hosts = {host for text in _texts(EXAMPLES / name) for host in re.findall(r"https?://([\w.-]+)", text)}
    assert {host for host in hosts if not host.endswith("example.com")} == set()
