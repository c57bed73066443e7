"""The trusted part: accounts and their secrets, defaults, policy, record."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from reconciler.diagnostics import Severity
from reconciler.model import WeekdayBase
from reconciler.providers.exolve.account import ExolveOptions
from reconciler.providers.mtt.account import MttOptions
from reconciler.secrets import SecretRef
from reconciler.settings import Configuration, Limit, PeriodSettings, Rate, Union
from tests.unit.config.loading import ACCOUNTS, findings, only, sound, underlined

EXOLVE = "version: 1\naccounts:\n  sales: {{provider: exolve, {more}}}\n"


def configuration(folder: Path, text: str) -> Configuration:
    loaded = sound(folder, text).configuration
    assert loaded is not None
    return loaded


def test_an_exolve_account_is_read_whole(tmp_path: Path) -> None:
    text = EXOLVE.format(
        more="api_key: {env: KEY}, application: 178ec145-6898-4b06-a92a-75f63cb57046, "
        "base_url: https://proxy.example.com/exolve/, rate: {per_second: 2.5, concurrency: 4}, "
        "period: {union: comma, weekday_base: monday}"
    )
    account = configuration(tmp_path, text).accounts["sales"]
    assert account.options == ExolveOptions(SecretRef(env="KEY"), "178ec145-6898-4b06-a92a-75f63cb57046")
    assert account.base_url == "https://proxy.example.com/exolve"
    assert account.rate == Rate(2.5, 4)
    assert account.period == PeriodSettings(Union.COMMA, WeekdayBase.MONDAY)
    assert str(account.location) == "reconciler.yaml:3:3"


def test_accounts_have_the_vendors_own_addresses_by_default(tmp_path: Path) -> None:
    text = EXOLVE.format(more="api_key: {env: KEY}") + (
        "  office: {provider: mtt, client_id: {env: A}, client_secret: {file: secret.txt}, "
        "refresh_token: {command: [pass, show, mtt]}, redirect_uri: https://crm.example.com}\n"
    )
    accounts = configuration(tmp_path, text).accounts
    assert accounts["sales"].base_url == "https://api.exolve.ru"
    assert accounts["office"].base_url == "https://openapi.mtt.ru"
    assert accounts["office"].options == MttOptions(
        SecretRef(env="A"),
        SecretRef(file="secret.txt"),
        SecretRef(command=("pass", "show", "mtt")),
        "https://crm.example.com",
        "https://oauth.mtt.ru",
    )
    assert accounts["sales"].rate == Rate(10.0, 8)


@pytest.mark.parametrize(
    "secret",
    [
        "CANARY",
        "'CANARY'",
        '"CANARY-1 with blanks"',
        "{env: CANARY-1}",
        ">\n      CANARY",
        "\n      CANARY",
        "[CANARY]",
    ],
)
def test_a_literal_secret_is_an_error_that_does_not_show_it(secret: str, tmp_path: Path) -> None:
    text = f"version: 1\naccounts:\n  sales:\n    provider: exolve\n    api_key: {secret}\n"
    item = only(tmp_path, text)
    assert item.code in ("literal-secret", "secret-reference")
    assert item.location is not None
    assert item.location.line in (5, 6)
    assert "CANARY" not in repr(item)


def test_a_literal_secret_names_the_ways_that_are_allowed(tmp_path: Path) -> None:
    item = only(tmp_path, EXOLVE.format(more="api_key: sk_live_1"))
    assert item.message == "a secret does not belong in a file"
    assert item.hint == "write {env: NAME}, {file: PATH} or {command: [...]}"


@pytest.mark.parametrize(
    ("secret", "message"),
    [
        ("{env: A, file: b}", "a secret has exactly one source: env, file or command"),
        ("{vault: a}", "a secret has exactly one source: env, file or command"),
        ("[a]", "a secret has exactly one source: env, file or command"),
        ("{env: [a]}", "env takes one text"),
        ("{command: pass show x}", "a command is a list of texts"),
        ("{command: []}", "a command is a list of texts"),
    ],
)
def test_a_secret_has_one_source(secret: str, message: str, tmp_path: Path) -> None:
    item = only(tmp_path, EXOLVE.format(more=f"api_key: {secret}"))
    assert (item.code, item.message) == ("secret-reference", message)


@pytest.mark.parametrize(
    ("more", "code", "under", "message"),
    [
        ("base_url: https://x.example.com", "missing-key", "sales", "api_key is missing here"),
        (
            "api_key: {env: K}, base_ulr: https://x.example.com",
            "unknown-key",
            "base_ulr",
            "'base_ulr' is not known here",
        ),
        (
            "api_key: {env: K}, base_url: http://x.example.com",
            "require-https",
            "http://x.example.com",
            "'http://x.example.com' is not https",
        ),
        (
            "api_key: {env: K}, base_url: https://x.example.com/?a=1",
            "url-invalid",
            "https://x.example.com/?***",
            "'https://x.example.com/?***' has more than scheme, host, port and path",
        ),
        (
            "api_key: {env: K}, application: sales",
            "invalid-value",
            "sales",
            "'sales' is not an application's UUID",
        ),
        (
            "api_key: {env: K}, rate: {per_second: fast}",
            "invalid-value",
            "fast",
            "'fast' is not a rate",
        ),
        (
            "api_key: {env: K}, rate: {concurrency: 65}",
            "invalid-value",
            "65",
            "'65' is not a whole number from 1 to 64",
        ),
        ("api_key: {env: K}, period: {union: both}", "invalid-value", "both", "'both' is not a known union"),
        (
            "api_key: {env: K}, base_url: 'https://${var:HOST}/'",
            "variable-misplaced",
            "'https://${var:HOST}/'",
            "a ${…} is not replaced here",
        ),
    ],
)
def test_a_wrong_account_is_told_at_its_place(more: str, code: str, under: str, message: str, tmp_path: Path) -> None:
    item = only(tmp_path, EXOLVE.format(more=more))
    assert (item.code, item.message) == (code, message)
    if code != "missing-key":
        assert underlined(item) == under


def test_http_is_allowed_on_loopback(tmp_path: Path) -> None:
    more = "api_key: {env: K}, base_url: http://127.0.0.1:8080/exolve"
    assert configuration(tmp_path, EXOLVE.format(more=more)).accounts["sales"].base_url == (
        "http://127.0.0.1:8080/exolve"
    )


def test_an_unknown_provider_suggests_the_nearest(tmp_path: Path) -> None:
    item = only(tmp_path, "version: 1\naccounts: {a: {provider: exolv}}\n")
    assert (item.code, underlined(item), item.hint) == ("invalid-value", "exolv", "did you mean exolve?")


def test_defaults_are_read(tmp_path: Path) -> None:
    loaded = configuration(
        tmp_path, "version: 1\ndefaults: {timezone: Asia/Novosibirsk, calendar_until: 2027-12-31, timeout: 1m}\n"
    )
    assert (loaded.timezone, loaded.calendar_until) == ("Asia/Novosibirsk", date(2027, 12, 31))


@pytest.mark.parametrize(
    ("defaults", "code", "under"),
    [
        ("{timezone: Moscow}", "invalid-value", "Moscow"),
        ("{timezone: ../../etc/passwd}", "invalid-value", "../../etc/passwd"),
        ("{calendar_until: 2027-02-30}", "invalid-value", "2027-02-30"),
        ("{calendar_until: tomorrow}", "invalid-value", "tomorrow"),
        ("{timeout: soon}", "timeout-range", "soon"),
        ("{account: sales}", "unknown-account", "sales"),
        ("{acount: sales}", "unknown-key", "acount"),
    ],
)
def test_wrong_defaults_are_told_at_their_place(defaults: str, code: str, under: str, tmp_path: Path) -> None:
    item = only(tmp_path, f"version: 1\ndefaults: {defaults}\n")
    assert (item.code, underlined(item)) == (code, under)


# -- policy ---------------------------------------------------------------------------------------------------------


def test_without_a_line_the_documented_policy_holds(tmp_path: Path) -> None:
    policy = configuration(tmp_path, "version: 1\n").policy
    assert [policy.max_changes.of(declared) for declared in (10, 100)] == [5, 30]
    assert [policy.max_deletes.of(declared) for declared in (10, 100)] == [1, 5]
    assert (policy.max_failures, policy.require_https, policy.change_window) == (3, True, None)
    assert (policy.destinations.allow, policy.destinations.deny) == (None, ())


def test_a_policy_is_read_whole(tmp_path: Path) -> None:
    policy = configuration(
        tmp_path,
        "version: 1\npolicy:\n  max_changes: 10%\n  max_deletes: 2\n  max_failures: 5\n"
        '  change_window: {period: "wd {mon-thu} hr {10-17}"}\n'
        '  destinations: {allow: [RU, sip_id], deny: ["+7809", premium]}\n'
        '  require_https: false\n  rules: {include-empty: error, number-unassigned: "off"}\n',
    ).policy
    assert (policy.max_changes, policy.max_deletes) == (Limit(percent=10.0), Limit(count=2))
    assert (policy.max_failures, policy.require_https) == (5, False)
    assert policy.change_window == ("wd {mon-thu} hr {10-17}",)
    assert (policy.destinations.allow, policy.destinations.deny) == (("RU", "sip_id"), ("+7809", "premium"))
    assert policy.rules == {"include-empty": Severity.ERROR, "number-unassigned": None}
    assert str(policy.location) == "reconciler.yaml:2:1"
    assert str(policy.place("max_deletes")) == "reconciler.yaml:4:3"
    assert policy.place("require_signed_plan") == policy.location


@pytest.mark.parametrize(
    ("policy", "code", "under"),
    [
        ("{max_changes: many}", "invalid-value", "many"),
        ("{max_changes: 101%}", "invalid-value", "101%"),
        ("{max_failures: 0}", "invalid-value", "0"),
        ("{rules: {no-such-rule: error}}", "unknown-rule", "no-such-rule"),
        ('{rules: {yaml-syntax: "off"}}', "unknown-rule", "yaml-syntax"),
        ("{rules: {include-empty: loud}}", "invalid-value", "loud"),
        ("{change_window: nights}", "unknown-schedule", "nights"),
        ('{change_window: {period: "hr {24}"}}', "period-hour", "24"),
        ("{destinations: {alow: [RU]}}", "unknown-key", "alow"),
        ("{destinations: {deny: [premum]}}", "invalid-value", "premum"),
        ("{destinations: {allow: [RF]}}", "invalid-value", "RF"),
        ("{destinations: {allow: ['url:example.com']}}", "invalid-value", "'url:example.com'"),
    ],
)
def test_a_wrong_policy_is_told_at_its_place(policy: str, code: str, under: str, tmp_path: Path) -> None:
    item = only(tmp_path, f"version: 1\npolicy: {policy}\n")
    assert (item.code, underlined(item)) == (code, under)


def test_a_rule_of_fixed_severity_says_what_it_is(tmp_path: Path) -> None:
    item = only(tmp_path, 'version: 1\npolicy: {rules: {yaml-syntax: "off"}}\n')
    assert item.message == "the severity of yaml-syntax is fixed: a file is not valid YAML"


def test_policy_rules_change_severities_and_switch_rules_off(tmp_path: Path) -> None:
    text = "version: 1\ninclude: [none/*.yaml]\npolicy: {rules: {include-empty: %s}}\n"
    assert [item.severity for item in findings(tmp_path, text % "error")] == [Severity.ERROR]
    assert findings(tmp_path, text % '"off"') == ()


# -- record ---------------------------------------------------------------------------------------------------------


def test_the_record_is_a_local_file_without_a_line(tmp_path: Path) -> None:
    record = configuration(tmp_path, "version: 1\n").record
    assert (record.backend, record.options) == ("file", {})


def test_a_shared_record_needs_a_name(tmp_path: Path) -> None:
    item = only(tmp_path, "version: 1\nrecord: {backend: git}\n")
    assert (item.code, underlined(item)) == ("name-missing", "record")
    assert item.message == "a record in git is shared, so the configuration needs a name"


def test_the_options_of_a_record_hold_references_not_secrets(tmp_path: Path) -> None:
    text = "version: 1\nname: moscow-lines\nrecord: {backend: postgres, postgres: {dsn: {env: RECONCILER_DSN}}}\n"
    loaded = configuration(tmp_path, text)
    assert loaded.name == "moscow-lines"
    assert loaded.record.options == {"dsn": SecretRef(env="RECONCILER_DSN")}


def test_an_http_record_is_read_whole(tmp_path: Path) -> None:
    text = (
        "version: 1\nname: x\nrecord: {backend: http, http: {address: https://state.example.com/x, "
        "lock_address: https://state.example.com/x/lock, lock_method: POST, unlock_method: DELETE, "
        "update_method: PUT, username: bot, password: {env: STATE_PASSWORD}}}\n"
    )
    assert configuration(tmp_path, text).record.options == {
        "address": "https://state.example.com/x",
        "lock_address": "https://state.example.com/x/lock",
        "lock_method": "POST",
        "unlock_method": "DELETE",
        "update_method": "PUT",
        "username": "bot",
        "password": SecretRef(env="STATE_PASSWORD"),
    }


@pytest.mark.parametrize(
    ("record", "code"),
    [
        ("{backend: s3}", "missing-key"),
        ("{backend: s3, s3: {bucket: b, secret_access_key: CANARY}}", "literal-secret"),
        ("{backend: gcs}", "invalid-value"),
        ("{backend: postgres}", "missing-key"),
        ("{backend: postgres, postgres: {dsn: 'postgres://user:CANARY@db/x'}}", "literal-secret"),
        ("{backend: http, http: {address: 'http://example.com/state'}}", "require-https"),
        ("{backend: git, git: {branch: x}}", "unknown-key"),
    ],
)
def test_a_wrong_record_is_told(record: str, code: str, tmp_path: Path) -> None:
    item = only(tmp_path, f"version: 1\nname: x\nrecord: {record}\n")
    assert item.code == code
    assert "CANARY" not in repr(item)


@pytest.mark.parametrize("name", ["-x", "a b", "../x", "x" * 101, "имя"])
def test_a_name_that_no_backend_could_keep_is_refused(name: str, tmp_path: Path) -> None:
    assert only(tmp_path, f'version: 1\nname: "{name}"\n').code == "invalid-value"


@pytest.mark.parametrize(
    ("defaults", "code", "under"),
    [
        ("{account: sales, timeout: 20, timezone: Moscow}", "invalid-value", "Moscow"),
        ("{account: sales, timeout: 20, calendar_until: soon}", "invalid-value", "soon"),
        ("{account: sales, timeout: 20, zone: UTC}", "unknown-key", "zone"),
        ("{account: sales, timeout: 0}", "timeout-range", "0"),
        ("{account: [sales], timeout: 20}", "wrong-type", "account"),
        ("{account: sale, timeout: 20}", "unknown-account", "sale"),
        ("sales", "wrong-type", "sales"),
    ],
)
def test_a_faulty_default_is_told_once_and_not_missed_at_every_number(
    defaults: str, code: str, under: str, tmp_path: Path
) -> None:
    head, _, _ = ACCOUNTS.partition("defaults:")
    numbers = "".join(
        f'  "7499111223{index}": {{forwarding: {{type: number, targets: [{{to: "74992223344"}}]}}}}\n'
        for index in range(4)
    )
    item = only(tmp_path, f"{head}defaults: {defaults}\nnumbers:\n{numbers}")
    assert (item.code, underlined(item)) == (code, under)


def test_accounts_that_cannot_be_read_are_not_said_to_be_missing(tmp_path: Path) -> None:
    text = 'version: 1\naccounts: none\ndefaults: {account: sales}\nnumbers:\n  "74991112233": {account: office}\n'
    item = only(tmp_path, text)
    assert (item.code, underlined(item)) == ("wrong-type", "none")


def test_an_account_without_anything_under_its_name_is_told(tmp_path: Path) -> None:
    text = 'version: 1\naccounts:\n  sales:\ndefaults: {account: sales}\nnumbers: {"74991112233": {forwarding: none}}\n'
    item = only(tmp_path, text)
    assert (item.code, item.message) == ("wrong-type", "the account 'sales' takes a map, not nothing")


@pytest.mark.parametrize(
    ("record", "under"),
    [
        ('{file: {path: ""}}', '""'),
        ('{backend: git, git: {remote: " "}}', '" "'),
        ('{backend: git, git: {ref: ""}}', '""'),
        ("{backend: http, http: {lock_method: ''}}", "''"),
    ],
)
def test_what_a_record_is_named_by_is_not_empty(record: str, under: str, tmp_path: Path) -> None:
    item = only(tmp_path, f"version: 1\nname: lines\nrecord: {record}\n")
    assert (item.code, underlined(item)) == ("invalid-value", under)


@pytest.mark.parametrize("name", ["a/b", "two words", '""', "a" * 101, "sales:eu"])
def test_an_account_is_named_by_a_word_that_can_begin_an_address(tmp_path: Path, name: str) -> None:
    item = only(tmp_path, f"version: 1\naccounts:\n  {name}: {{provider: exolve, api_key: {{env: K}}}}\n")
    assert (item.code, str(item.location)) == ("invalid-value", "reconciler.yaml:3:3")


def test_an_account_may_have_a_name_of_any_script(tmp_path: Path) -> None:
    text = "version: 1\naccounts:\n  продажи-2.eu: {provider: exolve, api_key: {env: K}}\n"
    assert list(configuration(tmp_path, text).accounts) == ["продажи-2.eu"]
