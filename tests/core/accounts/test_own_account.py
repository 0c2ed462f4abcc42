"""The caller's own account: another password, and what becomes of the account's logins."""

from __future__ import annotations

import secrets
import time
from types import SimpleNamespace

import pytest

from jupyter_sessions import api, errors
from jupyter_sessions.core.accounts import password_rules, passwords
from jupyter_sessions.core.types import Identified, KeyHolder
from tests.conftest import PASSWORD
from tests.core.asking import do, join, refused

NEW = "a horse of another colour"


@pytest.fixture
def name(store):
    """Have an account whose failed tries are its own: they are kept in the process, by name."""
    name = f"pia{secrets.token_hex(4)}"
    store.add(name)
    return name


def log_in(store, name, password=PASSWORD):
    return do(store, "nobody", api.LOG_IN, user=name, password=password)


def test_a_user_changes_their_password_and_every_other_login_ends(store, name):
    other = log_in(store, name)
    store.keys["other"] = KeyHolder(other.key)
    ticket = do(store, "other", api.MAKE_TICKET).ticket
    assert do(store, name, api.CHANGE_PASSWORD, current=PASSWORD, password=NEW).ended >= 2
    assert do(store, name, api.WHO_AM_I).name == name
    with refused(errors.LoginRevoked):
        do(store, "other", api.WHO_AM_I)
    with refused(errors.NotLoggedIn):
        do(store, "nobody", api.LOG_IN_WITH_TICKET, ticket=ticket)
    with refused(errors.WrongPassword):
        log_in(store, name)
    assert log_in(store, name, NEW).user == name


def test_a_login_made_by_a_link_outlives_the_login_that_made_the_link(store, name):
    ticket = do(store, name, api.MAKE_TICKET).ticket
    page = do(store, "nobody", api.LOG_IN_WITH_TICKET, ticket=ticket)
    store.keys["page"] = KeyHolder(page.key)
    do(store, "page", api.CHANGE_PASSWORD, current=PASSWORD, password=NEW)
    assert do(store, "page", api.WHO_AM_I).name == name
    with refused(errors.LoginRevoked):
        do(store, name, api.WHO_AM_I)


def test_the_present_password_is_needed_and_guessing_it_backs_off(store, name, monkeypatch):
    # The first wait is a second, which may pass between two tries on a busy machine.
    now = time.monotonic()
    monkeypatch.setattr(passwords, "time", SimpleNamespace(monotonic=lambda: now))
    with refused(errors.ConfirmationFailed):
        do(store, name, api.CHANGE_PASSWORD, current="not the password", password=NEW)
    assert log_in(store, name).user == name
    with pytest.raises(errors.TooManyTries):
        for _ in range(30):
            with refused(errors.ConfirmationFailed):
                do(store, name, api.CHANGE_PASSWORD, current="not the password", password=NEW)
    with refused(errors.TooManyTries):
        do(store, name, api.CHANGE_PASSWORD, current=PASSWORD, password=NEW)


def test_who_is_known_by_other_means_or_acts_for_somebody_changes_no_password(store, name):
    join(store, "vouched")
    for who in ("vouched", "root"):
        with refused(errors.Conflict, match="does not have a password here"):
            do(store, who, api.CHANGE_PASSWORD, current=PASSWORD, password=NEW)
    made = do(store, "root", api.ISSUE_LOGIN, user=name)
    store.keys["for"] = KeyHolder(made.key)
    with refused(errors.Forbidden, match="acts for"):
        do(store, "for", api.CHANGE_PASSWORD, current=PASSWORD, password=NEW)
    store.keys["hub"] = Identified(name)
    do(store, "hub", api.CHANGE_PASSWORD, current=PASSWORD, password=NEW)
    assert log_in(store, name, NEW).user == name


@pytest.mark.parametrize(
    "password",
    ["password", "PASSWORD", "12345678", "qwertyuiop", "Jupyter123!", "--sessions--", "Pia-2026",
     "piapalmer99", "2026Palmer", "abababab"],
)  # fmt: skip
def test_a_password_that_anybody_would_try_first_is_refused(password):
    with refused(errors.WeakPassword):
        password_rules.check_password(password, "pia", "Pia Palmer")


def test_the_rules_hold_wherever_a_password_is_chosen(store, name):
    with refused(errors.WeakPassword):
        do(
            store, "root", api.ADD_ACCOUNT,
            name="pia", password="piapalmer99", display_name="Pia Palmer",
        )  # fmt: skip
    with refused(errors.WeakPassword):
        do(store, "root", api.SET_PASSWORD, name=name, password=f"{name[:3]}{name[3:]}!!")
    with refused(errors.WeakPassword):
        do(store, name, api.CHANGE_PASSWORD, current=PASSWORD, password="iloveyou")
    assert log_in(store, name).user == name


def test_any_composition_is_taken_up_to_a_thousand_characters(store, name):
    for password in ("correct horse battery staple", "   spaces at the ends   ", "ñandú 🦙 ωμέγα",
                     "x1" * 490 + "a" * 20, "lowercaseonlywords"):  # fmt: skip
        password_rules.check_password(password, "pia", "Pia")
    long = " ñx7" * 250
    do(store, name, api.CHANGE_PASSWORD, current=PASSWORD, password=long)
    with refused(errors.WrongPassword):
        log_in(store, name, long[:-1])
    assert log_in(store, name, long).user == name


def test_the_list_holds_more_than_three_thousand_passwords_that_could_be_chosen():
    assert sum(len(each) >= 8 for each in password_rules._common()) > 3_000
