"""Taking up a login by its key."""

from __future__ import annotations

import pytest

from jupyter_sessions import connect, errors
from jupyter_sessions.client import logins
from jupyter_sessions.client.transports import resolve
from tests.client.logins.conftest import KEY, Accounts
from tests.client.scripted_server import Answer


def test_a_copied_key_works_and_its_name_is_its_users(accounts: Accounts) -> None:
    key = f"{KEY}-bob-12345678"
    login = logins.join(accounts.server.url, key)
    assert (login.user, login.key) == ("bob", key)
    assert logins.stored() == [login]


def test_a_key_that_is_stored_already_stays_one_login(accounts: Accounts) -> None:
    login = logins.log_in(accounts.server.url, "ann", "pw", "my laptop")
    accounts.groups[login.key] = "optics"
    again = logins.join(accounts.server.url, login.key)
    assert again.id == login.id
    assert logins.stored() == [again]
    assert (again.group, again.label) == ("optics", "my laptop")


def test_a_script_that_comes_with_a_key_asks_who_it_is_once(accounts: Accounts) -> None:
    connection = connect(accounts.server.url, key=f"{KEY}-bob-12345678")
    assert connection.user == "bob"
    connection.close()
    # Whether there is a sessions server is seen before a key is sent to it.
    assert [asked.path for asked in accounts.server.asked] == ["/health", "/login/keep"]
    assert accounts.server.asked[0].authorization is None
    assert logins.stored() == []


def test_to_join_does_not_switch(accounts: Accounts) -> None:
    current = logins.log_in(accounts.server.url, "ann", "pw")
    logins.join(accounts.server.url, f"{KEY}-bob-12345678")
    assert logins.current() == current


@pytest.mark.parametrize("key", ["", " ", "two words", "a\r\nX-Evil: 1", "ä", "x" * 2000])
def test_what_can_be_no_key_is_not_even_sent(accounts: Accounts, key: str) -> None:
    with pytest.raises(errors.NotLoggedIn):
        logins.join(accounts.server.url, key)
    assert {asked.path for asked in accounts.server.asked} <= {"/health"}
    assert logins.stored() == []


def test_what_an_answer_says_of_the_login_is_stored(accounts: Accounts) -> None:
    from jupyter_sessions import api, schemas

    login = logins.log_in(accounts.server.url, "ann", "pw")
    accounts.server.script = lambda asked: Answer(
        accounts.shown(login.key, id=login.number, group="lasers")
    )
    transport = resolve.transport()
    transport.call(api.SWITCH_GROUP, schemas.SwitchGroup(group="lasers"))
    transport.close()
    (stored,) = logins.stored()
    assert stored.group == "lasers"


def test_what_is_said_of_another_login_is_not(accounts: Accounts) -> None:
    from jupyter_sessions import api, schemas

    login = logins.log_in(accounts.server.url, "ann", "pw")
    accounts.server.script = lambda asked: Answer(
        accounts.shown(login.key, id=99, group="lasers", current=False)
    )
    transport = resolve.transport()
    transport.call(api.REVOKE_LOGIN, schemas.LoginNamed(id=99))
    transport.close()
    assert logins.stored() == [login]
