"""Loads configurations with the providers that there are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from reconciler.config.files import Origin
from reconciler.config.load import LoadResult
from reconciler.config.load import load as load_with
from reconciler.providers.table import PROVIDERS


def load(root: Path, *, trusted: str | None = None, environment: str | None = None, **asked: Any) -> LoadResult:
    """Load a folder, as `reconciler.config.load` does."""
    return load_with(root, PROVIDERS, origin=Origin(trusted, environment), **asked)
