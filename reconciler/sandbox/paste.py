"""What a user pastes to work against a running sandbox: a configuration and the environment that it names.

Must not print, and must not know the command line.
"""

from __future__ import annotations

import shlex

from reconciler.sandbox.sandbox import Sandbox


def environment(sandbox: Sandbox) -> dict[str, str]:
    """The variables that the configuration names; the values open this sandbox and nothing else."""
    return {
        "EXOLVE_API_KEY": sandbox.api_key,
        "MTT_CLIENT_ID": sandbox.client_id,
        "MTT_CLIENT_SECRET": sandbox.client_secret,
        "MTT_REFRESH_TOKEN": sandbox.refresh_token,
    }


def exports(sandbox: Sandbox) -> str:
    """The environment as lines for a shell."""
    return "".join(f"export {name}={shlex.quote(value)}\n" for name, value in environment(sandbox).items())


def configuration(sandbox: Sandbox) -> str:
    """A whole `reconciler.yaml` with one account at each vendor."""
    return f"""\
version: 1
name: sandbox
accounts:
  sales:
    provider: exolve
    api_key: {{env: EXOLVE_API_KEY}}
    application: {sandbox.application}
    base_url: {sandbox.exolve_url}
  office:
    provider: mtt
    client_id: {{env: MTT_CLIENT_ID}}
    client_secret: {{env: MTT_CLIENT_SECRET}}
    refresh_token: {{env: MTT_REFRESH_TOKEN}}
    redirect_uri: {sandbox.redirect_uri}
    base_url: {sandbox.mtt_url}
    oauth_url: {sandbox.oauth_url}
defaults:
  account: sales
  timeout: 20
"""
