"""How a command's outputs stand in a page: text inline, images as such, the rest in frames."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from jupyter_sessions import schemas
from jupyter_sessions.server.rendering import ansi
from jupyter_sessions.server.rendering.mime import IMAGES, joined, preferred
from jupyter_sessions.server.rendering.renderer import Piece

#: A page carries this much of a single text; the whole of it is in the response's JSON.
_LONGEST_TEXT = 300_000
#: It carries this much of all texts together, and so many outputs.
_PAGE_TEXT = 2_000_000
_PAGE_OUTPUTS = 1_000
_LONGEST_ALTERNATIVE = 200
_LONGEST_MESSAGE = 10_000


@dataclass(frozen=True, kw_only=True)
class Shown:
    """One output as the templates need it.

    `kind` tells how it is shown; `name` is the stream's, the exception's or the media type's name;
    `width` is how many pixels wide an image is to be shown, where that is not its own width.
    """

    index: int
    kind: Literal["text", "error", "image", "frame", "other"]
    name: str
    text: Piece | None = None
    message: str = ""
    width: int | None = None


@dataclass
class PageContent:
    """What one page shows of commands, within the room that it has.

    `pieces` are to be rendered before the templates use them.
    """

    pieces: list[Piece] = field(default_factory=list)
    _room: int = _PAGE_TEXT
    _outputs: int = _PAGE_OUTPUTS

    def add_source(self, source: str, language: str) -> Piece:
        """Show a command's source."""
        return self._add(source, "code", language)

    def add_text(self, text: str, fold: int) -> Piece:
        """Show a terminal's text; what comes after the first `fold` lines is folded away."""
        return self._add(text.rstrip("\n"), "terminal", fold)

    def _add(self, text: str, renderer: Literal["code", "terminal"], option: str | int) -> Piece:
        longest = min(_LONGEST_TEXT, self._room)
        piece = Piece(text[:longest], renderer, str(option), cut=len(text) > longest)
        self._room -= len(piece.text)
        self.pieces.append(piece)
        return piece

    def add_outputs(self, outputs: list[schemas.Output], fold: int) -> list[Shown]:
        """Show the outputs of a command, or the first of them; texts are folded."""
        shown = outputs[: self._outputs]
        self._outputs -= len(shown)
        return [self._show(index, output, fold) for index, output in enumerate(shown)]

    def _show(self, index: int, output: schemas.Output, fold: int) -> Shown:
        if isinstance(output, schemas.Stream):
            text = self.add_text(joined(output.text), fold)
            return Shown(index=index, kind="text", name=output.name, text=text)
        if isinstance(output, schemas.ErrorOutput):
            return Shown(
                index=index,
                kind="error",
                name=output.ename,
                message=ansi.strip(output.evalue[:_LONGEST_MESSAGE]),
                text=self.add_text("\n".join(output.traceback), 400),
            )
        kind = preferred(output.data)
        if kind is None:
            return Shown(index=index, kind="other", name=", ".join(output.data))
        if kind == "text/plain":
            text = self.add_text(joined(output.data[kind]), fold)
            return Shown(index=index, kind="text", name="result", text=text)
        alternative = joined(output.data.get("text/plain", ""))[: 10 * _LONGEST_ALTERNATIVE]
        return Shown(
            index=index,
            kind="image" if kind in IMAGES else "frame",
            name=kind,
            message=ansi.strip(alternative)[:_LONGEST_ALTERNATIVE],
            width=_width(output.metadata.get(kind)),
        )


def _width(metadata: object) -> int | None:
    """Read the width that a figure for a dense screen says it is to have."""
    width = metadata.get("width") if isinstance(metadata, dict) else None
    return int(width) if isinstance(width, int | float) and 0 < width < 10_000 else None
