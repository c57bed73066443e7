"""The backend `s3`: the record as one object in a bucket of Amazon S3, or of a store that speaks its protocol.

Every save is a conditional write, on the ETag that was read. Knows no format and no locks.
"""

from __future__ import annotations

import contextlib
import copy
import importlib
import re
import uuid
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from functools import partial
from types import ModuleType
from typing import Any

from reconciler.http.errors import HostRefused
from reconciler.http.hosts import check_host, host_of, is_loopback
from reconciler.record.base import Holder, Lock, RecordError
from reconciler.record.documents import DocumentRecord
from reconciler.secrets import SecretError, Secrets, bare

_ENDPOINTS = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")  # the nearer first, as Amazon's own tools have it
_AMAZON = re.compile(r"s3[\w.-]*\.amazonaws\.com(\.cn)?")
_NEVER = '"00000000000000000000000000000000"'  # an ETag that no object has
_TIMES = {"timeout": "20s", "connect_timeout": "5s"}
# What the library would else take from variables of its own, past the check of the host or against the keys given here.
_OURS = {"skip_signature": False, "s3_express": False, "conditional_put": "etag", "virtual_hosted_style_request": False}
_RETRIES = {"max_retries": 3, "retry_timeout": timedelta(seconds=30)}
_STATUS = re.compile(r"status code: (\d{3}[\w ]*)")
_CODE = re.compile(r"<Code>(\w+)</Code>")


class S3Store:
    """An object in a bucket; a version is its ETag, "" before there is one.

    `options` are those of `record: {s3: …}`, filled up from the variables that Amazon's own tools read; where neither
    has keys, the role of the machine or of the job is asked for. Raises RecordError.
    """

    def __init__(self, options: Mapping[str, str], *, name: str, secrets: Secrets) -> None:
        bucket = options["bucket"]
        self.key = options.get("key") or f"{name}.json"
        self.description = f"the record s3://{bucket}/{self.key}"
        self._obstore = _library()
        given = {**_way(options, secrets), **_keys(options, secrets)}
        try:
            self._store = self._obstore.store.S3Store(bucket, retry_config=_RETRIES, **_OURS, **given)
        except self._errors:
            raise RecordError(f"{self.description} cannot be opened", hint=_ODD) from None

    def fetch(self) -> tuple[str | None, str]:
        try:
            found = self._obstore.get(self._store, self.key)
            return bytes(found.bytes()).decode("utf-8"), str(found.meta["e_tag"])
        except UnicodeDecodeError:
            raise RecordError(f"{self.description} is damaged: not UTF-8 text", hint=_VERSIONS) from None
        except FileNotFoundError as error:
            if "NoSuchKey" in str(error):
                return None, ""
            raise self._trouble("read", error) from None
        except self._errors as error:
            raise self._trouble("read", error) from None

    def swap(self, text: str, *, version: str, reason: str) -> str | None:
        """Write on the condition; an answer that was lost, or that a repetition of ours spoilt, is looked up."""
        del reason  # the protocol does not know it
        try:
            return self._put(text, version)
        except self._moved:
            return self._stored(text)
        except self._errors as error:
            try:
                found = self._stored(text)
            except RecordError:
                found = None
            if found is None:
                raise self._trouble("saved", error) from None
            return found

    def prove_exclusion(self) -> None:
        """Raise RecordError for a store that takes a write whose condition does not hold: it would lose saves."""
        text, _version = self.fetch()
        for version in (_NEVER, ""):
            try:
                self._put(text or "", version)
            except self._moved:
                continue
            except self._errors as error:
                raise self._trouble("saved", error) from None
            raise RecordError(
                f"{self.description} is in a store that ignores If-Match and If-None-Match: two runs could overwrite "
                "each other's record",
                hint="use a store with conditional writes, or another backend",
            )

    def beside(self) -> S3Store:
        """An object that nobody else uses, to try on what may be done in this bucket."""
        other = copy.copy(self)
        other.key = f"{self.key}.rehearsal-{uuid.uuid4().hex}"
        return other

    def remove(self) -> None:
        """Take the object away; one that may not be removed stays."""
        with contextlib.suppress(*self._errors):
            self._obstore.delete(self._store, self.key)

    def close(self) -> None:
        """Nothing is kept open."""

    def _put(self, text: str, version: str) -> str:
        mode = {"e_tag": version} if version else "create"
        return str(self._obstore.put(self._store, self.key, text.encode(), mode=mode, use_multipart=False)["e_tag"])

    def _stored(self, text: str) -> str | None:
        """The version under which the store has this text, None where it has another."""
        found, version = self.fetch()
        return version if found == text else None

    @property
    def _errors(self) -> tuple[type[Exception], ...]:
        return (self._obstore.exceptions.BaseError, OSError)

    @property
    def _moved(self) -> tuple[type[Exception], ...]:
        return (self._obstore.exceptions.PreconditionError, self._obstore.exceptions.AlreadyExistsError)

    def _trouble(self, what: str, error: Exception) -> RecordError:
        """The library's words have addresses and its own insides: only the store's status and code are told."""
        told = str(error)
        parts = (match[1].strip() for pattern in (_STATUS, _CODE) if (match := pattern.search(told)))
        why = ", ".join(parts) or "it does not answer"
        hint = next((hint for word, hint in _HINTS.items() if word in why), _LOOK)
        return RecordError(f"{self.description} cannot be {what}: {why}", hint=hint)


_HINTS = {
    "NoSuchBucket": "create the bucket, or check `record: {s3: {bucket: …}}` and its endpoint and region",
    "403": "this job needs s3:GetObject and s3:PutObject on the object, and s3:ListBucket on the bucket, without which "
    "a record that was never made cannot be told from one that is hidden",
    "301": "check `record: {s3: {region: …}}`: the bucket is in another region",
}
_ODD = "check bucket, region and endpoint under `record: {s3: …}`, and the variables AWS_* of this job"
_LOOK = "check endpoint, region and keys under `record: {s3: …}`"
_VERSIONS = "if the bucket keeps versions, restore the last good one"


def _library() -> ModuleType:
    try:
        importlib.import_module("obstore.store")
        importlib.import_module("obstore.exceptions")
        return importlib.import_module("obstore")
    except ImportError:
        raise RecordError(
            "a record in s3 needs the package obstore", hint="pip install 'phone-reconciler[s3]'"
        ) from None


def _way(options: Mapping[str, str], secrets: Secrets) -> dict[str, Any]:
    """Where the store is; raises RecordError for an address that must not have the keys' signature or the record."""
    environ = secrets.environ
    region = options.get("region") or environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION") or "us-east-1"
    given = next(filter(None, map(environ.get, _ENDPOINTS)), "")
    endpoint = options.get("endpoint") or given or f"https://s3.{region}.amazonaws.com"
    host = host_of(endpoint) or ""
    trusted = {host_of(given) or "", host if _AMAZON.fullmatch(host) else ""} - {""}
    try:
        check_host(endpoint, trusted=trusted, environ=environ)
    except HostRefused as error:
        raise RecordError(f"the record's endpoint: {error}", hint=error.hint) from None
    return {
        "region": region,
        "endpoint": endpoint,
        "aws_endpoint_url_s3": endpoint,
        "client_options": {**_TIMES, "allow_http": is_loopback(host)},
    }


def _keys(options: Mapping[str, str], secrets: Secrets) -> dict[str, Any]:
    """What signs: keys that belong together, else nothing, and the library asks for the role."""
    found = {
        option: options.get(option) or secrets.environ.get(variable, "")
        for option, variable in (
            ("access_key_id", "AWS_ACCESS_KEY_ID"),
            ("secret_access_key", "AWS_SECRET_ACCESS_KEY"),
        )
    }
    if bool(found["access_key_id"]) != bool(found["secret_access_key"]):
        raise RecordError(
            "the record has one of access_key_id and secret_access_key, and needs both",
            hint="write both under `record: {s3: …}`, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
        )
    if not options.get("access_key_id") and (token := secrets.environ.get("AWS_SESSION_TOKEN")):
        found["session_token"] = token
    for option, value in found.items():
        try:
            bare(value, f"AWS_{option.upper()}")
        except SecretError as error:
            raise RecordError(str(error)) from None
        secrets.remember(value)
    return {"credential_provider": partial(_signing, found)} if found["access_key_id"] else {}


def _signing(keys: Mapping[str, str]) -> dict[str, Any]:
    """The keys as the library asks for them: passed by themselves, its variables' session token would join them."""
    token, own = keys.get("session_token"), {key: value for key, value in keys.items() if key != "session_token"}
    return {**own, "token": token, "expires_at": None}


# docs/decisions/177
class S3Record(DocumentRecord):
    """The record in a bucket."""

    def __init__(self, store: S3Store, *, name: str | None) -> None:
        self._s3 = store
        super().__init__(store, name=name)

    @contextlib.contextmanager
    def lock(self, holders: Sequence[Holder]) -> Iterator[Lock]:
        with super().lock(holders) as held:
            self._s3.prove_exclusion()
            yield held

    def rehearse(self, holder: Holder) -> None:
        """Lock and save; where no record was ever made, in an object beside its place, which is taken away again."""
        if self._s3.fetch()[0] is not None:
            super().rehearse(holder)
            return
        beside = self._s3.beside()
        try:
            with S3Record(beside, name=self._name).lock([holder]):
                pass
        finally:
            beside.remove()
