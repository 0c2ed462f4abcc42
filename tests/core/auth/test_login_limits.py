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
from tests.conftest import PASSWORD
from tests.core.asking import refused


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
        tries._by_name._whole_at,
        tries._by_address._whole_at,
    ):
        assert len(kept) <= 10_000


def test_logins_beyond_a_short_queue_are_turned_away_and_uploads_do_not_wait_for_them(
    house, monkeypatch
):
    code = house.new().code
    hashing, go_on = threading.Semaphore(0), threading.Event()

    def slow(*_: object) -> bool:
        hashing.release()
        go_on.wait(60)
        return False

    monkeypatch.setattr(passwords, "matches", slow)
    asked = []
    try:
        turned_away = 0
        for number in range(60):
            request = schemas.LogIn(user=f"random{number}", password=PASSWORD)
            try:
                asked.append(
                    house.dispatcher.submit(
                        api.LOG_IN, request, house.asker("nobody"), address=f"192.0.2.{number}"
                    )
                )
            except errors.ServerBusy as busy:
                turned_away += 1
                assert busy.retry_after
        assert turned_away >= 60 - 16 - 2
        assert hashing.acquire(timeout=60)
        publish = schemas.PublishFile(code=code, path="x")
        assert house.call("root", api.PUBLISH_FILE, publish, upload=b"x").size == 1
    finally:
        go_on.set()
    for answer in asked:
        with refused(errors.WrongPassword):
            answer.result()
