"""Follow a session's events in a thread, and pass them to the kernel's event loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence

from jupyter_sessions import errors, schemas
from jupyter_sessions.client.transports.base import Transport

#: Seconds for which events are collected, so that many events cost the kernel little.
_GATHERED = 0.2


def kernel_loop() -> asyncio.AbstractEventLoop | None:
    """Return the kernel's event loop; None without one, as in a script."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


class Following:
    """The live view of one session, until it is closed.

    Parameters
    ----------
    transport
        The transport to the session; a second one is opened for the live view and closed with it.
    session
        The session, with the last known event of its log.
    take
        Called on the loop with new events in order.
    ended
        Called on the loop when the live view has ended, with the reason if known.
    loop
        The kernel's event loop.
    """

    def __init__(
        self,
        transport: Transport,
        session: schemas.Session,
        *,
        take: Callable[[Sequence[schemas.Event]], None],
        ended: Callable[[errors.SessionsError | None], None],
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        self._transport = transport.clone()
        self._request = schemas.Follow(code=session.code, after=session.events)
        self._take = take
        self._ended = ended
        self._loop = loop
        self._lock = threading.Lock()
        self._waiting: list[schemas.Event] = []
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="sessions-widget", daemon=True)
        self._thread.start()

    @property
    def alive(self) -> bool:
        """Whether the thread is still following."""
        return self._thread.is_alive()

    def close(self) -> None:
        """Stop following; no more events are passed on."""
        self._closed = True
        self._transport.close()

    def _run(self) -> None:
        failure: errors.SessionsError | None = None
        try:
            for event in self._transport.follow(self._request):
                if self._closed:
                    return
                self._gather(event)
        except errors.SessionsError as error:
            failure = error
        if not self._closed:
            self._post(lambda: self._end(failure))

    def _gather(self, event: schemas.Event) -> None:
        with self._lock:
            first = not self._waiting
            self._waiting.append(event)
        if first:
            self._post(lambda: self._loop.call_later(_GATHERED, self._hand_over))

    def _hand_over(self) -> None:
        with self._lock:
            events, self._waiting = self._waiting, []
        if events and not self._closed:
            self._take(events)

    def _end(self, failure: errors.SessionsError | None) -> None:
        self._hand_over()
        if not self._closed:
            self._ended(failure)

    def _post(self, act: Callable[[], object]) -> None:
        try:
            self._loop.call_soon_threadsafe(act)
        except RuntimeError:  # the loop is closed: the kernel is ending
            self._closed = True
