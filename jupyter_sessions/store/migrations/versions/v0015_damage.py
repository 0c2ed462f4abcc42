"""Add the table of what was found damaged, so that every process on the store knows it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from jupyter_sessions.store.types import Instant, Number

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Add the table; what earlier checks found was only counted, so the next one starts afresh."""
    op.create_table(
        "damage",
        sa.Column("name", sa.String(), primary_key=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(64)),
        sa.Column("command_id", Number),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("missing", sa.Boolean(), nullable=False),
        sa.Column("found", Instant(), nullable=False),
    )
    op.execute("DELETE FROM settings WHERE name = 'check'")
