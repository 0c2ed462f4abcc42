"""Run the commands in a notebook or IPython: displays, panel, prompts and the attachment."""

from __future__ import annotations

import asyncio
import contextvars
import os
import shutil
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import click

from jupyter_sessions import errors, schemas
from jupyter_sessions.cli.frontend import Current, Frontend, Kernel, supports_colours
from jupyter_sessions.cli.rendering.sandbox import contain_output, joined
from jupyter_sessions.cli.results import Block, Line, Outputs, Result, Tone
from jupyter_sessions.notebook.attachment import Attachment
from jupyter_sessions.notebook.kernel_attachment import NOW_PAUSED, KernelAttachment
from jupyter_sessions.notebook.server_attachment import (
    ServerAttachment,
    as_served,
    find_server,
    why_unattached,
)

if TYPE_CHECKING:
    from IPython.core.interactiveshell import ExecutionResult, InteractiveShell

    from jupyter_sessions.client.logins import Login
    from jupyter_sessions.client.logins.keep_alive import LoginKeepAlive
    from jupyter_sessions.client.outbox.delivery import OutboxDelivery
    from jupyter_sessions.client.transports.base import Transport
    from jupyter_sessions.widgets import SessionPanel


def needed(shell: Any, source: str) -> bool:
    """Tell whether a source needs an event loop while the thread's own loop is busy."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    transformed = shell.transform_cell(source)
    return bool(shell.should_run_async(source, transformed_cell=transformed))


def run_cell(shell: Any, source: str) -> ExecutionResult:
    """Run a source on an event loop in a separate thread, and wait for its end."""
    results: list[ExecutionResult] = []

    def work() -> None:
        cell = shell.run_cell_async(
            source, store_history=False, transformed_cell=shell.transform_cell(source)
        )
        results.append(asyncio.run(cell))

    # The copied context directs the outputs to this cell.
    thread = threading.Thread(target=contextvars.copy_context().run, args=(work,))
    thread.start()
    thread.join()
    return results[0]


def wants_colours(shell: Any) -> bool:
    """Tell whether to colour what a shell's user reads: by its own setting and its terminal."""
    if str(getattr(shell, "colors", "")).lower() == "nocolor":
        return False
    if hasattr(shell, "kernel"):  # a notebook draws colours itself
        return not os.environ.get("NO_COLOR")
    return supports_colours(sys.stdout)


def display_outputs(command: schemas.Command, *, own: bool, brief: bool = False) -> None:
    """Display a command's outputs.

    Parameters
    ----------
    command
        The command.
    own
        Whether the viewer ran it.
    brief
        Whether to show only the last line of a traceback.
    """
    from IPython.display import display

    for output in command.outputs:
        match output:
            case schemas.Stream(name=name, text=text):
                stream = sys.stderr if name == "stderr" else sys.stdout
                stream.write(joined(text))
                stream.flush()
            case schemas.ErrorOutput() if brief:
                from jupyter_sessions.cli.rendering.text import summarize_error

                sys.stderr.write("\n".join(summarize_error(output, command.summary.number)))
                sys.stderr.write("\n")
                sys.stderr.flush()
            case schemas.ErrorOutput(traceback=traceback, ename=name, evalue=value):
                sys.stderr.write("\n".join(traceback) or f"{name}: {value}")
                sys.stderr.write("\n")
                sys.stderr.flush()
            case (
                schemas.DisplayData(data=data, metadata=about)
                | schemas.ExecuteResult(data=data, metadata=about)
            ):
                bundle = contain_output(data, command.summary.user or schemas.UNKNOWN_USER, own=own)
                display(bundle, metadata=about, raw=True)  # type: ignore[no-untyped-call]


class KeepAlives:
    """Processes that keep logins alive, at most one for each login."""

    def __init__(self) -> None:
        self._by_login: dict[str, LoginKeepAlive] = {}

    def start(self, login: Login, interval: float) -> Line:
        """Start a process, replacing the previous one."""
        from jupyter_sessions.client.logins.keep_alive import LoginKeepAlive

        before = self._by_login.pop(login.id, None)
        if before is not None:
            before.stop()
        self._by_login[login.id] = LoginKeepAlive(login, interval)
        said = (
            f"The login of {login.who} to {login.server} is kept alive every "
            f"{interval:g} s while this kernel"
        )
        return Line(f"{said} lives. To stop, type `%session keepalive --stop`.", Tone.DONE)

    def stop(self) -> Line:
        """Stop all processes."""
        count = len(self._by_login)
        while self._by_login:
            self._by_login.popitem()[1].stop()
        return Line(
            "The login is no longer kept alive." if count else "No login was being kept alive."
        )


class Panels:
    """The open panel of this kernel, if there is one."""

    def __init__(self) -> None:
        self._open: SessionPanel | None = None

    def open(
        self,
        frontend: Frontend,
        session: schemas.Session | None,
        transport: Transport,
        *,
        notebook: bool,
    ) -> None:
        """Display a panel, replacing the previous one.

        Parameters
        ----------
        frontend
            The kernel's front end, through which the panel's session can be recorded into.
        session
            The initial session.
        transport
            The transport to it; closed with the panel.
        notebook
            Whether this is a notebook.

        Raises
        ------
        BadRequest
            When this is a terminal, or ipywidgets is not installed.
        """
        from IPython.display import display

        try:
            if not notebook:
                raise errors.BadRequest(
                    "Widgets need a notebook, but this is a terminal.",
                    hint="Use `%session list` and `%session history`.",
                )
            panel_class = _panel_class()
        except errors.BadRequest:
            transport.close()
            raise
        self.close()
        self._open = panel_class(
            session, transport=transport, owns_transport=True, record=frontend.take_up
        )
        display(self._open)  # type: ignore[no-untyped-call]

    def close(self) -> None:
        """Close the panel's session and connections."""
        if self._open is not None:
            self._open.close()
            self._open = None


def _panel_class() -> type[SessionPanel]:
    try:
        from jupyter_sessions.widgets import SessionPanel
    except ImportError as error:
        raise errors.BadRequest(
            "The widgets need ipywidgets, which is not installed here.",
            hint='Install it: pip install "jupyter_sessions[widgets]"',
        ) from error
    return SessionPanel


_PAGE_WIDTH = 140


class Notebook(Frontend, Kernel):
    """The front end of a kernel, or of IPython in a terminal.

    Parameters
    ----------
    shell
        Its IPython shell.
    """

    prefix = "%session"
    place = "kernel"

    def __init__(self, shell: InteractiveShell) -> None:
        self.shell: Any = shell  # most of its methods have no types
        self.attachment: KernelAttachment | None = None
        self._replaying = False
        self._shut_out = ""  # the session for which this was said
        self._keep_alives = KeepAlives()
        self.panels = Panels()

    @property
    def kernel(self) -> Kernel:
        """The kernel, which is this process."""
        return self

    # ---- the session

    def refresh(self) -> None:
        """Read the kernel's attachment from the Jupyter server, where it may have been attached."""
        self.attachment = as_served(self.shell, self.attachment)

    def report_shut_out(self, *_: object) -> None:
        """Say once, below the cell that ended, that the session no longer takes our commands."""
        attachment = self.attachment
        if attachment is None or self._replaying:
            return
        lines = attachment.explain_shut_out()
        if not lines:
            # While some wait, it may be that only nobody has tried to deliver them yet.
            if attachment.delivery is None or not attachment.delivery.waiting:
                self._shut_out = ""
        elif self._shut_out != attachment.code:
            self._shut_out = attachment.code
            self.show(Result(None, lines))

    def explain_shut_out(self, failure: errors.SessionsError) -> list[Line]:
        """Explain a failure to look at the session, so that the cell's end need not repeat it."""
        attachment = self.attachment
        lines = attachment.explain_shut_out(failure) if attachment is not None else []
        if lines and attachment is not None:
            self._shut_out = attachment.code
        return lines

    def current(self) -> Current | None:
        """Return the attached session."""
        if self.attachment is None:
            return None
        return Current(self.attachment.code, self.attachment.transport)

    @property
    def current_code(self) -> str | None:
        """The code of the attached session."""
        return self.attachment.code if self.attachment is not None else None

    @property
    def delivery(self) -> OutboxDelivery | None:
        """Delivers this kernel's commands."""
        return self.attachment.delivery if self.attachment is not None else None

    def take_up(self, session: schemas.Session, transport: Transport) -> list[Line]:
        """Leave the previous session, and record into this one if the roles allow it."""
        from jupyter_sessions.cli import last_session

        left = self._leave(keep=transport)
        with suppress(errors.SessionsError, OSError):  # it is only for shells
            last_session.remember(session.code, transport.server, transport.user, session.label)
        server = find_server(self.shell)
        if server is not None and server.put(session.code, transport) is not None:
            self.attachment = ServerAttachment(self.shell, server, session.code, transport)
        else:
            self.attachment = Attachment(self.shell, session, transport)
        return [*left, *self.attachment.status()]

    @contextmanager
    def ending(self, code: str) -> Iterator[None]:
        """Stop recording into a session that is about to end; resume if that fails."""
        attachment = self.attachment if self.attachment and self.attachment.code == code else None
        if attachment is not None:
            attachment.stop()
        try:
            yield
        except errors.SessionsError:
            if attachment is not None:
                attachment.start()
            raise

    def changed(self, session: schemas.Session) -> list[Line]:
        """Start or stop recording, depending on the attached session's state, and say so."""
        attachment = self.attachment
        if attachment is None or attachment.code != session.code:
            return []
        attachment.adapt(session)
        return attachment.status()

    def logged_out(self) -> list[Line]:
        """Say so if no login remains with which commands can be delivered to the session."""
        from jupyter_sessions.client import logins

        attached = self.attachment
        if attached is None or not attached.records or attached.transport.server is None:
            return []
        server, user = attached.transport.server, attached.transport.user
        if logins.find(server, user) is not None:
            return []
        said = f"What you run is kept on disk until you log in to {server} as {user} again."
        return [Line(said, Tone.WARNING)]

    def drop_session(self, code: str) -> None:
        """Stop recording into a session that is removed."""
        from jupyter_sessions.cli import last_session

        last_session.forget(code)
        if self.attachment is not None and self.attachment.code == code:
            self._leave()

    def _leave(self, keep: Transport | None = None) -> list[Line]:
        if self.attachment is None:
            return []
        attachment, self.attachment = self.attachment, None
        waiting = attachment.leave(close=attachment.transport is not keep)
        if not waiting:
            return []
        said = (
            f"Not yet delivered to {attachment.code}: {waiting} commands, which are kept on disk."
        )
        return [Line(said, Tone.WARNING)]

    def settle(self, code: str) -> bool:
        """Wait until earlier cells are recorded into `code`; return False if they are not."""
        attachment = self.attachment
        return attachment is not None and attachment.code == code and attachment.settle()

    def running_command(self, code: str) -> int | None:
        """Return the number of the running cell, if it is recorded into that session."""
        attachment = self.attachment
        return attachment.running_command() if attachment and attachment.code == code else None

    # ---- the kernel

    def pause(self) -> Line:
        """Stop recording for a while."""
        self._attached().recorder().pause()
        return NOW_PAUSED

    def unpause(self) -> Line:
        """Resume recording."""
        self._attached().recorder().unpause()
        return Line("Recording resumes with the next cell.", Tone.DONE)

    def detach(self) -> Line:
        """Stop recording permanently."""
        code = self._attached().code
        warnings = self._leave()
        said = f"This kernel no longer belongs to a session (it was {code})."
        return warnings[0] if warnings else Line(said, Tone.DONE)

    def _attached(self) -> KernelAttachment:
        if self.attachment is None:
            raise errors.NothingAttached(
                why_unattached(self.shell),
                hint="Create one with `%session new LABEL`, or switch to one with "
                "`%session resume CODE`.",
            )
        return self.attachment

    def skip_current_cell(self) -> None:
        """Exclude the running cell from the record."""
        if self.attachment is not None:
            self.attachment.skip_current_cell()

    def next_cell(self, source: str) -> None:
        """Put a source into the next cell."""
        self.shell.set_next_input(source)

    def variable(self, name: str) -> tuple[bool, Any]:
        """Tell whether there is a variable with a name, and return its value."""
        return name in self.shell.user_ns, self.shell.user_ns.get(name)

    def run(self, source: str) -> bool:
        """Run a source like a cell, and return whether it succeeded."""
        if self._replaying:
            raise errors.BadRequest(
                "A replayed command can't replay other commands.",
                hint="Replay those commands directly.",
            )
        self._replaying = True
        try:
            return bool(self.execute(source).success)
        finally:
            self._replaying = False

    def open_panel(self, session: schemas.Session | None, transport: Transport) -> None:
        """Display the panel, replacing one that is open."""
        self.panels.open(self, session, transport, notebook=self._in_notebook)

    def execute(self, source: str) -> ExecutionResult:
        """Run a source within the running cell, with or without top-level ``await``."""
        if needed(self.shell, source):
            return run_cell(self.shell, source)
        result: ExecutionResult = self.shell.run_cell(source, store_history=False)
        return result

    # ---- talking with the user

    @property
    def _in_notebook(self) -> bool:
        return hasattr(self.shell, "kernel")

    def show(self, result: Result) -> None:
        """Display a result: tables and cards in a notebook, text in a terminal."""
        blocks = (*result.blocks, *result.aside)
        if not self._in_notebook:
            if blocks:
                click.echo(self._text(Result(None, blocks), colour=wants_colours(self.shell)))
            return
        waiting: list[Block] = []
        for block in blocks:
            if isinstance(block, Outputs):
                self._display(waiting)
                waiting = []
                self._display_outputs(block)
            else:
                waiting.append(block)
        self._display(waiting)

    def _text(self, result: Result, *, colour: bool) -> str:
        from jupyter_sessions.cli.rendering import text

        width = _PAGE_WIDTH if self._in_notebook else shutil.get_terminal_size().columns
        return text.render(result, width=width, colour=colour)

    def _display(self, blocks: list[Block]) -> None:
        from IPython.display import display

        from jupyter_sessions.cli.rendering import html

        if blocks:
            result = Result(None, blocks)
            bundle = {
                "text/plain": self._text(result, colour=False),
                "text/html": html.render(result),
            }
            display(bundle, raw=True)  # type: ignore[no-untyped-call]

    def _display_outputs(self, block: Outputs) -> None:

        display_outputs(block.command, own=block.own, brief=block.brief)

    def confirm(self, question: str) -> bool:
        """Ask if the front end supports it; elsewhere return False."""
        return self._read_answer(lambda: input(f"{question} [y/N] ")).strip().lower() in {
            "y",
            "yes",
        }

    def ask(self, what: str, default: str) -> str:
        """Ask if the front end supports it; elsewhere return the default."""
        shown = f"{what} [{default}]: " if default else f"{what}: "
        return self._read_answer(lambda: input(shown)).strip() or default

    def keep_alive(self, login: Login, interval: float) -> list[Line]:
        """Start a separate process that keeps a login alive."""
        return [self._keep_alives.start(login, interval)]

    def stop_keeping_alive(self) -> list[Line]:
        """Stop the processes that keep logins alive."""
        return [self._keep_alives.stop()]

    def ask_password(self, prompt: str, *, otherwise: str) -> str:
        """Ask for a password without echo."""
        import getpass

        password = self._read_answer(lambda: getpass.getpass(prompt))
        if not password:
            raise errors.BadRequest(
                f"{prompt.rstrip(': ')}: this frontend can't ask you for it.", hint=otherwise
            )
        return password

    def _read_answer(self, ask: Any) -> str:
        try:
            return str(ask())
        except (EOFError, NotImplementedError):
            return ""

    def open_browser(self, url: str) -> bool:  # noqa: ARG002  # the kernel may run elsewhere
        """Do nothing: the user already has the link in a browser."""
        return False
