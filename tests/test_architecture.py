"""The structure of the code is as the architecture says; each rule is shown to catch a seeded breach."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from tests.architecture import imports, places, sizes
from tests.architecture.sources import Source, read_tree

PACKAGE = imports.REPOSITORY / "reconciler"
RATCHETS = imports.REPOSITORY / "tests" / "ratchets.json"

Rule = Callable[[Iterable[Source]], Iterable[str]]

# A rule, and files that break it: path and text.
BREACHES: list[tuple[Rule, str, str]] = [
    *((places.misplaced_imports, "plan/model.py", f"import {place.what}") for place in places.IMPORTS),
    (places.misplaced_imports, "plan/model.py", "from rich.table import Table"),
    (places.misplaced_imports, "cli/plan.py", "def run():\n    import deepdiff.diff"),
    *((places.misplaced_attributes, "plan/model.py", f"a = {place.what}()") for place in places.ATTRIBUTES),
    (places.misplaced_attributes, "record/http.py", "from os import environ"),
    (places.misplaced_attributes, "plan/model.py", "a = datetime.datetime.now(UTC)"),
    *((places.misplaced_calls, "views/human.py", f"{place.what}('x')") for place in (*places.CALLS, *places.MADE)),
    (places.vague_names, "record/utils.py", ""),
    (places.vague_names, "common/text.py", ""),
    (places.provider_names, "plan/order.py", "late = account.provider == 'mtt'"),
    (places.provider_names, "apply/walk.py", "match provider:\n    case 'exolve':\n        pass"),
    (places.provider_names, "config/trusted.py", "hint = f'begin with `provider: exolve` or {other}'"),
    (places.provider_names, "views/human/plan.py", "text = '(MTT cannot be asked)'"),
    (places.provider_names, "cli/record.py", "if is_mtt(account):\n    pass"),
    (places.kind_questions, "plan/decide.py", "readable = subject.key.kind is not Kind.PARKING"),
    (places.kind_questions, "views/human/tables.py", "match kind:\n    case Kind.FORWARDING:\n        pass"),
    (sizes.long_functions, "plan/order.py", "def order():\n" + "    step()\n" * 60),
    (sizes.long_files, "plan/order.py", "step()\n" * 451),
]


@pytest.fixture(scope="module")
def package() -> list[Source]:
    return read_tree(PACKAGE)


@pytest.mark.parametrize("rule", dict.fromkeys(rule for rule, _, _ in BREACHES), ids=lambda rule: rule.__name__)
def test_the_package_keeps_the_rule(rule: Rule, package: list[Source]) -> None:
    assert list(rule(package)) == []


@pytest.mark.parametrize(("rule", "path", "text"), BREACHES)
def test_a_breach_of_the_rule_is_found(rule: Rule, path: str, text: str, tmp_path: Path) -> None:
    (tmp_path / path).parent.mkdir(parents=True)
    (tmp_path / path).write_text(text, "utf-8")
    found = list(rule(read_tree(tmp_path)))
    assert len(found) >= 1
    assert all(line.startswith(path) for line in found)


def test_a_thing_in_its_own_place_is_no_breach() -> None:
    tidy = [
        Source("cli/plan.py", "import click"),
        Source("secrets.py", "import os\nhome = os.environ['HOME']"),
        Source("providers/exolve/client.py", "import httpx\ndef read(client: httpx.Client) -> None: ..."[:12]),
        Source("clock.py", "from datetime import datetime\nnow = datetime.now()"),
    ]
    assert [*places.misplaced_imports(tidy), *places.misplaced_attributes(tidy)] == []


def test_functions_are_small(package: list[Source]) -> None:
    found = sizes.function_sizes(package)
    assert found.median <= sizes.MEDIAN_LINES, found
    assert found.p95 <= sizes.P95_LINES, found


def test_function_sizes_are_counted_from_def_to_the_last_line() -> None:
    found = sizes.function_sizes([Source("a.py", "def one(): ...\n\n\ndef three():\n    a = 1\n    return a\n")])
    assert (found.count, found.median, found.longest) == (2, 2, 3)


@pytest.mark.parametrize("tree", ["reconciler", "tests"])
def test_silenced_checks_only_become_fewer(tree: str) -> None:
    allowed = json.loads(RATCHETS.read_text("utf-8"))[tree]
    found = sizes.silenced(read_tree(imports.REPOSITORY / tree))
    assert all(found[kind] <= allowed[kind] for kind in allowed), f"{found}: mend the cause instead of silencing it"
    assert found == allowed, f"{found}: fewer than before; write that down in {RATCHETS.name}"


def test_silenced_checks_are_counted_in_comments_and_not_in_texts() -> None:
    text = "import a  # type: ignore[import]\nb = '# noqa'\nc = 1  # NOQA: E501\nd = 1  # pragma: no cover\n"
    assert sizes.silenced([Source("a.py", text)]) == {"type: ignore": 1, "noqa": 1, "pragma: no cover": 1}


def test_every_place_that_may_hold_something_exists(package: list[Source]) -> None:
    assert list(places.missing_places(source.path for source in package)) == []


def test_a_place_that_is_gone_is_found(package: list[Source]) -> None:
    kept = [source.path for source in package if not source.path.startswith("sandbox/")]
    assert set(places.missing_places(kept)) == {"sandbox/", "sandbox.py"}


def test_help_loads_no_heavy_library() -> None:
    loaded = imports.loaded_modules(["-m", "reconciler", "--help"])
    assert "reconciler.cli" in loaded
    assert imports.heavy(loaded) == set()


def test_files_are_judged_without_network_code() -> None:
    loaded = imports.loaded_modules(["-m", "reconciler", "-C", "examples/two-providers", "validate"])
    assert "reconciler.providers.table" in loaded
    assert [each for each in loaded if each.startswith(("httpx", "reconciler.http"))] == []


def test_plan_and_apply_load_nothing_of_live_calls() -> None:
    for output in ("text", "json", "html", "markdown", "sarif"):
        words = ["-m", "reconciler", "-C", "examples/two-providers", "plan", "--refresh", "none", "--format", output]
        loaded = imports.loaded_modules(words, check=False)
        assert "reconciler.workflow.plan" in loaded
        assert [each for each in loaded if each.startswith(("reconciler.events", "reconciler.calls"))] == []
    loaded = imports.loaded_modules(["-m", "reconciler", "demo"])
    assert "reconciler.workflow.apply" in loaded
    assert [each for each in loaded if each.startswith(("reconciler.events", "reconciler.calls"))] == []


def test_plan_and_apply_load_nothing_that_receives_events() -> None:
    plain = "cli.plan, cli.apply, workflow.plan, workflow.apply, views.machine, views.web.pages, formats.answers"
    names = ", ".join(f"reconciler.{each}" for each in plain.split(", "))
    loaded = imports.loaded_modules(["-c", f"import {names}"])
    assert "reconciler.plan.build" in loaded
    assert [each for each in loaded if each.startswith("reconciler.events")] == []
    assert "reconciler.events.store" in imports.loaded_modules(["-c", "import reconciler.cli.events"])


def test_a_heavy_library_is_seen_when_it_is_loaded() -> None:
    assert imports.heavy(imports.loaded_modules(["-c", "import jinja2.utils, json"])) == {"jinja2"}


def test_the_import_contracts_hold() -> None:
    broken, report = imports.broken_contracts(imports.REPOSITORY)
    assert broken == set(), report


# A contract, a module, and the import that breaks it.
WRONG_IMPORTS: list[tuple[str, str, str]] = [
    ("Stages import downwards only", "schedule/period.py", "import reconciler.model"),
    ("Stages import downwards only", "model.py", "def f():\n    from reconciler.plan import Plan"),
    ("Stages import downwards only", "live.py", "from reconciler.workflow.plan import make_plan"),
    ("Stages import downwards only", "new_stage.py", ""),
    ("The vendors never see each other", "providers/mtt/wire.py", "import reconciler.providers.exolve.wire"),
    ("Only the table knows the vendors", "apply/walk.py", "from reconciler.providers.exolve import client"),
    ("The sandbox judges by itself", "sandbox/state.py", "import reconciler.canonical"),
    ("No package depends on itself in a circle", "record/base.py", "import reconciler.record.sqlite"),
]


@pytest.mark.parametrize(("contract", "module", "statement"), WRONG_IMPORTS, ids=lambda cell: cell.partition("\n")[0])
def test_a_wrong_import_breaks_its_contract(contract: str, module: str, statement: str, tmp_path: Path) -> None:
    shutil.copytree(PACKAGE, tmp_path / "reconciler", ignore=shutil.ignore_patterns("__pycache__"))
    with (tmp_path / "reconciler" / module).open("a", encoding="utf-8") as file:
        file.write(f"\n{statement}\n")
    broken, report = imports.broken_contracts(tmp_path)
    assert contract in broken, report


def test_every_contract_is_shown_to_catch_a_wrong_import() -> None:
    assert {contract for contract, _, _ in WRONG_IMPORTS} == imports.contract_names()


REGISTRIES = ("pypi" + ".org", "python" + "hosted.org", "--" + "index-url", "--extra-" + "index-url")


def names_a_registry(text: str) -> bool:
    return any(registry in text for registry in REGISTRIES)


def test_no_file_says_where_packages_come_from() -> None:
    """That is the machine's own setting; a lock that names a host fails wherever there is a mirror."""
    folders = [imports.REPOSITORY / name for name in ("reconciler", "docs", "examples", "tests", ".ci")]
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file() and path.suffix != ".pyc"]
    files += [path for path in imports.REPOSITORY.iterdir() if path.is_file() and not path.name.startswith(".coverage")]
    assert len(files) > 100
    assert [str(path) for path in files if names_a_registry(path.read_text("utf-8", "replace"))] == []


def test_a_registry_in_a_lock_is_seen() -> None:
    assert names_a_registry("--" + "index-url https://mirror.example/simple\nclick==8.1\n")
    assert not names_a_registry("click==8.1 \\\n    --hash=sha256:00\n")
