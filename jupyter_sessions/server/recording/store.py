"""The server's own store, as its recording process reaches it: directly."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Self

from jupyter_sessions.api import Ans, Operation, Req
from jupyter_sessions.core.types import Asker, Identified, SystemUser

if TYPE_CHECKING:
    from jupyter_sessions.core.dispatcher import Dispatcher
    from jupyter_sessions.server.recording.protocol import Attach


class OwnStore:
    """A way to a store of which this process is another writer, as who attached a kernel.

    Parameters
    ----------
    dispatcher
        The operations on the store; shared, and so not closed.
    told
        The attachment.
    server
        What names the store in the outbox; None for the user's own.
    """

    def __init__(self, dispatcher: Dispatcher, told: Attach, server: str | None) -> None:
        self._dispatcher = dispatcher
        self._asker: Asker = (
            Identified(told.user, vouches=True) if told.identified else SystemUser(told.user)
        )
        self.server = server
        self.user = told.user

    def call(
        self, operation: Operation[Req, Ans], request: Req, content: bytes | Path | None = None
    ) -> Ans:
        """Carry out an operation and return its answer."""
        submitted = self._dispatcher.submit(operation, request, self._asker, upload=content)
        answer: Ans = submitted.result()
        return answer

    def another(self) -> Self:
        """Give a second way to the same store; neither has anything to close."""
        return self

    def close(self) -> None:
        """Leave the store open for others."""
