"""Verify the integrity of a store: its database, its blobs, and the outputs in its rows.

Each call verifies a part and returns where to continue, so no call takes long, and the caller
decides how fast the check proceeds. What it finds is noted in the database (`core.damage`), as is
the end of a whole check, so every process on the store knows the result.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import LargeBinary, cast, select, text

from jupyter_sessions import api, schemas
from jupyter_sessions.core import damage
from jupyter_sessions.core.context import Context
from jupyter_sessions.core.damage import Damage
from jupyter_sessions.core.history.outputs import check_texts, unpack
from jupyter_sessions.core.registry import Preparation, implements
from jupyter_sessions.errors import BadRequest, ContentDamaged, NotFound, SessionsError
from jupyter_sessions.store.blobs import Blob, Blobs
from jupyter_sessions.store.database import Database, Transaction
from jupyter_sessions.store.engines import upsert
from jupyter_sessions.store.tables import blobs, commands, settings

_log = logging.getLogger(__name__)

# How much one call verifies, in bytes and in rows.
_AT_ONCE = 8 << 20
_ROWS = 500
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
# How much known damage one answer lists.
_MOST_LISTED = 500


class CheckOutcome(msgspec.Struct):
    """When the last complete check finished, as stored for the health page."""

    finished: datetime


class _Position(msgspec.Struct):
    """Where a check continues, and when it began."""

    stage: str
    place: str
    begun: datetime

    @classmethod
    def parse(cls, after: str, now: datetime) -> _Position:
        """Parse a position as `write` returned it; empty for the beginning of a check."""
        if not after:
            return cls("database", "", now)
        place, _, begun = after.partition("@")
        stage, _, place = place.partition(":")
        sound = stage == "blobs" or (stage == "outputs" and place.isdecimal() and len(place) < 20)
        if sound and begun.isdecimal() and len(begun) < 20:
            with suppress(OverflowError):
                return cls(stage, place, _EPOCH + int(begun) * _MICROSECOND)
        raise BadRequest("The position in the check is not valid.", hint="Start the check again.")

    def write(self, stage: str, place: str | int = "") -> str:
        """Return the position that follows this one."""
        return f"{stage}:{place}@{(self.begun - _EPOCH) // _MICROSECOND}"


class _Part(msgspec.Struct):
    """What was verified of the store: how much, what is damaged, and where to continue."""

    checked: int
    size: int
    found: list[Damage]
    next: str | None


def check_next(
    database: Database, store: Blobs, after: str, clock: Callable[[], datetime]
) -> schemas.StoreCheck:
    """Verify the part of the store that follows a position, and return where to continue.

    Raises
    ------
    BadRequest
        If the position is not valid.
    """
    position = _Position.parse(after, clock())
    check = {"database": _check_database, "blobs": _check_blobs, "outputs": _check_outputs}
    part = check[position.stage](database, store, position)

    def describe(transaction: Transaction) -> list[str]:
        return [
            use.problem
            for found in part.found
            for use in damage.describe_uses(transaction.connection, found)
        ]

    def note(transaction: Transaction) -> None:
        # If the clock was set back meanwhile, what was found is still of this check.
        now = max(clock(), position.begun)
        damage.note(transaction.connection, part.found, now)
        if part.next is None:
            damage.drop_older(transaction.connection, position.begun)
            _note_finished(transaction, now)

    problems = database.read(describe).result() if part.found else []
    if part.found or part.next is None:
        try:
            database.write(note).result()
        except SessionsError as error:
            # A store on a full or damaged disk can still be checked.
            _log.error("The result of the check could not be stored: %s", error.message)
    return schemas.StoreCheck(
        checked=part.checked, size=part.size, problems=problems, next=part.next
    )


def _check_database(database: Database, store: Blobs, position: _Position) -> _Part:  # noqa: ARG001  # as the other stages
    def look(transaction: Transaction) -> list[str]:
        if not transaction.is_sqlite:
            return []  # PostgreSQL verifies its pages itself, if the cluster has checksums
        return list(transaction.connection.execute(text("PRAGMA integrity_check(20)")).scalars())

    problems = [problem for problem in database.read(look).result() if problem != "ok"]
    found = [Damage("database", problem) for problem in problems]
    return _Part(1, 0, found, position.write("blobs"))


def _check_blobs(database: Database, store: Blobs, position: _Position) -> _Part:
    place = position.place

    def look(transaction: Transaction) -> list[Any]:
        rows = select(blobs).where(blobs.c.sha256 > place).order_by(blobs.c.sha256).limit(_ROWS)
        return list(transaction.connection.execute(rows))

    rows = database.read(look).result()
    checked = size = 0
    found: list[Damage] = []
    for row in rows:
        if size >= _AT_ONCE:
            break
        checked, size, place = checked + 1, size + row.size, row.sha256
        try:
            store.verify(Blob(row.sha256, row.size, row.encoding))
        except (ContentDamaged, NotFound) as failure:
            found.append(Damage("blob", row.sha256, missing=isinstance(failure, NotFound)))
    following = position.write("blobs", place) if rows else position.write("outputs", 0)
    return _Part(checked, size, found, following)


def _check_outputs(database: Database, store: Blobs, position: _Position) -> _Part:
    def look(transaction: Transaction) -> list[Any]:
        texts: list[Any] = [commands.c.source, commands.c.preview]
        if transaction.is_sqlite:
            # Damaged text need not be UTF-8, and then SQLite's driver could not read the row.
            texts = [cast(each, LargeBinary).label(each.name) for each in texts]
        rows = (
            select(
                commands.c.id,
                commands.c.size,
                *texts,
                commands.c.checksum,
                commands.c.outputs,
            )
            .where(commands.c.id > int(position.place))
            .order_by(commands.c.id)
            .limit(_ROWS)
        )
        return list(transaction.connection.execute(rows))

    rows = database.read(look).result()
    found: list[Damage] = []
    for row in rows:
        try:
            check_texts(row.checksum, _decode(row.source), _decode(row.preview), "")
        except ContentDamaged:
            found.append(Damage("source", row.id))
        try:
            unpack(row.outputs, row.size, None, store, "")
        except ContentDamaged:
            found.append(Damage("outputs", row.id))
    return _Part(
        len(rows),
        sum(len(row.outputs or b"") + len(row.source) + len(row.preview) for row in rows),
        found,
        position.write("outputs", rows[-1].id) if rows else None,
    )


def _decode(text: str | bytes) -> str:
    # What is not UTF-8 becomes other text, and so has another checksum.
    return text.decode("utf-8", "replace") if isinstance(text, bytes) else text


def _note_finished(transaction: Transaction, now: datetime) -> None:
    value = msgspec.json.encode(CheckOutcome(now)).decode()
    insert = upsert(transaction.connection, settings).values(name="check", value=value)
    transaction.connection.execute(
        insert.on_conflict_do_update(index_elements=["name"], set_={"value": value})
    )


def last_outcome(context: Context) -> CheckOutcome | None:
    """Return the result of the last whole check; None before the first."""
    value = context.connection.execute(
        select(settings.c.value).where(settings.c.name == "check")
    ).scalar()
    return None if value is None else msgspec.json.decode(value, type=CheckOutcome)


def _check(preparation: Preparation, request: schemas.CheckStore) -> schemas.StoreCheck:
    def clock() -> datetime:
        return preparation.now

    blobs = preparation.services.blobs
    return check_next(preparation.database, blobs, request.after, clock)


@implements(api.CHECK_STORE, prepare=_check, costly=lambda _: True)
def check(context: Context, request: schemas.CheckStore) -> schemas.StoreCheck:  # noqa: ARG001  # prepared
    """Run one step of a check, and return what was verified."""
    found: schemas.StoreCheck = context.prepared
    return found


@implements(api.LIST_DAMAGE)
def list_damage(context: Context, request: schemas.Nothing) -> schemas.StoreDamage:  # noqa: ARG001  # no fields
    """List what is known to be damaged, without a new check."""
    last = last_outcome(context)
    return schemas.StoreDamage(
        checked=None if last is None else last.finished,
        damaged=damage.count(context.connection),
        items=damage.list_noted(context.connection, _MOST_LISTED),
    )
