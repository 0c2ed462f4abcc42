"""Executions that share a message id: each is a command of its own, with its own outputs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nbformat
import pytest
from jupyter_client.manager import KernelManager, start_new_kernel
from nbclient import NotebookClient

from jupyter_sessions import schemas
from jupyter_sessions.recorder.iopub.subscriber import Subscriber
from tests.recorder.conftest import Recordings
from tests.waiting import STARTED_WITHIN


@pytest.fixture
def manager() -> Iterator[KernelManager]:
    """Give the manager of a kernel that runs."""
    started, client = start_new_kernel(kernel_name="python3")
    client.stop_channels()
    yield started
    started.shutdown_kernel(now=True)


def run(manager: KernelManager, *sources: str) -> list[Any]:
    """Run a notebook in the manager's kernel, by a client of its own; return its cells."""
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    client = NotebookClient(
        nbformat.v4.new_notebook(cells=cells), km=manager, timeout=STARTED_WITHIN
    )
    client.execute()
    # They all have one address, and after a restart each would take it from the next one.
    client.kc.stop_channels()
    return cells


def texts(recording: schemas.Recording) -> str:
    """Return what a command has printed."""
    assert recording.response is not None
    return "".join(each.text for each in recording.response.outputs)


def last(recordings: list[schemas.Recording]) -> list[schemas.Recording]:
    """Return the last word on each command, in the order of their starts."""
    return list({each.id: each for each in recordings}.values())


@contextmanager
def listening(manager: KernelManager) -> Iterator[tuple[Subscriber, list[schemas.Recording]]]:
    """Listen to a kernel from without; after the block the list holds what was told of it."""
    recordings: list[schemas.Recording] = []
    subscriber = Subscriber(Path(manager.connection_file), recordings.append)
    assert subscriber.wait_until_listening(STARTED_WITHIN)
    try:
        yield subscriber, recordings
    finally:
        assert subscriber.stop(STARTED_WITHIN)


def cells(notebook: str, count: int) -> list[str]:
    """Make sources that say which they are."""
    return [f"print({f'{notebook}{number}'!r})" for number in range(count)]


def test_two_notebooks_run_in_one_kernel_are_recorded_whole_from_within(
    manager: KernelManager, recordings: Recordings
) -> None:
    first, second = cells("a", 40), cells("b", 41)
    run(manager, recordings.start, *first)
    run(manager, *second)
    recordings.wait_for(lambda recordings: len(last(recordings.all())) >= len(first) + len(second))
    run(manager, "recording.stop(90)")
    found = last(recordings.all())[: len(first) + len(second)]
    assert [each.request.source for each in found] == first + second
    assert [texts(each) for each in found] == [
        *(f"a{number}\n" for number in range(40)),
        *(f"b{number}\n" for number in range(41)),
    ]


def test_two_notebooks_run_in_one_kernel_are_recorded_whole_from_without(
    manager: KernelManager,
) -> None:
    first, second = cells("a", 5), cells("b", 6)
    with listening(manager) as (_, recordings):
        run(manager, *first)
        run(manager, *second)
    found = last(recordings)
    assert [each.request.source for each in found] == first + second
    assert [texts(each).strip() for each in found] == [
        *(f"a{number}" for number in range(5)),
        *(f"b{number}" for number in range(6)),
    ]


def test_a_new_client_after_a_restart_leaves_what_was_recorded_before_alone(
    manager: KernelManager,
) -> None:
    first, second = cells("a", 4), cells("b", 3)
    with listening(manager) as (subscriber, recordings):
        run(manager, *first)
        manager.restart_kernel(now=True)
        assert subscriber.go_on(Path(manager.connection_file), STARTED_WITHIN, "restarted")
        run(manager, *second)
    assert [each.request.source for each in last(recordings)] == first + second
    assert [texts(each).strip() for each in last(recordings)] == [
        "a0",
        "a1",
        "a2",
        "a3",
        "b0",
        "b1",
        "b2",
    ]


# ---- clocks that are set

#: Has the kernel tell its messages by a clock that is ahead or behind by so many seconds.
SET = """
import datetime, jupyter_client.session as session
session.utcnow = lambda: datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds={})
"""


@pytest.mark.parametrize("step", [-7200, 7200])
def test_cells_are_recorded_and_paused_in_their_order_whatever_the_kernels_clock_says(
    manager: KernelManager, recordings: Recordings, step: int
) -> None:
    with listening(manager) as (_, heard):
        run(
            manager,
            recordings.start,
            "print('a')",
            SET.format(step),
            "print('b')",
            "recording.pause()",
            "print('paused')",
            SET.format(-step),
            "recording.unpause()",
            "print('c')",
            "recording.skip_current_cell()",
            "print('d')",
            "recording.stop(90)",
        )
    within = [each.request.source for each in last(recordings.all())]
    wanted = ["print('a')", SET.format(step), "print('b')", "recording.pause()"]
    assert within == [*wanted, "print('c')", "print('d')", "recording.stop(90)"]
    assert len(last(heard)) == 12
    for each in last(recordings.all()):
        assert each.response is not None
        assert each.response.finished >= each.request.started
