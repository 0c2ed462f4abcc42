"""Results of commands: the API's answer, and the blocks to show, as data.

A command composes its result of blocks, which `text` renders for a terminal and `html` for a
notebook. A new command adds columns, never a renderer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

from jupyter_sessions import schemas
from jupyter_sessions.errors import SessionsError


class Form(Enum):
    """How the values of a column are formatted."""

    TEXT = auto()
    SOURCE = auto()
    NUMBER = auto()
    MOMENT = auto()
    INSTANT = auto()
    SECONDS = auto()
    MINUTES = auto()
    SIZE = auto()
    STATUS = auto()
    NAMES = auto()
    ROLES = auto()
    LINK = auto()


@dataclass(frozen=True)
class Column:
    """One column of a table, or one line of a card.

    Attributes
    ----------
    title
        The heading of the column.
    value
        Returns the value of an item; None is shown as empty.
    form
        How the value is formatted.
    gives_way
        Whether it may be cut if a terminal is too narrow for the whole table.
    optional
        Whether the column is omitted from a table if it has no values.
    """

    title: str
    value: Callable[[Any], Any]
    form: Form = Form.TEXT
    gives_way: bool = False
    optional: bool = False


@dataclass(frozen=True)
class Table:
    """Items in columns; `empty` is shown if there are none."""

    columns: Sequence[Column]
    items: Sequence[Any]
    empty: str

    @property
    def visible_columns(self) -> list[Column]:
        """The columns that have a value."""
        return [
            column
            for column in self.columns
            if not column.optional or any(column.value(item) is not None for item in self.items)
        ]


@dataclass(frozen=True)
class Card:
    """The details of one item; lines without a value are omitted."""

    title: str
    columns: Sequence[Column]
    item: Any


class Tone(Enum):
    """The tone of a line."""

    PLAIN = auto()
    DONE = auto()
    WARNING = auto()


@dataclass(frozen=True)
class Line:
    """A line of text; URLs in it become links where links are possible."""

    text: str
    tone: Tone = Tone.PLAIN
    link: str | None = None


@dataclass(frozen=True)
class Request:
    """A command's source, below a line with its user and time."""

    command: schemas.Command


@dataclass(frozen=True)
class Outputs:
    """A command's original outputs.

    Attributes
    ----------
    command
        The command.
    own
        Whether the viewer ran it.
    brief
        Whether to show only the last line of a traceback.
    """

    command: schemas.Command
    own: bool
    brief: bool = False


@dataclass(frozen=True)
class Code:
    """Text with significant white space."""

    text: str


Block = Table | Card | Line | Request | Outputs | Code


@dataclass(frozen=True)
class Result:
    """The result of a command.

    Attributes
    ----------
    answer
        The API object that ``--json`` prints.
    blocks
        The blocks that are shown otherwise.
    exit_code
        The exit code of the program in a shell.
    aside
        Lines for the user only: on stderr, where standard output is for programs.
    afterwards
        Called after the result has been shown.
    """

    answer: Any
    blocks: Sequence[Block] = field(default_factory=tuple)
    exit_code: int = 0
    aside: Sequence[Line] = ()
    afterwards: Callable[[], None] | None = None

    def to_json(self) -> str:
        """Return the answer as JSON, indented unless it gets too large."""
        import msgspec

        from jupyter_sessions.formatting import format_json

        return format_json(msgspec.json.encode(self.answer)).decode()


def trouble(error: SessionsError) -> Line:
    """Describe an error that does not end the command: what happened, and what to do next."""
    return Line(f"{error.message} {error.hint}", Tone.WARNING)


def done(answer: Any, text: str) -> Result:
    """Return the one-line result of an action."""
    return Result(answer, (Line(text, Tone.DONE),))
