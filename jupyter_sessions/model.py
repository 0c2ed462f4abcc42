"""The words of the design as shapes: what goes over the wire, for server and client alike.

`Request` subclasses are what an operation takes (the path's parameters among them), and refuse
unknown fields; `Answer` subclasses are what it gives, and tolerate them, so that an older client
can read a newer server. Instants are timezone-aware UTC datetimes, durations are seconds, sizes
are bytes, time-outs are minutes.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Annotated, Any, Generic, Literal, TypeVar

from msgspec import UNSET, Meta, Struct, UnsetType
from msgspec.json import Decoder

# ---- field types -------------------------------------------------------------------------------

#: A session's code as people give it; ``default`` names the caller's default session.
Code = Annotated[str, Meta(pattern=r"^([1-9][0-9]{21}|default)\Z", description="a session's code")]
Label = Annotated[str, Meta(max_length=200)]
Description = Annotated[str, Meta(max_length=10_000)]
Message = Annotated[str, Meta(max_length=2_000)]
UserName = Annotated[str, Meta(min_length=1, max_length=255)]
GroupName = Annotated[str, Meta(min_length=1, max_length=255)]
Password = Annotated[str, Meta(min_length=8, max_length=1_000)]
ScratchName = Annotated[str, Meta(min_length=1, max_length=200)]
SearchText = Annotated[str, Meta(max_length=500)]
Path = Annotated[str, Meta(max_length=1_000)]
Minutes = Annotated[int, Meta(ge=1, le=5_256_000)]
CommandNumber = Annotated[int, Meta(ge=1, le=2**53)]
EventNumber = Annotated[int, Meta(ge=0, le=2**53)]
Count = Annotated[int, Meta(ge=0, le=2**53)]
Seconds = Annotated[float, Meta(ge=0, le=1e10)]
PageSize = Annotated[int, Meta(ge=1, le=500)]
Cursor = Annotated[str, Meta(max_length=2_000)]
KernelId = Annotated[str, Meta(min_length=1, max_length=200)]

State = Literal["active", "disabled", "closed", "removed"]
LoginState = Literal["active", "expired", "revoked"]
InvitationState = Literal["active", "expired", "revoked", "used_up", "void"]
PresenceKind = Literal["page", "kernel", "program", "login"]
Status = Literal["running", "completed", "error", "aborted"]
AttachmentState = Literal["recording", "paused", "waiting", "ended"]
RoleName = Literal["read", "write", "execute", "admin", "owner"]


class Request(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What an operation takes."""


class Answer(Struct, kw_only=True):
    """What an operation gives."""


T = TypeVar("T")


class Page(Answer, Generic[T]):
    """One page of a list; `next` is the ``after`` that asks for the following one."""

    items: list[T]
    next: str | None = None


class Done(Answer):
    """The answer of an operation that has nothing more to tell."""

    done: bool = True


# ---- sessions ----------------------------------------------------------------------------------


class Session(Answer):
    """One experiment, as its members see it.

    `roles` are the asking member's own and those that groups give them; `group` is the one that
    it was made in. `url` is None where no server shows this store. `message`
    is for whatever its members want said on it, `agent` the name of the program that works in it.
    `last_command` is the source of the newest command that does more than manage sessions, cut to
    200 characters.
    """

    code: str
    url: str | None
    label: str
    description: str
    message: str
    agent: str
    owner: str
    group: str | None
    roles: list[RoleName]
    state: State
    default: bool
    created: datetime
    last_used: datetime
    commands: int
    last_command: str
    events: int
    members: int
    idle_timeout: int | None
    lifetime: int | None
    closes: datetime | None
    removed: datetime | None
    purged: datetime | None


class NewSession(Request):
    """What is told of a session when it is made."""

    label: Label = ""
    description: Description = ""
    idle_timeout: Minutes | None = None
    lifetime: Minutes | None = None


class SessionNamed(Request):
    """A request that needs nothing but the session's code."""

    code: Code


class ListSessions(Request):
    """Which of my sessions to list, newest use first."""

    which: Literal["all", "mine", "shared", "removed"] = "all"
    search: SearchText = ""
    limit: PageSize = 100
    after: Cursor | None = None


class DescribeSession(Request):
    """New words for a session; what is left out stays."""

    code: Code
    label: Label | UnsetType = UNSET
    description: Description | UnsetType = UNSET
    message: Message | UnsetType = UNSET
    agent: Label | UnsetType = UNSET


class TimeSession(Request):
    """New time-outs for a session, in minutes; what is left out stays, null takes it away."""

    code: Code
    idle_timeout: Minutes | UnsetType | None = UNSET
    lifetime: Minutes | UnsetType | None = UNSET


class TransferSession(Request):
    """Who is to own the session from now on; the old owner stays as an admin."""

    code: Code
    user: UserName


class Existence(Answer):
    """Whether the caller has a role in a session of that code."""

    exists: bool


class ResumeSession(Request):
    """Take up a session: the last `commands` come with it. `agent` is the program that asks.

    Without `managing`, those that only manage sessions are not counted.
    """

    code: Code
    commands: Annotated[int, Meta(ge=0, le=100)] = 10
    managing: bool = True
    agent: Label = ""


# ---- members -----------------------------------------------------------------------------------


class Member(Answer):
    """Someone with roles in a session: a user or, where `group` is set, all users in a group.

    A group's name stands in `user` with an ``@`` before it, as in a grant. A `guest` is here by an
    invitation, without an account.
    """

    user: str
    group: bool
    display_name: str
    roles: list[RoleName]
    owner: bool
    since: datetime
    granted_by: str | None
    guest: bool = False


class ThroughGroups(Answer):
    """What a user holds in a session because they are in these groups."""

    user: str
    roles: list[RoleName]
    groups: list[str]


class Members(Answer):
    """All members of a session, the owner first, then groups, then users.

    After a grant or a revoke, `through_groups` tells of the users named in it who hold roles
    through groups too: these stay what they are.
    """

    members: list[Member]
    through_groups: list[ThroughGroups] = []


class Grant(Struct, kw_only=True, forbid_unknown_fields=True):
    """A user, or ``@group``, and the roles to give in place of those held; none means ``read``."""

    user: UserName
    roles: Annotated[list[str], Meta(max_length=10)] = []


class GrantRoles(Request):
    """Grants that all take effect, or none."""

    code: Code
    grants: Annotated[list[Grant], Meta(min_length=1, max_length=200)]


class RevokeRoles(Request):
    """Users, or ``@group``, who all lose the roles that they were granted, or none does."""

    code: Code
    users: Annotated[list[UserName], Meta(min_length=1, max_length=200)]


# ---- invitations -------------------------------------------------------------------------------

InvitationKey = Annotated[str, Meta(max_length=200, description="an invitation's key")]


class Invitation(Answer):
    """A key that opens one session with given roles, without the key itself.

    It is `void` while who made it could not grant its roles any more; `used` is how many have
    joined by it, of `uses`.
    """

    id: int
    name: str
    roles: list[RoleName]
    made_by: str
    real_user: str | None
    created: datetime
    expires: datetime
    uses: int
    used: int
    state: InvitationState


class Invite(Request):
    """An invitation to make: for so many `uses`, until so many minutes from now.

    Without `expires` the server's default counts. No role named means ``read``.
    """

    code: Code
    roles: Annotated[list[str], Meta(max_length=10)] = []
    uses: Annotated[int, Meta(ge=1, le=10_000)] = 1
    expires: Minutes | None = None
    name: Label = ""


class NewInvitation(Answer):
    """An invitation that was made; `key` is shown this once and stored only as a hash.

    `page` is where people join in a browser, None where no server shows this store. `clamped` tells
    that it expires earlier than was asked for: the server's limit.
    """

    key: str
    page: str | None
    invitation: Invitation
    clamped: bool


class ListInvitations(Request):
    """Which of a session's invitations to list, the newest first."""

    code: Code
    limit: PageSize = 100
    after: Cursor | None = None


class InvitationNamed(Request):
    """One invitation of a session."""

    code: Code
    id: Annotated[int, Meta(ge=1, le=2**53)]


class KeyShown(Request):
    """An invitation's key, from whoever holds it."""

    key: InvitationKey


class Invited(Answer):
    """What an invitation opens, to whoever holds its key.

    `guests` tells whether it lets in people without an account.
    """

    label: str
    owner: str
    made_by: str
    roles: list[RoleName]
    expires: datetime
    guests: bool


class Joined(Answer):
    """The session that an invitation opened.

    `changed` is false for who held its roles before.
    """

    session: Session
    changed: bool


class EnterAsGuest(Request):
    """An invitation's key, and the name that someone without an account chooses."""

    key: InvitationKey
    name: UserName
    agent: Label = ""
    label: Label = ""


# ---- presence ----------------------------------------------------------------------------------


class Presence(Answer):
    """Someone who is connected: a page or a kernel that has a session open, or a login in use.

    `last_act` is when they last ran a command in the session, or used the login. `mine` marks the
    asker's own. What does not concern the asker is empty.
    """

    user: str
    real_user: str | None
    guest: bool
    group: str | None
    session: str | None
    kind: PresenceKind
    agent: str
    since: datetime
    last_act: datetime | None
    mine: bool


class Present(Answer):
    """Who is connected, the longest first; `more` tells that there were too many to name."""

    here: list[Presence]
    more: bool = False


class KeepPresence(Request):
    """That a client has the session open; to be said again within two minutes, or it lapses.

    `client` is any string that names it among the user's clients.
    """

    code: Code
    client: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{1,64}\Z")]
    kind: Literal["kernel", "program"] = "program"
    agent: Label = ""


class EndPresence(Request):
    """That a client has the session open no more."""

    code: Code
    client: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{1,64}\Z")]


# ---- commands ----------------------------------------------------------------------------------

MimeBundle = dict[str, Any]


class Stream(Struct, tag_field="output_type", tag="stream", forbid_unknown_fields=True):
    """Text written to stdout or stderr (nbformat v4)."""

    name: str
    text: str | list[str]


class DisplayData(Struct, tag_field="output_type", tag="display_data", forbid_unknown_fields=True):
    """A displayed value in one or more media types (nbformat v4)."""

    data: MimeBundle
    metadata: dict[str, Any]


class ExecuteResult(
    Struct, tag_field="output_type", tag="execute_result", forbid_unknown_fields=True
):
    """The value of a cell's last expression (nbformat v4)."""

    data: MimeBundle
    metadata: dict[str, Any]
    execution_count: Count | None


class ErrorOutput(Struct, tag_field="output_type", tag="error", forbid_unknown_fields=True):
    """An exception with its traceback, with ANSI colours (nbformat v4)."""

    ename: str
    evalue: str
    traceback: list[str]


Output = Stream | DisplayData | ExecuteResult | ErrorOutput


class CommandRequest(Struct, kw_only=True, forbid_unknown_fields=True):
    """The half of a command that was asked: what was run, where and when.

    `notebook` is the path of the notebook or the program that ran it, empty where the kernel was
    not told; `kernel` is the kernel's id.
    """

    source: str
    started: datetime
    language: Annotated[str, Meta(max_length=100)] = "python"
    kernel: Annotated[str, Meta(max_length=200)] = ""
    notebook: Annotated[str, Meta(max_length=2_000)] = ""
    execution_count: Count | None = None


class CommandResponse(Struct, kw_only=True, forbid_unknown_fields=True):
    """The half of a command that came back.

    `outputs` are nbformat v4 outputs, unaltered. `note` tells what was cut, where something was.
    """

    status: Literal["completed", "error", "aborted"]
    outputs: list[Output]
    finished: datetime
    duration: Seconds
    note: Annotated[str, Meta(max_length=1_000)] = ""


class SoFar(Struct, kw_only=True, forbid_unknown_fields=True):
    """What a command that still runs has put out, `until` that moment."""

    outputs: list[Output]
    until: datetime


class Recording(Struct, kw_only=True, forbid_unknown_fields=True):
    """A command on its way into a session.

    `id` is the kernel's ``msg_id`` of the request (or another unique string): recording the same id
    twice changes nothing. A recording without a response is of a command that still runs; what that
    has put out `so_far` replaces what was told of an earlier moment. The same id with its response
    completes it, and with another one replaces the outputs (a thread that went on printing, an
    updated display).

    `runner` is left out where whoever sends this has run it. A Jupyter server that several people
    use names who did, or null where it can't tell. Believed is a server about its own store alone,
    and then only of someone who may write in the session; the user of any other such command is
    unknown.
    """

    id: Annotated[str, Meta(pattern=r"^[!-~]{1,200}\Z")]
    request: CommandRequest
    response: CommandResponse | None = None
    so_far: SoFar | None = None
    runner: UserName | UnsetType | None = UNSET


class RecordCommands(Request):
    """Commands to record, in this order."""

    code: Code
    commands: Annotated[list[Recording], Meta(min_length=1, max_length=500)]


class Recorded(Answer):
    """The numbers of the recorded commands, in the order they were given."""

    numbers: list[int]


#: What people are shown where nobody can tell who ran a command; it can be nobody's name.
UNKNOWN_USER = "(unknown)"


class CommandSummary(Answer):
    """A command as lists show it: `source` and `preview` are cut, the outputs are only counted.

    `user` is who ran it, empty where nobody can tell (a kernel that several people use).
    `preview` is the beginning of the outputs' text; `media` the media types that they come in (with
    ``stream`` and ``error`` for those). `real_user` is who really acted, under sudo. `managing` is
    one that does nothing but manage sessions: ``%session`` lines and the like alone.
    """

    number: int
    user: str
    real_user: str | None
    started: datetime
    duration: float | None
    status: Status
    source: str
    source_cut: bool
    preview: str
    media: list[str]
    outputs: int
    size: int
    language: str
    notebook: str
    execution_count: int | None
    forgotten: bool
    note: str
    guest: bool = False
    managing: bool = False


class Command(Answer):
    """A whole command; `request` and `response` are None once it was forgotten.

    While it runs there is no response yet, only what it has put out `so_far`, where that is known.
    """

    summary: CommandSummary
    request: CommandRequest | None
    response: CommandResponse | None
    so_far: SoFar | None = None

    @property
    def outputs(self) -> list[Output]:
        """What it has put out, be it that it still runs."""
        told = self.response or self.so_far
        return told.outputs if told else []


class ListCommands(Request):
    """Which commands to list.

    `after` goes on from a page's `next`; it may also be a command's number. `since` and `until`
    bound the start (`since` inclusive). `search` finds all its words, each by its beginning, in
    source and text output. Without `managing`, those that only manage sessions are left out.
    """

    code: Code
    order: Literal["newest", "oldest"] = "newest"
    user: UserName | None = None
    status: Status | None = None
    search: SearchText = ""
    since: datetime | None = None
    until: datetime | None = None
    managing: bool = True
    limit: PageSize = 50
    after: Cursor | None = None


class CommandNamed(Request):
    """One command of a session."""

    code: Code
    number: CommandNumber


class Resumed(Answer):
    """What one finds on taking up a session: what it is, who is in it, its last commands."""

    session: Session
    members: list[Member]
    commands: list[Command]


# ---- web space ---------------------------------------------------------------------------------


class File(Answer):
    """A published file, or a folder that holds some (`folder` true).

    Of a folder, `files`, `size` and `published` are of all that is in it (how many, how much, the
    newest); `publisher` and `command` too, where it is the same for all, else empty and null.
    `command` is the number of the command whose output it is or, where it is none's, of the one
    that published it.
    """

    path: str
    name: str
    folder: bool
    media_type: str
    size: int
    sha256: str
    publisher: str
    published: datetime
    command: int | None
    files: int = 1


class ListFiles(Request):
    """What stands in a folder of the web space; with `deep`, every file below it."""

    code: Code
    folder: Path = ""
    deep: bool = False
    limit: PageSize = 200
    after: Cursor | None = None


class FileNamed(Request):
    """One file (or, for unpublishing, folder) of the web space."""

    code: Code
    path: Path


class PublishFile(Request):
    """Where the content that comes with this request goes; a file already there is replaced.

    Without a media type the path's ending decides. `command` is the number of the command
    whose output the content is, or that publishes it.
    """

    code: Code
    path: Path
    media_type: Annotated[str, Meta(max_length=200)] = ""
    command: CommandNumber | None = None


class Unpublished(Answer):
    """The paths that are gone from the web space."""

    paths: list[str]


class MakeView(Request):
    """Ask for a capability URL: of a published file (and its folder) or of a command's outputs."""

    code: Code
    path: Path | None = None
    command: CommandNumber | None = None


class View(Answer):
    """A capability URL: whoever has it sees that one publication, until it expires."""

    url: str
    expires: datetime


# ---- scratch -----------------------------------------------------------------------------------


class ScratchEntry(Answer):
    """What is known of a scratch value: its name, its size as JSON, who set it and when."""

    name: str
    size: int
    user: str
    changed: datetime


class ScratchValue(ScratchEntry):
    """A scratch value: any JSON."""

    value: Any


class ScratchNamed(Request):
    """One value of a session's scratch space."""

    code: Code
    name: ScratchName


class SetScratch(Request):
    """A value to keep under a name, in place of what stood there; any JSON, null too."""

    code: Code
    name: ScratchName
    value: Any


class ListScratch(Request):
    """Which values of the scratch space to list, by name."""

    code: Code
    limit: PageSize = 200
    after: Cursor | None = None


# ---- attachments -------------------------------------------------------------------------------


class Attachment(Answer):
    """A kernel of a Jupyter server that records into a session.

    `session` is the session's code, `label` its label, `url` its page, `server` the base URL of the
    server that it is on: null for the store of the Jupyter server itself. Where the caller has no
    role in it, `session` and `label` are empty and `url` null. `user` is who has attached the
    kernel. `notebook` is its path, empty where there is none.

    A state of ``waiting`` tells that the session takes nothing now (it is disabled, or its server
    out of reach), so that the `waiting` commands are kept on disk till it does; `problem` says so
    in a sentence. An attachment that ``ended`` (its kernel died, its session closed) records
    no more.
    """

    kernel: str
    kernel_name: str
    language: str
    notebook: str
    session: str
    label: str
    url: str | None
    server: str | None
    user: str
    state: AttachmentState
    waiting: int
    problem: str | None
    since: datetime


class ListAttachments(Request):
    """Which attachments to list, the oldest first."""

    limit: PageSize = 100
    after: Cursor | None = None


class LookAtKernel(Request):
    """A kernel to look at: at once, or when all is recorded that it has run so far.

    With `until` being ``settled``, the commands that have ended are in the session when the answer
    comes, and with ``announced`` the one that runs as well. In any case the answer comes within a
    few seconds.
    """

    kernel: KernelId
    until: Literal["now", "settled", "announced"] = "now"


class Attach(Request):
    """A kernel, and the session to record into: its code, or its URL where it is elsewhere.

    `notebook` is the path of the kernel's notebook; without one the server looks for it. `user` is
    whom to record as at another server, where several logins there are stored.
    """

    kernel: KernelId
    session: Annotated[str, Meta(min_length=1, max_length=2_000)]
    notebook: Annotated[str, Meta(max_length=2_000)] = ""
    user: UserName | None = None


class Detach(Request):
    """A kernel that is to record no more.

    `command` is the command that asks for it, by its ``msg_id``: it is recorded up to here. Another
    one that runs counts as aborted, for nobody learns how it ends.
    """

    kernel: KernelId
    command: Annotated[str, Meta(min_length=1, max_length=1_000)] | None = None


class ChangeAttachment(Request):
    """Whether a kernel's recording is to pause; a command to leave out, by its ``msg_id``."""

    kernel: KernelId
    paused: bool | UnsetType = UNSET
    skip: Annotated[str, Meta(min_length=1, max_length=1_000)] | UnsetType = UNSET


# ---- events ------------------------------------------------------------------------------------


#: Every kind of event in a session's log: what happened, and what the event's data tells of it.
EVENT_KINDS: Mapping[str, str] = MappingProxyType(
    {
        "session.created": "The session was made. Data: its `label`; `group`, where it was made in "
        "one, and the `roles` that the group gives in it.",
        "session.described": "`label`, `description`, `message` or `agent` was changed. Data: the "
        "new ones.",
        "session.timed": "A time-out was changed. Data: `idle_timeout`, `lifetime`, in minutes.",
        "session.disabled": "The owner disabled it.",
        "session.enabled": "The owner enabled it again.",
        "session.closed": "It became an archive. Data: `why`, where a time-out ran out.",
        "session.removed": "The owner removed it.",
        "session.restored": "The owner brought it back.",
        "session.transferred": "It has a new owner. Data: `user`.",
        "session.resumed": "A member took it up. Data: `agent`, the program.",
        "member.granted": "A user, or a group (`@name`), got roles in place of others. Data: "
        "`user`, `roles`.",
        "member.revoked": "A user, or a group, lost all roles. Data: `user`.",
        "member.joined": "A user came in by an invitation. Data: `user`, `roles`, `invitation`.",
        "member.left": "A guest left, or their login ended. Data: `user`.",
        "invitation.created": "An invitation was made. Data: its number `id`, `roles`, `uses`, "
        "`expires`, and its `name`, where it has one.",
        "invitation.revoked": "An invitation was taken back. Data: `id`.",
        "command.started": "A command began that still runs. Data: its `number`.",
        "command.recorded": "A command ended. Data: its `number`.",
        "command.updated": "More outputs of a command came, while it runs or after its end. Data: "
        "its `number`.",
        "command.forgotten": "A command's content was erased. Data: its `number`.",
        "file.published": "A file was published. Data: `path`, `size`, `sha256`; `command`, where "
        "it was published from one; `replaced`, the SHA-256 of what stood there.",
        "file.unpublished": "A file was unpublished. Data: `path`, `sha256`.",
        "scratch.set": "A scratch value was set. Data: its `name`, and its `size` in bytes.",
        "scratch.deleted": "A scratch value was deleted. Data: its `name`.",
    }
)


class Event(Answer):
    """One line of a session's log; `data` holds no secrets and no content.

    `kind` is one of `EVENT_KINDS`; newer servers may send more.

    `command` is there for the kinds that concern one, as it is now.
    """

    number: int
    at: datetime
    kind: str
    user: str
    real_user: str | None
    data: dict[str, Any]
    command: CommandSummary | None = None
    guest: bool = False


class ListEvents(Request):
    """Which events of the session's log to list."""

    code: Code
    order: Literal["newest", "oldest"] = "oldest"
    limit: PageSize = 100
    after: EventNumber | None = None


class Follow(Request):
    """Follow a session live: events after this number, as they come."""

    code: Code
    after: EventNumber | None = None


# ---- accounts and logins -----------------------------------------------------------------------


class Account(Answer):
    """A user's account in this store."""

    name: str
    display_name: str
    administrator: bool
    disabled: bool
    created: datetime
    last_login: datetime | None


class NewAccount(Request):
    """An account to make."""

    name: UserName
    password: Password
    display_name: Label = ""


class ListAccounts(Request):
    """Which accounts to list, by name."""

    limit: PageSize = 200
    after: Cursor | None = None


class AccountNamed(Request):
    """A request that needs nothing but an account's name."""

    name: UserName


class SetPassword(Request):
    """A new password for an account; its logins end."""

    name: UserName
    password: Password


class LogIn(Request):
    """What a person proves themselves with, and the login that they want.

    `group` is to be the login's current group; without one it is the user's default group.
    `idle_timeout` is in minutes; without one the server's default counts. `agent` is the program
    that asks, `label` says on what the login is used. `sudo` is the user to act as: for the
    server's administrators, and for the owners of a group that the other is in.
    """

    user: UserName
    password: Annotated[str, Meta(max_length=1_000)]
    group: GroupName | None = None
    idle_timeout: Minutes | None = None
    agent: Label = ""
    label: Label = ""
    sudo: UserName | None = None


class LogInWithTicket(Request):
    """A one-time ticket in exchange for a login."""

    ticket: Annotated[str, Meta(max_length=200)]
    agent: Label = ""
    label: Label = ""


class Login(Answer):
    """An authenticated connection: a key, without the key itself.

    Who is known by the Jupyter server, or works in process, has no key: their login has no `id`,
    no instants and no time-out. `real_user` is who really acts, under sudo; `made_by` who made the
    login for the user, where it was somebody else: events name either. A `confined` login reaches
    the sessions of its group alone. `expires` is its end in any case; unused for `idle_timeout`
    minutes it ends before. `current` marks the login that this request came with.
    """

    id: int | None
    user: str
    real_user: str | None
    made_by: str | None
    group: str | None
    confined: bool
    label: str
    agent: str
    created: datetime | None
    last_used: datetime | None
    expires: datetime | None
    idle_timeout: int | None
    current: bool
    state: LoginState


class NewLogin(Answer):
    """A login that was made; `key` is shown this once and stored only as a hash.

    `clamped` tells that the idle time-out is shorter than was asked for: the server's limit.
    """

    key: str
    user: str
    display_name: str
    login: Login
    clamped: bool


class Entered(Answer):
    """A guest's login, and the session that it reaches."""

    login: NewLogin
    session: Session


class TimeLogin(Request):
    """How long the login that asks is to live unused, in minutes."""

    idle_timeout: Minutes


class TimedLogin(Answer):
    """What the idle time-out became; `clamped` tells that it is the server's limit instead."""

    login: Login
    clamped: bool


class SwitchGroup(Request):
    """The group in which sessions are made from now on; null for none."""

    group: GroupName | None


class Group(Answer):
    """A named set of users.

    `roles` are what its users get in each session that is made in it from now on: none where it is
    private. `users` is how many there are, `owners` are those who manage them. `member` and
    `default` are about the asking user: whether they are in it, and begin their logins in it. Who
    is in an `external` one is said by the server's identity provider.
    """

    name: str
    description: str
    roles: list[RoleName]
    users: int
    owners: list[str]
    member: bool
    default: bool
    created: datetime
    external: bool


class GroupUser(Answer):
    """A user in a group."""

    user: str
    display_name: str
    owner: bool
    since: datetime


class NewGroup(Request):
    """A group to make; without roles it is private. The owners are in it from the beginning."""

    name: GroupName
    description: Description = ""
    roles: Annotated[list[str], Meta(max_length=10)] = []
    owners: Annotated[list[UserName], Meta(max_length=200)] = []


class GroupNamed(Request):
    """A request that needs nothing but a group's name."""

    name: GroupName


class ListGroups(Request):
    """Which groups to list, by name."""

    limit: PageSize = 200
    after: Cursor | None = None


class ChangeGroup(Request):
    """What a group is to be; what is left out stays, an empty list of roles makes it private."""

    name: GroupName
    description: Description | UnsetType = UNSET
    roles: Annotated[list[str], Meta(max_length=10)] | UnsetType = UNSET


class ListGroupUsers(Request):
    """Which users of a group to list, by name."""

    name: GroupName
    limit: PageSize = 200
    after: Cursor | None = None


class GroupUsers(Request):
    """Users of a group, or to be."""

    name: GroupName
    users: Annotated[list[UserName], Meta(min_length=1, max_length=200)]


class SetGroupOwners(GroupUsers):
    """Users of a group who are to own it, or with `owner` false not any more."""

    owner: bool = True


class SetDefaultGroup(Request):
    """The group that new logins begin in, null for none; `user` is for administrators."""

    group: GroupName | None
    user: UserName | None = None


class DefaultGroup(Answer):
    """In which group a user's new logins begin."""

    user: str
    group: str | None


class ListLogins(Request):
    """Which live logins to list, the newest first; `user` is for administrators."""

    user: UserName | None = None
    limit: PageSize = 100
    after: Cursor | None = None


class OpenLogin(Request):
    """A login to make for someone: by an administrator, or by an owner of a group they are in."""

    user: UserName
    group: GroupName | None = None
    idle_timeout: Minutes | None = None
    label: Label = ""


class LoginNamed(Request):
    """A request that needs nothing but a login's number."""

    id: Annotated[int, Meta(ge=1, le=2**53)]


class Ticket(Answer):
    """What a one-time login link holds: it works once, and for a few minutes."""

    ticket: str
    expires: datetime


class Nothing(Request):
    """A request without parameters."""


class User(Answer):
    """Who is asking. `via` tells how they are known: key, system or identity."""

    name: str
    display_name: str
    administrator: bool
    via: str
    expires: datetime | None = None
    guest: bool = False


class Health(Answer):
    """Whether the server can do its work."""

    ok: bool
    version: str
    database: str
    writable: bool


# ---- at import ---------------------------------------------------------------------------------


def ready(*kinds: Any) -> None:
    """Have msgspec learn these types now, while one thread alone can use them.

    It learns a type when it first decodes one, and two threads that do so at once end the process
    (msgspec 0.22: a null pointer). Every module with types of its own calls this at import.
    """
    for kind in kinds:
        Decoder(kind)


ready(*(kind for kind in vars().values() if isinstance(kind, type) and issubclass(kind, Struct)))
