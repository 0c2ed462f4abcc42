"""Commands: what was run, what came back, and what lists show of it."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from jupyter_sessions.schemas.fields import (
    Answer,
    Code,
    CommandNumber,
    Count,
    Cursor,
    PageSize,
    Request,
    SearchText,
    Seconds,
    Status,
    UserName,
)
from jupyter_sessions.schemas.members import Member
from jupyter_sessions.schemas.sessions import Session

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


class Recording(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A command on its way into a session.

    A command is known by its `id` together with its source and start, since clients number their
    messages alike: recording the same one twice changes nothing, and the same id with another
    source or start is another command. Where `keyed`, whoever records has chosen the `id` for this
    very command, which is then the same whenever it says that it started.

    A recording without a response is of a command that still runs; what that has put out `so_far`
    replaces what was told of an earlier moment. The same command with its response is completed,
    and with another one gets its outputs (of a thread that went on printing, an updated display).
    `version` counts what a recorder tells of a command: an earlier word that comes late, by a
    request that was thought to be lost, changes nothing. Without it each word counts as it comes.

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
    keyed: bool = False
    version: Count = 0

    @property
    def identity(self) -> str:
        """What tells this command apart from all others of its session."""
        request = self.request
        return identify(self.id, request.source, None if self.keyed else request.started)


def identify(id: str, source: str, started: datetime | None) -> str:  # noqa: A002  # the field's name
    """Return what tells a command apart from all others; see `Recording`.

    Parameters
    ----------
    id, source
        Of the command.
    started
        When it was started; None where its id was chosen for it.
    """
    begun = "" if started is None else _instant(started)
    told = "\0".join((id, begun, source))
    # What can't be encoded is stored as a question mark, and is to be found again.
    return hashlib.sha256(told.encode(errors="replace")).hexdigest()[:40]


def _instant(moment: datetime) -> str:
    with suppress(OverflowError):  # beyond the calendar, which the store refuses
        moment = moment if moment.tzinfo is None else moment.astimezone(UTC)
    return moment.isoformat()


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
