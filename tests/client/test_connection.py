"""The Python API: against a served store on each database, and in process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine, update

from jupyter_sessions import Connection, api, connect, errors, paths, schemas
from jupyter_sessions.client import logins
from jupyter_sessions.client.session import Session
from jupyter_sessions.client.transports.http import HttpTransport
from jupyter_sessions.client.transports.local import LocalTransport
from jupyter_sessions.store import tables
from tests.client.test_with_the_server import serving
from tests.conftest import PASSWORD, new_postgresql_database
from tests.ports import free_port
from tests.waiting import until

HOSTILE = "a/../b 'ü\" <b>%0A?#&é.txt"


@contextmanager
def served(folder: Path, database: str | None) -> Iterator[tuple[str, str]]:
    """Serve a store with the accounts ``ann`` and ``bar``; give its address and database."""
    port = free_port()
    with ExitStack() as stack:
        with pytest.MonkeyPatch.context() as patch:
            for name in ("DATA", "CONFIG", "RUNTIME"):
                patch.setenv(f"JUPYTER_{name}_DIR", str(folder / name.lower()))
            if database is not None:
                patch.setenv(paths.DATABASE_VARIABLE, database)
            database = paths.own_database()
            stack.enter_context(serving(port))
            for name in ("ann", "bar"):
                LocalTransport().call(
                    api.ADD_ACCOUNT, schemas.NewAccount(name=name, password=PASSWORD)
                )
        yield f"http://127.0.0.1:{port}", database


@pytest.fixture(scope="module")
def on_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    with served(tmp_path_factory.mktemp("served"), None) as place:
        yield place


@pytest.fixture(scope="module")
def on_postgresql(
    postgresql: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, str]]:
    folder = tmp_path_factory.mktemp("served")
    with new_postgresql_database(postgresql) as database, served(folder, database) as place:
        yield place


@pytest.fixture(params=["on_sqlite", "on_postgresql"])
def place(request: pytest.FixtureRequest) -> tuple[str, str]:
    found: tuple[str, str] = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def url(place: tuple[str, str]) -> str:
    return place[0]


def key_for(url: str, user: str, **wanted: int) -> str:
    http = HttpTransport(url)
    try:
        return http.call(api.LOG_IN, schemas.LogIn(user=user, password=PASSWORD, **wanted)).key
    finally:
        http.close()


@pytest.fixture
def ann(url: str) -> Iterator[Connection]:
    with connect(url, key=key_for(url, "ann")) as connection:
        yield connection


@pytest.fixture(params=["on_sqlite", "on_postgresql", "in process"])
def anyway(request: pytest.FixtureRequest) -> Iterator[Connection]:
    url = key = None
    if request.param != "in process":
        url, _ = request.getfixturevalue(request.param)
        key = key_for(url, "ann")
    with connect(url, key=key) as connection:
        yield connection


def test_a_script_works_in_a_session(anyway: Connection, tmp_path: Path) -> None:
    session = anyway.new("Trial", description="A first one", idle_timeout=60)
    assert anyway.session(session.code).attributes == session.refresh()
    first = session.record("rain = load()", "it rained\n", started=datetime.now(UTC))
    assert session.record("again", "one", id="mine") == 2
    before = session.command(2)
    assert session.record("again", "two", id="mine") == 2
    assert session.record("again", id="mine", status="error") == 2
    assert session.command(2) == before
    assert [each.number for each in session.history(search="rain")] == [first]
    assert session.command(first).response.outputs == [
        schemas.Stream(name="stdout", text="it rained\n")
    ]
    file = tmp_path / "notes.txt"
    file.write_text("It rained.")
    assert session.publish(file, command=first).command == first
    assert session.publish({"best": 0.93}, as_="results/scores").path == "results/scores.json"
    assert session.get("notes.txt") == b"It rained."
    assert session.file("notes.txt").size == 10
    assert session.view(path="notes.txt").url if anyway.server else True
    folder = tmp_path / "folder"
    (folder / "in").mkdir(parents=True)
    (folder / "in" / "a.csv").write_text("a\n1\n")
    assert [each.path for each in session.publish_folder(folder)] == ["folder/in/a.csv"]
    assert {each.path for each in session.files(deep=True)} == {
        "notes.txt", "results/scores.json", "folder/in/a.csv",
    }  # fmt: skip
    assert session.download("folder", tmp_path / "got") == [tmp_path / "got" / "in" / "a.csv"]
    with pytest.raises(errors.Conflict):
        session.download("notes.txt", file)
    assert session.download("notes.txt", file, replace=True) == [file]
    assert session.unpublish("folder") == ["folder/in/a.csv"]
    assert session.describe(message="Look").message == "Look"
    assert session.set_timeouts(lifetime=600).idle_timeout == 60
    assert session.set_timeouts(idle_timeout=None).lifetime == 600
    assert session.forget(first).forgotten
    assert [each.kind for each in session.events(order="newest")][-1] == "session.created"
    assert session.code in {each.code for each in anyway.sessions("mine", search="Trial")}
    assert [each.owner for each in session.members()] == [True]
    assert session.disable().state == "disabled"
    assert session.enable().state == "active"
    assert session.close().state == "closed"
    assert session.remove().state == "removed"
    assert session.attributes.state == "removed"
    assert session.restore().state == "closed"


def test_the_history_is_an_iterator_over_all_pages(anyway: Connection) -> None:
    session = anyway.new()
    for number in range(105):
        session.record(f"step({number})")
    assert [each.number for each in session.history()] == list(range(105, 0, -1))
    one = session.history(order="oldest", since=datetime(2020, 1, 1))  # local time
    assert next(one).number == 1


def test_the_scratch_space_is_a_mapping(anyway: Connection) -> None:
    scratch = anyway.new().scratch
    scratch.update({"a": {"b": [1, None]}, "c": "text"})
    assert scratch == {"a": {"b": [1, None]}, "c": "text"}
    assert len(scratch) == 2
    assert not [name for name in ("none", "", 3) if name in scratch]
    with pytest.raises(KeyError):
        scratch["none"]
    with pytest.raises(KeyError):
        del scratch["none"]
    del scratch["a"]
    assert list(scratch) == ["c"]
    for none in (float("nan"), object(), {1, 2}):
        with pytest.raises(errors.BadRequest):
            scratch["no JSON"] = [none]
    assert list(scratch) == ["c"]


@pytest.mark.parametrize("name", ["ü \"<b>'", "a%0Ab?#&", "..x", "日本"])
def test_names_of_any_kind_come_back_as_they_went(anyway: Connection, name: str) -> None:
    session = anyway.new(name)
    assert session.label == name
    session.scratch[name] = name
    assert session.scratch[name] == name
    session.publish("text", as_=f"{name}/{name}.txt")
    assert session.get(f"{name}/{name}.txt") == b"text"


def test_a_name_that_leads_out_is_refused(anyway: Connection) -> None:
    session = anyway.new()
    with pytest.raises(errors.BadRequest):
        session.publish("text", as_=HOSTILE)
    assert list(session.files()) == []


def test_a_script_is_warned_of_what_a_file_leaves_out(anyway: Connection, tmp_path: Path) -> None:
    session = anyway.new("warned")
    with pytest.warns(UserWarning, match=r"years\.json: JSON keys are text"):
        session.publish({2026: 1}, as_="years.json")
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "a.txt").write_text("a")
    (folder / os.fsdecode(b"caf\xe9.txt")).write_text("b")
    with pytest.warns(UserWarning, match=r"not UTF-8.*caf\\xe9\.txt"):
        assert [each.path for each in session.publish_folder(folder)] == ["folder/a.txt"]


def test_a_text_that_may_be_a_file_is_not_published(anyway: Connection, tmp_path: Path) -> None:
    session = anyway.new()
    file = tmp_path / "report.html"
    file.write_text("<p>")
    for what, as_ in ((str(file), "report.html"), ("report.html", None), ({}, None), ({}, "a/")):
        with pytest.raises(errors.BadRequest):
            session.publish(what, as_)
    with pytest.raises(errors.BadRequest, match="folder"):
        session.publish(tmp_path)
    with pytest.raises(errors.NotFound):
        session.publish(tmp_path / "none")
    assert list(session.files()) == []


def test_two_clients_share_a_session(ann: Connection, url: str) -> None:
    session = ann.new("ours")
    with connect(url, key=key_for(url, "bar")) as bar:
        with pytest.raises(errors.NoSuchSession):
            bar.session(session.code)
        assert not bar.exists(session.code)
        session.grant(["bar"], "write", "execute")
        theirs = bar.resume(f"{url}/sessions/{session.code}/experiment")
        until(lambda: {each.user for each in session.who()} >= {"bar"})
        events = session.follow()
        number = theirs.record("theirs")
        assert next(event for event in events if event.command).command.user == "bar"
        assert session.command(number).summary.source == "theirs"
        with pytest.raises(errors.RoleMissing):
            theirs.grant("ann")
        session.revoke("bar")
        with pytest.raises(errors.NoSuchSession):
            theirs.refresh()
        invitation = session.invite("read")
        assert bar.join(invitation.key).code == session.code
        assert [each.used for each in session.invitations()] == [1]
        assert session.uninvite(invitation.invitation.id).state == "revoked"
        assert session.transfer("bar").owner == "bar"


def test_a_stored_login_is_found_and_a_wrong_one_told(url: str) -> None:
    with pytest.raises(errors.NoLogin):
        connect(f"bar@{url}")
    logins.log_in(url, "bar", PASSWORD)
    with connect(f"bar@{url}") as stored, connect() as current:
        assert (stored.user, current.user, stored.server) == ("bar", "bar", url)
        with pytest.raises(errors.BadReference, match="another"):
            stored.session("https://another.example/sessions/1234567890123456789012/experiment")
    with pytest.raises(errors.BadRequest, match="does not belong to ann, but to bar"):
        connect(f"ann@{url}", key=key_for(url, "bar"))
    stale = key_for(url, "bar")
    with connect(url, key=stale) as connection:
        connection.call(api.LOG_OUT, schemas.Nothing())
    with pytest.raises(errors.LoginRevoked):
        connect(url, key=stale)
    for key in ("no key", "truncated"):
        with pytest.raises(
            errors.LoginUnknown, match=f"The key does not belong to any login on {url}"
        ):
            connect(url, key=key)
    assert len(logins.stored()) == 1


def test_a_key_without_a_server_is_not_sent_anywhere() -> None:
    with pytest.raises(errors.BadRequest, match="which server"):
        connect(key="any")


def test_a_login_whose_idle_time_ran_out_is_told(place: tuple[str, str]) -> None:
    url, database = place
    connection = connect(url, key=key_for(url, "ann", idle_timeout=5))
    assert not connection.has_keep_alive
    _let_pass(database, connection.login.id, minutes=6)
    with pytest.raises(errors.LoginExpired):
        connection.new()
    connection.close()


def _let_pass(database: str, login: int | None, **time: float) -> None:
    engine = create_engine(database, **_driver(database))
    with engine.begin() as write:
        earlier = datetime.now(UTC) - timedelta(**time)
        named = tables.keys.c.id == login
        write.execute(update(tables.keys).where(named).values(last_used=earlier))
    engine.dispose()


def _driver(database: str) -> dict[str, object]:
    if not database.startswith("sqlite"):
        return {}
    import pysqlite3

    return {"module": pysqlite3}


_HOLDS_THE_LOCK = """
import ctypes, sys
from jupyter_sessions import connect
with connect() as connection:
    print(connection._keep_alive._process.pid, flush=True)
    # Python's own lock is held for all that time: no other thread of this process runs.
    ctypes.PyDLL(None).sleep(600)
"""


def test_a_login_is_kept_alive_through_a_computation_that_holds_the_lock(
    place: tuple[str, str],
) -> None:
    url, database = place
    login = logins.create(logins.Wanted(server=url, user="ann", idle_timeout=1), PASSWORD).login
    logins.set_current(login)
    script = subprocess.Popen(
        [sys.executable, "-c", _HOLDS_THE_LOCK], stdout=subprocess.PIPE, text=True
    )
    assert script.stdout is not None
    keeper = int(script.stdout.readline())
    try:
        _let_pass(database, login.number, seconds=20)
        before = datetime.now(UTC)
        http = HttpTransport(url, login.key)
        until(lambda: (http.call(api.CHECK_LOGIN, schemas.Nothing()).last_used or before) > before)
        http.close()
    finally:
        script.send_signal(signal.SIGKILL)
        script.wait()
        script.stdout.close()
    until(lambda: not _runs(keeper))


def _used(http: HttpTransport) -> datetime:
    used = http.call(api.CHECK_LOGIN, schemas.Nothing()).last_used
    assert used is not None
    return used


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_nothing_is_kept_alive_after_the_end(url: str) -> None:
    key = key_for(url, "ann")
    with connect(url, key=key) as connection:
        assert connection.has_keep_alive
        shown = repr(connection)
    assert "ann" in shown and key not in shown
    assert not connection.has_keep_alive


def test_every_operation_in_a_session_has_its_method() -> None:
    client = Path(paths.__file__).parent / "client"
    sources = [(client / f"{name}.py").read_text() for name in ("session", "connection")]
    named = {name for name in vars(api) if any(f"api.{name}" in source for source in sources)}
    inside = {name for name, value in vars(api).items() if getattr(value, "in_session", False)}
    # These are reached through the transport's own methods, or told by themselves.
    by_themselves = {"DOWNLOAD_FILE", "FOLLOW_EVENTS", "KEEP_PRESENCE", "END_PRESENCE"}
    assert inside - by_themselves <= named


_TYPED = """
from pathlib import Path
from jupyter_sessions import Connection, Session, connect

def work(connection: Connection) -> Session:
    session = connection.new("Typed")
    session.scratch["a"] = 1
    reveal_type(session.get("a"))
    reveal_type([each.user for each in session.history(status="error")])
    reveal_type(session.publish(Path("a")))
    reveal_type(connection.login.user)
    return session

with connect("bar@host") as connection:
    reveal_type(work(connection))
"""


def test_a_users_script_is_checked_by_mypy(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(_TYPED)
    cache = ["--cache-dir", str(tmp_path / "cache")]
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", *cache, str(script)],
        cwd=tmp_path, capture_output=True, text=True, env=os.environ | {"MYPYPATH": ""},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    revealed = [line.partition("Revealed type is ")[2] for line in done.stdout.splitlines()[:5]]
    assert [each.strip('"').replace("builtins.", "") for each in revealed] == [
        "bytes", "list[str]", "jupyter_sessions.schemas.webspace.File", "str",
        "jupyter_sessions.client.session.Session",
    ]  # fmt: skip


def test_what_is_closed_works_no_more_and_says_so(url: str) -> None:
    closed = []
    for opened in (connect(url, key=key_for(url, "ann")), connect()):
        with opened as connection:
            closed.append((connection, connection.new("Weather")))
        connection.close()  # once more is no harm
    uses: list[Callable[[Connection, Session], object]] = [
        lambda connection, _: connection.new("more"),
        lambda connection, session: connection.session(session.code),
        lambda connection, _: connection.__enter__(),
        lambda _, session: next(iter(session.follow())),
        lambda _, session: session.describe(label="other"),
    ]
    for connection, session in closed:
        for use in uses:
            with pytest.raises(errors.ConnectionClosed, match="closed"):
                use(connection, session)
        assert not connection.has_keep_alive
