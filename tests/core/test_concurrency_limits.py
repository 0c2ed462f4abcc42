"""Turns: a person does a few costly things at a time, and others do not wait for them."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from dataclasses import replace

import pytest

from jupyter_sessions import api, errors
from jupyter_sessions.core import dispatcher
from jupyter_sessions.core.concurrency_limits import Turns
from jupyter_sessions.core.types import Identified
from tests.core.asking import do, join
from tests.waiting import STARTED_WITHIN, until


def leave_out_refused(pieces: list[Future]) -> list[Future]:
    """Wait until one of these is refused, whichever came last, and return the others."""
    until(lambda: any(piece.done() for piece in pieces), "a refusal")
    [refused] = [piece for piece in pieces if piece.done()]
    assert isinstance(refused.exception(), errors.ServerBusy)
    return [piece for piece in pieces if piece is not refused]


def test_a_person_searches_twice_at_a_time_and_others_do_not_wait_for_them(store, monkeypatch):
    join(store, "ann", "bob")
    code = store.new("ann").code
    store.grant(code, "bob", "read", by="ann")
    go_on, begun = threading.Event(), []
    use_case = dispatcher.USE_CASES[api.LIST_COMMANDS.name]

    def slow(context, request):
        begun.append(request.search)
        assert request.search != "slow" or go_on.wait(STARTED_WITHIN)
        return use_case.run(context, request)

    monkeypatch.setitem(dispatcher.USE_CASES, api.LIST_COMMANDS.name, replace(use_case, run=slow))

    def search() -> Future:
        request = api.LIST_COMMANDS.request(code=code, search="slow")
        return store.dispatcher.submit(api.LIST_COMMANDS, request, store.keys["ann"])

    try:
        searches = [search() for _ in range(11)]
        until(lambda: len(begun) == 2, "two searches")
        waiting = leave_out_refused(searches)
        assert do(store, "bob", api.LIST_COMMANDS, code=code, search="quick").items == []
        assert do(store, "ann", api.LIST_COMMANDS, code=code).items == []
        assert begun.count("slow") == 2
    finally:
        go_on.set()
    for each in waiting:
        assert each.result(STARTED_WITHIN).items == []
    assert begun.count("slow") == 10
    assert do(store, "ann", api.LIST_COMMANDS, code=code, search="quick").items == []


def test_a_person_checks_the_store_twice_at_a_time_and_others_do_not_wait_for_them(
    store, monkeypatch
):
    join(store, "ann")
    store.keys["ann"] = Identified("ann", administrator=True)
    go_on, begun = threading.Event(), []
    use_case = dispatcher.USE_CASES[api.CHECK_STORE.name]

    def slow(preparation, request):
        begun.append(preparation.credentials)
        assert len(begun) > 2 or go_on.wait(STARTED_WITHIN)
        return use_case.prepare(preparation, request)

    monkeypatch.setitem(dispatcher.USE_CASES, api.CHECK_STORE.name, replace(use_case, prepare=slow))

    def check(by: str) -> Future:
        request = api.CHECK_STORE.request()
        return store.dispatcher.submit(api.CHECK_STORE, request, store.credentials(by))

    try:
        checks = [check("root") for _ in range(11)]
        until(lambda: len(begun) == 2, "two checks")
        waiting = leave_out_refused(checks)
        assert check("ann").result(STARTED_WITHIN).problems == []
    finally:
        go_on.set()
    for each in waiting:
        assert each.result(STARTED_WITHIN).problems == []


def test_what_fails_or_can_not_begin_gives_its_turn_back():
    turns = Turns(1, 5)

    def fails() -> Future:
        raise ValueError("at once")

    for _ in range(20):
        answer: Future = Future()
        turns.take("ann", fails, answer)
        with pytest.raises(ValueError, match="at once"):
            answer.result(STARTED_WITHIN)
    later, answers = Future(), [Future() for _ in range(3)]
    turns.take("ann", lambda: later, answers[0])
    turns.take("ann", fails, answers[1])
    turns.take("ann", lambda: later, answers[2])
    later.set_exception(KeyError("late"))
    assert [type(each.exception(STARTED_WITHIN)) for each in answers] == [
        KeyError,
        ValueError,
        KeyError,
    ]
    assert turns._people == {}
