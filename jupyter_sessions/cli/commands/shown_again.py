"""Commands whose outputs repeat those of others: they still show what others have forgotten."""

from __future__ import annotations

import re
from collections.abc import Iterator

from jupyter_sessions import api, schemas
from jupyter_sessions.cli.command import Work

# Those that name the commands they show, and those that show the last ones.
_NAMING = ("view", "replay", "load", "request", "response")
_LISTING = ("resume", "history", "search")
_SHOWING = re.compile(
    rf"^\s*%(?:session\s+(?P<name>{'|'.join((*_NAMING, *_LISTING))})|oph_resume)\b(?P<rest>.*)$",
    re.MULTILINE,
)
_NUMBERS = re.compile(r"(\d{1,15})(?:\.\.(\d{1,15}))?")


def showing(work: Work, numbers: range) -> list[int]:
    """Return the numbers of later commands that may have shown these commands once more."""
    searches = [*(f"session {name}" for name in (*_NAMING, *_LISTING)), "oph resume"]
    return sorted(
        {
            each.number
            for search in searches
            for each in _found(work, search, numbers.start)
            if _shows(each.source, numbers)
        }
        - set(numbers)
    )


def _found(work: Work, search: str, after: int) -> Iterator[schemas.CommandSummary]:
    cursor: str | None = f"{after}"
    while cursor is not None:
        page = work.call(
            api.LIST_COMMANDS,
            schemas.ListCommands(
                code=work.code, order="oldest", search=search, after=cursor, limit=500
            ),
        )
        yield from page.items
        cursor = page.next


def _shows(source: str, numbers: range) -> bool:
    for found in _SHOWING.finditer(source):
        named = [_NUMBERS.fullmatch(part) for part in found["rest"].split()]
        ranges = [range(int(n[1]), int(n[2] or n[1]) + 1) for n in named if n]
        if found["name"] not in _NAMING or not ranges:
            return True
        if any(shown.start < numbers.stop and numbers.start < shown.stop for shown in ranges):
            return True
    return False
