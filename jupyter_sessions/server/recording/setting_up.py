"""Makes a Jupyter server ready to record its kernels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jupyter_sessions.server.recording.attachments import Attachments
from jupyter_sessions.server.recording.backlog import Requests
from jupyter_sessions.server.recording.kernels import Kernels
from jupyter_sessions.server.recording.manager import Keeper
from jupyter_sessions.server.recording.protocol import Place
from jupyter_sessions.server.recording.senders import Senders, observed
from jupyter_sessions.server.recording.targets import Targets

if TYPE_CHECKING:
    from jupyter_sessions.server.service import Service

_CONNECTION_CLASS = "kernel_websocket_connection_class"


def attachments(
    serverapp: Any, service: Service, place: Place, *, addresses: list[str], several: bool
) -> Attachments:
    """Make the attachments of a server.

    Parameters
    ----------
    serverapp
        The server.
    service
        What its handlers share.
    place
        The store, as the recording process reaches it.
    addresses
        The base URLs under which the server is known.
    several
        Whether several people use it, so that it must be noted who sends what to a kernel.
    """
    senders, requests = Senders() if several else None, Requests()
    settings = serverapp.web_app.settings
    settings[_CONNECTION_CLASS] = observed(settings[_CONNECTION_CLASS], senders, requests)
    kernels = Kernels(serverapp)
    targets = Targets(service.dispatcher, service.answered, addresses)
    return Attachments(kernels, targets, Keeper(kernels, targets, place, senders, requests))
