"""Threads that do work beside the caller."""

from __future__ import annotations

import threading

import pytest

from jupyter_sessions.errors import StoreUnusable
from jupyter_sessions.store.workers import Workers
from tests.waiting import STARTED_WITHIN


def test_callers_who_give_up_cost_no_thread():
    workers = Workers(2, "test")
    go = threading.Event()
    held = [workers.submit(go.wait, STARTED_WITHIN) for _ in range(2)]
    given_up = [workers.submit(str) for _ in range(10)]
    assert all(future.cancel() for future in given_up)
    go.set()
    assert all(future.result(STARTED_WITHIN) for future in held)
    assert [workers.submit(str, n).result(STARTED_WITHIN) for n in range(5)] == list("01234")
    workers.close()


def test_what_work_raises_goes_to_its_caller_and_the_thread_goes_on():
    workers = Workers(1, "test")
    with pytest.raises(ZeroDivisionError):
        workers.submit(lambda: 1 / 0).result(STARTED_WITHIN)
    with pytest.raises(SystemExit):
        workers.submit(exit).result(STARTED_WITHIN)
    assert workers.submit(str, 1).result(STARTED_WITHIN) == "1"
    workers.close()


def test_closing_finishes_what_was_submitted_and_takes_nothing_more():
    workers = Workers(2, "test")
    futures = [workers.submit(str, n) for n in range(100)]
    workers.close()
    assert [future.result(0) for future in futures] == [str(n) for n in range(100)]
    with pytest.raises(StoreUnusable):
        workers.submit(str)
    workers.close()
