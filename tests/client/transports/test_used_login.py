"""What is kept of a login's use, and when it ends by that."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from jupyter_sessions import api, errors, schemas
from jupyter_sessions.client import logins
from jupyter_sessions.client.logins import Login
from jupyter_sessions.client.transports import resolve
from tests.client.logins.conftest import Accounts, put
from tests.client.scripted_server import Answer, ScriptedServer

NOW = datetime.now(UTC)
LONG_AGO = NOW - timedelta(hours=5)


def stored(login: Login) -> Login:
    return logins.find_login(login.id)


def exists(transport: resolve.Transport) -> bool:
    named = schemas.SessionNamed(code="1234567890123456789012")
    return transport.call(api.SESSION_EXISTS, named).exists


def test_its_end_is_the_earlier_of_its_last_day_and_of_too_long_unused() -> None:
    last_day = NOW + timedelta(days=1)
    assert put("https://h", expires=last_day).ends == last_day
    used = {"last_used": NOW, "idle_timeout": 60}
    assert put("https://h", expires=last_day, **used).ends == NOW + timedelta(hours=1)
    assert put("https://h", expires=NOW + timedelta(minutes=1), **used).ends == NOW + timedelta(
        minutes=1
    )
    assert put("https://h", last_used=LONG_AGO, idle_timeout=60).doubtful
    assert not put("https://h", last_used=LONG_AGO, idle_timeout=600).doubtful
    assert not put("https://h", last_used=LONG_AGO, idle_timeout=60, ended="revoked").doubtful


def test_until_when_a_key_is_good_is_told_with_both_of_its_ends() -> None:
    used = {"last_used": datetime(2030, 1, 1, 12, tzinfo=UTC), "idle_timeout": 60}
    last_day = datetime(2030, 1, 9, tzinfo=UTC)
    assert put("https://h").good_until == "until the server ends it"
    assert put("https://h", expires=last_day).good_until == "until 2030-01-09 00:00 UTC"
    assert put("https://h", expires=last_day, **used).good_until == (
        "until 2030-01-01 13:00 UTC or, if somebody uses it, until 2030-01-09 00:00 UTC at most"
    )
    unused = "until 2030-01-01 13:00 UTC or, if somebody uses it, for longer"
    assert put("https://h", **used).good_until == unused


def test_use_is_written_down_once_a_minute(server: ScriptedServer) -> None:
    login = put(server.url, last_used=LONG_AGO)
    server.script = lambda asked: Answer({"exists": True})
    transport = resolve.over_http(login)
    assert exists(transport)
    noted = stored(login).last_used
    assert noted is not None
    assert noted >= NOW
    file = logins.folder() / f"{login.id}.json"
    before = file.stat()
    assert exists(transport)
    assert exists(resolve.over_http(stored(login)))
    assert file.stat().st_ino == before.st_ino  # each writing is a new file
    transport.close()


def test_looking_at_a_login_is_no_use_of_it(accounts: Accounts) -> None:
    login = put(accounts.server.url, last_used=LONG_AGO)
    logins.check([login])
    logins.stored()
    assert stored(login).last_used == LONG_AGO


@pytest.mark.parametrize(
    ("refusal", "ended"),
    [
        (errors.LoginExpired, "expired"),
        (errors.LoginRevoked, "revoked"),
        (errors.LoginUnknown, "unknown"),
        (errors.NotLoggedIn, None),
    ],
)
def test_that_it_ended_is_written_down_when_its_server_says_so(
    server: ScriptedServer, refusal: type[errors.SessionsError], ended: str | None
) -> None:
    login = put(server.url)
    server.script = lambda asked: Answer.error(refusal("No.", hint="."))
    transport = resolve.over_http(login)
    with pytest.raises(refusal):
        exists(transport)
    assert stored(login).ended == ended
    server.script = lambda asked: Answer({"exists": True})
    assert exists(transport)
    assert stored(login).ended is None
    transport.close()


def test_the_newer_login_that_follows_is_not_taken_for_the_one_that_ended(
    server: ScriptedServer,
) -> None:
    login = put(server.url)
    transport = resolve.over_http(login)
    second = transport.clone()
    newer = put(server.url)
    server.script = lambda asked: (
        Answer({"exists": True})
        if asked.authorization == f"Bearer {newer.key}"
        else Answer.error(errors.LoginRevoked("No.", hint="."))
    )
    for each in (transport, second):
        assert exists(each)
        each.close()
    assert (stored(login).ended, stored(newer).ended) == ("revoked", None)
    assert stored(newer).last_used is not None


def test_none_follows_that_somebody_else_acts_by(server: ScriptedServer) -> None:
    login = put(server.url)
    put(server.url, real_user="root")
    server.script = lambda asked: Answer.error(errors.LoginRevoked("No.", hint="."))
    transport = resolve.over_http(login)
    with pytest.raises(errors.LoginRevoked):
        exists(transport)
    assert len(server.asked) == 1
    transport.close()
