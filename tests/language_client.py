"""A client of the Language Server Protocol over a child's standard streams: what an editor sends and gets."""

from __future__ import annotations

import json
import queue
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

_PATIENCE = 30.0


class LanguageClient:
    """One server: started, told of files, asked, and ended; `settings` answer its questions for configuration."""

    def __init__(
        self,
        command: Sequence[str],
        root: Path,
        *,
        settings: Mapping[str, Any] | None = None,
        environ: Mapping[str, str] | None = None,
        capabilities: Mapping[str, Any] | None = None,
    ) -> None:
        self.root = root
        self._settings = dict(settings or {})
        self._answers: queue.Queue[dict[str, Any]] = queue.Queue()
        self._told: dict[str, list[list[dict[str, Any]]]] = {}
        self._change = threading.Condition()
        self._count = 0
        self.asked: list[dict[str, Any]] = []
        self.process = subprocess.Popen(
            list(command), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=root, env=environ
        )
        self._errors = bytearray()
        threading.Thread(target=self._read, daemon=True).start()
        threading.Thread(target=self._read_errors, daemon=True).start()
        self.initialized = self.ask("initialize", self._greeting(capabilities or {}))
        self.tell("initialized", {})
        if settings is not None:
            self.tell("workspace/didChangeConfiguration", {"settings": self._settings})

    def _greeting(self, capabilities: Mapping[str, Any]) -> dict[str, Any]:
        known = {
            "workspace": {"configuration": True, "workspaceFolders": True},
            "textDocument": {
                "hover": {"contentFormat": ["markdown"]},
                "publishDiagnostics": {"relatedInformation": True},
                "codeAction": {"codeActionLiteralSupport": {"codeActionKind": {"valueSet": ["quickfix"]}}},
            },
        }
        root = self.root.as_uri()
        folders = [{"uri": root, "name": self.root.name}]
        return {
            "processId": None,
            "rootUri": root,
            "workspaceFolders": folders,
            "capabilities": {**known, **capabilities},
        }

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _kind: type[BaseException] | None, _e: BaseException | None, _t: TracebackType | None) -> None:
        self.close()

    def close(self) -> int:
        """End as the protocol wants it; the exit code."""
        if self.process.poll() is None:
            self.ask("shutdown", None)
            self.tell("exit", None)
        try:
            return self.process.wait(_PATIENCE)
        finally:
            self.process.kill()
            for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
                if stream is not None:
                    stream.close()

    @property
    def errors(self) -> str:
        """What the server has written to its standard error."""
        return self._errors.decode("utf-8", "replace")

    # -- messages -----------------------------------------------------------------------------------------------------

    def ask(self, method: str, params: Any) -> Any:
        """Send a request and wait for its answer."""
        self._count += 1
        number = self._count
        self._send({"id": number, "method": method, "params": params})
        end = time.monotonic() + _PATIENCE
        while True:
            answer = self._answers.get(timeout=max(0.01, end - time.monotonic()))
            if answer.get("id") == number:
                assert "error" not in answer, answer["error"]
                return answer.get("result")

    def tell(self, method: str, params: Any) -> None:
        self._send({"method": method, "params": params})

    def _send(self, message: dict[str, Any]) -> None:
        stream = self.process.stdin
        assert stream is not None
        raw = json.dumps({"jsonrpc": "2.0", **message}, ensure_ascii=False).encode()
        stream.write(b"Content-Length: %d\r\n\r\n" % len(raw) + raw)
        stream.flush()

    def _read_errors(self) -> None:
        for line in self.process.stderr or ():
            self._errors.extend(line)

    def _read(self) -> None:
        stream = self.process.stdout
        assert stream is not None
        while header := stream.readline():
            length = int(header.partition(b":")[2]) if header.lower().startswith(b"content-length") else 0
            while header.strip():
                header = stream.readline()
                if header.lower().startswith(b"content-length"):
                    length = int(header.partition(b":")[2])
            self._take(json.loads(stream.read(length)))

    def _take(self, message: dict[str, Any]) -> None:
        if "method" not in message:
            self._answers.put(message)
        elif message["method"] == "textDocument/publishDiagnostics":
            with self._change:
                params = message["params"]
                self._told.setdefault(params["uri"], []).append(params["diagnostics"])
                self._change.notify_all()
        elif "id" in message:
            self.asked.append(message)
            items = (message.get("params") or {}).get("items", [])
            answers = [self._settings.get(item.get("section") or "") for item in items]
            self._send(
                {"id": message["id"], "result": answers if message["method"].endswith("configuration") else None}
            )

    # -- files --------------------------------------------------------------------------------------------------------

    def uri(self, name: str) -> str:
        return (self.root / name).as_uri()

    def open(self, name: str, text: str | None = None, *, version: int = 1) -> None:
        """Show a file, with its text on disk or one of its own."""
        shown = (self.root / name).read_bytes().decode("utf-8") if text is None else text
        item = {"uri": self.uri(name), "languageId": "yaml", "version": version, "text": shown}
        self.tell("textDocument/didOpen", {"textDocument": item})

    def change(self, name: str, version: int, *changes: dict[str, Any]) -> None:
        """Type: whole texts, or pieces with a range."""
        place = {"uri": self.uri(name), "version": version}
        self.tell("textDocument/didChange", {"textDocument": place, "contentChanges": list(changes)})

    def forget(self, name: str) -> None:
        self.tell("textDocument/didClose", {"textDocument": {"uri": self.uri(name)}})

    def count(self, name: str) -> int:
        """How often findings of a file were told."""
        return len(self._told.get(self.uri(name), ()))

    def findings(
        self, name: str, *, after: int = 0, until: Callable[[Any], bool] | None = None
    ) -> list[dict[str, Any]]:
        """What was told last of a file, once it was told more than `after` times, and `until` is content."""
        end = time.monotonic() + _PATIENCE
        with self._change:
            while True:
                told = self._told.get(self.uri(name), [])
                if len(told) > after and (until is None or until(told[-1])):
                    return told[-1]
                left = end - time.monotonic()
                assert left > 0, f"nothing was told of {name}: {told[-1:]} {self.errors[-2000:]}"
                self._change.wait(left)

    def at(self, method: str, name: str, line: int, character: int, **more: Any) -> Any:
        """Ask something of a place; lines and characters count from 0, characters in UTF-16 units."""
        where = {"textDocument": {"uri": self.uri(name)}, "position": {"line": line, "character": character}}
        return self.ask(f"textDocument/{method}", {**where, **more})
