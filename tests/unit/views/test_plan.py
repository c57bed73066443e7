"""A plan in text: only what changes, aligned, at 80 columns, Cyrillic included."""

from __future__ import annotations

import pytest

from reconciler.effects.wording import PLAIN
from reconciler.model import Action, Effect, FieldChange, Kind, LiveSource
from reconciler.plan.model import Calls, Consent, Plan
from reconciler.views.base import text_of, width
from reconciler.views.human.plan import plan as drawn
from tests.conftest import Golden
from tests.unit.views.values import NOTHING, breach, change, numbers, place, plan, target, url


def contract_sample() -> Plan:
    """The plan that the contract shows."""
    before = numbers(target(schedule="wd {mon-fri} hr {9-18}"))
    after = numbers(target(timeout=20, schedule="wd {mon-fri} hr {9-17}"))
    update = change(
        "sales/74991112233",
        Action.UPDATE,
        before,
        after,
        FieldChange("targets[0].timeout", 16, 20),
        FieldChange("targets[0].schedule", "wd {mon-fri} hr {9-18}", "wd {mon-fri} hr {9-17}"),
        effects=(Effect("Mon-Fri 18:00-19:00", "rings 74992223344 for 16 s", "no target"),),
        description="Sales hotline, Moscow",
        declared_at="numbers/sales.yaml:12:3",
    )
    create = change(
        "sales/74991112244",
        Action.CREATE,
        NOTHING,
        url("https://example.com/route", "74993334455"),
        effects=(Effect("always", "no forwarding", "URL https://example.com/route"),),
        declared_at="numbers/sales.yaml:30:3",
    )
    delete = change(
        "sales/74991112277",
        Action.DELETE,
        numbers(target()),
        NOTHING,
        needs=("allow-delete",),
        declared_at="numbers/sales.yaml:44:3",
    )
    return plan(
        update,
        create,
        delete,
        unchanged=40,
        as_recorded=2,
        parked_as_recorded=2,
        accounts=2,
        calls=Calls(29, 14),
        breaches=(breach("needs-allow-delete", "sales/74991112277 would be deleted", "--allow-delete"),),
    )


def adopting() -> Plan:
    """A plan that adopts, is incomplete and too large."""
    before = numbers(
        target(
            "74950000001",
            25,
            schedule="wd {sat} hr {10-13}",
            name="вечерняя смена",
            schedule_description="с десяти до двух по субботам",
        ),
        target("883140123456789", 30, active=False),
        redirect="sequential",
        event_url="https://old.example.com/calls?***",
        masking=True,
    )
    adopt = change(
        "sales/74991112233",
        Action.ADOPT,
        before,
        numbers(target()),
        needs=("allow-adopt",),
        description="Горячая линия, Москва",
        declared_at="numbers/sales.yaml:12:3",
    )
    limit = "40 changes in one run; policy allows 5 (30% of 12 managed numbers)"
    hint = "raise `policy.max_changes` or pass --override policy-max-changes"
    flag = "--override policy-max-changes"
    return plan(
        adopt,
        unknown=1,
        accounts=1,
        complete=False,
        calls=Calls(3, 0),
        consent=Consent(frozenset({"adopt"})),
        breaches=(breach("policy-max-changes", limit, flag, place("reconciler.yaml", 9, 3, 6), hint),),
    )


def of_many_fields() -> Plan:
    """Fields of every sort, another type, an assertion and a forget."""
    long_name = "the night desk of the Moscow office, second floor"
    update = change(
        "sales/74991112233",
        Action.UPDATE,
        numbers(),
        numbers(),
        FieldChange("event_url", "https://example.com/calls?***", "https://example.com/calls?***", sensitive=True),
        FieldChange("client_id", None, "crm-1"),
        FieldChange("file_to_a", "12345", ""),
        FieldChange("masking", before=False, after=True),
        FieldChange("display_number", "", "74995556677"),
        FieldChange("targets[0].name", long_name, "дежурный по ночной смене московского офиса, второй этаж"),
        FieldChange("targets[1]", target("74950000002", 20), None),
        declared_at="sales.yaml:9:3",
    )
    trunk = {"type": "sip_trunk", "static_ip": "203.0.113.7", "port": 5060, "timeout": 30, "did": "111"}
    another_type = change(
        "sales/74991112244",
        Action.UPDATE,
        url("https://example.com/route", "74993334455"),
        trunk,
        FieldChange("type", "url", "sip_trunk"),
        declared_at="sales.yaml:20:3",
    )
    parked = {"type": "parking", "parking": True}
    asserted = change(
        "office/78005560251",
        Action.ASSERT,
        None,
        parked,
        FieldChange("parking", None, after=True),
        kind=Kind.PARKING,
        live_source=LiveSource.UNKNOWN,
        read_at="",
        declared_at="office.yaml:4:3",
    )
    forgotten = change("sales/74991112288", Action.FORGET, url("https://example.com/old"), None)
    return plan(asserted, update, another_type, forgotten, calls=Calls(4, 0))


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("contract", contract_sample()),
        ("adopt", adopting()),
        ("fields", of_many_fields()),
        ("nothing", plan(unchanged=12, accounts=1, calls=Calls(12, 0))),
    ],
)
def test_a_plan_reads_as_agreed(name: str, shown: Plan, golden: Golden) -> None:
    golden(f"plan/{name}.txt", text_of(drawn(shown, 80)))


@pytest.mark.parametrize("shown", [contract_sample(), adopting(), of_many_fields()])
@pytest.mark.parametrize("columns", [80, 100, 120, 160])
def test_no_line_of_words_is_wider_than_the_terminal(shown: Plan, columns: int) -> None:
    assert all(width(line) <= columns for line in text_of(drawn(shown, columns)).splitlines())


def test_the_whole_of_a_long_address_is_shown() -> None:
    address = "https://example.com/" + "route/" * 30
    text = text_of(drawn(plan(change("sales/74991112233", Action.CREATE, NOTHING, url(address))), 80))
    assert address in text


def test_a_period_that_does_not_parse_is_shown_as_it_stands() -> None:
    field = FieldChange("targets[0].schedule", "wd {mon-fri} hr {6am-14pm}", None)
    text = text_of(drawn(plan(change("sales/74991112233", Action.UPDATE, numbers(), numbers(), field)), 80))
    assert '"wd {mon-fri} hr {6am-14pm}" -> always' in text


def test_what_goes_first_is_told_only_with_verbose() -> None:
    shown = plan(change("sales/74991112233", Action.UPDATE, numbers(), numbers(), depends_on=("sales/74991112244",)))
    assert "after sales/74991112244" not in text_of(drawn(shown, 80))
    assert "after sales/74991112244" in text_of(drawn(shown, 80, PLAIN))


@pytest.mark.parametrize("columns", [30, 80])
def test_a_plan_names_the_release_that_its_public_holidays_come_from(columns: int) -> None:
    follows = numbers(target(schedule="yr {2027} mo {jan} md {11-29} hr {9-17}"))
    added = change("sales/74991112233", Action.CREATE, NOTHING, follows)
    text = text_of(drawn(plan(added, holidays_version="0.109"), columns))
    assert "Public holidays as holidays 0.109 knows them." in " ".join(text.split())
    assert all(width(line) <= columns for line in text.splitlines() if "holidays" in line)
    assert "holidays" not in text_of(drawn(plan(added), columns))
    plain = change("sales/74991112233", Action.CREATE, NOTHING, numbers(target(schedule="wd {mon-fri}")))
    assert "holidays" not in text_of(drawn(plan(plain, holidays_version="0.109"), columns))


def test_a_delete_of_what_stands_nowhere_says_so() -> None:
    gone = change("sales/74991112233", Action.DELETE, numbers(target()), NOTHING)
    assert text_of(drawn(plan(gone), 80)).splitlines()[2:4] == [
        "- sales/74991112233   number 74992223344 for 16 s -> no forwarding",
        "in no file any more".rjust(80),
    ]


def test_what_a_delete_takes_from_callers_is_told_in_one_line() -> None:
    """That something else happens at each time follows from there being nothing any more."""
    several = numbers(target(schedule="wd {mon-fri} hr {9-17}"), target("74992223355"), redirect="sequential")
    gone = change("sales/74991112233", Action.DELETE, several, NOTHING, declared_at="numbers.yaml:3:1")
    assert "callers" not in text_of(drawn(plan(gone), 80))
