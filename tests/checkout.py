"""Git as somebody who works on a configuration uses it, whatever this machine's own settings say."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

_AUTHOR = ("-c", "user.name=A", "-c", "user.email=a@example.com", "-c", "commit.gpgSign=false")
_SETTINGS = ("-c", "init.defaultBranch=main", "-c", "protocol.file.allow=always")


def git(folder: Path, *arguments: str, home: Path | None = None) -> str:
    """Run git in a folder, and return what it says."""
    environ = {"PATH": os.environ["PATH"], "HOME": str(home or folder), "GIT_CONFIG_NOSYSTEM": "1"}
    command = ["git", "-C", str(folder), *_AUTHOR, *_SETTINGS, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True, env=environ).stdout.strip()
