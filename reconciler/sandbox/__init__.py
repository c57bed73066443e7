"""The vendors' APIs on this machine, with state in sight and faults on demand; see `Sandbox`.

Must not import anything of the product but diagnostics: what it imitates is the vendors, not our client.
"""

from __future__ import annotations

from reconciler.sandbox.faults import Fault, FaultKind
from reconciler.sandbox.journal import Call, Incoming, Write
from reconciler.sandbox.sandbox import Sandbox
from reconciler.sandbox.state import Application, ErrorShape, ExolveSettings, Forwarding, MttSettings, UnknownNumber

__all__ = [
    "Application",
    "Call",
    "ErrorShape",
    "ExolveSettings",
    "Fault",
    "FaultKind",
    "Forwarding",
    "Incoming",
    "MttSettings",
    "Sandbox",
    "UnknownNumber",
    "Write",
]
