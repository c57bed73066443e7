"""What a decision warns of: fields that cannot be read or compared, writes that are not settled, numbers that are left.

Words only; decides nothing.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence

from reconciler.canonical import Form, Json, is_empty
from reconciler.diagnostics import Diagnostic, Severity
from reconciler.diff import field_changes
from reconciler.model import Change, Desired, FieldChange
from reconciler.plan.candidate import Candidate
from reconciler.rules import RULES
from reconciler.secrets import SecretError
from reconciler.settings import OTHER_PROVIDER, Configuration

_LONGEST_SHOWN = 60
_FEW_TAGS = 30


def variable_unset(desired: Desired, error: SecretError) -> Diagnostic:
    """A variable without value, at the line of the template that has it."""
    place = desired.declared_at
    for path in ("event_url", "url"):
        if "${var:" in str(getattr(desired.value, path, "")):
            place = desired.place_of(path)
    return RULES["variable-unset"].at(place, str(error), error.hint)


def refused(desired: Desired, why: str) -> Diagnostic:
    """A value that its account's provider cannot take: of a run that is undone, as files are judged when loaded."""
    return RULES["value-unsupported"].at(desired.declared_at, f"{desired.address}: {why}", OTHER_PROVIDER)


def event_url_removed(desired: Desired, fields: Sequence[FieldChange]) -> Iterable[Diagnostic]:
    """Call events that will go elsewhere."""
    for change in fields:
        if change.path == "event_url" and change.before and not change.after:
            yield RULES["event-url-removed"].at(
                desired.declared_at,
                f"{desired.address}: without `event_url` its call events go to the application's URL, if one is set",
                "to keep them where they go now, write `event_url` in its entry",
            )


def not_comparable(desired: Desired, want: Form, recorded: Form) -> Iterable[Diagnostic]:
    """Sensitive fields of which the record keeps no digest: there was no key when it was written."""
    for path in want.secrets:
        if path not in recorded.secrets and recorded.json.get("type") == want.json["type"]:
            yield RULES["field-not-comparable"].at(
                desired.place_of(path),
                f"{desired.address}: `{path}` is sensitive and has no digest in the record, so it is not compared",
                "set RECONCILER_RECORD_KEY to 32 bytes or more, or plan with --refresh all",
            )


def unverifiable(desired: Desired, want: Form, unrecorded: Collection[str], *, changes: bool) -> Iterable[Diagnostic]:
    """Fields that neither a read nor the record can tell."""
    for path in sorted(unrecorded):
        if not is_empty(want.json[path]):
            yield RULES["field-unreadable"].at(
                desired.place_of(path),
                f"{desired.address}: `{path}` cannot be read and is not in the record, so it is not compared; "
                "it is written along with the next change of this number",
                "to write it now: reconciler apply --reassert",
            )
        elif changes:
            yield RULES["field-unreadable"].at(
                desired.place_of(path),
                f"{desired.address}: `{path}` cannot be read and is not in the record; this change empties it",
                f"if it may have a value to keep, write `{path}` in the files",
            )


def left_behind(change: Change, desired: Desired) -> Diagnostic:
    """A narrowed run that sends calls to a number whose own forwarding it does not make."""
    return RULES["selection-leaves-out"].at(
        desired.declared_at,
        f"{change.address} sends calls to {desired.key.number}, which was never applied and is not part of this run",
        f"add --target {desired.key.number}",
    )


def body_unreadable(desired: Desired) -> Diagnostic:
    """A forwarding of which only the type can be read, and nothing is recorded."""
    return RULES["field-unreadable"].at(
        desired.declared_at,
        f"{desired.address}: only the type of its live forwarding ({desired.value.type}) can be read and none of it is "
        "in the record, so it is not known to be ours",
        "give the account its `application`, whose list may show it, or check the number at the vendor first",
    )


def unread(candidate: Candidate) -> Diagnostic:
    """A number of an account that cannot be asked, which is told once for all of them."""
    return RULES["provider-error"].at(None, f"{candidate.address} cannot be read: its account is unavailable")


def unsettled(candidate: Candidate) -> Diagnostic:
    """A write of another value may still show: what the files say is written again."""
    return RULES["write-unsettled"].at(
        candidate.desired.declared_at if candidate.desired else None,
        f"{candidate.address}: {_write_of(candidate)} does not show yet and may still take effect; "
        "what the files say is written again",
    )


def not_settled_yet(candidate: Candidate, now: float) -> Diagnostic:
    """A write may still show: nothing can be said of the number yet."""
    wait = max(1, round(candidate.doubt_until - now))
    finding = RULES["write-unsettled"].at(
        candidate.desired.declared_at if candidate.desired else None,
        f"{candidate.address}: {_write_of(candidate)} does not show yet and may still take effect",
        f"run the command again in {wait} s; how long reads may lag is `accounts.{candidate.account}.settle`",
    )
    return finding.with_severity(Severity.ERROR)


def never_showed(candidate: Candidate) -> Diagnostic:
    """A write did not show in all the time that reads may lag: it had no effect."""
    return RULES["write-unsettled"].at(
        None,
        f"{candidate.address}: {_write_of(candidate)} never took effect; the number is no longer in any file and is "
        "not forwarded",
    )


def _write_of(candidate: Candidate) -> str:
    last = candidate.intents[-1] if candidate.intents else candidate.entry
    run = last.run_id[:12] if last else ""
    return f"a write of run {run}" if run else "an earlier write"


def not_owned(candidate: Candidate) -> Diagnostic:
    """A number no longer in any file that the account does not have: it may be the key that is another."""
    return RULES["released-not-owned"].at(
        None,
        f"{candidate.address} is no longer in any file and not among the numbers of account {candidate.account}; "
        "it stays in the record, since another key or application would look the same",
        f'if you no longer have it, list it under `forget: ["{candidate.key.number}"]`',
    )


def changed_by_hand(candidate: Candidate) -> Diagnostic:
    """A number no longer in any file that somebody else has changed."""
    return RULES["released-changed-by-hand"].at(
        None,
        f"{candidate.address}: no longer in any file, and changed by hand: its live forwarding is not what was last "
        "written, so it is only forgotten",
    )


def other_key(digests: int, *, has_key: bool) -> Diagnostic:
    """Sensitive values in the record that cannot be compared with this key, or without one; told once."""
    values = "1 sensitive value" if digests == 1 else f"{digests} sensitive values"
    why = "its digests were made with another key" if has_key else "RECONCILER_RECORD_KEY is not set"
    return RULES["record-key-differs"].at(
        None,
        f"{values} of the record cannot be compared and count as unknown: {why}",
        "set RECONCILER_RECORD_KEY to the key that the record was written with (a local record without it: restore "
        ".reconciler/record.key); if the key was rotated, the next apply records the values with the new one",
    )


def what_moved(live: Form, before: Json | None) -> str:
    """Name what differs in a live value from the one that a change was made from, masked."""
    if before is None:
        return f"it is {live.json['type']} now"
    if live.json["type"] != before.get("type"):
        return f"it was {before.get('type')}, and is {_brief(live.json)}"
    changes = field_changes(Form(before), live.filled_from(Form(before)))
    if not changes:
        return "one of its sensitive values has changed"
    return "; ".join(f"{item.path} was {_short(item.before)}, is {_short(item.after)}" for item in changes[:4])


def _brief(live: Json) -> str:
    """A forwarding of another type in a few words: its type, and where the calls go."""
    goes_to = next((live[path] for path in ("url", "sip_uri", "static_ip") if live.get(path)), None)
    goes_to = goes_to or ", ".join(target["to"] for target in live.get("targets") or ())
    return f"{live['type']} {goes_to}".strip()


def _short(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST_SHOWN else text[: _LONGEST_SHOWN - 3] + "..."


def nothing_selected(
    configuration: Configuration, targets: Iterable[str], selected_tags: Iterable[str], words: str
) -> Diagnostic:
    """Say that the words of a selection mean no number, and what they may have been meant to be."""
    message = f"no managed number in the files matches {words}"
    return RULES["selection-empty"].at(None, message, _meant(configuration, targets, selected_tags))


def _meant(configuration: Configuration, targets: Iterable[str], selected_tags: Iterable[str]) -> str:
    tags = sorted({tag for desired in configuration.desired for tag in desired.tags})
    for word in targets:
        number = word.rpartition("/")[2]
        if number in configuration.numbers:
            accounts = sorted({each.account for each in configuration.desired if each.key.number == number})
            return f"it is in account {accounts[0]}" if accounts else "add `forwarding` or `parking` to its entry"
        if word in tags or word in configuration.accounts:
            return f"did you mean {'--tag' if word in tags else '--account'} {word}?"
    unknown = [tag for tag in selected_tags if tag not in tags]
    if unknown and len(tags) <= _FEW_TAGS:
        return f"tags in the files: {', '.join(tags)}" if tags else "no number in the files has `tags`"
    return "reconciler list"
