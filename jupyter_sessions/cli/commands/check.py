"""Verify the stored data."""

from __future__ import annotations

import time

import click

from jupyter_sessions import api, errors, schemas
from jupyter_sessions.cli.command import Invocation, command, table
from jupyter_sessions.cli.results import Line, Result, Tone
from jupyter_sessions.formatting import format_age

_MAX_LISTED = 50


@command("check", "check --rate 20", "check --last", session=False)
@click.option(
    "--rate",
    metavar="MB",
    type=click.FloatRange(min=0.1),
    help="Read at most this many MB a second; by default without a limit.",
)
@click.option("--last", is_flag=True, help="Show what is known to be damaged, without a check.")
def check(work: Invocation, rate: float | None, last: bool) -> Result:
    """Verify everything that is stored: the database, published files and outputs.

    A server also does this itself, once a day by default. Its health page shows the result of the
    last check, by the server or by a person, and how much is known to be damaged.
    """
    if last:
        return _show_last(work)
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
        damaged = len(problems)
        raise _report(f"{damaged} of {checked} are damaged or missing.", problems, damaged)
    answer = schemas.StoreCheck(checked=checked, size=size, problems=[], next=None)
    return Result(answer, (Line(f"Checked {checked}: nothing is damaged.", Tone.DONE),))


def _show_last(work: Invocation) -> Result:
    known = work.call(api.LIST_DAMAGE, schemas.Nothing())
    when = "Nothing was checked yet."
    if known.checked is not None:
        when = f"Last checked {format_age(known.checked)}."
    if known.damaged:
        problems = [item.problem for item in known.items]
        raise _report(f"{when} {known.damaged} are damaged or missing.", problems, known.damaged)
    return Result(known, (Line(f"{when} Nothing is known to be damaged.", Tone.DONE),))


def _report(found: str, problems: list[str], damaged: int) -> errors.ContentDamaged:
    listed = problems[:_MAX_LISTED]
    more = [f"And {damaged - len(listed)} more."] if damaged > len(listed) else []
    return errors.ContentDamaged(
        " ".join([found, *listed, *more]),
        hint="Restore them from a backup, or publish the files again.",
    )


COMMANDS = table(check)
