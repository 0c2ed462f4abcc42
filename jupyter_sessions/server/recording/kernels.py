"""Give the attachments access to the Jupyter server's kernels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jupyter_core.utils import ensure_async
from zmq.eventloop.zmqstream import ZMQStream

from jupyter_sessions import errors
from jupyter_sessions.recorder.iopub.connection import create_context, read_connection

_KERNEL_ACTIONS = "https://events.jupyter.org/jupyter_server/kernel_actions/v1"


class Kernels:
    """The kernels of a Jupyter server.

    Parameters
    ----------
    serverapp
        The server.
    """

    def __init__(self, serverapp: Any) -> None:
        self._app = serverapp
        self._managers: Any = serverapp.kernel_manager
        self._context = create_context()

    def find(self, kernel: str) -> Any:
        """Return a kernel's manager.

        Raises
        ------
        NotFound
            When no such kernel runs here.
        NoKernels
            When it runs elsewhere, behind a gateway, so that its messages can't be read here.
        """
        if kernel not in self._managers:
            raise errors.NotFound(
                "This Jupyter server does not run a kernel with that id.",
                hint="Start the kernel again.",
            )
        manager = self._managers.get_kernel(kernel)
        if not self.connection_file(kernel):
            raise errors.NoKernels(
                "This Jupyter server runs the kernel through another server, so it "
                "can't record it.",
                hint="Record in the kernel itself: `%session resume`.",
            )
        return manager

    def lives(self, kernel: str) -> bool:
        """Tell whether the server still runs a kernel."""
        return kernel in self._managers

    def connection_file(self, kernel: str) -> str:
        """Return a kernel's connection file; empty if there is none."""
        external = getattr(self._managers, "kernel_id_to_connection_file", {})
        known = external.get(kernel) or self._managers.get_kernel(kernel).connection_file
        return str(known) if known and Path(known).exists() else ""

    def listen(self, kernel: str) -> Any:
        """Open a kernel's iopub channel as a stream on the server's event loop.

        The kernel manager's own connection would reach a starting kernel up to 0.2 seconds late.
        """
        file = Path(self.connection_file(kernel))
        return ZMQStream(read_connection(file, self._context).connect_iopub())

    def close(self) -> None:
        """Close all streams."""
        self._context.destroy(linger=0)

    def running(self) -> dict[str, str]:
        """Return the connection files of all running kernels by kernel ID."""
        return {self.connection_file(each): each for each in self._managers.list_kernel_ids()}

    def life(self, kernel: str) -> Any:
        """Return a value that changes with each start of a kernel.

        Return None where there is no such value: the server has not started the kernel, or not as a
        process of its own, or the kernel is restarting.
        """
        provisioner = self._managers.get_kernel(kernel).provisioner
        return getattr(provisioner, "process", None)

    async def notebooks(self) -> dict[str, list[str]]:
        """Return the notebook paths of all kernels that have a notebook."""
        found: dict[str, list[str]] = {}
        for each in await ensure_async(self._app.session_manager.list_sessions()):
            if each["kernel"]:
                found.setdefault(each["kernel"]["id"], []).append(str(each["path"]))
        return found

    def when_restarted(self, function: Any) -> None:
        """Call and await `function(kernel)` whenever a kernel has restarted.

        Anybody may forge the event; use `life` to verify it.
        """

        async def listen(logger: Any, schema_id: str, data: Any) -> None:  # noqa: ARG001  # theirs
            if data.get("action") == "restart" and data.get("kernel_id"):
                await function(data["kernel_id"])

        self._app.event_logger.add_listener(schema_id=_KERNEL_ACTIONS, listener=listen)
