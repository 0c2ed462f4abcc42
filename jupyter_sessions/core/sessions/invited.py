"""Invitations as they stand: how often they were used, by whom, and whether they let anyone in."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import Select, func, literal, null, select

from jupyter_sessions import schemas
from jupyter_sessions.core import permissions
from jupyter_sessions.core.context import Context, OpenSession, Principal
from jupyter_sessions.errors import InvitationUnusable, NoSuchSession
from jupyter_sessions.roles import Roles
from jupyter_sessions.store.engines import upsert
from jupyter_sessions.store.tables import invitation_users, invitations, keys, sessions, users

_REAL = users.alias("real_users")

#: An invitation with its maker's names, and how many have joined by it.
SHOWN: Select[Any] = (
    select(
        keys.c.id,
        keys.c.label,
        keys.c.user_id,
        keys.c.created,
        keys.c.expires,
        keys.c.revoked,
        invitations.c.session_id,
        invitations.c.roles,
        invitations.c.uses,
        sessions.c.code,
        users.c.name.label("maker"),
        users.c.disabled,
        users.c.removed,
        _REAL.c.name.label("real_user"),
        select(func.count())
        .where(
            invitation_users.c.invitation_id == keys.c.id, invitation_users.c.joined.is_not(None)
        )
        .scalar_subquery()
        .label("used"),
    )
    .join(invitations, invitations.c.key_id == keys.c.id)
    .join(sessions, sessions.c.id == invitations.c.session_id)
    .join(users, users.c.id == keys.c.user_id)
    .outerjoin(_REAL, _REAL.c.id == keys.c.real_user_id)
)


def unusable() -> InvitationUnusable:
    """Make the one failure of all keys that let nobody in."""
    return InvitationUnusable(
        "This invitation lets nobody in: there is none of this key, or it was used up, taken back, "
        "or has expired.",
        hint="Ask who sent it for a new one.",
    )


def seen_by_maker(context: Context, row: Any, *, lock: bool) -> OpenSession | None:
    """Load an invitation's session as its maker has it now; None where they have no role in it."""
    maker = Principal(user_id=row.user_id, name=row.maker)
    try:
        return permissions.load(context.connection, maker, row.code, now=context.now, lock=lock)
    except NoSuchSession:
        return None


def state(context: Context, row: Any, held: Roles) -> schemas.InvitationState:
    """Tell how it is with an invitation, whose maker has the roles `held` in its session."""
    if row.revoked is not None:
        return "revoked"
    if row.expires <= context.now:
        return "expired"
    if row.used >= row.uses:
        return "used_up"
    may = Roles.ADMIN in held and not row.disabled and row.removed is None
    return "active" if may and Roles(row.roles) in held else "void"


def usable(context: Context, hash_: str, *, lock: bool) -> tuple[Any, OpenSession]:
    """Return the invitation of a key that lets people in now, and its session as its maker has it.

    With `lock`, nothing in the session changes until the transaction ends.

    Raises
    ------
    InvitationUnusable
        When it lets nobody in, for whatever reason.
    """
    statement = SHOWN.where(keys.c.hash == hash_, keys.c.kind == "invitation")
    row = context.connection.execute(statement).one_or_none()
    session = None if row is None else seen_by_maker(context, row, lock=lock)
    if session is None or session.state != "active":
        raise unusable()
    # Once more: what was read before the lock may have changed while it was waited for.
    row = context.connection.execute(statement).one()
    if state(context, row, session.roles) not in {"active", "used_up"}:
        raise unusable()
    return row, session


def bar(context: Context, user_ids: Collection[int]) -> None:
    """Keep those who are revoked from coming in again by an invitation that they may still have."""
    new = upsert(context.connection, invitation_users)
    for user_id in user_ids:
        context.connection.execute(
            new.from_select(
                ["invitation_id", "user_id", "joined"],
                select(invitations.c.key_id, literal(user_id), null()).where(
                    invitations.c.session_id == context.session.id
                ),
            ).on_conflict_do_nothing()
        )
