"""Tries to log in: what each costs is bounded, and nobody is locked out by others."""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import SimpleNamespace

import pytest

from jupyter_sessions import api, errors, schemas
from jupyter_sessions.core.accounts import passwords
from jupyter_sessions.core.auth import login_limits
from jupyter_sessions.core.auth.login_limits import LoginTries
from jupyter_sessions.store import workers
from tests.conftest import PASSWORD
from tests.waiting import STARTED_WITHIN


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """Give a clock that the limits go by."""
    now = SimpleNamespace(now=1000.0)
    for module in (passwords, login_limits):
        monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: now.now))
    return now


def let_through(tries: LoginTries, often: int, who: Callable[[int], tuple[str, str]]) -> int:
    """Try so often to log in with a wrong password; return how many tries cost a hash."""
    through = 0
    for number in range(often):
        try:
            tries.begin(*who(number))
        except errors.TooManyTries:
            continue
        through += 1
    return through


def test_one_address_that_tries_random_names_costs_one_hash_a_second(clock):
    tries = LoginTries()
    assert let_through(tries, 500, lambda n: (f"random{n}", "192.0.2.1")) == 20
    clock.now += 10
    assert let_through(tries, 500, lambda n: (f"other{n}", "192.0.2.1")) == 10
    # Who comes from elsewhere does not feel it.
    tries.begin("ann", "192.0.2.2")


def test_an_ipv6_network_counts_as_one_address(clock):
    tries = LoginTries()
    assert let_through(tries, 500, lambda n: (f"random{n}", f"2001:db8::{n:x}")) == 20
    tries.begin("ann", "2001:db8:0:1::1")
    tries.begin("ann", "::ffff:192.0.2.2")


def test_many_addresses_that_guess_at_one_name_are_let_through_slowly(clock):
    tries = LoginTries()
    assert let_through(tries, 500, lambda n: ("ann", f"192.0.2.{n}")) == 100
    clock.now += 20
    assert let_through(tries, 500, lambda n: ("ann", f"198.51.100.{n}")) == 10


def test_a_flood_from_elsewhere_or_from_the_same_address_keeps_nobody_out(clock):
    tries = LoginTries()
    tries.begin("ann", "192.0.2.1")
    tries.succeeded("ann", "192.0.2.1")
    let_through(tries, 500, lambda n: ("ann", f"198.51.100.{n}"))  # at her name
    let_through(tries, 500, lambda n: (f"random{n}", "192.0.2.1"))  # from her address
    tries.begin("ann", "192.0.2.1")
    tries.succeeded("ann", "192.0.2.1")
    # At both together: she waits for half a minute at most.
    let_through(tries, 500, lambda _: ("ann", "192.0.2.1"))
    clock.now += 30.1
    tries.begin("ann", "192.0.2.1")


def test_a_person_at_an_address_of_their_own_is_let_in_for_the_first_time_too(clock):
    tries = LoginTries()
    let_through(tries, 90, lambda n: ("ann", f"198.51.100.{n}"))
    tries.begin("ann", "192.0.2.1")


def test_tries_that_come_at_once_are_counted_before_the_first_one_has_failed(clock):
    tries = LoginTries()
    through: list[int] = []
    start = threading.Barrier(30)

    def guess() -> None:
        start.wait()
        through.append(let_through(tries, 1, lambda _: ("ann", "192.0.2.1")))

    threads = [threading.Thread(target=guess) for _ in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(through) == 5


def test_a_try_that_came_to_nothing_is_not_counted(clock):
    tries = LoginTries()
    for _ in range(50):
        tries.begin("ann", "192.0.2.1")
        tries.withdraw("ann", "192.0.2.1")
    assert let_through(tries, 10, lambda _: ("ann", "192.0.2.1")) == 5


def test_very_many_names_and_addresses_take_no_more_room(clock):
    tries = LoginTries()
    for number in range(12_000):
        tries.begin(f"name{number}", f"address{number}")
        tries.succeeded(f"name{number}", f"address{number}")
        tries.begin(f"other{number}", f"other{number}")
    for kept in (
        tries._known,
        tries._together._failures,
        tries._by_name._full_at,
        tries._by_address._full_at,
    ):
        assert len(kept) <= 10_000


class Hashing:
    """Hashing that stands still until it may go on, and then says no."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.begun, self.go_on = threading.Semaphore(0), threading.Event()
        self.one_more = threading.Semaphore(0)
        self.order: list[str] = []
        monkeypatch.setattr(passwords, "matches", self.matches)

    def matches(self, _: str | None, password: str) -> bool:
        self.order.append(password)
        self.begun.release()
        while not self.go_on.wait(0.01) and not self.one_more.acquire(blocking=False):
            pass
        return False

    def step(self) -> None:
        """Let one hash end, and wait until the next one has begun."""
        self.one_more.release()
        assert self.begun.acquire(timeout=STARTED_WITHIN)


@pytest.fixture
def hashing(monkeypatch):
    stopped = Hashing(monkeypatch)
    # On a busy machine, others may wait longer here than any person would.
    monkeypatch.setattr(workers, "LONGEST_WAIT", STARTED_WITHIN)
    yield stopped
    stopped.go_on.set()


def log_in(store, user: str, address: str, password: str = PASSWORD):
    request = schemas.LogIn(user=user, password=password)
    return store.dispatcher.submit(
        api.LOG_IN, request, store.credentials("nobody"), address=address
    )


def fill(store, hashing: Hashing, addresses: list[str], each: int) -> list:
    """Flood with random names from addresses, of which two tries are being hashed."""
    asked = [log_in(store, f"flood{n}", addresses[0], "flood") for n in range(2)]
    for _ in asked:
        assert hashing.begun.acquire(timeout=STARTED_WITHIN)
    return asked + [
        log_in(store, f"random{n}-{address}", address, "flood")
        for n in range(each)
        for address in addresses
    ]


def outcomes(asked: list) -> list[type]:
    return [type(each.exception(60)) for each in asked]


def test_one_address_fills_its_own_short_queue_and_uploads_do_not_wait_for_it(store, hashing):
    code = store.new().code
    asked = fill(store, hashing, ["192.0.2.1"], 18)
    refused_ = [each.exception(60) for each in asked[-10:]]
    assert {type(each) for each in refused_} == {errors.ServerBusy}
    assert all(each.retry_after for each in refused_)
    publish = schemas.PublishFile(code=code, path="x")
    assert store.call("root", api.PUBLISH_FILE, publish, upload=b"x").size == 1
    hashing.go_on.set()
    assert outcomes(asked[:10]) == [errors.WrongPassword] * 10


def test_a_person_at_another_address_is_next_whatever_waits_from_the_flooding_one(store, hashing):
    asked = fill(store, hashing, ["192.0.2.1"], 8)
    person = log_in(store, "ann", "198.51.100.1", "ann's")
    hashing.go_on.set()
    assert outcomes([person, *asked]) == [errors.WrongPassword] * 11
    assert "ann's" in hashing.order[2:5]


def test_a_person_is_next_however_many_addresses_flood(store, hashing):
    asked = fill(store, hashing, [f"203.0.113.{n}" for n in range(30)], 2)
    for _ in range(40):  # until each address has had a turn
        hashing.step()
    begun = len(hashing.order)
    persons = [log_in(store, f"person{n}", f"198.51.100.{n}", f"person{n}") for n in range(3)]
    hashing.go_on.set()
    assert outcomes([*persons, *asked]) == [errors.WrongPassword] * (3 + len(asked))
    assert {f"person{n}" for n in range(3)} <= set(hashing.order[begun : begun + 4])


def test_who_has_logged_in_from_the_flooding_address_before_is_next_too(store, hashing):
    tries = store.dispatcher._services.login_tries
    tries.begin("ann", "192.0.2.1")
    tries.succeeded("ann", "192.0.2.1")
    fill(store, hashing, ["192.0.2.1", *(f"198.51.100.{n}" for n in range(40))], 3)
    person = log_in(store, "ann", "192.0.2.1", "ann's")
    hashing.go_on.set()
    assert outcomes([person]) == [errors.WrongPassword]
    assert "ann's" in hashing.order[2:5]


def test_where_all_is_full_the_address_with_the_most_waiting_gives_way(store, hashing, monkeypatch):
    monkeypatch.setattr(workers, "IN_ALL", 12)
    asked = fill(store, hashing, ["192.0.2.1"], 8)
    asked += [log_in(store, f"other{n}", "192.0.2.2", "other") for n in range(4)]
    person = log_in(store, "ann", "198.51.100.1", "ann's")
    assert isinstance(asked[9].exception(60), errors.ServerBusy), "the last of the fullest"
    hashing.go_on.set()
    kept = [each for number, each in enumerate(asked) if number != 9]
    assert outcomes([person, *kept]) == [errors.WrongPassword] * 14


def test_who_waited_too_long_is_turned_away_and_the_try_does_not_count(store, hashing, monkeypatch):
    monkeypatch.setattr(workers, "LONGEST_WAIT", 0.0)
    held = [log_in(store, "ann", "198.51.100.1") for _ in range(5)]
    assert set(outcomes(held)) == {errors.ServerBusy}
    monkeypatch.setattr(workers, "LONGEST_WAIT", 60.0)
    hashing.go_on.set()
    again = [log_in(store, "ann", "198.51.100.1") for _ in range(5)]
    assert outcomes(again) == [errors.WrongPassword] * 5
