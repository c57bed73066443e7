"""Every rule code, once: its default severity, one sentence, and whether `policy.rules` may change it.

A code is stable and never reused. Only a rule makes a diagnostic, so its severity stands once; the docs page of rules
is generated from here.
Adding a rule: a row here, an example under `examples/invalid/` that triggers exactly it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from reconciler.diagnostics import Diagnostic, Finding, Location, Related, Severity

_ERROR, _WARNING, _NOTICE = Severity.ERROR, Severity.WARNING, Severity.NOTICE


class Rule(NamedTuple):
    """One row of the table. `adjustable`: `policy.rules` may give it another severity or switch it off."""

    code: str
    severity: Severity
    sentence: str
    adjustable: bool = False

    def at(
        self, place: Location | None, message: str, hint: str | None = None, related: tuple[Related, ...] = ()
    ) -> Diagnostic:
        """Report a breach of this rule, at a place where there is one."""
        return Diagnostic(self.code, self.severity, message, place, hint, related)

    def about(self, numbers: Sequence[str], place: Location | None, what: str, hint: str | None = None) -> Diagnostic:
        """Report a breach of this rule that reaches these numbers; those of one fault are told as one."""
        return Diagnostic(self.code, self.severity, "", place, hint, what=what).reaching(numbers)

    def within(self, start: int, end: int, message: str, hint: str | None = None) -> Finding:
        """Report a breach of this rule between two characters of a text."""
        return Finding(self.code, self.severity, message, start, end, hint)


_TABLE: tuple[Rule, ...] = (
    # -- files and YAML ---------------------------------------------------------------------------------------------
    Rule("config-missing", _ERROR, "The folder has no reconciler.yaml."),
    Rule("file-unreadable", _ERROR, "A file of the configuration cannot be read."),
    Rule("file-outside", _ERROR, "A file of the configuration is a link to a place outside it."),
    Rule("file-encoding", _ERROR, "A file is not UTF-8."),
    Rule("file-empty", _ERROR, "A file has no content."),
    Rule("file-line-length", _ERROR, "A line is too long to read."),
    Rule("text-control", _ERROR, "Text contains a control or invisible character."),
    Rule("text-direction", _ERROR, "An invisible character changes the direction of the text."),
    Rule("yaml-syntax", _ERROR, "A file is not valid YAML."),
    Rule("yaml-tab", _ERROR, "A line is indented with a tab."),
    Rule("yaml-blank", _ERROR, "A line is indented with blanks that are not spaces."),
    Rule("yaml-flow-quotes", _ERROR, "A period or a variable inside {…} or […] is not quoted."),
    Rule("yaml-duplicate-key", _ERROR, "A map has the same key twice."),
    Rule("yaml-depth", _ERROR, "The nesting is too deep."),
    Rule("yaml-expansion", _ERROR, "Aliases expand to far too many values."),
    Rule("yaml-alias", _ERROR, "An alias has no anchor, or is inside its own anchor."),
    Rule("yaml-merge", _ERROR, "A merge key has no map to merge."),
    Rule("yaml-tag", _ERROR, "A value has a YAML tag."),
    Rule("yaml-key", _ERROR, "A key is not plain text."),
    Rule("yaml-documents", _ERROR, "A file holds more than one YAML document."),
    # -- configuration ----------------------------------------------------------------------------------------------
    Rule("version-missing", _ERROR, "A file does not say `version: 1`."),
    Rule("version-unsupported", _ERROR, "A file has an unknown version."),
    Rule("trusted-only", _ERROR, "An included file has a key that is allowed only in reconciler.yaml."),
    Rule("trusted-unreadable", _ERROR, "The trusted reconciler.yaml cannot be read from git."),
    Rule("trusted-taken", _NOTICE, "The trusted reconciler.yaml was taken from git; the message says which one."),
    Rule("trusted-ignored", _WARNING, "Lines of the working copy's reconciler.yaml were ignored.", adjustable=True),
    Rule("include-pattern", _ERROR, "An include pattern leads out of the folder."),
    Rule("include-empty", _WARNING, "An include pattern matches no file.", adjustable=True),
    Rule("include-case", _WARNING, "A file is not read because of capital letters in its name.", adjustable=True),
    Rule("path-not-included", _ERROR, "A path on the command line is not a file of the configuration."),
    Rule("release-unfit", _ERROR, "The configuration asks for another release of reconciler."),
    Rule("unknown-key", _ERROR, "A key is not known here."),
    Rule("missing-key", _ERROR, "A required key is missing."),
    Rule("wrong-type", _ERROR, "A value is of the wrong kind: a text, a list, a map, a number, true or false."),
    Rule("invalid-value", _ERROR, "A value is not one of those allowed."),
    Rule("duplicate-entry", _ERROR, "An entry is declared in two places."),
    Rule("name-missing", _ERROR, "A configuration with a shared record has no name."),
    Rule("literal-secret", _ERROR, "A secret is written in a file."),
    Rule("secret-reference", _ERROR, "A secret's source is not one of env, file and command."),
    Rule("variable-misplaced", _ERROR, "A ${var:…} is malformed, or is in a place where variables are not replaced."),
    Rule("unknown-account", _ERROR, "A named account does not exist."),
    Rule("unknown-schedule", _ERROR, "A named schedule does not exist."),
    Rule("unknown-profile", _ERROR, "A named profile does not exist."),
    Rule("unknown-contact", _ERROR, "A target is neither a contact, nor a phone number, nor a SIP ID."),
    Rule("unknown-environment", _ERROR, "There is no environment of that name."),
    Rule("unknown-scenario", _ERROR, "A named scenario does not exist."),
    Rule("unknown-rule", _ERROR, "A rule named under policy does not exist, or its severity is fixed."),
    Rule("profile-cycle", _ERROR, "Profiles use each other in a loop."),
    Rule("contact-cycle", _ERROR, "Contacts refer to each other in a loop."),
    Rule("contact-name", _ERROR, "A contact's name looks like a phone number."),
    # -- numbers, targets, parking ----------------------------------------------------------------------------------
    Rule("number-invalid", _ERROR, "A value is not a valid phone number."),
    Rule("number-trunk-prefix", _ERROR, "A phone number begins with the Russian trunk prefix 8 instead of 7."),
    Rule("number-unassigned", _WARNING, "A phone number is not in any assigned range.", adjustable=True),
    Rule("sip-id-length", _ERROR, "A SIP ID does not have 15 digits."),
    Rule("numbers-missing", _WARNING, "The configuration declares no numbers.", adjustable=True),
    Rule("account-missing", _ERROR, "A number has no account, and there is no default."),
    Rule("account-kind", _ERROR, "A number needs something its account's provider does not support."),
    Rule("value-unsupported", _ERROR, "An account's provider cannot take what a number is to do."),
    Rule("forwarding-type", _ERROR, "A forwarding has no type, or one that does not exist."),
    Rule("targets-empty", _ERROR, "A forwarding to numbers has no target."),
    Rule(
        "targets-many",
        _ERROR,
        "A forwarding to numbers needs more entries than its account allows or can be read back.",
    ),
    Rule("entries-many", _NOTICE, "A few targets become many entries at the vendor.", adjustable=True),
    Rule("timeout-range", _ERROR, "A timeout is out of range."),
    Rule("timeout-missing", _ERROR, "A target has no timeout: neither its own, nor its contact's, nor a default."),
    Rule("port-range", _ERROR, "A port is not within 1 to 65535."),
    Rule("ip-invalid", _ERROR, "A value is not a valid IP address."),
    Rule("did-invalid", _ERROR, "A DID is not a number without a leading zero."),
    Rule("sip-uri-invalid", _ERROR, "A value is not of the form user@host or user@host:port."),
    Rule("url-invalid", _ERROR, "A value is not a valid http or https URL."),
    Rule("require-https", _ERROR, "A URL is not https, and policy.require_https is true."),
    Rule("display-number-unused", _WARNING, "A display_number has no effect because masking is off.", adjustable=True),
    Rule("event-extended-unused", _WARNING, "event_extended has no effect without event_url.", adjustable=True),
    Rule("forget-declared", _ERROR, "A number is both declared and listed under forget."),
    # -- calls across the configuration -----------------------------------------------------------------------------
    Rule("route-loop", _ERROR, "Calls loop among managed numbers."),
    Rule("route-gap", _WARNING, "There is a time at which no target rings.", adjustable=True),
    Rule("route-double-ring", _WARNING, "The same target is called twice at the same time.", adjustable=True),
    Rule(
        "route-shadowed", _WARNING, "A target never rings because those before it cover all its time.", adjustable=True
    ),
    Rule(
        "route-single-several", _WARNING, "Several targets are active at once under redirect: single.", adjustable=True
    ),
    Rule("route-dead-end", _WARNING, "A target is a managed number that forwards nowhere.", adjustable=True),
    Rule("route-long-chain", _WARNING, "A call passes through more than three forwardings.", adjustable=True),
    Rule("route-long-ringing", _WARNING, "Sequential targets ring for more than 180 s in total.", adjustable=True),
    Rule("display-number-foreign", _WARNING, "A display_number belongs to another account.", adjustable=True),
    Rule("url-without-reserve", _WARNING, "Nobody gets the call if the URL cannot be reached.", adjustable=True),
    Rule("trunk-private-address", _WARNING, "A trunk's address is private or loopback.", adjustable=True),
    Rule("parking-without-listener", _WARNING, "Parking is on, but the account has no redirect_uri.", adjustable=True),
    Rule("expectation-unmet", _ERROR, "Somebody else rings than `expectations` says.", adjustable=True),
    Rule("expectation-past", _WARNING, "An expectation names a time that is over.", adjustable=True),
    Rule("phone-shared", _WARNING, "One phone rings for too many numbers at the same time.", adjustable=True),
    # -- periods and schedules (every code begins with `period-` or `schedule-`) ---------------------------------------
    Rule("schedule-shape", _ERROR, "A schedule has no times, or mixes forms that exclude each other."),
    Rule("schedule-cycle", _ERROR, "Schedules refer to each other in a loop."),
    Rule("schedule-not-compiled", _ERROR, "A schedule cannot be compiled to periods."),
    Rule(
        "calendar-ending",
        _WARNING,
        "The calendar of public holidays ends within 60 days, or has ended.",
        adjustable=True,
    ),
    Rule("calendar-file", _ERROR, "A schedule's calendar file cannot be read."),
    Rule("event-written-out", _WARNING, "A calendar's event is written out up to a day, or left out."),
    Rule("holidays-estimated", _NOTICE, "Days of a calendar are estimates and may still move.", adjustable=True),
    Rule("holidays-unannounced", _NOTICE, "A year's moved holidays are not announced yet.", adjustable=True),
    Rule("hours-end-early", _WARNING, "Hours end at 23:59 and leave the last minute of the day out.", adjustable=True),
    Rule("dates-reversed", _WARNING, "Dates that run over the year's end are most of it.", adjustable=True),
    Rule("schedule-verbatim", _WARNING, "A period is sent as written, unchecked.", adjustable=True),
    Rule("assume-timezone", _NOTICE, "The time zone in which periods are evaluated is an assumption.", adjustable=True),
    Rule("period-too-long", _ERROR, "A period is too long to compare."),
    Rule("period-newline", _ERROR, "A period contains a line break; the vendor would ignore what follows."),
    Rule("period-blank", _ERROR, "A period has a vertical tab or form feed instead of a space."),
    Rule("period-control", _ERROR, "A period contains a control character."),
    Rule("period-dash", _ERROR, "A period has a dash or minus sign that is not an ASCII hyphen."),
    Rule("period-non-ascii", _ERROR, "A period contains a character that is not ASCII."),
    Rule("period-word", _ERROR, "A word such as always, never or any is used as a period."),
    Rule("period-scale", _ERROR, "Braces do not follow a scale."),
    Rule("period-braces", _ERROR, "The braces of a period are missing or unbalanced."),
    Rule("period-junk", _ERROR, "There is text between or after the items of a period."),
    Rule("period-empty-braces", _ERROR, "Braces are empty, which would silently mean never."),
    Rule("period-empty-part", _ERROR, "There is nothing before a comma."),
    Rule("period-comma-inside", _ERROR, "There is a comma inside braces, where values are separated by spaces."),
    Rule("period-separator", _ERROR, "Values are joined by something other than a hyphen or a space."),
    Rule("period-open-range", _ERROR, "A range has only one end, or a number is negative."),
    Rule("period-several-dashes", _ERROR, "A range has more than one dash."),
    Rule("period-hour", _ERROR, "A word is not an hour of the 24-hour or 12-hour clock."),
    Rule("period-minute", _ERROR, "A number is not a valid minute."),
    Rule("period-second", _ERROR, "A number is not a valid second."),
    Rule("period-year", _ERROR, "A number is not a valid year for a period."),
    Rule("period-range", _ERROR, "A number is out of range for its scale."),
    Rule("period-name", _ERROR, "A word is neither the name of a month or weekday nor a prefix of one."),
    Rule("period-number", _ERROR, "A word is used where only digits are allowed."),
    Rule("period-comma", _ERROR, "A period has a comma, but the account does not allow commas."),
    Rule("period-none", _ERROR, "A period is 'none', a word that the vendor does not document.", adjustable=True),
    Rule(
        "period-numeric-weekday",
        _ERROR,
        "A weekday is a number, which could count from Sunday or from Monday.",
        adjustable=True,
    ),
    Rule("period-dialect", _WARNING, "Releases of the period language read a period differently.", adjustable=True),
    Rule("period-trailing-comma", _WARNING, "A period ends with a comma.", adjustable=True),
    Rule(
        "period-inclusive-end",
        _WARNING,
        "A range includes its last value, which is probably one too many.",
        adjustable=True,
    ),
    Rule(
        "period-overnight",
        _WARNING,
        "Hours past midnight are combined with days: the morning is that of the same day.",
        adjustable=True,
    ),
    Rule(
        "period-week-of-month",
        _WARNING,
        "A period counts weeks of the month, which are rows of a calendar whose weeks begin on Sunday.",
        adjustable=True,
    ),
    Rule("period-day-of-year", _WARNING, "A day of the year falls on another date in leap years.", adjustable=True),
    Rule(
        "period-month-end",
        _WARNING,
        "Days of the month do not exist in short months, or wrap around the end of the month.",
        adjustable=True,
    ),
    Rule("period-never", _WARNING, "A part of a period never matches.", adjustable=True),
    Rule("period-always", _WARNING, "A period lists every value, which means always.", adjustable=True),
    Rule("period-two-digit-year", _WARNING, "A two-digit year changes its meaning every century.", adjustable=True),
    Rule(
        "period-reversed-years",
        _WARNING,
        "A range of years is reversed; it is swapped, not wrapped.",
        adjustable=True,
    ),
    Rule("period-expired", _WARNING, "The last year of a period is in the past.", adjustable=True),
    Rule("period-expires", _NOTICE, "A period ends with its last year.", adjustable=True),
    Rule("period-minute-without-hour", _WARNING, "Minutes without hours apply in every hour.", adjustable=True),
    Rule("period-seconds", _WARNING, "A period depends on seconds, which no call routing needs.", adjustable=True),
    Rule(
        "period-day-without-month",
        _WARNING,
        "A day of the month without a month applies in every month.",
        adjustable=True,
    ),
    Rule(
        "period-month-alone",
        _WARNING,
        "A month without anything smaller means all its days, day and night.",
        adjustable=True,
    ),
    Rule(
        "period-daylight-saving",
        _WARNING,
        "Clocks change within a period: an hour is skipped or repeated.",
        adjustable=True,
    ),
    # -- live reads, plan, policy -------------------------------------------------------------------------------------
    Rule("provider-error", _ERROR, "A vendor's API failed."),
    Rule(
        "provider-host-refused", _ERROR, "A credential would go to a host that is not trusted, or be sent unencrypted."
    ),
    Rule("provider-unauthorized", _ERROR, "The vendor refused the credential."),
    Rule("provider-login-required", _ERROR, "A person must log in to the account (again)."),
    Rule("provider-token-store", _ERROR, "The token store cannot be used."),
    Rule("provider-forbidden", _ERROR, "The credential does not permit this."),
    Rule("provider-not-owned", _ERROR, "The number does not belong to the account or its application."),
    Rule("provider-rate-limited", _ERROR, "The vendor refused further requests for now."),
    Rule("provider-rejected", _ERROR, "The vendor understood the request and refused it."),
    Rule("provider-unavailable", _ERROR, "The vendor could not be reached, or the connection was cut."),
    Rule("provider-timeout", _ERROR, "The vendor did not answer in time."),
    Rule("provider-unexpected-response", _ERROR, "The vendor's answer is not a documented one."),
    Rule("provider-list-incomplete", _ERROR, "The list of an account's numbers is incomplete."),
    Rule(
        "sandbox-in-use",
        _WARNING,
        "RECONCILER_SANDBOX puts all accounts and the record into a sandbox on this machine.",
        adjustable=True,
    ),
    Rule("schedule-ending", _WARNING, "A schedule has its last day soon.", adjustable=True),
    Rule("login-ending", _WARNING, "A login at a vendor ends soon, or it is not known when.", adjustable=True),
    Rule("parking-unconfirmed", _NOTICE, "No read has ever confirmed a parking.", adjustable=True),
    Rule("record-old", _WARNING, "Nothing was written to the record for a long time.", adjustable=True),
    Rule("scenario-in-force", _WARNING, "A scenario is in force since an earlier apply.", adjustable=True),
    Rule("variable-unset", _ERROR, "A ${var:…} has no value in the environment."),
    Rule("block-missing", _ERROR, "A recorded block is missing from an entry that is still there."),
    Rule("event-url-removed", _WARNING, "Without event_url the call events go to the application's URL."),
    Rule("field-unreadable", _WARNING, "A field that cannot be read is not in the record and is not compared."),
    Rule("released-changed-by-hand", _WARNING, "A number removed from the files has since been changed by hand."),
    Rule("field-not-comparable", _WARNING, "Without a key a sensitive field is not compared with the record."),
    Rule("released-not-owned", _WARNING, "A number removed from the files is not among the account's numbers."),
    Rule("selection-leaves-out", _WARNING, "A narrowed run sends calls to a number that it does not include."),
    Rule("write-unsettled", _WARNING, "A write of an earlier run does not show, and may still take effect."),
    Rule("record-key-differs", _WARNING, "The record's sensitive values were stored with another key."),
    Rule("record-account-gone", _WARNING, "No account in the configuration has this recorded number."),
    Rule("import-elsewhere", _WARNING, "An import changes what another environment has."),
    Rule("import-left-out", _ERROR, "A live number cannot be written into the files."),
    Rule("selection-empty", _ERROR, "No number in the files matches --target, --tag and --account."),
    Rule("needs-allow-delete", _ERROR, "A delete needs consent."),
    Rule("needs-allow-adopt", _ERROR, "Adopting a live forwarding needs consent."),
    Rule("needs-allow-protected", _ERROR, "Changing a protected number needs consent."),
    Rule("needs-allow-listening", _ERROR, "Listening to a conversation needs consent, and a right to do it."),
    Rule("policy-max-changes", _ERROR, "More numbers would change in one run than policy permits."),
    Rule("policy-max-deletes", _ERROR, "More numbers would be deleted in one run than policy permits."),
    Rule("policy-max-lost-calls", _ERROR, "More calls of the past would reach nobody than policy permits."),
    Rule("policy-destination", _ERROR, "Calls would go where policy forbids."),
    Rule("policy-change-window", _ERROR, "The change window is closed."),
    Rule("unwritable-fields", _ERROR, "A write may reset live values that cannot be written."),
    Rule("undo-left-out", _ERROR, "What a run found before it wrote cannot be restored."),
    Rule("undo-overwrites", _WARNING, "An undo would overwrite changes made after the run."),
    Rule("undo-unsure", _WARNING, "Part of what a run found before it wrote is not known, or cannot be written."),
    Rule("policy-ignored", _NOTICE, "The configuration's own policy is ignored because --policy names another."),
    Rule("traffic-file", _ERROR, "A file of calls cannot be read, or has rows that are no calls."),
    Rule("traffic-others", _NOTICE, "Calls of --traffic are to numbers that no file declares, and are left out."),
    Rule("traffic-foreign", _WARNING, "No call of --traffic is to a number that a file declares."),
    Rule("traffic-unknown", _WARNING, "What a change does to the calls of --traffic cannot be told."),
    Rule("traffic-missing", _NOTICE, "Policy limits lost calls, and the plan was made without --traffic."),
    Rule("plan-needs-record-key", _ERROR, "A plan with sensitive values cannot be stored without a key."),
    Rule(
        "variable-short", _ERROR, "A variable's value is so short that a saved plan would reveal it.", adjustable=True
    ),
    Rule("key-exposed", _WARNING, "A private signing key can be read or changed by others.", adjustable=True),
    Rule("plan-stale", _ERROR, "The plan no longer matches the files, the record or the live numbers."),
    Rule("plan-applied", _NOTICE, "A saved plan, or part of it, has already been applied."),
    # -- apply and record ---------------------------------------------------------------------------------------------
    Rule("read-back", _ERROR, "A write reads back differently, or cannot be read back."),
    Rule("record-locked", _ERROR, "Somebody else holds the lock of an account."),
    Rule("record-unusable", _ERROR, "The record cannot be read or written."),
    Rule("record-not-saved", _ERROR, "The record could not be saved, so writing stopped."),
    Rule("lock-not-released", _WARNING, "A lock could not be released at the end of a run."),
    Rule("record-on-ci", _ERROR, "A CI machine would lose the record, which is a local file."),
    # -- the command line ---------------------------------------------------------------------------------------------
    Rule("usage", _ERROR, "The command line is wrong."),
    Rule("interrupted", _ERROR, "Ctrl-C or SIGTERM ended the command."),
    Rule("deadline-passed", _ERROR, "The command reached its deadline and stopped in order."),
    Rule("not-approved", _ERROR, "What would be done was shown, and the answer was not yes."),
    Rule("calls-undeclared", _ERROR, "No service of live calls of that name is declared."),
    Rule("nothing-to-show", _ERROR, "The name matches no number, plan file, run or call."),
    Rule("events-store", _ERROR, "The store of call events cannot be read or written."),
    Rule("file-exists", _ERROR, "A file that would be written exists, and is not replaced."),
    Rule("plan-file", _ERROR, "A plan file cannot be read or saved."),
    Rule("plan-signature", _ERROR, "A plan file's signature is missing, damaged, of another key, or does not fit."),
    Rule("plan-unsigned", _ERROR, "Policy requires signed plans, and no trusted key has signed this one."),
    Rule("key-file", _ERROR, "A file with a signing or verifying key cannot be used."),
    Rule("secret-missing", _ERROR, "A secret cannot be read from its source."),
    Rule("command-failed", _ERROR, "A command failed."),
    Rule("plugin-unusable", _ERROR, "A plugin is installed and cannot be used."),
    Rule("program-fault", _ERROR, "The program has a bug; please report it."),
)

RULES: dict[str, Rule] = {rule.code: rule for rule in _TABLE}
