"""A session's scratch space as a Python mapping."""

from __future__ import annotations

import json
from collections.abc import Iterator, MutableMapping
from typing import Any

from jupyter_sessions import api, errors, schemas
from jupyter_sessions.client.transports.base import Transport
from jupyter_sessions.client.transports.paging import every


class Scratch(MutableMapping[str, Any]):
    """A session's small JSON values by name, as a dictionary that is kept on the server.

    Each access asks the server, so that what others set is seen at once. A list or dictionary that
    was got is a copy: to change it, set it anew.
    """

    def __init__(self, transport: Transport, code: str) -> None:
        self._transport = transport
        self._code = code

    def __repr__(self) -> str:
        return f"<Scratch of session {self._code}>"

    def __getitem__(self, name: str) -> Any:
        self._hold(name)
        request = schemas.ScratchNamed(code=self._code, name=name)
        try:
            return self._transport.call(api.GET_SCRATCH, request).value
        except errors.NotFound:
            raise KeyError(name) from None

    def __setitem__(self, name: str, value: Any) -> None:
        try:
            # What JSON has no word for must not become null, or fail far from here.
            json.dumps(value, allow_nan=False)
        except (TypeError, ValueError, RecursionError) as error:
            raise errors.BadRequest(
                f"The value of {name!r} can't be kept as JSON: {error}.",
                hint="JSON has texts, finite numbers, booleans, None, lists and dictionaries.",
            ) from error
        request = schemas.SetScratch(code=self._code, name=name, value=value)
        self._transport.call(api.SET_SCRATCH, request)

    def __delitem__(self, name: str) -> None:
        self._hold(name)
        request = schemas.ScratchNamed(code=self._code, name=name)
        try:
            self._transport.call(api.DELETE_SCRATCH, request)
        except errors.NotFound:
            raise KeyError(name) from None

    def __iter__(self) -> Iterator[str]:
        return (entry.name for entry in self.entries())

    def __len__(self) -> int:
        return sum(1 for _ in self.entries())

    def entries(self) -> Iterator[schemas.ScratchEntry]:
        """Yield what is known of each value: name, size, who set it and when."""
        return every(self._transport, api.LIST_SCRATCH, code=self._code)

    def _hold(self, name: object) -> None:
        # What can't be a name is not there, as in any dictionary.
        if not isinstance(name, str) or not name:
            raise KeyError(name)
