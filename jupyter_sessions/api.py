"""The contract: every operation with its name, route, needed role, request and answer.

An operation can't exist without a line here, and everything that serves or calls one derives from
the line: the dispatcher's checks, the HTTP routes, the OpenAPI document, both transports, and the
test of every identity against every operation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from string import Formatter
from types import MappingProxyType
from typing import Any, Generic, Literal, TypeVar

from jupyter_sessions import schemas
from jupyter_sessions.roles import Roles

Req = TypeVar("Req", bound=schemas.Request)
Ans = TypeVar("Ans")

#: Where the API stands under a Jupyter server's base URL.
PREFIX = "/sessions/api"

#: States in which a session can be looked at, and in which it can be changed. Whether a disabled
#: session shows itself to anyone but its owner is for the dispatcher: it never does.
LOOK: frozenset[schemas.State] = frozenset({"active", "closed", "disabled"})
CHANGE: frozenset[schemas.State] = frozenset({"active"})


class Needs(Enum):
    """What a caller must hold: nothing, to be known, or a role in the session (or the server).

    `KERNELS` is leave to use the kernels of a Jupyter server, as that server gives it to its own
    users; an account of the sessions is none of them. Of these, `JUPYTER_OWNER` is the one who runs
    the server. Such an operation concerns what runs there and not the store, so that the Jupyter
    server itself does it.
    """

    NOTHING = "nothing"
    USER = "a login"
    SERVER_ADMIN = "a server administrator"
    GROUP_MEMBER = "to be in the group, or a server administrator"
    GROUP_OWNER = "an owner of the group, or a server administrator"
    KERNELS = "leave to use the Jupyter server's kernels"
    JUPYTER_OWNER = "to be the one who runs the Jupyter server"
    READ = "read"
    WRITE = "write"
    EXECUTE = "execute"
    ADMIN = "admin"
    OWNER = "owner"

    @property
    def role(self) -> Roles | None:
        """The role that it means, or None where it concerns no session."""
        return Roles.__members__.get(self.name)

    @property
    def jupyter(self) -> bool:
        """Whether it is a Jupyter server that gives it, and does what needs it."""
        return self in {Needs.KERNELS, Needs.JUPYTER_OWNER}


@dataclass(frozen=True, kw_only=True)
class Operation(Generic[Req, Ans]):
    """One line of the table.

    Attributes
    ----------
    name
        ``noun.verb``: how the operation is called in code, logs and documents.
    method
        The HTTP method; ``WS`` is a WebSocket.
    path
        Below `PREFIX`, with the request's fields that stand in it in braces; ``{path}`` takes
        slashes too.
    needs
        What the caller must hold.
    own
        A lesser role that is enough where the thing concerned is the caller's own.
    states
        The states of the session in which the operation makes sense.
    content
        ``upload`` takes bytes beside the request, ``download`` gives bytes in place of an answer.
    writes
        Whether it changes anything.
    acts
        Whether it is an act in its session, and resets the session's idle clock.
    counts
        Whether it counts as use of the login, and resets the login's idle clock.
    confined
        Whether a login that reaches one group's sessions alone may do it. In such a session it may
        do all that its user may; outside of them, what concerns but itself.
    guests
        Whether a guest may do it, who has one session alone.
    keyed
        Whether it takes an idempotency key, by which it is safe to send again: all that writes,
        but for what is safe by itself, or is done too often to be remembered.
    fresh
        Whether a login by password must have been confirmed by it in the last minutes.
    """

    name: str
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE", "WS"]
    path: str
    needs: Needs
    request: type[Req]
    answer: type[Ans]
    summary: str
    own: Needs | None = None
    states: frozenset[schemas.State] = field(default_factory=frozenset)
    content: Literal["none", "upload", "download"] = "none"
    writes: bool = False
    acts: bool = False
    counts: bool = True
    confined: bool = True
    guests: bool = True
    keyed: bool = False
    fresh: bool = False

    @property
    def in_session(self) -> bool:
        """Whether the operation concerns one session."""
        return self.needs.role is not None

    @property
    def path_fields(self) -> list[str]:
        """The request's fields that stand in the path, in order."""
        return [name for _, name, _, _ in Formatter().parse(self.path) if name]


_table: dict[str, Operation[Any, Any]] = {}

#: The whole table, by name.
OPERATIONS: Mapping[str, Operation[Any, Any]] = MappingProxyType(_table)


def _add(
    name: str,
    route: str,
    needs: Needs,
    request: type[Req],
    answer: type[Ans],
    summary: str,
    *,
    own: Needs | None = None,
    states: frozenset[schemas.State] | None = None,
    content: Literal["none", "upload", "download"] = "none",
    writes: bool | None = None,
    acts: bool | None = None,
    counts: bool = True,
    confined: bool = True,
    guests: bool = True,
    keyed: bool | None = None,
    fresh: bool = False,
) -> Operation[Req, Ans]:
    method, path = route.split(" ", 1)
    if writes is None:
        writes = method not in {"GET", "WS"}
    if states is None:
        states = (CHANGE if writes else LOOK) if needs.role is not None else frozenset()
    operation = Operation(
        name=name,
        method=method,  # type: ignore[arg-type]  # the test of the table holds it to the Literal
        path=path,
        needs=needs,
        request=request,
        answer=answer,
        summary=summary,
        own=own,
        states=states,
        content=content,
        writes=writes,
        acts=writes if acts is None else acts,
        counts=counts,
        confined=confined,
        guests=guests,
        keyed=(writes and counts and not needs.jupyter) if keyed is None else keyed,
        fresh=fresh,
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
    "Make a session; the caller owns it.", guests=False)
LIST_SESSIONS = _add("sessions.list", "GET /sessions", N.USER, schemas.ListSessions, schemas.Page[schemas.Session],
    "List the sessions that the caller has a role in, newest use first.")
GET_SESSION = _add("sessions.get", f"GET {S}", N.READ, schemas.SessionNamed, schemas.Session,
    "Show all attributes of a session.")
SESSION_EXISTS = _add("sessions.exists", "GET /exists/{code}", N.USER, schemas.SessionNamed, schemas.Existence,
    "Tell whether the caller has a role in a session of that code.")
UPDATE_SESSION = _add("sessions.update", f"PATCH {S}", N.WRITE, schemas.UpdateSession, schemas.Session,
    "Change label, description, message and agent.")
SET_SESSION_TIMEOUTS = _add("sessions.set_timeouts", f"PUT {S}/timeouts", N.OWNER, schemas.SetSessionTimeouts, schemas.Session,
    "Change the idle time-out and the lifetime.")
RESUME_SESSION = _add("sessions.resume", f"POST {S}/resume", N.READ, schemas.ResumeSession, schemas.Resumed,
    "Take up a session: what it is, who is in it, and its last commands with their outputs.",
    states=LOOK, keyed=False)
DISABLE_SESSION = _add("sessions.disable", f"POST {S}/disable", N.OWNER, schemas.SessionNamed, schemas.Session,
    "Close the session to all but its owner, until it is enabled.")
ENABLE_SESSION = _add("sessions.enable", f"POST {S}/enable", N.OWNER, schemas.SessionNamed, schemas.Session,
    "Open a disabled session to its members again.", states=frozenset({"disabled"}))
CLOSE_SESSION = _add("sessions.close", f"POST {S}/close", N.OWNER, schemas.SessionNamed, schemas.Session,
    "Make the session a read-only archive, for good.", states=frozenset({"active", "disabled"}))
REMOVE_SESSION = _add("sessions.remove", f"DELETE {S}", N.OWNER, schemas.SessionNamed, schemas.Session,
    "Take the session out of every list; it can be restored until it is purged.", states=LOOK)
RESTORE_SESSION = _add("sessions.restore", f"POST {S}/restore", N.OWNER, schemas.SessionNamed, schemas.Session,
    "Bring a removed session back.", states=frozenset({"removed"}))
TRANSFER_SESSION = _add("sessions.transfer", f"PUT {S}/owner", N.OWNER, schemas.TransferSession, schemas.Session,
    "Make another user the owner.", fresh=True)

# ---- members
LIST_MEMBERS = _add("members.list", f"GET {S}/members", N.READ, schemas.SessionNamed, schemas.Members,
    "List the members and their roles, the owner first.")
GRANT_ROLES = _add("members.grant", f"POST {S}/members", N.ADMIN, schemas.GrantRoles, schemas.Members,
    "Give users roles in place of those they hold; all grants take effect, or none.")
REVOKE_ROLES = _add("members.revoke", f"POST {S}/members/revoke", N.ADMIN, schemas.RevokeRoles, schemas.Members,
    "Take all roles from users; from all of them, or from none.")

# ---- invitations
INVITE = _add("invitations.create", f"POST {S}/invitations", N.ADMIN, schemas.Invite, schemas.NewInvitation,
    "Make a key that opens the session with given roles.")
LIST_INVITATIONS = _add("invitations.list", f"GET {S}/invitations", N.ADMIN, schemas.ListInvitations,
    schemas.Page[schemas.Invitation], "List the session's invitations, without their keys.")
UNINVITE = _add("invitations.revoke", f"DELETE {S}/invitations/{{id}}", N.ADMIN, schemas.InvitationNamed, schemas.Invitation,
    "Take an invitation back; the guests who came by it leave.", states=frozenset({"active", "closed"}))
LOOK_AT_INVITATION = _add("invitations.look", "POST /invitation", N.NOTHING, schemas.KeyShown, schemas.Invited,
    "Tell whoever holds an invitation's key what it opens.", acts=False, keyed=False)
JOIN = _add("invitations.join", "POST /join", N.USER, schemas.KeyShown, schemas.Joined,
    "Become a member by an invitation; roles that the caller holds already stay.", confined=False)
ENTER_AS_GUEST = _add("invitations.enter", "POST /join/guest", N.NOTHING, schemas.EnterAsGuest, schemas.Entered,
    "Come in by an invitation without an account, under a name of one's own, where the server lets guests in.")

# ---- presence
LIST_PRESENCE = _add("presence.list", f"GET {S}/presence", N.READ, schemas.SessionNamed, schemas.Present,
    "Tell who has the session open now.", counts=False)
KEEP_PRESENCE = _add("presence.keep", f"PUT {S}/presence/{{client}}", N.READ, schemas.KeepPresence, schemas.Done,
    "Say that a client has the session open.", states=LOOK, acts=False, counts=False)
END_PRESENCE = _add("presence.end", f"DELETE {S}/presence/{{client}}", N.READ, schemas.EndPresence, schemas.Done,
    "Say that a client has the session open no more.", states=LOOK, acts=False, counts=False)
WHO = _add("presence.who", "GET /presence", N.USER, schemas.Nothing, schemas.Present,
    "Tell who is connected: oneself, and those in one's sessions; administrators are told all.",
    confined=False)

# ---- commands
RECORD_COMMANDS = _add("commands.record", f"POST {S}/commands", N.WRITE, schemas.RecordCommands, schemas.Recorded,
    "Record commands; the same id again answers the same number, and takes over what is newer.", keyed=False)
LIST_COMMANDS = _add("commands.list", f"GET {S}/commands", N.READ, schemas.ListCommands, schemas.Page[schemas.CommandSummary],
    "List, filter and search the history.")
GET_COMMAND = _add("commands.get", f"GET {S}/commands/{{number}}", N.READ, schemas.CommandNamed, schemas.Command,
    "Show a command with its outputs as they were.")
FORGET_COMMAND = _add("commands.forget", f"DELETE {S}/commands/{{number}}", N.ADMIN, schemas.CommandNamed, schemas.CommandSummary,
    "Erase a command's source and outputs; that it was run stays known.",
    own=N.WRITE, states=frozenset({"active", "closed"}))

# ---- web space
LIST_FILES = _add("files.list", f"GET {S}/files", N.READ, schemas.ListFiles, schemas.Page[schemas.File],
    "List a folder of the web space.")
GET_FILE = _add("files.get", f"GET {S}/files/{{path}}", N.READ, schemas.FileNamed, schemas.File,
    "Show what is known of a published file.")
DOWNLOAD_FILE = _add("files.download", f"GET {S}/content/{{path}}", N.READ, schemas.FileNamed, bytes,
    "Download a published file.", content="download")
PUBLISH_FILE = _add("files.publish", f"PUT {S}/content/{{path}}", N.WRITE, schemas.PublishFile, schemas.File,
    "Publish the request's body as a file of the web space, or replace it.", content="upload")
UNPUBLISH_FILE = _add("files.unpublish", f"DELETE {S}/files/{{path}}", N.WRITE, schemas.FileNamed, schemas.Unpublished,
    "Take a file, or a folder with all that is in it, out of the web space.")
CREATE_CAPABILITY_URL = _add("capability_urls.create", f"GET {S}/view", N.READ, schemas.CreateCapabilityUrl, schemas.View,
    "Make a capability URL for a published file or a command's outputs.")

# ---- scratch
SET_SCRATCH = _add("scratch.set", f"PUT {S}/scratch/{{name}}", N.WRITE, schemas.SetScratch, schemas.ScratchEntry,
    "Keep a small JSON value under a name, for scripts.", keyed=False)
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
    "Show into which session a kernel records, and how that goes.")
PUT_ATTACHMENT = _add("attachments.put", f"PUT {A}", N.KERNELS, schemas.Attach, schemas.Attachment,
    "Have a kernel record into a session, of this server or of another, in place of the one before.")
CHANGE_ATTACHMENT = _add("attachments.change", f"PATCH {A}", N.KERNELS, schemas.ChangeAttachment, schemas.Attachment,
    "Pause recording, go on with it, or leave a command out.")
DELETE_ATTACHMENT = _add("attachments.delete", f"DELETE {A}", N.KERNELS, schemas.Detach, schemas.Attachment,
    "Have a kernel record no more; what it has recorded is still delivered.")

# ---- the Jupyter server's address
SHOW_ADDRESS = _add("server.address", "GET /address", N.KERNELS, schemas.Nothing, schemas.ServerAddress,
    "Tell the address under which others reach the sessions that this Jupyter server shows.")

# ---- stored logins
LIST_STORED_LOGINS = _add("storedlogins.list", "GET /stored-logins", N.JUPYTER_OWNER, schemas.ListStoredLogins, schemas.Page[schemas.StoredLogin],
    "List the logins that are stored where this Jupyter server runs, without their keys.")
LINK_STORED_LOGIN = _add("storedlogins.link", "POST /stored-logins/{id}/link", N.JUPYTER_OWNER, schemas.StoredLoginNamed, schemas.LoginLink,
    "Make a one-time login link as whom a stored login stands for, to that login's server.")

# ---- events
LIST_EVENTS = _add("events.list", f"GET {S}/events", N.READ, schemas.ListEvents, schemas.Page[schemas.Event],
    "Read the session's log.")
FOLLOW_EVENTS = _add("events.follow", f"WS {S}/live", N.READ, schemas.Follow, schemas.Event,
    "Follow the session's log live, after a given event.")

# ---- accounts
ADD_ACCOUNT = _add("accounts.add", "POST /accounts", N.SERVER_ADMIN, schemas.NewAccount, schemas.Account,
    "Make an account.")
LIST_ACCOUNTS = _add("accounts.list", "GET /accounts", N.SERVER_ADMIN, schemas.ListAccounts, schemas.Page[schemas.Account],
    "List the accounts.")
SET_PASSWORD = _add("accounts.password", "PUT /accounts/{name}/password", N.SERVER_ADMIN, schemas.SetPassword, schemas.Account,
    "Set an account's password; its logins end.", fresh=True)
RESET_SECOND_FACTOR = _add("secondfactor.reset", "DELETE /accounts/{name}/second-factor", N.SERVER_ADMIN, schemas.AccountNamed, schemas.Account,
    "End the second factor of somebody who has lost it; their logins end.", fresh=True)
DISABLE_ACCOUNT = _add("accounts.disable", "POST /accounts/{name}/disable", N.SERVER_ADMIN, schemas.AccountNamed, schemas.Account,
    "Disable an account: its logins end, its roles stay.")
ENABLE_ACCOUNT = _add("accounts.enable", "POST /accounts/{name}/enable", N.SERVER_ADMIN, schemas.AccountNamed, schemas.Account,
    "Enable a disabled account.")
REMOVE_ACCOUNT = _add("accounts.remove", "DELETE /accounts/{name}", N.SERVER_ADMIN, schemas.AccountNamed, schemas.Account,
    "Remove an account that owns no session, with its roles everywhere.", fresh=True)

# ---- the caller's own account
CHANGE_PASSWORD = _add("password.change", "PUT /user/password", N.USER, schemas.ChangePassword, schemas.PasswordChanged,
    "Change the caller's own password; the account's other logins end.", confined=False, guests=False, keyed=False)

SHOW_SECOND_FACTOR = _add("secondfactor.show", "GET /user/second-factor", N.USER, schemas.Nothing, schemas.SecondFactor,
    "Tell whether the caller's account has a second factor.", confined=False, guests=False)
SET_UP_SECOND_FACTOR = _add("secondfactor.create", "POST /user/second-factor", N.USER, schemas.SetUpSecondFactor, schemas.NewSecondFactor,
    "Make the secret of a second factor, which counts once it is confirmed.", confined=False, guests=False, keyed=False)
CONFIRM_SECOND_FACTOR = _add("secondfactor.confirm", "POST /user/second-factor/confirm", N.USER, schemas.ConfirmSecondFactor, schemas.RecoveryCodes,
    "Enable the second factor by a first code; answers the recovery codes.", confined=False, guests=False, keyed=False)
REMOVE_SECOND_FACTOR = _add("secondfactor.remove", "POST /user/second-factor/remove", N.USER, schemas.RemoveSecondFactor, schemas.Done,
    "End the caller's second factor.", confined=False, guests=False, keyed=False)

# ---- logins
LOG_IN = _add("logins.create", "POST /login", N.NOTHING, schemas.LogIn, schemas.NewLogin,
    "Exchange user name and password for a key.", keyed=False)
CONFIRM_LOGIN = _add("logins.confirm", "POST /login/confirm", N.USER, schemas.ConfirmLogin, schemas.Login,
    "Confirm the login that this request came with by its password, for what needs that.", guests=False, keyed=False)
LOG_IN_WITH_TICKET = _add("logins.redeem", "POST /login/ticket", N.NOTHING, schemas.LogInWithTicket, schemas.NewLogin,
    "Exchange a one-time ticket for a key.")
CHECK_LOGIN = _add("logins.check", "GET /login", N.USER, schemas.Nothing, schemas.Login,
    "Show the login that this request came with; its idle clock runs on.", counts=False)
REFRESH_LOGIN = _add("logins.refresh", "POST /login/keep", N.USER, schemas.Nothing, schemas.Login,
    "Reset the idle clock of the login that this request came with.", keyed=False)
SET_LOGIN_TIMEOUT = _add("logins.set_timeout", "PUT /login/timeout", N.USER, schemas.SetLoginTimeout, schemas.LoginTimeout,
    "Change the idle time-out of the login that this request came with.")
SWITCH_GROUP = _add("logins.group", "PUT /login/group", N.USER, schemas.SwitchGroup, schemas.Login,
    "Change the group in which sessions are made from now on.", confined=False, guests=False)
LIST_LOGINS = _add("logins.list", "GET /logins", N.USER, schemas.ListLogins, schemas.Page[schemas.Login],
    "List one's own live logins, and those that one has made for others; administrators list all.",
    confined=False)
ISSUE_LOGIN = _add("logins.issue", "POST /logins", N.USER, schemas.IssueLogin, schemas.NewLogin,
    "Make a login for someone, as an administrator or as an owner of a group they are in.",
    confined=False, guests=False)
REVOKE_LOGIN = _add("logins.revoke", "DELETE /logins/{id}", N.USER, schemas.LoginNamed, schemas.Login,
    "End a login: one's own, or one made for somebody else; administrators end any.",
    confined=False)
LOG_OUT = _add("logins.logout", "POST /logout", N.USER, schemas.Nothing, schemas.Done,
    "End the login that this request came with.", keyed=False)
MAKE_TICKET = _add("logins.ticket", "POST /tickets", N.USER, schemas.Nothing, schemas.Ticket,
    "Make a one-time login link for oneself.", keyed=False)
WHO_AM_I = _add("logins.whoami", "GET /user", N.USER, schemas.Nothing, schemas.User,
    "Tell who is asking.")

# ---- groups
ADD_GROUP = _add("groups.add", "POST /groups", N.SERVER_ADMIN, schemas.NewGroup, schemas.Group,
    "Make a group.")
LIST_GROUPS = _add("groups.list", "GET /groups", N.USER, schemas.ListGroups, schemas.Page[schemas.Group],
    "List the groups that the caller is in; administrators list all.", confined=False)
GET_GROUP = _add("groups.get", "GET /groups/{name}", N.GROUP_MEMBER, schemas.GroupNamed, schemas.Group,
    "Show a group.", confined=False)
CHANGE_GROUP = _add("groups.change", "PATCH /groups/{name}", N.GROUP_OWNER, schemas.ChangeGroup, schemas.Group,
    "Change a group's description, and the roles that it gives in sessions made from now on.", confined=False)
REMOVE_GROUP = _add("groups.remove", "DELETE /groups/{name}", N.SERVER_ADMIN, schemas.GroupNamed, schemas.Group,
    "Remove a group, with its roles everywhere; the sessions made in it stay their owners'.")
LIST_GROUP_USERS = _add("groupusers.list", "GET /groups/{name}/users", N.GROUP_MEMBER, schemas.ListGroupUsers, schemas.Page[schemas.GroupUser],
    "List who is in a group.", confined=False)
ADD_GROUP_USERS = _add("groupusers.add", "POST /groups/{name}/users", N.GROUP_OWNER, schemas.GroupUsers, schemas.Group,
    "Put users into a group: all of them, or none.", confined=False)
REMOVE_GROUP_USERS = _add("groupusers.remove", "POST /groups/{name}/users/remove", N.GROUP_OWNER, schemas.GroupUsers, schemas.Group,
    "Take users out of a group: all of them, or none.", confined=False)
SET_GROUP_OWNERS = _add("groupusers.set_owners", "PUT /groups/{name}/owners", N.GROUP_OWNER, schemas.SetGroupOwners, schemas.Group,
    "Make users of a group its owners, or end that: for all of them, or for none.", confined=False)
SET_DEFAULT_GROUP = _add("groups.default", "PUT /user/group", N.USER, schemas.SetDefaultGroup, schemas.DefaultGroup,
    "Choose the group that new logins begin in; administrators choose for others too.", confined=False, guests=False)

# ---- server
LIST_AUDIT = _add("audit.list", "GET /audit", N.SERVER_ADMIN, schemas.ListAudit, schemas.Page[schemas.AuditEntry],
    "Read the audit log: logins made, ended and refused, and what was changed of accounts; the newest first.")
CHECK_STORE = _add("server.check", "GET /check", N.SERVER_ADMIN, schemas.CheckStore, schemas.StoreCheck,
    "Verify a part of what the store holds, and say what is damaged and whose it is.")
CHECK_HEALTH = _add("server.health", "GET /health", N.NOTHING, schemas.Nothing, schemas.Health,
    "Tell whether the server can do its work: whether its database takes a write.", writes=True, keyed=False)
# fmt: on

# Pages of something are types of their own.
schemas.ready(*(operation.answer for operation in _table.values() if operation.answer is not bytes))
