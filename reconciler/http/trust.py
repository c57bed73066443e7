"""Whose certificates are trusted: what SSL_CERT_FILE or SSL_CERT_DIR name, else the bundled authorities.

Verification is never off. Whatever the TLS library makes of these settings becomes an error that names the variable.
"""

from __future__ import annotations

import os
import ssl
from collections.abc import Mapping
from pathlib import Path

import httpx

from reconciler.http.answer import plain
from reconciler.http.errors import Unavailable

_FILE, _FOLDER, _KEY_LOG = "SSL_CERT_FILE", "SSL_CERT_DIR", "SSLKEYLOGFILE"


def trust(scheme: str, environ: Mapping[str, str]) -> ssl.SSLContext:
    """What TLS connections are made with; raises Unavailable, which names the variable that is at fault."""
    if scheme != "https":
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    variable = authorities(environ)
    try:
        return _context(variable, environ.get(variable or "", ""))
    except OSError as error:  # which TLS errors are, too
        raise _unusable(error, variable, environ) from None


def authorities(environ: Mapping[str, str]) -> str | None:
    """The variable that says whom to trust; None where the bundled authorities are trusted."""
    return next((variable for variable in (_FILE, _FOLDER) if environ.get(variable)), None)


def _context(variable: str | None, named: str) -> ssl.SSLContext:
    match variable:
        case None:
            return httpx.create_ssl_context(trust_env=False)
        case "SSL_CERT_DIR":
            for folder in filter(None, named.split(os.pathsep)):
                next(Path(folder).iterdir(), None)  # one that is not there would be passed over, and nobody trusted
            return ssl.create_default_context(capath=named)
        case _:
            return ssl.create_default_context(cafile=named)


def _unusable(error: OSError, variable: str | None, environ: Mapping[str, str]) -> Unavailable:
    log = environ.get(_KEY_LOG)
    if log and error.filename == log:
        return _named(_KEY_LOG, log, "cannot be written to", error)
    if variable is None:
        return Unavailable(
            f"the bundled certificates cannot be read: {_reason(error)}", hint="install the program anew"
        )
    what = "names certificates that cannot be read" if variable == _FILE else "names a folder that cannot be read"
    return _named(variable, environ[variable], what, error)


def _named(variable: str, value: str, what: str, error: OSError) -> Unavailable:
    hint = f"correct the name, or unset {variable}"
    return Unavailable(f"{variable} {what}: {plain(value)} ({_reason(error)})", hint=hint)


def _reason(error: OSError) -> str:
    """Why a file gives no certificates; TLS errors have codes for words."""
    if isinstance(error, ssl.SSLError):
        return "there is no certificate in it"
    return (error.strerror or "no reason is given").lower()
