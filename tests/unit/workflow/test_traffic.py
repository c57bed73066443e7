"""Files of calls as exports write them, and what is said of rows that are none."""

from __future__ import annotations

import gzip
import json
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import pytest

from reconciler.effects.traffic import PastCalls
from reconciler.events.reading import read_body
from reconciler.events.store import EventStore, Received
from reconciler.workflow.traffic import TrafficError, read_traffic

HOTLINE, CALLER = "74991000000", "79035550199"
GOOD, GOOD_UTC, SECONDS = "2026-11-04T17:00:00+03:00", "2026-11-04T14:00:00Z", 1_793_800_800
NOON = "2026-11-04T12:00:00+03:00"
BOTH = {HOTLINE: [SECONDS, SECONDS - 5 * 3600]}


def read(folder: Path, content: bytes | str) -> PastCalls:
    path = folder / "calls"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_traffic(path, "calls", {HOTLINE})


@pytest.mark.parametrize(
    "number",
    ["74991000000", "+7 (499) 100-00-00", "8 499 100 00 00", "4991000000", "tel:+7-499-100-00-00", " 7.499.100.0000 "],
)
def test_a_number_may_be_written_as_people_write_it(tmp_path: Path, number: str) -> None:
    assert read(tmp_path, f"time,number\n{GOOD},{number}\n") == PastCalls({HOTLINE: [SECONDS]})


@pytest.mark.parametrize("number", ["+84991000000", "101", "883140123456789", "79035550199"])
def test_a_number_that_is_not_ours_is_another_number(tmp_path: Path, number: str) -> None:
    past = read(tmp_path, f"time,number\n{GOOD},{number}\n{GOOD},{HOTLINE}\n")
    assert past == PastCalls({number.lstrip("+"): [SECONDS], HOTLINE: [SECONDS]})


def test_a_number_of_ours_with_8_is_taken_as_it_stands(tmp_path: Path) -> None:
    path = tmp_path / "calls"
    path.write_text(f"time,number\n{GOOD},84991000000\n", "utf-8")
    assert read_traffic(path, "calls", {"84991000000"}) == PastCalls({"84991000000": [SECONDS]})


def refused(folder: Path, content: bytes | str) -> list[str]:
    with pytest.raises(TrafficError) as raised:
        read(folder, content)
    return [item.message for item in raised.value.diagnostics]


ROWS = f"time,number\n{GOOD},{HOTLINE}\n{NOON},{HOTLINE}\n"
OBJECTS = [{"time": GOOD, "number": HOTLINE, "caller": CALLER}, {"time": NOON, "number": int(HOTLINE)}]
LINES = "\n\n".join(map(json.dumps, OBJECTS))


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(ROWS.encode(), id="plain"),
        pytest.param(b"\xef\xbb\xbf" + ROWS.encode(), id="byte order mark"),
        pytest.param(ROWS.replace(",", ";").encode(), id="semicolons"),
        pytest.param(ROWS.replace(",", "\t").encode(), id="tabs"),
        pytest.param(ROWS.replace("\n", "\r\n").encode(), id="crlf"),
        pytest.param(b"\n  \n" + ROWS.replace("\n", "\n\n").encode() + b",\n", id="blank lines"),
        pytest.param(
            f"caller;Number;seconds;TIME\nИван;{HOTLINE};1;{GOOD}\n;{HOTLINE};;{NOON}\n".encode("cp1251"),
            id="other order and encoding",
        ),
        pytest.param(
            f'"time","number","caller"\n"{GOOD}","{HOTLINE}","a, ""b""\nc"\n"{NOON}","{HOTLINE}",""\n'.encode(),
            id="quotes",
        ),
        pytest.param(ROWS.replace(GOOD, GOOD_UTC).encode(), id="utc"),
        pytest.param(ROWS.replace(GOOD, GOOD_UTC.lower()).encode(), id="lower case"),
        pytest.param(ROWS.replace(GOOD, "2026-11-04 17:00:00.999999 +03:00").encode(), id="space and fraction"),
        pytest.param(LINES.encode(), id="json lines"),
        pytest.param(b"\xef\xbb\xbf\n" + LINES.encode() + b"\n", id="json lines with a mark"),
    ],
)
def test_a_file_may_look_as_exports_do(tmp_path: Path, content: bytes) -> None:
    assert read(tmp_path, content) == PastCalls(BOTH)


def test_a_leap_second_is_the_second_before_it(tmp_path: Path) -> None:
    assert read(tmp_path, f"time,number\n2026-11-04T17:00:60+03:00,{HOTLINE}\n").calls == {HOTLINE: [SECONDS + 59]}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "calls is empty"),
        ("\n \n", "calls is empty"),
        (f"number,caller\n{HOTLINE},{CALLER}\n", "line 1: it has no column `time`"),
        (f"\ntime,called\n{GOOD},{CALLER}\n", "line 2: it has no column `number`"),
        (f"time,number,time\n{GOOD},{CALLER},1\n", "line 1: it has more than one column `time`"),
        (f"time,number\n{GOOD},{HOTLINE}\n2026-11-02T17:00:00,{HOTLINE}\n", "line 3: `time` has no offset from UTC"),
        (f"time,number\n2026-11-02,{HOTLINE}\n", "line 2: `time` has no offset from UTC"),
        (f"time,number\n02.11.2026 17:00,{HOTLINE}\n", "line 2: `time` is not a time"),
        (f"time,number\n2026-02-30T17:00:00Z,{HOTLINE}\n", "line 2: `time` is not a time"),
        (f"time,number\n{GOOD},\n", "line 2: `number` is not a phone number"),
        (f"time,number\n{GOOD},7.4991E+10\n", "line 2: `number` is not a phone number"),
        (f"caller,time,number\n{CALLER},{GOOD}\n", "line 2: it has fewer columns than the header"),
        (f'time,number\n{GOOD},{HOTLINE}\n{GOOD},"{CALLER}\n', "line 3: it is not CSV"),
        (f'{{"time": "{GOOD}", "number": "{HOTLINE}"}}\n{{"time"', "line 2: it is not one JSON object"),
        (f'[{{"time": "{GOOD}", "number": "{HOTLINE}"}}]\n', "line 1: it is not one JSON object"),
        (f'{{"time": 1, "number": "{HOTLINE}"}}\n', "line 1: `time` is missing or is not text"),
        (f'{{"time": "{GOOD}", "caller": "{CALLER}"}}\n', "line 1: `number` is missing or is not text"),
    ],
)
def test_a_bad_row_is_told_by_its_line_and_never_quoted(tmp_path: Path, text: str, told: str) -> None:
    (found,) = refused(tmp_path, text)
    assert told in found
    assert CALLER not in found


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (gzip.compress(ROWS.encode(), mtime=0), "calls is compressed"),
        (ROWS.encode("utf-16"), "calls is not UTF-8 text"),
    ],
)
def test_a_file_that_is_no_text_is_refused(tmp_path: Path, content: bytes, told: str) -> None:
    assert refused(tmp_path, content) == [told]


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TrafficError) as raised:
        read_traffic(tmp_path / "calls", "calls.csv", {HOTLINE})
    assert str(raised.value) == "calls.csv cannot be read: no such file or directory"


def stored(folder: Path, *bodies: Mapping[str, object]) -> Path:
    path = folder / "events.db"
    with closing(EventStore(path, writes=True)) as store:
        store.add(Received(read_body(json.dumps(body).encode()), SECONDS + 0.9) for body in bodies)
    return path


def test_the_store_of_the_listener_has_the_calls_that_came_in(tmp_path: Path) -> None:
    begin = {
        "type": "b",
        "call_sid": "1",
        "date_time": GOOD,
        "from": CALLER,
        "to": "+7 499 100-00-00",
    }
    out = {
        "type": "o",
        "call_sid": "3",
        "date_time": GOOD,
        "number_b": HOTLINE,
        "direction": "outbound",
    }
    path = stored(
        tmp_path,
        begin,
        {**begin, "type": "e", "date_time": "2026-11-04T17:05:00+03:00"},
        {**begin, "call_sid": "2", "date_time": NOON},
        {**begin, "call_sid": "4", "to": "sip:desk@pbx.example"},
        out,
    )
    assert read_traffic(path, "events.db", {HOTLINE}) == PastCalls(
        {HOTLINE: [SECONDS - 5 * 3600, SECONDS], "sip:desk@pbx.example": [SECONDS]}
    )


def test_a_call_whose_vendor_tells_no_time_is_taken_for_when_word_of_it_came(tmp_path: Path) -> None:
    info = {"call": {"id": "c"}, "state": "trying", "type": "incoming", "callee": {"id": HOTLINE}}
    path = stored(tmp_path, {"event": "callNotifications", "result": {"callInfo": info}})
    assert read_traffic(path, "events.db", {HOTLINE}) == PastCalls({HOTLINE: [SECONDS]})


def test_a_database_of_another_program_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "calls"
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE calls (caller TEXT)")
    with pytest.raises(TrafficError) as raised:
        read_traffic(path, "calls", {HOTLINE})
    assert "is not a store of events" in str(raised.value)
