"""The pipeline of docs/security.md from a proposal to the vendor: checked, planned, reviewed, signed, applied."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from tests.checkout import git
from tests.cli.conftest import Workplace

RECORD_KEY = "a key of the record that is long enough"
POLICY = """\
version: 1
policy:
  require_signed_plan: true
  destinations: {allow: [RU, "url:https://example.com"], deny: [KZ]}
"""


@pytest.fixture
def trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What only the protected jobs have: the policy and the keys, in the current folder."""
    folder = tmp_path / "trusted"
    folder.mkdir()
    key = Ed25519PrivateKey.from_private_bytes(b"\x07" * 32)
    (folder / "sign.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    (folder / "sign.pem").chmod(0o600)
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (folder / "sign.pub.pem").write_bytes(public)
    (folder / "policy.yaml").write_text(POLICY, "utf-8")
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def proposal(workplace: Workplace) -> Workplace:
    """A working copy of a repository in which a change is proposed."""
    git(workplace.folder, "init", "-q", "-b", "main")
    git(workplace.folder, "add", "numbers.yaml", "reconciler.yaml")
    git(workplace.folder, "commit", "-qm", "main")
    workplace.environ["RECONCILER_RECORD_KEY"] = RECORD_KEY
    workplace.edit("timeout: 16", "timeout: 25")
    return workplace


def merged(proposal: Workplace) -> None:
    git(proposal.folder, "commit", "-qam", "merged")


@pytest.mark.skipif(shutil.which("git") is None, reason="a proposal needs git")
@pytest.mark.usefixtures("trusted")
class TestPipeline:
    def test_a_reviewed_proposal_arrives(self, proposal: Workplace) -> None:
        judged = ("--trusted", "main", "--policy", "policy.yaml")
        assert proposal.run("validate", *judged).exit_code == 0
        assert proposal.run("plan", "--out", "pr.json", *judged).exit_code == 0
        merged(proposal)
        signing = ("--expect", "pr.json", "--out", "plan.json", "--expires", "1h", "--sign-key", "sign.pem")
        assert proposal.run("plan", "--policy", "policy.yaml", *signing).exit_code == 0
        words = ("apply", "plan.json", "--policy", "policy.yaml")
        assert proposal.run(*words).exit_code == 5
        assert proposal.sandbox.writes == []
        done = proposal.run(*words, "--verify-key", "sign.pub.pem")
        assert done.exit_code == 0, done
        assert len(proposal.sandbox.writes) == 2

    def test_what_was_merged_beside_what_was_reviewed_is_not_signed(self, proposal: Workplace) -> None:
        assert proposal.run("plan", "--out", "pr.json", "--trusted", "main", "--policy", "policy.yaml").exit_code == 0
        proposal.edit("timeout: 25", "timeout: 60")
        merged(proposal)
        signing = ("--expect", "pr.json", "--out", "plan.json", "--sign-key", "sign.pem")
        assert proposal.run("plan", "--policy", "policy.yaml", *signing).exit_code == 4
        assert not (proposal.folder / "plan.json").exists()

    def test_the_plan_of_a_proposal_is_worth_nothing_by_itself(self, proposal: Workplace) -> None:
        assert proposal.run("plan", "--out", "pr.json", "--trusted", "main", "--policy", "policy.yaml").exit_code == 0
        words = ("apply", "pr.json", "--policy", "policy.yaml", "--verify-key", "sign.pub.pem")
        assert proposal.run(*words).exit_code == 5
        assert proposal.sandbox.writes == []

    def test_a_proposal_cannot_loosen_what_judges_it(self, proposal: Workplace) -> None:
        path = proposal.folder / "reconciler.yaml"
        loose = path.read_text("utf-8") + "policy: {destinations: {}, rules: {number-unassigned: 'off'}}\n"
        path.write_text(loose.replace("timeout: 20", "timeout: 5"), "utf-8")
        proposal.edit('to: "74992223344"', 'to: "77172123456"')
        judged = ("--trusted", "main", "--policy", "policy.yaml", "--format", "json")
        ended = proposal.run("validate", *judged)
        assert ended.exit_code == 1
        assert {"policy-destination", "trusted-ignored"} <= set(ended.codes)
        planned = proposal.run("plan", "--enforce-policy", *judged)
        assert planned.exit_code == 5
