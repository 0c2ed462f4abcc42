"""Run work in daemon threads that keep working until the very end of the process.

`concurrent.futures` accepts no work once the interpreter starts to shut down, which is when a
kernel delivers its last commands. These threads are daemons, and work as long as the process runs.
"""

from __future__ import annotations

import queue
import random
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, TypeVar

from jupyter_sessions import forking
from jupyter_sessions.errors import ServerBusy, StoreUnusable

T = TypeVar("T")

#: How many requests of one queue may wait.
PER_QUEUE = 8
#: How many requests may wait in all queues of a kind.
IN_ALL = 128
#: How many seconds a request may wait.
LONGEST_WAIT = 5.0
#: How many callers are remembered after their turns.
_REMEMBERED = 10_000


def closing() -> StoreUnusable:
    """Return the error for work that is submitted too late."""
    return StoreUnusable("The store is closing.", hint="Try again when the server has restarted.")


def settle(outcome: Future[T], work: Callable[[], T]) -> bool:
    """Resolve a future with what `work` returns or raises; return False if it was cancelled."""
    if not outcome.set_running_or_notify_cancel():
        return False
    try:
        result = work()
    except BaseException as error:  # noqa: BLE001  # the error belongs to the caller who waits
        outcome.set_exception(error)
    else:
        outcome.set_result(result)
    return True


class _Pool:
    """Daemon threads that start one by one, with the first submissions."""

    def __init__(self, count: int, name: str) -> None:
        self._count = count
        self._name = name
        self._closed = False
        self._threads: list[threading.Thread] = []
        forking.reset_in_child(self)

    def reset_in_child(self) -> None:
        """Accept no more work, since the threads belong to the parent."""
        self._closed = True
        self._threads = []

    def _start_another(self) -> None:
        """Start a thread, unless all run."""
        if len(self._threads) < self._count:
            name = f"{self._name}-{len(self._threads)}"
            self._threads.append(threading.Thread(target=self._work, name=name, daemon=True))
            self._threads[-1].start()

    def _work(self) -> None:
        raise NotImplementedError


class Workers(_Pool):
    """Threads that run submitted work in order; they start with the first submission.

    Parameters
    ----------
    count
        The number of threads.
    name
        The name of the threads.
    """

    def __init__(self, count: int, name: str) -> None:
        self._starting = threading.Lock()
        self._waiting: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        super().__init__(count, name)

    def reset_in_child(self) -> None:
        """Accept no more work, since the threads belong to the parent."""
        self._starting = threading.Lock()
        super().reset_in_child()

    @property
    def waiting(self) -> int:
        """The number of submitted units of work that have not started yet."""
        return self._waiting.qsize()

    def submit(self, work: Callable[..., T], *arguments: Any) -> Future[T]:
        """Submit `work`; the future holds what it returns or raises.

        Raises
        ------
        StoreUnusable
            After `close`.
        """
        outcome: Future[T] = Future()

        def do() -> None:
            settle(outcome, lambda: work(*arguments))

        with self._starting:
            if self._closed:
                raise closing()
            self._start_another()
            self._waiting.put(do)
        return outcome

    def close(self) -> None:
        """Finish the submitted work, then stop the threads."""
        with self._starting:
            self._closed = True
            for _ in self._threads:
                self._waiting.put(None)
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        while (do := self._waiting.get()) is not None:
            do()
            # Otherwise the work and all that it refers to, up to whole outputs, would stay in
            # memory until the next one comes.
            del do


def _nothing() -> None:
    pass


@dataclass
class _Waiting:
    run: Callable[[], Any]
    outcome: Future[Any]
    give_up: Callable[[], None]
    until: float


class _Ring:
    """Queues that take turns."""

    def __init__(self) -> None:
        self.queues: dict[Hashable, deque[_Waiting]] = {}
        self.size = 0
        self._turn = 0
        # The number of each caller's last turn; the last to have one is at the end.
        self._turns: OrderedDict[Hashable, int] = OrderedDict()

    def add(self, who: Hashable, waiting: _Waiting) -> _Waiting | None:
        """Add a request, and return the one that has to give way to it, which may be itself."""
        mine = self.queues.get(who)
        length = len(mine) if mine is not None else 0
        evicted = None
        if length >= PER_QUEUE:
            return waiting
        if self.size >= IN_ALL:
            longest = max(map(len, self.queues.values()))
            if longest <= length:
                return waiting
            crowded = [name for name, each in self.queues.items() if len(each) == longest]
            latest = max(map(self._last_turn, crowded))
            crowded = [name for name in crowded if self._last_turn(name) == latest]
            # At random: whoever comes next must not always displace the same caller.
            evicted = self._take(random.choice(crowded), newest=True)  # noqa: S311
        self.queues.setdefault(who, deque()).append(waiting)
        self.size += 1
        return evicted

    def pop(self) -> _Waiting:
        """Take the oldest request of the queue whose turn it is."""
        who = min(self.queues, key=self._last_turn)
        self._turn += 1
        self._turns[who] = self._turn
        self._turns.move_to_end(who)
        if len(self._turns) > _REMEMBERED:
            self._turns.popitem(last=False)
        return self._take(who, newest=False)

    def pop_expired(self, now: float) -> list[_Waiting]:
        """Take all requests that have waited too long."""
        expired = []
        for who in list(self.queues):
            while who in self.queues and self.queues[who][0].until <= now:
                expired.append(self._take(who, newest=False))
        return expired

    def _last_turn(self, who: Hashable) -> int:
        return self._turns.get(who, 0)

    def _take(self, who: Hashable, *, newest: bool) -> _Waiting:
        mine = self.queues[who]
        waiting = mine.pop() if newest else mine.popleft()
        if not mine:
            del self.queues[who]
        self.size -= 1
        return waiting


class FairWorkers(_Pool):
    """Threads that serve many callers in turn; they start with the first request.

    Somebody who floods the store with requests that need a password hash must delay only
    themselves. So each caller (a network) has a short queue of their own, and the queues take
    turns: next is the caller whose last turn is longest ago, or who had none. So a person is next
    even while many networks flood the store, also if they try again. Known callers (a name that has
    logged in from its address before) have queues too, and every second turn goes to those.

    Parameters
    ----------
    count
        The number of threads.
    name
        The prefix of their names.
    """

    def __init__(self, count: int, name: str) -> None:
        self._changed = threading.Condition()
        self._rings = {True: _Ring(), False: _Ring()}
        self._known_next = True
        super().__init__(count, name)

    def reset_in_child(self) -> None:
        """Accept no more work, since the threads belong to the parent."""
        self._changed = threading.Condition()
        super().reset_in_child()

    def submit(
        self,
        who: Hashable,
        run: Callable[[], Any],
        *,
        known: bool = False,
        give_up: Callable[[], None] = _nothing,
    ) -> Future[Any]:
        """Run something when it is its queue's turn.

        Parameters
        ----------
        who
            Whose queue it waits in.
        known
            Whether this is somebody who has logged in before.
        give_up
            Called when it does not run, before the future raises `ServerBusy`.

        Raises
        ------
        StoreUnusable
            After `close`.
        """
        outcome: Future[Any] = Future()
        waiting = _Waiting(run, outcome, give_up, time.monotonic() + LONGEST_WAIT)
        with self._changed:
            if self._closed:
                raise closing()
            dropped = self._expired()
            evicted = self._rings[known].add((known, who), waiting)
            if evicted is not None:
                dropped.append(evicted)
            self._start_another()
            self._changed.notify()
        _drop(dropped)
        return outcome

    def close(self) -> None:
        """Finish what was submitted, then end."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()

    def _expired(self) -> list[_Waiting]:
        now = time.monotonic()
        return [each for ring in self._rings.values() for each in ring.pop_expired(now)]

    def _next(self) -> tuple[_Waiting | None, list[_Waiting]]:
        with self._changed:
            while True:
                dropped = self._expired()
                for known in (self._known_next, not self._known_next):
                    if self._rings[known].size:
                        self._known_next = not known
                        return self._rings[known].pop(), dropped
                if dropped or self._closed:
                    return None, dropped
                self._changed.wait()

    def _work(self) -> None:
        while True:
            waiting, dropped = self._next()
            _drop(dropped)
            if waiting is not None:
                if not settle(waiting.outcome, waiting.run):
                    waiting.give_up()
            elif not dropped:
                return


def _drop(dropped: list[_Waiting]) -> None:
    for each in dropped:
        each.give_up()
        if each.outcome.set_running_or_notify_cancel():
            each.outcome.set_exception(
                ServerBusy(
                    "Too many passwords are waiting to be checked, so this request was not done.",
                    hint="Try again in a few seconds.",
                )
            )
