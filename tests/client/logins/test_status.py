"""Asking about many logins at once, and ending many."""

from __future__ import annotations

import time

import msgspec
import pytest

from jupyter_sessions import errors
from jupyter_sessions.client import logins
from tests.client.logins.conftest import Accounts, put
from tests.client.scripted_server import Answer, Asked, ScriptedServer
from tests.ports import free_port
from tests.waiting import STARTED_WITHIN


def files() -> dict[str, bytes]:
    found = (file for file in logins.folder().iterdir() if not file.name.startswith("."))
    return {file.name: file.read_bytes() for file in found}


def test_what_became_of_each_is_told_apart(accounts: Accounts) -> None:
    url = accounts.server.url
    alive, expired, revoked, unknown = (put(url) for _ in range(4))
    accounts.dead = {
        expired.key: errors.LoginExpired("Expired.", hint="."),
        revoked.key: errors.LoginRevoked("Revoked.", hint="."),
        unknown.key: errors.LoginUnknown("Unknown.", hint="."),
    }
    away = put(f"http://127.0.0.1:{free_port()}")
    checked = logins.check([alive, expired, revoked, unknown, away])
    states = [each.state for each in checked]
    assert states == ["active", "expired", "revoked", "unknown", "unreachable"]
    assert [each.login.id for each in checked] == [
        each.id for each in (alive, expired, revoked, unknown, away)
    ]
    assert [each.why is None for each in checked] == [True, False, False, False, False]


def test_checking_marks_who_ended_and_changes_nothing_else_here_or_there(
    accounts: Accounts,
) -> None:
    url = accounts.server.url
    ours, dead = put(url), put(url)
    accounts.groups[ours.key] = "changed-elsewhere"
    accounts.dead[dead.key] = errors.LoginRevoked("Revoked.", hint=".")
    logins.set_current(dead)
    before = files()
    (shown, _) = logins.check([ours, dead])
    assert shown.login.group == "changed-elsewhere"
    after = files()
    assert {name for name in after if after[name] != before.get(name)} == {f"{dead.id}.json"}
    assert logins.current() == msgspec.structs.replace(dead, ended="revoked")
    del accounts.dead[dead.key]
    logins.check(logins.stored())
    assert logins.find_login(dead.id).ended is None
    assert {(each.method, each.path) for each in accounts.server.asked} == {("GET", "/login")}


def test_each_key_goes_to_its_own_server_alone() -> None:
    with ScriptedServer() as one, ScriptedServer() as other:
        first, second = put(one.url), put(other.url)
        logins.check([first, second])
        assert {each.authorization for each in one.asked} == {f"Bearer {first.key}"}
        assert {each.authorization for each in other.asked} == {f"Bearer {second.key}"}


def test_many_are_asked_side_by_side(server: ScriptedServer) -> None:
    servers = [ScriptedServer() for _ in range(6)]
    for each in servers:
        each.start()
    asked = [put(each.url) for each in servers]

    def all_asked(_: Asked) -> Answer | None:
        # None is answered before all are asked; one after the other, they would wait for ever.
        deadline = time.monotonic() + STARTED_WITHIN
        while not all(each.asked for each in servers) and time.monotonic() < deadline:
            time.sleep(0.01)
        return Answer({}, 200 if all(each.asked for each in servers) else 500)

    for each in servers:
        each.script = all_asked
    try:
        checked = logins.check(asked)
    finally:
        for each in servers:
            each.stop()
    assert not [each.why for each in checked if isinstance(each.why, errors.InternalError)]


def test_a_server_that_is_away_is_not_waited_for_once_more_for_each_login() -> None:
    with ScriptedServer() as server:
        server.script = lambda asked: Answer(b"", 503, "text/html")
        checked = logins.check([put(server.url) for _ in range(30)])
        assert {each.state for each in checked} == {"unreachable"}
        assert len(server.asked) == 1


def test_ending_many_ends_them_there_and_forgets_them_here(accounts: Accounts) -> None:
    url = accounts.server.url
    ours, dead = put(url), put(url)
    accounts.dead[dead.key] = errors.LoginRevoked("Revoked.", hint=".")
    away = put(f"http://127.0.0.1:{free_port()}")
    logins.set_current(ours)
    (left,) = logins.end([ours, dead, away])
    assert (left.login, left.state) == (away, "unreachable")
    assert accounts.asked("/logout") == 2
    assert logins.stored() == []
    with pytest.raises(errors.LoginGone):
        logins.current()


def test_a_login_whose_key_the_keyring_lost_is_told_and_not_fatal(accounts: Accounts) -> None:
    put(accounts.server.url)
    lost = put(accounts.server.url, stored_key=None, in_keyring=True)
    states = {each.login.id: each.state for each in logins.check(logins.stored())}
    assert states[lost.id] == "unreachable"
    with pytest.raises(errors.SessionsError):
        logins.log_out(lost)
    assert len(logins.stored()) == 1
