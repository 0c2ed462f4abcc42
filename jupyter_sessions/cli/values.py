"""Format values as short text for terminals and notebooks."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from jupyter_sessions.cli.results import Column, Form
from jupyter_sessions.escape_sequences import SEQUENCE

_OF_COLOURS = set("0123456789;:")
_INVISIBLE = {"Cc", "Cf", "Cs", "Zl", "Zp"}
# They occur inside of words and emoji, and can't reorder text.
_JOINERS = {"\u200c", "\u200d"}


def one_line(text: str) -> str:
    """Return a text as one line, with control and invisible characters made visible."""
    return "".join(_shown(character) for character in text.rstrip())


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
        kept += map(_kept, line[start : match.start()])
        if match[3] == "m" and not match[2] and _OF_COLOURS.issuperset(match[1]):
            kept.append(match[0])
        start = match.end()
    return "".join([*kept, *map(_kept, line[start:])])


def _kept(character: str) -> str:
    return character if character == "\t" else _shown(character)


def _shown(character: str) -> str:
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


def moment(value: datetime) -> str:
    """Format a timestamp in the local time zone, to the minute."""
    return value.astimezone().strftime("%Y-%m-%d %H:%M")


def instant(value: datetime) -> str:
    """Format a timestamp in the local time zone, to the second."""
    return value.astimezone().strftime("%Y-%m-%d %H:%M:%S")


def zone(values: Iterable[datetime]) -> str:
    """Return the time zone of `moment`; around a change of daylight saving time it may be two."""
    zones = {value.astimezone().isoformat()[-6:] for value in values}
    if len(zones) != 1:
        return "local time"
    offset = zones.pop()
    return "UTC" if offset == "+00:00" else f"UTC{offset}"


def timed(columns: Sequence[Column], items: Sequence[Any]) -> list[Column]:
    """Add the time zone to the heading of the first column with times."""
    times = [each for each in columns if each.form in {Form.MOMENT, Form.INSTANT}]
    values = [each.value(item) for each in times for item in items]
    told = [value for value in values if value is not None]
    if not told:
        return list(columns)
    first = next(each for each in times if any(each.value(item) is not None for item in items))
    titled = replace(first, title=f"{first.title} ({zone(told)})")
    return [titled if each is first else each for each in columns]


def seconds(value: float) -> str:
    """Format a duration with a suitable precision."""
    if value < 1:
        return f"{value * 1000:.0f} ms"
    if value < 60:
        return f"{value:.1f} s"
    whole = round(value)
    hours, rest = divmod(whole, 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}" if hours else f"{rest // 60}:{rest % 60:02}"


def minutes(value: int) -> str:
    """Format a time-out."""
    days, rest = divmod(value, 1440)
    hours, left = divmod(rest, 60)
    parts = [f"{days} d" if days else "", f"{hours} h" if hours else "", f"{left} min" * bool(left)]
    return " ".join(part for part in parts if part)


def size(value: int) -> str:
    """Format a number of bytes in powers of 1000."""
    amount = float(value)
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 999.5:
            return (
                f"{amount:.0f} {unit}" if unit == "B" or amount >= 100 else f"{amount:.1f} {unit}"
            )
        amount /= 1000
    return f"{amount:.1f} TB"


def _telling(roles: list[str]) -> list[str]:
    # The other roles are implied.
    return next(([role] for role in ("owner", "admin") if role in roles), roles)


_WRITERS: dict[Form, Callable[[Any], str]] = {
    Form.MOMENT: moment,
    Form.INSTANT: instant,
    Form.SOURCE: begun,
    Form.SECONDS: seconds,
    Form.MINUTES: minutes,
    Form.SIZE: size,
    Form.NAMES: lambda names: one_line(", ".join(names)),
    Form.ROLES: lambda roles: one_line(", ".join(_telling(roles))),
    Form.NUMBER: lambda number: f"{number}",
}
