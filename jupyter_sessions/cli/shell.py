"""Run the commands in a shell: ``jupyter sessions NAME …``."""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, NoReturn

import click

from jupyter_sessions import errors
from jupyter_sessions.cli import run as running
from jupyter_sessions.cli.frontend import Current, Frontend, supports_colours
from jupyter_sessions.cli.table import CommandGroup, overview
from jupyter_sessions.client.login_context import read_once

if TYPE_CHECKING:
    from jupyter_sessions import schemas
    from jupyter_sessions.cli.last_session import Noted
    from jupyter_sessions.cli.results import Line, Result
    from jupyter_sessions.client.logins import Login
    from jupyter_sessions.client.transports.base import Transport

_PIPE_WIDTH = 160
_BROUGHT_IN_WITHIN = 3.0  # seconds
_INTERRUPTED = 130
_NARROWEST = 60


class Shell(Frontend):
    """A terminal, a script or a pipe."""

    prefix = "jupyter sessions"
    place = "shell"

    def __init__(self) -> None:
        self._current: Current | None = None

    def current(self) -> Current | None:
        """Return the session that the shell last created or resumed, if it still applies."""
        from jupyter_sessions.cli import last_session

        noted = last_session.recall() if self._current is None else None
        if noted is not None:
            self._current = Current(noted.code, _transport(noted))
            self.reached(self._current.transport)
        return self._current

    @property
    def current_code(self) -> str | None:
        """The code of the session that the shell last created or resumed."""
        from jupyter_sessions.cli import last_session

        if self._current is not None:
            return self._current.code
        try:
            noted = last_session.recall()
        except errors.SessionsError:  # a command that uses the transport reports this
            return None
        return noted.code if noted is not None else None

    def name_current(self) -> str:
        """Name the session that the shell last created or resumed."""
        from jupyter_sessions.cli import last_session
        from jupyter_sessions.cli.values import one_line

        with suppress(errors.SessionsError):  # a command that uses the transport reports this
            noted = last_session.recall()
            if noted is not None:
                return f"{one_line(noted.label)} ({noted.code})" if noted.label else noted.code
        return ""

    def reached(self, transport: Transport) -> None:
        """Deliver what ended kernels left for a server; on failure, it keeps waiting."""
        from jupyter_sessions.client.outbox import recovery

        if not recovery.any_for(transport.server):
            return
        from jupyter_sessions.client.outbox.delivery import OutboxDelivery

        with suppress(errors.SessionsError):  # the command itself then fails, too, with the reason
            delivery = OutboxDelivery(transport, "")
            delivery.deliver_orphaned(_BROUGHT_IN_WITHIN, held=False)
            delivery.close(0)

    def take_up(self, session: schemas.Session, transport: Transport) -> list[Line]:
        """Remember a session for later commands."""
        from jupyter_sessions.cli import last_session

        with suppress(errors.SessionsError):  # a command that uses the transport reports this
            last_session.remember(session.code, transport.server, transport.user, session.label)
        if self._current is None or self._current.transport is not transport:
            self.close()
        self._current = Current(session.code, transport)
        return []

    def drop_session(self, code: str) -> None:
        """Forget a session."""
        from jupyter_sessions.cli import last_session

        last_session.forget(code)

    def show(self, result: Result) -> None:
        """Print a result."""
        from jupyter_sessions.cli.rendering.text import render
        from jupyter_sessions.cli.results import Result

        width = shutil.get_terminal_size().columns if self.terminal else _PIPE_WIDTH
        colour = supports_colours(sys.stdout)
        if result.blocks:
            click.echo(render(result, width=max(width, _NARROWEST), colour=colour))
        if result.aside:
            click.echo(
                render(Result(None, result.aside), width=_PIPE_WIDTH, colour=False), err=True
            )

    def confirm(self, question: str) -> bool:
        """Ask on a terminal; elsewhere return False."""
        return sys.stdin.isatty() and click.confirm(question, err=True)

    @property
    def terminal(self) -> bool:
        """Whether the output goes to a terminal."""
        return sys.stdout.isatty()

    def ask(self, what: str, default: str) -> str:
        """Ask on a terminal; elsewhere return the default."""
        if not sys.stdin.isatty():
            return default
        return str(click.prompt(what, default=default, show_default=bool(default), err=True))

    def keep_alive(self, login: Login, interval: float) -> list[Line]:
        """Keep a login alive until Ctrl-C."""
        from jupyter_sessions.cli.results import Line
        from jupyter_sessions.client.logins.keep_alive import keep_alive

        def over(seconds: float) -> bool:
            time.sleep(seconds)
            return False

        def away(error: errors.SessionsError) -> None:
            click.echo(f"{error.message} Trying again.", err=True)

        click.echo(
            f"Keeping the login of {login.who} to {login.server} alive every "
            f"{interval:g} s. To stop, press Ctrl-C.",
            err=True,
        )
        with suppress(KeyboardInterrupt):
            keep_alive(login, interval, over, away)
        return [Line("The login is no longer kept alive.")]

    def stop_keeping_alive(self) -> list[Line]:
        """Do nothing: Ctrl-C stops it."""
        raise errors.BadRequest(
            "In a shell, keepalive runs in the foreground.",
            hint="To stop it, press Ctrl-C there.",
        )

    def ask_password(self, prompt: str, *, otherwise: str) -> str:
        """Ask for a password on a terminal."""
        what = prompt.rstrip(": ")
        if not sys.stdin.isatty():
            raise errors.BadRequest(
                f"{what}: there is no terminal on which to ask for it.", hint=otherwise
            )
        answer: str = click.prompt(what, hide_input=True, err=True)
        return answer

    def read_password(self) -> str:
        """Read the password from the first line of standard input."""
        return sys.stdin.readline().rstrip("\r\n")

    def open_browser(self, url: str) -> bool:
        """Open a graphical browser if this machine has a screen and the user sits at it."""
        screen = sys.platform != "linux" or bool({"DISPLAY", "WAYLAND_DISPLAY"} & os.environ.keys())
        if not (screen and sys.stdout.isatty()):
            return False
        import webbrowser

        return webbrowser.open(url)

    def close(self) -> None:
        """Close the transport of the last session."""
        if self._current is not None:
            self._current.transport.close()
            self._current = None


def _transport(noted: Noted) -> Transport:
    from jupyter_sessions.client import logins
    from jupyter_sessions.client.transports import resolve

    if noted.server is None:
        return resolve.in_process()
    # Use the current login if it belongs to the user: it may act for somebody else.
    login = logins.choose_login(noted.server)
    if login is not None and login.user == noted.user:
        return resolve.over_http(login)
    return resolve.open_transport(noted.server, noted.user)


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run one command and end the process with its exit code.

    Parameters
    ----------
    arguments
        The arguments after the program's name; ``sys.argv`` by default.
    """
    typed = list(sys.argv[1:] if arguments is None else arguments)
    sys.exit(run(typed))


def run(typed: list[str]) -> int:
    """Run one command and return its exit code; errors are printed on stderr."""
    front = Shell()
    group = CommandGroup(all_commands=True)
    if not typed:
        click.echo(overview(front.prefix))
        return 0
    try:
        with read_once():
            code = running.run(group, typed, front)
        sys.stdout.flush()
    except errors.SessionsError as error:
        return _report_error(error, as_json="--json" in typed)
    except KeyboardInterrupt:
        click.echo("Interrupted.", err=True)
        return _INTERRUPTED
    except BrokenPipeError:
        # The reader of our output has gone; prevent a second error message at Python's exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    finally:
        front.close()
    return code


def _report_error(error: errors.SessionsError, *, as_json: bool) -> int:
    if as_json:
        click.echo(json.dumps(error.to_wire(), ensure_ascii=False), err=True)
    else:
        head = "Error:"
        if supports_colours(sys.stderr):
            head = click.style(head, fg="red", bold=True)
        click.echo(f"{head} {error.message}", err=True)
        if error.hint:
            click.echo(error.hint, err=True)
    return error.exit_code
