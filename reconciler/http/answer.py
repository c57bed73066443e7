"""A finished HTTP answer, and its JSON read with suspicion: bounded, finite, valid text, or an UnexpectedResponse.

Knows no vendor and no client.
"""

from __future__ import annotations

import json
import unicodedata
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import NoReturn

from reconciler.http.errors import UnexpectedResponse

SUCCESSES = range(200, 300)

_OPENING = (b"{", b"[", b",")
_NESTING = (b"{", b"[")
_DEEPEST = 500
# docs/decisions/121
_VALUES_ALWAYS = 50_000
_BYTES_A_VALUE = 16  # what the vendors send has 19 and more
_LONGEST_QUOTE = 200
_IN_BETWEEN = "check the account's addresses, and whether something in between answers for the vendor"


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

    def told_by(self, words: str) -> str:
        """The status with the vendor's own words, where it has any."""
        return self.status_text if words == self.status_text else f"{self.status_text}: {words}"

    def error_text(self) -> str:
        """The vendor's own words in an answer that is not a success; not yet fit for a message."""
        try:
            data = parse_json(self.body, peer="the vendor")
        except UnexpectedResponse:
            words = self.body[:1000].decode("utf-8", "replace")
            return self.status_text if "<" in words or not words.strip() else words
        return error_message(data) or self.status_text

    def clock_ahead(self, now: float) -> float | None:
        """By how many seconds this machine's clock is ahead of the vendor's Date header; None without one."""
        date = parse_date(self.date or "")
        return None if date is None else now - date


def parse_date(text: str) -> float | None:
    """Return the time that a header names, in seconds since the epoch; None where it is no date."""
    try:
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, TypeError, OverflowError, OSError, IndexError):
        return None


def status_text(status: int) -> str:
    """Spell a status with its name."""
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def parse_json(body: bytes, *, peer: str) -> object:
    """Parse JSON strictly: UTF-8, finite numbers of sane length, no lone surrogates; raises UnexpectedResponse.

    What a value takes in memory has little to do with its bytes: how many there may be is bounded before.
    """
    if sum(map(body.count, _OPENING)) > max(_VALUES_ALWAYS, len(body) // _BYTES_A_VALUE):
        raise UnexpectedResponse(f"{peer} answered with JSON that has far too many values", hint=_IN_BETWEEN)
    try:
        data = json.loads(body.decode("utf-8"), parse_constant=_refuse)
        if sum(map(body.count, _NESTING)) > _DEEPEST:
            _refuse_depth(data)
        if b"\\u" in body:
            json.dumps(data, ensure_ascii=False).encode("utf-8")
    except RecursionError:
        raise UnexpectedResponse(f"{peer} answered with JSON that is nested too deeply") from None
    except ValueError:
        raise UnexpectedResponse(f"{peer} answered {_nature(body)}", hint=_IN_BETWEEN) from None
    return data


def _refuse_depth(data: object) -> None:
    """Raise RecursionError for values nested deeper than any answer is; what a parser takes differs between Pythons."""
    level = [data]
    for _ in range(_DEEPEST):
        inner = (each.values() if isinstance(each, dict) else each for each in level if isinstance(each, dict | list))
        level = [value for values in inner for value in values]
    if level:
        raise RecursionError


def error_message(data: object) -> str | None:
    """The text of `{"error": TEXT}`, `{"error": {"message": TEXT}}`, `{"message": TEXT}` or OAuth's error body."""
    match data:
        case {"error": str(code), "error_description": str(words)} if code:
            return f"{code}: {words}"
        case {"error": str(text)} if text:
            return text
        case {"error": {"message": str(text)}} if text:
            return text
        case {"message": str(text)} if text:
            return text
        case {"error": other} if other:
            return "an error without a message"
    return None


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
        return "with an empty body"
    if head.startswith((b"<!doctype", b"<html", b"<head", b"<body")):
        return "with an HTML page, not JSON"
    return "with something that is not JSON"
