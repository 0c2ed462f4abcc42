"""Connect to a kernel's iopub channel in such a way that few messages can be missed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import zmq

#: The number of messages that may wait for us before a kernel that floods loses some: ten times a
#: front end's limit, and more than a kernel sends while we store one large output.
WAITING_MESSAGES = 10_000

#: Milliseconds between tries to reach a kernel that starts. A new kernel listens for longer than
#: that before it runs anything, so nothing that it runs is missed.
TRIED_EVERY = 20


def create_context() -> zmq.Context[zmq.Socket[bytes]]:
    """Create a context whose sockets reach a starting kernel soon, and hold many messages."""
    context = zmq.Context()
    context.setsockopt(zmq.RCVHWM, WAITING_MESSAGES)
    context.setsockopt(zmq.RECONNECT_IVL, TRIED_EVERY)
    return context


def read_connection(connection_file: Path, context: zmq.Context[zmq.Socket[bytes]]) -> Any:
    """Read a connection file, as a `jupyter_client.connect.ConnectionFileMixin`."""
    from jupyter_client.connect import ConnectionFileMixin

    connection = ConnectionFileMixin(context=context)
    connection.load_connection_file(str(connection_file))
    return connection
