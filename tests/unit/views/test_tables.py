"""Numbers, the record, runs and checks in tables; CSV and JSON beside them."""

from __future__ import annotations

import csv
import io

import pytest

from reconciler.diagnostics import Location
from reconciler.effects.wording import PLAIN, SHORT
from reconciler.model import (
    Desired,
    Entry,
    Key,
    Kind,
    NumberForwarding,
    Parking,
    Redirect,
    Target,
    TrunkForwarding,
    UrlForwarding,
    Value,
)
from reconciler.record.base import Holder, Intent, RecordState, Run, Window
from reconciler.views import recorded
from reconciler.views.base import text_of, width
from reconciler.views.human import tables
from reconciler.views.human.tables import Check, Health, checks, checks_json, table

PLACE = Location("numbers/sales.yaml", 9, 3, 12, 1)
DESK = Target("74992223344", 16, ("wd {mon-fri} hr {9-17}",), "график будни", "дежурный")
FORWARDING = NumberForwarding(Redirect.SEQUENTIAL, (DESK, Target("883140123456789", 30)))


def desired(number: str, value: Value, account: str = "sales", description: str = "") -> Desired:
    kind = Kind.PARKING if isinstance(value, Parking) else Kind.FORWARDING
    return Desired(Key("exolve", number, kind), account, value, PLACE, description, ("moscow",))


NUMBERS = [
    desired("74991112233", FORWARDING, description="Sales hotline"),
    desired("74991112244", UrlForwarding("https://example.com/route?key=secret", "74993334455")),
    desired("74991112255", TrunkForwarding("203.0.113.7", 5060, 30)),
    desired("78005560251", Parking(parked=True), "office"),
]


def test_the_list_shows_where_calls_go_and_when() -> None:
    assert text_of(tables.human(NUMBERS, SHORT, 80)) == (
        "NUMBER       ACCOUNT  FORWARDS TO                     SCHEDULE            TAGS\n"
        "74991112233  sales    74992223344 for 16 s,           Mon-Fri 9:00-18:00  moscow\n"
        '                      "дежурный"\n'
        "                      then 883140123456789 for 30 s   always\n"
        "74991112244  sales    URL                                                 moscow\n"
        "                      https://example.com/route?***\n"
        "                      reserve 74993334455\n"
        "74991112255  sales    SIP trunk 203.0.113.7:5060 for                      moscow\n"
        "                      30 s\n"
        "78005560251  office   parked                                              moscow\n"
        "\n"
        "4 numbers\n"
    )


def test_the_list_tells_what_numbers_are_for_with_verbose() -> None:
    first, second, *_rest = text_of(tables.human(NUMBERS, PLAIN, 120)).splitlines()
    assert first.endswith("TAGS    DESCRIPTION")
    assert second.endswith("moscow  Sales hotline")
    assert "Sales hotline" not in text_of(tables.human(NUMBERS, SHORT, 120))


@pytest.mark.parametrize("columns", [60, 80, 100, 140])
def test_a_list_of_long_words_is_broken_where_it_can_be(columns: int) -> None:
    long = "夜間当直" * 20
    desk = Target("74992223344", 16, ("wd {mon-fri} hr {9-12 14-17}",), "", long)
    shown = desired("74991112233", NumberForwarding(Redirect.PARALLEL, (desk, desk)), description=long)
    assert all(
        width(row) <= columns
        for row in text_of(tables.human([shown], PLAIN if columns > 60 else SHORT, columns)).splitlines()
    )


def test_one_long_address_does_not_push_the_other_rows_aside() -> None:
    far = desired("74991112266", UrlForwarding("https://example.com/" + "route/" * 40))
    rows = text_of(tables.human([*NUMBERS, far], SHORT, 80)).splitlines()
    assert all(width(row) <= 80 for row in rows if "route/" not in row)


def test_an_empty_list_says_so() -> None:
    assert text_of(tables.human([], SHORT, 80)) == "No numbers.\n"


def test_csv_has_a_row_a_target() -> None:
    read = list(csv.DictReader(io.StringIO(tables.as_csv(NUMBERS))))
    assert [(row["number"], row["to"], row["timeout_seconds"], row["schedule"]) for row in read] == [
        ("74991112233", "74992223344", "16", "Mon-Fri 9:00-18:00"),
        ("74991112233", "883140123456789", "30", "always"),
        ("74991112244", "https://example.com/route?***", "", ""),
        ("74991112244", "74993334455", "", "reserve"),
        ("74991112255", "203.0.113.7:5060", "30", ""),
        ("78005560251", "parked", "", ""),
    ]
    assert {row["declared_at"] for row in read} == {"numbers/sales.yaml:9"}


def test_json_has_an_object_a_number_with_its_canonical_value() -> None:
    first, second, *_rest = tables.as_json(NUMBERS)
    assert (first["address"], first["kind"], first["tags"]) == ("sales/74991112233", "forwarding", ["moscow"])
    assert first["value"]["targets"][0]["timeout"] == 16
    assert second["value"]["url"] == "https://example.com/route?***"


KEY = Key("exolve", "74991112233", Kind.FORWARDING)
ENTRY = Entry(KEY, "sales", '{"type":"none"}', written_at="2026-11-21T10:00:00Z", run_id="abcdef0123456789")
HOLDER = Holder("sales", "host", "anna", 7, "abcdef0123456789", "2026-11-21T10:00:00Z")
INTENT = Intent(KEY, "sales", "create", "", '{"type":"none"}')
STATE = RecordState(
    "moscow", "a-lineage", 3, {KEY: ENTRY}, (Window("w", "r", "2026-11-21T10:00:00Z", (INTENT,)),), "storm"
)
RESULT = {"address": "sales/74991112233", "action": "create", "outcome": "failed", "error": "refused"}
RUN = Run("abcdef0123456789", "2026-11-21T10:00:00Z", "anna", "host", 7, overrides=("delete",), results=(RESULT,))


def test_the_record_shows_locks_unsettled_writes_entries_and_runs() -> None:
    assert text_of(recorded.record(STATE, [HOLDER], [RUN], "the record a.db", 80)) == (
        "the record a.db: 1 entry, serial 3\n"
        "lineage a-lineage\n"
        "locked: account sales by anna@host (process 7, run abcdef0123456789, since 2026-11-21T10:00:00Z)\n"
        "unsettled since 2026-11-21T10:00:00Z: sales/74991112233 (the next apply settles\n"
        "                                      them)\n"
        "scenario storm is in force\n"
        "\n"
        "NUMBER       ACCOUNT  WRITTEN     VALUE\n"
        "74991112233  sales    2026-11-21  no forwarding\n"
        "\n"
        "RUN           STARTED               BY         WHAT\n"
        "abcdef012345  2026-11-21T10:00:00Z  anna@host  apply, interrupted\n"
    )


def test_the_record_as_json_names_the_same() -> None:
    made = recorded.record_json(STATE, [HOLDER], [RUN], "the record a.db")
    assert (made["serial"], made["scenario"], made["entries"][0]["value"]) == (3, "storm", {"type": "none"})
    assert made["unsettled"] == [{"run": "r", "opened_at": "2026-11-21T10:00:00Z", "numbers": ["sales/74991112233"]}]
    assert made["locks"][0]["pid"] == 7
    assert made["runs"][0]["finished_at"] is None


def test_a_number_shows_what_files_and_record_say() -> None:
    known = recorded.KnownNumber("74991112233", [NUMBERS[1]], [ENTRY], [INTENT])
    assert text_of(recorded.number(known, SHORT, 80)) == (
        "74991112233\n"
        "  declared    URL https://example.com/route?***\n"
        "              reserve 74993334455\n"
        "              numbers/sales.yaml:9, account sales\n"
        "  recorded    no forwarding\n"
        "              2026-11-21T10:00:00Z, run abcdef012345, read back equal\n"
        "  unsettled   create: the run was interrupted; the next apply settles it\n"
    )
    assert recorded.number_json(known)["unsettled"] == ["sales/74991112233"]


def test_a_number_that_is_nowhere_says_so() -> None:
    text = text_of(recorded.number(recorded.KnownNumber("74991112233", [], [], []), SHORT, 80))
    assert "declared    in no file\n" in text
    assert "recorded    not at all\n" in text


def test_a_run_shows_who_when_and_what_became_of_each_change() -> None:
    assert text_of(recorded.run(RUN, SHORT, 80)) == (
        "run abcdef0123456789\n"
        "  what        apply, by anna@host (process 7)\n"
        "  when        2026-11-21T10:00:00Z to no end: interrupted\n"
        "  permitted   delete\n"
        "\n"
        "OUTCOME  NUMBER             ACTION  REMARK\n"
        "failed   sales/74991112233  create  refused\n"
    )
    assert recorded.run_json(RUN)["results"] == [RESULT]


def test_checks_stand_in_a_table_with_a_verdict() -> None:
    good = Check("record", Health.OK, "empty")
    odd = Check("lock", Health.WARN, "held", "wait")
    bad = Check("account sales", Health.FAIL, "refused", "check the key")
    assert text_of(checks([good, odd, bad], 80)) == (
        "      CHECK          FOUND\n"
        "ok    record         empty\n"
        "warn  lock           held\n"
        "                     hint: wait\n"
        "fail  account sales  refused\n"
        "                     hint: check the key\n"
        "\n"
        "1 check failed: see to it before you apply.\n"
    )
    assert text_of(checks([good], 80)).endswith("\nNothing would stop an apply.\n")
    assert text_of(checks([odd], 80)).endswith("\nNothing would stop an apply; 1 warning.\n")
    assert checks_json([bad]) == [
        {"check": "account sales", "status": "fail", "message": "refused", "hint": "check the key"}
    ]


def test_the_last_column_takes_what_is_left() -> None:
    assert text_of(table(("A", "B"), [("x", "one two three four five six seven")], 30)) == (
        "A  B\nx  one two three four five six\n   seven\n"
    )
