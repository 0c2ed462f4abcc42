"""Authenticate callers, and determine what their logins reach."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, bindparam, select, update
from sqlalchemy.exc import IntegrityError

from jupyter_sessions.core import normalize
from jupyter_sessions.core.accounts import users
from jupyter_sessions.core.auth import groups
from jupyter_sessions.core.context import Principal
from jupyter_sessions.core.types import Anonymous, Credentials, Identified, KeyHolder, SystemUser
from jupyter_sessions.errors import Forbidden, LoginExpired, LoginRevoked, LoginUnknown, NotLoggedIn
from jupyter_sessions.names import fold_name
from jupyter_sessions.store.statements import CompiledStatement
from jupyter_sessions.store.tables import group_users, keys
from jupyter_sessions.store.tables import groups as groups_table
from jupyter_sessions.store.tables import users as users_table
from jupyter_sessions.store.types import is_in

ANONYMOUS = Principal(user_id=0, name="")


# A key's last use is stored at most this often, so that most reads cost no write.
_USE_NOTED_EVERY = timedelta(minutes=1)

# For reads, storing it takes a separate write.
_READING_NOTED_EVERY = timedelta(hours=1)

# With a short idle time-out it is stored more often: this many times within the time-out.
_NOTED_WITHIN = 10


_KEY = select(
    keys.c.id.label("key_id"),
    keys.c.last_used,
    keys.c.idle_timeout,
    keys.c.expires,
    keys.c.revoked,
    keys.c.real_user_id,
    keys.c.made_by_id,
    keys.c.group_id,
    keys.c.confined,
    keys.c.confirmed,
    users_table.c.id,
    users_table.c.name,
    users_table.c.display_name,
    users_table.c.administrator,
    users_table.c.disabled,
    users_table.c.removed,
    users_table.c.default_session,
).join(users_table, users_table.c.id == keys.c.user_id)

_LOGIN = _KEY.where(keys.c.kind == "login")

_ACTIVE = ~users_table.c.disabled, users_table.c.removed.is_(None)

_ALIVE = CompiledStatement(
    _LOGIN.where(keys.c.revoked.is_(None), *_ACTIVE, is_in(keys.c.hash, "hashes"))
)

_ALIVE_BY_NAME = CompiledStatement(
    select(users_table.c.id).where(*_ACTIVE, is_in(users_table.c.folded, "folded"))
)

_BY_HASH = CompiledStatement(_LOGIN.where(keys.c.hash == bindparam("hash")))

_BY_NUMBER = CompiledStatement(
    _LOGIN.where(keys.c.id == bindparam("key_id"), users_table.c.id == bindparam("user_id"))
)


def digest(key: str) -> str:
    """Return the hash under which a key is stored and found."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def key_ends(row: Any) -> datetime | None:
    """Return when a key expires if it is not used again.

    The wall clock decides: if it is set back, a key stays valid for longer by as much; if it is
    ahead, a key is refused for as long. Neither loses or alters data.
    """
    ends = [row.expires] if row.expires is not None else []
    if row.idle_timeout is not None:
        ends.append(row.last_used + timedelta(minutes=row.idle_timeout))
    return min(ends, default=None)


def resolve(
    connection: Connection, credentials: Credentials, *, now: datetime, writes: bool
) -> Principal:
    """Authenticate a caller.

    Raises
    ------
    LoginUnknown, LoginExpired, LoginRevoked
        If the key is unknown, expired or revoked.
    NotLoggedIn
        If the account is disabled.
    """
    match credentials:
        case Anonymous():
            return ANONYMOUS
        case KeyHolder(key=key):
            rows = _BY_HASH.rows(connection, hash=digest(key))
            return _build_from_key(connection, rows, now, writes=writes)
        case SystemUser(name=name):
            return _by_name(connection, name, "", True, "system", now, writes=writes)
        case Identified(name=name, display_name=display_name, administrator=administrator):
            found = _by_name(
                connection, name, display_name, administrator, "identity", now, writes=writes
            )
            return replace(found, vouches=True) if credentials.vouches else found


def resolve_viewer(
    connection: Connection, user_id: int, key_id: int | None, *, now: datetime
) -> Principal:
    """Authenticate the viewer of a capability URL, which lasts only as long as login and account.

    Raises
    ------
    NotLoggedIn, LoginExpired, LoginRevoked
        If either has ended.
    """
    if key_id is not None:
        rows = _BY_NUMBER.rows(connection, key_id=key_id, user_id=user_id)
        return _build_from_key(connection, rows, now, writes=False)
    row = connection.execute(
        select(users_table).where(
            users_table.c.id == user_id,
            ~users_table.c.disabled,
            users_table.c.removed.is_(None),
        )
    ).one_or_none()
    if row is None:
        raise NotLoggedIn("This login has ended.", hint="Log in again.")
    return Principal(user_id=row.id, name=row.name, via="identity")


def alive(connection: Connection, callers: Iterable[Credentials], now: datetime) -> set[int] | None:
    """Return the user ids of `callers` in one query; None if a login or account has ended."""
    hashes = {digest(caller.key) for caller in callers if isinstance(caller, KeyHolder)}
    named = {
        fold_name(caller.name) for caller in callers if isinstance(caller, Identified | SystemUser)
    }
    found: set[int] = set()
    if hashes:
        rows = _ALIVE.rows(connection, hashes=hashes)
        ends = [key_ends(row) for row in rows]
        if len(ends) < len(hashes) or any(end is not None and end <= now for end in ends):
            return None
        found.update(row.id for row in rows)
    if named:
        ids = {row.id for row in _ALIVE_BY_NAME.rows(connection, folded=named)}
        if len(ids) < len(named):
            return None
        found |= ids
    return found


def _build_from_key(
    connection: Connection, rows: list[Any], now: datetime, *, writes: bool
) -> Principal:
    if not rows:
        raise LoginUnknown(
            "This key does not belong to any login on this server.", hint="Log in, and try again."
        )
    row = rows[0]
    ends = key_ends(row)
    again = "Ask for another invitation." if normalize.is_guest(row.name) else "Log in again."
    if row.revoked is not None or row.disabled or row.removed is not None:
        raise LoginRevoked("This login was ended, or its account is disabled.", hint=again)
    if ends is not None and ends <= now:
        raise LoginExpired(
            "This login has expired: it was unused for too long, or has reached the "
            "end of its lifetime.",
            hint=again,
        )
    # If the clock was set back, the use is stored at once, and idle time counts from now.
    unnoted = abs(now - row.last_used)
    often = timedelta.max
    if row.idle_timeout is not None:
        often = timedelta(minutes=row.idle_timeout) / _NOTED_WITHIN
    if writes and unnoted >= min(_USE_NOTED_EVERY, often):
        note_use(connection, row.key_id, now)
    real_user_id = row.made_by_id if row.real_user_id is None else row.real_user_id
    return Principal(
        user_id=row.id,
        name=row.name,
        display_name=row.display_name,
        # Administrators do what is reserved to administrators only under their own name.
        administrator=row.administrator and real_user_id is None,
        via="key",
        key_id=row.key_id,
        expires=ends,
        real_user_id=real_user_id,
        unnoted=not writes and unnoted >= min(_READING_NOTED_EVERY, often),
        default_session=row.default_session,
        group_id=row.group_id,
        confined=row.confined,
        confirmed=row.confirmed,
    )


def note_use(connection: Connection, key_id: int, now: datetime) -> None:
    """Store that a key was used, for requests whose own transaction only reads."""
    connection.execute(update(keys).where(keys.c.id == key_id).values(last_used=now))


def _by_name(
    connection: Connection,
    name: str,
    display_name: str,
    administrator: bool,
    via: str,
    now: datetime,
    *,
    writes: bool,
) -> Principal:
    row = users.find(connection, name)
    if row is None:
        if not writes:
            # The user has no row yet; it is created when they first change something.
            return Principal(
                user_id=0,
                name=name,
                display_name=display_name,
                administrator=administrator,
                via=via,
            )
        # The user's first two changes may come at once, so the other may have created the row
        # meanwhile.
        with suppress(IntegrityError), connection.begin_nested():
            users.add(
                connection,
                normalize.user_name(name),
                now=now,
                display_name=display_name,
                administrator=administrator,
            )
        row = users.required(connection, name)
    if normalize.is_guest(row.name):
        raise NotLoggedIn("This name belongs to a guest.", hint="A guest needs a key to log in.")
    if row.disabled and via != "system":
        raise NotLoggedIn("This account is disabled.", hint="Ask the server's administrator.")
    if writes and row.administrator != administrator and via == "system":
        connection.execute(
            update(users_table).where(users_table.c.id == row.id).values(administrator=True)
        )
    return Principal(
        user_id=row.id,
        name=row.name,
        display_name=row.display_name or display_name,
        administrator=administrator,
        via=via,
        default_session=row.default_session,
        group_id=row.default_group,
    )


_THEIRS = group_users.alias("theirs")


@dataclass(frozen=True)
class Reach:
    """A login's current group, and whether the login reaches only the sessions of this group."""

    group_id: int | None
    confined: bool


def own_reach(connection: Connection, user: Row[Any], group: str | None) -> Reach:
    """Return the reach of a user's own login in the given group, or in their default group.

    Raises
    ------
    NotFound, Forbidden
        If there is no such group, or the user is not in it.
    """
    if group is None:
        return Reach(user.default_group, confined=False)
    return Reach(groups.joined(connection, user, group), confined=False)


def reach_as(
    connection: Connection,
    acting: Row[Any],
    user: Row[Any],
    group: str | None,
    *,
    administrator: bool,
) -> Reach:
    """Return the reach of a login that `acting` creates for another user.

    Parameters
    ----------
    group
        The group's name. If it is omitted: the user's default group, or the only group that
        `acting` owns and the user is in.
    administrator
        Whether `acting` administers the server.

    Raises
    ------
    Forbidden
        If they may not act as that user, or not in that group.
    NotFound
        If there is no such group.
    """
    if user.administrator or user.disabled:
        why = "administers this server" if user.administrator else "has a disabled account"
        raise Forbidden(
            f"{user.name} {why}, so nobody else can act as them.", hint="Choose another user."
        )
    if administrator:
        return own_reach(connection, user, group)
    owned = connection.execute(
        select(groups_table.c.id, groups_table.c.name, groups_table.c.folded)
        .join(group_users, group_users.c.group_id == groups_table.c.id)
        .join(_THEIRS, _THEIRS.c.group_id == groups_table.c.id)
        .where(
            group_users.c.user_id == acting.id, group_users.c.owner, _THEIRS.c.user_id == user.id
        )
        .order_by(groups_table.c.folded)
    ).all()
    if group is not None:
        named = fold_name(group.removeprefix(groups.MARK))
        owned = [row for row in owned if row.folded == named]
    if not owned:
        within = f" in the group {group.removeprefix(groups.MARK)}" if group else ""
        raise Forbidden(
            f"{acting.name} may not act as {user.name}{within}.",
            hint="Only the server's administrators and the owners of a group that "
            "the user is in may do that.",
        )
    if len(owned) > 1:
        raise Forbidden(
            f"{user.name} is in several groups that {acting.name} owns: "
            f"{', '.join(row.name for row in owned)}.",
            hint="Name the group; the login will only reach the sessions of that group.",
        )
    return Reach(owned[0].id, confined=True)
