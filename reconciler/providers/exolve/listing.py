"""The customer list, page by page, with a verdict whether it is whole; knows the client only as a function.

Nothing is documented of the list's order, largest page or stability, so only a count proves it whole: as many different
numbers as the total, which stood still meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable

from reconciler.providers.base import Listing, UnexpectedResponse
from reconciler.providers.exolve.mapping import observe_listed, tells_forwarding
from reconciler.providers.exolve.wire import ListedNumber, NumberPage

PAGE = 100
_MOST_PAGES = 10_000

FetchPage = Callable[[int, int], NumberPage]


class NumberList:
    """Collects pages; `problem` says why the list is not whole, in words."""

    def __init__(self) -> None:
        self.items: dict[str, ListedNumber] = {}
        self.problem: str | None = None
        self._total: int | None = None

    def take(self, page: NumberPage) -> bool:
        """Add a page; return whether there is more to fetch."""
        if self._total is not None and page.total != self._total:
            self.problem = f"the total changed from {self._total} to {page.total} while the list was read"
        self._total = page.total if self._total is None else self._total
        before = len(self.items)
        for item in page.numbers:
            self._add(item)
        if len(self.items) > self._total:
            self.problem = self.problem or f"{len(self.items)} numbers were listed of a total of {self._total}"
        if self.problem is None and len(self.items) < self._total and len(self.items) == before:
            self.problem = f"the list ended after {before} of {self._total} numbers"
        return self.problem is None and len(self.items) < self._total

    def _add(self, item: ListedNumber) -> None:
        number = item.number_name
        if not (number.isascii() and number.isdigit()):
            raise UnexpectedResponse("Exolve listed a number that is not digits")
        if number in self.items:
            self.problem = f"number {number} was listed twice"
        self.items[number] = item


def read_listing(fetch: FetchPage, *, application: str, read_at: float) -> Listing:
    """Read all pages; raises ProviderError where a page cannot be had."""
    numbers = NumberList()
    for _ in range(_MOST_PAGES):
        if not numbers.take(fetch(PAGE, len(numbers.items))):
            break
    else:
        numbers.problem = f"the list did not end within {_MOST_PAGES} pages"
    return _listing(numbers, application=application, read_at=read_at)


def _listing(numbers: NumberList, *, application: str, read_at: float) -> Listing:
    ours = {number: item for number, item in numbers.items.items() if _belongs(item, application)}
    tells = any(map(tells_forwarding, ours.values()))
    observed = {
        number: observe_listed(item, list_tells_forwarding=tells, read_at=read_at) for number, item in ours.items()
    }
    return Listing(observed, complete=numbers.problem is None, problem=numbers.problem)


def _belongs(item: ListedNumber, application: str) -> bool:
    """The list may span a customer's applications; one that says nothing is the one that was asked for."""
    return item.application_uuid.lower() in {"", application.lower()}
