"""The record works with what the user's own git works with: ssh, https, credential helpers, clones of all kinds."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest
import yaml

from reconciler.record.base import RecordError, Update
from reconciler.record.git_ref import GitRecord, GitStore
from tests.architecture.imports import REPOSITORY
from tests.record import git_server, test_git
from tests.record.contract import commit
from tests.record.git_server import served
from tests.record.test_git import run_git
from tests.record.values import entry, key

no_settings_of_the_machine = test_git.no_settings_of_the_machine
remote, clones, clone = test_git.remote, test_git.clones, test_git.clone
certificate = git_server.certificate


def is_kept(clone: Path, remote: str = "origin") -> bool:
    """Whether a record is written from a clone, and read again."""
    store = GitStore(clone, remote=remote)
    version = store.swap("text", version="", reason="save")
    return store.fetch() == ("text", version)


def program(path: Path, text: str) -> Path:
    path.write_text(f"#!/bin/sh\n{text}\n", "utf-8")
    path.chmod(0o755)
    return path


@pytest.fixture
def ssh(tmp_path: Path) -> Path:
    """An ssh that runs what it is asked for on this machine."""
    return program(
        tmp_path / "ssh", 'for last in "$@"; do :; done; echo "$SSH_AUTH_SOCK" >"$0.agent"; exec sh -c "$last"'
    )


@pytest.mark.parametrize("where", ["environment", "configuration of the checkout"])
def test_ssh_runs_as_the_user_has_set_it_up_and_finds_its_agent(
    where: str, clone: Path, remote: Path, ssh: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_git(clone, "remote", "set-url", "origin", f"ssh://git@localhost{remote}")
    if where == "environment":
        monkeypatch.setenv("GIT_SSH_COMMAND", str(ssh))
    else:
        run_git(clone, "config", "core.sshCommand", str(ssh))
    monkeypatch.setenv("SSH_AUTH_SOCK", "/run/agent")
    assert is_kept(clone)
    assert Path(f"{ssh}.agent").read_text("utf-8") == "/run/agent\n"


@pytest.mark.parametrize(("where", "name"), [("global", "GH_TOKEN"), ("local", "GITHUB_TOKEN"), ("system", "MY_TOKEN")])
def test_a_credential_helper_of_the_user_s_is_asked(
    where: str,
    name: str,
    clone: Path,
    remote: Path,
    certificate: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    helper = f"!f() {{ echo username=bot; echo password=${name}; }}; f"
    if where == "local":
        run_git(clone, "config", "credential.helper", helper)
    else:
        run_git(tmp_path, "config", "--file", "settings", "credential.helper", helper)
        monkeypatch.setenv(f"GIT_CONFIG_{where.upper()}", str(tmp_path / "settings"))
    monkeypatch.setenv(name, "hunter2")
    monkeypatch.setenv("RECONCILER_GIT_ENV", "OTHER, MY_TOKEN")
    monkeypatch.setenv("GIT_SSL_CAINFO", str(certificate))
    run_git(remote, "config", "http.receivepack", "true")
    with served(remote.parent, certificate, habit="locked") as address:
        assert is_kept(clone, f"{address}/remote.git")


def test_the_token_of_a_job_at_github_reaches_its_own_server_and_no_file(
    clone: Path, remote: Path, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the very lines of the action; the user's name is that of the server of the tests."""
    steps = yaml.safe_load((REPOSITORY / "action.yml").read_text("utf-8"))["runs"]["steps"]
    (lines,) = re.findall(r"^if \[ -n \"\$\{GITHUB_TOKEN.*?^fi$", steps[1]["run"], re.MULTILINE | re.DOTALL)
    run_git(remote, "config", "http.receivepack", "true")
    with served(remote.parent, certificate, habit="locked") as address:
        job = {"GITHUB_TOKEN": "hunter2", "GITHUB_SERVER_URL": address, "GIT_SSL_CAINFO": str(certificate)}
        shown = subprocess.run(
            ["bash", "-euc", f"{lines.replace('x-access-token', 'bot')}\nenv -0"],
            env={"PATH": os.environ["PATH"], **job},
            capture_output=True,
            text=True,
            check=True,
        )
        for name, _, value in (each.partition("=") for each in shown.stdout.split("\0") if each.startswith("GIT")):
            monkeypatch.setenv(name, value)
        assert is_kept(clone, f"{address}/remote.git")
        monkeypatch.setenv("GIT_CONFIG_KEY_0", "credential.https://elsewhere.example.com.helper")
        with pytest.raises(RecordError):
            is_kept(clone, f"{address}/remote.git")
    assert "hunter2" not in (clone / ".git" / "config").read_text("utf-8")


def test_a_variable_that_a_helper_reads_is_asked_for_where_it_was_not_handed_on(
    clone: Path, remote: Path, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_git(clone, "config", "credential.helper", '!f() { echo username=bot; echo password="$MY_TOKEN"; }; f')
    monkeypatch.setenv("MY_TOKEN", "hunter2")
    monkeypatch.setenv("GIT_SSL_CAINFO", str(certificate))
    locked = served(remote.parent, certificate, habit="locked")
    with locked as address, pytest.raises(RecordError) as caught:
        GitRecord(clone, name="lines", remote=f"{address}/remote.git").load()
    assert "RECONCILER_GIT_ENV" in (caught.value.hint or "")


@pytest.mark.parametrize("options", [("--filter=blob:none",), ("--filter=tree:0",), ("--depth=1",)])
@pytest.mark.parametrize("seen", [False, True])
def test_a_partial_or_shallow_clone_will_do_also_where_its_git_has_fetched_the_ref_without_its_content(
    seen: bool, options: tuple[str, ...], clone: Path, remote: Path, tmp_path: Path
) -> None:
    run_git(remote, "config", "uploadpack.allowFilter", "true")
    run_git(remote, "config", "uploadpack.allowAnySHA1InWant", "true")
    commit(GitRecord(clone, name="lines"), Update(put=[entry(7)]))
    run_git(tmp_path, "clone", "--quiet", *options, remote.as_uri(), str(tmp_path / "partial"))
    if seen:
        run_git(tmp_path / "partial", "fetch", "--quiet", "origin", "refs/reconciler/record")
    record = GitRecord(tmp_path / "partial", name="lines")
    assert record.load().entries.keys() == {key(7)}
    assert commit(record, Update(put=[entry(1)])).entries.keys() == {key(1), key(7)}


def test_a_worktree_has_the_record_of_its_repository_and_remembers_it_there(clone: Path, tmp_path: Path) -> None:
    who = ("-c", "user.name=a", "-c", "user.email=a@b")
    run_git(clone, *who, "commit", "--quiet", "--allow-empty", "-m", "first")
    run_git(clone, "worktree", "add", "--quiet", str(tmp_path / "tree"))
    commit(GitRecord(tmp_path / "tree", name="lines"), Update(put=[entry(1)]))
    assert list((clone / ".git" / "reconciler").iterdir())


def test_settings_that_lead_into_submodules_lead_nowhere(
    clone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("submodule.recurse", "true"), ("push.recurseSubmodules", "on-demand")):
        run_git(tmp_path, "config", "--file", "settings", name, value)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "settings"))
    assert is_kept(clone)
