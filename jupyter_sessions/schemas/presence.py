"""Who is connected."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta

from jupyter_sessions.schemas.fields import Answer, Code, Label, PresenceKind, Request


class Presence(Answer):
    """Someone who is connected: a page or a kernel that has a session open, or a login in use.

    `last_act` is when they last ran a command in the session, or used the login. `mine` marks the
    asker's own. What does not concern the asker is empty.
    """

    user: str
    real_user: str | None
    guest: bool
    group: str | None
    session: str | None
    kind: PresenceKind
    agent: str
    since: datetime
    last_act: datetime | None
    mine: bool


class Present(Answer):
    """Who is connected, the longest first; `more` tells that there were too many to name."""

    here: list[Presence]
    more: bool = False


class KeepPresence(Request):
    """That a client has the session open; to be said again within two minutes, or it lapses.

    `client` is any string that names it among the user's clients.
    """

    code: Code
    client: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{1,64}\Z")]
    kind: Literal["kernel", "program"] = "program"
    agent: Label = ""


class EndPresence(Request):
    """That a client has the session open no more."""

    code: Code
    client: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{1,64}\Z")]
