"""Signed plans: only what a trusted key signed, byte for byte, is applied; each refusal has its own words and code."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from tests.cli.conftest import Ended, Workplace


def pem(key: Ed25519PrivateKey) -> tuple[bytes, bytes]:
    """The private and the public key as PEM."""
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return private, key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    """A folder on the trusted side, with the keys of two signers."""
    folder = tmp_path / "keys"
    folder.mkdir()
    for name, seed in (("alice", b"\x01"), ("bob", b"\x02")):
        private, public = pem(Ed25519PrivateKey.from_private_bytes(seed * 32))
        (folder / f"{name}.pem").write_bytes(private)
        (folder / f"{name}.pem").chmod(0o600)
        (folder / f"{name}.pub.pem").write_bytes(public)
    return folder


@pytest.fixture
def signed(workplace: Workplace, keys: Path) -> Workplace:
    """A plan that Alice signed."""
    assert workplace.run("plan", "--out", "a.json", "--sign-key", str(keys / "alice.pem")).exit_code == 0
    workplace.sandbox.journal.clear()
    return workplace


def applied(workplace: Workplace, keys: Path, *names: str) -> Ended:
    """Apply the plan with the public keys of these signers."""
    flags = [word for name in names for word in ("--verify-key", str(keys / f"{name}.pub.pem"))]
    return workplace.run("apply", "a.json", *flags, "--format", "json")


def refused(ended: Ended, workplace: Workplace, words: str, code: int = 5, rule: str = "plan-signature") -> None:
    assert (ended.exit_code, ended.codes) == (code, [rule])
    assert words in ended.json["diagnostics"][0]["message"]
    assert workplace.sandbox.log == []


def test_a_signed_plan_is_applied_with_the_key_of_its_signer_among_several(signed: Workplace, keys: Path) -> None:
    assert applied(signed, keys, "bob", "alice").exit_code == 0
    assert len(signed.sandbox.writes) == 2


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is the second opinion here")
def test_the_signature_is_ed25519_over_the_stored_bytes_as_openssl_sees_it(
    signed: Workplace, keys: Path, tmp_path: Path
) -> None:
    sidecar = json.loads((signed.folder / "a.json.sig").read_text("utf-8"))
    assert (sidecar["algorithm"], sidecar["format_version"]) == ("ed25519", "1.0")
    raw = tmp_path / "raw.sig"
    raw.write_bytes(base64.b64decode(sidecar["signature"]))
    command = ["openssl", "pkeyutl", "-verify", "-pubin", "-rawin", "-inkey", str(keys / "alice.pub.pem")]
    judged = subprocess.run(
        [*command, "-in", str(signed.folder / "a.json"), "-sigfile", str(raw)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Signature Verified Successfully" in judged.stdout, judged


def test_one_edited_byte_anywhere_is_refused(signed: Workplace, keys: Path) -> None:
    path = signed.folder / "a.json"
    data = path.read_bytes()
    for at in (0, len(data) // 2, len(data) - 1):
        path.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
        refused(applied(signed, keys, "alice"), signed, "was changed after it was signed")


def test_a_truncated_plan_is_refused_before_it_is_parsed(signed: Workplace, keys: Path) -> None:
    path = signed.folder / "a.json"
    path.write_bytes(path.read_bytes()[:200])
    refused(applied(signed, keys, "alice"), signed, "was changed after it was signed")
    refused(applied(signed, keys), signed, "does not hold JSON, or was cut short", code=1, rule="plan-file")


def test_a_key_that_is_not_trusted_signs_in_vain(signed: Workplace, keys: Path) -> None:
    refused(applied(signed, keys, "bob"), signed, "which is not one of the trusted keys")


def test_a_signature_that_names_a_trusted_key_but_is_of_another_is_refused(signed: Workplace, keys: Path) -> None:
    theirs = signed.folder / "a.json.sig"
    ours = json.loads(theirs.read_text("utf-8"))
    signed.run("plan", "--out", "b.json", "--sign-key", str(keys / "bob.pem"))
    signed.sandbox.journal.clear()
    forged = {**ours, "signature": json.loads((signed.folder / "b.json.sig").read_text("utf-8"))["signature"]}
    theirs.write_text(json.dumps(forged), "utf-8")
    refused(applied(signed, keys, "alice"), signed, "the signature does not match")


def test_a_missing_signature_is_refused(signed: Workplace, keys: Path) -> None:
    (signed.folder / "a.json.sig").unlink()
    refused(applied(signed, keys, "alice"), signed, "it is not signed")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "damaged"),
        ("[]", "damaged"),
        ("{}", "damaged"),
        ('{"format_version": "1.0", "algorithm": "ed25519", "key_id": "x", "signature": "!"}', "damaged"),
        ('{"format_version": "1.0", "algorithm": "ed25519", "key_id": "\\u001b[31m", "signature": "AA=="}', "damaged"),
        ('{"format_version": "1.0", "algorithm": "none", "key_id": "x", "signature": "AA=="}', "does not know"),
        ('{"format_version": "2.0", "algorithm": "ed25519", "key_id": "x", "signature": "AA=="}', "does not know"),
    ],
)
def test_a_signature_file_that_is_none_is_refused(text: str, words: str, signed: Workplace, keys: Path) -> None:
    (signed.folder / "a.json.sig").write_text(text, "utf-8")
    refused(applied(signed, keys, "alice"), signed, words)


def test_a_new_plan_without_signature_does_not_keep_the_old_one(signed: Workplace, keys: Path) -> None:
    signed.run("plan", "--out", "a.json")
    signed.sandbox.journal.clear()
    assert not (signed.folder / "a.json.sig").exists()
    refused(applied(signed, keys, "alice"), signed, "it is not signed")


def test_plan_and_signature_are_private(signed: Workplace) -> None:
    for name in ("a.json", "a.json.sig"):
        assert (signed.folder / name).stat().st_mode & 0o777 == 0o600


# -- policy -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def strict(workplace: Workplace) -> Workplace:
    """Policy wants signed plans."""
    path = workplace.folder / "reconciler.yaml"
    path.write_text(path.read_text("utf-8") + "policy: {require_signed_plan: true}\n", "utf-8")
    return workplace


def test_policy_refuses_what_no_key_vouches_for(strict: Workplace, keys: Path) -> None:
    strict.run("plan", "--out", "a.json", "--sign-key", str(keys / "alice.pem"))
    strict.sandbox.journal.clear()
    refused(strict.run("apply", "--auto-approve", "--format", "json"), strict, "at once", rule="plan-unsigned")
    refused(applied(strict, keys), strict, "without a verified signature", rule="plan-unsigned")
    assert applied(strict, keys, "alice").exit_code == 0


def test_no_override_stands_in_for_a_signature(strict: Workplace) -> None:
    ended = strict.run("apply", "--auto-approve", "--override", "plan-unsigned")
    assert ended.exit_code == 64


# -- keys -------------------------------------------------------------------------------------------------------------


def test_keys_that_are_none_are_refused_without_being_shown(workplace: Workplace, keys: Path) -> None:
    alice = Ed25519PrivateKey.from_private_bytes(b"\x01" * 32)
    locked = alice.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"word"))
    curve = generate_private_key(SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    public = (keys / "alice.pub.pem").read_bytes()
    for content, words in (
        (b"no key at all: canary-key-text", "holds no unencrypted private key in PEM"),
        (locked, "holds no unencrypted private key in PEM"),
        (curve, "holds no Ed25519 key"),
        (public, "holds no unencrypted private key in PEM"),
        (None, "cannot be read"),
    ):
        path = keys / "tried.pem"
        path.unlink(missing_ok=True)
        if content is not None:
            path.write_bytes(content)
        ended = workplace.run("plan", "--out", "a.json", "--sign-key", str(path), "--format", "json")
        assert (ended.exit_code, ended.codes) == (1, ["key-file"])
        assert words in ended.json["diagnostics"][0]["message"]
        assert not (workplace.folder / "a.json").exists()
        assert "canary-key-text" not in ended.stdout + ended.stderr


def test_a_private_key_does_not_verify(signed: Workplace, keys: Path) -> None:
    ended = signed.run("apply", "a.json", "--verify-key", str(keys / "alice.pem"), "--format", "json")
    refused(ended, signed, "holds no public key in PEM", code=1, rule="key-file")


def test_a_key_on_the_command_line_is_wrong_usage_and_not_repeated(workplace: Workplace, keys: Path) -> None:
    text = (keys / "alice.pem").read_text("utf-8")
    for words in (("plan", "--out", "a.json", "--sign-key", text), ("apply", "a.json", "--verify-key", text)):
        ended = workplace.run(*words)
        assert ended.exit_code == 64
        assert text.splitlines()[1] not in ended.stdout + ended.stderr


def test_no_output_and_no_file_holds_the_private_key(signed: Workplace, keys: Path) -> None:
    secret = (keys / "alice.pem").read_text("utf-8").splitlines()[1]
    ended = signed.run("plan", "--out", "b.json", "--sign-key", str(keys / "alice.pem"), "-v")
    texts = [ended.stdout, ended.stderr, *(path.read_text("utf-8") for path in signed.folder.glob("*.json*"))]
    assert not any(secret in text for text in texts)


def test_keys_are_taken_from_the_current_folder_and_never_from_that_of_the_files(
    signed: Workplace, keys: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever may edit the files could put a key of their own there."""
    (signed.folder / "pub.pem").write_bytes((keys / "alice.pub.pem").read_bytes())
    (keys / "pub.pem").write_bytes((keys / "bob.pub.pem").read_bytes())
    monkeypatch.chdir(keys)
    refused(
        signed.run("apply", "a.json", "--verify-key", "pub.pem", "--format", "json"),
        signed,
        "which is not one of the trusted keys",
    )


def test_what_needs_a_file_says_so(workplace: Workplace, keys: Path) -> None:
    alone = workplace.run("plan", "--sign-key", str(keys / "alice.pem"))
    assert (alone.exit_code, "--out" in alone.stderr) == (64, True)
    fresh = workplace.run("apply", "--auto-approve", "--verify-key", str(keys / "alice.pub.pem"))
    assert (fresh.exit_code, "--verify-key" in fresh.stderr) == (64, True)


# -- reviewed, then signed --------------------------------------------------------------------------------------------


def test_only_the_reviewed_changes_are_signed(workplace: Workplace, keys: Path) -> None:
    workplace.run("plan", "--out", "reviewed.json")
    words = ("plan", "--out", "a.json", "--sign-key", str(keys / "alice.pem"), "--expect", "reviewed.json")
    workplace.edit("timeout: 16", "timeout: 25")
    differs = workplace.run(*words, "--format", "json")
    assert (differs.exit_code, differs.codes) == (4, ["plan-stale"])
    assert not (workplace.folder / "a.json").exists()
    workplace.edit("timeout: 25", "timeout: 16")
    assert workplace.run(*words).exit_code == 0
    assert applied(workplace, keys, "alice").exit_code == 0
