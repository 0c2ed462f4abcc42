"""The table of operations: name, route, required role, request and answer of each.

Every operation has an entry here, and everything that serves or calls it is derived from that
entry: the dispatcher's checks, the HTTP routes, the OpenAPI document, both transports, and the test
that tries every identity against every operation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from string import Formatter
from types import MappingProxyType
from typing import Any, Generic, Literal, TypedDict, TypeVar, Unpack

from jupyter_sessions import schemas
from jupyter_sessions.roles import Roles

Req = TypeVar("Req", bound=schemas.Request)
Ans = TypeVar("Ans")

#: The path of the API below a Jupyter server's base URL.
PREFIX = "/sessions/api"

#: States in which a session can be viewed, and in which it can be changed. The dispatcher decides
#: who sees a disabled session: only its owner does.
LOOK: frozenset[schemas.State] = frozenset({"active", "closed", "disabled"})
CHANGE: frozenset[schemas.State] = frozenset({"active"})


class Needs(Enum):
    """What an operation requires of the caller: nothing, a login, or a role (session or server).

    `KERNELS` is permission to use the kernels of a Jupyter server, which that server grants to its
    own users; an account of the sessions does not include it. `JUPYTER_OWNER` is the user who runs
    that server. An operation that requires one of these concerns what runs on the Jupyter server
    rather than the store, so the Jupyter server itself performs it.
    """

    NOTHING = "nothing"
    USER = "a login"
    SERVER_ADMIN = "a server administrator"
    GROUP_MEMBER = "to be in the group, or a server administrator"
    GROUP_OWNER = "an owner of the group, or a server administrator"
    KERNELS = "permission to use the Jupyter server's kernels"
    JUPYTER_OWNER = "to be the user who runs the Jupyter server"
    READ = "read"
    WRITE = "write"
    EXECUTE = "execute"
    ADMIN = "admin"
    OWNER = "owner"

    @property
    def role(self) -> Roles | None:
        """The required role, or None if the operation does not concern a session."""
        return Roles.__members__.get(self.name)

    @property
    def jupyter(self) -> bool:
        """Whether a Jupyter server grants this permission and performs the operation."""
        return self in {Needs.KERNELS, Needs.JUPYTER_OWNER}


@dataclass(frozen=True, kw_only=True)
class Operation(Generic[Req, Ans]):
    """One entry of the table of operations.

    Attributes
    ----------
    name
        ``noun.verb``: the operation's name in code, logs and documentation.
    method
        The HTTP method; ``WS`` is a WebSocket.
    path
        The path below `PREFIX`. Request fields in the path stand in braces; ``{path}`` may contain
        slashes.
    needs
        What the caller needs.
    author_needs
        A lesser role that is enough if the object belongs to the caller.
    states
        The states of the session in which the operation is allowed.
    content
        ``upload`` takes bytes in addition to the request, ``download`` returns bytes as the answer.
    writes
        Whether the operation changes anything.
    touches_session
        Whether the operation counts as activity in its session and resets the session's idle clock.
    touches_login
        Whether the operation counts as use of the login and resets the login's idle clock.
    allow_group_login
        Whether a login that is limited to one group's sessions may use the operation. In those
        sessions it may do all that its user may; elsewhere, only what concerns the login itself.
    allow_guest
        Whether a guest, who has access to one session only, may use the operation.
    keyed
        Whether the operation takes an idempotency key, which makes it safe to send again. All
        operations that write do, except those that are safe to repeat anyway and those that are
        called too often for their answers to be stored.
    fresh
        Whether a login by password must have been confirmed within the last few minutes.
    """

    name: str
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE", "WS"]
    path: str
    needs: Needs
    request: type[Req]
    answer: type[Ans]
    summary: str
    author_needs: Needs | None = None
    states: frozenset[schemas.State] = field(default_factory=frozenset)
    content: Literal["none", "upload", "download"] = "none"
    writes: bool = False
    touches_session: bool = False
    touches_login: bool = True
    allow_group_login: bool = True
    allow_guest: bool = True
    keyed: bool = False
    fresh: bool = False

    @property
    def in_session(self) -> bool:
        """Whether the operation concerns one session."""
        return self.needs.role is not None

    @property
    def path_fields(self) -> list[str]:
        """The request's fields that are part of the path, in order."""
        return [name for _, name, _, _ in Formatter().parse(self.path) if name]


_table: dict[str, Operation[Any, Any]] = {}

#: The whole table, by operation name.
OPERATIONS: Mapping[str, Operation[Any, Any]] = MappingProxyType(_table)


class _Rules(TypedDict, total=False):
    """The attributes of an operation that are not the same for almost all."""

    author_needs: Needs
    states: frozenset[schemas.State]
    content: Literal["upload", "download"]
    writes: bool
    touches_session: bool
    touches_login: bool
    allow_group_login: bool
    allow_guest: bool
    keyed: bool
    fresh: bool


def _add(
    name: str,
    route: str,
    needs: Needs,
    request: type[Req],
    answer: type[Ans],
    summary: str,
    **rules: Unpack[_Rules],
) -> Operation[Req, Ans]:
    """Add an operation; rules that are not given follow from its method and from each other."""
    method, path = route.split(" ", 1)
    writes = rules.setdefault("writes", method not in {"GET", "WS"})
    if needs.role is not None:
        rules.setdefault("states", CHANGE if writes else LOOK)
    rules.setdefault("touches_session", writes)
    counts = rules.get("touches_login", True)
    rules.setdefault("keyed", writes and counts and not needs.jupyter)
    operation = Operation(
        name=name,
        method=method,  # type: ignore[arg-type]  # the test of the table holds it to the Literal
        path=path,
        needs=needs,
        request=request,
        answer=answer,
        summary=summary,
        **rules,
    )
    if name in _table:
        raise ValueError(f"two operations are called {name}")
    _table[name] = operation
    return operation


N = Needs
S = "/sessions/{code}"

# fmt: off
# ---- sessions
CREATE_SESSION = _add("sessions.create", "POST /sessions", N.USER, schemas.NewSession, schemas.Session,
    "Create a session; the caller owns it.", allow_guest=False)
LIST_SESSIONS = _add("sessions.list", "GET /sessions", N.USER, schemas.ListSessions, schemas.Page[schemas.Session],
    "List the sessions that the caller has a role in, newest use first.")
GET_SESSION = _add("sessions.get", f"GET {S}", N.READ, schemas.SessionNamed, schemas.Session,
    "Show all attributes of a session.")
SESSION_EXISTS = _add("sessions.exists", "GET /exists/{code}", N.USER, schemas.SessionNamed, schemas.Existence,
    "Check whether the caller has a role in a session with this code.")
UPDATE_SESSION = _add("sessions.update", f"PATCH {S}", N.WRITE, schemas.UpdateSession, schemas.Session,
    "Change label, description, message and agent.")
SET_SESSION_TIMEOUTS = _add("sessions.set_timeouts", f"PUT {S}/timeouts", N.OWNER, schemas.SetSessionTimeouts, schemas.Session,
    "Change the idle time-out and the lifetime.")
RESUME_SESSION = _add("sessions.resume", f"POST {S}/resume", N.READ, schemas.ResumeSession, schemas.Resumed,
    "Resume a session: return its attributes, its members, and its last commands with their outputs.",
    states=LOOK, keyed=False)
DISABLE_SESSION = _add("sessions.disable", f"POST {S}/disable", N.OWNER, schemas.SessionNamed, schemas.Session,
    "Block access to the session for all but its owner, until it is enabled.")
ENABLE_SESSION = _add("sessions.enable", f"POST {S}/enable", N.OWNER, schemas.SessionNamed, schemas.Session,
    "Let the members of a disabled session back in.", states=frozenset({"disabled"}))
CLOSE_SESSION = _add("sessions.close", f"POST {S}/close", N.OWNER, schemas.SessionNamed, schemas.Session,
    "Make the session a read-only archive, permanently.", states=frozenset({"active", "disabled"}))
REMOVE_SESSION = _add("sessions.remove", f"DELETE {S}", N.OWNER, schemas.SessionNamed, schemas.Session,
    "Remove the session from all lists; it can be restored until it is purged.", states=LOOK)
RESTORE_SESSION = _add("sessions.restore", f"POST {S}/restore", N.OWNER, schemas.SessionNamed, schemas.Session,
    "Restore a removed session.", states=frozenset({"removed"}))
TRANSFER_SESSION = _add("sessions.transfer", f"PUT {S}/owner", N.OWNER, schemas.TransferSession, schemas.Session,
    "Make another user the owner.", fresh=True)

# ---- members
LIST_MEMBERS = _add("members.list", f"GET {S}/members", N.READ, schemas.SessionNamed, schemas.Members,
    "List the members and their roles, the owner first.")
GRANT_ROLES = _add("members.grant", f"POST {S}/members", N.ADMIN, schemas.GrantRoles, schemas.Members,
    "Grant roles to users, replacing those they hold; either all grants take effect, or none.")
REVOKE_ROLES = _add("members.revoke", f"POST {S}/members/revoke", N.ADMIN, schemas.RevokeRoles, schemas.Members,
    "Revoke all roles of users; either of all of them, or of none.")

# ---- invitations
INVITE = _add("invitations.create", f"POST {S}/invitations", N.ADMIN, schemas.Invite, schemas.NewInvitation,
    "Create an invitation: a key that gives access to the session with given roles.")
LIST_INVITATIONS = _add("invitations.list", f"GET {S}/invitations", N.ADMIN, schemas.ListInvitations,
    schemas.Page[schemas.Invitation], "List the session's invitations, without their keys.")
UNINVITE = _add("invitations.revoke", f"DELETE {S}/invitations/{{id}}", N.ADMIN, schemas.InvitationNamed, schemas.Invitation,
    "Withdraw an invitation; the guests who joined by it leave.", states=frozenset({"active", "closed"}))
LOOK_AT_INVITATION = _add("invitations.look", "POST /invitation", N.NOTHING, schemas.InvitationByKey, schemas.Invited,
    "Show what an invitation gives access to, to the holder of its key.", touches_session=False, keyed=False)
JOIN = _add("invitations.join", "POST /join", N.USER, schemas.InvitationByKey, schemas.Joined,
    "Join a session by an invitation; roles that the caller holds already are kept.", allow_group_login=False)
ENTER_AS_GUEST = _add("invitations.enter", "POST /join/guest", N.NOTHING, schemas.EnterAsGuest, schemas.Entered,
    "Join a session by an invitation as a guest, without an account, if the server admits guests.")

# ---- presence
LIST_PRESENCE = _add("presence.list", f"GET {S}/presence", N.READ, schemas.SessionNamed, schemas.Present,
    "List who has the session open now.", touches_login=False)
KEEP_PRESENCE = _add("presence.keep", f"PUT {S}/presence/{{client}}", N.READ, schemas.KeepPresence, schemas.Done,
    "Report that a client has the session open.", states=LOOK, touches_session=False, touches_login=False)
END_PRESENCE = _add("presence.end", f"DELETE {S}/presence/{{client}}", N.READ, schemas.EndPresence, schemas.Done,
    "Report that a client no longer has the session open.", states=LOOK, touches_session=False, touches_login=False)
WHO = _add("presence.who", "GET /presence", N.USER, schemas.Nothing, schemas.Present,
    "List who is connected: the caller and the members of their sessions; administrators see everyone.",
    allow_group_login=False)

# ---- commands
RECORD_COMMANDS = _add("commands.record", f"POST {S}/commands", N.WRITE, schemas.RecordCommands, schemas.Recorded,
    "Record commands; recording an id again returns the same number and updates what is newer.", keyed=False)
LIST_COMMANDS = _add("commands.list", f"GET {S}/commands", N.READ, schemas.ListCommands, schemas.Page[schemas.CommandSummary],
    "List, filter and search the history.")
GET_COMMAND = _add("commands.get", f"GET {S}/commands/{{number}}", N.READ, schemas.CommandNamed, schemas.Command,
    "Show a command with its recorded outputs.")
FORGET_COMMAND = _add("commands.forget", f"DELETE {S}/commands/{{number}}", N.ADMIN, schemas.CommandNamed, schemas.CommandSummary,
    "Erase a command's source and outputs; the record that it was run stays.",
    author_needs=N.WRITE, states=frozenset({"active", "closed"}))

# ---- web space
LIST_FILES = _add("files.list", f"GET {S}/files", N.READ, schemas.ListFiles, schemas.Page[schemas.File],
    "List a folder of the web space.")
GET_FILE = _add("files.get", f"GET {S}/files/{{path}}", N.READ, schemas.FileNamed, schemas.File,
    "Show the attributes of a published file.")
DOWNLOAD_FILE = _add("files.download", f"GET {S}/content/{{path}}", N.READ, schemas.FileNamed, bytes,
    "Download a published file.", content="download")
PUBLISH_FILE = _add("files.publish", f"PUT {S}/content/{{path}}", N.WRITE, schemas.PublishFile, schemas.File,
    "Publish the request's body as a file in the web space, or replace the file.", content="upload")
UNPUBLISH_FILE = _add("files.unpublish", f"DELETE {S}/files/{{path}}", N.WRITE, schemas.FileNamed, schemas.Unpublished,
    "Remove a file, or a folder with its content, from the web space.")
CREATE_CAPABILITY_URL = _add("capability_urls.create", f"GET {S}/view", N.READ, schemas.CreateCapabilityUrl, schemas.View,
    "Create a capability URL for a published file or a command's outputs.")

# ---- scratch
SET_SCRATCH = _add("scratch.set", f"PUT {S}/scratch/{{name}}", N.WRITE, schemas.SetScratch, schemas.ScratchEntry,
    "Store a small JSON value under a name, for scripts.", keyed=False)
GET_SCRATCH = _add("scratch.get", f"GET {S}/scratch/{{name}}", N.READ, schemas.ScratchNamed, schemas.ScratchValue,
    "Show a scratch value.")
LIST_SCRATCH = _add("scratch.list", f"GET {S}/scratch", N.READ, schemas.ListScratch, schemas.Page[schemas.ScratchEntry],
    "List the names of the scratch values, without the values.")
DELETE_SCRATCH = _add("scratch.delete", f"DELETE {S}/scratch/{{name}}", N.WRITE, schemas.ScratchNamed, schemas.ScratchEntry,
    "Delete a scratch value.")

# ---- attachments
A = "/attachments/{kernel}"
LIST_ATTACHMENTS = _add("attachments.list", "GET /attachments", N.KERNELS, schemas.ListAttachments, schemas.Page[schemas.Attachment],
    "List the kernels of this Jupyter server that record into a session.")
GET_ATTACHMENT = _add("attachments.get", f"GET {A}", N.KERNELS, schemas.LookAtKernel, schemas.Attachment,
    "Show the session that a kernel records into, and the state of the recording.")
PUT_ATTACHMENT = _add("attachments.put", f"PUT {A}", N.KERNELS, schemas.Attach, schemas.Attachment,
    "Attach a kernel to a session on this or another server; this replaces an earlier attachment.")
CHANGE_ATTACHMENT = _add("attachments.change", f"PATCH {A}", N.KERNELS, schemas.ChangeAttachment, schemas.Attachment,
    "Pause or resume recording, or leave a command out.")
DELETE_ATTACHMENT = _add("attachments.delete", f"DELETE {A}", N.KERNELS, schemas.Detach, schemas.Attachment,
    "Detach a kernel; commands recorded already are still delivered.")

# ---- the Jupyter server's address
SHOW_ADDRESS = _add("server.address", "GET /address", N.KERNELS, schemas.Nothing, schemas.ServerAddress,
    "Show the address at which others reach the sessions of this Jupyter server.")

# ---- stored logins
LIST_STORED_LOGINS = _add("storedlogins.list", "GET /stored-logins", N.JUPYTER_OWNER, schemas.ListStoredLogins, schemas.Page[schemas.StoredLogin],
    "List the logins stored on this Jupyter server's machine, without their keys.")
LINK_STORED_LOGIN = _add("storedlogins.link", "POST /stored-logins/{id}/link", N.JUPYTER_OWNER, schemas.StoredLoginNamed, schemas.LoginLink,
    "Create a one-time login link to a stored login's server, for the login's user.")

# ---- events
LIST_EVENTS = _add("events.list", f"GET {S}/events", N.READ, schemas.ListEvents, schemas.Page[schemas.Event],
    "Read the session's log.")
FOLLOW_EVENTS = _add("events.follow", f"WS {S}/live", N.READ, schemas.Follow, schemas.Event,
    "Follow the session's log live, after a given event.")

# ---- accounts
ADD_ACCOUNT = _add("accounts.add", "POST /accounts", N.SERVER_ADMIN, schemas.NewAccount, schemas.Account,
    "Create an account.")
LIST_ACCOUNTS = _add("accounts.list", "GET /accounts", N.SERVER_ADMIN, schemas.ListAccounts, schemas.Page[schemas.Account],
    "List the accounts.")
SET_PASSWORD = _add("accounts.password", "PUT /accounts/{name}/password", N.SERVER_ADMIN, schemas.SetPassword, schemas.Account,
    "Set an account's password; its logins end.", fresh=True)
RESET_SECOND_FACTOR = _add("secondfactor.reset", "DELETE /accounts/{name}/second-factor", N.SERVER_ADMIN, schemas.AccountNamed, schemas.Account,
    "Remove the second factor of a user who has lost it; their logins end.", fresh=True)
DISABLE_ACCOUNT = _add("accounts.disable", "POST /accounts/{name}/disable", N.SERVER_ADMIN, schemas.AccountNamed, schemas.Account,
    "Disable an account: its logins end, its roles stay.")
ENABLE_ACCOUNT = _add("accounts.enable", "POST /accounts/{name}/enable", N.SERVER_ADMIN, schemas.AccountNamed, schemas.Account,
    "Enable a disabled account.")
REMOVE_ACCOUNT = _add("accounts.remove", "DELETE /accounts/{name}", N.SERVER_ADMIN, schemas.AccountNamed, schemas.Account,
    "Remove an account that owns no session, and all its roles.", fresh=True)

# ---- the caller's own account
CHANGE_PASSWORD = _add("password.change", "PUT /user/password", N.USER, schemas.ChangePassword, schemas.PasswordChanged,
    "Change the caller's own password; the account's other logins end.", allow_group_login=False, allow_guest=False, keyed=False)

SHOW_SECOND_FACTOR = _add("secondfactor.show", "GET /user/second-factor", N.USER, schemas.Nothing, schemas.SecondFactor,
    "Show whether the caller's account has a second factor.", allow_group_login=False, allow_guest=False)
SET_UP_SECOND_FACTOR = _add("secondfactor.create", "POST /user/second-factor", N.USER, schemas.SetUpSecondFactor, schemas.NewSecondFactor,
    "Create the secret of a second factor, which takes effect once it is confirmed.", allow_group_login=False, allow_guest=False, keyed=False)
CONFIRM_SECOND_FACTOR = _add("secondfactor.confirm", "POST /user/second-factor/confirm", N.USER, schemas.ConfirmSecondFactor, schemas.RecoveryCodes,
    "Enable the second factor with a first code; returns the recovery codes.", allow_group_login=False, allow_guest=False, keyed=False)
REMOVE_SECOND_FACTOR = _add("secondfactor.remove", "POST /user/second-factor/remove", N.USER, schemas.RemoveSecondFactor, schemas.Done,
    "Remove the caller's second factor.", allow_group_login=False, allow_guest=False, keyed=False)

# ---- logins
LOG_IN = _add("logins.create", "POST /login", N.NOTHING, schemas.LogIn, schemas.NewLogin,
    "Exchange user name and password for a key.", keyed=False)
CONFIRM_LOGIN = _add("logins.confirm", "POST /login/confirm", N.USER, schemas.ConfirmLogin, schemas.Login,
    "Confirm the login of this request with its password, for operations that require it.", allow_guest=False, keyed=False)
LOG_IN_WITH_TICKET = _add("logins.redeem", "POST /login/ticket", N.NOTHING, schemas.LogInWithTicket, schemas.NewLogin,
    "Exchange a one-time ticket for a key.")
CHECK_LOGIN = _add("logins.check", "GET /login", N.USER, schemas.Nothing, schemas.Login,
    "Show the login of this request, without resetting its idle clock.", touches_login=False)
REFRESH_LOGIN = _add("logins.refresh", "POST /login/keep", N.USER, schemas.Nothing, schemas.Login,
    "Reset the idle clock of the login of this request.", keyed=False)
SET_LOGIN_TIMEOUT = _add("logins.set_timeout", "PUT /login/timeout", N.USER, schemas.SetLoginTimeout, schemas.LoginTimeout,
    "Change the idle time-out of the login of this request.")
SWITCH_GROUP = _add("logins.group", "PUT /login/group", N.USER, schemas.SwitchGroup, schemas.Login,
    "Change the group in which the caller's new sessions are created.", allow_group_login=False, allow_guest=False)
LIST_LOGINS = _add("logins.list", "GET /logins", N.USER, schemas.ListLogins, schemas.Page[schemas.Login],
    "List the live logins of the caller and those the caller created for others; administrators see all.",
    allow_group_login=False)
ISSUE_LOGIN = _add("logins.issue", "POST /logins", N.USER, schemas.IssueLogin, schemas.NewLogin,
    "Create a login for a user, as an administrator or as an owner of a group the user is in.",
    allow_group_login=False, allow_guest=False)
REVOKE_LOGIN = _add("logins.revoke", "DELETE /logins/{id}", N.USER, schemas.LoginNamed, schemas.Login,
    "End a login of the caller, or one the caller created for someone else; administrators may end any.",
    allow_group_login=False)
LOG_OUT = _add("logins.logout", "POST /logout", N.USER, schemas.Nothing, schemas.Done,
    "End the login of this request.", keyed=False)
MAKE_TICKET = _add("logins.ticket", "POST /tickets", N.USER, schemas.Nothing, schemas.Ticket,
    "Create a one-time login link for the caller.", keyed=False)
WHO_AM_I = _add("logins.whoami", "GET /user", N.USER, schemas.Nothing, schemas.User,
    "Show who the caller is.")

# ---- groups
ADD_GROUP = _add("groups.add", "POST /groups", N.SERVER_ADMIN, schemas.NewGroup, schemas.Group,
    "Create a group.")
LIST_GROUPS = _add("groups.list", "GET /groups", N.USER, schemas.ListGroups, schemas.Page[schemas.Group],
    "List the groups that the caller is in; administrators see all.", allow_group_login=False)
GET_GROUP = _add("groups.get", "GET /groups/{name}", N.GROUP_MEMBER, schemas.GroupNamed, schemas.Group,
    "Show a group.", allow_group_login=False)
CHANGE_GROUP = _add("groups.change", "PATCH /groups/{name}", N.GROUP_OWNER, schemas.ChangeGroup, schemas.Group,
    "Change a group's description, and the roles that it gives in new sessions.", allow_group_login=False)
REMOVE_GROUP = _add("groups.remove", "DELETE /groups/{name}", N.SERVER_ADMIN, schemas.GroupNamed, schemas.Group,
    "Remove a group and all its roles; the sessions created in it stay with their owners.")
LIST_GROUP_USERS = _add("groupusers.list", "GET /groups/{name}/users", N.GROUP_MEMBER, schemas.ListGroupUsers, schemas.Page[schemas.GroupUser],
    "List the users in a group.", allow_group_login=False)
ADD_GROUP_USERS = _add("groupusers.add", "POST /groups/{name}/users", N.GROUP_OWNER, schemas.GroupUsers, schemas.Group,
    "Add users to a group: either all of them, or none.", allow_group_login=False)
REMOVE_GROUP_USERS = _add("groupusers.remove", "POST /groups/{name}/users/remove", N.GROUP_OWNER, schemas.GroupUsers, schemas.Group,
    "Remove users from a group: either all of them, or none.", allow_group_login=False)
SET_GROUP_OWNERS = _add("groupusers.set_owners", "PUT /groups/{name}/owners", N.GROUP_OWNER, schemas.SetGroupOwners, schemas.Group,
    "Make users of a group its owners, or end their ownership: either for all of them, or for none.", allow_group_login=False)
SET_DEFAULT_GROUP = _add("groups.default", "PUT /user/group", N.USER, schemas.SetDefaultGroup, schemas.DefaultGroup,
    "Set the group that the caller's new logins start in; administrators may set it for others.", allow_group_login=False, allow_guest=False)

# ---- server
LIST_AUDIT = _add("audit.list", "GET /audit", N.SERVER_ADMIN, schemas.ListAudit, schemas.Page[schemas.AuditEntry],
    "Read the audit log, newest first: logins created, ended and refused, and changes of accounts.")
CHECK_STORE = _add("server.check", "GET /check", N.SERVER_ADMIN, schemas.CheckStore, schemas.StoreCheck,
    "Verify a part of the store, and report what is damaged and whose it is.")
LIST_DAMAGE = _add("server.damage", "GET /damage", N.SERVER_ADMIN, schemas.Nothing, schemas.StoreDamage,
    "List what is known to be damaged and whose it is, without a new check.")
CHECK_HEALTH = _add("server.health", "GET /health", N.NOTHING, schemas.Nothing, schemas.Health,
    "Check whether the server works: whether its database accepts a write.", writes=True, keyed=False)
# fmt: on

# Pages of answers are separate types.
schemas.ready(*(operation.answer for operation in _table.values() if operation.answer is not bytes))
