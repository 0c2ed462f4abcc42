"""Manage guests: people without an account who joined one session by an invitation.

A guest is a user whose name has a prefix, with no password, one membership and one login. A guest
ends with the login, since there is no way to log in again.
"""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import ColumnElement, delete, select, update

from jupyter_sessions.core import permissions
from jupyter_sessions.core.auth import keys, login_info
from jupyter_sessions.core.context import Context
from jupyter_sessions.core.sessions import events
from jupyter_sessions.errors import Forbidden, NotFound
from jupyter_sessions.names import GUEST_MARK
from jupyter_sessions.roles import Roles
from jupyter_sessions.store.tables import keys as keys_table
from jupyter_sessions.store.tables import members, sessions, users


def check_grant(name: str, granted: Roles, *, here: bool) -> None:
    """Refuse to grant a guest access to a second session, or roles that guests can't hold.

    Raises
    ------
    NotFound
        If the guest is not in the session: other sessions do not learn of guests.
    Forbidden
        If the role is admin.
    """
    if not here:
        raise NotFound(
            f"There is no user {name!r} here.", hint="Guests can only join by an invitation."
        )
    if Roles.ADMIN in granted:
        raise Forbidden(
            f"{name} is a guest, and guests can't have the role admin.",
            hint="Ask the server's administrator for an account for them.",
        )


def retire(context: Context, user_ids: Collection[int]) -> None:
    """End guests who are in no session any more: their logins, and the claim to their names."""
    if not user_ids:
        return
    for user_id in user_ids:
        keys.revoke_all(context.connection, user_id, now=context.now)
    context.connection.execute(
        update(users).where(users.c.id.in_(user_ids)).values(removed=context.now)
    )


def end(context: Context, user_ids: Collection[int]) -> None:
    """Remove guests from their sessions, and end them.

    Changes of the context's own session are not saved here; the dispatcher saves them.
    """
    if not user_ids:
        return
    theirs = members.c.user_id.in_(user_ids)
    within = sessions.c.id.in_(select(members.c.session_id).where(theirs))
    own = context.open_session
    if own is None:
        permissions.lock(context.connection, within)
    rows = context.connection.execute(permissions.loaded(sessions.c.owner_id).where(within))
    opened = {row.id: permissions.opened(row) for row in rows}
    if own is not None:
        opened[own.id] = own
    leaving = context.connection.execute(
        select(members.c.session_id, users.c.name)
        .join(users, users.c.id == members.c.user_id)
        .where(theirs)
        .order_by(members.c.session_id, users.c.folded)
    ).all()
    for session_id, name in leaving:
        session = opened[session_id]
        session.members -= 1
        events.append(context, "member.left", {"user": name}, session=session)
    for session in opened.values():
        if session is not own:
            permissions.save(context.connection, session)
    context.connection.execute(delete(members).where(theirs))
    retire(context, user_ids)


def end_unused(context: Context, condition: ColumnElement[bool]) -> int:
    """End the guests matching `condition` who have no login left, and return their number."""
    alive = (
        select(1)
        .where(
            keys_table.c.user_id == users.c.id,
            keys_table.c.kind == "login",
            login_info.live(context.now),
        )
        .exists()
    )
    unused = list(
        context.connection.execute(
            select(users.c.id).where(
                users.c.name.startswith(GUEST_MARK),
                users.c.removed.is_(None),
                condition,
                ~alive,
            )
        ).scalars()
    )
    if unused:
        end(context, unused)
    return len(unused)
