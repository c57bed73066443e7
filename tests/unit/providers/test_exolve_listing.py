from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from reconciler.http.errors import ProviderError, Unavailable, UnexpectedResponse
from reconciler.model import NoForwarding, Observation, SipForwarding, TrunkForwarding, UrlForwarding
from reconciler.providers.base import Listing
from reconciler.providers.exolve.mapping import PAGE, read_listing
from reconciler.providers.exolve.wire import NumberPage, read

APPLICATION = "178ec145-6898-4b06-a92a-75f63cb57046"
NONE = {"call_forwarding_flag": False}


def item(index: int, **more: object) -> dict[str, object]:
    return {"number_name": str(74990000000 + index), "application_uuid": APPLICATION, **(more or NONE)}


class Vendor:
    """Answers pages of `items`; `total` and `most` (items a page) may be lies."""

    def __init__(self, items: Iterable[dict[str, object]], *, total: int | None = None, most: int = PAGE) -> None:
        self.items = list(items)
        self.total = len(self.items) if total is None else total
        self.most = most
        self.asked: list[int] = []

    def page(self, limit: int, offset: int) -> dict[str, Any]:
        return {"numbers": self.items[offset : offset + min(limit, self.most)], "total": self.total}

    def fetch(self, limit: int, offset: int) -> NumberPage:
        self.asked.append(offset)
        return read(NumberPage, self.page(limit, offset))

    def listing(self, workers: int = 1) -> Listing:
        return read_listing(self.fetch, application=APPLICATION, workers=workers, read_at=1.0)


def only(**more: object) -> Observation | None:
    """What the list decides of one number, beside another whose forwarding it tells."""
    return Vendor([item(0, **more), item(1)]).listing().numbers["74990000000"]


# -- paging ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("workers", [1, 4])
@pytest.mark.parametrize("count", [0, 1, 99, 100, 101, 250, 1000])
def test_a_list_is_whole_whatever_its_length(count: int, workers: int) -> None:
    vendor = Vendor(item(index) for index in range(count))
    listing = vendor.listing(workers)
    assert (listing.complete, listing.problem) == (True, None)
    assert set(listing.numbers) == {str(74990000000 + index) for index in range(count)}
    assert len(vendor.asked) == max(1, -(-count // 100))


def test_a_vendor_that_gives_smaller_pages_than_asked_for_is_followed() -> None:
    vendor = Vendor((item(index) for index in range(250)), most=40)
    assert vendor.listing(workers=3).complete
    assert sorted(vendor.asked) == list(range(0, 250, 40))


def incomplete(vendor: Vendor, workers: int = 1) -> str:
    listing = vendor.listing(workers)
    assert not listing.complete
    assert listing.problem is not None
    return listing.problem


@pytest.mark.parametrize("workers", [1, 4])
def test_a_list_that_ends_before_its_total_is_not_whole(workers: int) -> None:
    assert incomplete(Vendor((item(n) for n in range(150)), total=160), workers) == (
        "the list ended after 150 of 160 numbers"
    )
    assert incomplete(Vendor([], total=5)) == "the list ended after 0 of 5 numbers"


def test_a_total_beyond_all_reason_is_no_reason_to_ask_for_ever() -> None:
    vendor = Vendor([item(0)], total=2**64 - 1)
    assert "ended after 1 of" in incomplete(vendor, workers=8)
    assert len(vendor.asked) <= 9


def test_a_list_of_more_than_its_total_is_not_whole() -> None:
    assert incomplete(Vendor((item(n) for n in range(3)), total=2)) == "3 numbers were listed, but the total is 2"
    assert incomplete(Vendor([item(0)], total=0)) == "1 numbers were listed, but the total is 0"


def test_a_number_that_is_listed_twice_means_another_may_be_missing() -> None:
    assert incomplete(Vendor([item(0), item(1), item(0)])) == "number 74990000000 was listed twice"


@pytest.mark.parametrize("workers", [1, 4])
def test_a_page_that_repeats_for_ever_ends(workers: int) -> None:
    class Stuck(Vendor):
        def page(self, limit: int, offset: int) -> dict[str, Any]:
            return super().page(limit, 0)

    vendor = Stuck(item(n) for n in range(1000))
    assert "was listed twice" in incomplete(vendor, workers)
    assert len(vendor.asked) <= 1 + workers


@pytest.mark.parametrize("change", [-1, 1])
def test_a_total_that_moves_while_the_list_is_read_makes_it_incomplete(change: int) -> None:
    class Moving(Vendor):
        def page(self, limit: int, offset: int) -> dict[str, Any]:
            page = super().page(limit, offset)
            return page | {"total": page["total"] + (change if offset else 0)}

    assert incomplete(Moving(item(n) for n in range(250))) == (
        f"the total changed from 250 to {250 + change} while the list was read"
    )


def test_a_list_that_never_ends_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reconciler.providers.exolve.mapping._MOST_NUMBERS", 1000)

    class Endless(Vendor):
        def page(self, limit: int, offset: int) -> dict[str, Any]:
            return {"numbers": [item(offset + n) for n in range(100)], "total": 10**15}

    assert incomplete(Endless([])) == "the list did not end after 1100 numbers"


def test_numbers_that_were_seen_of_an_incomplete_list_are_kept() -> None:
    listing = Vendor((item(n) for n in range(3)), total=9).listing()
    assert len(listing.numbers) == 3


@pytest.mark.parametrize("name", ["", "+74990000000", "7499000000x", "номер", "７４９９"])
def test_a_listed_number_that_is_no_number_is_an_error(name: str) -> None:
    with pytest.raises(UnexpectedResponse):
        Vendor([item(0) | {"number_name": name}]).listing()


def test_a_page_that_cannot_be_had_is_an_error_of_the_whole() -> None:
    class Broken(Vendor):
        def page(self, limit: int, offset: int) -> dict[str, Any]:
            if offset == 200:
                raise Unavailable("gone")
            return super().page(limit, offset)

    with pytest.raises(ProviderError, match="gone"):
        Broken(item(n) for n in range(900)).listing(workers=4)


# -- what the list decides -------------------------------------------------------------------------------------------


def test_the_list_decides_none_url_sip_and_trunk() -> None:
    assert only() == Observation(NoForwarding(), 1.0)
    assert only(call_forwarding_flag=True, call_forwarding_ipcr={"url": "https://x.example", "reserve": "7499"}) == (
        Observation(UrlForwarding("https://x.example", "7499"), 1.0)
    )
    assert only(call_forwarding_flag=True, call_forwarding_sip={"sip_uri": "a@b"}) == (
        Observation(SipForwarding("a@b"), 1.0)
    )
    trunk = {"did_name": "111", "ip": "203.0.113.7", "port": "5060", "timeout": 30}
    assert only(call_forwarding_flag=True, call_forwarding_ip_static=trunk) == (
        Observation(TrunkForwarding("203.0.113.7", 5060, 30, "111"), 1.0)
    )


def test_the_list_never_decides_type_2_of_which_it_shows_one_target() -> None:
    shown = {"redirect_type": "1", "redirect_number": "74992223344"}
    for body in (shown, [shown]):
        assert only(call_forwarding_flag=True, call_forwarding_number=body) is None


@pytest.mark.parametrize("body", [{"url": "https://x.example"}, [{"url": "https://x.example"}]], ids=str)
def test_bodies_come_as_objects_or_as_arrays(body: object) -> None:
    got = only(call_forwarding_flag="true", call_forwarding_ipcr=body)
    assert got == Observation(UrlForwarding("https://x.example"), 1.0)


@pytest.mark.parametrize(
    "contradiction",
    [
        {"call_forwarding_flag": True},
        {"call_forwarding_flag": False, "call_forwarding_ipcr": {"url": "https://x.example"}},
        {"call_forwarding_flag": True, "call_forwarding_ipcr": {"reserve": "7499"}},
        {"call_forwarding_flag": True, "call_forwarding_ipcr": {"url": "u"}, "call_forwarding_sip": {"sip_uri": "s"}},
        {"call_forwarding_flag": True, "call_forwarding_sip": {}},
        {"call_forwarding_flag": True, "call_forwarding_ip_static": {"port": 5060}},
    ],
    ids=str,
)
def test_where_the_list_contradicts_itself_the_number_is_read(contradiction: dict[str, object]) -> None:
    assert only(**contradiction) is None


def test_an_empty_array_of_a_body_says_nothing() -> None:
    assert only(call_forwarding_flag=False, call_forwarding_ipcr=[]) == Observation(NoForwarding(), 1.0)


def test_silence_means_none_only_where_the_list_speaks_of_others() -> None:
    silent = [item(0, description="a"), item(1, description="b")]
    assert list(Vendor(silent).listing().numbers.values()) == [None, None]
    spoken = [*silent, item(2)]
    assert list(Vendor(spoken).listing().numbers.values()) == [Observation(NoForwarding(), 1.0)] * 3


def test_a_number_of_another_application_is_not_this_account_s() -> None:
    other = item(0) | {"application_uuid": "00000000-0000-0000-0000-000000000000"}
    same = item(1) | {"application_uuid": APPLICATION.upper()}
    listing = Vendor([other, same]).listing()
    assert list(listing.numbers) == ["74990000001"]
    assert listing.complete
