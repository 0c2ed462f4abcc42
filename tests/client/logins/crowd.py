"""Many processes that do the same at one moment."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable
from multiprocessing.synchronize import Barrier
from typing import Any

from tests.waiting import STARTED_WITHIN

MANY = 50


def all_at_once(work: Callable[..., None], *arguments: Any) -> None:
    """Call `work` with a number and the arguments in fifty processes, which all end well."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([work.__module__])
    start = context.Barrier(MANY)
    # The process that forks them keeps the environment of the test that needed it first.
    told = dict(os.environ)
    workers = [
        context.Process(target=_in_this_home, args=(told, start, work, number, *arguments))
        for number in range(MANY)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(2 * STARTED_WITHIN)
    assert [worker.exitcode for worker in workers] == [0] * MANY


def _in_this_home(
    environment: dict[str, str],
    start: Barrier,
    work: Callable[..., None],
    number: int,
    *arguments: Any,
) -> None:
    os.environ.clear()
    os.environ.update(environment)
    start.wait()
    work(number, *arguments)
