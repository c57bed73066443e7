"""`reconciler lsp` through the protocol, as an editor starts it: findings, names, words, edits."""

from __future__ import annotations

import itertools
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from reconciler.clock import SystemClock
from reconciler.config.load import load
from reconciler.diagnostics import Diagnostic
from reconciler.providers.table import PROVIDERS
from reconciler.workflow.validate import judged
from tests.architecture.imports import REPOSITORY
from tests.language_client import LanguageClient
from tests.unit.config.loading import write

pytest.importorskip("pygls", reason="needs pygls")

COMMAND = [sys.executable, "-m", "reconciler", "lsp"]
INVALID = sorted(path.name for path in (REPOSITORY / "examples" / "invalid").iterdir())
VALID = sorted(path.name for path in (REPOSITORY / "examples").iterdir() if path.name != "invalid" and path.is_dir())
_names = (f"configuration-{count}" for count in itertools.count())

BASE = """\
version: 1
name: lines
include: ["numbers/*.yaml"]
defaults: {account: sales, timeout: 20, timezone: Europe/Moscow, calendar_until: 2099-12-31}
accounts:
  sales: {provider: exolve, api_key: {env: EXOLVE_API_KEY}}
  support: {provider: exolve, api_key: {env: SUPPORT_API_KEY}}
contacts:
  duty-desk: {to: "74992223344", name: дежурный, timeout: 16}
schedules:
  office-hours: {period: "wd {mon-fri} hr {9-17}"}
  weekend: {weekly: {sat-sun: 10:00-14:00}}
scenarios:
  storm: {contacts: {duty-desk: {to: "74992223355"}}}
profiles:
  hotline: {forwarding: {type: number, targets: [{to: duty-desk}]}}
"""
NUMBERS = """\
version: 1
numbers:
  "74991112233":
    use: [hotline]
  "74991112234":
    forwarding:
      type: number
      redirect: sequential
      targets:
        - to: duty-desk
          schedule: office-hours
        - to: "74992223355"
"""


@pytest.fixture(scope="module")
def server(examples: Path) -> Iterator[LanguageClient]:
    with LanguageClient(COMMAND, examples) as client:
        yield client


Configuration = Callable[..., str]


@pytest.fixture
def configuration(examples: Path) -> Configuration:
    """Writes a configuration into a folder of the editor's; gives the folder's name."""

    def written(numbers: str = NUMBERS, base: str = BASE) -> str:
        name = next(_names)
        write(examples / name, base, {"numbers/all.yaml": numbers})
        return name

    return written


def as_told(item: Diagnostic) -> tuple[Any, ...]:
    place = item.location
    return (item.code, place.line - 1 if place is not None else 0, item.message)


# -- findings ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [*VALID, *(f"invalid/{name}" for name in INVALID)])
def test_the_findings_are_those_of_validate(name: str, server: LanguageClient, examples: Path) -> None:
    folder = examples / "examples" / name
    found = judged(load(folder, PROVIDERS, today=SystemClock().today()))
    by_file: dict[str, list[tuple[Any, ...]]] = {"reconciler.yaml": []}
    for item in found:
        by_file.setdefault(item.location.file if item.location else "reconciler.yaml", []).append(as_told(item))
    text = (folder / "reconciler.yaml").read_bytes() if (folder / "reconciler.yaml").is_file() else None
    if text is None or name == "invalid/file-encoding":
        pytest.skip("there is no text that an editor could open")
    server.open(f"examples/{name}/reconciler.yaml")
    for file, expected in by_file.items():
        told = server.findings(f"examples/{name}/{file}")
        assert sorted(_shape(item) for item in told) == sorted(expected)
    server.forget(f"examples/{name}/reconciler.yaml")


def _shape(item: dict[str, Any]) -> tuple[Any, ...]:
    return (item["code"], item["range"]["start"]["line"], item["message"].partition("\nhint: ")[0])


def test_what_is_on_the_screen_counts_and_not_what_is_on_the_disk(
    server: LanguageClient, configuration: Configuration
) -> None:
    name = configuration()
    server.open(f"{name}/numbers/all.yaml", NUMBERS.replace("schedule: office-hours", "schedule: office-hour"))
    (found,) = server.findings(f"{name}/numbers/all.yaml")
    assert (found["code"], found["severity"], found["source"]) == ("unknown-schedule", 1, "reconciler")
    assert found["range"] == {"start": {"line": 10, "character": 20}, "end": {"line": 10, "character": 31}}
    assert found["message"] == "there is no schedule 'office-hour'\nhint: did you mean office-hours?"
    server.change(f"{name}/numbers/all.yaml", 2, {"text": NUMBERS})
    assert server.findings(f"{name}/numbers/all.yaml", after=1) == []


def test_a_change_in_one_file_is_told_in_the_other(server: LanguageClient, configuration: Configuration) -> None:
    name = configuration()
    server.open(f"{name}/reconciler.yaml")
    assert server.findings(f"{name}/reconciler.yaml") == []
    server.change(f"{name}/reconciler.yaml", 2, {"text": BASE.replace("  office-hours:", "  working-hours:")})
    (found,) = server.findings(f"{name}/numbers/all.yaml", until=bool)
    assert found["code"] == "unknown-schedule"
    count = server.count(f"{name}/numbers/all.yaml")
    server.forget(f"{name}/reconciler.yaml")
    assert server.findings(f"{name}/numbers/all.yaml", after=count) == []


def test_what_others_change_on_disk_is_judged_where_the_editor_watches(
    examples: Path, configuration: Configuration
) -> None:
    name = configuration()
    wish = {"workspace": {"didChangeWatchedFiles": {"dynamicRegistration": True}}}
    with LanguageClient(COMMAND, examples, capabilities=wish) as client:
        client.open(f"{name}/reconciler.yaml")
        assert client.findings(f"{name}/reconciler.yaml") == []
        (asked,) = [each for each in client.asked if each["method"] == "client/registerCapability"]
        (registered,) = asked["params"]["registrations"]
        assert registered["registerOptions"]["watchers"] == [{"globPattern": "**/*.{yaml,yml}"}]
        (examples / name / "numbers" / "all.yaml").write_text(NUMBERS.replace("[hotline]", "[coldline]"), "utf-8")
        changed = [{"uri": client.uri(f"{name}/numbers/all.yaml"), "type": 2}]
        client.tell("workspace/didChangeWatchedFiles", {"changes": changed})
        (found,) = client.findings(f"{name}/numbers/all.yaml", until=bool)
    assert found["code"] == "unknown-profile"


def test_a_folder_that_is_opened_later_is_the_editors_own(examples: Path, configuration: Configuration) -> None:
    name = configuration()
    with LanguageClient(COMMAND, examples / name / "numbers") as client:
        client.open("all.yaml")
        assert client.at("hover", "all.yaml", 3, 12) is None  # reconciler.yaml is above what is open
        added = [{"uri": (examples / name).as_uri(), "name": name}]
        removed = [{"uri": (examples / name / "numbers").as_uri(), "name": "numbers"}]
        client.tell("workspace/didChangeWorkspaceFolders", {"event": {"added": added, "removed": removed}})
        assert "hotline" in client.at("hover", "all.yaml", 3, 12)["contents"]["value"]


def test_a_second_place_is_linked(server: LanguageClient, configuration: Configuration) -> None:
    name = configuration(NUMBERS + '  "+7 499 111-22-33": {}\n')
    server.open(f"{name}/numbers/all.yaml")
    (found,) = server.findings(f"{name}/numbers/all.yaml", until=bool)
    (related,) = found["relatedInformation"]
    assert related["location"]["uri"] == server.uri(f"{name}/numbers/all.yaml")
    assert related["location"]["range"]["start"] == {"line": 2, "character": 2}


def test_columns_are_utf16_units(server: LanguageClient, configuration: Configuration) -> None:
    line = '  "74991112235": {description: "📞📞 Связь", account: sale}\n'
    name = configuration("version: 1\nnumbers:\n" + line)
    server.open(f"{name}/numbers/all.yaml")
    (found,) = server.findings(f"{name}/numbers/all.yaml", until=bool)
    units = len(line[: line.index("sale}")].encode("utf-16-le")) // 2
    assert units == line.index("sale}") + 2
    expected = {"start": {"line": 2, "character": units}, "end": {"line": 2, "character": units + 4}}
    assert found["range"] == expected
    fixed = apply(line, actions(server, f"{name}/numbers/all.yaml", expected)[0], first=2)
    assert fixed == line.replace("sale}", "sales}")


def test_an_editor_that_counts_bytes_is_answered_in_bytes(examples: Path, configuration: Configuration) -> None:
    name = configuration('version: 1\nnumbers:\n  "74991112235": {description: "Связь", account: sale}\n')
    wish = {"general": {"positionEncodings": ["utf-8"]}}
    with LanguageClient(COMMAND, examples, capabilities=wish) as client:
        assert client.initialized["capabilities"]["positionEncoding"] == "utf-8"
        client.open(f"{name}/numbers/all.yaml")
        (found,) = client.findings(f"{name}/numbers/all.yaml", until=bool)
    assert found["range"]["start"]["character"] == len('  "74991112235": {description: "Связь", account: '.encode())


def test_a_file_that_belongs_to_no_configuration_is_left_alone(server: LanguageClient, examples: Path) -> None:
    (examples / "elsewhere").mkdir()
    server.open("elsewhere/other.yaml", "a: [\n")
    place = {"uri": server.uri("elsewhere/other.yaml")}
    assert server.at("hover", "elsewhere/other.yaml", 0, 0) is None
    assert server.ask("textDocument/completion", {"textDocument": place, "position": {"line": 0, "character": 4}})
    assert server.count("elsewhere/other.yaml") == 0


def test_no_command_is_run_and_no_secret_read(server: LanguageClient, configuration: Configuration) -> None:
    made = server.root / "made-by-a-command"
    secret = server.root / "secret.txt"
    secret.write_text("canary-88", "utf-8")
    base = BASE.replace("{env: EXOLVE_API_KEY}", f"{{command: [touch, {made}]}}")
    name = configuration(base=base.replace("{env: SUPPORT_API_KEY}", f"{{file: {secret}}}"))
    server.open(f"{name}/reconciler.yaml", base.replace("{env: SUPPORT_API_KEY}", f"{{file: {secret}}}") + "x:\n")
    (found,) = server.findings(f"{name}/reconciler.yaml", until=bool)
    assert found["code"] == "unknown-key"
    assert not made.exists()


# -- names ------------------------------------------------------------------------------------------------------------


def marked(text: str) -> tuple[str, int, int]:
    """A text without its mark `|`, and the line and UTF-16 column where that was."""
    before = text[: text.index("|")]
    line = before.rpartition("\n")[2]
    return text.replace("|", "", 1), before.count("\n"), len(line.encode("utf-16-le")) // 2


def completed(server: LanguageClient, name: str, numbers: str) -> dict[str, str]:
    """What is offered at a mark in the numbers, and the line after choosing it."""
    text, line, column = marked(numbers)
    server.open(f"{name}/numbers/all.yaml", text)
    answer = server.at("completion", f"{name}/numbers/all.yaml", line, column)
    row = text.split("\n")[line]
    return {
        item["label"]: apply(row, {"edit": {"changes": {"": [item["textEdit"]]}}}, first=line)
        for item in answer["items"]
    }


@pytest.mark.parametrize(
    ("before", "after", "names"),
    [
        ("schedule: office-hours", "schedule: |", {"office-hours", "weekend"}),
        ("schedule: office-hours", "schedule: off|", {"office-hours", "weekend"}),
        ("- to: duty-desk\n          schedule: office-hours", "- {to: du|}", {"duty-desk"}),
        ("- to: duty-desk\n          schedule: office-hours", "- {to: x, schedule: |}", {"office-hours", "weekend"}),
        ('to: "74992223355"', "to: |", {"duty-desk"}),
        ('to: "74992223355"', 'to: "|"', {"duty-desk"}),
        ("use: [hotline]", "use: [|]", {"hotline"}),
        ("use: [hotline]", "use: [hotline, |", {"hotline"}),
        ("use: [hotline]", "use:\n      - |", {"hotline"}),
        ("use: [hotline]", "use:\n    - hotline\n    - h|", {"hotline"}),
        ("use: [hotline]", "use: [hotline]\n    account: |", {"sales", "support"}),
        ("version: 1\n", "version: 1\nexpectations:\n  - {call: '74991112233', during: |", {"office-hours", "weekend"}),
        ("version: 1\n", "version: 1\nexpectations:\n  - {call: '74991112233', rings: [du|", {"duty-desk"}),
        ("version: 1\n", "version: 1\nexpectations:\n  - call: '74991112233'\n    scenario: |", {"storm"}),
    ],
)
def test_names_are_offered_where_they_are_due(
    before: str, after: str, names: set[str], server: LanguageClient, configuration: Configuration
) -> None:
    offered = completed(server, configuration(), NUMBERS.replace(before, after))
    assert set(offered) == names
    line = next(line for line in after.split("\n") if "|" in line)
    head = line[: line.index("|")]
    word = head[len(head.rstrip("abcdefghijklmnopqrstuvwxyz")) :]
    for name, row in offered.items():
        assert head[: len(head) - len(word)] + name in row


@pytest.mark.parametrize(
    "text", ["description: |", "tags: [|]", "forwarding: |", "protected: |", "# to: |x\n    use: |["]
)
def test_no_name_is_offered_where_none_is_due(text: str, server: LanguageClient, configuration: Configuration) -> None:
    assert completed(server, configuration(), NUMBERS.replace("use: [hotline]", text)) == {}


def test_a_name_of_this_very_text_is_offered_and_one_that_yaml_would_misread_is_quoted(
    server: LanguageClient, configuration: Configuration
) -> None:
    own = NUMBERS + "schedules:\n  'night: all': {period: 'hr {22-23}'}\n  ночь: {period: 'hr {22-23}'}\n"
    name = configuration()
    server.open(f"{name}/numbers/all.yaml", own)
    server.findings(f"{name}/numbers/all.yaml")
    text, line, column = marked(own.replace("schedule: office-hours", "schedule: |"))
    server.change(f"{name}/numbers/all.yaml", 2, {"text": text})
    items = server.at("completion", f"{name}/numbers/all.yaml", line, column)["items"]
    new = {item["label"]: item["textEdit"]["newText"] for item in items}
    assert new["night: all"] == '"night: all"'
    assert new["ночь"] == "ночь"


@pytest.mark.parametrize(
    ("place", "file", "line"),
    [
        ("schedule: offi|ce-hours", "reconciler.yaml", "  office-hours:"),
        ("- to: duty|-desk", "reconciler.yaml", "  duty-desk:"),
        ("use: [hot|line]", "reconciler.yaml", "  hotline:"),
    ],
)
def test_a_name_leads_to_where_it_is_declared(
    place: str, file: str, line: str, server: LanguageClient, configuration: Configuration
) -> None:
    name = configuration()
    text, row, column = marked(NUMBERS.replace(place.replace("|", ""), place))
    server.open(f"{name}/numbers/all.yaml", text)
    target = server.at("definition", f"{name}/numbers/all.yaml", row, column)
    assert target["uri"] == server.uri(f"{name}/{file}")
    start = target["range"]["start"]
    assert BASE.split("\n")[start["line"]].startswith(line)
    assert start["character"] == 2


def test_an_account_leads_to_where_it_is_declared(server: LanguageClient, configuration: Configuration) -> None:
    name = configuration()
    text, row, column = marked(BASE.replace("account: sales", "account: sal|es"))
    server.open(f"{name}/reconciler.yaml", text)
    target = server.at("definition", f"{name}/reconciler.yaml", row, column)
    assert target["range"]["start"] == {"line": 5, "character": 2}


@pytest.mark.parametrize(
    "place", ['to: "7499|2223355"', "type: num|ber", "schedu|le: office-hours", "redirect: |sequential"]
)
def test_what_is_no_name_leads_nowhere(place: str, server: LanguageClient, configuration: Configuration) -> None:
    name = configuration()
    text, row, column = marked(NUMBERS.replace(place.replace("|", ""), place))
    server.open(f"{name}/numbers/all.yaml", text)
    assert server.at("definition", f"{name}/numbers/all.yaml", row, column) is None


# -- words ------------------------------------------------------------------------------------------------------------


def hovered(server: LanguageClient, name: str, text: str, place: str, file: str = "numbers/all.yaml") -> str | None:
    assert place.replace("|", "") in text
    shown, row, column = marked(text.replace(place.replace("|", ""), place, 1))
    server.open(f"{name}/{file}", shown)
    answer = server.at("hover", f"{name}/{file}", row, column)
    return None if answer is None else answer["contents"]["value"]


def test_hovering_over_a_schedule_tells_its_week(server: LanguageClient, configuration: Configuration) -> None:
    said = hovered(server, configuration(), NUMBERS, "schedule: office|-hours")
    assert said is not None
    assert said.splitlines()[0] == "**office-hours**: Mon-Fri 9:00-18:00"
    assert "reconciler.yaml:11" in said


def test_hovering_over_its_declaration_tells_it_too(server: LanguageClient, configuration: Configuration) -> None:
    said = hovered(server, configuration(), BASE, "  week|end:", "reconciler.yaml")
    assert said is not None
    assert "10:00-14:00" in said
    assert "Sat" in said


def test_hovering_over_a_period_tells_its_week_and_all_of_it(
    server: LanguageClient, configuration: Configuration
) -> None:
    said = hovered(server, configuration(), BASE, 'period: "wd {mon-|fri}', "reconciler.yaml")
    assert said is not None
    assert said.startswith("**Mon-Fri 9:00-18:00**")
    assert "17:59:59" in said


def test_hovering_over_a_contact_tells_who_rings(server: LanguageClient, configuration: Configuration) -> None:
    said = hovered(server, configuration(), NUMBERS, "- to: duty|-desk")
    assert said is not None
    assert "74992223344 (дежурный), rings for 16 s" in said


def test_a_schedule_at_fault_has_no_times_to_tell(server: LanguageClient, configuration: Configuration) -> None:
    broken = BASE.replace("wd {mon-fri} hr {9-17}", "wd {moon}")
    said = hovered(server, configuration(base=broken), NUMBERS, "schedule: office|-hours")
    assert said is not None
    assert said.splitlines()[0] == "**office-hours**"


def test_a_week_is_told_while_another_part_is_at_fault(server: LanguageClient, configuration: Configuration) -> None:
    text = NUMBERS.replace('to: "74992223355"', 'to: "8 499 222 33 55"')
    said = hovered(server, configuration(), text, "schedule: office|-hours")
    assert said is not None
    assert "Mon-Fri 9:00-18:00" in said


# -- edits ------------------------------------------------------------------------------------------------------------


def actions(server: LanguageClient, name: str, at: dict[str, Any]) -> list[dict[str, Any]]:
    asked = {"textDocument": {"uri": server.uri(name)}, "range": at, "context": {"diagnostics": []}}
    found: list[dict[str, Any]] = server.ask("textDocument/codeAction", asked)
    return found


def apply(text: str, action: dict[str, Any], *, first: int = 0) -> str:
    """A text, whose first line has a number, after an edit at UTF-16 columns."""
    ((edit,),) = action["edit"]["changes"].values()
    new: str = edit["newText"]
    lines = text.split("\n")

    def offset(place: dict[str, int]) -> int:
        line = lines[place["line"] - first]
        column = len(line.encode("utf-16-le")[: 2 * place["character"]].decode("utf-16-le"))
        return sum(len(each) + 1 for each in lines[: place["line"] - first]) + column

    start, end = offset(edit["range"]["start"]), offset(edit["range"]["end"])
    return text[:start] + new + text[end:]


FIXES = [
    ('to: "74992223355"', "to: 8 (499) 222-33-55", "Write 74992223355", "to: 74992223355"),
    ('to: "74992223355"', 'to: "8 (499) 222-33-55"', "Write 74992223355", 'to: "74992223355"'),
    ("schedule: office-hours", "schedule: ofice-hours", "Write office-hours", "schedule: office-hours"),
    ("use: [hotline]", "use: [hotlin]", "Write hotline", "use: [hotline]"),
    ("redirect: sequential", "redirect: sequental", "Write sequential", "redirect: sequential"),
    ("redirect: sequential", "redirct: sequential", "Write redirect", "redirect: sequential"),
    ("type: number", "type: numbr", "Write number", "type: number"),
    (
        "schedule: office-hours",
        "schedule: {period: wd {mon-fri} hr {9-17}}",
        "Put it in quotes",
        'schedule: {period: "wd {mon-fri} hr {9-17}"}',
    ),
    ("schedule: office-hours", "schedule: {period: wd 1}", None, None),
    ("redirect: sequential", "masking: yes", "Write false", "masking: false"),
]


@pytest.mark.parametrize(("sound", "written", "title", "fixed"), FIXES, ids=[row[1] for row in FIXES])
def test_a_hint_becomes_an_edit_that_mends_it(
    sound: str, written: str, title: str | None, fixed: str | None, server: LanguageClient, configuration: Configuration
) -> None:
    name, text = configuration(), NUMBERS.replace(sound, written)
    server.open(f"{name}/numbers/all.yaml", text)
    found = server.findings(f"{name}/numbers/all.yaml", until=bool)
    offered = {
        each["title"]: each for item in found for each in actions(server, f"{name}/numbers/all.yaml", item["range"])
    }
    if title is None or fixed is None:
        assert offered == {}
        return
    assert offered[title]["kind"] == "quickfix"
    assert apply(text, offered[title]) == NUMBERS.replace(sound, fixed)


def test_a_missing_version_is_added_as_a_line(server: LanguageClient, configuration: Configuration) -> None:
    name, text = configuration(), NUMBERS.replace("version: 1\n", "")
    server.open(f"{name}/numbers/all.yaml", text)
    (found,) = server.findings(f"{name}/numbers/all.yaml", until=bool)
    (action,) = actions(server, f"{name}/numbers/all.yaml", found["range"])
    assert apply(text, action) == NUMBERS


@pytest.mark.parametrize("rule", ["sip-uri-invalid", "period-trailing-comma", "text-direction", "unknown-rule"])
def test_an_edit_for_an_example_mends_one_fault(rule: str, server: LanguageClient, examples: Path) -> None:
    folder = next(_names)
    shutil.copytree(examples / "examples" / "invalid" / rule, examples / folder)
    name = f"{folder}/reconciler.yaml"
    text = (examples / name).read_bytes().decode()
    server.open(name)
    told = [item for item in server.findings(name, until=bool) if item["code"] == rule]
    (action,) = actions(server, name, told[0]["range"])
    server.change(name, 2, {"text": apply(text, action)})
    left = server.findings(name, until=lambda found: [item["code"] for item in found].count(rule) < len(told))
    assert [item["code"] for item in left].count(rule) == len(told) - 1


# -- the program ------------------------------------------------------------------------------------------------------


def test_it_ends_as_the_protocol_says(tmp_path: Path) -> None:
    with LanguageClient(COMMAND, tmp_path) as client:
        capabilities = client.initialized["capabilities"]
        assert capabilities["hoverProvider"]
        assert capabilities["definitionProvider"]
        assert capabilities["positionEncoding"] == "utf-16"
    assert client.process.returncode == 0


def test_it_ends_when_the_editor_is_gone(tmp_path: Path) -> None:
    done = subprocess.run(COMMAND, cwd=tmp_path, input=b"", capture_output=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (0, b"")


def test_without_the_extra_it_says_what_to_install(tmp_path: Path) -> None:
    script = textwrap.dedent("""\
        import sys
        sys.modules["pygls"] = None
        sys.argv = ["reconciler", "lsp"]
        from reconciler.__main__ import start
        start()
    """)
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert "pip install 'phone-reconciler[lsp]'" in done.stderr
    assert "Traceback" not in done.stderr


def test_it_loads_no_network_code_and_other_commands_do_not_load_it() -> None:
    def loaded(*arguments: str) -> str:
        command = [sys.executable, "-X", "importtime", "-m", "reconciler", *arguments]
        return subprocess.run(command, cwd=REPOSITORY, input="", capture_output=True, text=True, check=True).stderr

    served, validated = loaded("lsp"), loaded("-C", "examples/quickstart", "validate")
    assert "reconciler.lsp.server" in served
    assert [word for word in ("httpx", "reconciler.http", "reconciler.record") if word in served] == []
    assert [word for word in ("pygls", "lsprotocol", "reconciler.lsp") if word in validated] == []
