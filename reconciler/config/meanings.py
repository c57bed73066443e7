"""What editors show of the schema beside descriptions: titles in plain words, and what each word of a choice means."""

from __future__ import annotations

from collections.abc import Mapping

NOWHERE = "Calls are forwarded nowhere; a forwarding that is there ends."
SOURCE_TITLE = "Where a secret comes from"
ABSENT = "As if the key were absent."

TITLES: Mapping[str, str] = {
    "Contact": "Contact",
    "ContactPart": "Part of a contact",
    "DefaultsEntry": "Defaults",
    "DestinationsEntry": "Allowed and forbidden destinations",
    "EntryPart": "Profile, or part of a number's entry",
    "FileRecord": "Record in a file",
    "ForwardingPart": "Part of a forwarding",
    "EnvironmentEntry": "Environment",
    "ExpectationEntry": "Expectation",
    "GitRecord": "Record in git",
    "Hours": "Hours",
    "HttpRecord": "Record behind HTTP",
    "NumberEntry": "Forwarding to numbers",
    "NumberOfConfig": "Phone number",
    "PeriodEntry": "How an account takes periods",
    "PolicyEntry": "Policy",
    "PostgresRecord": "Record in PostgreSQL",
    "RateEntry": "Request budget",
    "RecordEntry": "Record",
    "Redirect": "How targets ring",
    "S3Record": "Record in a bucket",
    "Scenario": "Scenario",
    "Schedule": "Schedule",
    "SipEntry": "Forwarding to a SIP account",
    "TargetEntry": "Target",
    "TelphinCalls": "Calls at Telphin",
    "TrunkEntry": "Forwarding to a SIP trunk",
    "UisCalls": "Calls at UIS",
    "Union": "How several periods are sent",
    "UrlEntry": "Forwarding to what a URL answers",
    "WeekdayBase": "What weekday 1 means",
}

VALUES: Mapping[str, str] = {
    # how targets ring
    "single": "Only the first target that is on rings.",
    "sequential": "The targets that are on ring one after the other.",
    "parallel": "All targets that are on ring at once.",
    # forwarding
    "number": "To phone numbers and SIP IDs.",
    "url": "To whatever a URL answers, asked for each call.",
    "sip_trunk": "To a static SIP trunk.",
    "sip": "To an external SIP account.",
    # periods
    "entries": "One `call_control` entry for each period.",
    "comma": "One text with commas, which the vendor does not document.",
    "refuse": "Numeric weekdays are an error, as the vendor does not say which day is 1.",
    "sunday": "1 is Sunday.",
    "monday": "1 is Monday.",
    # where the record is
    "file": "SQLite in a local file: one machine.",
    "git": "A ref of a git repository.",
    "http": "Behind the HTTP protocol of Terraform's state, such as GitLab's.",
    "postgres": "A PostgreSQL database.",
    "s3": "An object in a bucket of S3.",
    # severities
    "error": "The run fails.",
    "warning": "Told; fails with --strict.",
    "notice": "Told, and never fails.",
    "off": "Not told.",
}
