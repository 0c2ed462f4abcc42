"""The commands about logins, against a server of its own."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyotp
import pytest
from sqlalchemy import update

from jupyter_sessions import api, errors, schemas
from jupyter_sessions.cli import shell
from jupyter_sessions.cli.command import Invocation
from jupyter_sessions.client import logins
from jupyter_sessions.client.transports.local import LocalTransport
from jupyter_sessions.store.tables import keys
from tests.cli.conftest import Process, Program, Ran
from tests.client.logins.crowd import MANY, all_at_once
from tests.client.test_with_the_server import serving
from tests.conftest import PASSWORD, Serve, Served
from tests.ports import free_port
from tests.terminals import EOF, spawn
from tests.waiting import STARTED_WITHIN


def _add_people() -> None:
    for name in ("bar", "foo"):
        LocalTransport().call(api.ADD_ACCOUNT, schemas.NewAccount(name=name, password=PASSWORD))


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """One server with the accounts ``bar`` and ``foo``, and where its store is."""
    folder, port = tmp_path_factory.mktemp("shared"), free_port()
    with pytest.MonkeyPatch.context() as patch, ExitStack() as stack:
        for name in ("DATA", "CONFIG", "RUNTIME"):
            patch.setenv(f"JUPYTER_{name}_DIR", str(folder / name.lower()))
        stack.enter_context(serving(port))
        _add_people()
        patch.undo()
        yield f"http://127.0.0.1:{port}", folder / "data" / "sessions"


@dataclass
class Site:
    url: str


@pytest.fixture
def server(home: Path, shared: tuple[str, Path], monkeypatch: pytest.MonkeyPatch) -> Site:
    """The shared server; in process one works on its store, with logins of one's own."""
    url, store = shared
    monkeypatch.setenv("JUPYTER_SESSIONS_DATABASE", f"sqlite:///{store / 'sessions.db'}")
    monkeypatch.setenv("JUPYTER_SESSIONS_BLOBS", str(store / "blobs"))
    return Site(url)


@pytest.fixture
def mortal(home: Path, serve: Serve) -> Served:
    """A server that a test may stop."""
    _add_people()
    return serve("--ServerApp.allow_root=True")


def last_used(number: int | None) -> Any:
    listed = LocalTransport().call(api.LIST_LOGINS, schemas.ListLogins(user="bar"))
    return next(login.last_used for login in listed.items if login.id == number)


@pytest.fixture
def log_in(program: Program, server: Site) -> Callable[..., Any]:
    def run(user: str, *options: str, url: str = server.url) -> Any:
        typed = ["login", f"{user}@{url}", "-w", PASSWORD, "--json", *options]
        return program(*typed).json

    return run


def files() -> dict[str, bytes]:
    return {
        file.name: file.read_bytes()
        for file in sorted(logins.folder().iterdir())
        if not file.name.startswith(".")
    }


LogIn = Callable[..., Any]


# ---- login


def test_it_is_said_how_a_login_came_about(program: Program, server: Site) -> None:
    here = f"bar@{server.url}"
    said = program.good("login", here, "--password-stdin", input=PASSWORD)
    assert f"Created a login to {server.url} as bar." in said
    assert "Idle time-out: 7 d." in said
    assert f"Using your login to {server.url} as bar." in program.good("login")
    program.good("login", f"foo@{server.url}", "-w", PASSWORD)
    assert f"Reconnected to {server.url} as bar." in program.good("login", here)
    key = program.good("key", "--show").strip()
    program.good("clear", "--all")
    assert program("login", server.url, "-k", key).code == errors.LoginRevoked.exit_code


def test_create_always_creates(program: Program, log_in: LogIn) -> None:
    ids = {log_in("bar")["id"], log_in("bar")["id"], log_in("bar", "-C")["id"]}
    assert len(ids) == 2


def test_a_key_lets_in_without_a_question_and_what_it_overrules_is_said(
    program: Program, server: Site, log_in: LogIn
) -> None:
    log_in("bar")
    key = program.good("key", "--show").strip()
    for file in logins.folder().glob("*"):
        file.unlink()
    typed = ["login", f"foo@{server.url}", "-g", "optics", "-w", "x", "-t", "5", "-C", "-k"]
    joined = program(*typed, key)
    assert f"Joined {server.url} as bar." in joined.out
    ignored = joined.out.partition("ignored: ")[2].partition(".")[0]
    assert set(ignored.split(", ")) == {"user", "password", "group", "timeout", "create"}
    assert key not in joined.out + joined.err
    assert "Joined" in program.good("login", server.url, "-k", "-", input=key)
    assert len(logins.stored()) == 1
    bad = program("login", server.url, "-k", "jses_nonsense")
    assert bad.code == errors.LoginUnknown.exit_code
    assert len(logins.stored()) == 1


def test_without_a_terminal_one_error_says_all_ways(program: Program, server: Site) -> None:
    refused = program("login", f"bar@{server.url}")
    assert refused.code == errors.BadRequest.exit_code
    for way in ("--password-stdin", "JUPYTER_SESSIONS_PASSWORD", "key"):
        assert way in refused.err
    assert program("login").code == errors.BadRequest.exit_code


def test_the_password_is_taken_from_the_option_else_the_environment(
    program: Program, server: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = f"bar@{server.url}"
    monkeypatch.setenv("JUPYTER_SESSIONS_PASSWORD", "wrong password")
    assert program("login", here).code == errors.WrongPassword.exit_code
    program.good("login", here, "-w", PASSWORD)
    monkeypatch.setenv("JUPYTER_SESSIONS_PASSWORD", PASSWORD)
    program.good("login", here, "-C")
    assert program("login", here, "-C", "-w", "wrong").code == errors.WrongPassword.exit_code


def in_terminal(*typed: str, **more: Any) -> Any:
    arguments = ["-m", "jupyter_sessions", *typed]
    return spawn(sys.executable, arguments, env=os.environ | {"NO_COLOR": "1"}, **more)


def ended(terminal: Any) -> tuple[int, str]:
    terminal.expect(EOF)
    terminal.close()
    return terminal.exitstatus, terminal.before


def test_at_a_terminal_the_last_names_stand_in_brackets_and_a_password_has_three_tries(
    program: Program, server: Site, log_in: LogIn
) -> None:
    log_in("bar")
    program.good("logout")
    terminal = in_terminal("login")
    terminal.expect_exact(f"Server [{server.url}]: ")
    terminal.sendline("")
    terminal.expect_exact("User [bar]: ")
    terminal.sendline("")
    for guess in ("wrong", "also wrong", PASSWORD):
        terminal.expect_exact(f"Password of bar at {server.url}: ")
        terminal.sendline(guess)
        if guess != PASSWORD:
            terminal.expect_exact("Wrong user name or password")
    code, said = ended(terminal)
    assert code == 0
    assert f"Created a login to {server.url} as bar." in said
    terminal = in_terminal("login", f"foo@{server.url}")
    for _ in range(3):
        terminal.expect_exact("Password of foo")
        terminal.sendline("wrong")
    assert ended(terminal)[0] == errors.WrongPassword.exit_code
    assert [login.user for login in logins.stored()] == ["bar"]


def test_at_a_terminal_nothing_stands_in_brackets_before_the_first_login(home: Path) -> None:
    terminal = in_terminal("login")
    terminal.expect_exact("Server: ")
    terminal.sendline("")
    code, said = ended(terminal)
    assert code == errors.BadRequest.exit_code
    assert "You did not name a server" in said


def test_a_port_and_a_user_go_with_the_last_server(
    program: Program, server: Site, log_in: LogIn
) -> None:
    log_in("bar")
    port = server.url.rpartition(":")[2]
    said = program.good("login", "-u", "foo", "-p", port, "-w", PASSWORD)
    assert f"Created a login to {server.url} as foo." in said


def test_a_port_alone_is_another_server_than_that_of_the_current_login(
    program: Program, server: Site, log_in: LogIn
) -> None:
    log_in("bar")
    own, other = server.url.rpartition(":")[2], str(free_port())
    nowhere = f"http://127.0.0.1:{other}"
    assert f"Using your login to {server.url}" in program.good("login", "-p", own)
    refused = program("login", "-p", other, "-w", PASSWORD)
    assert refused.code == errors.ServerUnreachable.exit_code
    assert f"its port is {own}, not {other}" in refused.err
    assert f"{nowhere} can't be reached" in refused.err
    terminal = in_terminal("login", "-p", other)
    terminal.expect_exact(f"Server [{nowhere}]: ")
    terminal.sendline(server.url)
    code, said = ended(terminal)
    assert code == errors.BadRequest.exit_code
    assert "different values are given for the port" in said


def test_what_the_server_clamps_is_said(program: Program, log_in: LogIn) -> None:
    made = log_in("bar", "-t", "90d")
    assert (made["clamped"], made["idle_timeout"]) == (True, 30 * 24 * 60)
    said = program.good("login", "-t", "60d")
    assert "Idle time-out: 30 d, the server's limit." in said
    assert "longest that the server allows" in program.good("timeout", "60d")
    assert "1 h 30 min" in program.good("timeout", "90")
    assert program("timeout", "--json").json["login"]["idle_timeout"] == 90
    assert program("timeout", "--json").json["clamped"] is False


@pytest.mark.parametrize(
    "typed", [["login", "h", "-t"], ["timeout"], ["login-for", "x", "--timeout"]]
)
@pytest.mark.parametrize("time", ["0", "none", "0h", "soon"])
def test_no_time_out_is_made_by_accident(program: Program, typed: list[str], time: str) -> None:
    refused = program(*typed, time)
    assert refused.code == errors.BadRequest.exit_code
    assert "2h" in refused.err


def test_a_group_conflict_is_called_by_its_name(program: Program, log_in: LogIn) -> None:
    log_in("bar")
    refused = program("login", "-g", "optics")
    assert "it works in no group, not in optics" in refused.err
    assert "not found" not in (refused.err + refused.out).lower()


def test_a_login_can_act_as_another_where_that_is_allowed(program: Program, server: Site) -> None:
    refused = program("login", f"foo@{server.url}", "--sudo", "bar", "-w", PASSWORD)
    assert refused.code == errors.Forbidden.exit_code
    assert logins.stored() == []
    program.good("groups", "add", "crystals", "--owner", "foo")
    program.good("groups", "add-user", "crystals", "bar")
    made = program("login", f"foo@{server.url}", "--sudo", "bar", "-w", PASSWORD, "--json").json
    assert (made["user"], made["real_user"], made["group"]) == ("bar", "foo", "crystals")
    listed = program("logins", "--there", "--json")
    assert listed.code == errors.Forbidden.exit_code  # it reaches the group's sessions alone
    assert program("new", "made for bar", "--json").json["group"] == "crystals"


# ---- listing


def test_the_list_is_made_without_a_server_and_changes_nothing(
    program: Program, mortal: Served, log_in: LogIn
) -> None:
    first = log_in("bar", url=mortal.url)
    second = log_in("foo", "--name", "my laptop", url=mortal.url)
    mortal.stop()
    before = files()
    listed = program.good("logins")
    assert files() == before
    heads = ["Server", "User", "Group", "Login", "Active", "Started (UTC)", "Expires", "Label"]
    assert re.split(r"\s{2,}", listed.splitlines()[0].strip()) == heads
    assert listed.rstrip().endswith("(2 rows)")
    assert listed.index(second["id"][:8]) < listed.index(first["id"][:8])
    assert "my laptop" in listed
    items = program("logins", "--json").json["items"]
    assert [(each["user"], each["current"], each["state"]) for each in items] == [
        ("foo", True, "stored"),
        ("bar", False, "stored"),
    ]
    assert "key" not in items[0]
    checked = program("logins", "--check", "--json").json["items"]
    assert {each["state"] for each in checked} == {"unreachable"}
    assert files() == before


def test_a_check_tells_what_became_of_each(program: Program, server: Site, log_in: LogIn) -> None:
    log_in("foo")
    log_in("bar")
    numbers = {login.user: login.number for login in logins.stored()}
    LocalTransport().call(api.REVOKE_LOGIN, schemas.LoginNamed(id=numbers["foo"] or 0))
    shown = program.good("logins", "--check")
    assert "revoked" in shown
    assert "current, active" in shown
    # Why stands in a line of its own, whole.
    ended = next(login for login in logins.stored() if login.user == "foo")
    why = next(line for line in shown.splitlines() if line.startswith(f"{ended.id[:8]}: "))
    assert why.endswith(".")
    assert "…" not in why
    assert len(logins.stored()) == 2


def test_a_check_resets_no_idle_clock(program: Program, server: Site, log_in: LogIn) -> None:
    log_in("bar")
    (login,) = logins.stored()
    before = last_used(login.number)
    for _ in range(3):
        program.good("logins", "--check")
        program.good("logins")
        program.good("timeout")
    assert last_used(login.number) == before


# ---- switching, key, file


def elsewhere(*typed: str) -> Ran:
    """Run a command in a shell of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "jupyter_sessions", *typed],
        capture_output=True, text=True, start_new_session=True,
    )  # fmt: skip
    return Ran(done.returncode, done.stdout, done.stderr)


def test_switching_is_for_all_or_for_this_shell(
    program: Program, process: Process, log_in: LogIn
) -> None:
    bar, foo = log_in("bar"), log_in("foo")

    def user(listed: str) -> str:
        return next(each["user"] for each in json.loads(listed)["items"] if each["current"])

    program.good("switch", bar["id"][:6], "--here")
    assert user(process.good("logins", "--json")) == "bar"
    assert user(elsewhere("logins", "--json").out) == "foo"
    program.good("switch", f"foo@{foo['server']}", "--here")
    program.good("switch", bar["id"])
    assert user(program.good("logins", "--json")) == "bar"
    assert user(elsewhere("logins", "--json").out) == "bar"
    assert program("switch", "nobody").code == errors.NoLogin.exit_code
    ambiguous = program("switch", bar["server"])
    assert ambiguous.code == errors.BadRequest.exit_code
    assert bar["id"][:8] in ambiguous.err
    assert foo["id"][:8] in ambiguous.err


def test_the_last_session_is_that_of_the_server_and_user_at_hand(
    program: Program, mortal: Served, server: Site, log_in: LogIn
) -> None:
    places = {}
    for who, url in (("bar", server.url), ("foo", server.url), ("bar", mortal.url)):
        login = log_in(who, url=url)["id"]
        unnamed = program("message", "meant for another")
        assert unnamed.code == errors.NothingAttached.exit_code
        places[login] = program("new", "x", "--json").json["code"]
    first = next(iter(places.values()))
    missed = program("show", "-S", first)
    assert missed.code == errors.NoSuchSession.exit_code
    assert f"The search was at {mortal.url} as bar; for a session on another server" in missed.err
    assert "The search was" not in program("show", "-S", first, "--server", mortal.url).err
    for login, code in places.items():
        program.good("switch", login)
        assert program("show", "--json").json["code"] == code
        assert program.good("list").count(f"*  {code}") == 1
    program.good("switch", "--own")
    assert program("show").code == errors.NothingAttached.exit_code
    # What was taken up by its URL is meant, too, wherever it is.
    program.good("resume", f"{mortal.url}/sessions/{code}/experiment")
    assert program("show", "--json").json["code"] == code
    program.good("switch", login)
    program.good("logout")
    assert program("show").code == errors.LoginGone.exit_code
    assert program("exists", code, "--server", f"foo@{server.url}").code == 1


def test_a_shell_means_its_own_last_session(program: Program, server: Site, log_in: LogIn) -> None:
    log_in("bar")
    mine = program("new", "mine", "--json").json["code"]
    assert elsewhere("show", "--json").json["code"] == mine
    elsewhere("new", "another shell's")
    assert program("show", "--json").json["code"] == mine
    program.good("remove", "--yes")
    assert program("show").code == errors.NothingAttached.exit_code


def test_a_shell_that_logged_in_is_not_moved_by_another(
    program: Program, process: Process, server: Site, log_in: LogIn
) -> None:
    log_in("bar")
    assert elsewhere("login", f"foo@{server.url}", "-w", PASSWORD).code == 0
    assert process("new", "mine", "--json").json["owner"] == "bar"


def test_the_key_is_shown_on_a_terminal_or_to_who_insists(
    program: Program, server: Site, log_in: LogIn
) -> None:
    log_in("bar")
    (login,) = logins.stored()
    refused = program("key")
    assert refused.code == errors.BadRequest.exit_code
    assert login.key not in refused.err + refused.out
    assert program.good("key", "--show") == f"{login.key}\n"
    code, shown = ended(in_terminal("key"))
    assert (code, shown.strip()) == (0, login.key)
    assert program.good("file") == f"{logins.folder() / login.id}.json\n"


def test_without_a_login_there_is_no_key_and_no_file(
    program: Program, server: Site, log_in: LogIn
) -> None:
    log_in("bar")
    program.good("logout")
    for why in ("are logged out", "no current login"):
        for typed in (["key", "--show"], ["file"], ["key"]):
            ran = program(*typed)
            assert (ran.code, ran.out) == (1, "")
            assert why in ran.err
        program.good("switch", "--own")


def test_the_key_of_a_login_that_ended_is_not_shown(
    program: Program, server: Site, log_in: LogIn
) -> None:
    import msgspec

    from jupyter_sessions.client.logins import storage

    log_in("bar")
    (login,) = logins.stored()
    LocalTransport().call(api.REVOKE_LOGIN, schemas.LoginNamed(id=login.number or 0))
    assert program("list").code == errors.LoginRevoked.exit_code
    for typed in (["key", "--show"], ["file"]):
        ran = program(*typed)
        assert (ran.code, ran.out) == (1, "")
        assert "was ended" in ran.err
    assert "current, revoked" in program.good("logins")
    assert [each["user"] for each in program("prune", "--json").json["items"]] == ["bar"]
    log_in("bar")
    (login,) = logins.stored()
    before = login.created - timedelta(days=20)
    storage.keep(msgspec.structs.replace(login, last_used=before))
    ran = program("key", "--show")
    assert (ran.code, ran.out) == (0, f"{login.key}\n")
    assert "used it too long ago" in ran.err
    (item,) = program("logins", "--json").json["items"]
    assert item["state"] == "stored"
    assert item["expires"] < datetime.now(UTC).isoformat()
    assert "used it too long ago" in item["why"]
    assert "No logins" not in program.good("prune") + program.good("logins")
    program.good("timeout")
    (item,) = program("logins", "--json").json["items"]
    assert item["why"] is None


def test_a_login_that_becomes_current_for_all_says_so_once_and_how_to_undo_it(
    program: Program, server: Site
) -> None:
    typed = ("login", f"bar@{server.url}", "-w", PASSWORD)
    said = "From now on, new shells and notebooks act as bar. To undo: `jupyter sessions switch --"
    assert said in program.good(*typed)
    assert "From now on" not in program.good(*typed)
    program.good("switch", "--own")
    assert said in program.good(*typed)


def test_who_lacks_a_role_learns_as_whom_they_act(
    program: Program, server: Site, log_in: LogIn
) -> None:
    code = LocalTransport().call(api.CREATE_SESSION, schemas.NewSession(label="foo's")).code
    grant = schemas.GrantRoles(code=code, grants=[schemas.Grant(user="bar")])
    LocalTransport().call(api.GRANT_ROLES, grant)
    log_in("bar")
    refused = program("set", "-S", code, "label", "mine")
    assert refused.code == errors.RoleMissing.exit_code
    assert f"You act as bar on {server.url}." in refused.err
    program.good("switch", "--own")
    code = program("new", "own", "--json").json["code"]
    assert "You act as" not in program("set", "-S", code, "nothing", "mine").err


# ---- ending


def test_after_a_logout_nobody_goes_on_as_somebody_else(
    program: Program, process: Process, server: Site, log_in: LogIn
) -> None:
    log_in("foo")
    log_in("bar")
    said = program.good("logout")
    assert "There is no current login now" in said
    assert "or type `switch --own --here` to use your local sessions" in said
    for typed in (["new", "whose?"], ["list", "--server", server.url], ["timeout"]):
        refused = process(*typed)
        assert refused.code == errors.LoginGone.exit_code
        assert "logged out" in refused.err
    listed = program("logins")
    assert "logged out" in listed.err
    assert "current" not in listed.out
    program.good("switch", f"foo@{server.url}", "--here")
    assert process("new", "foo's", "--json").json["owner"] == "foo"


def test_one_can_choose_ones_own_store(program: Program, server: Site, log_in: LogIn) -> None:
    log_in("bar")
    own = LocalTransport().user
    assert "own store, in this shell" in program.good("switch", "--own", "--here")
    assert program("new", "mine", "--json").json["owner"] == own
    program.good("switch", f"bar@{server.url}")
    assert program("new", "bar's", "--json").json["owner"] == "bar"
    assert program("switch", "--own", "--json").json == {"id": None, "here": False}
    assert program("new", "mine", "--json").json["owner"] == own
    assert program("switch").code == errors.BadRequest.exit_code
    assert program("switch", "bar", "--own").code == errors.BadRequest.exit_code


def test_logging_out_of_one_or_all_ends_them_on_the_server(
    program: Program, server: Site, log_in: LogIn
) -> None:
    for user in ("bar", "foo", "bar"):
        log_in(user, "-C")
    keys = [login.key for login in logins.stored()]
    program.good("logout")
    assert len(logins.stored()) == 2
    assert "2 logins removed and ended" in program.good("logout", "--all")
    for key in keys:
        assert program("login", server.url, "-k", key).code == errors.LoginRevoked.exit_code


def test_clearing_spares_the_current_login_unless_all_are_meant(
    program: Program, server: Site, log_in: LogIn
) -> None:
    for user in ("bar", "foo"):
        log_in(user)
    keys = {login.user: login.key for login in logins.stored()}
    cleared = program("clear", "--json").json
    assert [each["user"] for each in cleared["ended"]] == ["bar"]
    assert [login.user for login in logins.stored()] == ["foo"]
    refused = program("login", server.url, "-k", keys["bar"])
    assert refused.code == errors.LoginRevoked.exit_code
    program.good("clear", "--all")
    assert logins.stored() == []
    refused = program("login", server.url, "-k", keys["foo"])
    assert refused.code == errors.LoginRevoked.exit_code


def test_who_names_a_server_means_the_logins_at_that_alone(
    program: Program, mortal: Served, server: Site, log_in: LogIn
) -> None:
    kept, other = log_in("bar"), log_in("bar", url=mortal.url)
    more = log_in("foo", url=mortal.url)["id"]

    def listed(*named: str) -> set[str]:
        return {each["id"] for each in program("logins", "--json", *named).json["items"]}

    assert listed("--server", server.url) == {kept["id"]}
    assert listed("--server", f"foo@{mortal.url}") == {more}
    program.good("clear", "--all", "--server", f"foo@{mortal.url}")
    assert listed() == {kept["id"], other["id"]}
    program.good("logout", "--all", "--server", mortal.url)
    assert listed() == {kept["id"]}
    assert program("logins", "--server", "a b").code == errors.BadAddress.exit_code


def test_what_could_not_be_ended_is_said(program: Program, mortal: Served, log_in: LogIn) -> None:
    log_in("bar", url=mortal.url)
    mortal.stop()
    cleared = program("clear", "--all")
    assert cleared.code == errors.ServerUnreachable.exit_code
    assert f"The key of bar at {mortal.url} stays valid until" in cleared.out
    assert logins.stored() == []


def test_pruning_drops_the_expired_alone(program: Program, log_in: LogIn) -> None:
    import msgspec

    from jupyter_sessions.client.logins import storage

    log_in("bar")
    log_in("foo")
    (bar,) = (login for login in logins.stored() if login.user == "bar")
    storage.keep(msgspec.structs.replace(bar, expires=bar.created))
    dry = program("prune", "--dry-run", "--json").json
    assert ([each["user"] for each in dry["items"]], dry["forgotten"]) == (["bar"], False)
    assert len(logins.stored()) == 2
    assert "1 ended login removed." in program.good("prune")
    assert [login.user for login in logins.stored()] == ["foo"]


def _log_in_and_look(number: int, url: str) -> None:
    user = ("bar", "foo")[number % 2]
    mine = None
    while mine is None:
        try:
            mine = logins.log_in(url, user, PASSWORD, f"process {number}")
        except (errors.ServerSilent, errors.ServerBusy, errors.TooManyTries):
            time.sleep(0.5)  # so many at once, and a slow machine: the server has them come again
    for _ in range(3):
        logins.set_current(mine)
        seen = logins.current()
        assert seen is not None
        assert (seen.user, seen.server) == (("bar", "foo")[int(seen.label.split()[1]) % 2], url)
        assert mine in logins.stored()


def test_fifty_processes_log_in_and_switch_at_once(server: Site) -> None:
    all_at_once(_log_in_and_look, server.url)
    assert {login.label for login in logins.stored()} == {f"process {n}" for n in range(MANY)}
    assert len({login.key for login in logins.stored()}) == MANY


# ---- for others


def test_an_administrator_makes_a_login_for_someone_and_ends_it(
    program: Program, server: Site
) -> None:
    made = program("login-for", "bar", "--timeout", "60")
    assert made.code == 0
    key = made.out.strip()
    assert made.out == f"{key}\n"
    number = int(re.search(r"end-login (\d+)", made.err)[1])  # type: ignore[index]
    assert "1 h" in made.err
    joined = program("login", server.url, "-k", key, "--json").json
    assert (joined["how"], joined["user"], joined["idle_timeout"]) == ("joined", "bar", 60)
    refused = program("login-for", "foo")
    assert refused.code == errors.Forbidden.exit_code
    program.good("logout")
    program.good("switch", "--own")
    assert program("login-for", "nobody-here").code == errors.NotFound.exit_code
    made = program("login-for", "foo", "--json").json
    there = program("logins", "--there", "--json").json["items"]
    # The first of the two was ended by the one who had joined it.
    assert [(each["id"], each["user"]) for each in there if each["made_by"]] == [
        (made["login"]["id"], "foo")
    ]
    assert made["login"]["expires"] is not None
    assert made["login"]["idle_timeout"] > 0
    program.good("end-login", str(made["login"]["id"]))
    refused = program("login", server.url, "-k", made["key"])
    assert refused.code == errors.LoginRevoked.exit_code
    assert number != made["login"]["id"]


# ---- keeping alive


@pytest.fixture
def keeping(log_in: LogIn, folder: Path) -> Iterator[subprocess.Popen[str]]:
    log_in("bar")
    process = subprocess.Popen(
        [sys.executable, "-m", "jupyter_sessions", "keepalive", "-f", "1", "--json"],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    yield process
    process.kill()
    process.communicate()


def test_a_login_is_kept_alive_until_ctrl_c_also_without_a_terminal(
    keeping: subprocess.Popen[str],
) -> None:
    (login,) = logins.stored()
    before, deadline = last_used(login.number), time.monotonic() + STARTED_WITHIN
    while last_used(login.number) == before:
        assert time.monotonic() < deadline
        assert keeping.poll() is None
        time.sleep(0.1)
    keeping.send_signal(signal.SIGINT)
    out, err = keeping.communicate(timeout=STARTED_WITHIN)
    assert keeping.returncode == 0, err
    assert json.loads(out)["kept_alive"] is False
    assert "press Ctrl-C" in err


def test_keeping_alive_ends_with_the_login(keeping: subprocess.Popen[str]) -> None:
    (login,) = logins.stored()
    LocalTransport().call(api.REVOKE_LOGIN, schemas.LoginNamed(id=login.number or 0))
    keeping.wait(STARTED_WITHIN)
    assert keeping.returncode == errors.LoginRevoked.exit_code


def test_there_must_be_a_login_to_keep(program: Program) -> None:
    assert program("keepalive").code == errors.NoLogin.exit_code
    assert program("keepalive", "--stop").code == errors.BadRequest.exit_code


# ---- waiting


def test_retrying_never_takes_longer_than_was_said(process: Process) -> None:
    begin = time.monotonic()
    away = f"bar@127.0.0.1:{free_port()}"
    refused = process("login", away, "-w", "x", "--retry", "2")
    # A start of the program, and a machine with much else to do, take some seconds themselves.
    assert time.monotonic() - begin < 2 + 30
    assert refused.code == errors.ServerUnreachable.exit_code


def test_an_exit_code_says_what_was_wrong(program: Program, server: Site) -> None:
    LocalTransport().call(api.DISABLE_ACCOUNT, schemas.AccountNamed(name="foo"))

    def code(*typed: str) -> Ran:
        return program("login", *typed)

    assert code(f"bar@{server.url}", "-w", "wrong").code == errors.WrongPassword.exit_code
    disabled = code(f"foo@{server.url}", "-w", PASSWORD)
    assert disabled.code == errors.AccountDisabled.exit_code
    assert "disabled" in disabled.err
    assert code(f"foo@{server.url}", "-w", "wrong").code == errors.WrongPassword.exit_code
    LocalTransport().call(api.ENABLE_ACCOUNT, schemas.AccountNamed(name="foo"))


def test_what_needs_no_server_imports_nothing_for_one(log_in: LogIn) -> None:
    log_in("bar")
    for typed in (["key", "--show"], ["logins"], ["file"], ["prune", "--dry-run"]):
        program = (
            "import sys\nfrom jupyter_sessions.cli import shell\n"
            f"shell.run({typed!r})\n"
            "print({'httpx', 'sqlalchemy', 'IPython', 'websocket', 'tornado', 'ssl'}"
            " & set(sys.modules))"
        )
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
        assert done.stdout.splitlines()[-1] == "set()", done.stderr


# ---- one's own account


@dataclass
class Answers:
    """What is typed where a shell asks, in order; what was asked stays."""

    given: list[str]
    asked: list[str]


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Answers:
    answers = Answers([], [])

    def ask(self: shell.Shell, prompt: str, *, otherwise: str) -> str:
        answers.asked.append(prompt)
        given = answers.given.pop(0)
        if given == "CODE":
            # A code is of its own half minute, and works once.
            answers.time += 30  # type: ignore[attr-defined]
            return pyotp.TOTP(answers.secret).at(answers.time)  # type: ignore[attr-defined]
        return given

    monkeypatch.setattr(shell.Shell, "ask_password", ask)
    return answers


def test_a_user_changes_their_own_password_and_sets_up_a_second_factor(
    program: Program, server: Site, answers: Answers, monkeypatch: pytest.MonkeyPatch
) -> None:
    new, here = "a horse of another colour", f"eve@{server.url}"
    program.good("account", "add", "eve", "--password-stdin", input=PASSWORD)
    for _ in range(2):
        program.good("login", here, "-w", PASSWORD, "-C")
    answers.given = [PASSWORD, new, new]
    changed = program("password")
    assert "Your password was changed. 1 other login ended." in changed.out, changed.err
    assert changed.err.startswith("A password needs at least 8 characters"), (
        "said before it is asked"
    )
    assert program("login", here, "-w", PASSWORD, "-C").code == errors.WrongPassword.exit_code
    weak = program("password", "--password-stdin", input=f"{new}\niloveyou\n")
    assert weak.code == errors.WeakPassword.exit_code and "most common" in weak.err
    wrong = program("password", "--password-stdin", input=f"{PASSWORD}\n{new}\n")
    assert wrong.code == errors.ConfirmationFailed.exit_code

    made = {}
    call = Invocation.call

    def watched(self: Invocation, operation: Any, request: Any, content: Any = None) -> Any:
        answer = call(self, operation, request, content)
        if operation is api.SET_UP_SECOND_FACTOR:
            answers.secret, answers.time = answer.secret, int(time.time()) - 60  # type: ignore[attr-defined]
            made["uri"] = answer.uri
        return answer

    monkeypatch.setattr(Invocation, "call", watched)
    answers.given = [new, "CODE"]
    on = program("second-factor", "on")
    assert made["uri"] in on.err and len(re.findall(r"^[a-z2-7-]{29}$", on.out, re.MULTILINE)) == 10
    codes = re.findall(r"^[a-z2-7-]{29}$", on.out, re.MULTILINE)
    assert "10 recovery codes are left" in program.good("second-factor", "show")

    answers.given, answers.asked = ["000000", "CODE"], []
    again = program("login", here, "-w", new, "-C")
    assert again.code == 0 and "code is wrong" in again.err, again.err
    assert len(answers.asked) == 2 and "second factor" in answers.asked[0]
    given = program("login", here, "-w", new, "-C", "--code", codes[0])
    assert given.code == 0, given.err
    answers.given = [new, codes[1]]
    assert "is off" in program.good("second-factor", "off")
    program.good("login", here, "-w", new, "-C")

    listed = LocalTransport().call(api.LIST_AUDIT, schemas.ListAudit(user="eve"))
    kinds = {entry.kind for entry in listed.items}
    assert {"second_factor.enabled", "second_factor.removed", "account.password_changed"} <= kinds
    assert program("audit").code == errors.Forbidden.exit_code


def test_a_session_is_given_away_once_the_password_has_confirmed_it(
    program: Program, server: Site, answers: Answers
) -> None:
    program.good("login", f"bar@{server.url}", "-w", PASSWORD, "-C")
    code = program("new", "to give", "--json").json["code"]
    long_ago = datetime.now(UTC) - timedelta(minutes=11)
    LocalTransport()._dispatcher().database.write(
        lambda tx: tx.connection.execute(update(keys).values(confirmed=long_ago))
    ).result()
    answers.given = ["wrong"]
    refused = program("transfer", "foo", "-S", code)
    assert refused.code == errors.ConfirmationFailed.exit_code, refused.err
    answers.given = [PASSWORD]
    given = program("transfer", "foo", "-S", code)
    assert given.code == 0 and "confirm that it is you" in answers.asked[-1], given.err
