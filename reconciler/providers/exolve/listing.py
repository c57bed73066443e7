"""The customer list, page by page, with a verdict whether it is whole; knows the client only as a function.

Nothing is documented of the list's order, largest page or stability, so only a count proves it whole: as many different
numbers as the total, which stood still meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from reconciler.http.errors import UnexpectedResponse
from reconciler.pool import workers as pool_of
from reconciler.providers.base import Listing
from reconciler.providers.exolve.mapping import observe_listed, tells_forwarding
from reconciler.providers.exolve.wire import ListedNumber, NumberPage

PAGE = 100
_MOST_NUMBERS = 1_000_000

FetchPage = Callable[[int, int], NumberPage]


# docs/decisions/043
class NumberList:
    """Collects pages in order; `problem` says why the list is not whole, in words."""

    def __init__(self, first: NumberPage) -> None:
        self.items: dict[str, ListedNumber] = {}
        self.total = first.total
        self.problem: str | None = None
        self.take(first)

    @property
    def wants_more(self) -> bool:
        return self.problem is None and len(self.items) < self.total

    def take(self, page: NumberPage) -> None:
        """Add a page, and judge what it says about the whole."""
        before = len(self.items)
        for item in page.numbers:
            self._add(item)
        count = len(self.items)
        if page.total != self.total:
            self.problem = f"the total changed from {self.total} to {page.total} while the list was read"
        elif count > self.total:
            self.problem = f"{count} numbers were listed of a total of {self.total}"
        elif count == before and self.problem is None and count < self.total:
            self.problem = f"the list ended after {count} of {self.total} numbers"
        elif count > _MOST_NUMBERS:
            self.problem = f"the list did not end after {count} numbers"

    def take_all(self, offsets: Iterable[int], pages: Iterable[NumberPage]) -> None:
        """Add pages as long as each begins where the one before ended: a page may be shorter than was asked for."""
        for offset, page in zip(offsets, pages, strict=False):
            if offset == len(self.items) and self.wants_more:
                self.take(page)

    def _add(self, item: ListedNumber) -> None:
        number = item.number_name
        if not (number.isascii() and number.isdigit()):
            raise UnexpectedResponse("Exolve listed a number that is not digits")
        if number in self.items:
            self.problem = f"number {number} was listed twice"
        self.items[number] = item


def read_listing(fetch: FetchPage, *, application: str, workers: int, read_at: float) -> Listing:
    """Read all pages, so many at once; raises ProviderError where a page cannot be had."""
    numbers = NumberList(fetch(PAGE, 0))
    step = len(numbers.items)
    with pool_of(workers, "list") as pool:
        while numbers.wants_more:
            offsets = range(len(numbers.items), numbers.total, step)[:workers]
            numbers.take_all(offsets, pool.map(lambda offset: fetch(PAGE, offset), offsets))
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
