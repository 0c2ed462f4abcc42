"""Limit costly work for each person, so that others need not wait for it."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from jupyter_sessions.errors import ServerBusy
from jupyter_sessions.store.workers import settle

Begin = Callable[[], Future[Any]]


@dataclass
class _Person:
    running: int = 0
    waiting: deque[tuple[Begin, Future[Any]]] = field(default_factory=deque)


class Turns:
    """A queue in which each person runs only a few pieces of work at a time; thread-safe.

    Parameters
    ----------
    at_once
        How many pieces of work run at a time for one person.
    most_wait
        How many more of theirs may wait.
    """

    def __init__(self, at_once: int, most_wait: int) -> None:
        self._at_once = at_once
        self._most_wait = most_wait
        self._lock = threading.Lock()
        self._people: dict[Hashable, _Person] = {}

    def take(self, who: Hashable, begin: Begin, answer: Future[Any]) -> None:
        """Start work when it is the person's turn, and pass its outcome to `answer`."""
        with self._lock:
            person = self._people.setdefault(who, _Person())
            if person.running >= self._at_once:
                if len(person.waiting) < self._most_wait:
                    person.waiting.append((begin, answer))
                    return
                refused = True
            else:
                person.running += 1
                refused = False
        if refused:
            error = ServerBusy(
                "Too many of your searches and checks are waiting already, so this "
                "one was not done.",
                hint="Try again when they have finished.",
            )
            if answer.set_running_or_notify_cancel():
                answer.set_exception(error)
            return
        self._begin(who, begin, answer)

    def _begin(self, who: Hashable, begin: Begin, answer: Future[Any]) -> None:
        try:
            done = begin()
        except Exception as error:  # noqa: BLE001  # the error belongs to the caller who waits
            done = Future()
            done.set_exception(error)

        def over(done: Future[Any]) -> None:
            self._leave(who)
            pass_on(done, answer)

        done.add_done_callback(over)

    def _leave(self, who: Hashable) -> None:
        following = None
        with self._lock:
            person = self._people[who]
            if person.waiting:
                following = person.waiting.popleft()
            else:
                person.running -= 1
                if not person.running:
                    del self._people[who]
        if following is not None:
            self._begin(who, *following)


def pass_on(done: Future[Any], answer: Future[Any]) -> None:
    """Resolve `answer` with the outcome of `done`."""
    settle(answer, done.result)
