"""Load command summaries for lists and events, in one query and without outputs."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Select, select

from jupyter_sessions.core import normalize
from jupyter_sessions.core.damage import Damage, DamageNotes
from jupyter_sessions.core.history.outputs import check_texts
from jupyter_sessions.errors import ContentDamaged
from jupyter_sessions.schemas import CommandSummary
from jupyter_sessions.store.statements import CompiledStatement
from jupyter_sessions.store.tables import commands, users
from jupyter_sessions.store.types import is_in, number_in

#: The prefix of all kinds of events that concern a command.
EVENTS_OF_COMMANDS = "command."

_DAMAGED = "The source of this command is damaged in the store, so it is not shown."

_REAL = users.alias("real_users")

SUMMARY: Select[Any] = (
    select(
        commands.c.id,
        commands.c.number,
        commands.c.user_id,
        users.c.name.label("user"),
        _REAL.c.name.label("real_user"),
        commands.c.started,
        commands.c.duration,
        commands.c.status,
        commands.c.source,
        commands.c.source_blob,
        commands.c.preview,
        commands.c.media,
        commands.c.output_count,
        commands.c.size,
        commands.c.language,
        commands.c.notebook,
        commands.c.execution_count,
        commands.c.forgotten,
        commands.c.note,
        commands.c.managing,
        commands.c.checksum,
    )
    .join(users, users.c.id == commands.c.user_id)
    .outerjoin(_REAL, _REAL.c.id == commands.c.real_user_id)
)
_BY_ID = CompiledStatement(SUMMARY.where(is_in(commands.c.id, "ids")))


def summary(row: Any, notes: DamageNotes) -> CommandSummary:
    """Return the summary for a row of `SUMMARY`; if its texts are damaged, a note replaces them."""
    source, preview, note = row.source, row.preview, row.note
    try:
        check_texts(row.checksum, source, preview, "")
    except ContentDamaged:
        notes.add(Damage("source", row.id))
        source, preview, note = "", "", f"{note} {_DAMAGED}".strip()
    return CommandSummary(
        number=row.number,
        user=row.user,
        real_user=row.real_user,
        started=row.started,
        duration=row.duration,
        status=row.status,
        source=source,
        source_cut=row.source_blob is not None,
        preview=preview,
        media=row.media.split(),
        outputs=row.output_count,
        size=row.size,
        language=row.language,
        notebook=row.notebook,
        execution_count=row.execution_count,
        forgotten=row.forgotten,
        note=note,
        managing=row.managing,
        guest=normalize.is_guest(row.user),
    )


def by_number(
    connection: Connection, session_id: int, numbers: set[int], notes: DamageNotes
) -> dict[int, CommandSummary]:
    """Return the summaries of the session's commands with these numbers."""
    if not numbers:
        return {}
    ids = [number_in(session_id, number) for number in numbers]
    return {row.number: summary(row, notes) for row in _BY_ID.rows(connection, ids=ids)}
