"""Starts git, and is the only place that does: no program of the tree's, no secret of ours, no transport unasked for.

Knows neither repositories nor what git is asked.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.secrets import environment

if TYPE_CHECKING:
    from collections.abc import Mapping
    from subprocess import CompletedProcess

    Done = CompletedProcess[bytes]

SECONDS = 30.0
REMOTE_SECONDS = 120.0

# What a tree or a configuration may name to be run, or to stand in for what was asked. The commands that are used
# are plumbing, which runs no filter and no diff program; these switch off what plumbing would heed.
_CAREFUL = (
    *("--no-replace-objects", "--literal-pathspecs"),
    *("-c", "safe.bareRepository=explicit"),
    *("-c", "core.hooksPath=/dev/null"),
    *("-c", "core.fsmonitor="),
    *("-c", "core.attributesFile=/dev/null"),
    *("-c", "diff.external="),
    *("-c", "submodule.recurse=false"),
)

# Its words are read, so they must not be translated; and nobody is there to answer a question.
_PLAIN_ANSWERS = {"LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0"}

# A list of protocols in the environment outweighs every `protocol.NAME.allow` of a configuration file. A missing object
# is fetched by whatever the configuration names, and older gits know no other way to forbid it.
# docs/decisions/110
_NO_TRANSPORT = {"GIT_ALLOW_PROTOCOL": "", "GIT_NO_LAZY_FETCH": "1"}
_TRANSPORTS = {"GIT_ALLOW_PROTOCOL": "https:ssh:file"}

# The variables that git is given, by name. Those that a hook sets (GIT_DIR and the like) point to its own repository.
_ALWAYS = re.compile(
    "PATH|HOME|USER|LOGNAME|TMPDIR|TMP|TEMP|LD_LIBRARY_PATH|XDG_CONFIG_HOME|SUDO_UID"
    "|SYSTEMROOT|COMSPEC|PATHEXT|USERPROFILE|HOMEDRIVE|HOMEPATH|APPDATA|LOCALAPPDATA|PROGRAMDATA"
    "|GIT_(AUTHOR|COMMITTER)_(NAME|EMAIL|DATE)"
    "|GIT_EXEC_PATH|GIT_TEST_.*|GIT_CONFIG_(GLOBAL|SYSTEM|NOSYSTEM|PARAMETERS|COUNT|KEY_[0-9]+|VALUE_[0-9]+)",
    re.IGNORECASE,
)
_FOR_REMOTES = re.compile(
    "SSH_.*|GIT_SSH.*|GIT_ASKPASS|GIT_USERNAME|GIT_PASSWORD"
    "|GIT_SSL_.*|GIT_HTTP_.*|(NIX_)?SSL_CERT_(FILE|DIR)|(HTTP|HTTPS|ALL|NO)_PROXY"
    "|GITHUB_TOKEN|GH_TOKEN|GH_HOST|GH_CONFIG_DIR|GITLAB_TOKEN|CI_JOB_TOKEN|GCM_.*"
    "|GNUPGHOME|PASSWORD_STORE_DIR|KRB5CCNAME|DISPLAY|WAYLAND_DISPLAY|DBUS_SESSION_BUS_ADDRESS|XDG_.*",
    re.IGNORECASE,
)
MORE = "RECONCILER_GIT_ENV"
"""Names further variables, separated by commas, that a credential helper of the user's reads."""


class GitError(Exception):
    """git could not do it; the text is one clean sentence, `hint` the remedy where there is one of its own."""

    def __init__(self, text: str, *, hint: str = "") -> None:
        super().__init__(text)
        self.hint = hint


def start(folder: Path, *arguments: str, stdin: bytes = b"", to_remote: bool = False) -> Done:
    """Run git in a folder; `to_remote` lets it talk to a remote. Raises GitError."""
    import subprocess

    seconds = REMOTE_SECONDS if to_remote else SECONDS
    try:
        return subprocess.run(  # noqa: S603 - no shell; what users give stands after --end-of-options or --
            ["git", "-C", str(folder), *_CAREFUL, *arguments],  # noqa: S607 - git is found as the user's shell finds it
            capture_output=True,
            timeout=seconds,
            check=False,
            input=stdin,
            env=_handed_on(environment(), to_remote=to_remote),
        )
    except subprocess.TimeoutExpired:
        raise GitError(f"git took longer than {seconds:.0f} s") from None
    except OSError as error:
        raise GitError(f"git cannot be run: {(error.strerror or 'unknown error').lower()}") from None


def _handed_on(environ: Mapping[str, str], *, to_remote: bool) -> dict[str, str]:
    """The environment of git: a list, never the whole, as it starts programs that others wrote."""
    named = {name.strip() for name in environ.get(MORE, "").split(",")} if to_remote else set()
    kept = {
        name: value
        for name, value in environ.items()
        if _ALWAYS.fullmatch(name) or (to_remote and _FOR_REMOTES.fullmatch(name)) or name in named
    }
    found_in = (each for each in environ.get("PATH", "").split(os.pathsep) if Path(each).is_absolute())
    search = {"PATH": os.pathsep.join(found_in) or os.defpath}  # "." may be a proposal's folder
    return {**kept, **search, **_PLAIN_ANSWERS, **(_TRANSPORTS if to_remote else _NO_TRANSPORT)}


def text(output: bytes) -> str:
    """What git said, as text."""
    return output.decode("utf-8", "replace")


def refused_owner(said: str) -> GitError | None:
    """The error for a repository that git does not touch because of its owner, with the command that git names."""
    if "dubious ownership" not in said:
        return None
    command = next((line.strip() for line in said.splitlines() if "safe.directory" in line), "see safe.directory")
    folder = said.partition("repository at '")[2].partition("'")[0] or "the folder"
    return GitError(f"git refuses {folder} because somebody else owns it ({command})")
