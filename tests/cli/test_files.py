"""Files that the program writes are their owner's alone, and whole or not there."""

from __future__ import annotations

import os
import socket
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.cli.files import remove, write_again, write_private

Write = Callable[[Path, bytes], None]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_its_owners_alone_whatever_the_umask(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text("older", "utf-8")
    path.chmod(0o666)
    before = os.umask(0)
    try:
        write_private(path, b"new")
    finally:
        os.umask(before)
    assert (path.read_bytes(), stat.S_IMODE(path.stat().st_mode)) == (b"new", 0o600)


def test_it_is_synced_before_it_takes_its_name_and_the_folder_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []
    sync, rename = os.fsync, Path.replace

    def synced(descriptor: int) -> None:
        steps.append("folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file")
        sync(descriptor)

    def renamed(self: Path, target: Path) -> Path:
        steps.append("name")
        return rename(self, target)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(Path, "replace", renamed)
    write_private(tmp_path / "a.json", b"new")
    assert steps == ["file", "name", "folder"]


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_failure_leaves_the_older_file_and_nothing_else(
    step: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(b"older")

    def fail(*_arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os if step == "fsync" else Path, step, fail)
    with pytest.raises(OSError, match="No space left"):
        write_private(path, b"new")
    assert (names(tmp_path), path.read_bytes()) == (["a.json"], b"older")


@pytest.mark.parametrize("there", [True, False])
@pytest.mark.parametrize("write", [write_private, write_again])
def test_a_link_stays_and_what_it_points_to_is_written(write: Write, there: bool, tmp_path: Path) -> None:
    (tmp_path / "far").mkdir()
    target, link = tmp_path / "far" / "real.json", tmp_path / "a.json"
    (tmp_path / "b.json").symlink_to("far/real.json")
    link.symlink_to("b.json")
    if there or write is write_again:
        target.write_bytes(b"older")
    write(link, b"new")
    assert (target.read_bytes(), link.is_symlink(), target.is_symlink()) == (b"new", True, False)
    assert names(tmp_path) == ["a.json", "b.json", "far"]
    assert names(tmp_path / "far") == ["real.json"]


def pipe_at(path: Path) -> None:
    os.mkfifo(path, 0o644)


def device_at(path: Path) -> None:
    """A stand-in for /dev/null, which no test may touch."""
    try:
        os.mknod(path, stat.S_IFCHR | 0o644, os.makedev(1, 3))
    except PermissionError:
        pytest.skip("only root makes devices")


@pytest.mark.parametrize("made", [pipe_at, device_at])
def test_what_is_no_file_is_written_into_and_stays_what_it_is(made: Callable[[Path], None], tmp_path: Path) -> None:
    path = tmp_path / "a"
    made(path)
    (tmp_path / "link").symlink_to("a")
    before = path.stat()
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        write_private(path, b"new ")
        write_private(tmp_path / "link", b"newer")
        assert os.read(reader, 100) == (b"new newer" if stat.S_ISFIFO(before.st_mode) else b"")
    finally:
        os.close(reader)
    after = path.stat()
    assert (after.st_ino, after.st_mode, after.st_rdev) == (before.st_ino, before.st_mode, before.st_rdev)
    assert names(tmp_path) == ["a", "link"]


def socket_at(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(path))


def disk_at(path: Path) -> None:
    try:
        os.mknod(path, stat.S_IFBLK | 0o600, os.makedev(0, 0))
    except PermissionError:
        pytest.skip("only root makes devices")


@pytest.mark.parametrize(
    ("made", "why"),
    [(Path.mkdir, "it is a folder"), (socket_at, "it is a socket"), (disk_at, "it is a disk")],
)
def test_a_place_where_no_file_can_be_is_refused_and_left_alone(
    made: Callable[[Path], None], why: str, tmp_path: Path
) -> None:
    made(tmp_path / "a")
    before = (tmp_path / "a").stat()
    for path in (tmp_path / "a", tmp_path / "link"):
        (tmp_path / "link").unlink(missing_ok=True)
        (tmp_path / "link").symlink_to("a")
        with pytest.raises(OSError, match=why):
            write_private(path, b"new")
        remove(path)
    assert (tmp_path / "a").stat().st_ino == before.st_ino


def test_a_link_to_nowhere_that_can_be_is_refused(tmp_path: Path) -> None:
    (tmp_path / "self").symlink_to("self")
    (tmp_path / "far").symlink_to("no-such-folder/a.json")
    for name in ("self", "far"):
        with pytest.raises(OSError, match=r"symbolic links|No such file"):
            write_private(tmp_path / name, b"new")
    assert names(tmp_path) == ["far", "self"]


def test_removing_takes_the_file_and_leaves_its_link(tmp_path: Path) -> None:
    (tmp_path / "real").write_bytes(b"x")
    (tmp_path / "link").symlink_to("real")
    remove(tmp_path / "link")
    remove(tmp_path / "link")
    assert names(tmp_path) == ["link"]


def test_a_file_that_is_written_again_keeps_its_owner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes(b"older")
    try:
        os.chown(path, 1234, 2345)
    except PermissionError:
        pytest.skip("only root gives files away")
    path.chmod(0o640)
    write_again(path, b"new")
    found = path.stat()
    assert (found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode)) == (1234, 2345, 0o640)

    def refuse(*_arguments: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "fchown", refuse)
    write_again(path, b"newest")
    assert (path.read_bytes(), path.stat().st_uid) == (b"newest", os.geteuid())
