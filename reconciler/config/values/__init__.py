"""One text of a file to one value: flags, seconds, ports, URLs, secrets. Each refusal carries its rule and a remedy.

Knows no structure: who asks for a value, and where it stands, is not known here.
"""

from __future__ import annotations

from reconciler.config.values.addresses import ip_address, is_secure, remote, service_address, sip_uri, web_address
from reconciler.config.values.destination import destination
from reconciler.config.values.numbers import phone, phone_number, phone_or_sip_id
from reconciler.config.values.refusal import MISPLACED, MISPLACED_HINT, instead, kind_of, plain, quoted, refuse, text
from reconciler.config.values.scalars import (
    LARGEST_PORT,
    application,
    calendar_date,
    configuration_name,
    did,
    flag,
    limit,
    port,
    rate,
    seconds,
    settle,
    timezone,
    whole_number,
    word,
)
from reconciler.config.values.secret import secret

__all__ = [
    "LARGEST_PORT",
    "MISPLACED",
    "MISPLACED_HINT",
    "application",
    "calendar_date",
    "configuration_name",
    "destination",
    "did",
    "flag",
    "instead",
    "ip_address",
    "is_secure",
    "kind_of",
    "limit",
    "phone",
    "phone_number",
    "phone_or_sip_id",
    "plain",
    "port",
    "quoted",
    "rate",
    "refuse",
    "remote",
    "seconds",
    "secret",
    "service_address",
    "settle",
    "sip_uri",
    "text",
    "timezone",
    "web_address",
    "whole_number",
    "word",
]
