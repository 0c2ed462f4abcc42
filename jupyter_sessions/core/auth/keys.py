"""Create, redeem and revoke keys: secrets that stand for a user, stored as hashes."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, insert, or_, select, update

from jupyter_sessions.core.auth import principals
from jupyter_sessions.errors import Conflict
from jupyter_sessions.store.tables import keys

_PREFIXES = {"login": "jses_", "ticket": "jtik_", "invitation": "jinv_"}
_RANDOM_BYTES = 32
_PARENTS = keys.alias("parents")


def make(
    connection: Connection,
    kind: str,
    user_id: int,
    *,
    now: datetime,
    expires: datetime,
    **attributes: Any,
) -> tuple[int, str]:
    """Create a key of a kind: ``login``, ``ticket`` or ``invitation``.

    Parameters
    ----------
    attributes
        Other columns of the table of keys.

    Returns
    -------
    tuple of int and str
        Its number, and the key itself, which is shown only this once.
    """
    key = _PREFIXES[kind] + secrets.token_urlsafe(_RANDOM_BYTES)
    row = {
        "hash": principals.digest(key),
        "kind": kind,
        "user_id": user_id,
        "label": "",
        "created": now,
        "last_used": now,
        "expires": expires,
        **attributes,
    }
    number = connection.execute(insert(keys).values(row).returning(keys.c.id)).scalar_one()
    return int(number), key


def redeem(connection: Connection, ticket: str, *, now: datetime) -> Row[Any] | None:
    """Use up a one-time ticket, and return its row; None if it is not (or no longer) valid."""
    return connection.execute(
        update(keys)
        .where(
            keys.c.hash == principals.digest(ticket),
            keys.c.kind == "ticket",
            keys.c.revoked.is_(None),
            keys.c.expires > now,
        )
        .values(revoked=now)
        .returning(keys)
    ).one_or_none()


def renew(connection: Connection, number: int) -> str:
    """Replace a key's secret, and return the new one.

    Raises
    ------
    Conflict
        If the key was ended.
    """
    alive = keys.c.id == number, keys.c.revoked.is_(None)
    kind = connection.execute(select(keys.c.kind).where(*alive)).scalar()
    if kind is None:
        raise Conflict(
            "The result of the first such request has since been ended.",
            hint="To create it again, use another Idempotency-Key.",
        )
    key = _PREFIXES[kind] + secrets.token_urlsafe(_RANDOM_BYTES)
    connection.execute(update(keys).where(*alive).values(hash=principals.digest(key)))
    return key


def revoke(connection: Connection, *conditions: ColumnElement[bool], now: datetime) -> int:
    """End the keys that match `conditions`, and all that was derived from them.

    Returns
    -------
    int
        How many of the matching keys had not ended before.
    """
    revoked = _revoke(connection, and_(*conditions), now)
    ended = select(_PARENTS.c.id).where(_PARENTS.c.revoked.is_not(None))
    while _revoke(connection, keys.c.parent_id.in_(ended), now):
        pass
    return revoked


def _revoke(connection: Connection, condition: ColumnElement[bool], now: datetime) -> int:
    return connection.execute(
        update(keys).where(condition, keys.c.revoked.is_(None)).values(revoked=now)
    ).rowcount


def revoke_all(connection: Connection, user_id: int, *, now: datetime) -> None:
    """End all keys of a user, including those that act as others or were created for others."""
    columns = (keys.c.user_id, keys.c.real_user_id, keys.c.made_by_id)
    revoke(connection, or_(*(column == user_id for column in columns)), now=now)
