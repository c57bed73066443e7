"""Keys and tokens in files: what others can read is no secret, and what others can write is not taken for ours."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from reconciler.disk import foreign
from reconciler.http.errors import TokenStoreError
from reconciler.providers.mtt.tokens import FileTokenStore, Tokens
from tests.cli import conftest
from tests.cli.conftest import Workplace
from tests.cli.test_signing import pem

cli, sandbox, workplace = conftest.cli, conftest.sandbox, conftest.workplace
TOKENS = Tokens(access="a", refresh="r")


@pytest.mark.parametrize("mode", [0o604, 0o640, 0o602, 0o660, 0o644, 0o666])
def test_a_signing_key_that_others_can_reach_is_told_and_policy_can_have_it_refused(
    mode: int, workplace: Workplace, tmp_path: Path
) -> None:
    private, public = pem(Ed25519PrivateKey.generate())
    for name, data in (("sign.pem", private), ("sign.pub.pem", public)):
        (tmp_path / name).write_bytes(data)
        (tmp_path / name).chmod(mode)
    key = str(tmp_path / "sign.pem")
    told = workplace.run("plan", "--out", "a.json", "--sign-key", key)
    assert (told.exit_code, "warning[key-exposed]" in told.stderr) == (0, True)
    assert "chmod 600" in told.stderr
    head = workplace.folder / "reconciler.yaml"
    head.write_text(head.read_text("utf-8") + "policy: {rules: {key-exposed: error}}\n", "utf-8")
    refused = workplace.run("plan", "--out", "b.json", "--sign-key", key, "--format", "json")
    assert (refused.exit_code, refused.codes) == (1, ["key-exposed"])
    assert not (workplace.folder / "b.json").exists()
    (tmp_path / "sign.pem").chmod(0o600)
    quiet = workplace.run("plan", "--out", "b.json", "--sign-key", key)
    assert (quiet.exit_code, "key-exposed" in quiet.stderr) == (0, False)
    assert workplace.run("apply", "b.json", "--verify-key", str(tmp_path / "sign.pub.pem")).exit_code == 0


@pytest.mark.parametrize("mode", [0o777, 0o770, 0o702])
def test_tokens_in_a_folder_that_others_can_write_are_not_taken(mode: int, tmp_path: Path) -> None:
    store = FileTokenStore(tmp_path / "state")
    store.save("key", TOKENS)
    (tmp_path / "state").chmod(mode)
    with pytest.raises(TokenStoreError, match="can be changed by others") as refused:
        store.load("key")
    with pytest.raises(TokenStoreError, match="can be changed by others"):
        store.save("key", TOKENS)
    with pytest.raises(TokenStoreError, match="can be changed by others"), store.lock("key"):
        pass
    assert "chmod 700" in str(refused.value.hint)


def test_tokens_of_another_user_are_not_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = FileTokenStore(tmp_path / "state")
    store.save("key", TOKENS)
    other = os.geteuid() + 1
    with monkeypatch.context() as patch:
        patch.setattr("os.geteuid", lambda: other)
        with pytest.raises(TokenStoreError, match="belongs to another user"):
            store.load("key")
    if os.geteuid() == 0:
        os.chown(tmp_path / "state" / "key.json", other, -1)
        with pytest.raises(TokenStoreError, match=rf"key\.json belongs to another user \({other}\)"):
            store.load("key")


def test_folders_above_the_tokens_are_made_for_their_owner_alone(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        FileTokenStore(tmp_path / "a" / "b" / "c").save("key", TOKENS)
    finally:
        os.umask(before)
    for folder in ("a", "a/b", "a/b/c"):
        assert (tmp_path / folder).stat().st_mode & 0o777 == 0o700
    assert foreign((tmp_path / "a").stat()) == ""
