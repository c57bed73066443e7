"""Where a secret comes from; a secret that stands in the file itself is refused, and never shown.

Knows nothing of how secrets are read.
"""

from __future__ import annotations

import re
from typing import Any

from reconciler.config.values.refusal import refuse
from reconciler.secrets import SecretRef

_ENVIRONMENT_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def secret(value: Any) -> SecretRef:
    """Where a secret comes from; the secret itself is refused, and never shown."""
    if value.__class__ is str:
        raise refuse(
            "literal-secret",
            "a secret does not belong in a file",
            "write {env: NAME}, {file: PATH} or {command: [...]}",
        )
    if not isinstance(value, dict) or len(value) != 1 or not {"env", "file", "command"} >= set(value):
        message = "a secret has exactly one source: env, file or command"
        raise refuse("secret-reference", message, "write {env: NAME}, {file: PATH} or {command: [...]}")
    ((source, given),) = value.items()
    if source == "command":
        if not (isinstance(given, list) and given and all(part.__class__ is str for part in given)):
            raise refuse("secret-reference", "a command is a list of texts", "write {command: [pass, show, api-key]}")
        return SecretRef(command=tuple(given))
    if given.__class__ is not str or not given:
        raise refuse("secret-reference", f"{source} takes one text", f"write {{{source}: NAME}}")
    if source == "file":
        return SecretRef(file=given)
    if not _ENVIRONMENT_NAME.fullmatch(given):
        message = "env takes the name of an environment variable, which this is not"
        raise refuse("secret-reference", message, "write {env: API_KEY}")
    return SecretRef(env=given)
