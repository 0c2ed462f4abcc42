"""What is on the disk: whole, private, and nothing but what was stored."""

from __future__ import annotations

import json
import os
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from jupyter_sessions import api, errors, schemas
from jupyter_sessions.client import logins
from jupyter_sessions.client.logins import storage
from tests.client.logins.crowd import MANY, all_at_once
from tests.client.scripted_server import Answer, Asked, ScriptedServer, new_login

KEY = "jsk_s3cret"


@pytest.fixture
def accounts(server: ScriptedServer) -> ScriptedServer:
    """A server where ``ann`` has the password ``pw``; each login gets another key."""

    def script(asked: Asked) -> Answer | None:
        if asked.path == "/login":
            told = json.loads(asked.body)
            if (told["user"], told["password"]) != ("ann", "pw"):
                return Answer.error(errors.WrongPassword("Wrong.", hint="Try again."))
            number = sum(earlier.path == "/login" for earlier in server.asked)
            return Answer(new_login(f"{KEY}{number}", "ann", label=told.get("label", "")))
        if asked.path == "/logout":
            return Answer(schemas.Done())
        return None

    server.script = script
    return server


def test_a_login_is_stored_made_current_and_private(accounts: ScriptedServer) -> None:
    login = logins.log_in(accounts.url, "ann", "pw", "my laptop")
    assert (login.user, login.key, login.label) == ("ann", f"{KEY}1", "my laptop")
    assert logins.stored() == [login]
    assert logins.current() == login
    assert stat.S_IMODE(logins.folder().stat().st_mode) == 0o700
    for file in logins.folder().iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file


def test_no_repr_shows_the_key(accounts: ScriptedServer) -> None:
    login = logins.log_in(accounts.url, "ann", "pw")
    assert KEY not in f"{login!r} {login} {[login]}"


def test_a_wrong_password_stores_nothing_and_leaves_the_current_login(
    accounts: ScriptedServer,
) -> None:
    login = logins.log_in(accounts.url, "ann", "pw")
    with pytest.raises(errors.WrongPassword):
        logins.log_in(accounts.url, "ann", "guess")
    assert logins.stored() == [login]
    assert logins.current() == login


def test_a_password_is_sent_only_to_a_sessions_server(server: ScriptedServer) -> None:
    server.script = lambda asked: Answer(b"<html>", media_type="text/html")
    with pytest.raises(errors.NotASessionsServer):
        logins.log_in(server.url, "ann", "s3cret")
    assert all(b"s3cret" not in asked.body for asked in server.asked)


def test_logging_out_ends_the_key_at_the_server_and_forgets_it(accounts: ScriptedServer) -> None:
    kept = logins.log_in(accounts.url, "ann", "pw")
    login = logins.log_in(accounts.url, "ann", "pw")
    logins.log_out(login)
    assert accounts.asked[-1].path == "/logout"
    assert accounts.asked[-1].authorization == f"Bearer {login.key}"
    assert logins.stored() == [kept]
    with pytest.raises(errors.LoginGone):
        logins.current()


def test_logging_out_of_a_server_that_is_away_says_so_and_forgets_all_the_same(
    accounts: ScriptedServer,
) -> None:
    login = logins.log_in(accounts.url, "ann", "pw")
    accounts.stop()
    with pytest.raises(errors.ServerUnreachable, match="forgotten here, but its key stays valid"):
        logins.log_out(login)
    assert logins.stored() == []


def test_a_key_that_the_server_no_longer_knows_is_simply_forgotten(
    accounts: ScriptedServer,
) -> None:
    login = logins.log_in(accounts.url, "ann", "pw")
    accounts.script = lambda asked: Answer.error(errors.NotLoggedIn("Expired.", hint="."))
    logins.log_out(login)
    assert logins.stored() == []


def _store(server: str, user: str, key: str = KEY, expires: datetime | None = None) -> logins.Login:
    """Put a login on the disk as another process would have."""
    login = logins.Login(
        id=f"{len(list(logins.folder().iterdir())):016x}",
        server=server,
        user=user,
        stored_key=key,
        label="",
        created=datetime.now(UTC),
        expires=expires,
    )
    file = logins.folder() / f"{login.id}.json"
    file.write_bytes(msgspec.json.encode(login))
    return login


def test_the_login_for_a_server_is_the_current_one_or_else_the_newest_that_lives() -> None:
    now = datetime.now(UTC)
    first = _store("https://h", "ann")
    second = _store("https://h", "bob")
    _store("https://h", "ann", expires=now - timedelta(seconds=1))
    _store("https://h/base", "ann")
    assert logins.find("https://h") == second
    assert logins.find("https://h", "ann") == first
    logins.set_current(first)
    assert logins.find("https://h") == first
    assert logins.find("https://h", "bob") == second
    assert logins.find("http://h") is None
    logins.set_current(None)
    assert logins.current() is None


@pytest.mark.parametrize(
    "name",
    ["../../evil", "/etc/passwd", "a\nkey=other", "%2e%2e", "[::1]", "\u202eann", "x" * 9999],
)
def test_no_name_leads_out_of_the_folder_or_into_another_login(
    accounts: ScriptedServer, name: str, state: Path
) -> None:
    def script(asked: Asked) -> Answer | None:
        return Answer(new_login(KEY, name, label=name)) if asked.path == "/login" else None

    accounts.script = script
    login = logins.log_in(accounts.url, name, "pw", name)
    assert (login.user, login.label) == (name, name)
    assert logins.stored() == [login]
    files = {file.parent for file in state.parent.rglob("*") if file.is_file()}
    assert files == {logins.folder()}


def test_broken_neighbours_harm_nothing_and_take_no_harm(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.touch(0o644)
    login = _store("https://h", "ann")
    where = logins.folder()
    (where / "torn.json").write_bytes(b'{"id": "torn", "serv')
    (where / "latin.json").write_bytes(b"\xe4\xf6\xfc")
    (where / "empty.json").touch()
    (where / "folder.json").mkdir()
    (where / "copy.json").write_bytes((where / f"{login.id}.json").read_bytes())
    (where / "away.json").symlink_to(where / "nowhere")
    (where / "link.json").symlink_to(elsewhere)
    (where / os.fsdecode(b"\xff.json")).touch()
    (where / "current").write_bytes(b"\xff{")
    assert logins.stored() == [login]
    assert logins.current() is None
    logins.set_current(login)
    assert logins.current() == login
    assert stat.S_IMODE(elsewhere.stat().st_mode) == 0o644


@pytest.mark.parametrize("id_", ["../../evil", "..", "a/b", ""])
def test_a_current_login_that_points_elsewhere_is_none(id_: str) -> None:
    planted = msgspec.structs.replace(_store("https://evil", "eve"), id="evil")
    (logins.folder().parents[1] / "evil.json").write_bytes(msgspec.json.encode(planted))
    (logins.folder() / "current").write_text(json.dumps({"id": id_}))
    assert logins.current() is None


def test_the_folder_can_be_named_in_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, accounts: ScriptedServer
) -> None:
    monkeypatch.setenv("JUPYTER_SESSIONS_DIR", str(tmp_path / "deep" / "there"))
    logins.log_in(accounts.url, "ann", "pw")
    assert logins.folder() == tmp_path / "deep" / "there"
    assert stat.S_IMODE(logins.folder().stat().st_mode) == 0o700
    assert len(logins.stored()) == 1


def test_a_folder_that_cannot_be_made_is_a_clear_error_before_anything_is_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, accounts: ScriptedServer
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("JUPYTER_SESSIONS_DIR", str(tmp_path / "file" / "x"))
    with pytest.raises(errors.StoreUnusable, match="can't be used"):
        logins.log_in(accounts.url, "ann", "pw")
    assert accounts.asked == []


def _switch_and_look(number: int) -> None:
    mine = logins.Login(
        id=f"{number:016x}",
        server=f"https://h{number}",
        user=f"user{number}",
        stored_key=f"key{number}" * 50,
        label="",
        created=datetime.now(UTC),
        expires=None,
    )
    for _ in range(5):
        storage.keep(mine)
        logins.set_current(mine)
        seen = logins.current()
        assert seen is not None
        number_seen = int(seen.id, 16)
        assert seen.server == f"https://h{number_seen}"
        assert seen.key == f"key{number_seen}" * 50
        assert mine in logins.stored()


def test_fifty_processes_never_see_half_a_login_or_a_mixture_of_two() -> None:
    all_at_once(_switch_and_look)
    assert len(logins.stored()) == MANY
    assert list(logins.folder().glob("*.new")) == []


def test_logging_in_says_on_what_the_login_is_used(accounts: ScriptedServer) -> None:
    logins.log_in(accounts.url, "ann", "pw", "my laptop")
    (asked,) = [asked for asked in accounts.asked if asked.path == api.LOG_IN.path]
    assert json.loads(asked.body) == {"user": "ann", "password": "pw", "label": "my laptop"}
