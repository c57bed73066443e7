"""Signatures of plan files: Ed25519 over the stored bytes, in a file of their own beside the plan.

Verified before anything of the plan is parsed. Knows nothing of plans, and reads keys only from files it is pointed at.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)
from pydantic import Field

from reconciler.formats.diagnostics import JsonModel, render

SUFFIX = ".sig"
FORMAT_VERSION: Literal["1.0"] = "1.0"
_KEY_ID = re.compile(r"[0-9a-f]{16}")
_MAKE_ONE = "create one with: openssl genpkey -algorithm ed25519 -out KEY.pem"


class SignatureJson(JsonModel):
    """The file beside a signed plan."""

    format_version: Literal["1.0"] = FORMAT_VERSION
    algorithm: Literal["ed25519"] = "ed25519"
    key_id: str = Field(pattern=r"^[0-9a-f]{16}$", description="First digits of the SHA-256 of the raw public key.")
    signature: str = Field(description="Of the plan file's bytes, in Base64.")


class SignatureError(Exception):
    """A signature that is missing, damaged, of a key that is not trusted, or does not fit; the text says which."""


class KeyFileError(Exception):
    """A key file that cannot be used; the text says why and what to do, and nothing of what the file holds."""


# docs/decisions/070
def sign(data: bytes, key_file: Path) -> bytes:
    """Sign bytes with the private key of a PEM file; return the text of the signature file. Raises KeyFileError."""
    key = _private_key(key_file)
    signed = base64.b64encode(key.sign(data)).decode()
    return render(SignatureJson(key_id=key_id(key.public_key()), signature=signed)).encode()


def verify(data: bytes, signature: bytes, key_files: Sequence[Path]) -> str:
    """Prove that one of the keys signed these bytes; return its id. Raises SignatureError, KeyFileError."""
    keys = {key_id(key): key for key in map(_public_key, key_files)}
    claimed, raw = _parsed(signature)
    if claimed not in keys:
        trusted = ", ".join(keys) or "none"
        raise SignatureError(f"it is signed with key {claimed}, which is not one of the trusted keys ({trusted})")
    try:
        keys[claimed].verify(raw, data)
    except InvalidSignature:
        raise SignatureError("the signature does not match: the plan file was changed after it was signed") from None
    return claimed


def key_id(key: Ed25519PublicKey) -> str:
    """Name a key: the first 16 hex digits of the SHA-256 of its raw bytes."""
    return hashlib.sha256(key.public_bytes(Encoding.Raw, PublicFormat.Raw)).hexdigest()[:16]


def _parsed(signature: bytes) -> tuple[str, bytes]:
    try:
        content = json.loads(signature)
        version, algorithm = content["format_version"], content["algorithm"]
        claimed, raw = str(content["key_id"]), base64.b64decode(content["signature"], validate=True)
    except (ValueError, KeyError, TypeError, binascii.Error, RecursionError):
        raise SignatureError("its signature file is damaged; sign the plan again") from None
    if (version, algorithm) != (FORMAT_VERSION, "ed25519"):
        raise SignatureError("its signature has a format that this version does not know; sign the plan again")
    if not _KEY_ID.fullmatch(claimed):
        raise SignatureError("its signature file is damaged: it names no key; sign the plan again")
    return claimed, raw


def _private_key(file: Path) -> Ed25519PrivateKey:
    try:
        key = load_pem_private_key(_read(file), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise KeyFileError(f"{file} holds no unencrypted private key in PEM; {_MAKE_ONE}") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyFileError(f"{file} holds no Ed25519 key; {_MAKE_ONE}")
    return key


def _public_key(file: Path) -> Ed25519PublicKey:
    try:
        key = load_pem_public_key(_read(file))
    except (ValueError, TypeError, UnsupportedAlgorithm):
        remedy = "take it from the private one with: openssl pkey -in KEY.pem -pubout -out PUB.pem"
        raise KeyFileError(f"{file} holds no public key in PEM; {remedy}") from None
    if not isinstance(key, Ed25519PublicKey):
        raise KeyFileError(f"{file} holds a public key, but not an Ed25519 one")
    return key


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise KeyFileError(f"key file {file} cannot be read: {error.strerror}") from None
