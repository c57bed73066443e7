"""Each mistake that people make at the command line: what they are told, what to type instead, and the exit code.

A row is written from what a person should be told: the exit code, the cause, the remedy.
"""

from __future__ import annotations

import shlex
from operator import itemgetter
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Cli, Ended

CONFIGURATION = """\
version: 1
name: lines
defaults: {account: sales, timeout: 20}
accounts:
  sales: {provider: exolve, api_key: {env: EXOLVE_API_KEY}}
  office: {provider: mtt, client_id: {env: A}, client_secret: {env: B}, redirect_uri: "https://crm.example.com"}
contacts: {duty-desk: {to: "74992223344"}}
schedules: {office-hours: {weekly: {mon-fri: "09:00-18:00"}}}
scenarios: {storm: {numbers: {"74991112233": {forwarding: {type: url, url: "https://example.com/storm"}}}}}
numbers:
  "74991112233": {tags: [moscow], forwarding: {type: number, targets: [{to: duty-desk}]}}
  "74991112244": {forwarding: {type: url, url: "https://example.com/route", reserve: "79161234567"}}
"""

Row = tuple[Any, ...]  # what is typed, the exit code, words of the cause and of the remedy

OPTIONS: list[Row] = [
    ("plan -out=plan.json", 64, "no option -out", "did you mean --out?"),
    ("plan -out plan.json", 64, "no option -out", "did you mean --out?"),
    ("plan -target=74991112233", 64, "no option -target", "did you mean --target?"),
    ("plan -detailed-exitcode", 64, "no option -detailed-exitcode", "did you mean --detailed-exitcode?"),
    ("apply -auto-approve", 64, "no option -auto-approve", "did you mean --auto-approve?"),
    ("plan -refresh=false", 64, "no option -refresh", "did you mean --refresh?"),
    ("plan -destroy", 64, "no option -destroy", "`forwarding: none`", "--allow-delete"),
    ("apply --destroy", 64, "no option --destroy", "`forwarding: none`", "--allow-delete"),
    ("plan -var x=1", 64, "no option -var", "${var:NAME}", "RECONCILER_VAR_NAME"),
    ("plan --var-file prod.tfvars", 64, "no option --var-file", "RECONCILER_VAR_NAME"),
    ("plan -refresh-only", 64, "no option -refresh-only", "reconciler audit"),
    ("plan -lock=false", 64, "no option -lock", "reconciler record unlock"),
    ("apply -parallelism=10", 64, "no option -parallelism", "`accounts.NAME.rate`"),
    ("apply -input=false", 64, "no option -input", "write --auto-approve"),
    ("plan -no-color", 64, "no option -no-color", "write --color never"),
    ("-chdir=numbers plan", 64, "no option -chdir", "reconciler -C DIR COMMAND"),
    ("plan --config-file reconciler.yaml", 64, "no option --config-file", "reconciler -C DIR COMMAND"),
    ("plan -C numbers", 64, "no option -C", "reconciler -C DIR COMMAND"),
    ("apply --dry-run", 64, "no option --dry-run", "reconciler plan"),
    ("apply --check", 64, "no option --check", "reconciler plan"),
    ("apply --doit", 64, "no option --doit", "reconciler apply makes the changes"),
    ("apply --yes", 64, "no option --yes", "write --auto-approve"),
    ("apply -y", 64, "no option -y", "write --auto-approve"),
    ("plan --yes", 64, "no option --yes", "it is --auto-approve of apply"),
    ("apply --force", 64, "no option --force", "--allow-delete", "--allow-adopt", "--allow-protected", "--override"),
    ("apply -f reconciler.yaml", 64, "no option -f", "--allow-delete"),
    ("plan --json", 64, "no option --json", "write --format json"),
    ("plan -json", 64, "no option -json", "write --format json"),
    ("list --csv", 64, "no option --csv", "write --format csv"),
    ("plan -o plan.json", 64, "no option -o", "--format", "plan --out FILE"),
    ("plan --output json", 64, "no option --output", "--format", "plan --out FILE"),
    ("plan --debug", 64, "no option --debug", "write -v"),
    ("plan --ouy plan.json", 64, "no option --ouy", "did you mean --out?"),
    ("plan --Target 74991112233", 64, "no option --Target", "did you mean --target?"),
    ("apply --allow-deletes", 64, "no option --allow-deletes", "did you mean --allow-delete?"),
    ("validate --out plan.json", 64, "no option --out", "an option of plan and undo"),
    ("plan --auto-approve", 64, "no option --auto-approve", "an option of apply"),
    ("--format json plan", 64, "no option --format", "after the command: reconciler COMMAND --format"),
    ("record list --account sales", 64, "no option --account", "an option of list, calendar, plan, apply and import"),
    ("plan --limit all", 64, "'all' is not a valid whole number", "reconciler plan --help"),
    ("-v plan", 64, "no option -v", "after the command: reconciler COMMAND -v"),
    ("plan --version", 64, "no option --version", "reconciler --version"),
    ("-version", 64, "no option -version", "did you mean --version?"),
    ("plan -help", 64, "no option -help", "did you mean --help?"),
    ("plan --out", 64, "'--out' requires an argument", "reconciler plan --help"),
    ("apply --limit", 64, "'--limit' requires an argument", "reconciler apply --help"),
    ("record show", 64, "Missing argument 'NUMBER'", "reconciler record show --help"),
    ("plan --frobnicate", 64, "no option --frobnicate", "reconciler plan --help"),
    ("plan --detailed-exitcode=2", 64, "'--detailed-exitcode' does not take a value", "reconciler plan --help"),
    ("plan --refresh some", 64, "'some' is not one of 'all', 'changed', 'none'", "reconciler plan --help"),
    ("plan --format yaml", 64, "'yaml' is not one of", "reconciler plan --help"),
    ("plan --expires 24", 64, "'24' is not a time span", "90s, 30m, 24h or 7d"),
    ("plan --override needs-allow-delete", 64, "not a rule that can be set aside", "--allow-delete"),
    ("plan --override policy-max-change", 64, "not a rule that can be set aside", "did you mean policy-max-changes?"),
    ("plan --tag ''", 64, "--tag: is empty", "reconciler plan --help"),
    ("apply", 64, "nobody to ask", "--auto-approve"),
    ("apply plan.json --target 74991112233", 64, "--target cannot be used with a plan file", "exactly as it is"),
]

COMMANDS: list[Row] = [
    ("vaildate", 64, "no command 'vaildate'", "did you mean reconciler validate?"),
    ("paln", 64, "no command 'paln'", "did you mean reconciler plan?"),
    ("Plan", 64, "no command 'Plan'", "did you mean reconciler plan?"),
    ("aply --auto-approve", 64, "no command 'aply'", "did you mean reconciler apply?"),
    ("record lsit", 64, "no command 'lsit' of record", "did you mean reconciler record list?"),
    ("period chek 'hr {9}'", 64, "no command 'chek' of period", "did you mean reconciler period check?"),
    ("init", 64, "nobody to ask", "--vendor exolve|mtt", "--host github|gitlab|none"),
    ("new", 64, "no command 'new'", "reconciler init"),
    ("destroy", 64, "no command 'destroy'", "`forwarding: none`", "--allow-delete"),
    ("delete 74991112233", 64, "no command 'delete'", "`forwarding: none`", "--allow-delete"),
    ("dump 74991112233", 64, "no command 'dump'", "reconciler import"),
    ("state list", 64, "no command 'state'", "reconciler record list"),
    ("state show 74991112233", 64, "no command 'state'", "reconciler record show NUMBER"),
    ("state rm 74991112233", 64, "no command 'state'", "reconciler record forget NUMBER"),
    ("refresh", 64, "no command 'refresh'", "reconciler audit"),
    ("status", 64, "no command 'status'", "reconciler audit"),
    ("diff", 64, "no command 'diff'", "reconciler plan"),
    ("sync", 64, "no command 'sync'", "reconciler apply"),
    ("push", 64, "no command 'push'", "reconciler apply"),
    ("pull", 64, "no command 'pull'", "reconciler import"),
    ("create 74991112233", 64, "no command 'create'", "reconciler plan"),
    ("check", 64, "no command 'check'", "reconciler validate"),
    ("lint", 64, "no command 'lint'", "reconciler validate"),
    ("format", 64, "no command 'format'", "reconciler fmt"),
    ("rollback", 64, "no command 'rollback'", "reconciler undo"),
    ("force-unlock 1234", 64, "no command 'force-unlock'", "reconciler record unlock"),
    ("workspace select prod", 64, "no command 'workspace'", "--scenario NAME"),
    ("ls", 64, "no command 'ls'", "reconciler list"),
    ("version", 64, "no command 'version'", "reconciler --version"),
    ("help", 64, "no command 'help'", "reconciler --help"),
    ("help plan", 64, "no command 'help'", "reconciler plan --help"),
    ("frobnicate", 64, "no command 'frobnicate'", "reconciler --help"),
]

NUMBERS: list[Row] = [
    *(
        (typed, 64, "begins with the trunk prefix 8", f"write {number}")
        for typed, number in [
            ("list --to 89161234567", "79161234567"),
            ("list --to '8 (916) 123-45-67'", "79161234567"),
            ("list --target 84991112233", "74991112233"),
            ("plan --target 84991112233", "74991112233"),
            ("plan --target sales/84991112233", "74991112233"),
            ("apply --auto-approve --target '8 (499) 111-22-33'", "74991112233"),
            ("route 84991112233", "74991112233"),
            ("calendar 84991112233", "74991112233"),
            ("show 84991112233", "74991112233"),
            ("record show 84991112233", "74991112233"),
            ("record forget 84991112233", "74991112233"),
        ]
    ),
    ("list --to 9161234567", 64, "'9161234567' has no country code", "write 79161234567"),
    ("plan --target 9161234567", 64, "'9161234567' has no country code", "write 79161234567"),
    ("list --to duty-desk", 64, "'duty-desk' is not a valid destination", "a phone number, a SIP ID"),
    ("route duty-desk", 64, "'duty-desk' is not a phone number", "with the country code"),
    ("record forget duty-desk", 64, "'duty-desk' is not a phone number", "with the country code"),
    ("route 74990000000", 1, "74990000000 is not in any file", "reconciler list"),
    ("calendar 74990000000", 1, "74990000000 is not in any file", "reconciler list"),
    ("show 74990000000", 1, "74990000000 is in no file and not in the record", "reconciler list"),
    ("show nonsense", 1, "'nonsense' is not a plan file, a number or a run", "reconciler record list"),
    ("route 74991112233 --at tomorrow", 64, "'tomorrow' is not a valid time", "2026-12-31 18:30"),
    ("calendar --week next", 64, "'next' is not a valid time", "2026-12-28"),
    *(
        (f"{command} {selected}", 1, f"no managed number in the files matches {selected}", remedy)
        for command in ("plan", "plan -q", "apply --auto-approve -q", "list", "calendar")
        for selected, remedy in [
            ("--target 79990000000", "reconciler list"),
            ("--target moscow", "did you mean --tag moscow?"),
            ("--target sales", "did you mean --account sales?"),
            ("--tag mosow", "tags in the files: moscow"),
            ("--target office/74991112233", "it is in account sales"),
        ]
    ),
    *(
        (f"{command} --account sale", 1, "there is no account 'sale'", "did you mean sales?")
        for command in ("list", "calendar", "plan --refresh none", "apply --auto-approve")
    ),
]

NAMES: list[Row] = [
    ("apply nowhere.json", 1, "plan file nowhere.json: it cannot be read", "reconciler plan --out nowhere.json"),
    ("apply --auto-approve --expect nowhere.json", 1, "plan file nowhere.json", "reconciler plan --out nowhere.json"),
    ("plan --expect nowhere.json", 1, "plan file nowhere.json", "reconciler plan --out nowhere.json"),
    ("apply reconciler.yaml", 1, "plan file reconciler.yaml", "not a plan file", "name no file: reconciler apply"),
    ("apply .", 64, "'.' is a directory", "reconciler apply --help"),
    ("show reconciler.yaml", 1, "plan file reconciler.yaml", "not a plan file"),
    (
        "plan --out missing/plan.json",
        1,
        "the plan cannot be saved to missing/plan.json",
        "no such file or directory",
        "--out",
    ),
    ("plan --out .", 64, "'.' is the name of a folder", "name a file"),
    ("plan nowhere.yaml", 1, "nowhere.yaml is not a file of this configuration", "a file or folder"),
    ("plan 74991112233", 1, "is not a file of this configuration", "--target 74991112233"),
    ("validate '+7 (499) 111-22-33'", 1, "is not a file of this configuration", "--target 74991112233"),
    ("login offise", 1, "no account 'offise'", "did you mean office?"),
    ("login sales", 1, "account sales needs no login", "accounts.sales"),
    ("record unlock offise", 1, "no account or lock named 'offise'", "did you mean office?"),
    ("plan --scenario strom", 1, "no scenario 'strom'", "did you mean storm?"),
    ("list --scenario strom", 1, "no scenario 'strom'", "did you mean storm?"),
    ("plan", 1, "reconciler.yaml:5:29: error[secret-missing]", "EXOLVE_API_KEY is not set", "export EXOLVE_API_KEY="),
    ("doctor", 1, "EXOLVE_API_KEY is not set", "export EXOLVE_API_KEY="),
    ("undo", 1, "no recorded run wrote anything", "reconciler record list"),
    ("undo deadbeef", 1, "no run 'deadbeef'", "reconciler record list"),
    ("show deadbeef", 1, "'deadbeef' is not a plan file, a number or a run", "reconciler record list"),
    ("record forget 74991112244", 1, "74991112244 is not in the record", "reconciler record list"),
    ("record migrate --from sqlite", 64, "'sqlite'", "file"),
    ("record migrate --from postgres --set dsn=x", 64, "dsn is a secret", "--set dsn=env:NAME"),
    ("record migrate --from git --set branch=x", 64, "'branch' is not an option of a record in git", "remote"),
    ("plan --sign-key key.pem", 64, "--sign-key signs a saved plan", "--out"),
    ("apply --auto-approve --verify-key key.pem", 64, "--verify-key needs a plan file"),
    ("plan --trusted nowhere", 1, "the trusted reconciler.yaml cannot be read", "hint:"),
    ("validate --policy nowhere.yaml", 1, "nowhere.yaml", "cannot be read"),
    ("explain rout-gap", 1, "there is no rule 'rout-gap'", "did you mean route-gap?"),
    ("explain why", 1, "there is no rule 'why'", "reconciler explain"),
    ("list --raw", 64, "--raw is for --format csv"),
    ("schema frob", 64, "'frob'", "reconciler schema --help"),
    ("completion powershell", 64, "'powershell'", "bash"),
    ("fmt numbers.yaml", 64, "unexpected extra argument", "reconciler fmt --help"),
    ("sandbox --port 70000", 64, "70000", "reconciler sandbox --help"),
]

TYPED = [*OPTIONS, *COMMANDS, *NUMBERS, *NAMES]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A configuration that nothing is wrong with; no row writes to it."""
    folder = tmp_path_factory.mktemp("mistakes")
    (folder / "reconciler.yaml").write_text(CONFIGURATION, "utf-8")
    return folder


def told(ended: Ended) -> str:
    """All that is told, as one line."""
    return " ".join((ended.stdout + ended.stderr).split())


def test_a_secret_that_the_record_lacks_is_told_at_its_line(cli: Cli, tmp_path: Path) -> None:
    record = "record:\n  backend: postgres\n  postgres:\n    dsn: {env: RECONCILER_DSN}\n"
    (tmp_path / "reconciler.yaml").write_text(CONFIGURATION + record, "utf-8")
    ended = cli("plan")
    assert ended.exit_code == 1
    line = (CONFIGURATION + record).count("\n")
    assert f"reconciler.yaml:{line}:5: error[secret-missing]: environment variable RECONCILER_DSN is not set" in told(
        ended
    )
    assert "export RECONCILER_DSN=..." in ended.stderr


@pytest.mark.parametrize("row", TYPED, ids=itemgetter(0))
def test_a_mistake_at_the_command_line_is_told_with_its_remedy(row: Row, cli: Cli, folder: Path) -> None:
    typed, code, *words = row
    ended = cli(*shlex.split(typed), folder=folder)
    assert ended.exit_code == code
    assert [each for each in words if each not in told(ended)] == []
