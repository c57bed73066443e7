"""Loads configurations with the providers that there are."""

from __future__ import annotations

from functools import partial

from reconciler.config.load import load as load_with
from reconciler.providers.table import PROVIDERS

load = partial(load_with, providers=PROVIDERS)
