"""Add to each session a message, and the name of the program that works in it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the columns, empty."""
    for name, kind in (("message", sa.Text()), ("agent", sa.String())):
        op.add_column("sessions", sa.Column(name, kind, nullable=False, server_default=""))
