"""Running one command of the table, with all that can go wrong as one kind of error."""

from __future__ import annotations

import click

from jupyter_sessions import errors
from jupyter_sessions.cli.frontend import Frontend


def run(group: click.Group, typed: list[str], front: Frontend) -> int:
    """Run what was typed, and return the exit code that its result asks for.

    Raises
    ------
    SessionsError
        When it can't be done; what was typed wrongly is a `BadRequest`.
    KeyboardInterrupt
        When the user broke off.
    """
    try:
        code = group.main(typed, prog_name=front.prefix, standalone_mode=False, obj=front)
    except click.exceptions.NoArgsIsHelpError as error:  # a group of commands alone
        click.echo(error.format_message())
        return 0
    except click.ClickException as error:
        context = getattr(error, "ctx", None)
        path = context.command_path if context is not None else front.prefix
        raise errors.BadRequest(error.format_message(), hint=f"See {path} --help") from error
    except click.Abort as error:
        raise KeyboardInterrupt from error
    return code if isinstance(code, int) else 0
