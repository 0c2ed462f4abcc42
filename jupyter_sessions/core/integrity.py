"""Verify the integrity of a store: its database, its blobs, and the outputs in its rows.

Each call verifies a part and returns where to continue, so no call takes long, and the caller
decides how fast the check proceeds.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import msgspec
from sqlalchemy import LargeBinary, cast, insert, or_, select, text, update

from jupyter_sessions import api, schemas
from jupyter_sessions.core.context import Context
from jupyter_sessions.core.history.outputs import check_texts, unpack
from jupyter_sessions.core.registry import Preparation, implements
from jupyter_sessions.errors import BadRequest, ContentDamaged, NotFound
from jupyter_sessions.store.blobs import Blob, Blobs
from jupyter_sessions.store.database import Database, Transaction
from jupyter_sessions.store.tables import blobs, commands, files, sessions, settings

# How much one call verifies, in bytes and in rows.
_AT_ONCE = 8 << 20
_ROWS = 500
_STAGES = ("database", "blobs", "outputs")


class CheckOutcome(msgspec.Struct):
    """The result of the last whole check, as stored for the health page."""

    finished: str
    damaged: int


def check_next(database: Database, store: Blobs, after: str) -> schemas.StoreCheck:
    """Verify the part of the store that follows a position, and return where to continue.

    Raises
    ------
    BadRequest
        If the position is not valid.
    """
    stage, _, place = after.partition(":") if after else (_STAGES[0], "", "")
    if stage == "database":
        problems = database.read(_check_database).result()
        return schemas.StoreCheck(checked=1, size=0, problems=problems, next="blobs:")
    if stage == "blobs":
        return _check_blobs(database, store, place)
    if stage == "outputs" and (place or "0").isdecimal() and len(place) < 20:
        return _check_outputs(database, store, int(place or 0))
    raise BadRequest("The position in the check is not valid.", hint="Start the check again.")


def _check_database(transaction: Transaction) -> list[str]:
    if not transaction.is_sqlite:
        return []  # PostgreSQL verifies its pages itself, if the cluster has checksums
    found = transaction.connection.execute(text("PRAGMA integrity_check(20)")).scalars()
    return [f"The database is damaged: {problem}" for problem in found if problem != "ok"]


def _check_blobs(database: Database, store: Blobs, place: str) -> schemas.StoreCheck:
    def look(transaction: Transaction) -> list[Any]:
        rows = select(blobs).where(blobs.c.sha256 > place).order_by(blobs.c.sha256).limit(_ROWS)
        return list(transaction.connection.execute(rows))

    rows = database.read(look).result()
    checked = size = 0
    problems: list[str] = []
    for row in rows:
        if size >= _AT_ONCE:
            break
        checked, size, place = checked + 1, size + row.size, row.sha256
        try:
            store.verify(Blob(row.sha256, row.size, row.encoding))
        except (ContentDamaged, NotFound) as failure:
            how = "damaged" if isinstance(failure, ContentDamaged) else "missing"
            uses = database.read(partial(_describe_use, sha256=row.sha256)).result()
            problems += [f"{use} is {how}." for use in uses]
    following = f"blobs:{place}" if rows else "outputs:"
    return schemas.StoreCheck(checked=checked, size=size, problems=problems, next=following)


def _describe_use(transaction: Transaction, sha256: str) -> list[str]:
    """Describe what a blob is used for."""
    return list(_each_use(transaction, sha256))


def _each_use(transaction: Transaction, sha256: str) -> Iterator[str]:
    published = (
        select(files.c.path, files.c.command, sessions.c.code)
        .join(sessions, sessions.c.id == files.c.session_id)
        .where(files.c.sha256 == sha256)
    )
    for row in transaction.connection.execute(published):
        by = "" if row.command is None else f" (of command {row.command})"
        yield f"The file {row.path!r} in session {row.code}{by}"
    recorded = (
        select(commands.c.number, commands.c.outputs_blob, sessions.c.code)
        .join(sessions, sessions.c.id == commands.c.session_id)
        .where(or_(commands.c.outputs_blob == sha256, commands.c.source_blob == sha256))
    )
    for row in transaction.connection.execute(recorded):
        what = "output" if row.outputs_blob == sha256 else "source"
        yield f"The {what} of command {row.number} in session {row.code}"


def _check_outputs(database: Database, store: Blobs, place: int) -> schemas.StoreCheck:
    def look(transaction: Transaction) -> list[Any]:
        texts: list[Any] = [commands.c.source, commands.c.preview]
        if transaction.is_sqlite:
            # Damaged text need not be UTF-8, and then SQLite's driver could not read the row.
            texts = [cast(each, LargeBinary).label(each.name) for each in texts]
        rows = (
            select(
                commands.c.id,
                commands.c.number,
                commands.c.size,
                *texts,
                commands.c.checksum,
                commands.c.outputs,
                sessions.c.code,
            )
            .join(sessions, sessions.c.id == commands.c.session_id)
            .where(commands.c.id > place)
            .order_by(commands.c.id)
            .limit(_ROWS)
        )
        return list(transaction.connection.execute(rows))

    rows = database.read(look).result()
    problems = []
    for row in rows:
        try:
            check_texts(row.checksum, _decode(row.source), _decode(row.preview), "")
        except ContentDamaged:
            problems.append(f"The source of command {row.number} in session {row.code} is damaged.")
        try:
            unpack(row.outputs, row.size, None, store, "")
        except ContentDamaged:
            problems.append(f"The output of command {row.number} in session {row.code} is damaged.")
    return schemas.StoreCheck(
        checked=len(rows),
        size=sum(len(row.outputs or b"") + len(row.source) + len(row.preview) for row in rows),
        problems=problems,
        next=f"outputs:{rows[-1].id}" if rows else None,
    )


def _decode(text: str | bytes) -> str:
    # What is not UTF-8 becomes other text, and so has another checksum.
    return text.decode("utf-8", "replace") if isinstance(text, bytes) else text


def note_outcome(context: Context, damaged: int) -> None:
    """Store the result of a whole check for the health page."""
    finished = msgspec.json.encode(context.now).decode().strip('"')
    value = msgspec.json.encode(CheckOutcome(finished, damaged)).decode()
    changed = context.connection.execute(
        update(settings).where(settings.c.name == "check").values(value=value)
    )
    if not changed.rowcount:
        context.connection.execute(insert(settings).values(name="check", value=value))


def last_outcome(context: Context) -> CheckOutcome | None:
    """Return the result of the last whole check; None before the first."""
    value = context.connection.execute(
        select(settings.c.value).where(settings.c.name == "check")
    ).scalar()
    return None if value is None else msgspec.json.decode(value, type=CheckOutcome)


def _check(preparation: Preparation, request: schemas.CheckStore) -> schemas.StoreCheck:
    return check_next(preparation.database, preparation.services.blobs, request.after)


@implements(api.CHECK_STORE, prepare=_check, costly=lambda _: True)
def check(context: Context, request: schemas.CheckStore) -> schemas.StoreCheck:  # noqa: ARG001  # prepared
    """Run one step of a check, and return what was verified."""
    found: schemas.StoreCheck = context.prepared
    return found
