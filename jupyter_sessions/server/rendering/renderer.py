"""Render page content: simple text here, everything else in worker processes, with a cache."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

import msgspec
from markupsafe import Markup, escape

from jupyter_sessions import schemas
from jupyter_sessions.server.rendering import ansi
from jupyter_sessions.server.rendering.budget import LONGEST_PLAIN, PIECE, explain, plain_piece
from jupyter_sessions.server.rendering.code import is_highlighted
from jupyter_sessions.server.rendering.document import HTML, document
from jupyter_sessions.server.rendering.mime import joined
from jupyter_sessions.server.rendering.outputs import (
    PLAIN,
    make_output_document,
    rich_bundle,
    terminal_text,
)
from jupyter_sessions.server.rendering.workers.cache import RenderingCache, job_key
from jupyter_sessions.server.rendering.workers.jobs import fold_lines, run
from jupyter_sessions.server.rendering.workers.pool import PoolLimits, WorkerPool
from jupyter_sessions.server.rendering.workers.protocol import Job, Rendered

#: Characters that a terminal does not show literally, except for line ends and tabs.
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f]")
#: Characters of a terminal's text that are parsed here: that takes a few milliseconds at most.
_SHORT = 2_000
#: Characters of such texts that are parsed here for one page.
_SHORT_IN_ALL = 16_000
run_in_thread = asyncio.to_thread

#: The mark at the end of a truncated text.
_CUT = "\n\n(Only the beginning is shown. The complete text is in the command's response.)\n"
#: Longer Markdown, LaTeX and JSON is shown as plain text.
_LONGEST_RICH = 1_000_000


@dataclass
class Piece:
    """A part of a page: its content and, once rendered, its HTML.

    `rest` is the collapsed HTML, of `lines` in all; `cut` marks truncated content; `note` says why
    it is shown as plain text, if it is. It is not `final` if another attempt may do better.
    """

    text: str
    renderer: Literal["code", "terminal"]
    option: str = ""
    cut: bool = False
    html: Markup = field(default_factory=Markup)
    rest: Markup | None = None
    lines: int = 0
    note: str = ""
    final: bool = True

    @property
    def job(self) -> Job:
        """The job that renders the piece."""
        return Job(self.renderer, self.text.encode("utf-8", "replace"), self.option)

    def take(self, rendered: Rendered) -> None:
        """Store the job's result."""
        self.final = rendered.final
        if rendered.failure:
            text = ansi.strip(self.text) if self.renderer == "terminal" else self.text
            self.html = escape(_encodable(text))
            self.note = explain(rendered.failure)
        else:
            self.html = Markup(rendered.html)  # noqa: S704  # a renderer's own
            self.rest = Markup(rendered.rest) if rendered.rest else None  # noqa: S704
            self.lines = rendered.lines


class Renderer:
    """Renders content for the users of a server.

    Parameters
    ----------
    limits
        Limits on the cost of rendering.
    """

    def __init__(self, limits: PoolLimits | None = None) -> None:
        self.pool = WorkerPool(limits)
        self._cache: RenderingCache[Rendered] = RenderingCache()

    def warm(self) -> None:
        """Start a worker in advance, before a page needs it."""
        self.pool.warm()

    async def stop(self) -> None:
        """Stop the workers."""
        await self.pool.stop()

    async def render(self, person: str, pieces: Sequence[Piece]) -> None:
        """Render the pieces of a page.

        Parameters
        ----------
        person
            The user who views the page.
        pieces
            Its parts; those that can't be rendered in time become plain text with a notice.
        """
        left = await run_in_thread(self._render_known, pieces)
        if not left:
            return
        jobs = [job for job, _ in left.values()]
        size = sum(len(job.content) for job in jobs)
        done = await self.pool.render(person, lambda: jobs, size)
        for place, (key, (_, same)) in enumerate(left.items()):
            rendered = done[place] if place < len(done) else Rendered(failure="busy")
            self._cache.put(key, rendered)
            for piece in same:
                piece.take(rendered)

    def _render_known(self, pieces: Sequence[Piece]) -> dict[bytes, tuple[Job, list[Piece]]]:
        """Render simple and cached pieces, and return the rest by content."""
        room = _SHORT_IN_ALL
        left: dict[bytes, tuple[Job, list[Piece]]] = {}
        for piece in pieces:
            if _is_text(piece):
                piece.take(_render_text(piece))
                continue
            if piece.renderer == "terminal" and len(piece.text) <= min(room, _SHORT):
                room -= len(piece.text)
                piece.take(run(piece.job, PIECE))
                continue
            job = piece.job
            key = job_key(job)
            if (found := self._cache.get(key)) is not None:
                piece.take(found)
            else:
                left.setdefault(key, (job, []))[1].append(piece)
        return left

    async def render_output(
        self, person: str, output: schemas.Output, before: Sequence[tuple[str, str]] = ()
    ) -> tuple[bytes, str]:
        """Render an output in the representation JupyterLab would choose.

        Parameters
        ----------
        person
            The user who views the output.
        output, before
            An output of a command, and what `definitions_before` found in the earlier ones.

        Returns
        -------
        bytes
            The image's own bytes where it is one; a self-contained HTML document for HTML,
            Markdown, LaTeX and JSON; text for everything else.
        str
            The media type, with the charset where there is one.
        """
        terminal = await run_in_thread(terminal_text, output)
        if terminal is not None:
            return await self._render_plain(person, terminal)
        bundle = rich_bundle(output)
        if not bundle:
            return await run_in_thread(make_output_document, output)
        text, job = await run_in_thread(_output_job, bundle, before)
        if job is None:
            rendered = Rendered(failure="large" if len(text) > _LONGEST_RICH else "failed")
        else:
            rendered = await self._render_one(person, job_key(job), lambda: job, len(job.content))
        if rendered.failure:
            return _plain_document(text, "Output", rendered), HTML
        return document(rendered.html, title="Output", kind=rendered.kind), HTML

    async def _render_plain(self, person: str, text: str) -> tuple[bytes, str]:
        """Render terminal text as HTML, or its beginning if it is long."""
        shown = _encodable(text[:_LONGEST_RICH])
        if _CONTROL.search(shown):
            job = Job("plain", shown.encode())
            rendered = await self._render_one(person, job_key(job), lambda: job, len(job.content))
            shown = ansi.strip(shown) if rendered.failure else rendered.html
        if len(text) > _LONGEST_RICH:
            shown += _CUT
        return shown.encode(), PLAIN

    async def render_file(
        self, person: str, file: schemas.File, read: Callable[[], bytes]
    ) -> tuple[bytes, str]:
        """Render a published file as a preview document.

        Parameters
        ----------
        person
            The user who views the file.
        file
            The file as the web space describes it.
        read
            Returns the start of the file; called in a thread.

        Returns
        -------
        bytes
            A self-contained HTML document.
        str
            Its media type, with the charset.
        """
        about = msgspec.json.encode(file).decode()
        key = job_key(Job("file", b"", about))
        rendered = await self._render_one(person, key, lambda: Job("file", read(), about), 0)
        if rendered.failure:
            start = (await run_in_thread(read))[: 4 * LONGEST_PLAIN + 4]
            text = start.decode("utf-8-sig", "replace")
            return _plain_document(text, file.name, rendered), HTML
        return document(rendered.html, title=file.name, kind=rendered.kind), HTML

    async def _render_one(
        self, person: str, key: bytes, job: Callable[[], Job], size: int
    ) -> Rendered:
        found = self._cache.get(key)
        if found is None:
            done = await self.pool.render(person, lambda: [job()], size)
            found = done[0] if done else Rendered(failure="busy")
            self._cache.put(key, found)
        return found


def _is_text(piece: Piece) -> bool:
    """Tell whether a piece only needs escaping."""
    if piece.renderer == "terminal":
        return _CONTROL.search(piece.text) is None
    return not piece.text or not is_highlighted(piece.option)


def _render_text(piece: Piece) -> Rendered:
    html = str(escape(_encodable(piece.text)))
    if piece.renderer != "terminal":
        return Rendered(html=html)
    lines = html.split("\n")
    first, rest = fold_lines(lines, int(piece.option))
    return Rendered(html=first, rest=rest, lines=len(lines))


def _output_job(
    bundle: schemas.MimeBundle, before: Sequence[tuple[str, str]]
) -> tuple[str, Job | None]:
    """Return the text of a rich output, and the job that renders it if there is one."""
    ((kind, value),) = bundle.items()
    try:
        if kind == "application/json":
            text = msgspec.json.encode(value).decode()
        else:
            value = text = _encodable(joined(value))
        if len(text) > _LONGEST_RICH:
            return text, None
        option = msgspec.json.encode([(each, _encodable(text)) for each, text in before]).decode()
        return text, Job("output", msgspec.json.encode({kind: value}), option)
    except (ValueError, RecursionError):  # half a surrogate pair, or nested very deep
        return "", None


def _plain_document(text: str, title: str, rendered: Rendered) -> bytes:
    return document(plain_piece(text, rendered.failure), title=title, kind="text")


def _encodable(text: str) -> str:
    return text.encode("utf-8", "replace").decode()
