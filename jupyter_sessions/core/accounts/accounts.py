"""Create, list, disable and remove accounts, as the server's administrator."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, delete, func, select, update

from jupyter_sessions import api, schemas
from jupyter_sessions.core import normalize, pagination, permissions
from jupyter_sessions.core.accounts import password_rules, passwords, second_factor, users
from jupyter_sessions.core.auth import keys
from jupyter_sessions.core.context import Context
from jupyter_sessions.core.registry import Preparation, implements
from jupyter_sessions.core.sessions import events
from jupyter_sessions.core.sessions.members import notify_sessions_of
from jupyter_sessions.errors import Conflict
from jupyter_sessions.store.tables import group_users, members, sessions
from jupyter_sessions.store.tables import users as users_table


def _answer(row: Row[Any]) -> schemas.Account:
    return schemas.Account(
        name=row.name,
        display_name=row.display_name,
        administrator=row.administrator,
        disabled=row.disabled,
        created=row.created,
        last_login=row.last_login,
    )


def _hash(
    preparation: Preparation,  # noqa: ARG001  # hashing needs nothing of it
    request: schemas.NewAccount | schemas.SetPassword,
) -> str:
    display_name = request.display_name if isinstance(request, schemas.NewAccount) else ""
    password_rules.check_password(request.password, request.name, display_name)
    return passwords.make_hash(request.password)


@implements(api.ADD_ACCOUNT, prepare=_hash, hashes=True)
def add(context: Context, request: schemas.NewAccount) -> schemas.Account:
    """Create an account."""
    name = normalize.user_name(request.name)
    existing = users.find(context.connection, name)
    if existing is not None:
        raise Conflict(
            normalize.taken("user", existing.name, name),
            hint="Choose another name, or set that account's password.",
        )
    users.add(
        context.connection,
        name,
        now=context.now,
        display_name=normalize.one_line(request.display_name, "display name"),
        password_hash=context.prepared,
    )
    events.append_to_server(context, "account.added", user=name)
    return _answer(users.required(context.connection, name))


@implements(api.LIST_ACCOUNTS)
def list_accounts(context: Context, request: schemas.ListAccounts) -> schemas.Page[schemas.Account]:
    """List the accounts by name."""
    after = pagination.name(request.after or "")
    rows = context.connection.execute(
        select(users_table)
        .where(users_table.c.removed.is_(None), users_table.c.folded > after)
        .order_by(users_table.c.folded)
        .limit(request.limit + 1)
    ).all()
    page = rows[: request.limit]
    return schemas.Page(
        items=[_answer(row) for row in page],
        next=page[-1].folded if len(rows) > request.limit else None,
    )


def _change(context: Context, name: str, kind: str, **values: Any) -> schemas.Account:
    row = users.required(context.connection, name)
    context.connection.execute(update(users_table).where(users_table.c.id == row.id).values(values))
    if kind != "account.enabled":
        keys.revoke_all(context.connection, row.id, now=context.now)
    events.append_to_server(context, kind, user=row.name)
    notify_sessions_of(context, row.id)
    changed = context.connection.execute(select(users_table).where(users_table.c.id == row.id))
    return _answer(changed.one())


@implements(api.SET_PASSWORD, prepare=_hash, hashes=True)
def set_password(context: Context, request: schemas.SetPassword) -> schemas.Account:
    """Set a password."""
    if normalize.is_guest(request.name):
        raise Conflict(
            f"{request.name} is a guest, and guests do not have passwords.",
            hint="Create an account for them.",
        )
    return _change(context, request.name, "account.password_set", password_hash=context.prepared)


@implements(api.RESET_SECOND_FACTOR)
def reset_second_factor(context: Context, request: schemas.AccountNamed) -> schemas.Account:
    """Remove the second factor of a user who has lost it."""
    row = users.required(context.connection, request.name)
    if not second_factor.remove(context.connection, row.id):
        raise Conflict(f"{row.name} has no second factor.", hint="Nothing needs to be done.")
    return _change(context, request.name, "second_factor.reset", disabled=row.disabled)


@implements(api.DISABLE_ACCOUNT)
def disable(context: Context, request: schemas.AccountNamed) -> schemas.Account:
    """Disable an account; its roles stay."""
    row = users.required(context.connection, request.name)
    if row.id == context.principal.user_id:
        raise Conflict("This is your own account.", hint="Another administrator can disable it.")
    return _change(context, request.name, "account.disabled", disabled=True)


@implements(api.ENABLE_ACCOUNT)
def enable(context: Context, request: schemas.AccountNamed) -> schemas.Account:
    """Enable a disabled account."""
    return _change(context, request.name, "account.enabled", disabled=False)


@implements(api.REMOVE_ACCOUNT)
def remove(context: Context, request: schemas.AccountNamed) -> schemas.Account:
    """Remove an account. Its name stays on its past actions, and becomes free for another user."""
    row = users.required(context.connection, request.name)
    if row.id == context.principal.user_id:
        raise Conflict("This is your own account.", hint="Another administrator can remove it.")
    # A default session is removed with its owner, and purged like any other removed session.
    owned = context.connection.execute(
        select(func.count())
        .select_from(sessions)
        .where(sessions.c.owner_id == row.id, sessions.c.id.is_distinct_from(row.default_session))
    ).scalar_one()
    if owned:
        raise Conflict(
            f"{row.name} owns {owned} session{'s' if owned > 1 else ''}, which would "
            "be left without an owner.",
            hint="Transfer them first, or disable the account instead.",
        )
    theirs = members.c.user_id == row.id
    granted = sessions.c.id.in_(select(members.c.session_id).where(theirs))
    permissions.lock(context.connection, sessions.c.id.in_(permissions.select_sessions_of(row.id)))
    joined = context.connection.execute(permissions.loaded(row.id).where(granted)).all()
    for session in map(permissions.opened, joined):
        if session.default:
            session.change(removed=context.now)
            events.append(context, "session.removed", {}, session=session)
        else:
            events.append(context, "member.revoked", {"user": row.name}, session=session)
        permissions.save(context.connection, session)
    notify_sessions_of(context, row.id)
    second_factor.remove(context.connection, row.id)
    context.connection.execute(delete(members).where(theirs))
    context.connection.execute(delete(group_users).where(group_users.c.user_id == row.id))
    return _change(context, request.name, "account.removed", removed=context.now)
