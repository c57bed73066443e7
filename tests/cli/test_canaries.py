"""No secret comes out: canaries wherever one is held, searched in every spelling in everything that is left."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html import escape as html_escape
from pathlib import Path
from urllib.parse import quote, quote_plus
from xml.sax.saxutils import escape, quoteattr

import pytest
from markupsafe import escape as markup

from reconciler.sandbox import Fault, FaultKind, Sandbox
from reconciler.views.ci import github
from tests.cli.conftest import REVIEWS, Ended, Workplace

EVENT_KEY = 'cánary-event/"k1"+%x'
ROTATED = "canary-event-rotated-k2"
PATH_TOKEN = "canary-path-token"
QUERY = "canary-query-literal"
USERINFO = "canary-userinfo"
BY_HAND = "canary-by-hand-query"
RECORD_KEY = "canary-record-key-of-32-bytes-or-more"

NUMBERS = f"""\
version: 1
numbers:
  "74991000000":
    forwarding:
      type: number
      targets: [{{to: "74992223344", timeout: 16}}]
      event_url: "https://example.com/calls?key=${{var:EVENT_KEY}}"
  "74991000001":
    forwarding: {{type: url, url: "https://example.com/hooks/${{var:PATH_TOKEN}}/in"}}
  "74991000002":
    forwarding: {{type: url, url: "https://anna:{USERINFO}@example.com/route?k={QUERY}"}}
  "74991000003":
    forwarding: {{type: url, url: "https://example.com/plain"}}
  "78005560251":
    account: office
    parking: true
"""


@dataclass
class Evidence:
    """Everything that a run of commands left: what it printed and what it wrote."""

    workplace: Workplace
    secrets: dict[str, str]
    printed: list[str] = field(default_factory=list)

    def run(self, *arguments: str, **environ: str) -> Ended:
        ended = self.workplace.run(*arguments, **environ)
        self.printed += [f"{arguments}\n{ended.stdout}", f"{arguments}\n{ended.stderr}"]
        return ended

    def leaks(self) -> list[tuple[str, str]]:
        """Each secret that is found somewhere, with where."""
        return [
            (name, place)
            for name, value in self.secrets.items()
            for place, content in self._contents()
            for spelling in spellings(value)
            if spelling in content
        ]

    def _contents(self) -> Iterator[tuple[str, bytes]]:
        for text in self.printed:
            yield text.partition("\n")[0], text.encode()
        sources = {self.workplace.folder / name for name in ("reconciler.yaml", "numbers.yaml")}
        for path in sorted(self.workplace.folder.rglob("*")):
            if path.is_file() and path not in sources:
                yield str(path), path.read_bytes()


def spellings(value: str) -> set[bytes]:
    """A value as it stands, URL-encoded, JSON-escaped, and in base64 at any of its three alignments."""
    texts = {value, quote(value), quote(value, safe=""), quote_plus(value)}
    texts |= {escape(value), escape(value, {'"': "&quot;"}), html_escape(value), str(markup(value))}  # XML, HTML
    texts |= {value.replace("%", "%25"), value.replace("%", "%25").replace(":", "%3A").replace(",", "%2C")}  # on GitHub
    texts |= {json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]}
    raw = value.encode()
    encoded = {base64.b64encode(b"x" * shift + raw)[4 if shift else 0 : -4].rstrip(b"=") for shift in range(3)}
    return {text.encode() for text in texts} | {each for each in encoded if len(each) > 8}


@pytest.fixture
def evidence(workplace: Workplace) -> Evidence:
    sandbox = workplace.sandbox
    (workplace.folder / "numbers.yaml").write_text(NUMBERS, "utf-8")
    workplace.environ |= {
        "RECONCILER_VAR_EVENT_KEY": EVENT_KEY,
        "RECONCILER_VAR_PATH_TOKEN": PATH_TOKEN,
        "RECONCILER_RECORD_KEY": RECORD_KEY,
    }
    by_hand = {"url": f"https://bob:{BY_HAND}@example.com/old?key={BY_HAND}"}
    sandbox.exolve.set("74991000003", {"call_forwarding_type": 3, "call_forwarding_ipcr": by_hand})
    secrets = {
        "api key": sandbox.api_key,
        "client secret": sandbox.client_secret,
        "refresh token": sandbox.refresh_token,
        "event key": EVENT_KEY,
        "rotated event key": ROTATED,
        "path token": PATH_TOKEN,
        "query": QUERY,
        "userinfo": USERINFO,
        "by hand": BY_HAND,
        "record key": RECORD_KEY,
    }
    return Evidence(workplace, secrets)


FORMATS = ("text", "json")
REVIEWED: dict[str, tuple[str, ...]] = {
    "validate": REVIEWS,
    "plan": ("markdown", "html", *REVIEWS),
    "audit": ("html", "junit", "sarif"),
}
ALLOW = ("--allow-adopt", "--allow-delete", "--override", "policy-max-changes")


def everything_that_looks(evidence: Evidence) -> None:
    for form in FORMATS:
        for command in (
            ("validate",),
            ("list",),
            ("plan",),
            ("audit",),
            ("doctor",),
            ("show", "74991000000"),
            ("record", "list"),
            ("record", "show", "74991000001"),
            ("import", "--account", "sales", "--diff"),
        ):
            evidence.run(*command, "-v", "--format", form)
    for name, forms in REVIEWED.items():
        for form in forms:
            evidence.run(name, "-v", "--format", form)
    evidence.run("route", "74991000001")
    evidence.run("calendar", "74991000000")


def run_ids(evidence: Evidence) -> list[str]:
    ended = evidence.run("apply", *ALLOW, "--auto-approve", "--format", "json")
    return [ended.json["run_id"]] if ended.exit_code == 0 else []


def test_no_secret_comes_out_of_the_whole_life_of_a_configuration(evidence: Evidence) -> None:
    everything_that_looks(evidence)
    assert evidence.run("plan", "--out", "plan.json", *ALLOW, "-v").exit_code == 0
    assert evidence.run("show", "plan.json").exit_code == 0
    assert evidence.run("apply", "plan.json", "-v").exit_code == 0
    everything_that_looks(evidence)
    evidence.workplace.environ["RECONCILER_VAR_EVENT_KEY"] = ROTATED
    everything_that_looks(evidence)
    rotated = evidence.run("plan", "--format", "json").json
    assert [change["fields"][0]["sensitive"] for change in rotated["changes"]] == [True]
    for run_id in run_ids(evidence):
        assert evidence.run("show", run_id).exit_code == 0
    assert (evidence.workplace.folder / ".reconciler" / "record.db").exists()
    assert evidence.leaks() == []


def test_no_secret_comes_out_when_a_variable_or_a_key_is_missing_or_wrong(evidence: Evidence) -> None:
    for name, value in (
        ("RECONCILER_VAR_EVENT_KEY", ""),
        ("EXOLVE_API_KEY", "canary-wrong-key"),
        ("EXOLVE_API_KEY", "canary with blanks"),
        ("MTT_REFRESH_TOKEN", "canary-wrong-refresh"),
        ("RECONCILER_RECORD_KEY", "canary-short"),
    ):
        evidence.secrets |= {f"wrong {name} {value}": value} if value else {}
        for command in (("plan", "-v"), ("plan", "--format", "json"), ("doctor",), ("apply", "--auto-approve", *ALLOW)):
            evidence.run(*command, **{name: value})
        for form in REVIEWS:
            evidence.run("plan", "-v", "--format", form, **{name: value})
    assert evidence.leaks() == []


KINDS = [
    FaultKind.UNAUTHORIZED,
    FaultKind.FORBIDDEN,
    FaultKind.SERVER_ERROR_BEFORE,
    FaultKind.ERROR_WITH_200,
    FaultKind.REDIRECT,
]


# What each address is sent, and could repeat in its own words.
SENT = {
    "GetList": ("api key", "event key", "path token"),
    "GetAttributes": ("api key", "event key", "path token"),
    "SetCallForwarding": ("api key", "event key", "path token"),
    "setParkingNumbers": (),
    "oauth/token": ("client secret", "refresh token"),
}


@pytest.mark.parametrize("path", sorted(SENT))
def test_no_secret_comes_out_of_a_vendor_that_echoes_what_it_was_sent(
    evidence: Evidence, sandbox: Sandbox, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reconciler.apply.write.READ_BACK_WAITS", (0.0,))
    monkeypatch.setattr("reconciler.http.budget.Patience.backoff", lambda _self, _attempt: 0.0)
    evidence.workplace.edit("    application:", "    settle: 0\n    application:", "reconciler.yaml")
    told = [evidence.secrets[name] for name in SENT[path]]
    encoded = [base64.b64encode(value.encode()).decode() for value in told]
    message = " ".join([f"https://u:{USERINFO}@e.com/?q={QUERY}", *told, *map(quote_plus, told), *encoded])
    for kind in KINDS:
        sandbox.faults.clear()
        location = f"https://evil.example.com/{PATH_TOKEN}?key={EVENT_KEY}" if kind is FaultKind.REDIRECT else None
        sandbox.faults.add(Fault(kind=kind, path=path, message=message, location=location, times=2))
        evidence.run("plan", "-v")
        evidence.run("apply", "--auto-approve", *ALLOW, "-v", "--format", "json")
        for form in ("html", "markdown", *REVIEWS):
            evidence.run("plan", "-v", "--format", form)
        for form in REVIEWED["audit"]:
            evidence.run("audit", "-v", "--format", form)
    assert evidence.leaks() == []


# -- the search itself -----------------------------------------------------------------------------------------------


def test_a_seeded_leak_is_found(evidence: Evidence, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reconciler.canonical.mask_url", lambda url, **_options: url)
    monkeypatch.setattr("reconciler.secrets.Secrets.redact", lambda _self, text: text)
    evidence.workplace.edit("hooks/${var:PATH_TOKEN}/in", "in?key=${var:PATH_TOKEN}")
    assert evidence.run("apply", "--auto-approve", *ALLOW).exit_code == 0
    places = {place.rpartition("/")[2] for _, place in evidence.leaks()}
    assert any(place.startswith("record.db") for place in places)


@pytest.mark.parametrize(
    "spell",
    [
        str,
        lambda text: quote(text, safe=""),
        quote_plus,
        json.dumps,
        html_escape,
        quoteattr,
        escape,
        github.data,
        github.value,
        lambda text: base64.b64encode(text.encode()).decode(),
        lambda text: base64.b64encode(f"user:{text}".encode()).decode(),
        lambda text: base64.b64encode(f"a:{text}\n".encode()).decode(),
    ],
)
@pytest.mark.parametrize("name", ["event key", "api key"])
def test_a_leak_is_found_in_every_spelling(evidence: Evidence, spell: Callable[[str], str], name: str) -> None:
    evidence.printed.append(f"somewhere\nbefore {spell(evidence.secrets[name])} after")
    assert (name, "somewhere") in evidence.leaks()


def test_a_leak_in_a_file_is_found(evidence: Evidence) -> None:
    folder: Path = evidence.workplace.folder / ".reconciler"
    folder.mkdir()
    (folder / "record.db-wal").write_bytes(b"\0\0" + PATH_TOKEN.encode() + b"\0")
    assert [name for name, _ in evidence.leaks()] == ["path token"]
