"""Add the version of each command, so that a late older recording is recognized."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Add the column; versions of existing commands were not counted."""
    op.add_column(
        "commands", sa.Column("version", sa.BigInteger(), nullable=False, server_default="0")
    )
