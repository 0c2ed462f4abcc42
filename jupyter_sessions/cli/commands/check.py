"""Verify the stored data."""

from __future__ import annotations

import time

import click

from jupyter_sessions import api, errors, schemas
from jupyter_sessions.cli.command import Invocation, command, table
from jupyter_sessions.cli.results import Line, Result, Tone

_MAX_LISTED = 50


@command("check", "check --rate 20", session=False)
@click.option(
    "--rate", type=click.FloatRange(min=0.1), help="MB a second to read at most; all by default."
)
def check(work: Invocation, rate: float | None) -> Result:
    """Verify all that is stored: the database, published files and outputs.

    A server does so by itself, once a day if not configured otherwise, and its health page tells
    how that went.
    """
    checked = size = 0
    problems: list[str] = []
    after: str | None = ""
    while after is not None:
        found = work.call(api.CHECK_STORE, schemas.CheckStore(after=after))
        checked, size, after = checked + found.checked, size + found.size, found.next
        problems += found.problems
        if rate is not None:
            time.sleep(found.size / (rate * 1e6))
    if problems:
        more = f" And {len(problems) - _MAX_LISTED} more." if len(problems) > _MAX_LISTED else ""
        raise errors.ContentDamaged(
            f"{len(problems)} of {checked} are damaged or missing. "
            + " ".join(problems[:_MAX_LISTED])
            + more,
            hint="Restore them from a backup, or publish the files again.",
        )
    answer = schemas.StoreCheck(checked=checked, size=size, problems=[], next=None)
    return Result(answer, (Line(f"All is sound: {checked} checked.", Tone.DONE),))


COMMANDS = table(check)
