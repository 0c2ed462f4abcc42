"""Attach a kernel through its Jupyter server, which then records it for all front ends."""

from __future__ import annotations

import os
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_sessions import api, errors, paths, schemas
from jupyter_sessions.cli.results import Line
from jupyter_sessions.client.local_servers import RunningServer, own_servers
from jupyter_sessions.client.transports.resolve import open_transport
from jupyter_sessions.notebook.attachment import Attachment, running_cell
from jupyter_sessions.notebook.kernel_attachment import (
    RECORDING,
    STILL_PAUSED,
    KernelAttachment,
    count_waiting,
    explain_refusal,
    warn_not_recording,
    warn_on_disk,
)
from jupyter_sessions.urls import build_session_url

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from jupyter_sessions.client.transports.base import Transport

# The process that started the kernel, as Jupyter reports it to the kernel.
_PARENT_VARIABLE = "JPY_PARENT_PID"
_CONNECTED_WITHIN = 2.0  # seconds
_ANSWERED_WITHIN = 20.0


class Server:
    """The Jupyter server that runs this kernel.

    Parameters
    ----------
    running
        The server's description in its file.
    kernel
        The kernel's ID.
    """

    def __init__(self, running: RunningServer, kernel: str) -> None:
        self.kernel = kernel
        self.database = running.database
        self._running = running

    @cached_property
    def way(self) -> Transport:
        """The transport to the server, as a process of the user who runs it."""
        from jupyter_sessions.client.transports.http import HttpTransport

        return HttpTransport(
            self._running.kernels,
            self._running.secret,
            connect_timeout=_CONNECTED_WITHIN,
            read_timeout=_ANSWERED_WITHIN,
        )

    def look(self, until: str = "now") -> schemas.Attachment | None:
        """Return the kernel's attachment at the server; None if there is none that it may see."""
        found = self.any_attachment(until)
        return found if found is not None and found.session else None

    def any_attachment(self, until: str = "now") -> schemas.Attachment | None:
        """Return the kernel's attachment at the server, even to a session hidden from here."""
        # A list request, so that a kernel without an attachment leaves no error in the server's
        # log.
        asked = schemas.ListAttachments(kernel=self.kernel, until=until)  # type: ignore[arg-type]  # one of them
        found = self.way.call(api.LIST_ATTACHMENTS, asked).items
        return found[0] if found and found[0].state != "ended" else None

    def put(self, code: str, transport: Transport) -> schemas.Attachment | None:
        """Attach the kernel to a session at the server; return None if it refuses."""
        if transport.server is not None:
            named = build_session_url(transport.server, code)
            asked = schemas.Attach(kernel=self.kernel, session=named, user=transport.user)
        elif self.database == paths.own_database():
            asked = schemas.Attach(kernel=self.kernel, session=code)
        else:
            return None  # its store is a different one
        asked.notebook = os.environ.get("JPY_SESSION_NAME", "")
        try:
            return self.way.call(api.PUT_ATTACHMENT, asked)
        except errors.SessionsError:
            return None


def find_server(shell: InteractiveShell) -> Server | None:
    """Return the Jupyter server that runs this kernel and can record it."""
    parent = os.environ.get(_PARENT_VARIABLE)
    if parent is None or not hasattr(shell, "kernel"):
        return None
    for running in own_servers():
        if str(running.pid) == parent and running.kernels and running.secret:
            from ipykernel import get_connection_file

            return Server(running, Path(get_connection_file()).stem.removeprefix("kernel-"))
    return None


class ServerAttachment(KernelAttachment):
    """A kernel's attachment at a recording Jupyter server.

    Parameters
    ----------
    shell
        The kernel's IPython shell.
    server
        The Jupyter server.
    code
        The session's code.
    transport
        The transport to the session; closed when the attachment is left.
    """

    def __init__(
        self, shell: InteractiveShell, server: Server, code: str, transport: Transport
    ) -> None:
        self.code = code
        self.transport = transport
        self.delivery = None  # the server has one
        self._shell: Any = shell
        self._server = server
        self._unrecorded: set[int] = set()

    @property
    def records(self) -> bool:
        """Whether commands are recorded: the server does that."""
        return True

    def start(self) -> None:
        """Let the server record from the next cell on."""
        self._server.put(self.code, self.transport)

    def stop(self, timeout: float = _ANSWERED_WITHIN) -> int:  # noqa: ARG002  # the server has its own
        """Stop the server's recording; return the number of commands that still wait there."""
        asked = schemas.Detach(kernel=self._server.kernel, command=self._command)
        try:
            return self._server.way.call(api.DELETE_ATTACHMENT, asked).waiting
        except errors.SessionsError:
            return 0

    def leave(self, timeout: float = _ANSWERED_WITHIN, *, close: bool = True) -> int:
        """Stop recording permanently; see `stop`. Without `close` the transport stays open."""
        waiting = self.stop(timeout)
        if close:
            self.transport.close()
        return waiting

    @property
    def _command(self) -> str:
        return str(self._shell.get_parent().get("header", {}).get("msg_id", ""))

    def status(
        self, session: schemas.Session | None = None, failure: errors.SessionsError | None = None
    ) -> list[Line]:
        """Report whether commands are recorded, and what keeps some from being delivered."""
        found = self._server.look()
        if found is None:
            why = explain_refusal(session) if session is not None else ""
            return [warn_not_recording(f"{why or 'it was detached'}.")]
        said = found.problem or (failure.message if failure is not None else "")
        if found.state == "paused":
            return [STILL_PAUSED]
        if found.state == "waiting" or said:
            return [warn_on_disk(said)]
        return [RECORDING, count_waiting(found.waiting)] if found.waiting else [RECORDING]

    def recorder(self) -> ServerAttachment:
        """Return the recorder."""
        return self

    def pause(self) -> None:
        """Exclude later commands; the one that calls this is still recorded."""
        self._change(paused=True)

    def unpause(self) -> None:
        """Record later commands; the one that calls this is excluded."""
        self._change(paused=False)

    def _change(self, **change: Any) -> None:
        asked = schemas.ChangeAttachment(kernel=self._server.kernel, **change)
        self._server.way.call(api.CHANGE_ATTACHMENT, asked)

    def skip_current_cell(self) -> None:
        """Exclude the running cell from the record."""
        self._unrecorded.add(running_cell(self._shell))
        with suppress(errors.SessionsError):  # the server also recognizes such a cell by its source
            self._change(skip=self._command)

    def settle(self) -> bool:
        """Wait until earlier cells are in the session; return False if they are not."""
        found = self._server.look("settled")
        return found is not None and found.state == "recording" and not found.waiting

    def running_command(self) -> int | None:
        """Return the session's number of the running cell, if it is recorded."""
        cell = running_cell(self._shell)
        if cell in self._unrecorded or self._server.look("announced") is None:
            return None
        running = schemas.ListCommands(code=self.code, status="running")
        for each in self.transport.call(api.LIST_COMMANDS, running).items:
            if each.execution_count == cell:
                named = schemas.CommandNamed(code=self.code, number=each.number)
                request = self.transport.call(api.GET_COMMAND, named).request
                if request is not None and request.kernel == self._server.kernel:
                    return each.number
        return None


def as_served(shell: InteractiveShell, own: KernelAttachment | None) -> KernelAttachment | None:
    """Return a kernel's attachment as its Jupyter server has it, if there is one.

    Parameters
    ----------
    shell
        The kernel's IPython shell.
    own
        The attachment that the kernel knew so far; it is left if the server's takes precedence.
    """
    server = find_server(shell)
    if server is None:
        return own
    try:
        found = server.look()
    except errors.SessionsError:
        return own  # the server does not answer now; assume no change
    if found is None:
        return None if isinstance(own, ServerAttachment) else own
    if isinstance(own, ServerAttachment) and own.code == found.session:
        return own
    try:
        transport = open_transport(found.server, found.user)
    except errors.NoLogin:
        return own  # another user's, who has attached the kernel at the server
    if isinstance(own, Attachment):
        own.leave()
    return ServerAttachment(shell, server, found.session, transport)


def why_unattached(shell: InteractiveShell) -> str:
    """Explain why a kernel has no session, which does not mean that nothing records it."""
    server, found = find_server(shell), None
    with suppress(errors.SessionsError):  # the server does not answer now
        found = server.any_attachment() if server is not None else None
    if found is None:
        return "This kernel is not attached to a session."
    return (
        f"{found.user} records this kernel into a session that you can't see. To stop "
        "that, use the button above the notebook."
    )
