"""A git remote that refuses, hides, lags or answers nothing: told by its cause, and never taken for an empty record."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from reconciler import git
from reconciler.git import repository
from reconciler.record import git_ref
from reconciler.record.base import RecordError, RecordState, Update, Waits
from reconciler.record.git_ref import REF, GitRecord
from tests.record import git_server, test_git
from tests.record.contract import commit, left
from tests.record.git_server import served
from tests.record.test_git import run_git
from tests.record.values import entry, holder, key

no_settings_of_the_machine = test_git.no_settings_of_the_machine
remote, clones, clone = test_git.remote, test_git.clones, test_git.clone
certificate = git_server.certificate

# -- lasting troubles -----------------------------------------------------------------------------------------------


def stale_lock(remote: Path) -> None:
    (remote / "refs" / "reconciler").mkdir(parents=True, exist_ok=True)
    (remote / "refs" / "reconciler" / "record.lock").touch()


def made(remote: Path, ref: str) -> None:
    tree = run_git(remote, "hash-object", "-w", "-t", "tree", "/dev/null")
    commit_id = run_git(remote, "-c", "user.name=a", "-c", "user.email=a@b", "commit-tree", "-m", "other", tree)
    run_git(remote, "update-ref", ref, commit_id)


def hooked(remote: Path, hook: str, words: str) -> None:
    path = remote / "hooks" / hook
    path.write_text(f"#!/bin/sh\nfor line in '{words}' 'ask anna'; do echo $line >&2; done\nexit 1\n", "utf-8")
    path.chmod(0o755)


def branches_only(remote: Path) -> None:
    """A host that takes nothing but branches and tags."""
    path = remote / "hooks" / "pre-receive"
    path.write_text("#!/bin/sh\n! grep -qv ' refs/\\(heads\\|tags\\)/'\n", "utf-8")
    path.chmod(0o755)


def hidden(remote: Path, setting: str = "transfer.hideRefs") -> None:
    run_git(remote, "config", setting, "refs/reconciler")


LASTING: dict[str, tuple[Callable[[Path], None], str, str]] = {
    "stale lock": (stale_lock, r"record\.lock': File exists", "remove the file"),
    "ref above": (lambda at: made(at, "refs/reconciler"), "'refs/reconciler' exists", "in the way"),
    "ref below": (lambda at: made(at, f"{REF}/x"), f"'{REF}/x' exists", "in the way"),
    "hook": (lambda at: hooked(at, "update", "ref already exists"), "ref already exists; ask anna", "hooks and rules"),
    "branches only": (branches_only, "pre-receive hook declined", "refs/heads/reconciler-record"),
    "early hook": (lambda at: hooked(at, "pre-receive", "stale info"), "stale info; ask anna", "hooks and rules"),
    "hidden ref": (hidden, "deny updating a hidden ref", "transfer.hideRefs"),
}


@pytest.mark.parametrize("name", LASTING)
def test_a_lasting_trouble_is_told_in_the_server_s_words_and_is_no_race(
    name: str, clone: Path, remote: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(git_ref, "_PAUSES_SECONDS", (0.1, 0.0))
    trouble, words, remedy = LASTING[name]
    trouble(remote)
    with pytest.raises(RecordError, match=words) as caught:
        commit(GitRecord(clone, name="lines"), Update(put=[entry(1)]))
    assert "changed by others" not in str(caught.value)
    assert remedy in (caught.value.hint or "")


def test_a_host_that_takes_only_branches_keeps_the_record_in_one(clone: Path, remote: Path) -> None:
    branches_only(remote)
    record = GitRecord(clone, name="lines", ref="refs/heads/reconciler-record")
    assert commit(record, Update(put=[entry(1)])).serial == 1


def test_somebody_who_is_pushing_just_now_is_waited_for(clone: Path, remote: Path) -> None:
    stale_lock(remote)
    lock = remote / "refs" / "reconciler" / "record.lock"
    threading.Timer(0.5, lock.unlink).start()
    assert commit(GitRecord(clone, name="lines"), Update(put=[entry(1)])).serial == 1


def test_a_checkout_of_another_user_is_told_with_the_command_that_git_wants(
    clone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    with pytest.raises(RecordError, match="because somebody else owns it") as caught:
        GitRecord(clone, name="lines").load()
    assert f"git config --global --add safe.directory {clone}" in str(caught.value)
    assert "run the command in brackets" in (caught.value.hint or "")


def test_a_folder_in_no_git_repository_is_told_where_to_run(tmp_path: Path) -> None:
    assert "in a clone of the repository" in refused(GitRecord(tmp_path, name="lines"), "is not in a git repository")


def test_a_repository_elsewhere_of_another_user_is_told_likewise() -> None:
    command = "git config --global --add safe.directory /srv/x.git"
    said = f"fatal: detected dubious ownership in repository at '/srv/x.git'\nTo add an exception, call:\n\n\t{command}"
    told = repository._failed(subprocess.CompletedProcess([], 128, b"", said.encode()))
    assert str(told) == f"git refuses /srv/x.git because somebody else owns it ({command})"


# -- a record that is not shown is no empty record ------------------------------------------------------------------


@pytest.fixture
def recorded(clone: Path) -> RecordState:
    """A record in the remote, written from the clone."""
    return commit(GitRecord(clone, name="lines"), Update(put=[entry(1)]))


def refused(record: GitRecord, words: str) -> str:
    with closing(record), pytest.raises(RecordError, match=words) as caught:
        record.load()
    return caught.value.hint or ""


@pytest.mark.parametrize("setting", ["transfer.hideRefs", "uploadpack.hideRefs"])
def test_a_ref_that_comes_to_be_hidden_is_missed(
    setting: str, clone: Path, remote: Path, recorded: RecordState
) -> None:
    hidden(remote, setting)
    hint = refused(GitRecord(clone, name="lines"), "was there before, at [0-9a-f]{40}, and is no longer shown")
    assert f":{REF} restores it" in hint


def test_a_ref_that_is_hidden_from_readers_is_found_by_asking_the_side_of_pushes(
    clones: Iterator[Path], remote: Path, recorded: RecordState
) -> None:
    hidden(remote, "uploadpack.hideRefs")
    hint = refused(GitRecord(next(clones), name="lines"), "shows the ref to those who push, not to those who read")
    assert "uploadpack.hideRefs" in hint


def test_a_ref_that_was_deleted_is_missed_and_can_be_restored_or_given_up(
    clone: Path, remote: Path, recorded: RecordState
) -> None:
    run_git(remote, "update-ref", "-d", REF)
    hint = refused(GitRecord(clone, name="lines"), "hidden or deleted")
    run_git(clone, *hint.partition(" restores it")[0].split()[1:])
    assert GitRecord(clone, name="lines").load() == recorded
    run_git(remote, "update-ref", "-d", REF)
    Path(hint.rpartition("remove ")[2]).unlink()
    assert GitRecord(clone, name="lines").load().serial == 0


def test_a_record_that_somebody_made_just_now_is_no_hidden_one(
    clone: Path, recorded: RecordState, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = iter([None])
    look = git.RemoteRef.commit

    def late(ref: git.RemoteRef) -> str | None:
        return next(looks, look(ref))

    monkeypatch.setattr(git.RemoteRef, "commit", late)
    assert GitRecord(clone, name="lines").load() == recorded
    for remembered in (clone / ".git" / "reconciler").iterdir():
        remembered.unlink()
    looks = iter([None])
    assert GitRecord(clone, name="lines").load() == recorded


def test_a_ref_that_a_broken_off_first_run_made_may_go_again(clone: Path, remote: Path) -> None:
    left(GitRecord(clone, name="lines").lock([holder()]))
    assert GitRecord(clone, name="lines").load().serial == 0
    run_git(remote, "update-ref", "-d", REF)
    assert GitRecord(clone, name="lines").load().serial == 0


def test_an_empty_repository_has_no_record_yet(clone: Path) -> None:
    told: list[str] = []
    assert GitRecord(clone, name="lines", waits=Waits(told.append)).load().serial == 0
    assert told == []


def secured(monkeypatch: pytest.MonkeyPatch, certificate: Path) -> None:
    monkeypatch.setenv("GIT_SSL_CAINFO", str(certificate))


def test_a_proxy_that_answers_nothing_is_no_empty_record(
    clone: Path, remote: Path, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secured(monkeypatch, certificate)
    with served(remote.parent, certificate, habit="blank") as address:
        hint = refused(GitRecord(clone, name="lines", remote=f"{address}/remote.git"), "answered a read with nothing")
    assert "proxy" in hint


def test_a_reader_who_may_not_push_is_told_what_cannot_be_known(
    clone: Path, remote: Path, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made(remote, "refs/heads/main")
    secured(monkeypatch, certificate)
    told: list[str] = []
    with served(remote.parent, certificate, habit="read-only") as address:
        record = GitRecord(clone, name="lines", remote=f"{address}/remote.git", waits=Waits(told.append))
        assert (record.load().serial, record.load().serial) == (0, 0)
    (text,) = told
    assert "it could not be checked whether it is hidden" in text
    assert "403" in text


def test_a_server_that_may_be_read_and_pushed_to_will_do(
    clone: Path, remote: Path, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_git(remote, "config", "http.receivepack", "true")
    secured(monkeypatch, certificate)
    with served(remote.parent, certificate) as address:
        record = GitRecord(clone, name="lines", remote=f"{address}/remote.git")
        assert record.load().serial == 0
        assert commit(record, Update(put=[entry(1)])) == record.load()


# -- remotes of several addresses -----------------------------------------------------------------------------------


@pytest.fixture
def other(tmp_path: Path) -> Path:
    run_git(tmp_path, "init", "--quiet", "--bare", str(tmp_path / "other.git"))
    return tmp_path / "other.git"


def test_what_is_pushed_elsewhere_is_read_there_and_not_from_a_mirror_that_lags(
    clone: Path, remote: Path, other: Path
) -> None:
    run_git(clone, "remote", "set-url", "--push", "origin", str(other))
    record = GitRecord(clone, name="lines")
    assert commit(record, Update(put=[entry(1)])) == record.load()
    assert commit(record, Update(put=[entry(2)])).entries.keys() == {key(1), key(2)}
    assert run_git(remote, "for-each-ref") == ""


@pytest.mark.parametrize("first", ["remote", "other"])
def test_of_two_addresses_that_are_pushed_to_the_one_that_is_read_has_the_record(
    first: str, clone: Path, remote: Path, other: Path
) -> None:
    both = [str(remote), str(other)]
    for address in both if first == "remote" else reversed(both):
        run_git(clone, "remote", "set-url", "--push", "--add", "origin", address)
    record = GitRecord(clone, name="lines")
    assert commit(record, Update(put=[entry(1)])) == record.load()
    assert not record.holders()
    assert run_git(other, "for-each-ref") == ""


def test_two_addresses_of_which_none_is_read_leave_the_choice_to_the_user(
    clone: Path, other: Path, tmp_path: Path
) -> None:
    for address in (str(other), str(tmp_path / "third.git")):
        run_git(clone, "remote", "set-url", "--push", "--add", "origin", address)
    assert "record: {git: {remote: …}}" in refused(GitRecord(clone, name="lines"), "pushed to 2 addresses")


def test_a_remote_that_is_a_mirror_takes_the_record(clone: Path, remote: Path) -> None:
    run_git(clone, "config", "remote.origin.mirror", "true")
    commit(GitRecord(clone, name="lines"), Update(put=[entry(1)]))
    assert run_git(remote, "for-each-ref", "--format=%(refname)") == REF
