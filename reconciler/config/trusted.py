"""The trusted part of reconciler.yaml to settings: accounts, defaults, policy, record.

Where `policy` has a file of its own, no other counts. Knows no numbers and no schedules beyond where a change window
is written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from reconciler.config import values
from reconciler.config.files import SHARED_KEYS, TRUSTED_KEYS, Files, is_own_key, limit_quotes
from reconciler.config.forms import drop_empty_keys, stray_comma
from reconciler.config.include import TRUSTED_FILE
from reconciler.config.models.calls import CALL_SHAPES, UisCalls
from reconciler.config.models.trusted import AccountEntry, DefaultsEntry, PolicyEntry, ProviderType, RecordEntry
from reconciler.config.validation import did_you_mean, read
from reconciler.config.values import MISPLACED, MISPLACED_HINT, kind_of, quoted
from reconciler.diagnostics import Diagnostic, Location, Severity
from reconciler.document import Tree, Unreadable, find, make_map, parse, read_text
from reconciler.document.source import is_ours
from reconciler.rules import RULES
from reconciler.secrets import SecretRef
from reconciler.settings import Account, CallService, Destinations, Policy, Rate, RecordSettings

_KEYS = ("version", *TRUSTED_KEYS, *SHARED_KEYS)
_HINT = "a policy file says `version: 1` and has a `policy` block, as reconciler.yaml may have"


# docs/decisions/071
def read_policy(files: Files, path: Path) -> Tree | None:
    """Read the root of a policy file; every diagnostic goes to `files.found`, and None stands for an unfit one."""
    name = str(path) if str(path) not in files.names else str(path.absolute())
    given = read_text(path)
    if isinstance(given, Unreadable):
        files.found.append(given.at(name))
        return None
    base = files.sources.add(name, given, quoted=is_ours(given))
    document = parse(files.sources, base, given)
    files.found.extend(limit_quotes(document.problems, quoted=is_ours(given)))
    if document.tree is None or any(item.is_error for item in document.problems):
        return None
    wrong = list(_flaws(files, document.tree))
    files.found.extend(wrong or _set_aside(files, name))
    return None if wrong else document.tree


def _flaws(files: Files, tree: Tree) -> Iterator[Diagnostic]:
    if not isinstance(tree.data, dict):
        message = f"a policy file is a map of keys, not {kind_of(tree.data)}"
        yield files.sources.problem("wrong-type", tree.span, message, _HINT)
        return
    version = tree.get("version")
    if version is None or version.data != "1":
        code, span = ("version-missing", tree.span) if version is None else ("version-unsupported", version.span)
        yield files.sources.problem(code, span, "the policy file does not say `version: 1`", _HINT)
    block = tree.get("policy")
    if block is None or block.data is None:
        yield files.sources.problem("missing-key", tree.span, "the file has no `policy`", _HINT)
    for key, span, _value in tree.items():
        if key not in _KEYS and not is_own_key(key):
            yield files.sources.problem("unknown-key", span, f"{quoted(key)} is not known here", _HINT)


def _set_aside(files: Files, name: str) -> Iterator[Diagnostic]:
    """Say that the configuration's own policy does not count."""
    root = files.trusted
    if root is not None and root.get("policy") is not None:
        message = f"the policy of {TRUSTED_FILE} is ignored: the one in {name} applies"
        yield files.sources.problem("policy-ignored", root.key_span("policy"), message)


_ALLOWED = frozenset(("url", "event_url"))
_MARK = "${"
_Where = tuple[str | int, ...]


# docs/decisions/032
def judge_templates(files: Files) -> None:
    """Report every variable where none is replaced."""
    told = {item.location for item in files.found if item.code == "literal-secret"}
    marked = {name for name, text in files.sources.texts() if "$" in text and _MARK in text}
    for file in files.files:
        if file.name in marked:
            for path in _misplaced(_without_own_keys(file.tree.data), ()):
                place = find(file.tree, path)
                if files.sources.location(place) not in told:
                    files.complain("variable-misplaced", place, MISPLACED, MISPLACED_HINT)


def _without_own_keys(data: dict[str, Any]) -> dict[str, Any]:
    """What is read of a file: what stands under the user's own keys is judged where an alias repeats it."""
    return {key: value for key, value in data.items() if not is_own_key(key)}


def _misplaced(data: Any, path: _Where) -> Iterator[_Where]:
    if isinstance(data, dict):
        for key, value in data.items():
            if not (key in _ALLOWED and path and path[-1] == "forwarding" and isinstance(value, str)):
                yield from _misplaced(value, (*path, key))
    elif isinstance(data, list):
        for index, value in enumerate(data):
            yield from _misplaced(value, (*path, index))
    elif isinstance(data, str) and _MARK in data:
        yield path


Providers = Mapping[str, ProviderType]

_ACCOUNT_NAME = re.compile(r"[\w.-]{1,100}")
_SEVERITIES: dict[str, Severity | None] = {"off": None, **{severity.value: severity for severity in Severity}}


@dataclass(slots=True)
class TrustedSettings:
    """What the trusted file says beside its shared sections. `change_window` is as written, to be resolved.

    `calendar_place`: the span of the calendar's last day, if there is one; `zone_place`: that of the section for a time
    zone. `unread`: what is written and was faulty,
    such as `defaults.timeout` or `accounts`; that it is missing would be no finding.
    """

    name: str | None = None
    accounts: dict[str, Account] = field(default_factory=dict)
    calls: dict[str, CallService] = field(default_factory=dict)
    account_names: frozenset[str] = frozenset()
    default_account: str | None = None
    default_timeout: int | None = None
    timezone: str = "Europe/Moscow"
    states_timezone: bool = False
    calendar_until: date | None = None
    calendar_place: int = 0
    zone_place: int = 0
    policy: Policy = field(default_factory=Policy)
    change_window: Tree | None = None
    record: RecordSettings = field(default_factory=RecordSettings)
    unread: set[str] = field(default_factory=set)


def read_settings(files: Files, judge: Tree | None, providers: Providers) -> TrustedSettings:
    """Read the trusted part, with the policy of the root `judge`; every diagnostic goes to `files.found`."""
    settings = TrustedSettings()
    root = files.trusted
    if root is None:
        return settings
    _accounts(files, _said(root, "accounts"), settings, providers)
    _calls(files, _said(root, "calls"), settings)
    _defaults(files, _said(root, "defaults"), settings)
    if judge is not None:
        zone = _zone(files, _said(judge, "defaults"))
        _policy(files, judge, settings, timezone=zone or settings.timezone)
    _record(files, _said(root, "record"), settings)
    _name(files, root, settings)
    near = next((key for key in ("defaults", "accounts") if root.get(key) is not None), None)
    settings.zone_place = root.key_span(near) if near is not None else root.span
    return settings


def _said(root: Tree, key: str) -> Tree | None:
    """What stands under a key; a key without a value says nothing."""
    given = root.get(key)
    return None if given is None or given.data is None else given


def _map(files: Files, tree: Tree | None, name: str) -> Tree | None:
    if tree is not None and not isinstance(tree.data, dict):
        message = f"{name} takes a map, not {values.kind_of(tree.data)}"
        files.complain("wrong-type", tree.span, message, values.instead("a map"))
        return None
    return tree


def _section(files: Files, tree: Tree | None, name: str, model: type) -> Tree | None:
    """A section that is a map, without the keys that say nothing."""
    given = _map(files, tree, name)
    return None if given is None else drop_empty_keys(model, given, files.sources, files.found)


# -- accounts ---------------------------------------------------------------------------------------------------------


def _accounts(files: Files, tree: Tree | None, settings: TrustedSettings, providers: Providers) -> None:
    given = _map(files, tree, "accounts")
    if given is None:
        settings.unread |= {"accounts"} if tree is not None else set()
        return
    settings.account_names = frozenset(given.data)
    for name, span, entry in given.items():
        if not _ACCOUNT_NAME.fullmatch(name):
            message = f"{values.quoted(name)} is not a valid account name"
            hint = "use up to 100 letters, digits, `.`, `_` and `-`: it comes before the / in each number's address"
            files.complain("invalid-value", span, message, hint)
        provider = _provider(files, name, span, entry, providers)
        if provider is None:
            continue
        shape = provider.account
        model = read(shape, drop_empty_keys(shape, entry, files.sources, files.found), files.sources, files.found)
        if model is not None:
            account = _account(name, model, provider, files.sources.location(span))
            settings.accounts[name] = replace(account, places=_secret_places(files, entry, account.options))


def _account(name: str, model: AccountEntry, provider: ProviderType, location: Location) -> Account:
    return Account(
        name,
        model.provider,
        model.base_url,
        location,
        provider.capabilities,
        rate=Rate(model.rate.per_second, model.rate.concurrency),
        settle_seconds=float(model.settle),
        period=model.periods,
        owner=model.owner,
        unheard=model.unheard,
        unlisted=model.unlisted,
        options=model.options,
    )


def _secret_places(files: Files, entry: Tree, options: tuple[object, ...]) -> dict[object, Location]:
    """Where each secret of an account is written."""
    named = zip(getattr(options, "_fields", ()), options, strict=True)
    spans = {value: entry.key_span(key) for key, value in named if isinstance(value, SecretRef)}
    return {value: files.sources.location(span) for value, span in spans.items()}


def _provider(files: Files, name: str, span: int, entry: Tree, providers: Providers) -> ProviderType | None:
    choices = [f"`provider: {each}`" for each in providers]
    if not isinstance(entry.data, dict):
        message = f"the account {values.quoted(name)} takes a map, not {values.kind_of(entry.data)}"
        instead = stray_comma(files.sources, span, entry.data) or f"begin with {choices[0]}"
        place = span if entry.data is None else entry.span
        files.complain("wrong-type", place, message, instead)
        return None
    provider = _said(entry, "provider")
    if provider is None:
        message = f"provider is missing under {name}"
        files.complain("missing-key", span, message, f"add {' or '.join(choices)}")
        return None
    if not isinstance(provider.data, str) or provider.data not in providers:
        shown = values.quoted(provider.data) if isinstance(provider.data, str) else values.kind_of(provider.data)
        files.complain(
            "invalid-value",
            provider.span,
            f"{shown} is not a known provider",
            _provider_meant(str(provider.data), providers),
        )
        return None
    return providers[provider.data]


def _provider_meant(written: str, providers: Providers) -> str:
    """A slip of the name, or which providers there are: `mts` is nearer to mtt by its letters than by its vendor."""
    known = " or ".join(f"{name} ({each.product or each.label})" for name, each in providers.items())
    close = get_close_matches(written.lower(), providers, n=1, cutoff=0.75)
    return f"did you mean {close[0]}?" if close else f"write {known}"


# -- services of live calls -------------------------------------------------------------------------------------------


_AN_ACCOUNT = "an account that can place calls serves by its own name"


# docs/decisions/191
def _calls(files: Files, tree: Tree | None, settings: TrustedSettings) -> None:
    given = _map(files, tree, "calls")
    for name, span, entry in given.items() if given is not None else ():
        if not _ACCOUNT_NAME.fullmatch(name) or name in settings.account_names:
            why = "is the name of an account" if name in settings.account_names else "is not a valid name"
            hint = "use another name, of up to 100 letters, digits, `.`, `_` and `-`"
            files.complain("invalid-value", span, f"{values.quoted(name)} {why}", hint)
        provider = _call_provider(files, name, span, entry)
        if provider is None:
            continue
        shape = CALL_SHAPES[provider]
        model = read(shape, drop_empty_keys(shape, entry, files.sources, files.found), files.sources, files.found)
        if model is None:
            continue
        if isinstance(model, UisCalls) and not (model.access_token or (model.login and model.password)):
            hint = f"add `access_token: {{env: UIS_ACCESS_TOKEN}}`, or `login` and `password`, under calls.{name}"
            files.complain("missing-key", span, f"access_token is missing under {name}", hint)
        settings.calls[name] = CallService(name, provider, model.base_url, files.sources.location(span), model.options)


def _call_provider(files: Files, name: str, span: int, entry: Tree) -> str | None:
    choices = " or ".join(f"`provider: {each}`" for each in CALL_SHAPES)
    if not isinstance(entry.data, dict):
        message = f"{values.quoted(name)} under calls takes a map, not {values.kind_of(entry.data)}"
        files.complain("wrong-type", span if entry.data is None else entry.span, message, f"begin with {choices}")
        return None
    provider = _said(entry, "provider")
    if provider is None:
        files.complain("missing-key", span, f"provider is missing under {name}", f"add {choices}; {_AN_ACCOUNT}")
        return None
    if provider.data not in CALL_SHAPES:
        shown = values.quoted(provider.data) if isinstance(provider.data, str) else values.kind_of(provider.data)
        hint = f"write telphin or uis; {_AN_ACCOUNT}"
        files.complain("invalid-value", provider.span, f"{shown} offers no calls here", hint)
        return None
    return str(provider.data)


# -- defaults, name, record -------------------------------------------------------------------------------------------


def _defaults(files: Files, tree: Tree | None, settings: TrustedSettings) -> None:
    given = _section(files, tree, "defaults", DefaultsEntry)
    if given is None:
        settings.unread |= {"defaults.account", "defaults.timeout"} if tree is not None else set()
        return
    model = read(DefaultsEntry, given, files.sources, files.found) or _sound(files, given, settings)
    settings.default_timeout = model.timeout
    settings.timezone = model.timezone
    settings.states_timezone = given.get("timezone") is not None
    settings.calendar_until = model.calendar_until
    until = given.get("calendar_until")
    settings.calendar_place = until.span if until is not None else 0
    settings.default_account = model.account
    place = given.get("account")
    if model.account is not None and place is not None and model.account not in settings.account_names:
        files.found += unknown_account(files, model.account, place.span, settings)


def _sound(files: Files, given: Tree, settings: TrustedSettings) -> DefaultsEntry:
    """Those defaults that are as they should be: the others are told, and must not be missed everywhere."""
    sound = DefaultsEntry()
    for key, span, value in given.items():
        one = read(DefaultsEntry, make_map(given.span, [(key, span, value)]), files.sources, [])
        if one is None:
            settings.unread.add(f"defaults.{key}")
        else:
            sound = sound.model_copy(update={key: getattr(one, key)})
    return sound


def unknown_account(files: Files, name: str, span: int, settings: TrustedSettings) -> list[Diagnostic]:
    """The diagnostic for an account that does not exist; none where the accounts could not be read."""
    if "accounts" in settings.unread:
        return []
    message = f"there is no account {values.quoted(name)}"
    hint = did_you_mean(name, settings.account_names) or "declare it under `accounts` in reconciler.yaml"
    return [files.sources.problem("unknown-account", span, message, hint)]


def _name(files: Files, root: Tree, settings: TrustedSettings) -> None:
    given = _said(root, "name")
    if given is not None:
        settings.name = files.judged(values.configuration_name, given.data, given.span)
    elif settings.record.backend != "file":
        message = f"a record in {settings.record.backend} is shared, so the configuration needs a name"
        place = root.key_span("record")
        files.complain("name-missing", place, message, "add `name: moscow-lines`")


_NEEDED_BLOCKS = {"postgres": "{dsn: {env: RECONCILER_DSN}}", "s3": "{bucket: NAME}"}


def _record(files: Files, tree: Tree | None, settings: TrustedSettings) -> None:
    given = _section(files, tree, "record", RecordEntry)
    model = read(RecordEntry, given, files.sources, files.found) if given is not None else None
    if given is None or model is None:
        return
    block = getattr(model, model.backend)
    if block is None and model.backend in _NEEDED_BLOCKS:
        hint = f"add `{model.backend}: {_NEEDED_BLOCKS[model.backend]}`"
        files.complain("missing-key", given.span, f"{model.backend} is missing under record", hint)
    options: dict[str, str | SecretRef] = {}
    if block is not None:
        options = {key: value for key in type(block).model_fields if (value := getattr(block, key)) is not None}
    written = given.get(model.backend)
    spans = {key: span for key, span, _value in written.items()} if written is not None and options else {}
    places = {key: files.sources.location(span) for key, span in spans.items()}
    settings.record = RecordSettings(model.backend, options, places=places)


# -- policy -----------------------------------------------------------------------------------------------------------


def _zone(files: Files, defaults: Tree | None) -> str | None:
    """The zone that the policy's own file states: who may shift the zone shifts the change window."""
    zone = _said(defaults, "timezone") if defaults is not None and isinstance(defaults.data, dict) else None
    if defaults is None or zone is None:
        return None
    model = read(DefaultsEntry, drop_empty_keys(DefaultsEntry, defaults, files.sources, []), files.sources, [])
    return model.timezone if model is not None else None


def _policy(files: Files, root: Tree, settings: TrustedSettings, *, timezone: str) -> None:
    given = _section(files, _said(root, "policy"), "policy", PolicyEntry)
    model = read(PolicyEntry, given, files.sources, files.found) if given is not None else None
    severities = _severities(files, given.get("rules")) if given is not None else {}
    if given is None or model is None:
        return
    allow = model.destinations.allow
    settings.change_window = given.get("change_window")
    settings.policy = Policy(
        max_changes=model.max_changes,
        max_deletes=model.max_deletes,
        max_lost_calls=model.max_lost_calls,
        max_failures=model.max_failures,
        change_window_timezone=timezone,
        destinations=Destinations(None if allow is None else tuple(allow), tuple(model.destinations.deny)),
        require_https=model.require_https,
        require_signed_plan=model.require_signed_plan,
        rules=severities,
        location=files.sources.location(root.key_span("policy")),
        places={key: files.sources.location(span) for key, span, _value in given.items()},
    )


def _severities(files: Files, written: Tree | None) -> dict[str, Severity | None]:
    """The chosen severities; codes are judged here, their severities by the model."""
    chosen: dict[str, Severity | None] = {}
    for code, span, severity in written.items() if written is not None and isinstance(written.data, dict) else ():
        rule = RULES.get(code)
        if rule is None:
            hint = did_you_mean(code, RULES) or "a rule is the code in brackets in a diagnostic, such as route-gap"
            files.complain("unknown-rule", span, f"there is no rule {values.quoted(code)}", hint)
        elif not rule.adjustable:
            message = f"the severity of {code} is fixed: {rule.sentence[0].lower()}{rule.sentence[1:].rstrip('.')}"
            files.complain("unknown-rule", span, message, "remove the line")
        elif isinstance(severity.data, str) and severity.data in _SEVERITIES:
            chosen[code] = _SEVERITIES[severity.data]
    return chosen
