"""Canonical values back to values that can be written: what a record or a plan holds, with secrets from the files.

A secret is taken from the configuration only where its keyed digest fits. Knows no vendor.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from reconciler.canonical import TARGET_TEXTS, TEXTS, URL_FIELDS, Form, Json, form
from reconciler.model import (
    VALUES,
    Field,
    Target,
    Value,
    declared,
)
from reconciler.plan.subject import Ground
from reconciler.schedule import Period, PeriodError
from reconciler.secrets import MASK, SecretError, is_sensitive_url
from reconciler.settings import Configuration, Union


class Lost(Exception):
    """A value that cannot be had back: `path` is the field ("" = all of it), `why` a sentence without secrets."""

    def __init__(self, path: str, why: str) -> None:
        super().__init__(why)
        self.path = path
        self.why = why


def fitting(value: Value, type_name: object) -> Json:
    """The canonical form of a value if it is of a type, else nothing."""
    return form(value).json if value.type == type_name else {}


@dataclass(frozen=True, slots=True)
class Restorer:
    """Restores values of one account."""

    configuration: Configuration
    ground: Ground
    account: str
    _templates: dict[str, str] = field(default_factory=dict)

    def value(self, data: Json, digests: Mapping[str, str]) -> Value:
        """The value whose canonical form this is; raises Lost."""
        for path, text in _texts(data):
            if text == MASK:
                raise Lost(path, "it held a secret, and only a mask is recorded")
        filled: Json = {
            path: self._url(path, text, digests) if path in URL_FIELDS else text for path, text in data.items()
        }
        try:
            value = self._built(filled)
        except (KeyError, TypeError, ValueError, AttributeError):
            raise Lost("", "it is not recorded whole") from None
        hidden = [path for path in URL_FIELDS if MASK in str(data.get(path))]
        for path in Form(data).without(hidden).apart(form(value)):
            raise Lost(path, "it is not recorded as it was")
        return value

    def _url(self, path: str, text: object, digests: Mapping[str, str]) -> object:
        """A URL as it stands, or for a masked one the template of the files that gives the very same."""
        if not isinstance(text, str) or MASK not in text:
            return text
        if path not in digests:
            raise Lost(path, "it is a secret, of which no digest was kept")
        template = self._known_templates().get(digests[path])
        if template is None:
            raise Lost(path, "it was a secret, and no URL in the files is that one now")
        return template

    def _known_templates(self) -> Mapping[str, str]:
        """Every sensitive URL of the files by the keyed digest of what it is in clear."""
        if not self._templates:
            urls = [getattr(each.value, path, "") for each in self.configuration.desired for path in URL_FIELDS]
            for template in (url for url in urls if is_sensitive_url(url) or self.ground.secrets.holds(url)):
                try:
                    digest = self.ground.digester.digest(self.ground.secrets.resolve(template))
                except SecretError:
                    continue
                if digest is not None:
                    self._templates[digest] = template
        return self._templates

    def _built(self, data: Json) -> Value:
        """The value of a form; raises KeyError, TypeError, ValueError."""
        shape = VALUES[data["type"]]
        return shape(**self._parts(shape, data))

    def _parts(self, shape: type[Value | Target], data: Json) -> Json:
        return {each.name: self._part(each, data[each.key]) for each in declared(shape)}

    def _part(self, each: Field, value: object) -> object:
        """One field; what is not known has its default."""
        match value:
            case list():
                return tuple(Target(**self._parts(Target, target)) for target in value)
            case str() | None if each.key == "schedule":
                return self._periods(value)
            case None if not each.is_required:
                return each.default
            case str() | int():
                return each.type(value)
        raise TypeError(each.key)

    def _periods(self, text: str | None) -> tuple[str, ...]:
        """A recorded period as the account sends it: one entry a part, or one text with commas."""
        if text is None:
            return ()
        one_each = self.configuration.accounts[self.account].period.union is Union.ENTRIES
        try:
            parts = Period.parse(text).parts if one_each else ()
        except PeriodError:
            parts = ()
        return parts or (text,)


def _texts(data: Json) -> Iterator[tuple[str, object]]:
    """The texts, but for URLs, that are masked whole where a secret is in them."""
    yield from ((path, data.get(path)) for path in TEXTS if path not in URL_FIELDS)
    for at, target in enumerate(data.get("targets") or ()):
        yield from ((f"targets[{at}].{name}", target.get(name)) for name in TARGET_TEXTS)
