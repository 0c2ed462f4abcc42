"""Declare commands: their options, help, examples and paging, and the context of an invocation."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from jupyter_sessions import api, errors, schemas
from jupyter_sessions.cli.results import Line
from jupyter_sessions.cli.values import one_line

if TYPE_CHECKING:
    from jupyter_sessions.api import Ans, Operation, Req
    from jupyter_sessions.cli.frontend import Frontend
    from jupyter_sessions.cli.results import Result
    from jupyter_sessions.client.transports.base import Transport


class Invocation:
    """One run of a command: its front end, session and server.

    Parameters
    ----------
    frontend
        The front end in which it was typed.
    session
        The value of ``-S``, or None.
    server
        The value of ``--server``, or None.
    """

    def __init__(self, frontend: Frontend, session: str | None, server: str | None) -> None:
        self.frontend = frontend
        self._reference = session
        self._server = server
        self._changed = False
        self._opened: list[Transport] = []

    @cached_property
    def _target(self) -> tuple[str, Transport]:
        if self._reference is None and self._server is None:
            current = self.frontend.current()
            if current is None:
                raise errors.NothingAttached(
                    "There is no current session, and you did not name one.",
                    hint=f"Create one with `{self.frontend.prefix} new LABEL`, switch "
                    f"to one with `{self.frontend.prefix} resume CODE`, or name "
                    "one with -S CODE.",
                )
            return current.code, current.transport
        if self._reference is None:
            raise errors.NothingAttached(
                "You named a server, but not a session on it.",
                hint="Name the session too with -S CODE, or only use -S URL.",
            )
        reference = self.read(self._reference)
        server = reference.server or self._server
        # A transport to the current session is opened only when that session is meant.
        at_hand = self.frontend.current_code == reference.code
        current = self.frontend.current() if at_hand else None
        if current is not None and server in (None, current.transport.server):
            return current.code, current.transport
        return reference.code, self._open(server)

    @property
    def code(self) -> str:
        """The code of the command's session."""
        return self._target[0]

    @cached_property
    def transport(self) -> Transport:
        """The transport to the session's server or, without a session, to the chosen server."""
        return self._open(self._server) if self._reference is None else self._target[1]

    @property
    def in_session(self) -> Transport:
        """The transport to the server of the command's session."""
        return self._target[1]

    @property
    def server(self) -> str | None:
        """The value of ``--server``, or None."""
        return self._server

    def call(
        self, operation: Operation[Req, Ans], request: Req, content: bytes | Path | None = None
    ) -> Ans:
        """Call an operation, on the session's server if it concerns a session."""
        transport = self.in_session if operation.in_session else self.transport
        self._changed |= operation.in_session and operation.writes
        try:
            return transport.call(operation, request, content)
        except errors.ConfirmationNeeded as needed:
            from jupyter_sessions.cli.confirmation import confirm_login

            confirm_login(self.frontend, transport, needed)
            return transport.call(operation, request, content)

    def confirm(self, operation: Operation[Any, Any], question: str, unchanged: str) -> None:
        """Ask for confirmation of an irreversible action, naming the session and its content.

        The question is not asked if the operation would be refused anyway.

        Parameters
        ----------
        question
            Has placeholders for the session's name and its number of commands.
        unchanged
            What to say if the answer is no.

        Raises
        ------
        RoleMissing, WrongState
            When the caller's roles, or the session's state, don't allow the operation.
        BadRequest
            When the answer is no.
        """
        from jupyter_sessions.cli.rendering.columns import name_session

        session = self.call(api.GET_SESSION, schemas.SessionNamed(code=self.code))
        needed = operation.needs, operation.author_needs
        enough = {need.value for need in needed if need is not None}
        held = set(session.roles)
        if "owner" in held:
            held |= {"read", "write", "execute", "admin"}
        if not enough & held:
            raise errors.RoleMissing.from_roles(operation.needs.value, session.roles, session.owner)
        if session.state not in operation.states:
            raise errors.WrongState.from_state(session.state)
        many = f"{session.commands} command{'' if session.commands == 1 else 's'}"
        self.frontend.make_sure(question.format(name_session(session), many), unchanged)

    def with_place(
        self, error: errors.SessionsError, way: Transport, otherwise: str
    ) -> errors.SessionsError:
        """Add to an error where something was searched for, if no server was named."""
        place = f"at {way.server} as {way.user}" if way.server else "in your own store"
        return error.adding(f"The search was {place}; {otherwise}.")

    def _not_found(self, error: errors.NoSuchSession) -> errors.SessionsError:
        if self._reference is None or self._server or self.read(self._reference).server:
            return error
        return self.with_place(
            error, self.in_session, "for a session on another server, use its URL"
        )

    @property
    def names_session(self) -> bool:
        """Whether a session is named or, if no server is named either, there is a current one."""
        at_hand = self._server is None and self.frontend.current_code is not None
        return self._reference is not None or at_hand

    def name_session(self, text: str) -> None:
        """Take the session from an argument instead of ``-S``."""
        self._reference = text

    def name_server(self, server: str) -> None:
        """Take the server from an argument, and compare it with ``--server``.

        Raises
        ------
        BadRequest
            When the two differ.
        """
        from jupyter_sessions.client.addresses import parse_address

        if self._server is not None:
            one, other = parse_address(self._server), parse_address(server)
            if (one.user, one.server) == (other.user, other.server):
                return
            raise errors.BadRequest(
                f"You named two servers, {server} and {self._server}.",
                hint="Leave one of them out.",
            )
        self._server = server

    def read(self, text: str) -> Any:
        """Parse a session's code or URL, and compare its server with ``--server``."""
        from jupyter_sessions.client.addresses import parse_address, parse_reference

        reference = parse_reference(text)
        if reference.server is not None and self._server is not None:
            named = parse_address(self._server).server
            if named != reference.server:
                raise errors.BadRequest(
                    f"The session URL names the server {reference.server}, but "
                    f"--server names {named}.",
                    hint="Leave one of them out.",
                )
        return reference

    def done(self, body: Callable[[], Result]) -> Result:
        """Run a command's action; add the place, or the acting user, to its errors."""
        try:
            return body()
        except errors.NoSuchSession as error:
            raise self._name_current(self._not_found(error)) from error
        except (errors.SessionDisabled, errors.WrongState, errors.NotFound) as error:
            raise self._name_current(error) from error
        except errors.RoleMissing as failure:
            refusal = self._name_current(failure)
            # Only a way that is open already: an error opens none.
            way = (self.__dict__.get("_target") or ("", self.__dict__.get("transport")))[1]
            if way is None or not way.server:
                raise refusal from failure
            raise refusal.adding(f"You act as {way.user} on {way.server}.") from failure

    def _name_current(self, error: errors.SessionsError) -> errors.SessionsError:
        """Add the session to an error about the current one, which nobody typed."""
        current = self._current_name
        return error.adding(f"The current session is {current}.") if current else error

    @property
    def _current_name(self) -> str:
        """The name of the current session; empty if the command named one, or used none."""
        uses_current = not self._reference and "_target" in self.__dict__
        return self.frontend.name_current() if uses_current else ""

    def name_changed(self, result: Result) -> Result:
        """Say in a result which session was changed, if nobody typed it and nothing names it."""
        if not self._changed or not (current := self._current_name):
            return result
        texts = [block.text for block in result.blocks if isinstance(block, Line)]
        cards = [getattr(block, "item", None) for block in result.blocks]
        if any(self.code in text for text in texts) or any(
            getattr(item, "code", None) == self.code for item in cards
        ):
            return result
        return replace(result, aside=(*result.aside, Line(f"In the session {current}.")))

    def _open(self, server: str | None) -> Transport:
        from jupyter_sessions.client.transports.resolve import transport

        opened = transport(server)
        self._opened.append(opened)
        self.frontend.reached(opened)
        return opened

    def keep(self, transport: Transport) -> None:
        """Keep a transport open after the command: another owner closes it."""
        if transport in self._opened:
            self._opened.remove(transport)

    def close(self) -> None:
        """Close the connections that the command opened."""
        for transport in self._opened:
            transport.close()


#: The context key for the arguments as typed after the command's name.
TYPED = "jupyter_sessions.typed"


class SessionsCommand(click.Command):
    """A command with examples, which are shown with the front end's own prefix."""

    def __init__(self, *args: Any, examples: Sequence[str] = (), **more: Any) -> None:
        super().__init__(*args, **more)
        self.examples = examples

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the arguments, and keep them as typed."""
        ctx.meta[TYPED] = list(args)
        return super().parse_args(ctx, args)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the examples."""
        prefix = ctx.find_root().info_name or ""
        with formatter.section("Examples"):
            for example in self.examples:
                typed = example if prefix.startswith("%") else shlex.join(shlex.split(example))
                formatter.write(f"{'':{formatter.current_indent}}{prefix} {typed}\n")


_SERVER_HELP = "Use this sessions server instead of the current one."

_SESSION = click.Option(
    ["-S", "--session"], metavar="CODE|URL", help="Use this session instead of the current one."
)

_JSON = click.Option(["--json", "as_json"], is_flag=True, help="Print the answer as JSON.")


Body = Callable[..., "Result"]


def command(
    *examples: str, session: bool = True, dashes: bool = False, servers: Sequence[str] = ()
) -> Callable[[Body], click.Command]:
    """Turn a function of an `Invocation` and its arguments into a command.

    The function's docstring is the command's help, its result is shown, or printed as JSON with
    ``--json``.

    Parameters
    ----------
    examples
        The text to type, without the prefix of the command's name.
    session
        Whether it concerns a session, and so takes ``-S``.
    dashes
        Whether an argument may begin with a dash, as a negative number does.
    servers
        Shorter names of ``--server``.
    """

    def declare(body: Body) -> click.Command:
        def run(
            as_json: bool, server: str | None, session: str | None = None, **arguments: Any
        ) -> int:
            front: Frontend = click.get_current_context().obj
            work = Invocation(front, session, server)
            try:
                result = work.done(lambda: body(work, **arguments))
                if as_json:
                    click.echo(result.to_json())
                else:
                    front.show(work.name_changed(result))
                if result.afterwards is not None:
                    result.afterwards()
                return result.exit_code
            finally:
                work.close()

        declared: list[click.Parameter] = list(reversed(getattr(body, "__click_params__", [])))
        to = click.Option([*servers, "--server"], metavar="SERVER", help=_SERVER_HELP)
        return SessionsCommand(
            name=body.__name__.strip("_").replace("_", "-"),
            callback=run,
            help=body.__doc__,
            params=[*declared, *([_SESSION] if session else []), to, _JSON],
            examples=examples,
            context_settings={"ignore_unknown_options": dashes},
        )

    return declare


def table(*commands: click.Command) -> dict[str, click.Command]:
    """Return a module's commands by name."""
    return {command.name or "": command for command in commands}


def more(
    work: Invocation,
    cursor: str | int | None,
    *,
    option: str = "--after",
    typed: Sequence[str] | None = None,
) -> list[Line]:
    """Return a hint how to see the next page; empty if there is none.

    Parameters
    ----------
    work
        The invocation that listed the page.
    cursor
        The cursor of the next page, or None.
    option
        The option that takes the cursor.
    typed
        The rest of the command line, with the command's name; None to repeat it as typed.
    """
    if cursor is None:
        return []
    if typed is None:
        context = click.get_current_context()
        names = context.command_path.removeprefix(f"{context.find_root().command_path} ")
        typed = [*names.split(), *_without(option, context.meta[TYPED])]
    line = shlex.join([*typed, option, str(cursor)])
    return [Line(f"More: {work.frontend.prefix} {one_line(line)}")]


def _without(option: str, words: Sequence[str]) -> list[str]:
    """Remove an option and its value."""
    kept: list[str] = []
    skipped = False
    for word in words:
        if skipped or word == option:
            skipped = not skipped
        elif not word.startswith(f"{option}="):
            kept.append(word)
    return kept
