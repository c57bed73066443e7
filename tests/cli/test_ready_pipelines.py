"""The pipelines that `init` writes, run step by step from fresh clones: from a proposal to the number at the vendor."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from reconciler.sandbox import Sandbox
from tests.checkout import git
from tests.cli.conftest import Cli
from tests.pipelines import GITLAB_CI_LOCAL, GitHub, Host, gitlab
from tests.record.state_server import State, serving

NUMBER, PHONE, OTHER = "74991112233", "74992223344", "74992225566"
RECORD_KEY = "a key of the record that is long enough"
NUMBERS = "numbers/main.yaml"
BY_HAND = {"call_forwarding_type": 3, "call_forwarding_ipcr": {"url": "https://example.com/route"}}

needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="a clone needs git")
needs_jq = pytest.mark.skipif(shutil.which("jq") is None, reason="comments are found by jq, which is missing")
needs_node = pytest.mark.skipif(
    shutil.which("node") is None or not GITLAB_CI_LOCAL.exists(), reason="gitlab-ci-local is missing"
)


def begun(cli: Cli, folder: Path, vendors: Sandbox, *words: str) -> Path:
    """What `init` writes in a folder, with its account at the sandbox."""
    assert cli("init", str(folder), *words).exit_code == 0
    path = folder / "reconciler.yaml"
    text = path.read_text("utf-8").replace(
        "provider: exolve\n", f"provider: exolve\n    base_url: {vendors.exolve_url}\n"
    )
    moved = f"provider: mtt\n    base_url: {vendors.mtt_url}\n    oauth_url: {vendors.oauth_url}\n"
    moved += "    refresh_token: {env: MTT_REFRESH_TOKEN}\n"
    text = text.replace("provider: mtt\n", moved).replace("https://crm.example.com", vendors.redirect_uri)
    path.write_text(text, "utf-8")
    return folder


@pytest.fixture
def vendors() -> Iterator[Sandbox]:
    with Sandbox(numbers=[NUMBER], mtt_numbers=["78005560251"]) as running:
        yield running


# -- GitHub -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def hub(cli: Cli, tmp_path: Path, vendors: Sandbox) -> GitHub:
    """A repository at GitHub; the record is a ref of it, and each environment has the account's key."""
    words = ("--vendor", "exolve", "--number", NUMBER, "--to", PHONE, "--host", "github")
    host = Host.at(tmp_path / "host", begun(cli, tmp_path / "files", vendors, *words))
    held = {"EXOLVE_API_KEY": vendors.api_key, "RECONCILER_RECORD_KEY": RECORD_KEY}
    values = {"github.event.pull_request.number": "7"}
    return GitHub(host, {f"numbers-{name}": held for name in ("plan", "main", "apply")}, values)


def comments(hub: GitHub) -> list[str]:
    path = hub.host.home / "comments.json"
    return [each["body"] for each in json.loads(path.read_text("utf-8"))] if path.exists() else []


@needs_git
@needs_jq
class TestGitHub:
    def test_a_proposal_is_checked_planned_shown_merged_approved_and_applied(
        self, hub: GitHub, vendors: Sandbox
    ) -> None:
        proposed = hub.host.push("proposal", {NUMBERS: (PHONE, OTHER)})
        check = hub.run("numbers", "check", proposed)
        assert check.code == 0, check
        assert "--require-hashes" not in hub.host.noted("pip")
        plan = hub.run("numbers", "plan", proposed)
        assert plan.code == 0, plan
        assert "::notice" in plan.log
        assert OTHER in hub.host.noted("summary")
        assert hub.host.noted("pip").startswith("install --quiet --require-hashes -r ")
        comment = hub.run("numbers", "comment", proposed)
        assert (comment.code, len(comments(hub))) == (0, 1), comment
        assert OTHER in comments(hub)[0]
        assert list(vendors.writes) == []

        merged = hub.host.push("main", {NUMBERS: (PHONE, OTHER)})
        assert hub.run("numbers-main", "plan", merged).code == 0
        assert list(vendors.writes) == []
        apply = hub.run("numbers-main", "apply", merged)
        assert apply.code == 0, apply
        assert [write.number for write in vendors.writes] == [NUMBER]
        assert (
            git(hub.host.origin, "for-each-ref", "--format=%(refname)", "refs/reconciler") == "refs/reconciler/record"
        )
        audit = hub.run("numbers-nightly", "audit", merged)
        assert audit.code == 0, audit
        vendors.exolve.set(NUMBER, BY_HAND)
        audit = hub.run("numbers-nightly", "audit", merged)
        assert (audit.code, NUMBER in audit.log) == (2, True), audit

    def test_a_proposal_cannot_move_what_its_plan_reads_and_renews_its_comment(
        self, hub: GitHub, vendors: Sandbox
    ) -> None:
        """The settings and the requirements of a job with a key are main's; without its secrets a plan says why."""
        changes = {
            "reconciler.yaml": (vendors.exolve_url, "https://api.exolve.example.com"),
            "requirements.txt": ("phone-reconciler", "another-reconciler"),
            NUMBERS: (PHONE, OTHER),
        }
        proposed = hub.host.push("proposal", changes)
        bare = replace(hub, secrets={name: held for name, held in hub.secrets.items() if name != "numbers-plan"})
        plan = bare.run("numbers", "plan", proposed)
        assert (plan.code, "EXOLVE_API_KEY" in plan.log) == (1, True), plan
        assert bare.run("numbers", "comment", proposed).code == 0
        (failed,) = comments(hub)
        assert "EXOLVE_API_KEY" in failed
        assert [call for call in vendors.log if call.vendor == "exolve"] == []

        plan = hub.run("numbers", "plan", proposed)
        assert plan.code == 0, plan
        assert "another-reconciler" not in hub.host.noted("requirements")
        assert [call for call in vendors.log if call.vendor == "exolve"]
        assert hub.run("numbers", "comment", proposed).code == 0
        (planned,) = comments(hub)
        assert OTHER in planned

        broken = hub.host.push("broken", {NUMBERS: ("numbers:", "numbers: [")})
        assert hub.run("numbers", "plan", broken).code == 1
        assert hub.run("numbers", "comment", broken).code == 0
        (failed,) = comments(hub)
        assert "failed" in failed.splitlines()[2]
        assert hub.run("numbers", "plan", proposed).code == 0
        assert hub.run("numbers", "comment", proposed).code == 0
        (planned,) = comments(hub)
        assert OTHER in planned

    def test_what_changes_after_the_approval_is_not_written_over_and_consent_is_given_by_hand(
        self, hub: GitHub, vendors: Sandbox
    ) -> None:
        main = git(hub.host.origin, "rev-parse", "main")
        assert hub.run("numbers-main", "plan", main).code == 0
        vendors.exolve.set(NUMBER, BY_HAND)
        stale = hub.run("numbers-main", "apply", main)
        assert (stale.code, list(vendors.writes)) == (4, []), stale
        assert hub.run("numbers-main", "plan", main).code == 0
        refused = hub.run("numbers-main", "apply", main)
        assert (refused.code, list(vendors.writes)) == (5, []), refused
        allowed = replace(hub, values={**hub.values, "inputs.allow": "adopt"})
        applied = allowed.run("numbers-main", "apply", main)
        assert applied.code == 0, applied
        assert [write.number for write in vendors.writes] == [NUMBER]


# -- GitLab -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def state() -> Iterator[tuple[State, str]]:
    """GitLab's store of states, with a place for the record and one for tokens."""
    kept = State(gitlab=True, root="/state/numbers")
    with serving(kept, State(gitlab=True, root="/state/numbers-tokens")) as address:
        yield kept, f"{address}/state/numbers"


def at_gitlab(vendors: Sandbox, address: str) -> dict[str, str]:
    """The variables that GitLab and its environments give to a job."""
    return {
        "EXOLVE_API_KEY": vendors.api_key,
        "MTT_CLIENT_ID": vendors.client_id,
        "MTT_CLIENT_SECRET": vendors.client_secret,
        "MTT_REFRESH_TOKEN": vendors.refresh_token,
        "RECONCILER_RECORD_KEY": RECORD_KEY,
        "TF_HTTP_ADDRESS": address,
        "TF_HTTP_LOCK_ADDRESS": f"{address}/lock",
        "TF_HTTP_UNLOCK_ADDRESS": f"{address}/lock",
        "TF_HTTP_PASSWORD": "hunter2-canary",
    }


def checked_out(host: Host, branch: str) -> Path:
    """A checkout as GitLab's runner makes it: one commit, and no branch of the remote."""
    folder = host.home / "build"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    git(folder, "init", "-q")
    git(folder, "remote", "add", "origin", str(host.origin))
    git(folder, "fetch", "-q", "--depth", "1", "origin", f"+refs/heads/{branch}:refs/pipelines/1")
    git(folder, "checkout", "-q", "refs/pipelines/1")
    return folder


@needs_git
@needs_node
class TestGitLab:
    def test_a_proposal_is_checked_planned_merged_and_applied_by_hand(
        self, cli: Cli, tmp_path: Path, vendors: Sandbox, state: tuple[State, str]
    ) -> None:
        words = ("--vendor", "exolve", "--number", NUMBER, "--to", PHONE, "--host", "gitlab")
        host = Host.at(tmp_path / "host", begun(cli, tmp_path / "files", vendors, *words))
        kept, address = state
        variables = at_gitlab(vendors, address)
        host.push("proposal", {NUMBERS: (PHONE, OTHER), "requirements.txt": ("phone-reconciler", "another-reconciler")})
        folder = checked_out(host, "proposal")
        proposed = gitlab(host, folder, CI_PIPELINE_SOURCE="merge_request_event", **variables)
        assert proposed.code == 0, proposed.log
        assert "PASS  check" in proposed.log
        assert "PASS  plan proposal" in proposed.log
        assert "PASS  apply" not in proposed.log
        assert json.loads((folder / "gl-code-quality-report.json").read_text("utf-8")) == []
        assert ET.parse(folder / "plan.xml").getroot().tag == "testsuites"
        assert json.loads((folder / "tfplan.json").read_text("utf-8")) == {"create": 1, "update": 0, "delete": 0}
        assert list(vendors.writes) == []
        installed = host.noted("requirements")
        assert installed.count("another-reconciler") == 1  # by check, which has no key

        host.push("main", {NUMBERS: (PHONE, OTHER)})
        folder = checked_out(host, "main")
        merged = {"CI_PIPELINE_SOURCE": "push", "CI_COMMIT_BRANCH": "main", **variables}
        planned = gitlab(host, folder, **merged)
        assert planned.code == 0, planned.log
        assert (list(vendors.writes), kept.document) == ([], None)
        applied = gitlab(host, folder, "apply", **merged)
        assert applied.code == 0, applied.log
        assert [write.number for write in vendors.writes] == [NUMBER]
        assert NUMBER in (kept.document or "")

    def test_a_schedule_audits_and_renews_the_tokens(
        self, cli: Cli, tmp_path: Path, vendors: Sandbox, state: tuple[State, str]
    ) -> None:
        words = ("--vendor", "mtt", "--number", "78005560251", "--host", "gitlab")
        host = Host.at(tmp_path / "host", begun(cli, tmp_path / "files", vendors, *words))
        scheduled = {"CI_PIPELINE_SOURCE": "schedule", "CI_COMMIT_BRANCH": "main", **at_gitlab(vendors, state[1])}
        renewals = []
        for _night in range(2):
            ended = gitlab(host, checked_out(host, "main"), **scheduled)
            assert ended.code == 0, ended.log
            assert "PASS  audit" in ended.log
            assert "PASS  refresh" in ended.log
            renewals.append(sum(call.path.endswith("/oauth/token") for call in vendors.log))
            vendors.mtt.clock.advance(24 * 3600)
        assert renewals[1] > renewals[0] > 0
