from __future__ import annotations

import stat
import threading
from pathlib import Path

import pytest

from reconciler.record import digest_key, folder
from reconciler.record.base import RecordError
from reconciler.record.folder import local_key
from reconciler.secrets import Digester, Secrets
from reconciler.settings import RecordSettings


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_key_is_made_once_is_private_and_long_enough(tmp_path: Path) -> None:
    place = tmp_path / ".reconciler"
    key = local_key(place)
    assert local_key(place) == key
    assert Digester.from_text(key).digest("x")
    assert mode(place / "record.key") == 0o600
    assert mode(place) == 0o700
    assert sorted(path.name for path in place.iterdir()) == [".gitignore", "record.key"]
    assert (place / ".gitignore").read_text("utf-8") == "*\n"


def test_two_folders_have_two_keys(tmp_path: Path) -> None:
    assert local_key(tmp_path / "a") != local_key(tmp_path / "b")


def test_many_at_once_agree_on_one_key(tmp_path: Path) -> None:
    keys: list[str] = []
    threads = [threading.Thread(target=lambda: keys.append(local_key(tmp_path / ".reconciler"))) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(keys) == 16
    assert len(set(keys)) == 1


def test_a_key_that_was_cut_short_is_refused_without_showing_it(tmp_path: Path) -> None:
    (tmp_path / "record.key").write_text("short-canary", "utf-8")
    with pytest.raises(RecordError, match="12 bytes") as caught:
        local_key(tmp_path)
    assert "canary" not in f"{caught.value}{caught.value.hint}"


def test_a_key_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "record.key").write_bytes(b"\xff" * 64)
    with pytest.raises(RecordError, match="UTF-8"):
        local_key(tmp_path)


def test_a_folder_that_cannot_be_made_is_named_with_a_remedy(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", "utf-8")
    with pytest.raises(RecordError, match=r"record\.key cannot be created") as caught:
        local_key(tmp_path / "file" / ".reconciler")
    assert caught.value.hint


def test_a_file_that_fails_half_way_leaves_nothing_behind(tmp_path: Path) -> None:
    def fill(draft: Path) -> None:
        draft.write_text("half", "utf-8")
        raise OSError(28, "No space left on device")

    with pytest.raises(RecordError, match="No space left"):
        folder.create(tmp_path / "record.db", fill)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("backend", "environ", "has_key", "makes_file"),
    [
        ("file", {}, True, True),
        ("file", {"RECONCILER_RECORD_KEY": "k" * 32}, True, False),
        ("git", {}, False, False),
        ("git", {"RECONCILER_RECORD_KEY": "k" * 32}, True, False),
    ],
)
def test_only_the_local_file_makes_a_key_of_its_own(
    tmp_path: Path, backend: str, environ: dict[str, str], has_key: bool, makes_file: bool
) -> None:
    key = digest_key(RecordSettings(backend), root=tmp_path, secrets=Secrets(environ))
    assert (key is not None) is has_key
    assert (tmp_path / ".reconciler" / "record.key").exists() is makes_file
