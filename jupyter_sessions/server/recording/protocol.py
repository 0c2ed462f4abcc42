"""What a Jupyter server and its recording process tell each other, one JSON a line."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from msgspec import Struct

from jupyter_sessions import schemas


class Place(Struct):
    """The store of the server: the first line. `server` names it where it is not the user's own.

    `kernels` are those that a process before this one has recorded, and that are attached again.
    """

    database: str
    blobs: str
    server: str | None
    limit: int
    kernels: list[str] = []


class _Asked(Struct, tag=True, kw_only=True):
    """A line to the process; the answer carries the same number."""

    number: int = 0


class Attach(_Asked):
    """Record a kernel: into a session of the server's store, or as `user` at another server.

    `runner` is the name by which the Jupyter server knows who attached the kernel, None where it is
    one person's, so that nobody else can have run a command. With `held` nothing is recorded until
    a `Replay` has come.
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


class Replay(_Asked):
    """What a kernel published while nobody recorded it, and before, where that may be lost.

    Between the messages there are marks: `SWITCH` and whether to record from there on, `SKIP` and a
    request to leave out. With `missing`, from when on something may be missing, until now.
    """

    kernel: str
    kept: list[list[bytes]]
    missing: datetime | None = None


SWITCH, ON, OFF, SKIP = b"switch", b"on", b"off", b"skip"


class Sent(Struct):
    """A request that a front end sent through the server, as far as it tells of a command.

    `status` is how the kernel answered it, ``ok`` or ``error``, and `answered` when; empty and None
    where it has not.
    """

    header: dict[str, Any]
    source: str
    at: datetime
    status: str = ""
    answered: datetime | None = None


class Leave(_Asked):
    """Record a kernel no more, and deliver what it has recorded; commands that run end so.

    `command` is one that is not aborted: it has asked for this. Of a kernel that has died, `sent`
    is what was sent to it last.
    """

    kernel: str
    note: str
    within: float
    command: str | None = None
    sent: list[Sent] = []


class Switch(_Asked):
    """Leave commands out that start from now on, or record them."""

    kernel: str
    paused: bool


class Skip(_Asked):
    """Leave one command out."""

    kernel: str
    command: str


class Moved(_Asked):
    """Record from now on that a kernel's notebook has this path."""

    kernel: str
    notebook: str


class Gone(_Asked):
    """What ran in a kernel will never end; after a restart it may be found by a new file.

    `sent` is what was sent to it last, where it has died.
    """

    kernel: str
    note: str
    connection_file: str | None
    sent: list[Sent] = []


class Look(_Asked):
    """Tell how it goes with kernels, when what they have run is recorded as far as is asked."""

    kernels: list[str]
    until: Literal["now", "settled", "announced"] = "now"


class Ran(_Asked):
    """Who sent the request that a command came of, None where nobody knows: answers `Who`."""

    user: str | None


Asked = Attach | Replay | Leave | Switch | Skip | Moved | Gone | Look | Ran


class Progress(Struct):
    """How it goes with a kernel.

    `held` is the code of the error by which its session takes nothing; `alive` is false where the
    recorder does not know the kernel. What the kernel published up to the message `heard` is on
    disk, but for what belongs to the requests `needed`.
    """

    alive: bool = False
    waiting: int = 0
    problem: str | None = None
    held: str = ""
    heard: str = ""
    needed: list[str] = []


class Answered(Struct, tag=True):
    """The answer to a line; `error` as it goes over the wire."""

    number: int
    progress: dict[str, Progress] = {}
    error: dict[str, Any] | None = None


class Who(Struct, tag=True):
    """Asks who sent the request that a command came of."""

    number: int
    kernel: str
    command: str


Told = Answered | Who

schemas.ready(Place, Asked, Told)
