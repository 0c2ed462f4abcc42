"""Keys that open one session, and those who come by them."""

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
    """A key that opens one session with given roles, without the key itself.

    It is `void` while who made it could not grant its roles any more; `used` is how many have
    joined by it, of `uses`.
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
    """An invitation to make: for so many `uses`, until so many minutes from now.

    Without `expires` the server's default counts. No role named means ``read``.
    """

    code: Code
    roles: Annotated[list[str], Meta(max_length=10)] = []
    uses: Annotated[int, Meta(ge=1, le=10_000)] = 1
    expires: Minutes | None = None
    name: Label = ""


class NewInvitation(Answer):
    """An invitation that was made; `key` is shown this once and stored only as a hash.

    `page` is where people join in a browser, None where no server shows this store. `clamped` tells
    that it expires earlier than was asked for: the server's limit.
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


class KeyShown(Request):
    """An invitation's key, from whoever holds it."""

    key: InvitationKey


class Invited(Answer):
    """What an invitation opens, to whoever holds its key.

    `guests` tells whether it lets in people without an account.
    """

    label: str
    owner: str
    made_by: str
    roles: list[RoleName]
    expires: datetime
    guests: bool


class Joined(Answer):
    """The session that an invitation opened.

    `changed` is false for who held its roles before.
    """

    session: Session
    changed: bool


class EnterAsGuest(Request):
    """An invitation's key, and the name that someone without an account chooses."""

    key: InvitationKey
    name: UserName
    agent: Label = ""
    label: Label = ""
