"""Where MTT's tokens are kept between runs: a file only its owner can read, or a store that a whole team shares.

Changed by one process at a time. Knows no HTTP, no vendor's endpoints and no record.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol

import platformdirs
from filelock import FileLock, Timeout

from reconciler import disk
from reconciler.disk import foreign, readable_by_others
from reconciler.http.errors import TokenStoreError
from reconciler.providers.vendor import Texts

_LOCK_SECONDS = 60.0
_FORMAT = 1


@dataclass(frozen=True, slots=True)
class Tokens:
    """What the store keeps of one integration.

    `previous` is the refresh token before `refresh`, kept until the new access token has worked once.
    `seed` is a digest of the configured refresh token that was last taken in. `expires_at`, in seconds since the epoch,
    is when `access` is to be renewed.
    """

    access: str = field(default="", repr=False)
    expires_at: float = 0.0
    refresh: str = field(default="", repr=False)
    previous: str = field(default="", repr=False)
    seed: str = ""


def tokens_of(data: Mapping[str, Any]) -> Tokens:
    """Return tokens as they were stored; raises TypeError, ValueError where they are none."""
    tokens = Tokens(**data)
    texts = (tokens.access, tokens.refresh, tokens.previous, tokens.seed)
    if not all(isinstance(text, str) for text in texts) or not math.isfinite(tokens.expires_at):
        raise TypeError("not tokens")
    return tokens


class TokenStore(Protocol):
    """Keeps tokens by key; `lock` holds off other processes and threads while tokens are renewed."""

    def lock(self, key: str) -> AbstractContextManager[None]: ...

    def load(self, key: str) -> Tokens | None: ...

    def save(self, key: str, tokens: Tokens) -> None: ...


def identity(oauth_url: str, client_id: str) -> str:
    """The key of an integration: it stays when an account is renamed or moved."""
    return hashlib.sha256(f"{oauth_url}\n{client_id}".encode()).hexdigest()[:32]


class FileTokenStore:
    """One 0600 file an integration in a 0700 folder, replaced as a whole."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder or _state_folder()

    @contextmanager
    def lock(self, key: str) -> Iterator[None]:
        """Hold the integration's lock; raises TokenStoreError when somebody else holds it for a minute."""
        try:
            self._own_folder()
            lock = FileLock(self._folder / f"{key}.lock", timeout=_LOCK_SECONDS, mode=0o600)
            held = lock.acquire()
        except Timeout:
            raise TokenStoreError("another process is renewing MTT's tokens and has not finished") from None
        except OSError as error:
            raise self._trouble("locked", error) from None
        with held:
            yield

    def load(self, key: str) -> Tokens | None:
        """Read tokens, None where there are none yet; raises TokenStoreError where damaged or open to others."""
        path = self._path(key)
        try:
            _prove_own(self._folder)
            with path.open(encoding="utf-8") as file:
                found, text = os.fstat(file.fileno()), file.read()
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as error:
            raise self._trouble("read", error) from None
        if why := foreign(found):
            raise TokenStoreError(f"{path} {why}", hint=f"remove {path}, and log in again")
        if readable_by_others(found):
            raise TokenStoreError(f"{path} can be read by others", hint=f"chmod 600 {path}, and log in again")
        return _parse(text, f"{path} is", remedy="remove it and log in again")

    def save(self, key: str, tokens: Tokens) -> None:
        """Replace the tokens at once and for good: the disk has them when this returns."""
        text = json.dumps({"format_version": _FORMAT, **asdict(tokens)}, indent=2)
        try:
            self._own_folder()
            disk.write_whole(self._path(key), text.encode())
        except OSError as error:
            raise self._trouble("written", error) from None

    def _own_folder(self) -> None:
        """Make the folder, and those above it that are missing, for ourselves alone; refuse one that others write."""
        for folder in (*reversed(self._folder.parents), self._folder):
            if not folder.exists():
                folder.mkdir(mode=0o700, exist_ok=True)
        _prove_own(self._folder)

    def _path(self, key: str) -> Path:
        return self._folder / f"{key}.json"

    def _trouble(self, what: str, error: Exception) -> TokenStoreError:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        return TokenStoreError(
            f"MTT's tokens in {self._folder} cannot be {what}: {reason}",
            hint="make sure that you own the folder and that its disk has space (XDG_STATE_HOME moves it)",
        )


# docs/decisions/123
def _prove_own(folder: Path) -> None:
    """Raise TokenStoreError for a folder in which others could put tokens of theirs."""
    if why := foreign(folder.stat()):
        raise TokenStoreError(
            f"the folder {folder} {why}",
            hint=f"make it yours alone (chown, chmod 700 {folder}), or use another (XDG_STATE_HOME moves it)",
        )


def _state_folder() -> Path:
    return platformdirs.user_state_path("reconciler", appauthor=False) / "mtt"


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
        return None if text is None else _parse(text, "the shared tokens are", remedy="log in again")

    def save(self, key: str, tokens: Tokens) -> None:
        """Replace the tokens at once and for good; raises ProviderError."""
        self._texts.save(key, json.dumps({"format_version": _FORMAT, **asdict(tokens)}))


def _parse(text: str, what_is: str, *, remedy: str) -> Tokens:
    try:
        data: Any = json.loads(text)
        if data.pop("format_version") > _FORMAT:
            raise TokenStoreError(f"{what_is} of a newer version of reconciler", hint="upgrade reconciler")
        return tokens_of(data)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise TokenStoreError(f"{what_is} damaged", hint=f"{remedy}: reconciler login ACCOUNT") from None
