"""Commands for the user's own account: password and second factor."""

from __future__ import annotations

import click

from jupyter_sessions import api, errors, schemas
from jupyter_sessions.cli.command import Invocation, command, table
from jupyter_sessions.cli.confirmation import with_code
from jupyter_sessions.cli.results import Line, Result, Tone, done
from jupyter_sessions.formatting import format_minute

#: The rules for new passwords, shown before asking for one.
RULES = (
    "A password needs at least 8 characters of any kind. Common passwords are "
    "refused, and so is the user name with digits or symbols."
)
_code = click.option(
    "--code", metavar="CODE", help="Use this code of your second factor, if you have one."
)
_HINT = "In a shell, --password-stdin reads it from a pipe."


def show_password_rules(work: Invocation) -> None:
    """Show the rules for new passwords; call it before asking for one."""
    work.frontend.show(Result(None, aside=(Line(RULES),)))


def ask_new_password(work: Invocation, name: str) -> str:
    """Ask for a new password twice, after showing the rules.

    Raises
    ------
    BadRequest
        When the two differ, or nobody can be asked.
    """
    show_password_rules(work)
    password = work.frontend.ask_password(f"New password of {name}: ", otherwise=_HINT)
    if work.frontend.ask_password("Repeat password: ", otherwise=_HINT) != password:
        raise errors.BadRequest("The two passwords differ.", hint="Nothing was changed. Try again.")
    return password


@command("password", "password --password-stdin", session=False)
@click.option(
    "--password-stdin",
    is_flag=True,
    help="Read the current password from the first line of the standard input, and "
    "the new one from the second.",
)
@_code
def password(work: Invocation, password_stdin: bool, code: str | None) -> Result:
    """Change your password. Your other logins end.

    It asks for the current password first. The cell is not recorded.
    """
    me = work.call(api.WHO_AM_I, schemas.Nothing())
    if password_stdin:
        current, new = work.frontend.read_password(), work.frontend.read_password()
    else:
        current = work.frontend.ask_password(f"Current password of {me.name}: ", otherwise=_HINT)
        new = ask_new_password(work, me.name)

    def change(code: str) -> schemas.PasswordChanged:
        request = schemas.ChangePassword(current=current, password=new, code=code)
        return work.call(api.CHANGE_PASSWORD, request)

    answer = with_code(work.frontend, code or "", change)
    logins = "1 other login" if answer.ended == 1 else f"{answer.ended} other logins"
    ended = f" {logins} ended." if answer.ended else ""
    return Result(answer, (Line(f"Your password was changed.{ended}", Tone.DONE),))


def _present_password(work: Invocation, password_stdin: bool) -> str:
    if password_stdin:
        return work.frontend.read_password()
    name = work.call(api.WHO_AM_I, schemas.Nothing()).name
    return work.frontend.ask_password(f"Current password of {name}: ", otherwise=_HINT)


_present_stdin = click.option(
    "--password-stdin", is_flag=True, help="Read the password from the standard input."
)
_end_logins = click.option("--end-logins", is_flag=True, help="End your other logins too.")


@command("second-factor show", session=False)
def show(work: Invocation) -> Result:
    """Show whether your account has a second factor."""
    answer = work.call(api.SHOW_SECOND_FACTOR, schemas.Nothing())
    if answer.enabled is None:
        said = "Your account has no second factor."
    else:
        said = (
            f"Your account has a second factor since {format_minute(answer.enabled)}; "
            f"{answer.recovery_codes} recovery codes are left."
        )
    return Result(answer, (Line(said),))


@command("second-factor on", "second-factor on --end-logins", session=False)
@_present_stdin
@_end_logins
def on(work: Invocation, password_stdin: bool, end_logins: bool) -> Result:
    """Set up a second factor, so that each login also needs a code from an authenticator app.

    It shows a QR code and the secret for the app, and asks for a first code. Then it prints
    recovery codes for when you lose the app; keep them somewhere else.
    """
    password = _present_password(work, password_stdin)
    made = work.call(api.SET_UP_SECOND_FACTOR, schemas.SetUpSecondFactor(password=password))
    shown = [
        Line("Scan this code with your authenticator app, or type the secret:"),
        Line(made.secret),
        Line(made.uri),
    ]
    if work.frontend.terminal:
        shown = [Line(line) for line in _qr(made.uri)] + shown
    work.frontend.show(Result(None, aside=tuple(shown)))
    code = work.frontend.ask_password("Code that the app shows: ", otherwise=_HINT)
    request = schemas.ConfirmSecondFactor(code=code, end_logins=end_logins)
    answer = work.call(api.CONFIRM_SECOND_FACTOR, request)
    said = (
        "Your second factor is on. Each of these recovery codes lets you log in once "
        "without the app. They are not shown again:"
    )
    return Result(answer, (Line(said, Tone.DONE), *map(Line, answer.codes)))


def _qr(uri: str) -> list[str]:
    """Draw a QR code with two modules in each character, light on a dark terminal."""
    import segno

    rows = [list(row) for row in segno.make(uri, micro=False).matrix_iter(border=2)]
    if len(rows) % 2:
        rows.append([0] * len(rows[0]))
    light = {(0, 0): "█", (0, 1): "▀", (1, 0): "▄", (1, 1): " "}
    return [
        "".join(light[bool(upper), bool(lower)] for upper, lower in zip(*pair, strict=True))
        for pair in zip(rows[::2], rows[1::2], strict=True)
    ]


@command("second-factor off", "second-factor off --code 123456", session=False)
@_present_stdin
@_code
@_end_logins
def off(work: Invocation, password_stdin: bool, code: str | None, end_logins: bool) -> Result:
    """Turn off your second factor. It asks for both factors first."""
    password = _present_password(work, password_stdin)

    def remove(code: str) -> schemas.Done:
        request = schemas.RemoveSecondFactor(password=password, code=code, end_logins=end_logins)
        return work.call(api.REMOVE_SECOND_FACTOR, request)

    return done(with_code(work.frontend, code or "", remove), "Your second factor is off.")


second_factor = click.Group(
    "second-factor",
    help="Manage the second factor of your own account.",
    commands=table(show, on, off),
)

COMMANDS = {**table(password), "second-factor": second_factor}
