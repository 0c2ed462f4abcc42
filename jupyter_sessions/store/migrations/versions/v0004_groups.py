"""Add groups, and logins that belong to one, act as another user, or were made by one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

Number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Folded = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    """Create the tables of groups, and add columns for groups to sessions and logins."""
    op.create_table(
        "groups",
        sa.Column("id", Number, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("folded", Folded, nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("roles", sa.Integer(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_groups"),
        sa.UniqueConstraint("folded", name="uq_groups_folded"),
    )
    op.create_table(
        "group_users",
        sa.Column("group_id", Number, nullable=False),
        sa.Column("user_id", Number, nullable=False),
        sa.Column("owner", sa.Boolean(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["group_id"], ["groups.id"], name="fk_group_users_group_id_groups", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_group_users_user_id_users"),
        sa.PrimaryKeyConstraint("group_id", "user_id", name="pk_group_users"),
    )
    op.create_index("ix_group_users_user_id", "group_users", ["user_id"])
    op.create_table(
        "member_groups",
        sa.Column("session_id", Number, nullable=False),
        sa.Column("group_id", Number, nullable=False),
        sa.Column("roles", sa.Integer(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("granted_by", Number, nullable=True),
        sa.ForeignKeyConstraint(
            ["granted_by"], ["users.id"], name="fk_member_groups_granted_by_users"
        ),
        sa.ForeignKeyConstraint(
            ["group_id"], ["groups.id"], name="fk_member_groups_group_id_groups"
        ),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["sessions.id"],
            name="fk_member_groups_session_id_sessions",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("session_id", "group_id", name="pk_member_groups"),
    )
    op.create_index("ix_member_groups_group_id", "member_groups", ["group_id"])
    op.add_column("users", sa.Column("default_group", Number))
    _add_reference("sessions", "group_id", "groups.id")
    _add_reference("keys", "group_id", "groups.id")
    _add_reference("keys", "made_by_id", "users.id")
    op.add_column("keys", sa.Column("parent_id", Number))
    op.create_index("ix_keys_real_user_id", "keys", ["real_user_id"])
    op.add_column(
        "keys", sa.Column("confined", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.add_column("keys", sa.Column("agent", sa.String(), nullable=False, server_default=""))


def _add_reference(table: str, column: str, to: str) -> None:
    name = f"fk_{table}_{column}_{to.partition('.')[0]}"
    reference = sa.ForeignKey(to, name=name)
    # SQLite can't add a constraint to an existing table, only a column that has one.
    op.add_column(table, sa.Column(column, Number, reference), inline_references=True)
    op.create_index(f"ix_{table}_{column}", table, [column])
