"""Parameter types for times, ranges of commands and time-outs, and options that commands share."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])

_AGO = re.compile(r"(\d{1,6})\s*(s|min|m|h|d|w)")
_UNITS = {"s": "seconds", "m": "minutes", "min": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_DAYS = {"today": 0, "yesterday": 1}
_RANGE = re.compile(r"(\d{1,15})(?:\.\.(\d{1,15}))?")

#: For more commands, a page of the history is more useful.
LONGEST_RANGE = 500


class Moment(click.ParamType):  # type: ignore[type-arg]  # generic only in newer versions
    """A date, a date with a time, ``2h`` for two hours ago, ``today`` or ``yesterday``.

    Values without a time zone are local.
    """

    name = "when"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        """Parse a point in time."""
        if isinstance(value, datetime):
            return value
        text = str(value).strip().lower()
        now = datetime.now().astimezone()
        try:
            ago = _AGO.fullmatch(text)
            if ago:
                return now - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
            if text in _DAYS:
                day = now.date() - timedelta(days=_DAYS[text])
                return datetime.combine(day, datetime.min.time()).astimezone()
            return datetime.fromisoformat(text.upper()).astimezone()
        except (ValueError, OverflowError):
            self.fail(
                f"{value!r} is not a valid date or time. Write 2026-11-20, "
                "2026-11-20T14:30, 2h, 3d, today or yesterday.",
                param,
                ctx,
            )


#: The confirmation option of each command that asks first.
yes_option = click.option("--yes", is_flag=True, help="Do not ask for confirmation.")

#: The option of lists of commands that includes those which most people don't look for.
all_option = click.option(
    "--all", "managing", is_flag=True, help="Include commands that only manage sessions."
)

#: The option of each list that goes on where a page ended.
after_option = click.option(
    "--after", metavar="NEXT", help="List the page after the one whose `next` this is."
)


def limit_option(default: int) -> Callable[[Command], Command]:
    """Return the option that limits how many entries a page of a list has."""
    return click.option(
        "-n",
        "limit",
        metavar="N",
        type=click.IntRange(1, 500),
        default=default,
        help="List at most N entries.",
    )


class Numbers(click.ParamType):  # type: ignore[type-arg]  # generic only in newer versions
    """One command, ``N``, or several, ``N..M``."""

    name = "N|N..M"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> range:
        """Parse the number of one command, or a range."""
        if isinstance(value, range):
            return value
        found = _RANGE.fullmatch(str(value).strip())
        if not found:
            self.fail(
                f"{value!r} is not a valid command number or range. Write a number "
                "such as 5, or a range such as 3..7.",
                param,
                ctx,
            )
        first = int(found[1])
        last = int(found[2] or first)
        if not 1 <= first <= last:
            self.fail(
                f"{value!r} is an empty range: it must go upwards, and command numbers start at 1.",
                param,
                ctx,
            )
        if last - first >= LONGEST_RANGE:
            self.fail(
                f"{value!r} is too long: at most {LONGEST_RANGE} commands at once.", param, ctx
            )
        return range(first, last + 1)


class Minutes(click.ParamType):  # type: ignore[type-arg]  # generic only in newer versions
    """A time-out: minutes, ``2h``, ``7d``, or ``none``."""

    name = "min"
    forms = "minutes, 2h, 7d or none"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> int | None:
        """Parse a time-out in minutes."""
        text = str(value).strip().lower()
        if text == "none":
            return None
        found = re.fullmatch(r"(\d{1,9})\s*(min|m|h|d|w)?", text)
        if not found or not int(found[1]):
            self.fail(f"{value!r} is not a valid time-out. Write {self.forms}.", param, ctx)
        length = timedelta(**{_UNITS[found[2] or "min"]: int(found[1])})
        return int(length.total_seconds()) // 60


class IdleMinutes(Minutes):
    """The idle time-out of a login, which can't be ``none``."""

    forms = "minutes, at least 1, or 2h, 7d"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> int | None:
        """Parse a time-out in minutes."""
        minutes = super().convert(value, param, ctx)
        if minutes is None:
            self.fail("A login always has an idle time-out. Write 30, 2h or 7d.", param, ctx)
        return minutes
