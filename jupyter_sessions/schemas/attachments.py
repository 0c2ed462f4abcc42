"""Schemas for attachments: kernels that a Jupyter server records."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from jupyter_sessions.schemas.fields import (
    Answer,
    AttachmentState,
    Cursor,
    KernelId,
    PageSize,
    Request,
    UserName,
)


class Attachment(Answer):
    """A kernel of a Jupyter server that records into a session.

    `session` is the session's code, `label` its label, `url` its page, and `server` the base URL of
    its server: null for the store of the Jupyter server itself. If the caller has no role in the
    session, `session` and `label` are empty and `url` is null. `user` is who attached the kernel.
    `notebook` is the notebook's path, empty if there is none.

    In the state ``waiting`` the session can't be recorded into (it is disabled, or its server is
    out of reach), and the `waiting` commands are kept on disk until it can; `problem` describes
    why. An attachment that has ``ended`` (its kernel died, or its session was closed) records
    nothing more.
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


Until = Literal["now", "settled", "announced"]


class ListAttachments(Request):
    """Which attachments to list, the oldest first.

    With `kernel`, the list has only the attachment of that kernel, if there is one; a missing
    attachment is not an error. `until` is as in `LookAtKernel`, for that kernel.
    """

    limit: PageSize = 100
    after: Cursor | None = None
    kernel: KernelId | None = None
    until: Until = "now"


class LookAtKernel(Request):
    """A kernel to inspect: at once, or after all that it has run so far is recorded.

    With `until` set to ``settled``, all commands that have ended are in the session when the answer
    comes; with ``announced``, the running one is too. In any case the answer comes within a few
    seconds.
    """

    kernel: KernelId
    until: Until = "now"


class Attach(Request):
    """A kernel, and the session to record into: its code, or its URL if it is on another server.

    `notebook` is the path of the kernel's notebook; if it is omitted, the server looks for it.
    `user` selects the user to record as on another server, if several logins for it are stored.
    """

    kernel: KernelId
    session: Annotated[str, Meta(min_length=1, max_length=2_000)]
    notebook: Annotated[str, Meta(max_length=2_000)] = ""
    user: UserName | None = None


class Detach(Request):
    """A kernel to stop recording.

    `command` is the ``msg_id`` of the command that detaches the kernel: that command is recorded up
    to this point. Any other running command is recorded as aborted, since its end will not be
    observed.
    """

    kernel: KernelId
    command: Annotated[str, Meta(min_length=1, max_length=1_000)] | None = None


class ChangeAttachment(Request):
    """Whether to pause a kernel's recording, and the ``msg_id`` of a command to leave out."""

    kernel: KernelId
    paused: bool | UnsetType = UNSET
    skip: Annotated[str, Meta(min_length=1, max_length=1_000)] | UnsetType = UNSET
