"""Kernels that a Jupyter server records."""

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


Until = Literal["now", "settled", "announced"]


class ListAttachments(Request):
    """Which attachments to list, the oldest first.

    With `kernel` it is the attachment of that kernel, or none: whoever only asks whether a kernel
    has one gets an answer and not an error. `until` is as in `LookAtKernel`, for that kernel.
    """

    limit: PageSize = 100
    after: Cursor | None = None
    kernel: KernelId | None = None
    until: Until = "now"


class LookAtKernel(Request):
    """A kernel to look at: at once, or when all is recorded that it has run so far.

    With `until` being ``settled``, the commands that have ended are in the session when the answer
    comes, and with ``announced`` the one that runs as well. In any case the answer comes within a
    few seconds.
    """

    kernel: KernelId
    until: Until = "now"


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
