"""What every test may rely on: no network, no environment of its caller, a home of its own, golden files.

Knows nothing of the product beyond the names of the variables that it reads.
"""

from __future__ import annotations

import itertools
import os
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

GOLDEN = Path(__file__).parent / "golden"

_PREFIXES = ("EXOLVE_", "MTT_", "RECONCILER_", "TF_HTTP_", "XDG_", "GITHUB_", "GITLAB_", "CI_", "PG")
_COLOUR = ("NO_COLOR", "FORCE_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "COLUMNS", "LINES")
_NETWORK = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR", "SSLKEYLOGFILE")
_NAMES = ("CI", *_NETWORK, *_COLOUR)

Golden = Callable[[str, str], None]
Tally = Callable[[str, int], None]

# A loaded machine is no reason to fail, so there is no deadline; in CI every run draws the same examples.
_SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]
settings.register_profile("local", deadline=None, suppress_health_check=_SLOW)
settings.register_profile("ci", deadline=None, suppress_health_check=_SLOW, derandomize=True, database=None)
settings.load_profile("ci" if os.environ.get("CI") else "local")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write the golden files instead of comparing")


def _is_foreign(variable: str) -> bool:
    return variable.startswith(_PREFIXES) or variable.upper() in _NAMES


@pytest.fixture(scope="session", autouse=True)
def _clean_environment() -> Iterator[None]:
    """Take away what the caller's shell or CI would whisper to the product; times are UTC unless a test says more."""
    with pytest.MonkeyPatch.context() as patch:
        for variable in filter(_is_foreign, list(os.environ)):
            patch.delenv(variable)
        patch.setenv("TZ", "UTC")
        time.tzset()
        yield
    time.tzset()


_home_numbers = itertools.count()


@pytest.fixture(scope="session")
def _homes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("homes")


@pytest.fixture(autouse=True)
def home(_homes: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give each test a home folder of its own, also to the programs that it starts."""
    folder = _homes / str(next(_home_numbers))
    folder.mkdir()
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("XDG_STATE_HOME", str(folder / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(folder / "config"))
    return folder


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Golden:
    """Compare a text with `tests/golden/NAME`; `pytest --update-golden` writes it anew, for a person to read."""
    update = bool(request.config.getoption("--update-golden"))

    def compare(name: str, text: str) -> None:
        path = GOLDEN / name
        if update:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            return
        assert path.exists(), f"no golden file {name}: run pytest --update-golden, and read what it wrote"
        assert text == path.read_text(encoding="utf-8")

    return compare


# -- figures of the campaigns -----------------------------------------------------------------------------------------

_FIGURE = "figure: "


@pytest.fixture
def tally(request: pytest.FixtureRequest) -> Tally:
    """Count cases of a campaign for the table at the end; those of a test that fails are counted as not held."""

    def count(campaign: str, cases: int) -> None:
        request.node.user_properties.append((_FIGURE + campaign, cases))

    return count


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the table that docs/reliability.md shows."""
    tried, held = _figures(terminalreporter)
    if not tried:
        return
    commit = subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True, text=True, check=False)
    terminalreporter.section(f"figures, {time.strftime('%Y-%m-%d')}, commit {commit.stdout.strip() or 'unknown'}")
    terminalreporter.write_line("| campaign | cases | held |")
    terminalreporter.write_line("|---|---|---|")
    for campaign, cases in sorted(tried.items()):
        terminalreporter.write_line(f"| {campaign} | {cases} | {held[campaign]} |")


def _figures(terminalreporter: pytest.TerminalReporter) -> tuple[Counter[str], Counter[str]]:
    tried: Counter[str] = Counter()
    held: Counter[str] = Counter()
    for outcome in ("passed", "failed"):
        for report in terminalreporter.stats.get(outcome, []):
            for name, cases in report.user_properties if report.when == "call" else ():
                if name.startswith(_FIGURE):
                    tried[name.removeprefix(_FIGURE)] += cases
                    held[name.removeprefix(_FIGURE)] += cases if outcome == "passed" else 0
    return tried, held
