"""What vendors send is read field by field; what is no event is refused, and why is said without quoting it."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.events import exolve, mtt
from reconciler.events.causes import CAUSES, cause_name
from reconciler.events.model import UnreadableEventError
from reconciler.events.reading import read_body
from tests.unit.events.building import EXOLVE, MTT, raw

# The tables of the vendors' pages, name by name.
COMMON = {"service", "date_time", "number_a", "number_b", "call_sid", "type", "sip_id", "record_call", "uid"}
COMMON |= {"application_uuid", "customer_id", "direction", "display_number"}
OF_DEFINITION = {"setup_time", "wait_time", "duration", "full_duration", "cause_code"}
OF_CALL_INFO = {"call", "callee", "caller", "startTime", "state", "transportId", "type", "duration", "reason"}
OF_CALL_INFO |= {"reasonCode", "urlRecord", "accountId"}
OF_PARTY = {"accountId", "centrexId", "displayId", "displayName", "forwarderList", "id"}


def info(**changed: object) -> dict[str, Any]:
    return {"event": "callNotifications", "result": {"callInfo": {**MTT[2]["result"]["callInfo"], **changed}}}


def test_every_field_of_the_pages_is_a_typed_one() -> None:
    assert set(exolve.Outbound.model_fields) == COMMON
    assert set(exolve.Definition.model_fields) == COMMON | OF_DEFINITION
    for model, names in ((mtt.CallInfo, OF_CALL_INFO), (mtt.Party, OF_PARTY), (mtt.CallName, {"id", "tag"})):
        assert {field.alias for field in model.model_fields.values()} == names
    assert all(set(body) <= COMMON | OF_DEFINITION for body in EXOLVE)


def test_the_samples_of_outbound_events_are_read() -> None:
    found = [read_body(raw(body)) for body in EXOLVE]
    assert [each.kind for each in found] == ["originate", "start", "hungup", "definition", "end"]
    assert {(each.uid, each.call_id, each.direction) for each in found} == {
        ("12345678910", "call-test-12345", "outbound")
    }
    assert {(each.caller, each.called, each.shown) for each in found} == {("79991112233", "79994445566", "79991112233")}
    assert all(each.documented and each.sip_id == "883140123456789" and each.recorded for each in found)
    assert found[0].at == pytest.approx(1704452969.934881)
    told = found[3]
    assert (told.setup_ms, told.wait_ms, told.duration_ms, told.full_ms, told.cause) == (800, 800, 4279, 13820, "16")


def test_the_samples_of_notifications_are_read() -> None:
    found = [read_body(raw(body)) for body in MTT]
    states = ["trying", "trying", "recorded", "showing", "connected", "finished"]
    assert [each.kind for each in found] == ["numbersChanged", "workplacesChanged", *states]
    assert all(each.documented for each in found)
    assert [each.is_of_a_call for each in found] == [False, False, *[True] * 6]
    assert (found[2].direction, found[2].caller, found[2].called) == ("inbound", "78124241500", "74996497803")
    assert (found[-1].direction, found[-1].duration_ms, found[-1].reason) == (
        "outbound",
        3000,
        "Originate leg disconnected",
    )
    assert found[4].record_url == "https://<serverhost>/<path>/<filename>.mp3"


@pytest.mark.parametrize("state", ["trying", "connected", "finished", "recorded", "showing", "hiding"])
def test_every_state_of_a_call_is_known(state: str) -> None:
    found = read_body(raw(info(state=state)))
    assert (found.kind, found.documented) == (state, True)


@pytest.mark.parametrize(("written", "meant"), [("Incoming", "inbound"), ("outgoing", "outbound"), ("sideways", "")])
def test_a_direction_is_read_in_the_tables_spelling_and_the_samples(written: str, meant: str) -> None:
    assert read_body(raw(info(type=written))).direction == meant


def test_what_is_not_documented_is_kept_and_said_to_be_so() -> None:
    held = read_body(raw(info(state="held", queue={"name": "sales"})))
    assert (held.kind, held.documented) == ("held", False)
    assert held.body["result"]["callInfo"]["queue"] == {"name": "sales"}
    assert read_body(raw({"Event": "faxNotifications", "result": {"a": 1}})).kind == "faxNotifications"
    assert read_body(raw({**EXOLVE[0], "type": "transfer"})).kind == "transfer"
    assert read_body(raw({**EXOLVE[0], "codec": "opus"})).body["codec"] == "opus"


@pytest.mark.parametrize(
    ("caller", "called"), [("from", "to"), ("calling_number", "called_number"), ("number_a", "number_b")]
)
def test_an_inbound_event_is_read_by_the_names_that_are_there(caller: str, called: str) -> None:
    body = {"type": "b", "call_sid": "s", "call_id": 77, "date_time": "2026-03-02T09:00:00", "talk_time": "1500"}
    found = read_body(raw({**body, caller: 79990001122, called: "74991112233"}))
    assert (found.kind, found.uid, found.call_id, found.documented) == ("begin", "77", "s", False)
    assert (found.direction, found.caller, found.called) == ("inbound", "79990001122", "74991112233")
    assert (found.at, found.duration_ms) == (1772442000.0, 1500)


def test_an_inbound_event_with_odd_values_is_kept_without_them() -> None:
    found = read_body(raw({"type": "e", "call_sid": "s", "date_time": "soon", "duration": -3, "direction": 5}))
    assert (found.at, found.duration_ms, found.direction) == (None, None, "inbound")


def test_numbers_as_texts_and_as_numbers_are_the_same() -> None:
    loose = {**EXOLVE[3], "uid": "12345678910", "duration": "4279", "number_b": 79994445566, "cause_code": 16}
    one, other = read_body(raw(loose)), read_body(raw(EXOLVE[3]))
    assert (one.uid, one.duration_ms, one.called, one.cause) == (
        other.uid,
        other.duration_ms,
        other.called,
        other.cause,
    )


REFUSED = [
    ("not json", b"{"),
    ("no object", b"[]"),
    ("not a number", b'{"type": "o", "uid": NaN}'),
    ("not utf-8", b'{"type": "\xff"}'),
    ("half a character", b'{"type": "o", "call_sid": "\\ud800"}'),
    ("nothing", b""),
    ("deep", b'{"type": "o", "uid": 1, "x": ' + b"[" * 40 + b"]" * 40 + b"}"),
    ("very deep", b"[" * 60_000),
    ("many digits", b'{"type": "o", "uid": ' + b"9" * 5000 + b"}"),
    ("neither vendor's", b"{}"),
    ("no call", raw({"type": "o"})),
    ("no call of a documented one", raw({**EXOLVE[0], "uid": None, "call_sid": None})),
    ("a negative span", raw({**EXOLVE[3], "duration": -1})),
    ("a span above uint32", raw({**EXOLVE[3], "setup_time": 2**32})),
    ("a uid above uint64", raw({**EXOLVE[0], "uid": 2**64})),
    ("a time without its zone", raw({**EXOLVE[0], "date_time": "2024-01-05T11:09:29"})),
    ("no time", raw({**EXOLVE[0], "date_time": None})),
    ("a time that no clock shows", raw({**EXOLVE[0], "date_time": "0001-01-01T00:00:00+14:00"})),
    ("neither true nor false", raw({**EXOLVE[0], "record_call": "perhaps"})),
    ("a call without its id", raw(info(call={"tag": "t"}))),
    ("no state", raw(info(state=""))),
    ("no change", raw({"event": "vpbxNotifications", "result": {}})),
    ("no result", raw({"event": "callNotifications"})),
    ("a duration below zero", raw(info(duration=-1))),
]


@pytest.mark.parametrize("body", [body for _name, body in REFUSED], ids=[name for name, _body in REFUSED])
def test_what_is_no_event_is_refused(body: bytes) -> None:
    with pytest.raises(UnreadableEventError) as refused:
        read_body(body)
    assert "79991112233" not in str(refused.value)


def test_a_refusal_names_the_field_and_not_its_value() -> None:
    with pytest.raises(UnreadableEventError, match=r"^duration: ") as refused:
        read_body(raw({**EXOLVE[3], "duration": "canary-value"}))
    assert "canary" not in str(refused.value)


# From ITU-T Q.850 (05/2018), table 1.
@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("1", "unallocated number"),
        ("16", "normal call clearing"),
        ("17", "user busy"),
        ("18", "no user responding"),
        ("19", "no answer from user"),
        ("21", "call rejected"),
        ("27", "destination out of order"),
        ("28", "invalid number format"),
        ("31", "normal, unspecified"),
        ("34", "no circuit or channel available"),
        ("38", "network out of order"),
        ("102", "recovery on timer expiry"),
        ("127", "interworking, unspecified"),
    ],
)
def test_a_cause_has_its_name(code: str, name: str) -> None:
    assert cause_name(code) == name


@pytest.mark.parametrize("code", ["", "0", "128", "-1", "16.0", "sixteen", "٣", "9" * 50])
def test_what_is_no_code_has_no_name(code: str) -> None:
    assert cause_name(code) == ""


def test_codes_have_seven_bits() -> None:
    assert all(1 <= code <= 127 for code in CAUSES)
