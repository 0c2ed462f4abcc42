"""Render results for a terminal: aligned tables, cards, and commands with their outputs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import click
import msgspec

from jupyter_sessions import schemas
from jupyter_sessions.cli.results import (
    Block,
    Card,
    Code,
    Column,
    Form,
    Line,
    Outputs,
    Request,
    Result,
    Table,
    Tone,
)
from jupyter_sessions.cli.values import one_line, printable, timed, written
from jupyter_sessions.escape_sequences import remove_sequences
from jupyter_sessions.formatting import format_duration, format_second, format_size, format_zone

_RIGHT = {Form.NUMBER, Form.SECONDS, Form.SIZE}
_GAP = 2
_NARROWEST = 12
#: Longer source, or source with more consecutive blank lines, is not highlighted.
_LONGEST_HIGHLIGHTED, _BLANK_LINES = 60_000, 1_000
_COLOURS = {
    "completed": "green",
    "active": "green",
    "error": "red",
    "removed": "red",
    "running": "yellow",
    "disabled": "yellow",
    "aborted": "magenta",
    "closed": "blue",
}
_TONES = {Tone.DONE: "green", Tone.WARNING: "yellow"}

Paint = Callable[..., str]


def render(result: Result, *, width: int, colour: bool) -> str:
    """Render a result.

    Parameters
    ----------
    result
        The result of a command.
    width
        Width of the terminal in columns; tables are cut to it if possible.
    colour
        Whether to use ANSI colours.
    """
    paint: Paint = click.style if colour else _unpainted
    return "\n".join(_drawn(block, width, paint) for block in result.blocks)


def _unpainted(text: str, **_style: Any) -> str:
    return text


def _printable(text: str, paint: Paint) -> str:
    """Return recorded text; its own colours stay only where colours are wanted."""
    shown = printable(text)
    return remove_sequences(shown) if paint is _unpainted else shown


def summarize_error(output: schemas.ErrorOutput, number: int) -> list[str]:
    """Return an error in two lines: what happened, and how to see the traceback."""
    said = one_line(f"{output.ename}: {output.evalue}")
    return [said, *([f"(For the traceback, type view {number}.)"] if output.traceback else [])]


def _drawn(block: Block, width: int, paint: Paint) -> str:
    match block:
        case Table():
            return _table(block, width, paint)
        case Card():
            return _card(block, paint)
        case Line():
            link = f"\n  {block.link}" if block.link else ""
            return paint(block.text, fg=_TONES.get(block.tone)) + link
        case Request():
            return _request(block.command, paint)
        case Code():
            return _printable(block.text, paint)
        case Outputs():
            return "\n".join(_outputs(block, paint))


def _table(table: Table, width: int, paint: Paint) -> str:
    if not table.items:
        return table.empty
    columns = timed(table.visible_columns, table.items)
    rows = [
        [written(column.value(item), column.form) for column in columns] for item in table.items
    ]
    widths = _fitting(columns, rows, width)
    heads = [column.title for column in columns]
    lines = [_row(heads, columns, widths), _row(["-" * each for each in widths], columns, widths)]
    return "\n".join([*lines, *(_row(row, columns, widths, paint) for row in rows)])


def _row(
    cells: Sequence[str],
    columns: Sequence[Column],
    widths: Sequence[int],
    paint: Paint = _unpainted,
) -> str:
    placed = []
    for cell, column, width in zip(cells, columns, widths, strict=True):
        text = _cut(cell, width)
        margin = " " * (width - _width(text))
        shown = _painted(text, column, paint)
        placed.append(margin + shown if column.form in _RIGHT else shown + margin)
    return (" " * _GAP).join(placed).rstrip()


def _painted(cell: str, column: Column, paint: Paint) -> str:
    return paint(cell, fg=_COLOURS.get(cell)) if column.form is Form.STATUS else cell


def _fitting(columns: Sequence[Column], rows: list[list[str]], width: int) -> list[int]:
    widths = [
        max(_width(column.title), *(_width(row[place]) for row in rows))
        for place, column in enumerate(columns)
    ]
    giving = sorted(
        (place for place, column in enumerate(columns) if column.gives_way),
        key=lambda place: widths[place],
    )
    left = width - _GAP * (len(columns) - 1) - sum(widths) + sum(widths[p] for p in giving)
    for waiting, place in zip(range(len(giving), 0, -1), giving, strict=True):
        widths[place] = max(_NARROWEST, min(widths[place], left // waiting))
        left -= widths[place]
    return widths


def _width(text: str) -> int:
    if text.isascii():
        return len(text)
    from wcwidth import wcswidth

    return max(0, wcswidth(text))


def _cut(text: str, width: int) -> str:
    if _width(text) <= width:
        return text
    while text and _width(text) >= width:
        text = text[: min(len(text) - 1, width)]
    return text + "…"


def _card(card: Card, paint: Paint) -> str:
    lines = [paint(one_line(card.title), bold=True)] if card.title else []
    texts = [
        (column, written(column.value(card.item), column.form))
        for column in timed(card.columns, [card.item])
    ]
    margin = max(len(column.title) for column, text in texts if text) + _GAP
    lines += [
        f"{column.title:<{margin}}{_painted(text, column, paint)}" for column, text in texts if text
    ]
    return "\n".join(lines)


def _request(command: schemas.Command, paint: Paint) -> str:
    head = request_line(command.summary)
    if command.request is None:
        return f"{paint(head, bold=True)}\n(forgotten)"
    source = printable(command.request.source)
    if paint is click.style:
        source = _highlighted(source, command.request.language)
    return f"{paint(head, bold=True)}\n{source}"


def request_line(summary: schemas.CommandSummary) -> str:
    """Summarize a command in one line: number, user, start, duration and outcome."""
    took = "" if summary.duration is None else f", {format_duration(summary.duration)}"
    who = one_line(summary.user or schemas.UNKNOWN_USER)
    when = f"{format_second(summary.started)} {format_zone([summary.started])}"
    return f"[{summary.number}] {who}, {when}{took}, {summary.status}"


def _highlighted(source: str, language: str) -> str:
    # The highlighter's time grows with the square of such runs.
    if len(source) > _LONGEST_HIGHLIGHTED or "\n" * _BLANK_LINES in source:
        return source
    from pygments import highlight
    from pygments.formatters import TerminalFormatter
    from pygments.lexers import find_lexer_class_by_name
    from pygments.util import ClassNotFound

    try:
        lexer = find_lexer_class_by_name("ipython" if language == "python" else language)()
    except ClassNotFound:
        return source
    return str(highlight(source, lexer, TerminalFormatter())).rstrip("\n")


def _outputs(block: Outputs, paint: Paint) -> Iterator[str]:
    command = block.command
    for output in command.outputs:
        match output:
            case schemas.Stream(text=text):
                whole = text if isinstance(text, str) else "".join(text)
                yield _printable(whole, paint).removesuffix("\n")
            case schemas.ErrorOutput() if block.brief:
                first, *hints = summarize_error(output, command.summary.number)
                yield "\n".join([first, *(paint(hint, dim=True) for hint in hints)])
            case schemas.ErrorOutput(traceback=traceback, ename=name, evalue=value):
                yield _printable("\n".join(traceback) or f"{name}: {value}", paint)
            case schemas.DisplayData(data=data) | schemas.ExecuteResult(data=data):
                yield from _bundle(data, command.summary.number, paint)
    if command.response is not None and command.response.note:
        yield paint(one_line(command.response.note), fg="yellow")


def _bundle(data: schemas.MimeBundle, number: int, paint: Paint) -> Iterator[str]:
    plain = data.get("text/plain")
    if plain is not None:
        yield _printable(_joined(plain), paint)
    others = [
        f"{one_line(media)}, {format_size(_bytes(content))}"
        for media, content in data.items()
        if media != "text/plain"
    ]
    if others:
        yield paint(
            f"({'; '.join(others)}: to save it, type view {number} --save FOLDER)", dim=True
        )


def _joined(text: Any) -> str:
    """Return a text of nbformat as one string; an output may hold any JSON in its place."""
    if isinstance(text, str):
        return text
    try:
        return "".join(map(str, text)) if isinstance(text, list) else str(text)
    except RecursionError:
        return "(Too deeply nested to be shown.)"


def _bytes(content: Any) -> int:
    if isinstance(content, dict):
        return len(msgspec.json.encode(content))
    return len(_joined(content))
