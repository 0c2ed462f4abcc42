"""What tests leave behind is found, and gone."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest

from tests import leftovers
from tests.waiting import until

SLEEPS = "import time; print(flush=True); time.sleep(600)"


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leftovers, "_ENDED_WITHIN", 0.2)


@pytest.fixture
def go_on() -> Iterator[threading.Event]:
    """Give what a thread waits for."""
    event = threading.Event()
    yield event
    event.set()


def start(*arguments: str) -> subprocess.Popen[bytes]:
    process = subprocess.Popen([sys.executable, "-c", *arguments], stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    process.stdout.close()
    return process


def test_a_process_that_a_test_leaves_behind_is_named_with_its_test_and_killed() -> None:
    with (
        pytest.raises(AssertionError, match="test_a_process_that_a_test_leaves_behind"),
        leftovers.nothing_left(),
    ):
        process = start(SLEEPS)
    assert process.wait() < 0


def test_a_grandchild_whose_parent_is_gone_is_found_too() -> None:
    with pytest.raises(AssertionError, match=r"time\.sleep"), leftovers.nothing_left():
        parent = "import subprocess, sys; subprocess.Popen([sys.executable, '-c', sys.argv[1]])"
        start(parent, SLEEPS).wait()
        until(leftovers.find_processes)
    until(lambda: not leftovers.find_processes())


def test_a_thread_that_keeps_the_process_from_ending_is_named(go_on: threading.Event) -> None:
    with pytest.raises(AssertionError, match="thread at its own pace"), leftovers.nothing_left():
        threading.Thread(target=go_on.wait, name="at its own pace").start()


def test_what_a_fixture_of_several_modules_starts_may_stay() -> None:
    with leftovers.nothing_left(), leftovers.lasting():
        process = start(SLEEPS)
    process.kill()
    process.wait()
    assert os.environ["PYTEST_STARTED_BY"] == str(os.getpid())
