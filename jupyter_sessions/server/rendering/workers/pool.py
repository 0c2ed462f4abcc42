"""A pool of rendering workers with fair scheduling and limits."""

from __future__ import annotations

import asyncio
import os
import threading
from collections import Counter, OrderedDict, deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from jupyter_sessions.server.rendering.workers.process import WorkerDied, WorkerProcess
from jupyter_sessions.server.rendering.workers.protocol import (
    KILLED,
    Batch,
    Failure,
    Job,
    Rendered,
)

#: Jobs of one request that may crash a worker before the rest is skipped.
_MOST_DEATHS = 2


class _CannotStart(Exception):
    """There is no worker, and none can be started."""


@dataclass(frozen=True, kw_only=True)
class PoolLimits:
    """Limits on the cost of rendering.

    Attributes
    ----------
    workers
        Number of processes that render at once.
    page_seconds, job_seconds
        Processor time for all content of one page, and for each part of it.
    wall_seconds
        Maximum duration of a batch on a busy machine.
    queued, queued_bytes
        Number of batches that one person may have waiting, and their total content in bytes.
    waiting_seconds
        Maximum time that a batch waits for a worker.
    abandoned_seconds
        Time that an abandoned batch still gets: stopping a worker costs as much as a page.
    idle_seconds
        Idle time after which the workers are stopped.
    """

    workers: int = max(2, min(4, os.cpu_count() or 2))
    page_seconds: float = 2.0
    job_seconds: float = 1.0
    wall_seconds: float = 30.0
    queued: int = 64
    queued_bytes: int = 64_000_000
    waiting_seconds: float = 20.0
    abandoned_seconds: float = 0.2
    idle_seconds: float = 300.0


@dataclass(eq=False)
class _Request:
    """A batch that waits or is being rendered, and its user."""

    person: str
    prepare: Callable[[], list[Job]]
    size: int
    answer: asyncio.Future[list[Rendered]]
    done: list[Rendered] = field(default_factory=list)
    timer: asyncio.TimerHandle | None = None
    worker: WorkerProcess | None = None
    ended: threading.Event = field(default_factory=threading.Event)

    def end(self) -> None:
        """Stop rendering the batch."""
        self.ended.set()
        if self.worker is not None:
            self.worker.kill()


class WorkerPool:
    """Workers, started when first needed, and a fair queue of requests for each person.

    All methods must be called in the event loop's thread.

    Parameters
    ----------
    limits
        Limits on the cost of rendering.
    """

    def __init__(self, limits: PoolLimits | None = None) -> None:
        self.limits = limits or PoolLimits()
        self._idle: list[WorkerProcess] = []
        self._running: set[_Request] = set()
        self._waiting: OrderedDict[str, deque[_Request]] = OrderedDict()
        self._warming = False
        self._stopped = False
        self._resting: asyncio.TimerHandle | None = None

    async def render(
        self, person: str, prepare: Callable[[], list[Job]], size: int
    ) -> list[Rendered]:
        """Run jobs in a worker.

        Cancelling the call withdraws the jobs.

        Parameters
        ----------
        person
            The requesting user: each has a separate queue.
        prepare
            Returns the jobs; called in a thread, when a worker is free.
        size
            Approximate number of bytes held while the jobs wait.

        Returns
        -------
        list of Rendered
            The result of each job; all are `busy` if this person has too much else waiting. Jobs
            that there was no time for are missing at the end.
        """
        loop = asyncio.get_running_loop()
        request = _Request(person, prepare, size, loop.create_future())
        queue = self._waiting.get(person, ())
        held = sum(each.size for each in queue)
        full = queue and (
            len(queue) >= self.limits.queued or held + size > self.limits.queued_bytes
        )
        if full or self._stopped:
            return []
        self._waiting.setdefault(person, deque()).append(request)
        request.timer = loop.call_later(self.limits.waiting_seconds, self._give_up, request)
        self._schedule()
        try:
            return await request.answer
        except asyncio.CancelledError:
            self._abandon(request)
            raise

    def warm(self) -> None:
        """Start a worker in advance, so that it is ready for the first page."""
        if not (self._idle or self._running or self._warming or self._stopped):
            self._warming = True
            loop = asyncio.get_running_loop()
            threading.Thread(target=self._start, args=(loop,), daemon=True).start()

    def _start(self, loop: asyncio.AbstractEventLoop) -> None:
        worker: WorkerProcess | None = None
        with suppress(_CannotStart):  # the first request retries, and does without if that fails
            worker = _start_worker()
        _call(loop, self._warmed, worker)

    def _warmed(self, worker: WorkerProcess | None) -> None:
        self._warming = False
        if worker is not None:
            self._keep(worker)
        self._schedule()

    async def stop(self) -> None:
        """Stop all workers, and answer no further requests."""
        self._stopped = True
        for queue in self._waiting.values():
            for request in queue:
                self._settle(request)
        self._waiting.clear()
        for request in list(self._running):
            request.end()
        idle, self._idle = self._idle, []
        if self._resting is not None:
            self._resting.cancel()
        for worker in idle:
            worker.kill()
            await asyncio.to_thread(worker.close)

    def _schedule(self) -> None:
        """Assign free workers in turn, first to those who have fewest."""
        while self._waiting and len(self._running) < self.limits.workers:
            if self._warming and not self._idle:
                return  # a worker is starting
            running = Counter(request.person for request in self._running)
            # Users of slow content leave one worker to the others.
            most = max(1, self.limits.workers - 1)
            people = [person for person in self._waiting if running[person] < most]
            if not people:
                return
            person = min(people, key=lambda each: running[each])
            queue = self._waiting.pop(person)
            request = queue.popleft()
            if queue:
                self._waiting[person] = queue  # at the end
            self._run(request)

    def _run(self, request: _Request) -> None:
        loop = asyncio.get_running_loop()
        if request.timer is not None:
            request.timer.cancel()
        request.timer = loop.call_later(self.limits.wall_seconds, request.end)
        request.worker = self._idle.pop() if self._idle else None
        self._running.add(request)
        threading.Thread(
            target=self._work, args=(loop, request), name="jupyter_sessions rendering", daemon=True
        ).start()

    def _work(self, loop: asyncio.AbstractEventLoop, request: _Request) -> None:
        """Render a request in its own thread, since pipes must not block the event loop."""
        problem: BaseException | None = None
        try:
            self._render(request, request.prepare())
        except _CannotStart:  # the system may be out of processes: nothing is rendered
            pass
        except Exception as error:  # noqa: BLE001  # the caller gets the error
            problem = error
        _call(loop, self._finish, request, problem)

    def _render(self, request: _Request, jobs: list[Job]) -> None:
        """Run jobs; if one crashes its worker, continue the others in a new worker."""
        done, deaths = request.done, 0
        while len(done) < len(jobs) and not request.ended.is_set() and deaths < _MOST_DEATHS:
            before, fresh = len(done), request.worker is None
            worker = request.worker = request.worker or _start_worker()
            if request.ended.is_set():
                worker.kill()
            left = Batch(jobs[before:], self.limits.page_seconds, self.limits.job_seconds)
            try:
                worker.render(left, done.append)
            except WorkerDied:
                request.worker = None
                worker.close()
                if not worker.ready and not request.ended.is_set():
                    raise _CannotStart from None
                if worker.out_of_time:
                    deaths += 1
                    done.append(Rendered(failure="slow"))  # and would be again
                # An idle worker may have died earlier, which says nothing about the job.
                elif request.ended.is_set() or fresh or len(done) > before:
                    deaths += 1
                    failure: Failure = "slow" if request.ended.is_set() else "failed"
                    done.append(Rendered(failure=failure, detail=KILLED))

    def _finish(self, request: _Request, problem: BaseException | None) -> None:
        self._running.discard(request)
        if request.worker is not None:
            self._keep(request.worker, sound=not request.ended.is_set())
            request.worker = None
        self._settle(request, problem)
        self._schedule()

    def _keep(self, worker: WorkerProcess, *, sound: bool = True) -> None:
        if not sound or self._stopped or worker.retires or len(self._idle) >= self.limits.workers:
            threading.Thread(target=worker.close, daemon=True).start()
            return
        self._idle.append(worker)
        if self._resting is not None:
            self._resting.cancel()
        loop = asyncio.get_running_loop()
        self._resting = loop.call_later(self.limits.idle_seconds, self._rest)

    def _rest(self) -> None:
        idle, self._idle = self._idle, []
        for worker in idle:
            threading.Thread(target=worker.close, daemon=True).start()

    def _abandon(self, request: _Request) -> None:
        if request in self._running:
            loop = asyncio.get_running_loop()
            if request.timer is not None:
                request.timer.cancel()
            request.timer = loop.call_later(self.limits.abandoned_seconds, request.end)
        else:
            self._give_up(request)

    def _give_up(self, request: _Request) -> None:
        """Withdraw a waiting request."""
        queue = self._waiting.get(request.person)
        if queue is not None and request in queue:
            queue.remove(request)
            if not queue:
                del self._waiting[request.person]
        self._settle(request)

    def _settle(self, request: _Request, problem: BaseException | None = None) -> None:
        if request.timer is not None:
            request.timer.cancel()
        if request.answer.done():
            return
        if problem is None:
            request.answer.set_result(request.done)
        else:
            request.answer.set_exception(problem)


def _start_worker() -> WorkerProcess:
    try:
        return WorkerProcess()
    except OSError as error:
        raise _CannotStart from error


def _call(loop: asyncio.AbstractEventLoop, function: Callable[..., None], *values: Any) -> None:
    try:
        loop.call_soon_threadsafe(function, *values)
    except RuntimeError:
        return  # the server has ended, and its workers with it
