"""Commands that only manage sessions: told from others once, for lists that leave them out."""

from __future__ import annotations

import pytest

from jupyter_sessions import api
from jupyter_sessions.session_lines import manages_sessions
from tests.conftest import Store
from tests.core.asking import command, commands, do, log, record, recorded, running

MANAGING = [
    "%session history",
    "%load_ext jupyter_sessions",
    "%load_ext jupyter_sessions\n\n  %session new 'Rain'\n",
    "%session",
    "%oph_manage_session action=list;",
    "%oph_resume 3",
]
WORK = [
    "",
    "\n",
    "1 + 1",
    "%session publish rain\nrain.plot()",
    "# %session history",
    "%sessions",
    "%load_ext autoreload",
    "'''\n%session history\n'''",
    "%session replay 3..7",
    "%oph_resume session=1;execute=yes;",
]


@pytest.mark.parametrize("source", MANAGING)
def test_lines_about_sessions_alone_manage_sessions(source: str) -> None:
    assert manages_sessions(source)


@pytest.mark.parametrize("source", WORK)
def test_whatever_else_is_in_a_source_is_work(source: str) -> None:
    assert not manages_sessions(source)


def test_lists_leave_them_out_on_demand_and_the_numbers_stay(store: Store) -> None:
    code = store.new().code
    sources = ["%session new x", "a = 1", "%session history", "%session view 2", "boom", "%session"]
    record(store, code, *(recorded(store, source) for source in sources))
    assert [each.number for each in commands(store, code) if not each.managing] == [5, 2]
    page = do(store, "root", api.LIST_COMMANDS, code=code, managing=False, limit=1)
    assert [each.number for each in page.items] == [5]
    after = commands(store, code, managing=False, after=page.next)
    assert [each.number for each in after] == [2]
    oldest = commands(store, code, managing=False, order="oldest")
    assert [each.number for each in oldest] == [2, 5]
    assert [each.number for each in commands(store, code, search="session")] == [6, 4, 3, 1]
    assert commands(store, code, search="session", managing=False) == []
    assert do(store, "root", api.GET_SESSION, code=code).commands == 6


def test_taking_up_a_session_can_leave_them_out(store: Store) -> None:
    code = store.new().code
    record(
        store, code, *(recorded(store, each) for each in ["a", "b", "%session", "%session list"])
    )
    for managing, numbers in [(True, [3, 4]), (False, [1, 2])]:
        answer = do(store, "root", api.RESUME_SESSION, code=code, commands=2, managing=managing)
        assert [each.summary.number for each in answer.commands] == numbers


def test_the_last_command_of_a_session_is_none_of_them(store: Store) -> None:
    code = store.new().code
    record(store, code, recorded(store, "%session new x"))
    assert do(store, "root", api.GET_SESSION, code=code).last_command == ""
    record(store, code, recorded(store, "a = 1"), recorded(store, "%session history"))
    record(store, code, recorded(store, "%session history"))
    assert do(store, "root", api.GET_SESSION, code=code).last_command == "a = 1"


def test_forgetting_the_last_one_empties_it_and_forgetting_others_does_not(store: Store) -> None:
    code = store.new().code
    record(store, code, *(recorded(store, each) for each in ["a", "b", "%session history"]))
    for number, left in [(3, "b"), (1, "b"), (2, "")]:
        do(store, "root", api.FORGET_COMMAND, code=code, number=number)
        assert do(store, "root", api.GET_SESSION, code=code).last_command == left
    assert command(store, code, 3).summary.managing


def test_a_running_one_is_known_as_one_and_in_the_log_too(store: Store) -> None:
    code = store.new().code
    record(store, code, running(store, "u", "%session history"))
    assert commands(store, code, managing=False) == []
    (event,) = [each for each in log(store, code) if each.kind == "command.started"]
    assert event.command.managing
