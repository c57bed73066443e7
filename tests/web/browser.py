"""A real Chromium, driven through chromedriver's HTTP interface on loopback; knows nothing of what it shows."""

from __future__ import annotations

import base64
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

_QUIET = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
)


_AXE = Path(__file__).parents[1] / "clients" / "node_modules" / "axe-core" / "axe.min.js"


def is_available() -> bool:
    return all(shutil.which(program) for program in ("chromium", "chromedriver")) and _AXE.is_file()


# docs/decisions/062
class Browser:
    """One window."""

    def __init__(self, client: httpx.Client, session: str) -> None:
        self._client = client
        self._session = session

    def _post(self, path: str, body: dict[str, Any]) -> Any:
        answer = self._client.post(f"/session/{self._session}/{path}", json=body)
        if answer.status_code != 200:
            raise RuntimeError(answer.text)
        return answer.json()["value"]

    def _devtools(self, command: str, **parameters: Any) -> Any:
        return self._post("goog/cdp/execute", {"cmd": command, "params": parameters})

    def show(self, page: Path, *, scheme: str = "light", medium: str = "screen", width: int = 1300) -> None:
        """Open a file as a reader with this taste, medium and window would see it."""
        feature = {"name": "prefers-color-scheme", "value": scheme}
        self._devtools("Emulation.setEmulatedMedia", media=medium, features=[feature])
        self._devtools("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False)
        self._post("url", {"url": page.as_uri()})

    def run(self, script: str) -> Any:
        """Run the body of a function in the page and return its value."""
        return self._post("execute/sync", {"script": script, "args": []})

    def violations(self) -> list[str]:
        """What axe-core finds wrong: rule and element."""
        self.run(f"{_AXE.read_text('utf-8')}; return 0")
        script = "const done = arguments[arguments.length - 1]; axe.run().then(found => done(found.violations))"
        found = self._post("execute/async", {"script": script, "args": []})
        return [f"{rule['id']}: {node['html'][:200]}" for rule in found for node in rule["nodes"]]

    def pdf(self) -> bytes:
        return base64.b64decode(self._devtools("Page.printToPDF", printBackground=True)["data"])

    def picture(self) -> bytes:
        """The whole page, as PNG."""
        return base64.b64decode(self._devtools("Page.captureScreenshot", captureBeyondViewport=True)["data"])


@contextmanager
def opened(folder: Path) -> Iterator[Browser]:
    """A browser whose profile lives in a folder."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    driver = subprocess.Popen(
        ["chromedriver", f"--port={port}", "--log-level=OFF"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60, trust_env=False) as client:
            _wait(client)
            session = _session(client, folder)
            yield Browser(client, session)
            client.delete(f"/session/{session}")
    finally:
        driver.terminate()
        driver.wait(20)


def _wait(client: httpx.Client) -> None:
    """Until the driver answers."""
    for _ in range(200):
        try:
            if client.get("/status").json()["value"]["ready"]:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise RuntimeError("chromedriver does not answer")


def _session(client: httpx.Client, folder: Path) -> str:
    options = {"args": [*_QUIET, f"--user-data-dir={folder}"]}
    wanted = {"browserName": "chrome", "goog:chromeOptions": options}
    answer = client.post("/session", json={"capabilities": {"alwaysMatch": wanted}})
    if answer.status_code != 200:
        raise RuntimeError(answer.text)
    return str(answer.json()["value"]["sessionId"])
