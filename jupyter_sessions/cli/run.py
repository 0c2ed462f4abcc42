"""Run one command of the table, and convert all failures to our errors."""

from __future__ import annotations

import re

import click

from jupyter_sessions import errors
from jupyter_sessions.cli.frontend import Frontend

# Click's wording, and ours.
_OURS = (
    (re.compile(r"^No such option '?([^']+?)'?(?=\.)"), r"There is no option \1"),
    (re.compile(r"^No such command '([^']+)'"), r"There is no command '\1'"),
    (re.compile(r"^Option '([^']+)' requires an argument"), r"The option \1 needs a value"),
    (re.compile(r"^Option '([^']+)' does not take a value"), r"The option \1 takes no value"),
    (re.compile(r"^Got unexpected extra arguments? \((.*)\)"), r"Unexpected argument: \1"),
    (re.compile(r"is not a valid integer( range)?\b"), "is not a whole number"),
    (re.compile(r"is not a valid float( range)?\b"), "is not a number"),
    (re.compile(r"is not in the range (\S+)<=x<=(\S+)\.$"), r"is not a number from \1 to \2."),
    (re.compile(r"is not in the range x>=(\S+)\.$"), r"is less than \1."),
    (re.compile(r"is not in the range x<=(\S+)\.$"), r"is greater than \1."),
)


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
        if context is None and typed and not typed[0].startswith("-"):
            path += f" {typed[0]}"  # click does not say which command has the option
        raise errors.BadRequest(_describe(error), hint=f"For help: {path} --help") from error
    except click.Abort as error:
        raise KeyboardInterrupt from error
    return code if isinstance(code, int) else 0


def _describe(error: click.ClickException) -> str:
    """Return click's message as a sentence without its names of types."""
    said = " ".join(error.format_message().split())
    for pattern, ours in _OURS:
        said = pattern.sub(ours, said)
    return said if said.endswith((".", "?", "!", '"')) else f"{said}."
