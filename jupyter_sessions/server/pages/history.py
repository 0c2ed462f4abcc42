"""The history of a session, and a page for each of its commands."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import partial

import msgspec
from jupyter_server.auth.decorator import allow_unauthenticated

from jupyter_sessions import api, errors, schemas
from jupyter_sessions.formatting import format_json
from jupyter_sessions.server.pages.base import ContentAddress, Page
from jupyter_sessions.server.pages.outputs import PageContent, Shown
from jupyter_sessions.server.pages.sessions import SessionPage
from jupyter_sessions.server.pages.turning import count_left_out, read_view, turn
from jupyter_sessions.server.rendering.renderer import Piece

#: Outputs up to this much in all come with a page of the history; the rest when one gets there.
_INLINE_BYTES = 400_000
_FOLD_IN_LIST = 14
_FOLD_ALONE = 300


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A command as the templates need it.

    `outputs` is None where only the summary is known; then `preview` begins the text of them.
    `more` is how many outputs the page has no room for.
    """

    summary: schemas.CommandSummary
    source: Piece
    outputs: list[Shown] | None = None
    more: int = 0
    preview: Piece | None = None


def entry(whole: schemas.Command, content: PageContent, *, fold: int) -> Entry:
    """Prepare a command with all of its outputs."""
    source = whole.request.source if whole.request else ""
    shown = content.add_source(source, whole.summary.language)
    outputs = content.add_outputs(whole.outputs, fold)
    return Entry(
        summary=whole.summary,
        source=shown,
        outputs=outputs,
        more=len(whole.outputs) - len(outputs),
    )


def short_entry(summary: schemas.CommandSummary, content: PageContent) -> Entry:
    """Prepare a command of which only the summary is known."""
    source = content.add_source(summary.source, summary.language)
    preview = content.add_text(summary.preview, _FOLD_IN_LIST) if summary.preview else None
    return Entry(summary=summary, source=source, preview=preview)


class HistoryPage(SessionPage):
    """The commands of a session."""

    @allow_unauthenticated
    async def get(self, code: str) -> None:
        """Show one page of the history."""
        session = await self.session(code)
        arguments = {name: self.get_query_argument(name) for name in self.request.query_arguments}
        view = read_view(arguments)
        leaf = await turn(view, partial(self._list, session.code))
        members = await self.call(
            api.LIST_MEMBERS, self.ask(schemas.SessionNamed, code=session.code)
        )
        people = [member.user for member in members.members if not member.group]
        await self.finish_tab(
            "history.html",
            session,
            tab="history",
            view=view,
            leaf=leaf,
            left_out=count_left_out(view, leaf, session.commands),
            entries=await self._entries(session.code, leaf.commands),
            people=people if view.user in {"", *people} else [view.user, *people],
        )

    async def _list(self, code: str, **fields: object) -> schemas.Page[schemas.CommandSummary]:
        return await self.call(
            api.LIST_COMMANDS, self.ask(schemas.ListCommands, code=code, **fields)
        )

    async def _entries(self, code: str, summaries: list[schemas.CommandSummary]) -> list[Entry]:
        """Fetch the outputs of as many commands as a quick page can carry."""
        room = _INLINE_BYTES
        wanted = []
        for summary in summaries:
            if summary.outputs and summary.size <= room:
                room -= summary.size
                wanted.append(summary.number)
        whole = await asyncio.gather(
            *(
                self.call(api.GET_COMMAND, self.ask(schemas.CommandNamed, code=code, number=number))
                for number in wanted
            )
        )
        found = {command.summary.number: command for command in whole}
        content = PageContent()

        def prepare() -> list[Entry]:
            return [
                entry(found[summary.number], content, fold=_FOLD_IN_LIST)
                if summary.number in found
                else short_entry(summary, content)
                for summary in summaries
            ]

        entries = await self.in_thread(prepare)
        await self.render_pieces(content.pieces)
        return entries


class CommandPage(SessionPage):
    """One command: its permalink, and the fragment that the live view and the history insert."""

    @allow_unauthenticated
    async def get(self, code: str, number: str) -> None:
        """Show a command with its outputs."""
        request = self.ask(schemas.CommandNamed, code=code, number=int(number))
        session = await self.session(code)
        try:
            whole = await self.call(api.GET_COMMAND, request)
        except errors.NotFound as error:
            raise errors.NotFound(
                f"This session has no command {int(number)}.",
                hint=f"Its commands are numbered 1 to {session.commands}."
                if session.commands
                else "Nothing has been recorded in it yet.",
            ) from error
        fragment = bool(self.get_query_argument("fragment", None))
        content = PageContent()
        fold = _FOLD_IN_LIST if fragment else _FOLD_ALONE
        shown = await self.in_thread(partial(entry, whole, content, fold=fold))
        await self.render_pieces(content.pieces)
        if fragment:
            html = await self.in_thread(
                partial(self.page_html, "fragment.html", session=session, entry=shown)
            )
            self.set_header("Content-Type", "text/html; charset=utf-8")
            await self.finish(html)
            return
        await self.finish_tab(
            "command.html",
            session,
            tab="history",
            entry=shown,
            request=whole.request,
        )


class OutputAddress(ContentAddress):
    """Leads on to an output's capability URL, which is made only when the output is looked at."""

    def framed(self, *path: str) -> str:
        """Return the command's page, which shows the output."""
        code, number, _ = path
        return self.links.command(code, int(number))

    async def content(self, *path: str) -> str:
        """Make a capability URL."""
        code, number, index = path
        request = self.ask(schemas.MakeView, code=code, command=int(number))
        view = await self.call(api.MAKE_VIEW, request)
        return f"{view.url}{int(index)}"


class HalfPage(Page):
    """The request or the response of a command as JSON."""

    @allow_unauthenticated
    async def get(self, code: str, which: str, number: str) -> None:
        """Answer with one half of a command."""
        request = self.ask(schemas.CommandNamed, code=code, number=int(number))
        command = await self.call(api.GET_COMMAND, request)
        half = command.request if which == "request" else command.response
        pretty = await self.in_thread(lambda: format_json(msgspec.json.encode(half)))
        self.set_header("Content-Security-Policy", "default-src 'none'; sandbox")
        self.set_header("Content-Type", "application/json")
        await self.finish(pretty)
