"""Emulate a terminal screen, to record text as the terminal finally shows it.

A progress bar, for example, is recorded in its last state only. Text without cursor movement is
kept as it came. When text moves the cursor back or erases, the lines that a terminal could still
reach, those of one screen, become cells that can be overwritten. Lines that have scrolled off the
screen can't change any more, so memory and time are proportional to the length of the text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import groupby

from jupyter_sessions import schemas
from jupyter_sessions.escape_sequences import BEGUN, SEQUENCE, parse_parameters
from jupyter_sessions.recorder.text_style import change_look, look_after, turn_look

#: The size assumed if the output is not a terminal; programs may still move back a few lines there.
NO_TERMINAL = (10_000, 100)

_LARGEST_SCREEN = (10_000, 1_000)
_LONGEST_BEGUN = 4_096
_MOST_MARKS = 16
_MERGED = 4_096
# Sequences that move the cursor or erase; all others are colours and settings.
_MOVES = re.compile(r"[\b\x0b\x0c]|\r(?!\n)|\x1b[78DEMc]|\x1b\[\??[0-9;:]*+[@A-HJ-MPXZ`adefsu]")
_TOKEN = re.compile(rf"([\b\t\n\x0b\x0c\r])|{SEQUENCE.pattern}|[\x00-\x1f\x7f]")

#: A character with its look and stream; an empty one is the second half of the wide one before it.
Cell = tuple[str, str, str]


class _Line:
    """A line, as text or as cells (it may span several rows of the screen)."""

    __slots__ = ("cells", "end", "newline", "pieces", "size", "start", "width")

    def __init__(self, look: str) -> None:
        self.pieces: list[tuple[str, str]] | None = []
        self.cells: list[Cell | None] = []
        self.start = self.end = look
        self.newline = ""
        self.width: int | None = None
        self.size: int | None = 1


class ScreenText:
    """The text of consecutive stream outputs that share a terminal.

    Parameters
    ----------
    size
        The columns and rows of the terminal.
    only
        The name of the only stream that is shown there; by default all are.
    """

    def __init__(self, size: tuple[int, int] = NO_TERMINAL, only: str | None = None) -> None:
        self._only = only
        self._columns, self._rows = (
            max(1, min(given, most)) for given, most in zip(size, _LARGEST_SCREEN, strict=True)
        )
        self._ended: list[tuple[str, list[str]]] = []
        self._ended_size = 0
        self._look = ""
        self._lines = [_Line("")]
        self._row = self._offset = 0
        self._at_end = True  # of the last line, which is still text
        self._pending = False  # the last column is written, and the next character wraps
        self._saved: tuple[_Line, int] | None = None
        self._rest = ""
        self._stream = "stdout"

    def accepts(self, name: str) -> bool:
        """Return whether text of a stream continues this output."""
        return self._only in (None, name)

    @property
    def size(self) -> int:
        """The approximate number of bytes that are kept."""
        return self._ended_size + sum(map(_size, self._lines))

    def write(self, text: str, name: str = "stdout") -> None:
        """Write text of a stream at the cursor."""
        text = self._rest + text
        begun = BEGUN.search(text, max(0, len(text) - _LONGEST_BEGUN))
        kept = begun.start() if begun else len(text) - text.endswith("\r")
        text, self._rest = text[:kept], text[kept:]
        text = text.replace("\r\n", "\n")
        self._stream = name
        if self._at_end and not _MOVES.search(text):
            self._go_on(text)
        else:
            self._interpret(text)
        self._scroll()

    def _interpret(self, text: str) -> None:
        start = 0
        for match in _TOKEN.finditer(text):
            self._print(text[start : match.start()])
            start = match.end()
            control, parameters, between, final = match[1], match[2], match[3], match[4]
            if control:
                self._control(control)
            elif final == "m" and not between:
                self._change_look(match[0], parameters)
            elif _MOVES.match(match[0]):
                if final:
                    self._sequence(final, parameters)
                else:
                    self._escape(match[0][1:])
            elif self._at_end:
                self._add_piece(match[0])
        self._print(text[start:])

    # ---- text without cursor movement

    def _go_on(self, text: str) -> None:
        # The text before the last screen is one piece; it leaves with the next scrolling.
        first, *others = text.rsplit("\n", self._rows)
        self._add_piece(first)
        for piece in others:
            self._new_line()
            self._add_piece(piece)

    def _add_piece(self, piece: str) -> None:
        line = self._lines[-1]
        if piece and line.pieces is not None:
            line.size = _size(line) + _bytes(piece)
            line.width = None
            last, text = line.pieces[-1] if line.pieces else ("", "")
            if last == self._stream and len(text) < _MERGED:
                line.pieces[-1] = (last, text + piece)
            else:
                line.pieces.append((self._stream, piece))
            if "\x1b" in piece:
                self._look = look_after(self._look, piece)
            line.end = self._look

    def _new_line(self) -> None:
        self._lines[-1].newline = self._stream
        self._lines.append(_Line(self._look))
        self._row, self._offset = len(self._lines) - 1, 0
        self._at_end, self._pending = True, False
        if len(self._lines) > 2 * self._rows:
            self._scroll()

    def _scroll(self) -> None:
        """Drop lines that have scrolled off the screen, since nothing can reach them any more."""
        over = min(len(self._lines) - self._rows, self._row)
        if over <= 0:
            return
        for stream, text in _written(self._lines[:over], self._lines[over].start):
            self._ended_size += _bytes(text)
            if self._ended and self._ended[-1][0] == stream:
                self._ended[-1][1].append(text)
            else:
                self._ended.append((stream, [text]))
        del self._lines[:over]
        self._row -= over

    # ---- characters

    def _print(self, text: str) -> None:
        if not text:
            return
        if self._at_end:
            self._add_piece(text)
            return
        width_of = (lambda _: 1) if text.isascii() else _width
        for character in text:
            width = width_of(character)
            if width > 0:
                self._put(character, width)
            elif width == 0:
                _combine(self._fill(), self._offset, character)

    def _put(self, character: str, width: int) -> None:
        column = self._offset % self._columns
        if self._pending:
            self._pending = False
        elif column + width > self._columns and width <= self._columns:
            self._offset += self._columns - column
        cells = self._fill()
        self._split_wide(cells, self._offset)
        self._split_wide(cells, self._offset + width)
        halves: list[Cell | None] = [(character, self._look, self._stream)]
        halves += [("", self._look, self._stream)] * (width - 1)
        cells[self._offset : self._offset + width] = halves
        self._offset += width
        self._pending = self._offset % self._columns == 0

    def _fill(self) -> list[Cell | None]:
        """Return the cells of the cursor's line, at least up to the cursor."""
        cells = self._to_cells()
        cells.extend([None] * (self._offset - len(cells)))
        return cells

    def _to_cells(self) -> list[Cell | None]:
        line = self._lines[self._row]
        if line.pieces is not None:
            line.cells = _cells(line, self._columns)
            line.pieces = None
        line.width = line.size = None
        return line.cells

    @staticmethod
    def _split_wide(cells: list[Cell | None], place: int) -> None:
        """Replace a wide character by blanks if only half of it would be left."""
        if place < len(cells) and (cell := cells[place]) is not None and not cell[0]:
            before = cells[place - 1]
            if before is not None:
                cells[place - 1] = (" ", before[1], before[2])
            cells[place] = (" ", cell[1], cell[2])

    def _change_look(self, sequence: str, parameters: str) -> None:
        if self._at_end:
            self._add_piece(sequence)
        elif not parameters[:1] or parameters[0] not in "<=>?":
            self._look = change_look(self._look, parameters)

    # ---- the cursor

    def _leave_end(self) -> None:
        """Convert lines to cells, since the cursor is about to move or something to be erased."""
        if self._at_end:
            self._at_end = False
            self._offset = len(self._to_cells())
            self._pending = self._offset > 0 and self._offset % self._columns == 0

    def _settle(self) -> None:
        """Put the cursor on the last column, where it waits to wrap."""
        self._scroll()
        self._leave_end()
        if self._pending:
            self._offset -= 1
            self._pending = False

    def _control(self, control: str) -> None:
        if control == "\n" and self._row == len(self._lines) - 1 and self._on_last_row():
            self._new_line()
            return
        if control == "\t" and self._at_end:
            self._add_piece("\t")
            return
        self._settle()
        column = self._offset % self._columns
        if control == "\r":
            self._offset -= column
        elif control == "\b":
            self._offset -= bool(column)
        elif control == "\t":
            self._offset += min(8 - column % 8, self._columns - 1 - column)
        else:
            if self._row < len(self._lines) - 1 and self._on_last_row():
                self._lines[self._row].newline = self._stream
            self._go_to(self._position()[0] + 1, 0 if control == "\n" else column, grow=True)

    def _on_last_row(self) -> bool:
        if self._at_end:
            return True
        offset = self._offset - self._pending
        return offset // self._columns >= self._height(self._lines[self._row]) - 1

    def _height(self, line: _Line) -> int:
        if line.width is None:
            if line.pieces is None:
                line.width = len(line.cells)
            else:
                line.width = len(_cells(line, self._columns))
        return max(1, -(-line.width // self._columns))

    def _position(self) -> tuple[int, int]:
        """Return the cursor's row among all kept rows, and its column."""
        above = sum(self._height(line) for line in self._lines[: self._row])
        rows, column = divmod(self._offset, self._columns)
        return above + rows, column

    def _top(self) -> int:
        """Return the first row of the screen."""
        there = sum(map(self._height, self._lines))
        return max(0, max(there, self._position()[0] + 1) - self._rows)

    def _go_to(self, row: int, column: int, *, grow: bool = False) -> None:
        """Move the cursor on the screen; with `grow`, line feeds may extend the screen."""
        top = self._top()
        row = max(top, row if grow else min(row, top + self._rows - 1))
        column = max(0, min(column, self._columns - 1))
        for place, line in enumerate(self._lines):
            height = self._height(line)
            if row < height:
                self._row, self._offset = place, row * self._columns + column
                return
            row -= height
        for _ in range(row + 1):
            self._lines[-1].newline = self._lines[-1].newline or self._stream
            self._lines.append(_Line(self._look))
        self._row, self._offset = len(self._lines) - 1, column

    def _sequence(self, final: str, parameters: str) -> None:
        numbers = [each[0] for each in parse_parameters(parameters.lstrip("?"))]
        self._settle()
        _ACTIONS[final](self, numbers[0], numbers[1] if len(numbers) > 1 else None)

    def _escape(self, function: str) -> None:
        self._settle()
        row, column = self._position()
        if function == "7":
            self._save()
        elif function == "8":
            self._restore()
        elif function == "M":
            self._go_to(row - 1, column)
        elif function == "c":
            self._look = ""
            self._erase_screen(2)
            self._go_to(self._top(), 0)
        else:
            self._go_to(row + 1, 0 if function == "E" else column, grow=True)

    def _save(self, *_: int | None) -> None:
        self._saved = (self._lines[self._row], self._offset)

    def _restore(self, *_: int | None) -> None:
        line, offset = self._saved or (None, 0)
        if line in self._lines:
            self._row, self._offset = self._lines.index(line), offset
        else:
            self._go_to(self._top(), 0)

    def _move(self, rows: int, columns: int) -> None:
        row, column = self._position()
        self._go_to(row + rows, column + columns)

    def _move_lines(self, rows: int) -> None:
        self._go_to(self._position()[0] + rows, 0)

    def _set_column(self, column: int) -> None:
        self._go_to(self._position()[0], column - 1)

    def _set_row(self, row: int) -> None:
        self._go_to(self._top() + row - 1, self._position()[1])

    # ---- erasing

    def _blank(self, start: int, end: int) -> None:
        cells = self._to_cells()
        self._split_wide(cells, start)
        self._split_wide(cells, end)
        end = min(end, len(cells))
        if start < end:
            cells[start:end] = [None] * (end - start)
        while cells and cells[-1] is None:
            cells.pop()

    def _erase_line(self, kind: int) -> None:
        begin = self._offset - self._offset % self._columns
        starts = {0: self._offset, 1: begin, 2: begin}
        if kind in starts:
            self._blank(starts[kind], self._offset + 1 if kind == 1 else begin + self._columns)

    def _erase_screen(self, kind: int) -> None:
        if kind == 0:
            self._blank(self._offset, len(self._to_cells()))
            del self._lines[self._row + 1 :]
        elif kind in (1, 2):
            row, column = self._position()
            gone = max(0, self._top() - (row - self._offset // self._columns))
            above = self._empty_above()
            below = self._lines[self._row + 1 :] if kind == 1 else []
            if kind == 1:
                self._blank(gone * self._columns, self._offset + 1)
                below.insert(0, self._lines[self._row])
            else:
                if gone:
                    del self._to_cells()[gone * self._columns :]
                    self._lines[self._row].newline = self._stream
                    above.append(self._lines[self._row])
                kept = sum(map(self._height, above))
                above += [_empty_line(self._stream) for _ in range(row - kept + 1)]
                self._row, self._offset = len(above) - 1, column
            self._lines = [*above, *below]
            if kind == 1:
                self._row = len(above)

    def _empty_above(self) -> list[_Line]:
        """Return the lines above the cursor's line, after erasing their part of the screen."""
        above: list[_Line] = []
        out_of_reach = self._top()
        for place, line in enumerate(self._lines[: self._row]):
            height = self._height(line)
            if out_of_reach <= 0:
                above += [_empty_line(self._stream) for _ in range(height)]
            else:
                if out_of_reach < height:
                    self._row, self._offset, there = place, 0, (self._row, self._offset)
                    del self._to_cells()[out_of_reach * self._columns :]
                    self._row, self._offset = there
                above.append(line)
            out_of_reach -= height
        return above

    def _erase_characters(self, count: int) -> None:
        room = self._columns - self._offset % self._columns
        self._blank(self._offset, self._offset + min(count, room))

    def _insert_characters(self, count: int) -> None:
        cells = self._fill()
        room = self._columns - self._offset % self._columns
        count = min(count, room)
        row_end = self._offset + room
        moved = cells[self._offset : row_end][: room - count]
        cells[self._offset : row_end] = [*[None] * count, *moved]

    def _delete_characters(self, count: int) -> None:
        cells = self._fill()
        room = self._columns - self._offset % self._columns
        row_end = self._offset + room
        gone = min(count, room)
        blanks = [None] * gone if len(cells) > row_end else []
        cells[self._offset : row_end] = [*cells[self._offset + gone : row_end], *blanks]

    def _insert_lines(self, count: int) -> None:
        count = min(count, self._rows)
        self._lines[self._row : self._row] = [_empty_line(self._stream) for _ in range(count)]
        del self._lines[self._row + self._rows :]  # they fall off the screen
        self._offset = 0

    def _delete_lines(self, count: int) -> None:
        del self._lines[self._row : self._row + count]
        if self._row >= len(self._lines):
            self._lines.append(_empty_line(self._stream))
        self._offset = 0

    # ---- results

    def to_outputs(self) -> list[schemas.Output]:
        """Return the text so far as nbformat outputs, one for each change of the stream."""
        used = (place for place, line in enumerate(self._lines) if line.pieces or line.cells)
        shown = max([*used, self._row])
        ended = [(stream, "".join(texts)) for stream, texts in self._ended]
        self._ended = [(stream, [text]) for stream, text in ended]
        pieces = [*ended, *_written(self._lines[: shown + 1], self._look, last=True)]
        outputs: list[schemas.Output] = []
        for stream, group in groupby(pieces, key=lambda piece: piece[0]):
            text = "".join(text for _, text in group)
            if text:
                outputs.append(schemas.Stream(name=stream, text=text))
        return outputs


def _empty_line(stream: str) -> _Line:
    line = _Line("")
    line.pieces, line.newline = None, stream
    return line


def _written(lines: list[_Line], look: str, *, last: bool = False) -> Iterator[tuple[str, str]]:
    """Yield lines as texts of streams; `look` is the style that follows, unless they are `last`."""
    current, stream = lines[0].start if lines else look, "stdout"
    for place, line in enumerate(lines):
        if line.pieces:
            stream = line.pieces[0][0]
            yield stream, turn_look(current, line.start)
            yield from line.pieces
            stream, current = line.pieces[-1][0], line.end
        elif line.cells:
            for piece_stream, piece_look, text in _runs(line.cells):
                stream = piece_stream or stream
                yield stream, turn_look(current, piece_look) + text
                current = piece_look
            yield stream, turn_look(current, "")
            current = ""
        if place < len(lines) - 1 or not last:
            stream = line.newline or stream
            yield stream, "\n"
    yield stream, turn_look(current, look)


def _runs(cells: list[Cell | None]) -> Iterator[tuple[str, str, str]]:
    end = len(cells)
    while end and cells[end - 1] is None:
        end -= 1
    for (stream, look), run in groupby(cells[:end], key=lambda c: (c[2], c[1]) if c else ("", "")):
        yield stream, look, "".join(cell[0] if cell else " " for cell in run)


def _cells(line: _Line, columns: int) -> list[Cell | None]:
    """Return the cells of a line that is still text."""
    look = line.start
    cells: list[Cell | None] = []
    for stream, text in line.pieces or ():
        start = 0
        for match in _TOKEN.finditer(text):
            _add_cells(cells, text[start : match.start()], look, stream)
            start = match.end()
            if match[1] == "\t":
                cells += [(" ", look, stream)] * (8 - len(cells) % columns % 8)
            elif match[4] == "m" and not match[3] and match[2][:1] not in {"<", "=", ">", "?"}:
                look = change_look(look, match[2])
        _add_cells(cells, text[start:], look, stream)
    return cells


def _add_cells(cells: list[Cell | None], text: str, look: str, stream: str) -> None:
    if text.isascii():
        cells += [(character, look, stream) for character in text]
        return
    for character in text:
        width = _width(character)
        if width > 0:
            cells.append((character, look, stream))
            cells += [("", look, stream)] * (width - 1)
        elif width == 0:
            _combine(cells, len(cells), character)


def _combine(cells: list[Cell | None], place: int, mark: str) -> None:
    """Add a combining mark (an accent, a joiner) to the character before a position."""
    while place > 0 and (cell := cells[place - 1]) is not None:
        place -= 1
        if cell[0]:
            # More marks on one character are an attack rather than a language.
            if len(cell[0]) < _MOST_MARKS:
                cells[place] = (cell[0] + mark, cell[1], cell[2])
            return


@lru_cache(4_096)
def _width(character: str) -> int:
    from wcwidth import wcwidth

    return wcwidth(character)


def _size(line: _Line) -> int:
    if line.size is None:
        line.size = 1 + sum(_bytes(text) + len(look) for _, look, text in _runs(line.cells))
    return line.size


def _bytes(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode(errors="replace"))


_Action = Callable[[ScreenText, "int | None", "int | None"], None]


def _count(act: Callable[[ScreenText, int], None]) -> _Action:
    return lambda screen, number, _: act(screen, number or 1)


def _kind(act: Callable[[ScreenText, int], None]) -> _Action:
    return lambda screen, number, _: act(screen, number or 0)


def _go(screen: ScreenText, row: int | None, column: int | None) -> None:
    screen._go_to(screen._top() + (row or 1) - 1, (column or 1) - 1)


#: What each final character of a control sequence does.
_ACTIONS: dict[str, _Action] = {
    "A": _count(lambda screen, n: screen._move(-n, 0)),
    "B": _count(lambda screen, n: screen._move(n, 0)),
    "e": _count(lambda screen, n: screen._move(n, 0)),
    "C": _count(lambda screen, n: screen._move(0, n)),
    "a": _count(lambda screen, n: screen._move(0, n)),
    "D": _count(lambda screen, n: screen._move(0, -n)),
    "E": _count(lambda screen, n: screen._move_lines(n)),
    "F": _count(lambda screen, n: screen._move_lines(-n)),
    "G": _count(lambda screen, n: screen._set_column(n)),
    "`": _count(lambda screen, n: screen._set_column(n)),
    "d": _count(lambda screen, n: screen._set_row(n)),
    "H": _go,
    "f": _go,
    "J": _kind(lambda screen, n: screen._erase_screen(n)),
    "K": _kind(lambda screen, n: screen._erase_line(n)),
    "X": _count(lambda screen, n: screen._erase_characters(n)),
    "@": _count(lambda screen, n: screen._insert_characters(n)),
    "P": _count(lambda screen, n: screen._delete_characters(n)),
    "L": _count(lambda screen, n: screen._insert_lines(n)),
    "M": _count(lambda screen, n: screen._delete_lines(n)),
    "s": lambda screen, *_: screen._save(),
    "u": lambda screen, *_: screen._restore(),
}
