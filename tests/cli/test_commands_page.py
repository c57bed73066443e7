"""docs/commands.md tells of every command and of every option that is its own."""

from __future__ import annotations

import re

import click
import pytest

from reconciler.cli.process import everywhere, language_option, of_configuration, of_policy, of_the_network
from tests.architecture.imports import REPOSITORY
from tests.cli.test_root import EVERY, NAMES

PAGE = (REPOSITORY / "docs" / "commands.md").read_text("utf-8")
COMMON = {
    name
    for option in [*everywhere(), *of_configuration(), language_option(), of_policy(), *of_the_network()]
    for name in option.opts
}


def section(name: str) -> str:
    """The part of the page under a command's heading."""
    match = re.search(rf"^## {name}\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    assert match is not None, f"docs/commands.md has no section {name!r}"
    return match[1]


@pytest.mark.parametrize(
    ("path", "command"),
    [each for each in EVERY if each[0][0] != "period"],
    ids=[n for n in NAMES if not n.startswith("period")],
)
def test_a_command_is_documented_with_its_own_options(path: tuple[str, ...], command: click.Command) -> None:
    text = section(path[0])
    if path[0] == "apply":
        text += section("plan")
    assert all(word in text for word in path)
    own = [parameter for parameter in command.params if isinstance(parameter, click.Option)]
    missing = [option.opts[0] for option in own if option.opts[0] not in COMMON and option.opts[0] not in text]
    assert missing == []


def test_the_common_options_are_documented() -> None:
    assert [name for name in sorted(COMMON) if f"`{name}" not in PAGE] == []
