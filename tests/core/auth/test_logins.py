"""Logging in and out: passwords, keys, one-time tickets, and what a failed try tells."""

from __future__ import annotations

import secrets
from datetime import timedelta
from types import SimpleNamespace

import pytest

from jupyter_sessions import api, errors, schemas
from jupyter_sessions.core.accounts import passwords
from jupyter_sessions.core.types import KeyHolder
from tests.conftest import PASSWORD, Store
from tests.core.asking import do, join, refused


def key(store: Store, who: str) -> str:
    """Return the key of someone who logged in."""
    holder = store.keys[who]
    assert isinstance(holder, KeyHolder)
    return holder.key


def test_a_password_is_exchanged_for_a_key_that_says_what_it_is(store):
    store.add("pia")
    given = key(store, "pia")
    assert given.startswith("jses_")
    assert len(given.removeprefix("jses_")) == 43, "256 random bits"
    told = do(store, "pia", api.WHO_AM_I)
    assert (told.name, told.via, told.administrator) == ("pia", "key", False)
    (account,) = [a for a in do(store, "root", api.LIST_ACCOUNTS).items if a.name == "pia"]
    assert account.last_login == store.clock()


def test_a_key_does_not_show_when_its_holder_is_printed():
    assert "secret" not in repr(KeyHolder("jses_secret"))


def test_an_unknown_user_and_a_wrong_password_look_the_same(store):
    store.add("quentin")
    join(store, "vouched")
    do(store, "root", api.ADD_ACCOUNT, name="disabled", password=PASSWORD)
    do(store, "root", api.DISABLE_ACCOUNT, name="disabled")
    told = []
    for user, password in (
        ("quentin", "wrong"),
        ("nobody-here", PASSWORD),
        ("nobody\0here", PASSWORD),
        ("vouched", "the password of nobody"),
        ("disabled", "wrong"),
        ("quentin", ""),
    ):
        with pytest.raises(errors.WrongPassword) as refusal:
            do(store, "nobody", api.LOG_IN, user=user, password=password)
        told.append(refusal.value.to_wire())
    assert all(answer == told[0] for answer in told)


def test_that_an_account_is_disabled_is_told_to_who_has_its_password(store):
    name = secrets.token_hex(4)
    do(store, "root", api.ADD_ACCOUNT, name=name, password=PASSWORD)
    do(store, "root", api.DISABLE_ACCOUNT, name=name)
    with refused(errors.AccountDisabled, match=f"account {name} is disabled"):
        do(store, "nobody", api.LOG_IN, user=name, password=PASSWORD)
    do(store, "root", api.ENABLE_ACCOUNT, name=name)
    assert do(store, "nobody", api.LOG_IN, user=name, password=PASSWORD).user == name


def test_failed_tries_back_off_and_whether_there_is_such_a_user_makes_no_difference(store):
    there, absent, shut = (secrets.token_hex(4) for _ in range(3))
    store.add(there)
    do(store, "root", api.ADD_ACCOUNT, name=shut, password=PASSWORD)
    do(store, "root", api.DISABLE_ACCOUNT, name=shut)
    for user, password in ((there, "wrong"), (absent, "wrong"), (shut, PASSWORD)):
        for _ in range(2):
            with refused(errors.AccountDisabled if user == shut else errors.WrongPassword):
                do(store, "nobody", api.LOG_IN, user=user, password=password)
        both = f"{user}\0"
        for _ in range(10):
            store.dispatcher._services.login_tries._together.failed(both)
        for spelling in (user, user.upper()):
            with refused(errors.TooManyTries, match=r"wait (128|127|126) s"):
                do(store, "nobody", api.LOG_IN, user=spelling, password=PASSWORD)


def test_a_login_that_succeeds_forgets_the_failed_tries():
    back_off = passwords.BackOff("tries", "Wait.")
    for _ in range(3):
        for _ in range(4):
            back_off.failed("x")
        back_off.check("x")
        back_off.succeeded("x")


def test_the_wait_grows_to_minutes_and_never_breaks():
    back_off = passwords.BackOff("tries", "Wait.")
    for _ in range(3_000):
        back_off.failed("x")
    with refused(errors.TooManyTries, match=r"wait (300|299) s"):
        back_off.check("x")
    back_off.check("y")


def test_a_wait_that_is_said_is_long_enough(monkeypatch):
    clock = SimpleNamespace(now=100.0)
    monkeypatch.setattr(passwords, "time", SimpleNamespace(monotonic=lambda: clock.now))
    back_off = passwords.BackOff("tries", "Wait.")
    for _ in range(6):
        back_off.failed("x")
    for clock.now, said in ((100.0, 2), (100.4, 2), (101.3, 1), (101.9, 1)):
        with refused(errors.TooManyTries, match=f"wait {said} s"):
            back_off.check("x")
    clock.now = 102.0
    back_off.check("x")


def test_tries_under_very_many_names_take_no_more_room():
    back_off = passwords.BackOff("tries", "Wait.")
    for number in range(20_000):
        back_off.failed(str(number))
    assert len(back_off._failures) == 10_000


@pytest.mark.usefixtures("usual_hashes")
def test_a_password_is_stored_with_a_salt_and_checked_whole():
    first, second = passwords.make_hash("x" * 100), passwords.make_hash("x" * 100)
    assert first != second
    assert first.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert passwords.matches(first, "x" * 100)
    assert not passwords.matches(first, "x" * 99)
    assert not passwords.matches(first, "X" * 100)
    assert first.startswith("$argon2id$")
    assert not passwords.matches(None, "the password of nobody")
    assert not passwords.matches("no hash", "x")


def test_logging_out_ends_that_login_on_the_server_and_no_other(store):
    store.add("sam")
    again = do(store, "nobody", api.LOG_IN, user="sam", password=PASSWORD, label="laptop")
    store.keys["laptop"] = KeyHolder(again.key)
    do(store, "sam", api.LOG_OUT)
    with refused(errors.LoginRevoked):
        do(store, "sam", api.WHO_AM_I)
    assert do(store, "laptop", api.WHO_AM_I).name == "sam"


def test_a_new_password_ends_all_logins(store):
    store.add("tom")
    do(store, "root", api.SET_PASSWORD, name="tom", password="another password")
    with refused(errors.LoginRevoked):
        do(store, "tom", api.WHO_AM_I)
    with refused(errors.WrongPassword):
        do(store, "nobody", api.LOG_IN, user="tom", password=PASSWORD)
    assert do(store, "nobody", api.LOG_IN, user="TOM", password="another password").user == "tom"


def test_a_login_ends_when_it_is_not_used_and_at_the_latest_when_it_expires(store):
    store.add("uma")
    limits = store.dispatcher.limits
    for _ in range(int(limits.login / timedelta(days=6)) - 1):
        store.clock.forward(days=6)
        store.new("uma")
    store.clock.forward(days=6)
    with refused(errors.LoginExpired):
        do(store, "uma", api.WHO_AM_I)


def test_a_login_that_is_not_used_ends(store):
    store.add("vera")
    store.clock.now += store.dispatcher.limits.login_idle
    with refused(errors.LoginExpired):
        do(store, "vera", api.WHO_AM_I)


def test_what_is_no_key_of_ours_lets_nobody_in(store):
    for given in ["", "jses_", "jses_x", "é", "\0", "\ud800", "x" * 100_000]:
        store.keys["thief"] = KeyHolder(given)
        with refused(errors.LoginUnknown):
            do(store, "thief", api.WHO_AM_I)


def test_who_comes_with_an_ended_login_can_log_in_again(store):
    store.add("will")
    do(store, "will", api.LOG_OUT)
    assert do(store, "will", api.LOG_IN, user="will", password=PASSWORD).user == "will"


# ---- one-time tickets --------------------------------------------------------------------------


def test_a_ticket_lets_in_once(store):
    join(store, "bob")
    ticket = do(store, "bob", api.MAKE_TICKET)
    login = do(store, "nobody", api.LOG_IN_WITH_TICKET, ticket=ticket.ticket)
    store.keys["browser"] = KeyHolder(login.key)
    assert do(store, "browser", api.WHO_AM_I).name == "bob"
    with refused(errors.NotLoggedIn, match="used already"):
        do(store, "nobody", api.LOG_IN_WITH_TICKET, ticket=ticket.ticket)


def test_a_ticket_used_many_times_at_once_lets_in_once(store):
    join(store, "bob")
    ticket = do(store, "bob", api.MAKE_TICKET).ticket
    request = schemas.LogInWithTicket(ticket=ticket)
    asked = [
        store.dispatcher.submit(api.LOG_IN_WITH_TICKET, request, store.credentials("nobody"))
        for _ in range(12)
    ]
    outcomes = [future.exception() for future in asked]
    assert outcomes.count(None) == 1
    assert all(isinstance(error, errors.NotLoggedIn) for error in outcomes if error)


def test_a_ticket_is_good_for_minutes_only(store):
    join(store, "bob")
    ticket = do(store, "bob", api.MAKE_TICKET)
    store.clock.now = ticket.expires
    with refused(errors.NotLoggedIn):
        do(store, "nobody", api.LOG_IN_WITH_TICKET, ticket=ticket.ticket)


def test_a_ticket_is_no_key_and_a_key_no_ticket(store):
    store.add("xena")
    ticket = do(store, "xena", api.MAKE_TICKET).ticket
    store.keys["thief"] = KeyHolder(ticket)
    with refused(errors.LoginUnknown):
        do(store, "thief", api.WHO_AM_I)
    with refused(errors.NotLoggedIn):
        do(store, "nobody", api.LOG_IN_WITH_TICKET, ticket=key(store, "xena"))


def test_a_ticket_dies_with_the_account(store):
    join(store, "bob")
    ticket = do(store, "bob", api.MAKE_TICKET).ticket
    do(store, "root", api.DISABLE_ACCOUNT, name="bob")
    do(store, "root", api.ENABLE_ACCOUNT, name="bob")
    with refused(errors.NotLoggedIn):
        do(store, "nobody", api.LOG_IN_WITH_TICKET, ticket=ticket)
