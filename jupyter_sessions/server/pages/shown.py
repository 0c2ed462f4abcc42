"""How a command's outputs stand in a page: text inline, images as such, the rest in frames."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from markupsafe import Markup

from jupyter_sessions import model
from jupyter_sessions.server.rendering import ansi
from jupyter_sessions.server.rendering.choice import IMAGES, joined, preferred

#: A page carries this much of a single text; the whole of it is in the response's JSON.
_LONGEST_TEXT = 300_000
_LONGEST_ALTERNATIVE = 200


@dataclass(frozen=True, kw_only=True)
class Text:
    """Terminal text as HTML, of which `rest` is folded away."""

    first: Markup
    rest: Markup | None = None
    lines: int = 0
    cut: bool = False


@dataclass(frozen=True, kw_only=True)
class Shown:
    """One output as the templates need it.

    `kind` tells how it is shown; `name` is the stream's, the exception's or the media type's name;
    `width` is how many pixels wide an image is to be shown, where that is not its own width.
    """

    index: int
    kind: Literal["text", "error", "image", "frame", "other"]
    name: str
    text: Text | None = None
    message: str = ""
    width: int | None = None


def shown_outputs(outputs: list[model.Output], *, fold: int) -> list[Shown]:
    """Prepare the outputs of a command, texts folded after `fold` lines."""
    return [_shown(index, output, fold) for index, output in enumerate(outputs)]


def folded(text: str, fold: int) -> Text:
    """Turn terminal text into HTML and fold what comes after the first `fold` lines.

    A few lines more than that are not worth the click, and stay.
    """
    cut = len(text) > _LONGEST_TEXT
    lines = ansi.lines(text[:_LONGEST_TEXT].rstrip("\n"))
    newline = Markup("\n")
    if len(lines) <= fold + 4:
        return Text(first=newline.join(lines), lines=len(lines), cut=cut)
    return Text(
        first=newline.join(lines[:fold]),
        rest=newline.join(lines[fold:]),
        lines=len(lines),
        cut=cut,
    )


def _shown(index: int, output: model.Output, fold: int) -> Shown:
    if isinstance(output, model.Stream):
        text = folded(joined(output.text), fold)
        return Shown(index=index, kind="text", name=output.name, text=text)
    if isinstance(output, model.ErrorOutput):
        return Shown(
            index=index,
            kind="error",
            name=output.ename,
            message=ansi.plain(output.evalue),
            text=folded("\n".join(output.traceback), 400),
        )
    kind = preferred(output.data)
    if kind is None:
        return Shown(index=index, kind="other", name=", ".join(output.data))
    if kind == "text/plain":
        text = folded(joined(output.data[kind]), fold)
        return Shown(index=index, kind="text", name="result", text=text)
    alternative = ansi.plain(joined(output.data.get("text/plain", "")))
    return Shown(
        index=index,
        kind="image" if kind in IMAGES else "frame",
        name=kind,
        message=alternative[:_LONGEST_ALTERNATIVE],
        width=_width(output.metadata.get(kind)),
    )


def _width(metadata: object) -> int | None:
    """Read the width that a figure for a dense screen says it is to have."""
    width = metadata.get("width") if isinstance(metadata, dict) else None
    return int(width) if isinstance(width, int | float) and 0 < width < 10_000 else None
