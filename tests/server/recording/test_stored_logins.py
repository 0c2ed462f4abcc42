"""The stored logins of the one who runs a Jupyter server, shown and used by that server."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.conftest import PASSWORD
from tests.server.recording.jupyter import Jupyter

ROUTE = "/sessions/api/stored-logins"


def store_login(jupyter: Jupyter, id_: str, server: str, key: str, **more: Any) -> Path:
    """Store a login where the server's user has theirs, and return its file."""
    folder = jupyter.place.store / "logins"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    now = datetime.now(UTC).isoformat()
    login = {"id": id_, "server": server, "user": "bar", "key": key, "label": "", "created": now}
    file = folder / f"{id_}.json"
    file.write_text(json.dumps(login | {"expires": None} | more))
    file.chmod(0o600)
    return file


def test_they_are_listed_without_their_keys_and_open_a_way_in_as_whom_they_stand_for(
    jupyter: Jupyter,
) -> None:
    account = {"name": "bar", "password": PASSWORD}
    jupyter.ask("POST", "/sessions/api/accounts", json=account)
    made = {"user": "bar", "password": PASSWORD}
    key = jupyter.ask("POST", "/sessions/api/login", json=made, headers={})["key"]
    store_login(jupyter, "c1", jupyter.server.url, key)
    past = "2020-01-01T00:00:00Z"
    store_login(
        jupyter, "b1", "https://sessions.example", "jses_of-elsewhere", expires=past, created=past
    )
    listed = jupyter.ask("GET", f"{ROUTE}?limit=1")
    (here,) = listed["items"]
    assert (here["id"], here["user"], here["here"], here["state"]) == ("c1", "bar", True, "stored")
    (elsewhere,) = jupyter.ask("GET", f"{ROUTE}?after={listed['next']}")["items"]
    assert (elsewhere["id"], elsewhere["here"], elsewhere["state"]) == ("b1", False, "expired")
    assert "jses_" not in str(listed) + str(elsewhere)

    link = jupyter.ask("POST", f"{ROUTE}/c1/link", json={})
    assert link["url"].startswith(f"{jupyter.server.url}/sessions/enter?")
    asked = {"ticket": link["ticket"]}
    entered = jupyter.ask("POST", "/sessions/api/login/ticket", json=asked, headers={})
    assert entered["user"] == "bar"
    assert jupyter.ask("POST", f"{ROUTE}/gone/link", 404, json={})["code"] == "not_found"
    assert jupyter.ask("POST", f"{ROUTE}/..%2Fc1/link", None, json={})["code"] != "internal_error"


def test_they_are_for_the_one_who_runs_the_server_alone(people: Jupyter) -> None:
    anna = people.as_user("anna")
    store_login(people, "c1", people.server.url, "jses_of-the-one-who-runs-it")
    assert anna.ask("GET", ROUTE, 403)["code"] == "forbidden"
    assert anna.ask("POST", f"{ROUTE}/c1/link", 403, json={})["code"] == "forbidden"
    assert people.ask("GET", ROUTE, 401, headers={})["code"] == "not_signed_in"
