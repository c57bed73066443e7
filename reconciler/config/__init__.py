"""Configuration files to checked settings and desired values; see `load`."""

from __future__ import annotations

from reconciler.secrets import keep_plugins_out

keep_plugins_out()
