"""Schemas for invitations to a session, and for guests who join by them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from msgspec import Meta

from jupyter_sessions.schemas.fields import (
    Answer,
    Code,
    Cursor,
    InvitationState,
    Label,
    Minutes,
    PageSize,
    Request,
    RoleName,
    UserName,
)
from jupyter_sessions.schemas.sessions import Session

InvitationKey = Annotated[str, Meta(max_length=200, description="an invitation's key")]


class Invitation(Answer):
    """An invitation that gives access to one session with given roles, without its key.

    It is `void` while its author could not grant its roles. `used` is how many of its `uses` are
    taken.
    """

    id: int
    name: str
    roles: list[RoleName]
    made_by: str
    real_user: str | None
    created: datetime
    expires: datetime
    uses: int
    used: int
    state: InvitationState


class Invite(Request):
    """An invitation to create: for a number of `uses`, expiring after `expires` minutes.

    Without `expires` the server's default applies. An empty list of roles means ``read``.
    """

    code: Code
    roles: Annotated[list[str], Meta(max_length=10)] = []
    uses: Annotated[int, Meta(ge=1, le=10_000)] = 1
    expires: Minutes | None = None
    name: Label = ""


class NewInvitation(Answer):
    """A new invitation; `key` is shown only this once and stored only as a hash.

    `page` is the page where people join in a browser, None if no server shows this store. `clamped`
    is true if the server's limit made it expire earlier than requested.
    """

    key: str
    page: str | None
    invitation: Invitation
    clamped: bool


class ListInvitations(Request):
    """Which of a session's invitations to list, the newest first."""

    code: Code
    limit: PageSize = 100
    after: Cursor | None = None


class InvitationNamed(Request):
    """One invitation of a session."""

    code: Code
    id: Annotated[int, Meta(ge=1, le=2**53)]


class InvitationByKey(Request):
    """An invitation's key, sent by the person who holds it."""

    key: InvitationKey


class Invited(Answer):
    """What an invitation gives access to, shown to the holder of its key.

    `guests` is true if it admits people without an account.
    """

    label: str
    owner: str
    made_by: str
    roles: list[RoleName]
    expires: datetime
    guests: bool


class Joined(Answer):
    """The session that an invitation gave access to.

    `changed` is false if the caller held its roles already.
    """

    session: Session
    changed: bool


class EnterAsGuest(Request):
    """An invitation's key, and the name that a guest chooses."""

    key: InvitationKey
    name: UserName
    agent: Label = ""
    label: Label = ""
