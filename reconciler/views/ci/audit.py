"""An audit as remarks: drift, what is not applied yet, what nobody manages, and the risks of what the files say.

Knows no format, no command and no terminal.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from reconciler.audit import Audit
from reconciler.change import Change
from reconciler.diagnostics import Diagnostic, Severity
from reconciler.views.base import WIDE, text_of
from reconciler.views.ci.findings import remark
from reconciler.views.ci.plan import change_lines, place_at
from reconciler.views.ci.review import Remark, Review
from reconciler.views.human.audit import aim, sum_lines


def review(shown: Audit, told: Iterable[Diagnostic], *, failed: bool) -> Review:
    """The whole audit, with as many of the findings about the reading as are told."""
    remarks = (
        *(_drift(change) for change in shown.drift),
        *(remark(item) for item in (*told, *shown.risks)),
        *(_pending(change) for change in shown.pending),
        *_unmanaged(shown),
    )
    summary = tuple(text_of(sum_lines(shown, WIDE)).splitlines())
    return Review("audit", shown.configuration, summary, _verdict(shown, failed=failed), remarks)


def _verdict(shown: Audit, *, failed: bool) -> Severity:
    if failed:
        return Severity.ERROR
    return Severity.WARNING if shown.drift else Severity.NOTICE


def _drift(change: Change) -> Remark:
    return Remark(
        "drift",
        Severity.WARNING,
        f"drift {change.address}",
        tuple(change_lines(change, "as written", "live now")),
        place_at(change.declared_at),
        group=change.account,
        subject=change.address,
        fails=True,
    )


def _pending(change: Change) -> Remark:
    return Remark(
        "not-applied",
        Severity.NOTICE,
        f"not applied {change.address}",
        (f"apply would {change.action.value}: {aim(change)}",),
        place_at(change.declared_at),
        group=change.account,
        subject=change.address,
    )


def _unmanaged(shown: Audit) -> Iterator[Remark]:
    for account, numbers in shown.unmanaged.items():
        for number in numbers:
            address = f"{account}/{number}"
            lines = ("the account owns it and no file declares it",)
            yield Remark("unmanaged", Severity.NOTICE, f"unmanaged {address}", lines, group=account, subject=address)
