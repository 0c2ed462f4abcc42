"""Who comes with a request, as they present themselves: a claim that the dispatcher checks."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from jupyter_sessions import schemas
    from jupyter_sessions.store.blobs import Blob


@dataclass(frozen=True)
class Anonymous:
    """Nobody said who they are."""


@dataclass(frozen=True)
class KeyHolder:
    """Someone with a key, from a ``Bearer`` header or the login cookie."""

    key: str = field(repr=False)


@dataclass(frozen=True)
class SystemUser:
    """The operating-system user whose process this is: the administrator of the store."""

    name: str


@dataclass(frozen=True)
class Identified:
    """A user whom jupyter_server's or JupyterHub's identity provider vouches for.

    `groups` are those that it names, None where it knows of none at all.
    With `vouches` it is that server itself which asks, and says who ran the commands that it has
    recorded for the user.
    """

    name: str
    display_name: str = ""
    administrator: bool = False
    groups: frozenset[str] | None = None
    vouches: bool = False


Credentials = Anonymous | KeyHolder | SystemUser | Identified


@dataclass(frozen=True)
class PublishedFile:
    """What a capability URL of a publication leads to, for a `viewer`."""

    viewer: str
    code: str
    file: schemas.File
    blob: Blob


@dataclass(frozen=True)
class CommandOutputs:
    """What a capability URL of a command leads to, for a `viewer`."""

    viewer: str
    code: str
    number: int
    outputs: list[schemas.Output]


Viewed = PublishedFile | CommandOutputs


@dataclass(frozen=True)
class Follower:
    """Someone who follows a session live, as their server tells it."""

    client: str
    session_id: int
    user_id: int
    real_user_id: int | None
    key_id: int | None
    kind: schemas.PresenceKind
    agent: str


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What a store takes and keeps; sizes in bytes.

    Attributes
    ----------
    command
        Outputs of one command past this are cut, with a note.
    file
        A published file past this is refused.
    scratch_value
        A scratch value past this, as JSON, is refused.
    scratch
        A session's scratch values past this, together, are refused.
    restorable
        How long a removed session can be restored.
    login
        How long a login lives at most.
    login_idle
        How long it lives unused, where its holder did not ask for another time.
    longest_login_idle
        The longest time to live unused that one may ask for who is no administrator.
    invitation
        How long an invitation can be used, where its maker did not ask for another time.
    longest_invitation
        The longest time that one may ask for.
    guests
        Whether people without an account may come in by an invitation.
    audit
        How long the audit log is kept.
    """

    command: int = 256 * 2**20
    file: int = 2 * 2**30
    scratch_value: int = 256 * 2**10
    scratch: int = 4 * 2**20
    restorable: timedelta = timedelta(days=30)
    login: timedelta = timedelta(days=30)
    login_idle: timedelta = timedelta(days=7)
    longest_login_idle: timedelta = timedelta(days=30)
    invitation: timedelta = timedelta(days=7)
    longest_invitation: timedelta = timedelta(days=30)
    guests: bool = False
    audit: timedelta = timedelta(days=365)


#: How it is done: of a request, who asks, and the URL that they ask at.
Use: TypeAlias = Callable[..., Awaitable[Any]]
