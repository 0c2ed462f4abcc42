"""Lists of the API as iterators: the next page is asked for when it is needed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeVar

from jupyter_sessions import schemas
from jupyter_sessions.api import Operation
from jupyter_sessions.client.transports.base import Caller

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
