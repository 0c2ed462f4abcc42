"""Add when a session was last enabled or restored, which ends its older capability URLs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from jupyter_sessions.store.types import Instant

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Add the column; it is not known of earlier times."""
    op.add_column("sessions", sa.Column("reopened", Instant()))
