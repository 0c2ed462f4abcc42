"""Add whether a command only manages sessions, also for existing commands."""

from __future__ import annotations

import re

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

_MANAGES = re.compile(r"%(?:session|oph_\w+|(?:re)?load_ext\s+jupyter_sessions)(?:\s.*)?")
_RUNS_AGAIN = re.compile(r"%session\s+replay\b|%oph_\w+\s.*\bexecute\s*=\s*y")
_SHOWN = 200


def upgrade() -> None:
    """Add the column, and find the last command of each session that does more."""
    op.add_column(
        "commands", sa.Column("managing", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.create_index("ix_commands_managing", "commands", ["managing", "id"])
    connection = op.get_bind()
    commands = sa.table(
        "commands", *map(sa.column, ("id", "session_id", "source", "source_blob", "managing"))
    )
    sessions = sa.table("sessions", *map(sa.column, ("id", "last_command")))
    found = connection.execute(
        sa.select(commands.c.id, commands.c.source).where(
            commands.c.source.contains("%", autoescape=True), commands.c.source_blob.is_(None)
        )
    )
    managing = [{"row": row.id} for row in found if _manages(row.source)]
    if not managing:
        return
    connection.execute(
        sa.update(commands)
        .where(commands.c.id == sa.bindparam("row"))
        .values(managing=sa.literal(True, sa.Boolean())),
        managing,
    )
    newest = (
        sa.select(sa.func.substr(commands.c.source, 1, _SHOWN))
        .where(
            commands.c.session_id == sessions.c.id,
            commands.c.managing == sa.literal(False, sa.Boolean()),
        )
        .order_by(commands.c.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    connection.execute(sa.update(sessions).values(last_command=sa.func.coalesce(newest, "")))


def _manages(source: str) -> bool:
    lines = [line.strip() for line in source.splitlines() if line.strip()]
    return bool(lines) and all(
        _MANAGES.fullmatch(line) and not _RUNS_AGAIN.match(line) for line in lines
    )
