"""Contacts led to the phone or SIP ID at their end, and what a target's `to` means.

Knows no forwardings.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from pydantic_core import PydanticCustomError

from reconciler.config import models, phones, values
from reconciler.config.complaints import did_you_mean, read
from reconciler.config.files import Files
from reconciler.config.sections import Declared
from reconciler.document import find


class Recipient(NamedTuple):
    """Who a contact's name stands for."""

    to: str
    timeout: int | None = None
    name: str = ""


class Contacts:
    """Contacts by name, led to their end; unknown ones and circles are reported once."""

    def __init__(self, files: Files, declared: Mapping[str, Declared]) -> None:
        self._files = files
        self._declared = declared
        self._models = {name: self._model(name, entry) for name, entry in declared.items()}
        self._open: list[str] = []
        self._resolved: dict[str, Recipient | None] = {}
        for name in declared:
            self.resolve(name)

    def _model(self, name: str, entry: Declared) -> models.Contact | None:
        if phones.digits_of(name) is not None:
            message = f"the contact's name {values.quoted(name)} reads like a phone number"
            self._files.complain("contact-name", entry.span, message, "use a word")
        return read(models.Contact, entry.tree, self._files.sources, self._files.found)

    def resolve(self, name: str) -> Recipient | None:
        """What a declared contact leads to."""
        if name not in self._resolved:
            self._open.append(name)
            self._resolved[name] = self._lead(name)
            self._open.pop()
        return self._resolved[name]

    def _lead(self, name: str) -> Recipient | None:
        model = self._models[name]
        if model is None:
            return None
        tree = self._declared[name].tree
        to = model["to"]
        if to in self._open:
            circle = [*self._open[self._open.index(to) :], to]
            message = f"contacts lead to each other in a circle: {' -> '.join(circle)}"
            span = find(tree, ("to",))
            self._files.complain("contact-cycle", span, message, "give one a number")
            return None
        beyond = self.find(to, lambda: find(tree, ("to",)))
        if beyond is None:
            return None
        return Recipient(beyond.to, model.get("timeout") or beyond.timeout, model.get("name") or beyond.name)

    def known(self, written: str) -> Recipient | None:
        """What the text under `to` means where that is plain to see: a contact that leads somewhere, or mere digits."""
        recipient = self._resolved.get(written)
        if recipient is None and written not in self._declared and phones.is_plain(written):
            return Recipient(written)
        return recipient

    def find(self, written: str, where: Callable[[], int]) -> Recipient | None:
        """What the text under `to` means, a contact, a SIP ID or a phone number; `where` tells its place."""
        if written in self._declared:
            return self.resolve(written)
        try:
            digits = values.phone_or_sip_id(written)
        except PydanticCustomError as error:
            self._refuse(error, written, where())
            return None
        if not phones.is_sip_id(digits) and phones.form(digits) is phones.Form.UNASSIGNED:
            warn_unassigned(self._files, digits, where())
        return Recipient(digits)

    def _refuse(self, error: PydanticCustomError, written: str, span: int) -> None:
        context = error.context or {}
        code, message, hint = error.type, context["message"], context["hint"]
        if code == "number-invalid" and phones.digits_of(written) is None:
            if self._files.broken:
                return
            code = "unknown-contact"
            message = f"{values.quoted(written)} is neither a contact, nor a phone number, nor a SIP ID"
            hint = (
                did_you_mean(written, self._declared) or "declare it under `contacts`, or write digits like 74992223344"
            )
        self._files.complain(code, span, message, hint)


def warn_unassigned(files: Files, digits: str, span: int) -> None:
    """Warn of a number in no assigned range."""
    message = f"{digits} lies in no range that is assigned to anyone"
    files.complain("number-unassigned", span, message, "look for a mistyped digit")
