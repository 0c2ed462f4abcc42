"""What every part of the handle on a session knows: which it is, and how to ask."""

from __future__ import annotations

from typing import Any

from jupyter_sessions import api, schemas
from jupyter_sessions.client.transports.base import Transport


class Handle:
    """A session, and the way to it."""

    def __init__(self, transport: Transport, attributes: schemas.Session) -> None:
        self._transport = transport
        self._attributes = attributes

    def _do(self, operation: api.Operation[Any, api.Ans], **fields: Any) -> api.Ans:
        request = operation.request(code=self.code, **fields)
        answer: api.Ans = self._transport.call(operation, request)
        if isinstance(answer, schemas.Session):
            self._attributes = answer
        return answer

    @property
    def attributes(self) -> schemas.Session:
        """What is known of the session, as it was last told; `refresh` asks anew."""
        return self._attributes

    def refresh(self) -> schemas.Session:
        """Ask for the attributes anew."""
        return self._do(api.GET_SESSION)

    @property
    def code(self) -> str:
        """The session's code."""
        return self._attributes.code

    @property
    def url(self) -> str | None:
        """The session's page, to pass on; None where no server shows this store."""
        return self._attributes.url

    @property
    def label(self) -> str:
        """The label, as it was last told."""
        return self._attributes.label
