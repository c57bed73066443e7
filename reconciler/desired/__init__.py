"""A configuration's entries to desired values: contacts, schedules, defaults and accounts resolved, each block checked.

Knows no files beyond the places it is handed, no live values and no vendor's wire.
"""

from __future__ import annotations

from reconciler.desired.build import Builder
from reconciler.desired.contacts import Contacts
from reconciler.desired.places import Lines, Places

__all__ = ["Builder", "Contacts", "Lines", "Places"]
