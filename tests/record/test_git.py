from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from reconciler import git
from reconciler.record.base import Record, RecordError, Update
from reconciler.record.git_ref import FILE, REF, GitRecord, GitStore
from tests.record.contract import Open, RecordContract, commit
from tests.record.processes import ProcessContract
from tests.record.values import entry, holder, key, run


def run_git(where: Path, *arguments: str) -> str:
    done = subprocess.run(["git", "-C", str(where), *arguments], capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture(autouse=True)
def no_settings_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", os.devnull)


@pytest.fixture
def remote(tmp_path: Path) -> Path:
    """A bare repository with a commit on a branch."""
    bare = tmp_path / "remote.git"
    run_git(tmp_path, "init", "--quiet", "--bare", "--initial-branch=main", str(bare))
    return bare


@pytest.fixture
def clones(tmp_path: Path, remote: Path) -> Iterator[Path]:
    """Clone after clone of it."""

    def another() -> Iterator[Path]:
        number = 0
        while True:
            number += 1
            clone = tmp_path / f"clone{number}"
            run_git(tmp_path, "clone", "--quiet", str(remote), str(clone))
            yield clone

    return another()


@pytest.fixture
def clone(clones: Iterator[Path]) -> Path:
    return next(clones)


class TestGit(RecordContract):
    many_runs = 22

    @pytest.fixture
    def opened(self, tmp_path: Path, clones: Iterator[Path]) -> Open:
        def opened(name: str | None) -> Record:
            return GitRecord(next(clones), name=name or "lines")

        return opened


class TestGitAndProcesses(ProcessContract):
    kills = 2
    soak_kills = 20
    racers = 4
    longest_seconds_to_a_kill = 0.2

    @pytest.fixture
    def place(self, clone: Path) -> str:
        return f"git:{clone}"


def test_every_save_is_a_commit_on_the_one_before_with_a_word_on_what_it_is(clone: Path, remote: Path) -> None:
    record = GitRecord(clone, name="lines")
    commit(record, Update(put=[entry(1)]), holder(run_id="r7"))
    subjects = run_git(remote, "log", "--format=%s", REF).splitlines()
    assert subjects == ["unlock sales", "run r7", "lock sales"]
    assert run_git(remote, "ls-tree", "--name-only", REF) == FILE


def test_no_branch_of_the_user_is_touched(clone: Path, remote: Path) -> None:
    commit(GitRecord(clone, name="lines"), Update(put=[entry(1)]))
    assert run_git(remote, "for-each-ref", "--format=%(refname)") == REF
    assert run_git(clone, "for-each-ref", "--format=%(refname)") == ""
    assert run_git(clone, "status", "--porcelain") == ""
    assert not (clone / ".git" / "FETCH_HEAD").exists()


@pytest.mark.parametrize("name", ["pre-push", "reference-transaction"])
def test_hooks_of_the_repository_do_not_run(name: str, clone: Path) -> None:
    run_git(clone, "config", "--add", "remote.origin.fetch", "+refs/reconciler/*:refs/seen/*")
    hook = clone / ".git" / "hooks" / name
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\ntouch hooked\nexit 1\n", "utf-8")
    hook.chmod(0o755)
    commit(GitRecord(clone, name="lines"), Update(put=[entry(1)]))
    assert not (clone / "hooked").exists()


def test_two_stores_with_the_same_text_do_not_both_win(clones: Iterator[Path]) -> None:
    one, two = GitStore(next(clones)), GitStore(next(clones))
    assert one.fetch() == two.fetch() == (None, "")
    first = one.swap("same", version="", reason="same")
    assert first is not None
    assert two.swap("same", version="", reason="same") is None
    assert two.fetch() == ("same", first)
    assert one.swap("a", version=first, reason="a") is not None
    assert two.swap("b", version=first, reason="b") is None


def test_a_push_that_broke_off_after_it_took_effect_counts(clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = GitStore(clone)
    push = git.RemoteRef.push

    def broken(ref: git.RemoteRef, commit: str, *, expected: str | None) -> None:
        push(ref, commit, expected=expected)
        raise git.GitError("the connection was reset")

    monkeypatch.setattr(git.RemoteRef, "push", broken)
    version = store.swap("text", version="", reason="save")
    assert store.fetch() == ("text", version)


def test_a_push_that_broke_off_before_it_took_effect_is_an_error(clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> bool:
        raise git.GitError("the connection was reset")

    monkeypatch.setattr(git.RemoteRef, "push", broken)
    with pytest.raises(RecordError, match="cannot be saved: the connection was reset"):
        GitStore(clone).swap("text", version="", reason="save")


def test_a_remote_that_declines_the_push_is_an_error_with_its_words(clone: Path, remote: Path) -> None:
    hook = remote / "hooks" / "pre-receive"
    hook.write_text("#!/bin/sh\necho the record is frozen >&2\nexit 1\n", "utf-8")
    hook.chmod(0o755)
    with pytest.raises(RecordError, match="saved: the record is frozen; pre-receive hook declined") as caught:
        commit(GitRecord(clone, name="lines"), Update(put=[entry(1)]))
    assert "hooks and rules" in (caught.value.hint or "")


def test_a_remote_that_is_not_there_is_an_error_not_an_empty_record(clone: Path, tmp_path: Path) -> None:
    for gone in (str(tmp_path / "gone.git"), "nowhere", (tmp_path / "gone.git").as_uri()):
        with pytest.raises(RecordError):
            GitRecord(clone, name="lines", remote=gone).load()


def test_a_remote_that_is_not_configured_is_named(clone: Path) -> None:
    with closing(GitRecord(clone, name="lines", remote="upstream")) as record:
        with pytest.raises(RecordError, match="has no remote 'upstream'") as caught:
            record.load()
        assert "git remote add upstream" in (caught.value.hint or "")


def test_the_repository_of_a_hook_that_we_run_in_is_left_alone(
    clone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_QUARANTINE_PATH"):
        monkeypatch.setenv(name, str(tmp_path / "another"))
    with closing(GitRecord(clone, name="lines")) as record:
        assert commit(record, Update(put=[entry(1)])).serial == 1


def test_a_folder_outside_of_git_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(RecordError):
        GitRecord(tmp_path, name="lines").load()


@pytest.mark.parametrize(
    "remote_name",
    [
        *(
            "ext::sh -c touch% pwned",
            "fd::17",
            "http://example.com/x.git",
            "git://example.com/x.git",
            "-oProxyCommand=x",
        ),
        *("--upload-pack=touch pwned", "", "ftp://example.com/x", "host::path"),
    ],
)
def test_a_remote_that_is_no_https_ssh_or_file_is_refused(clone: Path, remote_name: str) -> None:
    with pytest.raises(RecordError, match="https, ssh or file"):
        GitRecord(clone, name="lines", remote=remote_name).load()
    assert not list(clone.parent.rglob("pwned"))


def test_a_configured_remote_is_judged_by_its_address(clone: Path) -> None:
    run_git(clone, "remote", "add", "evil", "ext::sh -c touch% pwned")
    with pytest.raises(RecordError, match="https, ssh or file"):
        GitRecord(clone, name="lines", remote="evil").load()


def test_a_rewritten_address_cannot_smuggle_in_another_transport(clone: Path) -> None:
    run_git(clone, "config", "url.ext::sh -c touch% pwned .insteadOf", "https://harmless.example/")
    with pytest.raises(RecordError):
        GitRecord(clone, name="lines", remote="https://harmless.example/x.git").load()
    assert not list(clone.parent.rglob("pwned"))


@pytest.mark.parametrize(
    "ref", ["main", "refs/../x", "refs/heads/a:b", "refs/-x y", "", "--all", "refs/x.lock", "refs/x/"]
)
def test_a_ref_is_a_full_name(clone: Path, ref: str) -> None:
    with pytest.raises(RecordError, match="ref"):
        GitRecord(clone, name="lines", ref=ref)


def test_a_password_in_an_address_is_not_shown(clone: Path) -> None:
    address = "https://anna:hunter2-canary@127.0.0.1:1/x.git"
    with pytest.raises(RecordError) as caught:
        GitRecord(clone, name="lines", remote=address).load()
    assert "canary" not in f"{caught.value}{caught.value.hint}"


def test_a_ref_without_our_file_is_an_error(clone: Path, remote: Path) -> None:
    tree = run_git(remote, "hash-object", "-w", "-t", "tree", os.devnull)
    made = run_git(remote, "-c", "user.name=a", "-c", "user.email=a@b", "commit-tree", "-m", "empty", tree)
    run_git(remote, "update-ref", REF, made)
    with pytest.raises(RecordError, match=r"has no record\.json"):
        GitRecord(clone, name="lines").load()


def test_a_shallow_clone_will_do(clone: Path, remote: Path, tmp_path: Path) -> None:
    (clone / "reconciler.yaml").write_text("version: 1\n", "utf-8")
    for number in range(3):
        run_git(clone, "add", ".")
        identity = ("-c", "user.name=a", "-c", "user.email=a@b")
        run_git(clone, *identity, "commit", "--quiet", "--allow-empty", "-m", f"c{number}")
    run_git(clone, "push", "--quiet", "origin", "HEAD:main")
    state = commit(GitRecord(clone, name="lines"), Update(put=[entry(1)], run=run()))
    shallow = tmp_path / "shallow"
    run_git(tmp_path, "clone", "--quiet", "--depth=1", remote.as_uri(), str(shallow))
    with closing(GitRecord(shallow, name="lines")) as record:
        assert record.load() == state
        assert commit(record, Update(put=[entry(2)])).entries.keys() == {key(1), key(2)}
