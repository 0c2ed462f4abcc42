"""How long a login lives: its idle time-out, and keeping it alive."""

from __future__ import annotations

import click

from jupyter_sessions import api, errors, schemas
from jupyter_sessions.cli.command import Work, command, table
from jupyter_sessions.cli.parameters import IdleMinutes
from jupyter_sessions.cli.results import Line, Result, Tone
from jupyter_sessions.cli.values import minutes, moment


@command("timeout", "timeout 90", "timeout 7d", session=False)
@click.argument("time", type=IdleMinutes(), required=False, metavar="[MIN]")
def timeout(work: Work, time: int | None) -> Result:
    """Show or set for how many minutes the current login lives unused.

    The server may allow less than asked for, and says so. To look resets no clock.
    """
    if time is None:
        shown = work.transport.call(api.CHECK_LOGIN, schemas.Nothing())
        return Result({"login": shown, "clamped": False}, (Line(_said(shown)),))
    timed = work.transport.call(api.TIME_LOGIN, schemas.TimeLogin(idle_timeout=time))
    lines = [Line(_said(timed.login), Tone.DONE)]
    if timed.clamped:
        said = f"You asked for {minutes(time)}; this is the most that the server allows."
        lines.append(Line(said, Tone.WARNING))
    return Result(timed, lines)


def _said(login: schemas.Login) -> str:
    if login.idle_timeout is None:
        return "There is no login here that could run out: you are known without a key."
    end = f", and in any case on {moment(login.expires)}" if login.expires else ""
    return f"This login ends when it is not used for {minutes(login.idle_timeout)}{end}."


@command("keepalive", "keepalive -f 300", session=False)
@click.option(
    "-f",
    "--every",
    type=click.FloatRange(min=1),
    default=60.0,
    show_default=True,
    metavar="SEC",
    help="Seconds between two times.",
)
@click.option("--stop", is_flag=True, help="In a notebook: end it.")
def keepalive(work: Work, every: float, stop: bool) -> Result:
    """Keep the current login alive: until Ctrl-C in a shell, while the kernel lives in a notebook.

    In a notebook a process of its own does it, which no computation holds up.
    """
    from jupyter_sessions.client.transports import resolve

    if stop:
        return Result({"kept_alive": False}, work.front.stop_keeping_alive())
    login = resolve.login_for(work.server)
    if login is None:
        raise errors.NoLogin(
            "There is no current login to keep alive.",
            hint=f"Log in: {work.front.prefix} login USER@SERVER",
        )
    lines = work.front.keep_alive(login, every)
    goes_on = work.front.place == "kernel"
    return Result({"kept_alive": goes_on, "id": login.id, "every": every}, lines)


COMMANDS = table(timeout, keepalive)
