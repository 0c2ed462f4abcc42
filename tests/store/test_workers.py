"""Threads that do work beside the caller."""

from __future__ import annotations

import threading

import pytest

from jupyter_sessions.errors import StoreUnusable
from jupyter_sessions.store.workers import Workers

WAITED = 20.0  # seconds


def test_callers_who_give_up_cost_no_thread():
    workers = Workers(2, "test")
    go = threading.Event()
    held = [workers.submit(go.wait, WAITED) for _ in range(2)]
    given_up = [workers.submit(str) for _ in range(10)]
    assert all(future.cancel() for future in given_up)
    go.set()
    assert all(future.result(WAITED) for future in held)
    assert [workers.submit(str, n).result(WAITED) for n in range(5)] == list("01234")
    workers.close()


def test_what_work_raises_goes_to_its_caller_and_the_thread_goes_on():
    workers = Workers(1, "test")
    with pytest.raises(ZeroDivisionError):
        workers.submit(lambda: 1 / 0).result(WAITED)
    with pytest.raises(SystemExit):
        workers.submit(exit).result(WAITED)
    assert workers.submit(str, 1).result(WAITED) == "1"
    workers.close()


def test_closing_finishes_what_was_submitted_and_takes_nothing_more():
    workers = Workers(2, "test")
    futures = [workers.submit(str, n) for n in range(100)]
    workers.close()
    assert [future.result(0) for future in futures] == [str(n) for n in range(100)]
    with pytest.raises(StoreUnusable):
        workers.submit(str)
    workers.close()
