from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.config.load import LoadResult
from tests.loading import load

BASE = """version: 1
name: lines
include: [shared/*.yaml, production/*.yaml]
defaults: {account: sales, timeout: 20, timezone: Europe/Moscow}
accounts:
  sales: {provider: exolve, api_key: {env: KEY}, rate: {per_second: 5}}
policy: {max_changes: 10, max_deletes: 1}
"""
STAGING = """environments:
  staging:
    name: lines-staging
    include: [shared/*.yaml, staging/*.yaml]
    accounts: {sales: {api_key: {env: STAGING_KEY}}}
    policy: {max_deletes: null}
"""
SHARED = "version: 1\nschedules: {hours: {weekly: {mon-fri: 09:00-18:00}}}\n"
NUMBER = 'version: 1\nnumbers: {"%s": {forwarding: {type: number, targets: [{to: "74992223344", schedule: hours}]}}}\n'


def loaded(folder: Path, environments: str = STAGING, environment: str | None = None) -> LoadResult:
    for name, text in {
        "reconciler.yaml": BASE + environments,
        "shared/schedules.yaml": SHARED,
        "production/numbers.yaml": NUMBER % "74991112233",
        "staging/numbers.yaml": NUMBER % "74991112299",
    }.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, "utf-8")
    return load(folder, environment=environment)


def test_an_environment_is_laid_over_the_trusted_part(tmp_path: Path) -> None:
    found = loaded(tmp_path, environment="staging").configuration
    assert found is not None
    assert (found.name, list(found.numbers)) == ("lines-staging", ["74991112299"])
    account = found.accounts["sales"]
    assert [reference.env for reference in found.secret_references] == ["STAGING_KEY"]
    assert account.rate.per_second == 5
    assert found.policy.max_changes.count == 10


def test_null_takes_away_what_stands_below(tmp_path: Path) -> None:
    below, above = loaded(tmp_path).configuration, loaded(tmp_path, environment="staging").configuration
    assert below is not None
    assert above is not None
    assert below.policy.max_deletes.count == 1
    assert above.policy.max_deletes.percent == 5


def test_without_one_the_file_is_as_it_stands(tmp_path: Path) -> None:
    bare, beside = loaded(tmp_path, "").configuration, loaded(tmp_path).configuration
    assert bare is not None
    assert beside is not None
    assert (beside.name, list(beside.numbers)) == ("lines", ["74991112233"])
    assert beside.accounts == bare.accounts


def test_a_plan_of_one_environment_does_not_fit_another(tmp_path: Path) -> None:
    below, above = loaded(tmp_path).configuration, loaded(tmp_path, environment="staging").configuration
    assert below is not None
    assert above is not None
    assert below.digest != above.digest


@pytest.mark.parametrize("environment", [None, "staging"])
@pytest.mark.parametrize(
    ("environments", "code", "line"),
    [
        ("environments: {staging: {include: [staging/*.yaml]}}\n", "name-missing", 8),
        ("environments: {staging: {name: lines}}\n", "invalid-value", 8),
        ("environments:\n  staging: {name: a}\n  test: {name: a}\n", "invalid-value", 9),
        ("environments: {staging: {name: a, numbers: {}}}\n", "unknown-key", 8),
        ("environments: {staging: {name: a, recrod: {}}}\n", "unknown-key", 8),
        ("environments: {staging: {name: [a]}}\n", "wrong-type", 8),
        ("environments: {staging: {name: {a: b}}}\n", "wrong-type", 8),
        ("environments:\n  staging: {name: a}\n  test: {name: [a]}\n", "wrong-type", 10),
        ("environments: {staging: {name: a b}}\n", "invalid-value", 8),
        ("environments: {staging: a}\n", "wrong-type", 8),
        ("environments: [staging]\n", "wrong-type", 8),
    ],
)
def test_a_mistake_in_one_is_told_with_and_without_it(
    tmp_path: Path, environment: str | None, environments: str, code: str, line: int
) -> None:
    found = loaded(tmp_path, environments, environment)
    assert found.configuration is None
    item = next(each for each in found.diagnostics if each.code == code)
    assert item.location is not None
    assert (item.location.file, item.location.line) == ("reconciler.yaml", line)
    assert item.hint


@pytest.mark.parametrize("environment", [None, "staging"])
def test_a_configuration_without_a_name_has_no_environments(tmp_path: Path, environment: str | None) -> None:
    (tmp_path / "reconciler.yaml").write_text("version: 1\nenvironments: {staging: {name: lines}}\n", "utf-8")
    (item,) = [each for each in load(tmp_path, environment=environment).diagnostics if each.is_error]
    assert (item.code, item.location and item.location.line) == ("name-missing", 2)


def test_a_name_that_is_none_beside_environments_is_told_where_it_stands(tmp_path: Path) -> None:
    (tmp_path / "reconciler.yaml").write_text("version: 1\nname: [a]\nenvironments: {staging: {name: b}}\n", "utf-8")
    (item,) = [each for each in load(tmp_path).diagnostics if each.is_error]
    assert (item.code, item.location and item.location.line) == ("wrong-type", 2)


def test_an_unknown_environment_suggests_the_nearest(tmp_path: Path) -> None:
    (item,) = loaded(tmp_path, environment="stagin").diagnostics
    assert (item.code, item.hint) == ("unknown-environment", "did you mean staging?")


def test_environments_stand_in_the_trusted_file_only(tmp_path: Path) -> None:
    loaded(tmp_path)
    (tmp_path / "shared" / "more.yaml").write_text("version: 1\n" + STAGING, "utf-8")
    assert "trusted-only" in {item.code for item in load(tmp_path).diagnostics}


def test_a_secret_and_an_account_of_another_provider_take_the_place_of_what_was_there(tmp_path: Path) -> None:
    accounts = "{sales: {api_key: {file: key}}}"
    found = loaded(tmp_path, STAGING.replace("{sales: {api_key: {env: STAGING_KEY}}}", accounts), "staging")
    assert found.configuration is not None, found.diagnostics
    (reference,) = found.configuration.secret_references
    assert (reference.env, reference.file) == (None, "key")
    other = "{sales: {provider: mtt, client_id: {env: I}, client_secret: {env: S}}}"
    (tmp_path / "staging" / "numbers.yaml").write_text(
        'version: 1\nnumbers: {"74991112299": {parking: true}}\n', "utf-8"
    )
    text = STAGING.replace("{sales: {api_key: {env: STAGING_KEY}}}", other)
    (tmp_path / "reconciler.yaml").write_text(BASE + text, "utf-8")
    moved = load(tmp_path, environment="staging").configuration
    assert moved is not None
    assert (moved.accounts["sales"].provider, moved.accounts["sales"].rate.per_second) == ("mtt", 10)
