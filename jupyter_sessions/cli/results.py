"""What a command gives: the API's answer, and what of it to show, as data.

A command says which blocks its result is made of; `text` draws blocks for a terminal and `html`
for a notebook. A new command brings columns, never a renderer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

from jupyter_sessions import schemas
from jupyter_sessions.errors import SessionsError


class Form(Enum):
    """How the values of a column are written."""

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
        What stands above it.
    value
        Takes the value out of an item; None is shown as nothing.
    form
        How it is written.
    gives_way
        Whether it is cut where a terminal is too narrow for the whole table.
    optional
        Whether a table has no such column when there is nothing to stand in it.
    """

    title: str
    value: Callable[[Any], Any]
    form: Form = Form.TEXT
    gives_way: bool = False
    optional: bool = False


@dataclass(frozen=True)
class Table:
    """Items under columns; `empty` is said where there are none."""

    columns: Sequence[Column]
    items: Sequence[Any]
    empty: str

    @property
    def shown(self) -> list[Column]:
        """The columns that have something to say."""
        return [
            column
            for column in self.columns
            if not column.optional or any(column.value(item) is not None for item in self.items)
        ]


@dataclass(frozen=True)
class Card:
    """All that is known of one item; lines without a value are left out."""

    title: str
    columns: Sequence[Column]
    item: Any


class Tone(Enum):
    """How a line is meant."""

    PLAIN = auto()
    DONE = auto()
    WARNING = auto()


@dataclass(frozen=True)
class Line:
    """Something said in words; an address in it becomes a link where there are links."""

    text: str
    tone: Tone = Tone.PLAIN
    link: str | None = None


@dataclass(frozen=True)
class Request:
    """A command's source, under a line that says who ran it and when."""

    command: schemas.Command


@dataclass(frozen=True)
class Outputs:
    """A command's outputs as they were; `own` where the one who looks ran it."""

    command: schemas.Command
    own: bool


@dataclass(frozen=True)
class Code:
    """Text in which each character counts."""

    text: str


Block = Table | Card | Line | Request | Outputs | Code


@dataclass(frozen=True)
class Result:
    """What a command gives.

    Attributes
    ----------
    answer
        What ``--json`` prints: the API's own shape.
    blocks
        What is shown otherwise.
    exit_code
        What a shell's program ends with.
    aside
        What people are told besides: on stderr, where the rest is for a program.
    afterwards
        What is still to be done once it is shown.
    """

    answer: Any
    blocks: Sequence[Block] = field(default_factory=tuple)
    exit_code: int = 0
    aside: Sequence[Line] = ()
    afterwards: Callable[[], None] | None = None

    def to_json(self) -> str:
        """Return the answer as JSON, indented if it stays of a bounded size."""
        import msgspec

        from jupyter_sessions.formatting import format_json

        return format_json(msgspec.json.encode(self.answer)).decode()


def trouble(error: SessionsError) -> Line:
    """Tell of an error that does not end the command: what happened, and what to do next."""
    return Line(f"{error.message} {error.hint}", Tone.WARNING)


def done(answer: Any, text: str) -> Result:
    """Make the result of something that was done, in one line."""
    return Result(answer, (Line(text, Tone.DONE),))
