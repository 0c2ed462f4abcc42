"""Schemas for presence: who is connected."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta

from jupyter_sessions.schemas.fields import Answer, Code, Label, PresenceKind, Request


class Presence(Answer):
    """A connected user: a page or kernel that has a session open, or a login in use.

    `last_act` is when they last ran a command in the session or used the login. `mine` marks the
    caller's own entries. Details that the caller may not see are empty.
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
    """The connected users, longest connected first; `more` tells that some are not listed."""

    here: list[Presence]
    more: bool = False


class KeepPresence(Request):
    """Report that a client has the session open; expires unless repeated within two minutes.

    `client` is any string that identifies the client among the user's clients.
    """

    code: Code
    client: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{1,64}\Z")]
    kind: Literal["kernel", "program"] = "program"
    agent: Label = ""


class EndPresence(Request):
    """Report that a client no longer has the session open."""

    code: Code
    client: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{1,64}\Z")]
