"""Every sort of thing that a view may say is said in Russian; English is left in names and findings alone."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import pytest

from reconciler.effects.wording import Wording
from reconciler.language import Language, words_of
from reconciler.model import Action, Cause, Kind, Outcome
from reconciler.plan.model import Calls, Consent, Plan
from reconciler.record.base import Run
from reconciler.views import recorded
from reconciler.views.base import text_of
from reconciler.views.human.plan import plan as drawn
from reconciler.views.human.values import details, summary
from reconciler.views.markdown import comment
from reconciler.views.web.pages import plan_page
from tests.cli.test_russian import english_in
from tests.unit.views.test_width import HOURS, LONG, OFTEN, WIDE, of_every_sort
from tests.unit.views.values import NOTHING, breach, change, numbers, plan, target, url

SHORT, FULL = (Wording(full=full, words=words_of(Language.RU)) for full in (False, True))
NAMES = [
    LONG,
    WIDE,
    "moscow-lines",
    "the-branch-of-saint-petersburg",
    "hours-of-the-night-desk-in-saint-petersburg",
    "the-colleague-who-is-on-duty-at-night",
    "numbers/north-west/",
    "shared/",
    "client_id",
    "UTC",
    HOURS,
    OFTEN,
    "a-scenario",
    "abcdef123456",
]


def of_other_sorts() -> Plan:
    """Everything that is told of a whole plan, and values of every type."""
    trunk = {"type": "sip_trunk", "static_ip": "192.0.2.1", "port": 5060, "timeout": 20, "did": ""}
    rings = numbers(target(active=False), target("74992223355"), redirect="parallel")
    changes = [
        change(
            "sales/74991112231", Action.UPDATE, url("https://example.com/a", "74993334455"), trunk, cause=Cause.LIVE
        ),
        change("sales/74991112232", Action.ADOPT, {**trunk, "static_ip": None}, rings, needs=("allow-adopt",)),
        change("office/74991112233", Action.ASSERT, None, {"type": "parking", "parking": True}, kind=Kind.PARKING),
        change("office/74991112234", Action.UPDATE, rings, rings),
    ]
    missing = breach("needs-adopt", "adopts", "--allow-adopt")
    return plan(
        *changes,
        breaches=(missing,),
        consent=Consent(),
        accounts=2,
        unchanged=5,
        as_recorded=1,
        parked_as_recorded=1,
        calls=Calls(7, 0),
        scenario="a-scenario",
        commit="abcdef1234567890",
        holidays_version="0.109",
        expires_at="2026-11-22T10:00:00Z",
    )


def done() -> Plan:
    return plan(unchanged=3)


@pytest.mark.parametrize("made", [of_every_sort, of_other_sorts, done])
@pytest.mark.parametrize("say", [SHORT, FULL], ids=["short", "full"])
def test_a_plan_has_no_english_word_beside_names_and_findings(made: Callable[[], Plan], say: Wording) -> None:
    shown = made()
    read = comment(shown, say).partition("\n")[2]  # nobody reads the first line
    for text in (text_of(drawn(shown, 10_000, say)), read, plan_page(shown, say)):
        assert set(english_in(text, NAMES)) <= set(LONG.split())  # which may be cut


@pytest.mark.parametrize("redirect", ["single", "sequential", "parallel"])
def test_values_have_none(redirect: str) -> None:
    value = numbers(target(active=False), target("74992223355"), redirect=redirect, masking=True)
    assert english_in(" ".join([summary(value, SHORT), *details(value, SHORT)]), ["masking"]) == []
    for each in (None, NOTHING, {"type": "parking", "parking": False}, {"type": "parking", "parking": None}):
        assert english_in(summary(each, SHORT), []) == []


@pytest.mark.parametrize("outcome", list(Outcome))
def test_a_run_has_none(outcome: Outcome) -> None:
    row = {
        "address": "sales/74991112233",
        "outcome": outcome.value,
        "action": "update",
        "after": url("https://example.com"),
    }
    run = Run("abcdef123456", "2026-11-21T10:00:00Z", "user", "host", 7, "undo", results=({**row, "lost": {}},))
    assert english_in(text_of(recorded.run(run, SHORT, 80)), ["user@host", "abcdef123456", "UTC"]) == []
    assert re.search("[а-я]", text_of(recorded.run(replace(run, results=()), SHORT, 80)))
