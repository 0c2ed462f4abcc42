"""Add the checksum of each command's source and preview, so that damage to them is noticed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Add the column; what existing rows once contained is not known."""
    op.add_column("commands", sa.Column("checksum", sa.BigInteger()))
