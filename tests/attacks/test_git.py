"""A proposal's tree makes git run nothing, and never stands in for the trusted file."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from reconciler.git import GitError, current_commit, file_at, repository_of, tracked_files
from tests.checkout import git
from tests.cli import conftest
from tests.cli.conftest import Cli, Ended

cli = conftest.cli

HONEST = """\
version: 1
name: lines
accounts: {sales: {provider: exolve, api_key: {env: EXOLVE_API_KEY}}}
defaults: {account: sales, timeout: 20}
policy: {destinations: {allow: [RU]}}
"""
LAX = HONEST.replace("[RU]", "[RU, US]")
ABROAD = 'version: 1\nnumbers:\n  "74991112233": {forwarding: {type: number, targets: [{to: "12125550100"}]}}\n'
SECRETS = {
    "EXOLVE_API_KEY": "canary-vendor",
    "RECONCILER_RECORD_KEY": "canary-record-key-of-32-bytes-or-more",
    "RECONCILER_VAR_PIN": "canary-variable",
    "TF_HTTP_PASSWORD": "canary-state",
    "MY_OWN_SECRET": "canary-other",
}


def committed(folder: Path, message: str = "change") -> str:
    git(folder, "add", "--all", "--force")
    git(folder, "commit", "--quiet", "--allow-empty", "-m", message)
    return git(folder, "rev-parse", "HEAD")


def written(folder: Path, files: dict[str, str]) -> None:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, "utf-8")


@pytest.fixture
def origin(tmp_path: Path) -> Path:
    """The team's repository: a strict policy for telephony, a lax one for the playground."""
    folder = tmp_path / "origin"
    written(folder, {"telephony/reconciler.yaml": HONEST, "playground/reconciler.yaml": LAX})
    git(folder, "init", "--quiet", "--initial-branch=main")
    committed(folder)
    return folder


@pytest.fixture
def job(origin: Path, tmp_path: Path) -> Path:
    """A job's clone, on the branch of a proposal that sends a number's calls abroad."""
    git(tmp_path, "clone", "--quiet", str(origin), str(tmp_path / "job"))
    folder = tmp_path / "job"
    git(folder, "checkout", "--quiet", "-b", "proposal")
    written(folder, {"telephony/numbers.yaml": ABROAD})
    committed(folder)
    return folder


def judged(cli: Cli, folder: Path, ref: str = "origin/main") -> Ended:
    return cli("validate", "--trusted", ref, "--format", "json", folder=folder)


def is_refused(ended: Ended, words: str) -> bool:
    told = [item["message"] + (item["hint"] or "") for item in ended.json["diagnostics"]]
    return ended.exit_code == 1 and ended.codes == ["trusted-unreadable"] and any(words in each for each in told)


def test_the_trusted_policy_refuses_the_proposal_and_the_file_that_was_taken_is_said(cli: Cli, job: Path) -> None:
    ended = judged(cli, job / "telephony")
    assert (ended.exit_code, set(ended.codes)) == (1, {"policy-destination", "trusted-taken"})
    (taken,) = (item["message"] for item in ended.json["diagnostics"] if item["code"] == "trusted-taken")
    main = git(job, "rev-parse", "origin/main")
    path = "telephony/reconciler.yaml"
    assert taken == f"the trusted reconciler.yaml is {path} of refs/remotes/origin/main at commit {main}"


# -- git runs nothing of the tree's ---------------------------------------------------------------------------------


def embedded(folder: Path, seen: Path, commit: str = "1" * 40) -> None:
    """Files as in a repository, which git's own search takes for one, with a program to fetch what is missing."""
    config = (
        "[core]\n repositoryformatversion = 1\n bare = false\n worktree = .\n"
        f' sshCommand = "(env; id) >{seen}; false"\n fsmonitor = "touch {seen};"\n'
        '[extensions]\n partialClone = origin\n[protocol "ssh"]\n allow = always\n'
        '[remote "origin"]\n url = ssh://localhost/x\n promisor = true\n'
    )
    heads = {"refs/heads/main": f"{commit}\n", "refs/remotes/origin/main": f"{commit}\n"}
    written(folder, {"HEAD": "ref: refs/heads/main\n", "objects/.keep": "", "config": config, **heads})


@pytest.fixture
def old_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A git that knows neither safe.bareRepository nor GIT_NO_LAZY_FETCH."""
    real = shutil.which("git")
    written(
        tmp_path,
        {
            "old/git": "#!/bin/bash\nunset GIT_NO_LAZY_FETCH\n"
            f'exec {real} "${{@/safe.bareRepository=explicit/safe.bareRepository=all}}"\n'
        },
    )
    (tmp_path / "old" / "git").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'old'}:{os.environ['PATH']}")


def spy(folder: Path, command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a git before the real one that adds to `seen` what a command tells of it."""
    written(folder, {"spy/git": f'#!/bin/sh\n{command} >>{folder / "seen"}\nexec {shutil.which("git")} "$@"\n'})
    (folder / "spy" / "git").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder / 'spy'}:{os.environ['PATH']}")


COMMANDS = [("plan", "--refresh", "none"), ("validate", "--trusted", "origin/main"), ("validate", "--trusted", "main")]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("version", ["new", "old"])
def test_a_repository_that_is_committed_as_plain_files_runs_no_program(
    version: str, command: tuple[str, ...], cli: Cli, job: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    if version == "old":
        request.getfixturevalue("old_git")
    embedded(job / "telephony", tmp_path / "seen")
    committed(job)
    cli(*command, folder=job / "telephony", **SECRETS)
    assert not (tmp_path / "seen").exists()


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_repository_in_a_proposal_that_was_unpacked_into_a_checkout_runs_no_program(
    command: tuple[str, ...], cli: Cli, job: Path, tmp_path: Path, old_git: None
) -> None:
    written(job / "proposal", {"reconciler.yaml": LAX, "numbers.yaml": ABROAD})
    embedded(job / "proposal", tmp_path / "seen")
    cli(*command, folder=job / "proposal", **SECRETS)
    assert not (tmp_path / "seen").exists()


def test_a_repository_at_the_top_beside_a_broken_git_folder_runs_no_program(
    cli: Cli, tmp_path: Path, old_git: None
) -> None:
    written(tmp_path / "proposal", {"reconciler.yaml": LAX, "numbers.yaml": ABROAD, ".git/nothing": ""})
    embedded(tmp_path / "proposal", tmp_path / "seen")
    ended = cli("plan", "--refresh", "none", folder=tmp_path / "proposal", **SECRETS)
    assert (ended.exit_code, (tmp_path / "seen").exists()) == (0, False)
    with pytest.raises(GitError, match="is not in a git repository"):
        repository_of(tmp_path / "proposal")


def test_every_command_but_the_one_that_judges_the_owner_names_its_repository(
    job: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spy(tmp_path, 'echo "$*"', monkeypatch)
    assert current_commit(job / "telephony")
    assert file_at(job / "telephony", "origin/main", "reconciler.yaml")
    told = (tmp_path / "seen").read_text("utf-8").splitlines()
    named = f"--git-dir={job / '.git'} --work-tree={job} "
    assert {line.partition("submodule.recurse=false ")[2] for line in told if named not in line} == {
        "rev-parse --git-dir --git-common-dir"
    }
    assert len([line for line in told if named in line]) > 3


def test_objects_that_are_missing_are_never_fetched_whatever_the_checkout_s_own_settings_permit(
    job: Path, tmp_path: Path, old_git: None
) -> None:
    program = tmp_path / "fetch"
    written(tmp_path, {"fetch": f"#!/bin/sh\ntouch {tmp_path / 'seen'}\nfalse\n"})
    program.chmod(0o755)
    for name, value in {
        "core.repositoryformatversion": "1",
        "extensions.partialClone": "origin",
        "remote.origin.promisor": "true",
        "remote.origin.url": "ssh://localhost/x",
        "core.sshCommand": str(program),
        "protocol.ssh.allow": "always",
    }.items():
        git(job, "config", name, value)
    (job / ".git" / "refs" / "heads" / "gone").write_text("1" * 40 + "\n")
    git(job, "symbolic-ref", "HEAD", "refs/heads/gone")
    assert current_commit(job) is None
    with pytest.raises(GitError, match="'gone' does not exist in git"):
        file_at(job, "gone", "reconciler.yaml")
    assert not (tmp_path / "seen").exists()


def test_no_hook_monitor_filter_diff_program_or_alias_runs_while_a_file_is_taken(job: Path, tmp_path: Path) -> None:
    program = tmp_path / "program"
    written(tmp_path, {"program": f'#!/bin/sh\necho "$0 $*" >>{tmp_path / "seen"}\ncat\n'})
    program.chmod(0o755)
    written(job, {".gitattributes": "* filter=evil diff=evil merge=evil\n"})
    for name in (
        *("core.fsmonitor", "core.pager", "core.editor", "core.sshCommand", "core.alternateRefsCommand"),
        *("filter.evil.clean", "filter.evil.smudge", "filter.evil.process", "diff.evil.textconv", "diff.external"),
        *("diff.evil.command", "merge.evil.driver", "gpg.program", "credential.helper", "sequence.editor"),
        *("alias.cat-file", "alias.ls-files", "alias.for-each-ref", "alias.rev-parse", "uploadpack.packObjectsHook"),
    ):
        git(job, "config", name, f"!{program}" if name.startswith("alias") else str(program))
    hooks = job / ".git" / "hooks"
    for hook in ("post-index-change", "reference-transaction", "post-checkout", "pre-auto-gc", "fsmonitor-watchman"):
        shutil.copy(program, hooks / hook)
    assert file_at(job / "telephony", "origin/main", "reconciler.yaml").content == HONEST.encode()
    assert current_commit(job)
    assert tracked_files(repository_of(job), job / "telephony")
    assert not (tmp_path / "seen").exists()


@pytest.mark.parametrize("search", [".:{}", ":{}", "tools:{}", "{}:", "."])
def test_a_program_of_the_tree_s_that_is_called_git_or_ssh_is_not_found(
    search: str, cli: Cli, job: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("git", "tools/git"):
        written(job, {name: f"#!/bin/sh\ntouch {tmp_path / 'seen'}\n"})
        (job / name).chmod(0o755)
    monkeypatch.setenv("PATH", search.format(Path(shutil.which("git") or "").parent))
    monkeypatch.chdir(job)
    ended = judged(cli, Path("telephony"))
    assert "policy-destination" in ended.codes or search == "."
    assert not (tmp_path / "seen").exists()


def test_git_is_handed_none_of_the_secrets_of_the_program(
    cli: Cli, job: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spy(tmp_path, "env", monkeypatch)
    written(job, {"telephony/numbers.yaml": ABROAD.replace("12125550100", "74992223344")})
    shared = HONEST + "record: {backend: git}\n"
    written(job, {"telephony/reconciler.yaml": shared})
    assert judged(cli, job / "telephony").exit_code == 0
    assert cli("plan", "--refresh", "none", folder=job / "telephony", **SECRETS).exit_code == 0
    seen = (tmp_path / "seen").read_text("utf-8")
    assert "GIT_ALLOW_PROTOCOL=https:ssh:file" in seen
    assert [name for name, value in SECRETS.items() if value in seen or f"{name}=" in seen] == []


# -- a REF means one commit of this repository ----------------------------------------------------------------------


def laxly(folder: Path) -> str:
    """Make a commit whose policy is lax, and return its id."""
    written(folder, {"telephony/reconciler.yaml": LAX})
    return committed(folder, "lax")


@pytest.mark.parametrize("kind", ["tag", "branch"])
def test_a_tag_or_branch_that_is_called_like_the_trusted_branch_is_refused_with_both_full_names(
    kind: str, cli: Cli, job: Path
) -> None:
    git(job, kind, "origin/main", laxly(job))
    ended = judged(cli, job / "telephony")
    place = "tags" if kind == "tag" else "heads"
    assert is_refused(ended, f"refs/remotes/origin/main or refs/{place}/origin/main")
    assert "policy-destination" in judged(cli, job / "telephony", "refs/remotes/origin/main").codes


def test_a_tag_does_not_take_the_place_of_a_remote_s_branch_that_was_not_fetched(cli: Cli, job: Path) -> None:
    git(job, "tag", "origin/main", laxly(job))
    git(job, "update-ref", "-d", "refs/remotes/origin/main")
    assert is_refused(judged(cli, job / "telephony"), "write refs/tags/origin/main")


def test_a_tag_does_not_take_the_place_of_the_branch_that_only_a_remote_has(cli: Cli, job: Path) -> None:
    git(job, "tag", "main", laxly(job))
    git(job, "branch", "-D", "main")
    assert is_refused(judged(cli, job / "telephony", "main"), "refs/remotes/origin/main or refs/tags/main")


@pytest.mark.parametrize("name", ["HEAD", "FETCH_HEAD"])
def test_a_tag_does_not_take_the_place_of_what_git_names_itself(name: str, cli: Cli, job: Path) -> None:
    git(job, "fetch", "--quiet", "origin", "main")
    git(job, "update-ref", f"refs/tags/{name}", laxly(job))
    assert is_refused(judged(cli, job / "telephony", name), f"{name} or refs/tags/{name}")


def test_a_part_of_a_commit_id_is_refused(cli: Cli, job: Path) -> None:
    part = git(job, "rev-parse", "--short=12", "origin/main")
    assert is_refused(judged(cli, job / "telephony", part), "write the whole commit id")


@pytest.mark.parametrize("ref", ["origin/main~0", "@{upstream}", "main^{}", "HEAD~1"])
def test_what_is_no_ref_but_an_expression_is_refused(ref: str, cli: Cli, job: Path) -> None:
    assert is_refused(judged(cli, job / "telephony", ref), "write the id of the commit")


@pytest.mark.parametrize("ref", [":/first", "main..HEAD", "*", "@", "main:"])
def test_what_can_be_no_name_is_refused(ref: str, cli: Cli, job: Path) -> None:
    assert is_refused(judged(cli, job / "telephony", ref), f"{ref!r} does not exist in git")


@pytest.mark.parametrize("ref", ["refs/remotes/origin/main", "origin/main", "origin", "release", "main", "FETCH_HEAD"])
def test_a_name_that_means_one_thing_is_taken(ref: str, job: Path) -> None:
    git(job, "fetch", "--quiet", "origin", "main")
    git(job, "tag", "--annotate", "-m", "x", "release", "origin/main")
    taken = file_at(job / "telephony", ref, "reconciler.yaml")
    assert (taken.content, taken.commit) == (HONEST.encode(), git(job, "rev-parse", "origin/main"))


def test_a_replacement_of_the_trusted_commit_is_not_followed(job: Path) -> None:
    git(job, "replace", git(job, "rev-parse", "origin/main"), laxly(job))
    assert file_at(job / "telephony", "origin/main", "reconciler.yaml").content == HONEST.encode()


def test_a_repository_that_is_committed_as_plain_files_does_not_lend_its_own_ref(cli: Cli, job: Path) -> None:
    lax = laxly(job)
    embedded(job / "telephony", job / "seen", lax)
    shutil.rmtree(job / "telephony" / "objects")
    shutil.copytree(job / ".git" / "objects", job / "telephony" / "objects")
    (job / "telephony" / "config").write_text("[core]\n bare = true\n")
    assert "policy-destination" in judged(cli, job / "telephony").codes


# -- with --trusted the folder is a plain one of this repository ----------------------------------------------------


def test_a_folder_that_was_replaced_by_a_link_is_refused(cli: Cli, job: Path) -> None:
    shutil.rmtree(job / "telephony")
    (job / "telephony").symlink_to("playground")
    assert is_refused(judged(cli, job / "telephony"), "telephony is a link")


def test_a_folder_behind_a_link_is_refused(cli: Cli, job: Path) -> None:
    (job / "teams").mkdir()
    git(job, "mv", "telephony", "teams/telephony")
    (job / "ours").symlink_to("teams")
    assert is_refused(judged(cli, job / "ours" / "telephony"), "ours is a link")


def test_a_link_that_the_job_has_gone_into_is_refused(cli: Cli, job: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (job / "ours").symlink_to("playground")
    monkeypatch.chdir(job / "ours")
    monkeypatch.setenv("PWD", str(job / "ours"))
    assert is_refused(judged(cli, Path()), "ours is a link")


def test_a_way_through_a_link_and_back_is_refused(cli: Cli, job: Path) -> None:
    written(job, {"playground/deep/x": ""})
    (job / "telephony" / "up").symlink_to("../playground/deep")
    assert is_refused(judged(cli, job / "telephony" / "up" / ".."), "leads through a link and back")


def test_a_link_above_the_repository_is_the_machine_s_own(cli: Cli, job: Path, tmp_path: Path) -> None:
    (tmp_path / "workspace").symlink_to(job)
    assert "policy-destination" in judged(cli, tmp_path / "workspace" / "telephony").codes


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """The attacker's repository, with a lax policy on its main branch."""
    folder = tmp_path / "elsewhere"
    written(folder, {"reconciler.yaml": LAX, "numbers.yaml": ABROAD})
    git(folder, "init", "--quiet", "--initial-branch=main")
    committed(folder)
    return folder


def test_a_folder_that_was_replaced_by_a_submodule_is_refused(cli: Cli, job: Path, elsewhere: Path) -> None:
    git(job, "rm", "-r", "--quiet", "telephony")
    git(job, "submodule", "--quiet", "add", str(elsewhere), "telephony")
    assert is_refused(judged(cli, job / "telephony"), "is a repository inside another")


@pytest.mark.parametrize("how", ["inside", "link"])
def test_a_repository_inside_of_another_is_refused(how: str, cli: Cli, job: Path, elsewhere: Path) -> None:
    shutil.rmtree(job / "telephony")
    if how == "inside":
        git(job, "clone", "--quiet", str(elsewhere), "telephony")
    else:
        git(elsewhere, "update-ref", "refs/remotes/origin/main", "main")
        (job / "telephony").symlink_to(elsewhere)
    assert is_refused(judged(cli, job / "telephony"), "is a repository inside another")


def test_a_worktree_is_of_the_same_repository_also_inside_of_it(cli: Cli, job: Path) -> None:
    git(job, "worktree", "add", "--quiet", "trees/review", "proposal~0")
    assert "policy-destination" in judged(cli, job / "trees" / "review" / "telephony").codes
    assert current_commit(job / "trees" / "review") == current_commit(job)


def test_what_a_partial_clone_has_not_fetched_is_told_with_the_command_that_fetches_it(
    cli: Cli, origin: Path, tmp_path: Path
) -> None:
    git(origin, "config", "uploadpack.allowFilter", "true")
    git(origin, "config", "uploadpack.allowAnySHA1InWant", "true")
    options = ("--quiet", "--filter=blob:none", "--no-checkout")
    git(tmp_path, "clone", *options, origin.as_uri(), str(tmp_path / "partial"))
    written(tmp_path / "partial", {"telephony/numbers.yaml": ABROAD})
    ended = judged(cli, tmp_path / "partial" / "telephony")
    assert is_refused(ended, "was never fetched into this partial clone")
    hint = ended.json["diagnostics"][0]["hint"]
    git(tmp_path / "partial", *hint.partition("git ")[2].split())
    assert "policy-destination" in judged(cli, tmp_path / "partial" / "telephony").codes
