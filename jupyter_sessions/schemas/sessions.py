"""Sessions, and what is asked about them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from jupyter_sessions.schemas.fields import (
    Answer,
    Code,
    Cursor,
    Description,
    Label,
    Message,
    Minutes,
    PageSize,
    Request,
    RoleName,
    SearchText,
    State,
    UserName,
)


class Session(Answer):
    """One experiment, as its members see it.

    `roles` are the asking member's own and those that groups give them; `group` is the one that
    it was made in. `url` is None where no server shows this store. `message`
    is for whatever its members want said on it, `agent` the name of the program that works in it.
    `last_command` is the source of the newest command that does more than manage sessions, cut to
    200 characters.
    """

    code: str
    url: str | None
    label: str
    description: str
    message: str
    agent: str
    owner: str
    group: str | None
    roles: list[RoleName]
    state: State
    default: bool
    created: datetime
    last_used: datetime
    commands: int
    last_command: str
    events: int
    members: int
    idle_timeout: int | None
    lifetime: int | None
    closes: datetime | None
    removed: datetime | None
    purged: datetime | None


class NewSession(Request):
    """What is told of a session when it is made."""

    label: Label = ""
    description: Description = ""
    idle_timeout: Minutes | None = None
    lifetime: Minutes | None = None


class SessionNamed(Request):
    """A request that needs nothing but the session's code."""

    code: Code


class ListSessions(Request):
    """Which of my sessions to list, newest use first."""

    which: Literal["all", "mine", "shared", "removed"] = "all"
    search: SearchText = ""
    limit: PageSize = 100
    after: Cursor | None = None


class UpdateSession(Request):
    """New words for a session; what is left out stays."""

    code: Code
    label: Label | UnsetType = UNSET
    description: Description | UnsetType = UNSET
    message: Message | UnsetType = UNSET
    agent: Label | UnsetType = UNSET


class SetSessionTimeouts(Request):
    """New time-outs for a session, in minutes; what is left out stays, null takes it away."""

    code: Code
    idle_timeout: Minutes | UnsetType | None = UNSET
    lifetime: Minutes | UnsetType | None = UNSET


class TransferSession(Request):
    """Who is to own the session from now on; the old owner stays as an admin."""

    code: Code
    user: UserName


class Existence(Answer):
    """Whether the caller has a role in a session of that code."""

    exists: bool


class ResumeSession(Request):
    """Take up a session: the last `commands` come with it. `agent` is the program that asks.

    Without `managing`, those that only manage sessions are not counted.
    """

    code: Code
    commands: Annotated[int, Meta(ge=0, le=100)] = 10
    managing: bool = True
    agent: Label = ""
