"""Which commands a page of the history shows: filters, and turning pages by number.

A page begins after a command's number, whichever way one turns, so that the millionth costs what
the first does.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Any, get_args

from jupyter_sessions import schemas

PAGE_SIZE = 50


@dataclass(frozen=True, kw_only=True)
class View:
    """What a visitor wants to see of a history.

    `managing` asks for the commands that only manage sessions, too. `after` and `before` are
    numbers between which and which side the page lies, in the order of reading; at most one of them
    is given. Without either it is the first page.
    """

    order: str = "newest"
    user: str = ""
    status: str = ""
    search: str = ""
    since: str = ""
    zone: int = 0
    managing: bool = False
    after: int | None = None
    before: int | None = None

    @property
    def filtered(self) -> bool:
        """Whether only some of the commands are wanted."""
        return bool(self.user or self.status or self.search or self.since)

    @property
    def live(self) -> bool:
        """Whether a new command belongs on top of this page."""
        first = self.after is None and self.before is None
        return first and not self.filtered and self.order == "newest"

    def query(self, **changes: Any) -> dict[str, object]:
        """Return the query of a URL for this view with some changes, without what is usual."""
        view = replace(self, **changes)
        return {
            "order": view.order if view.order != "newest" else "",
            "user": view.user,
            "status": view.status,
            "search": view.search,
            "since": view.since,
            "zone": (view.zone or "") if view.since else "",
            "all": 1 if view.managing else "",
            "after": view.after,
            "before": view.before,
        }


def read_view(arguments: Mapping[str, str]) -> View:
    """Read a view from a URL's query; what can't be meant is as if it were not there."""
    order = "oldest" if arguments.get("order") == "oldest" else "newest"
    status = arguments.get("status", "")
    since, zone = arguments.get("since", ""), _zone(arguments.get("zone", ""))
    after, before = _number(arguments.get("after")), _number(arguments.get("before"))
    if (wanted := _number(arguments.get("at"))) is not None:
        after, before = (wanted + 1 if order == "newest" else wanted - 1), None
    return View(
        order=order,
        user=arguments.get("user", "")[:255],
        status=status if status in get_args(schemas.Status) else "",
        search=arguments.get("search", "").strip()[:500],
        since=since if _instant(since, zone) else "",
        zone=zone,
        managing=bool(arguments.get("all")),
        after=after,
        before=before if after is None else None,
    )


@dataclass(frozen=True, kw_only=True)
class Leaf:
    """One page of the history, in the order of reading, with the views before and after it."""

    commands: list[schemas.CommandSummary]
    previous: dict[str, object] | None
    following: dict[str, object] | None


def count_left_out(view: View, leaf: Leaf, total: int) -> int:
    """Count the commands of a page's stretch that are not on it, as they only manage the session.

    Parameters
    ----------
    view
        What is shown.
    leaf
        The page that it gave.
    total
        How many commands the session has.
    """
    if view.filtered or view.managing:
        return 0
    numbers = [each.number for each in leaf.commands]
    newest = view.order == "newest"
    # Where a page is the last one on its side, the stretch goes on to the end.
    to_top = leaf.previous is None if newest else leaf.following is None
    to_bottom = leaf.following is None if newest else leaf.previous is None
    first = 1 if to_bottom or not numbers else min(numbers)
    last = total if to_top or not numbers else max(numbers)
    return max(last - first + 1 - len(numbers), 0)


async def turn(
    view: View, fetch: Callable[..., Awaitable[schemas.Page[schemas.CommandSummary]]]
) -> Leaf:
    """Fetch the page that a view means.

    Parameters
    ----------
    view
        What is wanted.
    fetch
        Takes the fields of `model.ListCommands` other than the code and gives a page.
    """
    fields = {
        "user": view.user or None,
        "status": view.status or None,
        "search": view.search,
        "since": _instant(view.since, view.zone),
        "managing": view.managing,
        "limit": PAGE_SIZE,
    }
    if view.before is not None:
        backwards = "oldest" if view.order == "newest" else "newest"
        page = await fetch(order=backwards, after=str(view.before), **fields)
        if page.next is not None:
            items = page.items[::-1]
            return _leaf(view, items, earlier=True, later=True)
        # Too few are left to fill a page: the first page shows them, and is whole.
        view = replace(view, before=None)
    after = None if view.after is None else str(view.after)
    page = await fetch(order=view.order, after=after, **fields)
    return _leaf(view, page.items, earlier=after is not None, later=page.next is not None)


def _leaf(view: View, items: list[schemas.CommandSummary], *, earlier: bool, later: bool) -> Leaf:
    previous: dict[str, object] | None = None
    if earlier:
        before = items[0].number if items else None
        previous = view.query(after=None, before=before)
    following = view.query(after=items[-1].number, before=None) if later and items else None
    return Leaf(commands=items, previous=previous, following=following)


def _number(text: str | None) -> int | None:
    if text and text.isascii() and text.isdigit() and len(text) < 16:
        return int(text)
    return None


def _zone(text: str) -> int:
    """Read minutes east of UTC; what no place on Earth has is as if it were not there."""
    minutes = _number(text.removeprefix("-")) or 0
    return 0 if minutes > 14 * 60 else -minutes if text.startswith("-") else minutes


def _instant(text: str, zone: int) -> datetime | None:
    """Read a day as its beginning where the visitor is, `zone` minutes east of UTC."""
    there = timezone(timedelta(minutes=zone))
    try:
        return datetime.combine(date.fromisoformat(text), time.min, there).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
