"""A team as teams are: three accounts, one schedule with a lunch break and public holidays, and profiles on top of it.

Files in a folder, loaded as a command would, over vendors in memory. Knows no command and no view.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from reconciler.model import Kind, NoForwarding, Parking, Value
from reconciler.settings import Configuration
from tests.loading import load
from tests.providers.memory import MemoryProvider
from tests.world import FORWARDING, PARKING, World

TODAY = date(2026, 11, 28)
HEAD = """\
version: 1
name: team-lines
include: ["shared/*.yaml", "numbers/*.yaml"]
defaults: {account: sales, timeout: 20, timezone: Europe/Moscow, calendar_until: 2027-12-31}
accounts:
  sales:
    provider: exolve
    api_key: {env: EXOLVE_API_KEY}
  branch:
    provider: exolve
    api_key: {env: EXOLVE_BRANCH_API_KEY}
  office:
    provider: mtt
    client_id: {env: MTT_CLIENT_ID}
    client_secret: {env: MTT_CLIENT_SECRET}
    redirect_uri: https://crm.example.com
policy: {max_changes: 100%}
"""
SCHEDULES = """\
version: 1
schedules:
  holidays: {public: RU}
  office-hours:
    description: график работы офиса
    weekly:
      mon-fri: [9:00-13:00, 14:00-18:00]
    except: [holidays]
    workday_as: mon
  nights: {not: office-hours}
  weekend:
    weekly:
      sat-sun: 10:00-16:00
"""
CONTACTS = """\
version: 1
contacts:
  sales-desk: {to: "74952223344", name: отдел продаж, timeout: 16}
  branch-desk: {to: "74952223355", name: филиал, timeout: 16}
  night-duty: {to: "79161234567", name: дежурный}
"""
PROFILES = """\
version: 1
profiles:
  hotline:
    forwarding:
      type: number
      redirect: sequential
      targets:
        - {to: sales-desk, schedule: office-hours}
        - {to: night-duty, schedule: nights}
  branch:
    forwarding:
      type: number
      redirect: sequential
      targets:
        - {to: branch-desk, schedule: office-hours}
        - {to: night-duty, timeout: 30}
"""
OTHERS = """\
  "74957002001": {description: Партнёры, tags: [crm], forwarding: {type: url, url: "https://crm.example.com/route"}}
  "74957002002": {description: Доставка, forwarding: {type: number, targets: [{to: night-duty, schedule: weekend}]}}
  "74957002003": {description: Старая горячая линия, forwarding: none}
  "74957002004": {description: Телефония офиса, forwarding: {type: sip, sip_uri: "office@pbx.example.com"}}
  "78005560251": {account: office, description: Бесплатная линия, parking: true}
  "78005560252": {account: office, description: Запасная бесплатная линия, parking: true}
"""


def team(folder: Path, numbers: int = 25) -> Team:
    """So many numbers, six of which go their own ways; the others share the schedule through two profiles."""
    sharing = range(1, numbers - 5)
    rows = [_shared(at, "hotline" if at <= len(sharing) * 10 // 19 else "branch") for at in sharing]
    texts = {
        "reconciler.yaml": HEAD,
        "shared/schedules.yaml": SCHEDULES,
        "shared/contacts.yaml": CONTACTS,
        "shared/profiles.yaml": PROFILES,
        "numbers/all.yaml": "version: 1\nnumbers:\n" + "".join(rows) + OTHERS,
    }
    for name, text in texts.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, "utf-8")
    return Team(folder=folder)


def _shared(at: int, profile: str) -> str:
    about = f"{'Горячая линия продаж' if profile == 'hotline' else 'Филиал'} {at}"
    account = "" if profile == "hotline" else "account: branch, "
    return f'  "{74957001000 + at}": {{{account}description: {about}, tags: [{profile}], use: [{profile}]}}\n'


@dataclass
class Team(World):
    """The same as a world: what is edited in the files is seen at once."""

    folder: Path = Path()

    @property
    def configuration(self) -> Configuration:
        loaded = load(self.folder, today=TODAY)
        assert loaded.configuration is not None, loaded.diagnostics
        assert not any(item.is_error for item in loaded.diagnostics), loaded.diagnostics
        self.live = self.live or dict(self._vendors(loaded.configuration))
        return loaded.configuration

    def _vendors(self, configuration: Configuration) -> dict[str, MemoryProvider]:
        """Vendors that own what is declared, and do nothing with it yet."""
        found: dict[str, dict[str, Value]] = {name: {} for name in configuration.accounts}
        for each in configuration.desired:
            off = NoForwarding() if each.key.kind is Kind.FORWARDING else Parking(parked=False)
            found[each.account][each.key.number] = off
        able = {name: PARKING if name == "office" else FORWARDING for name in found}
        return {
            name: MemoryProvider(numbers, account=name, capabilities=able[name], clock=self.clock)
            for name, numbers in found.items()
        }

    def edit(self, file: str, old: str, new: str) -> None:
        text = (self.folder / file).read_text("utf-8")
        assert old in text
        (self.folder / file).write_text(text.replace(old, new), "utf-8")

    def hour_later(self) -> None:
        """The shared schedule's afternoon ends an hour later."""
        self.edit("shared/schedules.yaml", "14:00-18:00", "14:00-19:00")
