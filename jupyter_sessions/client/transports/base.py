"""The common interface of all transports, and paging through lists."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, Protocol, Self, TypeVar

from jupyter_sessions import schemas
from jupyter_sessions.api import Ans, Operation, Req
from jupyter_sessions.client.transports.incoming import Partial


class Caller(Protocol):
    """Carries out operations of the table; safe to use from several threads at once.

    Errors are raised as subclasses of `jupyter_sessions.errors.SessionsError`, the same over HTTP
    as in process.
    """

    @property
    def server(self) -> str | None:
        """The server's base URL, without a trailing slash; None in process."""
        ...

    @property
    def user(self) -> str:
        """The current user; requested on first use if not known."""
        ...

    def call(
        self, operation: Operation[Req, Ans], request: Req, content: bytes | Path | None = None
    ) -> Ans:
        """Carry out `operation` and return its result.

        Parameters
        ----------
        operation
            A line of `jupyter_sessions.api.OPERATIONS`, other than downloads and live views.
        request
            The operation's request.
        content
            For uploads, the bytes or the file that goes with the request.
        """
        ...

    def clone(self) -> Self:
        """Return a second transport to the same place as the same user, to be closed separately."""
        ...

    def close(self) -> None:
        """Close the connections; live views stop.

        From then on everything but `server` and a known `user` raises `errors.ConnectionClosed`.
        """
        ...


class Transport(Caller, Protocol):
    """A transport that also downloads files and follows sessions live."""

    def download(
        self, request: schemas.FileNamed, target: BinaryIO, partial: Partial | None = None
    ) -> None:
        """Download a published file's content into `target`.

        Parameters
        ----------
        request
            The file.
        target
            Takes the content from its first byte, or what follows `partial`.
        partial
            The beginning of the content, which `target` has from an earlier download.

        Raises
        ------
        ContentReplaced
            If another content was published meanwhile, or than `partial` belongs to.
        ContentDamaged
            If what arrived differs from what was published: `target` must not be used.
        """
        ...

    def follow(self, request: schemas.Follow) -> Iterator[schemas.Event]:
        """Yield a session's events as they occur.

        Without `request.after` it starts with the next event. It ends when the caller loses their
        role in the session, or when the transport is closed.
        """
        ...


T = TypeVar("T")


LARGEST = 500  #: most items of one page


def iterate_pages(
    transport: Caller,
    operation: Operation[Any, schemas.Page[T]],
    *,
    limit: int = LARGEST,
    read_cursor: Callable[[str], Any] = str,
    **fields: Any,
) -> Iterator[T]:
    """Yield all items of a list, page by page.

    Parameters
    ----------
    transport
        The transport to use.
    operation
        An operation that returns a list.
    limit
        The number of items to request at once.
    read_cursor
        Converts a page's `next` to the request's `after`.
    fields
        The fields of its request.
    """
    while True:
        page = transport.call(operation, operation.request(limit=limit, **fields))
        yield from page.items
        if page.next is None:
            return
        fields["after"] = read_cursor(page.next)
