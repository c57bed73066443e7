"""Keys that are the user's own, and the releases that a configuration lets read it."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler import __version__
from reconciler.config.load import load
from reconciler.model import NumberForwarding
from reconciler.providers.table import PROVIDERS
from tests.unit.config.loading import ACCOUNTS, findings, only, sound, write

TARGETS = "x-targets: &night\n  type: number\n  targets: [{to: '74992223344'}]\n"


def test_an_anchor_may_live_under_a_key_of_ones_own(tmp_path: Path) -> None:
    text = ACCOUNTS + TARGETS + 'numbers:\n  "74991112233": {forwarding: *night}\n'
    configuration = sound(tmp_path, text).configuration
    assert configuration is not None
    (desired,) = configuration.desired
    assert isinstance(desired.value, NumberForwarding)
    assert desired.value.targets[0].to == "74992223344"


def test_nothing_under_a_key_of_ones_own_is_judged(tmp_path: Path) -> None:
    own = "x-notes: {api_key: plain, url: 'https://example.com/${var:A}', numbrs: [~]}\nx-empty:\n"
    assert findings(tmp_path, ACCOUNTS + own, {"more.yaml": "version: 1\n" + own}) == ()


@pytest.mark.parametrize("text", ["x: {}\n", "X-notes: {}\n", "y-notes: {}\n"])
def test_only_the_prefix_makes_a_key_ones_own(text: str, tmp_path: Path) -> None:
    assert only(tmp_path, ACCOUNTS + text).code == "unknown-key"


def test_inside_a_section_there_are_no_keys_of_ones_own(tmp_path: Path) -> None:
    assert only(tmp_path, ACCOUNTS + "numbers: {x-more: {}}\n").code == "number-invalid"
    assert only(tmp_path, ACCOUNTS.replace("defaults: {", "defaults: {x-more: 1, ")).code == "unknown-key"


def test_a_secret_under_a_key_of_ones_own_is_told_where_it_is_used_and_not_shown(tmp_path: Path) -> None:
    text = ACCOUNTS.replace("version: 1", "version: 1\nx-keys: {mine: &mine canary-77}").replace(
        "{env: EXOLVE_API_KEY}", "*mine"
    )
    found = only(tmp_path, text)
    assert found.code == "literal-secret"
    assert "canary" not in repr(found) + str(found.location and found.location.excerpt)


def test_a_variable_under_a_key_of_ones_own_is_judged_where_it_is_used(tmp_path: Path) -> None:
    text = ACCOUNTS + "x-url: &url 'https://example.com/${var:A}'\nnumbers:\n"
    fine = text + '  "74991112233": {forwarding: {type: url, url: *url, reserve: "74992223344"}}\n'
    assert findings(tmp_path, fine) == ()
    assert only(tmp_path, text + '  "74991112233": {description: *url}\n').code == "variable-misplaced"


@pytest.mark.parametrize("bounds", [f'"=={__version__}"', '">=0.0.1"', '">=0.0.1, <1000"', "", "null"])
def test_a_release_within_the_bounds_reads_on(bounds: str, tmp_path: Path) -> None:
    assert findings(tmp_path, f"required_version: {bounds}\n{ACCOUNTS}") == ()


@pytest.mark.parametrize("bounds", [">=1000", f"!={__version__}", "<0.0.1", "~=1000.1"])
def test_a_release_that_does_not_fit_is_all_that_is_told(bounds: str, tmp_path: Path) -> None:
    text = f'required_version: "{bounds}"\nversion: 2\nnew_section: {{}}\nnumbers: {{desk: }}\n'
    found = only(tmp_path, text, {"more.yaml": "version: 2\n"})
    assert (found.code, found.is_error) == ("release-unfit", True)
    assert __version__ in found.message
    assert bounds in found.message


@pytest.mark.parametrize("written", ["0.2", "'>= two'", "'>=1.*'", "'~=1'", "[1]", "'>=0.2,'", "'>=1rc1'"])
def test_bounds_that_cannot_be_read_are_refused(written: str, tmp_path: Path) -> None:
    found = findings(tmp_path, f"required_version: {written}\n{ACCOUNTS}")
    assert [item.location and item.location.line for item in found] == [1]
    assert found[0].is_error


def test_a_policy_file_may_have_anchors_too(tmp_path: Path) -> None:
    write(tmp_path, ACCOUNTS)
    policy = tmp_path / "_policy.yaml"
    policy.write_text("version: 1\nx-share: &share 10%\npolicy: {max_changes: *share}\n", "utf-8")
    assert [item.code for item in load(tmp_path, PROVIDERS, policy=policy).diagnostics if item.is_error] == []
