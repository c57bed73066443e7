"""The workplace of the commands' tests, for attacks on it."""

from __future__ import annotations

from tests.cli.conftest import cli, sandbox, workplace

__all__ = ["cli", "sandbox", "workplace"]
