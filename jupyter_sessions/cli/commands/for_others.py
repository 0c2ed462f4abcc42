"""Logins for other people: an administrator, or a group's owner, makes and ends them."""

from __future__ import annotations

import click

from jupyter_sessions import api, schemas
from jupyter_sessions.cli.command import Work, command, table
from jupyter_sessions.cli.parameters import IdleMinutes
from jupyter_sessions.cli.results import Line, Result, Tone
from jupyter_sessions.cli.values import minutes, moment, one_line


@command("login-for bar", "login-for bar --group optics --timeout 60", session=False)
@click.argument("user")
@click.option("--group", metavar="GROUP", help="The group that sessions are made in.")
@click.option("--timeout", type=IdleMinutes(), help="The idle time-out, in minutes.")
def login_for(work: Work, user: str, group: str | None, timeout: int | None) -> Result:
    """Make a login for someone, and print its key alone: `login -k KEY` takes it up.

    For administrators, and for owners of a group that the other is in. All that is done with it
    names both. The cell that it is typed in is not recorded.
    """
    request = schemas.OpenLogin(user=user, group=group, idle_timeout=timeout)
    made = work.call(api.OPEN_LOGIN, request)
    login = made.login
    prefix = work.front.prefix
    said = [f"Login {login.id} of {one_line(login.user)}; `{prefix} end-login {login.id}` ends it."]
    if login.idle_timeout is not None:
        limit = ", the most that the server allows" if made.clamped else ""
        said.append(f"It ends when not used for {minutes(login.idle_timeout)}{limit}.")
    if login.expires is not None:
        said.append(f"In any case it ends on {moment(login.expires)}.")
    tone = Tone.WARNING if made.clamped else Tone.PLAIN
    return Result(made, (Line(made.key),), aside=(Line(" ".join(said), tone),))


@command("end-login 12", session=False)
@click.argument("number", type=click.IntRange(1, 2**53), metavar="ID")
def end_login(work: Work, number: int) -> Result:
    """End a login by the number that `login-for` said: one's own, or one made for someone else."""
    login = work.call(api.CLOSE_LOGIN, schemas.LoginNamed(id=number))
    return Result(login, (Line(f"Login {number} of {one_line(login.user)} has ended.", Tone.DONE),))


COMMANDS = table(login_for, end_login)
