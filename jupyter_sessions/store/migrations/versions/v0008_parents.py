"""Index keys by the login from which they were derived and with which they end."""

from __future__ import annotations

from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Create the index."""
    op.create_index("ix_keys_parent_id", "keys", ["parent_id"])
