"""Which login it is to be: the current one, another stored one, or none of them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from jupyter_sessions import errors
from jupyter_sessions.client import logins
from jupyter_sessions.client.logins import Login, Wanted
from tests.client.logins.conftest import Accounts, put


def decided(**wanted: Any) -> tuple[str, Login] | None:
    found = logins.reuse(Wanted(**wanted))
    return None if found is None else (found.how, found.login)


def who(found: tuple[str, Login] | None) -> tuple[str, str] | None:
    return None if found is None else (found[0], found[1].id)


def current(server: str, user: str = "ann", **more: Any) -> Login:
    login = put(server, user, **more)
    logins.set_current(login)
    return login


def test_the_current_login_is_used_where_it_fits(accounts: Accounts) -> None:
    url = accounts.server.url
    login = current(url)
    put(url)
    for wanted in ({}, {"server": url}, {"user": "ann"}, {"server": url, "user": "ANN"}):
        assert who(decided(**wanted)) == ("using", login.id)
    assert accounts.asked("/login", "POST") == 0


def test_using_a_login_resets_its_idle_clock(accounts: Accounts) -> None:
    current(accounts.server.url)
    decided()
    assert accounts.asked("/login/keep") == 1


@pytest.mark.parametrize("conflict", ["server", "user", "group", "sudo"])
def test_the_current_login_is_not_used_against_what_is_wanted(
    accounts: Accounts, conflict: str
) -> None:
    url = accounts.server.url
    current(url)
    wanted = {"server": url, "user": "ann"}
    wanted[conflict] = "https://other" if conflict == "server" else "other"
    assert decided(**wanted) is None


def test_why_the_current_login_was_passed_over_is_said(accounts: Accounts) -> None:
    url = accounts.server.url
    login = current(url)
    accounts.groups[login.key] = "optics"
    said: list[str] = []
    for wanted in ({"user": "bob"}, {"group": "lasers"}, {"sudo": "cy"}):
        logins.reuse(Wanted(server=url, **wanted), lambda _, why: said.append(why))
    assert "not bob's" in said[0]
    assert "not in lasers" in said[1]
    assert "not as cy" in said[2]


@pytest.mark.parametrize("written", [lambda url: url, lambda url: url + "/"])
def test_another_stored_login_that_fits_is_taken_up(
    accounts: Accounts, written: Callable[[str], str]
) -> None:
    url = accounts.server.url
    current("https://other")
    put(url, "bob")
    fitting = put(url, "ann")
    assert who(decided(server=url, user="ann")) == ("reconnected", fitting.id)
    assert logins.current() is not None  # who decides does not switch


def test_of_several_that_fit_the_newest_that_lives_is_taken(accounts: Accounts) -> None:
    url = accounts.server.url
    now = datetime.now(UTC)
    old = put(url, created=now - timedelta(days=3))
    newer = put(url, created=now - timedelta(days=2))
    revoked = put(url, created=now - timedelta(days=1))
    put(url, expires=now - timedelta(seconds=1))
    accounts.dead[revoked.key] = errors.LoginRevoked("Ended.", hint=".")
    assert who(decided(server=url)) == ("reconnected", newer.id)
    accounts.dead[newer.key] = errors.LoginExpired("Over.", hint=".")
    assert who(decided(server=url)) == ("reconnected", old.id)
    accounts.dead[old.key] = errors.LoginUnknown("Who?", hint=".")
    assert decided(server=url) is None
    assert len(logins.stored()) == 4


def test_a_dead_current_login_is_passed_over_and_said(accounts: Accounts) -> None:
    url = accounts.server.url
    dead = current(url)
    alive = put(url)
    accounts.dead[dead.key] = errors.LoginRevoked("This login was ended.", hint=".")
    said: list[tuple[str, str]] = []
    found = logins.reuse(Wanted(server=url), lambda login, why: said.append((login.id, why)))
    assert found is not None
    assert (found.how, found.login.id) == ("reconnected", alive.id)
    assert said == [(dead.id, "This login was ended.")]


def test_one_that_acts_as_another_is_taken_only_by_who_asks_for_that(accounts: Accounts) -> None:
    url = accounts.server.url
    accounts.server.script = _acting(accounts)
    acting = put(url, "bob", real_user="ann")
    assert decided(server=url) is None
    assert decided(server=url, user="bob") is None
    assert who(decided(server=url, user="ann", sudo="bob")) == ("reconnected", acting.id)
    assert decided(server=url, user="cy", sudo="bob") is None
    logins.set_current(acting)
    assert who(decided()) == ("using", acting.id)


def _acting(accounts: Accounts) -> Any:
    from tests.client.scripted_server import Answer

    def script(asked: Any) -> Any:
        key = (asked.authorization or "").removeprefix("Bearer ")
        if asked.path in ("/login", "/login/keep"):
            return Answer(accounts.shown(key, real_user="ann"))
        return accounts.answer(asked)

    return script


def test_a_group_that_was_changed_elsewhere_is_learned_before_it_is_decided(
    accounts: Accounts,
) -> None:
    url = accounts.server.url
    login = current(url, group="optics")
    accounts.groups[login.key] = "lasers"
    assert decided(server=url, group="optics") is None
    (stored,) = logins.stored()
    assert stored.group == "lasers"
    assert who(decided(server=url, group="@Lasers")) == ("using", login.id)


def test_a_time_out_that_is_asked_for_is_set_and_its_clamping_told(accounts: Accounts) -> None:
    current(accounts.server.url)
    for asked, given, clamped in ((10, 10, False), (99_999, 1000, True)):
        found = logins.reuse(Wanted(idle_timeout=asked))
        assert found is not None
        assert (found.login.idle_timeout, found.clamped) == (given, clamped)


def test_a_server_that_is_away_is_an_error_and_changes_nothing(accounts: Accounts) -> None:
    login = current(accounts.server.url)
    accounts.server.stop()
    with pytest.raises(errors.ServerUnreachable):
        decided(server=login.server)
    assert logins.stored() == [login]
    assert logins.current() == login
