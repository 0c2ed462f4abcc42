"""Column definitions for tables of sessions, members, accounts and other objects."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from jupyter_sessions import schemas
from jupyter_sessions.cli.results import Column, Form
from jupyter_sessions.cli.values import one_line
from jupyter_sessions.formatting import simplify_roles

if TYPE_CHECKING:
    from jupyter_sessions.schemas import Session


def _other(name: str, user: str) -> str | None:
    return name if name not in ("", user) else None


def _acting(user: str, real_user: str | None) -> str:
    return user if real_user is None else f"{user} (by {real_user})"


def label(session: Session) -> str:
    """Return a session's label, or a placeholder if it has none."""
    return session.label or "Untitled session"


def sessions(current: str | None) -> Sequence[Column]:
    """Return a table of sessions, with a mark at the one with a code."""
    return (Column("", lambda s: "*" if s.code == current else None, optional=True), *SESSION)


def _active(login: dict[str, Any]) -> str:
    if not login["current"]:
        return str(login["state"])
    return "current" if login["state"] == "stored" else f"current, {login['state']}"


SESSION = (
    Column("Code", lambda s: s.code),
    Column("Label", lambda s: label(s), gives_way=True),
    Column("Owner", lambda s: s.owner),
    Column("Group", lambda s: s.group, optional=True),
    Column("My roles", lambda s: s.roles, Form.ROLES),
    Column("Created", lambda s: s.created, Form.MOMENT),
    Column("Last used", lambda s: s.last_used, Form.MOMENT),
    Column("Commands", lambda s: s.commands, Form.NUMBER),
    Column("Last command", lambda s: s.last_command, Form.SOURCE, gives_way=True),
    Column("State", lambda s: s.state, Form.STATUS),
)

SESSION_CARD = (
    Column("Code", lambda s: s.code),
    Column("URL", lambda s: s.url, Form.LINK),
    Column("Description", lambda s: s.description or None),
    Column("Message", lambda s: s.message or None),
    Column("Agent", lambda s: s.agent or None),
    Column("Owner", lambda s: s.owner),
    Column("Group", lambda s: s.group),
    Column("My roles", lambda s: s.roles, Form.ROLES),
    Column("State", lambda s: s.state, Form.STATUS),
    Column("Default", lambda s: "yes, by you" if s.default else None),
    Column("Created", lambda s: s.created, Form.MOMENT),
    Column("Last used", lambda s: s.last_used, Form.MOMENT),
    Column("Commands", lambda s: s.commands, Form.NUMBER),
    Column("Last command", lambda s: s.last_command or None, Form.SOURCE),
    Column("Members", lambda s: s.members, Form.NUMBER),
    Column("Events", lambda s: s.events, Form.NUMBER),
    Column("Idle time-out", lambda s: s.idle_timeout, Form.MINUTES),
    Column("Lifetime", lambda s: s.lifetime, Form.MINUTES),
    Column("Closes", lambda s: None if s.state == "closed" else s.closes, Form.MOMENT),
    Column("Closed", lambda s: s.closes if s.state == "closed" else None, Form.MOMENT),
    Column("Removed", lambda s: s.removed, Form.MOMENT),
    Column("Purged", lambda s: s.purged, Form.MOMENT),
)

MEMBER = (
    Column("User", lambda m: m.user),
    Column("Name", lambda m: _other(m.display_name, m.user), optional=True),
    Column("Roles", lambda m: m.roles, Form.ROLES),
    Column("Since", lambda m: m.since, Form.MOMENT),
    Column("Granted by", lambda m: m.granted_by),
)

INVITATION = (
    Column("ID", lambda i: i.id, Form.NUMBER),
    Column("Name", lambda i: i.name or None, optional=True),
    Column("Roles", lambda i: i.roles, Form.ROLES),
    Column("Used", lambda i: f"{i.used} of {i.uses}"),
    Column("State", lambda i: i.state.replace("_", " "), Form.STATUS),
    Column("Created by", lambda i: i.made_by),
    Column("Created", lambda i: i.created, Form.MOMENT),
    Column("Expires", lambda i: i.expires, Form.MOMENT),
)

PRESENCE = (
    Column("User", lambda p: f"{p.user} (*)" if p.mine else p.user),
    Column("Really", lambda p: p.real_user, optional=True),
    Column("Group", lambda p: p.group, optional=True),
    Column("Session", lambda p: p.session, optional=True),
    Column("By", lambda p: p.kind),
    Column("Agent", lambda p: p.agent or None, gives_way=True),
    Column("Since", lambda p: p.since, Form.MOMENT),
    Column("Last act", lambda p: p.last_act, Form.MOMENT),
)

LOGIN = (
    Column("ID", lambda g: g.id, Form.NUMBER),
    Column("User", lambda g: f"{g.user} (*)" if g.current else g.user),
    Column("Really", lambda g: g.real_user or g.made_by, optional=True),
    Column("Group", lambda g: g.group, optional=True),
    Column("Login", lambda g: g.label or None, gives_way=True),
    Column("Last used", lambda g: g.last_used, Form.MOMENT),
    Column("Expires", lambda g: g.expires, Form.MOMENT),
)

#: Names of the usual sets of roles that a group gives.
LEVELS = {(): "private", ("read",): "read-only", ("read", "write"): "read-write"}

GROUP = (
    Column("Group", lambda g: g.name),
    Column("Level", lambda g: LEVELS.get(tuple(g.roles)) or "|".join(simplify_roles(g.roles))),
    Column("Users", lambda g: g.users, Form.NUMBER),
    Column("Owners", lambda g: g.owners, Form.NAMES, gives_way=True),
    Column("Default", lambda g: "yes, by you" if g.default else None, optional=True),
    Column("Description", lambda g: g.description or None, gives_way=True, optional=True),
)

GROUP_CARD = (
    *GROUP,
    Column("Users named by", lambda g: "the identity provider" if g.external else None),
    Column("Created", lambda g: g.created, Form.MOMENT),
)

AUDIT = (
    Column("When", lambda e: e.at, Form.MOMENT),
    Column("What", lambda e: e.kind),
    Column("By", lambda e: _acting(e.user, e.real_user) or None),
    Column("Concerns", lambda e: e.data.get("user") or e.data.get("unknown"), optional=True),
    Column("From", lambda e: e.address or None, optional=True),
    Column("Why", lambda e: e.data.get("why"), optional=True),
    Column("Operation", lambda e: e.data.get("operation"), optional=True),
)

GROUP_USER = (
    Column("User", lambda u: u.user),
    Column("Name", lambda u: _other(u.display_name, u.user), optional=True),
    Column("Owner", lambda u: "yes" if u.owner else None),
    Column("Since", lambda u: u.since, Form.MOMENT),
)


def describe_source(command: schemas.CommandSummary) -> str:
    """Return a command's source, or what stands in its place: a gap in the recording has none."""
    if command.forgotten:
        return "(forgotten)"
    return command.source or (f"({command.note})" if command.note else "")


COMMAND = (
    Column("N", lambda c: c.number, Form.NUMBER),
    Column("User", lambda c: _acting(c.user or schemas.UNKNOWN_USER, c.real_user)),
    Column("Started", lambda c: c.started, Form.INSTANT),
    Column("Took", lambda c: c.duration, Form.SECONDS),
    Column("Status", lambda c: c.status, Form.STATUS),
    Column("Command", describe_source, Form.SOURCE, gives_way=True),
)

COMMAND_VERBOSE = (
    *COMMAND,
    Column("Output", lambda c: c.preview, Form.SOURCE, gives_way=True),
    Column("Media", lambda c: c.media, Form.NAMES),
    Column("Size", lambda c: c.size, Form.SIZE),
    Column("Notebook", lambda c: c.notebook or None, optional=True),
    Column("Note", lambda c: c.note or None, optional=True),
)

FILE = (
    Column("Path", lambda f: f.path + ("/" if f.folder else "")),
    Column("Type", lambda f: f"{f.files} file{'s' * (f.files != 1)}" if f.folder else f.media_type),
    Column("Size", lambda f: f.size, Form.SIZE),
    Column("Publisher", lambda f: f.publisher or None),
    Column("Published", lambda f: f.published, Form.MOMENT),
    Column("From command", lambda f: f.command, Form.NUMBER),
)

FILE_CARD = (*FILE, Column("SHA-256", lambda f: None if f.folder else f.sha256))

SCRATCH = (
    Column("Name", lambda s: s.name),
    Column("Size", lambda s: s.size, Form.SIZE),
    Column("Set by", lambda s: s.user),
    Column("Changed", lambda s: s.changed, Form.MOMENT),
)

ACCOUNT = (
    Column("Name", lambda a: a.name),
    Column("Display name", lambda a: _other(a.display_name, a.name), optional=True),
    Column("Administrator", lambda a: "yes" if a.administrator else None, optional=True),
    Column("State", lambda a: "disabled" if a.disabled else "active", Form.STATUS),
    Column("Created", lambda a: a.created, Form.MOMENT),
    Column("Last login", lambda a: a.last_login, Form.MOMENT),
)

UNDELIVERED = (
    Column("Session", lambda u: u.session),
    Column("Server", lambda u: u.server or "own store"),
    Column("User", lambda u: u.user),
    Column("State", lambda u: u.state, Form.STATUS),
    Column("Commands", lambda u: u.commands - u.managing, Form.NUMBER),
    Column("First", lambda u: u.first, Form.MOMENT),
    Column("Its source", lambda u: u.source, Form.SOURCE, gives_way=True),
    Column("Why", lambda u: f"{u.why.message} {u.why.hint}" if u.why else None, gives_way=True),
)

STORED_LOGIN = (
    Column("Server", lambda each: each["server"], Form.LINK),
    Column("User", lambda each: _acting(each["user"], each["real_user"])),
    Column("Group", lambda each: each["group"]),
    Column("Login", lambda each: each["id"][:8]),
    Column("Active", _active, Form.STATUS),
    Column("Started", lambda each: each["created"], Form.MOMENT),
    Column("Expires", lambda each: each["expires"], Form.MOMENT),
    Column("Label", lambda each: each["label"] or None, gives_way=True, optional=True),
)


def name_session(session: schemas.Session) -> str:
    """Return how a sentence names a session."""
    return f"{one_line(label(session))} ({session.code})"
