"""Schemas for a session's event log and the server's audit log."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, Literal

from jupyter_sessions.schemas.commands import CommandSummary
from jupyter_sessions.schemas.fields import (
    Answer,
    Code,
    Cursor,
    EventNumber,
    PageSize,
    Request,
    UserName,
)

#: Every kind of event in a session's log: what happened, and what the event's data contains.
EVENT_KINDS: Mapping[str, str] = MappingProxyType(
    {
        "session.created": "The session was created. Data: its `label`; `group`, if "
        "it was created in one, and the `roles` that the group "
        "has in it.",
        "session.described": "`label`, `description`, `message` or `agent` was "
        "changed. Data: the new values.",
        "session.timed": "A time-out was changed. Data: `idle_timeout`, `lifetime`, in minutes.",
        "session.disabled": "The owner disabled it.",
        "session.enabled": "The owner enabled it again.",
        "session.closed": "The session was closed. Data: `why`, if a time-out closed it.",
        "session.removed": "The owner removed it.",
        "session.restored": "The owner restored it.",
        "session.transferred": "The session was transferred. Data: `user`, the new owner.",
        "session.resumed": "A member resumed it. Data: `agent`, the program.",
        "member.granted": "A user or a group (`@name`) got these roles, replacing "
        "earlier ones. Data: `user`, `roles`.",
        "member.revoked": "All roles of a user or a group were revoked. Data: `user`.",
        "member.joined": "A user joined by an invitation. Data: `user`, `roles`, `invitation`.",
        "member.left": "A guest left, or their login ended. Data: `user`.",
        "invitation.created": "An invitation was created. Data: its number `id`, "
        "`roles`, `uses`, `expires`, and its `name`, if it has "
        "one.",
        "invitation.revoked": "An invitation was withdrawn. Data: `id`.",
        "command.started": "A command started. Data: its `number`.",
        "command.recorded": "A command ended. Data: its `number`.",
        "command.updated": "More outputs of a command arrived, while it was running "
        "or after it ended. Data: its `number`.",
        "command.forgotten": "A command's content was erased. Data: its `number`.",
        "file.published": "A file was published. Data: `path`, `size`, `sha256`; "
        "`command`, if it was published from one; `replaced`, the "
        "SHA-256 of the file that it replaced.",
        "file.unpublished": "A file was unpublished. Data: `path`, `sha256`.",
        "scratch.set": "A scratch value was set. Data: its `name`, and its `size` in bytes.",
        "scratch.deleted": "A scratch value was deleted. Data: its `name`.",
    }
)


class Event(Answer):
    """One entry of a session's log; `data` holds no secrets and no content.

    `kind` is one of `EVENT_KINDS`; newer servers may send more.

    `command` is set for events that concern a command, and shows the command as it is now.
    """

    number: int
    at: datetime
    kind: str
    user: str
    real_user: str | None
    data: dict[str, Any]
    command: CommandSummary | None = None
    guest: bool = False


class ListEvents(Request):
    """Which events of the session's log to list."""

    code: Code
    order: Literal["newest", "oldest"] = "oldest"
    limit: PageSize = 100
    after: EventNumber | None = None


class ListAudit(Request):
    """Which entries of the audit log to list, the newest first; `user` is the user concerned."""

    user: UserName | None = None
    limit: PageSize = 100
    after: Cursor | None = None


class AuditEntry(Answer):
    """One entry of the audit log. It contains no password, key or code.

    `user` is who acted, if known; `real_user` is who really acted, under sudo; `address` is where
    they connected from, if over HTTP. `data` names the user concerned (`user`) and, for refusals,
    the `operation` and the reason `why`: the error's code. A name that belongs to no account is not
    stored, since it may be a password that was typed into the wrong field; instead, `unknown` has a
    value that is the same for the same name.
    """

    number: int
    at: datetime
    kind: str
    user: str
    real_user: str | None
    address: str
    data: dict[str, Any]


class Follow(Request):
    """Follow a session live: return events after this number as they occur."""

    code: Code
    after: EventNumber | None = None
