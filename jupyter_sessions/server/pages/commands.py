"""Prepare commands for pages: text inline, images as images, other outputs in frames."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Literal, NamedTuple

import msgspec
from markupsafe import Markup

from jupyter_sessions import schemas
from jupyter_sessions.core.history.encoded import as_json, split
from jupyter_sessions.formatting import format_age, format_utc_day
from jupyter_sessions.server.rendering import ansi
from jupyter_sessions.server.rendering.mime import IMAGES, joined, preferred
from jupyter_sessions.server.rendering.outputs import decode_output
from jupyter_sessions.server.rendering.renderer import Piece
from jupyter_sessions.server.rendering.workers.cache import RenderingCache

#: Characters of a single text that a page shows; the response's JSON has all of it.
_LONGEST_TEXT = 300_000
#: Characters of all texts together, and the number of outputs, that a page shows.
_PAGE_TEXT = 2_000_000
PAGE_OUTPUTS = 1_000
_LONGEST_ALTERNATIVE = 200
_LONGEST_MESSAGE = 10_000


@dataclass(frozen=True, kw_only=True)
class OutputView:
    """One output as the templates need it.

    `kind` selects how it is shown. `name` is the name of the stream, the exception or the media
    type. `width` is the displayed width of an image in pixels if it differs from its own.
    """

    index: int
    kind: Literal["text", "error", "image", "frame", "other"]
    name: str
    text: Piece | None = None
    message: str = ""
    width: int | None = None


@dataclass
class PageContent:
    """The commands' content on one page, within a size budget.

    `pieces` must be rendered before the templates use them.
    """

    pieces: list[Piece] = field(default_factory=list)
    _room: int = _PAGE_TEXT

    def add_source(self, source: str, language: str) -> Piece:
        """Add a command's source."""
        return self._add(source, "code", language)

    def add_text(self, text: str, fold: int) -> Piece:
        """Add a terminal's text; the lines after the first `fold` are collapsed."""
        return self._add(text.rstrip("\n"), "terminal", fold)

    def _add(self, text: str, renderer: Literal["code", "terminal"], option: str | int) -> Piece:
        longest = min(_LONGEST_TEXT, self._room)
        piece = Piece(text[:longest], renderer, str(option), cut=len(text) > longest)
        self._room -= len(piece.text)
        self.pieces.append(piece)
        return piece

    def add_outputs(self, outputs: Sequence[msgspec.Raw], fold: int) -> list[OutputView]:
        """Add outputs of a command, given as JSON; long texts are collapsed."""
        return [
            self._show(index, decode_output(output), fold) for index, output in enumerate(outputs)
        ]

    def _show(self, index: int, output: schemas.Output, fold: int) -> OutputView:
        if isinstance(output, schemas.Stream):
            text = self.add_text(joined(output.text), fold)
            return OutputView(index=index, kind="text", name=output.name, text=text)
        if isinstance(output, schemas.ErrorOutput):
            return OutputView(
                index=index,
                kind="error",
                name=output.ename,
                message=ansi.strip(output.evalue[:_LONGEST_MESSAGE]),
                text=self.add_text("\n".join(output.traceback), 400),
            )
        kind = preferred(output.data)
        if kind is None:
            return OutputView(index=index, kind="other", name=", ".join(output.data))
        if kind == "text/plain":
            text = self.add_text(joined(output.data[kind]), fold)
            return OutputView(index=index, kind="text", name="result", text=text)
        alternative = joined(output.data.get("text/plain", ""))[: 10 * _LONGEST_ALTERNATIVE]
        return OutputView(
            index=index,
            kind="image" if kind in IMAGES else "frame",
            name=kind,
            message=ansi.strip(alternative)[:_LONGEST_ALTERNATIVE],
            width=_width(output.metadata.get(kind)),
        )


def _width(metadata: object) -> int | None:
    """Return the width that a figure for a high-density screen declares."""
    width = metadata.get("width") if isinstance(metadata, dict) else None
    return int(width) if isinstance(width, int | float) and 0 < width < 10_000 else None


#: Lines of a text that a list, and that a command's own page, shows at first.
FOLD_IN_LIST = 14
FOLD_ALONE = 300


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A command as the templates need it.

    `outputs` is None where only the summary is known; then `preview` holds the start of its text
    outputs. `more` is the number of outputs that do not fit on the page. `ago` is how long ago it
    was started, in words; None if the template is to say it.
    """

    summary: schemas.CommandSummary
    source: Piece
    outputs: list[OutputView] | None = None
    more: int = 0
    preview: Piece | None = None
    ago: str | None = None


def entry(
    summary: schemas.CommandSummary,
    source: str,
    outputs: list[schemas.Output],
    content: PageContent,
    *,
    fold: int = FOLD_IN_LIST,
    most: int = PAGE_OUTPUTS,
    ago: str | None = None,
) -> Entry:
    """Prepare a command with its outputs, which are JSON, or with the first `most` of them."""
    shown = content.add_source(source, summary.language)
    each = split(as_json(outputs))
    return Entry(
        summary=summary,
        source=shown,
        outputs=content.add_outputs(each[:most], fold),
        more=max(0, len(each) - most),
        ago=ago,
    )


@dataclass(frozen=True)
class CommandHtml:
    """A command in a list as HTML.

    `before` and `after` stand around the words that say how long ago it was started; `bar` is its
    bar in the strip of durations, `day` the day on which it was started.
    """

    before: str
    after: str
    bar: Markup
    day: str
    final: bool

    @property
    def size(self) -> int:
        """Its approximate size in bytes."""
        return len(self.before) + len(self.after) + 200


#: Stands for these words in what is cached; user content can't contain it.
_AGO = secrets.token_hex(16)

#: Bytes of all cached commands.
_ROOM = 16_000_000


@dataclass
class _Listed:
    """A command in a list: its HTML, or what makes it."""

    summary: schemas.CommandSummary
    key: bytes | None
    most: int
    html: CommandHtml | None
    content: PageContent = field(default_factory=PageContent)
    entry: Entry | None = None


class ListEntry(NamedTuple):
    """What the page of a list needs of a command."""

    day: str
    html: Markup
    bar: Markup


class CommandList:
    """The commands of a list as HTML, each of which is rendered once.

    Parameters
    ----------
    cache
        What earlier lists have rendered.
    place
        What the HTML of a command depends on besides the command: the page's address.
    commands
        The commands.
    """

    def __init__(
        self,
        cache: RenderingCache[CommandHtml],
        place: str,
        commands: Sequence[schemas.CommandSummary],
    ) -> None:
        self._cache = cache
        self._listed: list[_Listed] = []
        left = PAGE_OUTPUTS
        for summary in commands:
            key = _key(place, left, summary)
            html = None if key is None else cache.get(key)
            self._listed.append(_Listed(summary, key, left, html))
            left -= min(left, _count_outputs(summary))

    @property
    def new(self) -> bool:
        """Whether a command is not in the cache."""
        return any(each.html is None for each in self._listed)

    def prepare(self) -> list[Piece]:
        """Return the pieces that must be rendered before `fill`."""
        for each in self._new():
            each.entry = _list_entry(each.summary, each.content, each.most)
        return [piece for each in self._new() for piece in each.content.pieces]

    def fill(
        self, render: Callable[[Entry], str], draw: Callable[[schemas.CommandSummary], Markup]
    ) -> None:
        """Render the commands that are not in the cache.

        Parameters
        ----------
        render
            Returns the HTML of a command.
        draw
            Returns the HTML of its bar.
        """
        for each in self._new():
            if each.entry is None:
                continue
            before, _, after = render(each.entry).partition(_AGO)
            final = all(piece.final for piece in each.content.pieces)
            day = format_utc_day(each.summary.started)
            each.html = CommandHtml(before, after, draw(each.summary), day, final)
            if each.key is not None:
                self._cache.put(each.key, each.html)

    def entries(self) -> list[ListEntry]:
        """Return the commands as the page needs them."""
        now = datetime.now(UTC)
        shown = []
        for each in self._listed:
            if (known := each.html) is not None:
                ago = format_age(each.summary.started, now)
                html = Markup(f"{known.before}{ago}{known.after}")  # noqa: S704  # a template's
                shown.append(ListEntry(known.day, html, known.bar))
        return shown

    def _new(self) -> Iterator[_Listed]:
        return (each for each in self._listed if each.html is None)


def make_cache() -> RenderingCache[CommandHtml]:
    """Make the cache that a server's lists share."""
    return RenderingCache(_ROOM)


def _list_entry(summary: schemas.CommandSummary, content: PageContent, most: int) -> Entry:
    outputs = summary.output_list
    if outputs is not msgspec.UNSET:
        return entry(summary, summary.source, outputs, content, most=most, ago=_AGO)
    source = content.add_source(summary.source, summary.language)
    preview = content.add_text(summary.preview, FOLD_IN_LIST) if summary.preview else None
    return Entry(summary=summary, source=source, preview=preview, ago=_AGO)


def _count_outputs(summary: schemas.CommandSummary) -> int:
    return 0 if summary.output_list is msgspec.UNSET else summary.outputs


def _key(place: str, most: int, summary: schemas.CommandSummary) -> bytes | None:
    """Return what a command is cached by; None if it can't be encoded."""
    cut = min(most, _count_outputs(summary))
    try:
        told = msgspec.msgpack.encode((place, cut, summary))
    except UnicodeEncodeError:  # half of a character
        return None
    return blake2b(told, digest_size=32).digest()
