"""A page costs the same at any depth: SQLite goes to its rows, and does not walk there."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import event
from sqlalchemy.pool import Pool

from jupyter_sessions import api, schemas
from jupyter_sessions.core.dispatcher import Dispatcher
from jupyter_sessions.core.types import SystemUser
from tests.conftest import recording

RECORDED = 5_000
# Of SQLite's virtual machine: a page of 50 takes about 3,000, a walk over the rest 50,000 and more.
STEPS = 10_000
COUNTED_BY = 100


@pytest.fixture
def counted(tmp_path):
    """Give a store with one long session, and what counts SQLite's steps in it."""
    steps = [0]

    def step():
        steps[0] += COUNTED_BY

    def watch(connection, _record):
        connection.set_progress_handler(step, COUNTED_BY)

    event.listen(Pool, "connect", watch)
    dispatcher = Dispatcher(f"sqlite:///{tmp_path / 'sessions.db'}", tmp_path / "blobs")
    now = datetime.now(UTC)

    def call(operation, request):
        return dispatcher.submit(operation, request, SystemUser("root")).result()

    code = call(api.CREATE_SESSION, schemas.NewSession()).code
    for _ in range(RECORDED // 500):
        commands = [recording("x = 1", at=now) for _ in range(500)]
        call(api.RECORD_COMMANDS, schemas.RecordCommands(code=code, commands=commands))
    yield call, code, steps
    dispatcher.close()
    event.remove(Pool, "connect", watch)


@pytest.mark.parametrize("order", ["newest", "oldest"])
@pytest.mark.parametrize("after", ["51", "2500", "4949"])
def test_a_page_of_the_history_takes_the_same_few_steps_wherever_it_is(counted, order, after):
    call, code, steps = counted
    steps[0] = 0
    request = schemas.ListCommands(code=code, order=order, after=after, limit=50)
    assert len(call(api.LIST_COMMANDS, request).items) == 50
    assert steps[0] < STEPS


def test_what_is_new_in_the_log_is_found_without_reading_what_is_old(counted):
    call, code, steps = counted
    steps[0] = 0
    page = call(api.LIST_EVENTS, schemas.ListEvents(code=code, after=RECORDED - 10))
    assert [event.number for event in page.items][-1] == RECORDED + 1
    assert steps[0] < STEPS
