"""What the vendors' pages show: samples as they print them, and every field and word that they list."""

from __future__ import annotations

from typing import Any

TELPHIN_FIELDS = (
    "call_api_id",
    "record_uuid",
    "call_flow",
    "called_number",
    "called_did",
    "init_time_gmt",
    "answer_time_gmt",
    "caller_id_number",
    "caller_id_name",
    "caller_extension",
    "called_extension",
    "real_call",
)
TELPHIN_FLOWS = ("in", "out")
# Each action, and whether the page says that send_dst is called for it.
TELPHIN_ACTIONS = {
    "transfer": True,
    "attended_transfer": True,
    "eavesdrop": True,
    "whisper": True,
    "conference": True,
    "hold": False,
    "offhold": False,
    "park": False,
    "pickup": True,
}

UIS_TOKEN = "2fRN4g217ca0b4224a67988aff3e584f91964a692045415f36fa66146f5a3c1ae1f6093d"
UIS_PARAMS: dict[str, Any] = {
    "access_token": UIS_TOKEN,
    "first_call": "operator",
    "switch_at_once": True,
    "media_file_id": 2701,
    "show_virtual_phone_number": False,
    "virtual_phone_number": "74993720692",
    "external_id": "334otr01",
    "dtmf_string": ".1.2.3",
    "direction": "in",
    "contact": "79260000000",
    "operator": "79262444491",
    "contact_message": {"type": "tts", "value": "Привет"},
    "operator_message": {"type": "media", "value": "2561"},
}
UIS_REQUEST = {"jsonrpc": "2.0", "method": "start.simple_call", "id": "req1", "params": UIS_PARAMS}
UIS_ANSWER = {"jsonrpc": "2.0", "id": "req1", "result": {"data": {"call_session_id": 237859081}}}
UIS_PARAMETERS = {*UIS_PARAMS, "early_switching", "virtual_phone_usage_rule", "operator_confirmation"} - {
    "access_token"
}
UIS_RULES = ("fixed", "fixed_for_numa", "random", "regional_random", "regional_fixed_for_numa")
# Mnemonics and codes of the page's own table.
UIS_ERRORS = {
    "tts_text_exceeded": -32602,
    "media_file_not_found": -32602,
    "virtual_phone_number_not_found": -32007,
    "own_virtual_phone_number_not_allowed": -32602,
    "contact_in_blacklist": -32002,
    "character_encoding_not_allowed": -32602,
}

MTT_WORKPLACES = {"result": {"total": 1, "workplacesList": [{"workplace": "883140777716581", "name": ""}]}}
MTT_TERMINALS = {
    "result": {"total": 1, "terminals_list": [{"terminal": "883140777380595", "workplace": "883140777380595"}]}
}
MTT_MADE = {"result": {"call": {"id": "7NKe6!8fa1FMS1c6ypZdb1GSV6ZN@10.133.51.137"}, "success": 1}}
MTT_DONE = {"result": {"success": 1}}
