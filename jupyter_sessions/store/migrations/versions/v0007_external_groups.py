"""Add groups whose users an identity provider names."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Add the column that marks external groups."""
    op.add_column(
        "groups", sa.Column("external", sa.Boolean(), nullable=False, server_default=sa.false())
    )
