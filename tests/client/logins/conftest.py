from __future__ import annotations

import json
import secrets
from datetime import UTC, datetime
from typing import Any

from jupyter_sessions import errors
from jupyter_sessions.client.logins import Login, storage
from tests.client.scripted_server import Answer, Asked, ScriptedServer, login, new_login

KEY = "jses_s3cret"


def put(server: str, user: str = "ann", **attributes: Any) -> Login:
    """Put a login on the disk, as another process would have."""
    told: dict[str, Any] = {
        "id": secrets.token_hex(8),
        "server": server,
        "user": user,
        "label": "",
        "created": datetime.now(UTC),
        "expires": None,
        "stored_key": f"{KEY}-{user}-{secrets.token_hex(4)}",
    }
    return storage.keep(Login(**told | attributes))


class Accounts:
    """What a server knows: the password of ``ann`` is ``pw``; each login gets another key."""

    def __init__(self, server: ScriptedServer) -> None:
        self.server = server
        self.groups: dict[str, str | None] = {}
        self.dead: dict[str, errors.SessionsError] = {}
        self.made = 0
        server.script = self.answer

    def answer(self, asked: Asked) -> Answer | None:
        key = (asked.authorization or "").removeprefix("Bearer ")
        if asked.path in ("/login", "/login/keep", "/logout") and key in self.dead:
            return Answer.error(self.dead[key])
        if asked.method == "POST" and asked.path == "/login":
            return self._make(json.loads(asked.body))
        if asked.path in ("/login", "/login/keep"):
            return Answer(self.shown(key))
        if asked.path == "/login/timeout":
            minutes = min(json.loads(asked.body)["idle_timeout"], 1000)
            clamped = minutes == 1000
            return Answer({"login": self.shown(key, idle_timeout=minutes), "clamped": clamped})
        return Answer({}) if asked.path == "/logout" else None

    def shown(self, key: str, **more: Any) -> Any:
        user = key.split("-")[1] if "-" in key else "ann"
        number = int.from_bytes(key[-4:].encode(), "big")
        return login(user, **{"id": number, "group": self.groups.get(key)} | more)

    def _make(self, told: dict[str, Any]) -> Answer:
        if (told["user"], told["password"]) != ("ann", "pw"):
            return Answer.error(errors.WrongPassword("Wrong.", hint="Try again."))
        self.made += 1
        key = f"{KEY}-{told.get('sudo', 'ann')}-{self.made:08}"
        self.groups[key] = told.get("group")
        shown = self.shown(key)
        more = {"real_user": "ann"} if "sudo" in told else {}
        return Answer(
            new_login(
                key,
                told.get("sudo", "ann"),
                id=shown.id,
                group=told.get("group"),
                label=told.get("label", ""),
                **more,
            )
        )

    def asked(self, path: str, method: str = "") -> int:
        """Count the requests."""
        return sum(each.path == path and method in ("", each.method) for each in self.server.asked)
