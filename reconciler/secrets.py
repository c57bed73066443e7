"""The only reader of the environment, of secret files and of secret commands; templates, masking and keyed digests.

Knows nothing of YAML, vendors or output. No error raised here carries a secret's value.
"""

from __future__ import annotations

import hmac
import json
import os
import re
import shlex
from base64 import b64encode
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote, quote_plus, unquote, urlsplit

MASK = "***"
COMMAND_TIMEOUT_SECONDS = 30.0
MINIMUM_KEY_BYTES = 32
_VARIABLE = re.compile(r"\$\{var:([A-Za-z_][A-Za-z0-9_]*)\}")
VARIABLE_PREFIX = "RECONCILER_VAR_"
_BEHIND_SCHEME = re.compile(r"(?<=[A-Za-z0-9+.-])://[^\s\"'<>]+")  # a scheme may be as long as a text: not looked for
_SHORTEST_REDACTED = 4
_SHORTEST_UNGUESSED = 8
_ESCAPED_BYTE = re.compile(r"%[0-9A-F]{2}")
_NOTHING = re.compile(r"(?!)")
# Variables of ours that hold a secret by their name, and Terraform's for the state server.
_HOLDS_SECRET = re.compile(r"RECONCILER_(VAR_\w+|\w*(KEY|DSN|TOKEN|SECRET|PASSWORD))|TF_HTTP_PASSWORD")
_NOT_SET = "is not set"
_EMPTY = "is set but empty, like a CI secret in a job that may not see it"


class SecretError(Exception):
    """A secret that cannot be had; text and hint say which and what to do, never a value. `reference`: its source."""

    code = "secret-missing"

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint
        self.reference: SecretRef | None = None


class VariableError(SecretError):
    """A `${var:…}` without a value."""

    code = "variable-unset"


class QuotedSecretError(SecretError):
    """A secret in the quotes of an .env file, which no shell has taken away."""


def environment() -> Mapping[str, str]:
    """The process environment, read once; everything else is handed this mapping."""
    return dict(os.environ)


def keep_plugins_out() -> None:
    """Have pydantic load no plugins: foreign code has no business here, and looking for it takes 40 ms."""
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")


class SecretRef(NamedTuple):
    """Where a secret comes from: exactly one of an environment variable, a file, a command (argv, no shell)."""

    env: str | None = None
    file: str | None = None
    command: tuple[str, ...] = ()

    def __str__(self) -> str:
        if self.env is not None:
            return f"environment variable {self.env}"
        if self.file is not None:
            return f"file {self.file}"
        return f"command {shlex.quote(self.command[0])}"


@dataclass(slots=True)
class Secrets:
    """Resolves references and templates, and knows what must be redacted: before anything asks for a value.

    Every variable of the environment that holds a secret by its name is known from the start, what the configuration
    names after `learn`, and whatever was given out.
    `local` permits `file` and `command` references (RECONCILER_TRUSTED=1 or --allow-local-secrets);
    `base` is the folder that relative file names start from.
    """

    environ: Mapping[str, str]
    local: bool = False
    base: Path = field(default_factory=Path)
    _known: set[str] = field(default_factory=set, repr=False)
    _spelled: re.Pattern[str] | None = field(default=None, repr=False)
    _cache: dict[SecretRef, str] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        for name, value in self.environ.items():
            if _HOLDS_SECRET.fullmatch(name):
                self.remember(value)

    def learn(self, references: Iterable[SecretRef]) -> None:
        """Know configured secrets before they are asked for; a command is run only when its secret is needed."""
        for reference in references:
            if not reference.command:
                with suppress(SecretError):
                    self.get(reference)

    def get(self, reference: SecretRef) -> str:
        """Return the secret's text, one trailing newline removed; raises SecretError."""
        if reference not in self._cache:
            try:
                self._cache[reference] = self._bare(reference)
            except SecretError as error:
                error.reference = reference
                raise
        return self._cache[reference]

    def _bare(self, reference: SecretRef) -> str:
        value = self._read(reference)
        self.remember(value)
        return bare(value, str(reference))

    def variable(self, name: str) -> str:
        """Return the value of `${var:NAME}`, the environment's RECONCILER_VAR_NAME; raises VariableError."""
        variable = f"{VARIABLE_PREFIX}{name}"
        value = self.environ.get(variable)
        if not value:
            message = f"variable ${{var:{name}}} has no value: {variable} {_NOT_SET if value is None else _EMPTY}"
            raise VariableError(message, _export(variable))
        self.remember(value)
        return bare(value, f"environment variable {variable}")

    def resolve(self, template: str) -> str:
        """Replace each `${var:NAME}` in a text; raises SecretError."""
        return _VARIABLE.sub(lambda match: self.variable(match.group(1)), template)

    def remember(self, value: str) -> None:
        """Add a value that must never reach output; of an address that holds a password, the password too."""
        for secret in (value, *_passwords(value)):
            if len(secret) >= _SHORTEST_REDACTED and secret not in self._known:
                self._known.add(secret)
                self._spelled = None

    @property
    def guessable(self) -> tuple[str, ...]:
        """The names of the variables of `${var:…}` whose values are so short that all of them can be tried."""
        values = {name: value for name, value in self.environ.items() if name.startswith(VARIABLE_PREFIX)}
        return tuple(sorted(name for name, value in values.items() if 0 < len(value) < _SHORTEST_UNGUESSED))

    def holds(self, text: str) -> bool:
        """Whether a known secret stands in a text, in any of its spellings."""
        return self._pattern().search(text) is not None

    def redact(self, text: str) -> str:
        """Take every known secret (plain, URL-encoded, JSON-escaped, base64) and every URL's query out of a text."""
        return mask_urls(self._pattern().sub(MASK, text))

    def _pattern(self) -> re.Pattern[str]:
        """All spellings of all known secrets, the longest first."""
        if self._spelled is None:
            spelled = {form for value in tuple(self._known) for form in _spellings(value)}
            longest_first = sorted(spelled, key=lambda form: (-len(form), form))
            self._spelled = re.compile("|".join(map(re.escape, longest_first))) if spelled else _NOTHING
        return self._spelled

    def _read(self, reference: SecretRef) -> str:
        if reference.env is not None:
            return self._from_environment(reference.env)
        if not self.local:
            raise SecretError(
                f"the {reference} is read only where you trust the files",
                "set RECONCILER_TRUSTED=1 or pass --allow-local-secrets",
            )
        return self._from_file(reference.file) if reference.file is not None else _run(reference)

    def _from_environment(self, name: str) -> str:
        value = self.environ.get(name)
        if not value:
            message = f"environment variable {name} {_NOT_SET if value is None else _EMPTY}"
            raise SecretError(message, _export(name))
        return value

    def _from_file(self, name: str) -> str:
        try:
            text = (self.base / name).expanduser().read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
            raise SecretError(f"secret file {name} cannot be read: {reason}") from None
        return _nonempty(text, f"secret file {name}")


def _export(variable: str) -> str:
    return f"export {variable}=..."


def variables(template: str) -> tuple[str, ...]:
    """The names of the `${var:NAME}` references of a text, in order."""
    return tuple(_VARIABLE.findall(template))


def mask_url(url: str, *, hide_path: bool = False) -> str:
    """Hide the query, fragment and userinfo of a URL; with `hide_path` all that follows the host."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return MASK
    netloc = f"{MASK}@{parts.netloc.rpartition('@')[2]}" if "@" in parts.netloc else parts.netloc
    head = f"{parts.scheme}://{netloc}" if parts.scheme else netloc
    if hide_path:
        return f"{head}/{MASK}"
    tail = f"?{MASK}" if parts.query or parts.fragment else ""
    return f"{head}{parts.path}{tail}"


def mask_urls(text: str, *, in_place: bool = False) -> str:
    """Hide the query, fragment and userinfo of every URL in a text; `in_place` leaves what follows in its column."""
    if "://" not in text:
        return text
    return _BEHIND_SCHEME.sub(_masked_in_place if in_place else _masked, text)


def masked_spans(text: str) -> list[tuple[int, int, str]]:
    """Where `mask_urls` hides something: start, end, and what stands there then."""
    found = [(match.start(), match.end(), _masked(match)) for match in _BEHIND_SCHEME.finditer(text)]
    return [(start, end, masked) for start, end, masked in found if masked != text[start:end]]


def has_credential(address: str) -> bool:
    """Whether an address bears a credential: a password or a query, over http any user, as tokens may be one."""
    scheme, mark, rest = address.partition("://")
    if not mark:
        return False
    user, at, _ = re.split(r"[/?#]", rest, maxsplit=1)[0].rpartition("@")
    return (bool(at) and (":" in user or scheme.lower() in ("http", "https"))) or "?" in rest


def _masked(behind_scheme: re.Match[str]) -> str:
    masked = mask_url(f"x{behind_scheme.group()}")
    return f"://{MASK}" if masked == MASK else masked[1:]


def _masked_in_place(behind_scheme: re.Match[str]) -> str:
    return _masked(behind_scheme).ljust(len(behind_scheme.group()), MASK[0])


def is_sensitive_url(url: str) -> bool:
    """Whether a URL has something to hide: a query, a fragment, userinfo or a template's variable."""
    return any(mark in url for mark in ("?", "#", "@", "${var:"))


def hides_path(url: str) -> bool:
    """Whether a URL template has a variable before its query, so that a live value's path is a secret too."""
    return "${var:" in url.partition("?")[0]


def hides_host(url: str) -> bool:
    """Whether a URL template has a variable in its host, so that nothing of a live value may be shown."""
    if "${var:" not in url:
        return False
    authority = re.split(r"[/?#]", url.partition("://")[2], maxsplit=1)[0]
    return "${var:" in authority.rpartition("@")[2]


_DIGEST = "hmac-sha256"


def key_of(digest: str) -> str:
    """The id of the key that a digest was made with; "" for one that carries none, and for other text."""
    name, _, rest = digest.partition(":")
    return rest.partition(":")[0] if name == _DIGEST and ":" in rest else ""


def are_apart(one: str, other: str) -> bool:
    """Whether two secrets are known to differ: digests of different keys, or of one not known, say nothing."""
    digests = [text for text in (one, other) if text.startswith(f"{_DIGEST}:")]
    comparable = len(digests) < 2 or key_of(one) == key_of(other) != ""
    return comparable and one != other


@dataclass(frozen=True, slots=True)
class Digester:
    """Keyed digests of sensitive values (HMAC-SHA256, key derived by HKDF); without a key there are none.

    `key_id` tells two keys apart and says nothing else of them; "" without a key.
    """

    key: bytes | None = field(default=None, repr=False)
    key_id: str = ""

    @classmethod
    def from_text(cls, text: str | None) -> Digester:
        """Derive the key from RECONCILER_RECORD_KEY, any text of 32 bytes or more; raises SecretError when shorter."""
        if not text:
            return cls(None)
        raw = text.encode()
        if len(raw) < MINIMUM_KEY_BYTES:
            raise SecretError(
                f"RECONCILER_RECORD_KEY has {len(raw)} bytes: use {MINIMUM_KEY_BYTES} or more, "
                "for example from `openssl rand -hex 32`"
            )
        key_id = derived_key(raw, info=b"reconciler record key id v1")[:4].hex()
        return cls(derived_key(raw, info=b"reconciler record digest v1"), key_id)

    def digest(self, text: str) -> str | None:
        """Return `hmac-sha256:KEY_ID:HEX`, or None without a key."""
        if self.key is None:
            return None
        return f"{_DIGEST}:{self.key_id}:{hmac.digest(self.key, text.encode(), 'sha256').hex()}"


def derived_key(material: bytes, *, info: bytes) -> bytes:
    """Derive a key of 32 bytes for one use, by HKDF-SHA256 (RFC 5869) without a salt."""
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    return HKDF(SHA256(), length=32, salt=None, info=info).derive(material)


def _run(reference: SecretRef) -> str:
    import subprocess

    name = shlex.quote(reference.command[0])
    try:
        done = subprocess.run(  # noqa: S603 - argv from the trusted file, no shell, only where local secrets are allowed
            reference.command,
            capture_output=True,
            timeout=COMMAND_TIMEOUT_SECONDS,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except subprocess.TimeoutExpired:
        raise SecretError(f"secret command {name} took longer than {COMMAND_TIMEOUT_SECONDS:.0f} s") from None
    except OSError as error:
        raise SecretError(f"secret command {name} cannot be run: {error.strerror}") from None
    if done.returncode != 0:
        raise SecretError(f"secret command {name} ended with exit code {done.returncode}")
    return _nonempty(done.stdout.decode("utf-8", "replace"), f"secret command {name}")


def bare(value: str, source: str) -> str:
    """Return a secret as it is; raises QuotedSecretError, which names its source, where it is in quotes."""
    if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
        raise QuotedSecretError(f"{source} has quotes around its value, which would be sent too: store it without them")
    return value


def _nonempty(text: str, source: str) -> str:
    value = text.removesuffix("\n").removesuffix("\r")
    if not value:
        raise SecretError(f"{source} returned an empty secret")
    return value


def _spellings(value: str) -> set[str]:
    encoded = b64encode(value.encode()).decode()
    quoted = {quote(value, safe=""), quote(value), quote_plus(value)}
    lower = {_ESCAPED_BYTE.sub(lambda match: match[0].lower(), form) for form in quoted}
    escaped = {json.dumps(value, ensure_ascii=ascii_only)[1:-1] for ascii_only in (True, False)}
    return {value, *quoted, *lower, *escaped, encoded, encoded.rstrip("=")} - {""}


def _passwords(value: str) -> tuple[str, ...]:
    """The password of an address, as it stands and as it is meant."""
    try:
        given = urlsplit(value).password if "://" in value else None
    except ValueError:
        given = None
    return (given, unquote(given)) if given else ()
