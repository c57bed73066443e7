"""What is said of a name or a period where the editor points at it, and where a name is declared."""

from __future__ import annotations

from datetime import date
from typing import Any

from reconciler.canonical import period_text
from reconciler.config.load import Parts
from reconciler.diagnostics import Location
from reconciler.effects.wording import Wording
from reconciler.lsp.project import Project
from reconciler.lsp.spots import Spot
from reconciler.names import Names
from reconciler.schedule import Period, PeriodError
from reconciler.settings import PeriodSettings


def told(project: Project, spot: Spot) -> str | None:
    """Markdown for the text at a place; None where there is nothing to say."""
    parts = project.state.parts
    if parts is None:
        return None
    if spot.is_period:
        return _period(parts, spot.text, project.today())
    section, name = spot.section, spot.text
    if section is None or declaration(parts, section, name) is None:
        return None
    return _headed(parts, section, name, _said(parts, section, name, project.today()))


def _said(parts: Parts, section: str, name: str, today: date) -> str:
    """What a name stands for."""
    if section == "schedules":
        return _week(parts, name, today)
    if section == "accounts":
        account = parts.settings.accounts.get(name)
        return "" if account is None else f"an account at {account.provider}"
    entry = getattr(parts.sections, section)[name].tree.data
    return _contact(entry) if section == "contacts" else _plain(entry.get("description"))


def declaration(parts: Parts, section: str, name: str) -> Location | None:
    """Where a name is declared."""
    if section == "accounts":
        trusted = parts.files.trusted
        accounts = trusted.get("accounts") if trusted is not None else None
        known = accounts is not None and isinstance(accounts.data, dict) and name in accounts.data
        return parts.files.sources.location(accounts.key_span(name)) if accounts is not None and known else None
    declared = getattr(parts.sections, section).get(name)
    return None if declared is None else parts.files.sources.location(declared.span)


def _headed(parts: Parts, section: str, name: str, text: str) -> str:
    place = declaration(parts, section, name)
    where = f"\n\n{section.removesuffix('s')} at {place.file}:{place.line}" if place is not None else ""
    return f"**{_plain(name)}**: {text}{where}" if text else f"**{_plain(name)}**{where}"


def _plain(text: object) -> str:
    """A user's text as Markdown shows it, not as it reads it."""
    return "".join(f"\\{each}" if each in "\\`*_{}[]<>#+!|~&" else each for each in str(text or ""))


def _settings(parts: Parts) -> PeriodSettings:
    """How the account that most numbers have takes periods."""
    accounts, usual = parts.settings.accounts, parts.settings.default_account
    account = accounts.get(usual or "") or next(iter(accounts.values()), None)
    return account.period if account is not None else PeriodSettings()


def _week(parts: Parts, name: str, today: date) -> str:
    """The times of a schedule, in words; empty where it is at fault, which is told where it stands."""
    settings = _settings(parts)
    times = parts.schedules.times_of(name, settings)
    if times is None:
        return ""
    names = Names(since=today, calendars=parts.schedules.calendars())
    return Wording(names=names).period(period_text(times.periods, settings.weekday_base))


def _period(parts: Parts, text: str, today: date) -> str | None:
    base = _settings(parts).weekday_base.value
    try:
        period = Period.parse(text, weekday_base="monday" if base == "monday" else "sunday")
    except PeriodError:
        return None
    words = Wording(names=Names(since=today)).times(period.instants)
    return f"**{_plain(words)}**\n\n{_plain(period.explain())}"


def _contact(entry: dict[str, Any]) -> str:
    """Who rings, and for how long."""
    seconds = f", rings for {entry['timeout']} s" if str(entry.get("timeout", "")).isdigit() else ""
    name = f" ({_plain(entry['name'])})" if entry.get("name") else ""
    return f"{_plain(entry.get('to'))}{name}{seconds}"
