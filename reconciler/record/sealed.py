"""Encrypts what a shared store keeps of a secret: AES-256-GCM under a key derived from RECONCILER_RECORD_KEY.

Knows nothing of tokens and of stores. What is sealed for one name does not open under another.
"""

from __future__ import annotations

import base64
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from reconciler.record.base import RecordError
from reconciler.secrets import derived_key

_INFO = b"reconciler token store v1"
_VERSION = "v1."
_NONCE_BYTES = 12
_KEY_BYTES = 32


# docs/decisions/049
class Seal:
    """Seals and opens text. `key` is the text of RECONCILER_RECORD_KEY; a run that needs no token needs none."""

    def __init__(self, key: str | None) -> None:
        self._material = (key or "").encode()

    def _cipher(self) -> AESGCM:

        if len(self._material) < _KEY_BYTES:
            raise RecordError(
                f"tokens in a shared store are encrypted, and RECONCILER_RECORD_KEY has fewer than {_KEY_BYTES} bytes",
                hint="set RECONCILER_RECORD_KEY to the output of `openssl rand -hex 32`, the same everywhere",
            )
        return AESGCM(derived_key(self._material, info=_INFO))

    def seal(self, text: str, *, name: str) -> str:
        """Return the text encrypted, never twice the same; raises RecordError where the key is too short."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        sealed = self._cipher().encrypt(nonce, text.encode(), name.encode())
        return _VERSION + base64.b64encode(nonce + sealed).decode("ascii")

    def open(self, sealed: str, *, name: str) -> str:
        """Return the text; raises RecordError where the key is another, or what is stored was changed."""
        try:
            raw = _decoded(sealed)
            return self._cipher().decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], name.encode()).decode()
        except (InvalidTag, ValueError):
            raise RecordError(
                "the stored tokens cannot be decrypted: they were sealed with another key, or changed",
                hint="set RECONCILER_RECORD_KEY to the key they were stored with, or log in again",
            ) from None


def _decoded(sealed: str) -> bytes:
    if not sealed.startswith(_VERSION):
        raise ValueError("sealed in a way that this version does not know")
    return base64.b64decode(sealed.removeprefix(_VERSION), validate=True)
