"""Who is connected."""

from __future__ import annotations

import click

from jupyter_sessions import api, schemas
from jupyter_sessions.cli.command import Work, command, table
from jupyter_sessions.cli.rendering import columns
from jupyter_sessions.cli.results import Line, Result, Table


@command("who", "who -S 1234567890123456789012", "who -S", session=False)
@click.option(
    "-S",
    "--session",
    "named",
    is_flag=False,
    flag_value="",
    metavar="[CODE|URL]",
    help="In that session; without a code, in the current one.",
)
def who(work: Work, named: str | None) -> Result:
    """Tell who is connected: at all, or in a session. (*) marks what is mine.

    A page, a kernel or a program counts as long as it has a session open, a login without one for
    an hour after its last use. Administrators see everyone, others themselves and those who are in
    their sessions.
    """
    if named is None:
        answer = work.call(api.WHO, schemas.Nothing())
        empty = "Nobody is connected."
    else:
        if named:
            work.name_session(named)
        answer = work.call(api.LIST_PRESENCE, schemas.SessionNamed(code=work.code))
        empty = "Nobody has the session open."
    users = len({one.user for one in answer.here})
    counted = f"{len(answer.here)} connected, {users} {'user' if users == 1 else 'users'}"
    more = " at least" if answer.more else ""
    lines = (Line(f"{counted}{more}"),) if answer.here else ()
    return Result(answer, (Table(columns.PRESENCE, answer.here, empty), *lines))


COMMANDS = table(who)
