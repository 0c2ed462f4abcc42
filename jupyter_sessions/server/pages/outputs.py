"""Prepare a command's outputs for a page: text inline, images as images, the rest in frames."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from jupyter_sessions import schemas
from jupyter_sessions.server.rendering import ansi
from jupyter_sessions.server.rendering.mime import IMAGES, joined, preferred
from jupyter_sessions.server.rendering.renderer import Piece

#: Characters of a single text that a page shows; the response's JSON has all of it.
_LONGEST_TEXT = 300_000
#: Characters of all texts together, and the number of outputs, that a page shows.
_PAGE_TEXT = 2_000_000
_PAGE_OUTPUTS = 1_000
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
    _outputs: int = _PAGE_OUTPUTS

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

    def add_outputs(self, outputs: list[schemas.Output], fold: int) -> list[OutputView]:
        """Add the outputs of a command, or the first of them; long texts are collapsed."""
        shown = outputs[: self._outputs]
        self._outputs -= len(shown)
        return [self._show(index, output, fold) for index, output in enumerate(shown)]

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
