"""Note what is damaged in a store, whichever process found it, in a check or in a read.

The notes are in the database, so every process on the store knows them. They name blobs and
commands. What these are used for is looked up when somebody asks, so what was unpublished or
forgotten no longer counts.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from datetime import datetime
from typing import Any, Literal, NamedTuple

from sqlalchemy import Connection, Select, delete, func, literal, select

from jupyter_sessions import schemas
from jupyter_sessions.errors import SessionsError
from jupyter_sessions.store.database import Database
from jupyter_sessions.store.engines import upsert
from jupyter_sessions.store.tables import commands, damage, files, sessions

# A page that shows damage may be reloaded often; the same damage is noted once in so many seconds.
_NOTED_AGAIN = 60.0
_REMEMBERED = 1_000


class Damage(NamedTuple):
    """Something damaged or missing: a blob, the source or outputs in a row, or the database itself.

    `item` is a blob's SHA-256, a command's id, or SQLite's description of the problem.
    """

    kind: Literal["database", "blob", "source", "outputs"]
    item: Any
    missing: bool = False

    @property
    def name(self) -> str:
        """What distinguishes it from all other damage."""
        return f"{self.kind}:{self.item}"


class Use(NamedTuple):
    """What is unusable because of some damage, as a sentence, and the code of its session."""

    problem: str
    session: str | None


def note(connection: Connection, found: Collection[Damage], now: datetime) -> None:
    """Store what was found damaged."""
    for each in found:
        values = {
            "kind": each.kind,
            "sha256": each.item if each.kind == "blob" else None,
            "command_id": each.item if each.kind in {"source", "outputs"} else None,
            "problem": each.item if each.kind == "database" else "",
            "missing": each.missing,
            "found": now,
        }
        insert = upsert(connection, damage).values(name=each.name, **values)
        connection.execute(insert.on_conflict_do_update(index_elements=["name"], set_=values))


def drop(connection: Connection, mended: Damage) -> None:
    """Forget damage that was mended."""
    connection.execute(delete(damage).where(damage.c.name == mended.name))


def drop_older(connection: Connection, begun: datetime) -> None:
    """Forget the damage that a check of the whole store, begun at this time, did not find again."""
    connection.execute(delete(damage).where(damage.c.found < begun))


def count(connection: Connection) -> int:
    """Return how many files, sources and outputs are known to be damaged or missing."""
    if connection.execute(select(damage.c.name).limit(1)).scalar() is None:
        return 0
    by_row = commands.c.id == damage.c.command_id
    used: list[Select[Any]] = [
        select(damage.c.name).where(damage.c.kind == "database"),
        select(files.c.id).join(damage, damage.c.sha256 == files.c.sha256),
        select(commands.c.id).join(damage, damage.c.sha256 == commands.c.source_blob),
        select(commands.c.id).join(damage, damage.c.sha256 == commands.c.outputs_blob),
        select(commands.c.id).join(damage, by_row).where(~commands.c.forgotten),
    ]
    return sum(
        connection.execute(select(func.count()).select_from(each.subquery())).scalar_one()
        for each in used
    )


def list_noted(connection: Connection, limit: int) -> list[schemas.Damage]:
    """Describe at most `limit` uses of what is known to be damaged, the latest found first."""
    noted: list[schemas.Damage] = []
    rows = select(damage).order_by(damage.c.found.desc(), damage.c.name).limit(limit)
    for row in connection.execute(rows).all():
        item = row.sha256 or row.command_id or row.problem
        noted += [
            schemas.Damage(problem=use.problem, session=use.session, found=row.found)
            for use in describe_uses(connection, Damage(row.kind, item, row.missing))
        ]
    return noted[:limit]


def describe_uses(connection: Connection, found: Damage) -> list[Use]:
    """Describe all that is unusable because of some damage."""
    how = "missing" if found.missing else "damaged"
    if found.kind == "database":
        return [Use(f"The database is damaged: {found.item}", None)]
    return [Use(f"{what} is {how}.", code) for what, code in _each_use(connection, found)]


def _each_use(connection: Connection, found: Damage) -> Iterator[tuple[str, str]]:
    uses: list[Select[Any]] = []
    if found.kind == "blob":
        uses = [
            _of_command("source").where(commands.c.source_blob == found.item),
            _of_command("output").where(commands.c.outputs_blob == found.item),
        ]
        published = (
            select(files.c.path, files.c.command, sessions.c.code)
            .join(sessions, sessions.c.id == files.c.session_id)
            .where(files.c.sha256 == found.item)
        )
        for file in connection.execute(published):
            by = "" if file.command is None else f" (of command {file.command})"
            yield f"The file {file.path!r} in session {file.code}{by}", file.code
    else:
        what = "source" if found.kind == "source" else "output"
        this = commands.c.id == found.item
        uses = [_of_command(what).where(this, ~commands.c.forgotten)]
    for statement in uses:
        for row in connection.execute(statement):
            yield f"The {row.what} of command {row.number} in session {row.code}", row.code


def _of_command(what: str) -> Select[Any]:
    return select(literal(what).label("what"), commands.c.number, sessions.c.code).join(
        sessions, sessions.c.id == commands.c.session_id
    )


class DamageNotes:
    """Stores in the background what this process finds damaged while it reads.

    Parameters
    ----------
    database
        Where the notes are stored.
    clock
        Returns the current time in UTC.
    """

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock
        self._noted: dict[str, float] = {}

    def note_damaged(self, sha256: str, *, missing: bool) -> None:
        """Note that a blob is damaged or missing."""
        self.add(Damage("blob", sha256, missing))

    def note_mended(self, sha256: str) -> None:
        """Note that a blob that was damaged or missing is intact."""
        mended = Damage("blob", sha256)
        self._noted.pop(mended.name, None)
        with suppress(SessionsError):  # the store is being closed
            self._database.write(lambda tx: drop(tx.connection, mended))

    def add(self, found: Damage) -> None:
        """Note damage; it is soon in the database."""
        now, noted = time.monotonic(), self._noted
        if now - noted.get(found.name, -_NOTED_AGAIN) < _NOTED_AGAIN:
            return
        noted[found.name] = now
        while len(noted) > _REMEMBERED:
            noted.pop(next(iter(noted)), None)
        at = self._clock()
        with suppress(SessionsError):
            self._database.write(lambda tx: note(tx.connection, [found], at))
