"""The parameters of start.simple_call, judged offline as the vendor's page says."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.calls.base import CallError
from reconciler.calls.simple_call import SimpleCall, simple_call
from tests.unit.calls.seeds import UIS_PARAMETERS, UIS_PARAMS, UIS_RULES

NEEDED: dict[str, Any] = {
    "first_call": "operator",
    "virtual_phone_number": "74993720692",
    "contact": "79260000000",
    "operator": "79262444491",
}
SAMPLE = {key: value for key, value in UIS_PARAMS.items() if key != "access_token"}


def refused(**given: object) -> str:
    with pytest.raises(CallError) as raised:
        simple_call({**NEEDED, **given})
    return str(raised.value)


def test_the_sample_of_the_page_is_sent_as_it_is() -> None:
    assert simple_call(SAMPLE).params() == SAMPLE


def test_there_is_every_parameter_of_the_page_and_no_other() -> None:
    assert set(SimpleCall.model_fields) == UIS_PARAMETERS


def test_what_is_not_said_is_not_sent() -> None:
    assert simple_call(NEEDED).params() == NEEDED


@pytest.mark.parametrize("name", NEEDED)
def test_what_the_page_requires_is_required(name: str) -> None:
    assert refused(**{name: None}) == f"{name} is missing (required_parameter_missed)"


@pytest.mark.parametrize("rule", UIS_RULES)
def test_every_rule_for_the_rented_number_is_taken(rule: str) -> None:
    assert simple_call({**NEEDED, "virtual_phone_usage_rule": rule}).params()["virtual_phone_usage_rule"] == rule


@pytest.mark.parametrize("key", [*"0123456789*#", "any"])
def test_any_key_of_a_telephone_confirms(key: str) -> None:
    assert simple_call({**NEEDED, "operator_confirmation": key}).params()["operator_confirmation"] == key


@pytest.mark.parametrize(
    "given",
    [
        {"operator_confirmation": "10"},
        {"operator_confirmation": ""},
        {"dtmf_string": "1,2"},
        {"dtmf_string": ""},
        {"direction": "both"},
        {"first_call": "client"},
        {"virtual_phone_usage_rule": "Fixed"},
        {"contact": "+79260000000"},
        {"contact": "101"},
        {"operator": "оператор"},
        {"virtual_phone_number": "0"},
        {"media_file_id": 0},
        {"contact_message": {"type": "sound", "value": "1"}},
        {"contact_message": {"type": "tts"}},
        {"contact_message": {"type": "tts", "value": ""}},
        {"contact_message": {"type": "media", "value": "hello"}},
        {"operator": "89262444491"},
        {"contact": "88001112233"},
    ],
)
def test_a_value_that_the_page_does_not_list_is_refused(given: dict[str, object]) -> None:
    assert "invalid_parameter_value" in refused(**given) or "required_parameter_missed" in refused(**given)


def test_a_parameter_that_is_not_on_the_page_is_refused() -> None:
    assert refused(employee_id=1) == "start.simple_call has no parameter employee_id (unexpected_parameters)"


@pytest.mark.parametrize("first", ["operator", "contact"])
@pytest.mark.parametrize("at_once", [True, False, None])
def test_early_switching_stands_only_with_operator_first_and_switching_at_once(
    first: str, *, at_once: bool | None
) -> None:
    given = {**NEEDED, "first_call": first, "switch_at_once": at_once, "early_switching": True}
    if first == "operator" and at_once:
        assert simple_call(given).early_switching
        return
    with pytest.raises(CallError, match="invalid_parameters_combination"):
        simple_call(given)
    assert simple_call({**given, "early_switching": False}).early_switching is False


def test_ones_own_number_is_not_called() -> None:
    assert "own_virtual_phone_number_not_allowed" in refused(contact="74993720692")


def test_what_utf_8_cannot_hold_is_refused() -> None:
    assert "character_encoding_not_allowed" in refused(external_id="\udc80")
