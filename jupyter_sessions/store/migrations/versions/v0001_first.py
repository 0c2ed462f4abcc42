"""Create the first schema."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

Number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Folded = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    """Create all tables, and the full-text index that fits the database."""
    make_tables()
    if op.get_bind().dialect.name == "sqlite":
        # The index does not store the text, since a search needs only the row numbers. Words are
        # split before indexing, since outside ASCII the two databases differ in what counts as a
        # letter.
        op.execute(
            "CREATE VIRTUAL TABLE command_words USING fts5(words, content='', "
            "contentless_delete=1, detail=none, tokenize='ascii')"
        )
    else:
        op.execute(
            "CREATE TABLE command_words (command_id bigint PRIMARY KEY REFERENCES commands(id) "
            "ON DELETE CASCADE, words tsvector NOT NULL)"
        )
        op.execute("CREATE INDEX ix_command_words ON command_words USING gin (words)")


def make_tables() -> None:
    """Create the tables."""
    op.create_table(
        "blobs",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("encoding", sa.String(), nullable=False),
        sa.Column("stored", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name="pk_blobs"),
    )
    op.create_table(
        "settings",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_settings"),
    )
    op.create_table(
        "users",
        sa.Column("id", Number, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("folded", Folded, nullable=False),
        sa.Column("display_name", sa.String(), nullable=False),
        sa.Column("password_hash", sa.String(), nullable=True),
        sa.Column("administrator", sa.Boolean(), nullable=False),
        sa.Column("disabled", sa.Boolean(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("last_login", sa.BigInteger(), nullable=True),
        sa.Column("removed", sa.BigInteger(), nullable=True),
        sa.Column("default_session", Number, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_users"),
    )
    op.create_index(
        "uq_users_folded",
        "users",
        ["folded"],
        unique=True,
        sqlite_where=sa.text("removed IS NULL"),
        postgresql_where=sa.text("removed IS NULL"),
    )
    op.create_table(
        "keys",
        sa.Column("id", Number, nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("user_id", Number, nullable=False),
        sa.Column("real_user_id", Number, nullable=True),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("last_used", sa.BigInteger(), nullable=False),
        sa.Column("idle_timeout", sa.Integer(), nullable=True),
        sa.Column("expires", sa.BigInteger(), nullable=True),
        sa.Column("revoked", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["real_user_id"], ["users.id"], name="fk_keys_real_user_id_users"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_keys_user_id_users"),
        sa.PrimaryKeyConstraint("id", name="pk_keys"),
        sa.UniqueConstraint("hash", name="uq_keys_hash"),
    )
    op.create_index("ix_keys_user_id", "keys", ["user_id"], unique=False)
    op.create_table(
        "server_events",
        sa.Column("id", Number, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("user_id", Number, nullable=True),
        sa.Column("real_user_id", Number, nullable=True),
        sa.Column("data", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["real_user_id"], ["users.id"], name="fk_server_events_real_user_id_users"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_server_events_user_id_users"),
        sa.PrimaryKeyConstraint("id", name="pk_server_events"),
    )
    op.create_table(
        "sessions",
        sa.Column("id", Number, nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("owner_id", Number, nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("last_used", sa.BigInteger(), nullable=False),
        sa.Column("disabled", sa.Boolean(), nullable=False),
        sa.Column("closed", sa.BigInteger(), nullable=True),
        sa.Column("removed", sa.BigInteger(), nullable=True),
        sa.Column("idle_timeout", sa.Integer(), nullable=True),
        sa.Column("lifetime", sa.Integer(), nullable=True),
        sa.Column("commands", Number, nullable=False),
        sa.Column("events", Number, nullable=False),
        sa.Column("last_command", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["owner_id"], ["users.id"], name="fk_sessions_owner_id_users"),
        sa.PrimaryKeyConstraint("id", name="pk_sessions"),
        sa.UniqueConstraint("code", name="uq_sessions_code"),
    )
    op.create_index("ix_sessions_removed", "sessions", ["removed"], unique=False)
    op.create_table(
        "commands",
        sa.Column("id", Number, autoincrement=False, nullable=False),
        sa.Column("session_id", Number, nullable=False),
        sa.Column("number", Number, nullable=False),
        sa.Column("uid", sa.String(), nullable=False),
        sa.Column("user_id", Number, nullable=False),
        sa.Column("real_user_id", Number, nullable=True),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("started", sa.BigInteger(), nullable=False),
        sa.Column("finished", sa.BigInteger(), nullable=True),
        sa.Column("duration", sa.Float(), nullable=True),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("kernel", sa.String(), nullable=False),
        sa.Column("notebook", sa.String(), nullable=False),
        sa.Column("execution_count", sa.BigInteger(), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("source_blob", sa.String(length=64), nullable=True),
        sa.Column("preview", sa.Text(), nullable=False),
        sa.Column("media", sa.Text(), nullable=False),
        sa.Column("output_count", sa.Integer(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("outputs_blob", sa.String(length=64), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("forgotten", sa.Boolean(), nullable=False),
        sa.Column("outputs", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["outputs_blob"], ["blobs.sha256"], name="fk_commands_outputs_blob_blobs"
        ),
        sa.ForeignKeyConstraint(
            ["real_user_id"], ["users.id"], name="fk_commands_real_user_id_users"
        ),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["sessions.id"],
            name="fk_commands_session_id_sessions",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["source_blob"], ["blobs.sha256"], name="fk_commands_source_blob_blobs"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_commands_user_id_users"),
        sa.PrimaryKeyConstraint("id", name="pk_commands"),
        sa.UniqueConstraint("session_id", "uid", name="uq_commands_session_id_uid"),
    )
    op.create_index("ix_commands_outputs_blob", "commands", ["outputs_blob"], unique=False)
    op.create_index("ix_commands_source_blob", "commands", ["source_blob"], unique=False)
    op.create_index(
        "ix_commands_status", "commands", ["session_id", "status", "number"], unique=False
    )
    op.create_index(
        "ix_commands_user", "commands", ["session_id", "user_id", "number"], unique=False
    )
    op.create_table(
        "events",
        sa.Column("id", Number, autoincrement=False, nullable=False),
        sa.Column("session_id", Number, nullable=False),
        sa.Column("number", Number, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("user_id", Number, nullable=True),
        sa.Column("real_user_id", Number, nullable=True),
        sa.Column("data", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["real_user_id"], ["users.id"], name="fk_events_real_user_id_users"
        ),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["sessions.id"],
            name="fk_events_session_id_sessions",
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_events_user_id_users"),
        sa.PrimaryKeyConstraint("id", name="pk_events"),
    )
    op.create_table(
        "files",
        sa.Column("id", Number, nullable=False),
        sa.Column("session_id", Number, nullable=False),
        sa.Column("path", sa.String(), nullable=False),
        sa.Column("folded", Folded, nullable=False),
        sa.Column("media_type", sa.String(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("publisher_id", Number, nullable=False),
        sa.Column("published", sa.BigInteger(), nullable=False),
        sa.Column("command", Number, nullable=True),
        sa.ForeignKeyConstraint(["publisher_id"], ["users.id"], name="fk_files_publisher_id_users"),
        sa.ForeignKeyConstraint(
            ["session_id"], ["sessions.id"], name="fk_files_session_id_sessions", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["sha256"], ["blobs.sha256"], name="fk_files_sha256_blobs"),
        sa.PrimaryKeyConstraint("id", name="pk_files"),
        sa.UniqueConstraint("session_id", "folded", name="uq_files_session_id_folded"),
    )
    op.create_index("ix_files_sha256", "files", ["sha256"], unique=False)
    op.create_table(
        "members",
        sa.Column("session_id", Number, nullable=False),
        sa.Column("user_id", Number, nullable=False),
        sa.Column("roles", sa.Integer(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("granted_by", Number, nullable=True),
        sa.ForeignKeyConstraint(["granted_by"], ["users.id"], name="fk_members_granted_by_users"),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["sessions.id"],
            name="fk_members_session_id_sessions",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_members_user_id_users"),
        sa.PrimaryKeyConstraint("session_id", "user_id", name="pk_members"),
    )
    op.create_index("ix_members_user_id", "members", ["user_id"], unique=False)
