"""Whose a session is, and giving it to someone else."""

from __future__ import annotations

from sqlalchemy import insert, update

from jupyter_sessions import api, roles, schemas
from jupyter_sessions.core import normalize
from jupyter_sessions.core.accounts import users
from jupyter_sessions.core.context import Context
from jupyter_sessions.core.registry import implements
from jupyter_sessions.core.sessions import events, sessions
from jupyter_sessions.errors import Conflict
from jupyter_sessions.store.tables import members


@implements(api.TRANSFER_SESSION)
def transfer(context: Context, request: schemas.TransferSession) -> schemas.Session:
    """Make another user the owner; the old one stays as an admin."""
    user = users.required(context.connection, request.user)
    session = context.session
    if user.id == session.owner_id:
        raise Conflict(f"{user.name} owns this session already.", hint="Nothing needs to be done.")
    if normalize.is_guest(user.name):
        raise Conflict(f"{user.name} is a guest.", hint="Choose a user with an account.")
    if user.disabled:
        raise Conflict(
            f"The account of {user.name} is disabled.", hint="Choose a user who can log in."
        )
    sessions.refuse_default(context, "stays yours")
    admin = roles.expand(roles.Roles.ADMIN)
    of_session = members.c.session_id == session.id
    context.connection.execute(
        update(members)
        .where(of_session, members.c.user_id == session.owner_id)
        .values(roles=int(admin))
    )
    held = context.connection.execute(
        update(members)
        .where(of_session, members.c.user_id == user.id)
        .values(roles=int(roles.ALL), granted_by=session.owner_id)
    )
    if not held.rowcount:
        context.connection.execute(
            insert(members).values(
                session_id=session.id,
                user_id=user.id,
                roles=int(roles.ALL),
                since=context.now,
                granted_by=session.owner_id,
            )
        )
        session.members += 1
    session.change(owner_id=user.id)
    session.owner, session.roles = user.name, admin
    events.append(context, "session.transferred", {"user": user.name})
    return sessions.answer(context, session)
