"""Switches for what nobody outside the vendors knows; each default is the reading that the documents favour.

Must not hold state; replace the whole value to change a switch while the sandbox runs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any


class ErrorShape(Enum):
    """Where the text of an Exolve error stands: all three were seen."""

    FLAT = "flat"
    """`{"error": "text"}`, as the numbering pages print it."""
    NESTED = "nested"
    """`{"error": {"message": "text"}}`, as the live host answered for other methods."""
    MESSAGE = "message"
    """`{"message": "text", "code": 400}`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExolveSettings:
    """Switches of the pretended Exolve."""

    error_shape: ErrorShape = ErrorShape.FLAT
    type_zero_clears: bool = False
    """Set with type 0 and no data removes the forwarding; default: refused, as the page requires data."""
    require_redirect_type: bool = True
    """The page marks it as required; a public client leaves it out, with an unknown result."""
    require_call_control: bool = True
    """The page marks it as required; whether an empty list counts is not said."""
    check_period: Callable[[str], bool] | None = None
    """Says whether a period is accepted; default: every text is stored, as what a malformed one does is unknown."""
    check_display_number: bool = False
    """Refuse a `display_number` under `masking` that is no number of this application."""
    check_media: bool = False
    """Refuse `file_to_a` and `file_to_b` that are not in the application's library."""
    answer_and_dtmf_writable: bool = False
    """Accept them on Set; default: unknown fields, as the write page does not have them."""
    set_keeps_answer_and_dtmf: bool = False
    """A Set leaves them as the cabinet made them; default: it resets them with everything else."""
    static_in_attributes: bool = False
    """GetAttributes shows a trunk's body under Set's names; default: only the type, as the page has no table for it."""
    delete_of_nothing_is_error: bool = False
    """DeleteCallForwarding without a forwarding answers 400; default: 200."""
    sip_number_refuses: frozenset[int] = frozenset({1, 2, 3, 4})
    """Types refused with `number has sip`: two accounts disagree; the other one is `{3}`."""
    sip_number_status: int = 400
    reads_across_applications: bool = False
    """A key may read numbers of the customer's other applications; default: `number is missing in the application`."""
    list_spans_applications: bool = True
    """The customer's list without `application_uuid` shows all applications of the customer."""
    list_default_limit: int = 100
    list_max_limit: int | None = None
    """Larger limits are cut down to this without a word."""
    normalise: Callable[[dict[str, Any]], dict[str, Any]] | None = None
    """What the platform makes of a forwarding on storing it; default: it is kept as sent."""


class UnknownNumber(Enum):
    """How MTT refuses a number that is not the customer's; no document says."""

    STATUS_400 = "400"
    SUCCESS_0 = "success-0"


@dataclass(frozen=True, slots=True, kw_only=True)
class MttSettings:
    """Switches of the pretended MTT Business."""

    rotates_refresh_token: bool = True
    """A refresh answers with a new refresh token; default as the answer's table lists one."""
    old_refresh_token_dies: bool = True
    """With rotation, the token that was used works no more: the harder case for a client."""
    unknown_number: UnknownNumber = UnknownNumber.STATUS_400
    result_envelope: bool = False
    """setParkingNumbers answers in `result` as all other methods do; default: bare, as its sample."""
    max_numbers_per_call: int | None = None
    access_seconds: int = 2 * 60 * 60
    refresh_seconds: int = 3 * 24 * 60 * 60
