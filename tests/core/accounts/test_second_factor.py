"""A second factor: set up, asked for at each login, used once, lost and ended; and confirmation."""

from __future__ import annotations

import secrets

import pyotp
import pytest
from sqlalchemy import select

from jupyter_sessions import api, errors
from jupyter_sessions.core.types import KeyHolder
from jupyter_sessions.store.tables import recovery_codes
from tests.conftest import PASSWORD
from tests.core.asking import do, refused

NEW = "a horse of another colour"


@pytest.fixture
def name(store):
    """Have an account that is logged in."""
    name = f"pia{secrets.token_hex(4)}"
    store.add(name)
    return name


def log_in(store, name, code="", password=PASSWORD, **more):
    made = do(store, "nobody", api.LOG_IN, user=name, password=password, code=code, **more)
    store.keys[more.get("sudo", name)] = KeyHolder(made.key)
    return made


def code_now(store, secret):
    """Return a code that was not used yet: the clock goes on to its time."""
    store.clock.forward(seconds=30)
    return pyotp.TOTP(secret).at(store.clock())


def set_up(store, name):
    made = do(store, name, api.SET_UP_SECOND_FACTOR, password=PASSWORD)
    answer = do(store, name, api.CONFIRM_SECOND_FACTOR, code=code_now(store, made.secret))
    return made.secret, answer.codes


def test_a_second_factor_counts_once_a_code_has_shown_that_the_app_has_it(store, name):
    assert do(store, name, api.SHOW_SECOND_FACTOR).enabled is None
    with refused(errors.ConfirmationFailed):
        do(store, name, api.SET_UP_SECOND_FACTOR, password="not the password")
    made = do(store, name, api.SET_UP_SECOND_FACTOR, password=PASSWORD)
    assert made.uri.startswith("otpauth://totp/") and f"secret={made.secret}" in made.uri
    assert len(made.secret) == 32
    with refused(errors.WrongCode):
        do(store, name, api.CONFIRM_SECOND_FACTOR, code="000000")
    assert log_in(store, name).user == name
    answer = do(store, name, api.CONFIRM_SECOND_FACTOR, code=code_now(store, made.secret))
    assert len(set(answer.codes)) == 10
    shown = do(store, name, api.SHOW_SECOND_FACTOR)
    assert shown.enabled == store.clock() and shown.recovery_codes == 10
    with refused(errors.SecondFactorNeeded):
        log_in(store, name)
    with refused(errors.WrongPassword):
        log_in(store, name, password="wrong")
    assert log_in(store, name, code_now(store, made.secret)).user == name
    for operation, fields in (
        (api.SET_UP_SECOND_FACTOR, {"password": PASSWORD}),
        (api.CONFIRM_SECOND_FACTOR, {"code": "000000"}),
    ):
        with refused(
            (errors.Conflict, errors.SecondFactorNeeded)[operation.name.endswith("create")]
        ):
            do(store, name, operation, **fields)


def test_no_code_works_twice_nor_out_of_its_time(store, name):
    secret, _ = set_up(store, name)
    totp = pyotp.TOTP(secret)
    code = code_now(store, secret)
    log_in(store, name, f" {code[:3]} {code[3:]} ")
    store.clock.forward(minutes=10)
    before, present, after = (
        totp.at(int(store.clock().timestamp()) + 30 * step) for step in (-2, 0, 1)
    )
    for wrong in (before, after, code, "١٢٣٤٥٦"):
        with refused(errors.WrongCode):
            log_in(store, name, wrong)
    store.clock.forward(seconds=29)
    log_in(store, name, present)
    with refused(errors.WrongCode):
        log_in(store, name, present)


def test_wrong_codes_back_off_like_wrong_passwords_though_the_password_is_right(store, name):
    secret, _ = set_up(store, name)
    for _ in range(8):
        with refused(errors.SecondFactorNeeded):
            log_in(store, name)
    with refused(errors.TooManyTries):
        for _ in range(30):
            with pytest.raises(errors.WrongCode):
                log_in(store, name, "000000")
    with refused(errors.TooManyTries):
        log_in(store, name, code_now(store, secret))


def test_a_recovery_code_lets_in_once_and_is_stored_as_a_hash(store, name):
    _, codes = set_up(store, name)
    assert all(len(code.replace("-", "")) == 24 for code in codes)
    log_in(store, name, codes[0])
    with refused(errors.WrongCode):
        log_in(store, name, codes[0])
    log_in(store, name, codes[1].replace("-", " ").upper())
    assert do(store, name, api.SHOW_SECOND_FACTOR).recovery_codes == 8
    stored = store.dispatcher.database.read(
        lambda tx: list(tx.connection.execute(select(recovery_codes.c.hash)).scalars())
    ).result()
    assert not set(stored) & set(codes)


def test_both_factors_are_needed_to_change_either(store, name):
    secret, codes = set_up(store, name)
    fields = {"current": PASSWORD, "password": NEW}
    with refused(errors.SecondFactorNeeded):
        do(store, name, api.CHANGE_PASSWORD, **fields)
    with refused(errors.WrongCode):
        do(store, name, api.REMOVE_SECOND_FACTOR, password=PASSWORD, code="000000")
    with refused(errors.ConfirmationFailed):
        do(store, name, api.REMOVE_SECOND_FACTOR, password="x", code=code_now(store, secret))
    do(store, name, api.CHANGE_PASSWORD, code=code_now(store, secret), **fields)
    do(store, "root", api.SET_PASSWORD, name=name, password=PASSWORD)
    with refused(errors.SecondFactorNeeded):
        log_in(store, name)  # a new password does not get past the second factor
    log_in(store, name, codes[0])
    do(store, name, api.REMOVE_SECOND_FACTOR, password=PASSWORD, code=codes[1])
    log_in(store, name)
    assert do(store, name, api.SHOW_SECOND_FACTOR).recovery_codes == 0


def test_an_administrator_ends_a_factor_that_was_lost_and_the_logins_with_it(store, name):
    set_up(store, name)
    with refused(errors.Forbidden):
        do(store, name, api.RESET_SECOND_FACTOR, name=name)
    do(store, "root", api.RESET_SECOND_FACTOR, name=name)
    with refused(errors.LoginRevoked):
        do(store, name, api.WHO_AM_I)
    log_in(store, name)
    with refused(errors.Conflict):
        do(store, "root", api.RESET_SECOND_FACTOR, name=name)


def test_whoever_acts_as_another_proves_their_own_factor_and_changes_no_account(store, name):
    other = f"ann{secrets.token_hex(4)}"
    store.add(other)
    do(store, "root", api.ADD_GROUP, name="lab", owners=[name])
    do(store, "root", api.ADD_GROUP_USERS, name="lab", users=[other])
    secret, _ = set_up(store, name)
    with refused(errors.SecondFactorNeeded):
        log_in(store, name, sudo=other)
    log_in(store, name, code_now(store, secret), sudo=other)
    for operation, fields in (
        (api.SHOW_SECOND_FACTOR, {}),
        (api.SET_UP_SECOND_FACTOR, {"password": PASSWORD}),
        (api.CONFIRM_SECOND_FACTOR, {"code": "000000"}),
    ):
        with refused(errors.Forbidden):
            do(store, other, operation, **fields)


# ---- confirmation


def test_a_session_is_given_away_only_a_short_while_after_the_password_was_given(store, name):
    store.add("ann")
    code = store.new(name).code
    store.clock.forward(minutes=11)
    with refused(errors.ConfirmationNeeded):
        do(store, name, api.TRANSFER_SESSION, code=code, user="ann")
    with refused(errors.ConfirmationFailed):
        do(store, name, api.CONFIRM_LOGIN, password="wrong")
    with refused(errors.ConfirmationNeeded):
        do(store, name, api.TRANSFER_SESSION, code=code, user="ann")
    with refused(errors.NoSuchSession):
        do(store, "ann", api.TRANSFER_SESSION, code=code, user="ann")  # it tells of no session
    do(store, name, api.CONFIRM_LOGIN, password=PASSWORD)
    assert do(store, name, api.TRANSFER_SESSION, code=code, user="ann").owner == "ann"


def test_a_link_from_a_login_by_password_needs_the_same_confirmation(store, name):
    store.add("ann")
    code = store.new(name).code
    store.clock.forward(minutes=9)
    ticket = do(store, name, api.MAKE_TICKET).ticket
    page = do(store, "nobody", api.LOG_IN_WITH_TICKET, ticket=ticket)
    store.keys["page"] = KeyHolder(page.key)
    store.clock.forward(minutes=2)
    with refused(errors.ConfirmationNeeded):
        do(store, "page", api.TRANSFER_SESSION, code=code, user="ann")


def test_who_came_without_a_password_needs_no_confirmation(store, name):
    code = store.new("root").code
    ticket = do(store, "root", api.MAKE_TICKET).ticket
    page = do(store, "nobody", api.LOG_IN_WITH_TICKET, ticket=ticket)
    store.keys["page"] = KeyHolder(page.key)
    store.clock.forward(minutes=30)
    do(store, "page", api.TRANSFER_SESSION, code=code, user=name)
    with refused(errors.Conflict):
        do(store, "page", api.CONFIRM_LOGIN, password=PASSWORD)


def test_a_second_factor_is_part_of_the_confirmation(store, name):
    store.add("ann")
    code = store.new(name).code
    secret, _ = set_up(store, name)
    store.clock.forward(minutes=11)
    with refused(errors.SecondFactorNeeded):
        do(store, name, api.CONFIRM_LOGIN, password=PASSWORD)
    do(store, name, api.CONFIRM_LOGIN, password=PASSWORD, code=code_now(store, secret))
    do(store, name, api.TRANSFER_SESSION, code=code, user="ann")


@pytest.mark.parametrize(
    "operation",
    [api.SET_PASSWORD, api.REMOVE_ACCOUNT, api.RESET_SECOND_FACTOR],
    ids=lambda one: one.name,
)
def test_the_gravest_acts_of_an_administrator_need_it_too(store, name, operation):
    assert operation.fresh and api.TRANSFER_SESSION.fresh
    store.clock.forward(minutes=11)
    fields = {"password": NEW} if operation is api.SET_PASSWORD else {}
    with refused(errors.Forbidden):
        do(store, name, operation, name=name, **fields)
