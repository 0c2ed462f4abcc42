"""Whether a server can do its work."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from jupyter_sessions.schemas.fields import Answer, Request


class Health(Answer):
    """Whether the server can do its work."""

    ok: bool
    version: str
    database: str
    writable: bool
    #: When all that is stored was last verified, and how much of it was damaged or missing then.
    checked: str | None = None
    damaged: int = 0


class ServerAddress(Answer):
    """Where others reach the sessions of this store.

    `problem` says why other machines can't open `url`, and what to do about it; empty where nothing
    speaks against it.
    """

    url: str
    problem: str = ""


class CheckStore(Request):
    """Verify what follows a place in the store: from the beginning, or where an answer ended."""

    after: Annotated[str, Meta(max_length=100)] = ""


class StoreCheck(Answer):
    """What was verified: how many things and bytes, what is wrong, and where to go on.

    `next` is null when all of the store was verified.
    """

    checked: int
    size: int
    problems: list[str]
    next: str | None
