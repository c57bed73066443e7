"""The command line: parses options, asks the wiring, calls one workflow function, picks a view, returns an exit code.

Decides nothing about numbers and draws nothing itself.
"""

from __future__ import annotations

from reconciler.cli.root import main

__all__ = ["main"]
