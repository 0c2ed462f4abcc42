"""Create and check capability URLs: tokens that let a viewer see one publication for an hour.

Tokens are signed rather than stored, so creating one costs no write. What a token allows is checked
again on each request, so it ends with the viewer's login, account or membership.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import select

from jupyter_sessions import api, schemas
from jupyter_sessions.core import permissions
from jupyter_sessions.core.auth import principals
from jupyter_sessions.core.context import Context, OpenSession
from jupyter_sessions.core.history import commands
from jupyter_sessions.core.registry import implements
from jupyter_sessions.core.types import CommandOutputs, PublishedFile, Viewed
from jupyter_sessions.core.webspace import files
from jupyter_sessions.errors import BadRequest, NotFound
from jupyter_sessions.names import fold_name
from jupyter_sessions.roles import Roles
from jupyter_sessions.store.tables import group_users, member_groups, members, sessions
from jupyter_sessions.urls import build_capability_url

LIFETIME = timedelta(hours=1)
_SIGNATURE = 16  # bytes


class Grant(msgspec.Struct, array_like=True):
    """The content of a token: who may see what, until when.

    `folder` is the published folder (or single file), case-folded; None for a command's outputs.
    `standing` is since when the viewer has been a member, by a grant and by each group: a user who
    is revoked and granted roles again is a new member, and so is everyone once a session that was
    disabled or removed is open again.
    """

    user_id: int
    key_id: int | None
    session_id: int
    expires: int
    folder: str | None
    number: int | None
    standing: list[int]


schemas.ready(Grant)


def seal(grant: Grant, secret: bytes) -> str:
    """Return the signed token."""
    payload = msgspec.msgpack.encode(grant)
    return base64.urlsafe_b64encode(_sign(payload, secret) + payload).decode().rstrip("=")


# The wall clock decides: if it is set back, a token stays valid for longer by as much. Login and
# role are checked at each use anyway.
def unseal(token: str, secret: bytes, now: datetime) -> Grant:
    """Verify and decode a token.

    Raises
    ------
    NotFound
        If it is not a token of this store, or has expired.
    """
    try:
        sealed = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        signature, payload = sealed[:_SIGNATURE], sealed[_SIGNATURE:]
        if hmac.compare_digest(signature, _sign(payload, secret)):
            grant = msgspec.msgpack.decode(payload, type=Grant)
            if datetime.fromtimestamp(grant.expires, UTC) > now:
                return grant
    except (binascii.Error, ValueError, msgspec.DecodeError):
        pass
    raise _ended()


def _ended() -> NotFound:
    return NotFound(
        "This link has expired, or never existed.", hint="Open it again from the session's page."
    )


def _standing(context: Context, user_id: int, session: OpenSession) -> list[int]:
    """Return since when a user has had access to a session, in microseconds, in each way."""
    own = select(members.c.since).where(
        members.c.session_id == session.id, members.c.user_id == user_id
    )
    # For a group both count: since when it is in the session, and since when the user is in it.
    through_groups = (
        select(member_groups.c.since, group_users.c.since.label("joined"))
        .join(group_users, group_users.c.group_id == member_groups.c.group_id)
        .where(member_groups.c.session_id == session.id, group_users.c.user_id == user_id)
    )
    times = [row.since for row in context.connection.execute(own)]
    times += [max(row.since, row.joined) for row in context.connection.execute(through_groups)]
    if session.reopened is not None:
        times = [max(time, session.reopened) for time in times]
    return [int(time.timestamp() * 1_000_000) for time in times]


def _sign(payload: bytes, secret: bytes) -> bytes:
    return hmac.digest(secret, payload, hashlib.sha256)[:_SIGNATURE]


@implements(api.CREATE_CAPABILITY_URL)
def make(context: Context, request: schemas.CreateCapabilityUrl) -> schemas.View:
    """Create a capability URL for a published file or a command's outputs."""
    if (request.path is None) == (request.command is None):
        raise BadRequest("Name either a path or a command.", hint="Name exactly one of the two.")
    folder = tail = ""
    if request.path is not None:
        file, _ = files.find(context, request.path)
        # A publication is everything below the first folder, so that pages find their relative
        # assets.
        folder, tail = fold_name(file.path).partition("/")[0], file.path
    elif request.command is not None:
        commands.find(context.connection, context.session.id, request.command)
    # Rounded to the minute, so that a page that is loaded again finds its images in the browser's
    # cache.
    expires = (context.now + LIFETIME).replace(second=0, microsecond=0)
    grant = Grant(
        user_id=context.principal.user_id,
        key_id=context.principal.key_id,
        session_id=context.session.id,
        expires=int(expires.timestamp()),
        folder=folder or None,
        number=request.command,
        standing=_standing(context, context.principal.user_id, context.session),
    )
    token = seal(grant, context.services.secret)
    return schemas.View(
        url=build_capability_url(context.server or "", token, tail), expires=expires
    )


def look(context: Context, token: str, path: str) -> Viewed:
    """Resolve a capability URL for its holder.

    Raises
    ------
    NotFound
        If the token is not (or no longer) valid, or its content does not exist.
    NotLoggedIn, NoSuchSession, RoleMissing, SessionDisabled
        If its viewer may not see the content any more.
    """
    grant = unseal(token, context.services.secret, context.now)
    viewer = principals.resolve_viewer(
        context.connection, grant.user_id, grant.key_id, now=context.now
    )
    code: Any = context.connection.execute(
        select(sessions.c.code).where(sessions.c.id == grant.session_id)
    ).scalar()
    session = permissions.load(context.connection, viewer, code or "", now=context.now, lock=False)
    operation = api.GET_COMMAND if grant.folder is None else api.GET_FILE
    permissions.check_role(session, viewer, Roles.READ, operation.states)
    if not set(grant.standing) & set(_standing(context, grant.user_id, session)):
        raise _ended()
    context.principal, context.open_session = viewer, session
    if grant.folder is None:
        row = commands.find(context.connection, session.id, grant.number or 0)
        outputs = commands.split_outputs(row, context)
        version = f"{row.version}-{row.size}" if row.version else ""
        return CommandOutputs(viewer.name, session.code, row.number, version, outputs)
    if fold_name(path).partition("/")[0] != grant.folder:
        raise NotFound(
            "This link does not give access to that file.", hint="Open the file from its session."
        )
    return PublishedFile(viewer.name, session.code, *files.find(context, path))
