"""Add performed requests by idempotency key."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from jupyter_sessions.store.types import Instant

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "done_requests",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("request", sa.String(), nullable=False),
        sa.Column("answer", sa.LargeBinary()),
        sa.Column("created", Instant, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_done_requests"),
    )
    op.create_index("ix_done_requests_created", "done_requests", ["created"])
