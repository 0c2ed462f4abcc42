"""Schemas for sessions and their attributes."""

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
    """One experiment session, as its members see it.

    `roles` are the caller's roles, including those given by groups; `group` is the group in which
    the session was created. `url` is None if no server shows this store. `message` is a free text
    by the members; `agent` is the name of the program that works in the session. `last_command` is
    the source of the newest command that does more than manage sessions, cut to 200 characters.
    `files` is the number of published files.
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
    files: int = 0


class NewSession(Request):
    """A session to create."""

    label: Label = ""
    description: Description = ""
    idle_timeout: Minutes | None = None
    lifetime: Minutes | None = None


class SessionNamed(Request):
    """A request whose only parameter is the session's code."""

    code: Code


class ListSessions(Request):
    """Which of the caller's sessions to list, the most recently used first."""

    which: Literal["all", "mine", "shared", "removed"] = "all"
    search: SearchText = ""
    limit: PageSize = 100
    after: Cursor | None = None


class UpdateSession(Request):
    """New attributes of a session; omitted fields keep their values."""

    code: Code
    label: Label | UnsetType = UNSET
    description: Description | UnsetType = UNSET
    message: Message | UnsetType = UNSET
    agent: Label | UnsetType = UNSET


class SetSessionTimeouts(Request):
    """New time-outs in minutes; omitted fields keep their values, null removes a time-out."""

    code: Code
    idle_timeout: Minutes | UnsetType | None = UNSET
    lifetime: Minutes | UnsetType | None = UNSET


class TransferSession(Request):
    """The new owner of a session; the previous owner becomes an admin."""

    code: Code
    user: UserName


class Existence(Answer, omit_defaults=True):
    """Whether the caller has a role in a session with that code.

    `ended_by` is the user who revoked the caller's roles, if the caller recently had some.
    """

    exists: bool
    ended_by: str | None = None


class ResumeSession(Request):
    """Resume a session and return its last `commands`. `agent` is the program that resumes it.

    Unless `managing` is set, commands that only manage sessions are not counted.
    """

    code: Code
    commands: Annotated[int, Meta(ge=0, le=100)] = 10
    managing: bool = True
    agent: Label = ""
