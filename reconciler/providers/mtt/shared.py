"""MTT's tokens in a store of texts that a whole team shares; where and how encrypted they are is that store's matter.

Knows no HTTP, no vendor's endpoints and no record.
"""

from __future__ import annotations

import json
from contextlib import AbstractContextManager
from dataclasses import asdict
from typing import Any

from reconciler.providers.mtt.tokens import Tokens, TokenStoreError, tokens_of
from reconciler.providers.vendor import Texts

_FORMAT = 1


class SharedTokenStore:
    """A `TokenStore` over texts."""

    def __init__(self, texts: Texts) -> None:
        self._texts = texts

    def lock(self, key: str) -> AbstractContextManager[None]:
        """Hold off other processes while tokens are renewed."""
        return self._texts.lock(key)

    def load(self, key: str) -> Tokens | None:
        """Read tokens, None where there are none yet; raises ProviderError."""
        text = self._texts.load(key)
        return None if text is None else _parse(text)

    def save(self, key: str, tokens: Tokens) -> None:
        """Replace the tokens at once and for good; raises ProviderError."""
        self._texts.save(key, json.dumps({"format_version": _FORMAT, **asdict(tokens)}))


def _parse(text: str) -> Tokens:
    try:
        data: dict[str, Any] = json.loads(text)
        version = data.pop("format_version")
        if version > _FORMAT:
            raise TokenStoreError("the shared tokens are of a newer version of reconciler", hint="upgrade reconciler")
        return tokens_of(data)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise TokenStoreError("the shared tokens are damaged", hint="log in again: reconciler login ACCOUNT") from None
