"""Signatures of plan files: Ed25519 over the stored bytes, in a file of their own beside the plan.

Verified before anything of the plan is parsed. Knows nothing of plans, and reads keys only from files it is pointed at.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

SUFFIX = ".sig"
FORMAT_VERSION = "1.0"


class SignatureError(Exception):
    """A key or a signature that cannot be used, or does not fit; the text says which and what to do."""


def sign(data: bytes, key_file: Path) -> bytes:
    """Sign bytes with the private key of a PEM file; return the text of the signature file. Raises SignatureError."""
    key = _private_key(key_file)
    content = {
        "format_version": FORMAT_VERSION,
        "algorithm": "ed25519",
        "key_id": key_id(key.public_key()),
        "signature": base64.b64encode(key.sign(data)).decode(),
    }
    return (json.dumps(content, indent=2) + "\n").encode()


def verify(data: bytes, signature: bytes, key_files: Sequence[Path]) -> str:
    """Prove that one of the keys signed these bytes; return its id. Raises SignatureError."""
    keys = {key_id(key): key for key in map(_public_key, key_files)}
    claimed, raw = _parsed(signature)
    if claimed not in keys:
        trusted = ", ".join(keys) or "none"
        raise SignatureError(f"the plan is signed by key {claimed}, which is not among the trusted ones ({trusted})")
    try:
        keys[claimed].verify(raw, data)
    except InvalidSignature:
        raise SignatureError("the signature does not fit: the plan file was changed after it was signed") from None
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
        raise SignatureError("the signature file is damaged; sign the plan again") from None
    if (version, algorithm) != (FORMAT_VERSION, "ed25519"):
        raise SignatureError(f"the signature is of a form that this version does not know ({algorithm}, {version})")
    return claimed, raw


def _private_key(file: Path) -> Ed25519PrivateKey:
    try:
        key = load_pem_private_key(_read(file), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise SignatureError(f"{file} holds no unencrypted private key in PEM") from None
    if not isinstance(key, Ed25519PrivateKey):
        remedy = f"make one with: openssl genpkey -algorithm ed25519 -out {file}"
        raise SignatureError(f"{file} holds no Ed25519 key; {remedy}")
    return key


def _public_key(file: Path) -> Ed25519PublicKey:
    try:
        key = load_pem_public_key(_read(file))
    except (ValueError, TypeError, UnsupportedAlgorithm):
        remedy = f"take it from the private one with: openssl pkey -in KEY -pubout -out {file}"
        raise SignatureError(f"{file} holds no public key in PEM; {remedy}") from None
    if not isinstance(key, Ed25519PublicKey):
        raise SignatureError(f"{file} holds no Ed25519 key")
    return key


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise SignatureError(f"key file {file} cannot be read: {error.strerror}") from None
