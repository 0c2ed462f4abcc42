"""Run one command of the table, and convert all failures to our errors."""

from __future__ import annotations

import click

from jupyter_sessions import errors
from jupyter_sessions.cli.frontend import Frontend


def run(group: click.Group, typed: list[str], frontend: Frontend) -> int:
    """Run a command line, and return its exit code.

    Raises
    ------
    SessionsError
        When the command fails; wrong usage is a `BadRequest`.
    KeyboardInterrupt
        When the user interrupted the command.
    """
    try:
        code = group.main(typed, prog_name=frontend.prefix, standalone_mode=False, obj=frontend)
    except click.exceptions.NoArgsIsHelpError as error:  # a group of commands without a subcommand
        click.echo(error.format_message())
        return 0
    except click.ClickException as error:
        context = getattr(error, "ctx", None)
        path = context.command_path if context is not None else frontend.prefix
        raise errors.BadRequest(error.format_message(), hint=f"For help: {path} --help") from error
    except click.Abort as error:
        raise KeyboardInterrupt from error
    return code if isinstance(code, int) else 0
