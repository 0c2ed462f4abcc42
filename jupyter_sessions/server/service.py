"""Shared state of all handlers: the store, the live view, draining and housekeeping."""

from __future__ import annotations

import asyncio
import logging
import secrets
import threading
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, TypeVar

from jupyter_sessions.core.clock_watch import ClockWatch
from jupyter_sessions.server.pages.commands import make_cache
from jupyter_sessions.server.rendering.renderer import Renderer
from jupyter_sessions.store.workers import closing

if TYPE_CHECKING:
    from concurrent.futures import Future

    from jupyter_sessions.core.dispatcher import Dispatcher
    from jupyter_sessions.core.types import Limits, Use
    from jupyter_sessions.server.draining import OpenConnections
    from jupyter_sessions.server.live.hub import Live
    from jupyter_sessions.server.live.presence import Present
    from jupyter_sessions.server.recording.attachments import Attachments


T = TypeVar("T")


class Bridge:
    """Passes results from other threads to the event loop in which it was created.

    One commit completes many results at once. `asyncio.wrap_future` would wake the loop for each,
    which costs more than the rest of the response.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._lock = threading.Lock()
        self._settled: deque[tuple[asyncio.Future[Any], Future[Any]]] = deque()

    def wait(self, answer: Future[T]) -> asyncio.Future[T]:
        """Return an awaitable for the result."""
        awaited: asyncio.Future[T] = self._loop.create_future()
        answer.add_done_callback(lambda settled: self._settle(awaited, settled))
        return awaited

    def _settle(self, awaited: asyncio.Future[Any], settled: Future[Any]) -> None:
        with self._lock:
            asleep = not self._settled
            self._settled.append((awaited, settled))
        if asleep and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._hand_over)

    def _hand_over(self) -> None:
        with self._lock:
            taken, self._settled = self._settled, deque()
        for awaited, settled in taken:
            if awaited.cancelled():
                continue
            error = settled.exception()
            if error is None:
                awaited.set_result(settled.result())
            else:
                awaited.set_exception(error)


_LEAST_PAUSE = 0.05  # seconds between two parts of a check of the store


_log = logging.getLogger(__name__)


class Service:
    """The sessions service of one server.

    Parameters
    ----------
    open_store
        Opens the store; called in a thread, at the first request.
    limits
        The store's limits and retention periods.
    public_url
        The base URL under which people reach this server if it differs from the one in their
        requests; empty otherwise.
    administrators
        Users of the server's identity provider who administer the accounts.
    """

    def __init__(
        self,
        open_store: Callable[[], Dispatcher],
        *,
        limits: Limits,
        public_url: str,
        administrators: frozenset[str],
    ) -> None:
        self._open_store = open_store
        self._opening: asyncio.Task[Dispatcher] | None = None
        self._opened = asyncio.Event()
        self._bridge: Bridge | None = None
        self._clock = ClockWatch()
        self.limits = limits
        self.public_url = public_url.rstrip("/")
        self.administrators = administrators
        self.live_if_open: Live | None = None
        self.present_if_open: Present | None = None
        #: Records the kernels of this Jupyter server; None if it runs no kernels.
        self.attachments: Attachments | None = None
        #: Operations that the Jupyter server itself implements, by name; empty if it runs no
        #: kernels.
        self.own_uses: Mapping[str, Use] = {}
        #: Renders content for pages in processes that start when first needed.
        self.renderer = Renderer()
        #: The commands that pages have rendered.
        self.command_cache = make_cache()
        #: Proves to this server that a process belongs to the user who runs it.
        self.process_secret = f"jprc_{secrets.token_urlsafe(32)}"
        #: The open connections, once the server accepts any.
        self.connections: OpenConnections | None = None
        #: Whether this is a standalone sessions server.
        self.stands_alone = False
        #: Whether the server is about to stop.
        self.stopping = False
        self._stopped = False

    async def dispatcher(self) -> Dispatcher:
        """Return the dispatcher on the store, which is opened when first needed.

        Raises
        ------
        StoreUnusable
            After `stop`.
        """
        if self._stopped:
            raise closing()
        if self._opening is None or (self._opening.done() and self._opening.exception()):
            self._opening = asyncio.create_task(asyncio.to_thread(self._open_store))
        dispatcher = await asyncio.shield(self._opening)
        self._opened.set()
        return dispatcher

    async def wait_until_open(self) -> None:
        """Wait until a request has opened the store."""
        await self._opened.wait()

    def answered(self, answer: Future[T]) -> asyncio.Future[T]:
        """Return an awaitable for a result of the store's threads."""
        if self._bridge is None:
            self._bridge = Bridge()
        return self._bridge.wait(answer)

    async def live(self) -> Live:
        """Return the live view of all sessions."""
        from jupyter_sessions.server.live.hub import Live

        dispatcher = await self.dispatcher()
        if self.live_if_open is None:
            self.live_if_open = Live(dispatcher, self.answered)
        return self.live_if_open

    async def present(self) -> Present:
        """Return the presence of followers at this server."""
        from jupyter_sessions.server.live.presence import Present

        dispatcher = await self.dispatcher()
        if self.present_if_open is None:
            self.present_if_open = Present(dispatcher, self.answered)
        return self.present_if_open

    async def tidy(self) -> None:
        """Do the store's maintenance, if it is open.

        Maintenance closes sessions and permanently deletes old ones. It is therefore skipped once
        if the clock has jumped since the last run, as the clock may be corrected.
        """
        steady = self._clock.is_steady()
        if self._opening is not None and self._opening.done() and steady:
            dispatcher = await self.dispatcher()
            await asyncio.to_thread(dispatcher.tidy)

    async def drain(self, seconds: float, *, close: bool) -> None:
        """End the live views, and wait until all other requests are answered.

        Parameters
        ----------
        seconds
            The longest time to wait.
        close
            Whether to close idle connections.
        """
        self.stopping = True
        if self.live_if_open is not None:
            self.live_if_open.stop()
        if self.connections is not None:
            await self.connections.drain(seconds, close=close)

    def hurry(self) -> None:
        """Stop waiting for responses."""
        if self.connections is not None:
            self.connections.hurry()

    async def check_store(self, rate: float) -> None:
        """Verify all stored data, at most `rate` bytes a second, and log what is damaged."""
        dispatcher = await self.dispatcher()
        after: str | None = ""
        while after is not None:
            found = await asyncio.to_thread(dispatcher.check_next, after)
            for problem in found.problems:
                _log.error("Check of the store: %s", problem)
            after = found.next
            await asyncio.sleep(max(_LEAST_PAUSE, found.size / rate))

    async def stop(self) -> None:
        """Finish accepted work and close the store."""
        self.stopping = True
        await self.renderer.stop()
        if self.attachments is not None:
            await self.attachments.stop()
        if self.present_if_open is not None:
            await self.present_if_open.stop()
        self._stopped = True
        if self._opening is not None:
            opening, self._opening = self._opening, None
            dispatcher = await opening
            await asyncio.to_thread(dispatcher.close)
