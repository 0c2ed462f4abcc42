"""Return a list that is in memory page by page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from jupyter_sessions.schemas import Page

Item = TypeVar("Item")


class Paged(Protocol):
    """The part of a request that says which page of a list to return."""

    limit: int
    after: str | None


def take_page(items: Sequence[Item], request: Paged, get_id: Callable[[Item], str]) -> Page[Item]:
    """Return the items after the one that a request names, and where the next page begins.

    If that item is gone meanwhile, the list begins again: an item may come twice, and none is left
    out.
    """
    ids = [get_id(item) for item in items]
    start = ids.index(request.after) + 1 if request.after in ids else 0
    end = start + request.limit
    return Page(items=list(items[start:end]), next=ids[end - 1] if end < len(items) else None)
