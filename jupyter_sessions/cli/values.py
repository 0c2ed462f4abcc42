"""Format values as one line of a table or card, and make the text of others safe to print."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from jupyter_sessions.cli.results import Column, Form
from jupyter_sessions.escape_sequences import SEQUENCE
from jupyter_sessions.formatting import (
    format_duration,
    format_minute,
    format_roles,
    format_second,
    format_size,
    format_timeout,
    format_zone,
)

_COLOUR_CHARACTERS = set("0123456789;:")
_INVISIBLE = {"Cc", "Cf", "Cs", "Zl", "Zp"}
# They occur inside of words and emoji, and can't reorder text.
_JOINERS = {"\u200c", "\u200d"}


def one_line(text: str) -> str:
    """Return a text as one line, with control and invisible characters made visible."""
    return "".join(_escape(character) for character in text.rstrip())


def printable(text: str) -> str:
    """Return a text with its lines and colours, but without other terminal control sequences.

    A command's output may come from another user: it may set colours, but not move the cursor, set
    the window's title or access the clipboard.
    """
    lines = text.replace("\r\n", "\n").split("\n")
    return "\n".join(_coloured(line.rstrip("\r").rpartition("\r")[2]) for line in lines)


def _coloured(line: str) -> str:
    kept: list[str] = []
    start = 0
    for match in SEQUENCE.finditer(line):
        kept += map(_escape_text, line[start : match.start()])
        if match[3] == "m" and not match[2] and _COLOUR_CHARACTERS.issuperset(match[1]):
            kept.append(match[0])
        start = match.end()
    return "".join([*kept, *map(_escape_text, line[start:])])


def _escape_text(character: str) -> str:
    return character if character == "\t" else _escape(character)


def _escape(character: str) -> str:
    if character == "\n":
        return "⏎"
    if unicodedata.category(character) not in _INVISIBLE or character in _JOINERS:
        return character
    if character == "\t":
        return " "
    return chr(0x2400 + ord(character)) if ord(character) < 0x20 else "\ufffd"


def written(value: Any, form: Form) -> str:
    """Format a value in one line; None is empty."""
    if value is None:
        return ""
    writer = _WRITERS.get(form)
    return writer(value) if writer is not None else one_line(str(value))


def begun(text: str) -> str:
    """Return the first non-blank line of a text, with a … if there is more."""
    first, _, rest = text.strip().partition("\n")
    return f"{one_line(first)} …" if rest else one_line(first)


def timed(columns: Sequence[Column], items: Sequence[Any]) -> list[Column]:
    """Add the time zone to the heading of the first column with times."""
    times = [each for each in columns if each.form in {Form.MOMENT, Form.INSTANT}]
    values = [each.value(item) for each in times for item in items]
    told = [value for value in values if value is not None]
    if not told:
        return list(columns)
    first = next(each for each in times if any(each.value(item) is not None for item in items))
    titled = replace(first, title=f"{first.title} ({format_zone(told)})")
    return [titled if each is first else each for each in columns]


_WRITERS: dict[Form, Callable[[Any], str]] = {
    Form.MOMENT: format_minute,
    Form.INSTANT: format_second,
    Form.SOURCE: begun,
    Form.SECONDS: format_duration,
    Form.MINUTES: format_timeout,
    Form.SIZE: format_size,
    Form.NAMES: lambda names: one_line(", ".join(names)),
    Form.ROLES: lambda roles: one_line(format_roles(roles, none="")),
    Form.NUMBER: lambda number: f"{number}",
}
