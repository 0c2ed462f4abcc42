"""Track which user sent a request to a kernel, by WebSocket and not by the message's own claim."""

from __future__ import annotations

import json
import logging
import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from jupyter_server.services.kernels.connection.base import (
    deserialize_binary_message,
    deserialize_msg_from_ws_v1,
)

from jupyter_sessions.recorder.iopub.wire import DELIMITER, command_id
from jupyter_sessions.server.recording.backlog import Requests

#: Requests whose senders are remembered.
_REMEMBERED = 50_000
_V1 = "v1.kernel.websocket.jupyter.org"

_log = logging.getLogger(__name__)


class Senders:
    """Remember who sent which request to which kernel; safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sent: OrderedDict[tuple[str, str], str] = OrderedDict()

    def note(self, kernel: str, msg_id: str, user: str) -> bool:
        """Record that a user sends a request; return False if its ID is another user's."""
        key = kernel, command_id(msg_id)
        with self._lock:
            first = self._sent.setdefault(key, user)
            while len(self._sent) > _REMEMBERED:
                self._sent.popitem(last=False)
        return first == user

    def who(self, kernel: str, command: str) -> str | None:
        """Return who sent the request that started a command; None if unknown."""
        with self._lock:
            return self._sent.get((kernel, command))


def observed(connection_class: type[Any], senders: Senders | None, requests: Requests) -> type[Any]:
    """Make a kernel WebSocket connection class that records the senders of requests.

    Parameters
    ----------
    connection_class
        The class that the server is configured to use.
    senders
        Records who sends what; None where it does not matter.
    requests
        Records requests and their answers.
    """

    class Observed(connection_class):  # type: ignore[misc]  # whatever class it is
        """A connection whose execution requests are recorded before they reach the kernel."""

        def handle_incoming_message(self, incoming_msg: Any) -> None:
            """Record the sender of a message, and forward it."""
            if self._is_theirs(incoming_msg):
                super().handle_incoming_message(incoming_msg)

        def handle_outgoing_message(self, stream: Any, outgoing_msg: list[Any]) -> None:
            """Record the answer to a request, and forward it."""
            if getattr(stream, "channel", None) == "shell":
                self._note_answer(outgoing_msg)
            super().handle_outgoing_message(stream, outgoing_msg)

        def _note_answer(self, message: list[Any]) -> None:
            try:
                start = message.index(DELIMITER)
                if b'"execute_reply"' in message[start + 2]:
                    parent, content = json.loads(message[start + 3]), json.loads(message[start + 5])
                    requests.answered(self.kernel_id, str(parent["msg_id"]), content["status"])
            except Exception:  # noqa: BLE001 - a message that we can't parse is left to the server
                _log.debug("A kernel's answer could not be read", exc_info=True)

        def _is_theirs(self, incoming_msg: Any) -> bool:
            try:
                header, content = _parts(incoming_msg, getattr(self, "subprotocol", None))
                if header.get("msg_type") != "execute_request":
                    return True
                noted = True
                if senders is not None:
                    user = self.websocket_handler.current_user.username
                    noted = senders.note(self.kernel_id, str(header["msg_id"]), user)
                if noted:
                    requests.note(self.kernel_id, header, content())
            except Exception:  # noqa: BLE001 - a message that we can't parse is left to the server
                return True
            if not noted:
                # Its outputs would appear under another user's command.
                _log.warning(
                    "A request to kernel %s was dropped: %s sent it under the id of another "
                    "user's.", self.kernel_id, user,
                )  # fmt: skip
            return noted

    Observed.__name__ = Observed.__qualname__ = connection_class.__name__
    return Observed


def _parts(
    message: Any, subprotocol: str | None
) -> tuple[dict[str, Any], Callable[[], dict[str, Any]]]:
    """Return the header of a message and a function that reads its content."""
    if subprotocol == _V1:
        channel, parts = deserialize_msg_from_ws_v1(message)  # type: ignore[no-untyped-call]
        if channel != "shell":
            return {}, dict
        return json.loads(parts[0]), lambda: json.loads(parts[3])
    if isinstance(message, bytes):
        read = deserialize_binary_message(message)  # type: ignore[no-untyped-call]
    else:
        read = json.loads(message)
    return read["header"], lambda: read["content"]
