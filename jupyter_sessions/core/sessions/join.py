"""Join a session by an invitation, with an account or as a guest."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

from sqlalchemy import insert, select, update

from jupyter_sessions import api, errors, schemas
from jupyter_sessions.core import normalize, permissions
from jupyter_sessions.core.accounts import users
from jupyter_sessions.core.auth import logins, principals
from jupyter_sessions.core.auth.logins import idle_timeout
from jupyter_sessions.core.context import Context, OpenSession, Principal
from jupyter_sessions.core.registry import implements
from jupyter_sessions.core.sessions import events, invitations
from jupyter_sessions.core.sessions.sessions import answer
from jupyter_sessions.names import fold_name, remove_guest_mark
from jupyter_sessions.roles import Roles
from jupyter_sessions.store.tables import invitation_users, members

T = TypeVar("T")


def _held_back(context: Context, who: str, work: Callable[[], T]) -> T:
    """Run work that needs an invitation, and make callers who fail too often wait.

    Keys can't be guessed, so a valid key is accepted even then. Otherwise callers could lock out
    others who share their address.
    """
    joining = context.services.joining
    try:
        return work()
    except (errors.InvitationUnusable, errors.Conflict, errors.BadName):
        joining.check(who)
        joining.failed(who)
        raise


def _from_address(context: Context) -> str:
    return f"from {context.address}"


@implements(api.LOOK_AT_INVITATION)
def look(context: Context, request: schemas.InvitationByKey) -> schemas.Invited:
    """Show what an invitation gives access to."""

    def work() -> schemas.Invited:
        row, session = invitations.usable(context, principals.digest(request.key), lock=False)
        if row.used >= row.uses:
            raise invitations.unusable()
        given = Roles(row.roles)
        return schemas.Invited(
            label=session.label,
            owner=session.owner,
            made_by=row.maker,
            roles=given.names,  # type: ignore[arg-type]  # the names are the literals
            expires=row.expires,
            guests=context.services.limits.guests and Roles.ADMIN not in given,
        )

    return _held_back(context, _from_address(context), work)


@implements(api.JOIN)
def join(context: Context, request: schemas.InvitationByKey) -> schemas.Joined:
    """Become a member, or gain the invitation's roles that the caller does not hold yet."""

    def work() -> schemas.Joined:
        row, session = invitations.usable(context, principals.digest(request.key), lock=True)
        changed = _let_in(context, row, session)
        return schemas.Joined(session=answer(context, context.session), changed=changed)

    return _held_back(context, f"user {fold_name(context.principal.name)}", work)


@implements(api.ENTER_AS_GUEST)
def enter(context: Context, request: schemas.EnterAsGuest) -> schemas.Entered:
    """Join as a guest, under a name that nobody has."""
    if not context.services.limits.guests:
        raise errors.Forbidden(
            "This server does not admit guests.", hint="Log in, and join with your own account."
        )

    def work() -> schemas.Entered:
        row, session = invitations.usable(context, principals.digest(request.key), lock=True)
        if Roles.ADMIN in Roles(row.roles):
            raise errors.Forbidden(
                "This invitation gives the role admin, which a guest can't hold.",
                hint="Log in, and join with your own account.",
            )
        guest = _new_guest(context, request.name)
        context.principal = Principal(user_id=guest.id, name=guest.name, via="key")
        minutes = idle_timeout(context.services.limits, None, administrator=False)
        login = logins.make(
            context,
            guest,
            principals.Reach(None, confined=False),
            idle=minutes,
            label=request.label,
            agent=request.agent,
        )
        context.principal = replace(context.principal, key_id=login.login.id)
        _let_in(context, row, session, entering=True)
        return schemas.Entered(login=login, session=answer(context, context.session))

    return _held_back(context, _from_address(context), work)


def _new_guest(context: Context, wanted: str) -> Any:
    name = normalize.guest_name(wanted)
    bare = remove_guest_mark(name)
    for taken in (bare, name):
        if users.find(context.connection, taken) is not None:
            raise errors.Conflict(
                f"There is a user {bare!r} here already.", hint="Choose another name."
            )
    users.add(context.connection, name, now=context.now, display_name=bare)
    return users.required(context.connection, name)


def _let_in(context: Context, row: Any, session: OpenSession, *, entering: bool = False) -> bool:
    """Add the invitation's roles to the principal's; return whether anything changed.

    The context's session is opened, so that joining counts as activity in it.
    """
    principal, connection = context.principal, context.connection
    try:
        before = permissions.load(connection, principal, session.code, now=context.now, lock=False)
    except errors.NoSuchSession:
        before = None
    held = Roles.NONE if before is None else before.roles
    if principal.guest and not held and not entering:
        raise errors.Forbidden(
            "A guest can only use the session that they were invited to.",
            hint="Join as another guest, without your guest login.",
        )
    used_before = connection.execute(
        select(invitation_users.c.user_id).where(
            invitation_users.c.invitation_id == row.id,
            invitation_users.c.user_id == principal.user_id,
        )
    ).first()
    given = Roles(row.roles)
    if principal.guest:
        given &= ~Roles.ADMIN
    news = bool(given & ~held) and used_before is None
    if not news and not held:
        # They joined by it before, or had roles, and were revoked since.
        raise invitations.unusable()
    if news:
        if row.used >= row.uses:
            raise invitations.unusable()
        mine = (members.c.session_id == session.id, members.c.user_id == principal.user_id)
        # Roles held through groups do not become the member's own.
        granted = connection.execute(select(members.c.roles).where(*mine)).scalar() or 0
        values = {"roles": granted | int(given), "granted_by": row.user_id}
        if granted:
            connection.execute(update(members).where(*mine).values(values))
        else:
            connection.execute(
                insert(members).values(
                    session_id=session.id, user_id=principal.user_id, since=context.now, **values
                )
            )
        connection.execute(
            insert(invitation_users).values(
                invitation_id=row.id, user_id=principal.user_id, joined=context.now
            )
        )
    context.open_session = permissions.load(
        connection, principal, session.code, now=context.now, lock=False
    )
    if news:
        told = {"user": principal.name, "roles": given.names, "invitation": row.id}
        events.append(context, "member.joined", told)
    return news
