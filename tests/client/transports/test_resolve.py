from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from jupyter_sessions import api, errors, paths, schemas
from jupyter_sessions.client import local_servers, logins
from jupyter_sessions.client.transports import resolve
from tests.client.scripted_server import Answer, ScriptedServer

CODE = "1234567890123456789012"


def _store(server: str, user: str = "ann", *, current: bool = False) -> logins.Login:
    login = logins.Login(
        id=f"{len(list(logins.folder().iterdir())):016x}",
        server=server,
        user=user,
        stored_key=f"key-of-{user}",
        label="",
        created=datetime.now(UTC),
        expires=None,
    )
    (logins.folder() / f"{login.id}.json").write_bytes(msgspec.json.encode(login))
    if current:
        logins.set_current(login)
    return login


def _run(url: str, *, pid: int | None = None, database: str | None = None) -> None:
    told = {
        "url": url,
        "pid": os.getpid() if pid is None else pid,
        "database": paths.own_database() if database is None else database,
    }
    file = paths.make_private_folder("servers") / f"{len(url)}.json"
    file.write_text(json.dumps(told))


def _dead() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def _taken(server: str | None = None) -> tuple[str | None, str]:
    transport = resolve.transport(server)
    return transport.server, transport.user


def _own() -> tuple[None, str]:
    return None, resolve.in_process().user


def test_with_nothing_named_the_operations_run_in_process() -> None:
    assert _taken() == _own()


def test_the_argument_goes_before_the_environment_and_that_before_the_current_login(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _store("https://current", current=True)
    _store("https://environment")
    _store("https://argument")
    assert _taken() == ("https://current", "ann")
    monkeypatch.setenv("JUPYTER_SESSIONS_URL", "https://environment/")
    assert _taken() == ("https://environment", "ann")
    assert _taken("argument") == ("https://argument", "ann")
    assert _taken(f"https://argument/sessions/{CODE}/experiment") == ("https://argument", "ann")


def test_an_address_may_say_as_whom(monkeypatch: pytest.MonkeyPatch) -> None:
    _store("https://h", "ann", current=True)
    _store("https://h", "bob")
    assert _taken("bob@h") == ("https://h", "bob")
    assert _taken("h") == ("https://h", "ann")
    with pytest.raises(errors.NoLogin, match="cy@https://h"):
        resolve.transport("cy@h")


def test_a_server_without_a_login_is_refused_with_the_line_to_type(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(errors.NoLogin) as caught:
        resolve.transport("h:8888")
    assert "%session login https://h:8888`" in caught.value.hint
    assert "jupyter sessions login https://h:8888`" in caught.value.hint
    monkeypatch.setenv("JUPYTER_SESSIONS_URL", "https://other")
    with pytest.raises(errors.NoLogin, match="https://other"):
        resolve.transport()


def test_a_session_url_of_another_server_fetches_nothing_without_a_login(
    server: ScriptedServer,
) -> None:
    _store("https://h", current=True)
    with pytest.raises(errors.NoLogin) as caught:
        resolve.transport_for(f"{server.url}/sessions/{CODE}/experiment")
    assert f"%session login {server.url}`" in caught.value.hint
    assert server.asked == []


def test_a_session_url_is_asked_for_with_the_key_of_its_own_server(server: ScriptedServer) -> None:
    _store("https://h", "eve", current=True)
    _store(server.url)
    server.script = lambda asked: Answer({"exists": True})
    transport = resolve.transport_for(f"{server.url}/sessions/{CODE}/experiment")
    assert transport.call(api.SESSION_EXISTS, schemas.SessionNamed(code=CODE)).exists
    assert server.asked[0].authorization == "Bearer key-of-ann"
    transport.close()


def test_a_code_alone_is_looked_for_where_one_is() -> None:
    assert resolve.transport_for(CODE).server is None
    _store("https://h", current=True)
    assert resolve.transport_for(CODE).server == "https://h"


@pytest.mark.parametrize(
    "url", ["http://localhost:8888/base/", "http://127.0.0.1:8888/base", "http://[::1]:8888/base"]
)
def test_a_url_of_a_server_on_ones_own_store_is_served_in_process(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _run("http://127.0.0.1:8888/base/")
    session = f"{url.rstrip('/')}/sessions/{CODE}/experiment"
    assert resolve.transport_for(session).server is None
    monkeypatch.setenv("JUPYTER_SESSIONS_URL", url)
    assert _taken() == _own()


def test_who_logged_in_to_a_server_on_ones_own_store_is_that_user_there() -> None:
    _run("http://127.0.0.1:8888")
    _store("http://127.0.0.1:8888", "bob")
    assert _taken("127.0.0.1:8888") == ("http://127.0.0.1:8888", "bob")


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:8889", "https://127.0.0.1:8888", "http://127.0.0.1:8888/x", "http://h"],
)
def test_another_server_is_not_taken_for_ones_own(url: str) -> None:
    _run("http://127.0.0.1:8888")
    with pytest.raises(errors.NoLogin):
        resolve.transport(url)


def test_servers_that_ended_or_serve_another_store_or_are_no_json_do_not_count() -> None:
    _run("http://127.0.0.1:1", pid=_dead())
    _run("http://127.0.0.1:22", database="postgresql://elsewhere/db")
    _run("http://127.0.0.1:333", pid=10**30)
    _run("http://127.0.0.1:4444", pid=-1)
    (paths.make_private_folder("servers") / "broken.json").write_bytes(b"\xff")
    for port in (1, 22, 333, 4444):
        with pytest.raises(errors.NoLogin):
            resolve.transport(f"127.0.0.1:{port}")
    assert [server.url for server in local_servers.own_servers()] == ["http://127.0.0.1:22"]


def test_a_key_that_ran_out_is_taken_from_the_newest_login(server: ScriptedServer) -> None:
    _store(server.url, current=True)
    server.script = lambda asked: (
        Answer({"exists": True})
        if asked.authorization == "Bearer key-of-ann2"
        else Answer.error(errors.NotLoggedIn("Expired.", hint="."))
    )
    transport = resolve.transport()
    with pytest.raises(errors.NotLoggedIn):
        transport.call(api.SESSION_EXISTS, schemas.SessionNamed(code=CODE))
    newer = msgspec.structs.replace(_store(server.url), stored_key="key-of-ann2")
    (logins.folder() / f"{newer.id}.json").write_bytes(msgspec.json.encode(newer))
    logins.set_current(newer)
    assert transport.call(api.SESSION_EXISTS, schemas.SessionNamed(code=CODE)).exists
    transport.close()


def test_the_client_is_imported_without_what_it_does_not_need_yet() -> None:
    client = Path(resolve.__file__).parents[1]
    modules = [
        "jupyter_sessions." + ".".join(file.relative_to(client.parent).with_suffix("").parts)
        for folder in (client, client / "transports", client / "outbox")
        for file in folder.glob("[a-z]*.py")
    ]
    modules.remove("jupyter_sessions.client.transports.local")
    code = (
        f"import sys, {', '.join(modules)}\n"
        "print({'httpx', 'sqlalchemy', 'websocket', 'filelock', 'IPython', 'tornado'}"
        " & set(sys.modules))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "set()"
