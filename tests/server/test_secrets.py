"""Keys, passwords and tickets stand nowhere: not in logs, the database, blobs, events or errors."""

from __future__ import annotations

import json
import re
from pathlib import Path
from urllib.parse import quote, urlsplit

import httpx
import pytest
import websocket

from jupyter_sessions import api
from tests.server.serving import Place, address, bearer, key_for, publish, recording

CANARY = "canary-password-" + "7f3a9c"


@pytest.mark.parametrize("arguments", [("--debug",), ("--log-json",), ()], ids=" ".join)
def test_no_secret_is_found_in_any_file_after_a_workout(
    place: Place, arguments: tuple[str, ...]
) -> None:
    secrets: set[str] = {CANARY}
    told: list[str] = []
    with (
        place.serve("--SessionsExtension.guests=True", *arguments) as server,
        place.open_store() as store,
        httpx.Client(base_url=server.url) as http,
    ):
        root = key_for(store, "root")
        secrets.add(root)

        def ask(
            key: str, operation: api.Operation[object, object], /, **fields: object
        ) -> httpx.Response:
            rest = {k: v for k, v in fields.items() if k not in operation.path_fields}
            body = json.dumps(rest) if operation.method != "GET" else None
            params = {k: str(v) for k, v in rest.items()} if operation.method == "GET" else None
            return http.request(
                operation.method, address(operation, fields), content=body, params=params,
                headers=bearer(key) if key else {},
            )  # fmt: skip

        ask(root, api.ADD_ACCOUNT, name="foo", password=CANARY)
        login = ask("", api.LOG_IN, user="foo", password=CANARY, label="x").json()["key"]
        secrets.add(login)
        told.append(ask("", api.LOG_IN, user="foo", password=CANARY + "wrong").text)
        told.append(ask("", api.LOG_IN, user=CANARY, password=CANARY, label="\x00").text)
        told.append(ask("", api.LOG_IN, user="foo", password=CANARY, nonsense=CANARY).text)
        told.append(ask(root, api.ADD_ACCOUNT, name="foo", password=CANARY).text)
        told.append(ask(root, api.ADD_ACCOUNT, name=CANARY[:3] + "/", password=CANARY).text)
        told.append(ask(login + "x", api.WHO_AM_I).text)
        code = store.new().code
        store.grant(code, "foo", "admin")
        publish(store, code, "a/x.html", b"<b>", by="root")
        ask(login, api.RECORD_COMMANDS, code=code, commands=[recording("x")])
        told.append(ask(login, api.LIST_EVENTS, code=code).text)
        told.append(ask(login, api.GET_COMMAND, code=code, number=10**17).text)
        # One-time ways in, by the page, by mistake, and by the API; browsers send where they were.
        for path in ("/sessions/enter", "/sessions/enter/", "/sessions/nowhere", "/sessions/login"):
            ticket = ask(login, api.MAKE_TICKET).json()["ticket"]
            secrets.add(ticket)
            link = f"{path}?ticket={ticket}"
            http.get(link)
            http.get(f"/sessions/login?next={quote(link)}")
            data = {"ticket": ticket, "_xsrf": http.cookies["_xsrf"]}
            referer = {"Referer": server.url + link}
            http.post("/sessions/enter", data={"ticket": ticket}, headers=referer)  # refused
            http.post("/sessions/enter", data=data | {"ticket": "wrong"}, headers=referer)
            entered = http.post("/sessions/enter", data=data, headers=referer)
            assert entered.status_code == 303
            http.post("/sessions/enter", data=data, headers=referer)
            told.append(ask("", api.LOG_IN_WITH_TICKET, ticket=ticket).text)
            told.append(ask("", api.LOG_IN_WITH_TICKET, ticket=ticket * 9).text)
        cookie = http.cookies[f"jupyter-sessions-{server.port}"]
        secrets.add(cookie)
        # Capability URLs: seen, failing, and as what others were led from.
        for what in ({"path": "a/x.html"}, {"command": 1}):
            url = ask(login, api.CREATE_CAPABILITY_URL, code=code, **what).json()["url"]
            token = urlsplit(url).path.split("/")[3]
            secrets.add(token)
            for tail in ("", "0", "nothing", "%2e%2e/x", "?preview=1"):
                http.get(url + tail, headers={"Referer": url})
            http.get(f"/sessions/w/{token}")
            http.get(f"/sessions/w/{token}?{token}")
            http.post(url, headers={"Referer": url})
            http.get("/sessions/nowhere", headers={"Referer": url})
            http.get("/sessions/api/nowhere", headers={"Referer": url})
        http.cookies.delete(f"jupyter-sessions-{server.port}")
        # Invitations: looked at, used, by mistake in an address, and used up.
        invitation = ask(login, api.INVITE, code=code, uses=2, name="x").json()["key"]
        secrets.add(invitation)
        told.append(ask(login, api.LIST_INVITATIONS, code=code).text)
        told.append(ask("", api.LOOK_AT_INVITATION, key=invitation).text)
        guest = ask("", api.ENTER_AS_GUEST, key=invitation, name="gail").json()["login"]["key"]
        secrets.add(guest)
        told.append(ask("", api.ENTER_AS_GUEST, key=invitation, name="gail").text)
        told.append(ask("", api.ENTER_AS_GUEST, key=invitation, name="\x00").text)
        told.append(ask(root, api.JOIN, key=invitation).text)
        data = {"key": invitation, "way": "guest", "name": "hal", "_xsrf": http.cookies["_xsrf"]}
        http.get(f"/sessions/join?key={invitation}")
        http.post(f"/sessions/join?key={invitation}", data=data | {"name": "foo"})
        joined = http.post(
            "/sessions/join", data=data, headers={"Referer": server.url + "/?k=" + invitation}
        )
        assert joined.status_code == 303
        secrets.add(http.cookies[f"jupyter-sessions-{server.port}"])
        for key in (invitation, invitation[:-1]):
            told.append(ask(guest, api.JOIN, key=key).text)
            told.append(ask("", api.ENTER_AS_GUEST, key=key, name="ida").text)
        told.append(ask(login, api.LIST_EVENTS, code=code).text)
        told.append(ask(root, api.WHO).text)
        http.cookies.delete(f"jupyter-sessions-{server.port}")
        # Keys where they don't belong.
        spelled = "".join(f"%{ord(letter):02x}" for letter in login)
        for typed in (login, login.replace("_", "%5F"), spelled):
            for path in ("/", "/sessions/", "/sessions/api/sessions/", "/sessions/w/x/", "/api/"):
                http.get(path + typed, headers={"Referer": server.url + path + typed})
        told.append(ask("", api.LOG_IN, user=login, password="wrong").text)
        http.get("/sessions/api/sessions", params={"token": login})
        http.get("/sessions/api/sessions", params={"search": login})
        http.get(
            "/sessions/", params={"key": login}, headers={"Referer": f"{server.url}/?k={login}"}
        )
        live = f"ws://127.0.0.1:{server.port}" + address(api.FOLLOW_EVENTS, {"code": code})
        follower = websocket.create_connection(f"{live}?after=0", header=bearer(login), timeout=30)
        follower.recv()
        ask(login, api.LOG_OUT)
        follower.shutdown()
        with pytest.raises(websocket.WebSocketBadStatusException):
            websocket.create_connection(live, header=bearer(login), timeout=30)
        ask(root, api.SET_PASSWORD, name="foo", password=CANARY + "2")
        assert server.stop() == 0
        log = server.log.read_text()
    assert "/sessions/w/[secret]/" in log
    assert not [
        answer for answer in told if CANARY in answer or re.search("jtik_|jinv_|jses_", answer)
    ]
    assert "Traceback" not in log
    assert _found(place.folder, secrets) == {}


def _found(folder: Path, secrets: set[str]) -> dict[str, list[str]]:
    """Return in which files which secrets stand."""
    assert len(secrets) > 8
    anything = re.compile("|".join(map(re.escape, secrets)).encode())
    hits = {}
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert any(path.name.startswith("sessions.db") for path in files)
    for path in files:
        found = {hit.decode() for hit in anything.findall(path.read_bytes())}
        if found:
            hits[str(path.relative_to(folder))] = sorted(found)
    return hits


def test_what_is_kept_is_for_its_owners_eyes_alone(place: Place) -> None:
    with place.serve() as server, place.open_store() as store:
        publish(store, store.new().code, "x", b"x" * 100, by="root")
        assert server.is_up()
        for path in (place.store, *place.store.rglob("*")):
            if path.is_dir() and path.parent in {place.store, place.store.parent}:
                assert path.stat().st_mode & 0o077 == 0, path
            if path.name.startswith("sessions.db") or path.suffix == ".json":
                assert path.stat().st_mode & 0o077 == 0, path
