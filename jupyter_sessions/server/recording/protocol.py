"""Messages between a Jupyter server and its recording process, one JSON object a line."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from msgspec import Struct

from jupyter_sessions import schemas


class Place(Struct):
    """The first line: the server's store. `server` names it unless it is the user's own.

    `kernels` are those that the previous process recorded and that are attached again. Versions of
    recordings are counted from `first_version`, which exceeds those of the previous processes.
    """

    database: str
    blobs: str
    server: str | None
    limit: int
    kernels: list[str] = []
    first_version: int = 0


class _Request(Struct, tag=True, kw_only=True):
    """A request to the process; the answer carries the same number."""

    number: int = 0


class Attach(_Request):
    """Record a kernel: into a session of the server's store, or as `user` at another server.

    `runner` is the Jupyter server's name for the user who attached the kernel. It is None where the
    server has only one user, so that nobody else can have run a command. With `held`, nothing is
    recorded until a `Replay` has arrived. `missing` is the time since which nobody has recorded the
    kernel, though somebody was to.
    """

    kernel: str
    connection_file: str
    session: str
    server: str | None
    user: str
    identified: bool
    runner: str | None
    notebook: str
    language: str
    since: datetime
    paused: bool
    held: bool = False
    missing: datetime | None = None


class Replay(_Request):
    """Messages that a kernel published while nobody recorded it, and earlier ones that may be lost.

    There are marks between the messages: `SWITCH` and whether to record from there on, `SKIP` and a
    request to leave out. `dropped` are requests of which messages are missing; all of these were
    published after `had_until` or belong to commands that ran then. `ended` are messages of
    commands that have ended and are on disk; others of `messages` may belong to them.
    """

    kernel: str
    messages: list[list[bytes]]
    had_until: datetime
    dropped: list[str] = []
    ended: list[list[bytes]] = []


#: The types of messages that tell which commands ran, which are dropped last.
STATES = frozenset({"execute_input", "status"})

SWITCH, ON, OFF, SKIP = b"switch", b"on", b"off", b"skip"


class Sent(Struct):
    """A request that a front end sent through the server, as far as it describes a command.

    `status` is the kernel's answer, ``ok`` or ``error``, and `answered` is its time; they are empty
    and None while there is no answer.
    """

    header: dict[str, Any]
    source: str
    at: datetime
    status: str = ""
    answered: datetime | None = None


class Leave(_Request):
    """Stop recording a kernel and deliver what it has recorded; running commands end with `note`.

    `command` is one that is not aborted: it has asked for this. If the kernel has died, `sent` are
    the latest requests to it.
    """

    kernel: str
    note: str
    within: float
    command: str | None = None
    sent: list[Sent] = []


class Switch(_Request):
    """Leave out commands that start from now on, or record them."""

    kernel: str
    paused: bool


class Skip(_Request):
    """Leave one command out."""

    kernel: str
    command: str


class Moved(_Request):
    """Record a new path for a kernel's notebook."""

    kernel: str
    notebook: str


class KernelEnded(_Request):
    """End a kernel's running commands for good; after a restart it may have a new connection file.

    `sent` are the latest requests to a kernel that has died.
    """

    kernel: str
    note: str
    connection_file: str | None
    sent: list[Sent] = []


class Look(_Request):
    """Report kernels' progress once their commands are recorded as far as requested."""

    kernels: list[str]
    until: Literal["now", "settled", "announced"] = "now"


class Ran(_Request):
    """The answer to `Who`: who sent the request that started a command, None if unknown."""

    user: str | None


class Outcome(_Request):
    """The answer to `HowEnded`."""

    failed: bool


Request = Attach | Replay | Leave | Switch | Skip | Moved | KernelEnded | Look | Ran | Outcome


class Progress(Struct):
    """The progress of a kernel.

    `held` is the code of the error that keeps its session from taking commands. `alive` is false
    where the recorder does not know the kernel. Everything published up to `last_message` is on
    disk, except for what belongs to the requests `needed`. `reported` orders reports: it is a
    reading of the machine's monotonic clock.
    """

    alive: bool = False
    waiting: int = 0
    problem: str | None = None
    held: str = ""
    last_message: str = ""
    needed: list[str] = []
    reported: float = 0.0


class Answered(Struct, tag=True):
    """The answer to a request; `error` has the API's error format."""

    number: int
    progress: dict[str, Progress] = {}
    error: dict[str, Any] | None = None


class Who(Struct, tag=True):
    """Ask who sent the request that started a command."""

    number: int
    kernel: str
    command: str


class HowEnded(Struct, tag=True):
    """Ask whether a kernel has answered the request that started a command with an error."""

    number: int
    kernel: str
    command: str


Message = Answered | Who | HowEnded

schemas.ready(Place, Request, Message)
