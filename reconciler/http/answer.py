"""A finished HTTP answer, and its JSON read with suspicion: bounded, finite, valid text, or an UnexpectedResponse.

Knows no vendor and no client.
"""

from __future__ import annotations

import json
import unicodedata
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, NoReturn

from reconciler.providers.base import UnexpectedResponse

_LONGEST_QUOTE = 200


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, body and the headers that matter; `attempts` is how many requests it took."""

    status: int
    body: bytes
    date: str | None = None
    content_type: str = ""
    attempts: int = 1

    @property
    def ok(self) -> bool:
        return self.status == HTTPStatus.OK

    @property
    def status_text(self) -> str:
        """`404 Not Found`, or the bare number of a status that nobody knows."""
        return status_text(self.status)

    def clock_ahead(self, now: float) -> float | None:
        """By how many seconds this machine's clock is ahead of the vendor's Date header; None without one."""
        try:
            return now - parsedate_to_datetime(self.date or "").timestamp()
        except (ValueError, TypeError, OverflowError, OSError, IndexError):
            return None


def status_text(status: int) -> str:
    """Spell a status with its name."""
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def parse_json(body: bytes) -> Any:  # noqa: ANN401 - JSON is any of its types until a wire model judges it
    """Parse JSON strictly: UTF-8, finite numbers of sane length, no lone surrogates; raises UnexpectedResponse."""
    try:
        data = json.loads(body.decode("utf-8"), parse_constant=_refuse)
        if b"\\u" in body:
            json.dumps(data, ensure_ascii=False).encode("utf-8")
    except RecursionError:
        raise UnexpectedResponse("the answer is JSON nested too deeply") from None
    except ValueError:
        raise UnexpectedResponse(f"the answer is {_nature(body)}, not JSON") from None
    return data


def plain(text: str, limit: int = _LONGEST_QUOTE) -> str:
    """Make vendor's text fit for a message: one line, no control or bidirectional characters, cut at `limit`."""
    head = text[: 4 * limit]
    kept = "".join(" " if c.isspace() else c for c in head if c.isspace() or unicodedata.category(c)[0] != "C")
    line = " ".join(kept.split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)


def _nature(body: bytes) -> str:
    head = body[:512].lstrip().lower()
    if not head:
        return "empty"
    if head.startswith((b"<!doctype", b"<html", b"<head", b"<body")):
        return "an HTML page"
    return "damaged or something else"
