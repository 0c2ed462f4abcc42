"""Keys: making, redeeming and revoking the secrets that stand for a user; stored are hashes."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from sqlalchemy import Connection, insert, update

from jupyter_sessions.core import principals
from jupyter_sessions.store.tables import keys

_PREFIXES = {"login": "jses_", "ticket": "jtik_"}
_RANDOM_BYTES = 32


def make(
    connection: Connection,
    kind: str,
    user_id: int,
    *,
    now: datetime,
    label: str = "",
    lifetime: timedelta | None,
    idle: timedelta | None = None,
) -> str:
    """Make a key of a kind, ``login`` or ``ticket``, and return it: it is shown this once."""
    key = _PREFIXES[kind] + secrets.token_urlsafe(_RANDOM_BYTES)
    connection.execute(
        insert(keys).values(
            hash=principals.digest(key),
            kind=kind,
            user_id=user_id,
            label=label,
            created=now,
            last_used=now,
            idle_timeout=None if idle is None else int(idle.total_seconds() // 60),
            expires=None if lifetime is None else now + lifetime,
        )
    )
    return key


def redeem(connection: Connection, ticket: str, *, now: datetime) -> int | None:
    """Use up a one-time ticket, and return whose it was; None where it is not valid (any more)."""
    return connection.execute(
        update(keys)
        .where(
            keys.c.hash == principals.digest(ticket),
            keys.c.kind == "ticket",
            keys.c.revoked.is_(None),
            keys.c.expires > now,
        )
        .values(revoked=now)
        .returning(keys.c.user_id)
    ).scalar()


def revoke(connection: Connection, key_id: int, *, now: datetime) -> None:
    """End one key."""
    connection.execute(update(keys).where(keys.c.id == key_id).values(revoked=now))


def revoke_all(connection: Connection, user_id: int, *, now: datetime) -> None:
    """End all keys of a user."""
    connection.execute(
        update(keys).where(keys.c.user_id == user_id, keys.c.revoked.is_(None)).values(revoked=now)
    )
