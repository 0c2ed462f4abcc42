"""The caller's own account: another password, and what becomes of the account's logins."""

from __future__ import annotations

import secrets

import pytest

from jupyter_sessions import api, errors
from jupyter_sessions.core.accounts import password_rules
from jupyter_sessions.core.types import Identified, KeyHolder
from tests.conftest import PASSWORD
from tests.core.asking import do, join, refused

NEW = "a horse of another colour"


@pytest.fixture
def name(house):
    """Have an account whose failed tries are its own: they are kept in the process, by name."""
    name = f"pia{secrets.token_hex(4)}"
    house.add(name)
    return name


def log_in(house, name, password=PASSWORD):
    return do(house, "nobody", api.LOG_IN, user=name, password=password)


def test_a_user_changes_their_password_and_every_other_login_ends(house, name):
    other = log_in(house, name)
    house.keys["other"] = KeyHolder(other.key)
    ticket = do(house, "other", api.MAKE_TICKET).ticket
    assert do(house, name, api.CHANGE_PASSWORD, current=PASSWORD, password=NEW).ended >= 2
    assert do(house, name, api.WHO_AM_I).name == name
    with refused(errors.LoginRevoked):
        do(house, "other", api.WHO_AM_I)
    with refused(errors.NotLoggedIn):
        do(house, "nobody", api.LOG_IN_WITH_TICKET, ticket=ticket)
    with refused(errors.WrongPassword):
        log_in(house, name)
    assert log_in(house, name, NEW).user == name


def test_a_login_made_by_a_link_outlives_the_login_that_made_the_link(house, name):
    ticket = do(house, name, api.MAKE_TICKET).ticket
    page = do(house, "nobody", api.LOG_IN_WITH_TICKET, ticket=ticket)
    house.keys["page"] = KeyHolder(page.key)
    do(house, "page", api.CHANGE_PASSWORD, current=PASSWORD, password=NEW)
    assert do(house, "page", api.WHO_AM_I).name == name
    with refused(errors.LoginRevoked):
        do(house, name, api.WHO_AM_I)


def test_the_present_password_is_needed_and_guessing_it_backs_off(house, name):
    with refused(errors.ConfirmationFailed):
        do(house, name, api.CHANGE_PASSWORD, current="not the password", password=NEW)
    assert log_in(house, name).user == name
    with pytest.raises(errors.TooManyTries):
        for _ in range(30):
            with refused(errors.ConfirmationFailed):
                do(house, name, api.CHANGE_PASSWORD, current="not the password", password=NEW)
    with refused(errors.TooManyTries):
        do(house, name, api.CHANGE_PASSWORD, current=PASSWORD, password=NEW)


def test_who_is_known_by_other_means_or_acts_for_somebody_changes_no_password(house, name):
    join(house, "vouched")
    for who in ("vouched", "root"):
        with refused(errors.Conflict, match="does not have a password here"):
            do(house, who, api.CHANGE_PASSWORD, current=PASSWORD, password=NEW)
    made = do(house, "root", api.ISSUE_LOGIN, user=name)
    house.keys["for"] = KeyHolder(made.key)
    with refused(errors.Forbidden, match="acts for"):
        do(house, "for", api.CHANGE_PASSWORD, current=PASSWORD, password=NEW)
    house.keys["hub"] = Identified(name)
    do(house, "hub", api.CHANGE_PASSWORD, current=PASSWORD, password=NEW)
    assert log_in(house, name, NEW).user == name


@pytest.mark.parametrize(
    "password",
    ["password", "PASSWORD", "12345678", "qwertyuiop", "Jupyter123!", "--sessions--", "Pia-2026",
     "piapalmer99", "2026Palmer", "abababab"],
)  # fmt: skip
def test_a_password_that_anybody_would_try_first_is_refused(password):
    with refused(errors.WeakPassword):
        password_rules.check_password(password, "pia", "Pia Palmer")


def test_the_rules_hold_wherever_a_password_is_chosen(house, name):
    with refused(errors.WeakPassword):
        do(
            house, "root", api.ADD_ACCOUNT,
            name="pia", password="piapalmer99", display_name="Pia Palmer",
        )  # fmt: skip
    with refused(errors.WeakPassword):
        do(house, "root", api.SET_PASSWORD, name=name, password=f"{name[:3]}{name[3:]}!!")
    with refused(errors.WeakPassword):
        do(house, name, api.CHANGE_PASSWORD, current=PASSWORD, password="iloveyou")
    assert log_in(house, name).user == name


def test_any_composition_is_taken_up_to_a_thousand_characters(house, name):
    for password in ("correct horse battery staple", "   spaces at the ends   ", "ñandú 🦙 ωμέγα",
                     "x1" * 490 + "a" * 20, "lowercaseonlywords"):  # fmt: skip
        password_rules.check_password(password, "pia", "Pia")
    long = " ñx7" * 250
    do(house, name, api.CHANGE_PASSWORD, current=PASSWORD, password=long)
    with refused(errors.WrongPassword):
        log_in(house, name, long[:-1])
    assert log_in(house, name, long).user == name


def test_the_list_holds_more_than_three_thousand_passwords_that_could_be_chosen():
    assert sum(len(each) >= 8 for each in password_rules._common()) > 3_000
