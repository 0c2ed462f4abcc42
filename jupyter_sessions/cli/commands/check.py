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
    "--rate",
    metavar="MB",
    type=click.FloatRange(min=0.1),
    help="Read at most this many MB a second; by default without a limit.",
)
def check(work: Invocation, rate: float | None) -> Result:
    """Verify everything that is stored: the database, published files and outputs.

    A server also does this itself, once a day by default. Its health page shows the result.
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
    return Result(answer, (Line(f"Checked {checked}: nothing is damaged.", Tone.DONE),))


COMMANDS = table(check)
