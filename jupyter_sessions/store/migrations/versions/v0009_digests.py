"""Add digests of the chunks of blobs, so that a part of a blob can be verified."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Add the column; existing blobs have no digests."""
    op.add_column("blobs", sa.Column("digests", sa.LargeBinary))
