"""The context of a use case: the transaction, the principal, the session and shared services."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row

from jupyter_sessions.core import normalize
from jupyter_sessions.core.accounts.passwords import BackOff
from jupyter_sessions.core.auth.login_limits import LoginTries
from jupyter_sessions.core.damage import DamageNotes
from jupyter_sessions.core.types import Limits
from jupyter_sessions.roles import Roles
from jupyter_sessions.schemas import RoleName, State
from jupyter_sessions.store.blobs import Blob, Blobs
from jupyter_sessions.store.database import Transaction


@dataclass(frozen=True, kw_only=True)
class Services:
    """What use cases share: the blobs, the limits, and the store's secret for signing.

    `damage` takes note of what is found damaged. `joining` limits tries with invalid invitation
    keys, `login_tries` tries with wrong passwords.
    """

    blobs: Blobs
    damage: DamageNotes
    limits: Limits
    secret: bytes = field(repr=False)
    joining: BackOff = field(
        default_factory=lambda: BackOff("attempts to join", "Ask for a new invitation.")
    )
    login_tries: LoginTries = field(default_factory=LoginTries)


@dataclass(frozen=True, kw_only=True)
class Principal:
    """The authenticated caller: a user, their key, and the user who really acts, if another.

    `real_user_id` is who acts as the user by sudo, or created the login for them. `group_id` is the
    group in which they create sessions; a `confined` login reaches only the sessions of this group.
    `vouches` says that their claims about who ran recorded commands are trusted. `confirmed` is
    when they last proved their identity by password, None if they came otherwise. `unnoted` says
    that the key's last use was stored long ago. `user_id` is 0 for users who have not changed
    anything here yet, and for anonymous callers.
    """

    user_id: int
    name: str
    display_name: str = ""
    administrator: bool = False
    via: str = "nothing"
    key_id: int | None = None
    expires: datetime | None = None
    real_user_id: int | None = None
    unnoted: bool = False
    default_session: int | None = None
    group_id: int | None = None
    confined: bool = False
    vouches: bool = False
    confirmed: datetime | None = None

    @property
    def known(self) -> bool:
        """Whether the caller is known."""
        return self.via != "nothing"

    @property
    def guest(self) -> bool:
        """Whether they joined by an invitation, without an account."""
        return normalize.is_guest(self.name)


@dataclass(kw_only=True)
class OpenSession:
    """The session that a use case works in, as loaded, with the caller's roles.

    The dispatcher saves `changes` at the end of an operation that writes.
    """

    id: int
    code: str
    label: str
    description: str
    message: str
    agent: str
    owner_id: int
    created: datetime
    last_used: datetime
    disabled: bool
    closed: datetime | None
    removed: datetime | None
    reopened: datetime | None
    idle_timeout: int | None
    lifetime: int | None
    group_id: int | None
    group: str | None
    commands: int
    events: int
    last_command: str
    owner: str
    default: bool
    members: int
    roles: Roles
    changes: dict[str, Any] = field(default_factory=dict)

    def change(self, **values: Any) -> None:
        """Set attributes, to be saved later."""
        for name, value in values.items():
            setattr(self, name, value)
        self.changes |= values

    @property
    def closes(self) -> datetime | None:
        """When a time-out closes the session if nothing happens in it until then."""
        ends = []
        if self.idle_timeout is not None:
            ends.append(self.last_used + timedelta(minutes=self.idle_timeout))
        if self.lifetime is not None:
            ends.append(self.created + timedelta(minutes=self.lifetime))
        return min(ends, default=None)

    @property
    def state(self) -> State:
        """The state; the most restrictive one comes first."""
        if self.removed is not None:
            return "removed"
        if self.disabled:
            return "disabled"
        return "active" if self.closed is None else "closed"

    @property
    def role_names(self) -> list[RoleName]:
        """The names of the caller's roles."""
        return self.roles.names  # type: ignore[return-value]  # the enum's names are the literals


@dataclass(kw_only=True)
class Context:
    """An open transaction with the caller, the time and the session.

    `prepared` is the result of the operation's preparation, which runs outside the transaction;
    `upload` is the stored content that came with the request; `server` is the base URL under which
    the caller reaches this store and `address` their network address, if over HTTP. `audited` is
    written to the audit log's file once the transaction is on disk.
    """

    transaction: Transaction
    principal: Principal
    now: datetime
    services: Services
    server: str | None = None
    address: str = ""
    prepared: Any = None
    upload: Blob | None = None
    open_session: OpenSession | None = None
    open_group: Row[Any] | None = None
    audited: list[dict[str, Any]] = field(default_factory=list)

    @property
    def connection(self) -> Connection:
        """The transaction's connection."""
        return self.transaction.connection

    @property
    def session(self) -> OpenSession:
        """The session. The dispatcher loads it for every operation that concerns one."""
        if self.open_session is None:
            raise RuntimeError("this operation concerns no session")
        return self.open_session

    @property
    def group(self) -> Row[Any]:
        """The group. The dispatcher loads it for every operation that depends on it."""
        if self.open_group is None:
            raise RuntimeError("this operation concerns no group")
        return self.open_group
