"""Types shared with the dispatcher's callers: credentials, capability content, limits."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    import msgspec

    from jupyter_sessions import schemas
    from jupyter_sessions.api import Operation
    from jupyter_sessions.store.blobs import Blob, BlobWriter


@dataclass(frozen=True)
class Anonymous:
    """A caller without credentials."""


@dataclass(frozen=True)
class KeyHolder:
    """A caller with a key, from a ``Bearer`` header or the login cookie."""

    key: str = field(repr=False)


@dataclass(frozen=True)
class SystemUser:
    """The operating-system user who runs this process: the administrator of the store."""

    name: str


@dataclass(frozen=True)
class Identified:
    """A user whom the identity provider of jupyter_server or JupyterHub vouches for.

    `groups` are those that the provider names, None if it does not know of groups at all. `vouches`
    is set if the request comes from that server itself, which says who ran the commands that it has
    recorded for the user.
    """

    name: str
    display_name: str = ""
    administrator: bool = False
    groups: frozenset[str] | None = None
    vouches: bool = False


Credentials = Anonymous | KeyHolder | SystemUser | Identified


@dataclass(frozen=True, kw_only=True)
class Call:
    """A caller's request to perform an operation.

    Attributes
    ----------
    operation, request
        An operation of the table, and its request.
    credentials
        The caller's.
    upload
        The content that comes with the request: bytes, a file, or a blob that
        `core.dispatcher.Dispatcher.open_upload` has opened for this caller.
    server
        The base URL under which the caller reaches this store, for URLs in the answer.
    address
        The caller's network address, if over HTTP.
    idempotency_key
        A random text that identifies the request: the same request, sent again, gets the same
        answer as the first time.
    """

    operation: Operation[Any, Any]
    request: Any
    credentials: Credentials
    upload: Path | bytes | BlobWriter | None = None
    server: str | None = None
    address: str = ""
    idempotency_key: str | None = None

    @property
    def kind(self) -> tuple[object, ...]:
        """What calls that are performed together have in common."""
        code = getattr(self.request, "code", None)
        origin = self.server, self.address, self.idempotency_key
        return self.operation.name, code, self.credentials, *origin


@dataclass(frozen=True)
class PublishedFile:
    """A published file that a capability URL gives a `viewer` access to."""

    viewer: str
    code: str
    file: schemas.File
    blob: Blob

    @property
    def version(self) -> str:
        """What changes with the content."""
        return self.file.sha256


@dataclass(frozen=True)
class CommandOutputs:
    """A command's outputs, each as JSON, that a capability URL gives a `viewer` access to.

    `version` changes with the outputs; it is empty if that is not certain.
    """

    viewer: str
    code: str
    number: int
    version: str
    outputs: list[msgspec.Raw]


Viewed = PublishedFile | CommandOutputs


@dataclass(frozen=True)
class Follower:
    """A user who follows a session live, as reported by their server."""

    client: str
    session_id: int
    user_id: int
    real_user_id: int | None
    key_id: int | None
    kind: schemas.PresenceKind
    agent: str


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What a store accepts and keeps; sizes are in bytes.

    Attributes
    ----------
    command
        Larger outputs of one command are cut, with a note.
    file
        Larger published files are refused.
    scratch_value
        Larger scratch values, as JSON, are refused.
    scratch
        The maximum total size of a session's scratch values.
    restorable
        How long a removed session can be restored.
    login
        The maximum lifetime of a login.
    login_idle
        How long an unused login lives, unless its holder requests another time.
    longest_login_idle
        The longest idle time that a caller who is not an administrator may request.
    invitation
        How long an invitation is valid, unless its author requests another time.
    longest_invitation
        The longest validity that may be requested.
    guests
        Whether people without an account may join by an invitation.
    audit
        How long audit entries are kept.
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


#: An operation of the Jupyter server: called with the request, the caller and the URL used.
Use: TypeAlias = Callable[..., Awaitable[Any]]
