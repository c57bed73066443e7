"""The sandbox as one object: both vendors on loopback, ready to be asked, looked into and troubled.

Must not know how the command line or a test frames it; `with Sandbox() as sandbox:` is all there is to it.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping
from types import TracebackType
from typing import Self

from reconciler.sandbox.control import Control
from reconciler.sandbox.exolve import Exolve
from reconciler.sandbox.exolve_wire import Spelling
from reconciler.sandbox.faults import Fault, FaultKind, Faults
from reconciler.sandbox.front import Front, Vendor
from reconciler.sandbox.journal import Call, CallLog, Write
from reconciler.sandbox.mtt import Mtt
from reconciler.sandbox.oauth import OAuthServer
from reconciler.sandbox.server import Server
from reconciler.sandbox.state import ExolveSettings, Forwarding, MttSettings, moscow_numbers, sip_usernames
from reconciler.sandbox.telphin import Telphin
from reconciler.sandbox.uis import Uis

Numbers = int | Iterable[str] | Mapping[str, Forwarding | None]

_MTT_BASE = 78_005_560_251
_MEDIA = ("12345", "54321")
_SIP_IDS = 10


class Sandbox:
    """Both vendors' APIs on 127.0.0.1, in a thread.

    `numbers`: how many Exolve numbers, or which, or a mapping to their forwardings (SetCallForwarding's shape);
    `mtt_numbers` likewise without forwardings. `loose`: every read is spelled anew at random from `seed`.
    `latency` seconds are added to each call without holding up others. `port` 0 takes a free one.

    URLs (`exolve_url`, `mtt_url`, `oauth_url`) carry a path, which stands for the vendor's host.
    """

    def __init__(
        self,
        *,
        numbers: Numbers = 10,
        mtt_numbers: int | Iterable[str] = 3,
        loose: bool = False,
        seed: int = 0,
        latency: float = 0.0,
        port: int = 0,
        settings: ExolveSettings | None = None,
        mtt_settings: MttSettings | None = None,
    ) -> None:
        self.faults = Faults()
        self.journal = CallLog()
        spelling = Spelling(seed if loose else None)
        self.exolve = Exolve(call_log=self.journal, spelling=spelling, settings=settings or ExolveSettings())
        self.mtt = Mtt(call_log=self.journal, spelling=spelling, oauth=_integration(mtt_settings or MttSettings()))
        self.telphin = Telphin(call_log=self.journal)
        self.uis = Uis(call_log=self.journal)
        self.main_application = self.exolve.add_application("sales", api_key=_API_KEY, uuid=_APPLICATION)
        self._populate(numbers, mtt_numbers)
        self.refresh_token = self.mtt.oauth.issue_refresh_token()
        self._front = self._build_front(latency)
        self._server = Server(self._front, port)
        self._url = ""

    # -- running -----------------------------------------------------------------------------------------------------

    def start(self) -> Self:
        """Listen; raises OSError if the port is taken."""
        self._url = self._server.start()
        return self

    def stop(self) -> None:
        """Stop listening and let hanging calls go; the state can still be looked at."""
        self._server.stop()

    def __enter__(self) -> Self:
        """Start."""
        return self.start()

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """Stop."""
        self.stop()

    # -- where and as whom -------------------------------------------------------------------------------------------

    @property
    def url(self) -> str:
        """The address of it all; the vendors are below it."""
        return self._url

    @property
    def exolve_url(self) -> str:
        """`base_url` of an Exolve account."""
        return f"{self._url}/exolve"

    @property
    def mtt_url(self) -> str:
        """`base_url` of an MTT account."""
        return f"{self._url}/mtt"

    @property
    def oauth_url(self) -> str:
        """`oauth_url` of an MTT account."""
        return f"{self._url}/mtt-oauth"

    @property
    def telphin_url(self) -> str:
        """`base_url` of a service of live calls at Telphin."""
        return f"{self._url}/telphin"

    @property
    def uis_url(self) -> str:
        """`base_url` of a service of live calls at UIS."""
        return f"{self._url}/uis"

    @property
    def control_url(self) -> str:
        """Where other processes look at and change the state."""
        return f"{self._url}/_sandbox"

    @property
    def api_key(self) -> str:
        """The key of the first Exolve application."""
        return self.main_application.api_key

    @property
    def application(self) -> str:
        """The uuid of the first Exolve application."""
        return self.main_application.uuid

    @property
    def client_id(self) -> str:
        """MTT's client id; secret, redirect URI and the console's login are on `mtt.oauth`."""
        return self.mtt.oauth.client_id

    @property
    def client_secret(self) -> str:
        """MTT's client secret."""
        return self.mtt.oauth.client_secret

    @property
    def redirect_uri(self) -> str:
        """MTT's redirect URI as registered."""
        return self.mtt.oauth.redirect_uri

    # -- what happened, and what shall happen ------------------------------------------------------------------------

    @property
    def log(self) -> list[Call]:
        """All calls so far, in the order in which they were answered."""
        return self.journal.calls

    @property
    def writes(self) -> list[Write]:
        """The mutating calls that took effect, in order, one entry a number."""
        return self.journal.writes

    @property
    def latency(self) -> float:
        """Seconds added to each call; may be changed while running."""
        return self._front.latency

    @latency.setter
    def latency(self, seconds: float) -> None:
        self._front.latency = seconds

    def fail_on_writes(self) -> None:
        """Answer 500 to every mutating call from now on, to prove that a command makes none (see `log`)."""
        self.faults.add(Fault(kind=FaultKind.SERVER_ERROR_BEFORE, mutating=True, times=None))

    def _populate(self, numbers: Numbers, mtt_numbers: int | Iterable[str]) -> None:
        chosen = moscow_numbers(numbers) if isinstance(numbers, int) else numbers
        self.exolve.add_numbers(chosen, self.main_application)
        self.exolve.add_sip_ids(sip_usernames(_SIP_IDS), self.main_application)
        self.exolve.add_media(_MEDIA, self.main_application)
        external = (
            [str(_MTT_BASE + index) for index in range(mtt_numbers)] if isinstance(mtt_numbers, int) else mtt_numbers
        )
        self.mtt.add_numbers(external)
        self.mtt.add_workplace("883140777716581", terminal="883140777380595")

    def _build_front(self, latency: float) -> Front:
        control = Control(self.exolve, self.mtt, self.telphin, self.faults, self.journal)
        vendors: dict[str, Vendor] = {
            "exolve": self.exolve,
            "mtt": self.mtt,
            "mtt-oauth": self.mtt.oauth,
            "telphin": self.telphin,
            "uis": self.uis,
        }
        return Front(vendors, self.faults, self.journal, control, latency)


_APPLICATION = "178ec145-6898-4b06-a92a-75f63cb57046"
_API_KEY = "sandbox-exolve-key"
# Client id and secret, redirect URI, and the login and password of the console; they open nothing but this.
_INTEGRATION = (
    "ccb350cc-6218-40b0-b134-3d290f00b9e7",
    "sandbox-mtt-secret",
    "https://crm.example.com",
    "sandbox",
    "sandbox",
)


def _integration(settings: MttSettings) -> OAuthServer:
    return OAuthServer(*_INTEGRATION, settings=settings)


def environment(sandbox: Sandbox) -> dict[str, str]:
    """The variables that the configuration names; the values open this sandbox and nothing else."""
    return {
        "EXOLVE_API_KEY": sandbox.api_key,
        "MTT_CLIENT_ID": sandbox.client_id,
        "MTT_CLIENT_SECRET": sandbox.client_secret,
        "MTT_REFRESH_TOKEN": sandbox.refresh_token,
    }


def exports(variables: Mapping[str, str]) -> str:
    """The environment as lines for a shell."""
    return "".join(f"export {name}={shlex.quote(value)}\n" for name, value in variables.items())


def configuration(sandbox: Sandbox) -> str:
    """A whole `reconciler.yaml` with one account at each vendor."""
    return f"""\
version: 1
name: sandbox
accounts:
  sales:
    provider: exolve
    api_key: {{env: EXOLVE_API_KEY}}
    application: {sandbox.application}
    base_url: {sandbox.exolve_url}
  office:
    provider: mtt
    client_id: {{env: MTT_CLIENT_ID}}
    client_secret: {{env: MTT_CLIENT_SECRET}}
    refresh_token: {{env: MTT_REFRESH_TOKEN}}
    redirect_uri: {sandbox.redirect_uri}
    base_url: {sandbox.mtt_url}
    oauth_url: {sandbox.oauth_url}
defaults:
  account: sales
  timeout: 20
{_numbers(sandbox)}"""


def _numbers(sandbox: Sandbox) -> str:
    """One number at each vendor that has any, so that there is something to plan."""
    ours, theirs = sandbox.exolve.numbers[:1], sandbox.mtt.numbers[:1]
    lines = ["numbers:"] * bool(ours or theirs)
    lines += [f'  "{each}": {{forwarding: {{type: number, targets: [{{to: "74992223344"}}]}}}}' for each in ours]
    lines += [f'  "{each}": {{account: office, parking: true}}' for each in theirs]
    return "".join(f"{line}\n" for line in lines)
