"""Schemas for commands, their outputs, and the summaries that lists show."""

from __future__ import annotations

import hashlib
import math
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

#: The most bytes of outputs that one page of a list delivers.
MOST_OUTPUTS = 4_000_000


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


def make_storable(value: Any) -> Any:
    """Return a value of an output as JSON can represent it everywhere.

    Halves of characters become question marks, integers of more than 64 bits become text, and
    numbers that are not finite become null.
    """
    match value:
        case str():
            return value.encode(errors="replace").decode()
        case dict():
            return {make_storable(name): make_storable(each) for name, each in value.items()}
        case list() | tuple():
            return [make_storable(each) for each in value]
        case int() if not -(2**63) <= value < 2**64:
            return str(value)
        case float() if not math.isfinite(value):
            return None
    return value


class CommandRequest(Struct, kw_only=True, forbid_unknown_fields=True):
    """The request half of a command: what was run, where and when.

    `notebook` is the path of the notebook or program that ran the command, empty if the kernel does
    not know it; `kernel` is the kernel's id.
    """

    source: str
    started: datetime
    language: Annotated[str, Meta(max_length=100)] = "python"
    kernel: Annotated[str, Meta(max_length=200)] = ""
    notebook: Annotated[str, Meta(max_length=2_000)] = ""
    execution_count: Count | None = None


class CommandResponse(Struct, kw_only=True, forbid_unknown_fields=True):
    """The response half of a command.

    `outputs` are nbformat v4 outputs, unchanged. `note` says what was truncated, if anything.
    """

    status: Literal["completed", "error", "aborted"]
    outputs: list[Output]
    finished: datetime
    duration: Seconds
    note: Annotated[str, Meta(max_length=1_000)] = ""


class SoFar(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """The outputs of a running command up to the moment `until`.

    `last_message` is the ID of the kernel's last message that is contained in them. The recorder
    that sent this may end, and the one that goes on then knows what follows.
    """

    outputs: list[Output]
    until: datetime
    last_message: Annotated[str, Meta(max_length=200)] = ""


class Recording(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A command to record in a session.

    A command is identified by its `id` together with its source and start, since different clients
    may number their messages alike. Recording the same command twice changes nothing; the same id
    with another source or start is another command. If `keyed` is set, the recorder chose the `id`
    for this command only, and the start is not part of the identity.

    A recording without a response is of a running command; its `so_far` outputs replace those
    recorded for an earlier moment. A later recording with a response completes the command.
    `version` counts the recorder's reports on a command. A completed or failed command changes only
    if a recording with a greater version and the same status arrives: its outputs (of a thread that
    went on printing, or of an updated display) replace the recorded ones. Any other recording of
    it, and so every one without a version, changes nothing and gets the same number. That a command
    was aborted may be a guess: a recording that says how it ended replaces it, unless `keyed` is
    set.

    `runner` is omitted if the sender ran the command. A Jupyter server that several people use
    names the user who ran it, or null if it can't tell. A server's claim is accepted only about its
    own store, and only for a user who may write in the session; the user of any other such command
    is unknown.
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
        """What distinguishes this command from all others in its session."""
        request = self.request
        return identify(self.id, request.source, None if self.keyed else request.started)


def identify(id: str, source: str, started: datetime | None) -> str:  # noqa: A002  # the field's name
    """Return the identity of a command within its session; see `Recording`.

    Parameters
    ----------
    id, source
        The command's id and source.
    started
        When it was started; None if its id was chosen for this command only.
    """
    begun = "" if started is None else _instant(started)
    told = "\0".join((id, begun, source))
    # Characters that can't be encoded are stored as question marks, and must be found again.
    return hashlib.sha256(told.encode(errors="replace")).hexdigest()[:40]


def _instant(moment: datetime) -> str:
    with suppress(OverflowError):  # beyond the calendar; the store refuses such a date
        moment = moment if moment.tzinfo in (None, UTC) else moment.astimezone(UTC)
    return moment.isoformat()


class RecordCommands(Request):
    """A list of commands to record, in this order."""

    code: Code
    commands: Annotated[list[Recording], Meta(min_length=1, max_length=500)]


class Recorded(Answer):
    """The numbers of the recorded commands, in the order in which they were sent."""

    numbers: list[int]


#: The name shown if nobody can tell who ran a command. It is not a valid user name.
UNKNOWN_USER = "(unknown)"


class CommandSummary(Answer):
    """A command as lists show it: `source` and `preview` are cut, outputs are only counted.

    `user` is who ran it, empty if unknown (a kernel that several people use). `preview` is the
    beginning of the outputs' text; `media` are the outputs' media types (``stream`` and ``error``
    for streams and errors). `real_user` is who really acted, under sudo. `managing` marks a command
    that only manages sessions, such as a ``%session`` line. `output_list` has the outputs
    themselves, in a list that was requested with an `outputs_budget`; then `source` is whole.
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
    output_list: list[Output] | UnsetType = UNSET


class Command(Answer):
    """A whole command; `request` and `response` are None if it was forgotten.

    A running command has no response, only the outputs `so_far`, if they are known.
    """

    summary: CommandSummary
    request: CommandRequest | None
    response: CommandResponse | None
    so_far: SoFar | None = None

    @property
    def outputs(self) -> list[Output]:
        """The command's outputs, including those of a running command."""
        told = self.response or self.so_far
        return told.outputs if told else []


class ListCommands(Request):
    """Which commands to list.

    `after` is the `next` of the previous page, or a command's number. `since` and `until` bound the
    start time (`since` inclusive). `search` finds commands that contain all its words, or words
    that begin with them, in source and text output. Unless `managing` is set, commands that only
    manage sessions are left out.

    With an `outputs_budget`, in bytes, the page delivers whole commands as long as they fit: of
    each command in turn the whole source and the outputs if what is left of the budget suffices.
    The others are listed as usual, as are those whose content is damaged in the store.
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
    outputs_budget: Annotated[int, Meta(ge=0, le=MOST_OUTPUTS)] = 0


class CommandNamed(Request):
    """One command of a session."""

    code: Code
    number: CommandNumber


class Resumed(Answer):
    """A resumed session: its attributes, its members and its last commands."""

    session: Session
    members: list[Member]
    commands: list[Command]


# Why a command is recorded as aborted: its note.

KERNEL_ENDED = "The kernel ended while this command ran."
KERNEL_DIED = "The kernel died while this command ran."
KERNEL_RESTARTED = "The kernel was restarted while this command ran."
KERNEL_REATTACHED = "The kernel was attached to another session while this command ran."

RECORDING_STOPPED = "Recording was stopped while this command ran."
RECORDING_INTERRUPTED = (
    "Recording was interrupted while this command ran, so its outcome is not known."
)
OUTPUTS_MISSING = (
    "Outputs are missing: recording was interrupted, and the command put out more than was kept."
)
#: For the command that stops the recording itself, which does not count as aborted.
STOPPED_HERE = "This command stopped the recording, so what it did afterwards is missing."

#: Ended were the process of the kernel, or the Jupyter server that recorded it.
PROCESS_ENDED = "The process that ran this command ended first, so its last outputs may be missing."
SERVER_ENDED = "The Jupyter server, which recorded this command, ended while it ran."
