"""The git binary: a file at a ref, the current commit; what users give is never taken for an option."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.git import GitError, current_commit, file_at, repository_of, tracked_files
from tests.checkout import git


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "a.txt").write_text("first\n")
    git(tmp_path, "init")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-m", "first")
    (tmp_path / "deep" / "a.txt").write_text("second\n")
    return tmp_path


def test_a_file_comes_as_the_ref_has_it(repository: Path) -> None:
    commit = current_commit(repository)
    taken = file_at(repository / "deep", "main", "a.txt")
    assert taken == (b"first\n", "refs/heads/main", commit, "deep/a.txt")
    assert str(taken) == f"deep/a.txt of refs/heads/main at commit {commit}"
    assert file_at(repository / "deep", "HEAD", "a.txt").content == b"first\n"
    assert str(file_at(repository / "deep", str(commit), "a.txt")) == f"deep/a.txt at commit {commit}"


def test_a_file_that_the_ref_does_not_have_is_named(repository: Path) -> None:
    with pytest.raises(GitError, match=r"^main has no a\.txt$"):
        file_at(repository, "main", "a.txt")


@pytest.mark.parametrize(("depth", "said"), [(("--depth", "1"), "--depth 1 "), ((), "")], ids=["shallow", "whole"])
@pytest.mark.parametrize("ref", ["origin/main", "refs/remotes/origin/main"])
def test_a_branch_that_was_not_fetched_is_told_with_the_command_that_fetches_it(
    ref: str, depth: tuple[str, ...], said: str, repository: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """What actions/checkout and GitLab's runner leave: one commit, and no branch of the remote."""
    job = tmp_path_factory.mktemp("job")
    git(job, "init")
    git(job, "remote", "add", "origin", f"file://{repository}")
    git(job, "fetch", *depth, "origin", f"+{git(repository, 'rev-parse', 'main')}:refs/remotes/pull/1/merge")
    git(job, "checkout", "refs/remotes/pull/1/merge")
    with pytest.raises(GitError, match="does not exist in git") as caught:
        file_at(job / "deep", ref, "a.txt")
    assert caught.value.hint == f"fetch it first: git fetch {said}origin main:refs/remotes/origin/main"
    git(job, *str(caught.value.hint).partition("git ")[2].split())
    assert file_at(job / "deep", ref, "a.txt").content == b"first\n"
    assert (job / ".git" / "shallow").exists() is bool(depth)


@pytest.mark.parametrize("ref", ["nowhere", "--output=x", "-h", "main:deep", ""])
def test_a_text_that_is_no_commit_is_refused(ref: str, repository: Path) -> None:
    with pytest.raises(GitError, match=r"^'.*' does not exist in git$"):
        file_at(repository, ref, "a.txt")
    assert not (repository / "x").exists()


def test_outside_a_repository_there_is_no_commit(tmp_path: Path) -> None:
    assert current_commit(tmp_path) is None


def test_a_repository_of_somebody_else_is_told_with_the_command_that_permits_it(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    with pytest.raises(
        GitError, match=rf"somebody else owns it \(git config --global --add safe.directory {repository}"
    ):
        file_at(repository, "main", "a.txt")


def test_the_repository_of_a_hook_or_job_that_we_run_in_is_left_alone(
    repository: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path_factory.mktemp("other")
    git(other, "init")
    for name in ("GIT_DIR", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY"):
        monkeypatch.setenv(name, str(other / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other))
    monkeypatch.setenv("GIT_INDEX_FILE", str(other / "index"))
    assert file_at(repository / "deep", "main", "a.txt").content == b"first\n"
    assert tracked_files(repository_of(repository), repository / "deep") == ["deep/a.txt"]


def test_the_current_commit_is_a_full_hash(repository: Path) -> None:
    commit = current_commit(repository)
    assert commit is not None
    assert len(commit) == 40


def test_without_git_the_reason_is_said(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(repository))
    with pytest.raises(GitError, match=r"^git cannot be run: no such file or directory$"):
        file_at(repository, "main", "a.txt")
    assert current_commit(repository) is None


def test_a_commit_that_git_does_not_make_is_an_error(repository: Path) -> None:
    with pytest.raises(GitError, match="1111111"):
        repository_of(repository).commit_file(b"text", name="a.txt", parent="1" * 40, message="none")
