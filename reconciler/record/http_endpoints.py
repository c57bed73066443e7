"""Where a record's state server is: what the configuration says, filled up from the variables that CI templates set.

Knows no requests. The tokens beside a record have a document of their own, at an address derived from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import urlsplit

from reconciler.record.base import RecordError
from reconciler.record.http_wire import Endpoints, Wire, basic
from reconciler.record.waits import Waits
from reconciler.secrets import SecretError, Secrets, bare, mask_url

_DEFAULTS = {"lock_method": "LOCK", "unlock_method": "UNLOCK", "update_method": "POST"}
_METHODS = {
    "lock_method": ("LOCK", "POST", "PUT"),
    "unlock_method": ("UNLOCK", "DELETE", "POST", "PUT"),
    "update_method": ("POST", "PUT"),
}
_OF_ANY_SERVER = ("DELETE", "POST", "PUT")
_VARIABLES = {
    "address": "TF_HTTP_ADDRESS",
    "lock_address": "TF_HTTP_LOCK_ADDRESS",
    "unlock_address": "TF_HTTP_UNLOCK_ADDRESS",
    "lock_method": "TF_HTTP_LOCK_METHOD",
    "unlock_method": "TF_HTTP_UNLOCK_METHOD",
    "update_method": "TF_HTTP_UPDATE_METHOD",
    "username": "TF_HTTP_USERNAME",
    "password": "TF_HTTP_PASSWORD",
}
_ADDRESSES = ("address", "lock_address", "unlock_address")
_TOKENS = "-tokens"


def open_wire(
    options: Mapping[str, str], secrets: Secrets, *, tokens: bool = False, waits: Waits | None = None
) -> Wire:
    """Return the way to the record's document, or to that of its tokens; raises RecordError where it has no lock."""
    chosen = {name: _choose(options, name, secrets.environ.get(variable)) for name, variable in _VARIABLES.items()}
    _check(chosen)
    for name in ("username", "password"):
        _check_quotes(chosen[name], _VARIABLES[name])
    secrets.remember(chosen["password"])
    endpoints = Endpoints(
        address=chosen["address"],
        lock_address=chosen["lock_address"],
        unlock_address=chosen["unlock_address"] or chosen["lock_address"],
        lock_method=chosen["lock_method"],
        unlock_method=chosen["unlock_method"],
        update_method=chosen["update_method"],
        basic=basic(chosen["username"], chosen["password"]) if chosen["username"] or chosen["password"] else "",
    )
    given = (secrets.environ.get(_VARIABLES[name], "") for name in _ADDRESSES)
    trusted = frozenset(_host(address) or "" for address in given) - {""}
    return Wire(_beside(endpoints) if tokens else endpoints, secrets, trusted=trusted, waits=waits)


def _choose(options: Mapping[str, str], option: str, variable: str | None) -> str:
    """What the configuration says, unless that is only the default; then the environment; then the default."""
    default = _DEFAULTS.get(option, "")
    given = options.get(option, default)
    return given if given != default else variable or default


def _check(chosen: Mapping[str, str]) -> None:
    if not chosen["address"]:
        raise RecordError(
            "the record has no address", hint="write `record: {http: {address: …}}`, or set TF_HTTP_ADDRESS"
        )
    if not chosen["lock_address"]:
        raise RecordError(
            "the record has no lock_address, and without a lock it is not safe",
            hint=f"for GitLab: lock_address: {chosen['address']}/lock, lock_method: POST, unlock_method: DELETE",
        )
    for name in _ADDRESSES:
        if chosen[name] and _host(chosen[name]) is None:
            raise RecordError(
                f"the record's {name} is not a URL", hint=f"check {_VARIABLES[name]} and `record: {{http: …}}`"
            )

    _check_methods(chosen)


def _check_methods(chosen: Mapping[str, str]) -> None:
    """Raise RecordError for a request that no state server knows, and that may mean something else to another."""
    for name, known in _METHODS.items():
        if chosen[name] not in known:
            hint = f"write {', '.join(known[:-1])} or {known[-1]}"
            raise RecordError(f"the record's {name} is no method of a state server: {chosen[name]}", hint=hint)
    lock = chosen["lock_address"]
    for name, address in (("lock_method", lock), ("unlock_method", chosen["unlock_address"] or lock)):
        if chosen[name] in _OF_ANY_SERVER and "lock" not in urlsplit(address).path.lower():
            hint = "the address of a lock has the word lock in its path, or is asked by LOCK and UNLOCK"
            raise RecordError(f"the record's {name} {chosen[name]} would change what may be no lock", hint=hint)


def _check_quotes(given: str, variable: str) -> None:
    try:
        bare(given, variable)
    except SecretError as error:
        raise RecordError(str(error)) from None


def _host(address: str) -> str | None:
    """The host of an address; None where there is none, or it cannot be read."""
    try:
        return urlsplit(address).hostname
    except ValueError:
        return None


def _beside(endpoints: Endpoints) -> Endpoints:
    """Where the tokens are: `…/NAME-tokens`, locked where the record is locked, under that name in place of NAME.

    NAME is what the document's address ends with: the last part of its path, or the one parameter of its query.
    """
    moved = {each: _renamed(getattr(endpoints, each), endpoints.address) for each in _ADDRESSES}
    return replace(endpoints, **moved)


def _renamed(address: str, document: str) -> str:
    """Put the name of the tokens into an address that has that of the document; raises RecordError."""
    parts, base = urlsplit(address), urlsplit(document)
    whole, in_path = base.path.rstrip("/"), parts.path.split("/")
    name = whole.rpartition("/")[2]
    if base.query:
        if parts.query == base.query and "=" in base.query and "&" not in base.query:
            return parts._replace(query=base.query + _TOKENS).geturl()
    elif name and (parts.path + "/").startswith(whole + "/"):
        return parts._replace(path=whole + _TOKENS + parts.path.removeprefix(whole)).geturl()
    elif name and in_path.count(name) == 1:
        return parts._replace(path="/".join(each + _TOKENS if each == name else each for each in in_path)).geturl()
    raise RecordError(
        f"no place for shared tokens can be derived from {mask_url(address)}",
        hint="use addresses that both have the state's name, such as …/states/NAME and …/locks/NAME",
    )
