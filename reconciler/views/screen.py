"""The one place where text leaves the program: secrets out, control characters out, colour in.

Knows no value of the domain; whoever calls has drawn lines or a document already.
"""

from __future__ import annotations

import errno
import io
import json
import os
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from enum import StrEnum
from typing import TextIO

from reconciler.characters import STRIPPED
from reconciler.views import base
from reconciler.views.base import Line, OutputForm, Span, text_of

_DEFAULT_COLUMNS = 80
_MOST_COLUMNS = 160
_LEAST_ASKED, _MOST_ASKED = 40, 1000

# The same as JSON spells them: whoever decodes a document may show its texts on a terminal.
_ESCAPED = re.compile(r"(?<!\\)((?:\\\\)*)\\(?:[bfr]|u00(?:0[0-8bcefBCEF]|1[0-9a-fA-F]|7[fF]))")
_IN_LINE = {**STRIPPED, 9: " ", 10: " "}

_NOT_FORCED = ("", "0", "false")

Redact = Callable[[str], str]


class Color(StrEnum):
    """When to colour: on a terminal, always, never."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


class Screen:
    """Standard output for results and standard error for the rest. `redact` takes secrets out of a text."""

    def __init__(
        self,
        environ: Mapping[str, str],
        out: TextIO | None = None,
        err: TextIO | None = None,
        *,
        redact: Redact = str,
    ) -> None:
        # A program that is started with a closed stream has None there.
        self.out: TextIO = out or sys.stdout or _ClosedStream()
        self.err: TextIO = err or sys.stderr or io.StringIO()
        self.color = Color.AUTO
        self.redact = redact
        self._environ = environ
        self._closed: set[int] = set()
        self.lost: OSError | None = None
        """Why standard output could not be written; a reader who has gone is not a reason."""
        self.has_document = False
        """Whether standard output has a document, or the beginning of one."""

    def result(self, page: Iterable[Line]) -> None:
        """Show lines of the result."""
        self._show(self.out, list(page))

    def note(self, page: Iterable[Line]) -> None:
        """Show lines that are not the result: diagnostics, progress, prompts."""
        self._show(self.err, list(page))

    def document(self, text: str) -> None:
        """Write a document of a machine format to standard output."""
        self.has_document = True
        self._write(self.out, _kept_json(_ESCAPED.sub(r"\1", clean(text)), self.redact), OutputForm.JSON)

    def table(self, text: str) -> None:
        """Write text that is neither lines of ours nor JSON to standard output."""
        self.has_document = True
        self._write(self.out, self.redact(clean(text)))

    def drawn(self, draw: Callable[[Redact], str], form: OutputForm) -> None:
        """Write a document that is drawn from clean texts, so that no secret hides in the escapes of its format.

        The drawing is handed what takes secrets and control characters out, and must pass every text through it.
        Commands for the log of a job are no document: more of them may follow.
        """
        drawing = clean(draw(self._cleaned))
        self.has_document |= form is not OutputForm.COMMANDS
        self._write(self.out, drawing, form)

    def address(self, url: str) -> None:
        """Show an address that a person must open whole: the one text that is not masked, as it holds no secret."""
        self._write(self.err, clean(url) + "\n")

    def transient(self, text: str) -> None:
        """Write over the current line of a terminal; the empty text takes it away."""
        safe = _safe((Span(text),), self.redact)
        self._write(self.err, "\r\x1b[2K" + "".join(span.text for span in safe))

    @property
    def is_unread(self) -> bool:
        """Whether nobody takes what is written to standard output any more."""
        return id(self.out) in self._closed

    def columns(self) -> int:
        """How wide lines may be: as COLUMNS says, else the terminal's width within reason, else 80."""
        asked = self._environ.get("COLUMNS", "")
        if asked.isascii() and asked.isdigit() and int(asked[:9]):
            return min(max(int(asked[:9]), _LEAST_ASKED), _MOST_ASKED)
        try:
            return min(max(os.get_terminal_size(self.out.fileno()).columns, _DEFAULT_COLUMNS), _MOST_COLUMNS)
        except (OSError, ValueError):
            return _DEFAULT_COLUMNS

    # docs/decisions/132
    def is_colored(self, stream: TextIO) -> bool:
        """Whether a stream gets colour: as --color says, else as the environment asks, else on a terminal."""
        if self.color is not Color.AUTO:
            return self.color is Color.ALWAYS
        if self._environ.get("NO_COLOR"):
            return False
        if any(self._environ.get(name, "") not in _NOT_FORCED for name in ("FORCE_COLOR", "CLICOLOR_FORCE")):
            return True
        return self.can_move(stream) and self._environ.get("CLICOLOR") != "0"

    def can_move(self, stream: TextIO) -> bool:
        """Whether a stream is a terminal that is known to take control sequences."""
        return is_terminal(stream) and self._environ.get("TERM", "dumb") not in ("", "dumb")

    def _show(self, stream: TextIO, page: list[Line]) -> None:
        safe = [_safe(each, self.redact) for each in page]
        self._write(stream, _colored(safe) if self.is_colored(stream) else text_of(safe))

    # docs/decisions/051
    def _cleaned(self, text: str) -> str:
        return self.redact(clean(text)).encode("utf-8", "replace").decode("utf-8")

    def _write(self, stream: TextIO, text: str, form: OutputForm = OutputForm.TEXT) -> None:
        """Write and flush; neither a reader who has gone nor a full disk is a reason to stop what we do."""
        if form is not OutputForm.TEXT or base.has_runner(self._environ):
            text = base.disarm(text, form)
        if not base.is_unicode(stream):
            text = base.in_ascii(text, form)
        if id(stream) in self._closed:
            return
        try:
            try:
                stream.write(text)
            except UnicodeEncodeError:
                encoding = stream.encoding or "ascii"
                stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
            stream.flush()
        except OSError as error:
            self._closed.add(id(stream))
            if stream is self.out and not isinstance(error, BrokenPipeError):
                self.lost = error
            _discard(stream)


class _ClosedStream(io.StringIO):
    """Standard output of a program that was started without one: what is written there is lost."""

    def write(self, _text: str) -> int:
        raise OSError(errno.EBADF, os.strerror(errno.EBADF))


def clean(text: str) -> str:
    """Take control, direction and unseen characters out of a text, newlines and tabs kept."""
    return text.translate(STRIPPED)


def is_terminal(stream: TextIO | None) -> bool:
    """Whether a person looks at a stream."""
    try:
        return stream is not None and stream.isatty()
    except ValueError:
        return False


def _safe(each: Line, redact: Redact) -> Line:
    spans = tuple(Span(span.text.translate(_IN_LINE), span.tone) for span in each)
    whole = "".join(span.text for span in spans)
    redacted = redact(whole)
    if redacted == whole:
        return spans
    parts = tuple(Span(redact(span.text), span.tone) for span in spans)
    return parts if "".join(span.text for span in parts) == redacted else (Span(redacted),)


def _kept_json(text: str, redact: Redact) -> str:
    """Redact a JSON document; where that would break it, only its texts."""
    redacted = redact(text)
    if redacted == text:
        return text
    try:
        json.loads(redacted)
    except ValueError:
        return json.dumps(_redacted(json.loads(text), redact), ensure_ascii=False, indent=2) + "\n"
    return redacted


def _redacted(value: object, redact: Redact) -> object:
    match value:
        case str():
            return redact(value)
        case dict():
            return {redact(key): _redacted(item, redact) for key, item in value.items()}
        case list():
            return [_redacted(item, redact) for item in value]
        case _:
            return value


def _colored(page: Iterable[Line]) -> str:
    return "".join("".join(map(_painted, each)) + "\n" for each in page)


def _painted(span: Span) -> str:
    return f"\x1b[{span.tone}m{span.text}\x1b[0m" if span.tone and span.text else span.text


def _discard(stream: TextIO) -> None:
    """Let what is still buffered go nowhere, also at exit."""
    with suppress(OSError, ValueError):
        descriptor = stream.fileno()
        devnull = os.open(os.devnull, os.O_WRONLY)
        os.dup2(devnull, descriptor)
        os.close(devnull)
