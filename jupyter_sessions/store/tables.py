"""The schema, as SQLAlchemy tables; migrations make it, and `REVISION` names the newest of them.

A user is named by number everywhere: names are data that can be looked up, never keys.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
)

from jupyter_sessions.store.types import Folded, Instant, Number

#: The newest migration; a database at it needs no look at the migrations at all.
REVISION = "0012"

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_label)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

settings = Table(
    "settings",
    metadata,
    Column("name", String, primary_key=True),
    Column("value", Text, nullable=False),
)

users = Table(
    "users",
    metadata,
    Column("id", Number, primary_key=True),
    Column("name", String, nullable=False),
    # The name as it is compared: NFKC, case-folded.
    Column("folded", Folded, nullable=False),
    Column("display_name", String, nullable=False),
    Column("password_hash", String),
    Column("administrator", Boolean, nullable=False),
    Column("disabled", Boolean, nullable=False),
    Column("created", Instant, nullable=False),
    Column("last_login", Instant),
    Column("removed", Instant),
    Column("default_session", Number),
    Column("default_group", Number),
    # A removed account frees its name, and whoever takes it next inherits nothing: the migration
    # makes this index for those that are not removed. To say so here would import both dialects
    # at every start.
    Index("uq_users_folded", "folded", unique=True),
)

#: Named sets of users. `roles` are what a group is given in each session made in it.
groups = Table(
    "groups",
    metadata,
    Column("id", Number, primary_key=True),
    Column("name", String, nullable=False),
    # The name as it is compared: NFKC, case-folded.
    Column("folded", Folded, nullable=False, unique=True),
    Column("description", Text, nullable=False),
    Column("roles", Integer, nullable=False),
    Column("created", Instant, nullable=False),
    # Whether an identity provider says who is in it.
    Column("external", Boolean, nullable=False, server_default=false()),
)

group_users = Table(
    "group_users",
    metadata,
    Column("group_id", ForeignKey("groups.id", ondelete="CASCADE"), primary_key=True),
    Column("user_id", ForeignKey("users.id"), primary_key=True),
    Column("owner", Boolean, nullable=False),
    Column("since", Instant, nullable=False),
    Index("ix_group_users_user_id", "user_id"),
)

sessions = Table(
    "sessions",
    metadata,
    Column("id", Number, primary_key=True),
    Column("code", String, nullable=False, unique=True),
    Column("label", String, nullable=False),
    Column("description", Text, nullable=False),
    Column("message", Text, nullable=False),
    Column("agent", String, nullable=False),
    Column("owner_id", ForeignKey("users.id"), nullable=False),
    Column("created", Instant, nullable=False),
    Column("last_used", Instant, nullable=False),
    Column("disabled", Boolean, nullable=False),
    Column("closed", Instant),
    Column("removed", Instant),
    Column("idle_timeout", Integer),
    Column("lifetime", Integer),
    # How many there are, which is also the newest one's number.
    Column("commands", Number, nullable=False),
    Column("events", Number, nullable=False),
    Column("last_command", String, nullable=False),
    Column("group_id", ForeignKey("groups.id")),
    Index("ix_sessions_removed", "removed"),
    Index("ix_sessions_group_id", "group_id"),
)

members = Table(
    "members",
    metadata,
    Column("session_id", ForeignKey("sessions.id", ondelete="CASCADE"), primary_key=True),
    Column("user_id", ForeignKey("users.id"), primary_key=True),
    Column("roles", Integer, nullable=False),
    Column("since", Instant, nullable=False),
    Column("granted_by", ForeignKey("users.id")),
    Index("ix_members_user_id", "user_id"),
)

#: Groups that are members of a session, beside the users in `members`.
member_groups = Table(
    "member_groups",
    metadata,
    Column("session_id", ForeignKey("sessions.id", ondelete="CASCADE"), primary_key=True),
    Column("group_id", ForeignKey("groups.id"), primary_key=True),
    Column("roles", Integer, nullable=False),
    Column("since", Instant, nullable=False),
    Column("granted_by", ForeignKey("users.id")),
    Index("ix_member_groups_group_id", "group_id"),
)

blobs = Table(
    "blobs",
    metadata,
    Column("sha256", String(64), primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("encoding", String, nullable=False),
    Column("stored", Instant, nullable=False),
    # The XXH3 digests of its chunks, where it has more than one; blobs that were stored before
    # there were digests have none, and are verified whole.
    Column("digests", LargeBinary),
)

commands = Table(
    "commands",
    metadata,
    # `number_in(session_id, number)`: a session's commands lie side by side, in their order.
    Column("id", Number, primary_key=True, autoincrement=False),
    Column("session_id", ForeignKey("sessions.id", ondelete="CASCADE"), nullable=False),
    Column("number", Number, nullable=False),
    # The recording's identity: the same one twice is one command. In rows of earlier versions it is
    # only the message id, which others of another source or start may have as well.
    Column("uid", String, nullable=False),
    Column("user_id", ForeignKey("users.id"), nullable=False),
    Column("real_user_id", ForeignKey("users.id")),
    Column("status", String, nullable=False),
    Column("started", Instant, nullable=False),
    # Until when its outputs are known, and so, of one that has ended, when that was.
    Column("finished", Instant),
    Column("duration", Float),
    Column("language", String, nullable=False),
    Column("kernel", String, nullable=False),
    Column("notebook", String, nullable=False),
    Column("execution_count", BigInteger),
    Column("source", Text, nullable=False),
    # Set where the source is longer than `source` holds.
    Column("source_blob", ForeignKey("blobs.sha256")),
    Column("preview", Text, nullable=False),
    Column("media", Text, nullable=False),
    Column("output_count", Integer, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("outputs_blob", ForeignKey("blobs.sha256")),
    Column("note", Text, nullable=False),
    Column("forgotten", Boolean, nullable=False),
    # Whether it only manages sessions.
    Column("managing", Boolean, nullable=False, server_default=false()),
    # The newest version that came of it, where its recorder counts them.
    Column("version", BigInteger, nullable=False, server_default="0"),
    # The outputs as JSON, in zstd, where they need no blob: last, for SQLite reads a row up to the
    # last column that is asked for, and lists never ask for this one.
    Column("outputs", LargeBinary),
    UniqueConstraint("session_id", "uid"),
    Index("ix_commands_user", "session_id", "user_id", "number"),
    Index("ix_commands_status", "session_id", "status", "number"),
    Index("ix_commands_managing", "managing", "id"),
    Index("ix_commands_source_blob", "source_blob"),
    Index("ix_commands_outputs_blob", "outputs_blob"),
)

files = Table(
    "files",
    metadata,
    Column("id", Number, primary_key=True),
    Column("session_id", ForeignKey("sessions.id", ondelete="CASCADE"), nullable=False),
    Column("path", String, nullable=False),
    # The path as it is compared: NFKC, case-folded.
    Column("folded", Folded, nullable=False),
    Column("media_type", String, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("sha256", ForeignKey("blobs.sha256"), nullable=False),
    Column("publisher_id", ForeignKey("users.id"), nullable=False),
    Column("published", Instant, nullable=False),
    Column("command", Number),
    UniqueConstraint("session_id", "folded"),
    Index("ix_files_sha256", "sha256"),
)

scratch = Table(
    "scratch",
    metadata,
    Column("session_id", ForeignKey("sessions.id", ondelete="CASCADE"), primary_key=True),
    # The name as it is compared: NFKC, case-folded.
    Column("folded", Folded, primary_key=True),
    Column("name", String, nullable=False),
    # As JSON; its size is in bytes.
    Column("value", Text, nullable=False),
    Column("size", Integer, nullable=False),
    Column("user_id", ForeignKey("users.id"), nullable=False),
    Column("changed", Instant, nullable=False),
)

events = Table(
    "events",
    metadata,
    # `number_in(session_id, number)`, as for commands.
    Column("id", Number, primary_key=True, autoincrement=False),
    Column("session_id", ForeignKey("sessions.id"), nullable=False),
    Column("number", Number, nullable=False),
    Column("at", Instant, nullable=False),
    Column("kind", String, nullable=False),
    Column("user_id", ForeignKey("users.id")),
    Column("real_user_id", ForeignKey("users.id")),
    Column("data", Text, nullable=False),
)

#: What concerns the server's accounts and no session.
server_events = Table(
    "server_events",
    metadata,
    Column("id", Number, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("kind", String, nullable=False),
    Column("user_id", ForeignKey("users.id")),
    Column("real_user_id", ForeignKey("users.id")),
    Column("data", Text, nullable=False),
)

keys = Table(
    "keys",
    metadata,
    Column("id", Number, primary_key=True),
    # SHA-256 of the key: it has 128 random bits or more, so nothing slower is needed.
    Column("hash", String(64), nullable=False, unique=True),
    Column("kind", String, nullable=False),
    Column("user_id", ForeignKey("users.id"), nullable=False),
    Column("real_user_id", ForeignKey("users.id")),
    Column("label", String, nullable=False),
    Column("created", Instant, nullable=False),
    Column("last_used", Instant, nullable=False),
    Column("idle_timeout", Integer),
    Column("expires", Instant),
    Column("revoked", Instant),
    # Who made the login for the user, where it was somebody else.
    Column("made_by_id", ForeignKey("users.id")),
    # The login's current group; where `confined` is set, it reaches this group's sessions alone.
    Column("group_id", ForeignKey("groups.id")),
    Column("confined", Boolean, nullable=False, server_default=false()),
    Column("agent", String, nullable=False, server_default=""),
    # The login under which it was made, with which it ends: what comes of a ticket, for one.
    Column("parent_id", Number),
    # When its holder last proved by password who they are; null where they came in otherwise.
    Column("confirmed", Instant),
    Index("ix_keys_user_id", "user_id"),
    Index("ix_keys_real_user_id", "real_user_id"),
    Index("ix_keys_made_by_id", "made_by_id"),
    Index("ix_keys_group_id", "group_id"),
    Index("ix_keys_parent_id", "parent_id"),
)

#: Second factors, by time (RFC 6238); `enabled` is null until a first code has shown that it works.
second_factors = Table(
    "second_factors",
    metadata,
    Column("user_id", ForeignKey("users.id"), primary_key=True),
    # It can't be hashed: each code is computed from it.
    Column("secret", String, nullable=False),
    Column("enabled", Instant),
    # The newest time step of which a code was used: none is used twice.
    Column("last_step", BigInteger, nullable=False),
)

#: Codes for who has lost their second factor, as SHA-256; each works once, and goes.
recovery_codes = Table(
    "recovery_codes",
    metadata,
    Column("hash", String(64), primary_key=True),
    Column("user_id", ForeignKey("users.id"), nullable=False),
    Index("ix_recovery_codes_user_id", "user_id"),
)

#: What the keys of the kind ``invitation`` open: one session, with roles, for so many.
invitations = Table(
    "invitations",
    metadata,
    Column("key_id", ForeignKey("keys.id", ondelete="CASCADE"), primary_key=True),
    Column("session_id", ForeignKey("sessions.id", ondelete="CASCADE"), nullable=False),
    Column("roles", Integer, nullable=False),
    Column("uses", Integer, nullable=False),
    Index("ix_invitations_session_id", "session_id"),
)

#: Who has joined by an invitation; or may not, revoked after it was made: then `joined` is null.
invitation_users = Table(
    "invitation_users",
    metadata,
    Column("invitation_id", ForeignKey("invitations.key_id", ondelete="CASCADE"), primary_key=True),
    Column("user_id", ForeignKey("users.id"), primary_key=True),
    Column("joined", Instant),
)

#: Who has a session open: a page, a kernel or a program, which says so again and again.
presence = Table(
    "presence",
    metadata,
    Column("session_id", ForeignKey("sessions.id", ondelete="CASCADE"), primary_key=True),
    Column("user_id", ForeignKey("users.id"), primary_key=True),
    # What the client calls itself, or the server a follower.
    Column("client", String, primary_key=True),
    Column("real_user_id", ForeignKey("users.id")),
    Column("key_id", ForeignKey("keys.id", ondelete="CASCADE")),
    Column("kind", String, nullable=False),
    Column("agent", String, nullable=False),
    Column("since", Instant, nullable=False),
    Column("seen", Instant, nullable=False),
    # The server process that sees to it, for followers.
    Column("keeper", String),
    Index("ix_presence_keeper", "keeper"),
    Index("ix_presence_key_id", "key_id"),
    Index("ix_presence_user_id", "user_id"),
)

#: Requests that were done, by idempotency key, with their answers, for who sends one again.
done_requests = Table(
    "done_requests",
    metadata,
    # A hash of the principal, the operation and the key.
    Column("id", String, primary_key=True),
    # A code of the request under the key.
    Column("request", String, nullable=False),
    # Null only within the transaction in which it is done.
    Column("answer", LargeBinary),
    Column("created", Instant, nullable=False),
    Index("ix_done_requests_created", "created"),
)
