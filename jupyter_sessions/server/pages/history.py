"""Serve the history of a session, its paging and filters, and a page for each command."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, timezone
from functools import partial
from typing import Any, get_args

import msgspec
from jupyter_server.auth.decorator import allow_unauthenticated

from jupyter_sessions import api, errors, schemas
from jupyter_sessions.formatting import format_json
from jupyter_sessions.server.handlers.base import unwrap
from jupyter_sessions.server.pages.base import ContentAddress, Page, environment
from jupyter_sessions.server.pages.commands import (
    FOLD_ALONE,
    FOLD_IN_LIST,
    CommandList,
    ListEntry,
    PageContent,
    entry,
)
from jupyter_sessions.server.pages.sessions import SessionPage

PAGE_SIZE = 50


@dataclass(frozen=True, kw_only=True)
class View:
    """The part of a history that a visitor asks for.

    `managing` includes the commands that only manage sessions. `after` and `before` are the command
    numbers between which, or on which side of which, the page lies, in reading order; at most one
    of them is given. Without either it is the first page.
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
        """Whether the view shows only some of the commands."""
        return bool(self.user or self.status or self.search or self.since)

    @property
    def live(self) -> bool:
        """Whether new commands belong at the top of this page."""
        first = self.after is None and self.before is None
        return first and not self.filtered and self.order == "newest"

    def query(self, **changes: Any) -> dict[str, object]:
        """Return the URL query of this view with some changes, omitting defaults."""
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
    """Parse a view from a URL's query; invalid fields are ignored."""
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
class HistorySlice:
    """One page of the history in reading order, with the views of its neighbours."""

    commands: list[schemas.CommandSummary]
    previous: dict[str, object] | None
    following: dict[str, object] | None


def get_covered(view: View, leaf: HistorySlice, total: int) -> tuple[int, int]:
    """Return the numbers of the first and the last command that a page accounts for.

    Without a filter these include the commands that it omits, so that each command of a session
    belongs to one page.

    Parameters
    ----------
    view
        What is shown.
    leaf
        The page that it gave.
    total
        How many commands the session has.
    """
    numbers = [each.number for each in leaf.commands] or [0]
    first, last = min(numbers), max(numbers)
    if view.filtered or not leaf.commands:
        return first, last
    newest = view.order == "newest"
    if view.after is not None:
        beside = min(view.after - 1, total) if newest else view.after + 1
        first, last = (first, beside) if newest else (beside, last)
    elif leaf.previous is None:
        first, last = (first, total) if newest else (1, last)
    if leaf.following is None:
        first, last = (1, last) if newest else (first, total)
    return first, max(first, last)


def count_omitted(view: View, leaf: HistorySlice, total: int) -> int:
    """Count the commands that a page omits because they only manage the session.

    Parameters
    ----------
    view, leaf, total
        As for `get_covered`.
    """
    if view.filtered or view.managing:
        return 0
    if not leaf.commands:
        return total if view.live else 0
    first, last = get_covered(view, leaf, total)
    return max(last - first + 1 - len(leaf.commands), 0)


_STATUSES = ("completed", "error", "aborted", "running")


async def turn(
    view: View, fetch: Callable[..., Awaitable[schemas.Page[schemas.CommandSummary]]]
) -> HistorySlice:
    """Fetch the page of a view.

    Parameters
    ----------
    view
        What is wanted.
    fetch
        Takes the fields of `schemas.ListCommands` other than the code and gives a page.
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
        # Too few commands are left to fill a page: show the first page, which is full.
        view = replace(view, before=None)
    after = None if view.after is None else str(view.after)
    page = await fetch(order=view.order, after=after, **fields)
    return _leaf(view, page.items, earlier=after is not None, later=page.next is not None)


def _leaf(
    view: View, items: list[schemas.CommandSummary], *, earlier: bool, later: bool
) -> HistorySlice:
    previous: dict[str, object] | None = None
    if earlier:
        before = items[0].number if items else None
        previous = view.query(after=None, before=before)
    following = view.query(after=items[-1].number, before=None) if later and items else None
    return HistorySlice(commands=items, previous=previous, following=following)


def _number(text: str | None) -> int | None:
    if text and text.isascii() and text.isdigit() and len(text) < 16:
        return int(text)
    return None


def _zone(text: str) -> int:
    """Parse minutes east of UTC; offsets that no place on Earth has are ignored."""
    minutes = _number(text.removeprefix("-")) or 0
    return 0 if minutes > 14 * 60 else -minutes if text.startswith("-") else minutes


def _instant(text: str, zone: int) -> datetime | None:
    """Parse a day as its start in the visitor's time zone, `zone` minutes east of UTC."""
    there = timezone(timedelta(minutes=zone))
    try:
        return datetime.combine(date.fromisoformat(text), time.min, there).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


#: A page of the history includes outputs up to this total; the rest are loaded on scrolling.
_INLINE_BYTES = 400_000


class HistoryPage(SessionPage):
    """The page of a session's commands."""

    quick = True  # each command is rendered already

    async def show(self, code: str, rest: str) -> None:  # noqa: ARG002  # nothing
        """Show one page of the history."""
        arguments = {name: self.get_query_argument(name) for name in self.request.query_arguments}
        view = read_view(arguments)
        members: schemas.Members | None = None

        async def fetch(**fields: object) -> schemas.Page[schemas.CommandSummary]:
            nonlocal members
            request = self.ask(
                schemas.ListCommands, code=code, outputs_budget=_INLINE_BYTES, **fields
            )
            if members is not None:
                return await self.call(api.LIST_COMMANDS, request)
            named = self.ask(schemas.SessionNamed, code=code)
            listed, members = await self.open(
                code, (api.LIST_COMMANDS, request), (api.LIST_MEMBERS, named)
            )
            page: schemas.Page[schemas.CommandSummary] = listed
            return page

        leaf = await turn(view, fetch)
        session = self.session
        entries = await self._render_commands(leaf.commands)
        statuses = {each.status for each in leaf.commands}
        people = [each.user for each in members.members if not each.group] if members else []
        await self.finish_tab(
            "history.html",
            tab="history",
            view=view,
            leaf=leaf,
            statuses=[status for status in _STATUSES if status in statuses],
            covered=get_covered(view, leaf, session.commands),
            left_out=count_omitted(view, leaf, session.commands),
            entries=entries,
            people=people if view.user in {"", *people} else [view.user, *people],
        )

    async def _render_commands(self, commands: list[schemas.CommandSummary]) -> list[ListEntry]:
        place = self.links.session(self.session.code)
        shown = CommandList(self.service.command_cache, place, commands)
        if shown.new:
            await self.render_pieces(await self.in_thread(shown.prepare))
            macros: Any = environment().get_template("entry.html").module
            render = partial(macros.command, session=self.session, links=self.links)
            await self.while_connected(self.in_thread(shown.fill, render, macros.bar))
        return shown.entries()


class CommandPage(SessionPage):
    """One command: its permalink page, and the fragment for the live view and the history."""

    async def show(self, code: str, rest: str) -> None:
        """Show a command with its outputs."""
        number = int(rest)
        request = self.ask(schemas.CommandNamed, code=code, number=number)
        (found,) = await self.try_open(code, (api.GET_COMMAND, request))
        session = self.session
        if isinstance(found, errors.NotFound):
            raise errors.NotFound(
                f"This session has no command {number}.",
                hint=f"Its commands are numbered 1 to {session.commands}."
                if session.commands
                else "No commands have been recorded yet.",
            ) from found
        whole: schemas.Command = unwrap(found)
        fragment = bool(self.get_query_argument("fragment", None))
        content = PageContent()
        source = whole.request.source if whole.request else ""
        fold = FOLD_IN_LIST if fragment else FOLD_ALONE
        shown = await self.in_thread(
            partial(entry, whole.summary, source, whole.outputs, content, fold=fold)
        )
        await self.render_pieces(content.pieces)
        if fragment:
            html = await self.in_thread(
                partial(self.page_html, "fragment.html", session=session, entry=shown)
            )
            self.set_header("Content-Type", "text/html; charset=utf-8")
            await self.finish(html)
            return
        await self.finish_tab("command.html", tab="history", entry=shown, request=whole.request)


class OutputRedirect(ContentAddress):
    """Redirect to an output's capability URL, which is created only when the output is viewed."""

    def framed(self, *path: str) -> str:
        """Return the command's page, which shows the output."""
        code, number, _ = path
        return self.links.command(code, int(number))

    async def content(self, *path: str) -> tuple[str, datetime]:
        """Create a capability URL."""
        code, number, index = path
        request = self.ask(schemas.CreateCapabilityUrl, code=code, command=int(number))
        view = await self.call(api.CREATE_CAPABILITY_URL, request)
        return f"{view.url}{int(index)}", view.expires


class CommandJson(Page):
    """The request or the response of a command as JSON."""

    @allow_unauthenticated
    async def get(self, code: str, which: str, number: str) -> None:
        """Respond with the request or the response of a command."""
        request = self.ask(schemas.CommandNamed, code=code, number=int(number))
        command = await self.call(api.GET_COMMAND, request)
        half = command.request if which == "request" else command.response
        pretty = await self.in_thread(lambda: format_json(msgspec.json.encode(half)))
        self.set_header("Content-Security-Policy", "default-src 'none'; sandbox")
        self.set_header("Content-Type", "application/json")
        await self.finish(pretty)
