"""Each mistake that people make in the files: the place, the cause, what to write instead.

A row is written from what a person should be told. `¦` stands in the text before the place that must be named.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.cli.conftest import Cli
from tests.cli.test_mistakes import told

HEAD = """\
version: 1
defaults: {account: sales, timeout: 20, timezone: Europe/Moscow}
accounts:
  sales: {provider: exolve, api_key: {env: EXOLVE_API_KEY}}
contacts: {duty-desk: {to: "74992223344"}}
schedules:
  office-hours: {period: "wd {mon-fri} hr {9-17}"}
profiles: {hotline: {tags: [hotline]}}
"""


class Slip(NamedTuple):
    """A text with a slip in it: the rule's code, and words of the cause and of the remedy."""

    name: str
    text: str
    code: str
    words: tuple[str, ...]


def slip(name: str, text: str, code: str, *words: str) -> Slip:
    return Slip(name, text, code, words)


def entry(*lines: str) -> str:
    """A configuration with these lines in the entry of its one number."""
    return HEAD + 'numbers:\n  "74991112233":\n' + "".join(f"    {line}\n" for line in lines)


def target(text: str) -> str:
    """A configuration with one forwarding to one target."""
    return entry(f"forwarding: {{type: number, targets: [{text}]}}")


def schedule(text: str) -> str:
    return HEAD.replace('{period: "wd {mon-fri} hr {9-17}"}', text)


def period(text: str) -> str:
    return schedule(f'{{period: "{text}"}}')


def account(text: str) -> str:
    return HEAD.replace("{provider: exolve, api_key: {env: EXOLVE_API_KEY}}", text)


YAML = [
    slip("a tab", HEAD + "numbers:\n¦\t{}\n", "yaml-tab", "indented with a tab", "spaces"),
    slip(
        "no-break spaces before a line",
        entry("description: x").replace("    description", "¦\u00a0\u00a0\u00a0\u00a0description") + "    tags: [a]\n",
        "yaml-blank",
        "blanks that are not spaces",
        "no-break space (U+00A0)",
    ),
    slip(
        "no-break spaces before a key at the top",
        HEAD + "¦\u00a0\u00a0numbers: {}\n",
        "unknown-key",
        "is not known here",
        "before it is a no-break space (U+00A0): type spaces",
    ),
    slip(
        "a no-break space after a colon",
        entry("¦forwarding:\u00a0none"),
        "wrong-type",
        "takes a map, not text",
        "no-break space (U+00A0): type a space",
    ),
    slip(
        "a quote that is not closed",
        entry('description: ¦"Sales', "forwarding: none") + '  "74991112244": {forwarding: none}\n',
        "yaml-syntax",
        "the quote that begins here ends only in line 13",
        "close it where its text ends",
    ),
    slip(
        "a quote that is not closed in braces",
        target('{to: ¦"74992223344}') + '  "74991112244": {forwarding: none}\n',
        "yaml-syntax",
        "ends only in line 12",
        "close it where its text ends",
    ),
    slip(
        "a quote that is not closed until the end",
        entry('description: ¦"Sales', "forwarding: none"),
        "yaml-syntax",
        "the quote opened here is never closed",
        "close the quote",
    ),
    slip(
        "an apostrophe in single quotes",
        entry("description: ¦'Here's the desk'"),
        "yaml-syntax",
        "the quote that begins here ends in column",
        "double it ('')",
    ),
    slip(
        "a quote in double quotes",
        entry('description: ¦"Sales "hot" line"'),
        "yaml-syntax",
        "the quote that begins here ends in column",
        'write \\" inside the text',
    ),
    slip(
        "a second colon",
        entry("description¦: Sales: Moscow").replace("description¦: Sales:", "description: Sales¦:"),
        "yaml-syntax",
        "second `: `",
        "quotes",
    ),
    slip(
        "a variable without quotes",
        entry("forwarding: {type: url, url: ¦${var:PLACE}}"),
        "yaml-flow-quotes",
        "needs quotes",
        "put the whole value in quotes",
    ),
    slip(
        "a period without quotes",
        schedule("{period: ¦wd {mon-fri} hr {9-17}}"),
        "yaml-flow-quotes",
        "a period inside {…}",
        "put the whole value in quotes",
    ),
    *(
        slip(name, entry(f"¦{line}", "forwarding: none"), "yaml-syntax", "this line is not `key: value`", remedy)
        for name, line, remedy in [
            ("no colon", "description x", "type `: ` after the key"),
            ("no blank after the colon", "description:x", "type a space after the colon"),
            ("an equals sign", "description = x", "type `: ` instead of `=`"),
            ("a full-width colon", "description\N{FULLWIDTH COLON} x", "full-width colon (U+FF1A)"),
        ]
    ),
    slip(
        "a no-break space in braces",
        entry("forwarding: {type: number,¦\u00a0targets: [{to: duty-desk}]}"),
        "unknown-key",
        "is not known",
        "no-break space (U+00A0): type spaces",
    ),
    slip(
        "a bracket that is not closed", entry("tags: [a, b") + "policy¦: {}\n", "yaml-syntax", "syntax error", "close"
    ),
    slip(
        "a key twice", HEAD + "¦contacts: {}\n", "yaml-duplicate-key", "'contacts' appears twice", "keep one of the two"
    ),
    slip("an alias without an anchor", entry("forwarding: ¦*usual"), "yaml-alias", "no &usual above", "&usual"),
    slip("a tag", entry("description: ¦!!str x"), "yaml-tag", "the tag !!str", "remove the tag"),
    slip(
        "a second document", HEAD + "¦---\nversion: 1\n", "yaml-documents", "second document", "one document per file"
    ),
    slip("no version", "¦name: lines\n", "version-missing", "does not say `version: 1`", "add `version: 1`"),
    slip("another version", "version: ¦2\n", "version-unsupported", "'2' is not a known version", "write `version: 1`"),
]

CHARACTERS = [
    slip(
        "a Cyrillic letter in a key",
        entry("forwarding: {type: number, ¦tаrgets: [{to: duty-desk}]}"),
        "unknown-key",
        "is not known",
        "Cyrillic letter а (U+0430): write targets",
    ),
    slip(
        "a Cyrillic letter in a value",
        entry("forwarding: {type: number, redirect: ¦pаrallel, targets: [{to: duty-desk}]}"),
        "invalid-value",
        "not a known redirect",
        "Cyrillic letter а (U+0430): write parallel",
    ),
    slip(
        "a Cyrillic letter in a contact",
        target("{to: ¦duty-dеsk}"),
        "unknown-contact",
        "neither a contact",
        "Cyrillic letter е (U+0435): write duty-desk",
    ),
    slip(
        "a Cyrillic letter in a schedule",
        target("{to: duty-desk, schedule: ¦оffice-hours}"),
        "unknown-schedule",
        "there is no schedule",
        "Cyrillic letter о (U+043E): write office-hours",
    ),
    slip(
        "a Cyrillic letter in a profile",
        entry("use: [¦hоtline]"),
        "unknown-profile",
        "no profile",
        "Cyrillic letter о (U+043E): write hotline",
    ),
    slip(
        "a Cyrillic letter in an account",
        entry("account: ¦sаles", "forwarding: none"),
        "unknown-account",
        "no account",
        "Cyrillic letter а (U+0430): write sales",
    ),
    slip(
        "a Cyrillic letter at the top",
        HEAD + "¦numbеrs: {}\n",
        "unknown-key",
        "is not known here",
        "Cyrillic letter е (U+0435): write numbers",
    ),
    slip(
        "typographic quotes",
        target("{to: ¦“79161234567”}"),
        "unknown-contact",
        "typographic quote “ (U+201C)",
        "write 79161234567",
    ),
    slip("angle quotes", target("{to: ¦«duty-desk»}"), "unknown-contact", "« (U+00AB)", "write duty-desk"),
    slip(
        "typographic quotes around a number",
        HEAD + "numbers:\n  ¦“74991112233”: {forwarding: none}\n",
        "number-invalid",
        "typographic quote “ (U+201C)",
        "write 74991112233",
    ),
    slip("a dash in a period", period("wd {mon¦–fri}"), "period-dash", "U+2013", "ASCII hyphen '-'"),
    slip("Russian weekdays", period("wd {¦Пн}"), "period-non-ascii", "'Пн' is not ASCII", "mon tue wed"),
    slip("a NUL byte", HEAD + "name: a¦\0b\n", "text-control", "NUL byte", "remove"),
    slip("a letter that turns the text", HEAD + "name: a¦\u202eb\n", "text-direction", "U+202E", "remove"),
]

SHAPES = [
    slip(
        "another vendor's name",
        account("{provider: ¦mts, api_key: {env: EXOLVE_API_KEY}}"),
        "invalid-value",
        "'mts' is not a known provider",
        "exolve (MTS Exolve) or mtt (MTT Business)",
    ),
    slip(
        "no provider",
        account("{api_key: {env: EXOLVE_API_KEY}}").replace("  sales:", "  ¦sales:"),
        "missing-key",
        "provider is missing",
        "add `provider: exolve`",
    ),
    slip(
        "a variable for a secret",
        account("\n    provider: exolve\n    api_key: ¦${EXOLVE_API_KEY}"),
        "literal-secret",
        "a secret does not belong in a file",
        "write {env: EXOLVE_API_KEY}",
    ),
    slip(
        "a variable for a secret in braces",
        account("{provider: exolve, api_key: ¦${EXOLVE_API_KEY}}"),
        "yaml-flow-quotes",
        "for a secret write {env: EXOLVE_API_KEY}",
    ),
    slip(
        "env: without braces",
        account("\n    provider: exolve\n    api_key: ¦env:EXOLVE_API_KEY"),
        "literal-secret",
        "does not belong in a file",
        "write {env: EXOLVE_API_KEY}",
    ),
    slip(
        "a secret",
        account("\n    provider: exolve\n    api_key: ¦k3y-canary"),
        "literal-secret",
        "does not belong in a file",
        "{env: NAME}, {file: PATH} or {command: [...]}",
    ),
    slip(
        "two sources of a secret",
        account("{provider: exolve, ¦api_key: {env: A, file: b}}"),
        "secret-reference",
        "exactly one source",
        "{env: NAME}",
    ),
    slip(
        "a number at the left margin",
        entry("forwarding: none") + '¦"74991112244":\n  forwarding: none\n',
        "unknown-key",
        "'74991112244' is not known here",
        "indent it under `numbers`",
    ),
    slip(
        "a SIP address as a target",
        target('{to: ¦"sip:ivan@pbx.ru"}'),
        "unknown-contact",
        "'sip:ivan@pbx.ru'",
        "`type: sip` and `sip_uri: …`",
    ),
    slip(
        "a URL as a target",
        target('{to: ¦"https://example.com/"}'),
        "unknown-contact",
        "neither a contact, nor a phone number",
        "`type: url` and `url: …`",
    ),
    slip(
        "bare targets",
        entry("forwarding: {type: number, targets: [¦duty-desk]}"),
        "wrong-type",
        "a map, not text",
        "write {to: duty-desk}",
    ),
    slip(
        "a bare target",
        entry("forwarding: {type: number, targets: ¦duty-desk}"),
        "wrong-type",
        "a list, not text",
        "write targets: [{to: duty-desk}]",
    ),
    slip("bare tags", entry("tags: ¦moscow, sales"), "wrong-type", "a list, not text", "write tags: [moscow, sales]"),
    slip("a bare profile", entry("use: ¦hotline"), "wrong-type", "a list, not text", "write use: [hotline]"),
    slip("a mistyped key", entry("¦forwading: none"), "unknown-key", "'forwading'", "did you mean forwarding?"),
    slip(
        "a mistyped key that is needed",
        entry("forwarding: {type: number, ¦tragets: [{to: duty-desk}]}"),
        "unknown-key",
        "'tragets'",
        "did you mean targets?",
    ),
    slip(
        "a mistyped type",
        entry("forwarding: {type: ¦nubmer, targets: [{to: duty-desk}]}"),
        "forwarding-type",
        "'nubmer'",
        "number",
    ),
    slip("a mistyped contact", target("{to: ¦dutydesk}"), "unknown-contact", "'dutydesk'", "did you mean duty-desk?"),
    slip(
        "a mistyped schedule",
        target("{to: duty-desk, schedule: ¦ofice-hours}"),
        "unknown-schedule",
        "'ofice-hours'",
        "did you mean office-hours?",
    ),
    slip("a mistyped profile", entry("use: [¦hotlin]"), "unknown-profile", "'hotlin'", "did you mean hotline?"),
    slip(
        "a mistyped account",
        entry("account: ¦sale", "forwarding: none"),
        "unknown-account",
        "'sale'",
        "did you mean sales?",
    ),
    slip(
        "no targets",
        entry("forwarding: {type: number, ¦targets: []}"),
        "targets-empty",
        "the list of targets is empty",
        "`forwarding: none`",
    ),
    slip(
        "an 8 in a number",
        HEAD + "numbers:\n  ¦84991112233: {forwarding: none}\n",
        "number-trunk-prefix",
        "trunk prefix 8",
        "write 74991112233",
    ),
    slip(
        "an 8 in a target", target('{to: ¦"89161234567"}'), "number-trunk-prefix", "trunk prefix 8", "write 79161234567"
    ),
    slip(
        "a number that is too short",
        HEAD + "numbers:\n  ¦12345: {forwarding: none}\n",
        "number-invalid",
        "'12345'",
        "country code",
    ),
    slip(
        "a number twice",
        entry("forwarding: none") + "  ¦+7 499 111-22-33: {forwarding: none}\n",
        "duplicate-entry",
        "a second time",
        "keep one of the two",
    ),
    slip(
        "a timeout in words",
        target("{to: duty-desk, timeout: ¦twenty}"),
        "timeout-range",
        "'twenty' is not a number of seconds",
        "20, 20s or 1m",
    ),
    slip(
        "a timeout of a day",
        target("{to: duty-desk, timeout: ¦86400}"),
        "timeout-range",
        "not between 1 and 3600",
        "20, 20s or 1m",
    ),
    slip(
        "a URL without its scheme",
        entry("forwarding: {type: url, url: ¦example.com}"),
        "url-invalid",
        "example.com",
        "https://",
    ),
    slip(
        "yes for true", entry("protected: ¦yes"), "wrong-type", "'yes' is neither true nor false", "`true` or `false`"
    ),
    slip(
        "a port that is too large",
        entry("forwarding: {type: sip_trunk, static_ip: 203.0.113.7, port: ¦70000}"),
        "port-range",
        "'70000' is not a port",
        "from 1 to 65535",
    ),
    slip(
        "an address in words",
        entry("forwarding: {type: sip_trunk, static_ip: ¦pbx, port: 5060}"),
        "ip-invalid",
        "'pbx'",
        "hint",
    ),
    slip(
        "a variable elsewhere",
        entry('description: ¦"${var:NAME}"'),
        "variable-misplaced",
        "is not replaced here",
        "`event_url` and `url`",
    ),
    slip(
        "a zone of another kind",
        HEAD.replace("Europe/Moscow", "¦UTC+3"),
        "invalid-value",
        "'UTC+3' is not a time zone",
        "Europe/Moscow",
    ),
    slip(
        "a mistyped rule",
        HEAD + "policy: {rules: {¦route-gaps: error}}\n",
        "unknown-rule",
        "no rule 'route-gaps'",
        "did you mean route-gap?",
    ),
    slip(
        "a mistyped severity",
        HEAD + "policy: {rules: {route-gap: ¦fatal}}\n",
        "invalid-value",
        "'fatal' is not a known severity",
        "error",
    ),
    slip(
        "a share without its sign",
        HEAD + "policy: {max_changes: ¦a third}\n",
        "invalid-value",
        "neither a share nor a count",
        "30% or 12",
    ),
]

PERIODS = [
    slip("hours of the other clock", period("wd {mon-fri} hr {6am-¦14pm}"), "period-hour", "'14pm'", "hr {6-14}"),
    slip("an hour with minutes", period("hr {¦9:00}"), "period-hour", "9:00", "hint"),
    slip(
        "weekdays in numbers",
        target('{to: duty-desk, schedule: {period: "wd {¦1-5}"}}'),
        "period-numeric-weekday",
        "number",
        "mon-fri",
    ),
    slip(
        "a comma between parts",
        target('{to: duty-desk, schedule: {period: "wd {mon¦,tue}"}}'),
        "period-comma-inside",
        "a comma inside braces ends the part",
        "write {mon tue}",
    ),
    slip("a mistyped scale", period("¦wdy {mon-fri}"), "period-scale", "'wdy'", "wd"),
    slip("a mistyped day", period("wd {¦mno-fri}"), "period-name", "'mno'", "mon"),
    slip("round brackets", period("¦wd (mon-fri)"), "period-braces", "(", "{"),
    slip("a month of thirteen", period("mo {¦13}"), "period-range", "13", "1"),
]


NUMBERS = "numbers:\n" + "".join(f'  "7499111000{at}": {{use: [hotline]}}\n' for at in range(1, 8))
REACHED = "74991110001, 74991110002, 74991110003, 74991110004, 74991110005 and 2 more: "


def shared(block: str) -> str:
    """Seven numbers that share a profile with this forwarding."""
    return HEAD.replace("{tags: [hotline]}", f"{{forwarding: {block}}}") + NUMBERS


SHARED = [
    slip(
        "a contact that policy forbids",
        shared("{type: number, targets: [{to: duty-desk}]}").replace('{to: "74992223344"}', '{to: ¦"78095551122"}')
        + 'policy: {destinations: {deny: ["+7809"]}}\n',
        "policy-destination",
        REACHED + "calls go to 78095551122",
        "`policy.destinations`",
    ),
    slip(
        "a target of a profile that policy forbids",
        shared('{type: number, targets: [{to: ¦"78095551122"}]}') + 'policy: {destinations: {deny: ["+7809"]}}\n',
        "policy-destination",
        REACHED + "calls go to 78095551122",
        "change it",
    ),
    slip(
        "a number whose account is of another kind than its profile",
        shared("{type: number, targets: [{to: duty-desk}]}")
        .replace("contacts:", "  office: {provider: mtt, client_id: {env: A}, client_secret: {env: B}}\ncontacts:")
        .replace('"74991110003": {use', '"74991110003": {account: ¦office, use'),
        "account-kind",
        "74991110003: the account 'office' is at mtt",
        "use `account: sales`",
    ),
    slip(
        "a period that others refer to",
        schedule('{period: "wd {¦Пн}"}\n  rest: {not: office-hours}\n  more: {any: [rest, office-hours]}'),
        "period-non-ascii",
        "'Пн' is not ASCII",
        "mon tue wed",
    ),
    slip(
        "holidays without an end that others refer to",
        schedule('{weekly: {mon: "09:00-18:00"}, except: [free]}\n  free: {public: ¦RU}'),
        "schedule-not-compiled",
        "there is no end date",
        "defaults.calendar_until",
    ),
    slip("a country that is none", schedule("{public: ¦Rusia}"), "schedule-shape", "'Rusia'", "RU"),
    slip(
        "hours without minutes that nobody uses",
        schedule("{weekly: {mon: ¦9-18}}"),
        "schedule-shape",
        "'9-18'",
        "09:30-18:15",
    ),
]


@pytest.mark.parametrize(
    "text",
    ["version: '3.8'\nservices: {}\n", "services: {}\n", "version: 1\n---\nversion: 1\n", "version: 1\na: !Ref b\n"],
)
def test_the_files_of_other_programs_may_be_left_out(text: str, cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "reconciler.yaml").write_text(HEAD, "utf-8")
    (tmp_path / "compose.yaml").write_text(text, "utf-8")
    ended = cli("validate")
    assert ended.exit_code == 1
    assert ended.stdout.startswith("compose.yaml:")
    assert "if the file is another program's, narrow `include` in reconciler.yaml" in told(ended)


def test_a_fault_in_a_shared_target_is_one_warning_with_all_numbers(cli: Cli, tmp_path: Path) -> None:
    text = shared('{type: number, targets: [{to: duty-desk}, {to: "79161234567"}]}')
    (tmp_path / "reconciler.yaml").write_text(text, "utf-8")
    found = cli("validate", "--format", "json").json["diagnostics"]
    assert [(each["code"], each["numbers"]) for each in found] == [
        ("route-shadowed", [f"7499111000{at}" for at in range(1, 8)])
    ]
    assert found[0]["message"].startswith(REACHED + "79161234567 never rings")


def test_the_zone_is_called_an_assumption_only_where_it_is_not_stated(cli: Cli, tmp_path: Path) -> None:
    text = target("{to: duty-desk, schedule: office-hours}, {to: duty-desk}")
    for written, told_of in ((text, False), (text.replace(", timezone: Europe/Moscow", ""), True)):
        (tmp_path / "reconciler.yaml").write_text(written, "utf-8")
        assert ("assume-timezone" in cli("validate").stdout) is told_of


@pytest.mark.parametrize("row", [*YAML, *CHARACTERS, *SHAPES, *PERIODS, *SHARED], ids=lambda row: row.name)
def test_a_slip_in_a_file_is_told_once_at_its_place_with_its_remedy(row: Slip, cli: Cli, tmp_path: Path) -> None:
    before, mark, after = row.text.partition("¦")
    assert mark
    (tmp_path / "reconciler.yaml").write_text(before + after, "utf-8")
    ended = cli("validate")
    assert ended.exit_code == 1
    place = f"reconciler.yaml:{before.count(chr(10)) + 1}:{len(before) - before.rfind(chr(10))}"
    assert re.findall(r"^(\S+): error\[(\S+)\]", ended.stdout, re.MULTILINE) == [(place, row.code)]
    assert [each for each in row.words if each not in told(ended)] == []
