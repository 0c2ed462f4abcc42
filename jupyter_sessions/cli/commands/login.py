"""Commands that log in, keep logins alive, and create or end logins for others."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import click

from jupyter_sessions import api, errors, schemas
from jupyter_sessions.cli.command import Invocation, command, table
from jupyter_sessions.cli.commands.logins import describe_login, overruled
from jupyter_sessions.cli.confirmation import PASSWORD_VARIABLE, ask_code
from jupyter_sessions.cli.parameters import IdleMinutes
from jupyter_sessions.cli.results import Line, Result, Tone
from jupyter_sessions.cli.values import one_line
from jupyter_sessions.formatting import format_minute, format_timeout

if TYPE_CHECKING:
    from jupyter_sessions.client.addresses import Address
    from jupyter_sessions.client.logins import Decided, Login, Wanted
    from jupyter_sessions.client.logins.model import Made


_TRIES = 3


#: Texts for how the login was obtained.
_OUTCOMES = {
    "using": "Using your login to",
    "reconnected": "Reconnected to",
    "joined": "Joined",
    "created": "Created a login to",
}


@dataclass
class _Login:
    """One run of `login` without a key."""

    work: Invocation
    wanted: Wanted
    password: str | None
    code: str | None
    always_create: bool
    timeout: float | None
    last_notice: str = ""

    def decide(self) -> Decided:
        """Use the current login or another stored one, or create one."""
        found = self._stored()
        if found is None and self.wanted.server is None:
            self._ask_for_server()
            found = self._stored()
        return found or self._created()

    def _stored(self) -> Decided | None:
        from jupyter_sessions.client import logins

        if self.always_create:
            return None
        return logins.reuse(self.wanted, self._passed_over, self.timeout)

    def _passed_over(self, login: Login, why: str) -> None:
        said = f"Not your login to {login.server} as {one_line(login.who)}: {one_line(why)}"
        if said != self.last_notice:  # checked again once the server is known
            self.last_notice = said
            self._warn(said.rstrip(".") + ".")

    def _warn(self, text: str) -> None:
        # Shown at once, and not in the output for programs.
        self.work.frontend.show(Result(None, aside=(Line(text, Tone.WARNING),)))

    def _ask_for_server(self) -> None:
        from jupyter_sessions.client import addresses, logins

        last, port = logins.last(), self.wanted.port
        default = last.server if last else ""
        if default and port is not None:
            default = addresses.with_port(default, port)
        said = self.work.frontend.ask("Server", default)
        at = None if port is None else str(port)
        answer = addresses.address(said, None, self.wanted.user, at)
        if answer.server is None:
            raise errors.BadRequest(
                "You did not name a server.",
                hint=f"{self.work.frontend.prefix} login USER@SERVER:PORT",
            )
        self.wanted = replace(self.wanted, server=answer.server, user=answer.user)

    def _created(self) -> Decided:
        from jupyter_sessions.client import logins
        from jupyter_sessions.client.logins.retry import reach

        server = self.wanted.server or ""
        reach(server, self.timeout)
        if self.wanted.user is None:
            last = logins.last()
            default = last.user if last else _system_user()
            self.wanted = replace(self.wanted, user=self.work.frontend.ask("User", default))
        given = self.password or os.environ.get(PASSWORD_VARIABLE)
        for left in reversed(range(_TRIES)):
            password = given or self.work.frontend.ask_password(
                f"Password of {self.wanted.user} at {server}: ",
                otherwise=f"Set {PASSWORD_VARIABLE}, or use a key with -k KEY. In a "
                "shell, --password-stdin reads the password from a pipe.",
            )
            try:
                made = self._made(password)
            except errors.WrongPassword as error:
                if given or not left:
                    raise
                self._warn(error.message)
            else:
                break
        return logins.Decided("created", made.login, made.clamped)

    def _made(self, password: str) -> Made:
        """Create a login; ask for the code of a second factor if the account has one."""
        from jupyter_sessions.client import logins

        code = self.code or ""
        for left in reversed(range(_TRIES)):
            try:
                return logins.create(self.wanted, password, code)
            except errors.SecondFactorNeeded:
                if code:
                    raise
            except errors.WrongCode as error:
                if self.code or not left:
                    raise
                self._warn(error.message)
            code = ask_code(self.work.frontend)
        return logins.create(self.wanted, password, code)


@command(
    "login bar@sessions.example.org",
    "login bar@127.0.0.1:8899 --group optics",
    "login sessions.example.org -k -",
    session=False,
    servers=["-s"],
)
@click.argument("address", required=False, metavar="[[USER@]SERVER[:PORT]]")
@click.option("-u", "--user", metavar="USER", help="Log in as this user.")
@click.option("-p", "--port", metavar="PORT", help="Use this port.")
@click.option("-g", "--group", metavar="GROUP", help="Create new sessions in this group.")
@click.option(
    "-k",
    "--key",
    metavar="KEY",
    help="Use the login of this key; - reads it from the standard input.",
)
@click.option(
    "-w",
    "--password",
    metavar="PASSWORD",
    help="Use this password. Other users of this machine may see it.",
)
@click.option("--password-stdin", is_flag=True, help="Read the password from the standard input.")
@click.option("--code", metavar="CODE", help="Use this code of your second factor.")
@click.option(
    "--sudo", metavar="WHO", help="Act as WHO. Only administrators and group owners can do this."
)
@click.option("-t", "--timeout", type=IdleMinutes(), help="Set the idle time-out, in minutes.")
@click.option(
    "--retry",
    type=click.FloatRange(0),
    metavar="SECONDS",
    help="Wait at most this long for the server.",
)
@click.option("-C", "--create", is_flag=True, help="Create a new login even if a stored one fits.")
@click.option("--name", metavar="LABEL", help="Name the login in lists.")
def login(
    work: Invocation,
    address: str | None,
    user: str | None,
    port: str | None,
    key: str | None,
    password_stdin: bool,
    password: str | None,
    code: str | None,
    retry: float | None,
    create: bool,
    **more: str | int | None,
) -> Result:
    """Log in to a sessions server. Later commands use that server.

    With a key, its login is used. Otherwise the current login is used if it fits, or another stored
    login that fits, or a new one is created. To create one you need a password: you are asked for
    it, or it is read from the environment variable JUPYTER_SESSIONS_PASSWORD. What you leave out is
    taken from your last login. The cell is not recorded.
    """
    from jupyter_sessions.client import addresses, logins

    where = addresses.address(address, work.server, user, port)
    if key is not None:
        ignored = {
            "user": where.user,
            "password": password,
            "code": code,
            "create": create or None,
            **more,
        }
        return _joined(work, where, key, retry, [name for name, value in ignored.items() if value])
    wanted = logins.Wanted(
        server=where.server,
        port=where.port,
        user=where.user,
        group=_text(more["group"]),
        sudo=_text(more["sudo"]),
        idle_timeout=more["timeout"] if isinstance(more["timeout"], int) else None,
        label=_text(more["name"]) or f"{work.frontend.prefix} on {socket.gethostname()}",
        agent=work.frontend.prefix,
    )
    if password_stdin:
        password = work.frontend.read_password()
    decided = _Login(work, wanted, password, code, create, retry).decide()
    return _use_login(work, decided, [])


def _text(value: str | int | None) -> str | None:
    return value if isinstance(value, str) else None


def _system_user() -> str:
    import getpass

    return getpass.getuser()


def _joined(
    work: Invocation, where: Address, key: str, timeout: float | None, ignored: list[str]
) -> Result:
    from jupyter_sessions.client import addresses, logins

    server = where.server
    if server is None:
        last = logins.last()
        if last is None:
            raise errors.BadRequest(
                "You gave a key, but no server.",
                hint=f"{work.frontend.prefix} login SERVER:PORT -k KEY",
            )
        server = last.server if where.port is None else addresses.with_port(last.server, where.port)
    taken = work.frontend.read_password() if key == "-" else key
    login = logins.join(server, taken, timeout)
    lines = []
    if ignored:
        said = f"The key decides the rest, so this was ignored: {', '.join(ignored)}."
        lines.append(Line(said, Tone.WARNING))
    return _use_login(work, logins.Decided("joined", login), lines)


def _use_login(work: Invocation, decided: Decided, lines: list[Line]) -> Result:
    from jupyter_sessions.client import logins
    from jupyter_sessions.client.logins.prune import prune_now_and_then

    login = decided.login
    lines.append(
        Line(f"{_OUTCOMES[decided.how]} {login.server} as {one_line(login.who)}.", Tone.DONE)
    )
    more = [f"Current group: {one_line(login.group)}."] if login.group else []
    if login.idle_timeout is not None:
        limit = ", the server's limit" if decided.clamped else ""
        more.insert(0, f"Idle time-out: {format_timeout(login.idle_timeout)}{limit}.")
    if more:
        lines.append(Line(" ".join(more), Tone.WARNING if decided.clamped else Tone.PLAIN))
    if logins.id_for_all() != login.id:
        said = f"From now on, new shells and notebooks act as {one_line(login.who)}."
        lines.append(Line(f"{said} To undo: `{work.frontend.prefix} switch --own`."))
    logins.set_current(login)
    logins.set_here(login, work.frontend.place)
    lines += overruled(login)
    prune_now_and_then()
    answer = {"how": decided.how, **describe_login(login), "clamped": decided.clamped}
    return Result(answer, lines)


@command("timeout", "timeout 90", "timeout 7d", session=False)
@click.argument("time", type=IdleMinutes(), required=False, metavar="[MIN]")
def timeout(work: Invocation, time: int | None) -> Result:
    """Show or set the idle time-out of the current login, in minutes.

    If the server allows less than you ask for, the command says so. Showing it does not reset the
    clock.
    """
    if time is None:
        shown = work.transport.call(api.CHECK_LOGIN, schemas.Nothing())
        return Result({"login": shown, "clamped": False}, (Line(_describe_end(shown)),))
    timed = work.transport.call(api.SET_LOGIN_TIMEOUT, schemas.SetLoginTimeout(idle_timeout=time))
    lines = [Line(_describe_end(timed.login), Tone.DONE)]
    if timed.clamped:
        said = f"You asked for {format_timeout(time)}; this is the longest that the server allows."
        lines.append(Line(said, Tone.WARNING))
    return Result(timed, lines)


def _describe_end(login: schemas.Login) -> str:
    if login.idle_timeout is None:
        return "You are not logged in with a key, so there is no login that could expire."
    end = f", and in any case on {format_minute(login.expires)}" if login.expires else ""
    return f"This login ends when it is unused for {format_timeout(login.idle_timeout)}{end}."


@command("keepalive", "keepalive -f 300", session=False)
@click.option(
    "-f",
    "--every",
    "interval",
    type=click.FloatRange(min=1),
    default=60.0,
    show_default=True,
    metavar="SEC",
    help="Contact the server every this many seconds.",
)
@click.option("--stop", is_flag=True, help="Stop it, in a notebook.")
def keepalive(work: Invocation, interval: float, stop: bool) -> Result:
    """Keep the current login alive: in a shell until Ctrl-C, in a notebook while the kernel lives.

    In a notebook, a separate process does this, so a long computation can't delay it.
    """
    if stop:
        return Result({"kept_alive": False}, work.frontend.stop_keeping_alive())
    from jupyter_sessions.client import logins

    login = logins.choose_login(work.server)
    if login is None:
        raise errors.NoLogin(
            "There is no current login to keep alive.",
            hint=f"Log in: {work.frontend.prefix} login USER@SERVER",
        )
    lines = work.frontend.keep_alive(login, interval)
    goes_on = work.frontend.place == "kernel"
    return Result({"kept_alive": goes_on, "id": login.id, "every": interval}, lines)


@command("login-for bar", "login-for bar --group optics --timeout 60", session=False)
@click.argument("user")
@click.option("--group", metavar="GROUP", help="Create new sessions in this group.")
@click.option("--timeout", type=IdleMinutes(), help="Set the idle time-out, in minutes.")
def login_for(work: Invocation, user: str, group: str | None, timeout: int | None) -> Result:
    """Create a login for someone else, and print only its key. They use it with `login -k KEY`.

    Only administrators, and owners of a group that the user is in, can do this. Everything done
    with the login names both of you. The cell is not recorded.
    """
    request = schemas.IssueLogin(user=user, group=group, idle_timeout=timeout)
    made = work.call(api.ISSUE_LOGIN, request)
    login = made.login
    prefix = work.frontend.prefix
    said = [f"Login {login.id} of {one_line(login.user)}; `{prefix} end-login {login.id}` ends it."]
    if login.idle_timeout is not None:
        limit = ", the longest that the server allows" if made.clamped else ""
        said.append(f"It ends when it is unused for {format_timeout(login.idle_timeout)}{limit}.")
    if login.expires is not None:
        said.append(f"In any case it ends on {format_minute(login.expires)}.")
    tone = Tone.WARNING if made.clamped else Tone.PLAIN
    return Result(made, (Line(made.key),), aside=(Line(" ".join(said), tone),))


@command("end-login 12", session=False)
@click.argument("number", type=click.IntRange(1, 2**53), metavar="ID")
def end_login(work: Invocation, number: int) -> Result:
    """End one of your logins, or one that you created for someone else, by its number."""
    login = work.call(api.REVOKE_LOGIN, schemas.LoginNamed(id=number))
    return Result(login, (Line(f"Login {number} of {one_line(login.user)} has ended.", Tone.DONE),))


COMMANDS = table(login, timeout, keepalive, login_for, end_login)
