"""The database schema as SQLAlchemy tables. Migrations create it; `REVISION` is the newest one.

Users are referred to by number everywhere: names are data that can be looked up, never keys.
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

#: The newest migration. A database at this revision does not need to load the migrations.
REVISION = "0015"

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
    # The name in the form for comparison: NFKC, case-folded.
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
    # A removed account frees its name, and a new account with that name inherits nothing. The
    # migration restricts this index to accounts that are not removed; stating that here would
    # import both dialects at every start.
    Index("uq_users_folded", "folded", unique=True),
)

#: Named sets of users. `roles` are what a group gets in each session that is created in it.
groups = Table(
    "groups",
    metadata,
    Column("id", Number, primary_key=True),
    Column("name", String, nullable=False),
    # The name in the form for comparison: NFKC, case-folded.
    Column("folded", Folded, nullable=False, unique=True),
    Column("description", Text, nullable=False),
    Column("roles", Integer, nullable=False),
    Column("created", Instant, nullable=False),
    # Whether an identity provider decides who is in it.
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
    # When it was last enabled or restored; capability URLs that are older are dead.
    Column("reopened", Instant),
    Column("idle_timeout", Integer),
    Column("lifetime", Integer),
    # The number of commands, which is also the number of the newest one.
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

#: Groups that are members of a session, in addition to the users in `members`.
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
    # The XXH3 digests of its chunks, if it has more than one. Blobs that were stored by early
    # versions have no digests, and are verified as a whole.
    Column("digests", LargeBinary),
)

#: What was found damaged or missing, by a check or a read, and not found intact since.
damage = Table(
    "damage",
    metadata,
    # `core.damage.Damage.name`
    Column("name", String, primary_key=True),
    Column("kind", String, nullable=False),
    # The damaged blob, or the command whose row is damaged. Neither is a foreign key: a note may
    # be written while what it names is being deleted.
    Column("sha256", String(64)),
    Column("command_id", Number),
    # What SQLite says of damage to the database itself.
    Column("problem", Text, nullable=False),
    Column("missing", Boolean, nullable=False),
    Column("found", Instant, nullable=False),
)

commands = Table(
    "commands",
    metadata,
    # `number_in(session_id, number)`: a session's commands are stored side by side, in order.
    Column("id", Number, primary_key=True, autoincrement=False),
    Column("session_id", ForeignKey("sessions.id", ondelete="CASCADE"), nullable=False),
    Column("number", Number, nullable=False),
    # The recording's identity: recordings with the same identity are one command. In rows of
    # earlier versions it is only the message id, which commands with another source or start may
    # share.
    Column("uid", String, nullable=False),
    Column("user_id", ForeignKey("users.id"), nullable=False),
    Column("real_user_id", ForeignKey("users.id")),
    Column("status", String, nullable=False),
    Column("started", Instant, nullable=False),
    # The time up to which its outputs are known; for a command that has ended, the time of its end.
    Column("finished", Instant),
    Column("duration", Float),
    Column("language", String, nullable=False),
    Column("kernel", String, nullable=False),
    Column("notebook", String, nullable=False),
    Column("execution_count", BigInteger),
    Column("source", Text, nullable=False),
    # Set if the source is longer than `source` can hold.
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
    # The newest version that was received, if the recorder counts versions.
    Column("version", BigInteger, nullable=False, server_default="0"),
    # Of `source` and `preview` (`core.history.outputs.checksum_of`); not known in rows of earlier
    # versions.
    Column("checksum", BigInteger),
    # The outputs as JSON, packed by `blobs.compress`, if they need no blob. The last column, since
    # SQLite reads a row up to the last requested column, and lists never request this one.
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
    # The path in the form for comparison: NFKC, case-folded.
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
    # The name in the form for comparison: NFKC, case-folded.
    Column("folded", Folded, primary_key=True),
    Column("name", String, nullable=False),
    # JSON; its size is in bytes.
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

#: Events that concern the server's accounts rather than a session.
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
    # SHA-256 of the key. A key has at least 128 random bits, so no slower hash is needed.
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
    # Who created the login for the user, if it was somebody else.
    Column("made_by_id", ForeignKey("users.id")),
    # The login's current group; if `confined` is set, the login reaches only this group's sessions.
    Column("group_id", ForeignKey("groups.id")),
    Column("confined", Boolean, nullable=False, server_default=false()),
    Column("agent", String, nullable=False, server_default=""),
    # The login from which it was derived (by a ticket, for example) and with which it ends.
    Column("parent_id", Number),
    # When its holder last proved their identity by password; null if they came in otherwise.
    Column("confirmed", Instant),
    Index("ix_keys_user_id", "user_id"),
    Index("ix_keys_real_user_id", "real_user_id"),
    Index("ix_keys_made_by_id", "made_by_id"),
    Index("ix_keys_group_id", "group_id"),
    Index("ix_keys_parent_id", "parent_id"),
)

#: Second factors by time (RFC 6238); `enabled` is null until a first code has confirmed one.
second_factors = Table(
    "second_factors",
    metadata,
    Column("user_id", ForeignKey("users.id"), primary_key=True),
    # It can't be hashed, since each code is computed from it.
    Column("secret", String, nullable=False),
    Column("enabled", Instant),
    # The newest time step of which a code was used; no step is used twice.
    Column("last_step", BigInteger, nullable=False),
)

#: Codes for users who have lost their second factor, as SHA-256; each is deleted once used.
recovery_codes = Table(
    "recovery_codes",
    metadata,
    Column("hash", String(64), primary_key=True),
    Column("user_id", ForeignKey("users.id"), nullable=False),
    Index("ix_recovery_codes_user_id", "user_id"),
)

#: What keys of the kind ``invitation`` give access to: a session, with roles, for several uses.
invitations = Table(
    "invitations",
    metadata,
    Column("key_id", ForeignKey("keys.id", ondelete="CASCADE"), primary_key=True),
    Column("session_id", ForeignKey("sessions.id", ondelete="CASCADE"), nullable=False),
    Column("roles", Integer, nullable=False),
    Column("uses", Integer, nullable=False),
    Index("ix_invitations_session_id", "session_id"),
)

#: Who has joined by an invitation; if `joined` is null, the user was revoked and may not join.
invitation_users = Table(
    "invitation_users",
    metadata,
    Column("invitation_id", ForeignKey("invitations.key_id", ondelete="CASCADE"), primary_key=True),
    Column("user_id", ForeignKey("users.id"), primary_key=True),
    Column("joined", Instant),
)

#: Who has a session open: a page, a kernel or a program, which reports its presence regularly.
presence = Table(
    "presence",
    metadata,
    Column("session_id", ForeignKey("sessions.id", ondelete="CASCADE"), primary_key=True),
    Column("user_id", ForeignKey("users.id"), primary_key=True),
    # The client's name for itself or, for a follower, the server's name for it.
    Column("client", String, primary_key=True),
    Column("real_user_id", ForeignKey("users.id")),
    Column("key_id", ForeignKey("keys.id", ondelete="CASCADE")),
    Column("kind", String, nullable=False),
    Column("agent", String, nullable=False),
    Column("since", Instant, nullable=False),
    Column("seen", Instant, nullable=False),
    # For followers, the server process that reports their presence.
    Column("keeper", String),
    Index("ix_presence_keeper", "keeper"),
    Index("ix_presence_key_id", "key_id"),
    Index("ix_presence_user_id", "user_id"),
)

#: Performed requests by idempotency key, with their answers, in case they are sent again.
done_requests = Table(
    "done_requests",
    metadata,
    # A hash of the principal, the operation and the key.
    Column("id", String, primary_key=True),
    # An authentication code of the request, under the key.
    Column("request", String, nullable=False),
    # Null only within the transaction that performs the request.
    Column("answer", LargeBinary),
    Column("created", Instant, nullable=False),
    Index("ix_done_requests_created", "created"),
)
