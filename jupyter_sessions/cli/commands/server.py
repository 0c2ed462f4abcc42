"""Commands for accounts and the audit log, and to start the server and the demo."""

from __future__ import annotations

import click

from jupyter_sessions import api, schemas
from jupyter_sessions.cli.command import Invocation, command, more, table
from jupyter_sessions.cli.commands.own_account import ask_new_password
from jupyter_sessions.cli.parameters import after_option, limit_option, yes_option
from jupyter_sessions.cli.rendering import columns
from jupyter_sessions.cli.results import Card, Line, Result, Table, Tone, done
from jupyter_sessions.cli.values import one_line

_password_stdin = click.option(
    "--password-stdin", is_flag=True, help="Read the password from the standard input."
)


def _account(answer: schemas.Account, text: str) -> Result:
    return Result(answer, (Line(text, Tone.DONE), Card("", columns.ACCOUNT, answer)))


def _new_password(work: Invocation, name: str, password_stdin: bool) -> str:
    if password_stdin:
        return work.frontend.read_password()
    return ask_new_password(work, name)


@command("account add foo", 'account add foo --display-name "Foo Fighter"', session=False)
@click.argument("name")
@click.option("--display-name", default="", metavar="T", help="Show this name on pages.")
@_password_stdin
def add(work: Invocation, name: str, display_name: str, password_stdin: bool) -> Result:
    """Create an account. It asks for the password."""
    request = schemas.NewAccount(
        name=name,
        display_name=display_name,
        password=_new_password(work, name, password_stdin),
    )
    answer = work.call(api.ADD_ACCOUNT, request)
    return _account(answer, f"Account {one_line(answer.name)} created.")


@command("account list", session=False)
@limit_option(200)
@after_option
def list_(work: Invocation, limit: int, after: str | None) -> Result:
    """List the accounts."""
    page = work.call(api.LIST_ACCOUNTS, schemas.ListAccounts(limit=limit, after=after))
    shown = Table(columns.ACCOUNT, page.items, "No accounts.")
    return Result(page, (shown, *more(work, page.next)))


@command("account password foo", session=False)
@click.argument("name")
@_password_stdin
def password(work: Invocation, name: str, password_stdin: bool) -> Result:
    """Set an account's password. Its logins end."""
    request = schemas.SetPassword(name=name, password=_new_password(work, name, password_stdin))
    answer = work.call(api.SET_PASSWORD, request)
    return _account(answer, f"The password of {one_line(answer.name)} was changed.")


@command("account disable foo", session=False)
@click.argument("name")
def disable(work: Invocation, name: str) -> Result:
    """Disable an account. Its logins end, its roles stay."""
    answer = work.call(api.DISABLE_ACCOUNT, schemas.AccountNamed(name=name))
    return _account(answer, f"Account {one_line(answer.name)} disabled.")


@command("account enable foo", session=False)
@click.argument("name")
def enable(work: Invocation, name: str) -> Result:
    """Enable a disabled account."""
    answer = work.call(api.ENABLE_ACCOUNT, schemas.AccountNamed(name=name))
    return _account(answer, f"Account {one_line(answer.name)} enabled.")


@command("account remove foo", "account remove foo --yes", session=False)
@click.argument("name")
@yes_option
def remove(work: Invocation, name: str, yes: bool) -> Result:
    """Remove an account that owns no session, and all its roles."""
    if not yes:
        work.frontend.make_sure(f"Remove the account {name}?", "Nothing was removed.")
    answer = work.call(api.REMOVE_ACCOUNT, schemas.AccountNamed(name=name))
    return done(answer, f"Account {one_line(answer.name)} removed.")


@command("account reset-second-factor foo", session=False)
@click.argument("name")
def reset_second_factor(work: Invocation, name: str) -> Result:
    """Remove the second factor of a user who has lost it. Their logins end.

    First make sure that the request really comes from that user. Their password stays the same.
    """
    answer = work.call(api.RESET_SECOND_FACTOR, schemas.AccountNamed(name=name))
    return _account(answer, f"The second factor of {one_line(answer.name)} was removed.")


@command("audit", "audit --user foo", "audit -n 500 --json", session=False)
@click.option("--user", metavar="USER", help="List only entries about this user.")
@limit_option(50)
@after_option
def audit(work: Invocation, user: str | None, limit: int, after: str | None) -> Result:
    """Read the audit log, newest first. Only administrators can do this."""
    page = work.call(api.LIST_AUDIT, schemas.ListAudit(user=user, limit=limit, after=after))
    shown = Table(columns.AUDIT, page.items, "The audit log is empty.")
    return Result(page, (shown, *more(work, page.next)))


account = click.Group(
    "account",
    help="Manage the accounts of this store, or of a server that you administer.",
    commands=table(add, list_, password, reset_second_factor, disable, enable, remove),
)


@click.command("serve", context_settings={"ignore_unknown_options": True}, add_help_option=False)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def serve(arguments: tuple[str, ...]) -> None:
    """Start a sessions server on your own store."""
    from jupyter_sessions.server.app import main

    main(list(arguments))


_DEMO_EXAMPLES = """\b
Examples:
  jupyter sessions demo
  jupyter sessions demo --no-serve --output weather.ipynb"""


@click.command("demo", epilog=_DEMO_EXAMPLES)
@click.option("--no-serve", is_flag=True, help="Stop after the summary; do not start a server.")
@click.option(
    "--port", metavar="PORT", type=click.IntRange(0, 65535), default=0, help="Use this port."
)
@click.option("--output", metavar="FILE", help="Write the executed notebook to this file.")
def demo(no_serve: bool, port: int, output: str | None) -> None:
    """Record a real analysis into a new session, publish its results, and serve it.

    It needs the demo extra: pip install "jupyter_sessions[demo]".
    """
    from jupyter_sessions.demo.show import show

    show(serve=not no_serve, port=port, output=output)


COMMANDS = {**table(audit, serve, demo), "account": account}
