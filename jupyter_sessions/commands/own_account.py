"""The account of whoever asks: its password."""

from __future__ import annotations

import click

from jupyter_sessions import api, errors, model
from jupyter_sessions.commands.declare import Work, command, table
from jupyter_sessions.commands.results import Line, Result, Tone

#: What a new password is checked for, said before it is asked for.
RULES = (
    "A password has 8 characters or more, of any kind. Common passwords are refused, and those "
    "that are only your name with digits or signs."
)
_HINT = "In a shell, --password-stdin takes it from a pipe."


def say_password_rules(work: Work) -> None:
    """Say what a new password is checked for; call it before asking for one."""
    work.front.show(Result(None, aside=(Line(RULES),)))


def ask_new_password(work: Work, name: str) -> str:
    """Ask for a new password, twice, after saying the rules.

    Raises
    ------
    BadRequest
        When the two differ, or nobody can be asked.
    """
    say_password_rules(work)
    password = work.front.ask_password(f"New password of {name}: ", otherwise=_HINT)
    if work.front.ask_password("Once more: ", otherwise=_HINT) != password:
        raise errors.BadRequest("The two passwords differ.", hint="Try again; nothing is changed.")
    return password


@command("password", "password --password-stdin", session=False)
@click.option(
    "--password-stdin",
    is_flag=True,
    help="Read the present password from the first line of the standard input, the new one from "
    "the second.",
)
def password(work: Work, password_stdin: bool) -> Result:
    """Change your own password; your other logins end.

    Asks for the present password first. The cell that it is typed in is not recorded.
    """
    me = work.call(api.WHO_AM_I, model.Nothing())
    if password_stdin:
        current, new = work.front.read_password(), work.front.read_password()
    else:
        current = work.front.ask_password(f"Present password of {me.name}: ", otherwise=_HINT)
        new = ask_new_password(work, me.name)
    answer = work.call(api.CHANGE_PASSWORD, model.ChangePassword(current=current, password=new))
    logins = "1 other login" if answer.ended == 1 else f"{answer.ended} other logins"
    ended = f" {logins} ended." if answer.ended else ""
    return Result(answer, (Line(f"Your password is changed.{ended}", Tone.DONE),))


COMMANDS = table(password)
