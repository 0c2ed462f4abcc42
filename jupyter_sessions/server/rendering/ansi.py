"""Convert terminal text to HTML: colours become classes, and overwritten text is dropped."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import groupby

from markupsafe import Markup, escape

from jupyter_sessions.escape_sequences import INVISIBLE, parse_graphics, remove_sequences

# Sequences that change the style or the column, and those that show nothing.
_CONTROL = re.compile(rf"(\x08)|{INVISIBLE.pattern}")
_NAMES = ("black", "red", "green", "yellow", "blue", "magenta", "cyan", "white")
_BASE = [(0, 0, 0), (205, 49, 49), (13, 188, 121), (229, 229, 16)]
_BASE += [(36, 114, 200), (188, 63, 188), (17, 168, 205), (190, 190, 190)]
_BRIGHT = [(102, 102, 102), (241, 76, 76), (35, 209, 139), (245, 245, 67)]
_BRIGHT += [(59, 142, 234), (214, 112, 214), (41, 184, 219), (255, 255, 255)]
_PALETTE = _BASE + _BRIGHT


@dataclass(frozen=True)
class _Look:
    foreground: int | None = None
    background: int | None = None
    bold: bool = False
    faint: bool = False
    italic: bool = False
    underline: bool = False
    inverse: bool = False

    @property
    def classes(self) -> str:
        front, back = self.foreground, self.background
        names = [name for name in ("bold", "faint", "italic", "underline") if getattr(self, name)]
        if self.inverse:
            front, back = back, front
            names += [] if front is not None or back is not None else ["inverse"]
        if front is not None:
            names.append(f"{_colour_name(front)}-fg")
        if back is not None:
            names.append(f"{_colour_name(back)}-bg")
        return " ".join(f"ansi-{name}" for name in names)


_PLAIN = _Look()


def lines(text: str) -> list[Markup]:
    """Return the lines of a terminal text as HTML, each complete in itself.

    Parameters
    ----------
    text
        The output, with ANSI sequences, carriage returns and backspaces.

    Returns
    -------
    list of Markup
        Escaped text in which ``<span class="ansi-…">`` marks colours. The 256 colours and the
        true colours become the nearest of the sixteen that the style sheets name.
    """
    return [
        Markup("").join(
            _span(style, "".join(char for char, _ in run))
            for style, run in groupby(cells, key=lambda cell: cell[1])
        )
        for cells in _lines(text)
    ]


def strip(text: str) -> str:
    """Return a text of any length without escape sequences and control characters.

    Unlike `plain`, it keeps what a terminal would have overwritten.
    """
    return remove_sequences(text).replace("\r", "").replace("\b", "")


def plain(text: str) -> str:
    """Return the characters of a text that a terminal shows."""
    if not _CONTROL.search(text) and "\r" not in text:
        return text
    return "\n".join("".join(char for char, _ in cells) for cells in _lines(text))


def _lines(text: str) -> Iterator[list[tuple[str, _Look]]]:
    """Yield each line as pieces of text with their styles."""
    look = _PLAIN
    for line in text.replace("\r\n", "\n").split("\n"):
        if "\r" not in line and not _CONTROL.search(line):
            yield [(line, look)]
            continue
        cells: list[tuple[str, _Look]] = []
        column = 0
        for piece, look in _pieces(line, look):  # noqa: B020  # the look goes on into the next line
            column = _write(cells, column, piece, look)
        yield cells


def _pieces(line: str, look: _Look) -> Iterator[tuple[str, _Look]]:
    start = 0
    for match in _CONTROL.finditer(line):
        yield line[start : match.start()], look
        start = match.end()
        if match[1]:
            yield "\b", look
        elif match[4] == "m" and not match[3]:
            look = _turn(look, match[2])
    yield line[start:], look


def _write(cells: list[tuple[str, _Look]], column: int, piece: str, look: _Look) -> int:
    if column == len(cells) and "\r" not in piece and piece != "\b":
        cells.extend((char, look) for char in piece)
        return len(cells)
    for char in piece:
        if char == "\r":
            column = 0
        elif char == "\b":
            column = max(0, column - 1)
        else:
            cells[column : column + 1] = [(char, look)]
            column += 1
    return column


def _span(look: _Look, text: str) -> Markup:
    if not text:
        return Markup("")
    if not look.classes:
        return escape(text)
    return Markup('<span class="{}">{}</span>').format(look.classes, text)


def _turn(look: _Look, parameters: str) -> _Look:
    if parameters and parameters[0] in "<=>?":
        return look
    for code, *more in parse_graphics(parameters):
        if code in (38, 48):
            colour = (
                _map_256_colors(more[1]) if more[0] == 5 else _nearest((more[1], more[2], more[3]))
            )
            look = _coloured(look, "foreground" if code == 38 else "background", colour)
        elif code == 4 and more:
            look = replace(look, underline=more[0] != 0)
        elif not more:
            look = _simple(look, code)
    return look


def _simple(look: _Look, code: int) -> _Look:
    switches = {
        1: {"bold": True},
        2: {"faint": True},
        3: {"italic": True},
        4: {"underline": True},
        21: {"underline": True},
        7: {"inverse": True},
        22: {"bold": False, "faint": False},
        23: {"italic": False},
        24: {"underline": False},
        27: {"inverse": False},
    }
    if code == 0:
        return _PLAIN
    if code in switches:
        return replace(look, **switches[code])
    for low, field, shift in ((30, "foreground", 0), (40, "background", 0), (90, "foreground", 8)):
        if low <= code <= low + 7:
            return _coloured(look, field, code - low + shift)
    if 100 <= code <= 107:
        return _coloured(look, "background", code - 100 + 8)
    if code in (39, 49):
        return _coloured(look, "foreground" if code == 39 else "background", None)
    return look


def _coloured(look: _Look, field: str, colour: int | None) -> _Look:
    return (
        replace(look, foreground=colour)
        if field == "foreground"
        else replace(look, background=colour)
    )


def _map_256_colors(index: int) -> int | None:
    if index > 255:
        return None
    if index < 16:
        return index
    if index < 232:
        steps = (0, 95, 135, 175, 215, 255)
        red, rest = divmod(index - 16, 36)
        green, blue = divmod(rest, 6)
        return _nearest((steps[min(red, 5)], steps[green], steps[blue]))
    level = 8 + 10 * (index - 232)
    return _nearest((level, level, level))


def _nearest(colour: tuple[int, int, int]) -> int:
    def distance(index: int) -> int:
        return sum((a - b) ** 2 for a, b in zip(colour, _PALETTE[index], strict=True))

    return min(range(16), key=distance)


def _colour_name(index: int) -> str:
    return _NAMES[index] if index < 8 else f"bright-{_NAMES[index - 8]}"
