"""What every way to the operations has in common, over HTTP or in process."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, Protocol, Self, TypeVar

from jupyter_sessions import schemas
from jupyter_sessions.api import Ans, Operation, Req


class Caller(Protocol):
    """A way to carry out the operations of the table; safe to use from several threads at once.

    What fails is raised as a subclass of `jupyter_sessions.errors.SessionsError`, the same one over
    HTTP as in process.
    """

    @property
    def server(self) -> str | None:
        """The server's base URL, without a slash at its end; None in process."""
        ...

    @property
    def user(self) -> str:
        """Who one is there; asked for on first use where it is not known."""
        ...

    def call(
        self, operation: Operation[Req, Ans], request: Req, content: bytes | Path | None = None
    ) -> Ans:
        """Carry out `operation` and return its answer.

        Parameters
        ----------
        operation
            A line of `jupyter_sessions.api.OPERATIONS`, other than downloads and live views.
        request
            What the operation takes.
        content
            For uploads, the bytes or the file that goes with the request.
        """
        ...

    def another(self) -> Self:
        """Give a second way to the same place as the same user, to be closed by itself."""
        ...

    def close(self) -> None:
        """Let go of connections; those who follow stop.

        From then on everything but `server` and a known `user` raises `errors.ConnectionClosed`.
        """
        ...


class Transport(Caller, Protocol):
    """A way that also downloads files and follows sessions live."""

    def download(self, request: schemas.FileNamed, target: BinaryIO) -> None:
        """Write a published file's content into `target`."""
        ...

    def follow(self, request: schemas.Follow) -> Iterator[schemas.Event]:
        """Yield a session's events as they come.

        Without `request.after` it begins with what comes next. Ends when the caller's role in the
        session is gone, or when the transport is closed.
        """
        ...


T = TypeVar("T")


LARGEST = 500  #: items of one page, at most


def every(
    transport: Caller,
    operation: Operation[Any, schemas.Page[T]],
    *,
    limit: int = LARGEST,
    **fields: Any,
) -> Iterator[T]:
    """Yield all items of a list, page after page.

    Parameters
    ----------
    transport
        The way to the operations.
    operation
        One that lists.
    limit
        How many to ask for at once.
    fields
        What its request takes.
    """
    while True:
        page = transport.call(operation, operation.request(limit=limit, **fields))
        yield from page.items
        if page.next is None:
            return
        fields["after"] = page.next
