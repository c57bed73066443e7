"""Reading what the configuration claims: within budgets, unknown where unread, never a guess."""

from __future__ import annotations

from threading import Barrier

from reconciler.http.errors import Forbidden, NotOwned, Unavailable
from reconciler.live import Progress, Reader, ReadRequest, read_live
from reconciler.model import Value
from reconciler.providers.base import Listing
from reconciler.settings import Capabilities
from tests.providers.memory import Hook, MemoryProvider
from tests.world import FORWARDING, NONE, PARKING, UNLISTED, ObedientClock, Vendor, key, phone, place, rings, sip


def wanted(*indices: int) -> list[ReadRequest]:
    return [ReadRequest(key(index), place(index)) for index in indices]


def vendor(capabilities: Capabilities = FORWARDING, before: Hook | None = None) -> Vendor:
    values: dict[str, Value] = {phone(1): rings(), phone(2): sip(), phone(3): NONE}
    made = Vendor(values, clock=ObedientClock(), capabilities=capabilities)
    made.before = before or made.before
    return made


READER = Reader(ObedientClock())


def test_nothing_wanted_sends_nothing() -> None:
    provider = vendor()
    assert read_live({"sales": provider}, {"sales": []}, READER).observations == {}
    assert provider.calls_made == 0


def test_a_list_that_decides_saves_the_reads() -> None:
    provider = vendor()
    live = read_live({"sales": provider}, {"sales": wanted(1, 2)}, READER)
    assert {each.number: seen.value for each, seen in live.observations.items()} == {phone(1): rings(), phone(2): sip()}
    assert (live.calls_made, live.unmanaged) == (1, {"sales": (phone(3),)})


def test_without_a_list_each_number_is_read_and_nobody_knows_of_others() -> None:
    live = read_live({"sales": vendor(capabilities=UNLISTED)}, {"sales": wanted(1, 2)}, READER)
    assert (live.calls_made, live.unmanaged) == (2, {})


class Undecided(Vendor):
    """A vendor whose list decides nothing."""

    def list_numbers(self) -> Listing:
        return Listing(dict.fromkeys(super().list_numbers().numbers))


def test_what_the_list_does_not_decide_is_read() -> None:
    provider = Undecided({phone(1): rings(), phone(2): sip()}, clock=ObedientClock())
    live = read_live({"sales": provider}, {"sales": wanted(1, 2)}, READER)
    assert live.calls_made == 3
    assert live.observations[key(2)].value == sip()


def test_a_number_that_a_whole_list_lacks_is_not_owned() -> None:
    live = read_live({"sales": vendor()}, {"sales": wanted(1, 9)}, READER)
    problem = live.observations[key(9)].problem
    assert live.observations[key(9)].value is None
    assert problem is not None
    assert (problem.code, problem.location) == ("provider-not-owned", place(9))
    assert f"sales/{phone(9)} cannot be read" in problem.message


def test_a_failure_that_numbers_of_an_account_share_is_told_once_at_the_account() -> None:
    def down(_verb: str, _number: str) -> None:
        raise Unavailable("Exolve cannot be reached", hint="check the network")

    reader = Reader(ObedientClock(), locations={"sales": place(99)})
    provider = vendor(capabilities=UNLISTED, before=down)
    live = read_live({"sales": provider}, {"sales": wanted(1, 2, 3)}, reader)
    (problem,) = {seen.problem for seen in live.observations.values()}
    assert problem is not None
    assert (problem.code, problem.location, problem.hint) == ("provider-unavailable", place(99), "check the network")
    assert problem.numbers == (phone(1), phone(2), phone(3))
    assert problem.message == (
        f"account sales: 3 numbers cannot be read: Exolve cannot be reached ({phone(1)}, {phone(2)}, {phone(3)})"
    )
    alone = read_live({"sales": vendor(capabilities=UNLISTED, before=down)}, {"sales": wanted(1)}, reader)
    assert [seen.problem.location for seen in alone.observations.values() if seen.problem] == [place(1)]


def test_what_cannot_be_read_at_all_has_no_observation_and_no_problem() -> None:
    provider = MemoryProvider({phone(1): NONE}, capabilities=PARKING, account="office")
    live = read_live({"office": provider}, {"office": wanted(1)}, READER)
    assert (live.observations, live.diagnostics) == ({}, ())


def test_trouble_with_one_number_stays_with_it() -> None:
    def fail(verb: str, number: str) -> None:
        if verb == "read" and number == phone(1):
            raise NotOwned("not ours", hint="look again")

    live = read_live({"sales": vendor(capabilities=UNLISTED, before=fail)}, {"sales": wanted(1, 2)}, READER)
    problem = live.observations[key(1)].problem
    assert problem is not None
    assert problem.hint == "look again"
    assert live.observations[key(2)].value == sip()
    assert live.diagnostics == ()


def test_trouble_with_the_credential_stops_the_account_and_is_told_once() -> None:
    asked: list[str] = []

    def fail(_verb: str, number: str) -> None:
        asked.append(number)
        raise Forbidden("the application may not do this")

    provider = vendor(capabilities=UNLISTED, before=fail)
    live = read_live({"sales": provider}, {"sales": wanted(1, 2, 3)}, READER)
    assert len(asked) == 1
    assert [item.code for item in live.diagnostics] == ["provider-forbidden"]
    assert all(seen.value is None for seen in live.observations.values())


def test_a_list_that_fails_leaves_every_number_unknown() -> None:
    def fail(_verb: str, _number: str) -> None:
        raise Unavailable("Exolve cannot be reached", hint="try again")

    live = read_live({"sales": vendor(before=fail)}, {"sales": wanted(1, 2)}, READER)
    assert [seen.value for seen in live.observations.values()] == [None, None]
    assert [(item.code, item.hint) for item in live.diagnostics] == [("provider-unavailable", "try again")]


def test_progress_says_first_how_long_it_will_take() -> None:
    class Slow(Vendor):
        def seconds_for(self, calls: int) -> float:
            return calls * 0.5

    told: list[Progress] = []
    provider = Slow({phone(1): rings(), phone(2): sip()}, capabilities=UNLISTED)
    read_live({"sales": provider}, {"sales": wanted(1, 2)}, Reader(ObedientClock(), emit=told.append))
    assert [(each.done, each.total, each.seconds_expected) for each in told] == [(0, 2, 1.0), (1, 2, 1.0), (2, 2, 1.0)]


def test_accounts_are_read_side_by_side() -> None:

    together = Barrier(2, timeout=10)

    def meet(verb: str, _number: str) -> None:
        if verb == "list":
            together.wait()

    providers = {name: Vendor({phone(1): NONE}, account=name, before=meet) for name in ("north", "south")}
    live = read_live(providers, {name: wanted(1) for name in providers}, READER)
    assert live.calls_made == 2
