"""Add invitations, the users who joined by them, and presence."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

Number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _to(table: str, column: str, to: str, *, cascades: bool = False) -> sa.ForeignKeyConstraint:
    name = f"fk_{table}_{column}_{to.partition('.')[0]}"
    return sa.ForeignKeyConstraint(
        [column], [to], name=name, ondelete="CASCADE" if cascades else None
    )


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "invitations",
        sa.Column("key_id", Number, nullable=False),
        sa.Column("session_id", Number, nullable=False),
        sa.Column("roles", sa.Integer(), nullable=False),
        sa.Column("uses", sa.Integer(), nullable=False),
        _to("invitations", "key_id", "keys.id", cascades=True),
        _to("invitations", "session_id", "sessions.id", cascades=True),
        sa.PrimaryKeyConstraint("key_id", name="pk_invitations"),
    )
    op.create_index("ix_invitations_session_id", "invitations", ["session_id"])
    op.create_table(
        "invitation_users",
        sa.Column("invitation_id", Number, nullable=False),
        sa.Column("user_id", Number, nullable=False),
        sa.Column("joined", sa.BigInteger()),
        _to("invitation_users", "invitation_id", "invitations.key_id", cascades=True),
        _to("invitation_users", "user_id", "users.id"),
        sa.PrimaryKeyConstraint("invitation_id", "user_id", name="pk_invitation_users"),
    )
    op.create_table(
        "presence",
        sa.Column("session_id", Number, nullable=False),
        sa.Column("user_id", Number, nullable=False),
        sa.Column("client", sa.String(), nullable=False),
        sa.Column("real_user_id", Number),
        sa.Column("key_id", Number),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("agent", sa.String(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("seen", sa.BigInteger(), nullable=False),
        sa.Column("keeper", sa.String()),
        _to("presence", "session_id", "sessions.id", cascades=True),
        _to("presence", "user_id", "users.id"),
        _to("presence", "real_user_id", "users.id"),
        _to("presence", "key_id", "keys.id", cascades=True),
        sa.PrimaryKeyConstraint("session_id", "user_id", "client", name="pk_presence"),
    )
    for column in ("keeper", "key_id", "user_id"):
        op.create_index(f"ix_presence_{column}", "presence", [column])
