"""`reconciler route` and `reconciler calendar`: offline answers about who rings when."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path

import pytest
import time_machine

from tests.cli.conftest import Cli

CONFIGURATION = """\
version: 1
accounts:
  sales: {provider: exolve, api_key: {env: EXOLVE_API_KEY}}
  office: {provider: mtt, client_id: {env: A}, client_secret: {env: B}, redirect_uri: https://crm.example.com}
defaults: {account: sales, timeout: 20, timezone: Europe/Moscow}
schedules:
  office-hours: {period: "wd {mon-fri} hr {9-17}"}
contacts:
  desk: {to: "74992223344", name: дежурный, timeout: 16}
numbers:
  "74991112233":
    description: Горячая линия
    tags: [moscow]
    forwarding:
      type: number
      redirect: sequential
      targets: [{to: desk, schedule: office-hours}, {to: "74991112244"}]
  "74991112244":
    forwarding: {type: url, url: "https://example.com/route?key=canary", reserve: "74992223355"}
  "74991112255": {forwarding: {type: number, targets: [{to: desk, schedule: office-hours}]}}
  "74991112266": {forwarding: {type: number, targets: [{to: desk, schedule: office-hours}]}}
  "78005560251": {account: office, parking: true}
"""


@pytest.fixture(autouse=True)
def _configuration(tmp_path: Path) -> None:
    (tmp_path / "reconciler.yaml").write_text(CONFIGURATION, "utf-8")


def test_a_route_tells_the_order_the_timeouts_and_why_others_do_not_ring(cli: Cli) -> None:
    ended = cli("route", "+7 (499) 111-22-33", "--at", "2026-12-31 18:30")
    assert (ended.exit_code, ended.stdout.splitlines()) == (
        0,
        [
            "74991112233   Горячая линия",
            "Thu 2026-12-31 18:30, Europe/Moscow",
            "",
            "-  desk (74992223344)   outside office-hours (Mon-Fri 9:00-18:00)",
            "1. 74991112244          forwards on, within 20 s",
            "   1. URL https://example.com/route?***   decides by its answer",
            "   -  74992223355                         the reserve rings only when the URL",
            "                                          cannot be reached",
        ],
    )


def test_nobody_on_is_said_in_full(cli: Cli) -> None:
    ended = cli("route", "74991112255", "--at", "2026-11-22 12:00")
    assert ended.stdout.splitlines()[-1] == "no target: what the vendor does then is not documented"


@pytest.mark.parametrize(
    ("moment", "rings"),
    [
        ("2026-11-23 09:00", True),
        ("2026-11-23T08:59:59", False),
        ("2026-11-23T06:00Z", True),
        ("2026-11-23T05:59:59Z", False),
        ("2026-11-23T15:00+09:00", True),
    ],
)
def test_a_time_is_local_unless_it_has_an_offset(cli: Cli, moment: str, rings: bool) -> None:
    answer = cli("route", "74991112255", "--at", moment, "--format", "json").json
    assert answer["rings"] is rings
    assert answer["timezone"] == "Europe/Moscow"


def test_json_tells_the_whole_way(cli: Cli) -> None:
    answer = cli("route", "74991112233", "--at", "2026-11-23T12:00", "--format", "json").json
    assert (answer["format_version"], answer["at"], answer["redirect"]) == ("1.0", "2026-11-23T09:00:00Z", "sequential")
    first, second = answer["steps"]
    assert (first["to"], first["timeout"], first["position"], first["rings"], first["reason"]) == (
        *("74992223344", 16, 1, True),
        None,
    )
    assert (second["kind"], [step["kind"] for step in second["steps"]]) == ("number", ["url", "phone"])
    assert "canary" not in str(answer)


@time_machine.travel("2026-11-23T06:30:00Z", tick=False)
def test_without_a_time_it_is_now(cli: Cli) -> None:
    assert cli("route", "74991112255").stdout.splitlines()[1] == "Mon 2026-11-23 09:30, Europe/Moscow"


def test_a_parked_number_is_held_for_the_application(cli: Cli) -> None:
    assert "held for the application" in cli("route", "78005560251").stdout
    answer = cli("route", "78005560251", "--format", "json").json
    assert (answer["parking"], answer["rings"], answer["steps"]) == (True, False, [])


def test_a_number_of_no_file_and_a_time_that_is_none_are_refused(cli: Cli) -> None:
    assert cli("route", "74990000000", "--format", "json").codes == ["nothing-to-show"]
    assert cli("route", "74991112233", "--at", "tomorrow").exit_code == 64


def test_a_calendar_draws_half_hours_with_gaps(cli: Cli) -> None:
    ended = cli("calendar", "74991112255", "--week", "2026-11-25")
    lines = ended.stdout.splitlines()
    assert lines[0] == "74991112255"
    assert lines[2] == "Mon 23.11 " + "·" * 18 + "A" * 18 + "·" * 12
    assert lines[8] == "Sun 29.11 " + "·" * 48
    assert lines[9].strip() == "A desk (74992223344)"
    assert lines[-1] == "1 number, 1 with gaps"


def test_numbers_that_go_the_same_way_share_a_picture(cli: Cli) -> None:
    text = cli("calendar", "--week", "2026-11-25").stdout
    assert "74991112255, 74991112266\n" in text
    assert text.splitlines()[-1] == "5 numbers, 2 with gaps"


def test_targets_that_ring_one_after_the_other_stand_below_each_other(cli: Cli) -> None:
    lines = cli("calendar", "--tag", "moscow", "--week", "2026-11-25").stdout.splitlines()
    assert lines[2:4] == [
        "Mon 23.11 " + "B" * 18 + "A" * 18 + "B" * 12,
        " " * 10 + " " * 18 + "B" * 18,
    ]


def test_a_calendar_in_json_has_the_hours(cli: Cli) -> None:
    answer = cli("calendar", "74991112255", "--week", "2026-11-25", "--format", "json").json
    (one,) = answer["calendars"]
    assert one["has_gap"] is True
    assert one["week"][0] == {
        "date": "2026-11-23",
        "weekday": "Mon",
        "spans": [
            {"from": "00:00", "to": "09:00", "rings": [], "partly": False},
            {"from": "09:00", "to": "18:00", "rings": ["74992223344"], "partly": False},
            {"from": "18:00", "to": "24:00", "rings": [], "partly": False},
        ],
    }


class Tags(HTMLParser):
    """Collects the elements and addresses of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.addresses: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.addresses += [value or "" for name, value in attrs if name in {"src", "href", "xlink:href", "action"}]


def test_a_calendar_as_a_page_needs_nothing_else(cli: Cli) -> None:
    text = cli("calendar", "--format", "html").stdout
    tags = Tags(text)
    assert text.startswith("<!DOCTYPE html>")
    assert "svg" in tags.names
    assert not tags.names & {"script", "link", "img", "iframe"}
    assert all(address.startswith("#") for address in tags.addresses)
    assert "canary" not in text


def test_a_calendar_of_no_such_number_is_refused(cli: Cli) -> None:
    assert cli("calendar", "74990000000").exit_code == 1
