"""The vendor's own "no": a status and a text. Must not know which vendor, or how the body is shaped."""

from __future__ import annotations


class Refusal(Exception):
    """A request that is understood and not done; the text is the vendor's."""

    def __init__(self, text: str, status: int = 400) -> None:
        super().__init__(text)
        self.status = status
