"""What a decision warns of: fields that cannot be read or compared, events that go elsewhere, variables without value.

Words only; decides nothing.
"""

from __future__ import annotations

from collections.abc import Iterable

from reconciler.canonical import Form
from reconciler.diagnostics import Diagnostic, Location, Severity
from reconciler.model import Desired
from reconciler.plan.compare import Compared
from reconciler.secrets import SecretError


def variable_unset(desired: Desired, error: SecretError) -> Diagnostic:
    """A variable without value, at the line of the template that has it."""
    place: Location = desired.declared_at
    for path in ("event_url", "url"):
        if path in desired.locations and "${var:" in str(getattr(desired.value, path, "")):
            place = desired.locations[path]
    return Diagnostic("variable-unset", Severity.ERROR, str(error), place)


def event_url_removed(desired: Desired, compared: Compared) -> Iterable[Diagnostic]:
    """Call events that will go elsewhere."""
    for change in compared.fields:
        if change.path == "event_url" and change.before and not change.after:
            yield Diagnostic(
                "event-url-removed",
                Severity.WARNING,
                f"{desired.address}: without `event_url` its call events go to the application's URL, where one is set",
                desired.declared_at,
            )


def not_comparable(desired: Desired, want: Form) -> Iterable[Diagnostic]:
    """Sensitive fields that nothing tells apart without a key."""
    for path in want.secrets:
        yield Diagnostic(
            "field-not-comparable",
            Severity.WARNING,
            f"{desired.address}: `{path}` is sensitive and there is no key, so it cannot be compared with the record",
            desired.locations.get(path, desired.declared_at),
            hint="set RECONCILER_RECORD_KEY to 32 bytes or more, or plan with --refresh all",
        )


def unverifiable(desired: Desired, want: Form, compared: Compared) -> Iterable[Diagnostic]:
    """Fields that neither a read nor the record can tell."""
    for path in sorted(compared.unrecorded):
        if want.json[path] not in ("", None, False):
            yield Diagnostic(
                "field-unreadable",
                Severity.WARNING,
                f"{desired.address}: `{path}` cannot be read and is not in the record, so it is not compared; "
                "it is written along with the next change of this number",
                desired.locations.get(path, desired.declared_at),
                hint="to write it now: reconciler apply --reassert",
            )
        elif compared.fields:
            yield Diagnostic(
                "field-unreadable",
                Severity.WARNING,
                f"{desired.address}: `{path}` cannot be read and is not in the record; this change empties it",
                desired.locations.get(path, desired.declared_at),
                hint=f"if it may have a value that is to stay, write `{path}` in the files",
            )
