"""Signing plan files and proving who signed them, as options and steps of the commands that write and apply plans.

Keys come from files only; no text of a key is ever taken from the command line, shown, or kept.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from reconciler.cli.errors import CommandError, command_error
from reconciler.cli.exits import Exit
from reconciler.diagnostics import Diagnostic
from reconciler.disk import readable_by_others
from reconciler.formats.signature import SUFFIX, KeyFileError, SignatureError, sign
from reconciler.formats.signature import verify as prove
from reconciler.rules import RULES

Function = TypeVar("Function", bound=Callable[..., Any])


class KeyFile(click.ParamType[Path]):
    """The name of a key file, taken from the current folder: never from that of -C, which may not be trusted."""

    name = "key file"

    def convert(self, value: object, parameter: click.Parameter | None, context: click.Context | None) -> Path:
        """Take it, or fail as wrong usage without repeating what may be a key."""
        text = str(value)
        if "-----BEGIN" in text or "\n" in text:
            self.fail("give the name of a key file, not the key itself", parameter, context)
        return Path(text)


def signing(function: Function) -> Function:
    """`--sign-key`: sign the plan that is saved."""
    option = click.option(
        "--sign-key", type=KeyFile(), metavar="KEY.pem", help="Sign the saved plan: FILE.sig, Ed25519 (needs --out)."
    )
    return option(function)


def verifying(function: Function) -> Function:
    """`--verify-key`: apply a plan file only if one of these keys signed it."""
    option = click.option(
        "--verify-key",
        "verify_keys",
        multiple=True,
        type=KeyFile(),
        metavar="PUB.pem",
        help="Apply the plan file only if this key signed it; several: any of them.",
    )
    return option(function)


def check_usage(out: Path | None, sign_key: Path | None) -> None:
    """What cannot go together."""
    if sign_key is not None and out is None:
        raise click.UsageError("--sign-key signs a saved plan: name its file with --out")


def signature(data: bytes, key: Path) -> bytes:
    """Sign a plan's bytes; raises CommandError where the key cannot be used."""
    try:
        return sign(data, key)
    except KeyFileError as error:
        hint = "a signing key is made with: openssl genpkey -algorithm ed25519 -out KEY.pem"
        raise command_error("key-file", str(error), hint=hint) from None


def check_exposure(key: Path | None) -> tuple[Diagnostic, ...]:
    """A finding where others than its owner can read or change a private key."""
    try:
        if key is None or not readable_by_others(key.stat()):
            return ()
    except OSError:
        return ()  # told when it is read
    message = f"the signing key {key} can be read or changed by others, who could then sign plans"
    hint = f"chmod 600 {key}; to make this an error, write `policy: {{rules: {{key-exposed: error}}}}`"
    return (RULES["key-exposed"].at(None, message, hint),)


def signature_path(plan: Path) -> Path:
    """Where the signature of a plan file is."""
    return plan.with_name(plan.name + SUFFIX)


def verify(plan: Path, data: bytes, keys: Sequence[Path]) -> None:
    """Prove before anything of a plan file is read that one of the keys signed it; raises CommandError."""
    try:
        prove(data, _signature_of(plan), keys)
    except KeyFileError as error:
        hint = "the public key of KEY.pem is made with: openssl pkey -in KEY.pem -pubout -out PUB.pem"
        raise command_error("key-file", str(error), hint=hint) from None
    except SignatureError as error:
        hint = "apply the file as it was signed, or plan again and sign that"
        raise command_error("plan-signature", f"{plan.name}: {error}", hint=hint, exit_code=Exit.REFUSED) from None


def unsigned(plan: Path | None) -> CommandError:
    """The refusal of what no key vouches for, where policy wants signed plans."""
    what = "a plan that is made and applied at once" if plan is None else f"{plan.name} without a verified signature"
    saved = "save a plan, have it signed, and run: reconciler apply PLANFILE --verify-key PUB.pem"
    hint = "pass --verify-key PUB.pem, with the public key of whoever may sign plans" if plan is not None else saved
    return command_error(
        "plan-unsigned",
        f"`policy.require_signed_plan` refuses {what}",
        hint=hint,
        exit_code=Exit.REFUSED,
    )


def _signature_of(plan: Path) -> bytes:
    try:
        return signature_path(plan).read_bytes()
    except FileNotFoundError:
        raise SignatureError("it is not signed: there is no signature file beside it") from None
    except OSError as error:
        raise SignatureError(f"its signature file cannot be read: {error.strerror}") from None
