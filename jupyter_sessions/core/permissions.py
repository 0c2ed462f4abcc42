"""Check whether a principal may perform an operation in a session; load and save sessions."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache
from typing import Any, cast

from sqlalchemy import ColumnElement, Connection, Select, bindparam, func, select, union_all, update

from jupyter_sessions.api import Needs, Operation
from jupyter_sessions.core.context import OpenSession, Principal
from jupyter_sessions.errors import (
    ConfirmationNeeded,
    Forbidden,
    NoSuchSession,
    NotLoggedIn,
    RoleMissing,
    SessionDisabled,
    WrongState,
)
from jupyter_sessions.formatting import simplify_roles
from jupyter_sessions.roles import Roles
from jupyter_sessions.store.statements import CompiledStatement
from jupyter_sessions.store.tables import (
    group_users,
    groups,
    member_groups,
    members,
    sessions,
    users,
)
from jupyter_sessions.store.types import Number, is_in

#: How long a confirmation by password is enough for sensitive operations.
CONFIRMED_FOR = timedelta(minutes=10)

_BITS = [role.value for role in Roles if role is not Roles.OWNER]


def _here(table: Any) -> Any:
    return table.c.session_id == sessions.c.id


def _counted(table: Any) -> Any:
    return select(func.count()).select_from(table).where(_here(table)).scalar_subquery()


def loaded(user: Any) -> Select[Any]:
    """Select sessions with everything that `OpenSession` needs.

    Parameters
    ----------
    user
        Whose roles to select: a user's number, a parameter or a column. `own` are the roles granted
        to the user, `given` those from the user's groups; either may be empty.
    """
    own = select(members.c.roles).where(_here(members), members.c.user_id == user)
    # Role by role, since SQLite has no aggregate function for bits.
    any_of = [func.max(member_groups.c.roles.bitwise_and(bit)) for bit in _BITS]
    given = (
        select(sum(any_of[1:], any_of[0]))
        .join_from(member_groups, group_users, group_users.c.group_id == member_groups.c.group_id)
        .where(_here(member_groups), group_users.c.user_id == user)
    )
    return (
        select(
            sessions,
            users.c.name.label("owner"),
            users.c.default_session,
            groups.c.name.label("group_name"),
            func.coalesce(own.scalar_subquery(), 0).label("own"),
            func.coalesce(given.scalar_subquery(), 0).label("given"),
            (_counted(members) + _counted(member_groups)).label("members"),
        )
        .join(users, users.c.id == sessions.c.owner_id)
        .outerjoin(groups, groups.c.id == sessions.c.group_id)
    )


def select_sessions_of(user_id: Any, holding: Roles = Roles.NONE) -> Any:
    """Select the numbers of the sessions that a user is in, by a grant or through a group.

    Parameters
    ----------
    user_id
        The user's number, or a parameter.
    holding
        The role that they must hold there.
    """
    return union_all(
        select(members.c.session_id).where(
            members.c.user_id == user_id, _hold(members.c.roles, holding)
        ),
        select(member_groups.c.session_id)
        .join(group_users, group_users.c.group_id == member_groups.c.group_id)
        .where(group_users.c.user_id == user_id, _hold(member_groups.c.roles, holding)),
    )


def _hold(column: Any, role: Roles) -> ColumnElement[bool]:
    return cast("ColumnElement[bool]", column.bitwise_and(int(role)) == int(role))


def readers(session_id: Any) -> Any:
    """Select the numbers of the users who may read a session: a number, or a parameter."""
    return union_all(
        select(members.c.user_id).where(
            members.c.session_id == session_id, _hold(members.c.roles, Roles.READ)
        ),
        select(group_users.c.user_id)
        .join(member_groups, member_groups.c.group_id == group_users.c.group_id)
        .where(member_groups.c.session_id == session_id, _hold(member_groups.c.roles, Roles.READ)),
    )


def all_read(connection: Connection, session_id: int, user_ids: set[int]) -> bool:
    """Return whether all these users may read a session, with one query."""
    found = _READERS.rows(connection, session_id=session_id, user_ids=user_ids)
    return {row.user_id for row in found} == user_ids


_ALL_READERS = readers(bindparam("session_id", type_=Number)).subquery()
_READERS = CompiledStatement(
    select(_ALL_READERS.c.user_id).where(is_in(_ALL_READERS.c.user_id, "user_ids"))
)
_LOAD = CompiledStatement(
    loaded(bindparam("user_id", type_=Number)).where(sessions.c.code == bindparam("code"))
)
_LOCK = CompiledStatement(
    select(sessions.c.id).where(sessions.c.code == bindparam("code")).with_for_update()
)


def opened(row: Any) -> OpenSession:
    """Return the session for a row of `loaded`."""
    return OpenSession(
        id=row.id,
        code=row.code,
        label=row.label,
        description=row.description,
        message=row.message,
        agent=row.agent,
        owner_id=row.owner_id,
        created=row.created,
        last_used=row.last_used,
        disabled=row.disabled,
        closed=row.closed,
        removed=row.removed,
        reopened=row.reopened,
        idle_timeout=row.idle_timeout,
        lifetime=row.lifetime,
        group_id=row.group_id,
        group=row.group_name,
        commands=row.commands,
        events=row.events,
        last_command=row.last_command,
        owner=row.owner,
        default=row.default_session == row.id,
        members=row.members,
        roles=Roles(row.own) | Roles(row.given),
    )


def load(
    connection: Connection, principal: Principal, code: str, *, now: datetime, lock: bool
) -> OpenSession:
    """Load a session in which the principal has a role.

    With `lock`, nothing in it changes until the transaction ends (SQLite has one writer anyway).

    Raises
    ------
    NoSuchSession
        If no session has this code, the principal has no role in it, or their login does not reach
        it.
    """
    if lock and connection.dialect.name == "postgresql":
        # In a statement of its own: a statement that waits for a lock may read in part what was
        # there before the wait.
        _LOCK.rows(connection, code=code)
    rows = _LOAD.rows(connection, code=code, user_id=principal.user_id)
    if not rows or not reaches(principal, rows[0].group_id):
        raise NoSuchSession
    session = opened(rows[0])
    if not session.roles:
        raise NoSuchSession
    if session.closed is None and session.closes is not None and session.closes <= now:
        session.change(closed=session.closes)
    return session


def reaches(principal: Principal, group_id: int | None) -> bool:
    """Return whether a login reaches the sessions of a group, or those of no group."""
    return not principal.confined or (group_id is not None and group_id == principal.group_id)


def lock(connection: Connection, condition: ColumnElement[bool]) -> None:
    """Lock the sessions that match `condition`, as `load` does for one."""
    connection.execute(
        select(sessions.c.id).where(condition).order_by(sessions.c.id).with_for_update()
    )


def save(connection: Connection, session: OpenSession) -> None:
    """Save what an operation has changed of the session itself."""
    names = frozenset(session.changes)
    if names:
        _save(names).run(connection, [{**session.changes, "session_id": session.id}])


@cache
def _save(names: frozenset[str]) -> CompiledStatement:
    values: dict[str, Any] = {name: bindparam(name) for name in names}
    return CompiledStatement(
        update(sessions).where(sessions.c.id == bindparam("session_id")).values(values)
    )


def make_login_error() -> NotLoggedIn:
    """Return the error for a caller who is not logged in."""
    hint = "Log in, and try again. A program must send its whole key: Authorization: Bearer KEY."
    return NotLoggedIn("You are not logged in.", hint=hint)


def check_caller(operation: Operation[Any, Any], principal: Principal) -> None:
    """Check what an operation requires of the caller, before any session is loaded.

    Raises
    ------
    NotLoggedIn
        If it requires a login.
    Forbidden
        If it requires a server administrator, a caller with an account, or a login that is not
        confined to one group's sessions.
    """
    if operation.needs is Needs.NOTHING:
        return
    if not principal.known:
        raise make_login_error()
    if operation.needs is Needs.SERVER_ADMIN and not principal.administrator:
        raise Forbidden(
            "Only an administrator of this server can do that.",
            hint="Ask the server's administrator.",
        )
    if principal.guest and not operation.allow_guest:
        raise Forbidden(
            "A guest can only use the session that they were invited to.",
            hint="Ask the server's administrator for an account.",
        )
    if principal.confined and not operation.allow_group_login:
        raise Forbidden(
            "This login only reaches the sessions of its group.",
            hint="Use your own login instead.",
        )


def check_fresh(operation: Operation[Any, Any], principal: Principal, now: datetime) -> None:
    """Check that a login by password was confirmed recently, if the operation requires it.

    Raises
    ------
    ConfirmationNeeded
        If it was not.
    """
    if not operation.fresh or principal.confirmed is None:
        return
    # Setting the clock back must not make a login count as recently confirmed.
    if not timedelta() <= now - principal.confirmed <= CONFIRMED_FOR:
        raise ConfirmationNeeded


def check_role(
    session: OpenSession,
    principal: Principal,
    needed: Roles,
    states: frozenset[str],
) -> None:
    """Check a member's roles and the session's state against what an operation requires.

    Raises
    ------
    NoSuchSession
        If the session is removed: then only its owner can see it.
    SessionDisabled
        If it is disabled, and the principal is not its owner.
    RoleMissing
        If the member does not have the role; the message names it.
    WrongState
        If the operation is not allowed in the session's state.
    """
    owns = session.owner_id == principal.user_id
    if session.removed is not None and not owns:
        raise NoSuchSession
    if session.state == "disabled" and not owns:
        raise SessionDisabled(
            "The owner has disabled this session.",
            hint=f"Ask {session.owner} to enable it.",
        )
    if needed not in session.roles:
        raise RoleMissing.from_roles(
            "".join(needed.names), simplify_roles(session.roles.names), session.owner
        )
    if session.state not in states:
        raise WrongState.from_state(session.state)
