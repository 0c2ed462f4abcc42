"""A session in the hands of a script: a method for each thing that can be done in it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from msgspec import UNSET, UnsetType

from jupyter_sessions import api, schemas
from jupyter_sessions.client.handles.commands import Commands
from jupyter_sessions.client.handles.people import People
from jupyter_sessions.client.handles.webspace import WebSpace
from jupyter_sessions.client.scratch import Scratch


class Session(Commands, WebSpace, People):
    """One session, as the user that the connection is of; made by a `Connection`.

    What it answers are the shapes of `jupyter_sessions.schemas`, and what fails raises a class of
    `jupyter_sessions.errors`. Moments without a time zone are taken as local time.
    """

    def __repr__(self) -> str:
        return f"<Session {self.label!r} {self.code}>"

    def describe(
        self,
        *,
        label: str | None = None,
        description: str | None = None,
        message: str | None = None,
        agent: str | None = None,
    ) -> schemas.Session:
        """Change label, description, message or agent; what is left out stays."""
        words = {"label": label, "description": description, "message": message, "agent": agent}
        told = {name: word for name, word in words.items() if word is not None}
        return self._do(api.DESCRIBE_SESSION, **told)

    def set_timeouts(
        self,
        *,
        idle_timeout: int | UnsetType | None = UNSET,
        lifetime: int | UnsetType | None = UNSET,
    ) -> schemas.Session:
        """Set the time-outs in minutes; None takes one away, what is left out stays."""
        return self._do(api.TIME_SESSION, idle_timeout=idle_timeout, lifetime=lifetime)

    def resume(self, commands: int = 10, *, agent: str = "") -> schemas.Resumed:
        """Take it up: what it is, who is in it, and its last commands with their outputs."""
        answer = self._do(api.RESUME_SESSION, commands=commands, agent=agent)
        self._attributes = answer.session
        return answer

    def disable(self) -> schemas.Session:
        """Close it to all but its owner, until it is enabled."""
        return self._do(api.DISABLE_SESSION)

    def enable(self) -> schemas.Session:
        """Open it to its members again."""
        return self._do(api.ENABLE_SESSION)

    def close(self) -> schemas.Session:
        """Make the session a read-only archive, for good; a connection has a `close` of its own."""
        return self._do(api.CLOSE_SESSION)

    def remove(self) -> schemas.Session:
        """Take it out of every list; it can be restored until it is purged."""
        return self._do(api.REMOVE_SESSION)

    def restore(self) -> schemas.Session:
        """Bring it back after it was removed."""
        return self._do(api.RESTORE_SESSION)

    def transfer(self, user: str) -> schemas.Session:
        """Make another user the owner; the old owner stays as an admin."""
        return self._do(api.TRANSFER_SESSION, user=user)

    @property
    def scratch(self) -> Scratch:
        """Small JSON values by name, to hand on from script to script."""
        return Scratch(self._transport, self.code)

    def events(
        self, *, order: Literal["newest", "oldest"] = "oldest", after: int | None = None
    ) -> Iterator[schemas.Event]:
        """Yield the session's log as it is now."""
        while True:
            page = self._do(api.LIST_EVENTS, order=order, limit=500, after=after)
            yield from page.items
            if page.next is None:
                return
            after = int(page.next)

    def follow(self, *, after: int | None = None) -> Iterator[schemas.Event]:
        """Yield events as they come, after the one of that number; by default, from now on.

        A lost connection is taken up again, and nothing is missed or repeated. It ends when one's
        role in the session does, or the connection is closed.
        """
        if after is None:
            # Told now, not at the first step: what comes in between is not missed.
            after = self.refresh().events
        return self._transport.follow(schemas.Follow(code=self.code, after=after))
